//! What leads, members and the leader's desk say to each other.

use serde::Serialize;

/// One message of the chain of command.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {}
