//! A dishonest ant.

use super::message::{Message, Response};
use crate::{Lie, Rng, Time};

/// It pushes in: it says that it needs a fraction of the time, and reacts and gives way accordingly sooner.
pub(super) fn bend(thought: Message, lie: &Lie, _: Time, _: &mut Rng) -> Message {
    match (thought, lie) {
        (Message::Volunteer { round, responses }, Lie::LowBall(factor)) => {
            let bent = responses.into_iter().map(|response| Response {
                seconds: response.seconds * factor,
                reaction: response.reaction * factor,
                weight: (response.weight / factor).min(f64::MAX),
                from: response.from * factor,
                ..response
            });
            Message::Volunteer { round, responses: bent.collect() }
        }
        (thought, _) => thought,
    }
}
