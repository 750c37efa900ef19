//! One door to all executors.

use super::command;
use super::function::Functions;
use super::shared::SharedAgent;
use super::simulated::simulate;
use super::workplace::Workplace;
use crate::agent::{Context, LocalFuture};
use crate::cancel::CancelToken;
use crate::failure::{Failure, FailureKind};
use crate::handed::{Beside, HandedOn, Spent};
use crate::job::{Answer, Job, Work};
use std::rc::Rc;

/// What came of a job, with what is worth knowing beside its answer.
///
/// ```
/// let executed = polity_agents::Executed::of(Ok(1.into()));
/// assert!(executed.notes.is_empty());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Executed {
    /// The answer.
    pub answer: Answer,
    /// Warnings, as sentences without a full stop: output that was cut, a log that could not be written.
    pub notes: Vec<String>,
    /// Bytes that a command printed, whether kept or not.
    pub stdout_bytes: u64,
    /// The last 4 KiB that a command wrote to its error stream.
    pub stderr_tail: String,
    /// Work that it hands on instead.
    pub handed_on: Option<HandedOn>,
    /// What it says that it spent.
    pub spent: Spent,
}
impl Executed {
    /// An answer, and nothing beside it.
    pub fn of(answer: Answer) -> Executed {
        Executed {
            answer,
            notes: Vec::new(),
            stdout_bytes: 0,
            stderr_tail: String::new(),
            handed_on: None,
            spent: Spent::default(),
        }
    }
}

/// How one agent carries out its jobs. Cheap to clone.
///
/// ```
/// use polity_agents::{CancelToken, Command, Context, Executors, Functions, Job, RealClock, Work, Workplace};
/// use std::{rc::Rc, sync::Arc};
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let executors = Executors::new(Functions::new(), Workplace::new("."));
/// let command = Command { script: "tr a-z A-Z".into(), stdin: Some("hello".into()), ..Command::default() };
/// let job = Job::new("shout", Work::Command(Arc::new(command)));
/// let context = Context::new(Rc::new(RealClock::new()), 1);
/// let executed = executors.perform(job, None, context, CancelToken::new()).await;
/// assert_eq!(executed.answer.unwrap(), "HELLO");
/// # });
/// ```
#[derive(Clone)]
pub struct Executors {
    /// The functions that a task may name.
    pub functions: Rc<Functions>,
    /// Where commands run.
    pub workplace: Rc<Workplace>,
    /// The agent's speed, for simulated work.
    pub speed: f64,
}

impl Executed {
    /// With what the job left beside its answer.
    fn beside(mut self, beside: &Beside) -> Executed {
        let (handed_on, spent) = beside.take();
        (self.handed_on, self.spent) = (handed_on.filter(|_| self.answer.is_ok()), spent);
        self
    }
}

impl Executors {
    /// The executors of an agent of speed 1.
    pub fn new(functions: Functions, workplace: Workplace) -> Executors {
        Executors { functions: Rc::new(functions), workplace: Rc::new(workplace), speed: 1.0 }
    }
    /// With another speed.
    pub fn speed(mut self, speed: f64) -> Executors {
        self.speed = speed;
        self
    }

    /// Does a job, by what its [`Work`] says; `agent` does [`Work::Own`]. It must be polled within a tokio runtime.
    ///
    /// When `token` is cancelled, the job ends with [`FailureKind::Cancelled`]: a future is dropped where it awaits, a blocking function is
    /// abandoned, a command's process group gets SIGTERM and, after its grace, SIGKILL. Dropping the future does the same, but for a
    /// command without grace. The job's own time limit is the caller's to watch.
    ///
    /// # Panics
    /// If the agent, the function or the simulation does: run each job as a task of its own.
    pub fn perform(
        &self,
        job: Job,
        agent: Option<SharedAgent>,
        context: Context,
        token: CancelToken,
    ) -> LocalFuture<'static, Executed> {
        let beside = context.beside();
        match job.work.clone() {
            Work::Own => Box::pin(async move { until(&token, own(job, agent, context)).await.beside(&beside) }),
            Work::Function(name) => {
                let call = self.functions.call(&name, job, context);
                Box::pin(async move { until(&token, call).await.beside(&beside) })
            }
            Work::Simulate(simulation) => {
                let speed = self.speed;
                Box::pin(async move { until(&token, simulate(job, &simulation, speed, context)).await })
            }
            Work::Command(command) => {
                let place = self.workplace.clone();
                Box::pin(async move { command::run(&job, &command, &place, &token, &context).await })
            }
        }
    }
}

async fn until(token: &CancelToken, work: impl Future<Output = Answer>) -> Executed {
    let answer = token.unless(work).await;
    Executed::of(answer.unwrap_or_else(|| Err(Failure::new(FailureKind::Cancelled, "cancelled"))))
}

async fn own(job: Job, agent: Option<SharedAgent>, context: Context) -> Answer {
    match agent {
        Some(agent) => agent.perform(job, &context).await,
        None => Err(no_behaviour(&job)),
    }
}

fn no_behaviour(job: &Job) -> Failure {
    let kind = if job.kind.is_empty() { "work without a `type`".to_owned() } else { format!("\"{}\"", job.kind) };
    let message = format!(
        "task \"{}\" says no way to execute it, and its agent has no behaviour of its own for {kind}; \
         give the task `run`, `fn` or `simulate`, or give the agent a `behaviour`",
        job.name
    );
    Failure::new(FailureKind::Validation, message)
}

#[cfg(test)]
#[path = "perform_tests.rs"]
mod tests;
