//! From a task of the workflow to a job: its bindings become values.

use crate::workflow::{Action, Binding, Compensation, Delegate, EvalError, Fallback, Root, Scope, Script, Task, Workflow};
use polity_agents::{Command, Failure, FailureKind, Work};
use polity_protocols::Name;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

/// What an instance of a task is to do, with every binding computed.
pub(super) struct Rendered {
    pub(super) work: Work,
    pub(super) input: Arc<Value>,
}

/// The same of another way to do it; no input if it is the task's own.
pub(super) struct Detoured {
    pub(super) work: Work,
    pub(super) input: Option<Arc<Value>>,
}

/// Why a task can't begin.
pub(super) enum Unready {
    /// It works on what was skipped, so that it is skipped too.
    Skips(String),
    /// A binding has no value.
    Fails(Failure),
}
impl Unready {
    /// The key of the task whose expression has no value, and why.
    pub(super) fn of(error: EvalError, key: &str) -> Unready {
        match error {
            EvalError::SkippedOutput { task } => Unready::Skips(format!("it works on what \"{task}\" gives, which was skipped")),
            error => Unready::Fails(Failure::new(FailureKind::Binding, format!("`{key}` has no value: {error}"))),
        }
    }
}

thread_local! {
    /// The input of a task without `with`, shared by all of them.
    static NOTHING: Arc<Value> = Arc::new(Value::Object(Map::new()));
}

impl Rendered {
    /// `is_read`: whether anybody works on its output.
    pub(super) fn of(task: &Task, scope: &dyn Scope, is_read: bool) -> Result<Rendered, Unready> {
        if let Action::Delegate(delegate) = &task.action {
            return decomposition(task, delegate, scope);
        }
        Ok(Rendered { work: work(&task.action, scope, is_read)?, input: input(&task.with, scope)? })
    }
    /// Another way to do a task; no input if it is the task's own.
    pub(super) fn fallback(way: &Fallback, scope: &dyn Scope, is_read: bool) -> Result<Detoured, Unready> {
        let with = way.with.as_ref().map(|with| input(with, scope)).transpose()?;
        Ok(Detoured { work: work(&way.action, scope, is_read)?, input: with })
    }
    /// What undoes a task.
    pub(super) fn undo(compensation: &Compensation, scope: &dyn Scope) -> Result<Rendered, Unready> {
        Ok(Rendered { work: work(&compensation.action, scope, false)?, input: input(&compensation.with, scope)? })
    }
}

fn work(action: &Action, scope: &dyn Scope, is_read: bool) -> Result<Work, Unready> {
    Ok(match action {
        Action::Function(name) => Work::Function(name.clone()),
        Action::Simulate(simulation) => Work::Simulate(simulation.clone()),
        Action::Run(script) => Work::Command(Arc::new(command(script, scope, is_read)?)),
        Action::Own | Action::Workflow(_) | Action::Delegate(_) | Action::Interleave(_) => Work::Own,
    })
}

/// A task that is to be decomposed: its input has the goal in it, and a command reads its input.
fn decomposition(task: &Task, delegate: &Delegate, scope: &dyn Scope) -> Result<Rendered, Unready> {
    let mut input = input(&task.with, scope)?;
    if let Some(goal) = &delegate.goal {
        let goal = goal.render(scope).map_err(|error| Unready::of(error, "delegate.goal"))?;
        if let Value::Object(map) = Arc::make_mut(&mut input) {
            map.insert("goal".into(), goal);
        }
    }
    let work = match &delegate.by {
        Action::Function(name) => Work::Function(name.clone()),
        Action::Run(script) => {
            let mut command = command(script, scope, true)?;
            if script.stdin.is_none() {
                (command.stdin, command.stdin_is_input) = (Some(input.to_string()), true);
            }
            Work::Command(Arc::new(command))
        }
        _ => Work::Own,
    };
    Ok(Rendered { work, input })
}

fn input(with: &[(Name, Binding)], scope: &dyn Scope) -> Result<Arc<Value>, Unready> {
    if with.is_empty() {
        return Ok(NOTHING.with(Arc::clone));
    }
    let mut input = Map::new();
    for (name, binding) in with {
        let value = bind(binding, scope).map_err(|error| Unready::of(error, &format!("with.{name}")))?;
        input.insert(name.to_string(), value);
    }
    Ok(Arc::new(Value::Object(input)))
}

pub(super) fn bind(binding: &Binding, scope: &dyn Scope) -> Result<Value, EvalError> {
    Ok(match binding {
        Binding::Constant(value) => value.clone(),
        Binding::Template(template) => template.render(scope)?,
        Binding::Expression(expression) => expression.evaluate(scope)?,
        Binding::List(items) => Value::Array(items.iter().map(|item| bind(item, scope)).collect::<Result<_, _>>()?),
        Binding::Map(entries) => {
            let bound = entries.iter().map(|(key, value)| Ok((key.clone(), bind(value, scope)?)));
            Value::Object(bound.collect::<Result<_, EvalError>>()?)
        }
    })
}

pub(super) fn command(script: &Script, scope: &dyn Scope, is_read: bool) -> Result<Command, Unready> {
    let text = |template: &crate::workflow::Template, key: &str| template.render_text(scope).map_err(|e| Unready::of(e, key));
    let env = script.env.iter().map(|(name, value)| Ok((name.clone(), text(value, &format!("env.{name}"))?)));
    Ok(Command {
        script: script.run.render_shell(scope).map_err(|error| Unready::of(error, "run"))?,
        stdin: script.stdin.as_ref().map(|stdin| text(stdin, "stdin")).transpose()?,
        env: env.collect::<Result<_, Unready>>()?,
        cwd: script.cwd.as_ref().map(|cwd| text(cwd, "cwd")).transpose()?.map(PathBuf::from),
        output: script.output,
        is_read,
        ..Command::default()
    })
}

/// The names of a `for_each` task's instances: their values where these are short and all different, else their places.
pub(super) fn labels(items: &[Arc<Value>]) -> Vec<String> {
    let by_value: Option<Vec<String>> = items.iter().map(|item| short(item)).collect();
    match by_value {
        Some(labels) if labels.iter().collect::<BTreeSet<_>>().len() == labels.len() => labels,
        _ => (0..items.len()).map(|index| index.to_string()).collect(),
    }
}
fn short(item: &Value) -> Option<String> {
    let text = match item {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | ' ' | '/' | ':');
    (!text.is_empty() && text.chars().count() <= 32 && text.chars().all(plain)).then_some(text)
}

/// Of each task, whether another or an output of the workflow works on what it gives.
pub(super) fn read_tasks(workflow: &Workflow, is_part: bool) -> Vec<bool> {
    let mut read = vec![false; workflow.tasks.len()];
    for edge in workflow.tasks.iter().flat_map(|task| &task.dependencies) {
        read[edge.on] |= edge.is_read;
    }
    for reference in workflow.outputs.iter().flat_map(|output| output.from.references()) {
        if let Some(at) = workflow.tasks.iter().position(|task| reference.root == Root::Tasks && task.id == reference.name) {
            read[at] = true;
        }
    }
    if is_part && workflow.outputs.is_empty() {
        let waited_for: BTreeSet<usize> =
            workflow.tasks.iter().flat_map(|task| task.dependencies.iter().map(|edge| edge.on)).collect();
        read.iter_mut().enumerate().for_each(|(at, read)| *read |= !waited_for.contains(&at)); // these are its results
    }
    read
}
