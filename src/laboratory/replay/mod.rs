//! A run that was recorded, again: as it was, and as it would have been under another government, with other agents, with other faults.
//!
//! | part | gives |
//! |---|---|
//! | [`Recording`] | a log with its workflow and agents, as something that can be replayed |
//! | [`Scenario`] | what is otherwise in a replay |
//! | [`Course`], [`Shares`], [`Moved`] | what a run came to, where its time went, who did what |
//! | [`Replay`] | all of it side by side |

mod course;
mod error;
mod recording;
mod scenario;
mod shares;
mod text;
mod told;
mod twin;
mod whole;

pub use course::{Course, Moved, Place};
pub use error::ReplayError;
pub use recording::Recording;
pub use scenario::Scenario;
pub use shares::Shares;
pub use whole::Replay;
