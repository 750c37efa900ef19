//! Status words in their column and colour.

use super::text::seconds;
use core::time::Duration;

/// The words that a line may begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Starting,
    Completed,
    Retry,
    Refused,
    Lost,
    Joined,
    Note,
    Breaker,
    Stalled,
    DeadLetter,
    Skipped,
    Blocked,
    Failed,
    Cancelled,
    Undone,
    Left,
    Escalated,
    Progress,
    Problem,
    Summary,
    Folder,
    Replay,
}
impl Status {
    fn word(self) -> &'static str {
        match self {
            Status::Starting => "Starting",
            Status::Completed => "COMPLETED",
            Status::Retry => "RETRY",
            Status::Refused => "REFUSED",
            Status::Lost => "LOST",
            Status::Joined => "JOINED",
            Status::Note => "NOTE",
            Status::Breaker => "BREAKER",
            Status::Stalled => "STALLED",
            Status::DeadLetter => "DEAD LETTER",
            Status::Skipped => "SKIPPED",
            Status::Blocked => "BLOCKED",
            Status::Failed => "FAILED",
            Status::Cancelled => "CANCELLED",
            Status::Undone => "UNDONE",
            Status::Left => "LEFT",
            Status::Escalated => "ESCALATED",
            Status::Progress => "Running",
            Status::Problem => "PROBLEM",
            Status::Summary => "Summary",
            Status::Folder => "Report",
            Status::Replay => "Replay",
        }
    }
    /// The colour's number in SGR.
    fn color(self) -> u8 {
        match self {
            Status::Completed | Status::Starting | Status::Summary | Status::Folder | Status::Joined => 32,
            Status::Retry
            | Status::Refused
            | Status::Lost
            | Status::Skipped
            | Status::Note
            | Status::DeadLetter
            | Status::Breaker => 33,
            Status::Failed | Status::Escalated | Status::Problem | Status::Left | Status::Stalled => 31,
            Status::Blocked | Status::Cancelled | Status::Undone => 35,
            Status::Progress | Status::Replay => 36,
        }
    }
    /// True for the end of a task.
    pub(super) fn is_end(self) -> bool {
        matches!(self, Status::Completed | Status::Skipped | Status::Blocked | Status::Failed | Status::Cancelled)
    }
}

/// Writes in colour, or not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint {
    color: bool,
}
impl Paint {
    pub(super) fn new(color: bool) -> Paint {
        Paint { color }
    }
    /// The word, right-aligned to 12 columns.
    pub(super) fn status(self, status: Status) -> String {
        self.sgr(&format!("{:>12}", status.word()), &format!("1;{}", status.color()))
    }
    /// `[   0.021s]`, or as many spaces.
    pub(super) fn time(self, took: Option<Duration>) -> String {
        took.map_or_else(|| " ".repeat(11), |took| format!("[{:>9}]", seconds(took)))
    }
    pub(super) fn bold(self, text: &str) -> String {
        self.sgr(text, "1")
    }
    fn sgr(self, text: &str, code: &str) -> String {
        if self.color && !text.trim().is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.into() }
    }
}
