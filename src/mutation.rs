//! Bugs that are planted by hand, to see whether the storms find them. Without the feature `mutations`, which is off by default and is for
//! nothing but that, none is there: [`planted`] is constantly false, and what it guards is not compiled.

/// True if the bug of this name is there: in a build with the feature `mutations`, if `POLITY_MUTATION` names it.
#[cfg(not(feature = "mutations"))]
pub(crate) const fn planted(_: &str) -> bool {
    false
}

/// True if the bug of this name is there: if `POLITY_MUTATION` names it.
#[cfg(feature = "mutations")]
pub(crate) fn planted(name: &str) -> bool {
    static CHOSEN: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    CHOSEN.get_or_init(|| std::env::var("POLITY_MUTATION").ok()).as_deref() == Some(name)
}
