//! The states of a child, and the one table of what may become of it.

use core::fmt;

/// Where a child is in its life.
///
/// ```
/// assert_eq!(polity::supervision::ChildState::BackingOff.word(), "backing_off");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChildState {
    /// It was told to start.
    Starting,
    /// It is up.
    Running,
    /// It is down, and will be started again (or, added during a group's restart, for the first time).
    BackingOff,
    /// It was told to stop.
    Stopping,
    /// It is down, and stays so.
    Stopped,
}
impl ChildState {
    /// All of them.
    pub const ALL: [ChildState; 5] =
        [ChildState::Starting, ChildState::Running, ChildState::BackingOff, ChildState::Stopping, ChildState::Stopped];
    /// The word for it in events.
    pub fn word(self) -> &'static str {
        match self {
            ChildState::Starting => "starting",
            ChildState::Running => "running",
            ChildState::BackingOff => "backing_off",
            ChildState::Stopping => "stopping",
            ChildState::Stopped => "stopped",
        }
    }
}
impl fmt::Display for ChildState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What may change a child's state: an input that speaks of it or of all, or any that speaks of another child.
///
/// ```
/// assert_eq!(polity::supervision::Cause::ALL.len(), 8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // each but the last is the input of the same name
pub enum Cause {
    Add,
    Started,
    Exited,
    StopChild,
    Remove,
    Stop,
    Wake,
    /// Any input that speaks of another child.
    Sibling,
}
impl Cause {
    /// All of them.
    pub const ALL: [Cause; 8] =
        [Cause::Add, Cause::Started, Cause::Exited, Cause::StopChild, Cause::Remove, Cause::Stop, Cause::Wake, Cause::Sibling];
}

/// A child in a state may by a cause come to these states. `None` is a child that is not known.
///
/// ```
/// use polity::supervision::{Cause, ChildState, TRANSITIONS};
/// let row = TRANSITIONS.iter().find(|t| t.from == Some(ChildState::Starting) && t.by == Cause::Started);
/// assert_eq!(row.map(|t| t.to), Some(&[Some(ChildState::Running)][..]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The state before.
    pub from: Option<ChildState>,
    /// What happens.
    pub by: Cause,
    /// The states after.
    pub to: &'static [Option<ChildState>],
}

const UNKNOWN: Option<ChildState> = None;
const STARTING: Option<ChildState> = Some(ChildState::Starting);
const RUNNING: Option<ChildState> = Some(ChildState::Running);
const BACKING_OFF: Option<ChildState> = Some(ChildState::BackingOff);
const STOPPING: Option<ChildState> = Some(ChildState::Stopping);
const STOPPED: Option<ChildState> = Some(ChildState::Stopped);

const fn row(from: Option<ChildState>, by: Cause, to: &'static [Option<ChildState>]) -> Transition {
    Transition { from, by, to }
}

/// Every legal transition of a child, under all strategies. What is not here is refused and changes nothing.
///
/// A group's restart or end may pass over several states in one turn: a child without grace that is killed in order to be
/// restarted with its group goes from running to starting.
pub const TRANSITIONS: &[Transition] = &[
    row(UNKNOWN, Cause::Add, &[STARTING, BACKING_OFF]),
    row(UNKNOWN, Cause::Stop, &[UNKNOWN]),
    row(UNKNOWN, Cause::Wake, &[UNKNOWN]),
    row(UNKNOWN, Cause::Sibling, &[UNKNOWN]),
    row(STARTING, Cause::Started, &[RUNNING]),
    row(STARTING, Cause::Exited, &[UNKNOWN, STARTING, BACKING_OFF, STOPPED]),
    row(STARTING, Cause::StopChild, &[UNKNOWN, STOPPING, STOPPED]),
    row(STARTING, Cause::Remove, &[UNKNOWN, STOPPING]),
    row(STARTING, Cause::Stop, &[UNKNOWN, STARTING, STOPPING, STOPPED]),
    row(STARTING, Cause::Wake, &[UNKNOWN, STARTING, BACKING_OFF, STOPPING, STOPPED]),
    row(STARTING, Cause::Sibling, &[UNKNOWN, STARTING, BACKING_OFF, STOPPING, STOPPED]),
    row(RUNNING, Cause::Exited, &[UNKNOWN, STARTING, BACKING_OFF, STOPPED]),
    row(RUNNING, Cause::StopChild, &[UNKNOWN, STOPPING, STOPPED]),
    row(RUNNING, Cause::Remove, &[UNKNOWN, STOPPING]),
    row(RUNNING, Cause::Stop, &[UNKNOWN, RUNNING, STOPPING, STOPPED]),
    row(RUNNING, Cause::Wake, &[UNKNOWN, STARTING, RUNNING, BACKING_OFF, STOPPING, STOPPED]),
    row(RUNNING, Cause::Sibling, &[UNKNOWN, STARTING, RUNNING, BACKING_OFF, STOPPING, STOPPED]),
    row(BACKING_OFF, Cause::StopChild, &[UNKNOWN, STOPPED]),
    row(BACKING_OFF, Cause::Remove, &[UNKNOWN]),
    row(BACKING_OFF, Cause::Stop, &[UNKNOWN, BACKING_OFF, STOPPED]),
    row(BACKING_OFF, Cause::Wake, &[UNKNOWN, STARTING, BACKING_OFF, STOPPED]),
    row(BACKING_OFF, Cause::Sibling, &[UNKNOWN, STARTING, BACKING_OFF, STOPPED]),
    row(STOPPING, Cause::Exited, &[UNKNOWN, STARTING, BACKING_OFF, STOPPED]),
    row(STOPPING, Cause::StopChild, &[STOPPING]),
    row(STOPPING, Cause::Remove, &[STOPPING]),
    row(STOPPING, Cause::Stop, &[STOPPING]),
    row(STOPPING, Cause::Wake, &[UNKNOWN, STARTING, BACKING_OFF, STOPPING, STOPPED]),
    row(STOPPING, Cause::Sibling, &[STOPPING]),
    row(STOPPED, Cause::StopChild, &[STOPPED]),
    row(STOPPED, Cause::Remove, &[UNKNOWN]),
    row(STOPPED, Cause::Stop, &[STOPPED]),
    row(STOPPED, Cause::Wake, &[STOPPED]),
    row(STOPPED, Cause::Sibling, &[STOPPED]),
];
