//! A government that chooses the government: whichever did best by this team, measured.
//!
//! One protocol of [`among`](Auto::among) governs at a time, for a term of so many outcomes. Each outcome is a reward: how soon the
//! task was done, against when it could have been. After a term an upper confidence bound (UCB1: Auer, Cesa-Bianchi and Fischer 2002;
//! with forgetting: Garivier and Moulines 2011) says who governs next: the best so far, or one of which too little is known.
//!
//! **Reward.** `e / (e + a)` times the quality, in `[0, 1]`. `a` are the seconds from announcement to success; `e` those that the
//! least expected completion would have taken, by the load at the announcement. So ½ is as good as expected, on an idle team
//! and on a busy one. A failure, or a decline though somebody is able, counts 0. A refusal counts by the time that it cost.
//!
//! **Change.** Tasks that are open are withdrawn from the old government and announced to the new one, at the same moment; tasks that
//! are held stay where they are, and their outcomes go to the government that awarded them. A new government knows nothing of these: for
//! a moment it may take an agent for free which is not.
//!
//! **Cost.** All governments hear of joins, leaves and outcomes, so that each is ready to govern; only one is told of a task. A decision
//! costs what it costs in the government that makes it, and the messages that were spent in vain on tasks handed over are
//! charged to the next award. The expectation costs a look at the roster: O(log n) while fast agents are free, O(able) if all are busy.

mod account;
mod bandit;
mod chamber;
mod initiator;
mod message;
mod participant;
mod settings;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

pub use bandit::Bandit;
pub use initiator::Selector;
pub use message::Message;
pub use participant::Citizen;
pub use settings::{Auto, Choice};

/// What a config calls it.
const NAME: &str = "auto";
