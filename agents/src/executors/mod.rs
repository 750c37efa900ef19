//! How work is done: where effects happen.
//!
//! | work | by |
//! |---|---|
//! | the agent's own behaviour | [`SharedAgent`] |
//! | a Rust function | [`Functions`] |
//! | a shell command | [`Workplace`] |
//! | only time | [`simulate`] |
//!
//! [`Executors`] chooses among them. All of them end at a [`CancelToken`](crate::CancelToken). None of them catches a panic: run each
//! job as a task of its own, and a panic is that task's end.

mod capture;
mod command;
mod environment;
mod function;
mod outcome;
mod past;
mod perform;
mod process;
mod read;
mod shared;
mod simulated;
mod tape;
mod workplace;

pub use function::Functions;
pub use past::{Deed, Past, PastEnd};
pub use perform::{Executed, Executors};
pub use shared::{FnAgent, SharedAgent, agent_fn, share};
pub use simulated::{Draw, SimEnd, draw, drawn_work, simulate};
pub use workplace::{DEFAULT_LINGER, DEFAULT_SPILL, Workplace};
