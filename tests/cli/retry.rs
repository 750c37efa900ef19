//! Going on with what did not come to its end.

use crate::place::Place;
use std::process::{Command, Stdio};

const SAGA: &str = "name: saga
on_failure: compensate
agents: [{ id: sh, slots: 4 }]
tasks:
  - { id: a, run: echo A >> log, compensate: { run: echo undo A >> log } }
  - { id: b, run: echo B >> log, depends_on: [a], compensate: { run: test -e ok && echo undo B >> log, retry: { attempts: 1 } } }
  - { id: c, run: echo C >> log, depends_on: [b], compensate: { run: echo undo C >> log } }
  - { id: f, run: exit 3, depends_on: [c] }
";

#[test]
fn a_stuck_run_is_gone_on_with_until_all_is_undone_and_nothing_twice() {
    let place = Place::new().with("saga.yaml", SAGA);
    place.run(&["run", "saga.yaml", "--name", "s"]).coded(7).says(&[
        "UNDONE",
        "LEFT a: what stands on it",
        "2 effects left to undo",
    ]);
    place.run(&["runs"]).prints(&["stuck"]);
    place.run(&["show", "s"]).prints(&["left to undo (polity retry goes on)"]);
    place.run(&["retry", "s"]).coded(7).says(&["going on to undo s"]);
    place.run(&["retry", "s"]).coded(2).says(&["s was gone on with as s-2: go on with that one"]);
    std::fs::write(place.path("ok"), "").unwrap();
    place.run(&["retry", "s-2"]).coded(1).says(&["3 undone"]);
    let log = std::fs::read_to_string(place.path("log")).unwrap();
    assert_eq!(log.split_terminator('\n').collect::<Vec<_>>(), ["A", "B", "C", "undo C", "undo B", "undo A"]);
    place.run(&["retry", "s-3"]).coded(2).says(&["s-3 was undone as a whole"]);
}

#[test]
fn a_run_whose_process_was_killed_is_known_as_dead_and_gone_on_with_under_the_same_keys() {
    let flow = "name: k
agents: [{ id: sh }]
tasks:
  - { id: a, run: 'echo $POLITY_IDEMPOTENCY_KEY' }
  - { id: b, run: 'echo $POLITY_IDEMPOTENCY_KEY; until test -e go; do sleep 0.02; done', depends_on: [a] }
outputs: [{ name: b, from: b.output }, { name: a, from: a.output }]
";
    let place = Place::new().with("k.yaml", flow);
    let mut command = Command::new(env!("CARGO_BIN_EXE_polity"));
    command.args(["run", "k.yaml", "--name", "k"]).current_dir(place.root()).env("HOME", place.root()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let log = place.path(".polity/runs/k/events.ndjson");
    while !std::fs::read_to_string(&log).is_ok_and(|text| text.contains("\"event\":\"completed\"")) {
        std::thread::yield_now();
    }
    place.run(&["retry", "k"]).coded(2).says(&["k still runs"]);
    place.run(&["runs"]).prints(&["running"]);
    assert!(Command::new("kill").args(["-s", "KILL", &child.id().to_string()]).status().unwrap().success());
    child.wait().unwrap();
    place.run(&["runs"]).prints(&["died"]);
    place.run(&["show", "k"]).says(&["its process died before its end"]);
    std::fs::write(place.path("go"), "").unwrap();
    let done = place.run(&["retry", "k"]).coded(0);
    let outputs: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    let salt = |task: &str| {
        let key = outputs[task].as_str().unwrap().strip_prefix("k.").and_then(|rest| rest.strip_suffix(&format!(":{task}")));
        key.unwrap_or_else(|| panic!("{outputs}")).to_owned()
    };
    assert_eq!((salt("a").len(), salt("a")), (16, salt("b")), "one is of the process that died");
    // A run of the same name elsewhere has other keys.
    let other = Place::new().with("k.yaml", flow).with("go", "");
    let other = other.run(&["run", "k.yaml", "--name", "k"]).coded(0);
    assert!(!other.out.contains(&salt("a")) && other.out.contains("\"k."), "{}", other.out);
    place.run(&["retry", "k-2"]).coded(2).says(&["has completed"]);
}

/// A saga whose first undo does not end until `go` is there, and which would come to its end once it is.
const TURNED: &str = "name: turned
on_failure: compensate
agents: [{ id: sh, slots: 4 }]
tasks:
  - { id: a, run: echo A >> log, compensate: { run: touch undoing; test -e go || exec sleep 5; echo undo A >> log } }
  - { id: f, run: test -e go, depends_on: [a] }
";

#[test]
fn a_run_that_was_killed_in_its_first_undo_goes_on_undoing_and_not_forwards() {
    for cut in [false, true] {
        let place = Place::new().with("t.yaml", TURNED);
        let mut command = Command::new(env!("CARGO_BIN_EXE_polity"));
        command.args(["run", "t.yaml", "--name", "t"]).current_dir(place.root()).env("HOME", place.root()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        while !place.path("undoing").exists() {
            std::thread::yield_now();
        }
        place.run(&["dead-letters", "requeue", "t"]).coded(2).says(&["t still runs"]);
        assert!(Command::new("kill").args(["-s", "KILL", &child.id().to_string()]).status().unwrap().success());
        child.wait().unwrap();
        if cut {
            // It died before its word of undoing was on the disk.
            let log = place.path(".polity/runs/t/events.ndjson");
            let text = std::fs::read_to_string(&log).unwrap();
            let before = text.split_inclusive('\n').take_while(|line| !line.contains("\"turned_back\""));
            std::fs::write(&log, before.collect::<String>()).unwrap();
        }
        std::fs::write(place.path("go"), "").unwrap();
        place.run(&["dead-letters", "requeue", "t"]).coded(2).says(&["t has begun to undo", "`polity retry t` goes on"]);
        place.run(&["retry", "t"]).coded(1).says(&["going on to undo t", "1 undone"]);
        let log = || std::fs::read_to_string(place.path("log")).unwrap();
        assert_eq!(log(), "A\nundo A\n", "cut: {cut}");
        // Undone as a whole, it can be done again: all of it.
        place.run(&["dead-letters", "requeue", "t"]).coded(2).says(&["no open dead task"]);
        place.run(&["dead-letters", "requeue", "t-2"]).coded(0).says(&["requeueing 1 task; 0 outputs"]);
        assert_eq!(log(), "A\nundo A\nA\n");
    }
}

#[test]
fn a_dead_task_of_a_saga_is_not_requeued_where_another_would_undo_it_at_once() {
    let flow = "name: two
on_failure: compensate
agents: [{ id: sh, slots: 4 }]
tasks:
  - { id: a, run: 'true', compensate: { run: 'true' } }
  - { id: f, run: 'while ! test -e begun; do sleep 0.02; done; test -e go' }
  - { id: g, run: touch begun; test -e go }
";
    let place = Place::new().with("two.yaml", flow);
    place.run(&["run", "two.yaml", "--name", "two"]).coded(1);
    std::fs::write(place.path("go"), "").unwrap();
    place.run(&["dead-letters", "requeue", "two", "f"]).coded(2).says(&["g would stay failed"]);
    place.run(&["dead-letters", "requeue", "two"]).coded(0);
}

#[test]
fn what_was_gone_on_with_is_no_open_dead_letter_any_more() {
    let place = Place::new().with("f.yaml", "name: f\nagents: [{ id: sh }]\ntasks: [{ id: f, run: test -e go }]\n");
    place.run(&["run", "f.yaml", "--name", "f"]).coded(1);
    std::fs::write(place.path("go"), "").unwrap();
    place.run(&["retry", "f"]).coded(0);
    place.run(&["dead-letters", "requeue", "f"]).coded(2).says(&["no open dead task"]);
}

/// A saga within a saga whose inner undo does not end until `go` is there. The shell of a killed run lives on: it must have looked before it says that it
/// is there, or it would see a `go` that is for the next one.
const NESTED: &str = "name: nested
on_failure: compensate
agents: [{ id: sh, slots: 4 }]
tasks:
  - { id: a, run: echo A >> log, compensate: { run: echo undo A >> log } }
  - id: order
    depends_on: [a]
    workflow:
      name: order
      tasks:
        - { id: b, run: echo B >> log, compensate: { run: 'test -e go || { touch undoing; exec sleep 5; }; echo undo B >> log' } }
        - { id: c, run: echo C >> log, depends_on: [b], compensate: { run: echo undo C >> log } }
  - { id: f, run: exit 3, depends_on: [order] }
";

#[test]
fn a_run_that_was_killed_while_it_undid_what_a_sub_run_did_goes_on_there_and_undoes_nothing_twice() {
    let place = Place::new().with("n.yaml", NESTED);
    let mut command = Command::new(env!("CARGO_BIN_EXE_polity"));
    command.args(["run", "n.yaml", "--name", "n"]).current_dir(place.root()).env("HOME", place.root()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    while !place.path("undoing").exists() {
        std::thread::yield_now();
    }
    assert!(Command::new("kill").args(["-s", "KILL", &child.id().to_string()]).status().unwrap().success());
    child.wait().unwrap();
    std::fs::write(place.path("go"), "").unwrap();
    place.run(&["retry", "n"]).coded(1).says(&["going on to undo n"]);
    let log = std::fs::read_to_string(place.path("log")).unwrap();
    assert_eq!(log.split_terminator('\n').collect::<Vec<_>>(), ["A", "B", "C", "undo C", "undo B", "undo A"]);
    place.run(&["retry", "n-2"]).coded(2).says(&["undone as a whole"]);
}

/// What a planner planned is planned again: it is no setting.
#[test]
fn a_run_under_a_planner_is_gone_on_with_and_replayed() {
    let text = "name: steps\nstrategy: heft\nagents: [{ id: ann }, { id: bob, speed: 2 }]\ntasks:\n  - { id: look, run: 'test -e flag', estimate: 1s }\n  \
                - { id: act, run: 'true', estimate: 1s, depends_on: [look] }\n";
    let place = Place::new().with("steps.yaml", text);
    place.run(&["run", "steps.yaml", "--name", "steps"]).coded(1);
    place.run(&["replay", "steps"]).coded(0);
    place.run(&["replay", "steps", "--strategy", "hierarchical"]).coded(0);
    std::fs::write(place.path("flag"), "").unwrap();
    place.run(&["retry", "steps"]).coded(0).says(&["COMPLETED"]);
}

/// Who gave a strategy gave it for everything, and for what goes on with it.
#[test]
fn it_goes_on_under_the_strategy_and_the_faults_that_the_command_named() {
    let flow = "name: w\nstrategy: hierarchical\nagents: [{ id: s, can: { x: 1 } }]\nteams: [{ id: crew, agents: [s], strategy: consensus }]\n\
                faults: { fail: 1 }\ntasks: [{ id: a, type: x, team: crew, run: 'test -f ok' }]\n";
    let place = Place::new().with("flow.yaml", flow);
    place.run(&["run", "flow.yaml", "--strategy", "market", "--faults", "none", "--name", "first"]).coded(1);
    std::fs::write(place.path("ok"), "").unwrap();
    place.run(&["retry", "first"]).coded(0).says(&["(market, 1 task"]);
    let events = std::fs::read_to_string(place.path(".polity/runs/first-2/events.ndjson")).unwrap();
    assert!(!events.contains("consensus"), "the team was not governed by its own strategy: {events}");
}

/// Twice at once would do everything twice.
#[test]
fn two_processes_do_not_go_on_with_one_run() {
    let flow = "name: w\nagents: [{ id: s }]\ntasks: [{ id: a, run: 'test -f ok' }]\n";
    let place = Place::new().with("flow.yaml", flow);
    place.run(&["run", "flow.yaml", "--name", "first"]).coded(1);
    let other = polity::report::find(&place.path(".polity/runs"), "first").unwrap();
    let claim = other.claim().unwrap();
    for words in [&["retry", "first"][..], &["dead-letters", "requeue", "first"]] {
        place.run(words).coded(2).says(&["another process is going on with first"]);
    }
    drop(claim);
    std::fs::write(place.path("ok"), "").unwrap();
    place.run(&["dead-letters", "requeue", "first"]).coded(0);
    place.run(&["retry", "first"]).coded(2).says(&["first was gone on with as first-2: go on with that one"]);
}

/// What had completed in a sub-run is not done again either, whether it failed or its process was killed.
#[test]
fn sub_runs_are_gone_on_with_under_the_same_keys() {
    let charge = |id: &str| format!("{{ id: {id}, run: 'echo $POLITY_IDEMPOTENCY_KEY >> charges' }}");
    let flow = format!(
        "name: w\nagents: [{{ id: s }}]\ntasks:\n  - id: order\n    for_each: [1, 2]\n    with: {{ n: '{{{{ item }}}}' }}\n    workflow:\n      name: order\n      \
         inputs: [{{ name: n, type: any }}]\n      tasks:\n        - {}\n        - id: deep\n          depends_on: [charge]\n          workflow:\n            name: deep\n            \
         tasks:\n              - {}\n              - {{ id: ship, run: 'test -f stock', depends_on: [pack] }}\n",
        charge("charge"),
        charge("pack")
    );
    let place = Place::new().with("flow.yaml", flow);
    place.run(&["run", "flow.yaml", "--name", "first"]).coded(1);
    let charges = || std::fs::read_to_string(place.path("charges")).unwrap().lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(charges().len(), 4);
    place.run(&["retry", "first"]).coded(1);
    // A life that ended before it came to them: its record knows of no sub-run.
    let log = place.path(".polity/runs/first-2/events.ndjson");
    let text = std::fs::read_to_string(&log).unwrap();
    let of_root = |line: &&str| line.contains("\"run_n\":0") || !line.contains("\"run_n\"");
    std::fs::write(&log, text.lines().filter(of_root).map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    std::fs::write(place.path("stock"), "").unwrap();
    place.run(&["retry", "first-2"]).coded(0).says(&["2 completed"]);
    let mut done = charges();
    done.sort();
    done.dedup();
    assert_eq!((done.len(), charges().len()), (4, 4), "nothing is charged twice: {:?}", charges());
}

/// What began since a task failed, or however it ended, is decided anew when that is done again; what needed one success only is not.
#[test]
fn what_stood_on_a_failure_is_decided_anew() {
    let flow = "name: w\nagents: [{ id: s }]\ntasks:\n  - { id: load, run: 'test -f ok' }\n  - { id: other, run: 'true' }\n  \
                - { id: mail, run: 'echo mail {{ load.status }}', depends_on: [load], join: all_done }\n  \
                - { id: sent, run: 'echo sent {{ mail.output }}', depends_on: [mail] }\n  \
                - { id: alert, run: 'true', depends_on: [load], join: one_failed }\n  \
                - { id: quick, run: 'echo quick >> log', depends_on: [load, other], join: one_success }\noutputs: [{ name: sent, from: sent.output }]\n";
    let place = Place::new().with("flow.yaml", flow);
    place.run(&["run", "flow.yaml", "--name", "first"]).coded(1).says(&["5 completed", "1 failed"]);
    std::fs::write(place.path("ok"), "").unwrap();
    let done = place.run(&["dead-letters", "requeue", "first"]).coded(0).says(&["5 completed", "1 skipped"]);
    assert_eq!(done.out, "sent mail completed\n");
    assert_eq!(std::fs::read_to_string(place.path("log")).unwrap(), "quick\n");
}
