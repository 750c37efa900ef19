//! # polity-agents: *how* a task is done
//!
//! An agent's body (slots and queue) is a pure machine; its executors do the work and are where effects happen.

mod agent;
mod body;
mod cancel;
mod clock;
mod executors;
mod failure;
mod job;
mod spec;

pub use agent::{Agent, Clock, Context, DynAgent, LocalFuture};
pub use body::{Body, Cancel, Offer};
pub use cancel::CancelToken;
pub use clock::RealClock;
pub use executors::{
    DEFAULT_LINGER, DEFAULT_SPILL, Draw, Executed, Executors, FnAgent, Functions, SharedAgent, SimEnd, Workplace, agent_fn, draw,
    share, simulate,
};
pub use failure::{Failure, FailureKind};
pub use job::{Answer, Command, Distribution, Job, JobId, OutputFormat, Simulation, Work};
pub use spec::{AgentSpec, DEFAULT_QUEUE, Placement};
