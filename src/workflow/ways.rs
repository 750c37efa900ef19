//! What jobs beside a task's own have in common: how they are executed, and what their expressions may look at.

use super::check::Check;
use super::draft::{collect, templates};
use super::expression::Expression;
use super::model::{Action, Binding};
use super::policies;
use super::problem::{Problem, Span};
use super::read::{OF_RUN, Reader, binding};
use super::reference::Root;
use super::text::nearest;
use super::yaml::Node;
use polity_protocols::Name;
use std::sync::Arc;

/// Keys of which one says how such a job is executed.
pub(super) const WAYS: [&str; 3] = ["run", "fn", "simulate"];

/// How something is executed, and with what if that is given.
type Way = (Action, Option<Vec<(Name, Binding)>>);

impl Reader<'_> {
    /// How something beside a task is executed, and with what if that is given. `whose` and `how` are for the sentence of what is wrong:
    /// `` `fallback` of task "a" ``, `executed`.
    pub(super) fn other_way(&mut self, node: &Node, whose: &str, how: &str) -> Option<Way> {
        if WAYS.into_iter().filter(|key| node.get(key).is_some()).count() != 1 {
            let message = format!("{whose} must say once how it is {how}, by run, fn or simulate");
            self.problems.push(Problem::new(node.span, message));
            return None;
        }
        for (name, key, _) in node.entries().filter(|(k, ..)| OF_RUN.contains(k) && node.get("run").is_none()) {
            self.problems.push(Problem::new(key.span, format!("`{name}` is for `run`, and {whose} has none")));
        }
        let action = match (node.get("run"), node.get("fn"), node.get("simulate")) {
            (Some(run), ..) => self.script(run, node).map(|script| Action::Run(Arc::new(script))),
            (_, Some(function), _) => function.text().map(|name| Action::Function(name.into())),
            (.., Some(simulate)) => Some(Action::Simulate(Arc::new(policies::simulation(simulate, &mut self.problems)))),
            _ => None,
        }; // what is none, the shape check has reported
        let with = |with: &Node| with.entries().map(|(k, _, v)| (k.into(), binding(v))).collect();
        Some((action?, node.get("with").map(with)))
    }
    /// Where its expressions stand, in the order of [`way_expressions`].
    pub(super) fn way_places(&self, node: &Node, action: &Action, with: &[(Name, Binding)]) -> Vec<Span> {
        let mut places = Vec::new();
        if let Action::Run(script) = action {
            self.script_places(node, script, &mut places);
        }
        for (name, bound) in with {
            if let Some(value) = node.get("with").and_then(|with| with.get(name)) {
                self.places_of(value, bound, &mut places);
            }
        }
        places
    }
}

/// The expressions of an action and its input, in a fixed order.
pub(super) fn way_expressions<'a>(action: &'a Action, with: &'a [(Name, Binding)]) -> Vec<&'a Expression> {
    let mut all: Vec<&Expression> = Vec::new();
    if let Some(script) = action.script() {
        templates(script).for_each(|t| all.extend(t.bindings()));
    }
    with.iter().for_each(|(_, b)| collect(b, &mut all));
    all
}

/// What the expressions of such a job may look at, beside inputs, state, env, run and workflow.
pub(super) struct Sight<'a> {
    /// Whose they are, for sentences.
    pub(super) whose: String,
    /// The tasks that the task waits for.
    pub(super) upstream: &'a [String],
    /// Whether the task is one of a list.
    pub(super) has_item: bool,
    /// The task's `output`, or its `error`.
    pub(super) root: Root,
}

impl Check<'_> {
    /// What an action calls must be registered.
    pub(super) fn calls(&mut self, action: &Action, span: Span, whose: &str) {
        if let Some(name) = action.function()
            && !self.known.functions.contains(name)
        {
            let near = nearest(name, self.known.functions.iter().map(|f| &**f)).map(|w| format!("did you mean \"{w}\"?"));
            let message = format!("{whose} calls \"{name}\", which is no registered function");
            self.problems.push(Problem::new(span, message).maybe(near));
        }
    }
    /// Expressions may look at what is in sight and at nothing else. `places`: where each stands; at `span` if nobody knows.
    pub(super) fn sees(&mut self, expressions: &[&Expression], places: &[Span], span: Span, sight: &Sight<'_>) {
        for (at, expression) in expressions.iter().enumerate() {
            let span = places.get(at).copied().unwrap_or(span);
            for reference in expression.references() {
                let fine = match reference.root {
                    Root::Tasks => sight.upstream.iter().any(|known| *known == *reference.name),
                    Root::Item | Root::Index => sight.has_item,
                    Root::Error | Root::Output => reference.root == sight.root,
                    Root::Secrets | Root::Attempt => false,
                    Root::Inputs | Root::State | Root::Env | Root::Run | Root::Workflow => true,
                };
                if !fine {
                    let what =
                        if reference.root == Root::Tasks { format!("tasks.{}", reference.name) } else { expression.to_string() };
                    let own = if sight.root == Root::Output { "the task's `output`" } else { "`error`" };
                    let help = format!(
                        "it sees {own}, the tasks that the task waits for, inputs, item, index, state, env, run and workflow"
                    );
                    let message = format!("{} uses {what}, which it can't see", sight.whose);
                    self.problems.push(Problem::new(span, message).help(help));
                }
            }
        }
    }
}
