//! The jobs that an agent holds, and how each of them is done.

use super::{AgentActor, AgentMail, Claim, CoordinatorId, panics};
use crate::world::{AlarmId, Letter, UnderWay, Wire, World};
use polity_agents::{CancelToken, Executed, Job, JobId, LocalFuture, SimEnd, Simulation};
use polity_protocols::{Name, Time};
use std::rc::Rc;
use std::sync::Arc;

/// The jobs that an agent holds.
#[derive(Default)]
pub(super) struct Jobs(Vec<(JobId, Held)>);
impl Jobs {
    fn place(&self, id: JobId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&id, |(id, _)| *id)
    }
    pub(super) fn insert(&mut self, id: JobId, held: Held) {
        match self.place(id) {
            Ok(at) => self.0[at].1 = held,
            Err(at) => self.0.insert(at, (id, held)),
        }
    }
    pub(super) fn get(&self, id: JobId) -> Option<&Held> {
        self.place(id).ok().map(|at| &self.0[at].1)
    }
    pub(super) fn get_mut(&mut self, id: JobId) -> Option<&mut Held> {
        self.place(id).ok().map(|at| &mut self.0[at].1)
    }
    pub(super) fn remove(&mut self, id: JobId) -> Option<Held> {
        self.place(id).ok().map(|at| self.0.remove(at).1)
    }
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Held> {
        self.0.iter_mut().map(|(_, held)| held)
    }
    /// The jobs that hang on purpose.
    pub(super) fn hung(&self) -> impl Iterator<Item = JobId> + '_ {
        self.0.iter().filter(|(_, held)| matches!(held.stage, Stage::Hung { .. })).map(|(id, _)| *id)
    }
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// A job that this agent holds.
pub(super) struct Held {
    /// `None` once it was cancelled: nobody waits for the answer.
    pub(super) claim: Option<Claim>,
    pub(super) coordinator: CoordinatorId,
    pub(super) kind: Name,
    pub(super) stage: Stage,
}
/// How far a job is.
pub(super) enum Stage {
    /// It has no slot yet.
    Waiting(Box<Job>),
    /// Virtual work: its end is an alarm. A job that hangs has none.
    Simulated { since: Time, end: SimEnd, simulation: Arc<Simulation>, job: Box<Job>, alarm: Option<AlarmId> },
    /// It hangs, on purpose, until the alarm.
    Hung { since: Time, job: Box<Job>, alarm: AlarmId },
    /// Between two stages, within one turn.
    Over,
    /// A future that runs by itself.
    Running { since: Time, token: CancelToken },
}

/// Carries a job's future to its end and tells the agent, also when it panics.
pub(super) async fn carry(
    world: Rc<World>,
    under_way: UnderWay,
    agent: Wire<AgentActor>,
    job: JobId,
    mut future: LocalFuture<'static, Executed>,
) {
    let mut duty = PanicDuty { agent: Some(agent), by_a_job: true };
    let executed = std::future::poll_fn(|context| {
        let _quiet = panics::contain();
        future.as_mut().poll(context)
    })
    .await;
    if let Some(agent) = duty.agent.take() {
        world.send(Letter::Agent(agent, AgentMail::Ended { job, executed: Box::new(executed) }));
    }
    drop(under_way);
}

/// Carries on with hearing letters, as [`carry`] does with a job.
pub(super) async fn hear(world: Rc<World>, under_way: UnderWay, agent: Wire<AgentActor>, mut future: LocalFuture<'static, ()>) {
    let mut duty = PanicDuty { agent: Some(agent), by_a_job: false };
    std::future::poll_fn(|context| {
        let _quiet = panics::contain();
        future.as_mut().poll(context)
    })
    .await;
    if let Some(agent) = duty.agent.take() {
        world.send(Letter::Agent(agent, AgentMail::Heard));
    }
    drop(under_way);
}

/// Tells the agent that its code panicked.
struct PanicDuty {
    agent: Option<Wire<AgentActor>>,
    by_a_job: bool,
}
impl Drop for PanicDuty {
    fn drop(&mut self) {
        if let Some(agent) = self.agent.take().filter(|_| std::thread::panicking())
            && let Some(world) = World::here()
        {
            world.send(Letter::Agent(agent, AgentMail::Panicked { reason: panics::reason().into(), by_a_job: self.by_a_job }));
        }
    }
}
