//! Redundant tasks in a storm.

use polity::lifecycle::{CopyConflict, CopyWeights, Redundancy};
use polity::protocols::Rng;

pub fn rules(rng: &mut Rng) -> Redundancy {
    let conflicts = [CopyConflict::Expertise, CopyConflict::Leader, CopyConflict::Rerun, CopyConflict::Decline];
    Redundancy {
        quorum: rng.between(0.1, 1.0),
        weights: if rng.chance(0.3) { CopyWeights::Expertise } else { CopyWeights::Equal },
        conflict_resolution: conflicts[rng.below(conflicts.len())],
        ..Redundancy::of(1 + rng.below(4) as u32)
    }
}
