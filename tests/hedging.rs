//! A second agent does what takes too long; the first answer wins.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::event::{Event, What};
use polity::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

struct Seen {
    result: RunResult,
    took: f64,
    events: Vec<Event>,
}
impl Seen {
    fn count(&self, which: impl Fn(&What) -> bool) -> usize {
        self.events.iter().filter(|event| which(&event.what)).count()
    }
    fn notes(&self) -> Vec<String> {
        let note = |event: &Event| match &event.what {
            What::Noted { note, .. } => Some(note.to_string()),
            _ => None,
        };
        self.events.iter().filter_map(note).collect()
    }
}

/// Runs these tasks. `work` takes a second; told to be `slow` it takes a minute, but only with the first agent that does it; told to
/// `fail` it fails with the first.
fn run(tasks: &str) -> Seen {
    let text = format!("name: w\nagents: [{{ id: ann, slots: 20 }}, {{ id: bob, slots: 20 }}]\ntasks:\n{tasks}\n");
    let events: Rc<RefCell<Vec<Event>>> = Rc::default();
    let sink = events.clone();
    let (result, took) = polity::simulate(3, async {
        let seen: Rc<RefCell<Vec<String>>> = Rc::default();
        let work = move |job: Job, context: Context| {
            let name = job.name.split('/').next().unwrap_or_default().to_owned();
            let first = !seen.borrow().contains(&name);
            seen.borrow_mut().push(name);
            async move {
                let is = |key: &str| job.input.get(key).and_then(Value::as_bool).unwrap_or(false);
                context.sleep(Duration::from_secs(if is("slow") && first { 60 } else { 1 })).await;
                if is("fail") && first { Err(Failure::error("no")) } else { Ok(json!(&*job.name)) }
            }
        };
        let society = Polity::builder().sink(sink).function("work", work).start().unwrap();
        let known = Known { functions: vec!["work".into()], ..Known::default() };
        let flow = polity::workflow::parse(&text, None, &known).unwrap_or_else(|errors| panic!("{errors}")).workflow;
        let result = society.launch(flow, RunOptions::default()).unwrap().join().await.unwrap();
        (result, society.now().as_secs_f64())
    });
    let events = events.borrow().clone();
    Seen { result, took, events }
}

#[test]
fn a_slow_try_gets_company_of_another_agent_and_the_first_answer_wins() {
    let seen = run("  - { id: a, fn: work, with: { slow: true }, hedge: 5s }");
    assert_eq!((seen.result.status(), seen.took), (RunStatus::Completed, 6.0));
    assert_eq!(seen.notes(), ["it takes longer than 5s: another agent does it too"]);
    let agents = seen.events.iter().filter_map(|event| match event.what {
        What::Assigned { agent, .. } => Some(agent),
        _ => None,
    });
    let agents = agents.collect::<Vec<_>>();
    assert!(agents.len() == 2 && agents[0] != agents[1], "{agents:?}");
    assert_eq!(seen.count(|what| matches!(what, What::Voted { reason, .. } if &**reason == "the second try answered")), 1);
    assert_eq!(seen.count(|what| matches!(what, What::Cancelled { .. })), 1, "the first try was called off");
}

#[test]
fn what_is_quick_enough_is_done_once() {
    let seen = run("  - { id: a, fn: work, hedge: { after: 5s } }");
    assert_eq!((seen.took, seen.count(|what| matches!(what, What::Assigned { .. }))), (1.0, 1));
    assert_eq!(seen.count(|what| matches!(what, What::Voted { .. })), 0);
}

#[test]
fn a_percentile_is_of_what_the_others_took_and_nobody_knows_it_before() {
    // One of twenty is slow; its neighbours, which began at the same moment, tell how long it should have taken.
    let seen = run("  - { id: a, fn: work, for_each: 'range(20) | list', with: { slow: \"{{ item == 7 }}\" }, hedge: p90 }");
    assert_eq!((seen.result.status(), seen.took), (RunStatus::Completed, 2.0));
    assert_eq!(seen.notes(), ["it takes longer than 1s (p90): another agent does it too"]);
    let few = run("  - { id: a, fn: work, for_each: [0, 1, 2], with: { slow: \"{{ item == 0 }}\" }, hedge: p90 }");
    assert_eq!((few.took, few.notes().len()), (60.0, 0), "three are too few to know");
}

#[test]
fn a_failed_try_is_the_end_only_if_there_is_no_other() {
    let alone = run("  - { id: a, fn: work, with: { fail: true }, hedge: 5s }");
    assert_eq!((alone.result.status(), alone.took), (RunStatus::Failed, 1.0));
    assert_eq!(alone.result.failures()[0].1.message, "no");
    let both = run("  - { id: a, fn: work, with: { fail: true, slow: true }, hedge: 59500ms }");
    assert_eq!((both.result.status(), both.took), (RunStatus::Completed, 60.5), "the second was under way when the first failed");
    let retried = run("  - { id: a, fn: work, with: { fail: true }, hedge: 5s, retry: { attempts: 2, jitter: none } }");
    assert_eq!(retried.result.status(), RunStatus::Completed);
}

#[test]
fn what_makes_no_sense_is_refused_with_a_remedy() {
    for (task, sentence) in [
        ("{ id: a, run: 'true', hedge: p30 }", "a percentile is one of p50 to p99, but is \"p30\""),
        ("{ id: a, run: 'true', hedge: 5 }", "`hedge` must be a text or a map"),
        ("{ id: a, run: 'true', hedge: soon }", "or a percentile like p95"),
        ("{ id: a, run: 'true', hedge: 0s }", "for that there is `redundancy`"),
        ("{ id: a, run: 'true', hedge: {} }", "a hedge needs `after`"),
        ("{ id: a, run: 'true', hedge: 1s, redundancy: 2 }", "has `redundancy` already"),
        ("{ id: a, delegate: { goal: x }, hedge: 1s }", "two ways to decompose it can't both be followed"),
    ] {
        let text = format!("name: w\nagents: [{{ id: ann }}, {{ id: bob }}]\ntasks: [{task}]\n");
        let said = polity::workflow::parse(&text, None, &Known::default()).unwrap_err().to_string();
        assert!(said.contains(sentence), "{task}\n{said}");
    }
}
