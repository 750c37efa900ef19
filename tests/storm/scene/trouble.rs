//! What goes wrong on purpose in a storm, and when all of it is made right again.

use super::seconds;
use polity::prelude::*;
use polity::protocols::Rng;
use std::time::Duration;

/// Mostly nothing.
pub fn of(agents: &[AgentSpec], rng: &mut Rng) -> Option<(Faults, Duration)> {
    if rng.chance(0.85) {
        return None;
    }
    let mut all: Vec<String> = Vec::new();
    let one = |rng: &mut Rng| agents[rng.below(agents.len())].id.clone();
    if rng.chance(0.6) {
        all.push(format!("crash={:.3},repair={:.1}s", rng.between(0.01, 0.3), rng.between(0.0, 5.0)));
    }
    if rng.chance(0.5) {
        all.push(format!("hang={:.2}", rng.between(0.0, 0.3)));
    }
    if rng.chance(0.4) {
        all.push(format!("slow={:.1}x{:.1}", rng.between(0.0, 1.0), rng.between(1.0, 5.0)));
    }
    if rng.chance(0.3) {
        all.push(format!("loss={:.2},repeat={:.2},reorder={:.2}", rng.between(0.0, 0.5), rng.unit() / 2.0, rng.unit() / 2.0));
    }
    if rng.chance(0.4) {
        all.push(format!("partition={}@{:.1}s+{:.1}s", one(rng), rng.between(0.0, 5.0), rng.between(0.1, 90.0)));
    }
    if rng.chance(0.3) {
        all.push(format!("low_ball={:.1},liars={:.1}random", rng.unit(), rng.unit()));
    }
    if rng.chance(0.3) {
        all.push(format!("false_claims={:.1}", rng.unit()));
    }
    if rng.chance(0.3) {
        all.push(format!("fail={:.2}", rng.between(0.0, 0.4)));
    }
    if all.is_empty() {
        return None;
    }
    let faults: Faults = all.join(",").parse().unwrap();
    (!faults.is_none()).then(|| (faults, seconds(rng, 5.0, 60.0)))
}
