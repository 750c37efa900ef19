//! A hierarchy looks ahead where that pays: a run with exact estimates takes as long as it took on paper before it began.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::laboratory::{Subject, Trial};
use polity::plan::{Team, refine};
use polity::workloads::{Draws, Shape, TaskGraph};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::cell::Cell;

fn graph(layers: u32, width: u32, density: f64, seed: u64) -> TaskGraph {
    let shape: Shape = format!("layered(layers {layers}, width {width}, density {density})").parse().unwrap();
    shape.graph(&Draws::new("uniform(1s, 9s)".parse().unwrap(), seed)).unwrap()
}

#[test]
fn a_run_takes_as_long_as_on_paper() {
    let (ahead, refined_only, shorter, other) = (Cell::new(0), Cell::new(0), Cell::new(0), Cell::new(0));
    let cases = (2..9u32, 2..11u32, 0.2..0.8f64, 0..10_000u64, prop::collection::vec(0.5..2.0f64, 2..9));
    TestRunner::new(Config { cases: 192, ..Config::default() })
        .run(&cases, |(layers, width, density, seed, speeds)| {
            let graph = graph(layers, width, density, seed);
            let plan = graph.plan();
            let kinds = vec![0; plan.len()];
            // At most 16 tasks, or 4 for each slot, are told of while all slots are busy.
            let room = (speeds.len() * 4).max(16);
            let team = Team::new(kinds, vec![speeds.clone()]);
            let Some(found) = refine(plan, &team.clone().foreseeing(), room, 64) else { return Ok(()) };
            let without = refine(plan, &team, room, 64).unwrap().best;
            let subject = Subject::of_graph(graph, &speeds).unwrap();
            let took = Trial::new(&subject, "hierarchical", 1).run().unwrap().makespan;
            // Two agents that are equally fast, or two ends in one nanosecond, may change places.
            other.set(other.get() + u32::from((took / found.best - 1.0).abs() > 1e-6));
            prop_assert!((took / found.best - 1.0).abs() < 0.1, "{took} and not {} s, ahead: {}", found.best, found.ahead);
            ahead.set(ahead.get() + u32::from(found.ahead));
            refined_only.set(refined_only.get() + u32::from(!found.ahead && found.ranks.is_some()));
            shorter.set(shorter.get() + u32::from(found.best < without * 0.99));
            Ok(())
        })
        .unwrap();
    assert!(other.get() <= 2, "{} of 192 took another time than on paper", other.get());
    assert!(ahead.get() > 20 && refined_only.get() > 5 && shorter.get() > 5, "{ahead:?} {refined_only:?} {shorter:?}");
}
