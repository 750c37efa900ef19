//! `report.html`: a run as one page.

use super::ending::counts;
use super::fold::Report;
use super::record::{State, TaskRecord};
use super::tables::{self, Say};
use super::text::{clipped, count, failure_line, percent, score, seconds};
use super::timeline::{Close, Timeline, kind_of, name_of};
use crate::event::Names;
use crate::laboratory::picture::{Cell, Column, Gantt, Job, Page, Part, Table, Unit};
use core::time::Duration;
use polity_protocols::{AgentId, Time};
use std::collections::{BTreeMap, BTreeSet};

/// Tasks that the page lists, the most telling ones.
const ROWS: usize = 1_000;
/// Failures, and steps of the critical path, that are named.
const NAMED: usize = 50;
/// Characters of outputs that are shown.
const LONGEST: usize = 20_000;

/// A run as one HTML file, which needs no network and runs no script: figures, what failed, who did what when, its tasks, its agents, its outputs.
/// `replay` is the command that runs it again, if there is one. Bounded for runs of any size: what is left out is said. O(tasks · log tasks).
///
/// ```
/// use polity::event::{Names, RunId};
/// use polity::report::{Report, Timeline, page};
/// let html = page(&Report::default(), &Names::default(), &Timeline::of(RunId(0)), "");
/// assert!(html.contains("A run whose beginning is not in the log"));
/// ```
pub fn page(report: &Report, names: &Names, timeline: &Timeline, replay: &str) -> String {
    let say = Say { report, names };
    let mut parts = vec![figures(report)];
    parts.extend(failures(say));
    parts.push(Part::Chart(gantt(say, timeline).draw()));
    parts.extend(path(say));
    if timeline.left_out() > 0 {
        parts.push(Part::Text(format!("The timeline has no place for {}.", count(timeline.left_out(), "more job"))));
    }
    parts.extend([Part::heading("Tasks"), Part::Table(tasks(say)), Part::heading("Agents"), Part::Table(agents(say))]);
    let mut cost = String::new();
    super::show::governed(&mut cost, report);
    if !cost.is_empty() {
        parts.push(Part::heading("What it cost to govern"));
        parts.extend(cost.lines().map(Part::text));
    }
    parts.extend(outputs(report));
    if !replay.is_empty() {
        parts.extend([Part::heading("Run it again"), Part::Preformatted(clipped(replay, 2_000))]);
    }
    let title = report.head().map(|head| format!("{}: {}", clipped(&head.name, 100), clipped(&head.workflow, 100)));
    Page {
        title: title.unwrap_or_else(|| "A run whose beginning is not in the log".into()),
        lead: lead(report),
        parts,
        footer: format!("Made by polity {} from the run's events.", env!("CARGO_PKG_VERSION")),
    }
    .html()
}

fn time(d: Duration) -> String {
    Unit::Seconds.text(d.as_nanos() as f64 / 1e9)
}

fn lead(report: &Report) -> String {
    let status = report.tail().map_or("not ended", |tail| tail.status.word());
    let mut status = status.to_owned();
    status[..1].make_ascii_uppercase();
    let (after, tally) = (time(report.makespan()), counts(&report.tally(), report.completed_after_retry()));
    let under = report.head().map(|head| {
        let virtual_time = if head.simulated { ", in virtual time" } else { "" };
        format!(" under {}, seed {}{virtual_time}", clipped(&head.strategy, 60), head.seed)
    });
    let mut lead = format!("{status} after {after}{}: {tally}.", under.unwrap_or_default());
    for remark in report.remarks() {
        lead.push_str(&format!(" Note: {}.", clipped(remark, 200)));
    }
    if report.strays() > 0 {
        lead.push_str(&format!(" {} made no sense where it stood, and was left out.", count(report.strays(), "event")));
    }
    lead
}
/// A number of things: `143,875`.
fn whole(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| core::str::from_utf8(group).ok()).collect();
    groups.join(",")
}
fn figures(report: &Report) -> Part {
    let cost = report.cost();
    let mut all = vec![
        ("time", time(report.makespan())),
        ("tasks", whole(report.total())),
        ("agents", whole(report.agents().len() as u64)),
        ("agents busy", percent(report.busy_share())),
        ("awards", whole(cost.awards)),
        ("protocol messages", whole(cost.messages)),
    ];
    if cost.paid != 0.0 {
        all.push(("paid", score(cost.paid)));
    }
    let unusual = [("retried attempts", cost.retries), ("refusals", cost.refusals), ("lost jobs", cost.displaced)];
    all.extend(unusual.into_iter().filter(|(_, n)| *n > 0).map(|(name, n)| (name, whole(n))));
    Part::Figures(all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn failures(say: Say<'_>) -> Vec<Part> {
    let report = say.report;
    let failed: Vec<(u32, &TaskRecord)> = report.tasks().filter(|(_, task)| task.failure.is_some()).collect();
    let row = |(n, task): &(u32, &TaskRecord)| {
        let failure = task.failure.as_ref()?;
        let agent = task.agent.map(|agent| say.agent(agent)).unwrap_or_default();
        let why = Cell::Bad(format!("{}: {}", failure.kind.word(), clipped(&failure_line(failure), 400)));
        Some(vec![say.task(*n).into(), why, task.attempts.to_string().into(), agent.into()])
    };
    let columns = vec![Column::text("task"), Column::text("why"), Column::number("attempts"), Column::text("last agent")];
    let mut rows: Vec<Vec<Cell>> = failed.iter().take(NAMED).filter_map(row).collect();
    let whole = |who: &str, why: String| vec![who.into(), Cell::Bad(why)];
    rows.extend(
        report
            .coordinator_losses()
            .iter()
            .take(NAMED)
            .map(|(at, reason)| whole("the coordinator", format!("lost at {}: {}", say.at(*at), clipped(reason, 400)))),
    );
    rows.extend(report.escalation().map(|reason| whole("a supervisor", format!("gave up: {}", clipped(reason, 400)))));
    let tail = report.tail();
    let problems = tail.iter().flat_map(|tail| tail.problems.iter().take(NAMED));
    rows.extend(problems.map(|problem| whole("the run", clipped(problem, 400))));
    let left = tail.iter().flat_map(|tail| tail.left.iter().take(NAMED));
    rows.extend(left.map(|(task, why)| whole(&clipped(task, 60), format!("left to undo: {}", clipped(why, 400)))));
    if rows.is_empty() {
        return Vec::new();
    }
    let more = failed.len().saturating_sub(NAMED);
    let caption = if more > 0 { format!("And {}.", count(more as u64, "more failed task")) } else { String::new() };
    vec![Part::heading("What went wrong"), Part::Table(Table { columns, rows, caption })]
}

/// The timeline as a picture.
pub(super) fn gantt(say: Say<'_>, timeline: &Timeline) -> Gantt {
    let report = say.report;
    let stints: Vec<_> = timeline.stints().collect();
    let began = report.began().unwrap_or_else(|| stints.iter().map(|s| s.ready).min().unwrap_or(Time::ZERO));
    let agents: BTreeSet<AgentId> = report.agents().map(|(id, _)| id).chain(stints.iter().map(|s| s.agent)).collect();
    let rows: BTreeMap<AgentId, usize> = agents.iter().enumerate().map(|(n, id)| (*id, n)).collect();
    let critical: BTreeSet<u32> = report.critical_path().steps.into_iter().collect();
    let at = |time: Time| time.since(began).as_nanos() as f64 / 1e9;
    let job = |stint: &super::Stint| {
        let root = report.run().is_some_and(|run| run.0 == stint.task.run());
        Job {
            row: rows.get(&stint.agent).copied().unwrap_or_default(),
            name: name_of(stint, say.names, report.run()),
            kind: kind_of(stint, say.names),
            ready: at(stint.ready),
            announced: at(stint.able),
            assigned: at(stint.assigned),
            started: at(stint.started),
            ended: at(stint.ended),
            critical: root && critical.contains(&say.names.original(stint.task).instance()),
            failed: matches!(stint.close, Close::Failed | Close::Retried | Close::Displaced),
        }
    };
    Gantt {
        title: "Who did what when".into(),
        subtitle: "Red: the task was announced and a slot of its agent was free, but it was not yet awarded.".into(),
        rows: agents.iter().map(|id| say.agent(*id)).collect(),
        jobs: stints.iter().map(job).collect(),
    }
}
fn path(say: Say<'_>) -> Option<Part> {
    let path = say.report.critical_path();
    let mut names: Vec<String> = path.steps.iter().take(NAMED).map(|n| say.task(*n)).collect();
    if path.steps.len() > NAMED {
        names.push(format!("… {} more", path.steps.len() - NAMED));
    }
    (!names.is_empty()).then(|| Part::Text(format!("Critical path, {} of work: {}.", time(path.worked), names.join(" → "))))
}

fn tasks(say: Say<'_>) -> Table {
    let (chosen, left) = tables::chosen(say, super::show::by_family(say.report).into_iter(), ROWS);
    let row = |(n, task): (u32, &TaskRecord)| {
        let ran = task.ready_at().is_some();
        let shown = |d: Duration| if ran { seconds(d) } else { String::new() };
        let state = match task.state {
            State::Failed | State::Joined { succeeded: false } => Cell::Bad(task.state.word().into()),
            State::Skipped | State::Blocked | State::Pending => Cell::Dim(task.state.word().into()),
            state => state.word().into(),
        };
        let attempts = if task.attempts > 0 { task.attempts.to_string() } else { String::new() };
        let why = task.reason.as_ref().map(|reason| clipped(reason, 120)).unwrap_or_default();
        let agent = task.agent.map(|agent| say.agent(agent)).unwrap_or_default();
        let (took, waited) = (shown(task.took()), shown(task.waited(say.report.now())));
        vec![say.task(n).into(), state, agent.into(), attempts.into(), took.into(), waited.into(), why.into()]
    };
    let words = ["task", "state", "agent"].map(Column::text);
    let numbers = ["attempts", "took", "waited"].map(Column::number);
    let caption = if left > 0 {
        format!("And {}; these are the ones to which something happened that one should know.", count(left as u64, "more task"))
    } else {
        String::new()
    };
    // Reasons have a column if there are any.
    let reasons = chosen.iter().any(|(_, task)| task.reason.is_some()).then(|| Column::text("why"));
    let columns = words.into_iter().chain(numbers).chain(reasons).collect();
    Table { columns, rows: chosen.into_iter().map(row).collect(), caption }
}
fn agents(say: Say<'_>) -> Table {
    let (makespan, all) = (say.report.makespan(), say.report.work());
    let row = |(id, agent): (AgentId, &super::AgentRecord)| {
        let work = all.get(&id).copied().unwrap_or_default();
        let share = work.share(agent.slots, makespan);
        let reason = agent.reason.as_ref().map(|reason| clipped(reason, 120)).unwrap_or_default();
        let numbers = [agent.slots, work.done, work.failed].map(|n| Cell::from(n.to_string()));
        let more = [seconds(work.busy), percent(share), agent.losses.to_string(), reason].map(Cell::from);
        [Cell::from(say.agent(id))].into_iter().chain(numbers).chain(more).collect()
    };
    let numbers = ["slots", "done", "failed", "busy", "share", "lost"].map(Column::number);
    let columns = [Column::text("agent")].into_iter().chain(numbers).chain([Column::text("last loss")]).collect();
    Table { columns, rows: say.report.agents().map(row).collect(), caption: String::new() }
}
fn outputs(report: &Report) -> Vec<Part> {
    let outputs = report.tail().map(|tail| &tail.outputs).filter(|all| all.as_object().is_some_and(|all| !all.is_empty()));
    let Some(outputs) = outputs else { return Vec::new() };
    let whole = format!("{outputs:#}");
    let shown: String = whole.chars().take(LONGEST).collect();
    let cut = if shown.len() < whole.len() { "\n… cut; run.json has it all" } else { "" };
    vec![Part::heading("Outputs"), Part::Preformatted(format!("{shown}{cut}"))]
}
