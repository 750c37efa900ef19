//! The task graphs and reference results that nobody here wrote: `POLITY_DATA` names their folder. Without it these tests say so and skip.

use serde_json::Value;
use std::path::{Path, PathBuf};

/// A file of the folder; none, with a word, if nobody says where it is.
pub fn at(path: &str) -> Option<PathBuf> {
    match std::env::var_os("POLITY_DATA") {
        Some(folder) => Some(Path::new(&folder).join(path)),
        None => {
            eprintln!("skipped: POLITY_DATA does not say where {path} is");
            None
        }
    }
}

pub fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The files of a folder, in order.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.is_file()).collect();
    files.sort();
    files
}

/// The numbers of a list.
pub fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}
