//! How scripts end.

use crate::bench::{failure, perform, perform_at, sh};
use polity_agents::{CancelToken, Command, FailureKind, Workplace};

#[tokio::test]
async fn an_exit_code_is_an_error_with_its_last_words() {
    let failure = failure(sh("echo first >&2; echo boom >&2; exit 3")).await;
    assert_eq!((failure.kind, failure.exit_code), (FailureKind::Error, Some(3)));
    assert_eq!(failure.message, "exited with code 3: boom");
    assert_eq!(failure.stderr, "first\nboom\n");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let failure = failure(sh("no-such-program-here --flag")).await;
    assert_eq!((failure.kind, failure.exit_code), (FailureKind::NotRunnable, Some(127)));
    assert!(failure.message.starts_with("program not found") && failure.message.contains("no-such-program-here"), "{failure}");
}

#[tokio::test]
async fn a_program_that_may_not_run_is_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("tool"), "#!/bin/sh\n").expect("written");
    let command = Command { cwd: Some(folder.path().into()), ..sh("./tool") };
    let failure = failure(command).await;
    assert_eq!((failure.kind, failure.exit_code), (FailureKind::NotRunnable, Some(126)));
    assert!(failure.message.contains("chmod +x"), "{failure}");
}

#[tokio::test]
async fn a_signal_is_told_by_its_name() {
    let own = failure(sh("kill -KILL $$")).await;
    assert_eq!((own.kind, own.exit_code), (FailureKind::Killed, None));
    assert!(own.message.contains("SIGKILL"), "{own}");
    let childs = failure(sh("sh -c 'kill -SEGV $$'; exit $?")).await;
    assert_eq!(childs.kind, FailureKind::Killed);
    assert!(childs.message.contains("SIGSEGV"), "{childs}");
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_not_blamed_on_the_shell() {
    let failure = failure(Command { cwd: Some("no/such/folder".into()), ..sh("true") }).await;
    assert_eq!(failure.kind, FailureKind::NotRunnable);
    assert!(failure.message.contains("no/such/folder") && failure.message.contains("`cwd`"), "{failure}");
}

#[tokio::test]
async fn what_no_process_can_be_given_is_refused_with_the_remedy() {
    let long = failure(sh(format!("echo {}", "x".repeat(4 << 20)))).await;
    let nul = failure(sh("echo a\0b")).await;
    let name = failure(Command { env: vec![("A=B".into(), "c".into())], ..sh("true") }).await;
    let value = failure(Command { env: vec![("A".into(), "c\0".into())], ..sh("true") }).await;
    for (refused, word) in [(long, "`stdin`"), (nul, "offset 6"), (name, "\"A=B\""), (value, "variable A")] {
        assert_eq!(refused.kind, FailureKind::Validation);
        assert!(refused.message.contains(word), "{refused}");
    }
}

#[tokio::test]
async fn the_error_streams_end_is_kept() {
    let executed = perform(sh("i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done >&2")).await;
    assert_eq!(executed.stderr_tail.len(), 4096);
    assert!(executed.stderr_tail.ends_with("line 2999\n"));
    assert_eq!(executed.answer, Ok("".into()));
}

#[tokio::test]
async fn logs_are_appended_attempt_by_attempt() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = Workplace { logs: Some(folder.path().join("logs")), ..Workplace::new(folder.path()) };
    for round in 1..=2 {
        let command = sh(format!("echo out {round}; echo err {round} >&2"));
        let executed = perform_at(place.clone(), command, CancelToken::new()).await;
        assert_eq!((executed.answer, executed.notes), (Ok(format!("out {round}").into()), vec![]));
    }
    let mut files: Vec<_> =
        std::fs::read_dir(folder.path().join("logs")).expect("a folder").map(|f| f.expect("a file").path()).collect();
    files.sort();
    let texts: Vec<String> = files.iter().map(|f| std::fs::read_to_string(f).expect("text")).collect();
    assert_eq!(texts, ["err 1\nerr 2\n", "out 1\nout 2\n"]);
    let name = files[1].file_name().expect("a name").to_string_lossy().into_owned();
    assert!(name.starts_with("try_a_b_-") && name.ends_with("-1.stdout.log"), "{name}");
}

#[tokio::test]
async fn a_log_that_cannot_be_written_is_a_note() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("logs"), "a file").expect("written");
    let place = Workplace { logs: Some(folder.path().join("logs")), ..Workplace::new(folder.path()) };
    let executed = perform_at(place, sh("echo hello"), CancelToken::new()).await;
    assert_eq!(executed.answer, Ok("hello".into()));
    assert!(executed.notes.len() == 1 && executed.notes[0].contains("could not write"), "{:?}", executed.notes);
}
