//! A run that goes on is paused, resumed and cancelled, as a whole and task by task.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::event::{Event, What};
use polity::prelude::*;
use polity::protocols::{Rng, Time};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

/// At a moment (in seconds) an order, to a task or to the whole run.
type Orders<'a> = &'a [(f64, Order, &'a str)];

struct Seen {
    result: RunResult,
    took: f64,
    events: Vec<Event>,
    answers: Vec<Result<(), String>>,
}
impl Seen {
    fn tally(&self) -> (u32, u32, u32, u32) {
        let tally = self.result.tally();
        (tally.completed, tally.failed, tally.blocked, tally.cancelled)
    }
    fn moments(&self, which: impl Fn(&What) -> bool) -> Vec<f64> {
        self.events.iter().filter(|event| which(&event.what)).map(|event| event.at.as_secs_f64()).collect()
    }
}

/// Runs these tasks (YAML, flow style); `work` takes two seconds, and fails if it is told to.
fn run(seed: u64, tasks: &str, more: &str, orders: Orders<'_>) -> Seen {
    let text = format!("name: w\n{more}\nagents: [{{ id: ann, slots: 2 }}, {{ id: bob, slots: 2 }}]\ntasks:\n{tasks}\n");
    let events: Rc<RefCell<Vec<Event>>> = Rc::default();
    let sink = events.clone();
    let (result, took, answers) = polity::simulate(seed, async {
        let work = |job: Job, context: Context| async move {
            context.sleep(Duration::from_secs(2)).await;
            if job.input.get("fail").is_some() { Err(Failure::error("no")) } else { Ok(Value::Null) }
        };
        let undo = |_: Job, context: Context| async move {
            context.sleep(Duration::from_secs(2)).await;
            Ok(Value::Null)
        };
        let society = Polity::builder().sink(sink).function("work", work).function("undo", undo).start().unwrap();
        let known = Known { functions: vec!["work".into(), "undo".into()], ..Known::default() };
        let flow = polity::workflow::parse(&text, None, &known).unwrap_or_else(|errors| panic!("{errors}")).workflow;
        let handle = society.launch(flow, RunOptions::default()).unwrap();
        let controls = handle.controls();
        let mut answers = Vec::new();
        for (at, order, task) in orders {
            let now = society.now().as_secs_f64();
            society.sleep(Duration::from_secs_f64((at - now).max(0.0))).await;
            match *task {
                "" => controls.order(*order),
                task => answers.push(controls.order_task(task, *order).await),
            }
        }
        let result = handle.join().await.unwrap();
        (result, society.now().as_secs_f64(), answers)
    });
    let events = events.borrow().clone();
    Seen { result, took, events, answers }
}
use polity::Order::{Cancel, Pause, Resume};

#[test]
fn a_paused_run_begins_nothing_and_what_runs_goes_on() {
    let chain = "  - { id: a, fn: work }\n  - { id: b, fn: work, depends_on: [a] }\n  - { id: c, fn: work, depends_on: [b] }";
    let seen = run(1, chain, "", &[(1.0, Pause, ""), (1.5, Pause, ""), (100.0, Resume, ""), (101.0, Resume, "")]);
    assert_eq!((seen.tally(), seen.took), ((3, 0, 0, 0), 104.0), "a ends at 2 s, b begins at 100 s");
    assert_eq!(seen.moments(|what| matches!(what, What::RunPaused | What::RunResumed)), [1.0, 100.0], "told once each");
    assert_eq!(seen.moments(|what| matches!(what, What::Completed { .. })), [2.0, 102.0, 104.0]);
}

#[test]
fn a_pause_stops_the_clocks_of_what_waits() {
    let limits = "timeout: { queue: 5s, total: 8s }";
    let tasks = format!("  - {{ id: a, fn: work, {limits} }}\n  - {{ id: b, fn: work, depends_on: [a], {limits} }}");
    let seen = run(1, &tasks, "", &[(1.0, Pause, ""), (100.0, Resume, "")]);
    assert_eq!((seen.tally(), seen.took), ((2, 0, 0, 0), 102.0));
    // It sleeps between two attempts: the pause is no failure, and no attempt.
    let retried = "  - { id: a, fn: work, with: { fail: 1 }, retry: { attempts: 3, initial: 10s, factor: 1, jitter: none }, timeout: { total: 40s } }";
    let seen = run(1, retried, "", &[(5.0, Pause, ""), (100.0, Resume, "")]);
    assert_eq!(seen.moments(|what| matches!(what, What::Started { .. })), [0.0, 100.0, 112.0]);
    assert_eq!(seen.result.failures()[0].1.message, "no", "the third attempt was within its time");
}

#[test]
fn one_task_waits_and_the_rest_goes_on() {
    let tasks = "  - { id: a, fn: work }\n  - { id: b, fn: work, depends_on: [a] }\n  - { id: c, fn: work, depends_on: [a] }\n  \
                 - { id: d, fn: work, depends_on: [b] }\n  - { id: e, fn: work, for_each: [x, y], depends_on: [a] }";
    let seen = run(1, tasks, "", &[(1.0, Pause, "b"), (1.0, Pause, "nobody"), (3.5, Pause, "e[y]"), (50.0, Resume, "b")]);
    let ends = seen.moments(|what| matches!(what, What::Completed { .. }));
    assert_eq!(ends, [2.0, 4.0, 4.0, 4.0, 52.0, 54.0], "only b, and d that needs it, waited; e[y] had begun");
    assert_eq!(seen.answers[1], Err("run \"".to_owned() + seen.result.name() + "\" has no task \"nobody\""));
    assert!(seen.answers[0].is_ok() && seen.answers[2].is_ok() && seen.answers[3].is_ok(), "{:?}", seen.answers);
    let seen = run(1, tasks, "", &[(1.0, Pause, "e"), (9.0, Pause, "e[y]"), (20.0, Resume, "e[x]"), (30.0, Resume, "e")]);
    let e = |what: &What| matches!(what, What::Completed { task, .. } if task.instance() > 4);
    assert_eq!(seen.moments(e), [32.0, 32.0], "a task that is held holds its instances: {:?}", seen.answers);
    let late = run(1, tasks, "", &[(3.0, Pause, "a"), (3.0, Cancel, "e[z]"), (3.0, Cancel, "e[x]")]);
    assert_eq!(late.answers[0], Err("task \"a\" has ended: it is completed".into()));
    assert_eq!(late.answers[1], Err("task \"e\" has no instance \"e[z]\", or not yet".into()));
    assert_eq!(late.tally(), (5, 0, 0, 1));
}

#[test]
fn a_cancelled_task_blocks_what_needs_it_and_nothing_else_in_whatever_state_it_is() {
    let rest = "\n  - { id: after, fn: work, depends_on: [t] }\n  - { id: other, fn: work }";
    for (state, task, at) in [
        ("executing", "{ id: t, fn: work }", 1.0),
        ("pending", "{ id: t, fn: work, depends_on: [other] }", 1.0),
        ("backing off", "{ id: t, fn: work, with: { fail: 1 }, retry: { attempts: 0, initial: 1000s } }", 5.0),
        ("with copies", "{ id: t, fn: work, redundancy: 2 }", 1.0),
        ("in a sub-run", "{ id: t, workflow: { name: s, tasks: [{ id: u, fn: work }] } }", 1.0),
        ("in a fallback", "{ id: t, fn: work, with: { fail: 1 }, fallback: { fn: work } }", 3.0),
        ("expanded", "{ id: t, fn: work, for_each: [1] }", 1.0),
        ("waiting for its stand-in", "{ id: t, fn: work, with: { fail: 1 }, fallback_to: other2 }", 3.0),
    ] {
        let stand_in = if task.contains("other2") { "\n  - { id: other2, fn: work }" } else { "" };
        let seen = run(1, &format!("  - {task}{rest}{stand_in}"), "", &[(at, Cancel, "t")]);
        let (completed, failed, blocked, cancelled) = seen.tally();
        assert_eq!((completed - u32::from(!stand_in.is_empty()), failed, blocked, cancelled), (1, 0, 1, 1), "{state}");
        assert_eq!(seen.result.status(), RunStatus::Failed, "{state}: not all was done");
        assert!(seen.took < 6.0, "{state}: it took {}", seen.took);
    }
}

#[test]
fn sub_runs_and_undoing_pause_along() {
    let nested = "  - id: t\n    workflow: { name: s, tasks: [{ id: u, fn: work }, { id: v, fn: work, depends_on: [u] }] }";
    let seen = run(1, nested, "", &[(1.0, Pause, ""), (100.0, Resume, "")]);
    assert_eq!((seen.took, seen.moments(|what| matches!(what, What::RunPaused)).len()), (102.0, 2), "of both runs");
    let seen = run(1, nested, "", &[(1.0, Pause, "t"), (100.0, Resume, "t")]);
    assert_eq!(seen.took, 102.0);
    let saga = "  - { id: a, fn: work, compensate: { fn: undo } }\n  - { id: b, fn: work, depends_on: [a], compensate: { fn: undo } }\n  \
                - { id: c, fn: work, with: { fail: 1 }, depends_on: [b] }";
    let seen = run(1, saga, "on_failure: compensate", &[(7.0, Pause, ""), (100.0, Resume, "")]);
    assert_eq!((seen.result.compensated(), seen.took), (2, 102.0), "one undo had begun");
}

#[test]
fn cancelling_wins_over_a_pause() {
    let tasks = "  - { id: a, fn: work }\n  - { id: b, fn: work, depends_on: [a] }";
    let seen = run(1, tasks, "", &[(1.0, Pause, ""), (10.0, Cancel, "")]);
    assert_eq!((seen.result.status(), seen.tally(), seen.took), (RunStatus::Cancelled, (1, 0, 0, 1), 10.0));
    let seen = run(1, tasks, "", &[(1.0, Pause, "b"), (10.0, Cancel, "b")]);
    assert_eq!((seen.tally(), seen.took), ((1, 0, 0, 1), 10.0));
}

#[test]
fn a_resumed_task_lets_go_of_its_instances_and_of_what_undoes_it() {
    let tasks =
        "  - { id: a, fn: work }\n  - { id: e, fn: work, for_each: [x, y], depends_on: [a], with: { s: \"{{ a.status }}\" } }";
    let limits = "limits: { max_parallel_tasks: 1 }";
    let seen = run(1, tasks, limits, &[(3.0, Pause, "e[y]"), (20.0, Resume, "e")]);
    assert_eq!((seen.tally(), seen.took), ((3, 0, 0, 0), 22.0), "it was told to its task: {:?}", seen.answers);
    // a is paused while it runs; once it has ended nothing of it is held, and what undoes it begins when c has failed.
    let saga = "  - { id: a, fn: work, compensate: { fn: undo } }\n  - { id: c, fn: work, with: { fail: 1 }, depends_on: [a] }";
    let seen = run(1, saga, "on_failure: compensate", &[(1.0, Pause, "a")]);
    assert_eq!((seen.result.compensated(), seen.took), (1, 6.0));
}

#[test]
fn a_run_of_which_a_task_was_cancelled_says_that_it_turns_back_before_it_undoes() {
    let saga = "  - { id: a, fn: work, compensate: { fn: undo } }\n  - { id: b, fn: work, depends_on: [a] }";
    let seen = run(1, saga, "on_failure: compensate", &[(3.0, Cancel, "b")]);
    let failed = What::TurnedBack { because: RunStatus::Failed };
    let (turned, undo) = (seen.moments(|what| *what == failed), seen.moments(|what| matches!(what, What::Compensating { .. })));
    assert_eq!((turned, undo, seen.result.compensated()), (vec![3.0], vec![3.0], 1));
}

#[test]
fn a_cancel_that_crosses_the_word_of_a_failure_wins_over_every_other_way() {
    let tasks = "  - { id: t, fn: work, with: { fail: 1 }, fallback: [{ fn: work, with: { fail: 1 } }, { fn: work }] }\n  - { id: o, fn: work }";
    for seed in 0..20 {
        for at in [2.0, 4.0] {
            let seen = run(seed, tasks, "", &[(at, Cancel, "t")]);
            assert_eq!((seen.tally(), seen.took), ((1, 0, 0, 1), at), "seed {seed}");
        }
    }
}

#[test]
fn whatever_is_ordered_when_a_run_that_is_resumed_ends_and_nothing_was_awarded_while_it_paused() {
    let (mut paused, mut held, mut cancelled, mut retried) = (0, 0, 0, 0);
    for seed in 0..100 {
        let mut rng = Rng::new(seed, "holding");
        let n = 2 + rng.below(10);
        let mut tasks = Vec::new();
        for at in 0..n {
            let needs: BTreeSet<String> = (0..at).filter(|_| rng.chance(0.3)).map(|on| format!("t{on}")).collect();
            let needs: Vec<String> = needs.into_iter().collect();
            let fail = if rng.chance(0.2) { ", with: { fail: 1 }, retry: { attempts: 3, initial: 1s }" } else { "" };
            let each = match rng.below(6) {
                0 => ", for_each: [1, 2, 3]",
                1 => ", redundancy: 2",
                2 => ", fallback: { fn: work }",
                _ => "",
            };
            tasks.push(format!("  - {{ id: t{at}, fn: work{fail}{each}, depends_on: [{}] }}", needs.join(", ")));
        }
        let names: Vec<String> = (0..n).map(|at| format!("t{at}")).collect();
        let mut orders: Vec<(f64, Order, &str)> = (0..rng.below(12))
            .map(|_| {
                let order = [Pause, Pause, Resume, Cancel][rng.below(4)];
                let task = if rng.chance(0.3) && order != Cancel { "" } else { names[rng.below(n)].as_str() };
                (rng.below(200) as f64 / 10.0, order, task)
            })
            .collect();
        orders.sort_by(|a, b| a.0.total_cmp(&b.0));
        orders.push((40.0, Resume, ""));
        orders.extend(names.iter().map(|name| (41.0, Resume, name.as_str())));
        let seen = run(seed, &tasks.join("\n"), "", &orders);
        let mut pause: Option<Time> = None;
        for event in &seen.events {
            match event.what {
                What::RunPaused => pause = Some(event.at),
                What::RunResumed => pause = None,
                What::Assigned { .. } => assert!(pause.is_none_or(|since| event.at == since), "seed {seed}: awarded in a pause"),
                _ => {}
            }
        }
        let count = |which: fn(&What) -> bool| seen.events.iter().filter(|event| which(&event.what)).count();
        paused += count(|what| matches!(what, What::RunPaused));
        held += count(|what| matches!(what, What::Paused { .. }));
        cancelled += seen.result.tally().cancelled;
        retried += count(|what| matches!(what, What::Retried { .. }));
    }
    assert!(paused > 20 && held > 40 && cancelled > 20 && retried > 20, "too tame: {paused} {held} {cancelled} {retried}");
}
