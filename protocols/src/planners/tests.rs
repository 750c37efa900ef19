use super::*;
use crate::pinned::Pinned;
use crate::testing::Table;
use crate::{Demand, DemandId, Profile, TaskId, TaskView, Time};
use proptest::prelude::*;
use std::sync::Arc;

/// The example of Topcuoglu, Hariri and Wu (2002), figure 2.
fn published() -> Workload {
    let costs = [
        [14, 16, 9],
        [13, 19, 18],
        [11, 13, 19],
        [13, 8, 17],
        [12, 13, 10],
        [13, 16, 9],
        [7, 15, 11],
        [5, 11, 14],
        [18, 12, 20],
        [21, 7, 16],
    ];
    let edges = [
        (1, 2, 18),
        (1, 3, 12),
        (1, 4, 9),
        (1, 5, 11),
        (1, 6, 14),
        (2, 8, 19),
        (2, 9, 16),
        (3, 7, 23),
        (4, 8, 27),
        (4, 9, 23),
        (5, 9, 13),
        (6, 8, 15),
        (7, 10, 17),
        (8, 10, 11),
        (9, 10, 13),
    ];
    let costs = costs.iter().map(|row| row.iter().map(|cost| f64::from(*cost)).collect()).collect();
    let edges = edges.iter().map(|(from, to, transfer)| Edge::new(from - 1, to - 1, f64::from(*transfer))).collect();
    Workload::new(costs, edges).unwrap()
}

#[test]
fn the_published_example_has_the_published_makespans() {
    let workload = published();
    assert_eq!((heft(&workload).makespan, cpop(&workload).makespan), (80.0, 86.0));
    for plan in [heft(&workload), cpop(&workload), maxmin(&workload)] {
        assert_eq!(plan.fault(&workload), None);
    }
}

#[test]
fn the_published_example_has_the_published_ranks() {
    let published_ranks = [108.0, 77.0, 80.0, 80.0, 69.0, 63.333, 42.667, 35.667, 44.333, 14.667];
    for (rank, published) in rank::upward(&published()).iter().zip(published_ranks) {
        assert!((rank - published).abs() < 1e-3, "{rank} {published}");
    }
}

#[test]
fn what_cannot_be_planned_is_refused_with_the_reason() {
    let bad = |costs: Vec<Vec<f64>>, edges| Workload::new(costs, edges).unwrap_err().to_string();
    let two = || vec![vec![1.0, 1.0], vec![1.0, 1.0]];
    let cases = [
        (bad(vec![vec![1.0, 1.0], vec![1.0]], vec![]), "for each of the 2 agents, but task 1 has 1"),
        (bad(vec![vec![-1.0]], vec![]), "task 0 on agent 0 must be at least 0, but is -1"),
        (bad(vec![vec![f64::NAN]], vec![]), "must be at least 0, but is NaN"),
        (bad(vec![vec![f64::INFINITY]], vec![]), "task 0 must have a finite cost on some agent"),
        (bad(vec![vec![]], vec![]), "task 0 must have a finite cost on some agent"),
        (bad(two(), vec![Edge::new(0, 2, 1.0)]), "between two of the 2 tasks, counted from 0, but one is from 0 to 2"),
        (bad(two(), vec![Edge::new(0, 1, -1.0)]), "from task 0 to 1 must be finite and at least 0, but is -1"),
        (bad(two(), vec![Edge::new(1, 1, 0.0)]), "task 1 comes after itself"),
    ];
    for (sentence, part) in cases {
        assert!(sentence.contains(part), "{sentence}");
    }
    let stopped = Workload::by_speed(&[1.0], &[1.0, 0.0], vec![]).unwrap_err().to_string();
    assert_eq!(stopped, "the speed of agent 1 must be above 0 and finite, but is 0");
    assert_eq!(heft(&Workload::new(vec![], vec![]).unwrap()), Schedule::default());
}

#[test]
fn a_broken_plan_is_found_out() {
    let workload = published();
    let broken = |change: fn(&mut Schedule)| {
        let mut plan = heft(&workload);
        change(&mut plan);
        plan.fault(&workload).unwrap_or_default()
    };
    assert!(broken(|plan| plan.makespan = 79.0).contains("makespan must be 80"));
    assert!(broken(|plan| plan.assignments[9].finish += 1.0).contains("task 9 must take 7 s"));
    assert!(broken(|plan| (plan.assignments[9].start, plan.assignments[9].finish) = (1.0, 8.0)).contains("task 9 starts at 1"));
    assert!(broken(|plan| plan.assignments[0].agent = 3).contains("there are 3"));
    let pair = Workload::by_speed(&[2.0, 2.0], &[1.0], vec![]).unwrap();
    let mut plan = heft(&pair);
    plan.assignments[1] = plan.assignments[0];
    assert_eq!(plan.fault(&pair).unwrap(), "tasks 0 and 1 overlap on agent 0");
}

#[test]
fn a_plan_needs_a_name_for_each_agent() {
    let error = heft(&published()).into_pins(&["ann", "bob"]).unwrap_err();
    assert!(error.contains("agent 2 of task") && error.contains("2 were given"), "{error}");
}

/// Costs (some infinite, some zero) and edges from lower to higher numbers.
fn workloads() -> impl Strategy<Value = Workload> {
    let cost = prop_oneof![6 => 0.1_f64..10.0, 1 => Just(0.0), 1 => Just(f64::INFINITY)];
    (1_usize..5).prop_flat_map(move |agents| {
        let row = prop::collection::vec(cost.clone(), agents);
        let edges = prop::collection::vec((0_usize..24, 0_usize..24, 0.0_f64..5.0), 0..60);
        (prop::collection::vec(row, 1..24), edges).prop_map(|(mut costs, edges)| {
            for row in costs.iter_mut().filter(|row| !row.iter().any(|cost| cost.is_finite())) {
                row[0] = 1.0;
            }
            let inside = |(a, b, _): &(usize, usize, f64)| a != b && *a.max(b) < costs.len();
            let edges = edges.into_iter().filter(inside).map(|(a, b, transfer)| Edge::new(a.min(b), a.max(b), transfer));
            let edges = edges.collect();
            Workload::new(costs, edges).unwrap()
        })
    })
}

proptest! {
    #[test]
    fn every_plan_is_valid_and_within_its_bounds(workload in workloads()) {
        let least = |task: usize| (0..workload.agents()).map(|agent| workload.cost(task, agent)).fold(f64::INFINITY, f64::min);
        let longest = (0..workload.tasks()).map(least).fold(0.0, f64::max);
        let work: f64 = (0..workload.tasks()).map(least).sum();
        for plan in [heft(&workload), cpop(&workload), maxmin(&workload)] {
            prop_assert_eq!(plan.fault(&workload), None);
            prop_assert!(plan.makespan >= longest && plan.makespan * workload.agents() as f64 >= work - 1e-9);
        }
    }

    #[test]
    fn a_plan_without_edges_is_carried_out_to_the_second(
        work in prop::collection::vec(0.1_f64..10.0, 1..20),
        speeds in prop::collection::vec(0.5_f64..4.0, 1..5),
    ) {
        let plan = heft(&Workload::by_speed(&work, &speeds, vec![]).unwrap());
        let names: Vec<String> = (0..speeds.len()).map(|agent| format!("agent-{agent}")).collect();
        let pins = plan.clone().into_pins(&names.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
        let mut table = Table::new(Pinned { pins }, 1);
        for (name, speed) in names.iter().zip(&speeds) {
            table = table.agent(Profile::new(name.as_str(), crate::Capabilities::default()).speed(*speed));
        }
        let any = Arc::new(Demand::any(DemandId(0)));
        for (task, work) in work.iter().enumerate() {
            table = table.announce_at(Time::ZERO, TaskView::new(TaskId::new(0, task as u32), any.clone()).work(*work));
        }
        let report = table.run_until_quiet();
        prop_assert_eq!(&report.violations, &Vec::<String>::new());
        prop_assert!((report.makespan.as_secs_f64() - plan.makespan).abs() < 1e-6);
    }
}
