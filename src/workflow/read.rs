//! A tree of the right shape as a draft.

use super::Known;
use super::draft::{At, Draft, DraftDependency, DraftStrategy, DraftSupervisor, DraftTask, DraftTeam};
use super::expression::Expression;
use super::faults_read;
use super::model::{Action, Binding, Input, InputType, OnFailure, Output, Priority, Script};
use super::nested_read;
use super::places::inside;
use super::policies;
use super::problem::{Problem, Span};
use super::template::Template;
use super::yaml::{Node, NodeKind};
use crate::lifecycle::RetryPolicy;
use polity_agents::OutputFormat;
use polity_protocols::Name;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;

/// Keys that say how a task is executed.
const ACTIONS: &[&str] =
    &["run", "fn", "http", "tool", "llm", "workflow", "delegate", "approve", "wait", "simulate", "interleave"];
/// Keys that only `run` uses.
pub(super) const OF_RUN: &[&str] = &["stdin", "env", "cwd", "output"];

pub(super) struct Reader<'a> {
    pub(super) source: &'a str,
    pub(super) known: &'a Known,
    pub(super) problems: Vec<Problem>,
}

fn items(node: Option<&Node>) -> &[Node] {
    node.and_then(Node::list).unwrap_or_default()
}
fn string(node: Option<&Node>) -> String {
    node.and_then(Node::text).unwrap_or_default().to_owned()
}
/// A word as the enum that it names.
pub(super) fn word<T: DeserializeOwned + Default>(node: Option<&Node>) -> T {
    node.and_then(Node::text).and_then(|w| serde_json::from_value(Value::from(w)).ok()).unwrap_or_default()
}
pub(super) fn expression(node: &Node) -> Option<Expression> {
    match &node.kind {
        NodeKind::Text(text) => Expression::parse(text).ok(),
        NodeKind::Null | NodeKind::Map(_) | NodeKind::NotFinite(_) => None,
        _ => Some(Expression::constant(node.json())),
    }
}
pub(super) fn template(node: &Node) -> Option<Template> {
    match &node.kind {
        NodeKind::Text(text) => Template::parse(text).ok(),
        NodeKind::Bool(_) | NodeKind::Number(_) => Some(Template::literal(&node.json().to_string())),
        _ => None,
    }
}

impl Reader<'_> {
    pub(super) fn workflow(&mut self, root: &Node) -> Draft {
        let base = &self.known.defaults;
        let defaults = root.get("defaults").map_or_else(|| base.clone(), |n| policies::defaults(n, base));
        if let Some(tasks) = root.get("tasks").filter(|t| t.list().is_some_and(<[Node]>::is_empty)) {
            self.problems.push(Problem::new(tasks.span, "`tasks` is an empty list; a workflow needs at least one task"));
        }
        let mut draft = Draft {
            span: root.span,
            name: string(root.get("name")),
            description: string(root.get("description")),
            inputs: items(root.get("inputs")).iter().filter_map(|n| self.input(n)).collect(),
            strategy: root.get("strategy").and_then(strategy),
            teams: items(root.get("teams")).iter().filter_map(team).collect(),
            agents: items(root.get("agents")).iter().filter_map(|n| self.agent(n)).collect(),
            supervision: items(root.get("supervision")).iter().filter_map(supervisor).collect(),
            timeouts: defaults.timeouts,
            breaker: root.get("breaker").map(|n| At::new(policies::breaker(n), n.span)),
            on_failure: word::<OnFailure>(root.get("on_failure")),
            failure_span: root.get("on_failure").map_or(root.span, |n| n.span),
            state: root.get("state").map(policies::state).unwrap_or_default(),
            faults: root.get("faults").map(|n| faults_read::faults(n, &mut self.problems)),
            delegation: root.get("delegation").map(nested_read::delegation).unwrap_or_default(),
            sequential: matches!(root.get("mode").and_then(Node::text), Some("sequential" | "SIMPLE")),
            resources: units(root.get("resources")),
            adaptive: matches!(root.get("mode").and_then(Node::text), Some("adaptive" | "ADAPTIVE")),
            mode_span: root.get("mode").map_or(root.span, |n| n.span),
            decomposer: root.get("decomposer").map(|n| At::new(self.decomposer(n), n.span)),
            limits: root.get("limits").map_or_else(|| self.known.limits.clone(), |n| policies::limits(n, &self.known.limits)),
            limits_span: root.get("limits").map_or(root.span, |n| n.get("retry_budget").unwrap_or(n).span),
            tasks: Vec::new(),
            retry: defaults.retry,
            outputs: items(root.get("outputs")).iter().filter_map(|n| self.output(n)).collect(),
            hash: String::new(),
            path: None,
        };
        self.known.overrides.apply(&mut draft);
        // Tasks come last: their own policies stand on the defaults that hold in the end.
        let tasks = items(root.get("tasks")).iter();
        draft.tasks = tasks.filter_map(|n| self.task(n, draft.retry.as_ref())).collect();
        self.known.overrides.govern(&mut draft);
        draft
    }

    fn input(&mut self, node: &Node) -> Option<At<Input>> {
        let name = node.get("name")?;
        let kind = node.get("type").and_then(Node::text).and_then(|w| serde_json::from_value(Value::from(w)).ok());
        let input = Input {
            name: name.text()?.into(),
            description: string(node.get("description")),
            kind: kind.unwrap_or(InputType::Any),
            required: node.get("required").and_then(Node::bool).unwrap_or(false),
            default: node.get("default").map(Node::json),
        };
        if let Some(default) = node.get("default")
            && let Err(why) = super::inputs::convert_value(&input, default.json())
        {
            self.problems.push(Problem::new(default.span, format!("the default of {why}")));
        }
        Some(At::new(input, name.span))
    }

    fn agent(&mut self, node: &Node) -> Option<At<polity_agents::AgentSpec>> {
        let id = node.get("id")?;
        let base = self.known.agents.iter().find(|a| Some(&*a.id) == id.text());
        Some(At::new(policies::agent(node, base)?, id.span))
    }

    fn output(&mut self, node: &Node) -> Option<At<Output>> {
        let from = node.get("from")?;
        Some(At::new(Output { name: node.get("name")?.text()?.into(), from: expression(from)? }, from.span))
    }

    fn task(&mut self, node: &Node, default_retry: Option<&RetryPolicy>) -> Option<DraftTask> {
        let id = node.get("id")?;
        let mut task = DraftTask::new(At::new(id.text()?.into(), id.span));
        task.description = string(node.get("description"));
        self.action(node, &mut task);
        if let Some(kind) = node.get("type") {
            task.kind = At::new(string(Some(kind)).into(), kind.span);
        }
        task.agent = node.get("agent").and_then(|n| Some(At::new(n.text()?.into(), n.span)));
        task.team = node.get("team").and_then(|n| Some(At::new(n.text()?.into(), n.span)));
        task.strategy = node.get("strategy").and_then(strategy);
        if let Some(needs) = node.get("needs") {
            task.needs = needs.entries().filter_map(|(k, _, v)| Some((k.into(), v.number()?))).collect();
        }
        task.when = node.get("when").and_then(expression);
        task.for_each = node.get("for_each").and_then(expression);
        task.for_each_span = node.get("for_each").map_or(id.span, |n| n.span);
        self.with(node, &mut task);
        task.depends_on = items(node.get("depends_on")).iter().filter_map(dependency).collect();
        if let Some(join) = node.get("join") {
            self.join(join, &mut task);
        }
        task.priority = word::<Priority>(node.get("priority"));
        task.estimate = policies::duration(node.get("estimate")).map(|d| d.as_secs_f64());
        task.timeouts = node.get("timeout").map(policies::timeouts);
        task.redundancy = node.get("redundancy").map(|n| At::new(policies::redundancy(n), n.span));
        task.retry = node.get("retry").map(|n| policies::retry(n, default_retry));
        task.set_state = node.get("set_state").and_then(|n| Some(At::new(n.text()?.into(), n.span)));
        self.nesting(node, &mut task);
        self.fallbacks(node, &mut task);
        self.handlers(node, &mut task);
        task.concurrency = node.get("concurrency").and_then(|n| Some(At::new(policies::whole(Some(n))?, n.span)));
        task.resources = units(node.get("resources"));
        if let Some(after) = node.get("hedge").map(|hedge| hedge.get("after").unwrap_or(hedge))
            && let Some(text) = after.text()
        {
            match text.parse() {
                Ok(hedge) => task.hedge = Some(At::new(hedge, after.span)),
                Err(why) => self.problems.push(Problem::new(after.span, format!("`hedge`: {why}"))),
            }
        }
        if let Some(undo) = node.get("compensate") {
            self.compensation(undo, &mut task);
        }
        task.places = self.places(node, &task);
        Some(task)
    }

    fn action(&mut self, node: &Node, task: &mut DraftTask) {
        let given: Vec<_> = node.entries().filter(|(k, ..)| ACTIONS.contains(k)).collect();
        if let [(first, ..), (second, key, _), ..] = &given[..] {
            let message = format!("task \"{}\" says twice how it is executed: {first} and {second}", task.id.value);
            self.problems.push(Problem::new(key.span, message).help("keep one of them"));
        }
        if let Some(run) = node.get("run") {
            task.action_span = run.span;
            if let Some(script) = self.script(run, node) {
                task.action = Action::Run(Arc::new(script));
            }
        } else {
            for (name, key, _) in node.entries().filter(|(k, ..)| OF_RUN.contains(k)) {
                let message = format!("`{name}` is for tasks with `run`, and task \"{}\" has none", task.id.value);
                self.problems.push(Problem::new(key.span, message));
            }
        }
        if let Some(function) = node.get("fn") {
            task.action_span = function.span;
            task.action = Action::Function(string(Some(function)).into());
        } else if let Some(delegate) = node.get("delegate") {
            self.delegate(delegate, task);
        } else if let Some(sub) = node.get("workflow") {
            self.sub_workflow(sub, task);
        } else if let Some(named) = node.get("interleave") {
            self.interleave(named, task);
        } else if let Some(simulate) = node.get("simulate") {
            task.action = Action::Simulate(Arc::new(policies::simulation(simulate, &mut self.problems)));
        }
    }

    pub(super) fn script(&mut self, run: &Node, node: &Node) -> Option<Script> {
        let output = match node.get("output").and_then(Node::text) {
            Some("json") => OutputFormat::Json,
            Some("lines") => OutputFormat::Lines,
            _ => OutputFormat::Text,
        };
        let env = node.get("env").map(|n| n.entries().filter_map(|(k, _, v)| Some((k.to_owned(), template(v)?))).collect());
        self.environment(node);
        Some(Script {
            run: template(run)?,
            stdin: node.get("stdin").and_then(template),
            env: env.unwrap_or_default(),
            cwd: node.get("cwd").and_then(template),
            output,
        })
    }

    fn environment(&mut self, node: &Node) {
        for (name, key, _) in node.get("env").into_iter().flat_map(Node::entries) {
            if name.is_empty() || name.contains(['=', '\0']) {
                self.problems.push(Problem::new(key.span, format!("\"{name}\" can't be the name of an environment variable")));
            }
        }
    }

    /// `with`, and `inputs` as its short form.
    fn with(&mut self, node: &Node, task: &mut DraftTask) {
        for (name, _, value) in node.get("with").into_iter().flat_map(Node::entries) {
            task.with.push((name.into(), binding(value)));
        }
        for input in items(node.get("inputs")) {
            let Some(name) = input.text() else { continue };
            if task.with.iter().any(|(n, _)| **n == *name) {
                let message = format!("task \"{}\" is given \"{name}\" twice, by `with` and by `inputs`", task.id.value);
                self.problems.push(Problem::new(input.span, message));
            } else if let Ok(e) = Expression::parse(&format!("inputs.{name}")) {
                task.with.push((name.into(), Binding::Expression(e)));
            } else {
                let message = format!("\"{name}\" can't be the name of an input");
                self.problems
                    .push(Problem::new(input.span, message).help("`inputs` of a task lists inputs of the workflow by name"));
            }
        }
    }

    /// Where the task's expressions stand, in their fixed order.
    fn places(&self, node: &Node, task: &DraftTask) -> Vec<Span> {
        let mut all: Vec<Span> = task.when.iter().filter_map(|_| node.get("when").map(|n| n.span)).collect();
        let holder = node.get("delegate").unwrap_or(node);
        if let Action::Delegate(delegate) = &task.action
            && let Some(goal) = &delegate.goal
        {
            self.bindings_of(holder.get("goal").unwrap_or(holder), goal, &mut all);
        }
        if let Some(script) = task.action.script() {
            self.script_places(holder, script, &mut all);
        }
        for (name, bound) in &task.with {
            match node.get("with").and_then(|w| w.get(name)) {
                Some(value) => self.places_of(value, bound, &mut all),
                None => {
                    let sugar = items(node.get("inputs")).iter().find(|n| n.text() == Some(name));
                    all.push(sugar.map_or(node.span, |n| n.span));
                }
            }
        }
        all
    }

    pub(super) fn script_places(&self, node: &Node, script: &Script, all: &mut Vec<Span>) {
        let mut texts = vec![(node.get("run"), Some(&script.run)), (node.get("stdin"), script.stdin.as_ref())];
        let env = node.get("env");
        texts.extend(script.env.iter().map(|(k, t)| (env.and_then(|e| e.get(k)), Some(t))));
        texts.push((node.get("cwd"), script.cwd.as_ref()));
        for (n, t) in texts {
            if let (Some(n), Some(t)) = (n, t) {
                self.bindings_of(n, t, all);
            }
        }
    }

    pub(super) fn bindings_of(&self, node: &Node, template: &Template, all: &mut Vec<Span>) {
        let mut from = 0;
        for expression in template.bindings() {
            let found = template.source()[from..].find(expression.source()).map_or(from, |at| at + from);
            from = found;
            all.push(inside(self.source, node.span, template.source(), found));
        }
    }

    pub(super) fn places_of(&self, node: &Node, bound: &Binding, all: &mut Vec<Span>) {
        match (bound, &node.kind) {
            (Binding::Template(t), _) => self.bindings_of(node, t, all),
            (Binding::List(bounds), NodeKind::List(nodes)) => {
                bounds.iter().zip(nodes).for_each(|(b, n)| self.places_of(n, b, all));
            }
            (Binding::Map(bounds), NodeKind::Map(_)) => {
                bounds.iter().filter_map(|(k, b)| Some((b, node.get(k)?))).for_each(|(b, n)| self.places_of(n, b, all));
            }
            _ => {}
        }
    }
}

/// `resources`: a map from names to units, or a list of names with one unit each.
fn units(node: Option<&Node>) -> Vec<At<(Name, u32)>> {
    let Some(node) = node else { return Vec::new() };
    match node.list() {
        Some(names) => names.iter().filter_map(|n| Some(At::new((n.text()?.into(), 1), n.span))).collect(),
        None => {
            let unit = |(name, key, units): (&str, &super::yaml::Key, &Node)| {
                Some(At::new((name.into(), policies::whole(Some(units))?), key.span))
            };
            node.entries().filter_map(unit).collect()
        }
    }
}

fn strategy(node: &Node) -> Option<DraftStrategy> {
    let value = policies::strategy(node)?;
    let settings = node.entries().next().map(|(_, _, settings)| settings);
    let places = settings.into_iter().flat_map(Node::entries).map(|(name, key, value)| (name.to_owned(), key.span, value.span));
    Some(DraftStrategy { value, span: node.span, settings: places.collect() })
}

fn team(node: &Node) -> Option<DraftTeam> {
    let id = node.get("id")?;
    let agents = items(node.get("agents")).iter().filter_map(|n| Some(At::new(n.text()?.into(), n.span))).collect();
    Some(DraftTeam { id: At::new(id.text()?.into(), id.span), agents, strategy: node.get("strategy").and_then(strategy) })
}

fn supervisor(node: &Node) -> Option<DraftSupervisor> {
    let id = node.get("id")?;
    let agents: Vec<&Node> = items(node.get("agents")).iter().filter(|n| n.text().is_some()).collect();
    let names = agents.iter().filter_map(|n| n.text()).map(Name::from);
    let spec = At::new(policies::supervisor(node, id.text()?, names), id.span);
    Some(DraftSupervisor { spec, agents: agents.iter().map(|n| n.span).collect() })
}

fn dependency(node: &Node) -> Option<DraftDependency> {
    let (task, optional) = match node.text() {
        Some(_) => (node, false),
        None => (node.get("task")?, node.get("optional").and_then(Node::bool).unwrap_or(false)),
    };
    Some(DraftDependency { task: At::new(Name::from(task.text()?), task.span), optional })
}

/// A value with `{{ … }}` in its texts; what binds nothing is a constant.
pub(super) fn binding(node: &Node) -> Binding {
    let is_constant = |all: &[Binding]| all.iter().all(|b| matches!(b, Binding::Constant(_)));
    match &node.kind {
        NodeKind::Text(text) => match Template::parse(text) {
            Ok(t) if !t.is_literal() => Binding::Template(t),
            _ => Binding::Constant(Value::String(text.clone())),
        },
        NodeKind::List(nodes) => {
            let all: Vec<Binding> = nodes.iter().map(binding).collect();
            if is_constant(&all) { Binding::Constant(node.json()) } else { Binding::List(all) }
        }
        NodeKind::Map(_) => {
            let all: Vec<(String, Binding)> = node.entries().map(|(k, _, v)| (k.to_owned(), binding(v))).collect();
            if all.iter().all(|(_, b)| matches!(b, Binding::Constant(_))) {
                Binding::Constant(node.json())
            } else {
                Binding::Map(all)
            }
        }
        _ => Binding::Constant(node.json()),
    }
}

/// Takes the optional `workflow_dsl:` off.
pub(super) fn unwrap_dsl(root: Node, problems: &mut Vec<Problem>) -> Node {
    let NodeKind::Map(entries) = &root.kind else { return root };
    let Some(at) = entries.iter().position(|(k, _)| k.name.as_deref() == Some("workflow_dsl")) else { return root };
    for (key, _) in entries.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, e)| e) {
        let name = key.name.as_deref().unwrap_or("…");
        let message = format!("\"{name}\" stands beside `workflow_dsl`");
        problems.push(Problem::new(key.span, message).help("move it under `workflow_dsl`, or drop that key"));
    }
    entries[at].1.clone()
}
