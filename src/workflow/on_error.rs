//! Error handlers: what is done about a task that has failed for good, by kind of failure.
//!
//! The first handler that takes a failure counts, as with `Catch` of the Amazon States Language and the fault handlers of WS-BPEL 2.0
//! (12.5). A failure of a handler's own way is not handled once more.

use super::again::{Failed, error_value};
use super::expression::Expression;
use super::model::{Binding, Fallback};
use super::reference::Root;
use super::template::Template;
use polity_agents::{Failure, FailureKind};
use serde_json::Value;
use std::sync::Arc;

/// What is done about some failures of a task.
///
/// ```
/// use polity::agents::{Failure, FailureKind};
/// use polity::workflow::{OnError, Remedy, Workflow, kind};
/// let task = kind("k").on_error(OnError::of([FailureKind::Timeout]).output(0)).on_error(OnError::any().fail("no luck"));
/// let flow = Workflow::new("w").task("a", task).build().unwrap();
/// let handlers = &flow.tasks[0].on_error;
/// assert!(handlers[0].takes(&Failure::new(FailureKind::Timeout, "late"), 1).is_ok());
/// assert!(handlers[0].takes(&Failure::error("no"), 1).is_err());
/// assert!(matches!(handlers[1].remedy, Remedy::Fail(_)));
/// ```
#[derive(Clone, Debug)]
pub struct Handler {
    /// The kinds of failure that it takes; all if none is named.
    pub kinds: Vec<FailureKind>,
    /// It takes only those for which this is true. It sees `error` and `attempt`.
    pub when: Option<Expression>,
    /// What it does.
    pub remedy: Remedy,
}

/// What a [`Handler`] does. Its bindings see the `error`, and what the task itself can see.
#[derive(Clone, Debug)]
pub enum Remedy {
    /// The task is executed in another way. If that fails too, the task's fallbacks follow.
    Instead(Box<Fallback>),
    /// Another task (its place in [`Workflow::tasks`](super::Workflow::tasks)) takes its place.
    To(usize),
    /// It has completed with this.
    Output(Binding),
    /// It is skipped, for this reason, or else for the failure.
    Skip(Option<Template>),
    /// It fails at once with this message, and no other way is tried.
    Fail(Template),
}
impl Remedy {
    /// The key that says it.
    pub fn word(&self) -> &'static str {
        match self {
            Remedy::Instead(way) if way.action.script().is_some() => "run",
            Remedy::Instead(way) if way.action.function().is_some() => "fn",
            Remedy::Instead(_) => "simulate",
            Remedy::To(_) => "to",
            Remedy::Output(_) => "output",
            Remedy::Skip(_) => "skip",
            Remedy::Fail(_) => "fail",
        }
    }
    /// Its expressions, in a fixed order.
    pub(super) fn expressions(&self) -> Vec<&Expression> {
        match self {
            Remedy::Instead(way) => way.expressions(),
            Remedy::Output(value) => {
                let mut all = Vec::new();
                super::draft::collect(value, &mut all);
                all
            }
            Remedy::Skip(Some(text)) | Remedy::Fail(text) => text.bindings().collect(),
            Remedy::To(_) | Remedy::Skip(None) => Vec::new(),
        }
    }
}

/// True for failures that no handler is asked about: what is cancelled has not failed, and where a budget is spent nothing is begun.
pub(super) fn is_beyond(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::Cancelled | FailureKind::Budget)
}

impl Handler {
    /// Whether it takes a failure after so many attempts, and why or why not, as a sentence without a full stop. No handler takes what is
    /// cancelled, and none takes that a budget is spent. A `when` without a value is not true.
    ///
    /// # Errors
    /// Why not.
    pub fn takes(&self, failure: &Failure, attempts: u32) -> Result<String, String> {
        let kind = failure.kind;
        if is_beyond(kind) {
            return Err(format!("no handler is asked about {}", kind.word()));
        }
        if !self.kinds.is_empty() && !self.kinds.contains(&kind) {
            return Err(format!("it is not for {}", kind.word()));
        }
        let of_kind = if self.kinds.is_empty() { "it takes every kind of failure" } else { "it is for this kind of failure" };
        let Some(when) = &self.when else { return Ok(of_kind.into()) };
        let scope = Failed { error: Arc::new(error_value(failure)), attempt: attempts };
        match when.is_true(&scope) {
            Ok(true) if self.kinds.is_empty() => Ok(format!("`when` is true: {when}")),
            Ok(true) => Ok(format!("{of_kind}, and `when` is true: {when}")),
            Ok(false) => Err(format!("`when` is false: {when}")),
            Err(error) => Err(format!("`when` has no value: {error}")),
        }
    }
    /// The first of some handlers that takes a failure: its place, and why.
    pub(crate) fn first(all: &[Handler], failure: &Failure, attempts: u32) -> Option<(usize, String)> {
        all.iter().enumerate().find_map(|(at, handler)| Some((at, handler.takes(failure, attempts).ok()?)))
    }
    /// The same, with another way in place of its own if it has one.
    pub(crate) fn with_way(mut self, change: impl FnOnce(&Fallback) -> Fallback) -> Handler {
        if let Remedy::Instead(way) = &mut self.remedy {
            **way = change(way);
        }
        self
    }
    /// The same where nothing has an output: what is made of one is nothing, or the text itself.
    pub(crate) fn without_outputs(mut self) -> Handler {
        let uses = |references: &[&Expression]| {
            references.iter().flat_map(|e| e.references()).any(|reference| matches!(reference.root, Root::Tasks | Root::Item))
        };
        let unknown = uses(&self.remedy.expressions());
        match &mut self.remedy {
            Remedy::Output(value) if unknown => *value = Binding::Constant(Value::Null),
            Remedy::Skip(Some(text)) | Remedy::Fail(text) if unknown => *text = Template::literal(text.source()),
            _ => {}
        }
        self
    }
    /// The other way that it does, if that is what it does.
    pub(crate) fn way(&self) -> Option<&Fallback> {
        if let Remedy::Instead(way) = &self.remedy { Some(way) } else { None }
    }
}
