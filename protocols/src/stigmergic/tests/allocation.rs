//! Who gets what: an idle team is used, a better agent is waited for, cost is bounded, records are true.

use crate::stigmergic::{Model, Stigmergic};
use crate::testing::{Report, Table};
use crate::{AgentId, Capabilities, Demand, DemandId, Measure, Profile, Protocol, TaskId, TaskView, Time, Weather};
use core::time::Duration;
use proptest::prelude::*;
use std::sync::Arc;

fn dig(number: u32, work: f64) -> TaskView {
    TaskView::new(TaskId::new(0, number), Arc::new(Demand::of_kind(DemandId(0), "dig"))).work(work)
}
fn team(settings: Stigmergic, seed: u64, speeds: impl IntoIterator<Item = f64>) -> Table<Stigmergic> {
    let mut table = Table::new(settings, seed);
    for (number, speed) in speeds.into_iter().enumerate() {
        table = table.agent(Profile::new(format!("ant-{number}"), Capabilities::default().and("dig", 1.0)).speed(speed));
    }
    table
}
fn all_at_once(table: Table<Stigmergic>, works: &[f64]) -> Report {
    let tasks = works.iter().enumerate().map(|(number, work)| dig(number as u32, *work));
    let report = tasks.fold(table, |table, task| table.announce_at(Time::ZERO, task)).run_until_quiet();
    assert_eq!((report.done(), &report.violations), (works.len(), &Vec::new()));
    report
}
fn greedy() -> Stigmergic {
    Stigmergic { greed: 1.0, ..Stigmergic::default() }
}

#[test]
fn a_task_waits_for_a_better_ant_that_is_soon_free() {
    // Fast: 1 s a task; slow: 8 s. Two tasks are both done by the fast one, though the slow one is idle.
    let report = all_at_once(team(greedy(), 1, [0.5, 4.0]), &[4.0, 4.0]);
    assert!(report.awards.iter().all(|award| award.agent == AgentId(1)));
    assert_eq!(report.makespan, Duration::from_secs(2));
    // Of many, the slow one takes some.
    let report = all_at_once(team(greedy(), 1, [0.5, 4.0]), &[4.0; 12]);
    assert!(report.awards.iter().any(|award| award.agent == AgentId(0)));
    assert!(report.makespan <= Duration::from_secs(12), "{:?}", report.makespan);
}

#[test]
fn waiting_ends_when_the_better_ant_is_overdue() {
    let profile = |name: &str, speed| Profile::new(name, Capabilities::default().and("dig", 1.0)).speed(speed);
    // It declares 4 and does 0.01: it would be back after 400 s.
    let late = crate::testing::Body::new(profile("late", 4.0)).really(0.01);
    let table = Table::new(greedy(), 1).agent(late).agent(profile("slow", 0.5));
    let report = all_at_once(table, &[4.0, 4.0]);
    let second = report.awards.iter().find(|award| award.agent == AgentId(1)).expect("the slow one responds in the end");
    let waited = second.at.as_secs_f64();
    assert!(waited > 1.0 && waited <= 8.0, "it waits, but no longer than it needs itself: {waited}");
    assert!(report.wakes <= 3, "{} wakes", report.wakes);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// While an able ant is idle a task waits no longer than `patience` times what that ant needs.
    #[test]
    fn no_task_waits_long_while_an_able_ant_is_idle(
        seed in any::<u64>(),
        speeds in proptest::collection::vec(0.2..4.0f64, 1..8),
        works in proptest::collection::vec(0.1..10.0f64, 1..24),
        threshold in any::<bool>(),
        patience in 0.5..3.0f64,
    ) {
        let model = if threshold { Model::ResponseThreshold } else { Model::AntColony };
        let settings = Stigmergic { model, greed: 0.5, steepness: 2.0, patience, ..Stigmergic::default() };
        let report = all_at_once(team(settings, seed, speeds.iter().copied()), &works);
        // When each ant was at work.
        let mut ends = vec![0.0_f64; speeds.len()];
        for award in &report.awards {
            let (agent, at) = (award.agent.index(), award.at.as_secs_f64());
            let idle_since = ends[agent];
            // Nobody lets an ant stand idle for longer than it would have needed for the longest open task.
            let longest = works.iter().copied().fold(0.0, f64::max) / speeds[agent];
            prop_assert!(at - idle_since <= patience * longest + 0.1, "ant {agent} idle from {idle_since} until {at}");
            ends[agent] = at + works[award.task.instance() as usize] / speeds[agent];
        }
    }

    /// Graham's bound for independent tasks on equal ants.
    #[test]
    fn equal_ants_keep_the_bound_of_list_scheduling(seed in any::<u64>(), ants in 1_usize..9, works in proptest::collection::vec(0.1_f64..10.0, 1..40)) {
        let report = all_at_once(team(Stigmergic::default(), seed, vec![1.0; ants]), &works);
        let m = ants as f64;
        let bound = works.iter().sum::<f64>() / m + (1.0 - 1.0 / m) * works.iter().copied().fold(0.0, f64::max);
        prop_assert!(report.makespan.as_secs_f64() <= bound + 1e-6, "{:?} over {bound}", report.makespan);
    }
}

#[test]
fn each_message_is_charged_to_one_award() {
    for ants in [1, 3, 8, 40] {
        let report = all_at_once(team(Stigmergic::default(), 5, (0..ants).map(|n| 1.0 + f64::from(n % 4))), &[2.0; 60]);
        let charged: u64 = report.awards.iter().map(|award| u64::from(award.decision.messages)).sum();
        let sent = report.messages.sent();
        assert!(charged <= sent && charged + 2 * u64::from(ants as u32) >= sent, "{charged} of {sent} with {ants} ants");
    }
}

#[test]
fn messages_per_task_do_not_grow_with_a_large_team() {
    let cost = |ants: u32| {
        let mut table = team(Stigmergic::default(), 5, (0..ants).map(|n| 1.0 + f64::from(n % 7) / 7.0));
        for number in 0..200 {
            table = table.announce_at(Time::from_secs_f64(f64::from(number) / 20.0), dig(number, 2.0));
        }
        let report = table.run_until_quiet();
        assert_eq!((report.done(), &report.violations), (200, &Vec::new()));
        report.messages.sent() as f64 / 200.0
    };
    let (few, many) = (cost(64), cost(1_000));
    assert!(few <= 40.0 && many <= 40.0, "{few} and {many}");
}

#[test]
fn a_record_tells_the_chances_of_the_volunteers() {
    let settings = Stigmergic { greed: 0.0, ..Stigmergic::default() };
    let (mut drawn, mut expected) = ([0.0; 3], [0.0; 3]);
    for seed in 0..2_000 {
        let report = all_at_once(team(settings.clone(), seed, [1.0, 1.2, 1.4]), &[1.0]);
        let award = &report.awards[0];
        assert_eq!((award.decision.measure, award.decision.considered), (Measure::Trail, award.decision.candidates.len() as u32));
        let sum: f64 = award.decision.candidates.iter().map(|candidate| candidate.score).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        drawn[award.agent.index()] += 1.0 / 2_000.0;
        for candidate in &award.decision.candidates {
            assert!(candidate.note.contains("trail 1.000"), "{}", candidate.note);
            expected[candidate.agent.index()] += candidate.score / 2_000.0;
        }
    }
    for agent in 0..3 {
        assert!((drawn[agent] - expected[agent]).abs() < 0.05, "{drawn:?} for {expected:?}");
    }
}

#[test]
fn the_strongest_trail_and_rate_win_without_exploration() {
    let report = all_at_once(team(greedy(), 1, [1.0, 2.0, 1.5]), &[1.0]);
    assert_eq!((report.awards[0].agent, &*report.awards[0].decision.reason), (AgentId(1), "trail and rate drew it the most"));
    assert_eq!(report.awards[0].decision.protocol, Stigmergic::NAME);
    assert_eq!((report.awards[0].decision.messages, report.awards[0].decision.rounds), (6, 1));
}

#[test]
fn an_ant_that_never_answers_does_not_hold_a_task_up() {
    let weather = Weather { loss: 0.5, ..Weather::CALM };
    let mut waits = 0.0_f64;
    for seed in 0..50 {
        let report =
            team(Stigmergic::default(), seed, [1.0; 6]).weather(weather).announce_at(Time::ZERO, dig(0, 1.0)).run_until_quiet();
        assert_eq!((report.done(), &report.violations), (1, &Vec::new()));
        waits = waits.max(report.awards[0].decision.latency.as_secs_f64());
    }
    assert!(waits < 2.0, "{waits}");
}
