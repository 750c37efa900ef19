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
fn a_plan_with_times_keeps_the_rules() {
    let (mut held, mut not_held) = (0, 0);
    for pace in [0.2, 3.0] {
        let pin = |task: u32| Pin::new(task, format!("agent-{}", task * 7 % 9)).starting_at(f64::from(task) * pace);
        let plan = || Pinned { pins: (0..60).filter(|task| task % 7 != 1).map(pin).collect() };
        assert_eq!(plan().check(), Ok(()));
        let seen = suite(plan, 200);
        assert!(seen.lingered > 100 && seen.withdrawals_while_open > 0, "{seen:?}");
        let without = || Pinned { pins: plan().pins.into_iter().map(|pin| Pin::new(pin.task, pin.agent)).collect() };
        let wakes = |plan: &Pinned| (0..200).map(|seed| suite::one(plan, seed).wakes).sum::<u64>();
        (held, not_held) = (held + wakes(&plan()), not_held + wakes(&without()));
    }
    assert!(held > not_held + 100, "slots are held: {held}, {not_held}");
}

/// Who awaits what, of one agent: tasks of 2 s.
fn awards(plan: &[(u32, f64)], announced: &[(u32, f64)]) -> Vec<(u32, f64)> {
    let pins = plan.iter().map(|(task, start)| Pin::new(*task, "ann").starting_at(*start)).collect();
    let mut table = Table::new(Pinned { pins }, 1).agent(agent("ann", 1.0));
    for (task, at) in announced {
        table = table.announce_at(Time::from_secs_f64(*at), dig(*task));
    }
    let report = table.run_until_quiet();
    assert_eq!(report.violations, Vec::<String>::new());
    report.awards.iter().map(|award| (award.task.instance(), award.at.as_secs_f64())).collect()
}

#[test]
fn a_free_agent_waits_for_the_better_task() {
    let plan = [(1, 0.0), (2, 3.0), (3, 5.0)];
    assert_eq!(awards(&plan, &[(1, 0.0), (3, 0.0), (2, 3.0)]), [(1, 0.0), (2, 3.0), (3, 5.0)]);
    // A gap that is long enough is filled.
    let plan = [(1, 0.0), (2, 4.0), (3, 6.0)];
    assert_eq!(awards(&plan, &[(1, 0.0), (3, 0.0), (2, 4.0)]), [(1, 0.0), (3, 2.0), (2, 4.0)]);
}

#[test]
fn what_never_comes_is_waited_for_half_the_time_of_what_is_ready() {
    let plan = [(1, 0.0), (2, 3.0), (3, 5.0), (4, 7.0)];
    // Expected at 3 s, and 1 s longer.
    assert_eq!(awards(&plan, &[(1, 0.0), (3, 0.0), (4, 0.0)]), [(1, 0.0), (3, 4.0), (4, 6.0)]);
    // It comes after all, late: in its turn.
    assert_eq!(awards(&plan, &[(1, 0.0), (3, 0.0), (4, 0.0), (2, 5.0)]), [(1, 0.0), (3, 4.0), (2, 6.0), (4, 8.0)]);
}

#[test]
fn a_run_that_is_late_is_waited_for_as_much_later() {
    // The plan begins with the first announcement, here at 100 s; task 1 is 2 s late, and so will be 2.
    let plan = [(0, 0.0), (1, 2.0), (2, 5.0), (3, 7.0)];
    let told = [(0, 100.0), (1, 104.0), (3, 104.5), (2, 107.5)];
    assert_eq!(awards(&plan, &told), [(0, 100.0), (1, 104.0), (2, 107.5), (3, 109.5)]);
}

#[test]
fn old_runs_are_forgotten_and_done() {
    let pins =
        vec![Pin::new(0, "ann").starting_at(0.0), Pin::new(1, "ann").starting_at(1.0), Pin::new(2, "ann").starting_at(3.0)];
    let mut table = Table::new(Pinned { pins }, 1).agent(agent("ann", 1.0));
    for (at, task) in [(0.0, 2), (1e5, 0), (1e5, 2)] {
        for run in 0..200 {
            let view = TaskView { id: TaskId::new(run, task + u32::from(at > 0.0 && task == 2)), ..dig(task) };
            table = table.announce_at(Time::from_secs_f64(at + f64::from(run)), view);
        }
    }
    let report = table.run_until_quiet();
    assert_eq!((report.done(), report.violations), (600, vec![]));
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
    let at = |task, start| Pin::new(task, "ann").starting_at(start);
    let negative = Pinned { pins: vec![at(7, -1.0)] };
    assert_eq!(negative.check().unwrap_err(), "pinned.pins must give task 7 a start of 0 seconds or later, but gives -1");
    let endless = Pinned { pins: vec![at(7, f64::INFINITY)] };
    assert!(endless.check().unwrap_err().ends_with("but gives inf"));
    let falling = Pinned { pins: vec![at(7, 2.5), Pin::new(8, "bob").starting_at(1.0), Pin::new(9, "ann"), at(3, 2.0)] };
    let sentence = "pinned.pins must list the tasks of \"ann\" by their start, but lists task 3 at 2 s behind task 7 at 2.5 s";
    assert_eq!(falling.check().unwrap_err(), sentence);
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
