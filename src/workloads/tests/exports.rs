//! What is exported is read again, and what it lost is said.

use super::graphs::{acyclic, check};
use crate::workloads::{Draws, GraphEdge, Shape, Target, TaskGraph, parse};
use proptest::prelude::*;

const ALL: [Target; 3] = [Target::WfFormat, Target::TaskDag, Target::Stg];

/// How many of its units STG takes for a second, by what is said to be lost.
fn scale(lost: &[String]) -> f64 {
    let said = lost.iter().find_map(|lost| lost.strip_suffix(" for a second")?.rsplit(' ').next()?.parse().ok());
    said.unwrap_or(1.0)
}

#[test]
fn nothing_is_said_to_be_lost_if_and_only_if_the_same_graph_is_read_again() {
    let sometimes = ["whole as WfFormat", "not whole as WfFormat", "whole as taskdag", "not whole as STG", "whole as STG"];
    // Names and kinds as STG has them, or of all sorts.
    let graphs = (acyclic(12), any::<bool>()).prop_map(|(graph, bare)| {
        if !bare {
            return graph;
        }
        let tasks = graph.tasks().iter().enumerate().map(|(n, task)| (format!("t{}", n + 1), "task", task.work.round()));
        let edges = graph.edges().iter().map(|edge| GraphEdge { bytes: 0, ..*edge });
        TaskGraph::new("generated", tasks, edges).unwrap()
    });
    check(graphs, &sometimes, |graph, seen| {
        for format in ALL {
            let exported = graph.export(format).unwrap();
            let read = parse(&exported.text).unwrap();
            prop_assert_eq!(read.format.to_string(), format.to_string());
            prop_assert!(read.remarks.is_empty());
            // An STG file has the name of the graph in its own name only.
            let again = if format == Target::Stg { read.graph.named("generated") } else { read.graph };
            let whole = exported.lost.is_empty();
            prop_assert_eq!(again == graph, whole, "{:?}", exported.lost);
            match format {
                Target::WfFormat => seen.note(if whole { "whole as WfFormat" } else { "not whole as WfFormat" }, true),
                Target::TaskDag => seen.note(if whole { "whole as taskdag" } else { "not whole as taskdag" }, true),
                Target::Stg => seen.note(if whole { "whole as STG" } else { "not whole as STG" }, true),
            }
        }
        Ok(())
    });
}

#[test]
fn stg_keeps_what_comes_before_what_and_all_work_to_half_a_unit() {
    let sometimes = ["exact", "scaled", "rounded", "another order"];
    check(acyclic(12), &sometimes, |graph, seen| {
        let exported = graph.export(Target::Stg).unwrap();
        let read = parse(&exported.text).unwrap().graph;
        let sorted = graph.edges().iter().all(|edge| edge.from < edge.to);
        let order: Vec<usize> = if sorted { (0..graph.tasks().len()).collect() } else { graph.topological().collect() };
        let place = |task: usize| order.iter().position(|other| *other == task).unwrap();
        let mut edges: Vec<_> = graph.edges().iter().map(|edge| GraphEdge::new(place(edge.from), place(edge.to), 0)).collect();
        edges.sort_unstable();
        prop_assert_eq!(read.edges(), &edges[..]);
        prop_assert!(edges.iter().all(|edge| edge.from < edge.to), "each stands after what it waits for");
        let (scale, rounded) = (scale(&exported.lost), exported.lost.iter().any(|lost| lost.contains("rounded")));
        for (task, of) in read.tasks().iter().zip(&order) {
            let (again, work) = (task.work / scale, graph.tasks()[*of].work);
            prop_assert!((again - work).abs() <= 0.500_001 / scale, "{again} for {work}");
            prop_assert!(rounded || again == work, "{again} for {work}");
        }
        seen.note("exact", scale == 1.0);
        seen.note("scaled", scale > 1.0);
        seen.note("rounded", rounded);
        seen.note("another order", !sorted);
        Ok(())
    });
}

#[test]
fn generated_graphs_come_back_in_each_format() {
    for shape in
        ["chain(tasks 3)", "fork_join(stages 2, width 4)", "layered(layers 4, width 5, density 0.5)", "montage_like(images 5)"]
    {
        let shape: Shape = shape.parse().unwrap();
        let graph = shape.graph(&Draws::new("uniform(1s, 9s)".parse().unwrap(), 7).bytes(1..=1_000_000)).unwrap();
        for format in [Target::WfFormat, Target::TaskDag] {
            let exported = graph.export(format).unwrap();
            assert_eq!((parse(&exported.text).unwrap().graph, exported.lost), (graph.clone(), vec![]), "{shape} as {format}");
        }
        let stg = parse(&graph.export(Target::Stg).unwrap().text).unwrap().graph;
        assert_eq!((stg.tasks().len(), stg.edges().len()), (graph.tasks().len(), graph.edges().len()), "{shape}");
    }
}

#[test]
fn what_is_lost_is_told_in_sentences() {
    let tasks = [("cut it", "cut", 0.25), ("t2", "glue", 1.0 / 3.0)];
    let graph = TaskGraph::new("", tasks, [GraphEdge::new(1, 0, 800)]).unwrap();
    let lost = |format| graph.export(format).unwrap().lost;
    let wfformat = [
        "1 task name is spelled otherwise, since ids have letters, digits and -_.#:/ only",
        "the graph has no name, and is called \"workload\"",
    ];
    assert_eq!(lost(Target::WfFormat), wfformat);
    assert_eq!(lost(Target::TaskDag), [""; 0]);
    let stg = [
        "its times are whole numbers: one is 0.000001 s here, so that what reads them takes 1000000 for a second",
        "1 of 2 times is rounded, by 0.0000005 s at most",
        "it has no names: tasks are t1 to t2",
        "it has no kinds of work, and the graph has 2",
        "it has no bytes: 1 edge carries 800 in all",
        "its tasks stand after what they wait for, so that they have another order",
    ];
    assert_eq!(lost(Target::Stg), stg);
    let endless = TaskGraph::new("w", [("a", "k", 1e16)], []).unwrap();
    let sentence = "the work of task \"a\" must be below 9007199254740992 s to be written as STG, but is 10000000000000000 s; \
                    write WfFormat or taskdag/1 instead";
    assert_eq!(endless.to_stg().unwrap_err().to_string(), sentence);
}
