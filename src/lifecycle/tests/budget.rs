//! A budget against a list of all that ever happened: never too many, and always some.

use crate::lifecycle::{RetryBudget, RetryLimit};
use core::time::Duration;
use polity_protocols::{Rng, Time};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn limit() -> impl Strategy<Value = RetryLimit> {
    (0u32..20, 1u32..6, 1u64..20_000).prop_map(|(share, floor, window)| RetryLimit {
        share: f64::from(share) / 20.0,
        floor,
        window: Duration::from_millis(window),
    })
}
fn ms(millis: u64) -> Time {
    Time::ZERO + Duration::from_millis(millis)
}
/// How many of these lie in the window that ends at `now`, the end included.
fn within(all: &[Time], now: Time, window: Duration) -> u64 {
    all.iter().filter(|at| **at <= now && **at + window > now).count() as u64
}

proptest! {
    /// First attempts and retries at random moments: none is granted beyond the bound, and none is refused below it but for a slice.
    #[test]
    fn no_window_holds_more_than_its_bound(
        limit in limit(),
        acts in prop::collection::vec((any::<bool>(), 0u64..800), 0..300),
    ) {
        let (mut budget, mut now) = (RetryBudget::new(limit), 0);
        let (mut firsts, mut retries) = (Vec::new(), Vec::new());
        for (first, wait) in acts {
            now += wait;
            let at = ms(now);
            if first {
                budget.first(at);
                firsts.push(at);
                continue;
            }
            match budget.ask(at) {
                Ok(()) => {
                    retries.push(at);
                    let bound = limit.bound(within(&firsts, at, limit.window));
                    prop_assert!(within(&retries, at, limit.window) <= bound);
                }
                Err(over) => {
                    prop_assert!(over.until > at && over.until <= at + limit.window, "{over:?} at {at:?}");
                    prop_assert_eq!(over.retries, within(&retries, at, limit.window));
                    let surely = within(&firsts, at, limit.window - limit.window / 32);
                    prop_assert!(over.retries >= limit.bound(surely), "{over:?}, but surely {surely} first attempts");
                }
            }
        }
    }

    /// Whoever waits and asks again when it was told to, goes on; and all of them no later than the floor allows.
    #[test]
    fn everybody_goes_on(limit in limit(), crowd in 1usize..80, seed in any::<u64>()) {
        let (mut budget, mut rng) = (RetryBudget::new(limit), Rng::new(seed, "crowd"));
        let mut waiting: BTreeSet<(Time, usize)> = (0..crowd).map(|n| (ms(rng.below(3_000) as u64), n)).collect();
        let (mut last, mut asked) = (Time::ZERO, 0);
        while let Some((now, who)) = waiting.pop_first() {
            asked += 1;
            match budget.ask(now) {
                Ok(()) => last = now,
                Err(over) => drop(waiting.insert((over.until, who))),
            }
        }
        let windows = crowd as u32 / limit.floor + 1;
        prop_assert!(last <= ms(3_000) + limit.window * windows, "{last:?} after {windows} windows of {:?}", limit.window);
        prop_assert!(asked <= crowd * (windows as usize + 1), "{asked} questions of {crowd}");
    }
}

/// Both answers are given, and the share counts beside the floor: else nothing was compared above.
#[test]
fn a_budget_says_yes_and_no() {
    let mut budget = RetryBudget::new(RetryLimit::default());
    let granted = |budget: &mut RetryBudget, at| (0..1_000).filter(|_| budget.ask(ms(at)).is_ok()).count();
    assert_eq!(granted(&mut budget, 1), 10);
    (0..500).for_each(|_| budget.first(ms(2)));
    assert_eq!(granted(&mut budget, 3), 40);
    assert_eq!(granted(&mut budget, 10_000), 0);
    assert_eq!(granted(&mut budget, 10_003), 10);
    assert_eq!(granted(&mut budget, 20_002), 0);
    assert_eq!(granted(&mut budget, 20_003), 10);
}

#[test]
fn what_is_wrong_with_a_setting_is_said() {
    let usual = RetryLimit::default();
    for (limit, word) in [
        (RetryLimit { share: -0.1, ..usual }, "share"),
        (RetryLimit { share: f64::INFINITY, ..usual }, "share"),
        (RetryLimit { floor: 0, ..usual }, "floor"),
        (RetryLimit { window: Duration::ZERO, ..usual }, "window"),
    ] {
        assert!(limit.problem().unwrap().starts_with(&format!("limits.retry_budget.{word} must be")), "{limit:?}");
    }
    assert_eq!(usual.problem(), None);
}
