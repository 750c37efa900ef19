//! Durations as people write them: `200ms`, `1.5s`, `1h30m`. For serde: `#[serde(with = "crate::duration_text")]`.

use core::fmt;
use core::time::Duration;
use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

/// The units, the largest first: how they are written, and their nanoseconds.
const UNITS: [(&str, u64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];
/// Other ways to write a unit.
const ALIASES: [(&str, &str); 4] = [("µs", "us"), ("min", "m"), ("sec", "s"), ("hours", "h")];

/// Reads a duration: numbers with units, the one behind the other.
///
/// # Errors
/// A sentence that tells what was given and how a duration is written.
///
/// ```
/// use polity_protocols::duration_text::parse;
/// use std::time::Duration;
/// assert_eq!(parse("1m30s"), Ok(Duration::from_secs(90)));
/// assert_eq!(parse("0.5ms"), Ok(Duration::from_micros(500)));
/// assert!(parse("soon").unwrap_err().contains("like 200ms, 1.5s or 1h30m, but is \"soon\""));
/// ```
pub fn parse(text: &str) -> Result<Duration, String> {
    let bad = || format!("a duration is written like 200ms, 1.5s or 1h30m, but is \"{text}\"");
    let (mut rest, mut nanos) = (text.trim(), 0.0_f64);
    if rest.is_empty() {
        return Err(bad());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(bad)?;
        let (number, behind) = rest.split_at(digits);
        let letters = behind.find(|c: char| !c.is_alphabetic()).unwrap_or(behind.len());
        let (unit, left) = behind.split_at(letters);
        let number: f64 = number.parse().map_err(|_| bad())?;
        nanos += number * nanos_of(unit).ok_or_else(bad)? as f64;
        rest = left.trim_start();
    }
    if nanos < u64::MAX as f64 { Ok(Duration::from_nanos(libm::round(nanos) as u64)) } else { Err(bad()) }
}

fn nanos_of(unit: &str) -> Option<u64> {
    let unit = ALIASES.iter().find(|(other, _)| *other == unit).map_or(unit, |(_, unit)| *unit);
    UNITS.iter().find(|(name, _)| *name == unit).map(|(_, nanos)| *nanos)
}

/// Writes a duration so that [`parse`] reads the same; above 584 years it writes that.
///
/// ```
/// use polity_protocols::duration_text::format;
/// use std::time::Duration;
/// assert_eq!(format(Duration::from_millis(200)), "200ms");
/// assert_eq!(format(Duration::from_secs(5_400)), "1h30m");
/// assert_eq!(format(Duration::ZERO), "0s");
/// ```
pub fn format(duration: Duration) -> String {
    let mut left = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (unit, nanos) in UNITS {
        if left >= nanos {
            text.push_str(&format!("{}{unit}", left / nanos));
            left %= nanos;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// Writes the text.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format(*duration))
}

/// Reads the text. A bare number is refused, since its unit would be a guess.
///
/// # Errors
/// A sentence, for anything that is no duration.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    deserializer.deserialize_any(Text)
}

struct Text;
impl Visitor<'_> for Text {
    type Value = Duration;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration like 200ms, 1.5s or 1h30m")
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
        parse(text).map_err(E::custom)
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<Duration, E> {
        Err(bare(number))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Duration, E> {
        Err(bare(number))
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<Duration, E> {
        Err(bare(number))
    }
}
fn bare<E: Error>(number: impl fmt::Display) -> E {
    E::custom(format!("a duration has a unit, but {number} has none: write \"{number}ms\" or \"{number}s\""))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Holder(#[serde(with = "super")] Duration);

    proptest! {
        #[test]
        fn what_is_written_is_read_again(nanos in 0..(1_u64 << 53)) {
            let holder = Holder(Duration::from_nanos(nanos));
            let text = serde_json::to_string(&holder).unwrap();
            prop_assert_eq!(serde_json::from_str::<Holder>(&text).unwrap(), holder);
        }
        #[test]
        fn no_text_panics(text in "[0-9.a-zµ ]{0,12}") {
            let _ = parse(&text);
        }
    }

    #[test]
    fn nonsense_is_named_and_a_bare_number_is_refused() {
        assert_eq!(parse(" 2min 1sec").unwrap(), Duration::from_secs(121));
        assert_eq!(parse("0.5s").unwrap(), Duration::from_millis(500));
        for bad in
            ["\"\"", "\"5\"", "\"s\"", "\"1.2.3s\"", "\"-1s\"", "-1", "3", "2.5", "true", "\"1 fortnight\"", "\"9999999999999d\""]
        {
            let error = serde_json::from_str::<Holder>(bad).unwrap_err().to_string();
            assert!(error.contains("a duration"), "{bad}: {error}");
        }
        assert!(serde_json::from_str::<Holder>("3").unwrap_err().to_string().contains("\"3s\""));
    }
}
