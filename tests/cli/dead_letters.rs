//! `polity dead-letters`: what failed for good is listed, shown, run again or discarded.

use crate::place::Place;
use serde_json::Value;

/// A mill whose wheel is missing.
const MILL: &str = r#"version: "2.0"
name: mill
inputs:
  - { name: grain, type: string, default: rye }
agents:
  - { id: miller, can: { text: 1 } }
tasks:
  - { id: clean, type: text, run: "echo x >> cleaned; echo {{ inputs.grain }}" }
  - id: grind
    type: text
    for_each: "['fine', 'coarse']"
    run: "echo {{ item }} >> ground; test {{ item }} = fine || test -e wheel && tr a-z A-Z"
    stdin: "{{ tasks.clean.output }}"
    retry: { attempts: 2, initial: 1ms }
  - { id: sour, type: text, run: "test -e wheel" }
  - { id: bake, type: text, run: "cat", stdin: "{{ tasks.grind.output | join(' ') }}" }
outputs:
  - { name: bread, from: bake.output }
"#;

fn lines(place: &Place, file: &str) -> usize {
    std::fs::read_to_string(place.path(file)).unwrap().lines().count()
}
fn listed(place: &Place, arguments: &[&str]) -> Vec<Value> {
    let words: Vec<&str> = ["dead-letters", "list", "--json"].iter().chain(arguments).copied().collect();
    serde_json::from_str(&place.run(&words).coded(0).out).unwrap()
}

#[test]
fn a_dead_task_is_listed_shown_and_run_again_with_what_the_record_knows() {
    let place = Place::new().with("mill.yaml", MILL);
    place.run(&["dead-letters"]).coded(0).prints(&["no dead letters"]);
    place.run(&["run", "mill.yaml", "-i", "grain=oats", "--name", "first"]).coded(1);
    place.run(&["dead-letters"]).coded(0).prints(&["first", "grind[coarse]", "sour", "exhausted", "open"]);
    let dead = listed(&place, &[]);
    let of = |name: &str| dead.iter().find(|letter| letter["task"] == name).unwrap();
    let coarse = of("grind[coarse]");
    assert_eq!(
        (&coarse["attempts"], &coarse["agents"][0], coarse["errors"].as_array().unwrap().len()),
        (&2.into(), &"miller".into(), 2)
    );
    assert_ne!(coarse["input"], of("sour")["input"]);
    place.run(&["dead-letters", "show", "first", "grind[coarse]"]).coded(0).prints(&[
        "tried by  miller",
        "after 2 attempts",
        "It was announced",
    ]);
    assert_eq!(listed(&place, &["--older-than", "7d"]).len(), 0);

    // The file is another now, and the run goes by what it was.
    let place = place.with("wheel", "").with("mill.yaml", "name: ruin\ntasks: []\n");
    let again =
        place.run(&["dead-letters", "requeue", "first", "grind[coarse]"]).coded(1).says(&["requeueing 1 task; 2 outputs"]);
    assert!(again.err.contains("sour") && again.err.contains("FAILED"), "what was not requeued stays dead: {}", again.err);
    assert_eq!((lines(&place, "cleaned"), lines(&place, "ground")), (1, 4), "once clean, once fine, three times coarse");
    let all = listed(&place, &["--all"]);
    let fate =
        |run: &str, name: &str| all.iter().find(|l| l["run"] == run && l["task"] == name).map(|l| l["fate"].as_str().unwrap());
    assert_eq!((fate("first", "grind[coarse]"), fate("first", "sour")), (Some("requeued"), Some("moved")));
    assert_eq!((fate("first-2", "grind[coarse]"), fate("first-2", "sour")), (None, Some("open")));
    // What the second run has done is not done again by the third.
    assert_eq!(place.run(&["dead-letters", "requeue", "first-2", "sour"]).coded(0).out, "OATS OATS\n");
    assert_eq!((lines(&place, "cleaned"), lines(&place, "ground")), (1, 4));
    assert_eq!(listed(&place, &[]).len(), 0);
}

#[test]
fn all_dead_tasks_of_a_run_are_requeued_at_once_and_only_once() {
    let place = Place::new().with("mill.yaml", MILL);
    place.run(&["run", "mill.yaml", "--name", "first"]).coded(1);
    let place = place.with("wheel", "");
    assert_eq!(place.run(&["dead-letters", "requeue", "fir"]).coded(0).out, "RYE RYE\n");
    assert_eq!((lines(&place, "cleaned"), lines(&place, "ground")), (1, 4));
    assert_eq!(listed(&place, &[]).len(), 0);
    let all = listed(&place, &["--all"]);
    assert!(all.len() == 2 && all.iter().all(|letter| letter["verdicts"][0]["run"] == "first-2"), "{all:?}");
    place.run(&["dead-letters", "requeue", "first"]).coded(2).says(&["no open dead task"]);
    // The second run's record is as whole as the first's.
    let record: Value = serde_json::from_slice(&std::fs::read(place.path(".polity/runs/first-2/run.json")).unwrap()).unwrap();
    assert_eq!((&record["tally"]["completed"], &record["status"]), (&5.into(), &"completed".into()));
    place.run(&["explain", "first-2", "clean"]).coded(0).prints(&["taken from the record"]);
}

#[test]
fn what_is_discarded_is_kept_and_no_longer_listed() {
    let place = Place::new().with("mill.yaml", MILL);
    place.run(&["run", "mill.yaml", "--name", "first"]).coded(1);
    place.run(&["dead-letters", "discard"]).coded(2).says(&["say which"]);
    place
        .run(&["dead-letters", "discard", "first", "grnd"])
        .coded(2)
        .says(&["no dead letter is called \"grnd\"", "grind[coarse]"]);
    place.run(&["dead-letters", "discard", "--older-than", "7d"]).coded(0).prints(&["discarded 0 dead letters"]);
    place.run(&["dead-letters", "discard", "first", "sour"]).coded(0).prints(&["discarded 1 dead letter"]);
    assert_eq!(listed(&place, &[]).len(), 1);
    assert_eq!(listed(&place, &["--all"]).len(), 2);
    // A month later, nobody has decided about the other one.
    let record = place.path(".polity/runs/first/run.json");
    let text = std::fs::read_to_string(&record).unwrap();
    let at = text.find("\"started_at\": \"").unwrap() + 15;
    std::fs::write(&record, format!("{}2020{}", &text[..at], &text[at + 4..])).unwrap();
    place.run(&["dead-letters"]).coded(0).prints(&["no dead letters (2 requeued, discarded or expired"]);
    let all = listed(&place, &["--all"]);
    let fate = |name: &str| all.iter().find(|letter| letter["task"] == name).unwrap()["fate"].clone();
    assert_eq!((fate("grind[coarse]"), fate("sour")), ("expired".into(), "discarded".into()));
    place.run(&["dead-letters", "discard", "--older-than", "7d"]).coded(0).prints(&["discarded 1 dead letter"]);
    place.run(&["dead-letters", "show", "nobody"]).coded(2).says(&["no run is called \"nobody\""]);
}
