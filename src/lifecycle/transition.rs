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
    /// Ready, but held: it is not announced until it is resumed.
    Paused,
    /// Settled: done.
    Completed,
    /// Settled: failed for good.
    Failed,
    /// Settled: cancelled.
    Cancelled,
}
impl State {
    /// All of them, in the order of a life.
    pub const ALL: [State; 9] = [
        State::Pending,
        State::Announced,
        State::Assigned,
        State::Executing,
        State::BackingOff,
        State::Paused,
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
            State::Paused => "paused",
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
    use State::{Announced, Assigned, BackingOff, Cancelled, Completed, Executing, Failed, Paused, Pending};
    &[
        row(Pending, I::Announce, &[Announced]),
        row(Pending, I::Cancel, &[Cancelled]),
        row(Pending, I::Wake, &[Pending]),
        row(Announced, I::Awarded, &[Assigned]),
        row(Announced, I::Declined, &[BackingOff, Failed]),
        row(Announced, I::Pause, &[Paused]),
        row(Announced, I::Resume, &[Announced]),
        row(Announced, I::Cancel, &[Cancelled]),
        row(Announced, I::Wake, &[Announced, Failed]),
        row(Assigned, I::Refused, &[Announced, Paused]),
        row(Assigned, I::Started, &[Executing]),
        row(Assigned, I::Finished, &[BackingOff, Completed, Failed]),
        row(Assigned, I::AgentLost, &[Announced, Paused]),
        row(Assigned, I::Pause, &[Assigned]),
        row(Assigned, I::Resume, &[Assigned]),
        row(Assigned, I::Cancel, &[Cancelled]),
        row(Assigned, I::Wake, &[Assigned, Failed]),
        row(Executing, I::Beat, &[Executing]),
        row(Executing, I::Finished, &[BackingOff, Completed, Failed]),
        row(Executing, I::AgentLost, &[Announced, Paused, Failed]),
        row(Executing, I::Pause, &[Executing]),
        row(Executing, I::Resume, &[Executing]),
        row(Executing, I::Cancel, &[Cancelled]),
        row(Executing, I::Wake, &[Executing, BackingOff, Failed]),
        row(BackingOff, I::Pause, &[BackingOff]),
        row(BackingOff, I::Resume, &[BackingOff]),
        row(BackingOff, I::Cancel, &[Cancelled]),
        row(BackingOff, I::Wake, &[Announced, BackingOff, Paused, Failed]),
        row(BackingOff, I::GiveUp, &[Failed]),
        row(BackingOff, I::Postpone, &[BackingOff]),
        row(Paused, I::Pause, &[Paused]),
        row(Paused, I::Resume, &[Announced]),
        row(Paused, I::Cancel, &[Cancelled]),
        row(Paused, I::Wake, &[Paused]),
        row(Completed, I::Wake, &[Completed]),
        row(Failed, I::Wake, &[Failed]),
        row(Cancelled, I::Wake, &[Cancelled]),
    ]
};

/// True if the table knows this step.
pub(super) fn is_legal(from: State, by: InputKind, to: State) -> bool {
    TRANSITIONS.iter().any(|t| t.from == from && t.by == by && t.to.contains(&to))
}
