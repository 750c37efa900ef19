//! What each verb does when all is well.

use crate::place::{Place, SHOUT};
use serde_json::Value;

fn place() -> Place {
    Place::new().with("flow.yaml", SHOUT)
}

#[test]
fn run_prints_the_output_and_leaves_a_folder() {
    let place = place();
    let done = place.run(&["run", "flow.yaml", "--name", "mine"]).coded(0);
    assert_eq!(done.out, "HELLO\n");
    let done = done.says(&["Starting shout as mine (hierarchical, 3 tasks, 2 agents", "COMPLETED", "say[two]", "Summary"]);
    assert!(!done.err.contains('\u{1b}'), "colours in a pipe: {}", done.err);
    for file in ["events.ndjson", "run.json", "dag.mmd", "report.html", "trace.json", "logs/greet-1.stdout.log"] {
        assert!(place.path(&format!(".polity/runs/mine/{file}")).is_file(), "{file}");
    }
    let record = place.record();
    assert_eq!(
        (&record["name"], &record["status"], &record["outputs"]["loud"]),
        (&"mine".into(), &"completed".into(), &"HELLO".into())
    );
    assert_eq!(record["tally"]["completed"], 4);
    // A second run of the name does not touch the first.
    place.run(&["run", "flow.yaml", "--name", "mine"]).coded(0).says(&[".polity/runs/mine-2"]);
}

#[test]
fn a_run_is_a_page_and_a_trace() {
    let place = place();
    place.run(&["run", "flow.yaml", "--name", "mine"]).coded(0).says(&["Report .polity/runs/mine/report.html"]);
    let path = |file: &str| place.path(&format!(".polity/runs/mine/{file}"));
    let page = std::fs::read_to_string(path("report.html")).unwrap();
    assert!(page.contains("mine: shout") && page.contains("say[two]") && page.contains("polity run flow.yaml"));
    assert!(!page.contains("<script"));
    let trace: Value = serde_json::from_str(&std::fs::read_to_string(path("trace.json")).unwrap()).unwrap();
    let slices =
        trace["traceEvents"].as_array().unwrap().iter().filter(|event| event["ph"] == "X" && event["name"] == "say[two]");
    assert!(slices.count() > 0);
    assert!(std::fs::read_to_string(path("dag.mmd")).unwrap().contains("say ×2"), "what became of it");
    // What is there is pointed at; what isn't is made again, the same.
    let printed = place.run(&["report", "mine"]).coded(0).out;
    assert_eq!(printed, ".polity/runs/mine/report.html\n");
    std::fs::remove_file(path("report.html")).unwrap();
    std::fs::remove_file(path("trace.json")).unwrap();
    place.run(&["report", "last"]).coded(0);
    assert_eq!(std::fs::read_to_string(path("report.html")).unwrap(), page);
    assert_eq!(place.run(&["trace", "mine"]).coded(0).out, ".polity/runs/mine/trace.json\n");
    assert!(path("trace.json").is_file());
    place.run(&["report", "nobody"]).coded(2).says(&["no run is called"]);
}

#[test]
fn several_outputs_are_an_object() {
    let two = SHOUT.to_owned() + "  - { name: words, from: say.output }\n";
    let done = Place::new().with("flow.yaml", two).run(&["run", "flow.yaml", "-i", "words=[a, b, c]"]).coded(0);
    let printed: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(printed, serde_json::json!({ "loud": "HELLO", "words": ["a", "b", "c"] }));
}

#[test]
fn a_run_can_be_read_as_events() {
    let done = place().run(&["run", "flow.yaml", "--json"]).coded(0);
    assert_eq!(done.err, "");
    let events: Vec<Value> = done.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"run_started") && kinds.contains(&"assigned"), "{kinds:?}");
    assert_eq!(kinds.last(), Some(&"run_ended"));
}

#[test]
fn commands_run_where_they_are_told_to() {
    let place = Place::new()
        .with(
            "flow.yaml",
            "name: w\nagents: [{ id: s }]\ntasks: [{ id: a, run: cat here }]\noutputs: [{ name: o, from: a.output }]\n",
        )
        .with("here", "outside")
        .with("sub/here", "inside");
    assert_eq!(place.run(&["run", "flow.yaml"]).coded(0).out, "outside\n");
    assert_eq!(place.run(&["run", "flow.yaml", "--cwd", "sub"]).coded(0).out, "inside\n");
    place.run(&["run", "flow.yaml", "--cwd", "nowhere"]).coded(2).says(&["--cwd nowhere is not a directory"]);
}

#[test]
fn a_failed_task_fails_the_run() {
    let flow = "name: w\nagents: [{ id: s }]\ntasks:\n  - { id: a, run: 'echo broken >&2; exit 4' }\n  - { id: b, run: echo, depends_on: [a] }\n";
    let place = Place::new().with("flow.yaml", flow);
    let done = place.run(&["run", "flow.yaml"]).coded(1);
    let done = done.says(&[
        "FAILED",
        "exited with code 4: broken",
        "BLOCKED",
        "Replay polity run flow.yaml --strategy hierarchical --seed",
    ]);
    assert_eq!(done.out, "");
    assert_eq!(place.record()["status"], "failed");
}

#[test]
fn equal_seeds_give_equal_simulations() {
    let place = place();
    let run = |seed: &str| {
        place.run(&["run", "flow.yaml", "--simulate", "--json", "--seed", seed, "--strategy", "random"]).coded(0).out
    };
    let (first, again, other) = (run("7"), run("7"), run("8"));
    assert!(first.lines().count() > 10 && first.contains("\"simulated\":true"));
    assert_eq!(first, again);
    assert_ne!(first, other);
    assert!(!place.run(&["run", "flow.yaml", "--simulate"]).coded(0).out.contains("HELLO"), "nothing real is done");
}

#[test]
fn a_simulation_says_what_it_assumes() {
    let flow = SHOUT.replace("    depends_on: [say]\n", "    when: say.output | length > 1\n");
    let done = Place::new().with("flow.yaml", flow).run(&["run", "flow.yaml", "--simulate"]).coded(0);
    done.says(&["assumed: `when` of \"shout\" is taken as true"]);
}

/// The short form of the language: no agent is defined, no task says how it is done.
const SHORT: &str = "workflow_dsl:
  version: \"2.0\"
  name: \"Short\"
  inputs:
    - { name: source_data, type: dataset, required: true }
  tasks:
    - { id: validate, type: validation, agent: data_quality_agent, inputs: [\"source_data\"] }
    - { id: analyze, type: analysis, agent: analytics_agent, depends_on: [\"validate\"], parallel: true }
  outputs:
    - { name: analysis_report, from: analyze.output }
";

#[test]
fn a_mock_makes_up_what_is_missing_and_says_so() {
    let place = Place::new().with("short.yaml", SHORT);
    let done = place.run(&["check", "short.yaml"]).coded(0);
    done.says(&["short.yaml:7:48: agent \"data_quality_agent\" is defined neither here nor in the configuration"])
        .prints(&["Short is well: 2 tasks"]);
    let done = place.run(&["run", "short.yaml"]).coded(3);
    done.says(&["data_quality_agent, analytics_agent; define what is missing", "validate, analyze; agents of a file", "--mock"]);
    assert!(!place.path(".polity").exists(), "nothing is half-done");
    let done = place.run(&["run", "short.yaml", "--mock"]).coded(0);
    let done =
        done.says(&["mock: these agents are made up: data_quality_agent, analytics_agent", "inputs are made up: source_data"]);
    let printed: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(printed["analysis_report"], serde_json::json!({ "mock": true, "task": "analyze", "input": {} }));
}

#[test]
fn plan_tells_and_does_nothing() {
    let place = place();
    let done = place.run(&["plan", "flow.yaml", "-i", "words=[1, 2, 3]"]).coded(0);
    let done = done.prints(&[
        "shout: 3 tasks in 2 levels, hierarchical",
        "say ×3",
        "shell 0.9 (×2)",
        "critical path: greet → shout, 3.000s",
    ]);
    // 2 + 3 + 1 seconds of work on two agents of speed 2: the work is 1.5 s, and so is the critical path.
    done.prints(&["lower bound: 1.500s"]);
    assert!(!place.path(".polity").exists());
    place.run(&["plan", "flow.yaml", "-i", "words=[1, 2, 3, 4, 5]"]).coded(0).prints(&["lower bound: 2.000s"]);
}

#[test]
fn graphs_tell_what_is_wanted_of_a_dependency() {
    let place = place();
    let done = place.run(&["graph", "flow.yaml"]).coded(0);
    done.prints(&["flowchart TD", "n0 --> n2", "n1 -.-> n2"]);
    place.run(&["graph", "flow.yaml", "-o", "dot"]).coded(0).prints(&[
        "digraph \"shout\"",
        "n0 -> n2;",
        "n1 -> n2 [style=dashed];",
    ]);
}

#[test]
fn agents_are_listed_with_those_of_the_configuration() {
    let place = place().with("polity.yaml", "agents: [{ id: spare, slots: 3 }]\n");
    let done = place.run(&["agents", "flow.yaml"]).coded(0).prints(&["replicas", "text 0.9", "spare"]);
    let shell: Vec<&str> = done.out.lines().find(|line| line.contains("shell")).unwrap().split_whitespace().collect();
    assert_eq!(shell, ["shell", "text", "0.9", "2", "0.5", "1", "2"]);
    assert!(!place.run(&["agents"]).coded(0).prints(&["spare"]).out.contains("shell"));
}

#[test]
fn schemas_are_json() {
    for (kind, title) in
        [("workflow", "A Polity workflow"), ("config", "A Polity configuration"), ("experiment", "A Polity experiment")]
    {
        let done = Place::new().run(&["schema", kind]).coded(0);
        assert_eq!(serde_json::from_str::<Value>(&done.out).unwrap()["title"], title);
    }
}

#[test]
fn runs_are_found_again() {
    let place = place();
    place.run(&["runs"]).coded(0).prints(&["no runs yet"]);
    place.run(&["run", "flow.yaml", "--name", "first-one"]).coded(0);
    place.run(&["run", "flow.yaml", "--name", "other"]).coded(0);
    let done = place.run(&["runs"]).coded(0).prints(&["first-one", "other", "completed"]);
    assert!(done.out.find("other") < done.out.find("first-one"), "the newest first: {}", done.out);
    for name in ["first-one", "fir"] {
        place.run(&["show", name]).coded(0).prints(&["first-one: shout under hierarchical", "say[two]", "loud: \"HELLO\""]);
    }
    place.run(&["show", "last"]).coded(0).prints(&["other: shout"]);
    place.run(&["explain", "last", "shout"]).coded(0).prints(&[
        "shout (text): completed by shell",
        "because",
        "Its result: \"HELLO\"",
    ]);
    place.run(&["explain", "last", "say"]).coded(0).prints(&["`for_each` task", "say[one]"]);
    place.run(&["explain", "last", "shuot"]).coded(2).says(&["no task is called \"shuot\"; did you mean shout"]);
    place.run(&["show", "frist-one"]).coded(2).says(&["no run is called \"frist-one\"; did you mean first-one?"]);
}

#[test]
fn the_demonstration_fails_recovers_and_compares() {
    let place = Place::new();
    let done = place.run(&["demo"]).coded(0);
    let done =
        done.says(&["RETRY", "connection reset by peer", "LOST", "a bug in the agent that nobody foresaw", "14 completed"]);
    for strategy in polity::Registry::standard().names() {
        assert!(done.out.contains(strategy), "{strategy} in {}", done.out);
    }
    place.run(&["explain", "last", "analyse[jan]"]).coded(0).prints(&["fast was lost under it", "completed"]);
}

#[test]
fn a_reader_who_leaves_early_breaks_nothing() {
    let place = place();
    for verb in ["schema workflow", "run flow.yaml --json", "plan flow.yaml", "--help"] {
        // The pipe is closed before the first byte is written.
        let script =
            format!("trap '' PIPE; {{ sleep 0.2; '{}' {verb}; echo \"code $?\" >&2; }} | true", env!("CARGO_BIN_EXE_polity"));
        let done = crate::place::done(&mut place.shell(&script));
        assert!(done.err.contains("code 0") && !done.err.contains("panicked"), "{verb}: {}", done.err);
    }
}

#[test]
fn every_strategy_carries_the_same_work_out() {
    let place = place();
    for strategy in polity::Registry::standard().names() {
        let done = place.run(&["run", "flow.yaml", "--strategy", strategy]).coded(0).says(&["4 completed"]);
        assert_eq!((done.out.as_str(), place.record()["strategy"].as_str()), ("HELLO\n", Some(strategy)));
    }
}

/// What undoes a part of a workflow within is at its place there, and a compound task is done by its sub-runs.
#[test]
fn a_saga_may_lie_within_another() {
    let trip = |around: &str, within: &str| {
        format!(
            "name: trip\n{around}agents: [{{ id: a, can: {{ x: 1 }} }}]\ntasks:\n  - id: book\n    workflow:\n      name: booking\n      \
             tasks: [{{ id: hotel, type: x, run: 'echo h'{within} }}]\n  - {{ id: pay, type: x, depends_on: [book], run: exit 1 }}\n"
        )
    };
    let (around, within) = ("on_failure: compensate\n", ", compensate: { run: 'echo {{ output }} > undone' }");
    let check = |text: &str| Place::new().with("trip.yaml", text).run(&["check", "trip.yaml"]).coded(0);
    assert!(!check(&trip(around, within)).err.contains("warning"));
    check(&trip("", within)).says(&["`compensate` is done where"]);
    check(&trip(around, "")).says(&["no task says what undoes it"]);
    let place = Place::new().with("trip.yaml", trip(around, within));
    let done = place.run(&["run", "trip.yaml", "--name", "mine"]).coded(1).says(&["by its sub-runs", "UNDONE", "1 undone"]);
    assert!(!done.err.contains("lets others begin"), "{}", done.err);
    place.run(&["show", "mine", "--tree"]).coded(0);
}

/// After a failure nothing more begins: what waits for an agent or for its next attempt, is cancelled, and what runs comes to its end.
#[test]
fn fail_fast_begins_nothing_more() {
    let flow = "name: w\non_failure: fail_fast\nagents: [{ id: s, slots: 3 }]\ntasks:\n  - { id: fails, run: 'until test -f begun; do sleep 0.01; done; exit 1' }\n  \
                - { id: runs, run: 'touch begun; sleep 0.3; echo on >> log' }\n  - { id: again, run: 'sleep 0.2; echo try >> log; exit 3', retry: { attempts: 4, initial: 1ms } }\n  \
                - { id: waits, for_each: [1, 2, 3], run: 'echo late >> log' }\n";
    let place = Place::new().with("flow.yaml", flow);
    place.run(&["run", "flow.yaml"]).coded(1).says(&["1 failed", " cancelled"]);
    let log = std::fs::read_to_string(place.path("log")).unwrap();
    let count = |word: &str| log.lines().filter(|line| *line == word).count();
    // The slot that the failure left may have been given away in the same moment.
    assert!(count("late") <= 1 && (count("try"), count("on")) == (1, 1), "{log}");
}

/// Whoever brings agents along for a part has them there, also if that part begins at once.
#[test]
fn a_part_that_begins_at_once_has_its_agents() {
    let flow = "name: w\nagents: [{ id: s, slots: 4 }]\ntasks:\n  - id: x\n    workflow: { name: inner, inputs: [{ name: n, type: int }], agents: [{ id: kid, replicas: 2 }], \
                tasks: [{ id: y, run: echo hi }], outputs: [{ name: r, from: y.output }] }\n    with: { n: 1 }\n";
    let place = Place::new().with("flow.yaml", flow).with("wrong.yaml", flow.replace("n: 1", "n: one"));
    for words in [&["run", "flow.yaml"][..], &["run", "flow.yaml", "--simulate"], &["run", "flow.yaml", "--strategy", "market"]] {
        place.run(words).coded(0).says(&["1 completed"]);
    }
    place.run(&["run", "wrong.yaml"]).coded(1).says(&["input \"n\" must be a whole number, but is the text \"one\""]);
}
