//! Reading `taskdag/1`: a task graph as plain JSON, tasks and edges as short lists.

use super::walk::{At, shown_text};
use super::{GraphEdge, TaskGraph, WorkloadError};
use serde_json::Value;

/// The word by which the format says its name.
pub(super) const FORMAT: &str = "taskdag/1";

/// The graph of a `taskdag/1` text: `tasks[i] = [name, index into kinds, work]`, `edges[k] = [from, to, bytes]`, with `id` as its name. Where it names
/// `units`, these have to be seconds and bytes.
///
/// # Errors
/// With the path of what is not as expected, or the sentence of [`TaskGraph::new`].
///
/// ```
/// let text = r#"{"format": "taskdag/1", "id": "pair", "kinds": ["k"], "tasks": [["a", 0, 2.5], ["b", 0, 0]], "edges": [[1, 0, 800]]}"#;
/// let graph = polity::workloads::taskdag(text)?;
/// assert_eq!((graph.name(), graph.total_work(), graph.total_bytes()), ("pair", 2.5, 800));
/// # Ok::<(), polity::workloads::WorkloadError>(())
/// ```
pub fn taskdag(text: &str) -> Result<TaskGraph, WorkloadError> {
    from_value(&super::read::json(text)?)
}

pub(super) fn from_value(value: &Value) -> Result<TaskGraph, WorkloadError> {
    let root = At::root(value);
    let format = root.key("format")?;
    if format.text()? != FORMAT {
        let given = shown_text(format.text()?);
        return Err(WorkloadError::new(format!(
            "`format` must be \"{FORMAT}\", but is {given}; convert the file, or update polity if it is newer"
        )));
    }
    known_keys(value)?;
    units(&root)?;
    let kinds = root.key("kinds")?;
    let kinds = kinds.list()?.map(|kind| kind.text().map(str::to_owned)).collect::<Result<Vec<String>, _>>()?;
    let tasks = root.key("tasks")?;
    let tasks = tasks.list()?.map(|task| {
        let [name, kind, work] = task.parts("[name, index into kinds, work]")?;
        let index = kind.count("a kind")?;
        let known = usize::try_from(index).ok().and_then(|index| kinds.get(index));
        let expected = format!("below {}, the number of kinds", kinds.len());
        Ok((name.text()?.to_owned(), known.ok_or_else(|| kind.wrong(&expected))?.clone(), work.seconds()?))
    });
    let tasks = tasks.collect::<Result<Vec<_>, WorkloadError>>()?;
    let edges = root.key("edges")?;
    let edges = edges.list()?.map(|edge| {
        let [from, to, bytes] = edge.parts("[from, to, bytes]")?;
        let end = |end: At<'_>| Ok(usize::try_from(end.count("a task")?).unwrap_or(usize::MAX));
        Ok(GraphEdge::new(end(from)?, end(to)?, bytes.count("bytes")?))
    });
    let edges = edges.collect::<Result<Vec<_>, WorkloadError>>()?;
    TaskGraph::new(root.key("id")?.text()?, tasks, edges)
}

/// A number in another unit would be read as something else.
fn units(root: &At<'_>) -> Result<(), WorkloadError> {
    let Some(units) = root.maybe("units")? else { return Ok(()) };
    let own: [(&str, &[&str], &str, &str); 2] = [
        ("work", &["s", "sec", "second", "seconds"], "seconds", "the work of the tasks"),
        ("data", &["bytes", "byte", "b"], "bytes", "the data of the edges"),
    ];
    for (key, words, expected, what) in own {
        let Some(unit) = units.maybe(key)? else { continue };
        let text = unit.text()?;
        let first = text.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
        if !words.contains(&first.as_str()) {
            return Err(WorkloadError::new(format!(
                "`{unit}` must be {expected}, but is {}; convert {what}, and say \"{}\" there",
                shown_text(text),
                words[0]
            )));
        }
    }
    Ok(())
}

/// A key that is nearly one of ours is meant to be it; others belong to whoever wrote the file.
fn known_keys(value: &Value) -> Result<(), WorkloadError> {
    const KEYS: [&str; 6] = ["format", "id", "units", "kinds", "tasks", "edges"];
    let strange = value.as_object().into_iter().flatten().map(|(key, _)| &**key).filter(|key| !KEYS.contains(key));
    for key in strange {
        if let Some(near) = crate::workflow::text::nearest(key, KEYS.iter().copied()) {
            return Err(WorkloadError::new(format!(
                "has the key {}, which is unknown; did you mean \"{near}\"?",
                shown_text(key)
            )));
        }
    }
    Ok(())
}
