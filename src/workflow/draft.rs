//! A workflow before its names are checked: what a file's reader and a program's builder both make.

use super::expression::Expression;
use super::model::{
    Action, Binding, Compensation, Fallback, Input, Limits, OnFailure, Output, Priority, Script, Shared, Strategy,
};
use super::nested::{Delegate, Delegation, Nesting};
use super::on_error::{Handler, Remedy};
use super::problem::Span;
use super::template::Template;
use crate::faults::Faults;
use crate::lifecycle::{Hedge, Redundancy, RetryPolicy, Timeouts};
use crate::plan::Join;
use crate::supervision::{BreakerPolicy, SupervisorSpec};
use polity_agents::{AgentSpec, FailureKind};
use polity_protocols::Name;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Something with its place in the text.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Span,
}
impl<T> At<T> {
    pub(super) fn new(value: T, span: Span) -> At<T> {
        At { value, span }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) span: Span,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) inputs: Vec<At<Input>>,
    pub(super) strategy: Option<DraftStrategy>,
    pub(super) teams: Vec<DraftTeam>,
    pub(super) agents: Vec<At<AgentSpec>>,
    pub(super) supervision: Vec<DraftSupervisor>,
    pub(super) timeouts: Option<Timeouts>,
    pub(super) retry: Option<RetryPolicy>,
    pub(super) breaker: Option<At<BreakerPolicy>>,
    pub(super) on_failure: OnFailure,
    pub(super) failure_span: Span,
    pub(super) state: Shared,
    pub(super) faults: Option<DraftFaults>,
    pub(super) limits: Limits,
    pub(super) limits_span: Span,
    pub(super) sequential: bool,
    pub(super) resources: Vec<At<(Name, u32)>>,
    pub(super) adaptive: bool,
    pub(super) mode_span: Span,
    pub(super) decomposer: Option<At<Arc<Delegate>>>,
    pub(super) delegation: Delegation,
    pub(super) tasks: Vec<DraftTask>,
    pub(super) outputs: Vec<At<Output>>,
    pub(super) hash: String,
    pub(super) path: Option<PathBuf>,
}

/// What shall go wrong, with the places of the agents that it names.
#[derive(Clone, Debug)]
pub(super) struct DraftFaults {
    pub(super) value: Faults,
    pub(super) names: Vec<(Name, Span)>,
}

/// A strategy, with the places of its name and of its settings.
#[derive(Clone, Debug)]
pub(super) struct DraftStrategy {
    pub(super) value: Strategy,
    pub(super) span: Span,
    /// Each setting by name: where the key stands, and where its value.
    pub(super) settings: Vec<(String, Span, Span)>,
}
impl DraftStrategy {
    /// One that stands nowhere else than there.
    pub(super) fn at(value: Strategy, span: Span) -> DraftStrategy {
        DraftStrategy { value, span, settings: Vec::new() }
    }
}

/// A team, with the places of its agents' names.
#[derive(Clone, Debug)]
pub(super) struct DraftTeam {
    pub(super) id: At<Name>,
    pub(super) agents: Vec<At<Name>>,
    pub(super) strategy: Option<DraftStrategy>,
}

/// A supervisor of agents, with the places of its name and of its agents' names.
#[derive(Clone, Debug)]
pub(super) struct DraftSupervisor {
    pub(super) spec: At<SupervisorSpec>,
    pub(super) agents: Vec<Span>,
}

#[derive(Clone, Debug)]
pub(super) struct DraftTask {
    pub(super) id: At<Name>,
    pub(super) description: String,
    pub(super) action: Action,
    /// The function's name, where the action is one.
    pub(super) action_span: Span,
    pub(super) kind: At<Name>,
    pub(super) agent: Option<At<Name>>,
    pub(super) team: Option<At<Name>>,
    pub(super) strategy: Option<DraftStrategy>,
    pub(super) needs: Vec<(Name, f64)>,
    pub(super) with: Vec<(Name, Binding)>,
    pub(super) depends_on: Vec<DraftDependency>,
    pub(super) join: Option<At<Join>>,
    /// Where it says that the rest is cancelled, if it does.
    pub(super) cancel_rest: Option<Span>,
    pub(super) when: Option<Expression>,
    pub(super) for_each: Option<Expression>,
    pub(super) for_each_span: Span,
    pub(super) priority: Priority,
    pub(super) estimate: Option<f64>,
    pub(super) timeouts: Option<Timeouts>,
    pub(super) retry: Option<RetryPolicy>,
    pub(super) redundancy: Option<At<Redundancy>>,
    pub(super) concurrency: Option<At<u32>>,
    pub(super) resources: Vec<At<(Name, u32)>>,
    pub(super) hedge: Option<At<Hedge>>,
    pub(super) set_state: Option<At<Name>>,
    pub(super) nesting: Nesting,
    pub(super) compensate: Option<At<Compensation>>,
    /// Where the expressions of its compensation stand, in the order of [`Compensation::expressions`].
    pub(super) undo_places: Vec<Span>,
    pub(super) fallback: Vec<DraftFallback>,
    pub(super) fallback_to: Option<At<Name>>,
    pub(super) on_error: Vec<DraftHandler>,
    /// Tasks that it lets begin, one at a time.
    pub(super) interleave: Vec<At<Name>>,
    /// Where its `synthesize` or `parent_close` stands, if it has one.
    pub(super) nesting_span: Option<Span>,
    /// The sub-workflow that it is, before that is checked.
    pub(super) sub: Option<Sub>,
    /// Where its expressions stand, in the order of [`DraftTask::expressions`]; empty if there is no text.
    pub(super) places: Vec<Span>,
}

/// Another way to execute a task, with the places of its expressions in the order of [`Fallback::expressions`].
#[derive(Clone, Debug)]
pub(super) struct DraftFallback {
    pub(super) value: Fallback,
    pub(super) span: Span,
    pub(super) places: Vec<Span>,
}

/// An error handler, with the places of its remedy's expressions in their fixed order.
#[derive(Clone, Debug)]
pub(super) struct DraftHandler {
    pub(super) kinds: Vec<FailureKind>,
    pub(super) when: Option<Expression>,
    pub(super) remedy: DraftRemedy,
    pub(super) span: Span,
    pub(super) places: Vec<Span>,
}
impl DraftHandler {
    /// What it executes, if it executes something.
    pub(super) fn action(&self) -> Option<&Action> {
        if let DraftRemedy::Is(Remedy::Instead(way)) = &self.remedy { Some(&way.action) } else { None }
    }
    /// It as it is, once it is known where the tasks stand that may take the place of others.
    pub(super) fn checked(self, places: &BTreeMap<Name, usize>) -> Option<Handler> {
        let remedy = match self.remedy {
            DraftRemedy::Is(remedy) => remedy,
            DraftRemedy::To(to) => Remedy::To(*places.get(&to.value)?),
        };
        Some(Handler { kinds: self.kinds, when: self.when, remedy })
    }
}
/// What a handler does: as it will be, or a task by its name.
#[derive(Clone, Debug)]
pub(super) enum DraftRemedy {
    Is(Remedy),
    To(At<Name>),
}

/// A sub-workflow of a file.
#[derive(Clone, Debug)]
pub(super) enum Sub {
    /// It stands there.
    Inline(Box<Draft>),
    /// It stands in this file.
    File(String),
}

#[derive(Clone, Debug)]
pub(super) struct DraftDependency {
    pub(super) task: At<Name>,
    pub(super) optional: bool,
}

impl DraftTask {
    pub(super) fn new(id: At<Name>) -> DraftTask {
        let span = id.span;
        DraftTask {
            id,
            description: String::new(),
            action: Action::Own,
            action_span: span,
            kind: At::new("".into(), span),
            agent: None,
            team: None,
            strategy: None,
            needs: Vec::new(),
            with: Vec::new(),
            depends_on: Vec::new(),
            join: None,
            cancel_rest: None,
            when: None,
            for_each: None,
            for_each_span: span,
            priority: Priority::Normal,
            estimate: None,
            timeouts: None,
            retry: None,
            redundancy: None,
            concurrency: None,
            resources: Vec::new(),
            hedge: None,
            set_state: None,
            nesting: Nesting::default(),
            compensate: None,
            undo_places: Vec::new(),
            fallback: Vec::new(),
            fallback_to: None,
            on_error: Vec::new(),
            interleave: Vec::new(),
            nesting_span: None,
            sub: None,
            places: Vec::new(),
        }
    }
    /// Tasks that may take its place, each with the key that says so.
    pub(super) fn stand_ins(&self) -> impl Iterator<Item = (&'static str, &At<Name>)> {
        let handlers = self.on_error.iter().filter_map(|handler| match &handler.remedy {
            DraftRemedy::To(to) => Some(("on_error.to", to)),
            DraftRemedy::Is(_) => None,
        });
        self.fallback_to.iter().map(|to| ("fallback_to", to)).chain(handlers)
    }
    /// The expressions of what may be done after it: what undoes it, and what is done when it has failed.
    pub(super) fn later_expressions(&self) -> impl Iterator<Item = &Expression> {
        let undo = self.compensate.iter().flat_map(|undo| undo.value.expressions());
        let ways = self.fallback.iter().flat_map(|way| way.value.expressions());
        let handlers = self.on_error.iter().flat_map(|handler| match &handler.remedy {
            DraftRemedy::Is(remedy) => remedy.expressions(),
            DraftRemedy::To(_) => Vec::new(),
        });
        undo.chain(ways).chain(handlers)
    }
    /// All its expressions but `for_each`, which has no item, in a fixed order: `when`, the action, `with`.
    pub(super) fn expressions(&self) -> Vec<&Expression> {
        let mut all: Vec<&Expression> = self.when.iter().collect();
        if let Action::Delegate(delegate) = &self.action {
            delegate.goal.iter().for_each(|goal| all.extend(goal.bindings()));
        }
        if let Some(script) = self.action.script() {
            templates(script).for_each(|t| all.extend(t.bindings()));
        }
        self.with.iter().for_each(|(_, b)| collect(b, &mut all));
        all
    }
}

/// The templates of a script, in a fixed order.
pub(super) fn templates(script: &Script) -> impl Iterator<Item = &Template> {
    [&script.run].into_iter().chain(&script.stdin).chain(script.env.iter().map(|(_, t)| t)).chain(&script.cwd)
}

pub(super) fn collect<'a>(binding: &'a Binding, all: &mut Vec<&'a Expression>) {
    match binding {
        Binding::Constant(_) => {}
        Binding::Template(t) => all.extend(t.bindings()),
        Binding::Expression(e) => all.push(e),
        Binding::List(items) => items.iter().for_each(|b| collect(b, all)),
        Binding::Map(entries) => entries.iter().for_each(|(_, b)| collect(b, all)),
    }
}
