//! The judge reads the log of a storm and says which promise was broken first.

mod brakes;
mod doors;
mod down;
mod forge;
mod guards;
mod life;
mod orders;
mod saga;
mod teams;
mod ways;

pub use forge::{WAYS, forgeries};
pub use saga::downstream;

use super::play::Storm;
use super::seen::{Gone, Seen};
use life::{End, RunLog};
use polity::event::{Disturbance, Event, RunId, RunStatus, What};
use polity::protocols::{AgentId, Name, TaskId};
use polity::report::Report;
use std::collections::{BTreeMap, BTreeSet};

/// Refuses unless it holds.
fn must(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// Judges a storm, and notes what was seen in it.
pub fn judge(storm: &Storm, seen: &mut Seen) -> Result<(), String> {
    order(&storm.events)?;
    for (n, result) in storm.results.iter().enumerate() {
        let id = RunId(n as u32);
        let (flow, _) = &storm.scene.runs[n];
        let mut log = RunLog::new(id, flow, &storm.profiles, storm.scene.is_crashing());
        log.told = !storm.orders.is_empty();
        for event in storm.events.iter().filter(|event| event.run == id) {
            log.take(event).map_err(|what| format!("{what}, at event {} of run {n}: {:?}", event.seq, event.what))?;
        }
        log.finish()?;
        agree(storm, id, &log, result)?;
        note_run(result.status(), &log, seen);
    }
    teams::judge(storm, seen)?;
    saga::judge(storm, seen)?;
    brakes::judge(storm, seen)?;
    guards::judge(storm, seen)?;
    down::judge(storm, seen)?;
    orders::judge(storm, seen)?;
    ways::judge(storm, seen)?;
    doors::judge(storm, seen)?;
    slots(storm, seen)?;
    outcomes(storm, seen)?;
    note(storm, seen);
    Ok(())
}

/// Judges a storm whose only run goes on with another, which had undone so much.
pub fn judge_again(storm: &Storm, before: &BTreeSet<Name>, gone: &mut Gone) -> Result<(), String> {
    order(&storm.events)?;
    let (id, flow) = (RunId(0), &storm.scene.runs[0].0);
    let mut log = RunLog::new(id, flow, &storm.profiles, storm.scene.is_crashing()).going_on();
    log.told = !storm.orders.is_empty();
    for event in storm.events.iter().filter(|event| event.run == id) {
        log.take(event).map_err(|what| format!("{what}, at event {}: {:?}", event.seq, event.what))?;
    }
    log.finish()?;
    agree(storm, id, &log, &storm.results[0])?;
    note_run(storm.results[0].status(), &log, &mut gone.seen);
    saga::judge_run(&storm.events, id, flow, before, &mut gone.seen)
}

/// Events are numbered without gaps, and time runs forwards.
fn order(events: &[Event]) -> Result<(), String> {
    for (n, event) in events.iter().enumerate() {
        must(event.seq == n as u64, || format!("event {} stands at place {n}", event.seq))?;
        must(n == 0 || events[n - 1].at <= event.at, || format!("time ran backwards at event {n}"))?;
    }
    Ok(())
}

/// The log, its fold and the result of the run tell the same story.
fn agree(storm: &Storm, id: RunId, log: &RunLog<'_>, result: &polity::RunResult) -> Result<(), String> {
    let mut report = Report::default();
    let society = |event: &Event| !event.run.is_run();
    storm.events.iter().filter(|event| event.run == id || society(event)).for_each(|event| report.take(event));
    let (told, counted) = (result.tally(), log.counts());
    must(told == counted, || format!("the result counts {told:?}, the log {counted:?}"))?;
    must(report.tally() == told, || format!("the fold counts {:?}, the result {told:?}", report.tally()))?;
    must(report.strays() == 0, || format!("{} events made no sense to the fold", report.strays()))?;
    let tail = report.tail().map(|tail| (tail.status, tail.tally));
    must(tail == Some((result.status(), told)), || {
        format!("the fold ends with {tail:?}, the result with {:?}", result.status())
    })?;
    let unwell = told.failed + told.blocked + told.cancelled - log.spared();
    match result.status() {
        RunStatus::Completed => must(unwell == 0, || format!("it completed with {told:?}")),
        RunStatus::Failed | RunStatus::Overspent => {
            must(unwell > 0 || report.turned_back().is_some(), || format!("it failed with {told:?}"))
        }
        RunStatus::Stuck | RunStatus::Cancelled | RunStatus::Escalated => Ok(()),
    }
}

/// No agent ever holds more started jobs than slots. Within a moment tasks may hear of what their agents did in another order than they did it, so
/// that it is looked at when time moves on.
fn slots(storm: &Storm, seen: &mut Seen) -> Result<(), String> {
    if !storm.scene.is_orderly() {
        return Ok(());
    }
    seen.slots_checked += 1;
    let mut held: BTreeMap<AgentId, BTreeSet<TaskId>> = BTreeMap::new();
    let slots_of = |agent: AgentId| storm.profiles[agent.index()].slots as usize;
    for (n, event) in storm.events.iter().enumerate() {
        match &event.what {
            What::Started { task, agent, .. } => {
                let jobs = held.entry(*agent).or_default();
                jobs.insert(*task);
                seen.full_agents += u64::from(jobs.len() == slots_of(*agent) && jobs.len() > 1);
            }
            What::AgentLost { agent, .. } => drop(held.remove(agent)),
            What::Retried { task, .. }
            | What::Displaced { task, .. }
            | What::Completed { task, .. }
            | What::Failed { task, .. }
            | What::Replanned { task, .. }
            | What::Cancelled { task } => held.values_mut().for_each(|jobs| jobs.retain(|job| job != task)),
            _ => {}
        }
        if storm.events.get(n + 1).is_none_or(|next| next.at > event.at) {
            let over = held.iter().find(|(agent, jobs)| jobs.len() > slots_of(**agent));
            must(over.is_none(), || format!("jobs in more slots than there are: {over:?}, after event {}", event.seq))?;
        }
    }
    Ok(())
}

/// Each award has exactly one outcome, and the protocol is told nothing that makes no sense.
fn outcomes(storm: &Storm, seen: &mut Seen) -> Result<(), String> {
    let Some(ledger) = &storm.ledger else { return Ok(()) };
    let gave_up = storm.events.iter().any(|event| matches!(event.what, What::Escalated { .. }));
    // Where the breakers of all others are open, whoever failed a task is better than they are.
    let steered = storm.events.iter().any(|event| matches!(event.what, What::BreakerTurned { .. }));
    let wrong = ledger.wrong.iter().filter(|what| !(steered && what.contains("does not avoid")));
    let wrong: Vec<&str> = wrong.map(String::as_str).collect();
    must(wrong.is_empty(), || format!("the protocol was told what makes no sense: {}", wrong.join("; ")))?;
    must(gave_up || ledger.outstanding.is_empty(), || format!("awards without an outcome: {:?}", ledger.outstanding))?;
    must(gave_up || ledger.open.is_empty(), || format!("tasks that nobody wants any more are open: {:?}", ledger.open))?;
    seen.avoided += ledger.avoided;
    seen.outcomes_checked += u64::from(ledger.awards > 0);
    Ok(())
}

fn note_run(status: RunStatus, log: &RunLog<'_>, seen: &mut Seen) {
    seen.early_starts += log.early();
    seen.spared += u64::from(log.spared());
    seen.spared_and_well += u64::from(log.spared() > 0 && status == RunStatus::Completed);
    match status {
        RunStatus::Completed => seen.completed_runs += 1,
        RunStatus::Failed | RunStatus::Overspent | RunStatus::Stuck => seen.failed_runs += 1,
        RunStatus::Cancelled => seen.cancelled_runs += 1,
        RunStatus::Escalated => {}
    }
    for end in log.ends() {
        *match end {
            End::Completed => &mut seen.completed,
            End::Failed => &mut seen.failed,
            End::Skipped => &mut seen.skipped,
            End::Blocked => &mut seen.blocked,
            End::Cancelled => &mut seen.cancelled,
        } += 1;
    }
}
fn note(storm: &Storm, seen: &mut Seen) {
    use polity::agents::FailureKind;
    seen.second_runs += u64::from(storm.results.len() > 1);
    for event in &storm.events {
        match &event.what {
            What::Copied { .. } => seen.copies += 1,
            What::Voted { differ, .. } => {
                seen.votes += 1;
                seen.disagreements += u64::from(!differ.is_empty());
            }
            What::Refused { .. } => seen.refused += 1,
            What::Displaced { .. } => seen.displaced += 1,
            What::Retried { failure, .. } => {
                seen.retried += 1;
                seen.fell_silent += u64::from(failure.message.contains("timeout.heartbeat"));
            }
            What::Disturbed { fault, .. } => {
                seen.disturbances += 1;
                seen.repairs += u64::from(*fault == Disturbance::Repaired);
            }
            What::Expanded { labels, .. } if labels.is_empty() => seen.empty_expansions += 1,
            What::Expanded { .. } => seen.expanded += 1,
            What::Joined { succeeded: false, .. } => seen.failed_joins += 1,
            What::AgentJoined { incarnation, .. } => seen.restarts += u64::from(*incarnation > storm.profiles.len() as u64),
            What::Escalated { .. } => seen.escalations += 1,
            What::CoordinatorLost { .. } => seen.coordinators_lost += 1,
            What::RunEnded(tail) => seen.late_voices += tail.ignored,
            What::Failed { failure, .. } => match failure.kind {
                FailureKind::Poison => seen.poison += 1,
                FailureKind::Timeout => {
                    seen.timeouts += 1;
                    seen.fell_silent += u64::from(failure.message.contains("timeout.heartbeat"));
                }
                FailureKind::Unassigned => seen.unassigned += 1,
                _ => {}
            },
            _ => {}
        }
    }
}
