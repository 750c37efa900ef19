//! When a task becomes a dead letter.

use crate::event::{DeathCause, What};
use polity_agents::{Failure, Job, Work};
use polity_protocols::TaskId;
use sha2::{Digest, Sha256};

/// The event that makes a task that failed for good a dead letter; none if it was but cancelled.
pub(super) fn dead_letter(task: TaskId, job: &Job, failure: &Failure) -> Option<What> {
    let cause = DeathCause::of(failure.kind)?;
    Some(What::DeadLettered { task, cause, input: input_hash(job).into() })
}

/// The hash of all that a job works on, by which equal jobs are told: the first half of SHA-256, in hexadecimal digits. What it works on
/// itself is not recorded here: it may be large, and hold secrets.
pub(super) fn input_hash(job: &Job) -> String {
    let mut hash = Sha256::new();
    hash.update(job.kind.as_bytes());
    hash.update(job.input.to_string());
    if let Work::Command(command) = &job.work {
        hash.update([0]);
        hash.update(&command.script);
        hash.update([0]);
        hash.update(command.stdin.as_deref().unwrap_or_default());
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
