//! Why a set of nodes is no plan.

use super::{Join, NodeIx};
use core::fmt;

/// Why [`Plan::new`](super::Plan::new) refused. Shown as text it calls a task by its number; [`PlanError::describe`] calls it by its name.
///
/// ```
/// use polity::plan::{Node, NodeIx, Plan, Wants};
/// let circle = Plan::new(vec![Node::new(1.0).after(NodeIx(1), Wants::Success), Node::new(1.0).after(NodeIx(0), Wants::Output)]);
/// let names = ["build", "test"];
/// assert_eq!(
///     circle.unwrap_err().describe(|node| names[node.index()].into()),
///     "tasks wait for each other in a circle: build -> test -> build (\"->\" reads \"comes before\"); remove one of these dependencies"
/// );
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PlanError {
    /// These tasks wait for each other: each comes before the next, and the last before the first. Each is named once, beginning with the
    /// lowest number; a task that waits for itself is a circle of one. There is no shorter circle through at least one of them.
    Cycle(Vec<NodeIx>),
    /// `node` waits for `dependency`, which is not in the plan of `len` nodes.
    UnknownDependency {
        /// The task that waits.
        node: NodeIx,
        /// What it says it waits for.
        dependency: NodeIx,
        /// Nodes in the plan.
        len: usize,
    },
    /// The weight of `node` is not a finite number of at least 0.
    BadWeight {
        /// The task.
        node: NodeIx,
        /// What was given.
        weight: f64,
    },
    /// `node` has a join of its own, which `of` upstream tasks can never meet: there are none, or fewer than it asks for, or it asks for 0.
    BadJoin {
        /// The task.
        node: NodeIx,
        /// Its rule.
        join: Join,
        /// Upstream tasks that count for it.
        of: u32,
    },
    /// `node` is to call the rest off when its join is met, which is only there for joins that are met by successes.
    NoRest {
        /// The task.
        node: NodeIx,
        /// Its rule.
        join: Join,
    },
    /// There are more nodes or edges than a plan can number.
    TooMany {
        /// Nodes given.
        nodes: usize,
        /// Edges given, before parallel ones are merged.
        edges: usize,
    },
}

impl PlanError {
    /// The sentence, with each task called what `name` calls it. `name` is never asked about a task that isn't there.
    pub fn describe(&self, name: impl Fn(NodeIx) -> String) -> String {
        match self {
            PlanError::Cycle(circle) if circle.len() == 1 => {
                format!("task {} waits for itself; remove this dependency", name(circle[0]))
            }
            PlanError::Cycle(circle) => {
                let path: Vec<String> = circle.iter().chain(circle.first()).map(|&node| name(node)).collect();
                format!(
                    "tasks wait for each other in a circle: {} (\"->\" reads \"comes before\"); remove one of these dependencies",
                    path.join(" -> ")
                )
            }
            PlanError::UnknownDependency { node, dependency, len } => format!(
                "task {} depends on task number {}, but the plan has {len} tasks, numbered from 0; add the missing task or remove the dependency",
                name(*node),
                dependency.0
            ),
            PlanError::BadWeight { node, weight } => format!(
                "the weight of task {} must be a finite number of seconds, at least 0, but is {weight}; give an estimate, or 1 if nobody knows",
                name(*node)
            ),
            PlanError::BadJoin { node, join, of: 0 } => format!(
                "task {} waits by `join: {join}` for none: no upstream task counts for it; say what it depends on, or drop the join",
                name(*node)
            ),
            PlanError::BadJoin { node, join, of } => format!(
                "task {} waits by `join: {join}`, and {of} upstream tasks count for it; ask for a number from 1 to {of}",
                name(*node)
            ),
            PlanError::NoRest { node, join } => format!(
                "task {} cancels the rest, but waits by `join: {join}`; that is for `one_success` and `at_least`",
                name(*node)
            ),
            PlanError::TooMany { nodes, edges } => format!(
                "a plan can have at most {0} tasks and {0} dependencies, but {nodes} and {edges} were given; split the workflow",
                super::graph::LIMIT
            ),
        }
    }
}
impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe(|node| format!("#{}", node.0)))
    }
}
impl core::error::Error for PlanError {}
