//! The trait that a user implements, and what its jobs may ask of the world.

use crate::failure::Failure;
use crate::job::Job;
use core::future::Future;
use core::pin::Pin;
use core::time::Duration;
use polity_protocols::{Capabilities, Rng, Time};
use serde_json::Value;
use std::rc::Rc;

/// A future that lives on the control thread.
pub type LocalFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// What a user's agent is: what it can do, and how it does a job.
///
/// It lives on the runtime's control thread and is polled there: what blocks belongs into `tokio::task::spawn_blocking` or into a function
/// with `placement: blocking`. A panic in it ends this agent only: its supervisor makes a new one by the factory, and the task goes on.
///
/// ```
/// use polity_agents::{Agent, Context, Failure, Job};
/// use polity_protocols::Capabilities;
/// use serde_json::{Value, json};
///
/// struct Reader;
/// impl Agent for Reader {
///     fn capabilities(&self) -> Capabilities {
///         Capabilities::default().and("read", 0.9)
///     }
///     async fn perform(&mut self, job: Job, _: &Context) -> Result<Value, Failure> {
///         Ok(json!(std::fs::read_to_string(job.input::<String>("path")?)?))
///     }
/// }
/// ```
pub trait Agent: 'static {
    /// What it can do, how well; a claim until proven.
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }
    /// Does one job. The agent does one at a time, in order: `&mut self` is held until it ends.
    fn perform(&mut self, job: Job, context: &Context) -> impl Future<Output = Result<Value, Failure>>;
    /// Called once when this life of the agent begins.
    fn started(&mut self) {}
}

/// [`Agent`], without its type: what the runtime holds.
pub trait DynAgent {
    /// See [`Agent::capabilities`].
    fn capabilities(&self) -> Capabilities;
    /// See [`Agent::perform`].
    fn perform<'a>(&'a mut self, job: Job, context: &'a Context) -> LocalFuture<'a, Result<Value, Failure>>;
    /// See [`Agent::started`].
    fn started(&mut self);
}
impl<A: Agent> DynAgent for A {
    fn capabilities(&self) -> Capabilities {
        Agent::capabilities(self)
    }
    fn perform<'a>(&'a mut self, job: Job, context: &'a Context) -> LocalFuture<'a, Result<Value, Failure>> {
        Box::pin(Agent::perform(self, job, context))
    }
    fn started(&mut self) {
        Agent::started(self);
    }
}

/// The clock of the world that a job runs in: real, or virtual.
pub trait Clock {
    /// The moment.
    fn now(&self) -> Time;
    /// Ends after `how_long`, in the world's time.
    fn sleep(&self, how_long: Duration) -> LocalFuture<'static, ()>;
}

/// What a job may ask of the world that it runs in. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    clock: Rc<dyn Clock>,
    seed: u64,
}
impl Context {
    /// The context of one job; `seed` is derived from the run's seed and the job's identity.
    pub fn new(clock: Rc<dyn Clock>, seed: u64) -> Context {
        Context { clock, seed }
    }
    /// The moment, in the world's time.
    pub fn now(&self) -> Time {
        self.clock.now()
    }
    /// Ends after `how_long` in the world's time: at once in virtual time, when nothing else is left to do.
    pub fn sleep(&self, how_long: Duration) -> LocalFuture<'static, ()> {
        self.clock.sleep(how_long)
    }
    /// This job's own stream of randomness under a label: equal seeds give equal draws, whatever else happens.
    pub fn rng(&self, label: &str) -> Rng {
        Rng::new(self.seed, label)
    }
}
