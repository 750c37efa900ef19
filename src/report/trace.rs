//! A run for a trace viewer: Perfetto, or Chrome's `about:tracing`.

use super::fold::Report;
use super::text::clipped;
use super::timeline::{Stint, Timeline, kind_of, name_of};
use crate::event::Names;
use polity_protocols::{AgentId, Time};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

/// Threads of one sort that a process has at most: slots of an agent, places in its queue, decisions under way.
const MOST_THREADS: usize = 256;
/// The process that coordination is shown as; an agent's is two more than its number.
const COORDINATION: u32 = 1;
/// Threads from here on are an agent's queue.
const QUEUE: usize = 1_000;

/// Writes the run in the trace event format: a process for each agent with a thread for each slot, and one for each place in its queue; one more
/// process for coordination. The slices of a thread never overlap. What no thread is left for is counted in `otherData`, as are stints beyond
/// [`super::MOST_STINTS`]. Times are microseconds since the run began. O(stints · log stints).
///
/// Source: "Trace Event Format", Google 2016: <https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU>.
///
/// ```
/// use polity::event::{Names, RunId};
/// use polity::report::{Report, Timeline, trace};
/// let mut file = Vec::new();
/// trace(&Report::default(), &Names::default(), &Timeline::of(RunId(0)), &mut file).unwrap();
/// let read: serde_json::Value = serde_json::from_slice(&file).unwrap();
/// assert!(read["traceEvents"].is_array());
/// ```
///
/// # Errors
/// If it can't be written.
pub fn trace(report: &Report, names: &Names, timeline: &Timeline, to: &mut impl Write) -> io::Result<()> {
    let mut stints: Vec<Stint> = timeline.stints().collect();
    stints.sort_by_key(|s| (s.started, s.ended, s.task));
    let mut tracer = Tracer {
        to,
        began: report.began().unwrap_or_else(|| stints.iter().map(|s| s.ready).min().unwrap_or(Time::ZERO)),
        threads: BTreeMap::new(),
        left_out: timeline.left_out(),
        first: true,
    };
    tracer.to.write_all(b"{\"traceEvents\":[\n")?;
    let known: BTreeSet<AgentId> = report.agents().map(|(id, _)| id).chain(stints.iter().map(|s| s.agent)).collect();
    tracer.event(&json!({ "ph": "M", "name": "process_name", "pid": COORDINATION, "args": { "name": "coordination" } }))?;
    for agent in known {
        let name = clipped(&names.agent(agent), 80);
        tracer.event(&json!({ "ph": "M", "name": "process_name", "pid": pid(agent), "args": { "name": name } }))?;
        tracer.event(
            &json!({ "ph": "M", "name": "process_sort_index", "pid": pid(agent), "args": { "sort_index": pid(agent) } }),
        )?;
    }
    let critical: BTreeSet<u32> = report.critical_path().steps.into_iter().collect();
    for stint in &stints {
        let name = name_of(stint, names, report.run());
        let root = report.run().is_some_and(|run| run.0 == stint.task.run());
        let on_path = root && critical.contains(&names.original(stint.task).instance());
        let args = json!({ "attempt": stint.attempt, "ended": stint.close.word(), "critical": on_path,
            "waited_ms": millis(stint.ready, stint.able), "coordination_ms": millis(stint.able, stint.assigned),
            "queued_ms": millis(stint.assigned, stint.started) });
        let span = (stint.started, stint.ended);
        tracer.slice(pid(stint.agent), 0, "slot", &name, &kind_of(stint, names), span, args)?;
    }
    stints.sort_by_key(|s| (s.assigned, s.started, s.task));
    for stint in stints.iter().filter(|s| s.started > s.assigned) {
        let (name, span) = (name_of(stint, names, report.run()), (stint.assigned, stint.started));
        tracer.slice(pid(stint.agent), QUEUE, "queue", &name, "queued", span, json!({}))?;
    }
    stints.sort_by_key(|s| (s.able, s.assigned, s.task));
    for stint in stints.iter().filter(|s| s.assigned > s.able) {
        let (name, span) = (name_of(stint, names, report.run()), (stint.able, stint.assigned));
        let args = json!({ "agent": clipped(&names.agent(stint.agent), 80) });
        tracer.slice(COORDINATION, 0, "decision", &name, "coordination", span, args)?;
    }
    for (at, agent, reason) in timeline.losses() {
        let name = format!("lost: {}", clipped(reason, 200));
        let ts = tracer.micros(*at);
        tracer.event(&json!({ "ph": "i", "s": "p", "name": name, "pid": pid(*agent), "tid": 1, "ts": ts }))?;
    }
    tracer.end(report)
}

/// An agent's process.
fn pid(agent: AgentId) -> u32 {
    agent.0.saturating_add(COORDINATION + 1)
}
fn millis(from: Time, to: Time) -> f64 {
    to.since(from).as_nanos() as f64 / 1e6
}

/// Writes slices onto threads.
struct Tracer<'a, W> {
    to: &'a mut W,
    began: Time,
    /// When each thread of a process and a sort is free again.
    threads: BTreeMap<(u32, usize), Vec<Time>>,
    left_out: u64,
    first: bool,
}
impl<W: Write> Tracer<'_, W> {
    fn micros(&self, at: Time) -> f64 {
        at.since(self.began).as_nanos() as f64 / 1e3
    }
    fn event(&mut self, event: &Value) -> io::Result<()> {
        if !core::mem::replace(&mut self.first, false) {
            self.to.write_all(b",\n")?;
        }
        serde_json::to_writer(&mut *self.to, event).map_err(io::Error::from)
    }
    /// A slice on the first thread of its sort that is free. Those of a sort come by their beginnings.
    #[allow(clippy::too_many_arguments)] // each is a field of the format
    fn slice(
        &mut self,
        pid: u32,
        sort: usize,
        word: &str,
        name: &str,
        kind: &str,
        span: (Time, Time),
        args: Value,
    ) -> io::Result<()> {
        let ends = self.threads.entry((pid, sort)).or_default();
        let thread = match ends.iter().position(|end| *end <= span.0) {
            Some(free) => free,
            None if ends.len() < MOST_THREADS => {
                ends.push(span.1);
                let (tid, name) = (sort + ends.len(), format!("{word} {}", ends.len()));
                self.event(&json!({ "ph": "M", "name": "thread_name", "pid": pid, "tid": tid, "args": { "name": name } }))?;
                self.event(
                    &json!({ "ph": "M", "name": "thread_sort_index", "pid": pid, "tid": tid, "args": { "sort_index": tid } }),
                )?;
                tid - sort - 1
            }
            None => {
                self.left_out += 1;
                return Ok(());
            }
        };
        self.threads.entry((pid, sort)).or_default()[thread] = span.1;
        let (ts, dur) = (self.micros(span.0), span.1.since(span.0).as_nanos() as f64 / 1e3);
        let cat = if kind.is_empty() { "work" } else { kind };
        self.event(&json!({ "ph": "X", "name": name, "cat": cat, "pid": pid, "tid": sort + thread + 1, "ts": ts, "dur": dur, "args": args }))
    }
    fn end(self, report: &Report) -> io::Result<()> {
        let head = report.head();
        let data = json!({
            "run": head.map(|h| clipped(&h.name, 200)), "workflow": head.map(|h| clipped(&h.workflow, 200)),
            "strategy": head.map(|h| clipped(&h.strategy, 200)), "seed": head.map(|h| h.seed.to_string()),
            "slices_left_out": self.left_out, "polity": env!("CARGO_PKG_VERSION"),
        });
        writeln!(self.to, "\n],\"displayTimeUnit\":\"ms\",\"otherData\":{data}}}")
    }
}
