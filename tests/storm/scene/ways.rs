//! Other ways in a storm: fallbacks, tasks that stand in for others, second tries, and jobs that give signs of life or fall silent.

use super::seconds;
use polity::agents::Distribution;
use polity::lifecycle::Hedge;
use polity::prelude::*;
use polity::protocols::Rng;
use polity::{RetryPolicy, Timeouts};

/// What of it a storm has: each only some, so that the others show what they show without it.
#[derive(Clone, Copy, Debug)]
pub struct Ways {
    detours: bool,
    hedges: bool,
    handlers: bool,
}
impl Ways {
    pub fn of(rng: &mut Rng) -> Ways {
        Ways { detours: rng.chance(0.25), hedges: rng.chance(0.25), handlers: rng.chance(0.25) }
    }
    /// A task with other ways to do it. Whether it is redundant anyway is for the caller to know.
    pub fn given(self, task: TaskBuilder, redundant: bool, rng: &mut Rng) -> TaskBuilder {
        let hedged = self.hedges && !redundant && rng.chance(0.4);
        let task = if hedged { task.hedge(hedge(rng)) } else { task };
        let handled = self.handlers && rng.chance(0.5);
        let task = if handled { (0..1 + rng.below(3)).fold(task, |task, _| task.on_error(handler(rng))) } else { task };
        if !self.detours || !rng.chance(0.4) {
            return task;
        }
        (0..1 + rng.below(2)).fold(task, |task, _| task.fallback(way(rng)))
    }
    /// Whether another task takes the place of one for some failures.
    pub fn second_stand_in(self, rng: &mut Rng) -> bool {
        self.handlers && rng.chance(0.15)
    }
    /// Whether another task stands in for one.
    pub fn stand_in(self, rng: &mut Rng) -> bool {
        self.detours && rng.chance(0.2)
    }
}

/// The conditions of error handlers; the judge knows what each says.
pub const CONDITIONS: [&str; 3] = ["error.kind == 'error'", "error.kind != 'timeout'", "attempt > 1"];
/// What a handler of a storm gives as an output.
pub const GIVEN: &str = "as its handler says";

/// A handler for what storms fail with; `to` another task is for whoever knows of one.
fn handler(rng: &mut Rng) -> OnError {
    let handler = for_some(rng);
    match rng.below(6) {
        0 => handler.output(GIVEN),
        1 => handler.skip(expr("error.message")),
        2 => handler.fail("as its handler says"),
        _ => handler.instead(way(rng)),
    }
}
/// A handler that takes some failures, and does nothing yet.
pub fn for_some(rng: &mut Rng) -> OnError {
    use FailureKind::{Error, Panic, Poison, Timeout, Unassigned, Validation};
    let kinds: Vec<FailureKind> =
        [Error, Error, Timeout, Validation, Panic, Poison, Unassigned].into_iter().filter(|_| rng.chance(0.4)).collect();
    let handler = if kinds.is_empty() { OnError::any() } else { OnError::of(kinds) };
    if rng.chance(0.3) { handler.when(CONDITIONS[rng.below(CONDITIONS.len())]) } else { handler }
}

fn hedge(rng: &mut Rng) -> Hedge {
    match rng.below(4) {
        0 => Hedge::Percentile(50),
        1 => Hedge::Percentile(90),
        _ => Hedge::After(seconds(rng, 0.05, 2.0)),
    }
}
/// A way that mostly works, and sometimes never.
fn way(rng: &mut Rng) -> TaskBuilder {
    let failure = match rng.below(4) {
        0 => 1.0,
        1 => rng.between(0.0, 0.8),
        _ => 0.0,
    };
    let hang = if rng.chance(0.1) { 0.5 } else { 0.0 };
    let work = Some(Distribution::Uniform(0.0, 2.0));
    let task = match rng.below(6) {
        0 => function("at_once").with("why", expr("error.message")),
        1 => function("moody"),
        2 => function("sleepy"),
        _ => simulated(Simulation { work, failure, hang, ..Simulation::default() }),
    };
    let attempt = (hang > 0.0).then(|| seconds(rng, 0.5, 5.0));
    let task = task.timeouts(Timeouts { attempt, ..Timeouts::default() });
    if rng.chance(0.3) { task.retry(RetryPolicy { attempts: 2, ..RetryPolicy::default() }) } else { task }
}
