//! What a supervisor is told, and what it asks for.

use super::spec::ChildSpec;
use super::transition::{Cause, ChildState};
use core::fmt;
use polity_protocols::Name;

/// How a child's life ended.
///
/// ```
/// use polity::supervision::Exit;
/// assert_eq!(Exit::Panic("index out of bounds".into()).to_string(), "panicked: index out of bounds");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// As it should.
    Normal,
    /// By a panic, with its message.
    Panic(String),
    /// It was killed, or vanished without a word.
    Killed,
    /// By an error of its own.
    Failed(String),
    /// From outside, on purpose: it is no failure of its own, counts against no limit, and is made good at once.
    OnPurpose(&'static str),
}
impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Normal => f.write_str("ended"),
            Exit::Panic(message) => write!(f, "panicked: {message}"),
            Exit::Killed => f.write_str("was killed"),
            Exit::Failed(message) => write!(f, "failed: {message}"),
            Exit::OnPurpose(how) => f.write_str(how),
        }
    }
}

/// What can happen to a supervisor.
///
/// ```
/// use polity::supervision::{Cause, ChildSpec, Input};
/// assert_eq!(Input::Add(ChildSpec::permanent("journal")).cause(), Cause::Add);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Input<K = Name> {
    /// A child joins as the last, and is started.
    Add(ChildSpec<K>),
    /// A child is up.
    Started {
        /// Which.
        id: K,
        /// Which life of it.
        incarnation: u64,
    },
    /// A child's life ended.
    Exited {
        /// Which.
        id: K,
        /// Which life of it. Another than the current is a late voice, and changes nothing.
        incarnation: u64,
        /// How.
        reason: Exit,
    },
    /// A child shall stop, and stay so.
    StopChild(K),
    /// A child shall stop, and be forgotten.
    Remove(K),
    /// All shall stop.
    Stop,
    /// The moment that [`next_wake`](super::Supervision::next_wake) asked for has come, or not: then nothing happens.
    Wake,
}
impl<K> Input<K> {
    /// Its row of the table.
    pub fn cause(&self) -> Cause {
        match self {
            Input::Add(_) => Cause::Add,
            Input::Started { .. } => Cause::Started,
            Input::Exited { .. } => Cause::Exited,
            Input::StopChild(_) => Cause::StopChild,
            Input::Remove(_) => Cause::Remove,
            Input::Stop => Cause::Stop,
            Input::Wake => Cause::Wake,
        }
    }
}

/// What a supervisor asks the world to do, in this order.
///
/// ```
/// use polity::supervision::Effect;
/// assert_ne!(Effect::Start { id: "a", incarnation: 1 }, Effect::Done);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect<K = Name> {
    /// Make a new life of the child by its factory.
    Start {
        /// Which.
        id: K,
        /// Its number, never given before by this supervisor.
        incarnation: u64,
    },
    /// Ask the child to stop; it answers by `Exited`.
    Stop {
        /// Which.
        id: K,
        /// Which life of it.
        incarnation: u64,
    },
    /// End the child without asking. From here on it counts as ended; what it still says is ignored.
    Kill {
        /// Which.
        id: K,
        /// Which life of it.
        incarnation: u64,
    },
    /// Too many restarts of a child with a limit of its own: it stays stopped, and the others go on.
    GiveUp {
        /// Which.
        id: K,
        /// The sentence for people.
        reason: String,
    },
    /// Too many restarts: all children have ended, and so does the supervisor. The last effect.
    Escalate {
        /// The child whose failure was one too many.
        child: K,
        /// The sentence for people.
        reason: String,
    },
    /// All children have ended because [`Input::Stop`] asked for it, and so does the supervisor. The last effect.
    Done,
}

/// Why an input changed nothing. To be counted, not to be shown.
///
/// ```
/// use polity::supervision::Ignored;
/// assert_eq!(Ignored::Stale { incarnation: 3, current: 5 }.to_string(), "it speaks of incarnation 3, which is over; the latest is 5");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// There is no such child (or no more).
    Unknown,
    /// There is such a child already; remove it first.
    Present,
    /// It speaks of a life that is over.
    Stale {
        /// Which it speaks of.
        incarnation: u64,
        /// The latest.
        current: u64,
    },
    /// It may not happen to a child in this state.
    Illegal {
        /// What was given.
        input: Cause,
        /// The state that it found.
        state: ChildState,
    },
    /// The supervisor is ending, or has ended.
    Ending,
}
impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ignored::Unknown => f.write_str("there is no such child"),
            Ignored::Present => f.write_str("there is such a child already; remove it first"),
            Ignored::Stale { incarnation, current } => {
                write!(f, "it speaks of incarnation {incarnation}, which is over; the latest is {current}")
            }
            Ignored::Illegal { input, state } => write!(f, "`{input:?}` may not happen to a child that is {state}"),
            Ignored::Ending => f.write_str("the supervisor is ending"),
        }
    }
}
impl std::error::Error for Ignored {}
