//! What people have decided about the dead letters of a run: a file beside its log, to which lines are added and from which none is taken.

use super::dead::{DeadLetter, DeadLetters, RETENTION};
use super::folder::{FolderError, RunFolder, RunRecord};
use super::runs::list;
use core::time::Duration;
use polity_protocols::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// A decision about one dead letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The wall clock, RFC 3339 in UTC.
    pub at: String,
    /// Which dead letter.
    pub letter: u64,
    /// What was decided.
    pub fate: Fate,
    /// The run that it became, if it was requeued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}
/// What becomes of a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Nobody has decided.
    Open,
    /// It was run again.
    Requeued,
    /// Others of its run were run again: it lives on as a dead letter of that later run.
    Moved,
    /// It is not wanted any more.
    Discarded,
    /// Nobody has decided within [`RETENTION`].
    Expired,
}
impl Fate {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Fate::Open => "open",
            Fate::Requeued => "requeued",
            Fate::Moved => "moved",
            Fate::Discarded => "discarded",
            Fate::Expired => "expired",
        }
    }
}

/// A dead letter of a run's folder, with what has become of it.
#[derive(Clone, Debug, Serialize)]
pub struct Filed {
    /// The run's name.
    pub run: String,
    /// The letter.
    #[serde(flatten)]
    pub letter: DeadLetter,
    /// Seconds since it died; unknown if the run's record is.
    pub age: Option<u64>,
    /// What has become of it.
    pub fate: Fate,
    /// All that was decided about it, in order.
    pub verdicts: Vec<Verdict>,
}

fn file(folder: &RunFolder) -> PathBuf {
    folder.path().join("dead-letters.ndjson")
}

/// The dead letters of one run. `now` is the time since 1970; ages are of the wall clock, since virtual time says nothing of how long ago it was.
///
/// # Errors
/// If the log or the file of verdicts can't be read.
pub fn filed(folder: &RunFolder, now: Duration) -> Result<Vec<Filed>, super::ReadError> {
    let (dead, began) = DeadLetters::read(&folder.events())?;
    let mut verdicts = read(&file(folder))?;
    let record = folder.read_record().ok();
    let letters = dead.all().map(|letter| {
        let age = record.as_ref().and_then(|record| age(record, letter.at, began, now));
        let verdicts = verdicts.remove(&letter.number).unwrap_or_default();
        let decided = verdicts.last().map(|verdict| verdict.fate);
        let fate = decided.unwrap_or(if age.is_some_and(|age| age > RETENTION) { Fate::Expired } else { Fate::Open });
        Filed { run: folder.name().to_owned(), letter: letter.clone(), age: age.map(|age| age.as_secs()), fate, verdicts }
    });
    Ok(letters.collect())
}

/// The dead letters of all runs under a root, those of the newest run first; and what could not be read.
///
/// # Errors
/// If the root can't be read.
pub fn all_filed(root: &Path, now: Duration) -> Result<(Vec<Filed>, Vec<super::ReadError>), FolderError> {
    let (mut letters, mut broken) = (Vec::new(), Vec::new());
    for run in list(root)? {
        match filed(&run.folder, now) {
            Ok(of_run) => letters.extend(of_run),
            Err(super::ReadError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {} // it had no time to begin
            Err(error) => broken.push(error),
        }
    }
    Ok((letters, broken))
}

/// Adds decisions to the file of a run.
///
/// # Errors
/// If it can't be written.
pub fn decide(folder: &RunFolder, verdicts: &[Verdict]) -> Result<(), FolderError> {
    let path = file(folder);
    let line = |verdict: &Verdict| serde_json::to_string(verdict).expect("a verdict is made of what JSON can hold") + "\n";
    let text: String = verdicts.iter().map(line).collect();
    let written = OpenOptions::new().append(true).create(true).open(&path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|source| FolderError::Io { doing: "write", path, source })
}

/// Verdicts by letter. A last line that was cut off is left out: nobody was told that it was written.
fn read(path: &Path) -> Result<BTreeMap<u64, Vec<Verdict>>, super::ReadError> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        text => text.map_err(|source| super::ReadError::Io { path: path.into(), source })?,
    };
    let mut all: BTreeMap<u64, Vec<Verdict>> = BTreeMap::new();
    for (n, line) in text.split_inclusive('\n').enumerate() {
        match serde_json::from_str::<Verdict>(line) {
            Ok(verdict) => all.entry(verdict.letter).or_default().push(verdict),
            Err(_) if !line.ends_with('\n') => {}
            Err(error) => return Err(super::ReadError::Line { path: path.into(), line: n + 1, reason: error.to_string() }),
        }
    }
    Ok(all)
}

/// How long ago something happened in a run.
fn age(record: &RunRecord, at: Time, began: Time, now: Duration) -> Option<Duration> {
    let since = if record.simulated { Duration::ZERO } else { at.since(began) };
    Some(now.saturating_sub(since_1970(&record.started_at)? + since))
}

/// A moment as RFC 3339 in UTC, as seconds since 1970; none for any other text.
///
/// Source: Hinnant, "chrono-Compatible Low-Level Date Algorithms" (`days_from_civil`).
fn since_1970(text: &str) -> Option<Duration> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    if !text.ends_with('Z') || !(1..=12).contains(&month) || !(1..=31).contains(&day) || year < 1970 {
        return None;
    }
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let year = if month > 2 { year } else { year - 1 };
    let (era, of_era) = (year / 400, year % 400);
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + (153 * shifted + 2) / 5 + day - 1;
    Some(Duration::from_secs(days.checked_sub(719_468)? * 86_400 + hour * 3_600 + minute * 60 + second))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_back() {
        let at = |text| since_1970(text).map(|since| since.as_secs());
        assert_eq!(at("1970-01-01T00:00:00.000Z"), Some(0));
        assert_eq!(at("2000-02-29T00:00:00Z"), Some(951_782_400));
        assert_eq!(at("2024-02-29T23:59:59.120Z"), Some(1_709_251_199));
        assert_eq!(at("2100-03-01T00:00:00.000Z"), Some(4_107_542_400));
        for wrong in ["", "yesterday", "2024-13-01T00:00:00Z", "2024-01-01T00:00:00+01:00", "1969-12-31T23:59:59Z"] {
            assert_eq!(at(wrong), None, "{wrong}");
        }
    }
    #[test]
    fn a_verdict_that_was_cut_off_was_none() {
        let root = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(root.path(), "brave-otter").unwrap();
        let verdict = |letter| Verdict { at: "2026-11-27T10:00:00Z".into(), letter, fate: Fate::Discarded, run: None };
        decide(&folder, &[verdict(1), verdict(2)]).unwrap();
        decide(&folder, &[verdict(1)]).unwrap();
        let all = read(&file(&folder)).unwrap();
        assert_eq!((all[&1].len(), all[&2].len()), (2, 1));
        let text = fs::read_to_string(file(&folder)).unwrap();
        fs::write(file(&folder), &text[..text.len() - 2]).unwrap();
        assert_eq!(read(&file(&folder)).unwrap()[&1].len(), 1);
        fs::write(file(&folder), "nonsense\n").unwrap();
        assert!(read(&file(&folder)).unwrap_err().to_string().contains(":1: not an event"));
    }
}
