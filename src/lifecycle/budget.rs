//! How many retries a run bears: a budget over a sliding window. After *Site Reliability Engineering* (2016), ch. 21: retries that are a
//! fixed share of the load can't become a storm that keeps a sick system sick.

use core::time::Duration;
use polity_protocols::Time;
use std::collections::VecDeque;

/// How many retries may begin in a window.
///
/// ```
/// use polity::lifecycle::RetryLimit;
/// let usual = RetryLimit::default();
/// assert_eq!((usual.share, usual.floor, usual.window.as_secs()), (0.1, 10, 10));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryLimit {
    /// Retries are at most this share of the first attempts, at least 0.
    pub share: f64,
    /// So many are allowed in any case, at least 1.
    pub floor: u32,
    /// The time that both are counted over, above 0.
    pub window: Duration,
}
impl Default for RetryLimit {
    fn default() -> RetryLimit {
        RetryLimit { share: 0.1, floor: 10, window: Duration::from_secs(10) }
    }
}
impl RetryLimit {
    /// What is wrong with it, as a sentence that names the setting.
    ///
    /// ```
    /// use polity::lifecycle::RetryLimit;
    /// let wrong = RetryLimit { floor: 0, ..RetryLimit::default() };
    /// assert_eq!(wrong.problem().unwrap(), "limits.retry_budget.floor must be at least 1, but is 0");
    /// ```
    pub fn problem(&self) -> Option<String> {
        let wrong =
            |key: &str, what: &str, given: String| Some(format!("limits.retry_budget.{key} must be {what}, but is {given}"));
        match self {
            RetryLimit { share, .. } if !(*share >= 0.0 && share.is_finite()) => wrong("share", "at least 0", share.to_string()),
            RetryLimit { floor: 0, .. } => wrong("floor", "at least 1", "0".into()),
            RetryLimit { window, .. } if window.is_zero() => wrong("window", "above 0", "0s".into()),
            _ => None,
        }
    }
    /// How many retries so many first attempts allow.
    pub fn bound(&self, firsts: u64) -> u64 {
        ((self.share * firsts as f64) as u64).max(u64::from(self.floor))
    }
}

/// Why a retry has to wait, and until when.
///
/// ```
/// use polity::lifecycle::OverBudget;
/// use polity_protocols::Time;
/// let over = OverBudget { until: Time::from_secs_f64(12.0), retries: 10, firsts: 40 };
/// assert_eq!(over.retries, 10);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverBudget {
    /// When to ask again: later than now, and no later than a window from now.
    pub until: Time,
    /// Retries of the window that ends now.
    pub retries: u64,
    /// First attempts of that window.
    pub firsts: u64,
}

/// First attempts are counted in so many slices of a window, so that a million of them take no memory.
const SLICES: u64 = 64;

/// The retry budget of a run, its sub-runs included.
///
/// It is a sliding window, and not a bucket of tokens: at the moment of each retry, the window that ends there holds no more retries than
/// [`RetryLimit::bound`] of the first attempts in it. Retries are counted exactly; first attempts within one 64th of the window, never
/// too many. What is refused is told when to ask again: at the moment at which a place becomes free, each its own as long as there are,
/// so that those who wait don't come all at once. Whoever asks may take a free place, so there is no line: some retry goes on in every
/// window, since the floor is at least 1.
///
/// O(1) per call, amortised; memory for the retries of one window.
///
/// ```
/// use polity::lifecycle::{RetryBudget, RetryLimit};
/// use polity_protocols::Time;
/// let at = Time::from_secs_f64;
/// let mut budget = RetryBudget::new(RetryLimit { floor: 2, ..RetryLimit::default() });
/// assert!(budget.ask(at(1.0)).is_ok() && budget.ask(at(2.0)).is_ok());
/// assert_eq!(budget.ask(at(3.0)).unwrap_err().until, at(11.0)); // the first of the two is over then
/// (0..30).for_each(|_| budget.first(at(4.0)));
/// assert!(budget.ask(at(5.0)).is_ok()); // a tenth of thirty
/// ```
#[derive(Clone, Debug)]
pub struct RetryBudget {
    limit: RetryLimit,
    /// Slices of first attempts: the number of the slice, and how many.
    slices: VecDeque<(u64, u64)>,
    firsts: u64,
    /// When the retries of the last window began.
    retries: VecDeque<Time>,
    /// So many of those that wait were told of a place, from the front on.
    told: usize,
}

impl RetryBudget {
    /// A budget of which nothing is used.
    pub fn new(limit: RetryLimit) -> RetryBudget {
        RetryBudget { limit, slices: VecDeque::new(), firsts: 0, retries: VecDeque::new(), told: 0 }
    }
    /// What it obeys.
    pub fn limit(&self) -> &RetryLimit {
        &self.limit
    }
    fn slice(&self) -> u64 {
        (nanos(self.limit.window) / SLICES).max(1)
    }
    /// A task begins its first attempt.
    pub fn first(&mut self, now: Time) {
        let slice = now.as_nanos() / self.slice();
        self.firsts += 1;
        match self.slices.back_mut() {
            Some((number, count)) if *number == slice => *count += 1,
            _ => {
                self.slices.push_back((slice, 1));
                self.forget(now);
            }
        }
    }
    /// A task asks whether its next attempt may begin now. If so, it is counted.
    ///
    /// # Errors
    /// [`OverBudget`], if it has to wait.
    pub fn ask(&mut self, now: Time) -> Result<(), OverBudget> {
        self.forget(now);
        let (used, bound) = (self.retries.len() as u64, self.limit.bound(self.firsts));
        if used < bound {
            self.retries.push_back(now);
            return Ok(());
        }
        // There is room again when all beyond the bound are over, and one more.
        let beyond = (used - bound) as usize;
        let place = beyond + self.told % (self.retries.len() - beyond);
        self.told += 1;
        let until = self.retries[place] + self.limit.window;
        Err(OverBudget { until, retries: used, firsts: self.firsts })
    }
    /// Forgets what lies before the window that ends now. A slice that began before the window is no longer counted.
    fn forget(&mut self, now: Time) {
        let window = nanos(self.limit.window);
        let past = |at: u64| at.saturating_add(window) <= now.as_nanos();
        let slice = self.slice();
        while let Some((_, count)) = self.slices.front().copied().filter(|(number, _)| past(number * slice)) {
            self.firsts -= count;
            self.slices.pop_front();
        }
        while self.retries.front().is_some_and(|at| past(at.as_nanos())) {
            self.retries.pop_front();
            self.told = self.told.saturating_sub(1);
        }
    }
}

fn nanos(window: Duration) -> u64 {
    u64::try_from(window.as_nanos()).unwrap_or(u64::MAX)
}
