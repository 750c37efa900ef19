//! Chain of command: a leader delegates, and its members do.
//!
//! The leader is the member with the largest sum of capability scores (or one that is named, or each in turn). When it is lost
//! another is elected and takes over desk and book, so that no task in flight is lost.
//!
//! **Late binding.** Open tasks are kept in the order of rank. At each event the leader works out for each of them who would finish
//! it first, *busy agents included* (by what is left of their work), and binds only those that can start now. So a task may wait for
//! a faster agent, and the awards are those of list scheduling by earliest finish (Graham 1969; Topcuoglu, Hariri and Wu 2002) made
//! at the last moment. Ties go to a free agent, then to the lower id.
//!
//! **A tree.** With `reporting: tree` a team larger than `span` is arranged in groups under leads, the most capable of each, and those
//! under leads again, until at most `span` report to the leader. Each level is told sums: free slots by kind, the earliest free one,
//! speed, backlog. The leader's desk asks a lead with a reported free slot; the lead asks one of its own, or nominates a member. So an
//! award is as good as the reports were fresh. All mail goes through the desk, which passes it on unread: a message between two
//! members has two hops, each of which may be slow or lose it. A call that stays without answer is withdrawn and made again
//! elsewhere; in the end the desk awards by its own book. When a lead is lost, its group elects another, or is adopted by others.

mod book;
mod chain;
mod delegation;
mod desk;
mod inbox;
mod index;
mod initiator;
mod lanes;
mod leader;
mod message;
mod participant;
mod report;
mod settings;
#[cfg(test)]
mod tests;
mod tree;

pub use initiator::Head;
pub use message::{Call, Kind, Message, Seat, Soon, Summary};
pub use participant::Member;
pub use settings::{Delegation, Hierarchical, Leader, Reporting};

/// What a config calls it.
const NAME: &str = "hierarchical";
