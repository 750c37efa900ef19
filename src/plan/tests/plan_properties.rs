use super::graphs::{EVERY_WANT, acyclic, any_graph, check, nodes_of, plan};
use crate::plan::{Node, NodeIx, Plan, PlanError, Wants};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Every path from `node` to an end.
fn paths(plan: &Plan, node: NodeIx) -> Vec<Vec<NodeIx>> {
    let below: Vec<_> = plan.dependents(node).iter().flat_map(|&(down, _)| paths(plan, down)).collect();
    if below.is_empty() {
        return vec![vec![node]];
    }
    below.into_iter().map(|path| [vec![node], path].concat()).collect()
}
fn weight(plan: &Plan, path: &[NodeIx]) -> f64 {
    path.iter().map(|&node| plan.weight(node)).sum()
}
fn depth(plan: &Plan, node: NodeIx) -> usize {
    plan.dependencies(node).iter().map(|&(up, _)| depth(plan, up) + 1).max().unwrap_or(0)
}

#[test]
fn ranks_and_the_critical_path_are_those_of_all_paths_tried() {
    check(acyclic(9), &["several equal paths", "not the first source"], |nodes, seen| {
        let plan = plan(nodes);
        for node in plan.nodes() {
            let heaviest = paths(&plan, node).iter().map(|path| weight(&plan, path)).fold(0.0, f64::max);
            prop_assert_eq!(plan.rank(node), heaviest);
        }
        let sources: Vec<NodeIx> = plan.nodes().filter(|&node| plan.dependencies(node).is_empty()).collect();
        let whole: Vec<_> = sources.iter().flat_map(|&node| paths(&plan, node)).collect();
        let heaviest = whole.iter().map(|path| weight(&plan, path)).fold(0.0, f64::max);
        let critical = plan.critical_path();
        prop_assert_eq!(plan.critical_length(), heaviest);
        prop_assert_eq!(weight(&plan, &critical), heaviest);
        prop_assert!(critical.is_empty() && plan.is_empty() || whole.contains(&critical));
        seen.note("several equal paths", whole.iter().filter(|path| weight(&plan, path) == heaviest).count() > 1);
        seen.note("not the first source", critical.first() != sources.first());
        Ok(())
    });
}

#[test]
fn the_order_puts_each_task_after_what_it_waits_for_and_on_its_level() {
    check(acyclic(12), &["against the numbers", "three levels"], |nodes, seen| {
        let plan = plan(nodes);
        let place: BTreeMap<NodeIx, usize> = plan.topological().iter().enumerate().map(|(at, &node)| (node, at)).collect();
        prop_assert_eq!(place.len(), plan.len());
        for node in plan.nodes() {
            for (up, _) in plan.dependencies(node) {
                prop_assert!(place[up] < place[&node]);
                seen.note("against the numbers", *up > node);
            }
        }
        for (level, nodes) in plan.levels().enumerate() {
            prop_assert!(!nodes.is_empty() && nodes.is_sorted() && nodes.len() <= plan.width());
            prop_assert!(nodes.iter().all(|&node| depth(&plan, node) == level));
        }
        prop_assert_eq!(plan.levels().flatten().copied().collect::<Vec<_>>(), plan.topological());
        prop_assert!(plan.is_empty() || plan.levels().any(|nodes| nodes.len() == plan.width()));
        seen.note("three levels", plan.levels().len() >= 3);
        Ok(())
    });
}

#[test]
fn edges_are_the_same_from_both_ends_and_parallel_ones_are_merged() {
    check(acyclic(12), &["parallel edges"], |nodes, seen| {
        let mut strongest = BTreeMap::new();
        for (n, node) in nodes.iter().enumerate() {
            for &(up, wants) in &node.dependencies {
                let kept = strongest.entry((up, NodeIx(n as u32))).or_insert(wants);
                *kept = wants.and(*kept);
            }
        }
        let given: usize = nodes.iter().map(|node| node.dependencies.len()).sum();
        let plan = plan(nodes);
        let down = |up| plan.dependents(up).iter().map(move |&(node, wants)| ((up, node), wants));
        let up = |node| plan.dependencies(node).iter().map(move |&(up, wants)| ((up, node), wants));
        prop_assert_eq!(plan.edge_count(), strongest.len());
        prop_assert_eq!(&plan.nodes().flat_map(down).collect::<BTreeMap<_, _>>(), &strongest);
        prop_assert_eq!(&plan.nodes().flat_map(up).collect::<BTreeMap<_, _>>(), &strongest);
        prop_assert_eq!(plan.nodes().flat_map(up).count(), strongest.len());
        seen.note("parallel edges", given > strongest.len());
        Ok(())
    });
}

/// The fewest edges from `from` to `to`, at least one: by relaxing all edges until nothing changes.
fn distance(nodes: &[Node], from: usize, to: usize) -> Option<usize> {
    let mut best: Vec<Option<usize>> = vec![None; nodes.len()];
    for _ in 0..=nodes.len() {
        for (n, node) in nodes.iter().enumerate() {
            for (up, _) in &node.dependencies {
                let to_up = if up.index() == from { Some(0) } else { best[up.index()] };
                let through = to_up.map(|d| d + 1);
                best[n] = [best[n], through].into_iter().flatten().min();
            }
        }
    }
    best[to]
}

#[test]
fn a_graph_is_refused_just_if_it_has_a_circle_and_the_circle_named_is_real_and_short() {
    let sometimes = ["no circle", "a task that waits for itself", "a circle of two", "a circle of three or more"];
    check(any_graph(7), &sometimes, |nodes, seen| {
        let circular = (0..nodes.len()).any(|n| distance(&nodes, n, n).is_some());
        match Plan::new(nodes.clone()) {
            Ok(_) => prop_assert!(!circular),
            Err(PlanError::Cycle(circle)) => {
                for (before, after) in circle.iter().zip(circle.iter().cycle().skip(1)) {
                    prop_assert!(nodes[after.index()].dependencies.iter().any(|(up, _)| up == before));
                }
                let shortest = |node: &NodeIx| distance(&nodes, node.index(), node.index()) == Some(circle.len());
                prop_assert!(circle.iter().any(shortest));
                prop_assert_eq!(circle.first(), circle.iter().min());
                prop_assert_eq!(circle.iter().collect::<BTreeSet<_>>().len(), circle.len());
                seen.note("a task that waits for itself", circle.len() == 1);
                seen.note("a circle of two", circle.len() == 2);
                seen.note("a circle of three or more", circle.len() > 2);
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
        seen.note("no circle", !circular);
        Ok(())
    });
}

#[test]
fn no_list_schedule_beats_the_lower_bound() {
    let speeds = prop::collection::vec(1u8..4, 1..4);
    check((acyclic(8), speeds), &["the bound is reached", "the bound is not reached"], |(nodes, speeds), seen| {
        let plan = plan(nodes);
        let speeds: Vec<f64> = speeds.into_iter().map(f64::from).collect();
        let mut free = vec![0.0f64; speeds.len()];
        let mut end = vec![0.0f64; plan.len()];
        for &node in plan.topological() {
            let ready = plan.dependencies(node).iter().map(|(up, _)| end[up.index()]).fold(0.0, f64::max);
            let finish = |slot: usize| free[slot].max(ready) + plan.weight(node) / speeds[slot];
            let slot = (0..speeds.len()).min_by(|&a, &b| finish(a).total_cmp(&finish(b))).expect("there is a slot");
            end[node.index()] = finish(slot);
            free[slot] = end[node.index()];
        }
        let makespan = end.into_iter().fold(0.0, f64::max);
        let bound = plan.lower_bound(&speeds);
        prop_assert!(bound <= makespan + 1e-9, "{bound} > {makespan}");
        seen.note("the bound is reached", makespan > 0.0 && makespan - bound < 1e-9);
        seen.note("the bound is not reached", makespan - bound > 1e-9);
        Ok(())
    });
}

#[test]
fn slots_that_do_no_work_do_not_count() {
    let one = plan(vec![Node::new(6.0)]);
    assert_eq!(one.lower_bound(&[2.0, 0.0, -1.0, f64::NAN, f64::INFINITY]), 3.0);
    assert_eq!(one.lower_bound(&[]), f64::INFINITY);
    assert_eq!(plan(vec![]).lower_bound(&[]), 0.0);
}

#[test]
fn the_empty_plan_measures_nothing() {
    let empty = plan(vec![]);
    assert!(empty.is_empty() && empty.critical_path().is_empty() && empty.topological().is_empty());
    assert_eq!((empty.levels().len(), empty.width(), empty.critical_length(), empty.total_work()), (0, 0, 0.0, 0.0));
    assert!(empty.total_work().is_sign_positive(), "so that it isn't shown as -0");
}

#[test]
fn parallel_edges_want_together_what_they_want_in_whatever_order_they_are_given() {
    for (one, other) in EVERY_WANT.into_iter().flat_map(|one| EVERY_WANT.map(|other| (one, other))) {
        let merged = plan(vec![Node::new(1.0), Node::new(1.0).after(0, one).after(0, other)]);
        let [(NodeIx(0), both)] = merged.dependencies(NodeIx(1)) else { panic!("one edge") };
        assert_eq!(*both, one.and(other));
        assert_eq!(both.is_joined(), one.is_joined() || other.is_joined());
        assert_eq!(both.is_required(), one.is_required() || other.is_required());
        assert!(*both >= one.max(other));
    }
}

#[test]
fn what_is_no_plan_is_refused_with_a_sentence() {
    for bad in [f64::NAN, f64::INFINITY, -1.0] {
        let refused = Plan::new(vec![Node::new(1.0), Node::new(bad)]).expect_err("no weight");
        assert!(matches!(refused, PlanError::BadWeight { node: NodeIx(1), .. }));
        let sentence = format!("the weight of task #1 must be a finite number of seconds, at least 0, but is {bad};");
        assert!(refused.to_string().starts_with(&sentence), "{refused}");
    }
    let refused = Plan::new(vec![Node::new(1.0).after(1, Wants::Success)]).expect_err("nobody is 1");
    assert_eq!(refused, PlanError::UnknownDependency { node: NodeIx(0), dependency: NodeIx(1), len: 1 });
    assert!(refused.to_string().starts_with("task #0 depends on task number 1, but the plan has 1 tasks"), "{refused}");
    let own = PlanError::Cycle(nodes_of(&[0]));
    assert_eq!(own.describe(|_| "build".into()), "task build waits for itself; remove this dependency");
}
