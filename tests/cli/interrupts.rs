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
