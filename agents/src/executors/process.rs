//! One script in a process group of its own, from its start until nothing of it is left.

use super::environment::{check, environment};
use super::workplace::Workplace;
use crate::cancel::CancelToken;
use crate::failure::{Failure, FailureKind};
use crate::job::{Command, Job};
use core::cell::Cell;
use core::future::Future;
use core::pin::{Pin, pin};
use core::time::Duration;
use futures_util::future::{Fuse, FusedFuture, FutureExt, join};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use tokio::process::Child;
use tokio::time::timeout;

/// How long to wait for what SIGKILL leaves: a process in an uninterruptible call, or one that fled its group and holds the output.
const LAST: Duration = Duration::from_secs(2);

/// A process group that ends with its owner. A group that is dropped, since the job's future was, is killed.
pub(super) struct Group {
    id: Option<Pid>,
    armed: Cell<bool>,
}
impl Group {
    fn of(child: &Child) -> Group {
        let id = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
        Group { id, armed: Cell::new(true) }
    }
    /// Sends a signal to all of it. A group that is gone already is no error.
    fn signal(&self, signal: Signal) {
        if let Some(id) = self.id {
            let _gone = killpg(id, signal);
        }
    }
    /// Kills what is left, once: later the id may belong to others.
    fn kill(&self) {
        if self.armed.replace(false) {
            self.signal(Signal::SIGKILL);
        }
    }
}
impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts the script in its own process group, its streams piped.
pub(super) fn spawn(job: &Job, command: &Command, place: &Workplace) -> Result<(Child, Group), Failure> {
    check(command)?;
    let cwd = command.cwd.as_ref().map_or_else(|| place.cwd.clone(), |cwd| place.cwd.join(cwd));
    let child = tokio::process::Command::new("/bin/sh")
        .arg("-c")
        .arg(&command.script)
        .env_clear()
        .envs(environment(job, command))
        .current_dir(&cwd)
        .stdin(if command.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| not_started(&error, &cwd))?;
    let group = Group::of(&child);
    Ok((child, group))
}

fn not_started(error: &io::Error, cwd: &Path) -> Failure {
    match error.kind() {
        io::ErrorKind::ArgumentListTooLong => Failure::new(
            FailureKind::Validation,
            "the script with its environment is longer than the system allows \
             (128 KiB for one argument on Linux); pass large data by `stdin`",
        ),
        _ if !cwd.is_dir() => Failure::new(
            FailureKind::NotRunnable,
            format!("the working directory {} is not a directory; create it, or change `cwd`", cwd.display()),
        ),
        _ => Failure::new(FailureKind::NotRunnable, format!("/bin/sh could not be started in {}: {error}", cwd.display())),
    }
}

/// How a script came to its end.
pub(super) struct End {
    /// What the system says of it; an error if it would not even die.
    pub(super) status: io::Result<ExitStatus>,
    /// True if it was stopped by its token.
    pub(super) cancelled: bool,
    /// What a person should know.
    pub(super) notes: Vec<String>,
}

/// The limits of an end.
pub(super) struct Patience {
    /// From SIGTERM to SIGKILL.
    pub(super) grace: Duration,
    /// From the script's end to that of its output.
    pub(super) linger: Duration,
}

/// Sees a script to its end, or stops it; `streams` moves what it reads and prints, and ends when its pipes are closed. Afterwards
/// all of its process group has been killed.
pub(super) async fn conduct(
    child: &mut Child,
    group: &Group,
    streams: impl Future<Output = ()>,
    token: &CancelToken,
    patience: &Patience,
) -> End {
    let mut streams = pin!(streams.fuse());
    let mut notes = Vec::new();
    let mut cancelled = watch(child, streams.as_mut(), token).await.is_none();
    if cancelled {
        group.signal(Signal::SIGTERM);
        let _in_time = timeout(patience.grace, join(child.wait(), rest(streams.as_mut()))).await;
    } else {
        // The script has ended. What it left behind, and still prints, has a moment.
        match token.unless(timeout(patience.linger, rest(streams.as_mut()))).await {
            Some(Ok(())) => {}
            Some(Err(_)) => notes.push(format!(
                "processes that the script left behind held its output open for {:?} after its end, and were killed; \
                 end the script with `wait`, or redirect their output",
                patience.linger
            )),
            None => cancelled = true,
        }
    }
    group.kill();
    let status = timeout(LAST, child.wait()).await.unwrap_or_else(|late| Err(late.into()));
    if timeout(LAST, rest(streams.as_mut())).await.is_err() {
        notes.push(
            "a process that left the script's process group still holds its output; what it prints from here on is not read"
                .into(),
        );
    }
    End { status, cancelled, notes }
}

/// Waits for the script's end, and moves its streams meanwhile; `None` if the token was cancelled first.
async fn watch<F: Future<Output = ()>>(child: &mut Child, mut streams: Pin<&mut Fuse<F>>, token: &CancelToken) -> Option<()> {
    token
        .unless(async {
            let mut wait = pin!(child.wait());
            loop {
                tokio::select! {
                    biased;
                    _ = &mut wait => return,
                    () = &mut streams, if !streams.is_terminated() => {}
                }
            }
        })
        .await
}

/// The rest of the streams; nothing, if they have ended.
async fn rest<F: Future<Output = ()>>(streams: Pin<&mut Fuse<F>>) {
    if !streams.is_terminated() {
        streams.await;
    }
}
