//! The numbers of a graph against plain programs that compute the same, and against schedules.

use super::graphs::{acyclic, check};
use crate::workloads::TaskGraph;
use proptest::prelude::*;

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()) + 1e-9
}

/// Heads and tails by their definition, over all paths.
fn heads_and_tails(graph: &TaskGraph) -> (Vec<f64>, Vec<f64>) {
    let mut heads = vec![0.0f64; graph.tasks().len()];
    let mut tails = heads.clone();
    // As often as there are tasks is enough for every path.
    for _ in graph.tasks() {
        for edge in graph.edges() {
            heads[edge.to] = heads[edge.to].max(heads[edge.from] + graph.tasks()[edge.from].work);
            tails[edge.from] = tails[edge.from].max(tails[edge.to] + graph.tasks()[edge.to].work);
        }
    }
    (heads, tails)
}

/// All heads with all tails: O(n³).
fn plainly(graph: &TaskGraph, speeds: &[f64]) -> f64 {
    let (heads, tails) = heads_and_tails(graph);
    let (fastest, together) = (speeds.iter().copied().fold(0.0, f64::max), speeds.iter().sum::<f64>());
    let mut best = 0.0f64;
    for head in &heads {
        for tail in &tails {
            let inside = (0..heads.len()).filter(|n| heads[*n] >= *head && tails[*n] >= *tail);
            let (count, work) = inside.fold((0, 0.0), |(count, work), n| (count + 1, work + graph.tasks()[n].work));
            if count > 0 {
                best = best.max(head / fastest + work / together + tail / fastest);
            }
        }
    }
    best
}

/// A schedule: in topological order each to the agent that is free first.
fn some_schedule(graph: &TaskGraph, speeds: &[f64]) -> f64 {
    let mut free = vec![0.0f64; speeds.len()];
    let mut ends = vec![0.0f64; graph.tasks().len()];
    for task in graph.topological() {
        let ready = graph.edges().iter().filter(|edge| edge.to == task).map(|edge| ends[edge.from]).fold(0.0, f64::max);
        let agent = (0..free.len()).min_by(|a, b| free[*a].total_cmp(&free[*b])).unwrap();
        ends[task] = ready.max(free[agent]) + graph.tasks()[task].work / speeds[agent];
        free[agent] = ends[task];
    }
    ends.into_iter().fold(0.0, f64::max)
}

#[test]
fn the_strong_bound_is_what_all_thresholds_give_and_no_schedule_beats_it() {
    let speeds = prop::collection::vec(0.5..4.0f64, 1..5);
    let sometimes = ["higher than the weak one", "as high as the weak one", "met by a schedule"];
    check((acyclic(24), speeds), &sometimes, |(graph, speeds), seen| {
        let (weak, strong) = (graph.lower_bound(&speeds), graph.strong_lower_bound(&speeds));
        prop_assert!(close(strong, plainly(&graph, &speeds).max(weak)), "{strong}");
        let schedule = some_schedule(&graph, &speeds);
        prop_assert!(strong <= schedule * (1.0 + 1e-9), "{strong} above a schedule of {schedule}");
        seen.note("higher than the weak one", strong > weak * (1.0 + 1e-9));
        seen.note("as high as the weak one", close(strong, weak));
        seen.note("met by a schedule", close(strong, schedule));
        Ok(())
    });
}

#[test]
fn the_critical_path_is_a_path_and_no_other_is_heavier() {
    check(acyclic(24), &["out of order", "without work"], |graph, seen| {
        let path = graph.critical_path();
        prop_assert!(path.windows(2).all(|pair| graph.edges().iter().any(|edge| (edge.from, edge.to) == (pair[0], pair[1]))));
        let work: f64 = path.iter().map(|task| graph.tasks()[*task].work).sum();
        prop_assert!(close(work, graph.critical_work()));
        let (heads, tails) = heads_and_tails(&graph);
        let heaviest = (0..heads.len()).map(|n| heads[n] + graph.tasks()[n].work + tails[n]).fold(0.0, f64::max);
        prop_assert!(close(heaviest, work));
        let order: Vec<usize> = graph.topological().collect();
        let place = |task| order.iter().position(|other| *other == task).unwrap();
        prop_assert!(graph.edges().iter().all(|edge| place(edge.from) < place(edge.to)));
        seen.note("out of order", graph.edges().iter().any(|edge| edge.from > edge.to));
        seen.note("without work", graph.tasks().iter().any(|task| task.work == 0.0));
        Ok(())
    });
}

#[test]
fn bounds_with_nobody_to_work_are_infinite_and_with_nothing_to_do_zero() {
    let graph = TaskGraph::new("w", [("a", "k", 1.0)], []).unwrap();
    assert_eq!((graph.strong_lower_bound(&[]), graph.strong_lower_bound(&[f64::NAN, -1.0])), (f64::INFINITY, f64::INFINITY));
    assert_eq!(graph.strong_lower_bound(&[f64::NAN, 2.0]), 0.5);
    let idle = graph.with_work(|_, _| 0.0).unwrap();
    assert_eq!((idle.strong_lower_bound(&[]), idle.lower_bound(&[])), (0.0, 0.0));
}
