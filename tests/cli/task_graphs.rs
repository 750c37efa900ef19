//! Task graphs where workflows are usual: planned, drawn, carried out in virtual time.

use crate::place::Place;

const GRAPH: &str = r#"{ "format": "taskdag/1", "id": "vee", "kinds": ["k"], "tasks": [["a", 0, 4.0], ["b", 0, 4.0], ["c", 0, 2.0]],
  "edges": [[0, 2, 1000], [1, 2, 0]] }"#;
const FLOW: &str = "name: w\nagents: [{ id: ann }]\ntasks: [{ id: a, run: echo }]\n";

fn place() -> Place {
    Place::new().with("vee.json", GRAPH).with("g.stg", "1\n0 0 0\n1 5 1 0\n2 0 1 1\n").with("flow.yaml", FLOW)
}

#[test]
fn a_graph_is_planned_for_the_agents_that_are_given() {
    let place = place();
    let done = place.run(&["plan", "vee.json", "--strategy", "heft", "--speeds", "1,2"]).coded(0);
    // One after the other on the fast one, or side by side: a on the fast, b on the slow, c on the fast.
    done.prints(&["vee: 3 tasks in 2 levels, heft", "critical path: a → c, 6.000s", "planned by heft: done after 5.000s"])
        .says(&["assumed: data takes no time"]);
    let one = place.run(&["plan", "g.stg", "--agents", "1"]).coded(0).prints(&["g: 1 task in 1 level", "agent_1 1"]);
    assert!(!one.out.contains("agent_2") && one.err.is_empty(), "{one:?}");
    place.run(&["plan", "g.stg"]).coded(0).says(&["assumed: 8 agents; give others with --agents or --speeds"]);
    assert!(!place.path(".polity").exists());
}

#[test]
fn a_graph_is_drawn_with_solid_lines_where_bytes_go() {
    let place = place();
    place.run(&["graph", "vee.json"]).coded(0).prints(&["flowchart TD", "n0 --> n2", "n1 -.-> n2"]);
    place.run(&["graph", "g.stg", "-o", "dot"]).coded(0).prints(&["digraph \"g\"", "t1"]);
}

#[test]
fn a_graph_is_carried_out_in_virtual_time_only() {
    let place = place();
    let real = place.run(&["run", "vee.json"]).coded(3);
    let sentence = "vee.json: is a task graph (taskdag/1), which says how long tasks take and not what they do; try it in virtual time with \
                    polity compare, or with polity run --simulate, or see it with polity plan\n";
    assert_eq!((&*real.err, place.path(".polity").exists()), (sentence, false));
    place.run(&["check", "vee.json"]).coded(3).says(&["is a task graph (taskdag/1)"]);
    let words = ["run", "vee.json", "--simulate", "--speeds", "1,2", "--strategy", "heft", "--seed", "7"];
    let done = place.run(&words).coded(0).says(&["3 completed", "virtual time"]);
    let record = place.record();
    assert_eq!((&record["status"], &record["strategy"]), (&"completed".into(), &"heft".into()), "{}", done.err);
    assert_eq!(record["replay"], "polity run vee.json --strategy heft --simulate --speeds 1,2 --seed 7");
}

#[test]
fn the_run_of_a_graph_is_replayed_and_gone_on_with_as_that_of_a_workflow() {
    let place = place();
    place.run(&["run", "vee.json", "--simulate", "--speeds", "1,2", "--seed", "7", "--name", "first"]).coded(0);
    std::fs::remove_file(place.path("vee.json")).unwrap(); // the folder has it all
    let replayed = place.run(&["replay", "first", "--strategy", "heft", "--json"]).coded(0);
    let figures: serde_json::Value = serde_json::from_str(&replayed.out).unwrap();
    assert_eq!(figures["error"], 0.0, "{figures:#}");
    place.run(&["replay", "first", "--speeds", "4,4"]).coded(0);
    // Where every job fails on purpose.
    place.run(&["run", "g.stg", "--simulate", "--speeds", "1", "--name", "lost", "--faults", "fail=1", "--seed", "3"]).coded(1);
    place.run(&["retry", "lost", "--faults", "none"]).coded(0).says(&["going on with lost", "1 completed"]);
    std::fs::write(place.path(".polity/runs/first/graph.taskdag.json"), "{").unwrap();
    place
        .run(&["replay", "first"])
        .coded(3)
        .says(&["first/graph.taskdag.json: line 1, column 1: the JSON ends before it is complete"]);
}

#[test]
fn wrong_words_are_refused_with_a_remedy() {
    let place = place().with("cut.json", &GRAPH[..60]).with("odd.json", "{ \"schemaVersion\": \"0.9\", \"workflow\": {} }");
    for (words, code, says) in [
        (&["plan", "vee.json", "--speeds", "1,0"][..], 2, "--speeds: a speed is a number above 0, but one is 0"),
        (&["plan", "vee.json", "--agents", "0"], 2, "--agents"),
        (&["plan", "flow.yaml", "--agents", "3"], 2, "--agents is for task graphs; the agents of a workflow stand in its file"),
        (&["run", "flow.yaml", "--speeds", "3"], 2, "--speeds is for task graphs; they are carried out with --simulate only"),
        (&["plan", "cut.json"], 3, "cut.json: line 1, column 60: the JSON ends before it is complete"),
        (&["graph", "odd.json"], 3, "odd.json: `schemaVersion` must be"),
    ] {
        let done = place.run(words).coded(code).says(&[says]);
        assert_eq!(
            done.err.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("For more")).count(),
            1,
            "{}",
            done.err
        );
    }
}
