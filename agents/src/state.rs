//! The blackboard: what the tasks of a run share, by key.

use crate::agent::Context;
use crate::failure::{Failure, FailureKind};
use crate::job::JobId;
use crate::letter::written;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::rc::Rc;
use std::sync::Arc;

/// The blackboards of a runtime, one for each run.
pub trait Boards {
    /// The value of a key and its version, counted from 1; `None` if nobody has set it. The job has seen it then.
    fn read(&self, job: JobId, key: &str) -> Option<(Arc<Value>, u64)>;
    /// Sets a key; only if it is at version `expected`, if one is given (0 if nobody may have set it). Gives back the new version.
    ///
    /// # Errors
    /// The version that was found, if another task got there first and the write is not wanted then; or a failure, if a bound is met.
    fn write(&self, job: JobId, key: &str, value: Arc<Value>, expected: Option<u64>) -> Result<Result<u64, u64>, Failure>;
}

/// The blackboard of a job's run: [`Context::state`]. Every change counts the key's version up, and is an event.
///
/// A job that sets what another task has changed since the job saw it is in **conflict**: an event tells of it, and the workflow's
/// `state: { on_conflict: … }` says whether the last writer wins (the default) or its write is rejected.
#[derive(Clone)]
pub struct State {
    boards: Rc<dyn Boards>,
    job: JobId,
}
impl State {
    pub(crate) fn of(context: &Context) -> Result<State, Failure> {
        let none = || Failure::new(FailureKind::Validation, "there is no blackboard here: only a job of a run has one");
        let (boards, job) = context.boards().ok_or_else(none)?;
        Ok(State { boards, job })
    }
    /// The value of a key; `None` if nobody has set it.
    ///
    /// # Errors
    /// A [`FailureKind::Validation`], if it is of another type.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Failure> {
        Ok(self.versioned(key)?.map(|(value, _)| value))
    }
    /// The value of a key with its version, for [`State::swap`].
    ///
    /// # Errors
    /// As [`State::get`].
    pub fn versioned<T: DeserializeOwned>(&self, key: &str) -> Result<Option<(T, u64)>, Failure> {
        let Some((value, version)) = self.boards.read(self.job, key) else { return Ok(None) };
        let wrong = |error| Failure::new(FailureKind::Validation, format!("state.{key} is not as expected: {error}"));
        Ok(Some((T::deserialize(&*value).map_err(wrong)?, version)))
    }
    /// Sets a key, and gives back its version.
    ///
    /// # Errors
    /// If another task has changed it since this job saw it, and such writes are rejected; if the value is too large; if the run has ended.
    pub fn set<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<u64, Failure> {
        self.boards.write(self.job, key, as_value(value)?, None)?.map_err(|found| {
            Failure::error(format!(
                "another task has set state.{key} meanwhile (it is at version {found}); look again, then set it"
            ))
        })
    }
    /// Sets a key only if it is still at `version` (0: only if nobody has set it). False if it is not: look again.
    ///
    /// # Errors
    /// If the value is too large, or the run has ended.
    pub fn swap<T: Serialize + ?Sized>(&self, key: &str, version: u64, value: &T) -> Result<bool, Failure> {
        Ok(self.boards.write(self.job, key, as_value(value)?, Some(version))?.is_ok())
    }
}
/// As large as a letter may be.
fn as_value<T: Serialize + ?Sized>(value: &T) -> Result<Arc<Value>, Failure> {
    Ok(Arc::new(serde_json::from_str(&written(value)?)?))
}
