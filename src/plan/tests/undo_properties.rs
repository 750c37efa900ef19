//! The order of undoing, on generated graphs.

use crate::plan::{Node, NodeIx, Plan, Undo, Wants};
use proptest::prelude::*;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Everything that lies downstream of each task.
fn below(edges: &[(u32, u32)], n: u32) -> Vec<BTreeSet<u32>> {
    let mut all = vec![BTreeSet::new(); n as usize];
    for node in (0..n).rev() {
        let next: Vec<u32> = edges.iter().filter(|(from, _)| *from == node).map(|(_, to)| *to).collect();
        for to in next {
            let further = all[to as usize].clone();
            all[node as usize].insert(to);
            all[node as usize].extend(further);
        }
    }
    all
}

#[test]
fn undoing_keeps_the_reverse_partial_order_and_forgets_nothing() {
    let (parallel, stuck, whole) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let graph = (2u32..12).prop_flat_map(|n| {
        let edges = prop::collection::vec((0..n, 0..n), 0..24);
        (
            Just(n),
            edges,
            prop::collection::vec(any::<bool>(), n as usize),
            prop::collection::vec(0u8..8, n as usize),
            any::<u64>(),
        )
    });
    proptest!(ProptestConfig::with_cases(512), |((n, edges, has_undo, luck, order) in graph)| {
        let edges: Vec<(u32, u32)> = edges.into_iter().filter(|(a, b)| a != b).map(|(a, b)| (a.min(b), a.max(b))).collect();
        let mut nodes = vec![Node::new(1.0); n as usize];
        for (from, to) in &edges {
            nodes[*to as usize] = nodes[*to as usize].clone().after(*from, Wants::Success);
        }
        let wanted: BTreeSet<u32> = (0..n).filter(|node| has_undo[*node as usize]).collect();
        let mut undo = Undo::new(Arc::new(Plan::new(nodes).expect("it has no circle")), wanted.iter().map(|node| (NodeIx(*node), *node)));
        let below = below(&edges, n);
        let (mut open, mut done, mut failed): (Vec<u32>, BTreeSet<u32>, BTreeSet<u32>) = (undo.start(), BTreeSet::new(), BTreeSet::new());
        let mut begun: BTreeSet<u32> = open.iter().copied().collect();
        let mut rng = polity_protocols::Rng::new(order, "undo");
        while !open.is_empty() {
            if open.len() > 1 {
                parallel.set(parallel.get() + 1);
            }
            let at = (rng.unit() * open.len() as f64) as usize;
            let next = open.swap_remove(at);
            // Never before everything downstream that is to be undone has been.
            prop_assert!(below[next as usize].iter().all(|later| !wanted.contains(later) || done.contains(later)));
            let undone = luck[next as usize] > 0;
            if undone { done.insert(next) } else { failed.insert(next) };
            for ready in undo.ended(next, undone) {
                prop_assert!(wanted.contains(&ready) && begun.insert(ready), "each at most once, and only what was to be undone");
                open.push(ready);
            }
            prop_assert_eq!(undo.ended(next, true), Vec::<u32>::new(), "told twice");
        }
        prop_assert!(undo.is_over());
        // What is left is what failed, and what lies upstream of that.
        let left: BTreeSet<u32> = wanted.iter().filter(|node| failed.contains(node) || below[**node as usize].iter().any(|l| failed.contains(l))).copied().collect();
        prop_assert_eq!(undo.left().into_iter().collect::<BTreeSet<u32>>(), left.clone());
        prop_assert_eq!(undo.done(), &done);
        if left.is_empty() { whole.set(whole.get() + 1) } else { stuck.set(stuck.get() + 1) };
    });
    assert!(parallel.get() > 0 && stuck.get() > 0 && whole.get() > 0, "each was seen");
}
