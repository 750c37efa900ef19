//! `on_error`: read, and checked.

use super::again::condition;
use super::check::Check;
use super::draft::{At, DraftHandler, DraftRemedy, DraftTask};
use super::expression::Expression;
use super::on_error::{Remedy, is_beyond};
use super::problem::{Problem, Span};
use super::read::{OF_RUN, Reader, binding, template};
use super::reference::Root;
use super::ways::{Sight, WAYS};
use super::yaml::Node;
use polity_agents::FailureKind;
use polity_protocols::Name;
use serde_json::Value;
use std::collections::BTreeSet;

/// Keys of which one says what a handler does, beside the ways to execute something.
const REMEDIES: [&str; 4] = ["to", "output", "skip", "fail"];
/// Keys that only a way to execute something uses, beside those of `run`.
const OF_WAYS: [&str; 3] = ["with", "timeout", "retry"];

impl Reader<'_> {
    /// `on_error`; the task's action is known.
    pub(super) fn handlers(&mut self, node: &Node, task: &mut DraftTask) {
        let Some(node) = node.get("on_error") else { return };
        let all = node.list().map_or_else(|| vec![node], |all| all.iter().collect());
        for (at, handler) in all.into_iter().enumerate() {
            let whose = format!("handler {} in `on_error` of task \"{}\"", at + 1, task.id.value);
            if let Some(handler) = self.handler(handler, &whose, task) {
                task.on_error.push(handler);
            }
        }
    }
    fn handler(&mut self, node: &Node, whose: &str, task: &DraftTask) -> Option<DraftHandler> {
        node.map()?; // else the shape check has reported it
        let (remedy, places) = self.remedy(node, whose, task)?;
        let when = node.get("when").and_then(|when| match when.text() {
            Some(text) => condition(text).ok(),
            None => Some(Expression::constant(when.json())),
        });
        let named = node.get("kinds").and_then(Node::list).unwrap_or_default();
        let kinds: Vec<(FailureKind, Span)> = named.iter().filter_map(|n| Some((kind(n)?, n.span))).collect();
        if let (Some(kinds), true) = (node.get("kinds"), named.is_empty()) {
            let help = "name some, or leave `kinds` off to take all";
            self.problems.push(Problem::new(kinds.span, format!("{whose} takes no kind of failure")).help(help));
        }
        for (kind, span) in kinds.iter().filter(|(kind, _)| is_beyond(*kind)) {
            let (message, help) = match kind {
                FailureKind::Cancelled => ("cancelled: what is cancelled has not failed", "take it out of `kinds`"),
                _ => ("budget: where a budget is spent nothing is begun any more", "take it out of `kinds`; raise the budget"),
            };
            self.problems.push(Problem::new(*span, format!("{whose} is never asked about {message}")).help(help));
        }
        Some(DraftHandler { kinds: kinds.into_iter().map(|(kind, _)| kind).collect(), when, remedy, span: node.span, places })
    }
    /// What it does, and where the expressions of that stand.
    fn remedy(&mut self, node: &Node, whose: &str, task: &DraftTask) -> Option<(DraftRemedy, Vec<Span>)> {
        let is_way = |key: &&str| WAYS.contains(key);
        // Beside `run`, `output` says what its text is read as.
        let says = |key: &str| is_way(&key) || (REMEDIES.contains(&key) && (key != "output" || node.get("run").is_none()));
        let given: Vec<&str> = node.entries().map(|(key, ..)| key).filter(|key| says(key)).collect();
        let [what] = given[..] else {
            let help = "write one of run, fn, simulate, to, output, skip and fail";
            let message = match &given[..] {
                [first, second, ..] => format!("{whose} must say once what it does, and says {first} and {second}"),
                _ => format!("{whose} must say what it does"),
            };
            self.problems.push(Problem::new(node.span, message).help(help));
            return None;
        };
        if is_way(&what) {
            let format = node.get("output").filter(|format| !matches!(format.text(), Some("text" | "json" | "lines")));
            if let (Some(format), "run") = (format, what) {
                let message = format!("`output` beside `run` must be one of text, json, lines, but is {}", format.given());
                let help = "to complete with a value leave `run` off";
                self.problems.push(Problem::new(format.span, message).help(help));
            }
            let (way, places) = self.instead(node, whose, task)?;
            return Some((DraftRemedy::Is(Remedy::Instead(Box::new(way))), places));
        }
        let idle = |key: &str| OF_WAYS.contains(&key) || (OF_RUN.contains(&key) && key != what);
        for (key, at, _) in node.entries().filter(|(key, ..)| idle(key)) {
            let message = format!("`{key}` is for handlers that execute something, and {whose} does not");
            self.problems
                .push(Problem::new(at.span, message).help(format!("leave it off, or write run or fn instead of {what}")));
        }
        let value = node.get(what)?;
        let remedy = match what {
            "to" => DraftRemedy::To(At::new(Name::from(value.text()?), value.span)),
            "output" => DraftRemedy::Is(Remedy::Output(binding(value))),
            "fail" => DraftRemedy::Is(Remedy::Fail(template(value)?)),
            _ if value.bool() == Some(false) => {
                let help = "leave the handler off, or write `skip: true`, or the reason";
                self.problems.push(Problem::new(value.span, format!("{whose} says `skip: false`")).help(help));
                return None;
            }
            _ => DraftRemedy::Is(Remedy::Skip(template(value).filter(|_| value.bool().is_none()))),
        };
        let mut places = Vec::new();
        match &remedy {
            DraftRemedy::Is(Remedy::Output(bound)) => self.places_of(value, bound, &mut places),
            DraftRemedy::Is(Remedy::Skip(Some(text)) | Remedy::Fail(text)) => self.bindings_of(value, text, &mut places),
            _ => {}
        }
        Some((remedy, places))
    }
}
fn kind(node: &Node) -> Option<FailureKind> {
    serde_json::from_value(Value::from(node.text()?)).ok()
}

impl Check<'_> {
    /// Handlers may use why the task failed, and what the task waits for (`upstream`: its ids); and each must be asked about something.
    pub(super) fn handlers(&mut self, task: &DraftTask, upstream: &[String]) {
        let id = &task.id.value;
        for (at, handler) in task.on_error.iter().enumerate() {
            let whose = format!("handler {} in `on_error` of task \"{id}\"", at + 1);
            let sight = Sight { whose, upstream, has_item: task.for_each.is_some(), root: Root::Error };
            if let DraftRemedy::Is(remedy) = &handler.remedy {
                if let Remedy::Instead(way) = remedy {
                    self.calls(&way.action, handler.span, &sight.whose);
                }
                self.sees(&remedy.expressions(), &handler.places, handler.span, &sight);
            }
        }
        self.unreachable_handlers(task);
    }
    fn unreachable_handlers(&mut self, task: &DraftTask) {
        let id = &task.id.value;
        let mut taken: BTreeSet<FailureKind> = BTreeSet::new();
        let mut all: Option<usize> = None;
        for (at, handler) in task.on_error.iter().enumerate() {
            let covered = !handler.kinds.is_empty() && handler.kinds.iter().all(|kind| taken.contains(kind));
            let why = match all {
                Some(before) => Some(format!("handler {} takes every failure", before + 1)),
                None if covered => Some("those before it take all that it is for".into()),
                None => None,
            };
            if let Some(why) = why {
                let message = format!("handler {} in `on_error` of task \"{id}\" is never taken: {why}", at + 1);
                self.warnings.push(Problem::new(handler.span, message).help("the first that takes a failure counts; move it up"));
            }
            if handler.when.is_none() {
                taken.extend(&handler.kinds);
                all = all.or(handler.kinds.is_empty().then_some(at));
            }
        }
        // Only another way can fail, so that something follows it.
        let ends = all.filter(|at| !matches!(task.on_error[*at].remedy, DraftRemedy::Is(Remedy::Instead(_))));
        let goes_on = |handler: &DraftHandler| matches!(handler.remedy, DraftRemedy::Is(Remedy::Instead(_)));
        if let Some(at) = ends.filter(|at| !task.on_error[..*at].iter().any(goes_on)) {
            let key = if task.fallback.is_empty() { task.fallback_to.as_ref().map(|_| "fallback_to") } else { Some("fallback") };
            if let Some(key) = key {
                let message =
                    format!("`{key}` of task \"{id}\" is never tried: handler {} in `on_error` takes every failure", at + 1);
                let help = format!("let the handler be for some `kinds`, or leave `{key}` off");
                self.warnings.push(Problem::new(task.on_error[at].span, message).help(help));
            }
        }
    }
}
