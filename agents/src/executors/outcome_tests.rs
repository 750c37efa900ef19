//! Every way to end has its word and its sentence.

use super::*;

fn ended(raw: i32, stderr: &str) -> Failure {
    judge(Ok(ExitStatus::from_raw(raw)), stderr).expect_err("a failure")
}
fn coded(code: i32, stderr: &str) -> Failure {
    ended(code << 8, stderr)
}

#[test]
fn success_is_no_failure() {
    assert_eq!(judge(Ok(ExitStatus::from_raw(0)), "warnings don't matter"), Ok(()));
}

#[test]
fn codes_have_their_kinds() {
    for (code, kind) in [
        (1, FailureKind::Error),
        (2, FailureKind::Error),
        (126, FailureKind::NotRunnable),
        (127, FailureKind::NotRunnable),
        (129, FailureKind::Error),
        (137, FailureKind::Killed),
        (139, FailureKind::Killed),
        (143, FailureKind::Killed),
        (255, FailureKind::Error),
    ] {
        let failure = coded(code, "first\nlast words\n\n");
        assert_eq!((failure.kind, failure.exit_code), (kind, Some(code)));
        assert!(failure.message.contains("last words") && failure.message.contains(&code.to_string()), "{failure}");
        assert_eq!(failure.stderr, "first\nlast words\n\n");
    }
}

#[test]
fn signals_have_their_names() {
    let failure = ended(Signal::SIGKILL as i32, "");
    assert_eq!((failure.kind, failure.exit_code), (FailureKind::Killed, None));
    assert!(failure.message.starts_with("killed by SIGKILL, by someone else"), "{failure}");
    assert_eq!(ended(Signal::SIGTERM as i32, "").message, "killed by SIGTERM");
}

#[test]
fn long_last_words_are_cut() {
    assert!(coded(1, &"ä".repeat(5_000)).message.chars().count() < REPEATED + 40);
}
