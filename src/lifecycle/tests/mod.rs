//! What holds for every life.
#![allow(clippy::unwrap_used)]

mod budget;
mod copies;
mod scenes;
mod storm;
mod table;

use super::*;
use core::time::Duration;
use polity_agents::{Failure, FailureKind};
use polity_protocols::{AgentId, Rng, Time};
use std::sync::Arc;

const A: AgentId = AgentId(0);
const B: AgentId = AgentId(1);

fn secs(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}
fn lasting(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
fn boom() -> Failure {
    Failure::error("boom")
}
/// One second before each further attempt, exactly.
fn retry(attempts: u32) -> RetryPolicy {
    RetryPolicy { attempts, factor: 1.0, jitter: Jitter::None, ..RetryPolicy::default() }
}
fn policy(attempts: u32, timeouts: Timeouts) -> Option<Arc<Policy>> {
    Some(Arc::new(Policy { retry: Some(retry(attempts)), timeouts }))
}

/// A life with its randomness and what it has asked for.
struct Stage {
    life: Lifecycle,
    rng: Rng,
    effects: Vec<Effect>,
}
impl Stage {
    fn new(policy: Option<Arc<Policy>>) -> Stage {
        Stage { life: Lifecycle::new(policy), rng: Rng::new(1, "life"), effects: Vec::new() }
    }
    /// Gives one legal input at a second, and answers what it led to.
    fn give(&mut self, at: u64, input: Input) -> Vec<Effect> {
        self.try_give(at, input).unwrap()
    }
    fn try_give(&mut self, at: u64, input: Input) -> Result<Vec<Effect>, Ignored> {
        self.effects.clear();
        self.life.take(input, secs(at), &mut self.rng, &mut self.effects)?;
        Ok(self.effects.clone())
    }
    /// Awarded and started at a second; answers the launch.
    fn begin(&mut self, at: u64, agent: AgentId) -> u32 {
        self.give(at, Input::Awarded { agent });
        let launch = self.life.launch();
        self.give(at, Input::Started { launch });
        launch
    }
}

#[test]
fn a_life_is_small() {
    assert!(size_of::<Lifecycle>() <= 96, "a Lifecycle takes {} bytes; a million may be open", size_of::<Lifecycle>());
}
