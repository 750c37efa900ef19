//! Ranks that were tried on paper: what is promised of them holds, by a second hand.

use super::graphs::{acyclic, check, plan};
use crate::plan::{NodeIx, Plan, Team, refine};
use proptest::prelude::*;

/// The same rule, written plainly: at each moment, by rank, each waiting task to the slot that would finish it first; it begins if that is free.
fn played(plan: &Plan, speeds: &[f64], ranks: &[f64]) -> f64 {
    let mut end: Vec<Option<f64>> = vec![None; plan.len()];
    let mut holds: Vec<Option<NodeIx>> = vec![None; speeds.len()];
    let mut now = 0.0;
    loop {
        let done = |node: NodeIx| end[node.index()].is_some_and(|end| end <= now);
        for held in &mut holds {
            held.take_if(|node| done(*node));
        }
        let is_ready = |n: &NodeIx| end[n.index()].is_none() && plan.dependencies(*n).iter().all(|(on, _)| done(*on));
        let mut waiting: Vec<NodeIx> = plan.nodes().filter(is_ready).collect();
        waiting.sort_by(|a, b| ranks[b.index()].total_cmp(&ranks[a.index()]).then(a.cmp(b)));
        let until = |held: &Option<NodeIx>| held.map_or(now, |node| end[node.index()].unwrap_or(now));
        let mut turn: Vec<f64> = holds.iter().map(until).collect();
        for node in waiting {
            let finish = |slot: usize| turn[slot] + plan.weight(node) / speeds[slot];
            let free = |slot: usize| holds[slot].is_none() && turn[slot] <= now;
            let before = |a: &usize, b: &usize| {
                finish(*a).total_cmp(&finish(*b)).then(free(*b).cmp(&free(*a))).then(speeds[*b].total_cmp(&speeds[*a]))
            };
            let slot = (0..speeds.len()).min_by(before).expect("there are slots");
            if free(slot) {
                end[node.index()] = Some(finish(slot));
                holds[slot] = Some(node);
            }
            turn[slot] = finish(slot);
        }
        let Some(next) = holds.iter().flatten().filter_map(|node| end[node.index()]).min_by(f64::total_cmp) else { return now };
        now = next;
    }
}

#[test]
fn refined_ranks_are_never_worse_on_paper_and_stay_near_the_upward_rank() {
    let speeds = prop::collection::vec(prop_oneof![Just(0.5), Just(1.0), Just(1.3), Just(1.9)], 2..5);
    check((acyclic(24), speeds), &["better", "no better", "nothing to choose"], |(nodes, speeds), seen| {
        let plan = plan(nodes);
        let team = Team::new(vec![0; plan.len()], vec![speeds.clone()]);
        let Some(refined) = refine(&plan, &team, 30, 16) else {
            prop_assert!(plan.width() < 2 || plan.total_work() == 0.0);
            seen.note("nothing to choose", true);
            return Ok(());
        };
        let upward: Vec<f64> = plan.nodes().map(|node| plan.rank(node)).collect();
        prop_assert_eq!(refined.plain, played(&plan, &speeds, &upward));
        prop_assert!(refined.best >= plan.lower_bound(&speeds) * (1.0 - 1e-12));
        match &refined.ranks {
            None => prop_assert_eq!(refined.best, refined.plain),
            Some(ranks) => {
                prop_assert!(refined.best < refined.plain);
                prop_assert_eq!(refined.best, played(&plan, &speeds, ranks));
                prop_assert!(ranks.iter().zip(&upward).all(|(rank, upward)| (rank - upward).abs() <= 0.1 * upward));
            }
        }
        prop_assert_eq!(&refine(&plan, &team, 30, 16), &Some(refined.clone()));
        seen.note("better", refined.ranks.is_some());
        seen.note("no better", refined.ranks.is_none());
        Ok(())
    });
}

#[test]
fn nothing_is_tried_where_it_can_not_matter_or_would_take_too_long() {
    let wide = |n: usize| plan((0..n).map(|n| crate::plan::Node::new(1.0 + (n % 7) as f64)).collect());
    let team = |n: usize, rates: Vec<f64>| Team::new(vec![0; n], vec![rates]);
    let plan = wide(40);
    assert!(refine(&plan, &team(40, vec![1.0, 1.7, 0.6]), 16, 8).is_some());
    assert_eq!(refine(&plan, &team(40, vec![1.0]), 16, 8), None, "one slot");
    assert_eq!(refine(&plan, &team(40, vec![1.0, 1.7]), 16, 0), None, "no trials");
    assert_eq!(refine(&plan, &team(40, vec![0.0, 0.0]), 16, 8), None, "nobody able");
    let large = wide(200_000);
    assert_eq!(refine(&large, &team(200_000, vec![1.0; 8]), 48, 8), None, "too large");
}

#[test]
fn each_task_goes_to_a_slot_that_can_do_it() {
    // Two kinds, each with a slot of its own: whatever the order, a slot does all of its kind.
    let plan = plan((0..10).map(|n| crate::plan::Node::new(f64::from(n + 1))).collect());
    let kinds = (0..10).map(|n| n % 2).collect();
    let refined = refine(&plan, &Team::new(kinds, vec![vec![1.0, 0.0], vec![0.0, 2.0]]), 16, 8).expect("there is a choice");
    assert_eq!(refined.best, 25.0); // 1 + 3 + 5 + 7 + 9 at speed 1; 2 + 4 + … + 10 at speed 2 are 15
}
