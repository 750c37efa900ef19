//! Data that takes time: governments are told what their agents find.

use polity::event::{Event, What};
use polity::prelude::*;
use polity::workloads::{Draws, GraphEdge, Shape, TaskGraph, Transfers};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Carries a graph out at so many bytes a second under a strategy; seconds, and the log.
fn carry(graph: &TaskGraph, speeds: &[f64], bandwidth: f64, strategy: impl polity::IntoGovernment) -> (f64, Vec<Event>) {
    let events: Rc<RefCell<Vec<Event>>> = Rc::default();
    let took = polity::simulate(1, async {
        let transfers = Transfers::new(graph, bandwidth).unwrap();
        let builder = Polity::builder().sink(events.clone()).strategy(strategy);
        let society = graph.agents(speeds).into_iter().fold(builder, |all, spec| transfers.join(all, spec)).start().unwrap();
        let result = society.run(transfers.workflow()).await.unwrap();
        assert_eq!(result.tally().completed as usize, graph.tasks().len());
        society.now().as_secs_f64()
    });
    (took, events.take())
}

/// What an award promised is what came of it: the work, and the way before it. Only the agents' own waiting makes it so, which protocols don't
/// see.
#[test]
fn the_finish_that_is_expected_comes() {
    let shapes =
        ["chain(tasks 12)", "fork_join(stages 3, width 7)", "layered(layers 5, width 8, density 0.4)", "montage_like(images 9)"];
    let (mut waited, mut promises) = (0, 0);
    for (seed, text) in (0..12).zip(shapes.iter().cycle()) {
        let draws = Draws::new("lognormal(mean 5s, sigma 0.8)".parse().unwrap(), seed).bytes(0..=9_000_000);
        let graph = text.parse::<Shape>().unwrap().graph(&draws).unwrap();
        let speeds = [0.5, 1.0, 1.7, 3.0];
        let (_, events) = carry(&graph, &speeds, 1e6, Hierarchical::default());
        let mut promised = BTreeMap::new();
        for Event { at, what, .. } in &events {
            match what {
                What::Assigned { task, agent, decision, .. } => {
                    let score = decision.candidates.iter().find(|candidate| candidate.agent == *agent).unwrap().score;
                    promised.insert(*task, at.as_secs_f64() + score);
                }
                What::Completed { task, agent, took, .. } => {
                    let (end, promised) = (at.as_secs_f64(), promised[task]);
                    assert!((end - promised).abs() < 1e-2, "{text} {seed} {task:?}: {end} instead of {promised}");
                    let work = graph.tasks()[task.instance() as usize].work / speeds[agent.index()];
                    waited += u32::from(took.as_secs_f64() > work + 1e-3);
                    promises += 1;
                }
                _ => {}
            }
        }
    }
    assert!(waited > 20 && promises > waited, "{waited} of {promises} waited for data");
}

/// Among equals nothing of a chain is moved, however many there are; who knows nothing of data moves it.
#[test]
fn a_chain_stays_where_its_data_lie() {
    let mut moved = 0;
    for seed in 0..6_u32 {
        let tasks: Vec<_> = (0..10).map(|n| (format!("t{n}"), "k", 1.0 + f64::from((n * 7 + seed) % 5))).collect();
        let edges = (1..10).map(|to| GraphEdge::new(to - 1, to, 1_000_000 * (1 + u64::from(seed))));
        let graph = TaskGraph::new("chain", tasks, edges).unwrap();
        let speeds = vec![1.0; 2 + 4 * seed as usize];
        let stays = |took: f64| (took - graph.total_work()).abs() < 0.1;
        let any_price = || Market::default();
        for (name, took) in [
            ("min_completion", carry(&graph, &speeds, 1e6, MinCompletion::default()).0),
            ("hierarchical", carry(&graph, &speeds, 1e6, Hierarchical::default()).0),
            ("market", carry(&graph, &speeds, 1e6, any_price()).0),
            ("consensus", carry(&graph, &speeds, 1e6, Consensus::default()).0),
        ] {
            assert!(stays(took), "{name} with {} agents: {took} instead of {}", speeds.len(), graph.total_work());
        }
        moved += u32::from(!stays(carry(&graph, &speeds, 1e6, RoundRobin::default()).0));
    }
    assert_eq!(moved, 6);
}
