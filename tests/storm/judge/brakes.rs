//! What is not begun any more: after a cancel, after a failure that stops the run, beyond the bound of open tasks.

use super::super::play::Storm;
use super::super::seen::Seen;
use super::must;
use polity::event::{COPIES, Event, RunId, What};
use polity::protocols::Time;
use polity::workflow::{OnFailure, Workflow};
use std::collections::BTreeSet;
use std::time::Duration;

type Checked = Result<(), String>;

pub fn judge(storm: &Storm, seen: &mut Seen) -> Checked {
    for (n, (flow, cancelled)) in storm.scene.runs.iter().enumerate() {
        let events: Vec<&Event> = storm.events.iter().filter(|event| event.run == RunId(n as u32)).collect();
        let undos: BTreeSet<u32> = events.iter().filter_map(|event| undo_of(&event.what)).collect();
        if let Some(at) = cancelled {
            called_off(&events, &undos, *at, seen).map_err(|what| format!("run {n}: {what}"))?;
        }
        if flow.on_failure != OnFailure::Continue {
            stopped(&events, &undos, seen).map_err(|what| format!("run {n}: {what}"))?;
        }
        narrow(&events, flow, seen).map_err(|what| format!("run {n}: {what}"))?;
    }
    Ok(())
}
fn undo_of(what: &What) -> Option<u32> {
    if let What::Compensating { undo, .. } = what { Some(*undo) } else { None }
}

/// After it was cancelled nothing goes forwards.
fn called_off(events: &[&Event], undos: &BTreeSet<u32>, at: Duration, seen: &mut Seen) -> Checked {
    let at = Time::ZERO + at;
    let forwards = |event: &&&Event| {
        let begins = matches!(
            event.what,
            What::Announced { .. } | What::Assigned { .. } | What::Started { .. } | What::Copied { .. } | What::Expanded { .. }
        );
        begins && event.what.task().is_some_and(|task| !undos.contains(&task.instance()))
    };
    let late = events.iter().find(|event| event.at > at && forwards(event));
    seen.called_off += u64::from(events.iter().any(|event| matches!(event.what, What::Cancelled { .. })));
    must(late.is_none(), || format!("it was cancelled at {at:?}, and this was begun: {late:?}"))
}

/// After a failure no task is begun that had not been.
fn stopped(events: &[&Event], undos: &BTreeSet<u32>, seen: &mut Seen) -> Checked {
    let (mut failed, mut begun) = (None, BTreeSet::new());
    for event in events {
        let Some(task) = event.what.task().map(|task| task.instance()).filter(|task| !undos.contains(task)) else { continue };
        match &event.what {
            What::Failed { .. } if task < COPIES => {
                failed.get_or_insert(event.at);
            }
            // The copies of a redundant task are begun with the task.
            What::Announced { .. } if task >= COPIES => {}
            What::Announced { .. } | What::Copied { .. } => {
                let fresh = begun.insert(task);
                let late = fresh && failed.is_some_and(|failed| event.at > failed);
                must(!late, || format!("a task had failed at {failed:?}, and this was begun: {event:?}"))?;
            }
            What::Cancelled { .. } => seen.braked += u64::from(failed.is_some() && !begun.contains(&task)),
            _ => {}
        }
    }
    Ok(())
}

/// No more tasks are open than may be. A redundant task brings its copies along, and a hedged one its second try, however many are open.
fn narrow(events: &[&Event], flow: &Workflow, seen: &mut Seen) -> Checked {
    let Some(most) = flow.limits.max_parallel_tasks.map(|most| most as usize) else { return Ok(()) };
    if flow.tasks.iter().any(|task| task.redundancy.is_some() || task.hedge.is_some()) {
        return Ok(());
    }
    let mut open = BTreeSet::new();
    for event in events {
        let Some(task) = event.what.task().map(|task| task.instance()) else { continue };
        match &event.what {
            What::Announced { .. } => drop(open.insert(task)),
            What::Completed { .. } | What::Failed { .. } | What::Replanned { .. } | What::Cancelled { .. } => {
                open.remove(&task);
            }
            _ => {}
        }
        must(open.len() <= most, || format!("{} tasks are open, and {most} may be: {event:?}", open.len()))?;
        seen.narrow += u64::from(open.len() == most);
    }
    Ok(())
}
