//! What an expression may look at, and how looking can fail.

use polity_protocols::Name;
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// What an expression may ask of the run that it is evaluated in.
///
/// Every answer is a pointer: a large output is shared, not copied.
///
/// ```
/// use polity::workflow::{Expression, Scope, TaskFacts};
/// use serde_json::{Value, json};
/// use std::sync::Arc;
///
/// struct Years;
/// impl Scope for Years {
///     fn input(&self, name: &str) -> Option<Arc<Value>> {
///         (name == "years").then(|| Arc::new(json!([2012, 2013])))
///     }
///     fn task(&self, _: &str) -> Option<TaskFacts> {
///         None
///     }
/// }
/// assert_eq!(Expression::parse("inputs.years | length").unwrap().evaluate(&Years).unwrap(), json!(2));
/// ```
pub trait Scope {
    /// A run's input; `None` if it has no value.
    fn input(&self, name: &str) -> Option<Arc<Value>>;
    /// What has become of a task; `None` if there is no such task.
    fn task(&self, name: &str) -> Option<TaskFacts>;
    /// The item of a `for_each` instance.
    fn item(&self) -> Option<Arc<Value>> {
        None
    }
    /// The place of that item in its list, from 0.
    fn index(&self) -> Option<usize> {
        None
    }
    /// The output of the task that is undone.
    fn output(&self) -> Option<Arc<Value>> {
        None
    }
    /// The failure that a condition of a retry judges.
    fn error(&self) -> Option<Arc<Value>> {
        None
    }
    /// The attempt that failed, counted from 1.
    fn attempt(&self) -> Option<u32> {
        None
    }
    /// The run's id.
    fn run_id(&self) -> Option<Name> {
        None
    }
    /// The workflow's name.
    fn workflow_name(&self) -> Option<Name> {
        None
    }
    /// A value of the run's state.
    fn state(&self, _name: &str) -> Option<Arc<Value>> {
        None
    }
    /// An environment variable that the host lets workflows see. None by default: what is not shown can't leak.
    fn env(&self, _name: &str) -> Option<String> {
        None
    }
}

/// What an expression may know of a task.
///
/// ```
/// use polity::workflow::{Expression, EvalError, Scope, TaskFacts};
/// use serde_json::{Value, json};
/// use std::sync::Arc;
/// struct Two;
/// impl Scope for Two {
///     fn input(&self, _: &str) -> Option<Arc<Value>> {
///         None
///     }
///     fn task(&self, name: &str) -> Option<TaskFacts> {
///         Some(if name == "a" { TaskFacts::completed(json!({ "n": 1 })) } else { TaskFacts::skipped() })
///     }
/// }
/// let eval = |source: &str| Expression::parse(source).unwrap().evaluate(&Two);
/// assert_eq!(eval("a.n + 1"), Ok(json!(2)));
/// assert_eq!(eval("b.n + 1"), Err(EvalError::SkippedOutput { task: "b".into() }));
/// assert_eq!(eval("b.n | default(0)"), Ok(json!(0)));
/// ```
#[derive(Clone, Debug, Default)]
pub struct TaskFacts {
    /// Its state, as a word: `completed`, `skipped`, ….
    pub status: Cow<'static, str>,
    /// Its output, if it succeeded; a list in order for a `for_each` task.
    pub output: Option<Arc<Value>>,
    /// Why it failed, if it did.
    pub error: Option<Value>,
    /// Attempts that were made.
    pub attempts: u32,
    /// The agent that did it.
    pub agent: Option<Name>,
    /// The keys of a `for_each` task's instances, in order: what `by["…"]` looks for.
    pub keys: Option<Arc<[String]>>,
}

impl TaskFacts {
    /// A task that succeeded with this output.
    pub fn completed(output: impl Into<Arc<Value>>) -> TaskFacts {
        TaskFacts { status: "completed".into(), output: Some(output.into()), attempts: 1, ..TaskFacts::default() }
    }
    /// A task that was skipped.
    pub fn skipped() -> TaskFacts {
        TaskFacts { status: "skipped".into(), ..TaskFacts::default() }
    }
    /// True if it was skipped.
    pub fn is_skipped(&self) -> bool {
        self.status == "skipped"
    }
    /// Why there is no output.
    pub(super) fn missing(&self, task: &Name) -> EvalError {
        match self.is_skipped() {
            true => EvalError::SkippedOutput { task: task.clone() },
            false => EvalError::NoOutput { task: task.clone(), status: self.status.to_string() },
        }
    }
}

/// A scope without anything in it: constants can be evaluated.
///
/// ```
/// use polity::workflow::{Expression, NoScope};
/// assert_eq!(Expression::parse("6 * 7").unwrap().evaluate(&NoScope).unwrap(), 42);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct NoScope;
impl Scope for NoScope {
    fn input(&self, _: &str) -> Option<Arc<Value>> {
        None
    }
    fn task(&self, _: &str) -> Option<TaskFacts> {
        None
    }
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EvalError {
    /// It reads the output of a task that was skipped: the reader is skipped too.
    SkippedOutput {
        /// The skipped task.
        task: Name,
    },
    /// It reads the output of a task that has none.
    NoOutput {
        /// The task.
        task: Name,
        /// What has become of it.
        status: String,
    },
    /// It uses something that isn't there; the sentence says what.
    Undefined(String),
    /// A value is of the wrong type; the sentence says which.
    Type(String),
    /// The result, or something on the way to it, has more bytes than this.
    TooLarge(usize),
    /// It takes too many steps.
    OutOfFuel,
    /// Anything else.
    Other(String),
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EvalError::SkippedOutput { task } => write!(f, "task \"{task}\" was skipped, so it has no output"),
            EvalError::NoOutput { task, status } if status.is_empty() => write!(f, "task \"{task}\" has no output"),
            EvalError::NoOutput { task, status } => write!(f, "task \"{task}\" has no output: it is {status}"),
            EvalError::Undefined(what) | EvalError::Type(what) | EvalError::Other(what) => f.write_str(what),
            EvalError::TooLarge(limit) => write!(f, "the value is larger than {limit} bytes; pass large data by file"),
            EvalError::OutOfFuel => f.write_str("the expression takes too many steps"),
        }
    }
}
impl std::error::Error for EvalError {}

/// A scope with one item in it, and nothing else: results are judged so.
///
/// ```
/// use polity::workflow::{Expression, OneItem};
/// use std::sync::Arc;
/// let scope = OneItem { item: Arc::new(20.into()), index: 1 };
/// assert_eq!(Expression::parse("item * 2 + index").unwrap().evaluate(&scope).unwrap(), 41);
/// ```
#[derive(Clone, Debug)]
pub struct OneItem {
    /// `item`.
    pub item: Arc<Value>,
    /// `index`.
    pub index: usize,
}
impl Scope for OneItem {
    fn input(&self, _: &str) -> Option<Arc<Value>> {
        None
    }
    fn task(&self, _: &str) -> Option<TaskFacts> {
        None
    }
    fn item(&self) -> Option<Arc<Value>> {
        Some(self.item.clone())
    }
    fn index(&self) -> Option<usize> {
        Some(self.index)
    }
}
