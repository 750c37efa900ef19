//! A job: one attempt at one task, as an agent gets it.

use crate::executors::Past;
use crate::failure::{Failure, FailureKind};
use core::time::Duration;
use polity_protocols::{Name, TaskId};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;

/// Which attempt at which task. A late answer of an earlier attempt carries an earlier number, and is ignored (fencing).
///
/// ```
/// use polity_agents::JobId;
/// use polity_protocols::TaskId;
/// let first = JobId { task: TaskId::new(0, 3), attempt: 1, launch: 1 };
/// assert!(first < JobId { launch: 2, ..first });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JobId {
    /// The task.
    pub task: TaskId,
    /// The attempt, counted from 1: what the task's retry policy counts.
    pub attempt: u32,
    /// The launch, counted from 1: one more for each award, so also when an agent was lost under the same attempt.
    pub launch: u32,
}

/// What an agent is asked to do.
#[derive(Clone, Debug)]
pub struct Job {
    /// Which attempt at which task.
    pub id: JobId,
    /// The task's name as people see it: `analyse[2013]`.
    pub name: Name,
    /// The name of its run.
    pub run: Name,
    /// What tells its run from others of the same name, here or elsewhere; empty in virtual time.
    pub salt: Name,
    /// The kind of work; empty if the task names none.
    pub kind: Name,
    /// How it is done.
    pub work: Work,
    /// Its input: the task's `with`, rendered.
    pub input: Arc<Value>,
    /// Estimated work in seconds at speed 1 and fit 1.
    pub estimate: f64,
    /// This agent's fit for it, 0..=1.
    pub fit: f64,
    /// Time limit of this attempt.
    pub timeout: Option<Duration>,
    /// The longest silence that is borne ([`Context::heartbeat`](crate::Context::heartbeat)).
    pub heartbeat: Option<Duration>,
}

impl Job {
    /// The first attempt at a task that stands alone: no input, no estimate, fit 1. For tests and for programs without a runtime.
    ///
    /// ```
    /// use polity_agents::{Job, Work};
    /// let job = Job::new("greet", Work::Own).estimate(2.0);
    /// assert_eq!((&*job.name, job.fit), ("greet", 1.0));
    /// ```
    pub fn new(name: impl Into<Name>, work: Work) -> Job {
        let name = name.into();
        Job {
            id: JobId { task: TaskId::new(0, 0), attempt: 1, launch: 1 },
            run: Name::from("0"),
            salt: Name::from(""),
            name,
            kind: Name::from(""),
            work,
            input: Arc::new(Value::Null),
            estimate: 0.0,
            fit: 1.0,
            timeout: None,
            heartbeat: None,
        }
    }
    /// With another estimate of its work, in seconds.
    pub fn estimate(mut self, seconds: f64) -> Job {
        self.estimate = seconds;
        self
    }
    /// With another fit.
    pub fn fit(mut self, fit: f64) -> Job {
        self.fit = fit;
        self
    }
    /// With this input.
    pub fn with(mut self, input: Value) -> Job {
        self.input = Arc::new(input);
        self
    }

    /// The same for every attempt at this task in this run: `run:task[instance]`, and in real time `run.salt:task[instance]`, since names of runs may be
    /// used again elsewhere. Effects that honour it happen once.
    ///
    /// ```
    /// use polity_agents::{Job, Work};
    /// let job = Job { run: "brave-otter".into(), ..Job::new("analyse[2013]", Work::Own) };
    /// assert_eq!(job.idempotency_key(), "brave-otter:analyse[2013]");
    /// assert_eq!(Job { salt: "3f9c".into(), ..job }.idempotency_key(), "brave-otter.3f9c:analyse[2013]");
    /// ```
    pub fn idempotency_key(&self) -> String {
        let dot = if self.salt.is_empty() { "" } else { "." };
        format!("{}{dot}{}:{}", self.run, self.salt, self.name)
    }
    /// One input by name, as the type that is wanted.
    ///
    /// # Errors
    /// A [`FailureKind::Validation`] that names the input, if it is missing or of another type.
    pub fn input<T: DeserializeOwned>(&self, name: &str) -> Result<T, Failure> {
        let value = self.input.get(name).ok_or_else(|| {
            let given = self.input.as_object().map(|m| m.keys().cloned().collect::<Vec<_>>().join(", ")).unwrap_or_default();
            Failure::new(
                FailureKind::Validation,
                format!(
                    "task \"{}\" has no input \"{name}\" (it has: {}); add it under `with`",
                    self.name,
                    if given.is_empty() { "none" } else { &given }
                ),
            )
        })?;
        T::deserialize(value).map_err(|e| {
            Failure::new(FailureKind::Validation, format!("input \"{name}\" of task \"{}\" is not as expected: {e}", self.name))
        })
    }
}

/// How a job is done.
#[derive(Clone, Debug)]
pub enum Work {
    /// The agent's own behaviour for the job's kind.
    Own,
    /// A Rust function, registered under this name.
    Function(Name),
    /// A shell command.
    Command(Arc<Command>),
    /// Takes time, fails with a probability; no effect.
    Simulate(Arc<Simulation>),
}

/// A shell command, its bindings already rendered and quoted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Command {
    /// The script, for POSIX `sh -c`.
    pub script: String,
    /// What it reads.
    pub stdin: Option<String>,
    /// Its environment, on top of a clean one (PATH, HOME, LANG, TMPDIR and the like only).
    pub env: Vec<(String, String)>,
    /// Where it runs; the run's working directory if none.
    pub cwd: Option<PathBuf>,
    /// What its output is.
    pub output: OutputFormat,
    /// How long it may go on after SIGTERM before SIGKILL; 5 s by default.
    pub grace: Option<Duration>,
    /// Bytes of its output that are kept inline; 1 MiB by default. More makes the attempt fail with [`FailureKind::BadOutput`] if it is
    /// `json` or somebody works on it, and is else cut at a whole line or character, with a warning.
    pub output_limit: Option<usize>,
    /// Somebody works on the output: a part of it would be a wrong one.
    pub is_read: bool,
    /// What it reads is its job's input as JSON, whatever that becomes.
    pub stdin_is_input: bool,
}

/// What the text that a job prints is read as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputFormat {
    /// A string, without the last newline.
    #[default]
    Text,
    /// JSON.
    Json,
    /// A list of lines.
    Lines,
}

/// Work that only takes time.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulation {
    /// How long: seconds at speed 1 and fit 1; the job's estimate if none.
    pub work: Option<Distribution>,
    /// The probability that an attempt fails at its end, 0..=1.
    pub failure: f64,
    /// The probability that the agent crashes half-way, 0..=1.
    pub crash: f64,
    /// The probability that it never ends (until it is stopped), 0..=1.
    pub hang: f64,
    /// What it answers; its input if none.
    pub output: Option<Value>,
    /// What is known of jobs that were done before: of these nothing is drawn.
    pub past: Option<Arc<Past>>,
}

/// How a simulated duration is drawn. All in seconds, at least 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// Always the same.
    Constant(f64),
    /// Evenly between two values.
    Uniform(f64, f64),
    /// Exponential with this mean.
    Exponential(f64),
    /// Log-normal: median, and the standard deviation of its logarithm.
    Lognormal(f64, f64),
}

/// What a job gives back.
pub type Answer = Result<Value, Failure>;
