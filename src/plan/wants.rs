//! What a task may want of a task upstream of it.

use serde::{Deserialize, Serialize};

/// What must have become of an upstream task. Ordered by strength: the strongest of several uses counts.
///
/// ```
/// use polity::plan::Wants;
/// assert!(Wants::Output > Wants::Success);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wants {
    /// It has ended, however (its `.status` or `.error` is used).
    Ended,
    /// Its output is used under `default(…)`, or is optional: it must have ended.
    MaybeOutput,
    /// `depends_on` alone, joined by `all_success`: it succeeded or was skipped (if something that is wanted succeeded).
    Success,
    /// Its output is used: it must succeed; if it was skipped, so is this.
    Output,
}
