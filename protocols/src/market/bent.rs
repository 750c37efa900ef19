//! A dishonest bid.

use super::message::Message;
use crate::{Lie, Rng, Time, seconds_to_duration};

/// A bid of a fraction of its true price, and of the true time that it would take. Whoever lies in ballots only has none here.
pub(super) fn bend(thought: Message, lie: &Lie, _: Time, _: &mut Rng) -> Message {
    match (thought, lie) {
        (Message::Propose { task, call, price, start, finish }, Lie::LowBall(factor)) => {
            let seconds = (finish - start).as_secs_f64() * factor;
            Message::Propose { task, call, price: price * factor, start, finish: start + seconds_to_duration(seconds) }
        }
        (thought, _) => thought,
    }
}
