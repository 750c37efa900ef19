//! Reading WfFormat, the JSON of WfCommons, in its versions 1.4, 1.5 and 1.6.

use super::read::{Format, Loaded};
use super::walk::{At, shown_text};
use super::wfgraph::{Raw, RawGraph};
use super::{WorkloadError, wfgraph};
use serde_json::Value;
use std::collections::BTreeMap;

/// The graph of a WfFormat text, and what had to be assumed.
///
/// - A task is called by its `id` (1.4: by its name, with the id behind it where names are shared); its work is its `runtimeInSeconds`.
/// - Its kind is its `name`, as Nextflow and WfGen write it; the program of its command where the name is the id (Pegasus, Makeflow); in 1.4 its
///   `category`. Without these it is the id without the number at its end.
/// - What comes before what, `parents` and `children` say, either of them. If no task names any, the files say: who reads comes after who writes.
/// - The bytes of an edge are the sizes of the files that its first task writes and its second reads. What no task writes is
///   everywhere from the beginning. A file without a size counts as 0 bytes.
/// - A task that wants several cores (`coreCount`, in 1.4 also `cores`) takes one slot all the same, which is told.
///
/// Source: the schema at github.com/wfcommons/WfFormat; the versions 1.5 and 1.6 differ by optional summaries only. Machines, memory,
/// cores and the like are not part of a [`TaskGraph`](super::TaskGraph).
///
/// # Errors
/// With the path of what is not as expected, or the sentence of [`TaskGraph::new`](super::TaskGraph::new).
///
/// ```
/// let text = r#"{
///     "name": "pair", "schemaVersion": "1.5",
///     "workflow": {
///         "specification": {
///             "tasks": [
///                 { "name": "cut", "id": "cut_1", "parents": [], "children": ["glue_2"], "inputFiles": [], "outputFiles": ["f"] },
///                 { "name": "glue", "id": "glue_2", "parents": ["cut_1"], "children": [], "inputFiles": ["f"], "outputFiles": [] }
///             ],
///             "files": [{ "id": "f", "sizeInBytes": 800 }]
///         },
///         "execution": {
///             "makespanInSeconds": 5, "executedAt": "2025-01-01T00:00:00Z",
///             "tasks": [{ "id": "cut_1", "runtimeInSeconds": 2 }, { "id": "glue_2", "runtimeInSeconds": 3.5 }]
///         }
///     }
/// }"#;
/// let graph = polity::workloads::wfformat(text)?.graph;
/// assert_eq!((graph.kind_of(0), graph.critical_work(), graph.total_bytes()), ("cut", 5.5, 800));
/// # Ok::<(), polity::workloads::WorkloadError>(())
/// ```
pub fn wfformat(text: &str) -> Result<Loaded, WorkloadError> {
    from_value(&super::read::json(text)?)
}

pub(super) fn from_value(value: &Value) -> Result<Loaded, WorkloadError> {
    let root = At::root(value);
    let version = root.key("schemaVersion")?.text()?;
    let workflow = root.key("workflow")?;
    let name = root.maybe("name")?.map_or(Ok("workflow"), |name| name.text())?;
    let raw = match version {
        "1.4" => in_one(&workflow)?,
        "1.5" | "1.6" => in_two(&workflow)?,
        _ => {
            let given = shown_text(version);
            return Err(WorkloadError::new(format!(
                "`schemaVersion` must be \"1.4\", \"1.5\" or \"1.6\", but is {given}; convert the file with WfCommons' \
                 tools/wfcommons-migrate-instance.py if it is older, or update polity if it is newer"
            )));
        }
    };
    let (graph, remarks) = wfgraph::graph(name, raw)?;
    Ok(Loaded { graph, format: Format::WfFormat(version.to_owned()), remarks })
}

fn texts<'a>(owner: &'a At<'a>, key: &'a str) -> Result<Vec<String>, WorkloadError> {
    let Some(list) = owner.maybe(key)? else { return Ok(Vec::new()) };
    list.list()?.map(|item| item.text().map(str::to_owned)).collect()
}

fn program(task: &At<'_>) -> Result<Option<String>, WorkloadError> {
    let Some(command) = task.maybe("command")? else { return Ok(None) };
    let Some(program) = command.maybe("program")? else { return Ok(None) };
    // Nextflow writes a whole script there.
    let plain = |text: &&str| !text.is_empty() && !text.contains(char::is_whitespace);
    Ok(Some(program.text()?).filter(plain).map(str::to_owned))
}

/// True if a task wants more than one core. What is no number says nothing of it.
fn wants_cores(task: &At<'_>) -> Result<bool, WorkloadError> {
    let mut many = false;
    for key in ["coreCount", "cores"] {
        many |= task.maybe(key)?.and_then(|cores| cores.value.as_f64()).is_some_and(|cores| cores > 1.0);
    }
    Ok(many)
}

/// The name without the number at its end: `mProject_ID0000001` → `mProject`.
fn without_number(name: &str) -> &str {
    let letters = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let stem = letters.strip_suffix("_ID").or_else(|| letters.strip_suffix('_'));
    stem.filter(|stem| !stem.is_empty() && letters.len() < name.len()).unwrap_or(name)
}

/// Up to 1.4: everything about a task in one place; tasks refer to each other by name.
fn in_one(workflow: &At<'_>) -> Result<RawGraph, WorkloadError> {
    let list = workflow.key("tasks")?;
    let mut raw = RawGraph::default();
    for task in list.list()? {
        let name = task.key("name")?.text()?;
        let id = task.maybe("id")?.map(|id| id.text()).transpose()?;
        let category = task.maybe("category")?.map(|category| category.text()).transpose()?;
        let kind = match category {
            Some(category) => category.to_owned(),
            None => program(&task)?.unwrap_or_else(|| without_number(name).to_owned()),
        };
        let mut one = Raw { name: name.to_owned(), kind, work: task.key("runtimeInSeconds")?.seconds()?, ..Raw::default() };
        one.id = id.map(str::to_owned);
        raw.of_several_cores += usize::from(wants_cores(&task)?);
        (one.parents, one.children) = (texts(&task, "parents")?, texts(&task, "children")?);
        if let Some(files) = task.maybe("files")? {
            for file in files.list()? {
                let path = file.maybe("path")?.map_or(Ok(""), |path| path.text())?;
                let file_id = format!("{path}{}", file.key("name")?.text()?);
                if let Some(size) = file.maybe("sizeInBytes")? {
                    raw.sizes.entry(file_id.clone()).or_insert(size.count("bytes")?);
                }
                let link = file.key("link")?;
                match link.text()? {
                    "input" => one.reads.push(file_id),
                    "output" => one.writes.push(file_id),
                    _ => return Err(link.wrong("\"input\" or \"output\"")),
                }
            }
        }
        raw.tasks.push(one);
    }
    Ok(raw)
}

/// From 1.5 on: what is to be done is the specification, how long it took is the execution; tasks refer to each other by id.
fn in_two(workflow: &At<'_>) -> Result<RawGraph, WorkloadError> {
    let specification = workflow.key("specification")?;
    let Some(execution) = workflow.maybe("execution")? else {
        return Err(WorkloadError::new(
            "`workflow` has no `execution`, so that nobody knows how long its tasks take; add it, with `runtimeInSeconds` for each task",
        ));
    };
    let executed = execution.key("tasks")?;
    let executed = executed.list()?.collect::<Vec<_>>();
    let mut runs: BTreeMap<&str, &At<'_>> = BTreeMap::new();
    for run in &executed {
        let id = run.key("id")?;
        if runs.insert(id.text()?, run).is_some() {
            let id = shown_text(id.text()?);
            return Err(WorkloadError::new(format!("`workflow.execution.tasks` tells of {id} twice; keep what is right")));
        }
    }
    let mut raw = RawGraph::default();
    let list = specification.key("tasks")?;
    for task in list.list()? {
        let (name, id) = (task.key("name")?.text()?, task.key("id")?.text()?);
        let run = runs.remove(id).ok_or_else(|| {
            let id = shown_text(id);
            WorkloadError::new(format!(
                "task {id} is not among `workflow.execution.tasks`; add it there, with its `runtimeInSeconds`"
            ))
        })?;
        raw.of_several_cores += usize::from(wants_cores(run)?);
        let kind = match program(run)? {
            _ if name != id => name.to_owned(),
            Some(program) => program,
            None => without_number(id).to_owned(),
        };
        raw.tasks.push(Raw {
            name: id.to_owned(),
            id: None,
            kind,
            work: run.key("runtimeInSeconds")?.seconds()?,
            parents: texts(&task, "parents")?,
            children: texts(&task, "children")?,
            reads: texts(&task, "inputFiles")?,
            writes: texts(&task, "outputFiles")?,
        });
    }
    if let Some(unknown) = runs.keys().next() {
        let unknown = shown_text(unknown);
        return Err(WorkloadError::new(format!(
            "`workflow.execution.tasks` tells of {unknown}, which is no task of `workflow.specification`; remove it, or add the task"
        )));
    }
    if let Some(files) = specification.maybe("files")? {
        for file in files.list()? {
            raw.sizes.insert(file.key("id")?.text()?.to_owned(), file.key("sizeInBytes")?.count("bytes")?);
        }
    }
    Ok(raw)
}
