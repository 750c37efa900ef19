//! What is said in a market, in FIPA's words. The award itself (accept-proposal) and its outcome (inform, failure) are not messages.

use crate::{Demand, TaskId, Time};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What the auctioneer and the contractors say to each other.
///
/// ```
/// use polity_protocols::{TaskId, market::{Message, Rejection}};
/// let told = Message::RejectProposal { task: TaskId::new(0, 1), why: Rejection::Outbid };
/// assert!(format!("{told:?}").contains("Outbid"));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Message {
    /// Who will do this task, at what price, by when?
    CallForProposals {
        /// Which task.
        task: TaskId,
        /// The number of the call; an answer repeats it, so that an answer to an earlier call is known as late.
        call: u64,
        /// What the task demands.
        demand: Arc<Demand>,
        /// Seconds on an agent of speed 1 and fit 1.
        work: f64,
        /// When what the task needs can be with the agent that is asked; left out if it needs nothing.
        #[serde(skip_serializing_if = "is_zero")]
        here: Time,
        /// Answers that come after it are late.
        reply_by: Time,
    },
    /// I would do it.
    Propose {
        /// Which task.
        task: TaskId,
        /// The call that this answers.
        call: u64,
        /// What I ask for.
        price: f64,
        /// When a slot of mine is free for it.
        start: Time,
        /// When I would be done: not before what it needs is here, and the work is done.
        finish: Time,
    },
    /// I won't.
    Refuse {
        /// Which task.
        task: TaskId,
        /// The call that this answers.
        call: u64,
        /// Why not.
        why: Refusal,
    },
    /// You shall not have it.
    RejectProposal {
        /// Which task.
        task: TaskId,
        /// Why not.
        why: Rejection,
    },
}

fn is_zero(here: &Time) -> bool {
    *here == Time::ZERO
}

/// Why an agent makes no proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// It does not meet the demand.
    NotAble,
    /// It would never be done, or at no price that is a number.
    NoEnd,
}

/// Why a proposal is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    /// Another agent got the task.
    Outbid,
    /// It came after the reply-by time, or after the decision.
    Late,
    /// The caller would lose more by it than the reserve allows.
    NotAdmitted,
    /// The task is no longer wanted, or is called again.
    Withdrawn,
}
