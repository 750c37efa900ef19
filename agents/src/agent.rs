//! The trait that a user implements, and what its jobs may ask of the world.

use crate::failure::{Failure, FailureKind};
use crate::handed::{Beside, HandedOn, Spent};
use crate::job::{Job, JobId};
use crate::letter::{Address, Letter, Post, written};
use crate::state::{Boards, State};
use core::future::Future;
use core::pin::Pin;
use core::time::Duration;
use polity_protocols::{Capabilities, Name, Rng, Time};
use serde::Serialize;
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
    /// Hears a letter that no job of it took: see [`Letter`]. A failure makes it a dead letter; a panic ends this life, and the letter is
    /// not read again. Without a handler of its own an agent hears nothing.
    ///
    /// ```
    /// use polity_agents::{Agent, Context, Failure, Job, Letter};
    /// use serde_json::{Value, json};
    /// struct Adder(i64);
    /// impl Agent for Adder {
    ///     async fn perform(&mut self, _: Job, _: &Context) -> Result<Value, Failure> {
    ///         Ok(json!(self.0))
    ///     }
    ///     async fn heard(&mut self, letter: Letter, context: &Context) -> Result<(), Failure> {
    ///         self.0 += letter.read::<i64>()?;
    ///         context.tell(letter.from(), &self.0)
    ///     }
    /// }
    /// ```
    fn heard(&mut self, letter: Letter, _context: &Context) -> impl Future<Output = Result<(), Failure>> {
        core::future::ready(Err(letter.unheard()))
    }
    /// The topics that every life of it listens to from its beginning. Others come and go by [`Context::subscribe`].
    fn topics(&self) -> Vec<Name> {
        Vec::new()
    }
}

/// [`Agent`], without its type: what the runtime holds.
pub trait DynAgent {
    /// See [`Agent::capabilities`].
    fn capabilities(&self) -> Capabilities;
    /// See [`Agent::perform`].
    fn perform<'a>(&'a mut self, job: Job, context: &'a Context) -> LocalFuture<'a, Result<Value, Failure>>;
    /// See [`Agent::started`].
    fn started(&mut self);
    /// See [`Agent::heard`].
    fn heard<'a>(&'a mut self, letter: Letter, context: &'a Context) -> LocalFuture<'a, Result<(), Failure>>;
    /// See [`Agent::topics`].
    fn topics(&self) -> Vec<Name>;
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
    fn heard<'a>(&'a mut self, letter: Letter, context: &'a Context) -> LocalFuture<'a, Result<(), Failure>> {
        Box::pin(Agent::heard(self, letter, context))
    }
    fn topics(&self) -> Vec<Name> {
        Agent::topics(self)
    }
}

/// The clock of the world that a job runs in: real, or virtual.
pub trait Clock {
    /// The moment.
    fn now(&self) -> Time;
    /// Ends after `how_long`, in the world's time.
    fn sleep(&self, how_long: Duration) -> LocalFuture<'static, ()>;
}

/// Who hears that a job is alive.
///
/// ```
/// use polity_agents::{Context, Pulse, RealClock};
/// use std::{cell::Cell, rc::Rc};
/// struct Count(Cell<u32>);
/// impl Pulse for Count {
///     fn beat(&self) {
///         self.0.set(self.0.get() + 1);
///     }
/// }
/// let count = Rc::new(Count(Cell::new(0)));
/// let context = Context::new(Rc::new(RealClock::new()), 1).with_pulse(count.clone());
/// context.heartbeat();
/// assert_eq!(count.0.get(), 1);
/// ```
pub trait Pulse {
    /// The job has given a sign of life.
    fn beat(&self);
}

/// What a job may ask of the world that it runs in. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    clock: Rc<dyn Clock>,
    seed: u64,
    post: Option<Rc<dyn Post>>,
    boards: Option<(Rc<dyn Boards>, JobId)>,
    beside: Beside,
    pulse: Option<Rc<dyn Pulse>>,
}
impl Context {
    /// The context of one job; `seed` is derived from the run's seed and the job's identity. It has no post.
    pub fn new(clock: Rc<dyn Clock>, seed: u64) -> Context {
        Context { clock, seed, post: None, boards: None, beside: Beside::default(), pulse: None }
    }
    /// With somebody who hears its heartbeats.
    pub fn with_pulse(self, pulse: Rc<dyn Pulse>) -> Context {
        Context { pulse: Some(pulse), ..self }
    }
    /// A sign of life: where the task has a `timeout.heartbeat`, a job that is silent for longer is stopped, and counts as failed. Cheap, and
    /// nothing happens where nobody listens; call it as often as there is something new to say.
    pub fn heartbeat(&self) {
        if let Some(pulse) = &self.pulse {
            pulse.beat();
        }
    }
    /// With the blackboard of a job's run.
    pub fn with_boards(self, boards: Rc<dyn Boards>, job: JobId) -> Context {
        Context { boards: Some((boards, job)), ..self }
    }
    pub(crate) fn boards(&self) -> Option<(Rc<dyn Boards>, JobId)> {
        self.boards.clone()
    }
    /// With a post.
    pub fn with_post(self, post: Rc<dyn Post>) -> Context {
        Context { post: Some(post), ..self }
    }
    /// The job hands work on instead of doing it: its answer is then what comes of that. Said twice, the last counts; a job that fails hands
    /// nothing on. Programs call `delegate` of `polity::Delegating`, which makes the work of a workflow.
    pub fn hand_on(&self, work: HandedOn) {
        self.beside.hand_on(work);
    }
    /// The job has spent something beside its time: counted against the budgets of its run.
    pub fn spend(&self, spent: Spent) {
        self.beside.spend(spent);
    }
    pub(crate) fn beside(&self) -> Beside {
        self.beside.clone()
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
    /// The blackboard of the run that this job belongs to.
    ///
    /// # Errors
    /// If there is none: a letter belongs to no run.
    pub fn state(&self) -> Result<State, Failure> {
        State::of(self)
    }
    fn post(&self) -> Result<&Rc<dyn Post>, Failure> {
        let none = || Failure::new(FailureKind::Validation, "there is no post here: this context was made without a runtime");
        self.post.as_ref().ok_or_else(none)
    }
    /// Tells another agent, by its name, or one of a group, by the group's. It is on its way when this returns; whether it arrives is not
    /// known ([`Letter`]): what can't be delivered becomes a dead letter.
    ///
    /// # Errors
    /// If `content` is too large for a letter or JSON can't hold it.
    pub fn tell<T: Serialize + ?Sized>(&self, whom: &str, content: &T) -> Result<(), Failure> {
        self.post()?.send(Address::Agent(whom.into()), written(content)?);
        Ok(())
    }
    /// Tells all who listen to a topic, but for itself. Each copy travels by itself.
    ///
    /// # Errors
    /// As [`tell`](Context::tell).
    pub fn publish<T: Serialize + ?Sized>(&self, topic: &str, content: &T) -> Result<(), Failure> {
        self.post()?.send(Address::Topic(topic.into()), written(content)?);
        Ok(())
    }
    /// Its agent listens to a topic from now on, until this life of it ends. Twice is as once.
    ///
    /// # Errors
    /// If it is one topic too many, for the agent or for its society.
    pub fn subscribe(&self, topic: &str) -> Result<(), Failure> {
        self.post()?.subscribe(topic)
    }
    /// Its agent no longer listens to a topic.
    pub fn unsubscribe(&self, topic: &str) {
        if let Some(post) = &self.post {
            post.unsubscribe(topic);
        }
    }
    /// The next letter to its agent, once there is one: for a job that has a conversation. Without a post it never ends.
    ///
    /// Give the wait an end of its own where the other may be silent, since letters can be lost: race it with [`sleep`](Context::sleep).
    pub async fn letter(&self) -> Letter {
        match &self.post {
            Some(post) => post.wait().await,
            None => core::future::pending().await,
        }
    }
    /// The next letter to its agent, if one is there.
    pub fn try_letter(&self) -> Option<Letter> {
        self.post.as_ref()?.take()
    }
    /// The next letter to its agent, unless none comes within `patience`.
    pub async fn letter_within(&self, patience: Duration) -> Option<Letter> {
        tokio::select! {
            biased;
            letter = self.letter() => Some(letter),
            () = self.sleep(patience) => None,
        }
    }
}
