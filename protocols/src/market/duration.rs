//! Durations in settings: written as `200ms`, `5s`, `1m30s`. A bare number has no unit and is refused.

use core::fmt;
use core::time::Duration;
use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

const UNITS: [(&str, u64); 6] =
    [("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000)];

pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text(*duration))
}

/// The shortest text that says exactly this: whole units, the largest first.
pub(super) fn text(duration: Duration) -> String {
    let mut left = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    if left == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (unit, nanos) in UNITS.iter().rev() {
        if left >= *nanos {
            text.push_str(&format!("{}{unit}", left / nanos));
            left %= nanos;
        }
    }
    text
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    deserializer.deserialize_any(Text)
}

struct Text;
impl Visitor<'_> for Text {
    type Value = Duration;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration with a unit, like \"200ms\", \"5s\" or \"1m30s\"")
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
        parse(text)
            .ok_or_else(|| E::custom(format!("\"{text}\" is not a duration; write it like \"200ms\", \"5s\" or \"1m30s\"")))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Duration, E> {
        Err(bare(number))
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<Duration, E> {
        Err(bare(number))
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<Duration, E> {
        Err(bare(number))
    }
}

fn bare<E: Error>(number: impl fmt::Display) -> E {
    E::custom(format!("{number} has no unit: write \"{number}ms\" or \"{number}s\""))
}

fn parse(text: &str) -> Option<Duration> {
    let (mut rest, mut nanos) = (text.trim(), 0.0_f64);
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let number = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let (digits, tail) = rest.split_at(number);
        let end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, after) = tail.split_at(end);
        let unit = UNITS.iter().find(|(name, _)| *name == unit.trim())?.1;
        nanos += digits.parse::<f64>().ok()? * unit as f64;
        rest = after.trim_start();
    }
    (nanos < u64::MAX as f64).then(|| Duration::from_nanos(libm::round(nanos) as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_duration_is_none() {
        for text in ["", " ", "5", "ms", "5 parsecs", "1.2.3s", "-1s", "1e300h", "s5"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
        assert_eq!(parse("1m 30s"), Some(Duration::from_secs(90)));
        assert_eq!(parse("0.5s"), Some(Duration::from_millis(500)));
    }

    proptest! {
        #[test]
        fn a_duration_reads_back_as_it_was_written(nanos in 0_u64..10_000_000_000_000_000) {
            // Beyond 2^53 ns (104 days) digits of a sum of floats are lost; settings are seconds.
            let duration = Duration::from_nanos(nanos.min(1 << 53));
            prop_assert_eq!(parse(&text(duration)), Some(duration));
        }
    }
}
