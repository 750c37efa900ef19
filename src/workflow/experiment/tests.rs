//! What is wrong with an experiment is told with its place and a remedy.

use super::grammar::MEASURES;
use super::parse;
use crate::laboratory::sweep;
use crate::workflow::grammar::Word;

const GOOD: &str = "name: e
workload: { shape: 'chain(tasks 3)', work: 10s }
strategies: [market, random]
repeat: 2
";

fn wrong(text: &str) -> String {
    parse(text, None, &Default::default()).map(|_| ()).unwrap_err().to_string()
}
/// The good experiment with a line more.
fn more(line: &str) -> String {
    wrong(&format!("{GOOD}{line}\n"))
}

#[test]
fn the_columns_of_the_grammar_are_those_that_are_written() {
    let words: Vec<&str> = MEASURES.iter().map(|Word(word, _)| *word).collect();
    let written: Vec<&str> = sweep::MEASURES.iter().map(|measure| measure.name).collect();
    assert_eq!(words, written);
    assert!(parse(GOOD, None, &Default::default()).is_ok());
}

#[test]
fn what_gives_no_cells_or_too_many_is_refused() {
    assert_eq!(
        more("vary: { noise: [] }"),
        "experiment:5:16: `noise` is an empty list, so that there is no cell to try; give at least one value, or leave it off"
    );
    assert_eq!(
        wrong(&GOOD.replace("[market, random]", "[]")),
        "experiment:3:13: `strategies` is an empty list, so that there is no cell to try; name at least one strategy"
    );
    assert_eq!(
        more("zip: { noise: [0, 0.1, 0.2], agents: [4, 8] }"),
        "experiment:5:38: the lists under `zip` go together, but `noise` has 3 values and `agents` has 2; make them equally long, or move one to \
         `vary`"
    );
    assert_eq!(more("vary: {}"), "experiment:5:7: `vary` varies nothing; name a list of values, or leave it off");
    let list = |n: usize, of: &dyn Fn(usize) -> String| (1..=n).map(of).collect::<Vec<_>>().join(", ");
    let (noise, agents) = (list(1000, &|n| (n as f64 / 1000.0).to_string()), list(1000, &|n| n.to_string()));
    let bandwidth = list(500, &|n| format!("{n}"));
    assert_eq!(
        more(&format!("vary: {{ noise: [{noise}], agents: [{agents}], bandwidth: [{bandwidth}] }}")),
        "experiment:5:7: 1000 × 1000 × 500 × 2 are 1000000000 cells, but an experiment has at most 100000; vary less at a time, move lists to `zip`, \
         or make several experiments of it"
    );
    assert_eq!(
        wrong(&GOOD.replace("repeat: 2", &format!("repeat: 4000000000\nvary: {{ noise: [{noise}] }}"))),
        "experiment:4:9: 2000 cells × 4000000000 are 8000000000000 tries, but an experiment has at most 100000000; repeat or vary less"
    );
    assert_eq!(
        wrong(&GOOD.replace("repeat: 2", "repeat: 0")),
        "experiment:4:9: `repeat` must be at least 1, but is the number 0"
    );
}

#[test]
fn unknown_words_are_told_with_the_nearest_right_one() {
    assert_eq!(more("vray: { noise: [1] }"), "experiment:5:1: an experiment has no key \"vray\"; did you mean \"vary\"?");
    assert_eq!(more("zip: { agnets: [1] }"), "experiment:5:8: `zip` has no key \"agnets\"; did you mean \"agents\"?");
    assert_eq!(
        more("vary: { strategies: [market] }"),
        "experiment:5:9: `vary` has no key \"strategies\"; its keys are workload, shape, work, agents, noise, faults, bandwidth, latency, arrivals"
    );
    assert_eq!(
        wrong(&GOOD.replace("market", "markt")),
        "experiment:3:14: there is no strategy \"markt\"; did you mean \"market\"?"
    );
    assert_eq!(
        wrong(&GOOD.replace("market", "{ hierarchical: { span: 1 } }")),
        "experiment:3:14: hierarchical.span must be at least 2, but is 1"
    );
    let measures = more("measure: [makespn]");
    assert!(measures.ends_with("but is \"makespn\"; did you mean \"makespan\"?"), "{measures}");
    assert_eq!(more("faults: 'los=0.1'"), "experiment:5:9: there is no fault \"los\"; did you mean \"loss\"?");
    let shape = wrong(&GOOD.replace("chain(", "chian("));
    assert!(shape.starts_with("experiment:2:20: ") && shape.contains("chain"), "{shape}");
    let work = wrong(&GOOD.replace("10s", "lognormal(10s)"));
    assert!(work.starts_with("experiment:2:44: ") && work.contains("lognormal"), "{work}");
}

#[test]
fn nothing_is_given_twice_and_nothing_is_ignored() {
    assert_eq!(
        more("noise: 0.1\nvary: { noise: [0, 0.2] }"),
        "experiment:6:16: `noise` is given twice, once for all and once as what is varied; keep one of them"
    );
    assert_eq!(
        more("vary: { noise: [0, 0.2] }\nzip: { noise: [0, 0.2] }"),
        "experiment:6:15: `noise` is given twice, under `vary` and under `zip`; keep one of them"
    );
    assert_eq!(
        more("vary: { shape: ['chain(tasks 2)', 'chain(tasks 4)'] }"),
        "experiment:5:16: `shape` is given twice, once for all and once as what is varied; keep one of them"
    );
    assert_eq!(more("vary: { noise: [0, 0.2, 0] }"), "experiment:5:25: `noise` has a value twice: 0; leave one of them off");
    assert_eq!(more("measure: [cost, cost]"), "experiment:5:17: `measure` names cost twice; leave one of them off");
    assert_eq!(
        wrong(&GOOD.replace("random", "market")),
        "experiment:3:22: `strategies` names market twice; leave one of them off"
    );
    assert_eq!(
        wrong(&GOOD.replace(", work: 10s", "")),
        "experiment:2:11: the workload has a `shape` and no `work`; add one like lognormal(mean 10s, sigma 0.5)"
    );
    assert_eq!(
        wrong(&GOOD.replace("workload: { shape: 'chain(tasks 3)', work: 10s }\n", "")),
        "experiment:1:1: an experiment needs a workload; write workload: { file: flow.yaml }, or a `shape` with its `work`"
    );
    assert_eq!(
        wrong(&GOOD.replace("name: e", "name: ../e")),
        "experiment:1:7: the text \"../e\" can't be the name of a folder, which results are kept in; a name has 1 to 128 of A-Z a-z 0-9 . _ -, and \
         does not begin with a dot"
    );
    assert_eq!(
        more("stop: { precision: 0 }"),
        "experiment:5:20: `precision` must be a share in (0, 1], like 0.67 or 2/3, but is the number 0"
    );
}

#[test]
fn a_workflow_is_no_experiment_and_a_file_brings_what_it_is() {
    assert_eq!(
        wrong("name: w\ntasks: [{ id: a, run: x }]\n"),
        "experiment:1:1: this is a workflow, and no experiment; name it in an experiment: workload: { file: … }; or see polity compare"
    );
    let root = tempfile::tempdir().unwrap();
    let flow = "name: f\nagents: [{ id: ann }, { id: bob }]\ntasks: [{ id: a, run: x, estimate: 2s }]\n";
    std::fs::write(root.path().join("f.yaml"), flow).unwrap();
    std::fs::write(root.path().join("g.stg"), "2\n0 0 0\n1 5 1 0\n2 7 1 1\n3 0 1 2\n").unwrap();
    let path = root.path().join("e.yaml");
    let told = |workload: &str, more: &str| {
        let text = format!("name: e\nworkload: {workload}\nstrategies: [market]\n{more}");
        let parsed = parse(&text, Some(&path), &Default::default());
        parsed.map(|_| ()).map_err(|wrong| wrong.to_string().replace(&root.path().display().to_string(), "@"))
    };
    for (workload, more) in [
        ("f.yaml", "agents: 2\n"),
        ("{ file: g.stg }", "agents: [1, 2]\nnoise: 0.1\n"),
        ("{ shape: 'chain(tasks 2)', work: 10s, bytes: [0, 9] }", "bandwidth: 1e6\n"),
        ("f.yaml", "noise: 0.1\nfaults: { crash: 50s }\n"),
    ] {
        assert_eq!(told(workload, more), Ok(()), "{workload} {more}");
    }
    assert_eq!(
        told("f.yaml", "agents: 1\n").unwrap_err(),
        "@/e.yaml:2:11: f.yaml has 2 kinds of agents, but there would be 1 in all; give at least as many agents"
    );
    assert_eq!(
        told("f.yaml", "agents: [1, 2]\n").unwrap_err(),
        "@/e.yaml:2:11: f.yaml is a polity workflow, whose agents have their own speeds; give how many agents there are, or leave `agents` off"
    );
    assert_eq!(
        told("f.yaml", "bandwidth: 1e6\n").unwrap_err(),
        "@/e.yaml:2:11: f.yaml is a polity workflow, which tells of no bytes; leave `bandwidth` and `latency` off"
    );
    assert_eq!(
        told("g.stg", "latency: 1s\n").unwrap_err(),
        "@/e.yaml:2:11: g.stg has no bytes, so that a bandwidth or a latency changes nothing; leave `bandwidth` and `latency` off"
    );
    assert_eq!(
        told("{ shape: 'chain(tasks 2)', work: 10s }", "bandwidth: 1e6\n").unwrap_err(),
        "@/e.yaml:2:11: the workload's graph has no bytes, so that a bandwidth or a latency changes nothing; give the workload `bytes: [0, 1000000]`, or leave them off"
    );
    let part = told("{ file: f.yaml, seed: 2 }", "").unwrap_err();
    assert!(
        part.contains("the workload is the file f.yaml, which has its own shape, work and bytes; keep either `file`"),
        "{part}"
    );
    let none = told("h.yaml", "").unwrap_err();
    assert!(none.starts_with("@/e.yaml:2:11: @/h.yaml: can't be read: "), "{none}");
    assert!(none.ends_with("; workloads are sought from the folder of the experiment's file"), "{none}");
}

#[test]
fn the_inputs_of_a_workflow_are_part_of_the_workload() {
    let root = tempfile::tempdir().unwrap();
    let flow = "name: f\nagents: [{ id: ann }]\ninputs: [{ name: parts, type: list, default: [1] }]\n\
                tasks: [{ id: a, run: x, for_each: inputs.parts, estimate: 2s }]\n";
    std::fs::write(root.path().join("f.yaml"), flow).unwrap();
    std::fs::write(root.path().join("g.stg"), "1\n0 0 0\n1 5 1 0\n2 0 1 1\n").unwrap();
    let path = root.path().join("e.yaml");
    let told = |workload: &str, more: &str| {
        let text = format!("name: e\n{workload}\nstrategies: [market]\n{more}");
        parse(&text, Some(&path), &Default::default())
            .map_err(|wrong| wrong.to_string().replace(&root.path().display().to_string(), "@"))
    };
    let parts = told("", "vary: { workload: [f.yaml, { file: f.yaml, inputs: { parts: [1, 2, 3] } }] }").unwrap();
    let subjects: Vec<(&str, usize)> =
        parts.files.iter().map(|given| (&*given.shown, given.subject.graph().tasks().len())).collect();
    assert_eq!(subjects, [("f.yaml", 1), ("f.yaml {parts: [1,2,3]}", 3)]);
    for (workload, why) in [
        ("{ file: f.yaml, inputs: { prats: [1] } }", "@/f.yaml: the workflow has no input \"prats\"; did you mean \"parts\"?"),
        ("{ file: f.yaml, inputs: { parts: 3 } }", "@/f.yaml: input \"parts\" must be a list like [1, 2], but is the number 3"),
        (
            "{ file: g.stg, inputs: { n: 1 } }",
            "@/g.stg: a task graph has no inputs, but \"n\" is given; inputs are for workflows",
        ),
        (
            "{ shape: 'chain(tasks 2)', work: 10s, inputs: { n: 1 } }",
            "a graph that is made up has no inputs; they are for workflows; leave `inputs` off, or name the `file` of a workflow",
        ),
    ] {
        let sentence = told(&format!("workload: {workload}"), "").unwrap_err();
        let (place, told) = sentence.strip_prefix("@/e.yaml:").unwrap().split_once(": ").unwrap();
        assert!(place.starts_with("2:"), "{place}");
        assert_eq!(told, why);
    }
}
