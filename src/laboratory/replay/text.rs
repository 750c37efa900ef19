//! The tables for a terminal, and the same for programs.

use super::{Alternative, Course, Moved, Replay, Shares};
use crate::event::RunStatus;
use crate::laboratory::compare::{figure, percent, signed};
use core::fmt::Write;
use serde_json::{Value, json};

/// A live job that takes no longer, in seconds, is as much start-up as work.
const SHORT: f64 = 0.02;
/// Tasks that are named of those that moved.
const NAMED: usize = 3;

/// A row of both tables.
struct Row<'a> {
    name: String,
    course: &'a Course,
    /// What it is compared with.
    than: Option<&'a Course>,
    /// All seeds, if it is a scenario.
    seeds: Option<&'a Alternative>,
}
impl Row<'_> {
    /// In seconds.
    fn makespan(&self) -> f64 {
        self.seeds.map_or(self.course.measures.makespan, Alternative::makespan)
    }
}

fn rows(replay: &Replay) -> Vec<Row<'_>> {
    let (recorded, again) = (replay.recording.recorded(), &replay.again);
    let first = Row { name: "recorded".into(), course: recorded, than: None, seeds: None };
    let second = Row { name: "replayed".into(), course: again, than: Some(recorded), seeds: None };
    let others = replay.others.iter();
    let others =
        others.map(|other| Row { name: other.scenario.name(), course: &other.course, than: Some(again), seeds: Some(other) });
    [first, second].into_iter().chain(others).collect()
}

pub(super) fn table(replay: &Replay) -> String {
    let (recording, rows) = (&replay.recording, rows(replay));
    let time = if recording.head.simulated { "virtual time" } else { "real time" };
    let recorded = recording.recorded();
    let mut text = format!(
        "  {} · workflow {} · {} · {time} · seed {} · {} jobs completed on {} agents\n",
        crate::report::harmless(&recording.head.name),
        crate::report::harmless(&recording.head.workflow),
        crate::report::harmless(&recording.head.strategy),
        recording.head.seed,
        recorded.measures.completed,
        recording.head.agents.len()
    );
    columns(
        &mut text,
        rows.iter().map(cells),
        &["", "makespan", "", "cost", "messages/task", "busy", "fairness", "lost work", "ended"],
    );
    trust(&mut text, replay);
    text.push_str("\n  where the time went, in seconds along the critical path of each\n");
    let used = used(&rows);
    let head: Vec<&str> = [""].into_iter().chain(used.iter().map(|at| Shares::default().named()[*at].0)).collect();
    let shares = rows.iter().map(|row| {
        let named = row.course.shares.named();
        std::iter::once(row.name.clone()).chain(used.iter().map(|at| figure(named[*at].1))).collect::<Vec<_>>()
    });
    columns(&mut text, shares, &head);
    text.push('\n');
    for row in rows.iter().skip(2) {
        difference(&mut text, row, &used);
    }
    for row in rows.iter().skip(1) {
        strange(&mut text, row, recorded.status);
    }
    text
}

/// How far the replay may be believed.
fn trust(text: &mut String, replay: &Replay) {
    let (all, work, busy) = (percent(replay.error()), percent(replay.work_error()), replay.busy_error() * 100.0);
    put(
        text,
        format_args!(
            "  the replay as it was is off by {all} of the makespan, {work} of the work along its path, {busy:.1} points of the busy share\n"
        ),
    );
    let short = replay.recording.median_job().filter(|seconds| *seconds < SHORT && !replay.recording.head.simulated);
    if let Some(seconds) = short {
        put(
            text,
            format_args!(
                "  the median job took {:.0} ms: of jobs so short the start-up counts as work, so that the shares below, and makespans with other agents, can't be trusted; those of longer jobs can\n",
                seconds * 1000.0
            ),
        );
    }
    let seeds = replay.others.iter().map(|other| other.seeds).max().unwrap_or(1);
    if seeds > 1 {
        put(text, format_args!("  makespans of the others are medians of {seeds} seeds; the rest is of the run in the middle\n"));
    }
}

/// Shares that are above 0 somewhere.
fn used(rows: &[Row<'_>]) -> Vec<usize> {
    let is_used = |at: &usize| rows.iter().any(|row| row.course.shares.named()[*at].1 >= 0.000_5);
    (0..Shares::default().named().len()).filter(is_used).collect()
}

fn cells(row: &Row<'_>) -> Vec<String> {
    let Course { measures: m, status, .. } = row.course;
    let over = row.than.map(|than| row.makespan() / than.measures.makespan - 1.0).filter(|share| share.is_finite());
    vec![
        row.name.clone(),
        figure(row.makespan()),
        over.map(signed).unwrap_or_default(),
        figure(m.cost),
        format!("{:.1}", m.messages_per_task()),
        percent(m.utilisation),
        format!("{:.2}", m.fairness),
        percent(m.lost_work),
        status.word().to_owned(),
    ]
}

/// `market: 1.2 s more than the replay: +0.9 s waiting, +0.3 s work; 4 of 14 tasks done by others: …`
fn difference(text: &mut String, row: &Row<'_>, used: &[usize]) {
    let Some(than) = row.than else { return };
    let (own, other) = (row.course.shares.named(), than.shares.named());
    let mut parts: Vec<(&str, f64)> = used.iter().map(|at| (own[*at].0, own[*at].1 - other[*at].1)).collect();
    parts.retain(|(_, seconds)| seconds.abs() >= 0.000_5);
    parts.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let sign = |seconds: f64| if seconds < 0.0 { "−" } else { "+" };
    let parts: Vec<String> =
        parts.iter().map(|(word, seconds)| format!("{}{} s {word}", sign(*seconds), figure(seconds.abs()))).collect();
    let whole = longer(row.makespan() - than.measures.makespan) + &row.seeds.map(|seeds| sure(seeds, than)).unwrap_or_default();
    let from = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
    put(text, format_args!("  {}: {whole}{from}\n", row.name));
    let moved = than.moved(row.course);
    let (of, count) = (than.places.len(), moved.len());
    if count > 0 {
        let named: Vec<String> = moved.iter().take(NAMED).map(arrow).collect();
        let more = if count > NAMED { format!(" and {} more", count - NAMED) } else { String::new() };
        put(text, format_args!("    {count} of {of} jobs done by others: {}{more}\n", named.join(", ")));
    }
}
fn longer(seconds: f64) -> String {
    match seconds {
        _ if seconds.abs() < 0.000_5 => "as long".to_owned(),
        _ if seconds > 0.0 => format!("{} s longer", figure(seconds)),
        _ => format!("{} s shorter", figure(-seconds)),
    }
}
/// ` in the median of 20 seeds, 95 % sure between 0.100 s shorter and 0.020 s longer`
fn sure(seeds: &Alternative, than: &Course) -> String {
    if seeds.seeds == 1 {
        return String::new();
    }
    let by = |makespan: f64| longer(makespan - than.measures.makespan);
    let sure = match seeds.interval() {
        Some(interval) => format!("95 % sure between {} and {}", by(interval.low), by(interval.high)),
        None => "too few for an interval: that takes six".to_owned(),
    };
    format!(" in the median of {} seeds, {sure}", seeds.seeds)
}
/// `dig[3] ann 2.000 s → bob 4.000 s`
fn arrow(moved: &Moved) -> String {
    let plain = crate::report::harmless;
    format!(
        "{} {} {} s → {} {} s",
        plain(&moved.task),
        plain(&moved.from.agent),
        figure(moved.from.seconds),
        plain(&moved.to.agent),
        figure(moved.to.seconds)
    )
}

/// What one should know before one believes a row.
fn strange(text: &mut String, row: &Row<'_>, recorded: RunStatus) {
    if row.course.status != recorded {
        let (own, was) = (row.course.status.word(), recorded.word());
        let why = row.course.failure.as_deref().map(|why| format!("; {}", crate::report::harmless(why))).unwrap_or_default();
        put(
            text,
            format_args!("  {}: it {own}, and the record {was}, so that its figures are not of the same thing{why}\n", row.name),
        );
    }
    if let Some(seeds) = row.seeds.filter(|seeds| seeds.otherwise() > 0 && seeds.otherwise() < seeds.seeds) {
        let (some, all) = (seeds.otherwise(), seeds.seeds);
        put(
            text,
            format_args!(
                "  {}: with {some} of {all} seeds it ended otherwise than the record; these are in no median\n",
                row.name
            ),
        );
    }
    if row.course.unknown_jobs > 0 {
        let n = row.course.unknown_jobs;
        let jobs =
            if n == 1 { "1 job that the record does not know".into() } else { format!("{n} jobs that the record does not know") };
        put(text, format_args!("  {}: {jobs}\n", row.name));
    }
}

fn columns(text: &mut String, rows: impl Iterator<Item = Vec<String>>, head: &[&str]) {
    let head: Vec<String> = head.iter().map(ToString::to_string).collect();
    let lines: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    let widths: Vec<usize> =
        (0..lines[0].len()).map(|n| lines.iter().map(|line| line[n].chars().count()).max().unwrap_or(0)).collect();
    for line in &lines {
        let mut out = String::from(" ");
        for (n, cell) in line.iter().enumerate() {
            let fill = " ".repeat(widths[n] - cell.chars().count());
            if n == 0 { put(&mut out, format_args!(" {cell}{fill}")) } else { put(&mut out, format_args!("  {fill}{cell}")) }
        }
        text.push_str(out.trim_end());
        text.push('\n');
    }
}
/// Writing to a text does not fail.
fn put(to: &mut String, what: core::fmt::Arguments<'_>) {
    let _ = to.write_fmt(what);
}

pub(super) fn json(replay: &Replay) -> Value {
    let recording = &replay.recording;
    let one = |name: &str, course: &Course| {
        let Course { status, failure, measures, shares, unknown_jobs, .. } = course;
        json!({ "name": name, "status": status, "failure": failure, "measures": measures, "path": shares, "unknown_jobs": unknown_jobs })
    };
    let others = replay.others.iter().map(|other| {
        let mut row = one(&other.scenario.name(), &other.course);
        row["moved"] = json!(replay.again.moved(&other.course));
        let interval = other.interval().map(|interval| json!([interval.low, interval.high]));
        row["seeds"] = json!({ "count": other.seeds, "median": other.makespan(), "interval": interval, "ended_otherwise": other.otherwise() });
        row
    });
    json!({
        "run": recording.head.name, "workflow": recording.head.workflow, "strategy": recording.head.strategy,
        "settings": recording.head.settings, "seed": recording.head.seed, "simulated": recording.head.simulated,
        "recorded": one("recorded", recording.recorded()), "replayed": one("replayed", &replay.again), "error": replay.error(),
        "work_error": replay.work_error(), "busy_error": replay.busy_error(),
        "median_job": recording.median_job(),
        "scenarios": others.collect::<Vec<_>>(), "assumptions": recording.remarks(),
    })
}
