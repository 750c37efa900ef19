//! What is tried under different governments: a workload, the agents that carry it out, and how far reality strays from the estimates.

use super::prepared::{disturb, lack, made_up, multiply, ungoverned};
use super::{Past, Population};
use crate::faults::{Failing, Faults};
use crate::lifecycle::RetryPolicy;
use crate::runtime::{Builder, Polity, Rankings, simulated_twin};
use crate::workflow::{Given, Known, Workflow, with_inputs};
use crate::workloads::{Arrivals, Distribution, Format, Loaded, TaskGraph, Transfers, WorkloadError, read_with};
use core::fmt::Write;
use core::time::Duration;
use polity_agents::AgentSpec;
use polity_protocols::Rng;
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Arc;

/// A workload with a society for it, in virtual time.
///
/// ```
/// use polity::laboratory::Subject;
/// use polity::workloads::{Draws, Shape};
/// let shape: Shape = "fork_join(stages 3, width 4)".parse()?;
/// let graph = shape.graph(&Draws::new("constant(2s)".parse()?, 1))?;
/// let subject = Subject::of_graph(graph, &[1.0, 2.0])?;
/// assert_eq!(subject.agents().len(), 2);
/// assert!(subject.lower_bound() > 0.0);
/// # Ok::<(), polity::workloads::WorkloadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Subject {
    name: String,
    pub(super) graph: Arc<TaskGraph>,
    pub(super) flow: Arc<Workflow>,
    agents: Vec<AgentSpec>,
    bandwidth: Option<f64>,
    /// For how long data travels in any case.
    latency: Duration,
    /// How far work strays.
    noise: f64,
    /// Whether its tasks are tried again, if not as its workflow says.
    retry: Option<RetryPolicy>,
    pub(super) faults: Faults,
    /// What its agents fail at by their nature, whatever else goes wrong.
    pub(super) failing: Vec<Failing>,
    /// When it comes, if it comes several times; and the others, if they are not the same.
    pub(super) arrivals: Option<Coming>,
    remarks: Vec<String>,
    /// Its agents stand in its file.
    own_agents: bool,
    /// Its tasks go as they did in past runs.
    is_told: bool,
    /// What one try worked out, the next need not.
    rankings: Rankings,
}

/// A workload that comes several times.
#[derive(Clone, Debug)]
pub(super) struct Coming {
    arrivals: Arrivals,
    pub(super) count: usize,
    /// What comes after the first; the same if there is none.
    pub(super) others: Vec<(Arc<Workflow>, Arc<TaskGraph>)>,
}
impl Coming {
    pub(super) fn moments(&self, seed: u64) -> Vec<Duration> {
        self.arrivals.moments(self.count, seed).unwrap_or_default() // that there are so many was checked when it was made
    }
    /// The workflow of each, in the order of arrival; `first` is that of the first.
    pub(super) fn flows(&self, first: Workflow) -> Vec<Workflow> {
        let others = (1..self.count).map(|n| self.others.get(n - 1).map_or_else(|| first.clone(), |(flow, _)| (**flow).clone()));
        let others: Vec<Workflow> = others.collect();
        core::iter::once(first).chain(others).collect()
    }
}

/// How fast agents are that a graph does not name: drawn once from here, and always the same.
const SPEEDS: (f64, f64) = (0.5, 2.0);

/// So many agents of different speeds: drawn once from 0.5 to 2, rounded to hundredths; the first `n` are always the same.
///
/// ```
/// use polity::laboratory::speeds;
/// assert_eq!(speeds(8)[..4], speeds(4));
/// assert!(speeds(100).iter().all(|speed| (0.5..=2.0).contains(speed)));
/// ```
pub fn speeds(n: usize) -> Vec<f64> {
    let mut rng = Rng::new(1, "speeds");
    (0..n).map(|_| ((SPEEDS.0 + (SPEEDS.1 - SPEEDS.0) * rng.unit()) * 100.0).round() / 100.0).collect()
}

impl Subject {
    /// A task graph on agents of these speeds, each of which can do everything. A second of one costs the square of its speed, so that the same work
    /// is dearer with a faster agent: what is quick is not cheap.
    ///
    /// # Errors
    /// If the graph makes no workflow.
    pub fn of_graph(graph: TaskGraph, speeds: &[f64]) -> Result<Subject, WorkloadError> {
        let agents = graph.agents(speeds).into_iter().map(|spec| AgentSpec { cost: spec.speed * spec.speed, ..spec }).collect();
        let (name, flow) = (graph.name().to_owned(), graph.workflow()?);
        Ok(Subject::new(name, graph, flow, agents))
    }
    /// With nothing more said: no data, no faults, once.
    fn new(name: String, graph: TaskGraph, flow: Workflow, agents: Vec<AgentSpec>) -> Subject {
        Subject {
            name,
            graph: Arc::new(graph),
            flow: Arc::new(flow),
            agents,
            bandwidth: None,
            latency: Duration::ZERO,
            noise: 0.0,
            retry: None,
            faults: Faults::default(),
            failing: Vec::new(),
            arrivals: None,
            remarks: Vec::new(),
            own_agents: false,
            is_told: false,
            rankings: Rankings::default(),
        }
    }
    /// A task graph on agents that are drawn.
    ///
    /// # Errors
    /// If the graph makes no workflow, or no agent can be as the population says.
    pub fn of_population(graph: TaskGraph, population: &Population) -> Result<Subject, WorkloadError> {
        let (agents, failing) = population.agents(&graph)?;
        let subject = Subject::of_graph(graph, &[])?;
        Ok(Subject { agents, failing, ..subject })
    }
    /// A workflow with its agents: its simulated twin is tried ([`simulated_twin`]). What is tried governs all of it, also what has a strategy of its own.
    ///
    /// # Errors
    /// If an estimate is no amount of work, which a checked workflow has not.
    pub fn of_workflow(flow: &Workflow, agents: Vec<AgentSpec>) -> Result<Subject, WorkloadError> {
        // What is made up is as good as given: lists made of it are as long.
        let mut flow = flow.clone();
        let said = made_up(&mut flow);
        let governed = ungoverned(&mut flow).then(|| {
            "teams, tasks or parts that have a strategy of their own are governed as the rest, by what is tried".to_owned()
        });
        let (graph, mut remarks) = TaskGraph::of_workflow(&flow)?;
        let twin = simulated_twin(&flow);
        remarks.extend(twin.assumptions);
        remarks.extend(said);
        remarks.extend(governed);
        let faults = flow.faults.clone().unwrap_or_default();
        let flow = twin.workflow;
        let subject = Subject::new(flow.name.to_string(), graph, flow, agents);
        Ok(Subject { faults, remarks, own_agents: true, ..subject })
    }
    /// From a file of any format that [`workloads`](crate::workloads) reads. A polity workflow brings its agents; a graph gets `speeds`.
    ///
    /// # Errors
    /// One sentence that begins with the path; also if a workflow names agents that are not defined.
    pub fn read(path: &Path, known: &Known, speeds: &[f64]) -> Result<Subject, WorkloadError> {
        Subject::read_with(path, known, speeds, &[])
    }
    /// The same, with inputs that a workflow is given.
    ///
    /// # Errors
    /// As [`read`](Subject::read); also if an input is unknown or its value wrong, or the workload is a graph, which has none.
    pub fn read_with(path: &Path, known: &Known, speeds: &[f64], inputs: &[(String, Given)]) -> Result<Subject, WorkloadError> {
        let Loaded { graph, format, remarks } = read_with(path, known)?;
        if format != Format::Polity {
            if let Some((name, _)) = inputs.first() {
                let path = path.display();
                return Err(WorkloadError::new(format!(
                    "{path}: a task graph has no inputs, but \"{name}\" is given; inputs are for workflows"
                )));
            }
            let subject = Subject::of_graph(graph, speeds)?;
            return Ok(Subject { remarks, ..subject });
        }
        let checked = crate::workflow::load(path, known);
        let checked = checked.map_err(|wrong| WorkloadError::new(format!("{}: {wrong}", path.display())))?;
        if let Some(lack) = lack(&checked.missing_agents) {
            return Err(WorkloadError::new(format!("{}: {lack}", path.display())));
        }
        let given = with_inputs(&checked.workflow, inputs.iter().cloned());
        let given = given.map_err(|wrong| WorkloadError::new(format!("{}: {wrong}", path.display())))?;
        Subject::of_workflow(&given, checked.agents)
    }
    /// With data that takes time between different agents, at so many bytes a second. For graphs with bytes only.
    ///
    /// # Errors
    /// If the bandwidth is not finite and above 0, or the workload is a workflow, which tells of no bytes.
    pub fn with_bandwidth(self, bandwidth: f64) -> Result<Subject, WorkloadError> {
        if self.own_agents {
            return Err(WorkloadError::new("a polity workflow tells of no bytes; a bandwidth is for task graphs"));
        }
        if self.is_told {
            return Err(WorkloadError::new("with a bandwidth the work is exact; leave the past or bandwidth off"));
        }
        Transfers::new(&self.graph, bandwidth)?;
        Ok(Subject { bandwidth: Some(bandwidth), ..self }.told_of_bytes())
    }
    /// With data that travels for so long between different agents in any case, however little it is; without a
    /// [bandwidth](Subject::with_bandwidth) for no longer. For graphs with bytes only.
    ///
    /// # Errors
    /// If the workload is a workflow, which tells of no bytes.
    pub fn with_latency(self, latency: Duration) -> Result<Subject, WorkloadError> {
        if self.own_agents {
            return Err(WorkloadError::new("a polity workflow tells of no bytes; a latency is for task graphs"));
        }
        if self.is_told {
            return Err(WorkloadError::new("with a latency the work is exact; leave the past or latency off"));
        }
        Ok(Subject { latency, bandwidth: self.bandwidth.or(Some(f64::MAX)), ..self }.told_of_bytes())
    }
    /// Where nothing travels, how fast it would is no use.
    fn told_of_bytes(mut self) -> Subject {
        let remark = "the graph tells of no bytes, so that its data takes no time whatever the bandwidth and the latency are";
        if self.graph.total_bytes() == 0 && !self.remarks.iter().any(|said| said == remark) {
            self.remarks.push(remark.to_owned());
        }
        self
    }
    /// With real work that strays from the estimates by a log-normal factor of mean 1, so that it is as much in all as was estimated; `sigma` is the
    /// standard deviation of its logarithm. Agents and planners know the estimates only.
    ///
    /// # Errors
    /// If `sigma` is negative or not finite, or noise was given before.
    pub fn with_noise(mut self, sigma: f64) -> Result<Subject, WorkloadError> {
        Distribution::lognormal(1.0, sigma)?;
        if self.noise != 0.0 {
            return Err(WorkloadError::new(format!("its work strays already, by {}; say it once", self.noise)));
        }
        if sigma == 0.0 {
            return Ok(self);
        }
        self.noise = sigma;
        let others = self.arrivals.iter_mut().flat_map(|coming| &mut coming.others).map(|(flow, _)| flow);
        for flow in others.chain([&mut self.flow]) {
            disturb(Arc::make_mut(flow), sigma);
        }
        Ok(self)
    }
    /// With tasks that go as they did in past runs ([`Past::told_to`]). Who governs them knows the estimates only; the lower bound and the shape are those
    /// of what tasks really take ([`Past::estimated`]).
    ///
    /// # Errors
    /// If data takes time, where work is exact.
    pub fn with_past(self, past: &Past) -> Result<Subject, WorkloadError> {
        if self.bandwidth.is_some() {
            return Err(WorkloadError::new("with a bandwidth the work is exact; leave the past or bandwidth off"));
        }
        let flow = past.told_to(&self.flow);
        let (graph, _) = TaskGraph::of_workflow(&past.estimated(&self.flow))?;
        let corrections = past.corrections(&self.flow, &flow);
        let is_wrong = |remark: &str| corrections.iter().any(|(task, _)| remark.contains(&format!("of \"{task}\" is taken as ")));
        let mut remarks: Vec<String> = self.remarks.iter().filter(|remark| !is_wrong(remark)).cloned().collect();
        remarks.extend(corrections.into_iter().map(|(_, sentence)| sentence));
        Ok(Subject { graph: Arc::new(graph), flow: Arc::new(flow), remarks, is_told: true, ..self })
    }
    /// With what goes wrong on purpose, instead of what the workflow says. Which agent crashes when is the same under every strategy.
    ///
    /// # Errors
    /// If a figure of it is not right.
    pub fn with_faults(self, faults: Faults) -> Result<Subject, WorkloadError> {
        faults.check().map_err(WorkloadError::new)?;
        Ok(Subject { faults, ..self })
    }
    /// With tasks that are tried again by this policy when they fail. For graphs: the tasks of a workflow say it themselves.
    ///
    /// # Errors
    /// If it is a workflow.
    pub fn with_retry(mut self, retry: &RetryPolicy) -> Result<Subject, WorkloadError> {
        if self.own_agents {
            return Err(WorkloadError::new(
                "the tasks of a workflow say themselves whether they are tried again: write `retry` there",
            ));
        }
        let others = self.arrivals.iter_mut().flat_map(|coming| &mut coming.others).map(|(flow, _)| flow);
        for flow in others.chain([&mut self.flow]) {
            Arc::make_mut(flow).tasks.iter_mut().for_each(|task| task.retry = Some(retry.clone()));
        }
        self.retry = Some(retry.clone());
        Ok(self)
    }
    /// So many times, each from its own moment on, whatever becomes of the others. The moments are drawn by the seed of each try, and the same under every
    /// strategy.
    ///
    /// # Errors
    /// If it is none, or the arrivals are a trace that has fewer.
    ///
    /// ```
    /// use polity::laboratory::{Subject, Trial};
    /// use polity::workloads::{Draws, Shape};
    /// let shape: Shape = "chain(tasks 2)".parse()?;
    /// let graph = shape.graph(&Draws::new("10s".parse()?, 1))?;
    /// let subject = Subject::of_graph(graph, &[1.0])?.with_arrivals("bursts(size 2, every 1m)".parse()?, 4)?;
    /// let measures = Trial::new(&subject, "hierarchical", 7).run()?;
    /// // Of each burst one waits for the other: they take 30 and 40 s, or, if the agent went back and forth, longer.
    /// assert!(measures.makespan >= 100.0 && (30.0..=40.0).contains(&measures.response));
    /// # Ok::<(), polity::workloads::WorkloadError>(())
    /// ```
    pub fn with_arrivals(self, arrivals: Arrivals, workflows: usize) -> Result<Subject, WorkloadError> {
        if workflows == 0 {
            return Err(WorkloadError::new("there must be at least one workflow to arrive, but there are 0; give their `count`"));
        }
        arrivals.moments(workflows, 0)?;
        Ok(Subject { arrivals: Some(Coming { arrivals, count: workflows, others: Vec::new() }), ..self })
    }
    /// With graphs of their own for those that arrive after the first.
    pub(super) fn with_others(mut self, graphs: Vec<TaskGraph>) -> Result<Subject, WorkloadError> {
        if let Some(coming) = &mut self.arrivals {
            let flows = graphs.into_iter().map(|graph| Ok((Arc::new(graph.workflow()?), Arc::new(graph))));
            coming.others = flows.collect::<Result<_, WorkloadError>>()?;
        }
        Ok(self)
    }
    /// With so many agents in all: a graph's agents are [`speeds`], a workflow's are multiplied in proportion.
    ///
    /// # Errors
    /// If there are fewer than one, or fewer than a workflow has kinds of agents.
    pub fn with_agents(mut self, n: usize) -> Result<Subject, WorkloadError> {
        let kinds = self.agents.len();
        if n == 0 || (self.own_agents && n < kinds) {
            let least = if self.own_agents { kinds.max(1) } else { 1 };
            return Err(WorkloadError::new(format!("the workload needs at least {least} agents, but is given {n}")));
        }
        if !self.own_agents {
            self.failing.clear(); // who was drawn is not there any more
            self.agents = self
                .graph
                .agents(&speeds(n))
                .into_iter()
                .map(|spec| AgentSpec { cost: spec.speed * spec.speed, ..spec })
                .collect();
            return Ok(self);
        }
        multiply(&mut self.agents, n);
        Ok(self)
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// True if its agents stand in its file.
    pub fn has_own_agents(&self) -> bool {
        self.own_agents
    }
    /// What had to be assumed, one sentence each.
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }
    /// Its shape and its estimates.
    pub fn graph(&self) -> &TaskGraph {
        &self.graph
    }
    /// Its workflow.
    pub fn workflow(&self) -> &Workflow {
        &self.flow
    }
    /// Who carries it out.
    pub fn agents(&self) -> &[AgentSpec] {
        &self.agents
    }
    /// True if they stand in its file: it is a workflow, and no graph.
    pub(crate) fn brings_agents(&self) -> bool {
        self.own_agents
    }
    /// Two that differ in anything differ in this: SHA-256 in hex. Where its file lies is no part of it.
    pub(crate) fn fingerprint(&self) -> String {
        let flow = Workflow { path: None, ..(*self.flow).clone() };
        let mut hasher = Hasher(Sha256::new());
        let said = write!(
            hasher,
            "{:?}",
            (&self.graph, flow, &self.agents, (self.bandwidth, self.latency), &self.faults, &self.failing, &self.arrivals)
        );
        said.expect("a hasher takes everything");
        hasher.0.finalize().iter().map(|b| format!("{b:02x}")).collect()
    }
    /// How many they are, replicas counted.
    pub fn size(&self) -> u32 {
        self.agents.iter().map(|spec| spec.replicas).sum()
    }
    /// The speed of each slot.
    pub fn slots(&self) -> Vec<f64> {
        let slots = |spec: &AgentSpec| vec![spec.speed; (spec.replicas * spec.slots.max(1)) as usize];
        self.agents.iter().flat_map(slots).collect()
    }
    /// When its workflows arrive, and what they are; none if it comes once.
    pub(super) fn coming(&self) -> Option<&Coming> {
        self.arrivals.as_ref()
    }
    /// Its society, to be started, and its workflow. Not `Send`: each thread makes its own.
    pub(super) fn society(&self) -> (Builder, Workflow) {
        let mut faults = self.faults.clone();
        faults.fail.extend(self.failing.iter().cloned());
        let founded = Polity::builder().faults(faults).rankings(self.rankings.clone());
        let transfers = self.bandwidth.and_then(|bandwidth| Transfers::over(&self.graph, bandwidth, self.latency).ok());
        let transfers = transfers.map(|transfers| transfers.noise(self.noise));
        match transfers {
            Some(transfers) => {
                let join = |builder, spec: &AgentSpec| transfers.join(builder, spec.clone());
                let mut flow = transfers.workflow();
                for (task, retry) in flow.tasks.iter_mut().zip(self.retry.iter().cycle()) {
                    task.retry = Some(retry.clone());
                }
                (self.agents.iter().fold(founded, join), flow)
            }
            None => {
                let groups = self.flow.supervision.iter().cloned();
                let groups = groups.fold(founded, Builder::supervisor);
                let builder = self.agents.iter().cloned().fold(groups, Builder::agent_spec);
                (builder, (*self.flow).clone())
            }
        }
    }
}

/// Text that becomes a hash as it is written.
struct Hasher(Sha256);
impl Write for Hasher {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.0.update(text);
        Ok(())
    }
}
