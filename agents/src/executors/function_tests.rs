//! Functions: called, unknown, panicking, abandoned.

use super::*;
use crate::clock::RealClock;
use crate::job::Work;
use serde_json::json;
use std::sync::mpsc;

fn context() -> Context {
    Context::new(Rc::new(RealClock::new()), 1)
}
fn job() -> Job {
    Job::new("a", Work::Own).with(json!({"x": 20}))
}

#[tokio::test]
async fn both_kinds_answer() {
    let mut functions = Functions::new();
    functions
        .register("local", |job: Job, _| async move { Ok(json!(job.input::<i64>("x")? + 1)) })
        .register_blocking("blocking", |job: Job| Ok(json!(job.input::<i64>("x")? + 2)));
    assert_eq!(functions.names().map(|n| &**n).collect::<Vec<_>>(), ["blocking", "local"]);
    assert_eq!(functions.call("local", job(), context()).await, Ok(json!(21)));
    assert_eq!(functions.call("blocking", job(), context()).await, Ok(json!(22)));
    assert_eq!(functions.abandoned(), 0);
}

#[tokio::test]
async fn an_unknown_name_says_what_is_near_or_there() {
    let mut functions = Functions::new();
    let message = |failure: Failure| {
        assert_eq!(failure.kind, FailureKind::Validation);
        failure.message
    };
    let none = functions.call("x", job(), context()).await.map_err(message);
    assert!(none.is_err_and(|m| m.contains("none is registered")));
    functions.register_blocking("parse", |_| Ok(json!(1))).register_blocking("clean", |_| Ok(json!(1)));
    let near = functions.call("prase", job(), context()).await.map_err(message);
    assert!(near.is_err_and(|m| m.contains("task \"a\"") && m.contains("did you mean \"parse\"?")));
    let far = functions.call("publish", job(), context()).await.map_err(message);
    assert!(far.is_err_and(|m| m.contains("registered are: clean, parse")));
}

#[test]
fn distances() {
    for (a, b, d) in [("", "", 0), ("", "ab", 2), ("ab", "ba", 1), ("biuld", "build", 1), ("kitten", "sitting", 3), ("é", "e", 1)]
    {
        assert_eq!((distance(a, b), distance(b, a)), (d, d), "{a} {b}");
    }
}

#[tokio::test]
#[should_panic(expected = "out of paper")]
async fn a_panic_of_a_thread_is_the_callers() {
    let mut functions = Functions::new();
    functions.register_blocking("print", |_| panic!("out of paper"));
    let _never = functions.call("print", job(), context()).await;
}

#[tokio::test]
async fn a_blocking_call_that_is_dropped_is_counted_once_it_runs() {
    let (begun, has_begun) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = std::sync::Mutex::new(may_go_on);
    let mut functions = Functions::new();
    functions.register_blocking("slow", move |_| {
        begun.send(()).expect("the test listens");
        may_go_on.lock().expect("one caller").recv().expect("the test sends");
        Ok(json!(1))
    });
    let call = functions.call("slow", job(), context());
    drop(call);
    assert_eq!(functions.abandoned(), 0, "never polled, never begun");
    let mut call = functions.call("slow", job(), context());
    assert!(futures_util::FutureExt::now_or_never(&mut call).is_none());
    has_begun.recv().expect("it begins");
    drop(call);
    assert_eq!(functions.abandoned(), 1);
    go_on.send(()).expect("it waits");
}

#[test]
fn a_blocking_call_that_waits_for_a_thread_never_begins_when_dropped() {
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).enable_time().build().expect("a runtime");
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let begun = Arc::new(AtomicU64::new(0));
    let mut functions = Functions::new();
    let count = begun.clone();
    functions.register_blocking("count", move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        Ok(json!(1))
    });
    runtime.block_on(async {
        let busy = tokio::task::spawn_blocking(move || may_go_on.recv());
        let mut call = functions.call("count", job(), context());
        assert!(futures_util::FutureExt::now_or_never(&mut call).is_none());
        drop(call);
        go_on.send(()).expect("it waits");
        busy.await.expect("no panic").expect("it was told");
        functions.call("count", job(), context()).await.expect("an answer");
    });
    assert_eq!((begun.load(Ordering::SeqCst), functions.abandoned()), (1, 0));
}
