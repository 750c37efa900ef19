//! One open task: who was asked about it, and what they answered.

use crate::TaskId;
use crate::{AgentId, Arrival, TaskView, Time};
use core::cmp::Reverse;

/// The order in which open tasks are served: the highest rank first, then the first that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order {
    /// The rank as bits whose order is that of the numbers.
    rank: Reverse<u64>,
    arrival: u64,
    pub(super) task: TaskId,
}
impl Order {
    pub(super) fn new(task: &TaskView, arrival: u64) -> Order {
        let bits = if task.rank.is_nan() { 0 } else { task.rank.to_bits() };
        let rank = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
        Order { rank: Reverse(rank), arrival, task: task.id }
    }
}

/// What an agent proposed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proposal {
    pub(super) price: f64,
    /// How long it promises to take once it starts and has what it needs.
    pub(super) seconds: f64,
    /// When it can have that.
    pub(super) here: Time,
}

/// What became of a question.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    Awaited,
    Proposed(Proposal),
    /// It refused, or its proposals are not admitted.
    Out,
}

/// One agent that was asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Invite {
    pub(super) agent: AgentId,
    pub(super) reply_by: Time,
    pub(super) answer: Answer,
}
impl Invite {
    pub(super) fn proposal(&self) -> Option<Proposal> {
        if let Answer::Proposed(proposal) = self.answer { Some(proposal) } else { None }
    }
}

/// An open task.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) view: TaskView,
    /// When each agent can have what it needs.
    pub(super) arrival: Arrival,
    pub(super) order: Order,
    pub(super) since: Time,
    /// The number that answers have to repeat.
    pub(super) number: u64,
    pub(super) round: u32,
    /// In order of the agents' numbers.
    invites: Vec<Invite>,
    /// How many answers are awaited, of those on which the call waits.
    awaited: u32,
    /// False while it waits for answers; true when it stands on the market.
    pub(super) stands: bool,
    /// True if it is in the books of those who proposed.
    pub(super) listed: bool,
    /// Messages that were sent for it, in both directions.
    pub(super) messages: u32,
    /// The lowest price that was not admitted, if any was not.
    pub(super) too_dear: Option<f64>,
}

impl Call {
    pub(super) fn new(view: &TaskView, arrival: u64, since: Time) -> Call {
        Call {
            order: Order::new(view, arrival),
            view: view.clone(),
            arrival: view.arrival(),
            since,
            number: 0,
            round: 0,
            invites: Vec::new(),
            awaited: 0,
            stands: false,
            listed: false,
            messages: 0,
            too_dear: None,
        }
    }
    /// A new round: these are asked; who was out stays out. The agents must be in order of number.
    pub(super) fn begin(&mut self, number: u64, asked: impl Iterator<Item = AgentId>, reply_by: Time) {
        self.number = number;
        self.round += 1;
        self.stands = false;
        self.invites.retain(|invite| matches!(invite.answer, Answer::Out));
        let out = self.invites.len();
        self.invites.extend(asked.map(|agent| Invite { agent, reply_by, answer: Answer::Awaited }));
        self.awaited = (self.invites.len() - out) as u32;
        self.messages += self.awaited;
        self.invites.sort_unstable_by_key(|invite| invite.agent);
    }
    /// One more agent is asked, on which the call does not wait. False if it was asked before.
    pub(super) fn also(&mut self, agent: AgentId, reply_by: Time) -> bool {
        let Err(at) = self.position(agent) else { return false };
        self.invites.insert(at, Invite { agent, reply_by, answer: Answer::Awaited });
        self.messages += 1;
        true
    }
    fn position(&self, agent: AgentId) -> Result<usize, usize> {
        self.invites.binary_search_by_key(&agent, |invite| invite.agent)
    }
    pub(super) fn invite(&self, agent: AgentId) -> Option<&Invite> {
        self.position(agent).ok().map(|at| &self.invites[at])
    }
    pub(super) fn asked(&self) -> impl ExactSizeIterator<Item = AgentId> + '_ {
        self.invites.iter().map(|invite| invite.agent)
    }
    /// Takes an answer. False if none is awaited from the agent at this time.
    pub(super) fn answered(&mut self, agent: AgentId, answer: Answer, now: Time) -> bool {
        let Ok(at) = self.position(agent) else { return false };
        let invite = &mut self.invites[at];
        if now > invite.reply_by || !matches!(invite.answer, Answer::Awaited) {
            return false;
        }
        invite.answer = answer;
        self.messages += 1;
        if !self.stands {
            self.awaited -= 1;
        }
        true
    }
    /// Forgets an agent. True if it was asked.
    pub(super) fn forget(&mut self, agent: AgentId) -> bool {
        let Ok(at) = self.position(agent) else { return false };
        let gone = self.invites.remove(at);
        if !self.stands && matches!(gone.answer, Answer::Awaited) {
            self.awaited -= 1;
        }
        true
    }
    /// True if nothing more is to be waited for in this round.
    pub(super) fn is_complete(&self) -> bool {
        self.awaited == 0
    }
    /// The call is over: what was not answered is not waited for.
    pub(super) fn stand(&mut self) {
        self.stands = true;
        self.awaited = 0;
    }
    /// No proposal is admitted: those who made them are out, and not asked again.
    pub(super) fn dismiss(&mut self) {
        for invite in &mut self.invites {
            if let Some(proposal) = invite.proposal() {
                invite.answer = Answer::Out;
                self.too_dear = Some(self.too_dear.map_or(proposal.price, |least| least.min(proposal.price)));
            }
        }
    }
    pub(super) fn proposals(&self) -> impl Iterator<Item = (AgentId, Proposal)> + '_ {
        self.invites.iter().filter_map(|invite| Some((invite.agent, invite.proposal()?)))
    }
}
