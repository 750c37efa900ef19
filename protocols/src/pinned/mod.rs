//! A plan, carried out: each task goes to the agent that an offline planner chose for it.
//!
//! The planners of [`planners`](crate::planners) see a whole workflow and plan it before it runs (Topcuoglu, Hariri and Wu 2002). A
//! protocol sees no graph and no names of tasks. So a plan is a list of [`Pin`]s: the number of a task in its run
//! ([`TaskId::instance`](crate::TaskId::instance)) and the name of an agent. The pins of one agent stand in the order in which the
//! plan starts them.
//!
//! | task | what happens |
//! |---|---|
//! | pinned, its agent has a free slot | it gets it, unless the slot is held for a task that comes first in the plan |
//! | pinned, its agent is busy or rests after a refusal | it waits, and goes in the order of the plan among those that wait for this agent |
//! | without a pin | to the agent with the least expected completion, at once |
//! | its agent is absent, not able, or to be avoided | the same |
//! | its agent leaves while it waits | the same |
//!
//! **Slots that are held.** A plan often has an agent idle for a task that is about to be ready. So a pin may say when its task shall start.
//! A ready task may begin before one that comes first in the plan and is not announced yet only if it would end, by estimate, before that
//! one is expected; with several free slots, only if one is left for each of them. It is the rule of backfilling in batch schedulers (Lifka
//! 1995), with a reservation for each and not for the first alone (Mu'alem and Feitelson 2001). A task is expected at its planned start,
//! shifted as far as the agent that is latest by now began its last task too late; a run that is early is not hurried.
//!
//! **Work always goes on.** A task that never comes (it is skipped, called off, or what it needs failed) must not be waited for. Let a
//! ready task take `d` seconds: it is held back until `d / 2` past the moment at which the other was expected, and not longer than
//! `1.5 d` since its agent was last given something. Nobody waits for what is expected later than the ready task's end, or was long before: so
//! where reality has left the plan far behind or ahead, the plan's order holds among the tasks that are ready, and no more. Without planned
//! starts that is always so. An agent that is lost is waited for by nobody: its tasks go elsewhere.
//!
//! With exact estimates and no faults no task begins later than planned, and under a plan that leaves
//! no gap which could be filled ([`heft`](fn@crate::planners::heft), [`cpop`](fn@crate::planners::cpop)), for agents of one slot each, a run takes exactly as long as planned. A plan pins the same
//! numbers in every run of its team; each of the latest 64 runs has a course of its own.

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod carried_out_tests;
mod course;
mod initiator;
mod order;
mod settings;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

pub use initiator::PlanKeeper;
pub use settings::{Pin, Pinned};

/// What a config calls it.
const NAME: &str = "pinned";
