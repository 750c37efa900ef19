//! Experiments from the command line.

use crate::place::{Place, done};
use std::path::Path;
use std::process::{Command, Stdio};

const SMALL: &str = "name: small
workload: { shape: 'chain(tasks 4)', work: 'uniform(1s, 9s)' }
strategies: [hierarchical, random]
vary: { noise: [0, 0.4] }
repeat: 6
";

fn results(folder: &Path) -> Vec<String> {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    ["runs.csv", "summary.csv", "summary.txt", "report.html", "experiment.yaml"].map(read).into()
}

#[test]
fn an_experiment_leaves_its_results_and_is_done_once() {
    let place = Place::new().with("sweeps/small.yaml", SMALL);
    let made = place.run(&["simulate", "sweeps/small.yaml"]);
    made.coded(0).prints(&["small · 4 cells · makespan", "noise", "hierarchical"]).says(&[
        "Experiment small: 4 cells × 6, 24 tries on ",
        "Runs .polity/experiments/small/runs.csv",
        "report.html",
    ]);
    let before = results(&place.path(".polity/experiments/small"));
    assert_eq!(before[4], SMALL);
    assert_eq!(before[0].lines().count(), 25);
    place
        .run(&["simulate", "sweeps/small.yaml"])
        .coded(0)
        .prints(&["hierarchical"])
        .says(&["Complete small was carried out before; raise `repeat` for more tries, or remove .polity/experiments/small to do it again"]);
    assert_eq!(before, results(&place.path(".polity/experiments/small")));
    place.run(&["simulate", "sweeps/small.yaml", "--out", "there", "--threads", "3"]).coded(0).says(&["24 tries on 3 threads"]);
    assert_eq!(before, results(&place.path("there")));
}

#[test]
fn what_is_wrong_is_told_with_a_remedy_and_nothing_is_overwritten() {
    let place = Place::new().with("small.yaml", SMALL).with("flow.yaml", crate::place::SHOUT).with("mine/thesis.tex", "work");
    let with = |name: &str, from: &str, to: &str| std::fs::write(place.path(name), SMALL.replace(from, to)).unwrap();
    with("none.yaml", "[0, 0.4]", "[]");
    let list: Vec<String> = (1..=1000).map(|n| n.to_string()).collect();
    let list = list.join(", ");
    let bytes: Vec<String> = (1..=500).map(|n| n.to_string()).collect();
    with(
        "many.yaml",
        "{ noise: [0, 0.4] }",
        &format!("{{ agents: [{list}], bandwidth: [{list}], faults: [{}] }}", bytes.join(", ")),
    );
    with("zip.yaml", "vary: { noise: [0, 0.4] }", "zip: { noise: [0, 0.4], agents: [1, 2, 3] }");
    with("word.yaml", "random", "randm");
    with("key.yaml", "repeat", "repaet");
    with("other.yaml", "repeat: 6", "repeat: 6\nfirst_seed: 2");
    for (words, code, says) in [
        (
            &["none.yaml"][..],
            3,
            "none.yaml:4:16: `noise` is an empty list, so that there is no cell to try; give at least one value, or leave it off",
        ),
        (&["many.yaml"], 3, "are 1000000000 cells, but an experiment has at most 100000; vary less at a time"),
        (&["zip.yaml"], 3, "`noise` has 2 values and `agents` has 3; make them equally long, or move one to `vary`"),
        (&["word.yaml"], 3, "word.yaml:3:28: there is no strategy \"randm\"; did you mean \"random\"?"),
        (&["key.yaml"], 3, "key.yaml:5:1: an experiment has no key \"repaet\"; did you mean \"repeat\"?"),
        (&["flow.yaml"], 3, "this is a workflow, and no experiment"),
        (&["nowhere.yaml"], 3, "nowhere.yaml: the file can't be read"),
        (&["small.yaml", "--threads", "0"], 2, "--threads"),
        (
            &["small.yaml", "--out", "mine"],
            2,
            "error: mine is no folder of an experiment's results: it holds thesis.tex; choose a folder",
        ),
    ] {
        let mut all = vec!["simulate"];
        all.extend(words);
        place.run(&all).coded(code).says(&[says]);
    }
    assert!(!place.path(".polity").exists(), "nothing is left of what was refused");
    assert_eq!(std::fs::read_dir(place.path("mine")).unwrap().count(), 1);

    place.run(&["simulate", "small.yaml"]).coded(0);
    let before = results(&place.path(".polity/experiments/small"));
    place
        .run(&["simulate", "other.yaml"])
        .coded(2)
        .says(&["error: .polity/experiments/small holds the results of another experiment: its text, which experiment.yaml there holds, is another; give \
                 this one another name or another folder (--out), or remove that folder; nothing was changed"]);
    assert_eq!(before, results(&place.path(".polity/experiments/small")));
}

#[test]
fn an_experiment_in_which_nothing_ends_well_is_no_success() {
    let flow = "name: f\nagents: [{ id: ann }]\ntasks: [{ id: a, run: x, estimate: 9s, timeout: 1s }]\n";
    let place =
        Place::new().with("flow.yaml", flow).with("e.yaml", "name: e\nworkload: flow.yaml\nstrategies: [random]\nrepeat: 2\n");
    for _ in 0..2 {
        place.run(&["simulate", "e.yaml"]).coded(1).prints(&["2 of 2 runs of cell 1 (random) did not end well"]);
    }
    let text = "name: a\nworkload: flow.yaml\nstrategies: [random]\nrepeat: 2\narrivals: { pattern: 'trace(0s, 4s)' }\n";
    std::fs::write(place.path("a.yaml"), text).unwrap();
    place
        .run(&["simulate", "a.yaml"])
        .coded(1)
        .prints(&["did not end well; with seed 1: attempt 1 was stopped after 1s of execution"]);
}

#[test]
fn what_may_be_meant_otherwise_is_told() {
    let place = Place::new().with("small.yaml", SMALL);
    let with = |name: &str, more: &str| std::fs::write(place.path(name), SMALL.replace("random]", "heft]") + more).unwrap();
    with("sizes.yaml", "agents: [8, 32]\n");
    with("speeds.yaml", "agents: [1, 2]\n");
    with("arriving.yaml", "arrivals: { pattern: 'trace(0s, 4s)' }\n");
    let told = |file: &str| place.run(&["simulate", file, "--out", &format!("out/{file}")]).coded(0).err;
    assert!(
        told("sizes.yaml")
            .contains("assumed: `agents: [8 32]` are 2 agents of these speeds; teams of these sizes would stand under `vary`")
    );
    assert!(
        told("arriving.yaml")
            .contains("assumed: a plan is made for each workflow that arrives as if its agents had nothing else to do")
    );
    assert!(!told("speeds.yaml").contains("assumed") && !told("small.yaml").contains("assumed"));
}

#[test]
fn time_that_is_over_leaves_the_rest_to_the_same_command() {
    // A workflow is known again by another process.
    let flow =
        SMALL.replace("{ shape: 'chain(tasks 4)', work: 'uniform(1s, 9s)' }", "flow.yaml").replace("repeat: 6", "repeat: 40");
    let text = format!("{flow}stop: {{ after: 1ns }}\n");
    let place = Place::new().with("small.yaml", text).with("flow.yaml", crate::place::SHOUT);
    let mut commands = 1;
    loop {
        let made = place.run(&["simulate", "small.yaml", "--threads", "2"]);
        if made.code == 0 {
            break;
        }
        made.coded(5).says(&["Stopped `stop.after` is over, with ", " of 160 tries done; the same command goes on"]);
        commands += 1;
    }
    assert!(commands > 1);
    assert_eq!(results(&place.path(".polity/experiments/small"))[0].lines().count(), 161);
}

/// A process that is killed in the middle; none if it was too quick.
#[cfg(unix)]
fn killed(place: &Place) -> Option<()> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_polity"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("POLITY_")) {
        command.env_remove(name);
    }
    command.args(["simulate", "small.yaml", "--threads", "2"]).current_dir(place.root()).env("HOME", place.root());
    let mut child = command.stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let journal = place.path(".polity/experiments/small/journal.ndjson");
    while child.try_wait().unwrap().is_none() && std::fs::metadata(&journal).map_or(0, |data| data.len()) < 2_000 {
        std::thread::yield_now();
    }
    child.kill().unwrap(); // SIGKILL
    (!child.wait().unwrap().success()).then_some(())
}

#[cfg(unix)]
#[test]
fn killed_by_the_system_it_goes_on_and_comes_to_the_same() {
    let text = SMALL.replace("repeat: 6", "repeat: 100");
    let whole = Place::new().with("small.yaml", &text);
    whole.run(&["simulate", "small.yaml", "--threads", "1"]).coded(0);
    for _ in 0..10 {
        let place = Place::new().with("small.yaml", &text);
        if killed(&place).is_none() {
            continue;
        }
        let again = done(&mut place.polity(&["simulate", "small.yaml", "--threads", "3"])).coded(0);
        let again = again.says(&["Resuming ", " of 400 tries were done before"]);
        let found = again.err.split("Resuming ").nth(1).unwrap().split(' ').next().unwrap().parse::<u32>().unwrap();
        assert!((1..400).contains(&found), "{found}");
        let folder = ".polity/experiments/small";
        assert_eq!(results(&whole.path(folder)), results(&place.path(folder)));
        return;
    }
    panic!("it was always done before it could be killed");
}
