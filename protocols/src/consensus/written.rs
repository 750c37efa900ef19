//! Values as people write them: `250ms`, `1h30m`; `0.67`, `2/3`.

/// A duration: a string like `250ms`. A bare number is refused, since its unit would be a guess.
pub(super) mod span {
    use core::time::Duration;
    use serde::de::Error;
    use serde::{Deserializer, Serializer};

    const UNITS: [(&str, u64); 7] = [
        ("ns", 1),
        ("us", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
        ("d", 86_400_000_000_000),
    ];

    /// The duration that a text says: numbers with units, one after the other.
    pub(in super::super) fn read(text: &str) -> Option<Duration> {
        let mut rest = text.trim();
        let mut nanos = 0.0;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
            let number: f64 = rest[..digits].parse().ok()?;
            let tail = &rest[digits..];
            let end = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
            let (_, unit) = UNITS.iter().find(|(name, _)| *name == &tail[..end])?;
            nanos += number * *unit as f64;
            rest = tail[end..].trim_start();
        }
        let fits = !text.trim().is_empty() && nanos < u64::MAX as f64;
        fits.then(|| Duration::from_nanos(nanos as u64))
    }
    /// The shortest text for it, in one unit.
    pub(super) fn write(span: Duration) -> String {
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        let (name, unit) = UNITS.iter().rev().find(|(_, unit)| nanos % unit == 0 && nanos >= *unit).unwrap_or(&UNITS[2]);
        format!("{}{name}", nanos / unit)
    }
    pub(in super::super) fn serialize<S: Serializer>(span: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&write(*span))
    }
    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        struct Text;
        impl serde::de::Visitor<'_> for Text {
            type Value = Duration;
            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("a duration like \"250ms\" or \"5s\"")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
                read(text).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Text)
    }
}

/// A share of a whole: a number, or a fraction like `2/3`.
pub(super) mod share {
    use serde::de::{Error, Unexpected, Visitor};
    use serde::{Deserializer, Serializer};

    struct Share;
    impl Visitor<'_> for Share {
        type Value = f64;
        fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            f.write_str("a share like 0.67 or \"2/3\"")
        }
        fn visit_f64<E: Error>(self, number: f64) -> Result<f64, E> {
            Ok(number)
        }
        fn visit_i64<E: Error>(self, number: i64) -> Result<f64, E> {
            Ok(number as f64)
        }
        fn visit_u64<E: Error>(self, number: u64) -> Result<f64, E> {
            Ok(number as f64)
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<f64, E> {
            let number = |part: &str| part.trim().parse::<f64>().ok();
            let read = match text.split_once('/') {
                Some((over, under)) => number(over).zip(number(under)).map(|(over, under)| over / under),
                None => number(text),
            };
            read.filter(|share| share.is_finite()).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
        }
    }
    pub(in super::super) fn serialize<S: Serializer>(share: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(*share)
    }
    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        deserializer.deserialize_any(Share)
    }

    /// The same, where it may be left out.
    pub(in super::super) mod option {
        use super::Share;
        use serde::de::{Error, Visitor};
        use serde::{Deserializer, Serializer};

        struct MaybeShare;
        impl<'de> Visitor<'de> for MaybeShare {
            type Value = Option<f64>;
            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                Share.expecting(f)
            }
            fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
                Ok(None)
            }
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(None)
            }
            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
                deserializer.deserialize_any(Share).map(Some)
            }
        }
        pub(in super::super::super) fn serialize<S: Serializer>(share: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
            match share {
                Some(share) => serializer.serialize_some(share),
                None => serializer.serialize_none(),
            }
        }
        pub(in super::super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
            deserializer.deserialize_option(MaybeShare)
        }
    }
}
