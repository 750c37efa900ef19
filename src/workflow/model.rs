//! The checked workflow: what a file or a program means, once nothing about it can be wrong any more.
//!
//! Everything behind the check works on these types; only this folder knows of YAML.

use super::expression::Expression;
use super::nested::{Delegate, Delegation, Nesting};
use super::on_error::{Handler, Remedy};
use super::scope::Scope;
use super::template::Template;
use crate::faults::Faults;
use crate::lifecycle::{Hedge, Redundancy, RetryLimit, RetryPolicy, Timeouts};
use crate::plan::{Join, Wants};
use crate::supervision::{BreakerPolicy, SupervisorSpec};
use core::time::Duration;
use polity_agents::{AgentSpec, OutputFormat, Simulation};
use polity_protocols::Name;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// A workflow that has passed its check.
#[derive(Clone, Debug)]
pub struct Workflow {
    /// Its name.
    pub name: Name,
    /// What it is for.
    pub description: String,
    /// What a run must or may be given.
    pub inputs: Vec<Input>,
    /// How its agents are governed.
    pub strategy: Option<Strategy>,
    /// The agents that it brings along.
    pub agents: Vec<AgentSpec>,
    /// Agents that are governed together; without any, all agents are one team.
    pub teams: Vec<Team>,
    /// Supervisors that some of its agents have to themselves.
    pub supervision: Vec<SupervisorSpec>,
    /// When an agent that fails is left alone for a while; if none, as the workflow above it says, or else as is usual.
    pub breaker: Option<BreakerPolicy>,
    /// What happens to the rest when a task fails.
    pub on_failure: OnFailure,
    /// True if another way is asked for when a task has failed for good (`mode: adaptive`).
    pub adaptive: bool,
    /// Who is asked for another way; whoever can `decompose` if none.
    pub decomposer: Option<Arc<Delegate>>,
    /// What its tasks share, and what a conflict about it means.
    pub state: Shared,
    /// What shall go wrong on purpose, in a society that is made for this workflow.
    pub faults: Option<Faults>,
    /// True if one task is done after the other (`mode: sequential`), in the order of ranks.
    pub sequential: bool,
    /// What its tasks use, and how many units of it there are.
    pub resources: Vec<(Name, u32)>,
    /// Bounds of a run.
    pub limits: Limits,
    /// Bounds of its sub-runs.
    pub delegation: Delegation,
    /// Its tasks, in the order of the file. A dependency refers to a task by its place here.
    pub tasks: Vec<Task>,
    /// What a run gives back.
    pub outputs: Vec<Output>,
    /// SHA-256 of the text that it was read from, in hex; of its debug form if it was built by a program.
    pub hash: String,
    /// Where it was read from.
    pub path: Option<PathBuf>,
}

/// A value that a run is given.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Its name.
    pub name: Name,
    /// What it is for.
    pub description: String,
    /// Its type.
    pub kind: InputType,
    /// True if a run can't start without it.
    pub required: bool,
    /// Its value if none is given.
    pub default: Option<Value>,
}

/// The types that an input may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // the words say it
pub enum InputType {
    String,
    Int,
    Number,
    Bool,
    List,
    Map,
    Path,
    Date,
    Duration,
    Dataset,
    Any,
}

/// A protocol by name, with its settings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Strategy {
    /// The protocol's name: `market`.
    pub name: Name,
    /// Its settings, an object; empty if one word was given. Checked by the protocol's own reader.
    pub settings: Value,
}

/// Agents that are governed together.
///
/// ```
/// use polity::workflow::{Team, Workflow, kind};
/// let flow = Workflow::new("w").team(Team::new("crunchers", ["ann", "bob"])).task("a", kind("k").team("crunchers"));
/// assert_eq!(flow.check(&Default::default()).unwrap().missing_agents, ["ann".into(), "bob".into()]); // a society may have them
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Team {
    /// Its id.
    pub id: Name,
    /// The ids of its agents; an id stands for all replicas.
    pub agents: Vec<Name>,
    /// How they are governed; as the workflow says if none.
    pub strategy: Option<Strategy>,
}
impl Team {
    /// A team of these agents, governed as the workflow says.
    pub fn new<N: Into<Name>>(id: impl Into<Name>, agents: impl IntoIterator<Item = N>) -> Team {
        Team { id: id.into(), agents: agents.into_iter().map(Into::into).collect(), strategy: None }
    }
    /// Under a strategy of its own, in one word.
    #[must_use]
    pub fn strategy(mut self, name: &str) -> Team {
        self.strategy = Some(Strategy { name: name.into(), settings: Value::Object(serde_json::Map::new()) });
        self
    }
}

/// What happens to the rest of a run when a task fails for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// What does not depend on it goes on.
    #[default]
    Continue,
    /// Nothing new starts; what runs may end.
    FailFast,
    /// As `FailFast`; then what was done is undone. So it is after a cancellation, too.
    Compensate,
}

/// The blackboard of a run: what its tasks share by key.
///
/// ```
/// use polity::workflow::{Known, OnConflict, parse};
/// let text = "name: w\nstate: { on_conflict: reject, initial: { count: 0 } }\nagents: [{ id: a }]\n\
///     tasks: [{ id: t, run: \"echo {{ state.count }}\", set_state: count }]\n";
/// let state = parse(text, None, &Known::default()).unwrap().workflow.state;
/// assert_eq!((state.on_conflict, &state.initial["count"]), (OnConflict::Reject, &0.into()));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shared {
    /// What happens when a task sets what another has changed since it was seen.
    pub on_conflict: OnConflict,
    /// The keys that are there from the beginning.
    pub initial: BTreeMap<Name, Value>,
}

/// What happens when a task sets a key that another has changed since the task saw it. An event tells of it either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnConflict {
    /// It is set.
    #[default]
    LastWriterWins,
    /// It is not.
    Reject,
}

/// Bounds of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Tasks that may be open (announced or being done) at a time.
    pub max_parallel_tasks: Option<u32>,
    /// Task instances that a run may have.
    pub max_tasks: u32,
    /// Tasks that may be announced to the protocol and not yet awarded; `None` is `auto`: the team's slots, at least 16, times 4.
    pub max_open: Option<u32>,
    /// Other orders of ready tasks than that of the upward ranks that are tried on paper before the run begins; 0 is `off`. Of equal use for all
    /// strategies that look at ranks; none are tried where nothing is estimated, or a list or condition decides later what there is to do.
    pub rank_trials: u32,
    /// How many retries there may be in a while; no bound if none. That of the outermost run counts, for all runs below it together. A task
    /// that waits for it is open, as one that waits for its retry is: a run in which nearly all fails slows down as a whole.
    pub retry_budget: Option<RetryLimit>,
}
impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_parallel_tasks: None,
            max_tasks: 1_000_000,
            max_open: None,
            rank_trials: 64,
            retry_budget: Some(RetryLimit::default()),
        }
    }
}

/// One task.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its id.
    pub id: Name,
    /// What it is for.
    pub description: String,
    /// How it is executed.
    pub action: Action,
    /// The kind of work; empty if none is demanded.
    pub kind: Name,
    /// Only this agent (or a replica of it).
    pub agent: Option<Name>,
    /// The team that does it; of all agents if none.
    pub team: Option<Name>,
    /// How it alone is allocated; as its team if none.
    pub strategy: Option<Strategy>,
    /// Minimum scores.
    pub needs: Vec<(Name, f64)>,
    /// Its input.
    pub with: Vec<(Name, Binding)>,
    /// What it waits for, one entry per upstream task.
    pub dependencies: Vec<Dependency>,
    /// How many of those that count for it it waits for.
    pub join: Join,
    /// Those that have not ended when its join is met are called off, if nothing else waits for them.
    pub cancel_rest: bool,
    /// It is skipped unless this is true.
    pub when: Option<Expression>,
    /// One instance per item of this list.
    pub for_each: Option<Expression>,
    /// Higher goes first; on top of the rank.
    pub priority: Priority,
    /// Estimated work in seconds at speed 1 and fit 1; 1 if nobody knows.
    pub estimate: Option<f64>,
    /// Time limits.
    pub timeouts: Timeouts,
    /// Whether again; `None` is one attempt.
    pub retry: Option<RetryPolicy>,
    /// How many agents do it, and how they agree; one if none.
    pub redundancy: Option<Redundancy>,
    /// Instances of its `for_each` at a time; any number if none.
    pub concurrency: Option<u32>,
    /// What it uses while it is done: places in [`Workflow::resources`], and units.
    pub resources: Vec<(usize, u32)>,
    /// When a second agent does it too; never if none.
    pub hedge: Option<Hedge>,
    /// The key of the blackboard that its output is written to.
    pub set_state: Option<Name>,
    /// What it says of a sub-run that does it.
    pub nesting: Nesting,
    /// What undoes it.
    pub compensate: Option<Arc<Compensation>>,
    /// Other ways to execute it, in order, when it has failed for good.
    pub fallback: Arc<[Fallback]>,
    /// The task (its place in [`Workflow::tasks`]) that takes its place when it and its fallbacks have failed for good.
    pub fallback_to: Option<usize>,
    /// What is done when it has failed for good, by kind of failure, before its fallbacks: the first that takes the failure counts.
    pub on_error: Arc<[Handler]>,
}

impl Task {
    /// Seconds of work that the file tells of: what a simulation takes on average, else what is estimated; `None` if it says neither.
    ///
    /// ```
    /// use polity::workflow::{Known, parse};
    /// let text = "name: w\nagents: [{ id: shell }]\ntasks: [{ id: a, run: ls, estimate: 2s }, { id: b, simulate: 'uniform(1s, 5s)' }, { id: c, run: ls }]\n";
    /// let workflow = parse(text, None, &Known::default()).unwrap().workflow;
    /// assert_eq!(workflow.tasks.iter().map(|task| task.work()).collect::<Vec<_>>(), [Some(2.0), Some(3.0), None]);
    /// ```
    pub fn work(&self) -> Option<f64> {
        match &self.action {
            Action::Simulate(simulation) => simulation.work.map(|work| work.mean()).or(self.estimate),
            _ => self.estimate,
        }
    }
    /// What is believed of its work before it is done, in seconds: its estimate, or else what its simulation takes on average; `None` if nobody says.
    /// What a past run took is a measure, and no belief.
    ///
    /// ```
    /// use polity::workflow::{Known, parse};
    /// let text = "name: w\nagents: [{ id: shell }]\ntasks: [{ id: a, simulate: 9s, estimate: 2s }, { id: b, simulate: 'uniform(1s, 5s)' }, { id: c, run: ls }]\n";
    /// let workflow = parse(text, None, &Known::default()).unwrap().workflow;
    /// assert_eq!(workflow.tasks.iter().map(|task| task.expected()).collect::<Vec<_>>(), [Some(2.0), Some(3.0), None]);
    /// ```
    pub fn expected(&self) -> Option<f64> {
        let is_measured = matches!(&self.action, Action::Simulate(simulation) if simulation.past.is_some());
        self.estimate.or_else(|| if is_measured { None } else { self.work() })
    }
    /// Into how many instances it is expanded, by what is known; `None` if that is not known yet. One without a `for_each` is one.
    ///
    /// ```
    /// use polity::workflow::{Given, Known, bind_inputs, parse};
    /// let text = "name: w\nagents: [{ id: shell }]\ntasks: [{ id: a, run: echo, for_each: range(3) }, { id: b, run: echo, for_each: a.output }]\n";
    /// let workflow = parse(text, None, &Known::default()).unwrap().workflow;
    /// let known = bind_inputs::<String, Given>(&workflow, [], true).unwrap();
    /// assert_eq!([&workflow.tasks[0], &workflow.tasks[1]].map(|task| task.instances(&known)), [Some(3), None]);
    /// ```
    pub fn instances(&self, known: &dyn Scope) -> Option<usize> {
        match &self.for_each {
            None => Some(1),
            Some(list) => list.evaluate(known).ok()?.as_array().map(Vec::len),
        }
    }
    /// The tasks that may take its place when it has failed, by their place in [`Workflow::tasks`].
    pub fn stand_ins(&self) -> impl Iterator<Item = usize> + '_ {
        let named = self.on_error.iter().filter_map(|handler| match handler.remedy {
            Remedy::To(stand_in) => Some(stand_in),
            _ => None,
        });
        self.fallback_to.into_iter().chain(named)
    }
    /// The other ways in which it may be executed when it has failed: its fallbacks, then those of its handlers.
    pub fn other_ways(&self) -> impl Iterator<Item = &Fallback> {
        self.fallback.iter().chain(self.on_error.iter().filter_map(Handler::way))
    }
}

/// How a task is executed.
#[derive(Clone, Debug)]
pub enum Action {
    /// The agent that wins performs its own behaviour for the task's kind.
    Own,
    /// A registered Rust function.
    Function(Name),
    /// A shell command.
    Run(Arc<Script>),
    /// Takes time.
    Simulate(Arc<Simulation>),
    /// Another workflow: no agent does it, its tasks are done by agents.
    Workflow(Arc<Workflow>),
    /// An agent decomposes it.
    Delegate(Arc<Delegate>),
    /// No agent does it: when it has ended, these tasks (their places in [`Workflow::tasks`]) are done, never two at a time.
    Interleave(Arc<[usize]>),
}

impl Action {
    /// True if an agent does it, or decomposes it.
    pub fn is_job(&self) -> bool {
        !matches!(self, Action::Workflow(_) | Action::Interleave(_))
    }
    /// The shell command that it is, or that decomposes it.
    pub fn script(&self) -> Option<&Arc<Script>> {
        match self {
            Action::Run(script) => Some(script),
            Action::Delegate(delegate) => delegate.by.script(),
            _ => None,
        }
    }
    /// The registered function that it is, or that decomposes it.
    pub fn function(&self) -> Option<&Name> {
        match self {
            Action::Function(name) => Some(name),
            Action::Delegate(delegate) => delegate.by.function(),
            _ => None,
        }
    }
}

/// What undoes a task. Its bindings see the task's `output`, and what the task itself could see; they are computed when the task completes.
#[derive(Clone, Debug)]
pub struct Compensation {
    /// How: a command, a function, a simulation.
    pub action: Action,
    /// Its input.
    pub with: Vec<(Name, Binding)>,
    /// Time limits.
    pub timeouts: Timeouts,
    /// Whether again.
    pub retry: RetryPolicy,
}
impl Compensation {
    /// Attempts at an undo, where nobody says otherwise.
    pub const ATTEMPTS: u32 = 10;
}

/// Another way to execute a task that has failed for good. Its bindings see the `error`, and what the task itself can see; they are computed
/// when the task fails.
#[derive(Clone, Debug)]
pub struct Fallback {
    /// How: a command, a function, a simulation.
    pub action: Action,
    /// Its input; the task's own if none.
    pub with: Option<Vec<(Name, Binding)>>,
    /// Time limits, of its own: those of the task are over with the task's last attempt.
    pub timeouts: Timeouts,
    /// Whether again; `None` is one attempt.
    pub retry: Option<RetryPolicy>,
}

/// A shell command whose bindings are still to be rendered.
#[derive(Clone, Debug)]
pub struct Script {
    /// The command; bindings in it are shell-quoted unless `| raw`.
    pub run: Template,
    /// What it reads.
    pub stdin: Option<Template>,
    /// Environment.
    pub env: Vec<(String, Template)>,
    /// Working directory.
    pub cwd: Option<Template>,
    /// What its output is.
    pub output: OutputFormat,
}

/// A value of `with`: a constant tree, or one with templates in its strings.
#[derive(Clone, Debug)]
pub enum Binding {
    /// A constant.
    Constant(Value),
    /// A string with `{{ … }}` in it.
    Template(Template),
    /// A bare expression (what a Rust program binds with `output("task")`).
    Expression(Expression),
    /// A list of which some element binds.
    List(Vec<Binding>),
    /// A map of which some value binds.
    Map(Vec<(String, Binding)>),
}

/// An upstream task and what is wanted of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The upstream task's place in [`Workflow::tasks`].
    pub on: usize,
    /// What must have become of it.
    pub wants: Wants,
    /// Whether something works on its output.
    pub is_read: bool,
}

/// How urgent a task is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// After everything else.
    Low,
    /// By its rank.
    #[default]
    Normal,
    /// Before what is normal.
    High,
    /// Before everything else.
    Critical,
}

/// A result of a run.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its name.
    pub name: Name,
    /// What it is computed from.
    pub from: Expression,
}

/// How long a duration is, as people write it: `200ms`, `5m`, `1h30m`.
///
/// ```
/// use std::time::Duration;
/// assert_eq!(polity::workflow::duration_text(Duration::from_millis(5_400_000)), "1h30m");
/// ```
pub fn duration_text(d: Duration) -> String {
    let nanos = d.as_nanos();
    if nanos == 0 {
        return "0s".into();
    }
    if !nanos.is_multiple_of(1_000_000_000) {
        return match nanos {
            n if n.is_multiple_of(1_000_000) => format!("{}ms", n / 1_000_000),
            n if n.is_multiple_of(1_000) => format!("{}us", n / 1_000),
            n => format!("{n}ns"),
        };
    }
    let seconds = d.as_secs();
    [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, unit)| format!("{n}{unit}"))
        .collect()
}
