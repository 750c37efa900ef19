//! How scripts are stopped, and what is left of them: nothing.

use crate::bench::{Fifo, is_gone, members, perform_at, sh};
use polity_agents::{CancelToken, Command, Executed, FailureKind, Workplace};
use std::time::{Duration, Instant};
use tokio::task::LocalSet;

/// Runs a script until it tells its group over `$FIFO`, cancels it, and gives what came of it and of the group.
async fn cancelled(script: &str, grace: Duration) -> (Executed, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let fifo = Fifo::new(folder.path());
    let env = vec![("FIFO".into(), fifo.0.to_string_lossy().into_owned())];
    let token = CancelToken::new();
    let command = Command { env, grace: Some(grace), ..sh(script) };
    let (executed, group) = tokio::join!(perform_at(Workplace::new(folder.path()), command, token.clone()), async {
        let group = fifo.hear().await;
        assert!(!members(&group).is_empty(), "it runs, in the group that it told");
        token.cancel();
        group
    });
    (executed, group)
}

#[tokio::test]
async fn sigterm_lets_a_script_tidy_up() {
    // It has no children: one that is caught between fork and exec may lose its SIGTERM to the shell's handler, and use up the grace.
    let script = "trap 'echo tidied >&2; exit 7' TERM; echo $$ > $FIFO; while :; do :; done";
    let start = Instant::now();
    let (executed, group) = cancelled(script, Duration::from_secs(60)).await;
    assert!(start.elapsed() < Duration::from_secs(30), "the grace is not waited out");
    let failure = executed.answer.expect_err("cancelled");
    assert_eq!((failure.kind, failure.exit_code), (FailureKind::Cancelled, Some(7)));
    assert_eq!(executed.stderr_tail, "tidied\n");
    assert!(is_gone(&group).await);
}

#[tokio::test]
async fn who_ignores_sigterm_is_killed_with_all_its_children() {
    let script = "trap '' TERM; sleep 1000 & sh -c 'sleep 1000' & echo $$ > $FIFO; sleep 1000";
    let (executed, group) = cancelled(script, Duration::from_millis(20)).await;
    assert_eq!(executed.answer.expect_err("cancelled").kind, FailureKind::Cancelled);
    assert!(is_gone(&group).await, "{:?}", members(&group));
}

#[tokio::test]
async fn a_child_that_outlives_its_script_is_killed_too() {
    // The script heeds SIGTERM, its child doesn't.
    let script = "sh -c 'trap \"\" TERM; echo $PPID > $FIFO; while :; do sleep 1000; done' & wait";
    let (executed, group) = cancelled(script, Duration::from_millis(20)).await;
    assert_eq!(executed.answer.expect_err("cancelled").kind, FailureKind::Cancelled);
    assert!(is_gone(&group).await, "{:?}", members(&group));
}

#[tokio::test]
async fn a_job_that_is_dropped_takes_its_processes_along() {
    let folder = tempfile::tempdir().expect("a folder");
    let fifo = Fifo::new(folder.path());
    let env = vec![("FIFO".into(), fifo.0.to_string_lossy().into_owned())];
    let command = Command { env, ..sh("trap '' TERM; sleep 1000 & echo $$ > $FIFO; sleep 1000") };
    let group = LocalSet::new()
        .run_until(async {
            let job = tokio::task::spawn_local(perform_at(Workplace::new(folder.path()), command, CancelToken::new()));
            let group = fifo.hear().await;
            assert!(!members(&group).is_empty());
            job.abort();
            assert!(job.await.expect_err("aborted").is_cancelled());
            group
        })
        .await;
    assert!(is_gone(&group).await, "{:?}", members(&group));
}

#[tokio::test]
async fn what_is_cancelled_before_it_begins_never_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let token = CancelToken::new();
    token.cancel();
    let executed = perform_at(Workplace::new(folder.path()), sh("touch begun"), token).await;
    assert_eq!(executed.answer.expect_err("cancelled").kind, FailureKind::Cancelled);
    assert!(!folder.path().join("begun").exists());
}

#[tokio::test]
async fn a_background_child_that_holds_the_output_does_not_hang_the_job() {
    let place = Workplace { linger: Duration::from_millis(50), ..Workplace::new(std::env::temp_dir()) };
    let start = Instant::now();
    let executed = perform_at(place, sh("sleep 1000 & echo $$"), CancelToken::new()).await;
    assert!(start.elapsed() < Duration::from_secs(30));
    let group = executed.answer.expect("the script succeeded");
    assert!(executed.notes.len() == 1 && executed.notes[0].contains("held its output open"), "{:?}", executed.notes);
    assert!(is_gone(group.as_str().expect("a group")).await);
}

#[tokio::test]
async fn a_background_child_that_soon_ends_is_waited_for() {
    let place = Workplace { linger: Duration::from_secs(60), ..Workplace::new(std::env::temp_dir()) };
    // The child prints only when its script is over: when its id means nobody.
    let script = "(while kill -0 $$ 2>/dev/null; do :; done; echo late) & echo early";
    let executed = perform_at(place, sh(script), CancelToken::new()).await;
    assert_eq!(executed.answer, Ok("early\nlate".into()));
    assert_eq!(executed.notes, Vec::<String>::new());
}

#[tokio::test]
async fn a_silent_child_does_not_outlive_the_job() {
    let executed = perform_at(Workplace::new("/"), sh("sleep 1000 >/dev/null 2>&1 & echo $$"), CancelToken::new()).await;
    assert_eq!(executed.notes, Vec::<String>::new());
    assert!(is_gone(executed.answer.expect("it succeeded").as_str().expect("a group")).await);
}

#[tokio::test]
async fn a_cancel_reaches_a_job_that_waits_for_what_its_script_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let fifo = Fifo::new(folder.path());
    let place = Workplace { linger: Duration::from_secs(600), ..Workplace::new(folder.path()) };
    let script = "(while kill -0 $$ 2>/dev/null; do :; done; echo $$ > $FIFO; sleep 1000) &";
    let command = Command { env: vec![("FIFO".into(), fifo.0.to_string_lossy().into_owned())], ..sh(script) };
    let token = CancelToken::new();
    let start = Instant::now();
    let (executed, group) = tokio::join!(perform_at(place, command, token.clone()), async {
        let group = fifo.hear().await;
        token.cancel();
        group
    });
    assert_eq!(executed.answer.expect_err("cancelled").kind, FailureKind::Cancelled);
    assert!(start.elapsed() < Duration::from_secs(60));
    assert!(is_gone(&group).await);
}
