//! Reading a workload whatever its format is: the content says which.

use super::walk::shown_text;
use super::{TaskGraph, WorkloadError, polity_file, stg, taskdag, wfformat};
use crate::files;
use crate::workflow::Known;
use flate2::read::MultiGzDecoder;
use serde_json::Value;
use std::fmt;
use std::io::Read;
use std::path::Path;

/// What a compressed file may become, in bytes: 1 GiB. A small file can claim to be more than any memory holds.
pub const UNPACKED: u64 = 1 << 30;

/// The formats that [`read`] knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// `taskdag/1`, JSON: see [`taskdag`](super::taskdag()).
    TaskDag,
    /// WfFormat of WfCommons, JSON, of this version: see [`wfformat`](super::wfformat()).
    WfFormat(String),
    /// A graph of the Standard Task Graph Set: see [`stg`](super::stg()).
    Stg,
    /// A workflow file of polity: see [`TaskGraph::of_workflow`].
    Polity,
}
impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Format::TaskDag => f.write_str(taskdag::FORMAT),
            Format::WfFormat(version) => write!(f, "WfFormat {version}"),
            Format::Stg => f.write_str("STG"),
            Format::Polity => f.write_str("a polity workflow"),
        }
    }
}

/// A workload that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The workload.
    pub graph: TaskGraph,
    /// What it was read as.
    pub format: Format,
    /// What had to be assumed, one sentence each: files without a size, tasks that stand for several.
    pub remarks: Vec<String>,
}

/// Reads a workload from a file, plain or compressed by gzip. Its content says what format it is, not its name. A graph whose format has no
/// name of its own is called like the file.
///
/// # Errors
/// One sentence that begins with the path: it can't be read, is cut off, is of no known format (and what was seen instead), or is not right.
///
/// ```
/// use polity::workloads::{Format, read};
/// let file = tempfile::NamedTempFile::new()?;
/// std::fs::write(file.path(), "3\n0 0 0\n1 5 1 0\n2 7 1 1\n3 2 1 0\n4 0 2 2 3\n")?;
/// let loaded = read(file.path())?;
/// assert_eq!((loaded.format, loaded.graph.critical_work()), (Format::Stg, 12.0));
///
/// std::fs::write(file.path(), "{\"nodes\": 3}")?;
/// let sentence = read(file.path()).unwrap_err().to_string();
/// assert!(sentence.ends_with("is JSON with the key \"nodes\"; expected WfFormat (with `schemaVersion` and `workflow`) or taskdag/1 (with `format`); choose another file, or convert it"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read(path: impl AsRef<Path>) -> Result<Loaded, WorkloadError> {
    read_with(path, &Known::default())
}

/// As [`read`], but a workflow file of polity may name the agents, functions and strategies that are known.
///
/// # Errors
/// As [`read`].
pub fn read_with(path: impl AsRef<Path>, known: &Known) -> Result<Loaded, WorkloadError> {
    let path = path.as_ref();
    let text = text_of(path).map_err(|wrong| wrong.of(path))?;
    of_text(&text, path, known)
}

fn of_text(text: &str, path: &Path, known: &Known) -> Result<Loaded, WorkloadError> {
    let loaded = parse_at(text, Some(path), known).map_err(|wrong| wrong.of(path))?;
    Ok(match loaded.format {
        Format::Stg => Loaded { graph: loaded.graph.named(stem(path)), ..loaded },
        _ => loaded,
    })
}

/// Reads a task graph from a file, as [`read`] does; none if the file is none, or can't be read: it may be a workflow, and who reads those has to say
/// what is wrong with it. A pipe is not looked into. JSON that names `schemaVersion` or `taskdag/1` is meant as a graph even if it is damaged.
///
/// # Errors
/// As [`read`], of what is meant as a graph.
///
/// ```
/// use polity::workloads::{Format, read_graph};
/// let file = tempfile::NamedTempFile::new()?;
/// std::fs::write(file.path(), "1\n0 0 0\n1 5 1 0\n2 0 1 1\n")?;
/// assert_eq!(read_graph(file.path())?.map(|loaded| loaded.format), Some(Format::Stg));
/// std::fs::write(file.path(), "name: w\nagents: [{ id: ann }]\ntasks: [{ id: a, run: make }]\n")?;
/// assert_eq!(read_graph(file.path())?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_graph(path: impl AsRef<Path>) -> Result<Option<Loaded>, WorkloadError> {
    let path = path.as_ref();
    // What can be read only once, such as a pipe, is left to whoever reads workflows.
    if !path.is_file() {
        return Ok(None);
    }
    match text_of(path) {
        Ok(text) if is_meant_as_graph(&text) => of_text(&text, path, &Known::default()).map(Some),
        _ => Ok(None),
    }
}

/// True if a text is a task graph by its beginning: JSON that says so, or a line with a number and nothing else.
fn is_meant_as_graph(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if !text.starts_with('{') {
        let first = text.lines().next().map_or("", str::trim);
        return !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit());
    }
    match serde_json::from_str::<Value>(text) {
        Ok(value) => value.get("schemaVersion").is_some() || value.get("format").is_some(),
        Err(_) => text.contains("\"schemaVersion\"") || text.contains(taskdag::FORMAT),
    }
}

/// Reads a workload from a text, as [`read`] does.
///
/// # Errors
/// As [`read`], without a path.
///
/// ```
/// use polity::workloads::{Format, parse};
/// let text = "name: pair\nagents: [{ id: ann }]\ntasks:\n- { id: a, run: make, estimate: 3s }\n- { id: b, run: ls, depends_on: [a] }\n";
/// let loaded = parse(text)?;
/// assert_eq!((loaded.format, loaded.graph.total_work()), (Format::Polity, 4.0));
/// assert_eq!(loaded.remarks, ["1 of 2 tasks has no estimate and is taken as 1 s of work"]);
/// # Ok::<(), polity::workloads::WorkloadError>(())
/// ```
pub fn parse(text: &str) -> Result<Loaded, WorkloadError> {
    parse_at(text, None, &Known::default())
}

fn parse_at(text: &str, path: Option<&Path>, known: &Known) -> Result<Loaded, WorkloadError> {
    let text = text.trim_start_matches('\u{feff}');
    let plain = |graph, format| Ok(Loaded { graph, format, remarks: Vec::new() });
    match text.trim_start().chars().next() {
        None => Err(WorkloadError::new(format!("is empty; {ALL}"))),
        Some('{') => {
            let value = json(text)?;
            if value.get("format").is_some() {
                return plain(taskdag::from_value(&value)?, Format::TaskDag);
            }
            if value.get("schemaVersion").is_some() {
                return wfformat::from_value(&value);
            }
            if value.get("tasks").is_some_and(Value::is_array) && value.get("kinds").is_none() {
                return polity_file::parse(text, path, known); // every JSON is YAML
            }
            Err(foreign(&value))
        }
        Some('[') => {
            json(text)?;
            Err(WorkloadError::new(format!("is JSON, a list; {ALL}")))
        }
        Some('0'..='9') => plain(stg::stg(text)?, Format::Stg),
        Some(_) if is_experiment(text) => Err(WorkloadError::new(
            "is an experiment, and no workload; carry it out with polity simulate, or name the workload that it is about",
        )),
        Some(_) if polity_file::looks_so(text) || crate::workflow::is_description(text) => polity_file::parse(text, path, known),
        Some(_) => {
            let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
            Err(WorkloadError::new(format!("is of no known format, it begins with {}; {ALL}", shown_text(line))))
        }
    }
}

/// True if keys that only an experiment has stand at the beginning of lines.
fn is_experiment(text: &str) -> bool {
    ["workload:", "strategies:"].iter().all(|key| text.lines().any(|line| line.starts_with(key)))
}

/// What a file of no known format should be, and what to do.
const ALL: &str = "expected a workflow file of polity, WfFormat 1.4 to 1.6, taskdag/1, or a graph of the Standard Task Graph Set (.stg); \
                   choose another file, or convert it";

/// JSON that says neither what it is nor what WfFormat would say.
fn foreign(value: &Value) -> WorkloadError {
    let keys: Vec<String> = value.as_object().into_iter().flat_map(|map| map.keys()).take(4).map(|key| shown_text(key)).collect();
    let seen = match keys.len() {
        0 => "no key at all".to_owned(),
        1 => format!("the key {}", keys[0]),
        _ => format!("the keys {}", keys.join(", ")),
    };
    WorkloadError::new(format!(
        "is JSON with {seen}; expected WfFormat (with `schemaVersion` and `workflow`) or {} (with `format`); choose another file, or convert it",
        taskdag::FORMAT
    ))
}

/// A JSON text as a tree.
pub(super) fn json(text: &str) -> Result<Value, WorkloadError> {
    serde_json::from_str(text).map_err(|why| {
        let place = format!("line {}, column {}", why.line(), why.column());
        let why_text = why.to_string();
        let reason = why_text.rsplit_once(" at line ").map_or(&*why_text, |(reason, _)| reason);
        WorkloadError::new(if why.is_eof() {
            format!("{place}: the JSON ends before it is complete; fetch the file again, it was cut off")
        } else {
            format!("{place}: is no JSON, {reason}; mend it there, or fetch the file again")
        })
    })
}

fn text_of(path: &Path) -> Result<String, WorkloadError> {
    let mut bytes = files::read(path, UNPACKED)
        .map_err(|why| WorkloadError::new(format!("can't be read: {why}; check the path and its permissions")))?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        bytes = unpacked(&bytes, UNPACKED)?;
    }
    String::from_utf8(bytes).map_err(|why| {
        let at = why.utf8_error().valid_up_to();
        WorkloadError::new(format!("is no text, byte {at} is not UTF-8; {ALL}"))
    })
}

fn unpacked(bytes: &[u8], limit: u64) -> Result<Vec<u8>, WorkloadError> {
    let mut plain = Vec::new();
    MultiGzDecoder::new(bytes)
        .take(limit + 1)
        .read_to_end(&mut plain)
        .map_err(|why| WorkloadError::new(format!("the gzip data is damaged or cut off ({why}); fetch the file again")))?;
    if plain.len() as u64 > limit {
        return Err(WorkloadError::new(format!(
            "becomes more than {limit} bytes when it is unpacked; unpack it and make it smaller"
        )));
    }
    Ok(plain)
}

/// The file's name without what follows its first dot.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match name.split('.').next() {
        Some(stem) if !stem.is_empty() => stem.to_owned(),
        _ => name.into_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    #[test]
    fn what_unpacks_to_more_than_the_limit_is_refused() {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&[b' '; 10_000]).unwrap();
        let packed = packed.finish().unwrap();
        assert_eq!(unpacked(&packed, 10_000).unwrap().len(), 10_000);
        let sentence = unpacked(&packed, 9_999).unwrap_err().to_string();
        assert_eq!(sentence, "becomes more than 9999 bytes when it is unpacked; unpack it and make it smaller");
        let cut = unpacked(&packed[..packed.len() / 2], 10_000).unwrap_err().to_string();
        assert!(cut.starts_with("the gzip data is damaged or cut off (") && cut.ends_with("; fetch the file again"), "{cut}");
    }

    #[test]
    fn what_is_meant_as_a_graph_says_so_at_its_beginning() {
        for graph in
            ["12\n0 0 0", "\u{feff} 3 \n", "{\"schemaVersion\": 1}", "{\"format\": 2}", "{\"a\": {}, \"schemaVersion\": \"1."]
        {
            assert!(is_meant_as_graph(graph), "{graph}");
        }
        for other in ["", "name: w\n", "{ name: w }", "{\"name\": \"w\", \"tasks\": []}", "1: x\n", "{\"nodes\": 3}"] {
            assert!(!is_meant_as_graph(other), "{other}");
        }
    }

    #[test]
    fn a_graph_without_a_name_is_called_like_its_file() {
        let called = |path: &str| stem(Path::new(path));
        assert_eq!(["a/b.stg", "b.stg.gz", ".stg", "b"].map(called), ["b", "b", ".stg", "b"]);
    }
}
