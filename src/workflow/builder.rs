//! Workflows from Rust: the same draft that a file gives, the same check.

use super::check::check;
use super::draft::{At, Draft, DraftDependency, DraftTask};
use super::expression::Expression;
use super::inputs::convert_value;
use super::load::{Checked, Known, hash};
use super::model::{Action, Binding, Input, InputType, Limits, OnFailure, Output, Priority, Script, Strategy, Workflow};
use super::problem::{Problem, Span, WorkflowErrors};
use super::shape::bad_id;
use super::template::Template;
use crate::lifecycle::{RetryPolicy, Timeouts};
use core::time::Duration;
use polity_agents::{AgentSpec, OutputFormat, Simulation};
use polity_protocols::Name;
use serde_json::{Map, Value};
use std::sync::Arc;

/// A place in a program: none.
const HERE: Span = Span { line: 0, column: 0, offset: 0, length: 0 };

/// What a program binds: a value, or something that is computed when the task starts.
#[derive(Clone, Debug)]
pub struct Bind(Result<Binding, String>);

impl<T: Into<Value>> From<T> for Bind {
    fn from(value: T) -> Bind {
        Bind(Ok(Binding::Constant(value.into())))
    }
}

fn bound(source: &str) -> Bind {
    Bind(Expression::parse(source).map(Binding::Expression).map_err(|e| e.to_string()))
}

/// The output of a task; using it is a dependency. Parts of it by path: `output("score.value")`.
///
/// ```
/// use polity::workflow::{Workflow, kind, output};
/// let flow = Workflow::new("w").task("read", kind("reading")).task("sum", kind("adding").with("text", output("read")));
/// assert_eq!(flow.build().unwrap().tasks[1].dependencies[0].on, 0);
/// ```
pub fn output(task: &str) -> Bind {
    match task.split_once('.') {
        None => bound(&format!("tasks.{task}.output")),
        Some((task, part)) => bound(&format!("tasks.{task}.output.{part}")),
    }
}
/// An input of the workflow.
pub fn input(name: &str) -> Bind {
    bound(&format!("inputs.{name}"))
}
/// The item of a `for_each` instance.
pub fn item() -> Bind {
    bound("item")
}
/// Any expression of the workflow language.
///
/// ```
/// use polity::workflow::{Workflow, expr, kind};
/// let flow = Workflow::new("w").task("a", kind("k").with("n", expr("1 +")));
/// assert!(flow.build().unwrap_err().to_string().contains("task \"a\""));
/// ```
pub fn expr(source: &str) -> Bind {
    bound(source)
}
/// A text with `{{ … }}`.
pub fn template(text: &str) -> Bind {
    Bind(Template::parse(text).map(Binding::Template).map_err(|e| e.to_string()))
}

/// A task that any agent with this capability does in its own way.
pub fn kind(kind: &str) -> TaskBuilder {
    TaskBuilder::new(Action::Own).kind(kind)
}
/// A task that runs a shell command; `{{ … }}` in it is quoted for the shell.
///
/// ```
/// use polity::workflow::{Workflow, command, output};
/// let flow = Workflow::new("w").task("list", command("ls")).task("count", command("wc -l").stdin(output("list")));
/// assert!(flow.build().is_ok());
/// ```
pub fn command(run: &str) -> TaskBuilder {
    let mut builder = TaskBuilder::new(Action::Own);
    match Template::parse(run).and_then(|t| t.check_shell().map(|()| t)) {
        Ok(run) => {
            let script = Script { run, stdin: None, env: Vec::new(), cwd: None, output: OutputFormat::Text };
            builder.task.action = Action::Run(Arc::new(script));
        }
        Err(error) => builder.wrong.push(error.to_string()),
    }
    builder
}
/// A task that calls a registered function.
pub fn function(name: &str) -> TaskBuilder {
    TaskBuilder::new(Action::Function(name.into()))
}
/// A task that only takes time.
pub fn simulated(how: Simulation) -> TaskBuilder {
    TaskBuilder::new(Action::Simulate(Arc::new(how)))
}

/// A task that is being described. Its methods are the keys of a task in a file.
#[derive(Clone, Debug)]
pub struct TaskBuilder {
    task: DraftTask,
    wrong: Vec<String>,
}

impl TaskBuilder {
    fn new(action: Action) -> TaskBuilder {
        let mut task = DraftTask::new(At::new("".into(), HERE));
        task.action = action;
        TaskBuilder { task, wrong: Vec::new() }
    }
    fn wrong(mut self, what: impl Into<String>) -> TaskBuilder {
        self.wrong.push(what.into());
        self
    }
    fn expression(&mut self, key: &str, source: &str) -> Option<Expression> {
        Expression::parse(source).map_err(|e| self.wrong.push(format!("`{key}`: {e}"))).ok()
    }
    /// Changes its script; a mistake if it has none.
    fn script(mut self, key: &str, change: impl FnOnce(&mut Script)) -> TaskBuilder {
        match &mut self.task.action {
            Action::Run(script) => change(Arc::make_mut(script)),
            _ => return self.wrong(format!("`{key}` is for tasks with a command")),
        }
        self
    }
    fn text(&mut self, key: &str, bind: impl Into<Bind>) -> Option<Template> {
        let made = match bind.into().0 {
            Ok(Binding::Template(t)) => Ok(t),
            Ok(Binding::Expression(e)) => Template::parse(&format!("{{{{ {} }}}}", e.source())).map_err(|e| e.to_string()),
            Ok(Binding::Constant(Value::String(text))) => Ok(Template::literal(&text)),
            Ok(Binding::Constant(other)) => Ok(Template::literal(&other.to_string())),
            Ok(Binding::List(_) | Binding::Map(_)) => Err("must be a text".into()),
            Err(error) => Err(error),
        };
        made.map_err(|e| self.wrong.push(format!("`{key}`: {e}"))).ok()
    }

    /// What it is for.
    pub fn description(mut self, text: &str) -> TaskBuilder {
        self.task.description = text.into();
        self
    }
    /// The kind of work: a capability that its agent must have.
    pub fn kind(mut self, kind: &str) -> TaskBuilder {
        self.task.kind.value = kind.into();
        self
    }
    /// Only this agent, or a replica of it.
    pub fn agent(mut self, id: &str) -> TaskBuilder {
        self.task.agent = Some(At::new(id.into(), HERE));
        self
    }
    /// A minimum score.
    pub fn needs(mut self, capability: &str, minimum: f64) -> TaskBuilder {
        if !(0.0..=1.0).contains(&minimum) {
            return self.wrong(format!("`needs.{capability}` must be in 0..=1, but is {minimum}"));
        }
        self.task.needs.push((capability.into(), minimum));
        self
    }
    /// A part of its input.
    pub fn with(mut self, name: &str, value: impl Into<Bind>) -> TaskBuilder {
        if self.task.with.iter().any(|(n, _)| **n == *name) {
            return self.wrong(format!("is given \"{name}\" twice"));
        }
        match value.into().0 {
            Ok(binding) => self.task.with.push((name.into(), binding)),
            Err(error) => self.wrong.push(format!("`with.{name}`: {error}")),
        }
        self
    }
    /// A task that must have succeeded before.
    pub fn depends_on(mut self, task: &str) -> TaskBuilder {
        self.task.depends_on.push(DraftDependency { task: At::new(task.into(), HERE), optional: false });
        self
    }
    /// A task that must have ended before; this goes on without its output.
    pub fn depends_optionally_on(mut self, task: &str) -> TaskBuilder {
        self.task.depends_on.push(DraftDependency { task: At::new(task.into(), HERE), optional: true });
        self
    }
    /// It is skipped unless this expression is true.
    pub fn when(mut self, source: &str) -> TaskBuilder {
        self.task.when = self.expression("when", source);
        self
    }
    /// One instance per item of the list that this expression gives.
    pub fn for_each(mut self, source: &str) -> TaskBuilder {
        self.task.for_each = self.expression("for_each", source);
        self
    }
    /// How urgent it is.
    pub fn priority(mut self, priority: Priority) -> TaskBuilder {
        self.task.priority = priority;
        self
    }
    /// How long it takes at speed 1 and fit 1.
    pub fn estimate(mut self, work: Duration) -> TaskBuilder {
        self.task.estimate = Some(work.as_secs_f64());
        self
    }
    /// The time limit of one attempt.
    pub fn timeout(self, attempt: Duration) -> TaskBuilder {
        self.timeouts(Timeouts { attempt: Some(attempt), ..Timeouts::default() })
    }
    /// All time limits.
    pub fn timeouts(mut self, timeouts: Timeouts) -> TaskBuilder {
        self.task.timeouts = Some(timeouts);
        self
    }
    /// Whether it is tried again.
    pub fn retry(mut self, policy: RetryPolicy) -> TaskBuilder {
        if policy.factor.is_nan() || policy.factor < 1.0 {
            return self.wrong(format!("`retry.factor` must be at least 1, but is {}", policy.factor));
        }
        self.task.retry = Some(policy);
        self
    }
    /// What the command reads.
    pub fn stdin(mut self, text: impl Into<Bind>) -> TaskBuilder {
        match self.text("stdin", text) {
            Some(text) => self.script("stdin", |s| s.stdin = Some(text)),
            None => self,
        }
    }
    /// An environment variable of the command.
    pub fn env(mut self, name: &str, text: impl Into<Bind>) -> TaskBuilder {
        if name.is_empty() || name.contains(['=', '\0']) {
            return self.wrong(format!("\"{name}\" can't be the name of an environment variable"));
        }
        match self.text("env", text) {
            Some(text) => self.script("env", |s| s.env.push((name.to_owned(), text))),
            None => self,
        }
    }
    /// The command's working directory.
    pub fn cwd(mut self, path: impl Into<Bind>) -> TaskBuilder {
        match self.text("cwd", path) {
            Some(path) => self.script("cwd", |s| s.cwd = Some(path)),
            None => self,
        }
    }
    /// What the text that the command prints is read as.
    pub fn output(self, format: OutputFormat) -> TaskBuilder {
        self.script("output", |s| s.output = format)
    }
}

/// A workflow that is being described. Nothing is checked before [`build`](WorkflowBuilder::build).
#[derive(Clone, Debug)]
pub struct WorkflowBuilder {
    draft: Draft,
    problems: Vec<Problem>,
}

impl Workflow {
    /// Begins to describe a workflow.
    ///
    /// ```
    /// use polity::workflow::{Workflow, expr, kind, output};
    /// let flow = Workflow::new("count")
    ///     .task("read", kind("read").with("path", "Cargo.toml"))
    ///     .task("count", kind("count").with("text", output("read")))
    ///     .output("words", expr("count.output"))
    ///     .build()
    ///     .unwrap();
    /// assert_eq!(flow.tasks.len(), 2);
    /// ```
    #[allow(clippy::new_ret_no_self)] // reads as the file does: Workflow::new(…).task(…)
    pub fn new(name: &str) -> WorkflowBuilder {
        WorkflowBuilder { draft: Draft { name: name.into(), ..Draft::default() }, problems: Vec::new() }
    }
}

impl WorkflowBuilder {
    fn say(&mut self, message: impl Into<String>) {
        self.problems.push(Problem::new(HERE, message));
    }
    fn id(&mut self, id: &str) {
        if let Some((message, help)) = bad_id(id) {
            self.problems.push(Problem::new(HERE, message).maybe(help));
        }
    }
    fn any_input(mut self, name: &str, kind: InputType, required: bool, default: Option<Value>) -> WorkflowBuilder {
        self.id(name);
        let input = Input { name: name.into(), description: String::new(), kind, required, default };
        if let Some(default) = &input.default
            && let Err(why) = convert_value(&input, default.clone())
        {
            self.say(format!("the default of {why}"));
        }
        self.draft.inputs.push(At::new(input, HERE));
        self
    }

    /// What it is for.
    pub fn description(mut self, text: &str) -> WorkflowBuilder {
        self.draft.description = text.into();
        self
    }
    /// An input that a run must be given.
    pub fn input(self, name: &str, kind: InputType) -> WorkflowBuilder {
        self.any_input(name, kind, true, None)
    }
    /// An input with a default.
    pub fn input_or(self, name: &str, kind: InputType, default: impl Into<Value>) -> WorkflowBuilder {
        self.any_input(name, kind, false, Some(default.into()))
    }
    /// How its agents are governed, in one word.
    pub fn strategy(self, name: &str) -> WorkflowBuilder {
        self.strategy_with(name, Value::Object(Map::new()))
    }
    /// How its agents are governed, with settings.
    pub fn strategy_with(mut self, name: &str, settings: Value) -> WorkflowBuilder {
        if !settings.is_object() {
            self.say(format!("the settings of strategy \"{name}\" must be a map"));
        }
        self.draft.strategy = Some(At::new(Strategy { name: name.into(), settings }, HERE));
        self
    }
    /// An agent that it brings along.
    pub fn agent(mut self, spec: AgentSpec) -> WorkflowBuilder {
        let finite = |n: f64| n.is_finite() && n >= 0.0;
        if spec.replicas == 0 || spec.slots == 0 || !finite(spec.speed) || spec.speed == 0.0 || !finite(spec.cost) {
            let id = &spec.id;
            self.say(format!("agent \"{id}\" needs replicas and slots of at least 1, a speed above 0 and a cost of at least 0"));
        }
        self.draft.agents.push(At::new(spec, HERE));
        self
    }
    /// What a failed task means for the rest.
    pub fn on_failure(mut self, what: OnFailure) -> WorkflowBuilder {
        self.draft.on_failure = what;
        self
    }
    /// Bounds of a run.
    pub fn limits(mut self, limits: Limits) -> WorkflowBuilder {
        self.draft.limits = limits;
        self
    }
    /// The retry policy of tasks that have none.
    pub fn retry(mut self, policy: RetryPolicy) -> WorkflowBuilder {
        self.draft.retry = Some(policy);
        self
    }
    /// The time limits of tasks that have none.
    pub fn timeouts(mut self, timeouts: Timeouts) -> WorkflowBuilder {
        self.draft.timeouts = Some(timeouts);
        self
    }
    /// A task.
    pub fn task(mut self, id: &str, task: TaskBuilder) -> WorkflowBuilder {
        self.id(id);
        task.wrong.iter().for_each(|what| self.say(format!("task \"{id}\": {what}")));
        self.draft.tasks.push(DraftTask { id: At::new(id.into(), HERE), ..task.task });
        self
    }
    /// A result of a run.
    pub fn output(mut self, name: &str, from: impl Into<Bind>) -> WorkflowBuilder {
        let from = match from.into().0 {
            Ok(Binding::Expression(e)) => Ok(e),
            Ok(Binding::Constant(value)) => Ok(Expression::constant(value)),
            Ok(Binding::Template(t)) => Expression::parse(t.source()).map_err(|e| e.to_string()),
            Ok(Binding::List(_) | Binding::Map(_)) => Err("must be an expression".into()),
            Err(error) => Err(error),
        };
        match from {
            Ok(from) => self.draft.outputs.push(At::new(Output { name: name.into(), from }, HERE)),
            Err(error) => self.say(format!("output \"{name}\": {error}")),
        }
        self
    }

    /// Checks it by itself: names, edges, circles. Agents, functions and strategies are the society's affair, see
    /// [`check`](WorkflowBuilder::check).
    ///
    /// # Errors
    /// [`WorkflowErrors`], all at once.
    pub fn build(self) -> Result<Workflow, WorkflowErrors> {
        let functions: Vec<Name> = self
            .draft
            .tasks
            .iter()
            .filter_map(|t| match &t.action {
                Action::Function(name) => Some(name.clone()),
                _ => None,
            })
            .collect();
        // Somebody who can do everything stands for the agents that nobody knows of yet.
        let can = self.draft.tasks.iter().flat_map(|t| t.needs.iter().map(|(n, _)| n).chain([&t.kind.value]));
        let can = can.fold(polity_protocols::Capabilities::default(), |all, name| all.and(name.clone(), 1.0));
        let known = Known { functions, agents: vec![AgentSpec::new("", can)], ..Known::default() };
        self.check(&known).map(|checked| checked.workflow)
    }

    /// Checks it against what is known of the world, as a file is.
    ///
    /// # Errors
    /// [`WorkflowErrors`], all at once.
    pub fn check(mut self, known: &Known) -> Result<Checked, WorkflowErrors> {
        if self.draft.name.trim().is_empty() {
            self.say("a workflow needs a name");
        }
        if self.draft.tasks.is_empty() {
            self.say("a workflow needs at least one task");
        }
        self.draft.retry = self.draft.retry.take().or_else(|| known.defaults.retry.clone());
        self.draft.timeouts = self.draft.timeouts.or(known.defaults.timeouts);
        self.draft.hash = hash(&format!("{:?}", self.draft));
        let name = self.draft.name.clone();
        known.overrides.apply(&mut self.draft);
        check(self.draft, known, self.problems).map_err(|p| WorkflowErrors::new(&name, "", p))
    }
}

/// What can be run: a checked workflow, or one that is still to be built.
///
/// ```
/// use polity::workflow::{IntoWorkflow, Workflow, kind};
/// fn run(flow: impl IntoWorkflow) -> usize {
///     flow.into_workflow().map_or(0, |w| w.tasks.len())
/// }
/// assert_eq!(run(Workflow::new("w").task("a", kind("k"))), 1);
/// ```
pub trait IntoWorkflow {
    /// The checked workflow.
    ///
    /// # Errors
    /// [`WorkflowErrors`] if it doesn't pass its check.
    fn into_workflow(self) -> Result<Workflow, WorkflowErrors>;
}
impl IntoWorkflow for Workflow {
    fn into_workflow(self) -> Result<Workflow, WorkflowErrors> {
        Ok(self)
    }
}
impl IntoWorkflow for &Workflow {
    fn into_workflow(self) -> Result<Workflow, WorkflowErrors> {
        Ok(self.clone())
    }
}
impl IntoWorkflow for Checked {
    fn into_workflow(self) -> Result<Workflow, WorkflowErrors> {
        Ok(self.workflow)
    }
}
impl IntoWorkflow for WorkflowBuilder {
    fn into_workflow(self) -> Result<Workflow, WorkflowErrors> {
        self.build()
    }
}
