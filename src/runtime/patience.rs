//! How long a run in virtual time is watched that comes to no end.

use crate::workflow::{Action, Task, Workflow};
use polity_agents::AgentSpec;

/// Messages that any society may send.
const OF_ALL: u64 = 1_000_000;
/// As many for each task: a usual one costs ten to a hundred.
const OF_A_TASK: u64 = 2_000;
/// So many tasks at least has what becomes more as it goes on.
const EXPANDED: u64 = 10_000;
/// As many for each task and agent: a protocol may ask everybody.
const OF_AN_AGENT: u64 = 20;

/// So many messages no run needs that gets on, whatever governs it: a million, and 2,000 for each task, and 20 for each task and
/// agent; one with lists or workflows in it counts as 10,000 tasks at least. By messages and
/// not by time, since a workflow may sleep for years. See [`Builder::most_messages`](crate::Builder::most_messages).
///
/// ```
/// use polity::prelude::*;
/// let flow = Workflow::new("w").task("a", kind("dig")).task("b", kind("dig")).build()?;
/// let agents = [AgentSpec { replicas: 10, ..AgentSpec::new("ann", can("dig", 1.0)) }];
/// assert_eq!(polity::patience(&flow, &agents), 1_004_400);
/// # Ok::<(), polity::workflow::WorkflowErrors>(())
/// ```
pub fn patience(workflow: &Workflow, agents: &[AgentSpec]) -> u64 {
    let agents: u64 = agents.iter().map(|spec| u64::from(spec.replicas)).sum();
    let expands = |task: &Task| task.for_each.is_some() || matches!(task.action, Action::Workflow(_) | Action::Delegate(_));
    let known = workflow.tasks.len() as u64;
    let tasks = if workflow.tasks.iter().any(expands) { known.max(EXPANDED) } else { known };
    let each = OF_A_TASK.saturating_add(OF_AN_AGENT.saturating_mul(agents));
    OF_ALL.saturating_add(each.saturating_mul(tasks))
}
