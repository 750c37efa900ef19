//! The first and the last lines of a run on the console.

use super::console::Console;
use super::paint::Status;
use super::text::{clipped, count, failure_line, harmless, percent, put, tail};
use crate::event::{Counts, Governance, RunHead, RunStatus, RunTail};
use polity_protocols::TaskId;

/// Failures that are repeated at the end.
const REPEATED: usize = 20;
/// Lines of a failed job's error output that are repeated.
const STDERR: usize = 10;

impl Console {
    /// `Starting weather-report as brave-otter (market, 6 tasks, 5 agents, seed 8731)`
    pub(super) fn starting(&self, head: &RunHead) -> String {
        let mut facts = vec![
            clipped(&head.strategy, 40),
            count(head.tasks.len() as u64, "task"),
            count(head.agents.len() as u64, "agent"),
            format!("seed {}", head.seed),
        ];
        if let Some(memory) = &head.memory {
            facts.push(format!("memory {}", clipped(memory, 9)));
        }
        if head.simulated {
            facts.push("virtual time".into());
        }
        let (workflow, name) = (clipped(&head.workflow, 60), self.paint.bold(&clipped(&head.name, 60)));
        format!("{} {workflow} as {name} ({})\n", self.paint.status(Status::Starting), facts.join(", "))
    }
    /// Failures again, problems, the summary, where the report is.
    pub(super) fn ending(&self, end: &RunTail) -> String {
        let mut text = String::new();
        let run = self.report.run().map_or(0, |r| r.0);
        for n in self.failed.iter().take(REPEATED) {
            self.failure(&mut text, TaskId::new(run, *n));
        }
        if self.failed.len() > REPEATED {
            let more = self.failed.len() - REPEATED;
            put(&mut text, format_args!("{} and {more} more\n", self.paint.status(Status::Failed)));
        }
        for problem in &end.problems {
            put(&mut text, format_args!("{} {}\n", self.paint.status(Status::Problem), clipped(problem, 400)));
        }
        for (task, reason) in end.left.iter().take(REPEATED) {
            put(&mut text, format_args!("{} {}: {}\n", self.paint.status(Status::Left), clipped(task, 60), clipped(reason, 300)));
        }
        self.summary(&mut text, end);
        if let Some(folder) = &self.options.folder {
            put(&mut text, format_args!("{} {}\n", self.paint.status(Status::Folder), harmless(folder)));
        }
        if let Some(replay) = self.options.replay.as_ref().filter(|_| end.status != RunStatus::Completed) {
            put(&mut text, format_args!("{} {}\n", self.paint.status(Status::Replay), harmless(replay)));
        }
        text
    }
    fn failure(&self, text: &mut String, task: TaskId) {
        let Some(record) = self.report.task(task.instance()) else { return };
        let Some(failure) = &record.failure else { return };
        let attempts = count(u64::from(record.attempts), "attempt");
        let why = format!("{} after {attempts}: {}", failure.kind.word(), failure_line(failure));
        if text.is_empty() {
            put(text, format_args!("{}\n", "-".repeat(12)));
        }
        text.push_str(&self.line(Status::Failed, Some(record.took()), Some(task), record.agent, &why));
        for line in tail(&failure.stderr, STDERR) {
            put(text, format_args!("{:>12} {line}\n", "|"));
        }
    }
    /// `Summary [   1.200s] 6 tasks: 5 completed (1 after a retry), 1 skipped · critical path 1.1s · agents 38% busy · waiting for agents 0.4%`
    fn summary(&self, text: &mut String, end: &RunTail) {
        let report = &self.report;
        let mut parts =
            vec![format!("{}: {}", count(report.total(), "task"), counts(&end.tally, report.completed_after_retry()))];
        if end.compensated > 0 {
            parts.push(format!("{} undone", end.compensated));
        }
        if !end.left.is_empty() {
            parts.push(format!("{} left to undo: polity retry", count(end.left.len() as u64, "effect")));
        }
        let path = report.critical_path();
        if !path.steps.is_empty() {
            parts.push(format!("critical path {:.3}s", path.worked.as_secs_f64()));
        }
        parts.push(format!("agents {} busy", percent(report.busy_share())));
        parts.push(format!("waiting for agents {}", percent(report.coordination_share())));
        let sum =
            |of: fn(&Governance) -> u64| report.governed().iter().fold(0, |sum: u64, office| sum.saturating_add(of(office)));
        let (decisions, messages) = (sum(|office| office.decisions), sum(|office| office.messages));
        if messages > 0 && decisions > 0 {
            parts.push(format!("{:.1} messages a decision", messages as f64 / decisions as f64));
        }
        if end.status != RunStatus::Completed {
            parts.insert(0, end.status.word().into());
        }
        let time = self.paint.time(Some(report.makespan()));
        put(text, format_args!("{} {time} {}\n", self.paint.status(Status::Summary), parts.join(" · ")));
    }
}

/// `5 completed (1 after a retry), 1 skipped`
pub(super) fn counts(tally: &Counts, after_retry: u64) -> String {
    let retried = if after_retry > 0 { format!(" ({after_retry} after a retry)") } else { String::new() };
    let ends = [
        (tally.completed, format!("completed{retried}")),
        (tally.failed, "failed".into()),
        (tally.skipped, "skipped".into()),
        (tally.blocked, "blocked".into()),
        (tally.cancelled, "cancelled".into()),
    ];
    let said: Vec<String> = ends.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    if said.is_empty() { "none ended".into() } else { said.join(", ") }
}
