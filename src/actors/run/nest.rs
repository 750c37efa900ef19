//! The sub-runs of a run: tasks that are workflows, tasks that are decomposed, and work that an agent hands on.

use super::RunActor;
use crate::actors::messages::RunMail;
use crate::actors::{Book, Budget};
use crate::delegation::{Lineage, Purse, Rounds};
use crate::event::{Parent, RunId, RunStatus};
use crate::lifecycle::RetryBudget;
use crate::plan::NodeIx;
use crate::report::{Below, Recall};
use crate::runtime::RunResult;
use crate::workflow::{Delegate, Workflow};
use crate::world::{AlarmId, World};
use actix::Addr;
use polity_agents::{Failure, FailureKind, HandedOn, Job};
use polity_protocols::{AgentId, Name, Time};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::oneshot;

/// What makes runs below others: the outer edge knows how.
pub(crate) trait Launch {
    /// Begins a sub-run.
    fn begin_child(&self, setup: ChildSetup) -> Result<(RunId, Addr<RunActor>), String>;
    /// It has ended: what was made for it alone goes.
    fn end_child(&self, run: RunId);
    /// The workflow that a text holds, as far as this society can do it.
    fn read(&self, text: &str) -> Result<Workflow, String>;
    /// Whether these agents are here.
    fn team_of(&self, ids: &[Name]) -> Result<(), String>;
}

/// A sub-run that is to begin.
pub(crate) struct ChildSetup {
    pub(crate) workflow: Arc<Workflow>,
    pub(crate) inputs: BTreeMap<Name, Value>,
    pub(crate) name: Name,
    /// Who governs the task that it is a part of.
    pub(crate) book: Rc<Book>,
    /// Its own strategies count.
    pub(crate) their_own: bool,
    /// Who does it, by the ids of agents; the team of `book` if none.
    pub(crate) team: Option<Vec<Name>>,
    pub(crate) origin: Origin,
    /// What it is to undo, if it does nothing else.
    pub(crate) recall: Recall,
    pub(crate) finish: Finish,
}

/// Where a run comes from.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(crate) parent: Option<Parent>,
    pub(crate) lineage: Lineage,
    /// What its own tasks draw from; none if a program asked for the run.
    pub(crate) purse: Option<Arc<Purse>>,
    /// Sub-agents that were made for it.
    pub(crate) agents: u32,
    /// What it and its sub-runs have for retries; no bound if none.
    pub(crate) budget: Option<Budget>,
    /// Its tasks are done one after the other, since those of the run above are.
    pub(crate) alone: bool,
    /// A run above may have to undo what it did.
    pub(crate) is_undone_above: bool,
    /// What is in its idempotency keys beside its name.
    pub(crate) salt: Name,
}
impl Origin {
    /// A program asked for it.
    pub(crate) fn root(workflow: &Workflow, salt: Name) -> Origin {
        let budget = workflow.limits.retry_budget.map(|limit| Rc::new(RefCell::new(RetryBudget::new(limit))));
        let lineage = Lineage::root(&workflow.delegation);
        Origin { parent: None, lineage, purse: None, agents: 0, budget, alone: false, is_undone_above: false, salt }
    }
    /// The run above it; itself for none.
    pub(crate) fn parent_run(&self) -> u32 {
        self.parent.map_or(u32::MAX, |parent| parent.run.0)
    }
}

/// Who waits for a run's end.
pub(crate) enum Finish {
    /// A program.
    Outside(oneshot::Sender<RunResult>),
    /// The run that it is a part of.
    Parent(ParentLine),
}

/// The way to the run above.
pub(crate) struct ParentLine {
    pub(super) parent: Addr<RunActor>,
    /// The task of the run above.
    pub(super) task: u32,
    /// Which of its sub-runs.
    pub(super) number: u32,
}
impl ParentLine {
    /// Tells the run above of the end.
    pub(super) fn tell(&self, world: &World, end: ChildEnd) {
        world.tell_run(&self.parent, RunMail::ChildEnded { task: self.task, number: self.number, end });
    }
}

/// How a sub-run ended.
pub(crate) struct ChildEnd {
    pub(crate) status: RunStatus,
    /// Its outputs, or what its last tasks gave.
    pub(crate) results: Vec<(Name, Value)>,
    /// The first failure.
    pub(crate) failure: Option<Arc<Failure>>,
    /// What it did and did not undo itself, where a run above may have to.
    pub(crate) did: Option<Box<Below>>,
    /// It undid all that it was to undo.
    pub(crate) nothing_left: bool,
    /// The effects that it could not undo, by path.
    pub(crate) left: Vec<(Name, String)>,
}

impl ChildEnd {
    /// A sub-run that was cut short.
    pub(super) fn lost() -> ChildEnd {
        let failure = Failure::new(FailureKind::Panic, "its sub-run was lost: this is a defect of polity");
        let (status, failure) = (RunStatus::Failed, Some(Arc::new(failure)));
        ChildEnd { status, results: Vec::new(), failure, did: None, nothing_left: false, left: Vec::new() }
    }
}

/// What the agent of a task gave instead of its result.
pub(crate) enum Handed {
    /// Work that it hands on.
    Work(HandedOn),
    /// What it answered, where it was asked to decompose.
    Answer(Arc<Value>),
}

/// Why a task has sub-runs.
pub(super) enum Cause {
    /// It is a workflow.
    Fixed,
    /// Its agent handed it on.
    HandedOn,
    /// It is there to be decomposed.
    Delegate(Arc<Delegate>),
    /// It failed, and another way is asked for.
    Alternative(Arc<Delegate>, Arc<Failure>),
}

/// How a task shall end, once its sub-run has.
pub(super) enum Closing {
    Cancelled,
    Failed(Failure),
}

/// A task that is done by sub-runs.
pub(super) struct Compound {
    pub(super) node: NodeIx,
    pub(super) cause: Cause,
    /// What it works on, and what is asked again.
    pub(super) job: Job,
    pub(super) began: Time,
    /// Who handed it on.
    pub(super) by: Option<AgentId>,
    pub(super) attempts: u32,
    pub(super) rounds: Rounds,
    /// Times that another way was asked for.
    pub(super) replans: u32,
    /// Jobs that asked an agent, but for the first under the task's own number.
    pub(super) asked: u32,
    /// The sub-run that goes on, and how many there were.
    pub(super) child: Option<(RunId, Addr<RunActor>)>,
    pub(super) children: u32,
    /// What the last of them does, and the team that it has of its own.
    pub(super) last: Option<(Arc<Workflow>, Option<Vec<Name>>)>,
    /// The job that asks an agent, by its number.
    pub(super) asking: Option<u32>,
    pub(super) closing: Option<Closing>,
    pub(super) alarm: Option<AlarmId>,
}

/// The sub-runs of a run.
pub(super) struct Nest {
    pub(super) launcher: Rc<dyn Launch>,
    pub(super) origin: Origin,
    pub(super) their_own: bool,
    /// What its sub-runs draw from.
    pub(super) purse: Arc<Purse>,
    pub(super) all: BTreeMap<u32, Compound>,
    /// Numbers of jobs that ask an agent → the task.
    pub(super) asks: BTreeMap<u32, u32>,
}
impl Nest {
    pub(super) fn new(launcher: Rc<dyn Launch>, origin: Origin, their_own: bool, workflow: &Workflow, now: Time) -> Nest {
        let purse = Purse::new(workflow.delegation.budget, origin.purse.clone(), now);
        Nest { launcher, origin, their_own, purse, all: BTreeMap::new(), asks: BTreeMap::new() }
    }
}

impl Compound {
    pub(super) fn new(node: NodeIx, cause: Cause, job: Job, began: Time) -> Compound {
        let converge = match &cause {
            Cause::Delegate(delegate) => delegate.converge.clone(),
            _ => None,
        };
        Compound {
            node,
            cause,
            job,
            began,
            by: None,
            attempts: 1,
            rounds: Rounds::new(converge),
            replans: 0,
            asked: 0,
            child: None,
            children: 0,
            last: None,
            asking: None,
            closing: None,
            alarm: None,
        }
    }
    /// How often another way may be asked for.
    pub(super) fn most_replans(&self) -> u32 {
        match &self.cause {
            Cause::Delegate(delegate) | Cause::Alternative(delegate, _) => delegate.replans,
            Cause::Fixed | Cause::HandedOn => 0,
        }
    }
}
