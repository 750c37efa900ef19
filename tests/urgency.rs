//! Who gets a slot that has just become free: the most urgent of all that are ready in that moment, those included that the end made ready.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::event::{Event, What};
use polity::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;

/// The tasks in the order in which they began, and how long all took.
fn began(strategy: &str, agents: &str, tasks: &str) -> (Vec<String>, f64) {
    let text = format!("name: w\nstrategy: {strategy}\nlimits: {{ rank_trials: off }}\nagents: {agents}\ntasks:\n{tasks}\n");
    let events: Rc<RefCell<Vec<Event>>> = Rc::default();
    let sink = events.clone();
    let took = polity::simulate(5, async {
        let society = Polity::builder().sink(sink).start().unwrap();
        let flow = polity::workflow::parse(&text, None, &Known::default()).unwrap_or_else(|errors| panic!("{errors}")).workflow;
        society.launch(flow, RunOptions::default()).unwrap().join().await.unwrap();
        society.now().as_secs_f64()
    });
    let events = events.borrow();
    let head = events.iter().find_map(|event| match &event.what {
        What::RunStarted(head) => Some(head.clone()),
        _ => None,
    });
    let names = head.unwrap().tasks.clone();
    let start = |event: &Event| match &event.what {
        What::Started { task, .. } => Some(names[task.instance() as usize].to_string()),
        _ => None,
    };
    (events.iter().filter_map(start).collect(), took)
}

const DECIDE_LATE: [&str; 4] = ["hierarchical", "{ market: { reserve: 1000000000 } }", "consensus", "fifo_fastest_idle"];

#[test]
fn what_an_end_makes_ready_goes_before_what_is_less_urgent_and_waits() {
    let tasks = "  - { id: first, simulate: {}, estimate: 1s }\n  - { id: idle, simulate: {}, estimate: 1s }\n  \
                 - { id: second, simulate: {}, estimate: 5s, depends_on: [first] }\n  - { id: third, simulate: {}, estimate: 5s, depends_on: [second] }";
    // Not the market: it hears of the free slot before the bids for the new task are in.
    for strategy in DECIDE_LATE.into_iter().filter(|strategy| !strategy.contains("market")) {
        let (order, _) = began(strategy, "[{ id: ann }]", tasks);
        let expected: &[&str] = match strategy {
            "fifo_fastest_idle" => &["first", "idle", "second", "third"], // it asks who came first, and not who is urgent
            _ => &["first", "second", "third", "idle"],
        };
        assert_eq!(order, expected, "{strategy}");
    }
}

#[test]
fn what_an_end_makes_ready_finds_the_fast_agent_free_that_did_it() {
    let link = |n: u32| {
        format!(
            "  - {{ id: t{n}, simulate: {{}}, estimate: 2s{} }}",
            if n > 0 { format!(", depends_on: [t{}]", n - 1) } else { String::new() }
        )
    };
    let tasks: Vec<String> = (0..6).map(link).collect();
    for strategy in DECIDE_LATE {
        let (_, took) = began(strategy, "[{ id: slow, speed: 1 }, { id: fast, speed: 2 }]", &tasks.join("\n"));
        assert!((took - 6.0).abs() < 0.001, "{strategy}: {took}");
    }
}

#[test]
fn tasks_that_wait_for_the_agents_to_be_born_are_let_in_by_rank() {
    let tasks = "  - { id: small, simulate: {}, estimate: 1s }\n  - { id: large, simulate: {}, estimate: 8s }";
    for strategy in &DECIDE_LATE[..2] {
        let (_, took) = began(strategy, "[{ id: slow, speed: 1 }, { id: fast, speed: 8 }]", tasks);
        assert!(took < 1.2, "{strategy}: {took}"); // 8 s of work by the fast one; the small one beside it, or behind it
    }
}
