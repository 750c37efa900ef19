//! A job that is silent for too long is stopped, and counts as failed.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::event::{Event, What};
use polity::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// Runs one task. `work` beats every `beat` seconds for `for` seconds, then is silent for `silent` seconds.
fn run(task: &str) -> (RunResult, f64, Vec<Event>) {
    let text = format!("name: w\nagents: [{{ id: ann }}, {{ id: bob }}]\ntasks: [{{ id: t, {task} }}]\n");
    let events: Rc<RefCell<Vec<Event>>> = Rc::default();
    let sink = events.clone();
    let (result, took) = polity::simulate(3, async {
        let work = |job: Job, context: Context| async move {
            let seconds = |key: &str| job.input.get(key).and_then(Value::as_f64).unwrap_or(0.0);
            for _ in 0..(seconds("for") / seconds("beat")) as u32 {
                context.heartbeat();
                context.sleep(Duration::from_secs_f64(seconds("beat"))).await;
            }
            context.sleep(Duration::from_secs_f64(seconds("silent"))).await;
            Ok(Value::Null)
        };
        let society = Polity::builder().sink(sink).function("work", work).start().unwrap();
        let known = Known { functions: vec!["work".into()], ..Known::default() };
        let flow = polity::workflow::parse(&text, None, &known).unwrap_or_else(|errors| panic!("{errors}")).workflow;
        let result = society.launch(flow, RunOptions::default()).unwrap().join().await.unwrap();
        (result, society.now().as_secs_f64())
    });
    let events = events.borrow().clone();
    (result, took, events)
}

#[test]
fn who_beats_lives_and_who_is_silent_for_longer_is_stopped() {
    for (beats, silence, took) in
        [("beat: 9, for: 90", 0, None), ("beat: 9, for: 90", 11, Some(91.0)), ("beat: 1, for: 2", 60, Some(11.0))]
    {
        let (result, when, _) = run(&format!("fn: work, with: {{ {beats}, silent: {silence} }}, timeout: {{ heartbeat: 10s }}"));
        match took {
            None => assert_eq!(result.status(), RunStatus::Completed),
            Some(took) => {
                let failure = &result.failures()[0].1;
                assert_eq!(failure.kind, FailureKind::Timeout);
                assert!(failure.message.contains("without a sign of life: the limit `timeout.heartbeat` is 10s"), "{failure}");
                assert!((when - took).abs() <= 2.5, "heard at most four times within the limit: {when} and not {took}");
            }
        }
    }
}

#[test]
fn without_a_limit_nobody_listens() {
    let (result, took, _) = run("fn: work, with: { beat: 1, for: 5, silent: 5000 }");
    assert_eq!((result.status(), took), (RunStatus::Completed, 5005.0));
}

#[test]
fn what_hangs_is_found_and_given_to_another_and_what_merely_takes_long_is_not() {
    let (result, took, events) =
        run("simulate: { work: 100s, hang: 1.0 }, timeout: { heartbeat: 5s }, retry: { attempts: 2, initial: 1s, jitter: none }");
    assert_eq!((result.status(), took), (RunStatus::Failed, 11.0));
    let agents = events.iter().filter_map(|event| match event.what {
        What::Assigned { agent, .. } => Some(agent),
        _ => None,
    });
    let agents: Vec<_> = agents.collect();
    assert!(agents.len() == 2 && agents[0] != agents[1], "{agents:?}");
    let (result, took, _) = run("simulate: 100s, timeout: { heartbeat: 5s }");
    assert_eq!((result.status(), took), (RunStatus::Completed, 100.0));
}

#[test]
fn a_command_lives_while_it_prints() {
    let live = |script: &str| {
        let text =
            format!("name: w\nagents: [{{ id: sh }}]\ntasks: [{{ id: t, run: '{script}', timeout: {{ heartbeat: 2s }} }}]\n");
        let flow = polity::workflow::parse(&text, None, &Known::default()).unwrap().workflow;
        polity::run(async move {
            let society = Polity::builder().start().unwrap();
            society.launch(flow, RunOptions::default()).unwrap().join().await.unwrap()
        })
    };
    assert_eq!(live("for i in 1 2 3 4 5 6; do echo $i; sleep 0.5; done").status(), RunStatus::Completed);
    assert_eq!(live("echo once; exec sleep 600").failures()[0].1.kind, FailureKind::Timeout);
}
