//! Writing WfFormat.

use super::Exported;
use crate::workloads::TaskGraph;
use crate::workloads::ids::unique;
use serde_json::{Value, json};

/// The version that [`TaskGraph::to_wfformat`] writes.
pub const WFFORMAT: &str = "1.5";

impl TaskGraph {
    /// The graph as WfFormat 1.5, JSON: [`wfformat`](crate::workloads::wfformat()) reads the same graph from it. O((tasks + edges) · log).
    ///
    /// A task's `id` is its name, its `name` and its program are its kind, its `runtimeInSeconds` its work; an edge with bytes carries one
    /// file of that size. An id may have letters, digits and `-_.#:/` only: other characters become `_`, with a number behind it where
    /// that is taken. It was never executed: its makespan is 0, as that of the instances that WfCommons generates.
    ///
    /// ```
    /// use polity::workloads::{GraphEdge, TaskGraph, wfformat};
    /// let graph = TaskGraph::new("pair", [("a", "cut", 0.1), ("b", "glue", 2.0)], [GraphEdge::new(0, 1, 800)])?;
    /// assert_eq!(wfformat(&graph.to_wfformat())?.graph, graph);
    /// # Ok::<(), polity::workloads::WorkloadError>(())
    /// ```
    pub fn to_wfformat(&self) -> String {
        let ids = legal(self);
        let mut tasks: Vec<Links> = self.tasks().iter().map(|_| Links::default()).collect();
        let mut files = Vec::new();
        for edge in self.edges() {
            let (from, to) = (&ids[edge.from], &ids[edge.to]);
            tasks[edge.from].children.push(to);
            tasks[edge.to].parents.push(from);
            if edge.bytes > 0 {
                let file = format!("file_{}", files.len() + 1);
                files.push(json!({ "id": &file, "sizeInBytes": edge.bytes }));
                tasks[edge.from].writes.push(file.clone());
                tasks[edge.to].reads.push(file);
            }
        }
        let specified = tasks.iter().zip(&ids).enumerate().map(|(n, (links, id))| {
            let Links { parents, children, reads, writes } = links;
            json!({ "name": self.kind_of(n), "id": id, "parents": parents, "children": children, "inputFiles": reads, "outputFiles": writes })
        });
        let executed = self.tasks().iter().zip(&ids).enumerate();
        let executed = executed
            .map(|(n, (task, id))| json!({ "id": id, "runtimeInSeconds": task.work, "command": { "program": self.kind_of(n) } }));
        let file = json!({
            "name": if self.name().is_empty() { "workload" } else { self.name() },
            "description": "A task graph, written by polity",
            "schemaVersion": WFFORMAT,
            "runtimeSystem": { "name": "polity", "version": env!("CARGO_PKG_VERSION") },
            "workflow": {
                "specification": { "tasks": specified.collect::<Vec<Value>>(), "files": files },
                "execution": {
                    "makespanInSeconds": 0,
                    "executedAt": "1970-01-01T00:00:00Z",
                    "tasks": executed.collect::<Vec<Value>>()
                }
            }
        });
        format!("{file:#}\n")
    }
}

pub(super) fn export(graph: &TaskGraph) -> Exported {
    let changed = graph.tasks().iter().zip(legal(graph)).filter(|(task, id)| task.name != *id).count();
    let mut lost = Vec::new();
    if changed > 0 {
        let names = if changed == 1 { "name is" } else { "names are" };
        lost.push(format!("{changed} task {names} spelled otherwise, since ids have letters, digits and -_.#:/ only"));
    }
    if graph.name().is_empty() {
        lost.push("the graph has no name, and is called \"workload\"".to_owned());
    }
    Exported { text: graph.to_wfformat(), lost }
}

#[derive(Default)]
struct Links<'a> {
    parents: Vec<&'a str>,
    children: Vec<&'a str>,
    reads: Vec<String>,
    writes: Vec<String>,
}

/// Ids that the schema allows, all different; a name that it allows stays as it is.
fn legal(graph: &TaskGraph) -> Vec<String> {
    let good = |c: char| c.is_ascii_alphanumeric() || "-_.#:/".contains(c);
    let id = |name: &str| name.chars().map(|c| if good(c) { c } else { '_' }).collect();
    unique(graph.tasks().iter().map(|task| &*task.name), id)
}
