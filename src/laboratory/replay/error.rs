//! Why a run can't be replayed.

/// Why a run can't be replayed: one sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ReplayError(pub(super) String);
