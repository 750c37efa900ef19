//! One truth: what happened, in the order in which it happened. Everything else is a fold over it.
//!
//! An [`Event`] is compact: agents and tasks are numbers in it. [`Names`] turns them into words again, and is itself a fold: the events
//! that introduce a thing ([`What::RunStarted`], [`What::Expanded`], [`What::AgentJoined`]) carry its name.

mod disturbance;
mod line;
mod log;
mod names;

pub use disturbance::Disturbance;
pub use line::{Line, line};
pub use log::{EventLog, Sink};
pub use names::Names;

use crate::plan::Join;
use crate::supervision::Circuit;
use core::time::Duration;
use polity_agents::{Failure, FailureKind, Undeliverable};
use polity_protocols::{AgentId, Decision, Name, TaskId, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// A run of one workflow, numbered within its runtime from 0.
///
/// ```
/// assert!(polity::event::RunId(0).is_run());
/// assert!(!polity::event::RunId::SOCIETY.is_run());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub u32);
impl RunId {
    /// What concerns no single run: agents that come and go.
    pub const SOCIETY: RunId = RunId(u32::MAX);
    /// True for a run, false for [`RunId::SOCIETY`].
    pub fn is_run(self) -> bool {
        self != RunId::SOCIETY
    }
}

/// Copies of tasks are numbered within their run from here on; other instances are below.
pub const COPIES: u32 = 1 << 31;
/// The round of a sub-run that undoes what another did, in [`What::Nested`].
pub const UNDOING: u32 = u32::MAX;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When, in the world's time.
    pub at: Time,
    /// Its number within the runtime, without gaps, from 0.
    pub seq: u64,
    /// In which run.
    pub run: RunId,
    /// What.
    pub what: What,
}

/// Everything that can happen, in the past tense, in the order of a run.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // the variants' sentences name their fields
pub enum What {
    /// An agent joined: at the start, or again with a new incarnation after it was lost.
    AgentJoined { agent: AgentId, name: Name, incarnation: u64 },
    /// An agent was lost: it panicked, ended, or was stopped.
    AgentLost { agent: AgentId, incarnation: u64, reason: Name },
    /// An agent failed too often, and is not restarted any more.
    AgentGivenUp { agent: AgentId, reason: Name },
    /// A coordinator was lost and will be built again from what it had saved.
    CoordinatorLost { strategy: Name, epoch: u32, reason: Name },
    /// A supervisor below the root was lost: its children failed too often in too short a time. The one above it starts it again, with
    /// all its children, or gives it up.
    SupervisorLost { name: Name, incarnation: u64, reason: Name },
    /// The breaker of an agent for a kind of work (empty: work without a type) opened, half-opened or closed at a coordinator, and why: as
    /// long as it is open, or half-open with its probes out, the agent is passed over for that work.
    BreakerTurned { agent: AgentId, work: Name, coordinator: u32, circuit: Circuit, reason: Name },
    /// An elastic pool has so many replicas from now on: work waited, or there was too little.
    PoolResized { pool: Name, replicas: u32 },
    /// Something goes wrong on purpose, or right again: what, with whom (none: with all), and more of it.
    Disturbed { fault: Disturbance, agents: Arc<[AgentId]>, reason: Name },
    /// A supervisor gave up: too many restarts in too short a time.
    Escalated { reason: Name },
    /// What an agent (or the `program`) told another, or all who listen to a `topic`, was taken by nobody: a dead letter, with its cause.
    /// `agent` is whose inbox it was for, `body` the beginning of its content.
    Undelivered { from: Name, to: Name, topic: bool, agent: Option<AgentId>, cause: Undeliverable, reason: Name, body: Name },
    /// A run began.
    RunStarted(Arc<RunHead>),
    /// A `for_each` task became so many instances, the first of which has the number `first`.
    Expanded { task: TaskId, first: u32, labels: Arc<[Name]> },
    /// Another agent shall do a redundant task too: the copy has a number of its own, from [`COPIES`] on, and is the `number`th of them.
    Copied { task: TaskId, copy: u32, number: u32 },
    /// The copies of a task have voted by their results: who gave the one that stands, who another one, and why it stands or none does.
    Voted { task: TaskId, agree: Arc<[AgentId]>, differ: Arc<[AgentId]>, reason: Name },
    /// A task became ready and was announced to the coordinator. `launch` counts awards: it is one more for each announcement.
    Announced { task: TaskId, attempt: u32 },
    /// The protocol gave the task to an agent.
    Assigned { task: TaskId, agent: AgentId, attempt: u32, launch: u32, decision: Arc<Decision> },
    /// The agent did not take it; it will be announced again.
    Refused { task: TaskId, agent: AgentId, launch: u32 },
    /// The agent began to work on it.
    Started { task: TaskId, agent: AgentId, launch: u32 },
    /// The agent was lost under it; it will be announced again, which is not an attempt of its own.
    Displaced { task: TaskId, agent: AgentId, launch: u32 },
    /// An attempt failed, and another will follow at the given time.
    Retried { task: TaskId, agent: AgentId, attempt: u32, failure: Arc<Failure>, at: Time },
    /// The attempt that would follow now has to wait until the given time, or longer: the run's retry budget is spent.
    Postponed { task: TaskId, attempt: u32, at: Time, reason: Name },
    /// A task set a key of its run's blackboard, which counts its version up.
    StateChanged { task: TaskId, key: Name, version: u64, value: Arc<Value> },
    /// A task set what another (`by`) had changed since it saw it: it had seen version `seen` and found another. Either its write was
    /// rejected, or the last writer won.
    StateConflict { task: TaskId, key: Name, seen: u64, found: u64, by: Option<TaskId>, rejected: bool },
    /// The run is paused: nothing new begins.
    RunPaused,
    /// The run goes on.
    RunResumed,
    /// The task is paused: it does not begin, and is not tried again.
    Paused { task: TaskId },
    /// The task goes on.
    Resumed { task: TaskId },
    /// A job wrote something worth knowing: what was cut, what was left behind.
    Noted { task: TaskId, note: Name },
    /// The task ended well.
    Completed { task: TaskId, agent: AgentId, attempts: u32, took: Duration, output: Arc<Value> },
    /// The task failed for good.
    Failed { task: TaskId, agent: Option<AgentId>, attempts: u32, failure: Arc<Failure> },
    /// The task was not done again: its output was taken from the record of an earlier run.
    Recalled { task: TaskId, output: Arc<Value> },
    /// The task that has just failed for good is a dead letter: it can be looked at, and run again. `input` is the hash of what it was to
    /// work on.
    DeadLettered { task: TaskId, cause: DeathCause, input: Name },
    /// The task was not needed, and why.
    Skipped { task: TaskId, reason: Name },
    /// The task can never start: the chain of causes, from its own dependency to the root.
    Blocked { task: TaskId, causes: Arc<[u32]> },
    /// The task was cancelled.
    Cancelled { task: TaskId },
    /// The agent handed the task's work on instead of doing it: its job is over, the task is not.
    Delegated { task: TaskId, agent: AgentId, attempts: u32, took: Duration },
    /// The task failed for good, and another way is asked for.
    Replanned { task: TaskId, agent: Option<AgentId>, attempts: u32, failure: Arc<Failure> },
    /// The task failed for good, and the `handler`th of its error handlers (from 1) takes the failure: what it does, by the key that says it,
    /// and why it is this one.
    Handled { task: TaskId, handler: u32, does: Name, reason: Name },
    /// A sub-run of the task begins: its number, how often its work was handed on, and the round from 0; [`UNDOING`] if it undoes
    /// what another did.
    Nested { task: TaskId, child: RunId, depth: u32, round: u32 },
    /// The task ended well without an agent's answer of its own: its output is made of the results of its sub-runs, is that of the task that
    /// took its place, or is what its error handler gives.
    Synthesized { task: TaskId, took: Duration, output: Arc<Value> },
    /// The run will not come to its end, so that what it did is undone once what is under way has ended. `because` says how it would end:
    /// it failed, it was cancelled, or a supervisor gave up.
    TurnedBack { because: RunStatus },
    /// A completed task is to be undone, by a job of this number.
    Compensating { task: TaskId, undo: u32 },
    /// What the task did is undone.
    Compensated { task: TaskId },
    /// What the task did is left, and why.
    Uncompensated { task: TaskId, reason: Name },
    /// The task is needed no more, since the join of task `by` is met: it is cancelled, unless it comes to its own end before that. If it has
    /// ended already, the word of its end and this crossed, and this changes nothing.
    CalledOff { task: TaskId, by: u32 },
    /// All instances of a `for_each` task ended.
    Joined { task: TaskId, succeeded: bool },
    /// Nothing is ready and nothing is being done, but the run has not ended: a defect, and what waits for what.
    Stalled { reason: Name },
    /// A coordinator closed its books for the run: what its decisions cost, and how its agents stand with it.
    Governed(Arc<Governance>),
    /// The run ended.
    RunEnded(Arc<RunTail>),
}

/// Why a task became a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeathCause {
    /// Its attempts are spent, or its time.
    Exhausted,
    /// It failed in a way that trying again does not help: what it was given is wrong.
    Hopeless,
    /// The agents that had it died under it, too often.
    Poison,
    /// No agent would or could take it: those that could are gone.
    NobodyLeft,
}
impl DeathCause {
    /// All of them.
    pub const ALL: [DeathCause; 4] = [DeathCause::Exhausted, DeathCause::Hopeless, DeathCause::Poison, DeathCause::NobodyLeft];
    /// The cause that a final failure tells of; none if the task was but cancelled.
    ///
    /// ```
    /// use polity::agents::FailureKind;
    /// use polity::event::DeathCause;
    /// assert_eq!(DeathCause::of(FailureKind::Timeout), Some(DeathCause::Exhausted));
    /// assert_eq!(DeathCause::of(FailureKind::Cancelled), None);
    /// ```
    pub fn of(kind: FailureKind) -> Option<DeathCause> {
        match kind {
            FailureKind::Cancelled => None,
            FailureKind::Poison => Some(DeathCause::Poison),
            FailureKind::Unassigned => Some(DeathCause::NobodyLeft),
            kind if kind.is_final() => Some(DeathCause::Hopeless),
            _ => Some(DeathCause::Exhausted),
        }
    }
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            DeathCause::Exhausted => "exhausted",
            DeathCause::Hopeless => "hopeless",
            DeathCause::Poison => "poison",
            DeathCause::NobodyLeft => "nobody_left",
        }
    }
}

/// What a run is, as it begins: enough to read the rest of the log without the file that it came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunHead {
    /// Its memorable name.
    pub name: Name,
    /// The workflow's name.
    pub workflow: Name,
    /// SHA-256 of the workflow's text.
    pub hash: String,
    /// The protocol, with its settings.
    pub strategy: Name,
    /// The protocol's settings.
    pub settings: Value,
    /// Teams and strategies of tasks that have others than that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offices: Vec<Office>,
    /// What it did is undone if it does not come to its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub compensates: bool,
    /// Of a sub-run that a run above may have to undo: the tasks that have something that undoes them, by number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undoes: Vec<u32>,
    /// The run that it goes on with: its tasks have that one's idempotency keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumes: Option<Name>,
    /// What is in its idempotency keys beside its name, or the name of the run that it goes on with; none in virtual time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<Name>,
    /// The task that it is a sub-run of; none if a program asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// SHA-256 of what coordinators had learned before; none if they began with nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
    /// The seed of all randomness.
    pub seed: u64,
    /// True in virtual time.
    pub simulated: bool,
    /// The ids of the tasks; task `n` of the workflow is number `n` in this run until it is expanded.
    pub tasks: Arc<[Name]>,
    /// The kind of each task.
    pub kinds: Arc<[Name]>,
    /// What each task waits for.
    pub dependencies: Arc<[Vec<u32>]>,
    /// The joins of the tasks that have one of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub joins: Vec<(u32, Join)>,
    /// The agents of the society, by number.
    pub agents: Arc<[Name]>,
    /// Slots of each agent.
    pub slots: Arc<[u32]>,
    /// The inputs that it was given, without secrets.
    pub inputs: Value,
}

/// The task that a sub-run belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Its run.
    pub run: RunId,
    /// Its number there.
    pub task: u32,
}

/// A coordinator of a run beside the usual one: a team, or a strategy of single tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Office {
    /// The team; all agents if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<Name>,
    /// The protocol.
    pub strategy: Name,
    /// The protocol's settings.
    pub settings: Value,
    /// The tasks of the workflow that it governs, by number.
    pub tasks: Vec<u32>,
}

/// What it cost to govern a team through a run, and how its agents stand in the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Governance {
    /// The team; all agents if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<Name>,
    /// The protocol.
    pub strategy: Name,
    /// Tasks that were awarded.
    pub decisions: u64,
    /// Tasks that were given to nobody.
    pub declined: u64,
    /// Rounds of talk, over all decisions.
    pub rounds: u64,
    /// Messages between the coordinator and its agents while the run went on, reports and the like included. Where several runs shared
    /// the coordinator, each counts them all.
    pub messages: u64,
    /// Bytes of these messages as JSON, estimated from every sixteenth.
    pub bytes: u64,
    /// From announcement to award: half of the decisions took no longer. Within an eighth.
    pub latency_p50_ns: u64,
    /// From announcement to award: 99 of 100 decisions took no longer. Within an eighth.
    pub latency_p99_ns: u64,
    /// What the protocol thinks of each agent: reputation, earnings, trust, trails. At most [`Governance::STANDINGS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub standings: Vec<Standing>,
}
impl Governance {
    /// So many agents are told of at most, the first.
    pub const STANDINGS: usize = 1_000;
}
/// What a protocol thinks of an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// Who, by number.
    pub agent: AgentId,
    /// Figures by name.
    pub figures: Vec<(Name, f64)>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunTail {
    /// In which way.
    pub status: RunStatus,
    /// Task instances by how they ended.
    pub tally: Counts,
    /// Its outputs, an object.
    pub outputs: Value,
    /// What could not be computed or was left over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// Tasks that were undone.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub compensated: u32,
    /// Effects that are left since they could not be undone: the task, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<(Name, String)>,
    /// Messages that came too late and were ignored (fencing).
    #[serde(default)]
    pub ignored: u64,
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// Task instances by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Ended well.
    pub completed: u32,
    /// Failed for good.
    pub failed: u32,
    /// Not needed.
    pub skipped: u32,
    /// Made impossible by a failure.
    pub blocked: u32,
    /// Cancelled.
    pub cancelled: u32,
}
impl Counts {
    /// All that ended.
    pub fn ended(&self) -> u32 {
        self.completed + self.failed + self.skipped + self.blocked + self.cancelled
    }
}

/// The ways in which a run can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Every task completed or was skipped, and every output could be computed.
    Completed,
    /// A task failed, or an output could not be computed.
    Failed,
    /// It was cancelled.
    Cancelled,
    /// A task failed, and not all that was done could be undone.
    Stuck,
    /// A task failed since the budget that it drew from was spent.
    Overspent,
    /// A supervisor gave up.
    Escalated,
}
impl RunStatus {
    /// The exit code of the command line.
    ///
    /// ```
    /// assert_eq!(polity::event::RunStatus::Cancelled.exit_code(), 6);
    /// ```
    pub fn exit_code(self) -> u8 {
        match self {
            RunStatus::Completed => 0,
            RunStatus::Failed => 1,
            RunStatus::Overspent => 5,
            RunStatus::Stuck => 7,
            RunStatus::Cancelled => 6,
            RunStatus::Escalated => 70,
        }
    }
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            RunStatus::Completed => "completed",
            RunStatus::Failed => "failed",
            RunStatus::Overspent => "overspent",
            RunStatus::Stuck => "stuck",
            RunStatus::Cancelled => "cancelled",
            RunStatus::Escalated => "escalated",
        }
    }
}
