//! The delegation tree: runs, their tasks, the runs below these, and who works there.

use super::fold::Report;
use super::record::State;
use super::text::{clipped, count, put, seconds};
use crate::event::{Event, Names, RunId, What};
use polity_protocols::AgentId;
use std::collections::BTreeMap;

/// Lines that are printed at most.
const LINES: usize = 1_000;

/// The first run of the log with every run below it, each below the task that it does; with the agents of the tasks, their incarnation,
/// how often they were restarted and why. O(events).
///
/// ```
/// assert_eq!(polity::report::tree(&[]), "There is no run in the log.\n");
/// ```
pub fn tree(events: &[Event]) -> String {
    let mut forest = Forest::default();
    events.iter().for_each(|event| forest.take(event));
    match forest.root {
        None => "There is no run in the log.\n".into(),
        Some(root) => {
            let mut text = String::new();
            let mut lines = 0;
            forest.run(root, "", &mut text, &mut lines);
            text
        }
    }
}

#[derive(Default)]
struct Forest {
    names: Names,
    root: Option<RunId>,
    runs: BTreeMap<RunId, Report>,
    /// Who joined, and how they fared.
    society: Report,
    /// The runs below a task, in order.
    below: BTreeMap<(RunId, u32), Vec<RunId>>,
}

impl Forest {
    fn take(&mut self, event: &Event) {
        self.names.take(event);
        if !event.run.is_run() {
            return self.society.take(event);
        }
        self.root.get_or_insert(event.run);
        if let What::Nested { task, child, .. } = &event.what {
            self.below.entry((event.run, task.instance())).or_default().push(*child);
        }
        self.runs.entry(event.run).or_default().take(event);
    }
    fn run(&self, id: RunId, indent: &str, text: &mut String, lines: &mut usize) {
        let Some(report) = self.runs.get(&id) else { return };
        let name = report.head().map_or_else(|| format!("run {}", id.0), |head| clipped(&head.name, 80));
        let strategy = report.head().map(|head| format!(" under {}", clipped(&head.strategy, 40))).unwrap_or_default();
        let status = report.tail().map_or("has not ended", |tail| tail.status.word());
        put(
            text,
            format_args!("{name}{strategy}: {status} after {}, {}\n", seconds(report.makespan()), count(report.total(), "task")),
        );
        *lines += 1;
        let tasks: Vec<u32> = report.tasks().map(|(n, _)| n).filter(|n| report.family(*n).is_none()).collect();
        for (at, n) in tasks.iter().enumerate() {
            if *lines >= LINES {
                put(text, format_args!("{indent}└─ and {} more\n", tasks.len() - at));
                return;
            }
            self.task(id, *n, (indent, at + 1 == tasks.len()), text, lines);
        }
    }
    fn task(&self, run: RunId, n: u32, (indent, last): (&str, bool), text: &mut String, lines: &mut usize) {
        let Some(report) = self.runs.get(&run) else { return };
        let Some(record) = report.task(n) else { return };
        let (branch, further) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        let name = clipped(&self.names.task(polity_protocols::TaskId::new(run.0, n)), 60);
        let agent = record.agent.map(|agent| self.agent(agent)).unwrap_or_default();
        let reason = match record.state {
            State::Failed => {
                record.failure.as_ref().map(|failure| format!(": {}", clipped(&failure.message, 120))).unwrap_or_default()
            }
            _ => String::new(),
        };
        put(text, format_args!("{indent}{branch}{name}  {}{agent}{reason}\n", record.state.word()));
        *lines += 1;
        let deeper = format!("{indent}{further}");
        let below = self.below.get(&(run, n)).map(Vec::as_slice).unwrap_or_default();
        for (at, child) in below.iter().enumerate() {
            if *lines >= LINES {
                put(text, format_args!("{deeper}└─ and {} more\n", below.len() - at));
                return;
            }
            let (branch, further) = if at + 1 == below.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            put(text, format_args!("{deeper}{branch}"));
            self.run(*child, &format!("{deeper}{further}"), text, lines);
        }
    }
    /// `  by helper@1 (life 2: restarted once, panicked: …)`
    fn agent(&self, id: AgentId) -> String {
        let name = clipped(&self.names.agent(id), 40);
        match self.society.agents().find(|(agent, _)| *agent == id) {
            Some((_, record)) if record.restarts > 0 => {
                let why = record.reason.as_ref().map(|reason| format!(": {}", clipped(reason, 80))).unwrap_or_default();
                format!("  by {name} (incarnation {}, {}{why})", record.incarnation, count(u64::from(record.restarts), "restart"))
            }
            _ => format!("  by {name}"),
        }
    }
}
