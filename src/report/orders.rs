//! Orders to a run that another process carries out: files in the run's folder, each written whole, each answered by a file beside it.
//!
//! A file and not a socket: it works however deep the folder lies, needs no port and no token, and who may write the folder may give orders.

use super::folder::{FolderError, RunFolder};
use crate::Order;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Longer orders are not read.
const LONGEST: u64 = 64 * 1024;
/// How often an answer is looked for.
const LOOK: Duration = Duration::from_millis(20);

/// An order as it lies in a run's folder.
///
/// ```
/// use polity::Order;
/// use polity::report::{OrderNote, RunFolder};
/// let root = tempfile::tempdir().unwrap();
/// let folder = RunFolder::create(root.path(), "brave-otter").unwrap();
/// let given = OrderNote { order: Order::Pause, task: Some("clean".into()) };
/// let place = given.file(&folder).unwrap();
/// let (found, note) = folder.next_order().unwrap(); // the process that carries the run out looks
/// assert_eq!(note.unwrap(), given);
/// found.answer(&Ok(())).unwrap();
/// assert_eq!(place.answer(), Some(Ok(())));
/// assert!(folder.next_order().is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderNote {
    /// What to do.
    pub order: Order,
    /// With which task; with the whole run if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
}

/// Where an order lies, and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderPlace(PathBuf);

impl OrderNote {
    /// Lays the order into a run's folder.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn file(&self, folder: &RunFolder) -> Result<OrderPlace, FolderError> {
        let orders = orders(folder);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let path = orders.join(format!("{now:032}-{}.order", std::process::id()));
        let text = serde_json::to_string(self).expect("an order is made of what JSON can hold");
        let written = fs::create_dir_all(&orders).and_then(|()| whole(&path, &text));
        written.map_err(|source| FolderError::Io { doing: "write", path: path.clone(), source })?;
        Ok(OrderPlace(path))
    }
}
impl OrderPlace {
    /// The answer, if it is there; it is taken away. An error is a sentence.
    pub fn answer(&self) -> Option<Result<(), String>> {
        let path = self.0.with_extension("answer");
        let text = fs::read_to_string(&path).ok()?;
        let _ = fs::remove_file(&path); // else it only lies there
        Some(serde_json::from_str(&text).unwrap_or_else(|error| Err(format!("its answer can't be read: {error}"))))
    }
    /// Waits for the answer while the run goes on, `patience` at most; none if there was none.
    pub fn wait(&self, folder: &RunFolder, patience: Duration) -> Option<Result<(), String>> {
        let since = Instant::now();
        loop {
            let held = folder.is_held();
            if let Some(answer) = self.answer() {
                return Some(answer);
            }
            if !held || since.elapsed() > patience {
                let _ = fs::remove_file(&self.0); // nobody shall take it later
                return None;
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// An order that was found: it wants an answer.
#[derive(Debug)]
pub struct FoundOrder(OrderPlace);
impl FoundOrder {
    /// Answers it, once.
    ///
    /// # Errors
    /// If that can't be written.
    pub fn answer(self, answer: &Result<(), String>) -> io::Result<()> {
        let text = serde_json::to_string(answer).expect("an answer is made of what JSON can hold");
        whole(&self.0.0.with_extension("answer"), &text)
    }
}

impl RunFolder {
    /// The oldest order that lies there, taken away; with a sentence instead of it if it can't be read.
    pub fn next_order(&self) -> Option<(FoundOrder, Result<OrderNote, String>)> {
        let files = fs::read_dir(orders(self)).ok()?;
        let is_order = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "order");
        let path = files.filter_map(|file| Some(file.ok()?.path())).filter(is_order).min()?;
        let note = read(&path);
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != ErrorKind::NotFound
        {
            return None; // it would be taken again and again
        }
        Some((FoundOrder(OrderPlace(path)), note))
    }
}
fn read(path: &Path) -> Result<OrderNote, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("the order can't be read: {error}");
    let size = fs::metadata(path).map_err(|error| wrong(&error))?.len();
    if size > LONGEST {
        return Err(format!("the order has {size} bytes, the limit is {LONGEST}"));
    }
    let text = fs::read_to_string(path).map_err(|error| wrong(&error))?;
    serde_json::from_str(&text).map_err(|error| wrong(&error))
}

fn orders(folder: &RunFolder) -> PathBuf {
    folder.path().join("orders")
}
/// Writes a file so that nobody sees a part of it.
fn whole(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_extension("new");
    fs::write(&beside, text)?;
    fs::rename(beside, path)
}
