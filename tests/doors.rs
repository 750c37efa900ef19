//! Whoever leaves a resource or gives up a turn, in whatever way, leaves room for the next. How they are shared: `tests/sharing.rs`.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::event::{Event, Names, What};
use polity::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

struct Seen {
    result: RunResult,
    took: f64,
    /// Who began when, in order.
    begun: Vec<String>,
}

/// Runs these tasks; `work` takes two seconds, and fails if it is told to. At its moment an order is given to a task.
fn run(tasks: &str, more: &str, orders: &[(f64, Order, &str)]) -> Seen {
    let text = format!("name: w\n{more}\nagents: [{{ id: ann, slots: 9 }}]\ntasks:\n{tasks}\n");
    let events: Rc<RefCell<Vec<Event>>> = Rc::default();
    let sink = events.clone();
    let (result, took) = polity::simulate(1, async {
        let work = |job: Job, context: Context| async move {
            context.sleep(Duration::from_secs(2)).await;
            if job.input.get("fail").is_some() { Err(Failure::error("no")) } else { Ok(Value::Null) }
        };
        let society = Polity::builder().sink(sink).function("work", work).start().unwrap();
        let known = Known { functions: vec!["work".into()], ..Known::default() };
        let flow = polity::workflow::parse(&text, None, &known).unwrap_or_else(|errors| panic!("{errors}")).workflow;
        let handle = society.launch(flow, RunOptions::default()).unwrap();
        let controls = handle.controls();
        for (at, order, task) in orders {
            society.sleep(Duration::from_secs_f64(at - society.now().as_secs_f64())).await;
            controls.order_task(*task, *order).await.unwrap();
        }
        (handle.join().await.unwrap(), society.now().as_secs_f64())
    });
    let mut names = Names::default();
    let mut begun = Vec::new();
    for event in events.borrow().iter() {
        names.take(event);
        if let What::Started { task, .. } = event.what {
            begun.push(format!("{}@{}", names.task(task), event.at.as_secs_f64()));
        }
    }
    Seen { result, took, begun }
}

#[test]
fn a_task_gives_back_what_it_used_before_its_stand_in_begins() {
    let tasks = |uses: &str| {
        format!("  - {{ id: a, fn: work, with: {{ fail: 1 }}, fallback_to: b{uses} }}\n  - {{ id: b, fn: work{uses} }}")
    };
    let shared = run(&tasks(", resources: [db]"), "resources: { db: 1 }", &[]);
    assert_eq!((shared.result.status(), shared.took), (RunStatus::Completed, 4.0), "{:?}", shared.result.problems());
    let turns = run(&tasks(""), "mode: sequential", &[]);
    assert_eq!((turns.result.status(), turns.took), (RunStatus::Completed, 4.0));
}

#[test]
fn who_is_called_off_after_it_was_let_in_leaves_room_for_the_next() {
    // b is let in at 2 s, and called off in that moment: one of the others is enough, and there is no place to open it before.
    let tasks = "  - { id: a, fn: work, resources: [db] }\n  - { id: b, fn: work, resources: [db], priority: high }\n  \
                 - { id: first, fn: work, depends_on: [a, b], join: { rule: one_success, cancel_rest: true } }\n  - { id: d, fn: work, resources: [db], priority: low }";
    for places in 1..4 {
        let seen = run(tasks, &format!("resources: {{ db: 1 }}\nlimits: {{ max_parallel_tasks: {places} }}"), &[]);
        assert_eq!(seen.result.status(), RunStatus::Completed, "{places}: {:?} {:?}", seen.begun, seen.result.problems());
        assert!(seen.took <= 6.0, "{places}: {}", seen.took);
    }
}

#[test]
fn who_is_paused_before_it_begins_keeps_nothing_from_others() {
    let tasks = "  - { id: a, fn: work, resources: [db] }\n  - { id: b, fn: work, resources: [db], priority: high }\n  \
                 - { id: c, fn: work, resources: [db], priority: low }";
    let seen = run(tasks, "resources: { db: 1 }", &[(1.0, Order::Pause, "a"), (50.0, Order::Resume, "a")]);
    assert_eq!(seen.begun, ["b@0", "c@2", "a@50"]);
    let seen = run(tasks, "resources: { db: 1 }", &[(1.0, Order::Cancel, "a")]);
    assert_eq!((seen.begun.join(" "), seen.result.tally().cancelled), ("b@0 c@2".to_owned(), 1));
}
