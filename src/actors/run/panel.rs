//! What the copies of a redundant or hedged task ask for.

use super::RunActor;
use super::copies::{Holders, Step};
use super::detour::Setback;
use crate::actors::Errand;
use crate::actors::dead::dead_letter;
use crate::actors::messages::{CoordinatorMail, TaskEnd, TaskResult};
use crate::event::What;
use crate::world::Letter;
use actix::Context;
use polity_agents::Job;
use polity_protocols::{AgentId, Judged, Time};

impl RunActor {
    /// What the copies of a redundant task ask for.
    pub(super) fn perform_steps(&mut self, steps: Vec<Step>, context: &mut Context<RunActor>) {
        for step in steps {
            match step {
                Step::Open { instance, copy, number, holders } => self.open_copy((instance, copy, number), holders, context),
                Step::Cancel(copy) => {
                    if let Some(addr) = self.open.get(&copy) {
                        self.cancel(copy, addr);
                    }
                }
                Step::Tell { instance, agree, differ, why } => {
                    let (agree, differ) = (agree.into(), differ.into());
                    self.world.record(self.id, What::Voted { task: self.task(instance), agree, differ, reason: why.into() });
                }
                Step::Judged { node, copy, agent, quality } => {
                    let judged = Judged { task: self.task(copy), demand: self.kit(node).demand.id, agent, quality };
                    self.world.send(Letter::Coordinator(self.offices.of(node).clone(), CoordinatorMail::Judged(judged)));
                }
                Step::Settle { instance, result, began, job } => self.conclude(instance, result, began, &job),
            }
        }
    }
    pub(super) fn open_copy(
        &mut self,
        (instance, copy, number): (u32, u32, u32),
        holders: Holders,
        context: &mut Context<RunActor>,
    ) {
        let Some(ballot) = self.ballots.get(instance) else { return };
        let (node, job) = (ballot.node, ballot.job.clone());
        self.world.record(self.id, What::Copied { task: self.task(instance), copy, number });
        let job = Job { name: format!("{}/{number}", job.name).into(), ..job };
        let errand = Errand { holders: Some(holders), ..*self.errand_of(copy, node, job) };
        self.hand_out(copy, node, Box::new(errand), context);
    }
    /// A redundant task has ended, as its copies decided.
    pub(super) fn conclude(&mut self, instance: u32, result: TaskResult, began: Time, job: &Job) {
        let (task, attempts) = (self.task(instance), result.attempts);
        self.hedge_over(instance);
        match &result.end {
            TaskEnd::Completed(output) => {
                let (agent, took) = (result.agent.unwrap_or(AgentId(u32::MAX)), self.world.now().since(began));
                self.world.record(self.id, What::Completed { task, agent, attempts, took, output: output.clone() });
            }
            TaskEnd::Failed(failure)
                if self
                    .ledger
                    .locate(instance)
                    .is_some_and(|(node, _)| self.has_another_way(instance, node, failure, attempts)) =>
            {
                let (agent, failure, job) = (result.agent, failure.clone(), job.clone());
                self.world.record(self.id, What::Replanned { task, agent, attempts, failure: failure.clone() });
                return self.detours.add(instance, Setback { failure, job, by: agent, attempts, asked: true });
            }
            TaskEnd::Failed(failure) => {
                self.world.record(self.id, What::Failed { task, agent: None, attempts, failure: failure.clone() });
                dead_letter(task, job, failure).into_iter().for_each(|what| self.world.record(self.id, what));
            }
            TaskEnd::Cancelled | TaskEnd::Handed(_) | TaskEnd::Setback(_) => self.world.record(self.id, What::Cancelled { task }),
        }
        self.record_end(task, result);
    }
}
