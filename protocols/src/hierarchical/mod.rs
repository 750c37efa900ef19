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
//! **Looking ahead.** A task that waits for nothing but what is being done is reserved for as if it were open ([`TaskView::prospects`](crate::TaskView)): so
//! what is less urgent does not take, just before, the agent that it will need.
//!
//! **Many agents.** In a team of more than two dozen able agents the free ones are kept in order, and the busy ones by classes of rate
//! and expected end. The choice is that of a look at everybody; it costs O(log agents) for each distinct rate that could matter.
//!
//! **What a task needs.** If it lies somewhere ([`TaskView::data`](crate::TaskView)), a finish counts from when it has reached the agent. Only one agent can have it
//! sooner than all others: the index's best are weighed against that one. A slot that would wait for it is first filled with work that ends before,
//! if there is some that belongs there.
//!
//! **A tree.** With `reporting: tree` a team larger than `span` is arranged in groups under leads, the most capable of each, and those
//! under leads again, until at most `span` report to the leader. A report tells of each kind of work how many slots are free and how
//! fast they are, in eight groups, and of eight busy ones when they will be free; of agents it gives no names. The leader's desk
//! looks up in its own book whether the one that alone holds what a task needs would finish it first; else it works out by the reports who would finish a task first. If that is somebody with a free slot it asks the lead, which asks one of
//! its own or nominates a member; if it is somebody busy, the task waits, as in a small team. So an award is as good as the reports
//! were fresh. Two things the desk has from its own roster: which of its direct reports have an able agent below, and the pace
//! that outcomes taught, of which each agent is told, so that its reports count with it. While the tree forms, at the beginning and when
//! somebody came or went, the desk awards by its own book until its reports have told of everybody (for four seconds a level at most):
//! else who speaks first would get what others do better.
//!
//! **A report is a claim until proven.** What an agent says of itself counts at most at its declared rate times the pace that it proved: the
//! time that its work was expected to take over the time that it took, times the share of it that was done well. The desk stamps that on
//! each report as it passes it on; the lead believes no more. Of a lead the desk believes at most the fastest that is below it. What nobody
//! measures is believed: the hour at which a busy one says that it will be free, and what a lead tells another lead.
//!
//! All mail goes through the desk, which stamps it and passes it on unread: a message between two members has two hops, each of which may be slow
//! or lose it. A call that stays without answer is withdrawn after half a second for each level and made again elsewhere; after three
//! the desk awards by its own book, and so it does when work waits although the book knows of a free slot that no report told of.
//! Whose report of its orders, or of a job that ended, has not come up the tree in that time is asked again, three times at most.
//! Who had the call is asked for a report. If nothing is heard of it for twice that time it is taken as lost: another leads its group
//! until it is heard again. When a lead leaves, its group elects another; what is left of a small group is adopted by others.

mod bent;
mod book;
mod chain;
mod delegation;
mod desk;
mod foresight;
mod inbox;
mod index;
mod initiator;
mod lanes;
mod leader;
mod message;
mod news;
mod participant;
mod proof;
mod report;
mod settings;
mod sum;
#[cfg(test)]
mod tests;
mod tree;

pub use initiator::Head;
pub use message::{Call, Kind, Message, Seat, Slots, Soon, Summary};
pub use participant::Member;
pub use settings::{Delegation, Hierarchical, Leader, Reporting};

/// What a config calls it.
const NAME: &str = "hierarchical";
