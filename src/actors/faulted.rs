//! An agent in trouble: it crashes, hangs, is slow, or lies; on purpose.

use super::agent::AgentActor;
use super::jobs::Stage;
use super::messages::AgentMail;
use crate::faults::{self, Lying};
use crate::registry::{AnyParticipant, Government};
use crate::supervision::Exit;
use crate::world::Letter;
use actix::{ActorContext, Context};
use core::time::Duration;
use polity_agents::{Failure, JobId};
use polity_protocols::Rng;
use serde_json::Value;

impl AgentActor {
    /// It crashes, and is down for so long.
    pub(super) fn fall(&mut self, repair: Duration, era: u64, context: &mut Context<AgentActor>) {
        self.down = if self.world.trouble.era() == era { repair } else { Duration::ZERO };
        self.exit = Some(Exit::OnPurpose("crashed on purpose"));
        context.stop();
    }
    /// It ends its jobs and begins anew; what outlasts its patience is lost.
    pub(super) fn bounce(&mut self, context: &mut Context<AgentActor>) {
        if self.stopping {
            return;
        }
        let at = self.world.now() + self.blueprint.drain;
        self.world.alarm(at, Letter::Agent(self.wire(context), AgentMail::Fell { repair: Duration::ZERO, era: 0 }));
        self.wind_up(Exit::OnPurpose("restarted on purpose"), context);
    }
    /// Its participant under a government: one that lies, if that is its part.
    pub(super) fn voice(&self, government: &Government, seat: u32) -> Box<dyn AnyParticipant> {
        let (me, profile) = (self.blueprint.id, &self.blueprint.profile);
        match self.blueprint.part.as_ref().filter(|part| !part.lies.is_empty()) {
            None => government.participant(me, profile),
            Some(part) => {
                let rng = Rng::numbered(self.world.seed(), &format!("fault/lie/{seat}"), u64::from(me.0));
                government.bent(me, profile, part.lies.clone(), rng)
            }
        }
    }
    /// If this job hangs, it does so from now on: it holds its slot, and nothing comes of it until it is told to go on.
    pub(super) fn hangs(&mut self, id: JobId, context: &mut Context<AgentActor>) -> bool {
        let part = self.blueprint.part.as_ref().is_some_and(|part| part.hangs);
        let Some(hang) = self.world.trouble.active().and_then(|faults| faults.hang.as_ref()).filter(|_| part) else {
            return false;
        };
        let lasting = hang.lasting;
        if !faults::hangs(self.seed_of(id), hang) {
            return false;
        }
        let me = self.wire(context);
        let Some(held) = self.held.get_mut(id) else { return false };
        let Stage::Waiting(job) = std::mem::replace(&mut held.stage, Stage::Over) else { return false };
        let now = self.world.now();
        let alarm = self.world.alarm(now + lasting, Letter::Agent(me, AgentMail::Unhang { job: Some(id) }));
        if let Some(claim) = &held.claim {
            claim.started();
        }
        held.stage = Stage::Hung { since: now, job, alarm };
        true
    }
    /// A job that hangs goes on; all, if none is named.
    pub(super) fn unhang(&mut self, which: Option<JobId>, context: &mut Context<AgentActor>) {
        let hung: Vec<JobId> = self.held.hung().filter(|id| which.is_none_or(|which| which == *id)).collect();
        for id in hung {
            let Some(held) = self.held.get_mut(id) else { continue };
            match std::mem::replace(&mut held.stage, Stage::Over) {
                Stage::Hung { job, alarm, .. } => {
                    self.world.silence(alarm);
                    held.stage = Stage::Waiting(job);
                }
                other => held.stage = other,
            }
            self.resume(id, context);
        }
    }
    /// How long simulated work takes here now.
    pub(super) fn slowed(&self, duration: Duration) -> Duration {
        let part = self.blueprint.part.as_ref().is_some_and(|part| part.slow);
        let Some(slow) = self.world.trouble.active().and_then(|faults| faults.slow.as_ref()).filter(|_| part) else {
            return duration;
        };
        let now = Duration::from_nanos(self.world.now().as_nanos());
        let is_slow = now >= slow.at && slow.lasting.is_none_or(|lasting| now - slow.at < lasting);
        if is_slow { polity_protocols::seconds_to_duration(duration.as_secs_f64() * slow.factor) } else { duration }
    }
    /// What it says came of a job.
    pub(super) fn told(&self, id: JobId, answer: Result<Value, Failure>) -> Result<Value, Failure> {
        let chance = self.world.trouble.active().and_then(|_| self.blueprint.part.as_ref()).map_or(0.0, |part| part.fails);
        if answer.is_ok() && chance > 0.0 && faults::fails(self.seed_of(id), chance) {
            return Err(Failure::error("it failed on purpose (`faults.fail`, or the reliability of its agent)"));
        }
        let liar = self.blueprint.part.as_ref().is_some_and(|part| part.wrong_results);
        let how =
            self.world.trouble.planned().and_then(|faults| faults.lying_voters.as_ref()).filter(|_| liar).map(|liars| liars.how);
        match (answer, how) {
            (Ok(right), Some(Lying::Inverted)) => Ok(faults::inverted(&right)),
            (Ok(_), Some(Lying::Random)) => {
                let seed = Rng::derive(self.seed_of(id), u64::from(self.blueprint.id.0));
                Ok(Value::from(Rng::new(seed, "fault/lie").bits() >> 32))
            }
            (answer, _) => answer,
        }
    }
}
