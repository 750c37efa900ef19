//! The folder that a run leaves behind: `.polity/runs/brave-otter/`.

use super::text::clipped;
use crate::event::{Counts, RunHead, RunTail};
use core::time::Duration;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Names longer than this are refused.
const LONGEST: usize = 128;
/// Folders of one name that are tried: `brave-otter`, `brave-otter-2`, ….
const TRIES: u32 = 10_000;

/// A run's folder can't be made, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// The name can't be a folder's.
    #[error(
        "a run can't be called \"{given}\": a name has 1 to {LONGEST} of A-Z a-z 0-9 . _ -, does not begin with a dot, and is not \"last\""
    )]
    Name {
        /// The name, harmless.
        given: String,
    },
    /// Too many runs have the name.
    #[error("{TRIES} runs under {} are called \"{name}\"; choose another name, or delete some", root.display())]
    Crowded {
        /// Where.
        root: PathBuf,
        /// The name.
        name: String,
    },
    /// The system refused.
    #[error("can't {doing} {}: {source}; runs are kept there, so make it writable or choose another directory", path.display())]
    Io {
        /// What was tried: `create`, `write`, `read`, `lock`.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// `run.json` is not what it should be.
    #[error("{} is not a record of a run: {reason}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// True for a name that may become a folder's: it can't leave the directory that it is put into.
///
/// ```
/// use polity::report::is_folder_name;
/// assert!(is_folder_name("brave-otter-2"));
/// assert!(!is_folder_name("../etc") && !is_folder_name(".hidden") && !is_folder_name(""));
/// ```
pub fn is_folder_name(name: &str) -> bool {
    (1..=LONGEST).contains(&name.len())
        && !name.starts_with('.')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// The folder of one run, and where things lie in it.
///
/// ```
/// use polity::report::RunFolder;
/// let root = tempfile::tempdir().unwrap();
/// let first = RunFolder::create(root.path(), "brave-otter").unwrap();
/// let second = RunFolder::create(root.path(), "brave-otter").unwrap();
/// assert_eq!((first.name(), second.name()), ("brave-otter", "brave-otter-2"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFolder {
    path: PathBuf,
    name: String,
}
impl RunFolder {
    /// Makes a new folder under `root`, which is made too if need be. An existing one is never touched: then the name gets a number,
    /// so ask [`RunFolder::name`] what it became. Two processes may do this at once.
    ///
    /// # Errors
    /// For a name that can't be a folder's, and when `root` can't be written.
    pub fn create(root: &Path, name: &str) -> Result<RunFolder, FolderError> {
        if !is_folder_name(name) || name == "last" {
            return Err(FolderError::Name { given: clipped(name, LONGEST) });
        }
        fs::create_dir_all(root).map_err(|source| FolderError::Io { doing: "create", path: root.into(), source })?;
        for n in 1..=TRIES {
            let name = if n == 1 { name.to_string() } else { format!("{name}-{n}") };
            let path = root.join(&name);
            match fs::create_dir(&path) {
                Ok(()) => return RunFolder { path, name }.furnished(),
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(source) => return Err(FolderError::Io { doing: "create", path, source }),
            }
        }
        Err(FolderError::Crowded { root: root.into(), name: name.into() })
    }
    fn furnished(self) -> Result<RunFolder, FolderError> {
        let path = self.logs();
        fs::create_dir(&path).map_err(|source| FolderError::Io { doing: "create", path, source })?;
        Ok(self)
    }
    /// A folder that is there.
    pub(super) fn at(root: &Path, name: String) -> RunFolder {
        RunFolder { path: root.join(&name), name }
    }
    /// The run's name: the folder's.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
    /// All events, one a line.
    pub fn events(&self) -> PathBuf {
        self.path.join("events.ndjson")
    }
    /// What the run was, in brief.
    pub fn record_file(&self) -> PathBuf {
        self.path.join("run.json")
    }
    /// The workflow as a picture, for Mermaid.
    pub fn dag(&self) -> PathBuf {
        self.path.join("dag.mmd")
    }
    /// The run as a page.
    pub fn page(&self) -> PathBuf {
        self.path.join("report.html")
    }
    /// The run for a trace viewer.
    pub fn trace(&self) -> PathBuf {
        self.path.join("trace.json")
    }
    /// The workflow's text, as it was when the run began.
    pub fn workflow(&self) -> PathBuf {
        self.path.join("workflow.polity.yaml")
    }
    /// The task graph that it was, as `taskdag/1`, if it was no workflow; its agents are the [`speeds`](RunRecord::speeds) of its record.
    pub fn graph(&self) -> PathBuf {
        self.path.join("graph.taskdag.json")
    }
    /// What jobs printed.
    pub fn logs(&self) -> PathBuf {
        self.path.join("logs")
    }
    /// The log of a task's attempt. Whatever the task's name, it lies in [`RunFolder::logs`], and different names give different files.
    ///
    /// ```
    /// # use polity::report::RunFolder;
    /// # let root = tempfile::tempdir().unwrap();
    /// let folder = RunFolder::create(root.path(), "brave-otter").unwrap();
    /// assert!(folder.log("clean", 1).ends_with("logs/clean.1.log"));
    /// assert_eq!(folder.log("../../etc/passwd", 1).parent(), Some(&*folder.logs()));
    /// ```
    pub fn log(&self, task: &str, attempt: u32) -> PathBuf {
        let safe = if is_folder_name(task) && task.len() <= 80 { task.to_string() } else { disarmed(task) };
        self.logs().join(format!("{safe}.{attempt}.log"))
    }
    /// Holds the folder as that of a run that goes on, until the file is dropped or the process ends, however it ends.
    ///
    /// ```
    /// # use polity::report::RunFolder;
    /// # let root = tempfile::tempdir().unwrap();
    /// let folder = RunFolder::create(root.path(), "brave-otter").unwrap();
    /// let hold = folder.hold().unwrap();
    /// assert!(folder.is_held());
    /// drop(hold);
    /// assert!(!folder.is_held());
    /// ```
    ///
    /// # Errors
    /// If the lock can't be made, or another process has it.
    pub fn hold(&self) -> Result<fs::File, FolderError> {
        let path = self.lock();
        let lock = fs::File::options().create(true).truncate(false).write(true).open(&path);
        let held = lock.and_then(|file| file.try_lock().map(|()| file).map_err(io::Error::from));
        held.map_err(|source| FolderError::Io { doing: "lock", path, source })
    }
    /// Claims the right to go on with its run, until the file is dropped or the process ends: two at once would do everything twice. None if another
    /// process has it.
    ///
    /// ```
    /// # use polity::report::RunFolder;
    /// # let root = tempfile::tempdir().unwrap();
    /// let folder = RunFolder::create(root.path(), "brave-otter").unwrap();
    /// let claim = folder.claim().unwrap();
    /// assert!(claim.is_some() && folder.claim().unwrap().is_none() && !folder.is_held());
    /// ```
    ///
    /// # Errors
    /// If the lock can't be made.
    pub fn claim(&self) -> Result<Option<fs::File>, FolderError> {
        let path = self.path.join("claim");
        let file = fs::File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|source| FolderError::Io { doing: "lock", path: path.clone(), source })?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(source)) => Err(FolderError::Io { doing: "lock", path, source }),
        }
    }
    /// True while a process carries its run out.
    pub fn is_held(&self) -> bool {
        fs::File::options().write(true).open(self.lock()).is_ok_and(|file| file.try_lock().is_err())
    }
    fn lock(&self) -> PathBuf {
        self.path.join("lock")
    }
    /// Writes the picture.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn write_dag(&self, mermaid: &str) -> Result<(), FolderError> {
        let path = self.dag();
        fs::write(&path, mermaid).map_err(|source| FolderError::Io { doing: "write", path, source })
    }
    /// Keeps the workflow's text.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn write_workflow(&self, text: &str) -> Result<(), FolderError> {
        let path = self.workflow();
        fs::write(&path, text).map_err(|source| FolderError::Io { doing: "write", path, source })
    }
    /// Keeps the task graph.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn write_graph(&self, text: &str) -> Result<(), FolderError> {
        let path = self.graph();
        fs::write(&path, text).map_err(|source| FolderError::Io { doing: "write", path, source })
    }
    /// Writes `run.json`, whole or not at all: to another file first, which then takes its place.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn write_record(&self, record: &RunRecord) -> Result<(), FolderError> {
        let (path, beside) = (self.record_file(), self.path.join("run.json.new"));
        let text = serde_json::to_string_pretty(record).expect("a record is made of what JSON can hold");
        let written = fs::write(&beside, text + "\n").and_then(|()| fs::rename(&beside, &path));
        written.map_err(|source| FolderError::Io { doing: "write", path, source })
    }
    /// Reads `run.json`.
    ///
    /// # Errors
    /// If it is not there or not a record.
    pub fn read_record(&self) -> Result<RunRecord, FolderError> {
        let path = self.record_file();
        match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).map_err(|e| FolderError::Record { path, reason: e.to_string() }),
            Err(e) if e.kind() == ErrorKind::NotFound => {
                Err(FolderError::Record { path, reason: "it is not there; the run ended before it was written".into() })
            }
            Err(source) => Err(FolderError::Io { doing: "read", path, source }),
        }
    }
}

/// A name made fit for a file: what is not allowed becomes `_`, and a hash of the whole keeps different names apart.
fn disarmed(name: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '_' };
    let readable: String = name.chars().map(keep).take(60).collect();
    let hash: String = Sha256::digest(name.as_bytes()).iter().take(6).map(|b| format!("{b:02x}")).collect();
    format!("{}-{hash}", readable.trim_start_matches('.'))
}

/// `run.json`: what a run was, in brief. Written when it begins, and again when it ends.
///
/// ```
/// use polity::report::RunRecord;
/// let text = r#"{ "name": "brave-otter", "workflow": "etl", "started_at": "2026-11-21T09:00:00Z", "status": "running" }"#;
/// assert_eq!(serde_json::from_str::<RunRecord>(text).unwrap().workflow, "etl");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The run's name, as its folder's.
    pub name: String,
    /// The workflow's name.
    pub workflow: String,
    /// SHA-256 of the workflow's text.
    #[serde(default)]
    pub hash: String,
    /// The protocol.
    #[serde(default)]
    pub strategy: String,
    /// The protocol's settings.
    #[serde(default)]
    pub settings: Value,
    /// The seed of all randomness.
    #[serde(default)]
    pub seed: u64,
    /// True in virtual time.
    #[serde(default)]
    pub simulated: bool,
    /// The wall clock when it began, RFC 3339 in UTC: `2026-11-21T09:00:00Z`. Runs are ordered by this text.
    pub started_at: String,
    /// `running`, `paused`, or a word of [`crate::event::RunStatus`].
    pub status: String,
    /// Task instances by how they ended.
    #[serde(default)]
    pub tally: Counts,
    /// Seconds from its beginning to its end, in the run's own time.
    #[serde(default)]
    pub makespan: f64,
    /// Its outputs.
    #[serde(default)]
    pub outputs: Value,
    /// What could not be computed or was left over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// Where its commands ran.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cwd: String,
    /// True if agents and answers were made up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mock: bool,
    /// True if its strategy was given by the command or the environment, and so governed also what has a strategy of its own in the file.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub given_strategy: bool,
    /// What the command let go wrong on purpose, instead of what the file says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults: Option<String>,
    /// Of a task graph's run, the speed of each agent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub speeds: Vec<f64>,
    /// The run that it goes on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumes: Option<String>,
    /// Effects that are left to undo.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
    /// The version of polity that ran it.
    #[serde(default)]
    pub polity: String,
    /// The command that runs it again in the same way.
    #[serde(default)]
    pub replay: String,
}
impl RunRecord {
    /// The record of a run that begins. `name` is the folder's, `started_at` is RFC 3339 in UTC, `replay` the command that repeats it.
    pub fn begun(name: &str, head: &RunHead, started_at: &str, replay: &str) -> RunRecord {
        RunRecord {
            name: name.into(),
            workflow: head.workflow.to_string(),
            hash: head.hash.clone(),
            strategy: head.strategy.to_string(),
            settings: head.settings.clone(),
            seed: head.seed,
            simulated: head.simulated,
            started_at: started_at.into(),
            status: "running".into(),
            polity: env!("CARGO_PKG_VERSION").into(),
            replay: replay.into(),
            resumes: head.resumes.as_ref().map(ToString::to_string),
            ..RunRecord::default()
        }
    }
    /// The same when it has ended.
    pub fn ended(self, tail: &RunTail, makespan: Duration) -> RunRecord {
        RunRecord {
            status: tail.status.word().into(),
            tally: tail.tally,
            makespan: makespan.as_nanos() as f64 / 1e9, // rounded once: 1.253, not 1.2530000000000001
            outputs: tail.outputs.clone(),
            problems: tail.problems.clone(),
            left: tail.left.iter().map(|(task, why)| format!("{task}: {why}")).collect(),
            ..self
        }
    }
}
