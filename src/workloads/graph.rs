//! A task graph in numbers: what is to be done, how much of it, what comes after what, and how much is carried from one to the next.

use super::WorkloadError;
use super::bounds::strong_lower_bound;
use crate::plan::{Node, NodeIx, Plan, Wants};
use std::collections::BTreeMap;

/// A task of a [`TaskGraph`].
#[derive(Clone, Debug, PartialEq)]
pub struct GraphTask {
    /// Its name, as its source has it: any text, unique in its graph.
    pub name: String,
    /// What kind of work it is: a place in [`TaskGraph::kinds`].
    pub kind: usize,
    /// Seconds that it takes an agent of speed 1; 0 is legal.
    pub work: f64,
}

/// One task comes after another, and needs what that one made.
///
/// ```
/// use polity::workloads::GraphEdge;
/// assert_eq!(GraphEdge::new(0, 1, 8_300_160), GraphEdge { from: 0, to: 1, bytes: 8_300_160 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GraphEdge {
    /// The task that comes first: a place in [`TaskGraph::tasks`].
    pub from: usize,
    /// The task that comes after it.
    pub to: usize,
    /// What is carried from the one to the other, in bytes; 0 if it is order alone.
    pub bytes: u64,
}
impl GraphEdge {
    /// `to` comes after `from`, and needs so many bytes of it.
    pub fn new(from: usize, to: usize, bytes: u64) -> GraphEdge {
        GraphEdge { from, to, bytes }
    }
}

/// A workload: an acyclic graph of tasks with their work, and edges with their bytes. Checked when it is made, and immutable.
///
/// The order of tasks is that of the source and need not be topological. Two graphs are equal if they have the same name, the same tasks
/// in the same order, and the same edges in any order.
///
/// ```
/// use polity::workloads::{GraphEdge, TaskGraph};
/// // A diamond: split, two halves side by side, join.
/// let tasks = [("split", "cut", 1.0), ("left", "crunch", 5.0), ("right", "crunch", 2.0), ("join", "glue", 1.0)];
/// let edges = [(0, 1), (0, 2), (1, 3), (2, 3)].map(|(from, to)| GraphEdge::new(from, to, 1_000_000));
/// let graph = TaskGraph::new("diamond", tasks, edges)?;
/// assert_eq!((graph.kinds().len(), graph.total_work(), graph.critical_work()), (3, 9.0, 7.0));
/// assert_eq!(graph.critical_path(), [0, 1, 3]);
/// assert_eq!(graph.lower_bound(&[1.0, 1.0]), 7.0);
/// # Ok::<(), polity::workloads::WorkloadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TaskGraph {
    name: String,
    kinds: Vec<String>,
    tasks: Vec<GraphTask>,
    edges: Vec<GraphEdge>,
    plan: Plan,
}

impl PartialEq for TaskGraph {
    fn eq(&self, other: &TaskGraph) -> bool {
        (&self.name, &self.kinds, &self.tasks, &self.edges) == (&other.name, &other.kinds, &other.tasks, &other.edges)
    }
}

impl TaskGraph {
    /// The graph of these tasks (name, kind, seconds at speed 1) and edges. Kinds are numbered in the order in which tasks name them.
    ///
    /// # Errors
    /// A sentence for the first that is wrong: no task at all; a name that is empty or given twice; an empty kind; work that is negative
    /// or not finite; an edge to no task, from a task to itself, or given twice; a circle, whole. O((tasks + edges) · log).
    pub fn new<N: Into<String>, K: Into<String>>(
        name: impl Into<String>,
        tasks: impl IntoIterator<Item = (N, K, f64)>,
        edges: impl IntoIterator<Item = GraphEdge>,
    ) -> Result<TaskGraph, WorkloadError> {
        let (mut kinds, mut kind_numbers) = (Vec::new(), BTreeMap::new());
        let mut number = |kind: String| {
            let next = kind_numbers.len();
            *kind_numbers.entry(kind).or_insert_with_key(|kind| {
                kinds.push(kind.clone());
                next
            })
        };
        let tasks = tasks.into_iter().map(|(name, kind, work)| GraphTask { name: name.into(), kind: number(kind.into()), work });
        let tasks: Vec<GraphTask> = tasks.collect();
        check_tasks(&tasks, &kinds)?;
        let mut edges: Vec<GraphEdge> = edges.into_iter().collect();
        edges.sort_unstable();
        check_edges(&tasks, &edges)?;
        let plan = plan_of(&tasks, &edges)?;
        Ok(TaskGraph { name: name.into(), kinds, tasks, edges, plan })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// The kinds of work in it, in the order in which tasks first name them.
    pub fn kinds(&self) -> &[String] {
        &self.kinds
    }
    /// Its tasks: at least one.
    pub fn tasks(&self) -> &[GraphTask] {
        &self.tasks
    }
    /// Its edges, by `from`, then by `to`.
    pub fn edges(&self) -> &[GraphEdge] {
        &self.edges
    }
    /// What kind of work a task is, in words.
    ///
    /// # Panics
    /// If there is no such task.
    pub fn kind_of(&self, task: usize) -> &str {
        &self.kinds[self.tasks[task].kind]
    }
    /// The same graph as a [`Plan`]: ranks, levels, what waits for what.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
    /// The work of all tasks together, in seconds at speed 1. O(1).
    pub fn total_work(&self) -> f64 {
        self.plan.total_work()
    }
    /// The work on the critical path, in seconds at speed 1: no number of agents of that speed ends sooner. O(1).
    pub fn critical_work(&self) -> f64 {
        self.plan.critical_length()
    }
    /// The path with the most work, from a task that waits for nothing to one that nothing waits for.
    pub fn critical_path(&self) -> Vec<usize> {
        self.plan.critical_path().into_iter().map(NodeIx::index).collect()
    }
    /// All tasks, each after everything that it waits for: level by level, within a level by number.
    pub fn topological(&self) -> impl ExactSizeIterator<Item = usize> + '_ {
        self.plan.topological().iter().map(|node| node.index())
    }
    /// The bytes on all edges together; the largest number if they are more.
    pub fn total_bytes(&self) -> u64 {
        self.edges.iter().fold(0, |sum, edge| sum.saturating_add(edge.bytes))
    }
    /// No schedule on agents of these speeds ends sooner, in seconds: the greater of the critical path on the fastest and all work spread over
    /// all. See [`Plan::lower_bound`]; transfers are not counted, since agents could do without them. O(agents).
    pub fn lower_bound(&self, speeds: &[f64]) -> f64 {
        self.plan.lower_bound(speeds)
    }
    /// A bound that is at least as high as [`lower_bound`](TaskGraph::lower_bound) and still holds for every schedule, in seconds: the
    /// greatest, over all thresholds, of *head + middle + tail*.
    ///
    /// The head of a task is the most work on a path to it, its tail the most on a path from it, both without itself. Those with at least a
    /// given head and a given tail can't begin before the fastest agent could have done that head, must be done by all agents together,
    /// and leave that tail to be done after the last of them.
    ///
    /// Source: Carlier (1982) for one machine, here with a sweep over heads and a tree over tails. O(tasks · log tasks).
    ///
    /// ```
    /// use polity::workloads::{GraphEdge, TaskGraph};
    /// // One before and one after three side by side: neither the path (3) nor the work (5 / 2) tells that 3.5 s are needed.
    /// let tasks = ["a", "b", "c", "d", "e"].map(|name| (name, "work", 1.0));
    /// let edges = [(0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4)].map(|(from, to)| GraphEdge::new(from, to, 0));
    /// let graph = TaskGraph::new("waist", tasks, edges)?;
    /// assert_eq!((graph.lower_bound(&[1.0, 1.0]), graph.strong_lower_bound(&[1.0, 1.0])), (3.0, 3.5));
    /// # Ok::<(), polity::workloads::WorkloadError>(())
    /// ```
    pub fn strong_lower_bound(&self, speeds: &[f64]) -> f64 {
        strong_lower_bound(self, speeds)
    }
    /// The same graph with other work: `work` is asked once for each task, in order.
    ///
    /// # Errors
    /// If it answers with what can't be work.
    ///
    /// ```
    /// use polity::workloads::{Distribution, TaskGraph};
    /// let graph = TaskGraph::new("two", [("a", "k", 1.0), ("b", "k", 1.0)], [])?;
    /// let (noise, mut rng) = (Distribution::lognormal(1.0, 0.2)?, polity::protocols::Rng::new(7, "noise"));
    /// let noisy = graph.with_work(|_, task| task.work * noise.sample(&mut rng))?;
    /// assert_ne!(noisy.total_work(), 2.0);
    /// # Ok::<(), polity::workloads::WorkloadError>(())
    /// ```
    pub fn with_work(&self, mut work: impl FnMut(usize, &GraphTask) -> f64) -> Result<TaskGraph, WorkloadError> {
        let tasks = self.tasks.iter().enumerate();
        let tasks: Vec<_> = tasks.map(|(n, task)| (task.name.clone(), self.kind_of(n), work(n, task))).collect();
        TaskGraph::new(self.name.clone(), tasks, self.edges.iter().copied())
    }
    /// The same graph under another name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> TaskGraph {
        self.name = name.into();
        self
    }
}

fn check_tasks(tasks: &[GraphTask], kinds: &[String]) -> Result<(), WorkloadError> {
    if tasks.is_empty() {
        return Err(WorkloadError::new("a task graph needs at least one task, but has none"));
    }
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (n, task) in tasks.iter().enumerate() {
        if task.name.is_empty() || kinds[task.kind].is_empty() {
            let what = if task.name.is_empty() { "name" } else { "kind" };
            return Err(WorkloadError::new(format!("task number {n} (from 0) has an empty {what}; give it one")));
        }
        if let Some(first) = seen.insert(&task.name, n) {
            let name = &task.name;
            return Err(WorkloadError::new(format!(
                "task names must be unique, but tasks number {first} and {n} (from 0) are both called \"{name}\"; rename one of them"
            )));
        }
        if !(task.work.is_finite() && task.work >= 0.0) {
            return Err(WorkloadError::new(format!(
                "the work of task \"{}\" must be a finite number of seconds, at least 0, but is {}; write 0 if it takes no time",
                task.name, task.work
            )));
        }
    }
    Ok(())
}

/// The edges are sorted.
fn check_edges(tasks: &[GraphTask], edges: &[GraphEdge]) -> Result<(), WorkloadError> {
    let name = |task: usize| &tasks[task].name;
    for (edge, next) in edges.iter().zip(edges.iter().skip(1).map(Some).chain([None])) {
        let GraphEdge { from, to, .. } = *edge;
        if from >= tasks.len() || to >= tasks.len() {
            return Err(WorkloadError::new(format!(
                "an edge must be between two of the {} tasks, numbered from 0, but one goes from {from} to {to}; \
                 add the missing task or remove the edge",
                tasks.len()
            )));
        }
        if next.is_some_and(|next| (next.from, next.to) == (from, to)) {
            return Err(WorkloadError::new(format!(
                "the edge from \"{}\" to \"{}\" is given twice; give it once, with the sum of the bytes",
                name(from),
                name(to)
            )));
        }
    }
    Ok(())
}

fn plan_of(tasks: &[GraphTask], edges: &[GraphEdge]) -> Result<Plan, WorkloadError> {
    let mut upstream: Vec<Vec<u32>> = vec![Vec::new(); tasks.len()];
    for edge in edges {
        // A wrong number would name another task; Plan::new refuses that many before it looks at them.
        upstream[edge.to].push(u32::try_from(edge.from).unwrap_or(u32::MAX));
    }
    let node = |(task, upstream): (&GraphTask, Vec<u32>)| {
        upstream.into_iter().fold(Node::new(task.work), |node, from| node.after(from, Wants::Success))
    };
    let nodes = tasks.iter().zip(upstream).map(node).collect();
    Plan::new(nodes).map_err(|why| WorkloadError::new(why.describe(|node| format!("\"{}\"", tasks[node.index()].name))))
}
