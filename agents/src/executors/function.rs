//! Rust functions, registered by name.

use crate::agent::{Context, LocalFuture};
use crate::failure::{Failure, FailureKind};
use crate::job::{Answer, Job};
use core::future::Future;
use core::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use polity_protocols::Name;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

type Local = Rc<dyn Fn(Job, Context) -> LocalFuture<'static, Answer>>;
type Blocking = Arc<dyn Fn(Job) -> Answer + Send + Sync>;

#[derive(Clone)]
enum Function {
    Local(Local),
    Blocking(Blocking),
}

/// The functions that a workflow may name under `fn`.
///
/// ```
/// use polity_agents::{Functions, Job};
/// use serde_json::json;
/// let mut functions = Functions::new();
/// functions.register("double", |job: Job, _| async move { Ok(json!(2 * job.input::<i64>("x")?)) });
/// functions.register_blocking("sum", |job: Job| Ok(json!(job.input::<Vec<i64>>("xs")?.iter().sum::<i64>())));
/// assert!(functions.contains("sum"));
/// assert_eq!(functions.nearest("duoble"), Some("double"));
/// ```
#[derive(Clone, Default)]
pub struct Functions {
    by_name: BTreeMap<Name, Function>,
    abandoned: Arc<AtomicU64>,
}

impl Functions {
    /// None yet.
    pub fn new() -> Functions {
        Functions::default()
    }
    /// Registers an asynchronous function. It is polled on the control thread: what computes or blocks belongs into
    /// [`Functions::register_blocking`]. A name that is registered again means the later function.
    pub fn register<F, Fut>(&mut self, name: impl Into<Name>, function: F) -> &mut Functions
    where
        F: Fn(Job, Context) -> Fut + 'static,
        Fut: Future<Output = Answer> + 'static,
    {
        let local: Local = Rc::new(move |job, context| Box::pin(function(job, context)));
        self.by_name.insert(name.into(), Function::Local(local));
        self
    }
    /// Registers a function that computes or blocks: each call has a thread of tokio's blocking pool. It can't be stopped from outside,
    /// only abandoned: see [`Functions::abandoned`].
    pub fn register_blocking<F>(&mut self, name: impl Into<Name>, function: F) -> &mut Functions
    where
        F: Fn(Job) -> Answer + Send + Sync + 'static,
    {
        self.by_name.insert(name.into(), Function::Blocking(Arc::new(function)));
        self
    }
    /// All names, in order.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.by_name.keys()
    }
    /// True if there is a function of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }
    /// The registered name that this one may be a slip of: at most a third of its letters, and at least one, may be wrong.
    /// O(names × letters²).
    pub fn nearest(&self, name: &str) -> Option<&str> {
        let limit = (name.chars().count() / 3).max(1);
        let near = self.by_name.keys().map(|known| (distance(name, known), &**known)).filter(|(d, _)| *d <= limit);
        near.min().map(|(_, known)| known)
    }
    /// How many calls of blocking functions were dropped while they ran. Their threads went on, and their answers were thrown away.
    pub fn abandoned(&self) -> u64 {
        self.abandoned.load(Ordering::Relaxed)
    }

    /// Calls a function. Dropping the future stops an asynchronous function where it stands, and abandons a blocking one; one that has
    /// not begun for want of a thread never begins.
    ///
    /// # Errors
    /// The function's own failure, or [`FailureKind::Validation`] if there is no such function.
    ///
    /// # Panics
    /// If the function does.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use polity_agents::{Context, Functions, Job, RealClock, Work};
    /// let mut functions = Functions::new();
    /// functions.register_blocking("name", |job: Job| Ok(job.name.as_ref().into()));
    /// let context = Context::new(std::rc::Rc::new(RealClock::new()), 1);
    /// let answer = functions.call("name", Job::new("greet", Work::Own), context).await;
    /// assert_eq!(answer.unwrap(), "greet");
    /// # });
    /// ```
    pub fn call(&self, name: &str, job: Job, context: Context) -> LocalFuture<'static, Answer> {
        match self.by_name.get(name) {
            Some(Function::Local(function)) => {
                // Called when polled, not before: a job that is cancelled in between never begins.
                let function = function.clone();
                Box::pin(async move { function(job, context).await })
            }
            Some(Function::Blocking(function)) => Box::pin(call_blocking(function.clone(), job, self.abandoned.clone())),
            None => {
                let unknown = Err(self.unknown(name, &job));
                Box::pin(async move { unknown })
            }
        }
    }

    fn unknown(&self, name: &str, job: &Job) -> Failure {
        let hint = match self.nearest(name) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None if self.by_name.is_empty() => "none is registered; register it before the runtime starts".to_owned(),
            None => format!("registered are: {}", self.by_name.keys().map(|n| &**n).collect::<Vec<_>>().join(", ")),
        };
        let message = format!("task \"{}\" calls the function \"{name}\", which is not registered; {hint}", job.name);
        Failure::new(FailureKind::Validation, message)
    }
}

/// Optimal string alignment: insertions, deletions, substitutions, and swaps of neighbours.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

const WAITS: u8 = 0;
const RUNS: u8 = 1;
const DONE: u8 = 2;
const DROPPED: u8 = 3;

/// Counts the call as abandoned if it is dropped while its thread is at it.
struct Call {
    state: Arc<AtomicU8>,
    abandoned: Arc<AtomicU64>,
}
impl Drop for Call {
    fn drop(&mut self) {
        if self.state.swap(DROPPED, Ordering::SeqCst) == RUNS {
            self.abandoned.fetch_add(1, Ordering::Relaxed);
        }
    }
}
/// Marks the thread's part as over, also when it panics.
struct Over(Arc<AtomicU8>);
impl Drop for Over {
    fn drop(&mut self) {
        self.0.store(DONE, Ordering::SeqCst);
    }
}

async fn call_blocking(function: Blocking, job: Job, abandoned: Arc<AtomicU64>) -> Answer {
    let state = Arc::new(AtomicU8::new(WAITS));
    let call = Call { state: state.clone(), abandoned };
    let thread = tokio::task::spawn_blocking(move || {
        state.compare_exchange(WAITS, RUNS, Ordering::SeqCst, Ordering::SeqCst).ok()?;
        let _over = Over(state);
        Some(function(job))
    });
    let joined = thread.await;
    drop(call);
    match joined {
        Ok(Some(answer)) => answer,
        // Panicked again and not resumed: a resumed panic passes by the hook that keeps its reason.
        Err(error) if error.is_panic() => panic!("on a thread of its own: {}", reason(&*error.into_panic())),
        Ok(None) | Err(_) => Err(Failure::new(FailureKind::Cancelled, "the runtime stopped before the function began")),
    }
}

/// What a panic said.
fn reason(payload: &(dyn std::any::Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("it gave no reason")
}

#[cfg(test)]
#[path = "function_tests.rs"]
mod tests;
