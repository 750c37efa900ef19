//! The conditions of a retry: expressions over the failure, judged by whoever carries the task's life, which itself stays free of them.

use super::expression::{Expression, ExpressionError};
use super::reference::Root;
use super::scope::{Scope, TaskFacts};
use crate::lifecycle::RetryPolicy;
use polity_agents::Failure;
use serde_json::{Value, json};
use std::sync::Arc;

/// `retry.only_if` and `retry.unless`, read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Conditions {
    only_if: Option<Expression>,
    unless: Option<Expression>,
}

/// A failure as expressions see it: every key is there, so that `error.exit_code == 75` is false, not a mistake, for what is no program.
pub(crate) fn error_value(failure: &Failure) -> Value {
    json!({ "kind": failure.kind, "message": failure.message, "exit_code": failure.exit_code, "stderr": failure.stderr })
}

/// A condition of a retry, or of an error handler. It sees `error` and `attempt` and nothing else: what a run has become meanwhile is no property of the failure.
pub(super) fn condition(text: &str) -> Result<Expression, ExpressionError> {
    let expression = Expression::parse(text)?;
    if expression.references().iter().all(|r| matches!(r.root, Root::Error | Root::Attempt)) {
        return Ok(expression);
    }
    let help = Some("it sees error.kind, error.message, error.exit_code, error.stderr and attempt".into());
    Err(ExpressionError { message: "a condition on a failure looks at something else than the failure".into(), help, offset: 0 })
}

impl Conditions {
    /// Those of a policy, if it has any.
    ///
    /// # Errors
    /// The key whose text is no condition, and why.
    pub(crate) fn of(policy: &RetryPolicy) -> Result<Option<Conditions>, (&'static str, ExpressionError)> {
        let read = |key, text: &Option<Arc<str>>| text.as_deref().map(condition).transpose().map_err(|error| (key, error));
        let found = Conditions { only_if: read("only_if", &policy.only_if)?, unless: read("unless", &policy.unless)? };
        Ok((found.only_if.is_some() || found.unless.is_some()).then_some(found))
    }
    /// Whether an attempt that failed so may be followed by another. A condition without a value allows none: effects are
    /// at-least-once, and nobody said that this failure is one to try again.
    ///
    /// # Errors
    /// Why not, as a sentence without a full stop.
    pub(crate) fn allow(&self, failure: &Failure, attempt: u32) -> Result<(), String> {
        let scope = Failed { error: Arc::new(error_value(failure)), attempt };
        for (key, condition, wanted) in [("only_if", &self.only_if, true), ("unless", &self.unless, false)] {
            let Some(condition) = condition else { continue };
            match condition.is_true(&scope) {
                Ok(truth) if truth == wanted => {}
                Ok(truth) => return Err(format!("not tried again: `retry.{key}` is {truth}: {condition}")),
                Err(error) => return Err(format!("not tried again: `retry.{key}` has no value: {error}")),
            }
        }
        Ok(())
    }
}

/// An attempt that failed.
pub(super) struct Failed {
    pub(super) error: Arc<Value>,
    pub(super) attempt: u32,
}
impl Scope for Failed {
    fn input(&self, _: &str) -> Option<Arc<Value>> {
        None
    }
    fn task(&self, _: &str) -> Option<TaskFacts> {
        None
    }
    fn error(&self) -> Option<Arc<Value>> {
        Some(self.error.clone())
    }
    fn attempt(&self) -> Option<u32> {
        Some(self.attempt)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use polity_agents::FailureKind;

    fn conditions(only_if: Option<&str>, unless: Option<&str>) -> Conditions {
        let policy = RetryPolicy { only_if: only_if.map(Into::into), unless: unless.map(Into::into), ..RetryPolicy::default() };
        Conditions::of(&policy).unwrap().unwrap()
    }

    #[test]
    fn each_condition_sees_every_part_of_a_failure_and_the_attempt() {
        let failure = Failure { exit_code: Some(75), stderr: "busy".into(), ..Failure::error("it said no") };
        for (source, holds) in [
            ("error.kind == 'error'", true),
            ("error.kind == 'timeout'", false),
            ("error.exit_code == 75", true),
            ("error.exit_code in [1, 2]", false),
            ("'no' in error.message and error.stderr == 'busy'", true),
            ("attempt < 3", true),
            ("attempt > 2", false),
            ("attempt", true),
            ("error.stderr", true),
        ] {
            assert_eq!(conditions(Some(source), None).allow(&failure, 2).is_ok(), holds, "only_if: {source}");
            assert_eq!(conditions(None, Some(source)).allow(&failure, 2).is_ok(), !holds, "unless: {source}");
        }
    }

    #[test]
    fn what_has_no_exit_code_is_unlike_every_exit_code() {
        let late = Failure::new(FailureKind::Timeout, "late");
        assert!(conditions(Some("error.exit_code == 75"), None).allow(&late, 1).is_err());
        assert_eq!(conditions(None, Some("error.exit_code == 75")).allow(&late, 1), Ok(()));
    }

    #[test]
    fn a_condition_without_a_value_allows_nothing_and_says_so() {
        for both in [conditions(Some("error.colour == 'red'"), None), conditions(None, Some("error.colour == 'red'"))] {
            let why = both.allow(&Failure::error("x"), 1).unwrap_err();
            assert!(why.contains("has no value") && why.contains("error.colour"), "{why}");
        }
    }

    #[test]
    fn a_condition_that_looks_elsewhere_is_refused() {
        for source in ["tasks.a.output", "inputs.x == 1", "item", "error.kind == run.id", "error.kind ==", "attempts > 1"] {
            assert!(condition(source).is_err(), "{source}");
        }
        assert!(condition("{{ error.kind == 'panic' and attempt == 1 }}").is_ok());
    }
}
