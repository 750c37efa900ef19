//! Writing `taskdag/1`.

use crate::workloads::{TaskGraph, taskdag};
use serde_json::{Value, json};

impl TaskGraph {
    /// The graph as `taskdag/1`, JSON, a task or an edge a line: [`taskdag`](crate::workloads::taskdag()) reads the same graph from it, whatever
    /// graph it is. Work is in seconds at speed 1. O(tasks + edges).
    ///
    /// ```
    /// use polity::workloads::{GraphEdge, TaskGraph, taskdag};
    /// let graph = TaskGraph::new("pair", [("a b", "cut", 0.1), ("b", "glue", 2.0)], [GraphEdge::new(0, 1, 800)])?;
    /// assert_eq!(taskdag(&graph.to_taskdag())?, graph);
    /// # Ok::<(), polity::workloads::WorkloadError>(())
    /// ```
    pub fn to_taskdag(&self) -> String {
        let tasks = self.tasks().iter().map(|task| json!([task.name, task.kind, task.work]));
        let edges = self.edges().iter().map(|edge| json!([edge.from, edge.to, edge.bytes]));
        format!(
            "{{\n  \"format\": {},\n  \"id\": {},\n  \"units\": {{ \"work\": \"s\", \"data\": \"bytes\" }},\n  \"kinds\": {},\n  \"tasks\": {},\n  \"edges\": {}\n}}\n",
            json!(taskdag::FORMAT),
            json!(self.name()),
            json!(self.kinds()),
            lines(tasks),
            lines(edges)
        )
    }
}

/// A list with an item a line.
fn lines(items: impl Iterator<Item = Value>) -> String {
    let items: Vec<String> = items.map(|item| format!("    {item}")).collect();
    if items.is_empty() { "[]".to_owned() } else { format!("[\n{}\n  ]", items.join(",\n")) }
}
