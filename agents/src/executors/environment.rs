//! What a command sees of the world: a clean environment, and who it is.

use crate::failure::{Failure, FailureKind};
use crate::job::{Command, Job};
use std::ffi::OsString;

/// The variables that a command inherits. Everything else of the parent's environment, secrets above all, stays out.
pub(super) const INHERITED: [&str; 10] =
    ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"];
/// The search path, if the parent has none.
const PLAIN_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The environment of one job: what is inherited, then what the command gives, then who the job is.
pub(super) fn environment(job: &Job, command: &Command) -> Vec<(OsString, OsString)> {
    let mut all: Vec<(OsString, OsString)> = vec![("PATH".into(), PLAIN_PATH.into())];
    all.extend(INHERITED.iter().filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?))));
    all.extend(command.env.iter().map(|(name, value)| (name.into(), value.into())));
    all.push(("POLITY_TASK".into(), (&*job.name).into()));
    all.push(("POLITY_ATTEMPT".into(), job.id.attempt.to_string().into()));
    all.push(("POLITY_IDEMPOTENCY_KEY".into(), job.idempotency_key().into()));
    all
}

/// What a process can't be given: a NUL byte anywhere, an odd name of a variable.
pub(super) fn check(command: &Command) -> Result<(), Failure> {
    let invalid = |message: String| Err(Failure::new(FailureKind::Validation, message));
    if let Some(at) = command.script.find('\0') {
        return invalid(format!(
            "the script has a NUL byte at offset {at}, which no command line can hold; pass such data by `stdin`"
        ));
    }
    for (name, value) in &command.env {
        if name.is_empty() || name.contains(['=', '\0']) {
            return invalid(format!("{name:?} can't be the name of an environment variable; use letters, digits and _"));
        }
        if let Some(at) = value.find('\0') {
            return invalid(format!(
                "the environment variable {name} has a NUL byte at offset {at}, which it can't hold; pass such data by `stdin`"
            ));
        }
    }
    Ok(())
}
