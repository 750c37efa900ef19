//! A file that is written as far as it goes: its troubles are noted, and never end the job that writes.

use std::io;
use std::path::PathBuf;
use tokio::fs::{File, OpenOptions};
use tokio::io::AsyncWriteExt;

/// A bounded file, opened at its first byte.
pub(super) struct Tape {
    path: PathBuf,
    append: bool,
    room: u64,
    file: Option<File>,
    written: u64,
    dropped: u64,
    trouble: Option<String>,
}

impl Tape {
    /// A file of at most `room` bytes, which replaces what is there.
    pub(super) fn create(path: PathBuf, room: u64) -> Tape {
        Tape { path, append: false, room, file: None, written: 0, dropped: 0, trouble: None }
    }
    /// The same, added to what is there.
    pub(super) fn append(path: PathBuf, room: u64) -> Tape {
        Tape { append: true, ..Tape::create(path, room) }
    }
    pub(super) async fn write(&mut self, bytes: &[u8]) {
        let fits = if self.trouble.is_some() { 0 } else { usize::try_from(self.room - self.written).unwrap_or(usize::MAX) };
        let (kept, dropped) = bytes.split_at(bytes.len().min(fits));
        self.dropped += dropped.len() as u64;
        if kept.is_empty() {
            return;
        }
        match self.try_write(kept).await {
            Ok(()) => self.written += kept.len() as u64,
            Err(error) => self.stop(&error),
        }
    }
    async fn try_write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                if let Some(folder) = self.path.parent() {
                    tokio::fs::create_dir_all(folder).await?;
                }
                let mut options = OpenOptions::new();
                options.create(true).write(true);
                let options = if self.append { options.append(true) } else { options.truncate(true) };
                self.file.insert(options.open(&self.path).await?)
            }
        };
        file.write_all(bytes).await
    }
    fn stop(&mut self, error: &io::Error) {
        self.trouble = Some(format!("could not write {}: {error}", self.path.display()));
        self.file = None;
    }
    /// Hands everything to the file system. tokio's file writes behind one's back: without this its last error would be lost.
    pub(super) async fn finish(&mut self) {
        if let Some(file) = &mut self.file
            && let Err(error) = file.flush().await
        {
            self.stop(&error);
        }
    }
    /// What went wrong, as a sentence.
    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.clone()
    }
    /// What is there, as a half sentence: all, a part, or nothing.
    pub(super) fn holds(&self) -> String {
        match (&self.trouble, self.dropped) {
            (Some(trouble), _) => trouble.clone(),
            (None, 0) => format!("all of it is in {}", self.path.display()),
            (None, _) => format!("the first {} bytes are in {}", self.written, self.path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keeps_what_fits_and_says_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/er/a.out");
        let mut tape = Tape::create(path.clone(), 5);
        tape.write(b"abc").await;
        assert!(tape.holds().starts_with("all of it"));
        tape.write(b"defg").await;
        tape.write(b"h").await;
        tape.finish().await;
        assert_eq!(std::fs::read(&path).expect("the file"), b"abcde");
        assert!(tape.holds().starts_with("the first 5 bytes are in"), "{}", tape.holds());
        assert_eq!(tape.trouble(), None);
    }

    #[tokio::test]
    async fn adds_to_what_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.log");
        for text in ["one\n", "two\n"] {
            let mut tape = Tape::append(path.clone(), 100);
            tape.write(text.as_bytes()).await;
            tape.finish().await;
        }
        assert_eq!(std::fs::read_to_string(&path).expect("the file"), "one\ntwo\n");
    }

    #[tokio::test]
    async fn a_place_that_cannot_be_written_is_a_note() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("file"), "").expect("written");
        let mut tape = Tape::create(folder.path().join("file/below.out"), 100);
        tape.write(b"abc").await;
        tape.write(b"abc").await;
        tape.finish().await;
        assert!(tape.trouble().is_some_and(|t| t.contains("could not write") && t.contains("below.out")));
    }
}
