//! What Ctrl-C and SIGTERM do.
#![cfg(unix)]

use crate::place::Place;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// Waits, by a fifo that the command writes into, until the only task runs; gives the command's process id.
fn begun(place: &Place, script: &str) -> (Child, String) {
    let flow = format!(
        "name: w\nagents: [{{ id: s }}]\ntasks:\n  - {{ id: a, run: \"{script}\" }}\n  - {{ id: b, run: echo, depends_on: [a] }}\n"
    );
    std::fs::write(place.path("flow.yaml"), flow).unwrap();
    assert!(Command::new("mkfifo").arg(place.path("begun")).status().unwrap().success());
    let mut command = Command::new(env!("CARGO_BIN_EXE_polity"));
    command.args(["run", "flow.yaml"]).current_dir(place.root()).env("HOME", place.root()).stderr(Stdio::piped());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("POLITY_")) {
        command.env_remove(name); // a setting that is refused would have us wait for ever
    }
    let child = command.spawn().unwrap();
    let mut id = String::new();
    BufReader::new(std::fs::File::open(place.path("begun")).unwrap()).read_line(&mut id).unwrap();
    (child, id.trim().to_owned())
}
fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap().success());
}
fn runs(id: &str) -> bool {
    // A zombie that nobody has waited for yet does not run.
    std::fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn the_first_interrupt_ends_the_run_in_order() {
    for name in ["INT", "TERM"] {
        let place = Place::new();
        let (child, id) = begun(&place, "echo $$ > begun; exec sleep 60");
        assert!(runs(&id));
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(130), "{err}");
        assert!(err.contains("interrupted") && err.contains("2 cancelled"), "{err}");
        assert!(!runs(&id), "its command was left behind");
        assert_eq!(place.record()["status"], "cancelled");
    }
}

#[test]
fn the_second_interrupt_ends_at_once() {
    let place = Place::new();
    let (mut child, id) = begun(&place, "trap '' TERM; echo $$ > begun; while :; do sleep 1; done");
    signal(&child, "INT");
    // The first one was taken once it has been answered.
    let mut answers = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(answers.any(|line| line.unwrap().contains("once more ends it at once")));
    let second = std::time::Instant::now();
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(second.elapsed() < std::time::Duration::from_secs(4), "the grace of five seconds was waited for");
    assert!(!runs(&id), "its command was left behind");
}

/// A command that works until it is interrupted, once `begun` says that it is at it: its exit code, its output and what it said.
fn interrupted(place: &Place, words: &[&str], begun: impl Fn() -> bool) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_polity"));
    command.args(words).current_dir(place.root()).env("HOME", place.root()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("POLITY_")) {
        command.env_remove(name);
    }
    let mut child = command.spawn().unwrap();
    while !begun() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was interrupted");
        std::thread::yield_now();
    }
    signal(&child, "INT");
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn what_was_tried_until_then_is_compared() {
    let flow = "name: w\nagents: [{ id: s }]\ntasks: [{ id: a, run: x, estimate: 1s }]\n";
    let mut compared = 0;
    for _ in 0..10 {
        let place = Place::new().with("flow.yaml", flow);
        let words = ["compare", "flow.yaml", "--strategies", "random,market", "--seeds", "100000", "--threads", "1"];
        let (code, out, err) = interrupted(&place, &words, || place.path(".polity/compare/w").exists());
        assert_eq!(code, Some(130), "{err}");
        if err.contains("there is nothing to compare") {
            assert!(!place.path(".polity/compare/w").exists(), "an empty folder is left");
            continue;
        }
        assert!(out.contains("vs random") && err.contains(" of 100000 seeds"), "{out}{err}");
        let csv = std::fs::read_to_string(place.path(".polity/compare/w/runs.csv")).unwrap();
        let seeds = err.split("this is by ").nth(1).unwrap().split(' ').next().unwrap().parse::<usize>().unwrap();
        assert_eq!(csv.lines().count(), 1 + 2 * seeds);
        compared += 1;
    }
    assert!(compared > 0, "it was always interrupted before its first seed");
}

#[test]
fn an_experiment_that_was_interrupted_goes_on() {
    let text = "name: e\nworkload: { shape: 'chain(tasks 2)', work: 1s }\nstrategies: [random, market]\nrepeat: 400\n";
    let place = Place::new().with("e.yaml", text);
    let journal = place.path(".polity/experiments/e/journal.ndjson");
    let begun = || std::fs::metadata(&journal).is_ok_and(|data| data.len() > 1_000);
    let (code, out, err) = interrupted(&place, &["simulate", "e.yaml", "--threads", "1"], begun);
    assert_eq!(code, Some(130), "{err}");
    assert!(err.contains("of 800 tries are done; the same command goes on") && out.contains("random"), "{out}{err}");
    place.run(&["simulate", "e.yaml"]).coded(0).says(&["Resuming "]);
}

/// What was started to survive its terminal does.
#[test]
fn a_signal_that_was_ignored_from_the_beginning_stays_ignored() {
    let place = Place::new();
    let flow = "name: w\nagents: [{ id: s }]\ntasks:\n  - { id: a, run: 'echo $$ > begun; read line < go' }\n";
    std::fs::write(place.path("flow.yaml"), flow).unwrap();
    for fifo in ["begun", "go"] {
        assert!(Command::new("mkfifo").arg(place.path(fifo)).status().unwrap().success());
    }
    let mut command = Command::new("nohup");
    command.args([env!("CARGO_BIN_EXE_polity"), "run", "flow.yaml"]).current_dir(place.root()).env("HOME", place.root());
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut id = String::new();
    BufReader::new(std::fs::File::open(place.path("begun")).unwrap()).read_line(&mut id).unwrap();
    signal(&child, "HUP");
    std::fs::write(place.path("go"), "on\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(place.record()["status"], "completed");
}
