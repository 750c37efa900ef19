//! Tasks and bindings from Rust.

use super::builder::WorkflowBuilder;
use super::draft::{At, DraftDependency, DraftFallback, DraftStrategy, DraftTask};
use super::expression::Expression;
use super::model::{Action, Binding, Compensation, Fallback, Priority, Script, Strategy};
use super::nested::{Converge, Delegate, ParentClose, Synthesis};
use super::on_error_builder::OnError;
use super::problem::Span;
use super::template::Template;
use crate::lifecycle::{Hedge, Redundancy, RetryPolicy, Timeouts};
use crate::plan::Join;
use core::time::Duration;
use polity_agents::{OutputFormat, Simulation};
use serde_json::Value;
use std::sync::Arc;

/// A place in a program: none.
pub(super) const HERE: Span = Span { line: 0, column: 0, offset: 0, length: 0 };

/// What a program binds: a value, or something that is computed when the task starts.
///
/// ```
/// use polity::workflow::{Bind, Workflow, input, item, kind, template, InputType};
/// let text: Bind = template("year {{ item }}");
/// let flow = Workflow::new("w")
///     .input("years", InputType::List)
///     .task("a", kind("k").for_each("inputs.years").with("text", text).with("year", item()).with("all", input("years")).with("n", 3));
/// assert_eq!(flow.build().unwrap().tasks[0].with.len(), 4);
/// ```
#[derive(Clone, Debug)]
pub struct Bind(pub(super) Result<Binding, String>);

impl<T: Into<Value>> From<T> for Bind {
    fn from(value: T) -> Bind {
        Bind(Ok(Binding::Constant(value.into())))
    }
}

impl Bind {
    /// It as a text.
    pub(super) fn text(self) -> Result<Template, String> {
        match self.0 {
            Ok(Binding::Template(t)) => Ok(t),
            Ok(Binding::Expression(e)) => Template::parse(&format!("{{{{ {} }}}}", e.source())).map_err(|e| e.to_string()),
            Ok(Binding::Constant(Value::String(text))) => Ok(Template::literal(&text)),
            Ok(Binding::Constant(other)) => Ok(Template::literal(&other.to_string())),
            Ok(Binding::List(_) | Binding::Map(_)) => Err("must be a text".into()),
            Err(error) => Err(error),
        }
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
///
/// ```
/// use polity::workflow::{Known, Workflow, function};
/// let flow = Workflow::new("w").task("a", function("count_words"));
/// let known = Known { functions: vec!["count_word".into()], ..Known::default() };
/// assert!(flow.check(&known).unwrap_err().to_string().contains("did you mean \"count_word\"?"));
/// ```
pub fn function(name: &str) -> TaskBuilder {
    TaskBuilder::new(Action::Function(name.into()))
}
/// A task that an agent decomposes when it is done: the agent with the task's kind is asked for a sub-workflow that reaches `goal`
/// ([`Delegating::delegate`](crate::Delegating::delegate)), or for the result itself.
///
/// ```
/// use polity::workflow::{Action, Workflow, delegate};
/// let flow = Workflow::new("w").task("trip", delegate("a week in Rome").kind("planning").replans(2));
/// assert!(matches!(flow.build().unwrap().tasks[0].action, Action::Delegate(_)));
/// ```
pub fn delegate(goal: impl Into<Bind>) -> TaskBuilder {
    let mut builder = TaskBuilder::new(Action::Own);
    let goal = builder.text("goal", goal);
    builder.task.action = Action::Delegate(Arc::new(Delegate { goal, by: Action::Own, converge: None, replans: 0 }));
    builder
}
/// A task that is another workflow; its inputs are given by [`TaskBuilder::with`].
///
/// ```
/// use polity::workflow::{Action, InputType, Workflow, input, kind, sub_workflow};
/// let clean = Workflow::new("clean").input("text", InputType::String).task("trim", kind("trim").with("text", input("text")));
/// let flow = Workflow::new("w").task("clean", sub_workflow(clean).with("text", " a "));
/// assert!(matches!(flow.build().unwrap().tasks[0].action, Action::Workflow(_)));
/// ```
pub fn sub_workflow(flow: WorkflowBuilder) -> TaskBuilder {
    let mut builder = TaskBuilder::new(Action::Own);
    match flow.build() {
        Ok(flow) => builder.task.action = Action::Workflow(Arc::new(flow)),
        Err(errors) => builder.wrong.push(format!("its workflow is not right: {errors}")),
    }
    builder
}
/// A task that lets others begin, in any order that their dependencies allow and never two at a time. No agent does it, and its output is
/// null.
///
/// ```
/// use polity::workflow::{Action, Workflow, interleave, kind};
/// let flow = Workflow::new("w").task("checks", interleave(["a", "b"])).task("a", kind("k")).task("b", kind("k")).build().unwrap();
/// assert!(matches!(&flow.tasks[0].action, Action::Interleave(named) if **named == [1, 2]));
/// assert_eq!(flow.tasks[1].dependencies[0].on, 0, "they wait for it");
/// ```
pub fn interleave<'a>(tasks: impl IntoIterator<Item = &'a str>) -> TaskBuilder {
    let mut builder = TaskBuilder::new(Action::Interleave([].into()));
    builder.task.interleave = tasks.into_iter().map(|task| At::new(task.into(), HERE)).collect();
    builder
}
/// A task that only takes time.
pub fn simulated(how: Simulation) -> TaskBuilder {
    TaskBuilder::new(Action::Simulate(Arc::new(how)))
}

/// A task that is being described. Its methods are the keys of a task in a file.
///
/// ```
/// use polity::workflow::{Priority, TaskBuilder, Workflow, command};
/// use std::time::Duration;
/// let task: TaskBuilder = command("make").agent("shell").priority(Priority::High).timeout(Duration::from_secs(60));
/// assert_eq!(Workflow::new("w").task("build", task).build().unwrap().tasks[0].priority, Priority::High);
/// ```
#[derive(Clone, Debug)]
pub struct TaskBuilder {
    pub(super) task: DraftTask,
    pub(super) wrong: Vec<String>,
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
        bind.into().text().map_err(|e| self.wrong.push(format!("`{key}`: {e}"))).ok()
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
    /// The team that does it.
    pub fn team(mut self, id: &str) -> TaskBuilder {
        self.task.team = Some(At::new(id.into(), HERE));
        self
    }
    /// How it alone is allocated, in one word.
    pub fn strategy(self, name: &str) -> TaskBuilder {
        self.strategy_with(name, Value::Object(serde_json::Map::new()))
    }
    /// How it alone is allocated, with settings.
    pub fn strategy_with(mut self, name: &str, settings: Value) -> TaskBuilder {
        if !settings.is_object() {
            return self.wrong(format!("the settings of strategy \"{name}\" must be a map"));
        }
        self.task.strategy = Some(DraftStrategy::at(Strategy { name: name.into(), settings }, HERE));
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
    /// How many it waits for of those that it depends on.
    ///
    /// ```
    /// use polity::workflow::{Join, Workflow, kind};
    /// let pick = kind("k").depends_on("a").depends_on("b").join(Join::AtLeast(1)).cancel_rest();
    /// let flow = Workflow::new("w").task("a", kind("k")).task("b", kind("k")).task("pick", pick);
    /// assert_eq!(flow.build().unwrap().tasks[2].join, Join::AtLeast(1));
    /// ```
    pub fn join(mut self, rule: Join) -> TaskBuilder {
        if rule == Join::AtLeast(0) {
            return self.wrong("`join.at_least` must be at least 1, but is 0");
        }
        self.task.join = Some(At::new(rule, HERE));
        self
    }
    /// When its join is met, those of it that have not ended are called off, if nothing else waits for them.
    pub fn cancel_rest(mut self) -> TaskBuilder {
        self.task.cancel_rest = Some(HERE);
        self
    }
    /// A task that it waits for, as [`join`](TaskBuilder::join) says: by default it must have succeeded.
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
        let others = self.task.timeouts.unwrap_or_default();
        self.timeouts(Timeouts { attempt: Some(attempt), ..others })
    }
    /// What undoes it, in a workflow with [`OnFailure::Compensate`](super::OnFailure::Compensate): the action, the input, the time limits and the retry policy of another
    /// task, whose expressions see this one's `output`.
    ///
    /// ```
    /// use polity::workflow::{OnFailure, Workflow, expr, function};
    /// let book = function("book").compensate(function("cancel").with("id", expr("output.id")));
    /// assert!(Workflow::new("trip").on_failure(OnFailure::Compensate).task("book", book).build().unwrap().tasks[0].compensate.is_some());
    /// ```
    pub fn compensate(mut self, undo: TaskBuilder) -> TaskBuilder {
        self.wrong.extend(undo.wrong.iter().map(|what| format!("`compensate`: {what}")));
        let DraftTask { action, with, timeouts, retry, .. } = undo.task;
        if !matches!(action, Action::Run(_) | Action::Function(_) | Action::Simulate(_)) {
            return self.wrong("`compensate` must be a command, a function or a simulation");
        }
        let retry = retry.unwrap_or_else(Compensation::usual_retry);
        let compensation = Compensation { action, with, timeouts: timeouts.unwrap_or_default(), retry };
        self.task.compensate = Some(At::new(compensation, HERE));
        self
    }
    /// Another way to execute it when it, and every fallback before, has failed for good: the action, the input (its own if none is given),
    /// the time limits and the retry policy of another task, whose expressions see the `error`.
    ///
    /// ```
    /// use polity::workflow::{Workflow, expr, function};
    /// let fetch = function("fetch").fallback(function("guess").with("why", expr("error.message")));
    /// assert_eq!(Workflow::new("w").task("fetch", fetch).build().unwrap().tasks[0].fallback.len(), 1);
    /// ```
    pub fn fallback(mut self, way: TaskBuilder) -> TaskBuilder {
        match way.instead("fallback") {
            Ok(value) => self.task.fallback.push(DraftFallback { value, span: HERE, places: Vec::new() }),
            Err(wrong) => self.wrong.extend(wrong),
        }
        self
    }
    /// It as another way to do a task; else what is wrong, of the key that asks for it.
    pub(super) fn instead(self, key: &str) -> Result<Fallback, Vec<String>> {
        let DraftTask { action, with, timeouts, retry, .. } = self.task;
        let mut wrong: Vec<String> = self.wrong.iter().map(|what| format!("`{key}`: {what}")).collect();
        if !matches!(action, Action::Run(_) | Action::Function(_) | Action::Simulate(_)) {
            wrong.push(format!("`{key}` must be a command, a function or a simulation"));
        }
        let with = (!with.is_empty()).then_some(with);
        let way = Fallback { action, with, timeouts: timeouts.unwrap_or_default(), retry };
        if wrong.is_empty() { Ok(way) } else { Err(wrong) }
    }
    /// What is done when it has failed for good, before its fallbacks; of several, the first that takes the failure counts.
    ///
    /// ```
    /// use polity::agents::FailureKind;
    /// use polity::workflow::{OnError, Workflow, function};
    /// let late = OnError::of([FailureKind::Timeout]).instead(function("guess"));
    /// let fetch = function("fetch").on_error(late).on_error(OnError::any().skip("nobody needs it"));
    /// assert_eq!(Workflow::new("w").task("fetch", fetch).build().unwrap().tasks[0].on_error.len(), 2);
    /// ```
    pub fn on_error(mut self, handler: OnError) -> TaskBuilder {
        match handler.drafted() {
            Ok(handler) => self.task.on_error.push(handler),
            Err(wrong) => self.wrong.extend(wrong),
        }
        self
    }
    /// The task that is done only when this one has failed for good, and whose output takes its place.
    ///
    /// ```
    /// use polity::workflow::{Workflow, kind};
    /// let flow = Workflow::new("w").task("quick", kind("k").fallback_to("sure")).task("sure", kind("k"));
    /// assert_eq!(flow.build().unwrap().tasks[0].fallback_to, Some(1));
    /// ```
    pub fn fallback_to(mut self, task: &str) -> TaskBuilder {
        self.task.fallback_to = Some(At::new(task.into(), HERE));
        self
    }
    /// What its output is made of, where a sub-run does it.
    pub fn synthesize(mut self, how: Synthesis) -> TaskBuilder {
        self.task.nesting.synthesize = how;
        self
    }
    /// What becomes of its sub-run if it is cancelled.
    pub fn parent_close(mut self, close: ParentClose) -> TaskBuilder {
        self.task.nesting.close = Some(close);
        self
    }
    /// Changes how it is decomposed; a mistake if it is not.
    fn decomposed(mut self, key: &str, change: impl FnOnce(&mut Delegate)) -> TaskBuilder {
        match &mut self.task.action {
            Action::Delegate(delegate) => change(Arc::make_mut(delegate)),
            _ => return self.wrong(format!("`{key}` is for tasks that are delegated")),
        }
        self
    }
    /// So many times another way is asked for when a sub-run has failed.
    pub fn replans(self, most: u32) -> TaskBuilder {
        self.decomposed("replans", |delegate| delegate.replans = most)
    }
    /// It is decomposed again until the results converge.
    pub fn converge(self, when: Converge) -> TaskBuilder {
        self.decomposed("converge", |delegate| delegate.converge = Some(when))
    }
    /// The registered function that decomposes it, instead of the agent's own behaviour.
    pub fn decomposed_by(self, function: &str) -> TaskBuilder {
        self.decomposed("fn", |delegate| delegate.by = Action::Function(function.into()))
    }
    /// The key of the run's blackboard that its output is written to when it completes.
    pub fn set_state(mut self, key: &str) -> TaskBuilder {
        self.task.set_state = Some(At::new(key.into(), HERE));
        self
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
        if let Err((key, error)) = super::again::Conditions::of(&policy) {
            return self.wrong(format!("`retry.{key}`: {error}"));
        }
        self.task.retry = Some(policy);
        self
    }
    /// How many agents do it, and how they agree.
    pub fn redundancy(mut self, rules: Redundancy) -> TaskBuilder {
        if let Some(problem) = rules.problem() {
            return self.wrong(problem);
        }
        self.task.redundancy = Some(At::new(rules, HERE));
        self
    }
    /// So many instances of its `for_each` at a time.
    pub fn concurrency(mut self, most: u32) -> TaskBuilder {
        if most == 0 {
            return self.wrong("`concurrency` must be at least 1, but is 0");
        }
        self.task.concurrency = Some(At::new(most, HERE));
        self
    }
    /// It uses so many units of one of the workflow's resources while it is done.
    ///
    /// ```
    /// use polity::workflow::{Workflow, kind};
    /// let flow = Workflow::new("w").resource("gpu", 2).task("a", kind("k").uses("gpu", 1)).task("b", kind("k").uses("gpu", 2));
    /// assert_eq!(flow.build().unwrap().tasks[1].resources, [(0, 2)]);
    /// ```
    pub fn uses(mut self, resource: &str, units: u32) -> TaskBuilder {
        if units == 0 {
            return self.wrong(format!("`resources.{resource}` must be at least 1, but is 0"));
        }
        self.task.resources.push(At::new((resource.into(), units), HERE));
        self
    }
    /// When a second agent does it too; the first answer wins, and the other is cancelled.
    ///
    /// ```
    /// use polity::lifecycle::Hedge;
    /// use polity::workflow::{Workflow, kind};
    /// let flow = Workflow::new("w").task("a", kind("k").for_each("[1, 2, 3]").hedge(Hedge::Percentile(95)));
    /// assert!(flow.build().is_ok());
    /// ```
    pub fn hedge(mut self, when: Hedge) -> TaskBuilder {
        self.task.hedge = Some(At::new(when, HERE));
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
