//! Logical time, exact to the nanosecond.

use core::fmt;
use core::ops::{Add, Sub};
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// A moment: nanoseconds since the runtime started. Machines get it by argument and never ask a clock.
///
/// A `u64` of nanoseconds lasts 584 years; sums saturate instead of wrapping.
///
/// ```
/// use polity_protocols::Time;
/// use std::time::Duration;
/// let t = Time::ZERO + Duration::from_millis(1_500);
/// assert_eq!(t.as_secs_f64(), 1.5);
/// assert_eq!(t - Time::from_secs_f64(1.0), Duration::from_millis(500));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(u64);

impl Time {
    /// The start of the runtime.
    pub const ZERO: Time = Time(0);
    /// Later than anything that will happen.
    pub const MAX: Time = Time(u64::MAX);

    /// The moment `nanos` nanoseconds after the start.
    #[inline]
    pub const fn from_nanos(nanos: u64) -> Time {
        Time(nanos)
    }
    /// Nanoseconds since the start.
    #[inline]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }
    /// The moment `seconds` after the start; negative and NaN count as 0, too large ones as [`Time::MAX`].
    #[inline]
    pub fn from_secs_f64(seconds: f64) -> Time {
        Time::ZERO + seconds_to_duration(seconds)
    }
    /// Seconds since the start.
    #[inline]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }
    /// How long after `earlier` this is; zero if it is not.
    #[inline]
    pub fn since(self, earlier: Time) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Seconds as a duration. Never fails: negative and NaN give zero, what is too large gives the longest.
///
/// ```
/// assert_eq!(polity_protocols::seconds_to_duration(f64::NAN), std::time::Duration::ZERO);
/// ```
#[inline]
pub fn seconds_to_duration(seconds: f64) -> Duration {
    if seconds.is_nan() || seconds <= 0.0 {
        return Duration::ZERO;
    }
    let nanos = seconds * 1e9;
    if nanos >= u64::MAX as f64 { Duration::from_nanos(u64::MAX) } else { Duration::from_nanos(nanos.round() as u64) }
}

fn nanos(d: Duration) -> u64 {
    u64::try_from(d.as_nanos()).unwrap_or(u64::MAX)
}

impl Add<Duration> for Time {
    type Output = Time;
    #[inline]
    fn add(self, d: Duration) -> Time {
        Time(self.0.saturating_add(nanos(d)))
    }
}
impl Sub<Time> for Time {
    type Output = Duration;
    #[inline]
    fn sub(self, earlier: Time) -> Duration {
        self.since(earlier)
    }
}
impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.9}s", self.as_secs_f64())
    }
}
