//! A dishonest member.

use super::message::{Kind, Message, Slots, Soon, Summary};
use crate::{Lie, Rng, Time, seconds_to_duration};

/// Its reports say that it works faster, and will be free sooner. A lead bends what it sums up, too. Who lies in ballots only has none here.
pub(super) fn bend(thought: Message, lie: &Lie, now: Time, _: &mut Rng) -> Message {
    match (thought, lie) {
        (Message::Report { to, level, from, seq, pace, counts, state }, Lie::LowBall(factor)) => {
            Message::Report { to, level, from, seq, pace, counts, state: embellished(state, *factor, now) }
        }
        (thought, _) => thought,
    }
}

fn embellished(state: Summary, factor: f64, now: Time) -> Summary {
    let soon = |soon: Soon| {
        let wait = soon.at.since(now).as_secs_f64() * factor;
        Soon { at: now + seconds_to_duration(wait), rate: soon.rate / factor }
    };
    let kind = |kind: Kind| Kind {
        rates: kind.rates.into_iter().map(|slots| Slots { rate: slots.rate / factor, ..slots }).collect(),
        soon: kind.soon.into_iter().map(soon).collect(),
        ..kind
    };
    Summary {
        speed: state.speed / factor,
        backlog: state.backlog * factor,
        kinds: state.kinds.into_iter().map(kind).collect(),
        ..state
    }
}
