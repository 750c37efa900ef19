//! The outer edge: what a program calls. Here, and only here, a caller may wait for an answer.

mod builder;
mod delegating;
mod error;
mod household;
mod launcher;
mod memory;
mod nursery;
mod patience;
mod ranking;
mod result;
mod society;
mod system;
mod troubling;
mod twin;
mod voice;

pub use crate::actors::Order;
pub use builder::{Builder, Polity};
pub use delegating::{Decomposer, Delegating};
pub use error::{RunError, StartError};
pub use memory::{Memories, MemoryFile};
pub use patience::patience;
pub(crate) use ranking::Rankings;
pub use result::RunResult;
pub use society::{Controls, RunHandle, RunOptions, Society};
pub use system::{run, simulate};
pub use troubling::Hold;
pub use twin::{Twin, simulated_twin};
