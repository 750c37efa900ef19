//! Names that people can say, for runs.

use polity_protocols::Rng;

#[rustfmt::skip]
const ADJECTIVES: [&str; 80] = [
    "able", "agile", "amber", "ample", "apt", "azure", "bold", "brave", "brief", "bright", "brisk", "calm", "candid", "careful", "cheerful",
    "clear", "clever", "coral", "cosy", "crisp", "curious", "daring", "deft", "eager", "early", "earnest", "fair", "fleet", "fond", "fresh",
    "gentle", "glad", "golden", "grand", "handy", "happy", "hardy", "honest", "humble", "ivory", "jolly", "keen", "kind", "lively", "loyal",
    "lucid", "mellow", "merry", "mild", "modest", "neat", "nimble", "noble", "patient", "plucky", "polite", "prompt", "proud", "quick",
    "quiet", "rapid", "ready", "robust", "rosy", "serene", "sharp", "silver", "smart", "snug", "spry", "steady", "sturdy", "sunny", "swift",
    "tidy", "trusty", "upbeat", "vivid", "warm", "witty",
];

#[rustfmt::skip]
const NOUNS: [&str; 80] = [
    "acorn", "alder", "alpaca", "aspen", "badger", "beacon", "beaver", "birch", "bison", "brook", "canyon", "cedar", "cicada", "clover",
    "comet", "condor", "coyote", "cricket", "cypress", "dolphin", "dune", "eagle", "egret", "elm", "falcon", "fern", "finch", "fjord", "fox",
    "gecko", "glacier", "harbour", "hare", "hawk", "hazel", "hedgehog", "heron", "ibex", "iris", "island", "jay", "juniper", "kestrel",
    "koala", "lagoon", "lantern", "lark", "lichen", "lynx", "maple", "marten", "meadow", "meteor", "newt", "oak", "ocelot", "orchid",
    "osprey", "otter", "owl", "panda", "pebble", "pine", "plover", "puffin", "quail", "raven", "reef", "robin", "salmon", "sparrow",
    "spruce", "swallow", "thistle", "thrush", "tulip", "valley", "walnut", "willow", "wren",
];

/// A memorable name for a run: `brave-otter`. Equal seeds give equal names; there are 6,400.
///
/// ```
/// use polity::report::memorable;
/// assert_eq!(memorable(7), memorable(7));
/// assert_eq!(memorable(7).split('-').count(), 2);
/// ```
pub fn memorable(seed: u64) -> String {
    let mut rng = Rng::new(seed, "memorable name");
    let adjective = ADJECTIVES[rng.below(ADJECTIVES.len())];
    format!("{adjective}-{}", NOUNS[rng.below(NOUNS.len())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn words_are_distinct_and_plain() {
        for words in [ADJECTIVES, NOUNS] {
            assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len());
            assert!(words.iter().all(|w| w.len() >= 3 && w.bytes().all(|b| b.is_ascii_lowercase())));
        }
        assert!(ADJECTIVES.iter().all(|a| !NOUNS.contains(a)));
    }

    #[test]
    fn neighbouring_seeds_get_different_names() {
        let names: BTreeSet<String> = (0..1000).map(memorable).collect();
        assert!(names.len() > 850, "{} of 1000", names.len()); // 1000 draws from 6400: about 926 are distinct
    }
}
