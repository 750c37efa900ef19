//! The folder of results: whose it is, and that one process alone works on it.

use super::journal::JOURNAL;
use super::{Experiment, SweepError, grown};
use crate::report::FolderError;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What a complete one holds.
const RESULTS: [&str; 4] = ["runs.csv", "summary.csv", "summary.txt", "report.html"];
const RECORD: &str = "experiment.json";
const TEXT: &str = "experiment.yaml";
/// What a process leaves that is killed before it has written the record.
const BEFORE: [&str; 4] = ["lock", "experiment.json.new", "experiment.yaml", "experiment.yaml.new"];

/// `experiment.json`: what the results are of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Record {
    name: String,
    /// SHA-256 of the experiment's text.
    hash: String,
    /// Of each workload that is a file, what it was.
    files: BTreeMap<String, String>,
    /// The version of polity, since another one may measure something else.
    polity: String,
    complete: bool,
    /// Some run ended well; of what was complete before this was noted it is believed.
    #[serde(default = "yes")]
    well: bool,
}
fn yes() -> bool {
    true
}
impl Record {
    fn of(experiment: &Experiment) -> Record {
        let files = experiment.parts().files.iter().map(|given| (given.shown.clone(), given.subject.fingerprint()));
        Record {
            name: experiment.name().to_owned(),
            hash: Sha256::digest(experiment.text().as_bytes()).iter().map(|b| format!("{b:02x}")).collect(),
            files: files.collect(),
            polity: env!("CARGO_PKG_VERSION").into(),
            complete: false,
            well: false,
        }
    }
    /// What is different, if something is that matters. `texts` are those of both experiments.
    fn differs(&self, other: &Record, texts: (&str, &str)) -> Option<String> {
        if self.name != other.name {
            return Some(format!("it is called \"{}\"", crate::report::harmless(&self.name)));
        }
        if self.hash != other.hash
            && let Some(why) = grown::differs(texts.0, texts.1)
        {
            return Some(why);
        }
        if self.polity != other.polity {
            return Some(format!("it was made by polity {}, and this is {}", self.polity, other.polity));
        }
        let changed = other.files.iter().find(|(name, print)| self.files.get(*name) != Some(*print))?;
        Some(format!("{} has changed since", changed.0))
    }
}

/// The folder of an experiment's results, held by this process.
pub(super) struct Folder {
    path: PathBuf,
    record: Record,
    _lock: File,
}

pub(super) fn io(doing: &'static str, path: &Path, source: std::io::Error) -> SweepError {
    SweepError::Folder(FolderError::Io { doing, path: path.into(), source })
}

impl Folder {
    /// Opens it, or makes it. What is not of this experiment is left as it is.
    pub(super) fn open(path: &Path, experiment: &Experiment) -> Result<Folder, SweepError> {
        let own = Record::of(experiment);
        look(path, &own, experiment.text())?;
        fs::create_dir_all(path).map_err(|source| io("create", path, source))?;
        let lock = lock(path)?;
        // Somebody may have been here between the look and the lock.
        let found = look(path, &own, experiment.text())?;
        let is_same = found.as_ref().is_some_and(|found| found.hash == own.hash);
        let was_complete = found.as_ref().is_some_and(|found| found.complete);
        let folder = Folder { path: path.into(), record: found.filter(|_| is_same).unwrap_or(own), _lock: lock };
        let needed = if is_same { &RESULTS[..] } else { &[JOURNAL] };
        if let Some(file) = needed.iter().find(|file| was_complete && !folder.file(file).exists()) {
            return Err(SweepError::Gone { path: path.into(), file });
        }
        if !is_same {
            folder.write(TEXT, experiment.text())?;
            folder.keep_record()?;
        }
        Ok(folder)
    }
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
    pub(super) fn is_complete(&self) -> bool {
        self.record.complete
    }
    /// True if all is done, and some run ended well.
    pub(super) fn ended_well(&self) -> bool {
        self.record.well
    }
    /// Notes that all is done, and whether some run ended well.
    pub(super) fn completed(&mut self, well: bool) -> Result<(), SweepError> {
        (self.record.complete, self.record.well) = (true, well);
        self.keep_record()
    }
    fn keep_record(&self) -> Result<(), SweepError> {
        let text = serde_json::to_string_pretty(&self.record).expect("a record is made of what JSON can hold");
        self.write(RECORD, &(text + "\n"))
    }
    /// Writes a file whole, or not at all: another one first, which then takes its place.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), SweepError> {
        let (path, beside) = (self.file(name), self.file(&format!("{name}.new")));
        fs::write(&beside, text).and_then(|()| fs::rename(&beside, &path)).map_err(|source| io("write", &path, source))
    }
}

/// The record of an earlier process; none if there is nothing yet. `text` is that of the own experiment.
fn look(path: &Path, own: &Record, text: &str) -> Result<Option<Record>, SweepError> {
    let record = path.join(RECORD);
    let no_results = |holds: String| SweepError::NoResults { path: path.into(), holds };
    match fs::read_to_string(&record) {
        Ok(recorded) => {
            let found: Record =
                serde_json::from_str(&recorded).map_err(|why| no_results(format!("an {RECORD} that is none ({why})")))?;
            // Without its text there is nothing but the hash to go by.
            let before = fs::read_to_string(path.join(TEXT)).unwrap_or_default();
            match found.differs(own, (&before, text)) {
                Some(why) => Err(SweepError::Foreign { path: path.into(), why }),
                None => Ok(Some(found)),
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let entries = match fs::read_dir(path) {
                Ok(entries) => entries,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(io("read", path, error)),
            };
            let names = entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()));
            let mut strange: Vec<String> = names.filter(|name| !BEFORE.contains(&name.as_str())).collect();
            strange.sort();
            match strange.first() {
                Some(name) => Err(no_results(crate::report::harmless(name).into_owned())),
                None => Ok(None),
            }
        }
        Err(error) if error.kind() == ErrorKind::NotADirectory => Err(no_results("a file's content".into())),
        Err(error) => Err(io("read", &record, error)),
    }
}

fn lock(folder: &Path) -> Result<File, SweepError> {
    let path = folder.join("lock");
    let file =
        File::options().create(true).truncate(false).write(true).open(&path).map_err(|source| io("lock", &path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(SweepError::Held { path: folder.into() }),
        Err(fs::TryLockError::Error(source)) => Err(io("lock", &path, source)),
    }
}
