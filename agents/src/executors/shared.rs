//! An agent that several jobs may want at once: one at a time has it.

use crate::agent::{Agent, Context, DynAgent, LocalFuture};
use crate::failure::{Failure, FailureKind};
use crate::job::{Answer, Job};
use crate::letter::{Letter, Post, Undeliverable};
use core::cell::Cell;
use core::future::Future;
use polity_protocols::Capabilities;
use std::rc::Rc;
use tokio::sync::Mutex;

/// One life of an agent, for the jobs that its slots hold: they have it one at a time, in order of asking.
#[derive(Clone)]
pub struct SharedAgent(Rc<Shared>);

struct Shared {
    agent: Mutex<Box<dyn DynAgent>>,
    /// True once a job has panicked: the agent's own state may be half-changed, so no further job may see it.
    broken: Cell<bool>,
}

/// Makes an agent fit for sharing. It calls neither `started` nor `capabilities`: do so before.
///
/// ```
/// use polity_agents::{Context, Job, RealClock, Work, agent_fn, share};
/// use polity_protocols::Capabilities;
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let mut count = 0;
/// let counter = agent_fn(Capabilities::default(), move |_, _| {
///     count += 1;
///     async move { Ok(count.into()) }
/// });
/// let shared = share(Box::new(counter));
/// let context = Context::new(std::rc::Rc::new(RealClock::new()), 1);
/// assert_eq!(shared.perform(Job::new("a", Work::Own), &context).await.unwrap(), 1);
/// assert_eq!(shared.perform(Job::new("b", Work::Own), &context).await.unwrap(), 2);
/// # });
/// ```
pub fn share(agent: Box<dyn DynAgent>) -> SharedAgent {
    SharedAgent(Rc::new(Shared { agent: Mutex::new(agent), broken: Cell::new(false) }))
}

struct BreakOnPanic<'a>(&'a Cell<bool>);
impl Drop for BreakOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.set(true);
        }
    }
}

/// Letters that are heard in one turn.
const HEARD_AT_ONCE: u32 = 64;

struct BuryOnPanic<'a>(&'a Letter);
impl Drop for BuryOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.bury(Undeliverable::Panicked, "its handler panicked");
        }
    }
}

impl SharedAgent {
    /// Does one job, after those that asked before.
    ///
    /// # Errors
    /// The agent's own failure; [`FailureKind::Panic`] without beginning, if an earlier job of this life panicked.
    ///
    /// # Panics
    /// If the agent does.
    pub async fn perform(&self, job: Job, context: &Context) -> Answer {
        let mut agent = self.0.agent.lock().await;
        if self.is_broken() {
            let message = format!("task \"{}\" was not begun, since its agent panicked at an earlier one", job.name);
            return Err(Failure::new(FailureKind::Panic, message));
        }
        let _watch = BreakOnPanic(&self.0.broken);
        agent.perform(job, context).await
    }
    /// Has the agent hear the letters of its inbox, one by one, until none is left. For each it waits until the agent is free, after those
    /// jobs that asked before; `context` makes the context of each.
    ///
    /// # Panics
    /// If the agent does. The letter that it panicked at is a dead one then.
    pub fn hear(&self, post: Rc<dyn Post>, mut context: impl FnMut() -> Context + 'static) -> LocalFuture<'static, ()> {
        let shared = self.clone();
        Box::pin(async move {
            for heard in 1u32.. {
                if !shared.hear_one(&post, &mut context).await {
                    return;
                }
                if heard % HEARD_AT_ONCE == 0 {
                    tokio::task::yield_now().await; // one that writes to itself must not keep all others waiting
                }
            }
        })
    }
    /// False if there is none, or nobody to hear it.
    async fn hear_one(&self, post: &Rc<dyn Post>, context: &mut impl FnMut() -> Context) -> bool {
        let mut agent = self.0.agent.lock().await;
        let Some(letter) = Some(post).filter(|_| !self.is_broken()).and_then(|post| post.take()) else { return false };
        let context = context();
        let _duty = BuryOnPanic(&letter);
        let _watch = BreakOnPanic(&self.0.broken);
        if let Err(failure) = agent.heard(letter.clone(), &context).await {
            letter.refused(&failure);
        }
        true
    }
    /// True once a job has panicked: this life of the agent does no more.
    pub fn is_broken(&self) -> bool {
        self.0.broken.get()
    }
}

/// An agent made of a closure: see [`agent_fn`].
pub struct FnAgent<F> {
    capabilities: Capabilities,
    function: F,
}

/// An agent made of what it can do and a closure that does it.
///
/// ```
/// use polity_agents::{Agent, Job, agent_fn};
/// use polity_protocols::Capabilities;
/// let greeter = agent_fn(Capabilities::default().and("greet", 1.0), |job: Job, context| async move {
///     context.sleep(std::time::Duration::from_secs(1)).await;
///     Ok(format!("hello {}", job.input::<String>("name")?).into())
/// });
/// assert_eq!(greeter.capabilities().score("greet"), 1.0);
/// ```
pub fn agent_fn<F, Fut>(capabilities: Capabilities, function: F) -> FnAgent<F>
where
    F: FnMut(Job, Context) -> Fut + 'static,
    Fut: Future<Output = Answer>,
{
    FnAgent { capabilities, function }
}

impl<F, Fut> Agent for FnAgent<F>
where
    F: FnMut(Job, Context) -> Fut + 'static,
    Fut: Future<Output = Answer>,
{
    fn capabilities(&self) -> Capabilities {
        self.capabilities.clone()
    }
    fn perform(&mut self, job: Job, context: &Context) -> impl Future<Output = Answer> {
        (self.function)(job, context.clone())
    }
}
