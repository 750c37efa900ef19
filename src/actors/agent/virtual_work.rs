//! Work that only takes time: drawn when it begins, it is over when its alarm goes off; meanwhile it gives signs of life.

use super::{AgentActor, AgentMail, Held, Stage};
use crate::world::Letter;
use actix::Context;
use polity_agents::{Executed, Failure, Job, JobId, Pulse, SimEnd, Simulation, draw};
use polity_protocols::Rng;
use std::sync::Arc;
use std::time::Duration;

impl AgentActor {
    pub(super) fn simulate(&mut self, id: JobId, job: Box<Job>, simulation: Arc<Simulation>, context: &mut Context<AgentActor>) {
        let now = self.world.now();
        let simulation = simulation.drawn(&job, self.lot_of(id)).map_or(simulation, Arc::new);
        let mut rng = Rng::new(self.seed_of(id), "simulate");
        let drawn = draw(&simulation, &job, self.blueprint.profile.speed, &mut rng);
        let duration = if self.blueprint.part.is_some() { self.slowed(drawn.duration) } else { drawn.duration };
        let alarm = (drawn.end != SimEnd::Hang && duration < Duration::MAX)
            .then(|| self.world.alarm(now + duration, Letter::Agent(self.wire(context), AgentMail::Due { job: id })));
        let Some(held) = self.held.get_mut(id) else { return };
        if let Some(claim) = &held.claim {
            claim.started();
        }
        let heartbeat = job.heartbeat;
        held.stage = Stage::Simulated { since: now, end: drawn.end, simulation, job, alarm };
        if let Some(limit) = heartbeat {
            self.pulse_later(id, limit, context);
        }
    }
    /// Virtual work gives signs of life, unless it hangs.
    pub(super) fn pulse(&mut self, id: JobId, context: &mut Context<AgentActor>) {
        let Some(Held { claim: Some(claim), stage: Stage::Simulated { end, job, .. }, .. }) = self.held.get(id) else { return };
        if let (Some(limit), true) = (job.heartbeat, *end != SimEnd::Hang) {
            claim.pulse(limit).beat();
            self.pulse_later(id, limit, context);
        }
    }
    fn pulse_later(&self, id: JobId, limit: Duration, context: &mut Context<AgentActor>) {
        let gap = (limit / 2).max(Duration::from_nanos(1));
        self.world.alarm(self.world.now() + gap, Letter::Agent(self.wire(context), AgentMail::Pulse { job: id }));
    }
    /// One seed per job: the same whatever else happens, so that strategies can be compared on the same luck.
    pub(in crate::actors) fn seed_of(&self, id: JobId) -> u64 {
        seed_of_job(self.world.seed(), id)
    }
    /// The same for all attempts at a task.
    fn lot_of(&self, id: JobId) -> u64 {
        lot_of_task(self.world.seed(), id)
    }
    /// A simulated job's time has come.
    pub(super) fn due(&mut self, id: JobId, context: &mut Context<AgentActor>) {
        let Some(Held { stage: Stage::Simulated { end, simulation, job, .. }, .. }) = self.held.get(id) else {
            return self.world.ignore();
        };
        let answer = match end {
            SimEnd::Succeed | SimEnd::Fail if simulation.past.is_some() => simulation.answer(job, *end == SimEnd::Fail),
            SimEnd::Succeed => Ok(simulation.output.clone().unwrap_or_else(|| (*job.input).clone())),
            SimEnd::Fail => Err(Failure::error("it failed, as its simulation says it may")),
            SimEnd::Crash => panic!("simulated crash of \"{}\" while it did \"{}\"", self.blueprint.profile.name, job.name),
            SimEnd::Hang => return,
        };
        self.end(id, Executed::of(answer), false, context);
    }
}

/// What a job's chances are drawn by, in a society of this seed.
pub(crate) fn seed_of_job(seed: u64, id: JobId) -> u64 {
    Rng::derive(lot_of_task(seed, id), (u64::from(id.attempt) << 32) | u64::from(id.launch))
}
fn lot_of_task(seed: u64, id: JobId) -> u64 {
    Rng::derive(seed, (u64::from(id.task.run()) << 32) | u64::from(id.task.instance()))
}
