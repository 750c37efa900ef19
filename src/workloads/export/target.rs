//! The formats to write, and what is told of each.

use super::wfformat::{WFFORMAT, export};
use crate::workloads::{TaskGraph, WorkloadError, taskdag};
use std::fmt;

/// A format that task graphs can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// WfFormat 1.5 of WfCommons, JSON: [`TaskGraph::to_wfformat`].
    WfFormat,
    /// `taskdag/1`, JSON: [`TaskGraph::to_taskdag`].
    TaskDag,
    /// The Standard Task Graph Set's, whole numbers only: [`TaskGraph::to_stg`].
    Stg,
}
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::WfFormat => write!(f, "WfFormat {WFFORMAT}"),
            Target::TaskDag => f.write_str(taskdag::FORMAT),
            Target::Stg => f.write_str("STG"),
        }
    }
}

/// A task graph as a text of some format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The text: a file of that format, which [`parse`](crate::workloads::parse) reads.
    pub text: String,
    /// What the format can't carry and this graph has, one sentence each; empty if the same graph is read from it.
    pub lost: Vec<String>,
}

impl TaskGraph {
    /// The graph in another format, and what of it is not in there. O((tasks + edges) · log).
    ///
    /// # Errors
    /// As [`to_stg`](TaskGraph::to_stg); the other formats carry every graph.
    ///
    /// ```
    /// use polity::workloads::{GraphEdge, Target, TaskGraph, parse};
    /// let graph = TaskGraph::new("pair", [("a", "cut", 0.5), ("b", "glue", 2.0)], [GraphEdge::new(0, 1, 800)])?;
    /// for format in [Target::WfFormat, Target::TaskDag] {
    ///     let exported = graph.export(format)?;
    ///     assert_eq!((parse(&exported.text)?.graph, exported.lost.len()), (graph.clone(), 0));
    /// }
    /// let lost = graph.export(Target::Stg)?.lost;
    /// assert_eq!(lost[0], "its times are whole numbers: one is 0.1 s here, so that what reads them takes 10 for a second");
    /// # Ok::<(), polity::workloads::WorkloadError>(())
    /// ```
    pub fn export(&self, format: Target) -> Result<Exported, WorkloadError> {
        match format {
            Target::WfFormat => Ok(export(self)),
            Target::TaskDag => Ok(Exported { text: self.to_taskdag(), lost: Vec::new() }),
            Target::Stg => self.to_stg(),
        }
    }
}
