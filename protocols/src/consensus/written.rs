//! Shares as people write them: `0.67`, `2/3`.

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
