//! Logs that were tampered with: the judge must notice each.

use super::super::play::Storm;
use super::super::scene::Scene;
use polity::event::{Event, RunStatus, RunTail, What};
use polity::protocols::AgentId;
use std::sync::Arc;

/// A storm whose log was tampered with.
pub struct Forgery {
    pub how: &'static str,
    pub storm: Storm,
}

fn place(events: &[Event], which: impl Fn(&What) -> bool) -> Option<usize> {
    events.iter().position(|event| which(&event.what))
}
fn doubled(events: &mut Vec<Event>, at: Option<usize>) -> Option<()> {
    let twin = events[at?].clone();
    events.insert(at? + 1, twin);
    Some(())
}
fn removed(events: &mut Vec<Event>, at: Option<usize>) -> Option<()> {
    events.remove(at?);
    Some(())
}

type Tamper = fn(&Scene, &mut Vec<Event>) -> Option<()>;

pub const WAYS: [(&str, Tamper); 25] = [
    ("a run that ends twice", |_, events| doubled(events, place(events, |what| matches!(what, What::RunEnded(_))))),
    ("a run that does not end", |_, events| removed(events, place(events, |what| matches!(what, What::RunEnded(_))))),
    ("a task that completes twice", |_, events| doubled(events, place(events, |what| matches!(what, What::Completed { .. })))),
    ("a task that never ends", |_, events| {
        removed(events, place(events, |what| matches!(what, What::Completed { .. } | What::Failed { .. })))
    }),
    ("a task that starts twice", |_, events| doubled(events, place(events, |what| matches!(what, What::Started { .. })))),
    ("a task that starts without an award", |_, events| {
        let started = place(events, |what| matches!(what, What::Started { .. }))?;
        let task = events[started].what.task();
        let award = |event: &Event| matches!(event.what, What::Assigned { .. }) && event.what.task() == task;
        let at = events[..started].iter().rposition(award)?;
        removed(events, Some(at))
    }),
    ("a dead letter twice", |_, events| doubled(events, place(events, |what| matches!(what, What::DeadLettered { .. })))),
    ("a task that failed and is no dead letter", |_, events| {
        removed(events, place(events, |what| matches!(what, What::DeadLettered { .. })))
    }),
    ("a start by another agent", |_, events| {
        let at = place(events, |what| matches!(what, What::Started { .. }))?;
        if let What::Started { agent, .. } = &mut events[at].what {
            *agent = AgentId(agent.0 + 1);
        }
        Some(())
    }),
    ("a voice of an earlier launch", |_, events| {
        let at = place(events, |what| matches!(what, What::Started { .. }))?;
        if let What::Started { launch, .. } = &mut events[at].what {
            *launch -= 1;
        }
        Some(())
    }),
    ("one attempt too many", |_, events| {
        let at = place(events, |what| matches!(what, What::Announced { .. }))?;
        if let What::Announced { attempt, .. } = &mut events[at].what {
            *attempt += 100;
        }
        Some(())
    }),
    ("an undo without a word of turning back", |_, events| {
        place(events, |what| matches!(what, What::Compensating { .. }))?;
        events.retain(|event| !matches!(event.what, What::TurnedBack { .. }));
        Some(())
    }),
    ("an undo that was forgotten", |_, events| {
        let at = place(events, |what| matches!(what, What::Compensated { .. }))?;
        events.remove(at);
        let tail = ended(events, |tail| tail.compensated > 0)?;
        tail.compensated -= 1;
        Some(())
    }),
    ("an undo of what was undone", |_, events| {
        let at = place(events, |what| matches!(what, What::Compensated { .. }))?;
        let task = events[at].what.task()?;
        let begun = events.iter().find(|e| matches!(e.what, What::Compensating { .. }) && e.what.task() == Some(task))?.clone();
        events.insert(at + 1, begun);
        Some(())
    }),
    ("an undo upstream before what stands on it", |_, events| {
        let undone = |event: &&Event| matches!(event.what, What::Compensating { .. });
        let first = events.iter().find(undone)?.clone();
        let last = events.iter().rev().find(undone).filter(|last| last.run == first.run && last.what.task() != first.what.task());
        let (last, again) = (last?.clone(), place(events, |what| *what == first.what)?);
        // Both have upstream tasks only in sagas of several waves: the wave is known by an undo that has ended in between.
        let at = events.iter().position(|event| event.seq == last.seq)?;
        let ended = |event: &Event| matches!(event.what, What::Compensated { .. }) && event.run == first.run;
        if !events[again..at].iter().any(ended)
            || events[at - 1].what != (What::Compensated { task: events[at - 1].what.task()? })
        {
            return None;
        }
        let moved = events.remove(at);
        events.insert(again, moved);
        Some(())
    }),
    ("an effect that is left and not named", |_, events| {
        ended(events, |tail| !tail.left.is_empty())?.left.pop();
        Some(())
    }),
    ("a stuck run that is said to have failed", |_, events| {
        ended(events, |tail| tail.status == RunStatus::Stuck)?.status = RunStatus::Failed;
        Some(())
    }),
    ("an effect that is both undone and left", |_, events| {
        let tail = ended(events, |tail| tail.status == RunStatus::Stuck && tail.compensated > 0)?;
        tail.compensated += 1;
        Some(())
    }),
    ("an award in a pause", |_, events| {
        let at = events.iter().rposition(|event| matches!(event.what, What::Assigned { .. }))?;
        let begun = place(events, |what| matches!(what, What::RunStarted(_)))?;
        let same = events[begun].run == events[at].run && events[begun].at < events[at].at;
        let pauses =
            events.iter().any(|event| matches!(event.what, What::RunPaused | What::RunResumed | What::TurnedBack { .. }));
        if !same || pauses {
            return None;
        }
        events.insert(begun + 1, Event { what: What::RunPaused, ..events[begun].clone() });
        Some(())
    }),
    ("another way for what had not failed", |_, events| {
        // One that led to something: else nobody could miss it.
        let handled = place(events, |what| matches!(what, What::Handled { .. }))?;
        let task = events[handled].what.task();
        let failed = |event: &Event| matches!(event.what, What::Replanned { .. }) && event.what.task() == task;
        let at = events[..handled].iter().rposition(failed);
        removed(events, at)
    }),
    ("a stand-in that nobody asked for", |_, events| {
        let noted = |what: &What| matches!(what, What::Noted { note, .. } if note.ends_with("takes its place"));
        place(events, |what| matches!(what, What::Synthesized { .. }))?;
        let before = events.len();
        events.retain(|event| !noted(&event.what));
        (events.len() < before).then_some(())
    }),
    ("a handler that is not the first that takes the failure", |_, events| {
        let at = place(events, |what| matches!(what, What::Handled { .. }))?;
        if let What::Handled { handler, .. } = &mut events[at].what {
            *handler += 1;
        }
        Some(())
    }),
    ("a task that is skipped and no handler says so", |_, events| {
        let at = place(events, |what| matches!(what, What::Handled { does, .. } if **does == *"skip"))?;
        removed(events, Some(at))
    }),
    ("a third try", |_, events| {
        let second =
            |event: &&Event| matches!(&event.what, What::Noted { note, .. } if note.ends_with("another agent does it too"));
        let task = events.iter().find(second)?.what.task()?;
        let at = events.iter().rposition(|event| matches!(event.what, What::Copied { .. }) && event.what.task() == Some(task))?;
        let mut third = events[at].clone();
        if let What::Copied { copy, number, .. } = &mut third.what {
            (*copy, *number) = (*copy + 1_000_000, *number + 1);
        }
        events.insert(at + 1, third);
        Some(())
    }),
    ("one more than there is", |scene, events| {
        // Of what there is one, somebody has it; of what there is more, the rest may be kept for another.
        let only_one = |event: &Event, note: &str| {
            let name = note.split('"').nth(1).unwrap_or_default();
            let flow = scene.runs.get(event.run.0 as usize).map(|(flow, _)| flow);
            flow.is_some_and(|flow| flow.resources.iter().any(|(resource, units)| **resource == *name && *units == 1))
        };
        let waits = |event: &Event| matches!(&event.what, What::Noted { note, .. } if note.starts_with("it waits for") && only_one(event, note));
        let at = events.iter().position(waits)?;
        let (task, moment) = (events[at].what.task()?, events[at].at);
        let begins =
            |event: &Event| matches!(event.what, What::Announced { .. } | What::Copied { .. }) && event.what.task() == Some(task);
        let begun = events.iter().position(begins).filter(|begun| *begun > at)?;
        let moved = Event { at: moment, ..events.remove(begun) };
        events.insert(at + 1, moved);
        Some(())
    }),
];

/// The end of the first run that ended so, to be changed.
fn ended(events: &mut [Event], how: impl Fn(&RunTail) -> bool) -> Option<&mut RunTail> {
    events.iter_mut().find_map(|event| match &mut event.what {
        What::RunEnded(tail) if how(tail) => Some(Arc::make_mut(tail)),
        _ => None,
    })
}

/// All that can be forged of this storm.
pub fn forgeries(storm: &Storm) -> Vec<Forgery> {
    let forge = |(how, tamper): &(&'static str, Tamper)| {
        let mut storm = storm.clone();
        let scene = storm.scene.clone();
        tamper(&scene, &mut storm.events)?;
        storm.events.iter_mut().enumerate().for_each(|(n, event)| event.seq = n as u64);
        Some(Forgery { how, storm })
    };
    WAYS.iter().filter_map(forge).collect()
}
