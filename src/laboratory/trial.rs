//! One try: a subject under a government, by a seed; and what it cost.

use super::Subject;
use crate::event::{Counts, RunId, RunStatus};
use crate::registry::Registry;
use crate::report::{Chronicle, Cost, Report, SharedReport, State};
use crate::runtime::{RunOptions, simulate};
use crate::workflow::Strategy;
use crate::workloads::WorkloadError;
use polity_agents::AgentSpec;
use polity_protocols::AgentId;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What one run came to. Times are in seconds of virtual time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// From its beginning to its end.
    pub makespan: f64,
    /// What the agents' time cost: seconds of work times cost of a second.
    pub cost: f64,
    /// What winners were paid, where a protocol pays.
    pub paid: f64,
    /// Messages between coordinators and agents.
    pub messages: u64,
    /// Rounds of talk.
    pub rounds: u64,
    /// Share of the agents' slots in which a job ran, 0..=1.
    pub utilisation: f64,
    /// Jain's index of the agents' busy times, 0..=1: 1 if all worked equally long.
    pub fairness: f64,
    /// Share of the agents' work that came to nothing, 0..=1: failed, lost, cancelled.
    pub lost_work: f64,
    /// Attempts that failed and were followed by another.
    pub retries: u64,
    /// Jobs whose agent was lost under them.
    pub displaced: u64,
    /// Task instances that completed.
    pub completed: u32,
    /// Task instances that failed, were blocked or cancelled.
    pub failed: u32,
    /// Tasks that failed since their time was over.
    pub late: u32,
    /// True if the run ended well.
    pub well: bool,
}
impl Measures {
    /// Messages for each task that completed.
    pub fn messages_per_task(&self) -> f64 {
        self.messages as f64 / f64::from(self.completed.max(1))
    }
}

/// A subject that is to be tried.
///
/// ```
/// use polity::laboratory::{Subject, Trial};
/// use polity::workloads::{Draws, Shape};
/// let shape: Shape = "fork_join(stages 3, width 4)".parse()?;
/// let graph = shape.graph(&Draws::new("constant(2s)".parse()?, 1))?;
/// let subject = Subject::of_graph(graph, &[1.0, 1.0])?;
/// let trial = Trial::new(&subject, "market", 7);
/// let measures = trial.run()?;
/// assert_eq!(measures, trial.run()?, "a seed is a run");
/// assert!(measures.well && measures.makespan >= subject.lower_bound());
/// # Ok::<(), polity::workloads::WorkloadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Trial<'a> {
    subject: &'a Subject,
    strategy: Strategy,
    seed: u64,
}

impl<'a> Trial<'a> {
    /// Under a strategy in one word.
    pub fn new(subject: &'a Subject, strategy: &str, seed: u64) -> Trial<'a> {
        Trial::under(subject, Strategy { name: strategy.into(), settings: serde_json::json!({}) }, seed)
    }
    /// Under a strategy with settings.
    pub fn under(subject: &'a Subject, strategy: Strategy, seed: u64) -> Trial<'a> {
        Trial { subject, strategy, seed }
    }
    /// Tries it, in virtual time on this thread. The same trial always gives the same.
    ///
    /// # Errors
    /// If the strategy is unknown or has a wrong setting, or the society can't be started.
    pub fn run(&self) -> Result<Measures, WorkloadError> {
        let (report, status) = self.carry_out(|builder| {
            let report = SharedReport::of(RunId(0));
            (builder.sink(report.clone()), report)
        })?;
        let report = report.look();
        Ok(measures(&[&report], self.subject.agents(), status))
    }
    /// The same, with all that can be told of it.
    ///
    /// # Errors
    /// As [`run`](Trial::run).
    pub fn watch(&self) -> Result<(Measures, Chronicle), WorkloadError> {
        let (chronicle, status) = self.carry_out(|builder| {
            let chronicle = Rc::new(RefCell::new(Chronicle::of(RunId(0))));
            (builder.sink(chronicle.clone()), chronicle)
        })?;
        let chronicle = chronicle.replace(Chronicle::of(RunId(0)));
        Ok((measures(&[chronicle.report()], self.subject.agents(), status), chronicle))
    }
    fn carry_out<S>(
        &self,
        watched: impl FnOnce(crate::runtime::Builder) -> (crate::runtime::Builder, S),
    ) -> Result<(S, RunStatus), WorkloadError> {
        let government = Registry::standard().make(&self.strategy.name, &self.strategy.settings);
        let government = government.map_err(WorkloadError::new)?;
        let (builder, flow) = self.subject.society();
        let (builder, sink) = watched(builder.strategy(government));
        let status = simulate(self.seed, async move {
            let society = builder.start().map_err(|wrong| wrong.to_string())?;
            let handle = society.launch(flow, RunOptions::default().name("trial")).map_err(|wrong| wrong.to_string())?;
            Ok::<_, String>(handle.join().await.map_err(|wrong| wrong.to_string())?.status())
        });
        Ok((sink, status.map_err(WorkloadError::new)?))
    }
}

/// What a run came to: its report, and those of the runs below it. `agents` are the society's, in its order.
pub(super) fn measures(reports: &[&Report], agents: &[AgentSpec], status: RunStatus) -> Measures {
    let Some(first) = reports.first() else { return Measures::default() };
    let seconds: Vec<f64> = agents.iter().flat_map(|spec| vec![spec.cost; spec.most() as usize]).collect();
    let mut busy: BTreeMap<AgentId, f64> = BTreeMap::new();
    for (id, agent) in reports.iter().flat_map(|report| report.agents()) {
        *busy.entry(id).or_default() += agent.busy.as_secs_f64();
    }
    let all: f64 = busy.values().sum();
    let spent = busy.iter().map(|(id, busy)| busy * seconds.get(id.0 as usize).copied().unwrap_or_default());
    let tasks = || reports.iter().flat_map(|report| report.tasks().chain(report.copies()));
    let done = tasks().filter(|(_, task)| task.state == State::Completed && task.agent.is_some());
    let done: f64 = done.map(|(_, task)| task.took().as_secs_f64()).sum();
    let governed: u64 = first.governed().iter().map(|g| g.messages).sum();
    let rounds: u64 = first.governed().iter().map(|g| g.rounds).sum();
    let (mut cost, mut tally) = (Cost::default(), Counts::default());
    for report in reports {
        let (one, ends) = (report.cost(), report.tally());
        (cost.messages, cost.rounds, cost.paid) = (cost.messages + one.messages, cost.rounds + one.rounds, cost.paid + one.paid);
        (cost.retries, cost.displaced) = (cost.retries + one.retries, cost.displaced + one.displaced);
        tally.completed += ends.completed;
        tally.failed += ends.failed + ends.blocked + ends.cancelled;
    }
    let slots: f64 = first.agents().map(|(_, agent)| f64::from(agent.slots)).sum();
    let room = slots * first.makespan().as_secs_f64();
    let late = |failure: &polity_agents::Failure| failure.kind == polity_agents::FailureKind::Timeout;
    Measures {
        makespan: first.makespan().as_secs_f64(),
        cost: spent.sum(),
        paid: cost.paid,
        messages: governed.max(cost.messages),
        rounds: rounds.max(cost.rounds),
        utilisation: if room > 0.0 { (all / room).clamp(0.0, 1.0) } else { 0.0 },
        fairness: super::statistics::Sample::of(busy.into_values()).fairness().unwrap_or(1.0),
        // Sums of floats differ in their last digits.
        lost_work: if all - done > 1e-9 * all { ((all - done) / all).min(1.0) } else { 0.0 },
        retries: cost.retries,
        displaced: cost.displaced,
        completed: tally.completed,
        failed: tally.failed,
        late: tasks().filter(|(_, task)| task.failure.as_deref().is_some_and(late)).count() as u32,
        well: status == RunStatus::Completed,
    }
}
