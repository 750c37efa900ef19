use super::arbitrary::{events, lawful};
use super::story::{hostile, names_of, task, weather};
use crate::event::{Counts, Event, RunId, What};
use crate::report::{AgentRecord, Report, State, TaskRecord, explain, show};
use core::time::Duration;
use polity_protocols::{AgentId, Time};
use proptest::prelude::*;

pub fn folded(events: &[Event]) -> Report {
    let mut report = Report::default().keeping_decisions(true);
    events.iter().for_each(|e| report.take(e));
    report
}

proptest! {
    #[test]
    fn a_lawful_run_adds_up(seed in any::<u64>()) {
        let events = lawful(seed);
        let report = folded(&events);
        let tail = report.tail().expect("it ended").clone();
        prop_assert_eq!(report.strays(), 0);
        prop_assert_eq!(report.tally(), tail.tally);
        prop_assert_eq!(u64::from(tail.tally.ended()), report.total());
        // Each job's time is both its task's and its agent's.
        let worked: Duration = report.tasks().map(|(_, t)| t.worked()).sum();
        let busy: Duration = report.agents().map(|(_, a)| a.busy).sum();
        prop_assert_eq!(worked, busy);
        for (_, t) in report.tasks().filter(|(_, t)| t.ready_at().is_some()) {
            let (ready, end) = (t.ready_at().unwrap(), t.ended_at().unwrap());
            prop_assert_eq!(t.worked() + t.waited(report.now()), end.since(ready));
            prop_assert!(t.deciding() <= t.waited(report.now()) && t.launches >= 1 && t.attempts >= 1);
        }
        let done: u32 = report.agents().map(|(_, a)| a.done).sum();
        prop_assert_eq!(done, tail.tally.completed);
        let count = |word: &str| events.iter().filter(|e| e.what.word() == word).count() as u64;
        let cost = report.cost();
        prop_assert_eq!([cost.awards, cost.retries, cost.displaced], [count("assigned"), count("retried"), count("displaced")]);
        prop_assert_eq!(cost.messages, 8 * cost.awards);
    }

    #[test]
    fn the_critical_path_is_a_path_and_no_longer_than_the_run(seed in any::<u64>()) {
        let report = folded(&lawful(seed));
        let path = report.critical_path();
        prop_assert!(path.worked <= report.makespan());
        for pair in path.steps.windows(2) {
            prop_assert!(report.upstream(pair[1]).any(|up| up == pair[0]));
            prop_assert!(report.task(pair[0]).unwrap().ended_at() <= report.task(pair[1]).unwrap().ended_at());
        }
    }

    #[test]
    fn an_ended_task_stays_ended(events in events()) {
        let (mut report, mut ended) = (Report::default(), Vec::<(u32, State)>::new());
        for event in &events {
            report.take(event);
            for (n, state) in &ended {
                prop_assert_eq!(report.task(*n).unwrap().state, *state);
            }
            ended = report.tasks().filter(|(_, t)| t.state.has_ended()).map(|(n, t)| (n, t.state)).collect();
        }
    }

    #[test]
    fn no_log_breaks_it_or_fills_the_memory(events in events()) {
        let (report, names) = (folded(&events), names_of(&events));
        prop_assert_eq!(report.events(), events.len() as u64);
        let told: usize = events.iter().map(|e| match &e.what {
            What::RunStarted(head) => head.tasks.len(),
            What::Expanded { labels, .. } => labels.len(),
            _ => 0,
        }).sum();
        prop_assert!(report.tasks().len() <= told + 4_100);
        for share in [report.busy_share(), report.coordination_share()] {
            prop_assert!((0.0..=1.0).contains(&share));
        }
        prop_assert!(report.critical_path().steps.len() <= report.tasks().len());
        let text = show(&report, &names);
        prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{:?}", text);
    }
}

/// The pair of the two above: random events do end tasks, and lawful runs do retry, lose, expand, and have long paths.
#[test]
fn the_generators_reach_what_matters() {
    let all: Vec<Report> = (0..200).map(|seed| folded(&lawful(seed))).collect();
    assert!(all.iter().any(|r| r.cost().retries > 1 && r.cost().displaced > 1));
    assert!(all.iter().any(|r| r.critical_path().steps.len() > 3));
    assert!(all.iter().any(|r| (0..9).any(|n| r.family(n).is_some_and(|(_, count)| count > 1))));
    assert!(all.iter().any(|r| r.busy_share() > 0.1 && r.coordination_share() > 0.01));
    let tally = all.iter().fold(Counts::default(), |sum, r| {
        let t = r.tally();
        Counts {
            completed: sum.completed + t.completed,
            failed: sum.failed + t.failed,
            cancelled: sum.cancelled + t.cancelled,
            ..sum
        }
    });
    assert!(tally.completed > 0 && tally.failed > 0 && tally.cancelled > 0);
}

#[test]
fn the_told_run_in_numbers() {
    let report = folded(&weather());
    let clean = report.task(1).unwrap();
    assert_eq!((clean.attempts, clean.state, clean.agent), (2, State::Completed, Some(AgentId(2))));
    assert_eq!(clean.worked(), Duration::from_millis(310 + 12));
    assert_eq!(clean.deciding(), Duration::from_millis(2));
    assert_eq!(clean.retries().map(|(attempt, ..)| attempt).collect::<Vec<_>>(), [1]);
    assert_eq!(clean.decision().unwrap().price, Some(0.5));
    assert_eq!(report.critical_path().steps, [0, 1, 6, 4]);
    assert_eq!((report.total(), report.node(6), report.node(4)), (6, 2, 4));
    assert_eq!(report.completed_after_retry(), 1);
}

#[test]
fn losses_and_returns_are_counted() {
    let report = folded(&hostile());
    let agent: Vec<&AgentRecord> = report.agents().map(|(_, a)| a).collect();
    assert_eq!((agent[0].losses, agent[0].restarts, agent[0].incarnation, agent[0].is_away()), (1, 1, 2, false));
    assert_eq!(agent[0].busy, Duration::from_millis(3 + 8));
    assert_eq!((report.cost().refusals, report.cost().displaced), (1, 1));
    assert_eq!(report.task(2).unwrap().causes(), [1, 0]);
}

#[test]
fn a_task_that_is_retried_without_end_costs_a_bounded_memory() {
    let mut report = Report::default();
    let failure = std::sync::Arc::new(polity_agents::Failure::error("no"));
    for n in 0..5_000u32 {
        let what = What::Retried { task: task(0), agent: AgentId(0), attempt: n, failure: failure.clone(), at: Time::ZERO };
        report.take(&Event { at: Time::ZERO, seq: n.into(), run: RunId(0), what });
    }
    let record = report.task(0).unwrap();
    assert_eq!((record.steps().len(), record.dropped_steps(), record.attempts), (crate::report::STEPS, 4_000, 4_999));
}

/// 100,000 tasks: well under 50 MB.
#[test]
fn a_task_is_small() {
    assert!(size_of::<TaskRecord>() <= 144, "{}", size_of::<TaskRecord>());
}

#[test]
fn explaining_every_task_of_any_story_works() {
    for seed in 0..100 {
        let events = lawful(seed);
        let (report, names) = (folded(&events), names_of(&events));
        for (n, _) in report.tasks() {
            let name = names.task(task(n));
            let text = explain(&report, &names, &name).unwrap();
            assert!(text.starts_with(&*name) && text.ends_with('\n'), "{text}");
        }
    }
}

/// The parent of instances is not counted, whatever a log says became of it.
#[test]
fn an_expanded_task_is_its_instances() {
    let mut events = weather();
    let joined = events.iter_mut().find(|e| matches!(e.what, What::Joined { .. })).unwrap();
    joined.what = What::Cancelled { task: task(2) };
    let report = folded(&events);
    assert_eq!((report.task(2).unwrap().state, report.total(), report.tally().cancelled), (State::Cancelled, 6, 0));
}

#[test]
fn a_wild_number_is_a_stray() {
    let mut report = folded(&weather());
    for n in [100_000, u32::MAX] {
        let what = What::Announced { task: task(n), attempt: 1 };
        report.take(&Event { at: Time::ZERO, seq: 0, run: RunId(0), what });
        let what = What::Expanded { task: task(4), first: n, labels: super::story::names(&["a"]) };
        report.take(&Event { at: Time::ZERO, seq: 0, run: RunId(0), what });
    }
    assert_eq!((report.strays(), report.tasks().len()), (4, 7));
}

#[test]
fn the_picture_shows_what_became_of_each() {
    let graph = crate::report::Graph::of_report(&folded(&weather())).unwrap();
    insta::assert_snapshot!("mermaid", crate::report::mermaid(&graph));
    insta::assert_snapshot!("dot", crate::report::dot(&graph));
}
