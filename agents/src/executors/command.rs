//! Shell commands.

use super::capture::{Head, Tail, pump};
use super::outcome::{judge, with};
use super::perform::Executed;
use super::process::{Patience, conduct, spawn};
use super::read::read;
use super::tape::Tape;
use super::workplace::{Workplace, file_stem};
use crate::agent::Context;
use crate::cancel::CancelToken;
use crate::failure::{Failure, FailureKind};
use crate::handed::Spent;
use crate::job::{Answer, Command, Job, OutputFormat};
use core::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::ChildStdin;

/// From SIGTERM to SIGKILL, by default.
const GRACE: Duration = Duration::from_secs(5);
/// Bytes of output that are kept inline, by default.
const OUTPUT_LIMIT: usize = 1 << 20;

/// Carries out a command, to its end or until the token is cancelled. Dropping the future kills its process group.
pub(super) async fn run(job: &Job, command: &Command, place: &Workplace, token: &CancelToken, context: &Context) -> Executed {
    if token.is_cancelled() {
        return Executed::of(Err(Failure::new(FailureKind::Cancelled, "cancelled before it began")));
    }
    let (mut child, group) = match spawn(job, command, place) {
        Ok(started) => started,
        Err(failure) => return Executed::of(Err(failure)),
    };
    let (mut head, mut tail) = sinks(job, command, place);
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let beat = || context.heartbeat();
    let streams = async {
        tokio::join!(feed(stdin, command.stdin.as_deref()), pump(stdout, &mut head, &beat), pump(stderr, &mut tail, &beat));
    };
    let patience = Patience { grace: command.grace.unwrap_or(GRACE), linger: place.linger };
    let end = conduct(&mut child, &group, streams, token, &patience).await;

    let mut notes = end.notes;
    notes.extend(head.finish().await);
    notes.extend(tail.finish().await);
    let stderr_tail = tail.text();
    let answer = if end.cancelled {
        let code = end.status.ok().and_then(|status| status.code());
        Err(with(Failure::new(FailureKind::Cancelled, "cancelled, and its processes were stopped"), code, &stderr_tail))
    } else {
        judge(end.status, &stderr_tail).and_then(|()| value(command, &head, &stderr_tail, &mut notes))
    };
    Executed { answer, notes, stdout_bytes: head.total, stderr_tail, handed_on: None, spent: Spent::default() }
}

/// Writes a program's input while its output is read. A program that doesn't read it all is no error.
async fn feed(stdin: Option<ChildStdin>, text: Option<&str>) {
    if let (Some(mut stdin), Some(text)) = (stdin, text)
        && let Err(error) = stdin.write_all(text.as_bytes()).await
    {
        tracing::debug!(%error, "the program closed its input early");
    }
}

/// Where output and errors go.
fn sinks(job: &Job, command: &Command, place: &Workplace) -> (Head, Tail) {
    let stem = format!("{}-{}", file_stem(&job.name), job.id.attempt);
    let log = |ending: &str| {
        let folder = place.logs.as_ref()?;
        Some(Tape::append(folder.join(format!("{stem}.{ending}.log")), place.spill_limit))
    };
    let spill = place.spill.as_ref();
    // Of one workflow two runs may be under way, and of one attempt two launches: they don't share a file.
    let whole = format!("{stem}.{}-{}.out", job.id.task.run(), job.id.launch);
    let spill = spill.map(|folder| Tape::create(folder.join(whole), place.spill_limit));
    (Head::new(command.output_limit.unwrap_or(OUTPUT_LIMIT), spill, log("stdout")), Tail::new(log("stderr")))
}

/// What a script that succeeded printed, as its value.
fn value(command: &Command, head: &Head, stderr: &str, notes: &mut Vec<String>) -> Answer {
    if (command.output == OutputFormat::Json || command.is_read) && !head.is_whole() {
        let (total, limit) = (head.total, head.kept.len());
        let what = if command.output == OutputFormat::Json { "JSON" } else { "output" };
        let message = format!(
            "its {what} of {total} bytes exceeds the {limit} bytes that are kept inline: write it to a file and print the path, \
             or print less; {}",
            head.rest()
        );
        return Err(with(Failure::new(FailureKind::BadOutput, message), Some(0), stderr));
    }
    let (value, kept) = read(command.output, &head.kept, head.is_whole()).map_err(|failure| with(failure, Some(0), stderr))?;
    if !head.is_whole() {
        let total = head.total;
        notes.push(format!("its output was cut: the first {kept} of {total} bytes are kept; {}", head.rest()));
    }
    Ok(value)
}
