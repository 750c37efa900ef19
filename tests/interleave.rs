//! Interleaved tasks are done in any order that their dependencies allow, and never two at a time.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::event::{COPIES, Event, Names, What};
use polity::prelude::*;
use polity::protocols::{Rng, TaskId};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

/// What a run led to, and the jobs: of which task, from when, until when.
struct Seen {
    result: RunResult,
    jobs: Vec<(String, f64, f64)>,
    events: Vec<Event>,
}
impl Seen {
    /// The tasks in the order in which their first jobs began.
    fn order(&self) -> Vec<String> {
        let mut jobs: Vec<_> = self.jobs.iter().map(|(name, from, _)| (*from, task_of(name))).collect();
        jobs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut seen = BTreeSet::new();
        jobs.into_iter().map(|(_, task)| task).filter(|task| seen.insert(task.clone())).collect()
    }
    /// Two jobs of different tasks (or instances) of a group that overlap.
    fn overlap(&self, group: &[&str]) -> Option<(String, String)> {
        let of: Vec<_> = self.jobs.iter().filter(|(name, ..)| group.contains(&node_of(name))).collect();
        let pairs = of.iter().flat_map(|a| of.iter().map(move |b| (a, b)));
        pairs
            .filter(|(a, b)| task_of(&a.0) != task_of(&b.0) && a.1 < b.2 && b.1 < a.2)
            .map(|(a, b)| (a.0.clone(), b.0.clone()))
            .next()
    }
    fn notes(&self) -> Vec<String> {
        let note = |event: &Event| if let What::Noted { note, .. } = &event.what { Some(note.to_string()) } else { None };
        self.events.iter().filter_map(note).collect()
    }
}
/// `a[1]` of `a[1]/fallback1`: a copy, and another way, are part of their task.
fn task_of(job: &str) -> String {
    job.split('/').next().unwrap_or_default().to_owned()
}
fn node_of(job: &str) -> &str {
    job.split(['/', '[']).next().unwrap_or_default()
}

/// `work` takes a second, or as long as it is told, and fails with this chance.
fn play(seed: u64, agents: u32, make: impl FnOnce() -> Workflow) -> Seen {
    let events: Rc<RefCell<Vec<Event>>> = Rc::default();
    let jobs: Rc<RefCell<Vec<(String, f64, f64)>>> = Rc::default();
    let (sink, list) = (events.clone(), jobs.clone());
    let result = polity::simulate(seed, async {
        let work = move |job: Job, context: Context| {
            let list = list.clone();
            async move {
                // A job that is cancelled has been done, too.
                struct Done(Rc<RefCell<Vec<(String, f64, f64)>>>, String, f64, Context);
                impl Drop for Done {
                    fn drop(&mut self) {
                        self.0.borrow_mut().push((self.1.clone(), self.2, self.3.now().as_secs_f64()));
                    }
                }
                let _done = Done(list, job.name.to_string(), context.now().as_secs_f64(), context.clone());
                let number = |key| job.input.get(key).and_then(Value::as_f64);
                let fails = context.rng("fails").chance(number("fail").unwrap_or(0.0));
                context.sleep(Duration::from_secs_f64(number("for").unwrap_or(1.0))).await;
                if fails { Err(Failure::error("no")) } else { Ok(job.input.get("give").cloned().unwrap_or_default()) }
            }
        };
        let mut builder = Polity::builder().sink(sink).function("work", work);
        for n in 0..agents {
            builder = builder.agent_spec(AgentSpec { slots: 4, ..AgentSpec::new(format!("a{n}"), Capabilities::default()) });
        }
        builder.start().unwrap().launch(make(), RunOptions::default()).unwrap().join().await.unwrap()
    });
    let (events, jobs) = (events.borrow().clone(), jobs.borrow().clone());
    Seen { result, jobs, events }
}
fn known() -> Known {
    Known { functions: vec!["work".into()], ..Known::default() }
}
fn run(tasks: &str) -> Seen {
    let text = format!("name: w\nagents: [{{ id: ann, slots: 9 }}]\ntasks:\n{tasks}\n");
    let flow = polity::workflow::parse(&text, None, &known()).unwrap_or_else(|errors| panic!("{errors}")).workflow;
    play(3, 0, || flow)
}

#[test]
fn they_follow_the_task_that_names_them_one_at_a_time_and_say_whom_they_wait_for() {
    let seen = run(
        "  - { id: first, fn: work }\n  - { id: checks, interleave: [a, b, c], depends_on: [first] }\n  - { id: a, fn: work }\n  \
         - { id: b, fn: work, priority: high }\n  - { id: c, fn: work }\n  - { id: free, fn: work }\n  - { id: last, fn: work, depends_on: [a, b, c] }",
    );
    assert_eq!((seen.result.status(), seen.overlap(&["a", "b", "c"])), (RunStatus::Completed, None));
    let order = seen.order();
    assert_eq!((&order[2], &order[5]), (&"b".to_owned(), &"last".to_owned()), "{order:?}");
    assert!(
        seen.notes().iter().any(|note| note == "it waits for its turn (interleave: checks), which \"b\" has"),
        "{:?}",
        seen.notes()
    );
    assert_eq!(seen.result.tally().completed, 7, "the one that names them has completed, too");
}

#[test]
fn without_it_they_would_be_done_at_a_time() {
    let seen = run("  - { id: a, fn: work }\n  - { id: b, fn: work }");
    assert!(seen.overlap(&["a", "b"]).is_some());
}

#[test]
fn they_may_have_an_order_among_themselves() {
    let seen = run(
        "  - { id: checks, interleave: [a, b, c] }\n  - { id: a, fn: work, depends_on: [c], priority: critical }\n  - { id: b, fn: work }\n  - { id: c, fn: work, priority: low }",
    );
    let order = seen.order();
    let place = |id: &str| order.iter().position(|task| task == id);
    assert!(place("c") < place("a") && seen.overlap(&["a", "b", "c"]).is_none(), "{order:?}");
}

#[test]
fn who_follows_a_task_that_is_skipped_or_blocked_follows_the_usual_rules() {
    let tasks = |head: &str, join: &str| {
        format!(
            "  - {{ id: bad, fn: work, with: {{ fail: 1 }} }}\n  - {{ id: checks, interleave: [a, b], {head} }}\n  - {{ id: a, fn: work{join} }}\n  - {{ id: b, fn: work }}"
        )
    };
    let skipped = run(&tasks("when: 1 == 2", "")).result.tally();
    assert_eq!((skipped.skipped, skipped.failed), (3, 1));
    let blocked = run(&tasks("depends_on: [bad]", "")).result.tally();
    assert_eq!(blocked.blocked, 3);
    let joined = run(&tasks("depends_on: [bad]", ", join: all_done")).result.tally();
    assert_eq!((joined.blocked, joined.completed), (2, 1));
}

#[test]
fn each_instance_takes_a_turn_and_a_task_of_two_groups_takes_both() {
    let seen = run(
        "  - { id: one, interleave: [a, b] }\n  - { id: two, interleave: [b, c] }\n  - { id: a, fn: work, for_each: [1, 2, 3] }\n  \
         - { id: b, fn: work }\n  - { id: c, fn: work }",
    );
    assert_eq!((seen.overlap(&["a", "b"]), seen.overlap(&["b", "c"])), (None, None));
    assert!(seen.overlap(&["a", "c"]).is_some(), "these have nothing in common");
    assert_eq!((seen.jobs.len(), seen.result.status()), (5, RunStatus::Completed));
}

/// A workflow whose tasks are interleaved by one or two others, with dependencies, retries, second tries, copies, lists, other ways.
fn drawn(seed: u64) -> (Workflow, Vec<Vec<String>>) {
    let mut rng = Rng::new(seed, "interleave");
    let tasks = 3 + rng.below(6);
    let mut flow = Workflow::new("w");
    for n in 0..tasks {
        let fail = if rng.chance(0.4) { 0.5 } else { 0.0 };
        let mut task = function("work").with("for", rng.between(0.1, 2.0)).with("fail", fail);
        if n > 0 && rng.chance(0.3) {
            task = task.depends_optionally_on(&format!("t{}", rng.below(n)));
        }
        if rng.chance(0.5) {
            task = task.retry(RetryPolicy { attempts: 3, initial: Duration::from_millis(300), ..RetryPolicy::default() });
        }
        task = match rng.below(5) {
            0 => task.hedge(polity::lifecycle::Hedge::After(Duration::from_millis(200))),
            1 => task.redundancy(polity::lifecycle::Redundancy::of(2)),
            2 => task.for_each("[1, 2, 3]"),
            3 => task.fallback(function("work")),
            _ => task,
        };
        let priorities = [Priority::Low, Priority::Normal, Priority::High];
        flow = flow.task(&format!("t{n}"), task.priority(priorities[rng.below(3)]));
    }
    let mut groups = Vec::new();
    for n in 0..1 + rng.below(2) {
        let named: BTreeSet<String> = (0..2 + rng.below(4)).map(|_| format!("t{}", rng.below(tasks))).collect();
        let named: Vec<String> = named.into_iter().collect();
        flow = flow.task(&format!("turns{n}"), interleave(named.iter().map(String::as_str)));
        groups.push(named);
    }
    (flow.build().unwrap(), groups)
}

#[test]
fn never_two_of_a_group_overlap_and_all_of_them_are_done() {
    let (mut orders, mut copied, mut again, mut waited) = (BTreeMap::<bool, u32>::new(), 0, 0, 0);
    for seed in 0..200 {
        let (flow, groups) = drawn(seed);
        let seen = play(seed, 3, || flow);
        for group in &groups {
            let group: Vec<&str> = group.iter().map(String::as_str).collect();
            assert_eq!(seen.overlap(&group), None, "seed {seed}: {group:?}");
            let order: Vec<String> = seen.order().into_iter().filter(|task| group.contains(&node_of(task))).collect();
            *orders.entry(order.is_sorted()).or_default() += 1;
        }
        let tally = seen.result.tally();
        assert_eq!((tally.blocked, tally.skipped, tally.cancelled), (0, 0, 0), "seed {seed}");
        // A turn lasts until its task has ended: also between its attempts.
        let mut names = Names::default();
        let mut inside: BTreeSet<TaskId> = BTreeSet::new();
        for event in &seen.events {
            names.take(event);
            let Some(task) = event.what.task().filter(|task| task.instance() < COPIES) else { continue };
            match event.what {
                What::Announced { .. } | What::Copied { .. } => drop(inside.insert(task)),
                What::Completed { .. } | What::Failed { .. } => drop(inside.remove(&task)),
                _ => {}
            }
            for group in &groups {
                let turns = inside.iter().filter(|task| group.iter().any(|id| id == node_of(&names.task(**task)))).count();
                assert!(turns <= 1, "seed {seed}: {turns} have their turn at {event:?}");
            }
        }
        copied += seen.events.iter().filter(|event| matches!(event.what, What::Copied { .. })).count();
        again += seen.events.iter().filter(|event| matches!(event.what, What::Retried { .. })).count();
        waited += seen.notes().iter().filter(|note| note.starts_with("it waits for its turn")).count();
    }
    assert!(orders.len() == 2 && orders.values().all(|count| *count > 20), "always the same order: {orders:?}");
    assert!(copied > 100 && again > 30 && waited > 200, "too tame: {copied} {again} {waited}");
}

#[test]
fn what_makes_no_sense_is_refused_with_a_remedy() {
    for (head, sentence) in [
        ("interleave: [a, x]", "task \"checks\" interleaves \"x\", which is not a task"),
        ("interleave: [a, chekcs]", "did you mean \"checks\"?"),
        ("interleave: [a, checks]", "task \"checks\" interleaves itself"),
        ("interleave: [a, a]", "interleaves \"a\" twice; name it once"),
        ("interleave: []", "interleaves nothing; name the tasks"),
        ("interleave: a", "write [a]"),
        ("interleave: [a, b], depends_on: [a]", "the tasks wait for each other in a circle"),
        ("interleave: [a, b], fn: work", "says twice how it is executed"),
        ("interleave: [a, b], for_each: [1]", "`for_each` has nothing to act on; give `for_each` to those that it interleaves"),
        ("interleave: [a, b], type: x", "`type` has nothing to act on"),
        ("interleave: [a, b], on_error: { skip: true }", "`on_error` has nothing to act on"),
    ] {
        let text = format!(
            "name: w\nagents: [{{ id: ann }}]\ntasks:\n  - {{ id: checks, {head} }}\n  - {{ id: a, fn: work }}\n  - {{ id: b, fn: work }}\n"
        );
        let said = polity::workflow::parse(&text, None, &known()).unwrap_err().to_string();
        assert!(said.contains(sentence), "{head}\n{said}");
    }
}
