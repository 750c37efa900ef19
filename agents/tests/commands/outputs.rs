//! What scripts read and print.

use crate::bench::{answer, failure, perform, perform_at, script, sh};
use polity_agents::{CancelToken, Command, FailureKind, OutputFormat, Workplace};
use serde_json::{Value, json};

#[tokio::test]
async fn formats() {
    assert_eq!(answer(sh("printf 'a\\nb\\n'")).await, "a\nb");
    assert_eq!(answer(script("printf 'a\\nb\\n'", OutputFormat::Lines)).await, json!(["a", "b"]));
    assert_eq!(answer(script("echo '{\"b\": 1, \"a\": [true]}'", OutputFormat::Json)).await, json!({"b": 1, "a": [true]}));
}

#[tokio::test]
async fn json_that_is_none_is_shown() {
    let failure = failure(script("echo '{\"a\": oops}'", OutputFormat::Json)).await;
    assert_eq!((failure.kind, failure.exit_code), (FailureKind::BadOutput, Some(0)));
    assert!(failure.message.contains("line 1 column 7") && failure.message.contains("oops"), "{failure}");
}

#[tokio::test]
async fn bytes_that_are_no_text_are_refused_with_their_place() {
    let failure = failure(sh("printf 'abc\\377def'")).await;
    assert_eq!(failure.kind, FailureKind::BadOutput);
    assert!(failure.message.contains("byte 0xff at offset 3"), "{failure}");
}

#[tokio::test]
async fn a_failed_script_is_not_blamed_for_its_output() {
    assert_eq!(failure(script("printf '\\377'; exit 1", OutputFormat::Json)).await.kind, FailureKind::Error);
}

#[tokio::test]
async fn ten_megabytes_both_ways_do_not_lock() {
    let text = "0123456789abcde\n".repeat(10 << 16);
    let executed = perform(Command { stdin: Some(text.clone()), output_limit: Some(64 << 20), ..sh("cat") }).await;
    assert_eq!(executed.stdout_bytes, text.len() as u64);
    assert_eq!(executed.answer.expect("it succeeds").as_str(), Some(text.trim_end()));
}

#[tokio::test]
async fn input_that_nobody_reads_is_no_error() {
    for text in ["true", "head -c 5 >/dev/null", "exec <&-; echo x >&2"] {
        assert_eq!(answer(Command { stdin: Some("y".repeat(10 << 20)), ..sh(text) }).await, "", "{text}");
    }
}

#[tokio::test]
async fn streams_may_be_closed_before_the_work_is_done() {
    let folder = tempfile::tempdir().expect("a folder");
    let command = Command {
        stdin: Some("z".repeat(5 << 20)),
        cwd: Some(folder.path().into()),
        ..sh("echo early; exec >&- 2>&-; cat > all")
    };
    assert_eq!(answer(command).await, "early");
    assert_eq!(std::fs::metadata(folder.path().join("all")).expect("a file").len(), 5 << 20);
}

/// The most memory that this process has held, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|l| l.starts_with("VmHWM")).expect("a peak");
    line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number")
}

#[tokio::test]
async fn memory_stays_flat_under_a_flood() {
    // 1 GB takes ten times as long, and shows the same: set POLITY_FLOOD=1000000000 to see it.
    let bytes: u64 = std::env::var("POLITY_FLOOD").ok().and_then(|n| n.parse().ok()).unwrap_or(200_000_000);
    let before = peak();
    let executed = perform(sh(format!("head -c {bytes} /dev/zero | tr '\\0' x"))).await;
    assert_eq!(executed.stdout_bytes, bytes);
    let kept = executed.answer.expect("it succeeds");
    assert_eq!(kept.as_str().map(str::len), Some(1 << 20));
    assert!(executed.notes.len() == 1 && executed.notes[0].contains("the rest was dropped"), "{:?}", executed.notes);
    assert!(peak() - before < 100_000, "{} KiB more", peak() - before);
}

async fn limited(text: &str, output: OutputFormat, limit: usize, spill_limit: u64) -> (polity_agents::Executed, Option<Vec<u8>>) {
    let folder = tempfile::tempdir().expect("a folder");
    let place = Workplace { spill: Some(folder.path().join("spill")), spill_limit, ..Workplace::new(folder.path()) };
    let command = Command { output_limit: Some(limit), ..script(format!("printf '{text}'"), output) };
    let executed = perform_at(place, command, CancelToken::new()).await;
    let file = std::fs::read_dir(folder.path().join("spill")).ok().and_then(|mut files| files.next());
    (executed, file.map(|f| std::fs::read(f.expect("a file").path()).expect("bytes")))
}

#[tokio::test]
async fn what_exceeds_the_limit_is_cut_whole_and_spilled() {
    let (executed, file) = limited("aä€z", OutputFormat::Text, 4, 100).await;
    assert_eq!(executed.answer, Ok("aä".into()));
    assert_eq!(file.as_deref(), Some("aä€z".as_bytes()));
    assert!(executed.notes[0].contains("the first 3 of 7 bytes are kept; all of it is in "), "{:?}", executed.notes);

    let (executed, file) = limited("one\\ntwo\\nthree\\n", OutputFormat::Lines, 10, 12).await;
    assert_eq!(executed.answer, Ok(json!(["one", "two"])));
    assert_eq!(file.as_deref(), Some(b"one\ntwo\nthre".as_slice()));
    assert!(executed.notes[0].contains("the first 12 bytes are in "), "{:?}", executed.notes);
}

#[tokio::test]
async fn what_just_fits_is_whole() {
    let (executed, file) = limited("abcd", OutputFormat::Text, 4, 100).await;
    assert_eq!((executed.answer, executed.notes, file), (Ok("abcd".into()), vec![], None));
    let (executed, _) = limited("[1]", OutputFormat::Json, 3, 100).await;
    assert_eq!(executed.answer, Ok(json!([1])));
}

#[tokio::test]
async fn json_is_never_cut() {
    let (executed, file) = limited("[1, 2, 3]", OutputFormat::Json, 4, 100).await;
    let failure = executed.answer.expect_err("too long");
    assert_eq!(failure.kind, FailureKind::BadOutput);
    assert!(failure.message.contains("9 bytes exceeds the 4 bytes") && failure.message.contains("all of it is in"), "{failure}");
    assert_eq!(file.as_deref(), Some(b"[1, 2, 3]".as_slice()));
    assert_eq!(executed.notes, Vec::<String>::new());
}

#[tokio::test]
async fn a_limit_of_nothing_keeps_nothing() {
    let executed = perform(Command { output_limit: Some(0), ..sh("echo hello") }).await;
    assert_eq!((executed.answer, executed.stdout_bytes), (Ok(Value::from("")), 6));
}

#[tokio::test]
async fn quoting_is_the_callers() {
    assert_eq!(answer(sh("echo '; echo $(id) `id`'")).await, "; echo $(id) `id`");
}
