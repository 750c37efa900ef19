//! Who worked on what, from when to when: every launch of every task, as a fold over the events.

use super::family::Family;
use crate::event::{Event, Names, RunId, What};
use polity_protocols::{AgentId, Name, TaskId, Time};
use std::collections::BTreeMap;

/// Stints that are kept; a run may have millions of tasks, and no picture shows them all.
pub const MOST_STINTS: usize = 100_000;
/// Losses of agents that are kept.
const MOST_LOSSES: usize = 10_000;

/// How a stint came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// The job did what it should.
    Done,
    /// The task failed with it, for good.
    Failed,
    /// The attempt failed, and another followed.
    Retried,
    /// The agent was lost under it.
    Displaced,
    /// It was cancelled.
    Cancelled,
    /// It goes on, or the log ends before it.
    Open,
}
impl Close {
    /// The word for it.
    ///
    /// ```
    /// assert_eq!(polity::report::Close::Displaced.word(), "lost with its agent");
    /// ```
    pub fn word(self) -> &'static str {
        match self {
            Close::Done => "done",
            Close::Failed => "failed",
            Close::Retried => "failed, retried",
            Close::Displaced => "lost with its agent",
            Close::Cancelled => "cancelled",
            Close::Open => "not ended",
        }
    }
}

/// One agent's work on one task, and what went before. The moments never descend.
///
/// ```
/// use polity::report::{Close, Stint};
/// use polity_protocols::{AgentId, TaskId, Time};
/// let at = Time::from_nanos;
/// let stint = Stint {
///     task: TaskId::new(0, 3), agent: AgentId(1), attempt: 1, close: Close::Done,
///     ready: at(0), able: at(2), assigned: at(3), started: at(4), ended: at(9),
/// };
/// assert_eq!(stint.ended.since(stint.started).as_nanos(), 5);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Stint {
    /// The task's instance; of a redundant task the copy, or what undid it.
    pub task: TaskId,
    /// Who worked on it.
    pub agent: AgentId,
    /// Which attempt it was.
    pub attempt: u32,
    /// When the task was announced first, or could be once more: after a failure, a loss.
    pub ready: Time,
    /// From when on nothing but coordination stood between the task and this agent: it was announced, and a slot was free. If none was when it was
    /// awarded, then from its announcement on.
    pub able: Time,
    /// When it was awarded.
    pub assigned: Time,
    /// When the agent began.
    pub started: Time,
    /// When it was over.
    pub ended: Time,
    /// How.
    pub close: Close,
}

/// A task that is announced, and whoever has it.
#[derive(Clone, Copy)]
struct Open {
    ready: Time,
    announced: Time,
    held: Option<Held>,
}
#[derive(Clone, Copy)]
struct Held {
    agent: AgentId,
    attempt: u32,
    able: Time,
    assigned: Time,
    started: Option<Time>,
}
/// How busy an agent is.
#[derive(Clone, Copy)]
struct Hands {
    slots: u32,
    busy: u32,
    /// Since when it has a free slot.
    free: Time,
}

/// The stints of a run and of the runs below it. Each event costs O(log tasks); at most [`MOST_STINTS`] are kept, and the others counted.
///
/// ```
/// use polity::event::{Event, RunId, What};
/// use polity::report::Timeline;
/// use polity_protocols::{AgentId, Decision, Measure, TaskId, Time};
/// let (task, agent, mut timeline) = (TaskId::new(0, 0), AgentId(2), Timeline::of(RunId(0)));
/// let decision = Decision::new("market", Measure::Bid).into();
/// let all = [
///     What::Announced { task, attempt: 1 }, What::Assigned { task, agent, attempt: 1, launch: 1, decision },
///     What::Started { task, agent, launch: 1 }, What::Cancelled { task },
/// ];
/// for (seq, what) in all.into_iter().enumerate() {
///     timeline.take(&Event { at: Time::from_nanos(10 * seq as u64), seq: seq as u64, run: RunId(0), what });
/// }
/// let stint = timeline.stints().next().unwrap();
/// assert_eq!((stint.started, stint.ended), (Time::from_nanos(20), Time::from_nanos(30)));
/// ```
pub struct Timeline {
    family: Family,
    open: BTreeMap<TaskId, Open>,
    hands: BTreeMap<AgentId, Hands>,
    closed: Vec<Stint>,
    left_out: u64,
    losses: Vec<(Time, AgentId, Name)>,
    last: Time,
}

impl Timeline {
    /// Of a run, and of those below it.
    pub fn of(run: RunId) -> Timeline {
        Timeline {
            family: Family::of(run),
            open: BTreeMap::new(),
            hands: BTreeMap::new(),
            closed: Vec::new(),
            left_out: 0,
            losses: Vec::new(),
            last: Time::ZERO,
        }
    }
    /// All stints: those that have ended, by their ends, then those that go on, as if they ended now.
    pub fn stints(&self) -> impl Iterator<Item = Stint> + '_ {
        let going = self.open.iter().filter(|(_, open)| open.held.is_some_and(|held| held.started.is_some()));
        let going = going.filter_map(|(task, open)| stint(*task, open, self.last, Close::Open));
        self.closed.iter().cloned().chain(going.take(MOST_STINTS))
    }
    /// Stints beyond [`MOST_STINTS`], which were only counted.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }
    /// When agents were lost, and why; the first ten thousand.
    pub fn losses(&self) -> &[(Time, AgentId, Name)] {
        &self.losses
    }
    /// Takes one event; those of other runs are passed over.
    pub fn take(&mut self, event: &Event) {
        if !self.family.concerns(event) {
            return;
        }
        let at = event.at;
        self.last = self.last.max(at);
        match &event.what {
            What::RunStarted(head) => {
                for (n, slots) in head.slots.iter().enumerate() {
                    self.hands(AgentId(n as u32), at).slots = *slots;
                }
            }
            What::AgentJoined { agent, .. } => self.hands(*agent, at).free = at,
            What::AgentLost { agent, reason, .. } if self.losses.len() < MOST_LOSSES => {
                self.losses.push((at, *agent, reason.clone()));
            }
            what => {
                if let Some(task) = what.task() {
                    self.task(at, task, what);
                }
            }
        }
    }
    fn hands(&mut self, agent: AgentId, at: Time) -> &mut Hands {
        self.hands.entry(agent).or_insert(Hands { slots: 1, busy: 0, free: at })
    }
    fn task(&mut self, at: Time, task: TaskId, what: &What) {
        match what {
            What::Announced { .. } => {
                let open = self.open.entry(task).or_insert(Open { ready: at, announced: at, held: None });
                (open.announced, open.held) = (at, None);
            }
            What::Assigned { agent, attempt, .. } => {
                let hands = *self.hands(*agent, at);
                let Some(open) = self.open.get_mut(&task) else { return };
                let free = if hands.busy < hands.slots { hands.free } else { Time::ZERO };
                let able = open.announced.max(free).min(at);
                open.held = Some(Held { agent: *agent, attempt: *attempt, able, assigned: at, started: None });
            }
            What::Started { agent, .. } => {
                let held = self.open.get_mut(&task).and_then(|open| open.held.as_mut());
                if let Some(held) = held.filter(|held| held.agent == *agent && held.started.is_none()) {
                    held.started = Some(at);
                    self.hands(*agent, at).busy += 1;
                }
            }
            What::Refused { .. } => self.close(at, task, Close::Cancelled, true),
            What::Displaced { .. } => self.close(at, task, Close::Displaced, true),
            What::Retried { .. } => self.close(at, task, Close::Retried, true),
            What::Completed { .. } | What::Delegated { .. } => self.close(at, task, Close::Done, false),
            What::Failed { .. } | What::Replanned { .. } => self.close(at, task, Close::Failed, false),
            What::Cancelled { .. } | What::Skipped { .. } | What::Blocked { .. } | What::Recalled { .. } => {
                self.close(at, task, Close::Cancelled, false);
            }
            _ => {}
        }
    }
    /// Nobody works on the task any more; `again` if it will be announced once more.
    fn close(&mut self, at: Time, task: TaskId, close: Close, again: bool) {
        let Some(open) = self.open.remove(&task) else { return };
        if let Some(held) = open.held.filter(|held| held.started.is_some()) {
            let hands = self.hands(held.agent, at);
            if hands.busy == hands.slots {
                hands.free = at;
            }
            hands.busy = hands.busy.saturating_sub(1);
            if self.closed.len() < MOST_STINTS {
                self.closed.extend(stint(task, &open, at, close));
            } else {
                self.left_out += 1;
            }
        }
        if again {
            // A refusal is part of what it takes to find an agent.
            let ready = if open.held.is_some_and(|held| held.started.is_some()) { at } else { open.ready };
            self.open.insert(task, Open { ready, announced: at, held: None });
        }
    }
}

/// The stint of a task that somebody has begun with. A log is input: its moments may be in any order, those of a stint are not.
fn stint(task: TaskId, open: &Open, ended: Time, close: Close) -> Option<Stint> {
    let Held { agent, attempt, able, assigned, started } = open.held?;
    let able = able.max(open.ready);
    let assigned = assigned.max(able);
    let started = started?.max(assigned);
    Some(Stint { task, agent, attempt, ready: open.ready, able, assigned, started, ended: ended.max(started), close })
}

/// What a stint is called: its task, and its run if that is one below `root`.
pub(super) fn name_of(stint: &Stint, names: &Names, root: Option<RunId>) -> String {
    let task = super::text::clipped(&names.task(stint.task), 120);
    let run = RunId(stint.task.run());
    match names.run(run).filter(|_| root != Some(run)) {
        Some(name) => format!("{task} in {}", super::text::clipped(&name, 60)),
        None => task,
    }
}
/// The kind of its work.
pub(super) fn kind_of(stint: &Stint, names: &Names) -> String {
    let head = names.head(RunId(stint.task.run()));
    let kind = head.and_then(|head| head.kinds.get(names.node(stint.task) as usize));
    kind.map(|kind| super::text::clipped(kind, 60)).unwrap_or_default()
}
