//! Tasks share what there is only so much of: resources, `concurrency`, and one after the other.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::event::{Event, What};
use polity::prelude::*;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

/// A job's name, and when it began and ended.
type Span = (String, f64, f64);

struct Seen {
    result: RunResult,
    took: f64,
    /// The names of the jobs, with when they began and ended.
    jobs: Vec<Span>,
    notes: Vec<String>,
}
impl Seen {
    /// How many of these were done at a time at most.
    fn most(&self, which: impl Fn(&str) -> bool) -> usize {
        let of: Vec<&Span> = self.jobs.iter().filter(|(name, ..)| which(name)).collect();
        of.iter().map(|(_, at, _)| of.iter().filter(|(_, from, to)| from <= at && at < to).count()).max().unwrap_or(0)
    }
}

/// Runs these tasks (YAML, flow style), with agents enough for all; `work` takes a second, or as long as it is told.
fn run(more: &str, tasks: &str) -> Seen {
    let text = format!("name: w\n{more}\nagents: [{{ id: ann, slots: 50 }}]\ntasks:\n{tasks}\n");
    let events: Rc<RefCell<Vec<Event>>> = Rc::default();
    let jobs: Rc<RefCell<Vec<Span>>> = Rc::default();
    let (sink, list) = (events.clone(), jobs.clone());
    let (result, took) = polity::simulate(3, async {
        let work = move |job: Job, context: Context| {
            let list = list.clone();
            async move {
                let from = context.now().as_secs_f64();
                let seconds = job.input.get("for").and_then(Value::as_f64).unwrap_or(1.0);
                context.sleep(Duration::from_secs_f64(seconds)).await;
                list.borrow_mut().push((job.name.to_string(), from, context.now().as_secs_f64()));
                if job.input.get("fail").is_some() { Err(Failure::error("no")) } else { Ok(Value::Null) }
            }
        };
        let society = Polity::builder().sink(sink).function("work", work).start().unwrap();
        let known = Known { functions: vec!["work".into()], ..Known::default() };
        let flow = polity::workflow::parse(&text, None, &known).unwrap_or_else(|errors| panic!("{errors}")).workflow;
        let result = society.launch(flow, RunOptions::default()).unwrap().join().await.unwrap();
        (result, society.now().as_secs_f64())
    });
    let events = events.borrow();
    let note = |event: &Event| match &event.what {
        What::Noted { note, .. } => Some(note.to_string()),
        _ => None,
    };
    let notes = events.iter().filter_map(note).collect();
    let jobs = jobs.borrow().clone();
    Seen { result, took, jobs, notes }
}

#[test]
fn of_a_resource_no_more_is_used_than_there_is_and_who_waits_says_for_whom() {
    let tasks: Vec<String> =
        (0..6).map(|n| format!("  - {{ id: t{n}, fn: work, resources: {{ gpu: {} }} }}", 1 + n % 2)).collect();
    let seen = run("resources: { gpu: 2 }", &tasks.join("\n"));
    // Those of one unit stand between those of two, and nobody is overtaken.
    assert_eq!((seen.result.status(), seen.took), (RunStatus::Completed, 6.0));
    let mut used: BTreeMap<u64, usize> = BTreeMap::new();
    for (name, from, _) in &seen.jobs {
        *used.entry(*from as u64).or_default() += if ["t1", "t3", "t5"].contains(&&**name) { 2 } else { 1 };
    }
    assert!(used.values().all(|used| *used <= 2), "{used:?}");
    assert!(seen.notes.iter().any(|note| note == "it waits for \"gpu\", which \"t0\" has"), "{:?}", seen.notes);
}

#[test]
fn exclusive_tasks_are_done_in_any_order_and_never_two_at_a_time() {
    let seen = run(
        "resources: { db: 1 }",
        "  - { id: a, fn: work, resources: [db] }\n  - { id: b, fn: work, resources: [db], priority: high }\n  \
         - { id: c, fn: work, resources: [db] }\n  - { id: free, fn: work }",
    );
    assert_eq!((seen.took, seen.most(|name| name != "free"), seen.most(|_| true)), (3.0, 1, 2));
    assert_eq!(
        seen.jobs.iter().find(|(_, from, _)| *from == 0.0 || *from == 1.0).map(|(name, ..)| &**name),
        Some("b"),
        "the urgent one first"
    );
}

#[test]
fn what_fails_or_is_retried_holds_its_resource_until_it_has_ended() {
    let seen = run(
        "resources: { db: 1 }",
        "  - { id: a, fn: work, resources: [db], with: { fail: 1 }, retry: { attempts: 2, initial: 3s, jitter: none }, priority: high }\n  \
         - { id: b, fn: work, resources: [db] }",
    );
    assert_eq!((seen.most(|_| true), seen.took), (1, 6.0), "{:?}", seen.jobs);
    assert_eq!((seen.result.tally().failed, seen.result.tally().completed), (1, 1));
}

#[test]
fn so_many_instances_at_a_time() {
    let seen = run("", "  - { id: each, fn: work, for_each: 'range(10) | list', concurrency: 3 }\n  - { id: other, fn: work }");
    assert_eq!((seen.most(|name| name.starts_with("each")), seen.took, seen.result.tally().completed), (3, 4.0, 11));
}

#[test]
fn a_sequential_run_does_one_after_the_other_also_in_its_sub_runs() {
    let tasks = "  - { id: a, fn: work }\n  - { id: b, fn: work }\n  \
                 - id: c\n    workflow: { name: s, tasks: [{ id: d, fn: work }, { id: e, fn: work }] }\n  - { id: f, fn: work, for_each: [1, 2] }";
    for mode in ["sequential", "SIMPLE"] {
        let seen = run(&format!("mode: {mode}"), tasks);
        assert_eq!((seen.most(|_| true), seen.took, seen.result.status()), (1, 6.0, RunStatus::Completed), "{:?}", seen.jobs);
    }
    let parallel = run("mode: HIERARCHICAL", tasks);
    assert_eq!(parallel.took, 1.0);
}

#[test]
fn what_makes_no_sense_is_refused_with_a_remedy() {
    for (more, task, sentence) in [
        ("", "{ id: a, fn: work, resources: [db] }", "say how many there are: resources: { db: 1 }"),
        ("resources: { gpus: 1 }", "{ id: a, fn: work, resources: [gpu] }", "did you mean \"gpus\"?"),
        (
            "resources: { gpu: 1 }",
            "{ id: a, fn: work, resources: { gpu: 2 } }",
            "uses 2 of \"gpu\", and there are 1; it could never begin",
        ),
        ("resources: { gpu: 2 }", "{ id: a, fn: work, resources: [gpu, gpu] }", "names \"gpu\" twice"),
        ("resources: { gpu: 0 }", "{ id: a, fn: work }", "at least 1"),
        ("", "{ id: a, fn: work, concurrency: 2 }", "`concurrency`, which is for tasks with `for_each`"),
    ] {
        let text = format!("name: w\n{more}\nagents: [{{ id: ann }}]\ntasks: [{task}]\n");
        let known = Known { functions: vec!["work".into()], ..Known::default() };
        let said = polity::workflow::parse(&text, None, &known).unwrap_err().to_string();
        assert!(said.contains(sentence), "{task}\n{said}");
    }
}
