//! What has ended, one line each, in the order in which it did: with it a killed sweep goes on, and one that asks for more tries begins.

use super::SweepError;
use super::folder::io;
use super::measure::Tried;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// What it is called.
pub(super) const JOURNAL: &str = "journal.ndjson";

/// A line.
#[derive(Serialize, Deserialize)]
struct Entry {
    /// Cell and try, both from 0.
    at: (u64, u32),
    tried: Tried,
}

/// The journal of a sweep, at its end.
pub(super) struct Journal {
    file: File,
    path: PathBuf,
}
impl Journal {
    /// Reads what there is, and goes on behind it. A last line that is cut off was being written when its process was killed: it is taken away.
    pub(super) fn open(
        path: &Path,
        mut found: impl FnMut((u64, u32), Tried) -> Result<(), SweepError>,
    ) -> Result<Journal, SweepError> {
        let failed = |doing| move |source| io(doing, path, source);
        let mut file = File::options().create(true).truncate(false).read(true).append(true).open(path).map_err(failed("open"))?;
        let (mut text, mut whole, mut line) = (Vec::new(), 0, 0);
        let mut reader = BufReader::new(&file);
        loop {
            text.clear();
            let read = reader.read_until(b'\n', &mut text).map_err(|error| io("read", path, error))?;
            if !text.ends_with(b"\n") {
                break;
            }
            line += 1;
            let entry: Result<Entry, _> = serde_json::from_slice(&text);
            let Entry { at, tried } =
                entry.map_err(|why| SweepError::Journal { path: path.into(), line, why: why.to_string() })?;
            found(at, tried)?;
            whole += read as u64;
        }
        file.set_len(whole).and_then(|()| file.seek(SeekFrom::End(0))).map_err(failed("write"))?;
        Ok(Journal { file, path: path.into() })
    }
    /// Adds an entry. It is with the system when this returns, so that the end of the process does not lose it.
    pub(super) fn add(&mut self, at: (u64, u32), tried: &Tried) -> Result<(), SweepError> {
        let entry = Entry { at, tried: tried.clone() };
        let text = serde_json::to_string(&entry).expect("an entry is made of what JSON can hold") + "\n";
        self.file.write_all(text.as_bytes()).map_err(|source| io("write", &self.path, source))
    }
}
