//! Dead tasks, and runs that go on from the record of another.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::event::{DeathCause, Event, Names, RunId};
use polity::prelude::*;
use polity::protocols::Rng;
use polity::report::{Dead, DeadLetter, Recall, Report};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

/// A seeded flow: tasks that add up what they are given; the last is of several instances.
fn flow(rng: &mut Rng, tasks: u64) -> WorkflowBuilder {
    let add = |flow: WorkflowBuilder, n: u64| {
        let mut task = function("add").kind("add").with("own", n + 1);
        for on in (0..n).filter(|_| rng.chance(0.25)) {
            task = task.with(&format!("of{on}"), output(&format!("t{on}")));
        }
        flow.task(&format!("t{n}"), task)
    };
    let flow = (0..tasks).fold(Workflow::new("sums"), add);
    flow.task("each", function("add").kind("add").for_each("[1, 2, 3, 4]").with("own", item()).with("of", output("t0")))
}

#[test]
fn nothing_that_completed_is_done_again_and_the_result_is_the_same() {
    let (mut recalled, mut redone) = (0, 0);
    for seed in 0..40 {
        let mut rng = Rng::new(seed, "requeue");
        let tasks = 1 + rng.below(10) as u64;
        let flow = flow(&mut rng, tasks).build().unwrap();
        let broken: Rc<RefCell<bool>> = Rc::new(RefCell::new(true));
        let done: Rc<RefCell<BTreeMap<String, u32>>> = Rc::default();
        let events: Rc<RefCell<Vec<Event>>> = Rc::default();
        let (broken_too, done_too) = (broken.clone(), done.clone());
        let (again, whole) = polity::simulate(seed, async {
            let add = move |job: Job, _: Context| {
                let (broken, done) = (broken_too.clone(), done_too.clone());
                async move {
                    if *broken.borrow() && Rng::new(seed, &job.name).chance(0.3) {
                        return Err(Failure::error("not today"));
                    }
                    *done.borrow_mut().entry(job.name.to_string()).or_default() += 1;
                    let of = job.input.as_object().unwrap().values().map(|n| n.as_i64().unwrap());
                    Ok(json!(of.sum::<i64>()))
                }
            };
            let society = Polity::builder()
                .sink(events.clone())
                .function("add", add)
                .agent_spec(AgentSpec::new("ann", can("add", 1.0)))
                .start()?;
            let first = society.launch(flow.clone(), RunOptions::default())?.join().await?;
            broken.replace(false);
            let (mut report, mut names) = (Report::default().keeping_decisions(true), Names::default());
            events.borrow().iter().for_each(|event| {
                names.take(event);
                report.take(event);
            });
            let recall = Recall::of(&report, &names, |_| true);
            assert_eq!(recall.outputs() as u32, first.tally().completed);
            recalled += recall.outputs();
            redone += done.borrow().len() as u32 - first.tally().completed;
            let before = done.borrow().clone();
            let again = society.run_with(flow.clone(), RunOptions::default().recalling(recall)).await?;
            let after = done.borrow().clone();
            assert!(before.iter().all(|(name, times)| after[name] == *times), "seed {seed}: done again");
            redone += (after.len() - before.len()) as u32;
            let whole = society.run(flow).await?;
            let outputs = |result: &RunResult| {
                (0..tasks)
                    .map(|n| result.output(&format!("t{n}")).clone())
                    .chain([result.output("each").clone()])
                    .collect::<Vec<_>>()
            };
            Ok::<_, Failure>((outputs(&again), outputs(&whole)))
        })
        .unwrap();
        assert_eq!(again, whole, "seed {seed}");
    }
    assert!(recalled > 50 && redone > 50, "{recalled} {redone}");
}

#[test]
fn a_society_tells_of_each_kind_of_dead_task() {
    let dead: Vec<DeadLetter> = polity::simulate(7, async {
        let stubborn = RetryPolicy { attempts: 3, ..RetryPolicy::default() };
        let fatal = Simulation { work: None, failure: 0.0, crash: 1.0, hang: 0.0, ..Simulation::default() };
        let society = Polity::builder()
            .function("fail", |_, _| async { Err(Failure::error("no")) })
            .function("wrong", |job, _| async move { Ok(json!(job.input::<u64>("missing")?)) })
            .agent_spec(AgentSpec { replicas: 4, replicated: true, ..AgentSpec::new("ann", can("work", 1.0)) })
            .start()?;
        let flow = Workflow::new("w")
            .task("spent", function("fail").kind("work").retry(stubborn))
            .task("wrong", function("wrong").kind("work"))
            .task("deadly", simulated(fatal).kind("work").depends_optionally_on("spent").depends_optionally_on("wrong"))
            .task("odd", function("fail").kind("unheard of"))
            .task("well", simulated(Simulation::default()).kind("work").estimate(Duration::from_secs(1)));
        let _ = society.launch(flow, RunOptions::default())?.join().await?;
        Ok::<_, Failure>(society.dead_letters())
    })
    .unwrap();
    let task = |name: &str| {
        let found = dead.iter().find_map(|letter| letter.what.task().filter(|dead| &*dead.task == name));
        found.unwrap_or_else(|| panic!("{name} is not among {dead:?}"))
    };
    assert_eq!(dead.len(), 4, "{dead:?}");
    assert!(dead.iter().all(|letter| letter.run == RunId(0) && matches!(letter.what, Dead::Task(_))));
    let spent = task("spent");
    assert_eq!((spent.cause, spent.attempts, spent.errors.len()), (DeathCause::Exhausted, 3, 3));
    assert!(!spent.agents.is_empty() && spent.errors.iter().all(|error| error.message == "no"));
    assert_eq!(task("wrong").cause, DeathCause::Hopeless);
    let deadly = task("deadly");
    assert_eq!((deadly.cause, deadly.errors.len()), (DeathCause::Poison, 4), "{deadly:?}");
    assert!((1..=3).contains(&deadly.agents.len()) && deadly.errors[0].word == "lost".into(), "{deadly:?}");
    assert_eq!((task("odd").cause, task("odd").agents.len()), (DeathCause::NobodyLeft, 0));
    assert_eq!(task("odd").input.len(), 32);
}
