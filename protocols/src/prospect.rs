//! What becomes ready soon.

use crate::ids::TaskId;
use crate::task::TaskView;
use core::time::Duration;
use std::sync::Arc;

/// A task that will become ready when others have ended that are announced already. A government that knows when these end can leave an agent
/// free for it, or give the agent only what ends before.
///
/// It is told with the last of those others to be announced ([`TaskView::prospects`]), and is a hint: it may never become ready, and is announced
/// like any other task if it does.
///
/// ```
/// use polity_protocols::{Awaited, Demand, Prospect, TaskId, TaskView};
/// # use polity_protocols::DemandId;
/// # let demand = std::sync::Arc::new(Demand::any(DemandId(0)));
/// let next = TaskView::new(TaskId::new(0, 2), demand).work(5.0);
/// let prospect = Prospect { task: next, after: [0, 1].map(|n| Awaited::new(TaskId::new(0, n))).into() };
/// assert_eq!(prospect.after.len(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct Prospect {
    /// The task, with those of its inputs that are made.
    pub task: TaskView,
    /// What it waits for: each is announced, at the latest together with this prospect, and had not ended then.
    pub after: Box<[Awaited]>,
}

/// A task that another one waits for.
///
/// ```
/// use polity_protocols::{Awaited, TaskId};
/// let awaited = Awaited { travel: std::time::Duration::from_secs(2), ..Awaited::new(TaskId::new(0, 1)) };
/// assert!(awaited.travel > Awaited::new(TaskId::new(0, 1)).travel);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// Which task.
    pub task: TaskId,
    /// For how long what it makes is on its way to another agent; nothing if it is everywhere at once.
    pub travel: Duration,
}
impl Awaited {
    /// One whose result is everywhere at once.
    pub fn new(task: TaskId) -> Awaited {
        Awaited { task, travel: Duration::ZERO }
    }
}

/// Nothing becomes ready soon; shared, so that it costs nothing.
pub(crate) fn no_prospects() -> Arc<[Prospect]> {
    thread_local!(static NONE: Arc<[Prospect]> = Arc::from([]));
    NONE.with(Arc::clone)
}
