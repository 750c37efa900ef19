//! What the assembly's chair and its voters say to each other.

use crate::{AgentId, Arrival, DemandId, TaskId};
use serde::Serialize;
use std::sync::Arc;

/// How many candidates a vote ranks at most, per motion: ballots are of bounded length.
pub const DEPTH: usize = 5;

/// One message of the assembly.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// The chair opens a ballot, or calls again for a vote that did not come.
    OpenBallot(Arc<Agenda>),
    /// A voter ranks the candidates of each motion, in the agenda's order.
    Vote {
        /// The agenda's ballot.
        ballot: u64,
        /// One for each motion.
        rankings: Vec<Ranking>,
    },
    /// A voter has nothing to say on any motion.
    Abstain {
        /// The agenda's ballot.
        ballot: u64,
    },
    /// The ballot is closed: who has not voted need not.
    Closed {
        /// The agenda's ballot.
        ballot: u64,
    },
}

/// What is voted on: a batch of open tasks, who stands for each, and what is publicly known.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Agenda {
    /// A number that no other ballot has.
    pub ballot: u64,
    /// The agents that stand for some motion, in order of number, with the public register's word on each.
    pub seats: Vec<Seat>,
    /// One for each demand among the motions.
    pub slates: Vec<Slate>,
    /// The tasks, the highest rank first.
    pub motions: Vec<Motion>,
    /// Awards that ended since the ballot before.
    pub minutes: Vec<Minute>,
}

/// What everyone knows of an agent's load: the awards that the assembly gave it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Seat {
    /// Who.
    pub agent: AgentId,
    /// Jobs at a time.
    pub slots: u32,
    /// Slots without an award.
    pub free: u32,
    /// Seconds until the next slot is expected to be free; 0 if one is.
    pub wait: f64,
}

/// Who stands for the tasks of one demand.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slate {
    /// Which demand.
    pub demand: DemandId,
    /// The candidates; an option of a vote is a position here.
    pub entries: Vec<Entry>,
}

/// One candidate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Its position among the agenda's seats.
    pub seat: u16,
    /// How fast it says that it does such work: speed times fit.
    pub rate: f64,
}

/// One task to be given to one of a slate's candidates.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Motion {
    /// Which task.
    pub task: TaskId,
    /// The position of its slate.
    pub slate: u16,
    /// Estimated work: seconds at rate 1.
    pub work: f64,
    /// When each candidate can have what it needs; left out if it needs nothing.
    #[serde(skip_serializing_if = "Arrival::is_none")]
    pub arrival: Arrival,
    /// Only these positions of the slate stand (agents to avoid are left out, or it is a run-off); all if `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<Vec<u16>>,
}
impl Motion {
    /// True if this position of the slate stands for it.
    pub fn stands(&self, option: u16) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&option))
    }
}

/// How an award ended.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Minute {
    /// Later minutes have higher numbers.
    pub number: u64,
    /// Who had it.
    pub agent: AgentId,
    /// What kind of task it was.
    pub demand: DemandId,
    /// The time that its declared rate promised over the time that it took; `None` if either was nothing, or it failed.
    pub pace: Option<f64>,
    /// Whether it was done.
    pub success: bool,
}

/// One voter's order of the candidates of one motion, the best first; nobody if it abstains on this one.
///
/// ```
/// use polity_protocols::consensus::Ranking;
/// let ranking = Ranking::new([3, 0], 2.5);
/// assert_eq!((ranking.options(), ranking.seconds), (&[3, 0][..], 2.5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranking {
    listed: [u16; DEPTH],
    len: u8,
    /// How long the voter expects its first choice to work on it, in seconds, once what it needs is there.
    pub seconds: f64,
}
impl Ranking {
    /// The options in this order; what is beyond [`DEPTH`] is dropped.
    pub fn new(options: impl IntoIterator<Item = u16>, seconds: f64) -> Ranking {
        let mut ranking = Ranking { listed: [0; DEPTH], len: 0, seconds };
        for option in options.into_iter().take(DEPTH) {
            ranking.listed[usize::from(ranking.len)] = option;
            ranking.len += 1;
        }
        ranking
    }
    /// The options, the best first.
    pub fn options(&self) -> &[u16] {
        &self.listed[..usize::from(self.len)]
    }
}
impl Serialize for Ranking {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.options(), self.seconds).serialize(serializer)
    }
}
