use super::arbitrary::events;
use super::story::{Teller, exit, hostile, market, task, weather};
use crate::event::{Event, RunId, RunStatus, Sink, What};
use crate::report::{Console, ConsoleOptions};
use polity_protocols::AgentId;
use proptest::prelude::*;
use serde_json::json;
use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::Arc;

#[derive(Clone, Default)]
struct Screen(Rc<RefCell<Vec<u8>>>);
impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
fn shown(events: &[Event], options: ConsoleOptions) -> String {
    let screen = Screen::default();
    let mut console = Console::new(RunId(0), options, Box::new(screen.clone()));
    events.iter().for_each(|e| console.take(e));
    String::from_utf8(screen.0.take()).unwrap()
}
fn piped() -> ConsoleOptions {
    ConsoleOptions {
        folder: Some(".polity/runs/brave-otter".into()),
        replay: Some("polity run w.yaml --seed 8731".into()),
        ..ConsoleOptions::default()
    }
}

#[test]
fn a_run_in_a_pipe() {
    insta::assert_snapshot!("console", shown(&weather(), piped()));
}
#[test]
fn failures_are_repeated_at_the_end() {
    insta::assert_snapshot!("console_failure", shown(&broken(), piped()));
}
#[test]
fn hostile_names_stay_text() {
    insta::assert_snapshot!("console_hostile", shown(&hostile(), ConsoleOptions { verbose: true, ..piped() }));
}
#[test]
fn a_large_run_in_a_pipe_tells_of_failures_and_milestones_only() {
    insta::assert_snapshot!("console_large", shown(&large(), piped()));
    let everything = shown(&large(), ConsoleOptions { verbose: true, ..piped() });
    assert!(everything.lines().count() > 2_000);
}

/// Text without its colours.
fn plain(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_string();
    parts.fold(first, |text, part| text + part.split_once('m').expect("a colour ends in m").1)
}
#[test]
fn colours_change_nothing_else_and_a_terminal_gets_the_same_lines() {
    let (color, terminal) = (ConsoleOptions { color: true, ..piped() }, ConsoleOptions { terminal: true, ..piped() });
    for events in [weather(), hostile(), broken()] {
        let expected = shown(&events, piped());
        let coloured = shown(&events, color.clone());
        assert!(coloured.contains("\u{1b}[1;3") && !expected.contains('\u{1b}'));
        assert_eq!(plain(&coloured), expected);
        assert_eq!(shown(&events, terminal.clone()), expected);
    }
    // A large run has its bar there instead of milestones.
    assert!(!shown(&large(), terminal).contains("Running"));
}

#[test]
fn other_runs_and_late_events_are_not_shown() {
    let others: Vec<Event> = weather().into_iter().map(|e| Event { run: RunId(3), ..e }).collect();
    assert_eq!(shown(&others, piped()), "");
    let twice: Vec<Event> = weather().into_iter().chain(weather()).collect();
    assert_eq!(shown(&twice, piped()), shown(&weather(), piped()));
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    struct Gone(Rc<RefCell<u32>>);
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            *self.0.borrow_mut() += 1;
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let tries = Rc::default();
    let mut console = Console::new(RunId(0), piped(), Box::new(Gone(Rc::clone(&tries))));
    weather().iter().for_each(|e| console.take(e));
    assert_eq!(*tries.borrow(), 1);
}

fn broken() -> Vec<Event> {
    let mut tell = Teller::default();
    tell.begin(&["build", "test", "ship"], &[&[], &[0], &[1]], &["ci"]);
    tell.launch(0, 0, 0, 1, market(&[(0, 1.0)], 1.0)).complete(10, 0, 0, 1, 8, json!(null));
    tell.launch(10, 1, 0, 1, market(&[(0, 1.0)], 1.0));
    let failure = Arc::new(exit(101, "thread 'main' panicked\nassertion failed\n"));
    tell.at(40, What::Failed { task: task(1), agent: Some(AgentId(0)), attempts: 1, failure });
    tell.at(40, What::Blocked { task: task(2), causes: Arc::new([1]) });
    tell.end(40, RunStatus::Failed, &["output \"url\" could not be computed: ship was blocked"])
}
fn large() -> Vec<Event> {
    let ids: Vec<String> = (0..2_000).map(|n| format!("t{n}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut tell = Teller::default();
    tell.begin(&ids, &[], &["a"]);
    for n in 0..2_000u32 {
        let ms = u64::from(n) * 3;
        tell.launch(ms, n, 0, 1, market(&[(0, 1.0)], 1.0));
        if n == 1_234 {
            let (agent, failure) = (Some(AgentId(0)), Arc::new(exit(2, "")));
            tell.at(ms + 3, What::Failed { task: task(n), agent, attempts: 1, failure });
        } else {
            tell.complete(ms + 3, n, 0, 1, 1, json!(n));
        }
    }
    tell.end(6_000, RunStatus::Failed, &[])
}

proptest! {
    #[test]
    fn nothing_that_a_terminal_obeys_is_printed(events in events(), verbose in any::<bool>()) {
        let text = shown(&events, ConsoleOptions { verbose, ..piped() });
        prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{:?}", text);
    }
}
