//! What the tables are made of: kinds of values, words, keys, and maps with known keys.

/// What a value may be.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A text.
    Text,
    /// A name that expressions can use.
    Id,
    /// The language's version.
    Version,
    /// One of some words.
    Words(&'static [Word]),
    /// `true` or `false`.
    Bool,
    /// A whole number, at least this.
    Whole(u64),
    /// A whole number in this range, ends included.
    Count(u64, u64),
    /// A number in this range, ends included.
    Number(f64, f64),
    /// A number above 0.
    Positive,
    /// A number above 0 and at most 1; also `2/3`.
    Share,
    /// `5m`, `200ms`.
    Duration,
    /// A duration that a number might be meant to be the rate of, and what to say then.
    MeanTime(&'static str),
    /// A duration, or what it is drawn from, in one text: `lognormal(mean 10s, sigma 0.5)`.
    Work,
    /// An expression, bare.
    Expression,
    /// An expression over a failure: `error` and `attempt`.
    Condition,
    /// An expression over results: `item` and `index`.
    OverItem,
    /// A text with `{{ … }}`.
    Template,
    /// Any value, with `{{ … }}` in its texts.
    Binding,
    /// Any value.
    Any,
    /// A list of these.
    List(&'static Kind),
    /// A map from names to these.
    Map(&'static Kind),
    /// A map with these keys.
    Record(&'static Record),
    /// A protocol's name, or a map with that as its only key and its settings.
    Strategy,
    /// One of these, told apart by form: a list, a map, or neither.
    Either(&'static [Kind]),
}

/// A word, and whether what it asks for is built.
#[derive(Debug)]
pub(crate) struct Word(pub(crate) &'static str, pub(crate) bool);

/// A map with known keys.
#[derive(Debug)]
pub(crate) struct Record {
    /// What it describes, for sentences: `a task`.
    pub(crate) what: &'static str,
    pub(crate) keys: &'static [Field],
}

/// A key.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    pub(crate) built: bool,
    pub(crate) about: &'static str,
}

pub(crate) const fn key(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field { name, kind, required: false, built: true, about }
}
pub(crate) const fn must(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field { required: true, ..key(name, kind, about) }
}
pub(crate) const fn later(name: &'static str, about: &'static str) -> Field {
    Field { built: false, ..key(name, Kind::Any, about) }
}
pub(crate) const fn yes(word: &'static str) -> Word {
    Word(word, true)
}
pub(crate) const fn not_yet(word: &'static str) -> Word {
    Word(word, false)
}
