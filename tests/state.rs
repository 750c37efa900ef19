//! The blackboard: what the tasks of a run share, and what a conflict about it means.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::event::{Event, What};
use polity::prelude::*;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

/// `n` tasks each add one to a count: they look, think, and set. The count in the end, and the conflicts, rejected or not.
fn count(n: u32, on_conflict: OnConflict, by_swap: bool) -> (u64, Vec<bool>) {
    let events: Rc<RefCell<Vec<Event>>> = Rc::default();
    let last = polity::simulate(5, async {
        let add = move |_: Job, context: Context| async move {
            let state = context.state()?;
            loop {
                let (count, version) = state.versioned::<u64>("count")?.unwrap_or((0, 0));
                context.sleep(Duration::from_millis(10)).await;
                if !by_swap {
                    return Ok(json!(state.set("count", &(count + 1))?));
                }
                if state.swap("count", version, &(count + 1))? {
                    return Ok(json!(version));
                }
            }
        };
        let spec = AgentSpec { slots: n, ..AgentSpec::new("ann", can("add", 1.0)) };
        let society = Polity::builder().sink(events.clone()).function("add", add).agent_spec(spec).start()?;
        let shared = Shared { on_conflict, initial: BTreeMap::from([("count".into(), json!(0))]) };
        let stubborn = RetryPolicy { attempts: 50, ..RetryPolicy::default() };
        let task =
            |flow: WorkflowBuilder, n: u32| flow.task(&format!("t{n}"), function("add").kind("add").retry(stubborn.clone()));
        let flow = (0..n).fold(Workflow::new("count").state(shared), task);
        society.run(flow).await?;
        let last = events.borrow().iter().rev().find_map(|event| match &event.what {
            What::StateChanged { value, .. } => value.as_u64(),
            _ => None,
        });
        Ok::<_, Failure>(last.unwrap_or_default())
    })
    .unwrap();
    let events = events.take();
    let conflicts = events.iter().filter_map(|event| match &event.what {
        What::StateConflict { rejected, .. } => Some(*rejected),
        _ => None,
    });
    (last, conflicts.collect())
}

#[test]
fn a_lost_update_is_seen_and_where_it_is_rejected_nothing_is_lost() {
    let (last, conflicts) = count(8, OnConflict::LastWriterWins, false);
    assert!(last < 8 && !conflicts.is_empty() && conflicts.iter().all(|rejected| !rejected), "{last} {conflicts:?}");
    let (last, conflicts) = count(8, OnConflict::Reject, false);
    assert!(last == 8 && !conflicts.is_empty() && conflicts.iter().all(|rejected| *rejected), "{last} {conflicts:?}");
    assert_eq!(count(8, OnConflict::LastWriterWins, true).0, 8, "who compares and sets loses nothing under either rule");
    assert_eq!(count(1, OnConflict::Reject, false), (1, vec![]), "alone there is no conflict");
}

#[test]
fn a_file_reads_and_sets_keys_and_an_unknown_one_is_refused() {
    let text = |key: &str| {
        format!(
            "name: w\nstate: {{ initial: {{ count: 20 }} }}\nagents: [{{ id: a }}]\ntasks:\n  \
             - {{ id: one, fn: double, with: {{ n: \"{{{{ state.{key} }}}}\" }}, set_state: count }}\n  \
             - {{ id: two, fn: double, with: {{ n: \"{{{{ state.count }}}}\" }}, depends_on: [one] }}\n"
        )
    };
    let known = Known { functions: vec!["double".into()], ..Known::default() };
    let wrong = parse(&text("cuont"), None, &known).unwrap_err().to_string();
    assert!(wrong.contains("uses state.cuont, which nobody sets") && wrong.contains("did you mean state.count?"), "{wrong}");
    let flow = parse(&text("count"), None, &known).unwrap().workflow;
    let two = polity::simulate(1, async {
        let double = |job: Job, _: Context| async move { Ok(json!(2 * job.input::<u64>("n")?)) };
        let society = Polity::builder().function("double", double).start()?;
        Ok::<_, Failure>(society.run(flow).await?.output("two").clone())
    });
    assert_eq!(two.unwrap(), 80);
}
