//! A checked workflow, or a task graph, as a graph to be drawn.

use polity::plan::Wants;
use polity::report::{Edge, Graph, Link, Node};
use polity::workflow::Workflow;
use polity::workloads::TaskGraph;

/// The graph of a workflow; a line's style tells what is wanted of the dependency.
pub fn graph(workflow: &Workflow) -> Graph {
    let node = |task: &polity::workflow::Task| Node {
        id: if task.for_each.is_some() { format!("{} ×n", task.id) } else { task.id.to_string() },
        kind: task.kind.to_string(),
        state: None,
    };
    let edges = workflow
        .tasks
        .iter()
        .enumerate()
        .flat_map(|(to, task)| task.dependencies.iter().map(move |edge| Edge { from: edge.on, to, link: link(edge.wants) }));
    Graph { name: workflow.name.to_string(), nodes: workflow.tasks.iter().map(node).collect(), edges: edges.collect() }
}

/// The graph of a task graph; a solid line carries bytes.
pub fn of_task_graph(graph: &TaskGraph) -> Graph {
    let tasks = graph.tasks().iter().enumerate();
    let nodes = tasks.map(|(n, task)| Node { id: task.name.clone(), kind: graph.kind_of(n).to_owned(), state: None });
    let link = |bytes| if bytes > 0 { Link::Required } else { Link::Order };
    let edges = graph.edges().iter().map(|edge| Edge { from: edge.from, to: edge.to, link: link(edge.bytes) });
    Graph { name: graph.name().to_owned(), nodes: nodes.collect(), edges: edges.collect() }
}

fn link(wants: Wants) -> Link {
    match wants {
        Wants::Output | Wants::Both => Link::Required,
        Wants::MaybeOutput => Link::Optional,
        Wants::Ended | Wants::Success => Link::Order,
    }
}
