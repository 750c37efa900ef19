//! Whom to leave alone: a circuit breaker for an agent and a kind of work. After M. Nygard, *Release It!* (2007), and resilience4j.
//!
//! ```text
//! from        by                                                       to
//! closed      the share of failures among the last outcomes is reached  open
//! open        Wake, when its time is over                               half_open
//! half_open   a probe failed                                            open
//! half_open   so many probes ended well                                 closed
//! ```
//!
//! Everything else changes no state. An outcome counts if it is one of the closed breaker's time, or of a probe: what was given to the
//! agent before the breaker opened says nothing of how it is now.

use core::time::Duration;
use polity_protocols::{TaskId, Time};
use serde::{Deserialize, Serialize};

/// Outcomes that a breaker can look back on.
pub const MAX_WINDOW: u32 = 128;
/// Probes that a breaker can ask for.
pub const MAX_PROBES: u32 = 32;

/// When a breaker opens, and how it closes again.
///
/// ```
/// use polity::supervision::Breaking;
/// let usual = Breaking::default();
/// assert_eq!((usual.failures, usual.window, usual.least, usual.open.as_secs(), usual.probes), (0.5, 20, 10, 30, 3));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Breaking {
    /// It opens when this share of the last outcomes are failures, in `(0, 1]`.
    pub failures: f64,
    /// So many outcomes are looked back on, `1..=128`.
    pub window: u32,
    /// With fewer outcomes nothing is concluded, `1..=window`.
    pub least: u32,
    /// So long it stays open, above 0.
    pub open: Duration,
    /// So many probes must end well before it closes, and no more are out at a time, `1..=32`.
    pub probes: u32,
    /// A probe that is not answered for so long holds no place any more: another may be sent. Its answer still counts. Above 0.
    pub probe_timeout: Duration,
}
impl Default for Breaking {
    fn default() -> Breaking {
        Breaking {
            failures: 0.5,
            window: 20,
            least: 10,
            open: Duration::from_secs(30),
            probes: 3,
            probe_timeout: Duration::from_secs(600),
        }
    }
}
impl Breaking {
    /// What is wrong with it, as a sentence that names the setting.
    ///
    /// ```
    /// use polity::supervision::Breaking;
    /// let wrong = Breaking { least: 30, ..Breaking::default() };
    /// assert_eq!(wrong.problem().unwrap(), "breaker.least must be in 1..=20 (breaker.window), but is 30");
    /// ```
    pub fn problem(&self) -> Option<String> {
        let Breaking { failures, window, least, probes, .. } = *self;
        if !(failures > 0.0 && failures <= 1.0) {
            return Some(format!("breaker.failures must be in (0, 1], but is {failures}"));
        }
        if !(1..=MAX_WINDOW).contains(&window) {
            return Some(format!("breaker.window must be in 1..={MAX_WINDOW}, but is {window}"));
        }
        if !(1..=window).contains(&least) {
            return Some(format!("breaker.least must be in 1..={window} (breaker.window), but is {least}"));
        }
        if !(1..=MAX_PROBES).contains(&probes) {
            return Some(format!("breaker.probes must be in 1..={MAX_PROBES}, but is {probes}"));
        }
        let zero = [("open", self.open), ("probe_timeout", self.probe_timeout)].into_iter().find(|(_, given)| given.is_zero());
        zero.map(|(name, _)| format!("breaker.{name} must be above 0, but is 0s"))
    }
}

/// Whether a workflow's agents have breakers.
///
/// ```
/// use polity::supervision::{BreakerPolicy, Breaking};
/// assert_eq!(BreakerPolicy::default().breaking(), Some(Breaking::default()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BreakerPolicy {
    /// They have none.
    Off,
    /// They have, with these settings.
    On(Breaking),
}
impl Default for BreakerPolicy {
    fn default() -> BreakerPolicy {
        BreakerPolicy::On(Breaking::default())
    }
}
impl BreakerPolicy {
    /// The settings; none if it is off.
    pub fn breaking(self) -> Option<Breaking> {
        match self {
            BreakerPolicy::Off => None,
            BreakerPolicy::On(breaking) => Some(breaking),
        }
    }
}

/// Where a breaker stands.
///
/// ```
/// assert_eq!(polity::supervision::Circuit::HalfOpen.word(), "half_open");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Circuit {
    /// The agent gets work like any other.
    Closed,
    /// The agent is passed over.
    Open,
    /// The agent gets a few tasks, to see how it is.
    HalfOpen,
}
impl Circuit {
    /// All of them.
    pub const ALL: [Circuit; 3] = [Circuit::Closed, Circuit::Open, Circuit::HalfOpen];
    /// The word for it in files and events.
    pub fn word(self) -> &'static str {
        match self {
            Circuit::Closed => "closed",
            Circuit::Open => "open",
            Circuit::HalfOpen => "half_open",
        }
    }
}

/// What a breaker is told.
///
/// ```
/// use polity::supervision::Sign;
/// use polity_protocols::TaskId;
/// assert_ne!(Sign::Succeeded(TaskId::new(0, 1)), Sign::Failed(TaskId::new(0, 1)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The agent was given a task.
    Given(TaskId),
    /// It ended well.
    Succeeded(TaskId),
    /// It failed, or the agent was lost with it.
    Failed(TaskId),
    /// It was cancelled or refused, which says nothing.
    Dropped(TaskId),
    /// The moment that [`Breaker::next_wake`] asked for has come, or not: then nothing happens.
    Wake,
}

/// The breaker of one agent for one kind of work.
///
/// ```
/// use polity::supervision::{Breaker, Breaking, Circuit, Sign};
/// use polity_protocols::{TaskId, Time};
/// let (set, at) = (Breaking::default(), Time::from_secs_f64);
/// let mut breaker = Breaker::default();
/// for n in 0..9 {
///     assert_eq!(breaker.take(Sign::Failed(TaskId::new(0, n)), &set, at(1.0)), None);
/// }
/// assert_eq!(breaker.take(Sign::Failed(TaskId::new(0, 9)), &set, at(1.0)), Some(Circuit::Open));
/// assert!(breaker.passes_over(&set, at(1.0)));
/// assert_eq!(breaker.next_wake(), Some(at(31.0)));
/// assert_eq!(breaker.take(Sign::Wake, &set, at(31.0)), Some(Circuit::HalfOpen));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Breaker {
    phase: Phase,
}

/// A state with what is only known in it.
#[derive(Clone, Debug, PartialEq)]
enum Phase {
    /// The last outcomes, the latest in the lowest bit; a failure is a 1.
    Closed {
        recent: u128,
        seen: u32,
    },
    Open {
        until: Time,
    },
    /// Probes that ended well, and those that are out, with the moment at which they were given.
    HalfOpen {
        good: u32,
        out: Vec<(TaskId, Time)>,
    },
}

impl Default for Breaker {
    /// A closed one of an agent that has done nothing yet.
    fn default() -> Breaker {
        Breaker::after(0)
    }
}
impl Breaker {
    /// A closed one of an agent whose last outcomes were good, so many of them.
    pub fn after(good: u32) -> Breaker {
        Breaker { phase: Phase::Closed { recent: 0, seen: good.min(MAX_WINDOW) } }
    }
    /// Where it stands.
    pub fn circuit(&self) -> Circuit {
        match self.phase {
            Phase::Closed { .. } => Circuit::Closed,
            Phase::Open { .. } => Circuit::Open,
            Phase::HalfOpen { .. } => Circuit::HalfOpen,
        }
    }
    /// True if the agent should get nothing now: it is open, or half-open with its probes out. O(probes that are out).
    pub fn passes_over(&self, set: &Breaking, now: Time) -> bool {
        match &self.phase {
            Phase::Closed { .. } => false,
            Phase::Open { .. } => true,
            Phase::HalfOpen { good, out } => {
                let young = out.iter().filter(|(_, given)| now < *given + set.probe_timeout).count();
                young as u64 + u64::from(*good) >= u64::from(set.probes)
            }
        }
    }
    /// How many of the last outcomes were failures, and how many there are; of a closed one.
    pub fn counts(&self, set: &Breaking) -> Option<(u32, u32)> {
        match self.phase {
            Phase::Closed { recent, seen } => Some(within(recent, seen, set)),
            Phase::Open { .. } | Phase::HalfOpen { .. } => None,
        }
    }
    /// When to be woken, if at all: when its time is over. O(1).
    pub fn next_wake(&self) -> Option<Time> {
        match self.phase {
            Phase::Open { until } => Some(until),
            Phase::Closed { .. } | Phase::HalfOpen { .. } => None,
        }
    }

    /// Takes one sign. Answers where it stands from now on, if that has changed. O(1), but for the probes that are out.
    pub fn take(&mut self, sign: Sign, set: &Breaking, now: Time) -> Option<Circuit> {
        let passes_over = self.passes_over(set, now);
        let next = match (&mut self.phase, sign) {
            (Phase::Closed { recent, seen }, Sign::Succeeded(_) | Sign::Failed(_)) => {
                let failed = matches!(sign, Sign::Failed(_));
                *recent = (*recent << 1) | u128::from(failed);
                *seen = (*seen + 1).min(MAX_WINDOW);
                let (failures, of) = within(*recent, *seen, set);
                let reached = of >= set.least && f64::from(failures) >= set.failures * f64::from(of);
                // What ends well opens nothing, even if it pushes another success out of the window.
                (failed && reached).then(|| Phase::Open { until: now + set.open })
            }
            (Phase::Open { until }, Sign::Wake) if now >= *until => Some(Phase::HalfOpen { good: 0, out: Vec::new() }),
            (Phase::HalfOpen { out, .. }, Sign::Given(task)) if !passes_over => {
                out.push((task, now));
                None
            }
            (Phase::HalfOpen { out, .. }, Sign::Dropped(task)) => {
                take_out(out, task);
                None
            }
            (Phase::HalfOpen { out, .. }, Sign::Failed(task)) => {
                take_out(out, task).then(|| Phase::Open { until: now + set.open })
            }
            (Phase::HalfOpen { out, good }, Sign::Succeeded(task)) => {
                *good += u32::from(take_out(out, task));
                (*good >= set.probes).then_some(Phase::Closed { recent: 0, seen: 0 })
            }
            _ => None,
        };
        self.phase = next?;
        Some(self.circuit())
    }
}

/// Failures among the last outcomes, and how many these are.
fn within(recent: u128, seen: u32, set: &Breaking) -> (u32, u32) {
    let of = seen.min(set.window);
    let mask = if of >= 128 { u128::MAX } else { (1 << of) - 1 };
    ((recent & mask).count_ones(), of)
}
/// True if it was one of those.
fn take_out(out: &mut Vec<(TaskId, Time)>, task: TaskId) -> bool {
    let at = out.iter().position(|(known, _)| *known == task);
    at.map(|at| out.swap_remove(at)).is_some()
}
