//! The whole run on one page.

use super::disturbed;
use super::ending::counts;
use super::fold::Report;
use super::tables::{self, Say};
use super::text::{clipped, count, failure_line, listed, percent, put, score, seconds};
use crate::event::Names;
use serde_json::Value;

/// Failures, and steps of the critical path, that are named.
const NAMED: usize = 20;

/// The run on one page: what it was, its tasks, agents, failures, outputs, and its critical path. O(tasks · log tasks).
///
/// ```
/// use polity::event::Names;
/// use polity::report::{Report, show};
/// assert!(show(&Report::default(), &Names::default()).starts_with("A run whose beginning is not in the log."));
/// ```
pub fn show(report: &Report, names: &Names) -> String {
    let say = Say { report, names };
    let mut text = String::new();
    head(&mut text, say);
    let (table, left) = tables::tasks(say, by_family(report).into_iter());
    put(&mut text, format_args!("\n{}\n", table.trim_fmt()));
    if left > 0 {
        put(&mut text, format_args!("and {}\n", count(left as u64, "more task")));
    }
    put(&mut text, format_args!("\n{}\n", tables::agents(say).trim_fmt()));
    early(&mut text, say);
    guards(&mut text, say);
    failures(&mut text, say);
    effects(&mut text, report);
    disturbed::section(&mut text, say);
    outputs(&mut text, report);
    totals(&mut text, say);
    governed(&mut text, report);
    text
}

/// All instances, those of an expanded task below it.
pub(super) fn by_family(report: &Report) -> Vec<u32> {
    let mut all: Vec<u32> = report.tasks().map(|(n, _)| n).collect();
    all.sort_by_cached_key(|n| (report.node(*n), *n));
    all
}

fn head(text: &mut String, say: Say<'_>) {
    match say.report.head() {
        None => text.push_str("A run whose beginning is not in the log.\n"),
        Some(head) => {
            let virtual_time = if head.simulated { ", virtual time" } else { "" };
            let (name, workflow, strategy) = (clipped(&head.name, 60), clipped(&head.workflow, 60), clipped(&head.strategy, 40));
            put(text, format_args!("{name}: {workflow} under {strategy}, seed {}{virtual_time}\n", head.seed));
        }
    }
    let going = if say.report.is_paused() { "is paused, and has not ended" } else { "has not ended" };
    let status = say.report.tail().map_or(going, |t| t.status.word());
    let report = say.report;
    let tally = counts(&report.tally(), report.completed_after_retry());
    put(text, format_args!("{status} after {}; {}: {tally}\n", seconds(report.makespan()), count(report.total(), "task")));
    for remark in report.remarks() {
        put(text, format_args!("note: {}\n", clipped(remark, 200)));
    }
    if report.strays() > 0 {
        put(text, format_args!("note: {} made no sense where it stood, and was left out\n", count(report.strays(), "event")));
    }
}

/// Effects that nobody has undone.
fn effects(text: &mut String, report: &Report) {
    let left = report.tail().map_or(&[][..], |tail| &tail.left);
    if left.is_empty() {
        return;
    }
    text.push_str("\nleft to undo (polity retry goes on)\n");
    for (task, why) in left.iter().take(NAMED) {
        put(text, format_args!("{}: {}\n", clipped(task, 60), clipped(why, 300)));
    }
    if left.len() > NAMED {
        put(text, format_args!("and {}\n", count((left.len() - NAMED) as u64, "more effect")));
    }
}

/// Tasks that began before all that they depend on had ended.
fn early(text: &mut String, say: Say<'_>) {
    let report = say.report;
    let early = || report.tasks().filter(|(n, _)| report.not_waited_for(*n).next().is_some());
    let Some(_) = report.head().filter(|head| !head.joins.is_empty()).and_then(|_| early().next()) else { return };
    text.push_str("\nbegan before all that they depend on had ended\n");
    for (n, task) in early().take(NAMED) {
        let late: Vec<String> = report.not_waited_for(n).map(|up| say.became(up)).collect();
        let began = task.began_at().map(|at| say.at(at)).unwrap_or_default();
        let join = report.join(n).map(|join| join.to_string()).unwrap_or_default();
        put(text, format_args!("  {} at {began}, by `join: {join}`: not after {}\n", say.task(n), listed(&late, NAMED)));
    }
    let more = early().count().saturating_sub(NAMED);
    if more > 0 {
        put(text, format_args!("  and {more} more\n"));
    }
}

fn failures(text: &mut String, say: Say<'_>) {
    let failed: Vec<_> = say.report.tasks().filter_map(|(n, t)| Some((n, t, t.failure.as_ref()?))).collect();
    if failed.is_empty() && say.report.escalation().is_none() && say.report.coordinator_losses().is_empty() {
        return;
    }
    text.push_str("\nfailures\n");
    for (n, task, failure) in failed.iter().take(NAMED) {
        let attempts = count(task.attempts.into(), "attempt");
        let why = clipped(&failure_line(failure), 200);
        put(text, format_args!("  {}: {} after {attempts}: {why}\n", say.task(*n), failure.kind.word()));
    }
    if failed.len() > NAMED {
        put(text, format_args!("  and {} more\n", failed.len() - NAMED));
    }
    for (at, reason) in say.report.coordinator_losses().iter().take(NAMED) {
        put(text, format_args!("  the coordinator was lost at {}: {}\n", say.at(*at), clipped(reason, 200)));
    }
    if let Some(reason) = say.report.escalation() {
        put(text, format_args!("  a supervisor gave up: {}\n", clipped(reason, 200)));
    }
}

/// Breakers that opened, and where the run stood still.
fn guards(text: &mut String, say: Say<'_>) {
    let opened = say.report.agents().flat_map(|(id, agent)| agent.breakers.iter().map(move |(key, breaker)| (id, key, breaker)));
    let opened: Vec<_> = opened.collect();
    for (id, (_, work), breaker) in opened.iter().take(NAMED) {
        let work = if work.is_empty() { "work without a type".into() } else { format!("\"{}\"", clipped(work, 40)) };
        let (circuit, times) = (breaker.circuit.word().replace('_', "-"), count(breaker.opened.into(), "time"));
        let (agent, reason) = (say.agent(*id), clipped(&breaker.reason, 100));
        put(text, format_args!("breaker of {agent} for {work}: {circuit} ({reason}), opened {times}\n"));
    }
    if opened.len() > NAMED {
        put(text, format_args!("and {}\n", count((opened.len() - NAMED) as u64, "more breaker")));
    }
    for (at, reason) in say.report.stalls().iter().take(NAMED) {
        put(text, format_args!("stalled at {}: {}\n", say.at(*at), clipped(reason, 400)));
    }
}

fn outputs(text: &mut String, report: &Report) {
    let Some(tail) = report.tail() else { return };
    if let Value::Object(outputs) = &tail.outputs
        && !outputs.is_empty()
    {
        text.push_str("\noutputs\n");
        for (name, value) in outputs {
            put(text, format_args!("  {}: {}\n", clipped(name, 60), clipped(&value.to_string(), 200)));
        }
    }
    for problem in &tail.problems {
        put(text, format_args!("  problem: {}\n", clipped(problem, 400)));
    }
}

/// What each coordinator cost.
pub(super) fn governed(text: &mut String, report: &Report) {
    for office in report.governed() {
        let team = office.team.as_ref().map_or_else(|| "all agents".into(), |team| format!("team \"{}\"", clipped(team, 40)));
        let each = if office.decisions > 0 { office.messages as f64 / office.decisions as f64 } else { 0.0 };
        put(
            text,
            format_args!(
                "{} for {team}: {}, {} ({:.1} a decision, about {}), {}; from announcement to award {} (median), {} (99 of 100)\n",
                clipped(&office.strategy, 40),
                count(office.decisions, "decision"),
                count(office.messages, "message"),
                each,
                bytes(office.bytes),
                count(office.rounds, "round"),
                short(office.latency_p50_ns),
                short(office.latency_p99_ns),
            ),
        );
    }
}
/// `1.5 KiB`
fn bytes(n: u64) -> String {
    match n {
        0..1_024 => format!("{n} B"),
        1_024..1_048_576 => format!("{:.1} KiB", n as f64 / 1_024.0),
        _ => format!("{:.1} MiB", n as f64 / 1_048_576.0),
    }
}
/// `12 µs`, `3.4 ms`, `1.20 s`
fn short(nanos: u64) -> String {
    match nanos {
        0..1_000_000 => format!("{} µs", nanos / 1_000),
        1_000_000..1_000_000_000 => format!("{:.1} ms", nanos as f64 / 1e6),
        _ => format!("{:.2} s", nanos as f64 / 1e9),
    }
}

fn totals(text: &mut String, say: Say<'_>) {
    let (report, cost) = (say.report, say.report.cost());
    let path = report.critical_path();
    if !path.steps.is_empty() {
        let steps = &path.steps;
        let mut names: Vec<String> = steps.iter().take(NAMED).map(|n| say.task(*n)).collect();
        if steps.len() > NAMED {
            names.push(format!("… {} more", steps.len() - NAMED));
        }
        put(text, format_args!("\ncritical path, {} of work: {}\n", seconds(path.worked), names.join(" → ")));
    }
    let mut costs = vec![count(cost.awards, "award"), count(cost.messages, "protocol message"), count(cost.rounds, "round")];
    if cost.paid != 0.0 {
        costs.push(format!("{} paid", score(cost.paid)));
    }
    let unusual = [
        (cost.retries, "retried attempt"),
        (cost.refusals, "refusal"),
        (cost.displaced, "lost job"),
        (cost.postponed, "postponement"),
    ];
    costs.extend(unusual.iter().filter(|(n, _)| *n > 0).map(|(n, what)| count(*n, what)));
    let (busy, coordination) = (percent(report.busy_share()), percent(report.coordination_share()));
    put(
        text,
        format_args!("agents {busy} busy · waiting for agents {coordination} of the tasks' time · {}\n", listed(&costs, 9)),
    );
}
