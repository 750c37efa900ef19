//! The assembly: agents vote on who shall do a task.
//!
//! When somebody has a free slot, the chair puts the open tasks of the highest rank on an agenda, with those who stand for each, and
//! opens a ballot. Each voter ranks the candidates by **its own evidence**: the outcomes of its own jobs, those of others that it
//! happened to take notice of (misjudged a little), its own load. So ballots differ, and errors cancel: a majority of independent
//! judges who are each more often right than wrong is more often right than any one of them (Condorcet 1785). The chair weighs the
//! votes, never the voters themselves: by declared expertise or by the log-odds of measured reliability, which is the best
//! weighted majority there is (Shapley and Grofman 1984). It closes when no later vote can change a winner, or at the deadline.
//!
//! | outcome of a ballot | what happens |
//! |---|---|
//! | one best, participation ≥ `quorum`, agreement ≥ `threshold` | elected |
//! | a tie, or no majority | `conflict_resolution` |
//! | too few answered | those who are silent are called again, each time with twice the patience; after `rounds` calls the task is declined |
//! | nobody of weight votes for anybody, or there are no voters of weight | declined: no agreement |
//! | a voter dies | it is struck off if it has not voted; a vote that it cast stands |
//! | a second vote, a vote after closing, a stranger's vote | changes nothing |
//! | an empty or a spoilt vote, an abstention | counts for the quorum and for nobody |
//! | weight zero | its vote moves nothing, and nobody waits for it |
//! | a single candidate | elected unopposed, without a ballot |
//!
//! **Cost.** A ballot decides up to `batch` tasks for two messages per voter; at most `committee` agents vote, drawn anew each time;
//! rankings list at most [`DEPTH`] candidates. **Late binding.** Busy agents stand too, by the time that they should be free. A task
//! whose winner is busy is not bound: it stays open, and is voted on again when something has happened, so that it may wait for a
//! better agent and still go to another. Behind the first tasks of an agenda come a few for which only those who are free stand, and
//! who end them before the whole team could end all that is open of their kind: beside a heap of work nobody is idle. **What a task needs** may lie somewhere ([`TaskView::data`](crate::TaskView)): the agenda tells when
//!
//! ```
//! use polity_protocols::consensus::Consensus;
//! use polity_protocols::testing::Table;
//! use polity_protocols::{Capabilities, Demand, DemandId, Profile, TaskId, TaskView, Time};
//! use std::sync::Arc;
//! let can = Capabilities::default().and("dig", 1.0);
//! let task = TaskView::new(TaskId::new(0, 0), Arc::new(Demand::of_kind(DemandId(0), "dig"))).work(3.0);
//! let report = Table::new(Consensus::default(), 1)
//!     .agent(Profile::new("ann", can.clone()))
//!     .agent(Profile::new("bob", can.clone()).speed(2.0))
//!     .agent(Profile::new("cid", can))
//!     .announce_at(Time::ZERO, task)
//!     .run_until_quiet();
//! let decision = &report.awards[0].decision;
//! assert_eq!((report.awards[0].agent.0, decision.messages, decision.rounds), (1, 6, 1));
//! assert_eq!(decision.reason, "it had 3.00 votes of a weight of 3.00 (100 %), and 100 % had answered");
//! ```
//!
//! [`ResultVote`] is the vote on *results*: several agents execute one task, and their answers are voted on.

mod agenda;
mod archive;
mod bent;
mod conflict;
mod evidence;
mod floor;
mod initiator;
mod message;
mod participant;
mod register;
mod results;
mod ruling;
mod settings;
mod sitting;
mod tally;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
mod weights;
mod written;

pub use conflict::Resolution;
pub use initiator::Assembly;
pub use message::{Agenda, DEPTH, Entry, Message, Minute, Motion, Ranking, Seat, Slate};
pub use participant::Voter;
pub use results::{ResultVote, Standing};
pub use settings::Consensus;
pub use tally::{Receipt, Rules, Tally, Verdict, Voting};
pub use weights::{Reliability, Weighing, log_odds};

/// What a config calls it.
const NAME: &str = "consensus";
