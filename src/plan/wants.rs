//! What a task may want of a task upstream of it.

use serde::{Deserialize, Serialize};

/// What must have become of an upstream task. Ordered by strength; of several uses of one task [`Wants::and`] is what counts.
///
/// ```
/// use polity::plan::Wants;
/// assert!(Wants::Output > Wants::Success);
/// assert_eq!(Wants::Success.and(Wants::Output), Wants::Both);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wants {
    /// It has ended, however (its `.status` or `.error` is used).
    Ended,
    /// Its output is used under `default(…)`, or is optional: it must have ended.
    MaybeOutput,
    /// It counts for the task's [`Join`](super::Join): `depends_on` names it. Whatever else is used of it without need (`.status`, or its output
    /// under `default(…)`) is what is there when the task begins: the join alone says how long is waited.
    Success,
    /// Its output is used: it must succeed; if it was skipped, so is this.
    Output,
    /// It counts for the join, and its output is used.
    Both,
}

impl Wants {
    /// What two uses of the same task want together.
    #[must_use]
    pub fn and(self, other: Wants) -> Wants {
        match (self, other) {
            (Wants::Success, Wants::Output) | (Wants::Output, Wants::Success) => Wants::Both,
            _ => self.max(other),
        }
    }
    /// True if it counts for the join.
    pub const fn is_joined(self) -> bool {
        matches!(self, Wants::Success | Wants::Both)
    }
    /// True if it must succeed, whatever the join says.
    pub const fn is_required(self) -> bool {
        matches!(self, Wants::Output | Wants::Both)
    }
}
