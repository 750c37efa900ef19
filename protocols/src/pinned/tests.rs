use super::*;
use crate::testing::{Table, suite};
use crate::{Capabilities, Demand, DemandId, Profile, Protocol, TaskId, TaskView, Time};
use proptest::prelude::*;
use std::sync::Arc;

fn agent(name: &str, score: f64) -> Profile {
    Profile::new(name, Capabilities::default().and("dig", score))
}
fn dig(number: u32) -> TaskView {
    TaskView::new(TaskId::new(0, number), Arc::new(Demand::of_kind(DemandId(0), "dig"))).work(2.0)
}

#[test]
fn a_plan_keeps_the_rules() {
    let pins =
        |every: u32| (0..60).filter(move |task| task % every != 1).map(|task| Pin::new(task, format!("agent-{}", task * 7 % 9)));
    for every in [3, 100] {
        let seen = suite(|| Pinned { pins: pins(every).collect() }, 200);
        assert!(seen.lingered > 100 && seen.withdrawals_while_open > 0, "{seen:?}");
    }
    suite(Pinned::default, 100);
}

#[test]
fn tasks_of_one_agent_start_in_the_order_of_the_plan_as_far_as_they_are_ready() {
    let plan = Pinned { pins: [3, 1, 0, 2].map(|task| Pin::new(task, "ann")).to_vec() };
    let mut table = Table::new(plan, 1).agent(agent("ann", 1.0)).agent(agent("bob", 1.0));
    for task in [0, 1, 2, 3] {
        table = table.announce_at(Time::ZERO, dig(task));
    }
    let report = table.run_until_quiet();
    let order: Vec<u32> = report.awards.iter().map(|award| award.task.instance()).collect();
    // Task 0 is announced first, while the agent is free.
    assert_eq!((order, report.makespan.as_secs()), (vec![0, 3, 1, 2], 8));
    assert_eq!(report.awards[1].decision.reason, "the plan gives it this task, as number 1 of its 4");
}

#[test]
fn without_a_usable_pin_it_goes_to_the_least_expected_completion() {
    let plan = Pinned { pins: vec![Pin::new(0, "nobody"), Pin::new(1, "eve"), Pin::new(2, "ann"), Pin::new(4, "bob")] };
    let avoiding = dig(2).avoiding([crate::AgentId(0)]);
    let tasks = [dig(0), dig(1), avoiding, dig(3), dig(4)];
    let mut table = Table::new(plan, 1).agent(agent("ann", 1.0)).agent(agent("bob", 0.5)).agent(agent("eve", 0.0));
    for (second, task) in tasks.into_iter().enumerate() {
        table = table.announce_at(Time::from_secs_f64(10.0 * second as f64), task);
    }
    let report = table.run_until_quiet();
    let got: Vec<(u32, &str)> = report.awards.iter().map(|award| (award.agent.0, &*award.decision.reason)).collect();
    let because = [
        (0, "the plan wants \"nobody\", which is not in the team, and it is expected to finish first"),
        (0, "the plan wants \"eve\", which is not able to do it, and it is expected to finish first"),
        (1, "the plan wants \"ann\", which is to be avoided, and it is expected to finish first"),
        (0, "the plan does not say who shall do task 3, and it is expected to finish first"),
        (1, "the plan gives it this task, as number 1 of its 1"),
    ];
    assert_eq!(got, because);
}

#[test]
fn a_task_that_waits_for_a_leaver_goes_elsewhere() {
    let plan = Pinned { pins: vec![Pin::new(0, "ann"), Pin::new(1, "ann")] };
    let table = Table::new(plan, 1).agent(agent("ann", 1.0)).agent(agent("bob", 1.0));
    let table = table.announce_at(Time::ZERO, dig(0)).announce_at(Time::ZERO, dig(1));
    let report = table.leave_at(Time::from_secs_f64(1.0), crate::AgentId(0)).run_until_quiet();
    let last: Vec<u32> = report.awards.iter().map(|award| award.agent.0).collect();
    assert_eq!((report.done(), last), (2, vec![0, 1, 1]));
    assert_eq!(report.violations, Vec::<String>::new());
}

#[test]
fn a_plan_is_checked() {
    let unnamed = Pinned { pins: vec![Pin::new(7, "")] };
    assert_eq!(unnamed.check().unwrap_err(), "pinned.pins must name an agent for each task, but the name for task 7 is empty");
    let error = serde_json::from_str::<Pinned>(r#"{ "pins": [{ "task": 1, "agnet": "a" }] }"#).unwrap_err().to_string();
    assert!(error.contains("agnet"), "{error}");
}

proptest! {
    #[test]
    fn what_is_pinned_to_an_able_agent_goes_there(pins in prop::collection::vec(0_usize..3, 1..20)) {
        let names = ["ann", "bob", "cid"];
        let plan = Pinned { pins: pins.iter().enumerate().map(|(task, who)| Pin::new(task as u32, names[*who])).collect() };
        let mut table = Table::new(plan, 1);
        for name in names {
            table = table.agent(agent(name, 1.0));
        }
        for task in 0..pins.len() as u32 {
            table = table.announce_at(Time::ZERO, dig(task));
        }
        let report = table.run_until_quiet();
        prop_assert_eq!(report.done(), pins.len());
        for award in &report.awards {
            prop_assert_eq!(award.agent.0 as usize, pins[award.task.instance() as usize]);
        }
    }
}
