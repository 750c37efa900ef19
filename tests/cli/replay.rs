//! A recorded run, again under another government.

use crate::place::Place;

const FLOW: &str = "name: small
agents: [{ id: ann, can: { work: 1.0 } }, { id: bob, can: { work: 0.5 }, slots: 2 }]
tasks:
  - { id: years, run: 'echo \"[2012, 2013, 2014]\"', output: json }
  - { id: a, type: work, run: 'sleep 0.1; echo {{ item }}', for_each: tasks.years.output, estimate: 100ms }
  - { id: b, type: work, run: 'test $POLITY_ATTEMPT -gt 1 && sleep 0.2', depends_on: [a], retry: { attempts: 3, initial: 100ms }, estimate: 200ms }
  - { id: c, run: echo never, when: '2099 in tasks.years.output' }
  - { id: d, run: 'sleep 0.1; echo {{ tasks.a.output | length }}', depends_on: [b] }
outputs: [{ name: n, from: d.output }]
";

/// A number of the JSON that it prints.
fn figure(value: &serde_json::Value, path: &str) -> f64 {
    value.pointer(path).and_then(serde_json::Value::as_f64).unwrap_or_else(|| panic!("{path} in {value:#}"))
}

#[test]
fn a_live_run_is_replayed_within_a_quarter_and_compared_with_what_it_would_have_been() {
    let place = Place::new().with("flow.yaml", FLOW);
    place.run(&["run", "flow.yaml", "--name", "r", "--strategy", "market"]).coded(0).prints(&["3"]);
    let replayed = place.run(&["replay", "r"]);
    let replayed = replayed
        .coded(0)
        .says(&["assumed: a job's work is what it took", "as much quicker on an agent as its speed says"])
        .prints(&[
            "r · workflow small · market · real time",
            "recorded",
            "replayed",
            "hierarchical",
            "consensus",
            "stigmergic",
            "is off by",
            "back-off",
        ]);
    let replayed = replayed.prints(&["of the work along its path", "points of the busy share"]);
    assert!(!replayed.out.contains("the median job took"), "its jobs are long enough: {}", replayed.out);
    let json = place.run(&["replay", "last", "--strategies", "random,{ round_robin: {} }", "--agents", "4", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.coded(0).out).unwrap();
    let error = figure(&json, "/error");
    println!("the replay of a live run is off by {:.2} %", error * 100.0);
    assert!(error < 0.25, "{error}");
    assert_eq!((figure(&json, "/replayed/unknown_jobs"), figure(&json, "/replayed/measures/retries")), (0.0, 1.0));
    assert_eq!(json["scenarios"][0]["name"], "random, 4 agents");
    assert!(json["scenarios"][0]["moved"].is_array() && figure(&json, "/scenarios/1/measures/makespan") > 0.3);
}

#[test]
fn a_simulated_run_is_replayed_exactly_with_other_agents_and_faults_too() {
    let place = Place::new().with("flow.yaml", FLOW);
    place.run(&["run", "flow.yaml", "--name", "s", "--simulate", "--seed", "5"]).coded(0);
    place.run(&["replay", "s", "--strategy", "market"]).coded(0).prints(&[
        "is off by 0.0 % of the makespan",
        "virtual time",
        "market",
    ]);
    place.run(&["replay", "s", "--speeds", "2,4"]).coded(0).prints(&["as recorded, other speeds"]);
    place.run(&["replay", "s", "--faults", "crash=1s,repair=100ms"]).coded(0).prints(&["as recorded, other faults"]);
    place.run(&["run", "flow.yaml", "--name", "f", "--simulate", "--seed", "5", "--faults", "crash=1s,repair=100ms"]);
    place
        .run(&["replay", "f", "--faults", "none"])
        .coded(0)
        .says(&["of its faults happen again"])
        .prints(&["off by 0.0 %", "no faults"]);
}

#[test]
fn what_a_strategy_leaves_to_chance_is_told_by_seeds_with_an_interval() {
    let place = Place::new().with("flow.yaml", FLOW);
    place.run(&["run", "flow.yaml", "--name", "s", "--simulate", "--seed", "5"]).coded(0);
    let few = place.run(&["replay", "s", "--strategy", "random", "--seeds", "3"]);
    few.coded(0).prints(&["in the median of 3 seeds, too few for an interval", "are medians of 3 seeds"]);
    let many = place.run(&["replay", "s", "--strategy", "random,market", "--seeds", "9"]);
    many.coded(0).prints(&["in the median of 9 seeds, 95 % sure between"]);
    let json = place.run(&["replay", "s", "--strategy", "random", "--seeds", "9", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.coded(0).out).unwrap();
    let [low, median, high] =
        ["interval/0", "median", "interval/1"].map(|key| figure(&json, &format!("/scenarios/0/seeds/{key}")));
    assert!(low <= median && median <= high && low < high, "{low} {median} {high}");
    assert_eq!(figure(&json, "/scenarios/0/measures/makespan"), median, "of an odd number the row is the median run");
    let one = place.run(&["replay", "s", "--strategy", "random"]);
    let out = one.coded(0).out;
    assert!(!out.contains("seeds,"), "{out}");
    place.run(&["replay", "s", "--seeds", "0"]).coded(2);
}

#[test]
fn a_live_run_of_short_jobs_says_what_cannot_be_trusted() {
    let flow =
        "name: quick\nagents: [{ id: ann }]\ntasks: [{ id: a, run: 'true' }, { id: b, run: 'true' }, { id: c, run: 'true' }]\n";
    let place = Place::new().with("flow.yaml", flow);
    place.run(&["run", "flow.yaml", "--name", "r"]).coded(0);
    let json = place.run(&["replay", "r", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.coded(0).out).unwrap();
    let is_short = figure(&json, "/median_job") < 0.02; // on a machine that has time
    let says = place.run(&["replay", "r"]).coded(0).out.contains("the start-up counts as work");
    assert_eq!(says, is_short);
}

#[test]
fn wrong_words_and_runs_are_refused_with_a_remedy() {
    let place = Place::new().with("flow.yaml", FLOW);
    place.run(&["run", "flow.yaml", "--name", "good", "--simulate"]).coded(0);
    place.run(&["run", "flow.yaml", "--name", "bare", "--simulate"]).coded(0);
    std::fs::remove_file(place.path(".polity/runs/bare/workflow.polity.yaml")).unwrap();
    place.run(&["run", "flow.yaml", "--name", "cut", "--simulate"]).coded(0);
    let log = place.path(".polity/runs/cut/events.ndjson");
    let text = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains("\"event\":\"run_ended\"")).collect();
    std::fs::write(&log, lines.join("\n") + "\n").unwrap();
    for (words, code, says) in [
        (&["gud"][..], 2, "no run is called \"gud\""),
        (&["good", "--strategies", "markt"], 2, "did you mean \"market\"?"),
        (&["good", "--strategies", "market,market"], 2, "names market twice"),
        (&["good", "--agents", "1"], 2, "the run needs at least 2 agents"),
        (&["good", "--speeds", "1"], 2, "give one each for ann, bob"),
        (&["good", "--faults", "crush=1"], 2, "--faults:"),
        (&["bare"], 2, "bare can't be done again (replay), since its workflow was not kept"),
        (&["cut"], 2, "go on with it (polity retry cut), and replay that"),
    ] {
        place.run(&[&["replay"][..], words].concat()).coded(code).says(&[says]);
    }
}
