//! No more of what tasks share is used at a time than there is.

use super::super::play::Storm;
use super::super::seen::Seen;
use super::must;
use polity::event::{COPIES, Event, Names, RunId, What};
use polity::workflow::{Action, Task, Workflow};
use std::collections::{BTreeMap, BTreeSet};

type Checked = Result<(), String>;

pub fn judge(storm: &Storm, seen: &mut Seen) -> Checked {
    for (n, (flow, _)) in storm.scene.runs.iter().enumerate() {
        let shares = |task: &Task| task.concurrency.is_some() || matches!(task.action, Action::Interleave(_));
        if flow.resources.is_empty() && !flow.sequential && !flow.tasks.iter().any(shares) {
            continue;
        }
        judge_run(&storm.events, RunId(n as u32), flow, seen).map_err(|what| format!("run {n}: {what}"))?;
    }
    Ok(())
}

fn judge_run(events: &[Event], run: RunId, flow: &Workflow, seen: &mut Seen) -> Checked {
    let mut names = Names::default();
    let mut undos: BTreeSet<u32> = BTreeSet::new();
    // Who is inside, and of which task it is.
    let mut inside: BTreeMap<u32, usize> = BTreeMap::new();
    for event in events.iter().filter(|event| event.run == run) {
        names.take(event);
        if let What::Compensating { undo, .. } = event.what {
            undos.insert(undo);
        }
        let Some(task) = event.what.task().filter(|task| task.instance() < COPIES) else { continue };
        match &event.what {
            What::Announced { .. } | What::Copied { .. } => {
                let is_new = inside.insert(task.instance(), names.node(task) as usize).is_none();
                let checked = if is_new { enough(&inside, flow, seen) } else { Ok(()) };
                checked.map_err(|what| format!("{what}, at {event:?}"))?;
            }
            // Whoever waits for its stand-in uses nothing.
            What::Noted { note, .. } if note.ends_with("takes its place") => drop(inside.remove(&task.instance())),
            What::Noted { note, .. } if note.starts_with("it waits for its turn (interleave") => seen.waited_for_a_turn += 1,
            What::Noted { note, .. } => seen.waited_at_a_door += u64::from(note.starts_with("it waits for")),
            What::Completed { .. }
            | What::Failed { .. }
            | What::Cancelled { .. }
            | What::Skipped { .. }
            | What::Synthesized { .. } => {
                inside.remove(&task.instance());
            }
            _ => {}
        }
    }
    Ok(())
}

fn enough(inside: &BTreeMap<u32, usize>, flow: &Workflow, seen: &mut Seen) -> Checked {
    for (resource, (name, units)) in flow.resources.iter().enumerate() {
        let of = |task: &Task| task.resources.iter().filter(|(r, _)| *r == resource).map(|(_, n)| (*n).min(*units)).sum::<u32>();
        let used: u32 = inside.values().map(|node| of(&flow.tasks[*node])).sum();
        must(used <= *units, || format!("{used} of {units} {name} are used"))?;
        seen.used_up += u64::from(used == *units && used > 0);
    }
    for task in &flow.tasks {
        let Action::Interleave(named) = &task.action else { continue };
        let turns: Vec<_> = inside.iter().filter(|(_, node)| named.contains(node)).collect();
        must(turns.len() <= 1, || format!("{turns:?} are done at a time, and \"{}\" interleaves them", task.id))?;
        seen.interleaved += turns.len() as u64;
    }
    let mut lists: BTreeMap<usize, u32> = BTreeMap::new();
    inside.values().for_each(|node| *lists.entry(*node).or_default() += 1);
    for (node, count) in lists {
        let Some(most) = flow.tasks[node].concurrency else { continue };
        must(count <= most, || format!("{count} instances are done at a time, and {most} may be"))?;
        seen.full_lists += u64::from(count == most);
    }
    must(!flow.sequential || inside.len() <= 1, || format!("{} are done at a time, and the run is sequential", inside.len()))?;
    seen.turns += u64::from(flow.sequential);
    Ok(())
}
