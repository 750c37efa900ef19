//! One turn of a role: what it may read, and the effects that it asks for.

use crate::decision::Decision;
use crate::ids::{AgentId, TaskId};
use crate::rng::Rng;
use crate::time::Time;
use std::sync::Arc;

/// What an initiator asks the world to do. Effects are data: the caller performs them, in order, in one `match`.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect<M> {
    /// Say something to an agent's participant. May be delayed, lost, repeated, reordered.
    Send(AgentId, M),
    /// Give the task to the agent. Not a message: it always arrives, and has exactly one outcome.
    Assign(TaskId, AgentId, Arc<Decision>),
    /// Give up on the task: nobody will do it. Final, unless it is announced again.
    Decline(TaskId, Why),
}

/// Why a task was given to nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// No agent of the team is able to do it, and none can become so without joining.
    NobodyAble,
    /// Able agents were asked, but none would take it.
    NobodyWilling,
    /// No agreement was reached.
    NoAgreement,
    /// The protocol's own reason.
    Other(String),
}
impl core::fmt::Display for Why {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Why::NobodyAble => f.write_str("no agent of the team is able to do it"),
            Why::NobodyWilling => f.write_str("no able agent would take it"),
            Why::NoAgreement => f.write_str("the assembly reached no agreement"),
            Why::Other(reason) => f.write_str(reason),
        }
    }
}

/// One turn of an initiator: the moment, its stream of randomness, and the effects so far.
///
/// ```
/// use polity_protocols::{AgentId, Effect, Rng, TaskId, Time, Turn, Why};
/// let (mut rng, mut effects) = (Rng::new(1, "x"), Vec::new());
/// let mut turn = Turn::<&str>::new(Time::ZERO, &mut rng, &mut effects);
/// turn.send(AgentId(0), "hello");
/// turn.decline(TaskId::new(0, 0), Why::NobodyAble);
/// assert_eq!(effects.len(), 2);
/// ```
pub struct Turn<'a, M> {
    /// The moment of this turn.
    pub now: Time,
    /// Something else has happened in this very moment, and is told next. A role may leave its answer until then, or until a wake at this moment
    /// ([`next_wake`](crate::Initiator::next_wake)): what is known of a moment as a whole is a better ground than its first part.
    pub more: bool,
    /// The only randomness.
    pub rng: &'a mut Rng,
    effects: &'a mut Vec<Effect<M>>,
}
impl<'a, M> Turn<'a, M> {
    /// A turn that appends to `effects`, a buffer which the caller may use again and again.
    pub fn new(now: Time, rng: &'a mut Rng, effects: &'a mut Vec<Effect<M>>) -> Turn<'a, M> {
        Turn { now, more: false, rng, effects }
    }
    /// The same, while more of this moment is to be told.
    #[must_use]
    pub fn amid(self, more: bool) -> Turn<'a, M> {
        Turn { more, ..self }
    }
    /// Says something to an agent's participant.
    pub fn send(&mut self, to: AgentId, message: M) {
        self.effects.push(Effect::Send(to, message));
    }
    /// Gives the task to the agent.
    pub fn assign(&mut self, task: TaskId, agent: AgentId, decision: Decision) {
        self.effects.push(Effect::Assign(task, agent, Arc::new(decision)));
    }
    /// Gives up on the task.
    pub fn decline(&mut self, task: TaskId, why: Why) {
        self.effects.push(Effect::Decline(task, why));
    }
}

/// One turn of a participant: it can only answer its initiator.
///
/// ```
/// use polity_protocols::{Load, Reply, Rng, Time};
/// let (mut rng, mut said) = (Rng::new(1, "x"), Vec::new());
/// let mut reply = Reply::new(Time::ZERO, Load::default(), &mut rng, &mut said);
/// reply.send("me!");
/// assert_eq!(said, ["me!"]);
/// ```
pub struct Reply<'a, M> {
    /// The moment of this turn.
    pub now: Time,
    /// How busy the agent is: its own body tells its own participant, and nobody else.
    pub load: Load,
    /// The only randomness.
    pub rng: &'a mut Rng,
    said: &'a mut Vec<M>,
}
impl<'a, M> Reply<'a, M> {
    /// A turn that appends to `said`.
    pub fn new(now: Time, load: Load, rng: &'a mut Rng, said: &'a mut Vec<M>) -> Reply<'a, M> {
        Reply { now, load, rng, said }
    }
    /// Says something to the initiator.
    pub fn send(&mut self, message: M) {
        self.said.push(message);
    }
}

use crate::profile::Load;
