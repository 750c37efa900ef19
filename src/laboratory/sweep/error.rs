//! Why a sweep can't go on.

use crate::report::{FolderError, harmless};
use crate::workloads::WorkloadError;
use std::path::PathBuf;

/// Why a sweep can't begin, or had to end: one sentence with the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// The folder holds the results of another experiment.
    #[error(
        "{} holds the results of another experiment: {why}; give this one another name or another folder (--out), or remove that folder; nothing was changed",
        shown(path)
    )]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// What is different.
        why: String,
    },
    /// The folder holds something else.
    #[error(
        "{} is no folder of an experiment's results: it holds {holds}; choose a folder that is empty or not there (--out); nothing was changed",
        shown(path)
    )]
    NoResults {
        /// The folder.
        path: PathBuf,
        /// Something that is in it.
        holds: String,
    },
    /// It is complete, and something of it is gone.
    #[error(
        "{} holds a complete experiment, but its {file} is gone; restore it, or remove the folder to have everything tried again",
        shown(path)
    )]
    Gone {
        /// The folder.
        path: PathBuf,
        /// What is gone.
        file: &'static str,
    },
    /// Another process works on it.
    #[error("{} is being worked on by another process; wait for it to end, or choose another folder (--out)", shown(path))]
    Held {
        /// The folder.
        path: PathBuf,
    },
    /// The journal was changed by somebody else.
    #[error(
        "{}:{line} is no entry of the journal: {why}; remove that line to have its try made again, or the folder to begin from the beginning",
        shown(path)
    )]
    Journal {
        /// The journal.
        path: PathBuf,
        /// Which line.
        line: u64,
        /// Why.
        why: String,
    },
    /// A try could not be made.
    #[error("cell {cell} (strategy {strategy}, seed {seed}) can't be tried: {source}; what was tried before is kept")]
    Trial {
        /// Which cell, from 1.
        cell: u64,
        /// Its strategy.
        strategy: String,
        /// Which try.
        seed: u64,
        /// Why.
        source: WorkloadError,
    },
    /// Something can't be read or written.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

fn shown(path: &std::path::Path) -> String {
    harmless(&path.to_string_lossy()).into_owned()
}
