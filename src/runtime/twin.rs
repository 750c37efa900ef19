//! A workflow's twin that only takes time: the same graph, where every task is simulated.

use crate::workflow::{Action, Compensation, Expression, Fallback, Root, Task, Workflow};
use polity_agents::Simulation;
use std::sync::Arc;

/// A workflow's simulated twin, and what had to be assumed for it.
#[derive(Clone, Debug)]
pub struct Twin {
    /// The twin.
    pub workflow: Workflow,
    /// What a real run would know and the twin does not, one sentence each.
    pub assumptions: Vec<String>,
}

/// The twin of a workflow in which nothing is really done: each task takes its `estimate` (1 s of work if it gives none).
///
/// Nothing has a real output in it. So bindings and outputs are dropped, and a condition or a list that is made of outputs can't be known:
/// the condition is taken as true, the list as of one item; each is said among the assumptions.
///
/// ```
/// use polity::prelude::*;
/// let flow = Workflow::new("copy").task("copy", command("cp a b")).build().unwrap();
/// let twin = polity::simulated_twin(&flow);
/// assert!(twin.assumptions.is_empty());
/// let took = polity::simulate(1, async {
///     let shell = AgentSpec { speed: 2.0, ..AgentSpec::new("shell", Capabilities::default()) };
///     let society = Polity::builder().agent_spec(shell).start()?;
///     society.run(twin.workflow).await?;
///     Ok::<_, Failure>(society.now())
/// });
/// assert_eq!(took.unwrap().as_secs_f64(), 0.5);
/// ```
pub fn simulated_twin(workflow: &Workflow) -> Twin {
    let mut twin = Twin { workflow: workflow.clone(), assumptions: Vec::new() };
    twin.workflow.outputs.clear();
    for task in &mut twin.workflow.tasks {
        still(task, &mut twin.assumptions);
    }
    twin
}

fn still(task: &mut Task, assumptions: &mut Vec<String>) {
    if let Action::Workflow(inner) = &task.action {
        let twin = simulated_twin(inner);
        let say = |what: String| format!("in workflow \"{}\": {what}", inner.name);
        assumptions.extend(twin.assumptions.into_iter().map(say));
        task.action = Action::Workflow(Arc::new(Workflow { inputs: Vec::new(), ..twin.workflow }));
    } else if !matches!(task.action, Action::Simulate(_) | Action::Interleave(_)) {
        if matches!(task.action, Action::Delegate(_)) {
            assumptions.push(format!("\"{}\" is taken as one task, since nobody knows its parts before it is done", task.id));
        }
        task.action = Action::Simulate(Arc::new(Simulation::default()));
    }
    task.with.clear();
    if let Some(undo) = &task.compensate {
        let action = stilled(&undo.action);
        task.compensate = Some(Arc::new(Compensation { action, with: Vec::new(), ..(**undo).clone() }));
    }
    let way = |way: &Fallback| Fallback { action: stilled(&way.action), with: None, ..way.clone() };
    task.fallback = task.fallback.iter().map(way).collect();
    task.on_error = task.on_error.iter().map(|handler| handler.clone().with_way(way).without_outputs()).collect();
    if task.when.as_ref().is_some_and(uses_outputs) {
        let source = task.when.take().map(|when| when.source().to_owned()).unwrap_or_default();
        assumptions.push(format!("`when` of \"{}\" is taken as true, since outputs are not simulated: {source}", task.id));
    }
    if let Some(list) = task.for_each.as_ref().filter(|list| uses_outputs(list)) {
        assumptions.push(format!(
            "`for_each` of \"{}\" is taken as of one item, since outputs are not simulated: {}",
            task.id,
            list.source()
        ));
        task.for_each = Some(Expression::constant(serde_json::json!([1])));
    }
}

/// The same as a simulation; itself if it is one.
fn stilled(action: &Action) -> Action {
    match action {
        Action::Simulate(_) => action.clone(),
        _ => Action::Simulate(Arc::new(Simulation::default())),
    }
}

fn uses_outputs(expression: &Expression) -> bool {
    expression.references().iter().any(|reference| matches!(reference.root, Root::Tasks))
}
