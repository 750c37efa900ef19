//! A workflow of polity as a task graph: its shape and its estimates.

use super::read::{Format, Loaded};
use super::{GraphEdge, TaskGraph, WorkloadError};
use crate::workflow::{Action, Given, Known, Problem, Task, Workflow, bind_inputs};
use std::path::Path;

/// The kind of a task that demands none.
const ANY: &str = "any";

impl TaskGraph {
    /// The shape of a workflow: its tasks with their estimates (1 s without), its dependencies without bytes. A task with a `for_each` over a list that is
    /// known before it runs (it is made of constants and defaults of inputs) is as many tasks, `task[0]` and so on; another one, or one with a
    /// sub-workflow, is one here. A condition is taken as true. What had to be assumed is told, one sentence each.
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
        let times = instances(flow);
        let mut firsts = Vec::with_capacity(times.len());
        let mut all = 0;
        for count in &times {
            firsts.push(all);
            all += count.unwrap_or(1);
        }
        let name = |task: &Task, n: usize, count: Option<usize>| match count {
            Some(_) if task.for_each.is_some() => format!("{}[{n}]", task.id),
            _ => task.id.to_string(),
        };
        let tasks = flow
            .tasks
            .iter()
            .zip(&times)
            .flat_map(|(task, count)| (0..count.unwrap_or(1)).map(move |n| (name(task, n, *count), kind(task), work(task))));
        let own = |node: usize| firsts[node]..firsts[node] + times[node].unwrap_or(1);
        let pairs = flow.tasks.iter().enumerate().flat_map(|(to, task)| task.dependencies.iter().map(move |on| (on.on, to)));
        let edges =
            pairs.flat_map(|(from, to)| own(from).flat_map(move |from| own(to).map(move |to| GraphEdge::new(from, to, 0))));
        Ok((TaskGraph::new(flow.name.to_string(), tasks, edges)?, assumptions(&flow.tasks, &times)))
    }
}

/// Seconds of work; of a sub-workflow its longest path.
fn work(task: &Task) -> f64 {
    let inner = || match &task.action {
        Action::Workflow(inner) => Some(TaskGraph::of_workflow(inner).ok()?.0.critical_work()),
        _ => None,
    };
    task.work().or_else(inner).unwrap_or(1.0)
}

/// More tasks, or edges, a graph does not get by its lists.
const MOST_EXPANDED: usize = 100_000;

/// How many each task becomes; `None` if that is not known before. A list of nothing counts as one thing: the task is still there to be waited for.
fn instances(flow: &Workflow) -> Vec<Option<usize>> {
    let known = bind_inputs::<String, Given>(flow, [], true).unwrap_or_default();
    let times: Vec<Option<usize>> = flow.tasks.iter().map(|task| task.instances(&known).map(|count| count.max(1))).collect();
    let own = |node: usize| times[node].unwrap_or(1);
    let pairs = flow.tasks.iter().enumerate().flat_map(|(to, task)| task.dependencies.iter().map(move |on| (on.on, to)));
    let edges = pairs.fold(0_usize, |sum, (from, to)| sum.saturating_add(own(from).saturating_mul(own(to))));
    let tasks = (0..times.len()).fold(0_usize, |sum, node| sum.saturating_add(own(node)));
    if edges.max(tasks) <= MOST_EXPANDED {
        return times;
    }
    flow.tasks.iter().map(|task| task.for_each.is_none().then_some(1)).collect()
}

fn assumptions(tasks: &[Task], times: &[Option<usize>]) -> Vec<String> {
    let told = |is: fn(&Task, Option<usize>) -> bool, [one, many]: [&str; 2]| {
        let count = tasks.iter().zip(times).filter(|(task, times)| is(task, **times)).count();
        (count > 0).then(|| format!("{count} of {} tasks {}", tasks.len(), if count == 1 { one } else { many }))
    };
    let all = [
        told(
            |task, _| task.work().is_none() && !matches!(task.action, Action::Workflow(_)),
            ["has no estimate and is taken as 1 s of work", "have no estimate and are taken as 1 s of work"],
        ),
        told(
            |task, times| times.is_none() || matches!(task.action, Action::Delegate(_)),
            ["may become several and is taken as one", "may become several and are taken as one each"],
        ),
        told(
            |task, _| matches!(task.action, Action::Workflow(_)),
            [
                "is a workflow, taken as one task as long as its longest path",
                "are workflows, each taken as one task as long as its longest path",
            ],
        ),
        told(|task, _| task.when.is_some(), ["has a condition, taken as true", "have a condition, taken as true"]),
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
