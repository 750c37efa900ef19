//! The words of the ledger: what it is told, what it says, and what a task can be in between.

use super::{InstanceId, NodeIx, Tally};
use serde::{Deserialize, Serialize};

/// What has become of a task, or of an instance of one. The ledger's view is coarser than a task's whole life: retries happen within `Open`.
///
/// ```
/// use polity::plan::NodeState;
/// assert!(NodeState::Skipped.is_end() && !NodeState::Open.is_end());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    /// It waits for others.
    Pending,
    /// It could be opened now.
    Ready,
    /// It is being done; of a task with several instances: at least one of them has not ended.
    Open,
    /// It was done.
    Succeeded,
    /// It was tried, and failed for good.
    Failed,
    /// It was not needed: its condition was false, or what it would have worked on was skipped.
    Skipped,
    /// It can't be done any more, since something that it needs failed, was blocked or was cancelled.
    Blocked,
    /// It was called off.
    Cancelled,
}
impl NodeState {
    /// True if nothing more becomes of it.
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Skipped | Self::Blocked | Self::Cancelled)
    }
    /// True if it has ended in a way that makes those impossible that must have it done.
    pub const fn is_loss(self) -> bool {
        matches!(self, Self::Failed | Self::Blocked | Self::Cancelled)
    }
}

/// How a task or an instance ended, as its caller says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    /// It was done.
    Succeeded,
    /// It failed for good.
    Failed,
    /// It was not needed: its condition is false.
    Skipped,
    /// It was called off.
    Cancelled,
}
impl From<Settlement> for NodeState {
    fn from(settlement: Settlement) -> NodeState {
        match settlement {
            Settlement::Succeeded => NodeState::Succeeded,
            Settlement::Failed => NodeState::Failed,
            Settlement::Skipped => NodeState::Skipped,
            Settlement::Cancelled => NodeState::Cancelled,
        }
    }
}

/// How a run is brought to an early end. Ordered by force: the stronger may follow the weaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopMode {
    /// Nothing new is opened; what is open may end by itself.
    FailFast,
    /// What is open is to be cancelled too.
    Cancel,
}

/// What the ledger asks of its caller, or tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerEffect {
    /// This task could be done now: evaluate its condition, then [`open`](super::Ledger::open), [`expand`](super::Ledger::expand) or
    /// [`settle`](super::Ledger::settle) it. Said once per task.
    Ready(NodeIx),
    /// All instances of this expanded task have ended: gather the list of their outputs. Said before what follows from it.
    Joined {
        /// The task.
        node: NodeIx,
        /// How it ended.
        state: NodeState,
    },
    /// This task is skipped, since another was. Not said of a task that the caller itself skipped.
    Skipped {
        /// The task.
        node: NodeIx,
        /// The upstream task whose skipping made it so.
        because: NodeIx,
    },
    /// This task is skipped, since its [`Join`](super::Join) is not met and no failure is to blame.
    Unmet {
        /// The task.
        node: NodeIx,
        /// The upstream task by which that was decided; the first that counts for the join if it was no single one.
        by: NodeIx,
    },
    /// This task is needed no more, since a join is met: it is withdrawn if it was not opened, else its caller is asked to cancel it, as the
    /// next effects say.
    CalledOff {
        /// The task.
        node: NodeIx,
        /// The task whose join is met.
        by: NodeIx,
    },
    /// This task can't be done any more.
    Blocked {
        /// The task.
        node: NodeIx,
        /// The upstream task that made it so.
        cause: NodeIx,
        /// Where the chain of causes began: a task that failed or was cancelled.
        root: NodeIx,
    },
    /// This instance was pending or ready and will not be opened: the run was stopped, or its task called off. It has ended. A task that had not been expanded has
    /// the one instance of its own number.
    Withdrawn(InstanceId),
    /// This instance is open: cancel it. It ends when the caller settles it, as whatever became of it meanwhile.
    Cancelled(InstanceId),
    /// Every task has ended: these are the tasks by state. Said once, last.
    Finished(Tally),
}
