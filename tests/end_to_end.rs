//! From a file to a result, live and in virtual time.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::event::{Event, What};
use polity::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;

const FLOW: &str = r#"
version: "2.0"
name: first
agents:
  - { id: shell, replicas: 2, can: { text: 0.5 } }
tasks:
  - { id: a, type: text, run: echo hello }
  - { id: b, type: text, run: tr a-z A-Z, stdin: "{{ tasks.a.output }}" }
  - { id: c, type: text, for_each: "[1, 2, 3]", run: "echo {{ item }}", output: json }
  - { id: d, type: text, when: tasks.c.output | sum > 6, run: "echo {{ tasks.b.output }}" }
outputs:
  - { name: loud, from: b.output }
  - { name: sum, from: c.output | sum }
  - { name: skipped, from: d.output }
"#;

fn flow(text: &str) -> Workflow {
    polity::workflow::parse(text, None, &Known::default()).unwrap().workflow
}

#[test]
fn a_file_runs_live() {
    let result = polity::run(async { Polity::builder().start().unwrap().run(flow(FLOW)).await }).unwrap();
    assert_eq!(result.output("loud"), "HELLO");
    assert_eq!(result.output("sum"), 6);
    assert_eq!(result.output("skipped"), &Value::Null);
    assert_eq!((result.tally().completed, result.tally().skipped), (5, 1));
}

/// Six tasks of a second's work each, of which one waits for another and one for four, for two agents that do half as much in a second.
#[test]
fn the_same_file_runs_in_virtual_time() {
    let twin = polity::simulated_twin(&flow(FLOW));
    let took = polity::simulate(7, async {
        let society = Polity::builder().start().unwrap();
        society.run(twin.workflow).await.unwrap();
        society.now()
    });
    assert_eq!(took.as_secs_f64(), 8.0);
    assert_eq!(twin.assumptions.len(), 1, "a condition over outputs is not known: {:?}", twin.assumptions);
}

/// Whoever is not able to start never gets in the way of those who are; nobody is given a task before everyone was heard of.
#[test]
fn the_fastest_is_chosen_though_it_is_born_last() {
    let text = "agents: [{ id: slow, speed: 1.0 }, { id: fast, speed: 2.0 }]\ntasks: [{ id: t, simulate: {} }]\nname: n\n";
    let events = Rc::new(RefCell::new(Vec::<Event>::new()));
    polity::simulate(1, async {
        let society = Polity::builder().sink(events.clone()).start().unwrap();
        society.run(flow(text)).await.unwrap();
    });
    let events = events.borrow();
    let chosen: Vec<u32> =
        events.iter().filter_map(|e| if let What::Assigned { agent, .. } = &e.what { Some(agent.0) } else { None }).collect();
    assert_eq!(chosen, [1]);
}
