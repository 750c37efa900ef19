//! The blackboards: what the tasks of a run share.

use super::World;
use crate::event::{RunId, What};
use crate::workflow::{OnConflict, Shared};
use polity_agents::{Boards, Failure, FailureKind, JobId};
use polity_protocols::{Name, TaskId};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Keys that a run's blackboard may have.
const KEYS: usize = 1_024;

/// The blackboards of all runs that go on.
#[derive(Default)]
pub(crate) struct AllBoards(RefCell<BTreeMap<u32, Board>>);

struct Board {
    on_conflict: OnConflict,
    keys: BTreeMap<Name, Entry>,
    /// Which version of a key a task has seen last.
    seen: BTreeMap<(TaskId, Name), u64>,
}
struct Entry {
    value: Arc<Value>,
    version: u64,
    by: Option<TaskId>,
}

impl AllBoards {
    /// A run begins.
    pub(crate) fn open(&self, run: RunId, shared: &Shared) {
        let entry = |(key, value): (&Name, &Value)| (key.clone(), Entry { value: Arc::new(value.clone()), version: 1, by: None });
        let keys = shared.initial.iter().map(|(key, value)| entry((key, value))).collect();
        let board = Board { on_conflict: shared.on_conflict, keys, seen: BTreeMap::new() };
        self.0.borrow_mut().insert(run.0, board);
    }
    /// A run has ended.
    pub(crate) fn close(&self, run: RunId) {
        self.0.borrow_mut().remove(&run.0);
    }
    /// A value, as expressions read it.
    pub(crate) fn value(&self, run: RunId, key: &str) -> Option<Arc<Value>> {
        Some(self.0.borrow().get(&run.0)?.keys.get(key)?.value.clone())
    }
    /// A task looks at a key: what others change from now on is a conflict with what it sets.
    pub(crate) fn look(&self, task: TaskId, key: &str) -> Option<(Arc<Value>, u64)> {
        let mut boards = self.0.borrow_mut();
        let Board { keys, seen, .. } = boards.get_mut(&task.run())?;
        let found = keys.get(key);
        seen.insert((task, key.into()), found.map_or(0, |entry| entry.version));
        found.map(|entry| (entry.value.clone(), entry.version))
    }
    /// A task is over: what it has seen does not matter any more.
    pub(crate) fn forget(&self, task: TaskId) {
        if let Some(board) = self.0.borrow_mut().get_mut(&task.run()).filter(|board| !board.seen.is_empty()) {
            board.seen.retain(|(of, _), _| *of != task);
        }
    }
}

impl World {
    /// Sets a key, or finds that another task got there first.
    pub(crate) fn set_state(
        &self,
        task: TaskId,
        key: &Name,
        value: Arc<Value>,
        expected: Option<u64>,
    ) -> Result<Result<u64, u64>, Failure> {
        let refuse = |why: String| Err(Failure::new(FailureKind::Validation, why));
        let mut boards = self.boards.0.borrow_mut();
        let Some(board) = boards.get_mut(&task.run()) else {
            return refuse("the run has ended, and its blackboard with it".into());
        };
        let (found, by) = board.keys.get(key).map_or((0, None), |entry| (entry.version, entry.by));
        if found == 0 && board.keys.len() >= KEYS {
            return refuse(format!("a blackboard has {KEYS} keys at most; \"{key}\" is one too many"));
        }
        // A key is seen when it is first looked at or set; what was never seen can't have changed.
        let seen = expected.unwrap_or_else(|| match board.seen.get(&(task, key.clone())) {
            Some(seen) if by != Some(task) => *seen,
            _ => found,
        });
        let run = RunId(task.run());
        if seen != found {
            let rejected = expected.is_some() || board.on_conflict == OnConflict::Reject;
            self.record(run, What::StateConflict { task, key: key.clone(), seen, found, by, rejected });
            if rejected {
                return Ok(Err(found));
            }
        }
        let version = found + 1;
        board.keys.insert(key.clone(), Entry { value: value.clone(), version, by: Some(task) });
        board.seen.insert((task, key.clone()), version);
        self.record(run, What::StateChanged { task, key: key.clone(), version, value });
        Ok(Ok(version))
    }
}
impl Boards for World {
    fn read(&self, job: JobId, key: &str) -> Option<(Arc<Value>, u64)> {
        self.boards.look(job.task, key)
    }
    fn write(&self, job: JobId, key: &str, value: Arc<Value>, expected: Option<u64>) -> Result<Result<u64, u64>, Failure> {
        self.set_state(job.task, &key.into(), value, expected)
    }
}
