//! How a script ended, as a failure that people can read.

use crate::failure::{Failure, FailureKind};
use nix::sys::signal::Signal;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// Signals whose `128 + n` is taken as a program's death by it, when the shell reports it so. Others are left alone, since programs use
/// such codes for their own purposes: git exits with 129 on wrong usage.
const DEADLY: [Signal; 7] =
    [Signal::SIGKILL, Signal::SIGSEGV, Signal::SIGABRT, Signal::SIGBUS, Signal::SIGILL, Signal::SIGFPE, Signal::SIGTERM];
/// Characters of the last error line that a message repeats.
const REPEATED: usize = 200;

/// Nothing, if the script succeeded.
pub(super) fn judge(status: io::Result<ExitStatus>, stderr: &str) -> Result<(), Failure> {
    let status = match status {
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => status,
        Err(error) => {
            let message = format!("it was killed, but the system did not report its end: {error}");
            return Err(with(Failure::new(FailureKind::Killed, message), None, stderr));
        }
    };
    let failure = match status.code() {
        Some(code) => exited(code, stderr),
        None => killed(status.signal().unwrap_or_default()),
    };
    Err(with(failure, status.code(), stderr))
}

/// A failure with what the process left.
pub(super) fn with(failure: Failure, exit_code: Option<i32>, stderr: &str) -> Failure {
    Failure { exit_code, stderr: stderr.to_owned(), ..failure }
}

fn exited(code: i32, stderr: &str) -> Failure {
    let said = said(stderr);
    let shell_tells_death = DEADLY.into_iter().find(|signal| 128 + *signal as i32 == code);
    match (code, shell_tells_death) {
        (127, _) => Failure::new(
            FailureKind::NotRunnable,
            format!("program not found (exit code 127){said}; install it, or give its whole path, or set PATH under `env`"),
        ),
        (126, _) => Failure::new(
            FailureKind::NotRunnable,
            format!(
                "program found, but it may not be executed (exit code 126){said}; make it executable (chmod +x), or call its interpreter"
            ),
        ),
        (_, Some(signal)) => Failure::new(
            FailureKind::Killed,
            format!("a program of the script was killed by {} (exit code {code}){}{said}", signal.as_str(), hint(signal)),
        ),
        _ => Failure::error(format!("exited with code {code}{said}")),
    }
}

fn killed(number: i32) -> Failure {
    let message = match Signal::try_from(number) {
        Ok(signal) => format!("killed by {}{}", signal.as_str(), hint(signal)),
        Err(_) => format!("killed by signal {number}"),
    };
    Failure::new(FailureKind::Killed, message)
}

fn hint(signal: Signal) -> &'static str {
    match signal {
        Signal::SIGKILL => ", by someone else or by the system for want of memory",
        Signal::SIGXCPU | Signal::SIGXFSZ => ", at a limit of the system (see `ulimit -a`)",
        _ => "",
    }
}

/// The last line of the error stream, as the end of a sentence.
fn said(stderr: &str) -> String {
    match stderr.lines().rev().map(str::trim).find(|line| !line.is_empty()) {
        Some(line) if line.chars().count() > REPEATED => format!(": {}…", line.chars().take(REPEATED).collect::<String>()),
        Some(line) => format!(": {line}"),
        None => String::new(),
    }
}

#[cfg(test)]
#[path = "outcome_tests.rs"]
mod tests;
