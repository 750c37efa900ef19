//! What a run gives back.

use crate::actors::Progress;
use crate::event::{Counts, RunStatus, RunTail};
use crate::plan::Ledger;
use crate::workflow::Workflow;
use polity_agents::Failure;
use polity_protocols::Name;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// What a run gives back: its outputs, and what has become of each task.
pub struct RunResult {
    pub(crate) name: Name,
    pub(crate) tail: Arc<RunTail>,
    pub(crate) workflow: Arc<Workflow>,
    pub(crate) progress: Progress,
    pub(crate) ledger: Ledger,
}

impl RunResult {
    /// The run's memorable name.
    pub fn name(&self) -> &Name {
        &self.name
    }
    /// How it ended.
    pub fn status(&self) -> RunStatus {
        self.tail.status
    }
    /// How many task instances ended in which way.
    pub fn tally(&self) -> Counts {
        self.tail.tally
    }
    /// An output of the workflow by its name; else the output of the task of this id. Null if there is none.
    ///
    /// ```
    /// use polity::prelude::*;
    /// let sum = polity::simulate(1, async {
    ///     let society = Polity::builder().function("sum", |job, _| async move { Ok(json!(job.input::<Vec<i64>>("of")?.iter().sum::<i64>())) })
    ///         .agent_spec(AgentSpec::new("ann", Capabilities::default())).start()?;
    ///     let flow = Workflow::new("sum").task("total", function("sum").with("of", vec![1, 2, 3]));
    ///     Ok::<_, Failure>(society.run(flow).await?.output("total").clone())
    /// });
    /// assert_eq!(sum.unwrap(), 6);
    /// ```
    pub fn output(&self, name: &str) -> &Value {
        static NULL: Value = Value::Null;
        self.tail.outputs.get(name).or_else(|| self.task_output(name)).unwrap_or(&NULL)
    }
    fn task_output(&self, id: &str) -> Option<&Value> {
        let node = self.workflow.tasks.iter().position(|task| &*task.id == id)? as u32;
        self.progress.output(node)
    }
    /// All outputs of the workflow, an object.
    pub fn outputs(&self) -> &Value {
        &self.tail.outputs
    }
    /// Tasks that failed for good, with their failures, in the order of the file.
    pub fn failures(&self) -> Vec<(Name, Arc<Failure>)> {
        let of = |(n, task): (usize, &crate::workflow::Task)| {
            let node = crate::plan::NodeIx(n as u32);
            let instances: Vec<u32> =
                if self.ledger.is_expanded(node) { self.ledger.instances(node).range().collect() } else { vec![node.0] };
            let failure = instances.iter().find_map(|i| self.progress.of(*i)?.failure.clone());
            failure.map(|failure| (task.id.clone(), failure))
        };
        self.workflow.tasks.iter().enumerate().filter_map(of).collect()
    }
    /// How many tasks were undone.
    pub fn compensated(&self) -> u32 {
        self.tail.compensated
    }
    /// Effects that are left since they could not be undone: the task, and why.
    pub fn left(&self) -> &[(Name, String)] {
        &self.tail.left
    }
    /// What could not be computed at the end.
    pub fn problems(&self) -> &[String] {
        &self.tail.problems
    }
    /// The run in one sentence.
    pub fn sentence(&self) -> String {
        let mut sentence = format!("run {} of \"{}\" {}", self.name, self.workflow.name, self.status().word());
        for (task, failure) in self.failures().iter().take(3) {
            sentence.push_str(&format!("; task \"{task}\": {failure}"));
        }
        for problem in self.problems().iter().take(3) {
            sentence.push_str(&format!("; {problem}"));
        }
        sentence
    }
}
impl fmt::Debug for RunResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunResult").field("name", &self.name).field("tail", &self.tail).finish_non_exhaustive()
    }
}
