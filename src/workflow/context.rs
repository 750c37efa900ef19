//! The values that an expression refers to, fetched from its scope.

use super::reference::{Path, Reference, Root};
use super::scope::{EvalError, Scope, TaskFacts};
use super::shared::{Missing, follow, to_jinja};
use minijinja::Value as Jinja;
use minijinja::value::Object;
use polity_protocols::Name;
use serde_json::Value;
use std::sync::{Arc, OnceLock};

/// The first unhandled use of an output that isn't there.
pub(super) type Seen = Arc<OnceLock<EvalError>>;

/// Named values.
#[derive(Debug, Default)]
struct Names(Vec<(Name, Jinja)>);
impl Names {
    fn add(&mut self, name: &Name, value: Option<Jinja>) {
        if let Some(value) = value
            && !self.0.iter().any(|(n, _)| n == name)
        {
            self.0.push((name.clone(), value));
        }
    }
}
impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        self.get_value_by_str(key.as_str()?)
    }
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Jinja> {
        self.0.iter().find(|(n, _)| **n == *key).map(|(_, v)| v.clone())
    }
}

/// A task, as an expression sees it.
#[derive(Debug)]
struct Task {
    name: Name,
    facts: TaskFacts,
    /// True if some use of its output doesn't go on without it.
    demanded: bool,
    /// True for `id.…`, false for `tasks.id.…`.
    short: bool,
    seen: Seen,
}
impl Task {
    fn output(&self) -> Jinja {
        match &self.facts.output {
            Some(output) => to_jinja(output),
            None => {
                if self.demanded {
                    // Only the first counts.
                    let _ = self.seen.set(self.facts.missing(&self.name));
                }
                Jinja::from_object(Missing)
            }
        }
    }
}
impl Object for Task {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        self.get_value_by_str(key.as_str()?)
    }
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Jinja> {
        let facts = &self.facts;
        Some(match key {
            "output" => self.output(),
            "status" => Jinja::from(facts.status.as_ref()),
            "error" => to_jinja(&Arc::new(facts.error.clone().unwrap_or_default())),
            "attempts" => Jinja::from(facts.attempts),
            "agent" => facts.agent.as_deref().map_or_else(|| Jinja::from(()), Jinja::from),
            "by" if facts.output.is_some() => Jinja::from_object(By(facts.clone())),
            "by" => self.output(),
            part if self.short => return self.output().get_attr(part).ok().filter(|v| !v.is_undefined()),
            _ => return None,
        })
    }
}

/// The outputs of a `for_each` task by their keys.
#[derive(Debug)]
struct By(TaskFacts);
impl Object for By {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
        by_key(&self.0, &key).map(|v| to_jinja(&Arc::new(v.clone())))
    }
}

fn by_key<'a>(facts: &'a TaskFacts, key: &str) -> Option<&'a Value> {
    let at = facts.keys.as_ref()?.iter().position(|k| k == key)?;
    facts.output.as_ref()?.get(at)
}

/// The root object of one evaluation: only what is referred to is fetched.
pub(super) fn context(references: &[Reference], scope: &dyn Scope, seen: &Seen) -> Jinja {
    let (mut root, mut inputs, mut tasks, mut state, mut env) =
        (Names::default(), Names::default(), Names::default(), Names::default(), Names::default());
    for reference in references {
        let name = &reference.name;
        match reference.root {
            Root::Inputs => inputs.add(name, scope.input(name).as_ref().map(to_jinja)),
            Root::State => state.add(name, scope.state(name).as_ref().map(to_jinja)),
            Root::Env => env.add(name, scope.env(name).map(Jinja::from)),
            Root::Item => root.add(&"item".into(), scope.item().as_ref().map(to_jinja)),
            Root::Index => root.add(&"index".into(), scope.index().map(Jinja::from)),
            Root::Run => root.add(&"run".into(), scope.run_id().map(|id| pair("id", &id))),
            Root::Workflow => root.add(&"workflow".into(), scope.workflow_name().map(|n| pair("name", &n))),
            Root::Error => root.add(&"error".into(), scope.error().as_ref().map(to_jinja)),
            Root::Attempt => root.add(&"attempt".into(), scope.attempt().map(Jinja::from)),
            Root::Output => root.add(&"output".into(), scope.output().as_ref().map(to_jinja)),
            Root::Secrets => {}
            Root::Tasks => {
                let Some(facts) = scope.task(name) else { continue };
                let demanded = references.iter().any(|r| r.root == Root::Tasks && r.name == *name && !r.handled_by_default);
                let make = |short| {
                    Jinja::from_object(Task { name: name.clone(), facts: facts.clone(), demanded, short, seen: seen.clone() })
                };
                tasks.add(name, Some(make(false)));
                root.add(name, Some(make(true)));
            }
        }
    }
    for (word, names) in [("inputs", inputs), ("tasks", tasks), ("state", state), ("env", env)] {
        root.add(&word.into(), Some(Jinja::from_object(names)));
    }
    Jinja::from_object(root)
}

fn pair(key: &str, value: &Name) -> Jinja {
    Jinja::from_object(Names(vec![(key.into(), Jinja::from(&**value))]))
}

impl Path {
    /// The value at the path, still shared if it is a whole one.
    pub(super) fn evaluate(&self, scope: &dyn Scope, source: &str) -> Result<Arc<Value>, EvalError> {
        let name = &self.reference.name;
        let undefined = || EvalError::Undefined(format!("`{source}` isn't there"));
        let root = match self.reference.root {
            Root::Inputs => scope
                .input(name)
                .ok_or_else(|| EvalError::Undefined(format!("input \"{name}\" has no value; give it with -i {name}=…")))?,
            Root::State => scope.state(name).ok_or_else(undefined)?,
            Root::Env => scope
                .env(name)
                .map(|text| Arc::new(Value::String(text)))
                .ok_or_else(|| EvalError::Undefined(format!("the environment variable {name} is not set for this run")))?,
            Root::Item => {
                scope.item().ok_or_else(|| EvalError::Undefined("`item` is only there in a task with for_each".into()))?
            }
            Root::Index => scope.index().map(|i| Arc::new(Value::from(i))).ok_or_else(undefined)?,
            Root::Run => scope.run_id().map(text).ok_or_else(undefined)?,
            Root::Workflow => scope.workflow_name().map(text).ok_or_else(undefined)?,
            Root::Error => scope.error().ok_or_else(undefined)?,
            Root::Attempt => scope.attempt().map(|n| Arc::new(Value::from(n))).ok_or_else(undefined)?,
            Root::Output => scope.output().ok_or_else(undefined)?,
            Root::Secrets => return Err(undefined()),
            Root::Tasks => self.of_task(scope, source)?,
        };
        if self.way.is_empty() {
            return Ok(root);
        }
        let part = follow(&root, &self.way).ok_or_else(|| EvalError::Undefined(absent(source, &root, &self.way)))?;
        Ok(Arc::new(part.clone()))
    }

    fn of_task(&self, scope: &dyn Scope, source: &str) -> Result<Arc<Value>, EvalError> {
        use super::reference::Field;
        let name = &self.reference.name;
        let facts = scope.task(name).ok_or_else(|| EvalError::Undefined(format!("there is no task \"{name}\"")))?;
        Ok(match self.reference.field {
            Some(Field::Status) => Arc::new(Value::from(facts.status.as_ref())),
            Some(Field::Error) => Arc::new(facts.error.unwrap_or_default()),
            Some(Field::Attempts) => Arc::new(Value::from(facts.attempts)),
            Some(Field::Agent) => Arc::new(facts.agent.map_or(Value::Null, |a| Value::from(&*a))),
            Some(Field::Output) | None => {
                let output = facts.output.clone().ok_or_else(|| facts.missing(name))?;
                let Some(key) = &self.by else { return Ok(output) };
                let found = by_key(&facts, key).cloned();
                found.map(Arc::new).ok_or_else(|| {
                    let keys = facts.keys.as_deref().unwrap_or_default().join(", ");
                    EvalError::Undefined(format!("`{source}`: \"{name}\" has no instance \"{key}\" (it has: {keys})"))
                })?
            }
        })
    }
}

fn text(name: Name) -> Arc<Value> {
    Arc::new(Value::from(&*name))
}

/// Says where a way ends, and what would have gone on.
fn absent(source: &str, root: &Value, way: &[super::shared::Step]) -> String {
    let deepest = (0..way.len()).rev().find_map(|n| follow(root, &way[..n])).unwrap_or(root);
    match deepest {
        Value::Object(map) => {
            let keys: Vec<&str> = map.keys().take(12).map(String::as_str).collect();
            format!("`{source}` isn't there; the value has the keys: {}", keys.join(", "))
        }
        Value::Array(items) => format!("`{source}` isn't there; the list has {} items", items.len()),
        other => format!("`{source}` isn't there; the value is {}, which has no parts", type_word(other)),
    }
}

/// What kind of value this is, for sentences.
pub(crate) fn type_word(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing (null)",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}
