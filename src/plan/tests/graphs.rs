//! Generated graphs, and a place to note what was seen, so that a *never* can be paired with a *sometimes*.

use crate::plan::{Join, Node, NodeIx, Plan, Wants};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseResult, TestRunner};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const EVERY_WANT: [Wants; 5] = [Wants::Ended, Wants::Success, Wants::MaybeOutput, Wants::Output, Wants::Both];

/// Wants, more often the usual ones.
fn wants() -> impl Strategy<Value = Wants> {
    prop_oneof![1 => Just(Wants::Ended), 3 => Just(Wants::Success), 1 => Just(Wants::MaybeOutput), 3 => Just(Wants::Output),
        1 => Just(Wants::Both)]
}

/// A rule for a node over so many that count for its join, by a throw of the dice; the usual one more often than not.
fn rule(throw: u8, joined: u32) -> Join {
    match throw {
        _ if joined == 0 => Join::AllSuccess,
        0 => Join::AllDone,
        1 => Join::OneSuccess,
        2 | 3 => Join::AtLeast(1 + u32::from(throw) % joined),
        4 => Join::AnyDone,
        5 => Join::AllFailed,
        6 => Join::OneFailed,
        7 => Join::NoneFailed,
        _ => Join::AllSuccess,
    }
}

/// Acyclic graphs of up to `most` nodes, whose numbers say nothing of their order. Parallel edges occur.
pub(super) fn acyclic(most: usize) -> impl Strategy<Value = Vec<Node>> {
    wired(most, wants().boxed(), 4, 16)
}
/// The same, but most nodes that can have a join of their own have one, and over more.
pub(super) fn joining(most: usize) -> impl Strategy<Value = Vec<Node>> {
    let wants = prop_oneof![6 => Just(Wants::Success), 1 => Just(Wants::Ended), 1 => Just(Wants::Output), 1 => Just(Wants::Both)];
    wired(most, wants.boxed(), 6, 10)
}
fn wired(most: usize, wants: BoxedStrategy<Wants>, edges: usize, throws: u8) -> impl Strategy<Value = Vec<Node>> {
    let node = (0u8..5, prop::collection::vec((any::<prop::sample::Index>(), wants), 0..edges), 0..throws);
    prop::collection::vec(node, 0..=most).prop_flat_map(|raw| {
        let places: Vec<u32> = (0..raw.len() as u32).collect();
        (Just(raw), Just(places).prop_shuffle()).prop_map(|(raw, places)| {
            let mut nodes = vec![Node::new(0.0); raw.len()];
            for (n, (weight, upstream, throw)) in raw.into_iter().enumerate() {
                let mut node = Node::new(f64::from(weight));
                let mut together: BTreeMap<u32, Wants> = BTreeMap::new();
                for (index, wants) in upstream.into_iter().filter(|_| n > 0) {
                    let on = places[index.index(n)];
                    node = node.after(on, wants);
                    together.entry(on).and_modify(|w| *w = w.and(wants)).or_insert(wants);
                }
                let joined = together.values().filter(|wants| wants.is_joined()).count() as u32;
                nodes[places[n] as usize] = node.join(rule(throw, joined));
            }
            nodes
        })
    })
}

/// Any graphs of 1 to `most` nodes, self-loops and circles included.
pub(super) fn any_graph(most: usize) -> impl Strategy<Value = Vec<Node>> {
    let upstream = prop::collection::vec((any::<prop::sample::Index>(), wants()), 0..3);
    prop::collection::vec(upstream, 1..=most).prop_map(|raw| {
        let len = raw.len();
        let after = |node: Node, (index, wants): (prop::sample::Index, Wants)| node.after(index.index(len) as u32, wants);
        raw.into_iter().map(|upstream| upstream.into_iter().fold(Node::new(1.0), after)).collect()
    })
}

pub(super) fn plan(nodes: Vec<Node>) -> Plan {
    Plan::new(nodes).expect("the generator makes acyclic graphs")
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
    let config = Config { cases: 1_000, failure_persistence: None, ..Config::default() };
    let rng = proptest::test_runner::TestRng::deterministic_rng(config.rng_algorithm);
    if let Err(failure) = TestRunner::new_with_rng(config, rng).run(&input, |value| property(value, &seen)) {
        panic!("{failure}");
    }
    let expected: BTreeSet<&str> = sometimes.iter().copied().collect();
    assert_eq!(*seen.0.borrow(), expected, "what should be seen sometimes, and only that, was");
}

pub(super) fn nodes_of(numbers: &[u32]) -> Vec<NodeIx> {
    numbers.iter().copied().map(NodeIx).collect()
}
