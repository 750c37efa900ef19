//! What leads, members and the leader's desk say to each other.
//!
//! A participant can only speak to the initiator. So the leader's desk is also the post between members: what a member says to its
//! lead goes to the desk and from there, unread, to the lead. Each such message has two hops, and both are subject to the weather.

use crate::{AgentId, Arrival, Demand, Name, Profile, TaskId, Time};
use serde::Serialize;
use std::sync::Arc;

/// One message of the chain of command.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// Down: the place of an agent in the tree. The highest number counts; a repetition is answered by a report.
    Orders {
        /// Which arrangement of the tree.
        number: u64,
        /// How fast it proved to be in the leader's book, relative to what it declared. Its reports count with that.
        pace: f64,
        /// Its seats, the plain member's first.
        seats: Arc<[Seat]>,
    },
    /// Down: find somebody for this task.
    Delegate(Call),
    /// Down: the call came to nothing; what was set aside for it is free again.
    Withdraw {
        /// Which task.
        task: TaskId,
    },
    /// Up: how things stand below. From member to lead, from lead to the next, at last to the leader's desk.
    Report {
        /// The superior; `None` is the leader's desk.
        to: Option<AgentId>,
        /// At which level the superior receives it.
        level: u8,
        /// Who reports.
        from: AgentId,
        /// Counts up: an older report never replaces a newer one.
        seq: u64,
        /// The desk's stamp on what it passes on: how fast the reporter proved to be, relative to what it declared. What the reporter
        /// writes here counts for nothing.
        pace: f64,
        /// The highest number of the calls that it has taken into account.
        counts: u64,
        /// The state of affairs.
        state: Summary,
    },
    /// Up: this agent shall do it.
    Nominate {
        /// Which task.
        task: TaskId,
        /// Which call is answered.
        call: u64,
        /// Who.
        agent: AgentId,
    },
    /// Up: nobody here who is able has a free slot.
    NoneAble {
        /// Which task.
        task: TaskId,
        /// Which call is answered.
        call: u64,
        /// The moment of the answer, as reports count: a report of a later one tells more.
        seq: u64,
    },
}

/// A call to find somebody for a task.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Call {
    /// The lead that is asked.
    pub to: AgentId,
    /// In which of its seats.
    pub level: u8,
    /// Which task.
    pub task: TaskId,
    /// The number of this call, so that an answer to an earlier one is known as such.
    pub call: u64,
    /// What it demands.
    pub demand: Arc<Demand>,
    /// Estimated work.
    pub work: f64,
    /// When each agent can have what it needs; left out if it needs nothing.
    #[serde(skip_serializing_if = "Arrival::is_none")]
    pub arrival: Arrival,
    /// Who must not be nominated.
    pub avoid: Arc<[AgentId]>,
}

/// A seat in the tree. Level 0 is a plain member, level 1 leads members, level 2 leads those leads, and so on. An agent may hold one
/// at several levels.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Seat {
    /// The level.
    pub level: u8,
    /// To whom it reports, in that one's seat one level up; `None` is the leader's desk.
    pub superior: Option<AgentId>,
    /// Who reports to it.
    pub reports: Vec<(AgentId, Arc<Profile>)>,
}

/// How things stand below a seat: sums and extremes, no names.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Agents.
    pub agents: u32,
    /// Their slots.
    pub slots: u32,
    /// Their free slots.
    pub free: u32,
    /// Their speeds, summed, at the pace that each proved.
    pub speed: f64,
    /// Seconds of work that they hold, summed; the mean is this over `agents`.
    pub backlog: f64,
    /// Jobs that they ended well, each since it joined.
    pub done: u64,
    /// Jobs that failed.
    pub failed: u64,
    /// What they can do, in order of name. The first, without a name, stands for work that demands no capability.
    pub kinds: Vec<Kind>,
}

/// What a summary says of one kind of work.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Kind {
    /// The capability.
    pub name: Name,
    /// Free slots of agents that have it.
    pub free: u32,
    /// The best score of an agent that has it.
    pub best: f64,
    /// How fast its free slots are, the fastest first: all of them, in at most eight groups of about the same rate.
    pub rates: Vec<Slots>,
    /// Busy ones that have it: when one will be free, and how fast it is. The soonest seven, and the fastest.
    pub soon: Vec<Soon>,
}

/// Free slots of about the same rate, as a report tells of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Slots {
    /// How many.
    pub count: u32,
    /// Their work per second, on average.
    pub rate: f64,
}

/// An agent that is busy, as a report tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Soon {
    /// When it is expected to have a free slot.
    pub at: Time,
    /// Its work per second.
    pub rate: f64,
}
