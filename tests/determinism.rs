//! Equal seed, equal log, to the byte: twice in one process, in another process, and against logs that are kept in `tests/golden`.
//!
//! `BLESS=1 cargo nextest run --test determinism` writes the kept logs anew; look at the difference before it is committed.

#![allow(clippy::unwrap_used)]

use polity::event::{Event, Names, line};
use polity::prelude::*;
use polity::protocols::Delay;
use polity::{Registry, workflow};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

const FLOW: &str = r#"
version: "2.0"
name: harvest
agents:
  - { id: digger, replicas: 3, can: { dig: 0.9, carry: 0.4 } }
  - { id: carrier, can: { carry: 0.8 }, speed: 2.0, slots: 2 }
tasks:
  - id: plan
    simulate: { work: 1s, output: [1, 2, 3, 4] }
  - id: dig
    type: dig
    for_each: "{{ tasks.plan.output }}"
    simulate: { work: { uniform: [1s, 5s] }, failure: 0.3, crash: 0.1 }
    retry: { attempts: 3, initial: 500ms }
  - id: carry
    type: carry
    depends_on: [dig]
    simulate: { work: { exponential: 3s }, hang: 0.3 }
    timeout: 20s
    retry: { attempts: 4 }
  - id: rest
    when: "{{ tasks.carry.status == 'completed' }}"
    simulate: { work: 2s }
  - id: never
    type: dig
    when: "{{ 1 == 2 }}"
    simulate: { work: 2s }
"#;

fn rough() -> Weather {
    let delay = Delay::Uniform { low: Duration::from_millis(1), high: Duration::from_millis(300) };
    Weather { delay, loss: 0.1, repeat: 0.2 }
}

/// The log of one run, a line per event.
fn log(strategy: &str, seed: u64, weather: Weather) -> String {
    log_with(strategy, &Value::Null, seed, weather)
}
fn log_with(strategy: &str, settings: &Value, seed: u64, weather: Weather) -> String {
    let known = workflow::Known { strategies: Registry::standard().names().map(Into::into).collect(), ..Default::default() };
    let checked = workflow::parse(FLOW, None, &known).unwrap_or_else(|errors| panic!("{errors}"));
    let events = Rc::new(RefCell::new(Vec::<Event>::new()));
    polity::simulate(seed, async {
        let strategy = Registry::standard().make(strategy, settings).unwrap();
        let society = Polity::builder().weather(weather).strategy(strategy).sink(events.clone()).start().unwrap();
        society.launch(checked.workflow, RunOptions::default()).unwrap().join().await.unwrap();
    });
    let mut names = Names::default();
    let told = |event: &Event| {
        names.take(event);
        line(event, &names) + "\n"
    };
    events.borrow().iter().map(told).collect()
}

/// The logs of all strategies, in calm and in rough weather, under some seeds.
fn logs() -> String {
    let mut all = String::new();
    for strategy in Registry::standard().names() {
        for seed in 1..=5 {
            all += &log(strategy, seed, Weather::CALM);
            all += &log(strategy, seed, rough());
        }
    }
    all
}

/// Where the other process writes its logs.
const FILE: &str = "POLITY_DETERMINISM_FILE";

#[test]
fn equal_seeds_give_equal_logs_in_one_process_and_in_another() {
    let first = logs();
    if let Some(file) = std::env::var_os(FILE) {
        return std::fs::write(file, first).unwrap(); // this is the other process
    }
    assert_eq!(first, logs(), "twice in one process");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log");
    let name = "equal_seeds_give_equal_logs_in_one_process_and_in_another";
    let other = std::process::Command::new(std::env::current_exe().unwrap()).args(["--exact", name]).env(FILE, &file).output();
    assert!(other.unwrap().status.success());
    assert_eq!(first, std::fs::read_to_string(file).unwrap(), "in another process");
    assert!(first.lines().count() > 1_000, "{} lines are too few to tell", first.lines().count());
}

#[test]
fn another_seed_another_weather_or_another_strategy_gives_another_log() {
    let first = log("hierarchical", 1, rough());
    assert_ne!(first, log("hierarchical", 2, rough()));
    assert_ne!(first, log("hierarchical", 1, Weather::CALM));
    assert_ne!(first, log("random", 1, rough()));
}

/// Without the places in the source that reasons of panics end with: they move with every edit.
fn without_places(log: &str) -> String {
    let clean = |line: &str| match line.find(".rs:").and_then(|at| Some((line[..at].rfind(" (")?, at + line[at..].find(')')?))) {
        Some((from, to)) => format!("{}{}\n", &line[..from], &line[to + 1..]),
        None => format!("{line}\n"),
    };
    log.lines().map(clean).collect()
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.ndjson"))
}

#[test]
fn kept_logs_are_what_is_logged_today() {
    // Two of four agents under each lead: leads of leads talk, too.
    let (usual, tree) = (Value::Null, serde_json::json!({ "span": 2 }));
    for (name, strategy, settings, seed, weather) in [
        ("hierarchical_calm", "hierarchical", &usual, 1, Weather::CALM),
        ("hierarchical_rough", "hierarchical", &usual, 2, rough()),
        ("tree_rough", "hierarchical", &tree, 5, rough()),
        ("consensus_rough", "consensus", &usual, 6, rough()),
        ("market_rough", "market", &usual, 7, rough()),
        ("stigmergic_calm", "stigmergic", &usual, 8, Weather::CALM),
        ("auto_rough", "auto", &usual, 9, rough()),
        ("round_robin_rough", "round_robin", &usual, 3, rough()),
        ("min_completion_calm", "min_completion", &usual, 4, Weather::CALM),
    ] {
        let (file, now) = (golden(name), without_places(&log_with(strategy, settings, seed, weather)));
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&file, &now).unwrap();
        }
        let kept = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{name}: {error}; BLESS=1 writes it"));
        let differs = kept.lines().zip(now.lines()).position(|(kept, now)| kept != now);
        let at = differs.unwrap_or(kept.lines().count().min(now.lines().count()));
        let of = |log: &str| log.lines().nth(at).unwrap_or("nothing").to_owned();
        assert!(kept == now, "{name}, line {}:\n  kept: {}\n  now:  {}\nIf it is meant so: BLESS=1", at + 1, of(&kept), of(&now));
    }
}

#[test]
fn places_are_taken_out_and_nothing_else() {
    let line = r#"{"reason":"panicked: boom (src/a.rs:12)","x":"(y)"}"#;
    assert_eq!(without_places(line), "{\"reason\":\"panicked: boom\",\"x\":\"(y)\"}\n");
    assert_eq!(without_places("a (b)"), "a (b)\n");
}
