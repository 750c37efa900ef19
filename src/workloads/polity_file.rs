//! A workflow of polity as a task graph: its shape and its estimates.

use super::read::{Format, Loaded};
use super::{GraphEdge, TaskGraph, WorkloadError};
use crate::workflow::{Action, Known, Problem, Task, Workflow};
use std::path::Path;

/// The kind of a task that demands none.
const ANY: &str = "any";

impl TaskGraph {
    /// The shape of a workflow: its tasks with their estimates (1 s without), its dependencies without bytes. A task that would become several, by
    /// `for_each` or a sub-workflow, is one here; a condition is taken as true. What had to be assumed is told, one sentence each.
    ///
    /// # Errors
    /// If an estimate is no amount of work, which a checked workflow has not.
    ///
    /// ```
    /// use polity::prelude::*;
    /// use polity::workloads::TaskGraph;
    /// let flow = Workflow::new("w").task("a", kind("read")).task("b", kind("sum").with("text", output("a")));
    /// let (graph, assumed) = TaskGraph::of_workflow(&flow.build().unwrap())?;
    /// assert_eq!((graph.kinds(), graph.critical_path().len()), (&["read".to_owned(), "sum".to_owned()][..], 2));
    /// assert_eq!(assumed, ["2 of 2 tasks have no estimate and are taken as 1 s of work"]);
    /// # Ok::<(), polity::workloads::WorkloadError>(())
    /// ```
    pub fn of_workflow(flow: &Workflow) -> Result<(TaskGraph, Vec<String>), WorkloadError> {
        let kind = |task: &Task| if task.kind.is_empty() { ANY.to_owned() } else { task.kind.to_string() };
        let tasks = flow.tasks.iter().map(|task| (task.id.to_string(), kind(task), task.estimate.unwrap_or(1.0)));
        let edges = flow.tasks.iter().enumerate();
        let edges = edges.flat_map(|(to, task)| task.dependencies.iter().map(move |on| GraphEdge::new(on.on, to, 0)));
        Ok((TaskGraph::new(flow.name.to_string(), tasks, edges)?, assumptions(&flow.tasks)))
    }
}

fn assumptions(tasks: &[Task]) -> Vec<String> {
    let told = |is: fn(&Task) -> bool, [one, many]: [&str; 2]| {
        let count = tasks.iter().filter(|task| is(task)).count();
        (count > 0).then(|| format!("{count} of {} tasks {}", tasks.len(), if count == 1 { one } else { many }))
    };
    let several = |task: &Task| task.for_each.is_some() || matches!(task.action, Action::Workflow(_) | Action::Delegate(_));
    let all = [
        told(
            |task| task.estimate.is_none(),
            ["has no estimate and is taken as 1 s of work", "have no estimate and are taken as 1 s of work"],
        ),
        told(several, ["may become several and is taken as one", "may become several and are taken as one each"]),
        told(|task| task.when.is_some(), ["has a condition, taken as true", "have a condition, taken as true"]),
    ];
    all.into_iter().flatten().collect()
}

/// True if one of the keys that only a workflow file has stands at the beginning of a line.
pub(super) fn looks_so(text: &str) -> bool {
    text.lines().any(|line| ["tasks:", "workflow_dsl:"].iter().any(|key| line.starts_with(key)))
}

pub(super) fn parse(text: &str, path: Option<&Path>, known: &Known) -> Result<Loaded, WorkloadError> {
    let checked = crate::workflow::parse(text, path, known).map_err(|wrong| {
        let first = wrong.problems.first().map(|problem| Problem { origin: "".into(), ..problem.clone() });
        let more = match wrong.problems.len() {
            0 | 1 => String::new(),
            problems => format!(" (and {} more)", problems - 1),
        };
        let first = first.map_or_else(String::new, |problem| problem.to_string());
        WorkloadError::new(format!("looks like a workflow file of polity, but is not right: {first}{more}"))
    })?;
    let (graph, remarks) = TaskGraph::of_workflow(&checked.workflow)?;
    Ok(Loaded { graph, format: Format::Polity, remarks })
}
