//! Whether again, and how long: the policies of a task, as data.

use core::time::Duration;
use polity_agents::{Failure, FailureKind};
use std::sync::Arc;

/// Whether a failed task is tried again, and after how long.
///
/// Defaults follow Temporal (1 s, ×2, cap 100 s) with AWS's full jitter.
///
/// ```
/// let policy = polity::RetryPolicy::default();
/// assert_eq!(policy.attempts, 4); // three retries
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Attempts in all: 1 is no retry, 0 is without end.
    pub attempts: u32,
    /// The first delay.
    pub initial: Duration,
    /// Each further delay is this many times as long; at least 1.
    pub factor: f64,
    /// No delay is longer.
    pub max: Duration,
    /// How the delay is spread.
    pub jitter: Jitter,
    /// Kinds of failure that are never retried, on top of those that never are.
    pub never: Vec<FailureKind>,
    /// An expression over `error` and `attempt`: what does not meet it is not retried. Judged outside, by whoever carries the life.
    pub only_if: Option<Arc<str>>,
    /// An expression over `error` and `attempt`: what meets it is not retried.
    pub unless: Option<Arc<str>>,
    /// What the first delays are, whatever the figures above say: those of a recorded run, when it is replayed.
    pub delays: Arc<[Duration]>,
}

/// How a delay `d` is spread, so that many that failed together don't come back together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Jitter {
    /// Exactly `d`.
    None,
    /// Uniform in `0..=d`.
    #[default]
    Full,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        RetryPolicy {
            attempts: 4,
            initial: Duration::from_secs(1),
            factor: 2.0,
            max: Duration::from_secs(100),
            jitter: Jitter::Full,
            never: Vec::new(),
            only_if: None,
            unless: None,
            delays: Arc::default(),
        }
    }
}
impl RetryPolicy {
    /// True if another attempt may follow attempt number `attempt` that failed so.
    pub fn allows(&self, attempt: u32, failure: &Failure) -> bool {
        !failure.kind.is_final() && !self.never.contains(&failure.kind) && (self.attempts == 0 || attempt < self.attempts)
    }
    /// The delay before the attempt that follows attempt number `attempt` (counted from 1); `unit` is a draw from `[0, 1)`.
    pub fn delay(&self, attempt: u32, unit: f64) -> Duration {
        if let Some(known) = self.delays.get(attempt.saturating_sub(1) as usize) {
            return *known;
        }
        let seconds = self.initial.as_secs_f64() * self.factor.max(1.0).powi(attempt.saturating_sub(1).min(1_000) as i32);
        let capped = seconds.min(self.max.as_secs_f64());
        polity_protocols::seconds_to_duration(match self.jitter {
            Jitter::None => capped,
            Jitter::Full => capped * unit,
        })
    }
}

/// The clocks of a task. `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// From ready to executing.
    pub queue: Option<Duration>,
    /// One attempt's execution.
    pub attempt: Option<Duration>,
    /// From ready to the end, all attempts and delays.
    pub total: Option<Duration>,
    /// The longest silence of a job that executes: a function or an agent breaks it by `context.heartbeat()`, a command by printing.
    pub heartbeat: Option<Duration>,
}

/// What a task's life obeys: shared by all tasks that were given the same.
///
/// ```
/// use polity::lifecycle::{Policy, RetryPolicy};
/// assert_eq!(Policy::default().retry, None); // one attempt, no clock
/// let stubborn = Policy { retry: Some(RetryPolicy::default()), ..Policy::default() };
/// assert!(stubborn.retry.is_some());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// Whether a failed attempt is tried again; none is one attempt, since effects are at-least-once.
    pub retry: Option<RetryPolicy>,
    /// Its clocks.
    pub timeouts: Timeouts,
}
