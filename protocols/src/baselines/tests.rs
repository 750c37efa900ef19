use super::*;
use crate::testing::{Sometimes, suite};

const SEEDS: u64 = 120;

fn show(name: &str, seen: &Sometimes) {
    let cases: Vec<String> = seen.iter().map(|(case, times)| format!("{case} {times}")).collect();
    println!("{name}: {}", cases.join(", "));
}

#[test]
fn random_keeps_the_rules() {
    show("random", &suite(Random::default, SEEDS));
}
#[test]
fn round_robin_keeps_the_rules() {
    show("round_robin", &suite(RoundRobin::default, SEEDS));
}
#[test]
fn fifo_fastest_idle_keeps_the_rules() {
    let seen = suite(FifoFastestIdle::default, SEEDS);
    show("fifo_fastest_idle", &seen);
    assert!(seen.lingered > 100 && seen.withdrawals_while_open > 0, "{seen:?}");
}
#[test]
fn min_completion_keeps_the_rules() {
    show("min_completion", &suite(MinCompletion::default, SEEDS));
}
