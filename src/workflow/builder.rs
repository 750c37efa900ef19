//! Workflows from Rust: the same draft that a file gives, the same check.

use super::check::check;
use super::draft::{At, Draft, DraftFaults, DraftStrategy, DraftSupervisor, DraftTask, DraftTeam};
use super::expression::Expression;
use super::inputs::convert_value;
use super::load::{Checked, Known, hash};
use super::model::{Action, Binding, Input, InputType, Limits, OnFailure, Output, Shared, Strategy, Team, Workflow};
use super::names::bad_id;
use super::nested::{Delegate, Delegation};
use super::problem::{Problem, WorkflowErrors};
use super::task_builder::{Bind, HERE, TaskBuilder};
use crate::faults::Faults;
use crate::lifecycle::{RetryPolicy, Timeouts};
use crate::supervision::{BreakerPolicy, SupervisorSpec};
use polity_agents::AgentSpec;
use polity_protocols::Name;
use serde_json::{Map, Value};
use std::sync::Arc;

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
        self.draft.strategy = Some(DraftStrategy::at(Strategy { name: name.into(), settings }, HERE));
        self
    }
    /// Agents that are governed together.
    pub fn team(mut self, team: Team) -> WorkflowBuilder {
        let agents = team.agents.into_iter().map(|agent| At::new(agent, HERE)).collect();
        let strategy = team.strategy.map(|strategy| DraftStrategy::at(strategy, HERE));
        self.draft.teams.push(DraftTeam { id: At::new(team.id, HERE), agents, strategy });
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
    /// What shall go wrong on purpose. A society that carries it out is founded with the same
    /// ([`Builder::faults`](crate::Builder::faults)).
    ///
    /// ```
    /// use polity::prelude::*;
    /// let flow = Workflow::new("w").faults("loss=0.1".parse().unwrap()).task("a", kind("x")).build().unwrap();
    /// assert_eq!(flow.faults.unwrap().talk.loss, 0.1);
    /// ```
    pub fn faults(mut self, faults: Faults) -> WorkflowBuilder {
        if let Err(why) = faults.check() {
            self.say(why);
        }
        let names = faults.names().map(|name| (name.clone(), HERE)).collect();
        self.draft.faults = Some(DraftFaults { value: faults, names });
        self
    }
    /// A supervisor that some of its agents have to themselves.
    pub fn supervisor(mut self, spec: SupervisorSpec) -> WorkflowBuilder {
        self.draft.supervision.push(DraftSupervisor { spec: At::new(spec, HERE), agents: Vec::new() });
        self
    }
    /// When an agent that fails is left alone for a while, or that none is.
    ///
    /// ```
    /// use polity::supervision::{BreakerPolicy, Breaking};
    /// use polity::workflow::{Workflow, kind};
    /// let patient = BreakerPolicy::On(Breaking { least: 20, ..Breaking::default() });
    /// let flow = Workflow::new("w").breaker(patient).task("a", kind("k")).build().unwrap();
    /// assert_eq!(flow.breaker, Some(patient));
    /// ```
    pub fn breaker(mut self, policy: BreakerPolicy) -> WorkflowBuilder {
        self.draft.breaker = Some(At::new(policy, HERE));
        self
    }
    /// What a failed task means for the rest.
    pub fn on_failure(mut self, what: OnFailure) -> WorkflowBuilder {
        self.draft.on_failure = what;
        self
    }
    /// What its tasks share, and what a conflict about it means.
    pub fn state(mut self, state: Shared) -> WorkflowBuilder {
        self.draft.state = state;
        self
    }
    /// Bounds of a run.
    pub fn limits(mut self, limits: Limits) -> WorkflowBuilder {
        self.draft.limits = limits;
        self
    }
    /// One task is done after the other, the highest rank first.
    pub fn sequential(mut self) -> WorkflowBuilder {
        self.draft.sequential = true;
        self
    }
    /// Something that tasks use, and how many units of it there are.
    pub fn resource(mut self, name: &str, units: u32) -> WorkflowBuilder {
        self.draft.resources.push(At::new((name.into(), units.max(1)), HERE));
        self
    }
    /// Another way is asked for when a task has failed for good: of whoever can `decompose`, as often as `replans` says.
    pub fn adaptive(mut self, replans: u32) -> WorkflowBuilder {
        self.draft.adaptive = true;
        let delegate = Delegate { goal: None, by: Action::Own, converge: None, replans };
        self.draft.decomposer = Some(At::new(Arc::new(delegate), HERE));
        self
    }
    /// Bounds of its sub-runs.
    pub fn delegation(mut self, bounds: Delegation) -> WorkflowBuilder {
        self.draft.delegation = bounds;
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
            .flat_map(|t| {
                let handlers = t.on_error.iter().filter_map(|handler| handler.action());
                let ways = t.fallback.iter().map(|way| &way.value.action).chain(handlers);
                ways.chain(t.compensate.iter().map(|undo| &undo.value.action)).chain([&t.action])
            })
            .filter_map(|action| action.function().cloned())
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
