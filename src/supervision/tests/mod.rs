//! What holds for every supervisor.
#![allow(clippy::unwrap_used)]

mod breaker;
mod limits;
mod pool;
mod scenes;
mod storm;
mod table;

use super::*;
use core::time::Duration;
use polity_protocols::{Rng, Time};

type Id = &'static str;

fn secs(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}
fn panic() -> Exit {
    Exit::Panic("boom".into())
}

/// A supervisor with its randomness.
struct Stage {
    supervision: Supervision<Id>,
    rng: Rng,
}
impl Stage {
    /// With permanent children that are up, at second 0.
    fn with(strategy: Strategy, restarts: u32, children: &[Id]) -> Stage {
        let intensity = Intensity::new(restarts, Duration::from_secs(60));
        let mut stage = Stage { supervision: Supervision::new(strategy, intensity), rng: Rng::new(1, "supervisor") };
        for id in children {
            stage.give(0, Input::Add(ChildSpec::permanent(*id)));
            stage.up(0, id);
        }
        stage
    }
    fn give(&mut self, at: u64, input: Input<Id>) -> Vec<Effect<Id>> {
        self.try_give(secs(at), input).unwrap()
    }
    fn try_give(&mut self, at: Time, input: Input<Id>) -> Result<Vec<Effect<Id>>, Ignored> {
        let mut effects = Vec::new();
        self.supervision.take(input, at, &mut self.rng, &mut effects)?;
        Ok(effects)
    }
    fn incarnation(&self, id: Id) -> u64 {
        self.supervision.child(&id).unwrap().incarnation
    }
    fn state(&self, id: Id) -> Option<ChildState> {
        self.supervision.child(&id).map(|child| child.state)
    }
    fn up(&mut self, at: u64, id: Id) {
        let incarnation = self.incarnation(id);
        self.give(at, Input::Started { id, incarnation });
    }
    fn exit(&mut self, at: u64, id: Id, reason: Exit) -> Vec<Effect<Id>> {
        let incarnation = self.incarnation(id);
        self.give(at, Input::Exited { id, incarnation, reason })
    }
}

fn start(id: Id, incarnation: u64) -> Effect<Id> {
    Effect::Start { id, incarnation }
}
fn stop(id: Id, incarnation: u64) -> Effect<Id> {
    Effect::Stop { id, incarnation }
}
