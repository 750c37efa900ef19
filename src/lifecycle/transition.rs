//! The states of a task's life, and the one table of what may happen in them.

use super::message::InputKind;
use core::fmt;

/// Where a task is in its life.
///
/// ```
/// use polity::lifecycle::State;
/// assert_eq!(State::Announced.word(), "ready");
/// assert!(State::Failed.is_settled());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Not ready yet.
    Pending,
    /// Ready and announced: the protocol looks for an agent.
    Announced,
    /// An agent has it, but has not begun.
    Assigned,
    /// An agent executes it.
    Executing,
    /// An attempt failed; it waits for the next.
    BackingOff,
    /// Settled: done.
    Completed,
    /// Settled: failed for good.
    Failed,
    /// Settled: cancelled.
    Cancelled,
}
impl State {
    /// All of them, in the order of a life.
    pub const ALL: [State; 8] = [
        State::Pending,
        State::Announced,
        State::Assigned,
        State::Executing,
        State::BackingOff,
        State::Completed,
        State::Failed,
        State::Cancelled,
    ];
    /// True if its life is over.
    pub fn is_settled(self) -> bool {
        matches!(self, State::Completed | State::Failed | State::Cancelled)
    }
    /// The word for it in files and events.
    pub fn word(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Announced => "ready",
            State::Assigned => "assigned",
            State::Executing => "executing",
            State::BackingOff => "backing_off",
            State::Completed => "completed",
            State::Failed => "failed",
            State::Cancelled => "cancelled",
        }
    }
}
impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// In a state, an input may lead to these states.
///
/// ```
/// use polity::lifecycle::{InputKind, State, TRANSITIONS, Transition};
/// assert!(TRANSITIONS.contains(&Transition { from: State::Announced, by: InputKind::Awarded, to: &[State::Assigned] }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The state before.
    pub from: State,
    /// What happens.
    pub by: InputKind,
    /// The states after, in the order of a life.
    pub to: &'static [State],
}

const fn row(from: State, by: InputKind, to: &'static [State]) -> Transition {
    Transition { from, by, to }
}

/// Every legal transition. What is not here is refused and changes nothing.
pub const TRANSITIONS: &[Transition] = {
    use InputKind as I;
    use State::{Announced, Assigned, BackingOff, Cancelled, Completed, Executing, Failed, Pending};
    &[
        row(Pending, I::Announce, &[Announced]),
        row(Pending, I::Cancel, &[Cancelled]),
        row(Pending, I::Wake, &[Pending]),
        row(Announced, I::Awarded, &[Assigned]),
        row(Announced, I::Declined, &[BackingOff, Failed]),
        row(Announced, I::Cancel, &[Cancelled]),
        row(Announced, I::Wake, &[Announced, Failed]),
        row(Assigned, I::Refused, &[Announced]),
        row(Assigned, I::Started, &[Executing]),
        row(Assigned, I::Finished, &[BackingOff, Completed, Failed]),
        row(Assigned, I::AgentLost, &[Announced]),
        row(Assigned, I::Cancel, &[Cancelled]),
        row(Assigned, I::Wake, &[Assigned, Failed]),
        row(Executing, I::Finished, &[BackingOff, Completed, Failed]),
        row(Executing, I::AgentLost, &[Announced, Failed]),
        row(Executing, I::Cancel, &[Cancelled]),
        row(Executing, I::Wake, &[Executing, BackingOff, Failed]),
        row(BackingOff, I::Cancel, &[Cancelled]),
        row(BackingOff, I::Wake, &[Announced, BackingOff, Failed]),
        row(BackingOff, I::GiveUp, &[Failed]),
        row(BackingOff, I::Postpone, &[BackingOff]),
        row(Completed, I::Wake, &[Completed]),
        row(Failed, I::Wake, &[Failed]),
        row(Cancelled, I::Wake, &[Cancelled]),
    ]
};

/// True if the table knows this step.
pub(super) fn is_legal(from: State, by: InputKind, to: State) -> bool {
    TRANSITIONS.iter().any(|t| t.from == from && t.by == by && t.to.contains(&to))
}
