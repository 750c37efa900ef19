//! One event as one line of JSON, and back.
//!
//! A line carries both the names, for people, and the numbers (`task_n`, `agent_n`, `run_n`), so that reading it back loses nothing.

use super::{DeathCause, Disturbance, Event, Governance, Names, RunHead, RunId, RunStatus, RunTail, What};
use crate::supervision::Circuit;
use core::time::Duration;
use polity_agents::{Failure, Undeliverable};
use polity_protocols::{AgentId, Decision, Name, TaskId, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;

/// An event with its names resolved: what `events.ndjson` and `--json` print, one a line.
///
/// ```
/// use polity::event::{Event, Line, Names, RunId, What};
/// use polity_protocols::{TaskId, Time};
/// let event = Event { at: Time::ZERO, seq: 3, run: RunId(0), what: What::Announced { task: TaskId::new(0, 1), attempt: 1 } };
/// let text = serde_json::to_string(&Line::of(&event, &Names::default())).unwrap();
/// let back: Line = serde_json::from_str(&text).unwrap();
/// assert_eq!(back.event(), Some(event));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // the fields of all kinds of event, named as in `What`
pub struct Line {
    pub at_ns: u64,
    pub seq: u64,
    pub event: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_n: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_n: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_n: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incarnation: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child_n: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub succeeded: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<Arc<[Name]>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causes: Option<Vec<Name>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causes_n: Option<Arc<[u32]>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agree: Option<Vec<Name>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agree_n: Option<Arc<[AgentId]>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differ: Option<Vec<Name>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differ_n: Option<Arc<[AgentId]>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Disturbance>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agents: Option<Vec<Name>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agents_n: Option<Arc<[AgentId]>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Undeliverable>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handler: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub does: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_n: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub death: Option<DeathCause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub circuit: Option<Circuit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<RunStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supervisor: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Arc<Decision>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Arc<Failure>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub output: Option<Arc<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<Arc<RunHead>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub governance: Option<Arc<Governance>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tail: Option<Arc<RunTail>>,
}

/// An output of `null` is an output.
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Arc<Value>>, D::Error> {
    Value::deserialize(from).map(|value| Some(Arc::new(value)))
}

/// One event as a line of JSON, without the line's end.
pub fn line(event: &Event, names: &Names) -> String {
    serde_json::to_string(&Line::of(event, names)).expect("an event is made of what JSON can hold")
}

impl Line {
    /// The line of an event.
    pub fn of(event: &Event, names: &Names) -> Line {
        let mut line = Line {
            at_ns: event.at.as_nanos(),
            seq: event.seq,
            run: names.run(event.run),
            run_n: event.run.is_run().then_some(event.run.0),
            ..Line::default()
        };
        line.fill(&event.what, names);
        line
    }
    fn fill(&mut self, what: &What, names: &Names) {
        self.event = Cow::Borrowed(what.word());
        if let Some(task) = what.task() {
            self.task = Some(names.task(task));
            self.task_n = Some(task.instance());
        }
        if let Some(agent) = what.agent() {
            self.agent = Some(names.agent(agent));
            self.agent_n = Some(agent.0);
        }
        match what {
            What::AgentJoined { name, incarnation, .. } => {
                self.agent = Some(name.clone());
                self.incarnation = Some(*incarnation);
            }
            What::AgentLost { incarnation, reason, .. } => {
                self.incarnation = Some(*incarnation);
                self.reason = Some(reason.clone());
            }
            What::CoordinatorLost { strategy, epoch, reason } => {
                self.strategy = Some(strategy.clone());
                self.incarnation = Some(u64::from(*epoch));
                self.reason = Some(reason.clone());
            }
            What::SupervisorLost { name, incarnation, reason } => {
                self.supervisor = Some(name.clone());
                self.incarnation = Some(*incarnation);
                self.reason = Some(reason.clone());
            }
            What::BreakerTurned { work, coordinator, circuit, reason, .. } => {
                (self.work, self.first, self.circuit) = (Some(work.clone()), Some(*coordinator), Some(*circuit));
                self.reason = Some(reason.clone());
            }
            What::Postponed { attempt, at, reason, .. } => {
                (self.attempt, self.retry_at_ns) = (Some(*attempt), Some(at.as_nanos()));
                self.reason = Some(reason.clone());
            }
            What::PoolResized { pool, replicas } => {
                self.agent = Some(pool.clone());
                self.first = Some(*replicas);
            }
            What::Disturbed { fault, agents, reason } => {
                self.fault = Some(*fault);
                self.agents = Some(agents.iter().map(|agent| names.agent(*agent)).collect());
                (self.agents_n, self.reason) = (Some(agents.clone()), Some(reason.clone()));
            }
            What::AgentGivenUp { reason, .. }
            | What::Escalated { reason }
            | What::Stalled { reason }
            | What::Skipped { reason, .. }
            | What::Noted { note: reason, .. } => {
                self.reason = Some(reason.clone());
            }
            What::Undelivered { from, to, topic, cause, reason, body, .. } => {
                (self.from, self.to, self.topic) = (Some(from.clone()), Some(to.clone()), Some(*topic));
                (self.cause, self.reason, self.body) = (Some(*cause), Some(reason.clone()), Some(body.clone()));
            }
            What::DeadLettered { cause, input, .. } => (self.death, self.input) = (Some(*cause), Some(input.clone())),
            What::RunStarted(head) => self.head = Some(head.clone()),
            What::Governed(governance) => self.governance = Some(governance.clone()),
            What::RunEnded(tail) => self.tail = Some(tail.clone()),
            What::Expanded { first, labels, .. } => {
                self.first = Some(*first);
                self.labels = Some(labels.clone());
            }
            What::Copied { copy, number, .. } => {
                self.first = Some(*copy);
                self.launch = Some(*number);
            }
            What::Voted { agree, differ, reason, .. } => {
                let named = |all: &[AgentId]| all.iter().map(|agent| names.agent(*agent)).collect::<Vec<_>>();
                (self.agree, self.differ) = (Some(named(agree)), Some(named(differ)));
                (self.agree_n, self.differ_n) = (Some(agree.clone()), Some(differ.clone()));
                self.reason = Some(reason.clone());
            }
            What::Announced { attempt, .. } => self.attempt = Some(*attempt),
            What::Assigned { attempt, launch, decision, .. } => {
                self.attempt = Some(*attempt);
                self.launch = Some(*launch);
                self.decision = Some(decision.clone());
            }
            What::Refused { launch, .. } | What::Started { launch, .. } | What::Displaced { launch, .. } => {
                self.launch = Some(*launch);
            }
            What::Retried { attempt, failure, at, .. } => {
                self.attempt = Some(*attempt);
                self.failure = Some(failure.clone());
                self.retry_at_ns = Some(at.as_nanos());
            }
            What::Completed { attempts, took, output, .. } => {
                self.attempt = Some(*attempts);
                self.took_ns = Some(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
                self.output = Some(output.clone());
            }
            What::Failed { attempts, failure, .. } => {
                self.attempt = Some(*attempts);
                self.failure = Some(failure.clone());
            }
            What::StateChanged { key, version, value, .. } => {
                (self.key, self.version, self.output) = (Some(key.clone()), Some(*version), Some(value.clone()));
            }
            What::StateConflict { key, seen, found, by, rejected, .. } => {
                (self.key, self.seen, self.version) = (Some(key.clone()), Some(*seen), Some(*found));
                (self.by_n, self.rejected) = (by.map(TaskId::instance), Some(*rejected));
            }
            What::Recalled { output, .. } => self.output = Some(output.clone()),
            What::Blocked { task, causes } => {
                self.causes = Some(causes.iter().map(|n| names.task(TaskId::new(task.run(), *n))).collect());
                self.causes_n = Some(causes.clone());
            }
            What::CalledOff { task, by } => {
                self.causes = Some(vec![names.task(TaskId::new(task.run(), *by))]);
                self.causes_n = Some([*by].into());
            }
            What::Joined { succeeded, .. } => self.succeeded = Some(*succeeded),
            What::Delegated { attempts, took, .. } => {
                self.attempt = Some(*attempts);
                self.took_ns = Some(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
            }
            What::Replanned { attempts, failure, .. } => (self.attempt, self.failure) = (Some(*attempts), Some(failure.clone())),
            What::Handled { handler, does, reason, .. } => {
                (self.handler, self.does, self.reason) = (Some(*handler), Some(does.clone()), Some(reason.clone()));
            }
            What::Nested { child, depth, round, .. } => {
                (self.child_n, self.depth, self.attempt) = (Some(child.0), Some(*depth), Some(*round));
            }
            What::Synthesized { took, output, .. } => {
                self.took_ns = Some(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
                self.output = Some(output.clone());
            }
            What::TurnedBack { because } => self.status = Some(*because),
            What::Compensating { undo, .. } => self.first = Some(*undo),
            What::Uncompensated { reason, .. } => self.reason = Some(reason.clone()),
            What::Cancelled { .. }
            | What::Compensated { .. }
            | What::RunPaused
            | What::RunResumed
            | What::Paused { .. }
            | What::Resumed { .. } => {}
        }
    }
    /// The event that this line tells of; `None` if a part of it is missing or its kind is unknown.
    pub fn event(&self) -> Option<Event> {
        let run = self.run_n.map_or(RunId::SOCIETY, RunId);
        Some(Event { at: Time::from_nanos(self.at_ns), seq: self.seq, run, what: self.what(run)? })
    }
    fn what(&self, run: RunId) -> Option<What> {
        let task = self.task_n.map(|n| TaskId::new(run.0, n));
        let agent = self.agent_n.map(AgentId);
        Some(match &*self.event {
            "agent_joined" => What::AgentJoined { agent: agent?, name: self.agent.clone()?, incarnation: self.incarnation? },
            "agent_lost" => What::AgentLost { agent: agent?, incarnation: self.incarnation?, reason: self.reason.clone()? },
            "agent_given_up" => What::AgentGivenUp { agent: agent?, reason: self.reason.clone()? },
            "coordinator_lost" => What::CoordinatorLost {
                strategy: self.strategy.clone()?,
                epoch: u32::try_from(self.incarnation?).ok()?,
                reason: self.reason.clone()?,
            },
            "supervisor_lost" => What::SupervisorLost {
                name: self.supervisor.clone()?,
                incarnation: self.incarnation?,
                reason: self.reason.clone()?,
            },
            "breaker_turned" => What::BreakerTurned {
                agent: agent?,
                work: self.work.clone()?,
                coordinator: self.first?,
                circuit: self.circuit?,
                reason: self.reason.clone()?,
            },
            "pool_resized" => What::PoolResized { pool: self.agent.clone()?, replicas: self.first? },
            "disturbed" => What::Disturbed { fault: self.fault?, agents: self.agents_n.clone()?, reason: self.reason.clone()? },
            "escalated" => What::Escalated { reason: self.reason.clone()? },
            "undelivered" => What::Undelivered {
                from: self.from.clone()?,
                to: self.to.clone()?,
                topic: self.topic?,
                agent,
                cause: self.cause?,
                reason: self.reason.clone()?,
                body: self.body.clone()?,
            },
            "dead_lettered" => What::DeadLettered { task: task?, cause: self.death?, input: self.input.clone()? },
            "run_started" => What::RunStarted(self.head.clone()?),
            "expanded" => What::Expanded { task: task?, first: self.first?, labels: self.labels.clone()? },
            "copied" => What::Copied { task: task?, copy: self.first?, number: self.launch? },
            "voted" => What::Voted {
                task: task?,
                agree: self.agree_n.clone()?,
                differ: self.differ_n.clone()?,
                reason: self.reason.clone()?,
            },
            "announced" => What::Announced { task: task?, attempt: self.attempt? },
            "assigned" => What::Assigned {
                task: task?,
                agent: agent?,
                attempt: self.attempt?,
                launch: self.launch?,
                decision: self.decision.clone()?,
            },
            "refused" => What::Refused { task: task?, agent: agent?, launch: self.launch? },
            "started" => What::Started { task: task?, agent: agent?, launch: self.launch? },
            "displaced" => What::Displaced { task: task?, agent: agent?, launch: self.launch? },
            "retried" => What::Retried {
                task: task?,
                agent: agent?,
                attempt: self.attempt?,
                failure: self.failure.clone()?,
                at: Time::from_nanos(self.retry_at_ns?),
            },
            "postponed" => What::Postponed {
                task: task?,
                attempt: self.attempt?,
                at: Time::from_nanos(self.retry_at_ns?),
                reason: self.reason.clone()?,
            },
            "stalled" => What::Stalled { reason: self.reason.clone()? },
            "delegated" => {
                What::Delegated { task: task?, agent: agent?, attempts: self.attempt?, took: Duration::from_nanos(self.took_ns?) }
            }
            "replanned" => What::Replanned { task: task?, agent, attempts: self.attempt?, failure: self.failure.clone()? },
            "handled" => {
                What::Handled { task: task?, handler: self.handler?, does: self.does.clone()?, reason: self.reason.clone()? }
            }
            "nested" => What::Nested { task: task?, child: RunId(self.child_n?), depth: self.depth?, round: self.attempt? },
            "synthesized" => {
                What::Synthesized { task: task?, took: Duration::from_nanos(self.took_ns?), output: self.output.clone()? }
            }
            "turned_back" => What::TurnedBack { because: self.status? },
            "compensating" => What::Compensating { task: task?, undo: self.first? },
            "compensated" => What::Compensated { task: task? },
            "uncompensated" => What::Uncompensated { task: task?, reason: self.reason.clone()? },
            "noted" => What::Noted { task: task?, note: self.reason.clone()? },
            "completed" => What::Completed {
                task: task?,
                agent: agent?,
                attempts: self.attempt?,
                took: Duration::from_nanos(self.took_ns?),
                output: self.output.clone()?,
            },
            "state_changed" => {
                What::StateChanged { task: task?, key: self.key.clone()?, version: self.version?, value: self.output.clone()? }
            }
            "state_conflict" => What::StateConflict {
                task: task?,
                key: self.key.clone()?,
                seen: self.seen?,
                found: self.version?,
                by: self.by_n.map(|n| TaskId::new(run.0, n)),
                rejected: self.rejected?,
            },
            "recalled" => What::Recalled { task: task?, output: self.output.clone()? },
            "failed" => What::Failed { task: task?, agent, attempts: self.attempt?, failure: self.failure.clone()? },
            "skipped" => What::Skipped { task: task?, reason: self.reason.clone()? },
            "blocked" => What::Blocked { task: task?, causes: self.causes_n.clone()? },
            "cancelled" => What::Cancelled { task: task? },
            "run_paused" => What::RunPaused,
            "run_resumed" => What::RunResumed,
            "paused" => What::Paused { task: task? },
            "resumed" => What::Resumed { task: task? },
            "called_off" => What::CalledOff { task: task?, by: *self.causes_n.as_ref()?.first()? },
            "joined" => What::Joined { task: task?, succeeded: self.succeeded? },
            "governed" => What::Governed(self.governance.clone()?),
            "run_ended" => What::RunEnded(self.tail.clone()?),
            _ => return None,
        })
    }
}

impl What {
    /// The kind's name: the `event` of a line.
    pub fn word(&self) -> &'static str {
        match self {
            What::AgentJoined { .. } => "agent_joined",
            What::AgentLost { .. } => "agent_lost",
            What::AgentGivenUp { .. } => "agent_given_up",
            What::CoordinatorLost { .. } => "coordinator_lost",
            What::SupervisorLost { .. } => "supervisor_lost",
            What::BreakerTurned { .. } => "breaker_turned",
            What::PoolResized { .. } => "pool_resized",
            What::Disturbed { .. } => "disturbed",
            What::Escalated { .. } => "escalated",
            What::Undelivered { .. } => "undelivered",
            What::DeadLettered { .. } => "dead_lettered",
            What::RunStarted(_) => "run_started",
            What::Expanded { .. } => "expanded",
            What::Copied { .. } => "copied",
            What::Voted { .. } => "voted",
            What::Announced { .. } => "announced",
            What::Assigned { .. } => "assigned",
            What::Refused { .. } => "refused",
            What::Started { .. } => "started",
            What::Displaced { .. } => "displaced",
            What::Retried { .. } => "retried",
            What::Postponed { .. } => "postponed",
            What::Stalled { .. } => "stalled",
            What::Noted { .. } => "noted",
            What::Completed { .. } => "completed",
            What::StateChanged { .. } => "state_changed",
            What::StateConflict { .. } => "state_conflict",
            What::Recalled { .. } => "recalled",
            What::Failed { .. } => "failed",
            What::Skipped { .. } => "skipped",
            What::Blocked { .. } => "blocked",
            What::Cancelled { .. } => "cancelled",
            What::RunPaused => "run_paused",
            What::RunResumed => "run_resumed",
            What::Paused { .. } => "paused",
            What::Resumed { .. } => "resumed",
            What::Delegated { .. } => "delegated",
            What::Replanned { .. } => "replanned",
            What::Handled { .. } => "handled",
            What::Nested { .. } => "nested",
            What::Synthesized { .. } => "synthesized",
            What::TurnedBack { .. } => "turned_back",
            What::Compensating { .. } => "compensating",
            What::Compensated { .. } => "compensated",
            What::Uncompensated { .. } => "uncompensated",
            What::CalledOff { .. } => "called_off",
            What::Joined { .. } => "joined",
            What::Governed(_) => "governed",
            What::RunEnded(_) => "run_ended",
        }
    }
    /// The task that it is about.
    pub fn task(&self) -> Option<TaskId> {
        match self {
            What::Expanded { task, .. }
            | What::Copied { task, .. }
            | What::Voted { task, .. }
            | What::Announced { task, .. }
            | What::Assigned { task, .. }
            | What::Refused { task, .. }
            | What::Started { task, .. }
            | What::Displaced { task, .. }
            | What::Retried { task, .. }
            | What::Postponed { task, .. }
            | What::Noted { task, .. }
            | What::Completed { task, .. }
            | What::Failed { task, .. }
            | What::StateChanged { task, .. }
            | What::StateConflict { task, .. }
            | What::Recalled { task, .. }
            | What::DeadLettered { task, .. }
            | What::Skipped { task, .. }
            | What::Blocked { task, .. }
            | What::Cancelled { task }
            | What::Paused { task }
            | What::Resumed { task }
            | What::Delegated { task, .. }
            | What::Replanned { task, .. }
            | What::Handled { task, .. }
            | What::Nested { task, .. }
            | What::Synthesized { task, .. }
            | What::Compensating { task, .. }
            | What::Compensated { task }
            | What::Uncompensated { task, .. }
            | What::CalledOff { task, .. }
            | What::Joined { task, .. } => Some(*task),
            _ => None,
        }
    }
    /// The agent that it is about.
    pub fn agent(&self) -> Option<AgentId> {
        match self {
            What::AgentJoined { agent, .. }
            | What::AgentLost { agent, .. }
            | What::AgentGivenUp { agent, .. }
            | What::BreakerTurned { agent, .. }
            | What::Assigned { agent, .. }
            | What::Refused { agent, .. }
            | What::Started { agent, .. }
            | What::Displaced { agent, .. }
            | What::Retried { agent, .. }
            | What::Delegated { agent, .. }
            | What::Completed { agent, .. } => Some(*agent),
            What::Failed { agent, .. } | What::Replanned { agent, .. } | What::Undelivered { agent, .. } => *agent,
            _ => None,
        }
    }
}
