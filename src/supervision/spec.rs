//! What a supervisor is told once: whom to restart, how often, and how to stop.

use core::time::Duration;
use polity_protocols::{Name, seconds_to_duration};
use serde::{Deserialize, Serialize};

/// Who is restarted along with a child that failed.
///
/// ```
/// assert_eq!(polity::supervision::Strategy::default(), polity::supervision::Strategy::OneForOne);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Nobody: the children don't depend on each other.
    #[default]
    OneForOne,
    /// All others.
    OneForAll,
    /// Those that were started after it, since they may depend on it.
    RestForOne,
}

/// When a child is restarted.
///
/// ```
/// use polity::supervision::{Exit, Restart};
/// assert!(Restart::Permanent.after(&Exit::Normal));
/// assert!(!Restart::Transient.after(&Exit::Normal) && Restart::Transient.after(&Exit::Killed));
/// assert!(!Restart::Temporary.after(&Exit::Killed));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Restart {
    /// Always.
    Permanent,
    /// Unless it ended normally.
    Transient,
    /// Never; it is forgotten when it ends.
    Temporary,
}
impl Restart {
    /// True if a child of this kind is restarted after it ended so.
    pub fn after(self, exit: &super::Exit) -> bool {
        match self {
            Restart::Permanent => true,
            Restart::Transient => *exit != super::Exit::Normal,
            Restart::Temporary => false,
        }
    }
}

/// One child.
///
/// ```
/// use polity::supervision::ChildSpec;
/// use std::time::Duration;
/// let journal = ChildSpec::permanent("journal").shutdown(Duration::from_secs(30));
/// assert_eq!(journal.grace, Duration::from_secs(30));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildSpec<K = Name> {
    /// Which child.
    pub id: K,
    /// When it is restarted.
    pub restart: Restart,
    /// How long it may take to stop before it is killed; zero kills it at once.
    pub grace: Duration,
    /// A limit of its own: a failure beyond it gives up this child alone, as if it had a supervisor to itself whose parent never
    /// restarts it. None leaves it to the supervisor's limit, which gives up all.
    pub limit: Option<Intensity>,
}
impl<K> ChildSpec<K> {
    /// How long a child may take to stop, unless its spec says otherwise.
    pub const GRACE: Duration = Duration::from_secs(5);

    /// A child that is always restarted.
    pub fn permanent(id: K) -> ChildSpec<K> {
        ChildSpec { id, restart: Restart::Permanent, grace: Self::GRACE, limit: None }
    }
    /// A child that is restarted unless it ended normally.
    pub fn transient(id: K) -> ChildSpec<K> {
        ChildSpec { restart: Restart::Transient, ..ChildSpec::permanent(id) }
    }
    /// A child that is never restarted.
    pub fn temporary(id: K) -> ChildSpec<K> {
        ChildSpec { restart: Restart::Temporary, ..ChildSpec::permanent(id) }
    }
    /// With a limit of its own.
    ///
    /// ```
    /// use polity::supervision::{ChildSpec, Effect, Exit, Input, Intensity, Strategy, Supervision};
    /// use polity_protocols::{Rng, Time};
    /// let (mut rng, mut effects) = (Rng::new(1, "s"), Vec::new());
    /// let mut supervision = Supervision::new(Strategy::OneForOne, Intensity::AGENTS);
    /// supervision.take(Input::Add(ChildSpec::permanent("ann").within(Intensity { restarts: 0, ..Intensity::AGENTS })), Time::ZERO, &mut rng, &mut effects)?;
    /// supervision.take(Input::Exited { id: "ann", incarnation: 1, reason: Exit::Panic("boom".into()) }, Time::ZERO, &mut rng, &mut effects)?;
    /// assert!(matches!(effects[1], Effect::GiveUp { id: "ann", .. }));
    /// # Ok::<(), polity::supervision::Ignored>(())
    /// ```
    pub fn within(mut self, limit: Intensity) -> ChildSpec<K> {
        self.limit = Some(limit);
        self
    }
    /// With another time to stop.
    pub fn shutdown(mut self, grace: Duration) -> ChildSpec<K> {
        self.grace = grace;
        self
    }
}

/// How many restarts are borne before the supervisor gives up and escalates.
///
/// ```
/// use polity::supervision::Intensity;
/// assert_eq!(Intensity::AGENTS.restarts, 5);
/// assert_eq!(Intensity::INFRASTRUCTURE.period.as_secs(), 5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intensity {
    /// So many restarts may begin in any window of `period`; a failure that would need one more escalates. 0 bears none.
    pub restarts: u32,
    /// The length of the sliding window. A child that ran for so long is quiet: its back-off begins anew.
    pub period: Duration,
    /// The delays between the restarts of a child.
    pub backoff: Backoff,
}
impl Intensity {
    /// Agents: 5 in 60 s. They call the outside world, so single failures are ordinary.
    pub const AGENTS: Intensity = Intensity::new(5, Duration::from_secs(60));
    /// Infrastructure (journal, coordinators): 1 in 5 s, as in OTP.
    pub const INFRASTRUCTURE: Intensity = Intensity::new(1, Duration::from_secs(5));

    /// So many restarts in a period, with the usual delays.
    pub const fn new(restarts: u32, period: Duration) -> Intensity {
        Intensity { restarts, period, backoff: Backoff::DEFAULT }
    }
}

/// The delays between the restarts of one child: none before the first after quiet times, then full jitter, `rand(0, min(cap, initial · 2ⁿ))`.
///
/// The first restart is immediate as in OTP, since most crashes are single; further ones wait, since what fails again is often remote.
///
/// ```
/// use polity::supervision::Backoff;
/// use std::time::Duration;
/// let longest = |earlier| Backoff::DEFAULT.delay(earlier, 1.0);
/// assert_eq!([longest(0), longest(1), longest(2)], [0, 100, 200].map(Duration::from_millis));
/// assert_eq!(longest(1_000), Duration::from_secs(10));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backoff {
    /// The bound of the first delay that is not zero.
    pub initial: Duration,
    /// No delay is longer.
    pub cap: Duration,
}
impl Backoff {
    /// From 100 ms, doubling, to 10 s.
    pub const DEFAULT: Backoff = Backoff { initial: Duration::from_millis(100), cap: Duration::from_secs(10) };

    /// The delay before a restart that follows `earlier` failures in a row; `unit` is a draw from `[0, 1)`.
    pub fn delay(&self, earlier: u32, unit: f64) -> Duration {
        let Some(doublings) = earlier.checked_sub(1) else { return Duration::ZERO };
        let bound = 1_u32.checked_shl(doublings).and_then(|times| self.initial.checked_mul(times)).unwrap_or(self.cap);
        seconds_to_duration(bound.min(self.cap).as_secs_f64() * unit).min(self.cap)
    }
}
