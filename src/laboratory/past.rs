//! What past runs of a workflow tell of its tasks: how long they take, and how much that varies.

use crate::report::{Report, State};
use crate::workflow::{Action, Workflow};
use polity_agents::{AgentSpec, Distribution, Simulation};
use polity_protocols::{AgentId, Demand, DemandId, Name, Profile};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Nothing takes less, in seconds: times are drawn by their logarithm.
const LEAST: f64 = 1e-6;

/// Work that was done, by task, in seconds on an agent of speed 1.
///
/// ```
/// use polity::event::RunId;
/// use polity::laboratory::Past;
/// use polity::prelude::*;
/// use polity::report::SharedReport;
/// let lasts = |work| simulated(Simulation { work: Some(polity::agents::Distribution::Constant(work)), ..Simulation::default() });
/// let flow = Workflow::new("again").task("a", lasts(6.0).kind("x")).build().unwrap();
/// let agents = vec![AgentSpec { speed: 2.0, ..AgentSpec::new("ann", can("x", 1.0)) }];
/// let report = SharedReport::of(RunId(0));
/// polity::simulate(1, async {
///     let society = Polity::builder().agent_spec(agents[0].clone()).sink(report.clone()).start()?;
///     society.run(flow.clone()).await?;
///     Ok::<_, Failure>(())
/// })
/// .unwrap();
/// let mut past = Past::default();
/// past.learn(&report.look(), &flow, &agents);
/// assert_eq!((past.runs(), past.tasks()), (1, 1));
/// assert!((past.told_to(&flow).tasks[0].estimate.unwrap() - 6.0).abs() < 1e-9);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Past {
    work: BTreeMap<Name, Vec<f64>>,
    runs: usize,
}

impl Past {
    /// Adds what a run of this workflow on these agents tells: of each instance that completed, the time of the attempt that succeeded, times the
    /// rate of the agent that had it (1 if that agent is gone). Instances of a `for_each` count for their task.
    pub fn learn(&mut self, report: &Report, flow: &Workflow, agents: &[AgentSpec]) {
        let Some(head) = report.head() else { return };
        let profiles: BTreeMap<Name, Profile> = agents
            .iter()
            .flat_map(|spec| spec.profiles().collect::<Vec<_>>())
            .map(|profile| (profile.name.clone(), profile))
            .collect();
        let rate = |task: &crate::workflow::Task, agent: Option<AgentId>| {
            let profile = head.agents.get(agent?.0 as usize).and_then(|name| profiles.get(name))?;
            let demand =
                Demand { id: DemandId(0), kind: task.kind.clone(), needs: task.needs.clone(), agent: task.agent.clone() };
            Some(1.0 / profile.seconds_for(1.0, demand.fit(agent?, profile)?)).filter(|rate| rate.is_finite() && *rate > 0.0)
        };
        let mut told = false;
        for (n, record) in report.tasks().filter(|(_, record)| record.state == State::Completed) {
            let name = head.tasks.get(report.node(n) as usize);
            let Some(task) = name.and_then(|name| flow.tasks.iter().find(|task| task.id == *name)) else { continue };
            let work = record.took().as_secs_f64() * rate(task, record.agent).unwrap_or(1.0);
            self.work.entry(task.id.clone()).or_default().push(work);
            told = true;
        }
        self.runs += usize::from(told);
    }
    /// How many runs told something.
    pub fn runs(&self) -> usize {
        self.runs
    }
    /// Of how many tasks they told it.
    pub fn tasks(&self) -> usize {
        self.work.len()
    }
    /// The workflow with this knowledge: a task's estimate is the geometric mean of its past work, and in virtual time it takes a log-normal time
    /// around that. How far it strays is one figure for all tasks, since one task alone has seldom run often: the standard deviation of the
    /// logarithms around their means, over all tasks. What nobody has run keeps its estimate, and so does what holds others.
    pub fn told_to(&self, flow: &Workflow) -> Workflow {
        let sigma = self.sigma();
        let mut flow = flow.clone();
        for task in &mut flow.tasks {
            let Some(work) = self.work.get(&task.id) else { continue };
            if matches!(task.action, Action::Workflow(_) | Action::Delegate(_)) {
                continue;
            }
            let median = libm::exp(mean(work));
            task.estimate = Some(median);
            let work = if sigma > 0.0 { Distribution::Lognormal(median, sigma) } else { Distribution::Constant(median) };
            let simulation = match &task.action {
                Action::Simulate(simulation) => (**simulation).clone(),
                _ => Simulation::default(),
            };
            task.action = Action::Simulate(Arc::new(Simulation { work: Some(work), ..simulation }));
        }
        flow
    }
    /// How far work strays: the standard deviation of its logarithm. 0 if nothing has run twice.
    pub fn sigma(&self) -> f64 {
        let (mut squares, mut freedom) = (0.0, 0);
        for work in self.work.values() {
            let middle = mean(work);
            squares += work.iter().map(|x| (log(*x) - middle).powi(2)).sum::<f64>();
            freedom += work.len() - 1;
        }
        if freedom == 0 { 0.0 } else { (squares / freedom as f64).sqrt() }
    }
}

fn log(work: f64) -> f64 {
    libm::log(work.max(LEAST))
}
/// The mean of the logarithms.
fn mean(work: &[f64]) -> f64 {
    work.iter().map(|x| log(*x)).sum::<f64>() / work.len().max(1) as f64
}
