//! What people order in a storm: a run or one of its tasks is paused, resumed, or cancelled. In the end all goes on.

use super::seconds;
use polity::event::{COPIES, Event, Names, RunId, What};
use polity::prelude::*;
use polity::protocols::{Name, Rng};
use std::time::Duration;

/// One order.
#[derive(Clone, Debug)]
pub struct Given {
    pub at: Duration,
    /// To which of the runs.
    pub run: usize,
    /// To one of its tasks, or to all of it.
    pub task: Option<Name>,
    pub order: Order,
}

/// After so long all that is paused goes on.
pub const AGAIN: Duration = Duration::from_secs(60);

/// The orders of a storm, and whether they are aimed at the very moments at which something happens.
pub fn of(runs: &[(Workflow, Option<Duration>)], rng: &mut Rng) -> (Vec<Given>, bool) {
    if rng.chance(0.7) {
        return (Vec::new(), false);
    }
    let burst = rng.chance(0.2);
    let mut all: Vec<Given> = (0..1 + rng.below(14))
        .map(|_| {
            let run = rng.below(runs.len());
            let at = if burst { Duration::ZERO } else { seconds(rng, 0.0, 20.0) };
            let whole = rng.chance(0.25);
            let order = [Order::Pause, Order::Pause, Order::Resume, Order::Cancel][rng.below(if whole { 3 } else { 4 })];
            Given { at, run, task: (!whole).then(|| task(&runs[run].0, rng)), order }
        })
        .collect();
    all.sort_by_key(|given| given.at);
    (all, rng.chance(0.4))
}
fn task(flow: &Workflow, rng: &mut Rng) -> Name {
    let task = &flow.tasks[rng.below(flow.tasks.len())];
    if task.for_each.is_some() && rng.chance(0.6) { format!("{}[{}]", task.id, rng.below(4)).into() } else { task.id.clone() }
}

/// The same orders at moments at which something happened when nobody gave any, and to those to whom it happened.
pub fn aimed(orders: &[Given], flows: &[(Workflow, Option<Duration>)], events: &[Event], rng: &mut Rng) -> Vec<Given> {
    let mut names = Names::default();
    events.iter().for_each(|event| names.take(event));
    let turning = |what: &What| {
        matches!(what, What::Replanned { .. } | What::Copied { .. } | What::Retried { .. } | What::Displaced { .. })
    };
    let any = |what: &What| turning(what) || matches!(what, What::Started { .. } | What::Completed { .. } | What::Failed { .. });
    let aim = |given: &Given, rng: &mut Rng| {
        let of_run = |event: &&Event| event.run == RunId(given.run as u32);
        let crossing = |what: &What| matches!(what, What::Replanned { .. }) || (given.order != Order::Cancel && turning(what));
        let rare: Vec<&Event> = events.iter().filter(of_run).filter(|event| crossing(&event.what)).collect();
        let all: Vec<&Event> = events.iter().filter(of_run).filter(|event| any(&event.what)).collect();
        let from = if rare.is_empty() || rng.chance(0.3) { all } else { rare };
        let Some(event) = (!from.is_empty()).then(|| from[rng.below(from.len())]) else { return given.clone() };
        let at = Duration::from_nanos(event.at.as_nanos());
        let of = event.what.task().map(|task| {
            let node = names.node(task) as usize;
            if task.instance() < COPIES { names.task(task) } else { flows[given.run].0.tasks[node].id.clone() }
        });
        Given { at: at.min(AGAIN / 2), task: given.task.clone().and(of), ..given.clone() }
    };
    let mut all: Vec<Given> = orders.iter().map(|given| aim(given, rng)).collect();
    all.sort_by_key(|given| given.at);
    all
}
