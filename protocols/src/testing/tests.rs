//! The table does what it says, and the suite catches what it should: each fault is caught, for the right reason.

mod poll;

use super::*;
use crate::baselines::{FifoFastestIdle, MinCompletion, Random, RoundRobin};
use crate::{AgentId, Capabilities, Delay, Demand, DemandId, Profile, Protocol, TaskId, TaskView, Time, Weather};
use core::time::Duration;
use poll::{Fault, Poll};
use std::sync::Arc;

#[test]
fn a_protocol_of_messages_keeps_the_rules() {
    let seen = suite(|| Poll(Fault::None), 120);
    assert!(seen.losses > 1_000 && seen.overtaken > 1_000 && seen.rebuilds_while_open > 0, "{seen:?}");
}

/// Each fault, and a phrase of the sentence that must name it.
const FAULTS: [(Fault, &str); 20] = [
    (Fault::AwardsTwice, "already assigned"),
    (Fault::AwardsToUnable, "not able to do it"),
    (Fault::IgnoresWithdraw, "it was withdrawn"),
    (Fault::ForgetsLostMessages, "waits for nothing"),
    (Fault::IgnoresAvoid, "which it avoids"),
    (Fault::AwardsToLeaver, "not in the team"),
    (Fault::LosesTasksOnLeave, "waits for nothing"),
    (Fault::DrawsFromOutside, "two runs of one seed differ"),
    (Fault::KeepsHopelessTasks, "nobody here is able"),
    (Fault::DeclinesWhatSomebodyCanDo, "but somebody is"),
    (Fault::SpinsItsWake, "stays in the past"),
    (Fault::ActsOnSpuriousWakes, "not asked for"),
    (Fault::HeedsStrangers, "a message of a stranger"),
    (Fault::PanicsAtUnknownOutcome, "it panicked: who gave"),
    (Fault::SignsWithAnotherName, "says protocol \"pool\""),
    (Fault::ListsTheWorstFirst, "best candidate first"),
    (Fault::HidesTheWinner, "does not list the winner"),
    (Fault::CorruptsItsMemory, "changes when restored"),
    (Fault::DecidesOnlyOnce, "waits for nothing"),
    (Fault::WaitsForEveryAnswer, "no end is in sight"),
];

#[test]
fn every_fault_is_caught_for_the_right_reason() {
    for (fault, phrase) in FAULTS {
        let failures = (0..60).filter_map(|seed| suite::check(&Poll(fault), seed).err());
        let right = failures.into_iter().find(|failure| failure.violations.iter().any(|sentence| sentence.contains(phrase)));
        let Some(failure) = right else { panic!("{fault:?} was not caught with \"{phrase}\"") };
        println!("{fault:?}: {} seeds; {}", failure.seed + 1, failure.violations[0]);
    }
}

#[test]
#[should_panic(expected = "replay it with `testing::suite::one(&protocol,")]
fn the_suite_names_the_seed_and_how_to_replay_it() {
    suite(|| Poll(Fault::AwardsTwice), 60);
}

fn dig() -> (Capabilities, Arc<Demand>) {
    (Capabilities::default().and("dig", 1.0), Arc::new(Demand::of_kind(DemandId(0), "dig")))
}
fn id(number: u32) -> TaskId {
    TaskId::new(0, number)
}
fn at(seconds: f64) -> Time {
    Time::from_secs_f64(seconds)
}

/// `count` unequal tasks at once for four unequal agents.
fn crowd<P: Protocol>(protocol: P, count: u32) -> Report {
    let (can, demand) = dig();
    let mut table = Table::new(protocol, 5);
    for speed in 1..=4 {
        let profile = Profile::new(format!("a{speed}"), can.clone()).speed(f64::from(speed)).slots(2);
        table = table.agent(profile);
    }
    for number in 0..count {
        table = table.announce_at(Time::ZERO, TaskView::new(id(number), demand.clone()).work(f64::from(number % 7 + 1)));
    }
    table.run_until_quiet()
}

#[test]
fn knowing_more_makes_the_makespan_shorter() {
    let all = [crowd(Random::default(), 200), crowd(RoundRobin::default(), 200), crowd(FifoFastestIdle::default(), 200)];
    for report in &all {
        assert_eq!((report.done(), &report.violations), (200, &Vec::new()));
    }
    let [random, robin, fifo] = all.map(|report| report.makespan.as_secs_f64());
    let planned = crowd(MinCompletion::default(), 200).makespan.as_secs_f64();
    // The work is 200 tasks of 4 s in the mean; the rate of all slots together is 2 · (1 + 2 + 3 + 4).
    let bound = (0..200).map(|n| f64::from(n % 7 + 1)).sum::<f64>() / 20.0;
    assert!(fifo >= bound && planned >= bound);
    assert!(fifo < 0.7 * robin && fifo < 0.7 * random, "{fifo} {robin} {random}");
    assert!(planned < 0.7 * robin && planned < 0.7 * random, "{planned} {robin} {random}");
}

#[test]
fn what_comes_after_waits_and_is_skipped_after_a_failure() {
    let (can, demand) = dig();
    let task = |number| TaskView::new(id(number), demand.clone()).work(1.0);
    let impossible = TaskView::new(id(2), Arc::new(Demand::of_kind(DemandId(1), "fly")));
    let report = Table::new(FifoFastestIdle::default(), 1)
        .agent(Profile::new("ann", can).slots(4))
        .announce_at(at(1.0), task(0))
        .announce_after(&[id(0)], task(1))
        .announce_at(at(1.0), impossible)
        .announce_after(&[id(1), id(2)], task(3))
        .run_until_quiet();
    assert_eq!(report.tasks[&id(1)], Fate::Done { agent: AgentId(0), at: at(3.0) });
    assert_eq!(report.tasks[&id(3)], Fate::Skipped);
    assert_eq!((report.makespan, report.declines.len()), (Duration::from_secs(2), 1));
}

#[test]
fn a_full_agent_refuses_and_the_task_is_announced_again() {
    let (can, demand) = dig();
    let mut table = Table::new(RoundRobin::default(), 1).agent(Body::new(Profile::new("ann", can)).queue(1));
    for number in 0..4 {
        table = table.announce_at(Time::ZERO, TaskView::new(id(number), demand.clone()).work(3.0));
    }
    let report = table.run_until_quiet();
    assert_eq!((report.done(), &report.violations), (4, &Vec::new()));
    assert!(report.sometimes.refusals > 2);
    assert!(report.makespan >= Duration::from_secs(12), "one slot does one job at a time");
}

#[test]
fn a_leaver_loses_what_it_has_and_a_withdrawn_task_is_not_done() {
    let (can, demand) = dig();
    let task = |number| TaskView::new(id(number), demand.clone()).work(10.0);
    let report = Table::new(FifoFastestIdle::default(), 1)
        .agent(Profile::new("ann", can.clone()).speed(2.0))
        .agent(Profile::new("bob", can))
        .announce_at(at(0.0), task(0))
        .announce_at(at(0.0), task(1))
        .announce_at(at(0.0), task(2))
        .leave_at(at(1.0), AgentId(0))
        .withdraw_at(at(2.0), id(1))
        .withdraw_at(at(3.0), id(0))
        .run_until_quiet();
    assert_eq!(report.violations, Vec::<String>::new());
    assert_eq!((&report.tasks[&id(0)], &report.tasks[&id(1)]), (&Fate::Withdrawn, &Fate::Withdrawn));
    assert_eq!(report.tasks[&id(2)], Fate::Done { agent: AgentId(1), at: at(12.0) });
    let seen = report.sometimes;
    assert_eq!((seen.leaves_while_held, seen.withdrawals_while_held, seen.withdrawals_while_open), (1, 1, 1));
}

#[test]
fn calm_weather_loses_nothing_and_a_storm_delays() {
    let (can, demand) = dig();
    let table = |weather| {
        let mut table = Table::new(Poll(Fault::None), 9).weather(weather);
        for agent in 0..5 {
            table = table.agent(Profile::new(format!("a{agent}"), can.clone()));
        }
        (0..20).fold(table, |table, n| table.announce_at(Time::ZERO, TaskView::new(id(n), demand.clone()).work(1.0)))
    };
    let calm = table(Weather::CALM).run_until_quiet();
    assert_eq!((calm.messages.to_agents, calm.messages.to_initiator, calm.messages.lost), (100, 100, 0));
    assert!(calm.awards.iter().all(|award| award.at == Time::ZERO));
    let storm = Weather { delay: Delay::Exponential { mean: Duration::from_millis(200) }, loss: 0.2, repeat: 0.1 };
    let rough = table(storm).run_until_quiet();
    assert_eq!((calm.done(), rough.done(), rough.violations.len()), (20, 20, 0));
    assert!(rough.messages.lost > 10 && rough.messages.repeated > 5);
    assert!(rough.awards.iter().all(|award| award.at > Time::ZERO && award.decision.latency == award.at - Time::ZERO));
}
