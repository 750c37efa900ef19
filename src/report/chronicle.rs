//! All folds that the files of a finished run are made of, and these files.

use super::fold::Report;
use super::folder::{FolderError, RunFolder};
use super::page::page;
use super::read::ReadError;
use super::tables::Say;
use super::timeline::Timeline;
use super::trace::trace;
use crate::event::{Event, Names, RunId, Sink};
use crate::laboratory::picture::Gantt;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// What a run leaves for people and their tools: `report.html` and `trace.json`. Fill it while the run goes on, or from its log.
///
/// ```
/// use polity::event::RunId;
/// use polity::report::{Chronicle, RunFolder};
/// let root = tempfile::tempdir().unwrap();
/// let folder = RunFolder::create(root.path(), "brave-otter").unwrap();
/// Chronicle::of(RunId(0)).write(&folder, "polity run flow.yaml --seed 7").unwrap();
/// assert!(folder.page().is_file() && folder.trace().is_file());
/// ```
pub struct Chronicle {
    report: Report,
    names: Names,
    timeline: Timeline,
}
impl Chronicle {
    /// Of a run of which nothing is known yet.
    pub fn of(run: RunId) -> Chronicle {
        Chronicle { report: Report::of(run), names: Names::default(), timeline: Timeline::of(run) }
    }
    /// From `events.ndjson`.
    ///
    /// # Errors
    /// As [`Report::read`].
    pub fn read(events: &Path) -> Result<Chronicle, ReadError> {
        let (report, events) = Report::read(events)?;
        let run = report.run().unwrap_or(RunId(0));
        let mut chronicle = Chronicle { report, ..Chronicle::of(run) };
        events.iter().for_each(|event| chronicle.beside(event));
        Ok(chronicle)
    }
    /// The report.
    pub fn report(&self) -> &Report {
        &self.report
    }
    /// Everything but the report.
    fn beside(&mut self, event: &Event) {
        self.names.take(event);
        self.timeline.take(event);
    }
    /// Who did what when, as a picture that can be drawn.
    pub fn gantt(&self) -> Gantt {
        super::page::gantt(Say { report: &self.report, names: &self.names }, &self.timeline)
    }
    /// The page's text; `replay` is the command that runs it again.
    pub fn page(&self, replay: &str) -> String {
        page(&self.report, &self.names, &self.timeline, replay)
    }
    /// Writes the trace.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn write_trace(&self, to: &mut impl Write) -> io::Result<()> {
        trace(&self.report, &self.names, &self.timeline, to)
    }
    /// Writes `report.html` and `trace.json`, each whole or not at all.
    ///
    /// # Errors
    /// If one of them can't be written.
    pub fn write(&self, folder: &RunFolder, replay: &str) -> Result<(), FolderError> {
        replaced(folder.page(), |file| file.write_all(self.page(replay).as_bytes()))?;
        replaced(folder.trace(), |file| self.write_trace(file))
    }
}
impl Sink for Chronicle {
    fn take(&mut self, event: &Event) {
        self.report.take(event);
        self.beside(event);
    }
}

/// A file that takes the place of another once it is whole.
fn replaced(path: PathBuf, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<(), FolderError> {
    let mut beside = path.clone().into_os_string();
    beside.push(".new");
    let written = File::create(&beside).map(BufWriter::new).and_then(|mut file| {
        write(&mut file)?;
        file.flush()?;
        fs::rename(&beside, &path)
    });
    written.map_err(|source| FolderError::Io { doing: "write", path, source })
}
