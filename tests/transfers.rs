//! Data that travels: plans that know of it, latency, and work that strays all the same.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::laboratory::{Subject, Trial};
use polity::protocols::planners::heft;
use polity::workflow::Strategy as Chosen;
use polity::workloads::{Draws, GraphEdge, Shape, TaskGraph};
use proptest::prelude::*;
use std::time::Duration;

fn graph(layers: u32, width: u32, seed: u64) -> TaskGraph {
    let shape: Shape = format!("layered(layers {layers}, width {width}, density 0.5)").parse().unwrap();
    shape.graph(&Draws::new("uniform(1s, 9s)".parse().unwrap(), seed).bytes(0..=8_000_000)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn a_plan_that_knows_how_long_data_travels_is_carried_out_as_planned(
        (layers, width, seed) in (2..6u32, 1..6u32, 0..1000u64), speeds in prop::collection::vec(0.5..2.0f64, 1..5),
        bandwidth in (0..=8u32).prop_map(|n| 1e5 * 2.0_f64.powi(n as i32)),
    ) {
        let graph = graph(layers, width, seed);
        let planned = heft(&graph.problem(&speeds, Some(bandwidth)).unwrap()).makespan;
        let subject = Subject::of_graph(graph, &speeds).unwrap().with_bandwidth(bandwidth).unwrap();
        let carried = Trial::new(&subject, "heft", 1).run().unwrap();
        prop_assert!(carried.well);
        prop_assert!((carried.makespan / planned - 1.0).abs() < 1e-6, "{} for {planned}", carried.makespan);
    }
    #[test]
    fn no_run_beats_the_bound_of_its_own_work(
        (layers, width, seed) in (1..5u32, 1..6u32, 0..1000u64), speeds in prop::collection::vec(0.5..2.0f64, 1..5), noise in 0.0..1.5f64,
        travels in prop::bool::ANY,
    ) {
        let subject = Subject::of_graph(graph(layers, width, seed), &speeds).unwrap();
        let subject = if travels { subject.with_bandwidth(4e6).unwrap().with_latency(Duration::from_millis(20)).unwrap() } else { subject };
        let subject = subject.with_noise(noise).unwrap();
        for strategy in ["hierarchical", "heft"] {
            let measures = Trial::new(&subject, strategy, seed).run().unwrap();
            let bound = subject.lower_bound_of(seed);
            prop_assert!(measures.makespan >= bound * (1.0 - 1e-6), "{strategy}: {} under {bound}", measures.makespan);
        }
    }
}

#[test]
fn noise_is_no_more_work_in_the_mean() {
    let graph = TaskGraph::new("one", [("a", "k", 10.0)], []).unwrap();
    let subject = Subject::of_graph(graph, &[1.0]).unwrap().with_noise(0.8).unwrap();
    let all: Vec<f64> = (0..2000).map(|seed| Trial::new(&subject, "min_completion", seed).run().unwrap().makespan).collect();
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    assert!((mean - 10.0).abs() < 1.0, "the mean of 2,000 draws is {mean}");
    assert!(all.iter().any(|x| *x > 20.0) && all.iter().any(|x| *x < 5.0), "and they stray");
}

#[test]
fn a_latency_is_added_to_what_travels_and_to_nothing_else() {
    let took = |bytes: u64, latency: u64| {
        let graph = TaskGraph::new("v", [("a", "k", 4.0), ("b", "k", 2.0)], [GraphEdge::new(0, 1, bytes)]).unwrap();
        let pins = serde_json::json!({ "pins": [{ "task": 0, "agent": "agent_1" }, { "task": 1, "agent": "agent_2" }] });
        let subject = Subject::of_graph(graph, &[1.0, 1.0]).unwrap().with_bandwidth(1e6).unwrap();
        let subject = subject.with_latency(Duration::from_millis(latency)).unwrap();
        Trial::under(&subject, Chosen { name: "pinned".into(), settings: pins }, 1).run().unwrap().makespan
    };
    for (bytes, latency, expected) in [(3_000_000, 0, 9.0), (3_000_000, 500, 9.5), (0, 500, 6.0)] {
        let took = took(bytes, latency);
        assert!((took - expected).abs() < 1e-3, "{bytes} bytes, {latency} ms: {took} for {expected}");
    }
}

#[test]
fn a_plan_for_nobody_is_refused() {
    let graph = TaskGraph::new("one", [("a", "k", 1.0)], []).unwrap();
    let subject = Subject::of_graph(graph, &[1.0]).unwrap();
    for (pins, says) in [
        (serde_json::json!([{ "task": 0, "agent": "agent_7" }]), "\"agent_7\", which is not an agent; did you mean \"agent_1\"?"),
        (serde_json::json!([{ "task": 7, "agent": "agent_1" }]), "pins task 7, but there are 1 tasks"),
    ] {
        let pinned = Chosen { name: "pinned".into(), settings: serde_json::json!({ "pins": pins }) };
        let why = Trial::under(&subject, pinned, 1).run().unwrap_err().to_string();
        assert!(why.contains(says), "{why}");
    }
}
