//! A market: tasks are called, agents propose, the lowest bid wins and is paid what the second-lowest would have cost.
//!
//! **The talk** is the contract net (Smith 1980) in FIPA's words (SC00029H): a `CallForProposals` with a reply-by time is answered by
//! `Propose` or `Refuse`; the award itself is the accept-proposal, its outcome the inform or failure, and every loser gets a
//! `RejectProposal`. A call is decided as soon as all that were asked have answered; the reply-by time is only the bound. A late
//! proposal is refused as late. A call that nobody answered is made again, with twice the time.
//!
//! **A bid** is a price and a finish. The caller weighs both: `(price + urgency · seconds until done) / reputation`, the expected
//! cost if a failed task is done again until it succeeds (a scoring auction, Che 1993). The least weighed bid wins; a tie goes to the
//! earlier finish, then to the lower number.
//!
//! **Second price** (Vickrey 1961, reversed): the winner is paid the highest price at which it would still have won. With no urgency
//! and equal reputations this is the second-lowest price; a lone bidder for a lone
//! task is paid the reserve. A proposal by which the
//! caller would lose more than by the reserve with the slowest bidder is not admitted. Without a reserve any price is admitted; one without
//! whom a task would stay unsold is then paid what it asked, since nothing else bounds its price. **Optimal allocation**: the tasks open at one moment (or gathered for a `window`) are allocated as a minimum-cost
//! assignment (Kuhn 1955; Jonker and Volgenant 1987) and paid by Vickrey, Clarke and Groves; for one task that is the second price.
//! In both no agent gains by asking more or less than its cost, but for one that nobody can replace where there is no reserve. In a first-price auction it does: that is what it is there to show.
//! **Sequential allocation** sells one task after the other, in the order of rank (Koenig et al. 2006);
//! so does the optimal one when a single turn is free. The time of a task of lower rank weighs less in a batch.
//!
//! **Late binding.** Busy agents propose too, with a later finish. An allocation may give a task to an agent's *next* turn: then
//! nothing is bound or paid, the task stays open, and the market is cleared again when something has changed.
//!
//! **What a task needs.** If it lies somewhere ([`TaskView::data`](crate::TaskView)), the call tells each agent when it could have it. The finish that it proposes counts from
//! then. Its price is for the time that a slot of it is taken, waiting included.
//!
//! **Payment by performance**: the price is owed when the task is done, in proportion to the quality, less the urgency for each second
//! beyond the promised finish (the compensation-and-bonus idea of Nisan and Ronen 2001). Each payment has an award in the
//! [`Ledger`], and a budget is reserved before it is spent.
//!
//! | room | holds |
//! |---|---|
//! | [`Message`], [`Contractor`], [`Auctioneer`] | the talk and its two roles |
//! | [`auction`], [`assignment`], [`vcg`] | the mechanisms, pure and usable alone |
//! | [`Ledger`], [`Reputation`] | who was paid what, and who proved good |

pub mod assignment;
pub mod auction;
mod bent;
mod call;
mod clearing;
mod house;
mod initiator;
mod invitations;
mod ledger;
mod message;
mod participant;
mod record;
mod reputation;
mod seats;
mod settings;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
pub mod vcg;

pub use initiator::Auctioneer;
pub use ledger::{Entry, Ledger, Money, Overdrawn};
pub use message::{Message, Refusal, Rejection};
pub use participant::Contractor;
pub use reputation::Reputation;
pub use settings::{Allocation, Auction, Market, Payment};

/// What a config calls it.
const NAME: &str = "market";
