//! A dishonest voter.

use super::message::{Message, Ranking};
use crate::{Lie, Rng, Time};

/// Its ballots are upside down, or in any order. There is no price to quote in an assembly; the time that a low-baller expects its first
/// choice to take is a fraction.
pub(super) fn bend(thought: Message, lie: &Lie, _: Time, rng: &mut Rng) -> Message {
    match thought {
        Message::Vote { ballot, rankings } => {
            Message::Vote { ballot, rankings: rankings.iter().map(|ranking| bent(ranking, lie, rng)).collect() }
        }
        thought => thought,
    }
}

fn bent(ranking: &Ranking, lie: &Lie, rng: &mut Rng) -> Ranking {
    let mut options = ranking.options().to_vec();
    match lie {
        Lie::LowBall(factor) => return Ranking::new(options, ranking.seconds * factor),
        Lie::Inverted => options.reverse(),
        Lie::Random => (1..options.len()).rev().for_each(|at| options.swap(at, rng.below(at + 1))),
    }
    Ranking::new(options, ranking.seconds)
}
