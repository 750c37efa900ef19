//! From a task graph to a workflow that a society carries out in virtual time.

use super::ids::unique;
use super::{TaskGraph, WorkloadError};
use crate::workflow::{Workflow, good_id, simulated};
use polity_agents::{AgentSpec, Distribution, Simulation};
use polity_protocols::{Capabilities, Name, seconds_to_duration};

impl TaskGraph {
    /// The workflow of it: each task takes its work divided by the speed of its agent, and its estimate is right. Bytes are not in it.
    ///
    /// # Errors
    /// As [`workflow_with`](TaskGraph::workflow_with).
    ///
    /// ```
    /// use polity::prelude::*;
    /// let graph = polity::workloads::stg("2\n 0 0 0\n 1 9 1 0\n 2 4 1 1\n 3 0 1 2\n").unwrap();
    /// let took = polity::simulate(1, async {
    ///     let builder = graph.agents(&[1.0, 2.0]).into_iter().fold(Polity::builder(), |builder, spec| builder.agent_spec(spec));
    ///     let society = builder.strategy(FifoFastestIdle::default()).start()?;
    ///     society.run(graph.workflow().map_err(|wrong| Failure::error(wrong.to_string()))?).await?;
    ///     Ok::<_, Failure>(society.now().as_secs_f64())
    /// });
    /// assert!((took.unwrap() - 6.5).abs() < 1e-6);
    /// ```
    pub fn workflow(&self) -> Result<Workflow, WorkloadError> {
        self.workflow_with(|task| Simulation {
            work: Some(Distribution::Constant(self.tasks()[task].work)),
            ..Simulation::default()
        })
    }
    /// The workflow of it, with tasks simulated as `how` says: asked once for each, in order. Estimates are the graph's work, so that a
    /// government can be wrong about what really happens.
    ///
    /// Ids are made of the names ([`ids`](TaskGraph::ids)); a name that is no id becomes the task's description. A task demands its kind as its
    /// capability, as [`capabilities`](TaskGraph::capabilities) names it.
    ///
    /// # Errors
    /// If a simulation is not right ([`Simulation::check`]). O((tasks + edges) · log).
    ///
    /// ```
    /// use polity::prelude::*;
    /// use polity::workloads::TaskGraph;
    /// let graph = TaskGraph::new("flaky", [("a.1", "k", 3.0)], []).unwrap();
    /// let flow = graph.workflow_with(|_| Simulation { failure: 0.1, ..Simulation::default() }).unwrap();
    /// assert_eq!((&*flow.tasks[0].id, &*flow.tasks[0].description, flow.tasks[0].estimate), ("a_1", "a.1", Some(3.0)));
    /// ```
    pub fn workflow_with(&self, how: impl Fn(usize) -> Simulation) -> Result<Workflow, WorkloadError> {
        let (ids, kinds) = (self.ids(), self.kind_ids());
        let mut flow = Workflow::new(if self.name().trim().is_empty() { "workload" } else { self.name() });
        let mut edges = self.edges().to_vec();
        edges.sort_unstable_by_key(|edge| (edge.to, edge.from));
        let mut before = edges.iter().peekable();
        for (n, task) in self.tasks().iter().enumerate() {
            let how = how(n);
            let name = &task.name;
            how.check().map_err(|wrong| WorkloadError::new(format!("the simulation of task \"{name}\": {wrong}; correct it")))?;
            let mut made = simulated(how).kind(&kinds[task.kind]).estimate(seconds_to_duration(task.work));
            if **name != *ids[n] {
                made = made.description(name);
            }
            while let Some(edge) = before.next_if(|edge| edge.to == n) {
                made = made.depends_on(&ids[edge.from]);
            }
            flow = flow.task(&ids[n], made);
        }
        flow.build().map_err(|wrong| WorkloadError::new(format!("the graph makes no workflow: {wrong}")))
    }
    /// What each task is called in a workflow, where ids are letters, digits and `_`: its name, with `_` for other characters, and a number
    /// behind it where that is taken. The same graph always gives the same ids.
    ///
    /// ```
    /// use polity::workloads::TaskGraph;
    /// let graph = TaskGraph::new("w", ["a-b", "a.b", "1st", "item", "ok"].map(|name| (name, "k", 1.0)), [])?;
    /// assert_eq!(graph.ids(), ["a_b", "a_b_2", "_1st", "item_", "ok"].map(Into::into));
    /// # Ok::<(), polity::workloads::WorkloadError>(())
    /// ```
    pub fn ids(&self) -> Vec<Name> {
        unique(self.tasks().iter().map(|task| &*task.name), good_id).into_iter().map(Name::from).collect()
    }
    /// What each kind is called as a capability, by the same rule.
    pub fn kind_ids(&self) -> Vec<Name> {
        unique(self.kinds().iter().map(|kind| &**kind), good_id).into_iter().map(Name::from).collect()
    }
    /// The capabilities of an agent that can do every kind of work in it, each with score 1.
    pub fn capabilities(&self) -> Capabilities {
        self.kind_ids().into_iter().fold(Capabilities::default(), |all, kind| all.and(kind, 1.0))
    }
    /// An agent of each speed, `agent_1`, `agent_2`, …, that can do every kind of work in it.
    pub fn agents(&self, speeds: &[f64]) -> Vec<AgentSpec> {
        let can = self.capabilities();
        let agent =
            |(n, speed): (usize, &f64)| AgentSpec { speed: *speed, ..AgentSpec::new(format!("agent_{}", n + 1), can.clone()) };
        speeds.iter().enumerate().map(agent).collect()
    }
}
