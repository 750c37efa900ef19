//! What a large hierarchical team costs, the roles alone: `cargo bench -p polity-protocols`.
#![allow(clippy::disallowed_methods, reason = "a stopwatch for people; no test here judges by it")]

mod yard;

use polity_protocols::hierarchical::Reporting;
use std::time::Instant;
use yard::{Yard, equal, set, unequal};

fn main() {
    cost_of_a_task();
    cost_of_joining();
}

fn cost_of_a_task() {
    for reporting in [Reporting::Direct, Reporting::Tree] {
        for kind in ["equal", "unequal"] {
            for agents in [8, 100, 1_000, 10_000] {
                let begun = Instant::now();
                let mut yard = Yard::new(&set(reporting), if kind == "equal" { equal(agents) } else { unequal(agents) });
                yard.settle();
                let (joined, mail) = (begun.elapsed(), yard.messages);
                let some = if agents > 8 { 4_000 } else { 200_000 };
                let noop = yard.work(some, 1, |_| 0.0);
                let mut costs = Vec::new();
                for open in [agents as u32 / 2, agents as u32 * 2] {
                    yard.messages = 0;
                    let cost = yard.work(some.min(20_000).max(2 * open), open.max(1), |n| 1.0 + f64::from(n % 97) / 97.0);
                    costs.push((cost, yard.messages as f64 / f64::from(some)));
                }
                println!(
                    "{reporting:?} {kind} {agents}: join {joined:?} ({mail} messages); no-op {noop:?}; half, double load: {costs:?}"
                );
            }
        }
    }
}

fn cost_of_joining() {
    for agents in [1_000, 10_000, 100_000] {
        let begun = Instant::now();
        let mut yard = Yard::new(&set(Reporting::Tree), equal(agents));
        let joined = begun.elapsed();
        yard.settle();
        println!("tree {agents}: {joined:?} for the joins, {:?} with all mail ({} messages)", begun.elapsed(), yard.messages);
    }
}
