//! The actors: thin shells around the machines. A handler takes one turn of its machine and performs the effects in one `match`.
//!
//! | actor | one per | carries |
//! |---|---|---|
//! | [`SupervisorActor`] | kind of child | [`Supervision`](crate::supervision::Supervision) |
//! | [`CoordinatorActor`] | team and strategy | the protocol's initiator |
//! | [`RunActor`] | run | [`Ledger`](crate::plan::Ledger), bindings |
//! | [`TaskActor`] | open task | [`Lifecycle`](crate::lifecycle::Lifecycle) |
//! | [`AgentActor`] | agent | [`Body`](polity_agents::Body), a participant per team, the executors |
//!
//! No actor awaits another: they only tell. All that they tell each other is in [`messages`].

mod account;
mod agent;
mod blueprint;
mod book;
mod breakers;
mod claim;
mod coordinator;
mod dead;
mod directory;
mod faulted;
mod jobs;
mod listen;
mod messages;
mod offices;
mod panics;
mod pools;
mod run;
mod steer;
mod supervisor;
mod task;

pub(crate) use agent::{AgentActor, seed_of_job};
pub(crate) use blueprint::{Blueprint, Factory};
pub(crate) use book::{Book, Crew, is_lodger};
pub(crate) use claim::{Award, Claim, Inquiry, News};
pub(crate) use coordinator::CoordinatorActor;
pub(crate) use directory::{CoordinatorId, Directory, Door, Orphan};
pub(crate) use messages::{AgentMail, CoordinatorMail, Finished, RunMail, SupervisorMail, TaskMail, ToTask};
pub(crate) use offices::Offices;
pub(crate) use pools::PoolPlan;
pub use run::Order;
pub(crate) use run::{ChildSetup, DECOMPOSE, Detour, Finish, Holders, Launch, Origin, Progress, RunActor, RunSetup, TaskOrder};
pub(crate) use supervisor::{Child, SupervisorActor, Ward};
pub(crate) use task::{Budget, Errand, TaskActor, TaskSetup};
