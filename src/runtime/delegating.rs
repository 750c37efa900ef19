//! How agents hand work on, and how programs say how work is decomposed.

use crate::workflow::{IntoWorkflow, WorkflowBuilder};
use polity_agents::{Agent, Context, Failure, FailureKind, HandedOn, Job};
use polity_protocols::{Capabilities, Name};
use serde_json::Value;
use std::future::Future;
use std::sync::Arc;

/// An agent hands its work on: what it returns then is not the task's result, which comes of a sub-run.
///
/// ```
/// use polity::prelude::*;
/// struct Boss;
/// impl Agent for Boss {
///     fn capabilities(&self) -> Capabilities {
///         can("add", 1.0)
///     }
///     async fn perform(&mut self, job: Job, context: &Context) -> Result<Value> {
///         let of: Vec<i64> = job.input("of")?;
///         if of.len() < 3 {
///             return Ok(json!(of.iter().sum::<i64>()));
///         }
///         let (left, right) = of.split_at(of.len() / 2);
///         context.delegate(
///             Workflow::new("halves")
///                 .task("left", kind("add").with("of", left.to_vec()).synthesize(total()?))
///                 .task("right", kind("add").with("of", right.to_vec()).synthesize(total()?)),
///         )
///     }
/// }
/// fn total() -> Result<Synthesis> {
///     Ok(Synthesis::Reduce(Expression::parse("item | sum")?))
/// }
/// let sum = polity::simulate(1, async {
///     let society = Polity::builder().agent("boss", || Boss).start()?;
///     let flow = Workflow::new("sum").task("all", kind("add").with("of", vec![1, 2, 3, 4, 5]).synthesize(total()?));
///     Ok::<_, Failure>(society.run(flow).await?.output("all").clone())
/// });
/// assert_eq!(sum.unwrap(), 15);
/// ```
pub trait Delegating {
    /// The job's task is done by a sub-run of this workflow, by the team that the task belongs to; or, if the workflow brings agents along, by
    /// these alone, which are made for it and retired after it. What the task's output is made of says its `synthesize`.
    ///
    /// Give back what this returns.
    ///
    /// # Errors
    /// [`FailureKind::Validation`], if the workflow is not right.
    fn delegate(&self, flow: impl IntoWorkflow) -> Result<Value, Failure>;
    /// The same, by these agents only.
    ///
    /// # Errors
    /// As [`delegate`](Delegating::delegate).
    fn delegate_to<N: Into<Name>>(&self, agents: impl IntoIterator<Item = N>, flow: impl IntoWorkflow) -> Result<Value, Failure>;
}
impl Delegating for Context {
    fn delegate(&self, flow: impl IntoWorkflow) -> Result<Value, Failure> {
        hand_on(self, flow, None)
    }
    fn delegate_to<N: Into<Name>>(&self, agents: impl IntoIterator<Item = N>, flow: impl IntoWorkflow) -> Result<Value, Failure> {
        hand_on(self, flow, Some(agents.into_iter().map(Into::into).collect()))
    }
}
fn hand_on(context: &Context, flow: impl IntoWorkflow, team: Option<Vec<Name>>) -> Result<Value, Failure> {
    let flow = flow.into_workflow();
    let flow =
        flow.map_err(|errors| Failure::new(FailureKind::Validation, format!("what it hands on is not right: {errors}")))?;
    context.hand_on(HandedOn { flow: Arc::new(flow), team });
    Ok(Value::Null)
}

/// Finds a way to a goal: asked for goals ([`Society::pursue`](crate::Society::pursue)), and, in workflows of `mode: adaptive`, for another way to do what
/// failed for good.
///
/// ```
/// use polity::prelude::*;
/// struct Cook;
/// impl Decomposer for Cook {
///     async fn decompose(&mut self, job: &Job, _: &Context) -> Result<Option<WorkflowBuilder>> {
///         let eggs = if job.input.get("failure").is_some() { "powder" } else { "fresh" };
///         Ok(Some(Workflow::new("omelette").task("fry", kind("fry").with("eggs", eggs))))
///     }
/// }
/// let dish = polity::simulate(1, async {
///     let cook = || agent_fn(can("fry", 1.0), |job, _| async move {
///         let eggs: String = job.input("eggs")?;
///         if eggs == "fresh" { Err(Failure::error("no eggs")) } else { Ok(json!(format!("omelette of {eggs}"))) }
///     });
///     let society = Polity::builder().agent("cook", cook).decomposer(|| Cook).start()?;
///     Ok::<_, Failure>(society.pursue("an omelette", json!({})).await?.output("result").clone())
/// });
/// assert_eq!(dish.unwrap(), json!({ "fry": "omelette of powder" }));
/// ```
pub trait Decomposer: 'static {
    /// The way to what a job asks for, or none. Its input has the `goal`; what was given to go with it; `failure`, if another way failed; of a
    /// task of an adaptive workflow also `task`, `type`, `input`, and the states of all `tasks`.
    ///
    /// # Errors
    /// If it can't say; then there is no way.
    fn decompose(&mut self, job: &Job, context: &Context) -> impl Future<Output = Result<Option<WorkflowBuilder>, Failure>>;
}

/// The agent that a decomposer is.
pub(super) struct Decomposing<D>(pub(super) D);
impl<D: Decomposer> Agent for Decomposing<D> {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default().and(crate::actors::DECOMPOSE, 1.0)
    }
    async fn perform(&mut self, job: Job, context: &Context) -> Result<Value, Failure> {
        match self.0.decompose(&job, context).await? {
            Some(flow) => context.delegate(flow),
            None => Ok(Value::Null),
        }
    }
}
