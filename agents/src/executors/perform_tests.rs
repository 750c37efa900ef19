//! The one door: who does what, and how it is stopped.

use super::*;
use crate::clock::RealClock;
use crate::executors::{Workplace, agent_fn, share};
use crate::job::Simulation;
use core::cell::{Cell, RefCell};
use core::time::Duration;
use polity_protocols::{Capabilities, Name};
use serde_json::json;
use std::sync::Arc;
use tokio::task::LocalSet;

fn executors() -> Executors {
    let mut functions = Functions::new();
    functions.register("double", |job: Job, _| async move { Ok(json!(2 * job.input::<i64>("x")?)) });
    Executors::new(functions, Workplace::new("."))
}
fn context() -> Context {
    Context::new(Rc::new(RealClock::new()), 1)
}
fn job(work: Work) -> Job {
    Job::new("a", work).with(json!({"x": 4}))
}
async fn answer(work: Work, agent: Option<SharedAgent>) -> Answer {
    executors().perform(job(work), agent, context(), CancelToken::new()).await.answer
}

#[tokio::test(start_paused = true)]
async fn each_work_has_its_executor() {
    let agent =
        share(Box::new(agent_fn(Capabilities::default(), |job: Job, _| async move { job.input::<i64>("x").map(|x| json!(-x)) })));
    assert_eq!(answer(Work::Own, Some(agent)).await, Ok(json!(-4)));
    assert_eq!(answer(Work::Function(Name::from("double")), None).await, Ok(json!(8)));
    let simulation = Simulation { output: Some(json!("sim")), ..Simulation::default() };
    assert_eq!(answer(Work::Simulate(Arc::new(simulation)), None).await, Ok(json!("sim")));
}

#[tokio::test]
async fn own_work_without_behaviour_says_what_to_do() {
    let failure = answer(Work::Own, None).await.expect_err("nobody does it");
    assert_eq!(failure.kind, FailureKind::Validation);
    assert!(failure.message.contains("task \"a\"") && failure.message.contains("`behaviour`"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_job_stops_where_it_awaits() {
    let stage = Rc::new(Cell::new(0));
    let seen = stage.clone();
    let agent = share(Box::new(agent_fn(Capabilities::default(), move |_, context: Context| {
        let stage = seen.clone();
        async move {
            stage.set(1);
            context.sleep(Duration::from_secs(60)).await;
            stage.set(2);
            Ok(json!(null))
        }
    })));
    let token = CancelToken::new();
    let work = executors().perform(job(Work::Own), Some(agent.clone()), context(), token.clone());
    let (executed, ()) = tokio::join!(work, async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        token.cancel();
    });
    assert_eq!(executed.answer.expect_err("cancelled").kind, FailureKind::Cancelled);
    assert_eq!(stage.get(), 1);
    assert!(!agent.is_broken(), "a cancel is no crash: the agent is free for the next");
    assert_eq!(answer(Work::Own, Some(agent)).await, Ok(json!(null)));
}

#[tokio::test(start_paused = true)]
async fn even_a_hang_ends_when_cancelled() {
    let token = CancelToken::new();
    let hang = Work::Simulate(Arc::new(Simulation { hang: 1.0, ..Simulation::default() }));
    let (executed, ()) = tokio::join!(executors().perform(job(hang), None, context(), token.clone()), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        token.cancel();
    });
    assert_eq!(executed.answer.expect_err("cancelled").kind, FailureKind::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn an_agent_does_one_job_at_a_time_in_order() {
    let log = Rc::new(RefCell::new(Vec::new()));
    let seen = log.clone();
    let agent = share(Box::new(agent_fn(Capabilities::default(), move |job: Job, context: Context| {
        let log = seen.clone();
        async move {
            log.borrow_mut().push(format!("{} begins", job.name));
            context.sleep(Duration::from_secs(1)).await;
            log.borrow_mut().push(format!("{} ends", job.name));
            Ok(json!(null))
        }
    })));
    let work = |name: &str| {
        let token = CancelToken::new();
        executors().perform(Job::new(name, Work::Own), Some(agent.clone()), context(), token)
    };
    tokio::join!(work("a"), work("b"), work("c"));
    assert_eq!(*log.borrow(), ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
}

#[tokio::test(start_paused = true)]
async fn after_a_panic_no_job_sees_the_agent() {
    let calls = Rc::new(Cell::new(0));
    let seen = calls.clone();
    let agent = share(Box::new(agent_fn(Capabilities::default(), move |_, context: Context| {
        seen.set(seen.get() + 1);
        async move {
            context.sleep(Duration::from_secs(1)).await;
            panic!("torn")
        }
    })));
    let (first, second) = LocalSet::new()
        .run_until(async {
            let work = || executors().perform(job(Work::Own), Some(agent.clone()), context(), CancelToken::new());
            let (first, second) = (tokio::task::spawn_local(work()), tokio::task::spawn_local(work()));
            (first.await, second.await)
        })
        .await;
    assert!(first.is_err_and(|e| e.is_panic()));
    let second = second.expect("an answer, not a panic").answer.expect_err("not begun");
    assert_eq!((second.kind, calls.get(), agent.is_broken()), (FailureKind::Panic, 1, true));
}

#[tokio::test]
async fn what_is_cancelled_before_it_begins_never_does() {
    let begun = Rc::new(Cell::new(false));
    let seen = begun.clone();
    let mut functions = Functions::new();
    functions.register("begin", move |_, _| {
        seen.set(true);
        async { Ok(json!(null)) }
    });
    let executors = Executors::new(functions, Workplace::new("."));
    let token = CancelToken::new();
    let work = || executors.perform(job(Work::Function(Name::from("begin"))), None, context(), token.clone());
    let late = work();
    token.cancel();
    assert_eq!(late.await.answer.expect_err("cancelled").kind, FailureKind::Cancelled);
    assert_eq!(work().await.answer.expect_err("cancelled").kind, FailureKind::Cancelled);
    assert!(!begun.get());
}
