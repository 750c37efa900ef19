//! What is paused begins nothing, and what is cancelled does not go on.

use super::super::heckler::no_other_way;
use super::super::play::Storm;
use super::super::scene::orders::Given;
use super::super::seen::Seen;
use super::must;
use polity::event::{COPIES, Event, Names, RunId, What};
use polity::prelude::Order;
use polity::protocols::{Name, TaskId, Time};
use std::collections::{BTreeMap, BTreeSet};

type Checked = Result<(), String>;

pub fn judge(storm: &Storm, seen: &mut Seen) -> Checked {
    for (n, (_, cancelled)) in storm.scene.runs.iter().enumerate() {
        let events: Vec<&Event> = storm.events.iter().filter(|event| event.run == RunId(n as u32)).collect();
        let until = cancelled.map(|at| Time::ZERO + at);
        paused(&events, until, seen).map_err(|what| format!("run {n}: {what}"))?;
        for told in storm.orders.iter().filter(|told| told.given.run == n && told.answer.is_ok()) {
            if told.given.order == Order::Cancel {
                called_off(&events, &told.given, seen)
                    .and_then(|()| no_other_way(&events, told, &mut seen.crossed))
                    .map_err(|what| format!("run {n}, told {:?}: {what}", told.given))?;
            }
        }
    }
    Ok(())
}

/// Nothing is awarded while all of a run, or the task, is paused. Cancelling a run lets go of all that was paused.
fn paused(events: &[&Event], until: Option<Time>, seen: &mut Seen) -> Checked {
    let mut names = Names::default();
    let mut run: Option<Time> = None;
    let mut tasks: BTreeMap<Name, Time> = BTreeMap::new();
    let (mut copies, mut undos, mut ended) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
    let mut waits: BTreeSet<TaskId> = BTreeSet::new();
    for event in events.iter().take_while(|event| until.is_none_or(|until| event.at < until)) {
        names.take(event);
        match &event.what {
            What::RunPaused => {
                must(run.replace(event.at).is_none(), || "it was paused twice".into())?;
                seen.run_pauses += u64::from(!waits.is_empty());
            }
            What::RunResumed => must(run.take().is_some(), || "it went on, and was not paused".into())?,
            What::Paused { task } => {
                seen.task_pauses += 1;
                tasks.insert(names.task(*task), event.at);
            }
            What::Resumed { task } => {
                let name = names.task(*task);
                tasks.retain(|paused, _| *paused != name && node_of(paused) != &*name);
            }
            What::Copied { task, copy, .. } => drop(copies.insert(*copy, *task)),
            What::Compensating { undo, .. } => drop(undos.insert(*undo)),
            What::Announced { task, .. } => drop(waits.insert(*task)),
            What::Assigned { task, .. } => {
                waits.remove(task);
                must(run.is_none_or(|since| event.at == since), || {
                    format!("it was paused at {run:?}, and this was awarded: {event:?}")
                })?;
                let of = copies.get(&task.instance()).copied().unwrap_or(*task);
                if !undos.contains(&task.instance()) && !ended.contains(&of) {
                    let name = names.task(of);
                    let since = tasks.get(&name).or_else(|| tasks.get(node_of(&name)));
                    must(since.is_none_or(|since| event.at == *since), || {
                        format!("the task was paused at {since:?}, and this was awarded: {event:?}")
                    })?;
                }
            }
            What::Completed { task, .. }
            | What::Failed { task, .. }
            | What::Cancelled { task }
            | What::Synthesized { task, .. } => {
                waits.remove(task);
                ended.insert(*task);
            }
            _ => {}
        }
    }
    Ok(())
}
fn node_of(name: &str) -> &str {
    name.split('[').next().unwrap_or_default()
}

/// A task that was cancelled ends so, unless it had ended, or never began.
fn called_off(events: &[&Event], given: &Given, seen: &mut Seen) -> Checked {
    let (mut names, at) = (Names::default(), Time::ZERO + given.at);
    let wanted = given.task.as_deref().unwrap_or_default();
    for event in events {
        names.take(event);
        let Some(task) = event.what.task().filter(|task| task.instance() < COPIES) else { continue };
        let name = names.task(task);
        if *name != *wanted && node_of(&name) != wanted {
            continue;
        }
        let late = event.at > at;
        match event.what {
            What::Announced { .. } | What::Copied { .. } | What::Expanded { .. } => {
                must(!late, || format!("this was begun: {event:?}"))?;
            }
            What::Completed { .. } | What::Synthesized { .. } | What::Failed { .. } => {
                must(!late, || format!("it ended so: {event:?}"))?;
            }
            What::Cancelled { .. } => seen.called_off_alone += 1,
            _ => {}
        }
    }
    Ok(())
}
