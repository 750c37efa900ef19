//! The guards of a storm: breakers turn in their order and take their time, and no window holds more retries than the budget allows.

use super::super::play::Storm;
use super::super::seen::Seen;
use super::must;
use polity::event::{Event, RunId, What};
use polity::lifecycle::RetryLimit;
use polity::protocols::{AgentId, Name, Time};
use polity::supervision::{Breaking, Circuit};
use std::collections::{BTreeMap, BTreeSet};

type Checked = Result<(), String>;

pub fn judge(storm: &Storm, seen: &mut Seen) -> Checked {
    breakers(&storm.events, seen)?;
    for run in 0..storm.results.len() {
        // What a pause kept back begins with its end: then its retries were let through before.
        if storm.orders.is_empty() && storm.scene.orders.0.is_empty() {
            budget(&storm.events, RunId(run as u32))?;
        }
    }
    Ok(())
}

fn breakers(events: &[Event], seen: &mut Seen) -> Checked {
    let mut all: BTreeMap<(u32, AgentId, Name), (Circuit, Time)> = BTreeMap::new();
    for event in events {
        match &event.what {
            What::BreakerTurned { agent, work, coordinator, circuit, .. } => {
                let key = (*coordinator, *agent, work.clone());
                let (before, since) = all.get(&key).copied().unwrap_or((Circuit::Closed, Time::ZERO));
                let open = Breaking::default().open;
                let fine = match (before, circuit) {
                    (Circuit::Closed | Circuit::HalfOpen, Circuit::Open) | (Circuit::HalfOpen, Circuit::Closed) => true,
                    (Circuit::Open, Circuit::HalfOpen) => event.at == since + open,
                    _ => false,
                };
                must(fine, || format!("the breaker of {key:?} was {before:?} since {since:?}, at event {}", event.seq))?;
                all.insert(key, (*circuit, event.at));
                match circuit {
                    Circuit::Open => seen.opened += 1,
                    Circuit::HalfOpen => seen.half_opened += 1,
                    Circuit::Closed => seen.closed += 1,
                }
            }
            What::Postponed { at, .. } => {
                seen.postponed += 1;
                must(*at > event.at, || format!("a retry waits until {at:?}, at event {}", event.seq))?;
            }
            What::Stalled { reason } => return Err(format!("a run stalled: {reason}")),
            _ => {}
        }
    }
    Ok(())
}

/// Storms have the usual budget.
fn budget(events: &[Event], run: RunId) -> Checked {
    let (limit, mut known) = (RetryLimit::default(), BTreeSet::new());
    let (mut firsts, mut retries): (Vec<Time>, Vec<Time>) = (Vec::new(), Vec::new());
    let within = |all: &[Time], end: Time| all.iter().rev().take_while(|at| **at + limit.window > end).count() as u64;
    for event in events.iter().filter(|event| event.run == run) {
        let What::Announced { task, attempt } = &event.what else { continue };
        if !known.insert((*task, *attempt)) {
            continue; // lost or refused, and announced again
        }
        if *attempt == 1 {
            firsts.push(event.at);
            continue;
        }
        retries.push(event.at);
        let (used, bound) = (within(&retries, event.at), limit.bound(within(&firsts, event.at)));
        must(used <= bound, || format!("{used} retries where {bound} are allowed, at event {} of run {}", event.seq, run.0))?;
    }
    Ok(())
}
