//! Generated graphs, and a place to note what was seen, so that a *never* can be paired with a *sometimes*.

use crate::workloads::{GraphEdge, TaskGraph};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseResult, TestRng, TestRunner};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Acyclic graphs of 1 to `most` tasks in any order, with few and with round numbers, so that there are ties; some without work or bytes.
pub(super) fn acyclic(most: usize) -> impl Strategy<Value = TaskGraph> {
    let work = prop_oneof![2 => (0..4u32).prop_map(f64::from), 1 => 0.0..1e3f64];
    let bytes = prop_oneof![1 => Just(0u64), 2 => 1..5u64, 1 => any::<u32>().prop_map(u64::from)];
    let task = (name(), 0..4u8, work, prop::collection::vec((any::<prop::sample::Index>(), bytes), 0..4));
    prop::collection::vec(task, 1..=most).prop_flat_map(|raw| {
        let places: Vec<usize> = (0..raw.len()).collect();
        (Just(raw), Just(places).prop_shuffle()).prop_map(|(raw, places)| {
            let mut tasks = vec![(String::new(), String::new(), 0.0); raw.len()];
            let mut edges = BTreeMap::new();
            for (n, (name, kind, work, upstream)) in raw.into_iter().enumerate() {
                tasks[places[n]] = (name, format!("kind {kind}"), work);
                for (index, bytes) in upstream.into_iter().filter(|_| n > 0) {
                    edges.insert((places[index.index(n)], places[n]), bytes);
                }
            }
            let mut seen = BTreeSet::new();
            for (n, (name, ..)) in tasks.iter_mut().enumerate() {
                if !seen.insert(name.clone()) {
                    name.push_str(&format!(" ({n})"));
                }
            }
            let edges = edges.into_iter().map(|((from, to), bytes)| GraphEdge::new(from, to, bytes));
            TaskGraph::new("generated", tasks, edges).unwrap()
        })
    })
}

/// Names of all sorts: plain, with characters that ids can't have, words with a meaning, other alphabets.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z]{1,6}_ID[0-9]{7}",
        1 => "[a-c][.:-][a-c]",
        1 => "[0-9]{1,3}",
        1 => prop::sample::select(vec!["item", "tasks", "true", "_", "ä", "日本", "a b", "\u{1b}[31m"]).prop_map(str::to_owned),
    ]
}

/// What a test saw at least once.
#[derive(Default)]
pub(super) struct Seen(RefCell<BTreeSet<&'static str>>);
impl Seen {
    pub(super) fn note(&self, what: &'static str, seen: bool) {
        if seen {
            self.0.borrow_mut().insert(what);
        }
    }
}

/// Checks `property` on generated input, always the same, and that each of `sometimes` was seen.
pub(super) fn check<S: Strategy>(input: S, sometimes: &[&'static str], property: impl Fn(S::Value, &Seen) -> TestCaseResult) {
    let seen = Seen::default();
    let config = Config { cases: 500, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    if let Err(failure) = TestRunner::new_with_rng(config, rng).run(&input, |value| property(value, &seen)) {
        panic!("{failure}");
    }
    let expected: BTreeSet<&str> = sometimes.iter().copied().collect();
    assert_eq!(*seen.0.borrow(), expected, "what should be seen sometimes, and only that, was");
}
