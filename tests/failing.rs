//! What a task's failure leads to, as its file says: which failures are tried again, and what is said of those that are not.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::event::{Event, What};
use polity::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;

/// A run of one task with these policies (YAML, flow style), whose attempts fail as the function says.
fn attempts(policies: &str, fails: fn(u32) -> Failure) -> (u32, Failure, Vec<String>) {
    let text = format!(
        "name: w\ndefaults: {{ retry: {{ initial: 1s, jitter: none }} }}\nagents: [{{ id: ann, can: {{ work: 1 }} }}]\ntasks: [{{ id: t, type: work, fn: failing, {policies} }}]\n"
    );
    let events: Rc<RefCell<Vec<Event>>> = Rc::default();
    let result = polity::simulate(7, async {
        let failing = move |job: Job, _: Context| async move { Err::<Value, _>(fails(job.id.attempt)) };
        let society = Polity::builder().sink(events.clone()).function("failing", failing).start().unwrap();
        let known = Known { functions: ["failing".into()].into(), ..Known::default() };
        let flow = polity::workflow::parse(&text, None, &known).unwrap_or_else(|errors| panic!("{errors}")).workflow;
        society.launch(flow, RunOptions::default()).unwrap().join().await.unwrap()
    });
    let events = events.borrow();
    let notes = events.iter().filter_map(|event| match &event.what {
        What::Noted { note, .. } => Some(note.to_string()),
        _ => None,
    });
    let made = events.iter().filter(|event| matches!(event.what, What::Started { .. })).count();
    let retried = events.iter().filter(|event| matches!(event.what, What::Retried { .. })).count();
    assert_eq!(retried + 1, made, "what is said of retries is what was done");
    (made as u32, result.failures()[0].1.as_ref().clone(), notes.collect())
}
fn busy_then_broken(attempt: u32) -> Failure {
    Failure { exit_code: Some(if attempt < 3 { 75 } else { 1 }), ..Failure::error(format!("attempt {attempt}")) }
}

#[test]
fn only_what_the_condition_names_is_tried_again() {
    for (policies, made) in [
        ("retry: { attempts: 5 }", 5),
        ("retry: { attempts: 5, only_if: error.exit_code == 75 }", 3),
        ("retry: { attempts: 2, only_if: error.exit_code == 75 }", 2),
        ("retry: { attempts: 5, unless: error.exit_code == 1 }", 3),
        ("retry: { attempts: 5, unless: 'error.message == \"attempt 2\"' }", 2),
        ("retry: { attempts: 5, only_if: error.exit_code == 75, unless: attempt >= 2 }", 2),
        ("retry: { attempts: 5, only_if: false }", 1),
    ] {
        let (attempts, failure, notes) = attempts(policies, busy_then_broken);
        assert_eq!((attempts, failure.message), (made, format!("attempt {made}")), "{policies}: {notes:?}");
        let refused = policies.contains("_if") || policies.contains("unless");
        assert_eq!(notes.len(), usize::from(refused && made != 5 && !policies.contains("attempts: 2,")), "{policies}: {notes:?}");
    }
}

#[test]
fn a_condition_that_has_no_value_ends_the_task_with_its_own_failure() {
    let (made, failure, notes) = attempts("retry: { attempts: 5, only_if: error.code == 75 }", busy_then_broken);
    assert_eq!((made, &*failure.message), (1, "attempt 1"));
    assert_eq!(notes, ["not tried again: `retry.only_if` has no value: `error.code` isn't there"]);
}

#[test]
fn a_clock_that_went_off_is_judged_too() {
    let text = |condition: &str| {
        format!(
            "name: w\nagents: [{{ id: ann, can: {{ work: 1 }} }}]\ntasks: [{{ id: t, type: work, simulate: 1m, timeout: 1s, retry: {{ attempts: 3, {condition} }} }}]"
        )
    };
    for (condition, made) in [("only_if: error.kind == 'timeout'", 3), ("unless: error.kind == 'timeout'", 1)] {
        let result = polity::simulate(7, async {
            let flow = polity::workflow::parse(&text(condition), None, &Known::default()).unwrap().workflow;
            let society = Polity::builder().start().unwrap();
            society.launch(flow, RunOptions::default()).unwrap().join().await.unwrap()
        });
        assert_eq!(result.failures()[0].1.kind, FailureKind::Timeout);
        assert!(result.failures()[0].1.message.contains(&format!("attempt {made} ")), "{:?}", result.failures());
    }
}

#[test]
fn a_program_is_told_of_a_condition_that_is_none() {
    for (policy, word) in [
        (RetryPolicy { only_if: Some("tasks.t.output".into()), ..RetryPolicy::default() }, "retry.only_if"),
        (RetryPolicy { unless: Some("error ==".into()), ..RetryPolicy::default() }, "retry.unless"),
    ] {
        polity::simulate(1, async {
            let society = Polity::builder().agent_spec(AgentSpec::new("ann", can("work", 1.0))).start().unwrap();
            let own = Workflow::new("w").task("t", kind("work").retry(policy.clone()));
            let everyone = Workflow::new("w").retry(policy).task("t", kind("work"));
            for flow in [own, everyone] {
                let refused = society.run(flow).await.unwrap_err().to_string();
                assert!(refused.contains(word), "{refused}");
            }
        });
    }
}
