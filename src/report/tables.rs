//! Tables of tasks and agents, and the words for them.

use super::fold::Report;
use super::record::State;
use super::text::{clipped, percent, seconds};
use crate::event::Names;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use core::time::Duration;
use polity_protocols::{AgentId, TaskId, Time};

/// Rows that a table of tasks has at most.
pub(super) const ROWS: usize = 200;

/// Turns the numbers of a report into words that do no harm.
#[derive(Clone, Copy)]
pub(super) struct Say<'a> {
    pub(super) report: &'a Report,
    pub(super) names: &'a Names,
}
impl Say<'_> {
    /// A task's name as the workflow has it: for comparing, not for showing.
    pub(super) fn raw_task(self, n: u32) -> String {
        self.names.task(TaskId::new(self.report.run().map_or(0, |r| r.0), n)).to_string()
    }
    pub(super) fn task(self, n: u32) -> String {
        clipped(&self.raw_task(n), 60)
    }
    pub(super) fn agent(self, agent: AgentId) -> String {
        clipped(&self.names.agent(agent), 40)
    }
    /// `extract (completed at 0.021s)`
    pub(super) fn became(self, n: u32) -> String {
        let Some(task) = self.report.task(n) else { return self.task(n) };
        let when = task.ended_at().map(|t| format!(" at {}", self.at(t))).unwrap_or_default();
        format!("{} ({}{when})", self.task(n), task.state.word())
    }
    /// A moment as time since the run's beginning.
    pub(super) fn at(self, at: Time) -> String {
        seconds(at.since(self.report.began().unwrap_or(Time::ZERO)))
    }
}

/// A table without rows. Its form does not depend on the terminal.
pub(super) fn empty(head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled).set_header(head.to_vec());
    table
}
pub(super) fn right(table: &mut Table, columns: core::ops::RangeInclusive<usize>) {
    for column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// Of some tasks at most so many, in their order, and how many that leaves out: those stay to which something happened that one should know.
pub(super) fn chosen(say: Say<'_>, of: impl Iterator<Item = u32>, most: usize) -> (Vec<(u32, &super::TaskRecord)>, usize) {
    let records: Vec<(u32, &super::TaskRecord)> = of.filter_map(|n| Some((n, say.report.task(n)?))).collect();
    let mut chosen: Vec<usize> = (0..records.len()).collect();
    chosen.sort_by_key(|i| urgency(records[*i].1));
    chosen.truncate(most);
    chosen.sort_unstable();
    (chosen.iter().map(|i| records[*i]).collect(), records.len() - chosen.len())
}
/// The table of some tasks, and how many it leaves out: see [`chosen`].
pub(super) fn tasks(say: Say<'_>, of: impl Iterator<Item = u32>) -> (Table, usize) {
    let (chosen, left) = chosen(say, of, ROWS);
    let mut table = empty(&["task", "state", "agent", "attempts", "took", "waited"]);
    for (n, task) in chosen {
        let ran = task.ready_at().is_some();
        let time = |d: Duration| if ran { seconds(d) } else { String::new() };
        let attempts = if task.attempts > 0 { task.attempts.to_string() } else { String::new() };
        let agent = task.agent.map(|a| say.agent(a)).unwrap_or_default();
        table.add_row([
            say.task(n),
            task.state.word().into(),
            agent,
            attempts,
            time(task.took()),
            time(task.waited(say.report.now())),
        ]);
    }
    right(&mut table, 3..=5);
    (table, left)
}
/// Small is shown first.
fn urgency(task: &super::TaskRecord) -> u8 {
    match task.state {
        State::Failed => 0,
        State::Executing | State::Assigned | State::BackingOff | State::Nested => 1,
        _ if task.attempts > 1 || task.launches > 1 => 2,
        State::Blocked | State::Cancelled => 3,
        State::Ready => 4,
        State::Compensated => 2,
        State::Completed | State::Joined { .. } | State::Expanded => 5,
        State::Skipped | State::Pending => 6,
    }
}

/// The table of all agents.
pub(super) fn agents(say: Say<'_>) -> Table {
    let mut table = empty(&["agent", "slots", "done", "failed", "busy", "share", "lost", "last loss"]);
    let (makespan, all) = (say.report.makespan(), say.report.work());
    for (id, agent) in say.report.agents() {
        let work = all.get(&id).copied().unwrap_or_default();
        let share = work.share(agent.slots, makespan);
        table.add_row([
            say.agent(id),
            agent.slots.to_string(),
            work.done.to_string(),
            work.failed.to_string(),
            seconds(work.busy),
            percent(share),
            agent.losses.to_string(),
            agent.reason.as_ref().map(|r| clipped(r, 60)).unwrap_or_default(),
        ]);
    }
    right(&mut table, 1..=6);
    table
}
