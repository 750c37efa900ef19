//! Workloads in the formats of others, from the command line.

use crate::place::{Place, SHOUT};
use polity::workloads::{TaskGraph, parse};

const LAYERS: &str = "layered(layers 4, width 5, density 0.5)";

fn graph(text: &str) -> TaskGraph {
    parse(text).unwrap().graph
}

/// A made-up graph, in this format, with bytes.
fn made_up(place: &Place, format: &str) -> String {
    let work = ["--work", "uniform(1s, 9s)", "--bytes", "1,1000", "--seed", "3"];
    let mut words = vec!["export", LAYERS, "--format", format];
    words.extend(work);
    place.run(&words).coded(0).out
}

#[test]
fn what_goes_through_other_formats_is_the_same_graph() {
    let place = Place::new();
    let first = graph(&made_up(&place, "taskdag"));
    assert_eq!((first.name(), first.tasks().len(), first.total_bytes() > 0), (&*format!("{LAYERS} seed 3"), 20, true));
    std::fs::write(place.path("a.json"), made_up(&place, "wfformat")).unwrap();
    let made = place.run(&["export", "a.json", "--format", "taskdag", "--out", "b.json"]);
    made.coded(0).says(&["Exported b.json (taskdag/1, 20 tasks, "]);
    let made = place.run(&["export", "b.json", "--out", "c.json"]).coded(0);
    assert!(!made.err.contains("lost"), "{}", made.err);
    let last = std::fs::read_to_string(place.path("c.json")).unwrap();
    assert_eq!(graph(&last), first);
    assert_eq!(last, std::fs::read_to_string(place.path("a.json")).unwrap(), "to the byte");
    // STG keeps what comes before what, and the rest is said to be lost.
    let made = place.run(&["export", "c.json", "--out", "d.stg"]).coded(0).says(&[
        "lost: as STG, its times are whole numbers: one is 0.000001 s here",
        "lost: as STG, it has no names: tasks are t1 to t20",
        "lost: as STG, it has no bytes: ",
        "Exported d.stg (STG, 20 tasks, ",
    ]);
    assert_eq!(made.out, "");
    let pairs = |graph: &TaskGraph| graph.edges().iter().map(|edge| (edge.from, edge.to)).collect::<Vec<_>>();
    assert_eq!(pairs(&graph(&std::fs::read_to_string(place.path("d.stg")).unwrap())), pairs(&first));
    place.run(&["compare", "d.stg", "--seeds", "1", "--strategies", "heft"]).coded(0).prints(&["d · 20 tasks"]);
}

#[test]
fn a_workflow_becomes_a_graph_and_what_it_does_is_lost() {
    let place = Place::new().with("flow.yaml", SHOUT);
    let made = place.run(&["export", "flow.yaml"]).coded(0).says(&[
        "assumed: 2 of 3 tasks have no estimate and are taken as 1 s of work",
        "lost: of a polity workflow, whatever else it tells than kinds, estimates and the order of tasks",
    ]);
    let graph = graph(&made.out);
    assert_eq!((graph.name(), graph.total_work()), ("shout", 5.0), "the list is known, and has two items");
}

#[test]
fn nothing_is_written_over_unless_that_is_asked_for() {
    let place = Place::new().with("mine.json", "thesis");
    let words = ["export", "chain(tasks 2)", "--work", "1s", "--out", "mine.json"];
    place.run(&words).coded(2).says(&["--out mine.json: there is such a file", "--force"]);
    assert_eq!(std::fs::read_to_string(place.path("mine.json")).unwrap(), "thesis");
    let mut forced = words.to_vec();
    forced.push("--force");
    place.run(&forced).coded(0);
    assert_eq!(graph(&std::fs::read_to_string(place.path("mine.json")).unwrap()).tasks().len(), 2);
}

#[test]
fn wrong_words_are_refused_with_a_remedy() {
    let place = Place::new().with("g.stg", "1\n0 0 0\n1 5 1 0\n2 0 1 1\n");
    for (words, code, says) in [
        (&["chain(tasks 2)"][..], 2, "needs the work of its tasks; add --work 10s"),
        (&["chian(tasks 2)", "--work", "1s"], 2, "did you mean `chain`?"),
        (&["chain(tasks 0)", "--work", "1s"], 2, "`tasks` of `chain`"),
        (&["chain(tasks 2)", "--work", "1"], 2, "--work"),
        (&["chain(tasks 2)", "--work", "1s", "--bytes", "4"], 2, "--bytes takes two numbers"),
        (&["chain(tasks 2)", "--work", "1s", "--bytes", "4,1"], 2, "write the smaller first"),
        (&["chain(tasks 2)", "--work", "1s", "--out", "g.txt"], 2, "say it with --format wfformat, taskdag or stg"),
        (&["chain(tasks 2)", "--work", "1s", "--out", "no/g.stg"], 2, "--out no/g.stg: can't be written"),
        (&["chain(tasks 2)", "--work", "1s", "--format", "dot"], 2, "--format"),
        (&["g.stg", "--seed", "4"], 2, "--seed is for graphs that are made up"),
        (&["none.json"], 3, "none.json: can't be read"),
    ] {
        let mut all = vec!["export"];
        all.extend(words);
        let done = place.run(&all).coded(code).says(&[says]);
        assert_eq!(done.out, "", "nothing half-done");
    }
}

#[test]
fn a_workflow_is_written_with_the_inputs_it_is_given() {
    let text = "name: years\ninputs: [{ name: years, type: list }]\nagents: [{ id: ann }]\ntasks:\n  - { id: dig, for_each: inputs.years, run: 'true', estimate: 10s }\n";
    let place = Place::new().with("years.yaml", text);
    let made = place.run(&["export", "years.yaml", "--format", "taskdag", "-i", "years=[1, 2, 3]"]).coded(0);
    made.prints(&["dig[0]", "dig[2]"]);
    place
        .run(&["export", "chain(tasks 2)", "--work", "1s", "-i", "n=1"])
        .coded(2)
        .says(&["a graph that is made up has no inputs"]);
}
