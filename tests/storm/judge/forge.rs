//! Logs that were tampered with: the judge must notice each.

use super::super::play::Storm;
use polity::event::{Event, What};
use polity::protocols::AgentId;

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

type Tamper = fn(&mut Vec<Event>) -> Option<()>;

const WAYS: [(&str, Tamper); 11] = [
    ("a run that ends twice", |events| doubled(events, place(events, |what| matches!(what, What::RunEnded(_))))),
    ("a run that does not end", |events| removed(events, place(events, |what| matches!(what, What::RunEnded(_))))),
    ("a task that completes twice", |events| doubled(events, place(events, |what| matches!(what, What::Completed { .. })))),
    ("a task that never ends", |events| {
        removed(events, place(events, |what| matches!(what, What::Completed { .. } | What::Failed { .. })))
    }),
    ("a task that starts twice", |events| doubled(events, place(events, |what| matches!(what, What::Started { .. })))),
    ("a task that starts without an award", |events| {
        removed(events, place(events, |what| matches!(what, What::Assigned { .. })))
    }),
    ("a dead letter twice", |events| doubled(events, place(events, |what| matches!(what, What::DeadLettered { .. })))),
    ("a task that failed and is no dead letter", |events| {
        removed(events, place(events, |what| matches!(what, What::DeadLettered { .. })))
    }),
    ("a start by another agent", |events| {
        let at = place(events, |what| matches!(what, What::Started { .. }))?;
        if let What::Started { agent, .. } = &mut events[at].what {
            *agent = AgentId(agent.0 + 1);
        }
        Some(())
    }),
    ("a voice of an earlier launch", |events| {
        let at = place(events, |what| matches!(what, What::Started { .. }))?;
        if let What::Started { launch, .. } = &mut events[at].what {
            *launch -= 1;
        }
        Some(())
    }),
    ("one attempt too many", |events| {
        let at = place(events, |what| matches!(what, What::Announced { .. }))?;
        if let What::Announced { attempt, .. } = &mut events[at].what {
            *attempt += 100;
        }
        Some(())
    }),
];

/// All that can be forged of this storm.
pub fn forgeries(storm: &Storm) -> Vec<Forgery> {
    let forge = |(how, tamper): &(&'static str, Tamper)| {
        let mut storm = storm.clone();
        tamper(&mut storm.events)?;
        storm.events.iter_mut().enumerate().for_each(|(n, event)| event.seq = n as u64);
        Some(Forgery { how, storm })
    };
    WAYS.iter().filter_map(forge).collect()
}
