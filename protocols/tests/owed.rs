//! Every protocol keeps the rules over as many seeds as it owes: 1,000, or `POLITY_SUITE_SEEDS`.

use polity_protocols::auto::Auto;
use polity_protocols::baselines::{FifoFastestIdle, MinCompletion, Random, RoundRobin};
use polity_protocols::consensus::Consensus;
use polity_protocols::hierarchical::Hierarchical;
use polity_protocols::market::Market;
use polity_protocols::pinned::Pinned;
use polity_protocols::stigmergic::Stigmergic;
use polity_protocols::testing::suite::{seeds, suite};

macro_rules! owes {
    ($name:ident, $protocol:ty) => {
        #[test]
        fn $name() {
            let seen = suite(<$protocol>::default, seeds());
            assert!(seen.awards > seeds());
        }
    };
}
owes!(hierarchical, Hierarchical);
owes!(consensus, Consensus);
owes!(market, Market);
owes!(stigmergic, Stigmergic);
owes!(auto, Auto);
owes!(pinned, Pinned);
owes!(random, Random);
owes!(round_robin, RoundRobin);
owes!(fifo_fastest_idle, FifoFastestIdle);
owes!(min_completion, MinCompletion);

/// Seeds that once broke a rule, and what it was.
#[test]
fn what_was_mended_stays_so() {
    // A stranger's message set off what time had brought, and what only a wake should.
    let mended = polity_protocols::testing::suite::one(&Hierarchical::default(), 9_115);
    assert!(mended.violations.is_empty(), "{:?}", mended.violations);
}
