//! A run that was recorded, again: as it was, and as it would have been under another government, with other agents, with other faults.
//!
//! | part | gives |
//! |---|---|
//! | [`Recording`] | a log with its workflow and agents, as something that can be replayed |
//! | [`Scenario`] | what is otherwise in a replay |
//! | [`Alternative`] | what it would have come to in a scenario, by several seeds |
//! | [`Course`], [`Shares`], [`Moved`] | what a run came to, where its time went, who did what |
//! | [`Replay`] | all of it side by side |

mod alternative;
mod course;
mod courses;
mod error;
mod recording;
mod scenario;
mod shares;
mod text;
mod told;
mod twin;
mod whole;

pub use alternative::Alternative;
pub use course::{Course, Moved, Place};
pub(super) use courses::{TaskCourse, TaskPath, courses};
pub use error::ReplayError;
pub use recording::Recording;
pub use scenario::Scenario;
pub use shares::Shares;
pub(super) use told::Told;
pub use whole::Replay;
