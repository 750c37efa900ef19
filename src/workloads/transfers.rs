//! Data sizes become time: agents that wait for what others made.

use super::{TaskGraph, WorkloadError};
use crate::runtime::Builder;
use crate::workflow::{Action, Workflow};
use crate::world::Depot;
use core::time::Duration;
use polity_agents::{Agent, AgentSpec, Context, Distribution, Failure, FailureKind, Job, Simulation, drawn_work};
use polity_protocols::planners::{Edge, Workload};
use polity_protocols::{Name, Time, seconds_to_duration};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Carries a graph out with its data: what an agent needs of another must reach it first.
///
/// Bytes travel at one bandwidth between any two agents, and for a latency in any case, each edge by itself and without hindering others, from the moment
/// at which its first task ends; on the same agent nothing travels, and neither does what has no bytes. An agent that has been given a task waits for what it needs, and does nothing else
/// meanwhile; then it works for work ÷ (speed × fit). That is the model of communication of HEFT (Topcuoglu, Hariri and Wu 2002).
///
/// Several runs of the same graph may go on at the same time. Governments are told where the input of a task lies, and when it can be elsewhere
/// ([`TaskView::data`](polity_protocols::TaskView)).
///
/// ```
/// use polity::prelude::*;
/// use polity::workloads::{GraphEdge, TaskGraph, Transfers};
/// // Two makers that want different agents, and one who needs what both made: 3 MB on its way at 1 MB/s.
/// let tasks = [("a", "k", 4.0), ("b", "k", 4.0), ("c", "k", 2.0)];
/// let graph = TaskGraph::new("v", tasks, [0, 1].map(|from| GraphEdge::new(from, 2, 3_000_000))).unwrap();
/// let took = polity::simulate(1, async {
///     let transfers = Transfers::new(&graph, 1e6).map_err(|wrong| Failure::error(wrong.to_string()))?;
///     let builder = graph.agents(&[1.0, 1.0]).into_iter().fold(Polity::builder(), |all, spec| transfers.join(all, spec));
///     let society = builder.strategy(FifoFastestIdle::default()).start()?;
///     society.run(transfers.workflow()).await?;
///     Ok::<_, Failure>(society.now().as_secs_f64())
/// });
/// assert!((took.unwrap() - 9.0).abs() < 1e-3);
/// ```
#[derive(Clone)]
pub struct Transfers {
    shared: Rc<Shared>,
    flow: Workflow,
}

struct Shared {
    places: BTreeMap<Name, usize>,
    work: Vec<f64>,
    /// How far the work strays: the sigma of a log-normal factor of mean 1.
    noise: f64,
    /// What each task needs.
    needs: Vec<Vec<Need>>,
    /// The runs that go on, by name.
    runs: RefCell<BTreeMap<Name, Done>>,
}

/// What a task needs of another: of which, how much, and how many seconds it travels.
#[derive(Clone)]
struct Need {
    from: usize,
    bytes: u64,
    seconds: f64,
}

/// What is done of a run: who did each task, and when it ended.
struct Done {
    tasks: Vec<Option<(Name, Time)>>,
    left: usize,
}

/// Seconds that bytes travel.
fn travel(bytes: u64, bandwidth: f64) -> f64 {
    bytes as f64 / bandwidth
}
fn check(bandwidth: f64) -> Result<(), WorkloadError> {
    let wrong = || format!("the bandwidth must be a number of bytes a second above 0, but is {bandwidth}; write 10 MB/s as 1e7");
    if bandwidth.is_finite() && bandwidth > 0.0 { Ok(()) } else { Err(WorkloadError::new(wrong())) }
}

impl Transfers {
    /// Of this graph, at this bandwidth in bytes a second.
    ///
    /// # Errors
    /// If the bandwidth is not finite and above 0.
    pub fn new(graph: &TaskGraph, bandwidth: f64) -> Result<Transfers, WorkloadError> {
        Transfers::over(graph, bandwidth, Duration::ZERO)
    }
    /// The same, where everything travels for this latency and longer. [`f64::MAX`] is a bandwidth at which bytes take no time.
    ///
    /// # Errors
    /// As [`new`](Transfers::new).
    ///
    /// ```
    /// use polity::workloads::{GraphEdge, TaskGraph, Transfers};
    /// let graph = TaskGraph::new("v", [("a", "k", 4.0), ("b", "k", 2.0)], [GraphEdge::new(0, 1, 3_000_000)])?;
    /// assert!(Transfers::over(&graph, 1e6, std::time::Duration::from_millis(20)).is_ok());
    /// # Ok::<(), polity::workloads::WorkloadError>(())
    /// ```
    pub fn over(graph: &TaskGraph, bandwidth: f64, latency: Duration) -> Result<Transfers, WorkloadError> {
        check(bandwidth)?;
        let mut flow = graph.workflow()?;
        flow.tasks.iter_mut().for_each(|task| task.action = Action::Own);
        let mut needs = vec![Vec::new(); graph.tasks().len()];
        for edge in graph.edges() {
            let seconds = if edge.bytes > 0 { latency.as_secs_f64() + travel(edge.bytes, bandwidth) } else { 0.0 };
            needs[edge.to].push(Need { from: edge.from, bytes: edge.bytes, seconds });
        }
        let shared = Shared {
            places: graph.ids().into_iter().zip(0..).collect(),
            work: graph.tasks().iter().map(|task| task.work).collect(),
            noise: 0.0,
            needs,
            runs: RefCell::default(),
        };
        Ok(Transfers { shared: Rc::new(shared), flow })
    }
    /// With work that strays from what is estimated by a log-normal factor of mean 1, the same as without transfers; before anybody joins.
    pub(crate) fn noise(mut self, sigma: f64) -> Transfers {
        if let Some(shared) = Rc::get_mut(&mut self.shared) {
            shared.noise = sigma;
        }
        self
    }
    /// The workflow, for a society of agents that [`join`](Transfers::join)ed.
    pub fn workflow(&self) -> Workflow {
        self.flow.clone()
    }
    /// The society with one more agent, or with its replicas, that carries the graph out. It has one slot, whatever the description says.
    pub fn join(&self, builder: Builder, spec: AgentSpec) -> Builder {
        let builder = builder.depot(self.shared.clone());
        let profiles: Vec<(Name, f64)> = spec.profiles().map(|profile| (profile.name, profile.speed)).collect();
        profiles.into_iter().fold(builder, |builder, (id, speed)| {
            let one = AgentSpec { id: id.clone(), slots: 1, replicas: 1, replicated: false, elastic: None, ..spec.clone() };
            let shared = self.shared.clone();
            builder.agent_with(one, move || Carrier { name: id.clone(), speed, shared: shared.clone() })
        })
    }
}

impl Shared {
    /// Tells of all that a task of a run needs, as far as it is made: its holder, how much it is, and when it can be elsewhere.
    fn made(&self, run: &Name, task: usize, tell: &mut dyn FnMut(&Name, u64, Time)) {
        let runs = self.runs.borrow();
        let Some(done) = runs.get(run) else { return };
        for Need { from, bytes, seconds } in &self.needs[task] {
            if let Some((who, end)) = &done.tasks[*from] {
                tell(who, *bytes, *end + seconds_to_duration(*seconds));
            }
        }
    }
}
impl Depot for Shared {
    fn inputs(&self, run: &Name, task: &Name, tell: &mut dyn FnMut(&Name, u64, Time)) {
        if let Some(task) = self.places.get(task) {
            self.made(run, *task, &mut |who, bytes, elsewhere| {
                if bytes > 0 {
                    tell(who, bytes, elsewhere); // what has no size is everywhere
                }
            });
        }
    }
    fn travel(&self, from: &Name, to: &Name) -> Option<f64> {
        let (from, to) = (*self.places.get(from)?, *self.places.get(to)?);
        self.needs[to].iter().find(|need| need.from == from).map(|need| need.seconds)
    }
}

/// An agent that waits for what it needs, and then for as long as the work takes.
struct Carrier {
    name: Name,
    speed: f64,
    shared: Rc<Shared>,
}
impl Carrier {
    /// When everything that a task needs has reached this agent.
    fn arrival(&self, run: &Name, task: usize) -> Time {
        let mut last = Time::ZERO;
        self.shared.made(run, task, &mut |who, _, elsewhere| {
            if *who != self.name {
                last = last.max(elsewhere);
            }
        });
        last
    }
    /// Remembers where the result lies; of a run that is done whole, nothing.
    fn finished(&self, run: Name, task: usize, now: Time) {
        let tasks = self.shared.work.len();
        let mut runs = self.shared.runs.borrow_mut();
        let done = runs.entry(run.clone()).or_insert_with(|| Done { tasks: vec![None; tasks], left: tasks });
        let before = done.tasks[task].replace((self.name.clone(), now));
        done.left -= usize::from(before.is_none());
        if done.left == 0 {
            runs.remove(&run);
        }
    }
}
impl Agent for Carrier {
    async fn perform(&mut self, job: Job, context: &Context) -> Result<Value, Failure> {
        let Some(task) = self.shared.places.get(&job.name).copied() else {
            let sentence = format!(
                "\"{}\" is no task of the graph that this agent carries out; run the workflow of its Transfers",
                job.name
            );
            return Err(Failure::new(FailureKind::Validation, sentence));
        };
        context.sleep(self.arrival(&job.run, task).since(context.now())).await;
        let rate = self.speed * job.fit;
        let mut work = self.shared.work[task];
        if self.shared.noise > 0.0 {
            let strays = Simulation { work: Some(Distribution::around(work, self.shared.noise)), ..Simulation::default() };
            work = drawn_work(&strays, work, &mut context.rng("simulate"));
        }
        context.sleep(seconds_to_duration(if work > 0.0 { work / rate } else { 0.0 })).await;
        self.finished(job.run, task, context.now());
        Ok(Value::Null)
    }
}

impl TaskGraph {
    /// The graph as planners see it, for agents of these speeds; with a bandwidth in bytes a second, edges take time between different agents.
    ///
    /// # Errors
    /// If a speed or the bandwidth is not finite and above 0, or there is no agent.
    ///
    /// ```
    /// use polity::protocols::planners::heft;
    /// use polity::workloads::{GraphEdge, TaskGraph};
    /// let tasks = [("a", "k", 4.0), ("b", "k", 4.0), ("c", "k", 2.0)];
    /// let graph = TaskGraph::new("v", tasks, [0, 1].map(|from| GraphEdge::new(from, 2, 3_000_000)))?;
    /// assert_eq!(heft(&graph.problem(&[1.0, 1.0], None)?).makespan, 6.0);
    /// assert_eq!(heft(&graph.problem(&[1.0, 1.0], Some(1e6))?).makespan, 9.0);
    /// # Ok::<(), polity::workloads::WorkloadError>(())
    /// ```
    pub fn problem(&self, speeds: &[f64], bandwidth: Option<f64>) -> Result<Workload, WorkloadError> {
        bandwidth.map_or(Ok(()), check)?;
        let work: Vec<f64> = self.tasks().iter().map(|task| task.work).collect();
        let seconds = |bytes| bandwidth.map_or(0.0, |bandwidth| travel(bytes, bandwidth));
        let edges = self.edges().iter().map(|edge| Edge::new(edge.from, edge.to, seconds(edge.bytes)));
        Workload::by_speed(&work, speeds, edges.collect()).map_err(|wrong| WorkloadError::new(wrong.to_string()))
    }
}
