//! From a file to a result, live and in virtual time.

use polity::event::Event;
use polity::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;

fn parse(text: &str) -> polity::workflow::Checked {
    polity::workflow::parse(
        text,
        None,
        &polity::workflow::Known { strategies: vec!["hierarchical".into()], ..Default::default() },
    )
    .unwrap()
}

const FLOW: &str = r#"
version: "2.0"
name: first
agents:
  - { id: shell, replicas: 2, can: { text: 0.9 } }
tasks:
  - id: a
    type: text
    run: echo hello
  - id: b
    type: text
    run: tr a-z A-Z
    stdin: "{{ tasks.a.output }}"
  - id: c
    type: text
    for_each: "[1, 2, 3]"
    run: echo {{ item }}
    output: json
outputs:
  - { name: loud, from: b.output }
  - { name: sum, from: c.output | sum }
"#;

#[test]
fn a_file_runs_live() {
    let checked = parse(FLOW);
    let events = Rc::new(RefCell::new(Vec::<Event>::new()));
    let result = polity::run(async {
        let mut builder = Polity::builder().sink(events.clone());
        for spec in &checked.workflow.agents {
            builder = builder.agent_spec(spec.clone());
        }
        let society = builder.start().unwrap();
        society.run(checked.workflow.clone()).await
    });
    for event in events.borrow().iter() {
        println!("{event:?}");
    }
    let result = result.unwrap();
    assert_eq!(result.output("loud"), "HELLO");
    assert_eq!(result.output("sum"), 6);
}

#[test]
fn the_same_file_runs_in_virtual_time() {
    let checked = parse(FLOW);
    let twin = polity::simulated_twin(&checked.workflow);
    let events = Rc::new(RefCell::new(Vec::<Event>::new()));
    let took = polity::simulate(7, async {
        let mut builder = Polity::builder().sink(events.clone());
        for spec in &checked.workflow.agents {
            builder = builder.agent_spec(spec.clone());
        }
        let society = builder.start().unwrap();
        society.run(twin.workflow).await.unwrap();
        society.now()
    });
    for event in events.borrow().iter() {
        println!("{event:?}");
    }
    assert!(took.as_secs_f64() > 2.0, "{took:?}");
}
