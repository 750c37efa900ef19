//! The weather between two places: how late a message comes, whether at all, and whether twice.

use crate::rng::Rng;
use crate::time::seconds_to_duration;
use core::fmt;
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// How long a message is under way. In a file, durations are seconds.
///
/// ```
/// use polity_protocols::{Delay, Rng};
/// use std::time::Duration;
/// let delay = Delay::Uniform { low: Duration::from_millis(1), high: Duration::from_millis(5) };
/// assert!(delay.draw(&mut Rng::new(1, "post")) < Duration::from_millis(5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Delay {
    /// Always the same: messages never overtake each other.
    Constant(#[serde(with = "seconds")] Duration),
    /// Uniform in `[low, high)`.
    Uniform {
        /// The least.
        #[serde(with = "seconds")]
        low: Duration,
        /// The most.
        #[serde(with = "seconds")]
        high: Duration,
    },
    /// Exponential: mostly short, at times very long.
    Exponential {
        /// The mean.
        #[serde(with = "seconds")]
        mean: Duration,
    },
}
impl Delay {
    /// One delay. A constant one draws no random number.
    pub fn draw(&self, rng: &mut Rng) -> Duration {
        match self {
            Delay::Constant(always) => *always,
            Delay::Uniform { low, high } => seconds_to_duration(rng.between(low.as_secs_f64(), high.as_secs_f64())),
            Delay::Exponential { mean } => seconds_to_duration(rng.exponential(mean.as_secs_f64())),
        }
    }
}
impl Default for Delay {
    fn default() -> Delay {
        Delay::Constant(Duration::ZERO)
    }
}

/// What happens to a message on its way. Messages overtake each other when their delays differ.
///
/// ```
/// use polity_protocols::{Rng, Weather};
/// use std::time::Duration;
/// let mut rng = Rng::new(1, "post");
/// assert_eq!(Weather::CALM.deliveries(&mut rng).collect::<Vec<_>>(), [Duration::ZERO]);
/// assert_eq!(Weather { loss: 1.0, ..Weather::CALM }.deliveries(&mut rng).count(), 0);
/// assert_eq!(Weather { repeat: 1.0, ..Weather::CALM }.deliveries(&mut rng).count(), 2);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weather {
    /// How long a message is under way.
    pub delay: Delay,
    /// The probability that it never comes.
    pub loss: f64,
    /// The probability that it comes twice, each time with a delay of its own.
    pub repeat: f64,
}
impl Weather {
    /// Every message comes once and at once.
    pub const CALM: Weather = Weather { delay: Delay::Constant(Duration::ZERO), loss: 0.0, repeat: 0.0 };

    /// The delays after which one message is delivered: none if it is lost, two if it is repeated.
    pub fn deliveries(&self, rng: &mut Rng) -> impl Iterator<Item = Duration> + use<> {
        let copies = match (rng.chance(self.loss), rng.chance(self.repeat)) {
            (true, _) => [None, None],
            (false, false) => [Some(self.delay.draw(rng)), None],
            (false, true) => [Some(self.delay.draw(rng)), Some(self.delay.draw(rng))],
        };
        copies.into_iter().flatten()
    }
    /// True if there is weather worth the name.
    pub fn is_calm(&self) -> bool {
        *self == Weather::CALM
    }
    /// Looks for parameters that no weather can have.
    ///
    /// # Errors
    /// [`BadWeather`] names the first one: a probability outside `0..=1` or not a number, or a range that runs backwards.
    pub fn check(&self) -> Result<(), BadWeather> {
        for (field, given) in [("loss", self.loss), ("repeat", self.repeat)] {
            if !(0.0..=1.0).contains(&given) {
                return Err(BadWeather::Probability { field, given });
            }
        }
        match self.delay {
            Delay::Uniform { low, high } if low > high => Err(BadWeather::Range { low, high }),
            _ => Ok(()),
        }
    }
}

/// Parameters that no weather can have.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum BadWeather {
    /// A probability outside `0..=1`.
    Probability {
        /// Which.
        field: &'static str,
        /// What was given.
        given: f64,
    },
    /// A uniform delay whose least is above its most.
    Range {
        /// The least.
        low: Duration,
        /// The most.
        high: Duration,
    },
}
impl fmt::Display for BadWeather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadWeather::Probability { field, given } => {
                write!(f, "weather.{field} is a probability and must be in 0..=1, but is {given}")
            }
            BadWeather::Range { low, high } => {
                let (low, high) = (low.as_secs_f64(), high.as_secs_f64());
                write!(f, "weather.delay.uniform must have low ≤ high, but low is {low} s and high is {high} s; swap them")
            }
        }
    }
}
impl std::error::Error for BadWeather {}

/// Durations as seconds, refused if negative, infinite or not a number.
mod seconds {
    use core::time::Duration;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(duration.as_secs_f64())
    }
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let given = f64::deserialize(deserializer)?;
        Duration::try_from_secs_f64(given)
            .map_err(|_| D::Error::custom(format!("a delay is a number of seconds from 0 on, but this is {given}")))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Rng;
    use proptest::prelude::*;

    #[test]
    fn a_file_says_seconds_and_survives_a_round_trip() {
        let text = r#"{"delay":{"uniform":{"low":0.25,"high":2.0}},"loss":0.1,"repeat":0.0}"#;
        let weather: Weather = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&weather).unwrap(), text);
        assert_eq!(serde_json::from_str::<Weather>("{}").unwrap(), Weather::CALM);
        let negative = serde_json::from_str::<Weather>(r#"{"delay":{"constant":-1.0}}"#).unwrap_err();
        assert!(negative.to_string().contains("from 0 on, but this is -1"), "{negative}");
    }

    #[test]
    fn impossible_weather_is_named() {
        let loss = Weather { loss: 1.5, ..Weather::CALM }.check().unwrap_err();
        assert_eq!(loss.to_string(), "weather.loss is a probability and must be in 0..=1, but is 1.5");
        assert!(Weather { repeat: f64::NAN, ..Weather::CALM }.check().is_err());
        let (low, high) = (Duration::from_secs(2), Duration::from_secs(1));
        assert!(Weather { delay: Delay::Uniform { low, high }, ..Weather::CALM }.check().is_err());
    }

    proptest! {
        #[test]
        fn losses_and_repeats_come_as_often_as_said(loss in 0.0..1.0f64, repeat in 0.0..1.0f64, seed in any::<u64>()) {
            let (weather, mut rng) = (Weather { loss, repeat, ..Weather::CALM }, Rng::new(seed, "post"));
            let mut seen = [0.0; 3];
            for _ in 0..4_000 {
                seen[weather.deliveries(&mut rng).count()] += 1.0 / 4_000.0;
            }
            let expected = [loss, (1.0 - loss) * (1.0 - repeat), (1.0 - loss) * repeat];
            for (seen, expected) in seen.iter().zip(expected) {
                prop_assert!((seen - expected).abs() < 0.05, "{seen} for {expected}");
            }
        }
    }
}
