//! Why the program ends before its work is done, and with which exit code.

use super::output;
use polity::report::{FindError, FolderError};
use polity::{RunError, StartError};
use std::fmt::Display;

/// A wrong argument, setting or name.
pub const USAGE: u8 = 2;
/// A file that is not right.
pub const INVALID: u8 = 3;
/// The runtime itself gave up.
pub const ESCALATED: u8 = 70;
/// The person, or the system, asked for the end.
pub const INTERRUPTED: u8 = 130;

/// A sentence for the user, and the exit code that goes with it.
#[derive(Debug)]
pub struct Stop {
    code: u8,
    text: String,
}
impl Stop {
    /// Something in the invocation is wrong; several lines are several problems.
    pub fn usage(what: impl Display) -> Stop {
        let lines: Vec<String> = what.to_string().lines().map(|line| format!("error: {line}")).collect();
        Stop { code: USAGE, text: lines.join("\n") }
    }
    /// A file is wrong; the text names the place, and several lines are several problems.
    pub fn invalid(what: impl Display) -> Stop {
        Stop { code: INVALID, text: what.to_string() }
    }
    /// The same with another code.
    pub fn coded(code: u8, what: impl Display) -> Stop {
        Stop { code, text: what.to_string() }
    }
    /// Says it on error output; gives the exit code.
    pub fn tell(&self) -> u8 {
        output::tell(&self.text);
        self.code
    }
}
impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Stop {
        Stop { code: 1, text: format!("error: can't write the output: {error}") }
    }
}
impl From<FolderError> for Stop {
    fn from(error: FolderError) -> Stop {
        Stop::usage(error)
    }
}
impl From<FindError> for Stop {
    fn from(error: FindError) -> Stop {
        Stop::usage(error)
    }
}
impl From<StartError> for Stop {
    fn from(error: StartError) -> Stop {
        Stop::usage(error)
    }
}
impl From<RunError> for Stop {
    fn from(error: RunError) -> Stop {
        match error {
            RunError::Workflow(text) => Stop::invalid(text),
            RunError::Gone | RunError::Stuck(_) => Stop::coded(ESCALATED, format!("error: {error}")),
            other => Stop::usage(other),
        }
    }
}
