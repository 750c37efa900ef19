//! A report from the log of a run that is over, or still writes.

use super::fold::Report;
use crate::event::{Event, Line, Names, RunId};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// A log that can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file can't be opened or read.
    #[error("can't read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line that tells of no event.
    #[error("{}:{line}: not an event: {reason}; the file was changed, or written by another version", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line's number, from 1.
        line: usize,
        /// Why it isn't one.
        reason: String,
    },
}

impl Report {
    /// Reads `events.ndjson`: the report, with all decisions, and the events in order. Empty lines are passed over. A last line that was cut
    /// off (the process was killed while it wrote) is left out, and [`Report::remarks`] says so.
    ///
    /// # Errors
    /// With the line's number and the reason, for any other line that is not an event.
    pub fn read(path: &Path) -> Result<(Report, Vec<Event>), ReadError> {
        let io = |source| ReadError::Io { path: path.into(), source };
        let mut from = BufReader::new(std::fs::File::open(path).map_err(io)?);
        let (mut report, mut events) = (Report::default().keeping_decisions(true), Vec::new());
        let (mut bytes, mut line) = (Vec::new(), 0);
        loop {
            bytes.clear();
            line += 1;
            if from.read_until(b'\n', &mut bytes).map_err(io)? == 0 {
                return Ok((report, events));
            }
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            match event(&bytes) {
                Ok(event) => {
                    report.take(&event);
                    events.push(event);
                }
                Err(_) if bytes.last() != Some(&b'\n') => {
                    report.remarks.push(format!("line {line}, the last of the log, was cut off and is left out"));
                }
                Err(reason) => return Err(ReadError::Line { path: path.into(), line, reason }),
            }
        }
    }
}

fn event(bytes: &[u8]) -> Result<Event, String> {
    let line: Line = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
    line.event().ok_or_else(|| format!("`{}` is no event, or a part of it is missing", super::harmless(&line.event)))
}

/// A report of each run in a log, with all decisions, and the names in it.
pub(super) fn by_run(events: &[Event]) -> (Names, BTreeMap<RunId, Report>) {
    let (mut names, mut runs) = (Names::default(), BTreeMap::<RunId, Report>::new());
    for event in events.iter().filter(|event| event.run.is_run()) {
        names.take(event);
        runs.entry(event.run).or_insert_with(|| Report::default().keeping_decisions(true)).take(event);
    }
    (names, runs)
}
