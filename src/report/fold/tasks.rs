//! What events say of tasks.

use super::Report;
use crate::event::{COPIES, What};
use crate::report::record::{State, Step};
use crate::report::text::failure_line;
use core::time::Duration;
use polity_protocols::{AgentId, TaskId, Time};

impl Report {
    pub(super) fn task_event(&mut self, at: Time, what: &What) {
        let keeps = self.keeps;
        let Some(task) = what.task() else { return };
        let Some(record) = self.open(task) else { return };
        match what {
            What::Announced { attempt, .. } => {
                record.announce(at, *attempt);
                if keeps {
                    record.step(at, Step::Announced { attempt: *attempt });
                }
            }
            What::Assigned { agent, attempt, launch, decision, .. } => {
                record.assign(at, *agent, *attempt, *launch);
                if keeps {
                    let (agent, attempt, launch, decision) = (*agent, *attempt, *launch, decision.clone());
                    record.step(at, Step::Awarded { agent, attempt, launch, decision });
                }
                self.cost.add(decision);
            }
            What::Started { agent, .. } => {
                record.start(at, *agent);
                if keeps {
                    record.step(at, Step::Started { agent: *agent });
                }
            }
            What::Voted { agree, differ, reason, .. } => {
                record.step(at, Step::Voted { agree: agree.clone(), differ: differ.clone(), reason: reason.clone() });
            }
            What::Noted { note, .. } => record.step(at, Step::Noted(note.clone())),
            What::Handled { handler, does, reason, .. } => {
                record.step(at, Step::Handled { handler: *handler, does: does.clone(), reason: reason.clone() });
            }
            What::Postponed { reason, .. } => {
                record.step(at, Step::Noted(format!("its retry waits longer: {reason}").into()));
                self.cost.postponed += 1;
            }
            What::Refused { .. } | What::Displaced { .. } | What::Retried { .. } => self.again(at, task, what),
            What::Delegated { .. } | What::Replanned { .. } if task.instance() < COPIES => self.hand_on(at, task, what),
            What::Nested { .. } => record.nested(at),
            what => self.end(at, task, what),
        }
    }
    /// Its agent is done with it, and sub-runs go on.
    fn hand_on(&mut self, at: Time, task: TaskId, what: &What) {
        let spent = self.stop(at, task);
        let (agent, note) = match what {
            What::Replanned { agent, failure, .. } => {
                agent.iter().for_each(|agent| self.agent(*agent).failed += 1);
                (*agent, format!("it failed for good ({}), and another way is asked for", failure_line(failure)))
            }
            What::Delegated { agent, .. } => {
                self.did(*agent, spent);
                (Some(*agent), "its agent handed the work on".into())
            }
            _ => return,
        };
        let Some(record) = self.record(task.instance()) else { return };
        (record.state, record.agent) = (State::Nested, agent.or(record.agent));
        record.step(at, Step::Noted(note.into()));
    }
    /// The job is over and the task is not.
    fn again(&mut self, at: Time, task: TaskId, what: &What) {
        let (state, step) = match what {
            What::Refused { agent, .. } => (State::Pending, Step::Refused { agent: *agent }),
            What::Displaced { agent, .. } => (State::Pending, Step::Displaced { agent: *agent }),
            What::Retried { agent, attempt, failure, at: again, .. } => {
                let (agent, attempt, failure, again) = (*agent, *attempt, failure.clone(), *again);
                (State::BackingOff, Step::Retried { agent, attempt, failure, again })
            }
            _ => return,
        };
        match &step {
            Step::Refused { .. } => self.cost.refusals += 1,
            Step::Displaced { .. } => self.cost.displaced += 1,
            Step::Retried { agent, .. } => {
                self.cost.retries += 1;
                self.agent(*agent).failed += 1;
            }
            _ => {}
        }
        self.stop(at, task);
        let Some(record) = self.record(task.instance()) else { return };
        if let Step::Retried { attempt, .. } = &step {
            record.attempts = record.attempts.max(*attempt);
        }
        record.state = state;
        record.step(at, step);
    }
    fn end(&mut self, at: Time, task: TaskId, what: &What) {
        let spent = self.stop(at, task);
        let keeps = self.keeps;
        let voted = self.voted.contains(&task.instance());
        match what {
            _ if voted => {} // its copies did the work
            What::Completed { agent, .. } | What::Delegated { agent, .. } => self.did(*agent, spent),
            What::Failed { agent: Some(agent), .. } => self.agent(*agent).failed += 1,
            _ => {}
        }
        let Some(record) = self.record(task.instance()) else { return };
        match what {
            What::Completed { agent, attempts, took, output, .. } => {
                (record.agent, record.attempts) = (Some(*agent), *attempts);
                record.end(at, State::Completed, *took);
                if voted {
                    record.took_all();
                }
                if keeps {
                    record.answered(output);
                }
            }
            What::Delegated { agent, attempts, took, .. } => {
                (record.agent, record.attempts) = (Some(*agent), *attempts);
                record.end(at, State::Completed, *took);
            }
            What::Synthesized { took, output, .. } => {
                record.end(at, State::Completed, *took);
                if keeps {
                    record.answered(output);
                }
            }
            What::Recalled { output, .. } => {
                record.step(at, Step::Noted("its output was taken from the record of an earlier run".into()));
                record.end(at, State::Completed, Duration::ZERO);
                if keeps {
                    record.answered(output);
                }
            }
            What::Failed { agent, attempts, failure, .. } => {
                record.agent = agent.or(record.agent);
                (record.attempts, record.failure) = (*attempts, Some(failure.clone()));
                record.end(at, State::Failed, spent);
            }
            What::Skipped { reason, .. } => {
                record.reason = Some(reason.clone());
                record.end(at, State::Skipped, spent);
            }
            What::Blocked { causes, .. } => {
                record.blocked_by(causes);
                record.end(at, State::Blocked, spent);
            }
            What::Cancelled { .. } => record.end(at, State::Cancelled, spent),
            What::Joined { succeeded, .. } => record.end(at, State::Joined { succeeded: *succeeded }, spent),
            _ => {}
        }
    }
    /// A job came to something.
    fn did(&mut self, agent: AgentId, spent: Duration) {
        let agent = self.agent(agent);
        agent.done += 1;
        agent.useful = agent.useful.saturating_add(spent);
    }
    /// Nobody works on the task any more: the time goes to its agent. What has copies, or is done in another way, is worked on by those alone.
    fn stop(&mut self, at: Time, task: TaskId) -> Duration {
        if self.voted.contains(&task.instance()) {
            return Duration::ZERO;
        }
        let spent = self.record(task.instance()).and_then(|t| t.stop(at));
        let Some((agent, spent)) = spent else { return Duration::ZERO };
        let agent = self.agent(agent);
        agent.busy = agent.busy.saturating_add(spent);
        spent
    }
}
