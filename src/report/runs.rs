//! The runs that have left a folder: listed, and found again by name.

use super::folder::{FolderError, RunFolder, RunRecord};
use super::text::{clipped, harmless, listed, put};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// How like two names must be for one to be offered instead of the other: Jaro–Winkler, 0..=1.
const ALIKE: f64 = 0.75;

/// One run under a root.
#[derive(Debug)]
pub struct RunSummary {
    /// Its folder.
    pub folder: RunFolder,
    /// What it was, or why that can't be said.
    pub record: Result<RunRecord, FolderError>,
}

/// There is no such thing; what comes near.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no {kind} is called \"{asked}\"{}", hint(near, known))]
pub struct NotFound {
    /// What was looked for: `run`, `task`.
    pub kind: &'static str,
    /// The name that was asked for, harmless.
    pub asked: String,
    /// The nearest names, nearest first; or those that begin so, if the name is not unique.
    pub near: Vec<String>,
    /// How many there are in all.
    pub known: usize,
}
fn hint(near: &[String], known: &usize) -> String {
    match (near, known) {
        ([], 0) => "; there are none".into(),
        ([], n) => format!(", nor anything like it ({n} in all)"),
        (near, _) => format!("; did you mean {}?", listed(near, 5).replace(" and ", " or ")),
    }
}
impl NotFound {
    pub(super) fn among<'a>(kind: &'static str, asked: &str, names: impl Iterator<Item = &'a str>) -> NotFound {
        let mut known = 0;
        let alike = |name: &'a str| (strsim::jaro_winkler(asked, name), name);
        let mut near: Vec<(f64, &str)> = names.inspect(|_| known += 1).map(alike).filter(|(like, _)| *like >= ALIKE).collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        let near = near.into_iter().take(3).map(|(_, name)| harmless(name).into_owned()).collect();
        NotFound { kind, asked: harmless(asked).into_owned(), near, known }
    }
}

/// A run can't be found, or its root not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FindError {
    /// There is no such run.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// The root can't be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

/// All runs under a root, the newest first. One whose record is missing or broken is listed with the reason, after the others. A root that
/// is not there has no runs.
///
/// # Errors
/// If the root is there and can't be read.
///
/// ```
/// let root = tempfile::tempdir().unwrap();
/// polity::report::RunFolder::create(root.path(), "brave-otter").unwrap();
/// let runs = polity::report::list(root.path()).unwrap();
/// assert!(runs[0].record.is_err()); // its run.json has not been written
/// ```
pub fn list(root: &Path) -> Result<Vec<RunSummary>, FolderError> {
    let mut runs: Vec<RunSummary> = names(root)?
        .into_iter()
        .map(|name| RunFolder::at(root, name))
        .map(|folder| RunSummary { record: folder.read_record().map(|record| truly(&folder, record)), folder })
        .collect();
    let started = |run: &RunSummary| run.record.as_ref().ok().map(|r| r.started_at.clone());
    runs.sort_by(|a, b| started(b).cmp(&started(a)).then_with(|| b.folder.name().cmp(a.folder.name())));
    Ok(runs)
}

/// A run that nobody carries out any more and that has no end has died with its process.
fn truly(folder: &RunFolder, record: RunRecord) -> RunRecord {
    let died = matches!(&*record.status, "running" | "paused") && !folder.is_held();
    if died { RunRecord { status: "died".into(), ..record } } else { record }
}

/// The runs as a table for people: `polity runs`. A broken one says why.
///
/// ```
/// let table = polity::report::runs_table(&[]);
/// assert_eq!(table, "no runs yet\n");
/// ```
pub fn runs_table(runs: &[RunSummary]) -> String {
    if runs.is_empty() {
        return "no runs yet\n".into();
    }
    let mut table = super::tables::empty(&["run", "workflow", "strategy", "seed", "status", "tasks", "makespan", "started"]);
    let mut broken = String::new();
    for run in runs {
        let name = run.folder.name().to_string();
        match &run.record {
            Ok(record) => table.add_row(row(name, record)),
            Err(why) => {
                put(&mut broken, format_args!(" {name}: {}\n", harmless(&why.to_string())));
                table.add_row([name, String::new(), String::new(), String::new(), "broken".into()])
            }
        };
    }
    format!("{}\n{broken}", table.trim_fmt())
}
fn row(name: String, record: &RunRecord) -> [String; 8] {
    let tasks = record.tally.ended();
    let virtual_time = if record.simulated { " virtual" } else { "" };
    [
        name,
        clipped(&record.workflow, 40),
        clipped(&record.strategy, 20),
        record.seed.to_string(),
        clipped(&record.status, 20),
        if tasks > 0 { tasks.to_string() } else { String::new() },
        if record.makespan > 0.0 { format!("{:.3}s{virtual_time}", record.makespan) } else { String::new() },
        clipped(&record.started_at, 32),
    ]
}

/// The names of the folders under a root, sorted.
fn names(root: &Path) -> Result<Vec<String>, FolderError> {
    let unreadable = |source| FolderError::Io { doing: "read", path: PathBuf::from(root), source };
    let entries = match fs::read_dir(root) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(unreadable)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().into_string().ok().filter(|n| super::folder::is_folder_name(n));
        names.extend(name.filter(|_| entry.path().is_dir()));
    }
    names.sort();
    Ok(names)
}

/// The run of this name; or the only one whose name begins so; or, for `last`, the newest.
///
/// # Errors
/// If there is none, or several begin so: with their names, or the nearest ones.
///
/// ```
/// use polity::report::{RunFolder, find};
/// let root = tempfile::tempdir().unwrap();
/// RunFolder::create(root.path(), "brave-otter").unwrap();
/// assert_eq!(find(root.path(), "bra").unwrap().name(), "brave-otter");
/// let miss = find(root.path(), "brave-otters").unwrap_err().to_string();
/// assert_eq!(miss, "no run is called \"brave-otters\"; did you mean brave-otter?");
/// ```
pub fn find(root: &Path, asked: &str) -> Result<RunFolder, FindError> {
    if asked == "last" {
        let newest = list(root)?.into_iter().next();
        let none = || NotFound { kind: "run", asked: asked.into(), near: Vec::new(), known: 0 };
        return Ok(newest.ok_or_else(none)?.folder);
    }
    let names = names(root)?;
    if names.iter().any(|n| n == asked) {
        return Ok(RunFolder::at(root, asked.into()));
    }
    let begin: Vec<&String> = names.iter().filter(|n| !asked.is_empty() && n.starts_with(asked)).collect();
    match begin[..] {
        [only] => Ok(RunFolder::at(root, only.clone())),
        [] => Err(NotFound::among("run", asked, names.iter().map(String::as_str)).into()),
        _ => {
            let near = begin.into_iter().take(5).cloned().collect();
            Err(NotFound { kind: "run", asked: harmless(asked).into_owned(), near, known: names.len() }.into())
        }
    }
}
