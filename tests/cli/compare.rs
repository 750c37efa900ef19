//! Strategies side by side, from the command line.

use crate::place::Place;

const FLOW: &str = "name: small
agents: [{ id: ann, can: { work: 1.0 } }, { id: bob, can: { work: 0.5 }, speed: 2 }]
tasks:
  - { id: a, type: work, run: echo a, estimate: 3s }
  - { id: b, type: work, run: echo b, estimate: 5s, depends_on: [a] }
  - { id: c, type: work, run: echo c, estimate: 2s, depends_on: [a] }
";
const GRAPH: &str = r#"{ "format": "taskdag/1", "id": "vee", "family": "own", "provenance": "wfgen", "source": "", "licence": "",
  "units": { "work": "s", "data": "bytes" }, "kinds": ["k"], "tasks": [["a", 0, 4.0], ["b", 0, 4.0], ["c", 0, 2.0]],
  "edges": [[0, 2, 1000], [1, 2, 1000]] }"#;

#[test]
fn a_workflow_and_a_graph_are_compared_and_what_is_left_can_be_opened() {
    let place = Place::new().with("flow.yaml", FLOW).with("vee.json", GRAPH);
    let made = place.run(&["compare", "flow.yaml", "--strategies", "market,hierarchical", "--seeds", "4", "--noise", "0.2"]);
    made.coded(0)
        .prints(&["small · 3 tasks · 2 agents · 4 paired seeds", "market", "vs market"])
        .says(&["runs.csv", "report.html"]);
    let csv = std::fs::read_to_string(place.path(".polity/compare/small/runs.csv")).unwrap();
    assert_eq!(csv.lines().count(), 9);
    let again = place.run(&[
        "compare",
        "vee.json",
        "--seeds",
        "2",
        "--agents",
        "2,4",
        "--strategies",
        "{ market: { deadline: 1s } }",
        "--strategies",
        "heft",
    ]);
    again.coded(0).prints(&["vee · 3 tasks · 2 agents", "vee · 3 tasks · 4 agents", "heft (offline)"]);
    let json = place.run(&[
        "compare",
        "vee.json",
        "--seeds",
        "6",
        "--strategies",
        "market,heft",
        "--noise",
        "0.3",
        "--json",
        "--out",
        "json",
    ]);
    let figures: serde_json::Value = serde_json::from_str(&json.coded(0).out).unwrap();
    let rows = &figures["sizes"][0]["strategies"];
    assert!(rows[0]["strategy"] == "market" && rows[0]["p"].is_null() && rows[1]["p"].is_f64(), "{figures:#}");
    place.run(&["compare", "flow.yaml", "--seeds", "1", "--strategies", "random"]).coded(0).says(&["small-2/report.html"]);
    place.run(&["compare", "vee.json", "--seeds", "3", "--faults", "crash=0.05,repair=1s", "--strategies", "market"]).coded(0);
    place.run(&["compare", "vee.json", "--seeds", "1", "--bandwidth", "1e3", "--strategies", "heft"]).coded(0);
}

#[test]
fn each_column_of_the_files_is_described() {
    let described = include_str!("../../docs/runs-csv.md");
    let experiment = "name: e\nworkload: { shape: 'chain(tasks 1)', work: 1s }\nstrategies: [heft]\nrepeat: 1\n";
    let place = Place::new().with("vee.json", GRAPH).with("e.yaml", experiment);
    place.run(&["compare", "vee.json", "--seeds", "1", "--strategies", "heft"]).coded(0);
    place.run(&["simulate", "e.yaml"]).coded(0);
    for file in ["compare/vee/runs.csv", "experiments/e/runs.csv", "experiments/e/summary.csv"] {
        let csv = std::fs::read_to_string(place.path(&format!(".polity/{file}"))).unwrap();
        for column in csv.lines().next().unwrap().split(',') {
            let measure = ["_median", "_low", "_high"].iter().find_map(|figure| column.strip_suffix(figure)).unwrap_or(column);
            let as_written = [format!("| `{measure}`"), format!(", `{measure}`")];
            assert!(as_written.iter().any(|name| described.contains(name)), "{file}: {column}");
        }
    }
}

#[test]
fn one_task_and_one_agent_are_said_so_and_costs_have_few_digits() {
    let place = Place::new().with("one.stg", "1\n0 0 0\n1 5 1 0\n2 0 1 1\n");
    let made = place.run(&["compare", "one.stg", "--speeds", "1.33", "--seeds", "1", "--strategies", "heft"]).coded(0);
    made.prints(&["one · 1 task · 1 agent · 1 seed"]);
    let page = std::fs::read_to_string(place.path(".polity/compare/one/report.html")).unwrap();
    assert!(page.contains("1 agent\n  agent_1: speed 1.33, cost 1.769, slots 1"), "{page}");
}

#[test]
fn wrong_words_are_refused_with_a_remedy() {
    let place = Place::new().with("flow.yaml", FLOW).with("vee.json", GRAPH).with("odd.json", "{ \"nodes\": 3 }");
    for (words, code, says) in [
        (
            &["flow.yaml", "--strategies", "markt"][..],
            2,
            "error: --strategies: there is no strategy \"markt\"; did you mean \"market\"?",
        ),
        (&["flow.yaml", "--strategies", "{ market"], 2, "error: --strategies: this is not valid YAML"),
        (&["flow.yaml", "--strategies", "market,market"], 2, "--strategies names market twice"),
        (&["flow.yaml", "--strategies", "pinned,heft"], 2, "--strategies: pinned carries out a plan, and none is given"),
        (&["flow.yaml", "--speeds", "1,2"], 2, "--speeds is for graphs"),
        (&["vee.json", "--mock"], 2, "--mock makes up agents of a workflow"),
        (&["flow.yaml", "--strategies", "{ market: { reserve: -1 } }"], 2, "reserve"),
        (&["flow.yaml", "--agents", "1"], 2, "--agents: the workload needs at least 2 agents"),
        (&["flow.yaml", "--bandwidth", "1e6"], 2, "a bandwidth is for task graphs"),
        (&["vee.json", "--bandwidth", "0"], 2, "--bandwidth: the bandwidth must be a number of bytes a second above 0"),
        (&["vee.json", "--noise", "-1"], 2, "--noise"),
        (&["vee.json", "--speeds", "1,0"], 2, "a speed is a number above 0, but one is 0"),
        (&["flow.yaml", "--speeds", "1,1,1"], 2, "--speeds is for graphs"),
        (&["vee.json", "--faults", "crush=1"], 2, "--faults:"),
        (&["odd.json"], 3, "expected WfFormat"),
        (&["none.json"], 3, "none.json"),
        (&["flow.yaml", "--seeds", "0"], 2, "--seeds"),
        (&["flow.yaml", "--seeds", "100000", "--out", "vee.json/x"], 2, "error: can't create vee.json/x: "),
    ] {
        let mut all = vec!["compare"];
        all.extend(words);
        place.run(&all).coded(code).says(&[says]);
    }
    assert!(!place.path(".polity/compare").exists(), "nothing is left of what was refused");
}

/// Whoever is named has to be there, or be made up.
#[test]
fn agents_that_are_not_there_are_made_up_when_that_is_asked_for() {
    let place = Place::new()
        .with("seed.yaml", include_str!("../data/seed-workflow.yaml"))
        .with("nobody.yaml", "name: w\ntasks: [{ id: a, run: x }]\n");
    let sentence = "seed.yaml: agents are named and not defined: data_quality_agent, etl_agent, analytics_agent; define what is missing under \
                    `agents` here or in ./polity.yaml, or make it up with --mock";
    for verb in ["compare", "advise"] {
        place.run(&[verb, "seed.yaml", "--seeds", "2"]).coded(3).says(&[sentence]);
        let made = place.run(&[verb, "seed.yaml", "--seeds", "2", "--mock"]).coded(0);
        made.prints(&["3 agents"]).says(&["mock: these agents are made up: data_quality_agent, etl_agent, analytics_agent"]);
        place.run(&[verb, "nobody.yaml", "--mock"]).coded(3).says(&["no agent can ever do \"a\": there are no agents"]);
    }
    place.run(&["advise", "seed.yaml", "--runs", "nowhere"]).coded(2).says(&["error: --runs nowhere is no directory"]);
}

/// A bound that is none, and a plan that is none, say so.
#[test]
fn what_the_table_can_not_promise_it_says() {
    let text = "name: may\ninputs: [{ name: go, type: bool, default: false }]\nagents: [{ id: ann, replicas: { min: 1, max: 3 } }, { id: bob }]\ntasks:\n  - { id: dig, for_each: '[1, 2, 3]', run: 'true', estimate: 10s }\n  \
                - { id: rest, run: 'true', estimate: 9s, when: inputs.go }\n";
    let place = Place::new().with("may.yaml", text).with("flow.yaml", FLOW);
    let words = |file: &'static str| vec!["compare", file, "--seeds", "2", "--strategies", "hierarchical,heft"];
    let said = "the lower bound may be undercut: a pool of agents may grow; a condition may skip a task";
    place.run(&words("may.yaml")).coded(0).prints(&[said, "what becomes a list or copies is in no plan"]);
    let plain = place.run(&words("flow.yaml")).coded(0);
    assert!(!plain.out.contains("undercut") && !plain.out.contains("in no plan"));
}

/// What a workflow is given makes its lists as long as in a run.
#[test]
fn inputs_are_given_as_to_a_run() {
    let text = "name: years\ninputs: [{ name: years, type: list }]\nagents: [{ id: ann }]\ntasks:\n  - { id: dig, for_each: inputs.years, run: 'true', estimate: 10s }\n";
    let place = Place::new().with("years.yaml", text).with("vee.json", GRAPH);
    let words = |verb: &'static str| vec![verb, "years.yaml", "--seeds", "3", "-i", "years=[1, 2, 3]"];
    place.run(&words("compare")).coded(0).prints(&["lower bound 30.00"]);
    let page = std::fs::read_dir(place.path(".polity/compare")).unwrap().next().unwrap().unwrap().path().join("report.html");
    assert!(std::fs::read_to_string(page).unwrap().contains("years=[1, 2, 3]"), "the command that makes it again has them");
    place.run(&words("advise")).coded(0).prints(&["Take "]);
    place.run(&["compare", "years.yaml", "-i", "yeras=[1]"]).coded(3).says(&["no input \"yeras\"; did you mean \"years\"?"]);
    place.run(&["compare", "vee.json", "-i", "years=[1]"]).coded(3).says(&["a task graph has no inputs"]);
}

#[test]
fn advice_rests_on_estimates_or_on_the_past() {
    let place = Place::new().with("flow.yaml", FLOW).with("vee.json", GRAPH);
    let first = place.run(&["advise", "flow.yaml", "--seeds", "4"]);
    first.coded(0).prints(&["Take hierarchical with 2 agents", "small · 3 tasks"]).says(&["as estimated"]);
    place.run(&["run", "flow.yaml"]).coded(0);
    let one = place.run(&["advise", "flow.yaml", "--seeds", "4"]);
    let one = one.coded(0).says(&["of 3 of 3 tasks by 1 past runs", "not checked", "assumed: a task's work is what it took"]);
    one.prints(&["one past run tells nothing of the spread", "on seeds that did not choose it", "4 further seeds"]);
    place.run(&["run", "flow.yaml"]).coded(0);
    place.run(&["run", "flow.yaml", "--strategy", "market"]).coded(0);
    let more = place.run(&["advise", "flow.yaml", "--seeds", "4"]);
    more.coded(0)
        .says(&["checked on 3 past runs, each predicted from the others", "lay where 8 of 10 should"])
        .prints(&["8 of 10 between"]);
    place.run(&["advise", "flow.yaml", "--seeds", "4", "--ignore-past"]).coded(0).says(&["as estimated"]);
    let other = place.path("other.yaml");
    std::fs::write(&other, format!("# Another version.\n{FLOW}")).unwrap();
    place
        .run(&["advise", "other.yaml", "--seeds", "4", "--noise", "0.5"])
        .coded(0)
        .says(&["3 of them ran another version of this file", "--noise strays no task that has run before"]);
    let sizes = place.run(&["advise", "vee.json", "--seeds", "2", "--agents", "2,4"]);
    sizes.coded(0).prints(&["Take ", "2 agents · 2 paired seeds", "4 agents · 2 paired seeds"]);
    place.run(&["advise", "vee.json", "--slack", "-1"]).coded(2).says(&["the slack is a share of at least 0"]);
}
