//! What a protocol may know of a task: enough to allocate it, and of the graph that it comes from only what is ready soon.

use crate::capability::Demand;
use crate::data::{Arrival, Input, no_data};
use crate::ids::{AgentId, DemandId, TaskId};
use crate::profile::Load;
use crate::prospect::{Prospect, no_prospects};
use crate::time::Time;
use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A task as it is announced to a protocol. Cheap to clone: what is large is shared.
///
/// ```
/// use polity_protocols::{Demand, DemandId, TaskId, TaskView};
/// use std::sync::Arc;
/// let view = TaskView::new(TaskId::new(0, 1), Arc::new(Demand::of_kind(DemandId(0), "analysis"))).work(12.0);
/// assert_eq!(view.attempt, 1);
/// ```
#[derive(Clone, Debug)]
pub struct TaskView {
    /// Which task.
    pub id: TaskId,
    /// What it demands of an agent.
    pub demand: Arc<Demand>,
    /// Estimated work: seconds on an agent of speed 1 and fit 1; at least 0.
    pub work: f64,
    /// Its priority: higher first. By default the upward rank (longest path to the end, in seconds of work).
    pub rank: f64,
    /// When it should be done, if it matters.
    pub deadline: Option<Time>,
    /// What it needs of others' work, and where that lies; nothing if it is at hand everywhere.
    pub data: Arc<[Input]>,
    /// Which attempt this is, counted from 1.
    pub attempt: u32,
    /// Agents to pass over while another able agent is there (they failed at it before).
    pub avoid: Arc<[AgentId]>,
    /// What becomes ready once this and others have ended that were announced before it. Told to those only who ask for it
    /// ([`Protocol::foresees`](crate::Protocol::foresees)).
    pub prospects: Arc<[Prospect]>,
}

impl TaskView {
    /// A task of no work and no priority, first attempt.
    pub fn new(id: TaskId, demand: Arc<Demand>) -> TaskView {
        let (data, avoid, prospects) = (no_data(), nobody(), no_prospects());
        TaskView { id, demand, work: 0.0, rank: 0.0, deadline: None, data, attempt: 1, avoid, prospects }
    }
    /// With an estimate of its work, which is also its rank if none is set.
    pub fn work(mut self, seconds: f64) -> TaskView {
        self.work = seconds;
        if self.rank == 0.0 {
            self.rank = seconds;
        }
        self
    }
    /// With agents to avoid.
    pub fn avoiding(mut self, avoid: impl Into<Arc<[AgentId]>>) -> TaskView {
        self.avoid = avoid.into();
        self
    }
    /// With inputs that lie somewhere.
    pub fn needing(mut self, data: impl Into<Arc<[Input]>>) -> TaskView {
        self.data = data.into();
        self
    }
    /// With what becomes ready soon.
    pub fn before(mut self, prospects: impl Into<Arc<[Prospect]>>) -> TaskView {
        self.prospects = prospects.into();
        self
    }
    /// When each agent can have all that it needs. O(inputs).
    pub fn arrival(&self) -> Arrival {
        Arrival::of(&self.data)
    }
    /// True if the agent should be passed over.
    #[inline]
    pub fn avoids(&self, agent: AgentId) -> bool {
        self.avoid.contains(&agent)
    }
}

fn nobody() -> Arc<[AgentId]> {
    thread_local!(static NONE: Arc<[AgentId]> = Arc::from([]));
    NONE.with(Arc::clone)
}

/// How an award ended, as far as a protocol may learn from it. Each award gets exactly one.
///
/// ```
/// use polity_protocols::{Ended, Outcome};
/// let outcome = Outcome::new(Ended::Succeeded, std::time::Duration::from_secs(2));
/// assert!(outcome.ended.is_success());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// In which way.
    pub ended: Ended,
    /// How long the agent worked on it.
    pub took: Duration,
    /// How good the result was, 0..=1 (1 unless something measured it).
    pub quality: f64,
    /// How busy the agent was right after.
    pub load: Load,
}
impl Outcome {
    /// An outcome of full quality that leaves the agent idle.
    pub fn new(ended: Ended, took: Duration) -> Outcome {
        Outcome { ended, took, quality: 1.0, load: Load::default() }
    }
}

/// What was found out later about the result of an award that ended well: where several did the same, whether its result won the vote. Its
/// [`Outcome`] had been told with full quality, since nobody knew better.
///
/// ```
/// use polity_protocols::{AgentId, DemandId, Judged, TaskId};
/// let lost = Judged { task: TaskId::new(0, 1), demand: DemandId(0), agent: AgentId(3), quality: 0.0 };
/// assert!(lost.quality < 1.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// Which task.
    pub task: TaskId,
    /// What it demanded.
    pub demand: DemandId,
    /// Who did it.
    pub agent: AgentId,
    /// How good the result was after all, 0..=1.
    pub quality: f64,
}

/// The ways in which an award can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// The agent did it.
    Succeeded,
    /// The agent tried and failed (or ran out of time).
    Failed,
    /// The agent did not take it: its slots and queue were full, or it can't do it.
    Refused,
    /// It was withdrawn before it ended.
    Cancelled,
    /// The agent was lost while it had it.
    Lost,
}
impl Ended {
    /// True for [`Ended::Succeeded`].
    pub fn is_success(self) -> bool {
        self == Ended::Succeeded
    }
    /// True if it says something of the agent's skill: it succeeded or failed at the work itself.
    pub fn is_evidence(self) -> bool {
        matches!(self, Ended::Succeeded | Ended::Failed)
    }
}
