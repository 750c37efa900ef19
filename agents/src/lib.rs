//! # polity-agents: *how* a task is done
//!
//! An agent's body (slots and queue) is a pure machine; its executors do the work and are where effects happen.
//!
//! | part | what it is |
//! |---|---|
//! | [`Agent`], [`agent_fn`] | what a user writes: what it can do, and how it does a job |
//! | [`AgentSpec`] | an agent's description in a file or a program |
//! | [`Body`] | slots and queue: starts, queues or refuses; pure |
//! | [`Job`], [`Work`] | one attempt at one task, and how it is done |
//! | [`Executors`] | do a job: own behaviour, [`Functions`], shell commands in a [`Workplace`], [`simulate`] |
//! | [`Letter`], [`Post`] | what agents tell each other |
//! | [`CancelToken`] | how a job is told to stop |
//! | [`Failure`] | why a job failed, as a value |
//!
//! A job is carried out on the thread that polls it, within a tokio runtime; nothing here catches a panic. Commands need a POSIX system.

mod agent;
mod body;
mod cancel;
mod clock;
mod executors;
mod failure;
mod handed;
mod job;
mod letter;
mod spec;
mod state;

pub use agent::{Agent, Clock, Context, DynAgent, LocalFuture, Pulse};
pub use body::{Body, Cancel, Offer};
pub use cancel::CancelToken;
pub use clock::RealClock;
pub use executors::{
    DEFAULT_LINGER, DEFAULT_SPILL, Deed, Draw, Executed, Executors, FnAgent, Functions, Past, PastEnd, SharedAgent, SimEnd,
    Workplace, agent_fn, draw, drawn_work, share, simulate,
};
pub use failure::{Failure, FailureKind};
pub use handed::{HandedOn, Spent};
pub use job::{Answer, Command, Distribution, Job, JobId, OutputFormat, Simulation, Work};
pub use letter::{Address, LETTER_BYTES, Letter, Post, Undeliverable, written};
pub use spec::{AgentSpec, DEFAULT_QUEUE, Elastic};
pub use state::{Boards, State};
