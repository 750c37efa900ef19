//! What a task's life is told, and what it asks for.

use super::transition::State;
use core::fmt;
use core::time::Duration;
use polity_agents::Failure;
use polity_protocols::{AgentId, Ended, Time};

/// What can happen to a task. Values that a job answers stay outside: the machine only needs to know whether it succeeded.
///
/// An input with a `launch` speaks of one award. One that is not held now is a late voice, and changes nothing (fencing).
///
/// ```
/// use polity::lifecycle::Input;
/// assert_eq!(Input::Started { launch: 2 }.launch(), Some(2));
/// assert_eq!(Input::Cancel.launch(), None);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// It is ready: its life begins, and with it the clocks `queue` and `total`.
    Announce,
    /// The protocol gave it to an agent.
    Awarded {
        /// To whom.
        agent: AgentId,
    },
    /// The protocol gave it to nobody. Counts as a failed attempt, so that a policy may have it announced again.
    Declined(Failure),
    /// The agent did not take it (its queue was full, or it is not able). It is announced again under the same attempt.
    Refused {
        /// Which award.
        launch: u32,
    },
    /// The agent began to execute it: the clock `attempt` begins.
    Started {
        /// Which award.
        launch: u32,
    },
    /// The job gave a sign of life: the clock `heartbeat` begins again.
    Beat {
        /// Which award.
        launch: u32,
    },
    /// The agent is done with it.
    Finished {
        /// Which award.
        launch: u32,
        /// How it ended.
        result: Result<(), Failure>,
    },
    /// The agent that held it died. It is announced again under the same attempt.
    AgentLost {
        /// Which award.
        launch: u32,
        /// The job may be what killed it: the third such loss is poison. False if the agent was stopped from outside.
        suspect: bool,
    },
    /// A condition of its policy does not allow the retry that it waits for: it fails with this, the failure of its last attempt.
    GiveUp(Failure),
    /// It waits longer for its retry: its run has had too many. Its clock `total` goes on.
    Postpone {
        /// When it is announced again, if nothing postpones it once more.
        until: Time,
    },
    /// It is not to be announced until it is resumed. What an agent has of it already goes on.
    Pause,
    /// It may be announced again.
    Resume,
    /// It is no longer wanted. Wins over every retry.
    Cancel,
    /// The moment that [`next_wake`](super::Lifecycle::next_wake) asked for has come, or not: then nothing happens.
    Wake,
}

/// An [`Input`] without what it carries: a column of the table.
///
/// ```
/// assert_eq!(polity::lifecycle::InputKind::ALL.len(), 14);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // each is the input of the same name
pub enum InputKind {
    Announce,
    Awarded,
    Declined,
    Refused,
    Started,
    Beat,
    Finished,
    AgentLost,
    GiveUp,
    Postpone,
    Pause,
    Resume,
    Cancel,
    Wake,
}
impl InputKind {
    /// All of them, in the order of a life.
    pub const ALL: [InputKind; 14] = [
        InputKind::Announce,
        InputKind::Awarded,
        InputKind::Declined,
        InputKind::Refused,
        InputKind::Started,
        InputKind::Beat,
        InputKind::Finished,
        InputKind::AgentLost,
        InputKind::GiveUp,
        InputKind::Postpone,
        InputKind::Pause,
        InputKind::Resume,
        InputKind::Cancel,
        InputKind::Wake,
    ];
}

impl Input {
    /// Which award it speaks of, if it speaks of one.
    pub fn launch(&self) -> Option<u32> {
        match self {
            Input::Refused { launch }
            | Input::Started { launch }
            | Input::Beat { launch }
            | Input::Finished { launch, .. }
            | Input::AgentLost { launch, .. } => Some(*launch),
            Input::Announce
            | Input::Awarded { .. }
            | Input::Declined(_)
            | Input::GiveUp(_)
            | Input::Postpone { .. }
            | Input::Pause
            | Input::Resume
            | Input::Cancel
            | Input::Wake => None,
        }
    }
    /// Its column of the table.
    pub fn kind(&self) -> InputKind {
        match self {
            Input::Announce => InputKind::Announce,
            Input::Awarded { .. } => InputKind::Awarded,
            Input::Declined(_) => InputKind::Declined,
            Input::Refused { .. } => InputKind::Refused,
            Input::Started { .. } => InputKind::Started,
            Input::Beat { .. } => InputKind::Beat,
            Input::Finished { .. } => InputKind::Finished,
            Input::AgentLost { .. } => InputKind::AgentLost,
            Input::GiveUp(_) => InputKind::GiveUp,
            Input::Postpone { .. } => InputKind::Postpone,
            Input::Pause => InputKind::Pause,
            Input::Resume => InputKind::Resume,
            Input::Cancel => InputKind::Cancel,
            Input::Wake => InputKind::Wake,
        }
    }
}

/// What a task's life asks the world to do, in this order.
///
/// ```
/// use polity::lifecycle::{Effect, Settled};
/// assert_ne!(Effect::Settle(Settled::Completed), Effect::Withdraw);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Announce it to the protocol.
    Announce {
        /// Which attempt, counted from 1.
        attempt: u32,
        /// Agents to pass over while another able one is there: those that failed it, and the one that has just refused it or died.
        avoid: Vec<AgentId>,
    },
    /// Take the announcement back.
    Withdraw,
    /// Have the agent execute it.
    Execute {
        /// Who.
        agent: AgentId,
        /// Which award, counted from 1.
        launch: u32,
        /// Which attempt, counted from 1.
        attempt: u32,
    },
    /// Have the agent stop it.
    CancelJob {
        /// Who.
        agent: AgentId,
        /// Which award.
        launch: u32,
    },
    /// Tell the protocol how its award ended: exactly one for each accepted [`Input::Awarded`].
    Outcome {
        /// Who had it.
        agent: AgentId,
        /// In which way it ended.
        ended: Ended,
        /// How long the agent worked on it: since it started; since the award if it finished without saying that it started; else zero.
        took: Duration,
    },
    /// An attempt failed, and another follows. For the record: the machine wakes itself by `next_wake`.
    Retry {
        /// The attempt that failed.
        attempt: u32,
        /// Why.
        failure: Failure,
        /// When it is announced again.
        at: Time,
    },
    /// Its life is over. Exactly once, and nothing after it.
    Settle(Settled),
}

/// How a task's life ended.
///
/// ```
/// use polity::lifecycle::{Settled, State};
/// assert_eq!(Settled::Cancelled.state(), State::Cancelled);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Settled {
    /// It was done.
    Completed,
    /// It failed, and is not tried again.
    Failed(Failure),
    /// It was cancelled.
    Cancelled,
}
impl Settled {
    /// The state that it settles in.
    pub fn state(&self) -> State {
        match self {
            Settled::Completed => State::Completed,
            Settled::Failed(_) => State::Failed,
            Settled::Cancelled => State::Cancelled,
        }
    }
}

/// Why an input changed nothing. To be counted, not to be shown: late voices are normal, the rest are defects of the caller.
///
/// ```
/// use polity::lifecycle::Ignored;
/// assert_eq!(Ignored::Stale { launch: 1, current: 2 }.to_string(), "it speaks of launch 1, which is over; the latest is 2");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// It speaks of an award that is over (or was never made).
    Stale {
        /// Which it speaks of.
        launch: u32,
        /// The latest; 0 if there was none.
        current: u32,
    },
    /// An award that nobody waits for: it crossed a withdrawal. The caller owes the protocol its outcome, [`Ended::Cancelled`].
    Unwanted {
        /// Who got the award.
        agent: AgentId,
        /// The state that it found.
        state: State,
    },
    /// It may not happen in this state.
    Illegal {
        /// What was given.
        input: InputKind,
        /// The state that it found.
        state: State,
    },
}
impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ignored::Stale { launch, current } => {
                write!(f, "it speaks of launch {launch}, which is over; the latest is {current}")
            }
            Ignored::Unwanted { agent, state } => {
                write!(f, "it was awarded to {agent:?}, but is {state}: answer with the outcome `cancelled`")
            }
            Ignored::Illegal { input, state } => write!(f, "`{input:?}` may not happen to a task that is {state}"),
        }
    }
}
impl std::error::Error for Ignored {}
