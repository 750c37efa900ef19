//! What undoes the tasks of a storm: mostly it works, sometimes never, and agents may die of it.

use super::seconds;
use polity::Timeouts;
use polity::agents::Distribution;
use polity::prelude::*;
use polity::protocols::Rng;

/// How often a task has something that undoes it, in a run that undoes what it did.
const OFTEN: f64 = 0.7;

/// A task that can perhaps be undone.
pub fn undoable(task: TaskBuilder, rough: bool, rng: &mut Rng) -> TaskBuilder {
    if rng.chance(OFTEN) { task.compensate(undo(rough, rng)) } else { task }
}

fn undo(rough: bool, rng: &mut Rng) -> TaskBuilder {
    let failure = match rng.below(12) {
        0 => 1.0,
        1..4 => rng.between(0.0, 0.8),
        _ => 0.0,
    };
    let crash = if rng.chance(if rough { 0.5 } else { 0.15 }) { rng.between(0.0, 0.6) } else { 0.0 };
    let hang = if rng.chance(0.1) { rng.between(0.0, 0.3) } else { 0.0 };
    let work = Some(Distribution::Uniform(0.0, 2.0));
    let task = match rng.below(8) {
        0 => function("at_once").with("of", expr("output")),
        1 => function("moody"),
        2 if rng.chance(0.2) => function("at_once").with("of", expr("output.nothing.at.all")), // has no value
        _ => simulated(Simulation { work, failure, crash, hang, output: None, past: None }),
    };
    let attempt = (hang > 0.0 || rng.chance(0.1)).then(|| seconds(rng, 0.5, 5.0));
    let total = rng.chance(0.05).then(|| seconds(rng, 0.5, 30.0));
    let task = task.timeouts(Timeouts { attempt, queue: None, total, heartbeat: None });
    let attempts = match rng.below(3) {
        0 => return task, // as often as is usual
        n => n as u32 * 2,
    };
    let initial = seconds(rng, 0.0, 1.0);
    task.retry(RetryPolicy { attempts, initial, ..RetryPolicy::default() })
}
