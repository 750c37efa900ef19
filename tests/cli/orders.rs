//! Orders to a run that another process carries out.

use crate::place::Place;
use std::process::{Child, Command, Stdio};

const CHAIN: &str = "name: chain
agents: [{ id: sh, slots: 4 }]
tasks:
  - { id: a, run: 'until test -e go; do sleep 0.02; done' }
  - { id: b, run: 'echo B', depends_on: [a] }
  - { id: c, run: 'until test -e never; do sleep 0.02; done' }
  - { id: d, run: 'echo D', depends_on: [c] }
";

fn begin(place: &Place) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_polity"));
    command.args(["run", "chain.yaml", "--name", "k"]).current_dir(place.root()).env("HOME", place.root()).stderr(Stdio::null());
    let child = command.spawn().unwrap();
    wait_for(place, "\"event\":\"started\"", 2);
    child
}
fn log(place: &Place) -> String {
    std::fs::read_to_string(place.path(".polity/runs/k/events.ndjson")).unwrap_or_default()
}
fn wait_for(place: &Place, what: &str, times: usize) {
    while log(place).matches(what).count() < times {
        std::thread::yield_now();
    }
}

#[test]
fn a_run_is_paused_resumed_and_cancelled_by_another_process() {
    let place = Place::new().with("chain.yaml", CHAIN);
    let mut child = begin(&place);
    place.run(&["pause", "k"]).coded(0).says(&["k: paused; what its agents work on goes on to its end"]);
    place.run(&["runs"]).prints(&["paused"]);
    std::fs::write(place.path("go"), "").unwrap();
    wait_for(&place, "\"event\":\"completed\"", 1);
    assert!(!log(&place).contains("\"task\":\"b\",\"task_n\":1,\"attempt\""), "b was announced while the run paused");
    place.run(&["resume", "k"]).coded(0).says(&["k: goes on"]);
    wait_for(&place, "\"event\":\"completed\"", 2);
    place.run(&["runs"]).prints(&["running"]);
    place.run(&["pause", "k", "x"]).coded(2).says(&["run \"k\" has no task \"x\""]);
    place.run(&["cancel", "k", "a"]).coded(2).says(&["task \"a\" has ended: it is completed"]);
    place.run(&["cancel", "k", "c"]).coded(0).says(&["c of k: is being cancelled; what depends on it is blocked"]);
    assert_eq!(child.wait().unwrap().code(), Some(1));
    place.run(&["show", "k"]).prints(&["cancelled", "blocked"]);
    place.run(&["pause", "k"]).coded(2).says(&["k does not run any more (it failed)"]);
    place.run(&["resume", "k"]).coded(2).says(&["`polity retry k` goes on with it"]);
}

#[test]
fn a_paused_run_can_be_cancelled_and_nonsense_in_its_folder_harms_nobody() {
    let place = Place::new().with("chain.yaml", CHAIN);
    let mut child = begin(&place);
    let orders = place.path(".polity/runs/k/orders");
    std::fs::create_dir_all(&orders).unwrap();
    std::fs::write(orders.join("0.order"), "{ \"order\": \"explode\" }").unwrap();
    std::fs::write(orders.join("1.order"), [0xff, 0xfe]).unwrap();
    place.run(&["pause", "k"]).coded(0);
    assert!(std::fs::read_to_string(orders.join("0.answer")).unwrap().contains("unknown variant `explode`"));
    place.run(&["cancel", "k"]).coded(0).says(&["k: is being cancelled"]);
    assert_eq!(child.wait().unwrap().code(), Some(6));
}
