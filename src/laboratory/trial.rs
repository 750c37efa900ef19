//! One try: a subject under a government, by a seed; and what it cost.

use super::Subject;
use super::statistics::Sample;
use super::subject::Coming;
use crate::event::{Counts, Event, RunId, RunStatus, Sink};
use crate::registry::Registry;
use crate::report::{Chronicle, Cost, Report, SharedReport};
use crate::runtime::{RunError, RunOptions, patience, simulate};
use crate::workflow::Strategy;
use crate::workloads::{Arrived, WorkloadError, arrive};
use polity_agents::AgentSpec;
use polity_protocols::AgentId;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What one run came to. Times are in seconds of virtual time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// From its beginning to its end; of several workflows, from the first arrival to the last end.
    pub makespan: f64,
    /// How long whoever brought a workflow waited for its end, on average; of one workflow its makespan.
    pub response: f64,
    /// The 95th percentile of the same: of several workflows, one in twenty waited longer.
    pub response_p95: f64,
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
    /// Jain's index of the agents' busy times, each by its slots, 0..=1: 1 if all slots worked equally long.
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
    /// True if it came to no end and was given up: nothing happened any more, or a million messages were sent, and for each task 2,000 and for each task
    /// and agent 20, which is many times what a run takes that gets on.
    #[serde(default)]
    pub given_up: bool,
}
impl Measures {
    /// The makespan, if that means something: of a run that did not end well, which may have failed at once, it is NaN.
    pub fn sound_makespan(&self) -> f64 {
        if self.well { self.makespan } else { f64::NAN }
    }
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
    pub(super) fn subject(&self) -> &Subject {
        self.subject
    }
    /// Tries it, in virtual time on this thread. The same trial always gives the same.
    ///
    /// # Errors
    /// If the strategy is unknown or has a wrong setting, or the society can't be started.
    pub fn run(&self) -> Result<Measures, WorkloadError> {
        self.subject.check_span()?;
        if let Some(coming) = self.subject.coming() {
            return Ok(self.stream(coming)?.0);
        }
        let ((report, below), status) = self.carry_out(|builder| {
            let (report, below) = (SharedReport::of(ROOT), Rc::new(RefCell::new(Below::default())));
            (builder.sink(report.clone()).sink(below.clone()), (report, below))
        })?;
        Ok(carried(&report.look(), &below.borrow(), self.subject.agents(), status))
    }
    /// Many workflows, each from its own moment on; with a report of each run.
    pub(super) fn stream(&self, coming: &Coming) -> Result<(Measures, Vec<Report>), WorkloadError> {
        let government = Registry::standard().make(&self.strategy.name, &self.strategy.settings);
        let government = government.map_err(WorkloadError::new)?;
        let (builder, first) = self.subject.society();
        let reports = Rc::new(RefCell::new(Reports::default()));
        let most = patience(&first, self.subject.agents()).saturating_mul(coming.count as u64);
        let builder = builder.strategy(government).most_messages(most).sink(reports.clone());
        let flows = coming.moments(self.seed).into_iter().zip(coming.flows(first));
        let all = simulate(self.seed, async move {
            let society = builder.start().map_err(|wrong| wrong.to_string())?;
            let all = ended(arrive(&society, flows).await)?;
            Ok::<_, String>((all, society.talk()))
        });
        let (all, talk) = all.map_err(WorkloadError::new)?;
        let reports = std::mem::take(&mut *reports.borrow_mut());
        // A run counts what its coordinator says while it goes on, also of others.
        let measures = Measures { messages: talk, ..many(all.as_deref(), &reports.0, self.subject.agents()) };
        Ok((measures, reports.0.into_values().collect()))
    }
    /// The same, with all that can be told of it; of several workflows that arrive, of the first alone.
    ///
    /// # Errors
    /// As [`run`](Trial::run).
    pub fn watch(&self) -> Result<(Measures, Chronicle), WorkloadError> {
        let ((chronicle, below), status) = self.carry_out(|builder| {
            let (chronicle, below) = (Rc::new(RefCell::new(Chronicle::of(ROOT))), Rc::new(RefCell::new(Below::default())));
            (builder.sink(chronicle.clone()).sink(below.clone()), (chronicle, below))
        })?;
        let chronicle = chronicle.replace(Chronicle::of(ROOT));
        Ok((carried(chronicle.report(), &below.borrow(), self.subject.agents(), status), chronicle))
    }
    /// With the status that the run ended with; none if it was given up.
    fn carry_out<S>(
        &self,
        watched: impl FnOnce(crate::runtime::Builder) -> (crate::runtime::Builder, S),
    ) -> Result<(S, Option<RunStatus>), WorkloadError> {
        let government = Registry::standard().make(&self.strategy.name, &self.strategy.settings);
        let government = government.map_err(WorkloadError::new)?;
        let (builder, flow) = self.subject.society();
        let most = patience(&flow, self.subject.agents());
        let (builder, sink) = watched(builder.strategy(government).most_messages(most));
        let status = simulate(self.seed, async move {
            let society = builder.start().map_err(|wrong| wrong.to_string())?;
            let handle = society.launch(flow, RunOptions::default().name("trial")).map_err(|wrong| wrong.to_string())?;
            Ok::<_, String>(ended(handle.join().await)?.map(|run| run.status()))
        });
        Ok((sink, status.map_err(WorkloadError::new)?))
    }
}

/// What it ended with; none if it was given up, since it would never end.
fn ended<T>(ended: Result<T, RunError>) -> Result<Option<T>, String> {
    match ended {
        Ok(ended) => Ok(Some(ended)),
        Err(RunError::Stuck(_)) => Ok(None),
        Err(wrong) => Err(wrong.to_string()),
    }
}

/// A report for each run, by its number.
#[derive(Default)]
struct Reports(BTreeMap<RunId, Report>);
impl Sink for Reports {
    fn take(&mut self, event: &Event) {
        self.0.entry(event.run).or_default().take(event);
    }
}

/// The run of a try of one workflow.
const ROOT: RunId = RunId(0);

/// A report for each run below that one.
#[derive(Default)]
struct Below(Reports);
impl Sink for Below {
    fn take(&mut self, event: &Event) {
        if event.run != ROOT && event.run.is_run() {
            self.0.take(event);
        }
    }
}

/// What a try came to, with what was done below it; without a status it was given up.
fn carried(report: &Report, below: &Below, agents: &[AgentSpec], status: Option<RunStatus>) -> Measures {
    let reports: Vec<&Report> = core::iter::once(report).chain(below.0.0.values()).collect();
    let measures = measures(&reports, agents, status.unwrap_or(RunStatus::Cancelled));
    Measures { given_up: status.is_none(), ..measures }
}
/// What a run came to: its report, and those of the runs below it. `agents` are the society's, in its order.
pub(super) fn measures(reports: &[&Report], agents: &[AgentSpec], status: RunStatus) -> Measures {
    let Some(first) = reports.first() else { return Measures::default() };
    let span = first.makespan().as_secs_f64();
    let well = status == RunStatus::Completed;
    let responses = Sample::of([span]);
    let slots = first.agents().map(|(_, agent)| f64::from(agent.slots)).sum();
    told(&[first], reports, agents, &Whole { slots, span, well, responses })
}
/// What many came to that arrived over time; none if they were given up.
fn many(all: Option<&[Arrived]>, reports: &BTreeMap<RunId, Report>, agents: &[AgentSpec]) -> Measures {
    let given_up = all.is_none();
    let all = all.unwrap_or_default();
    let begun = all.iter().map(|one| one.at).min().unwrap_or_default();
    let ended = all.iter().map(|one| one.ended).max().unwrap_or_default();
    let well = !given_up && all.iter().all(|one| one.result.status() == RunStatus::Completed);
    let responses = Sample::of(all.iter().map(|one| one.response().as_secs_f64()));
    let reports: Vec<&Report> = reports.values().collect();
    let roots: Vec<&Report> =
        reports.iter().copied().filter(|report| report.head().is_some_and(|head| head.parent.is_none())).collect();
    let slots = agents.iter().map(|spec| f64::from(spec.replicas * spec.slots)).sum();
    let measures = told(&roots, &reports, agents, &Whole { slots, span: ended.since(begun).as_secs_f64(), well, responses });
    Measures { given_up, ..measures }
}
/// What its parts don't tell.
struct Whole {
    /// Slots of the society.
    slots: f64,
    /// From its beginning to its end, in seconds.
    span: f64,
    well: bool,
    responses: Sample,
}
/// The measures of the runs `roots` with those below them: `reports` are of all.
fn told(roots: &[&Report], reports: &[&Report], agents: &[AgentSpec], whole: &Whole) -> Measures {
    let seconds: Vec<f64> = agents.iter().flat_map(|spec| vec![spec.cost; spec.most() as usize]).collect();
    let slots: Vec<f64> = agents.iter().flat_map(|spec| vec![f64::from(spec.slots.max(1)); spec.most() as usize]).collect();
    let by_slot = |(id, busy): (&AgentId, &f64)| busy / slots.get(id.0 as usize).copied().unwrap_or(1.0);
    let mut busy: BTreeMap<AgentId, f64> = BTreeMap::new();
    for (id, agent) in reports.iter().flat_map(|report| report.agents()) {
        *busy.entry(id).or_default() += agent.busy.as_secs_f64();
    }
    let all: f64 = busy.values().sum();
    let spent = busy.iter().map(|(id, busy)| busy * seconds.get(id.0 as usize).copied().unwrap_or_default());
    let tasks = || reports.iter().flat_map(|report| report.tasks().chain(report.copies()));
    let done: f64 = reports.iter().flat_map(|report| report.agents()).map(|(_, agent)| agent.useful.as_secs_f64()).sum();
    let governed = || roots.iter().flat_map(|root| root.governed());
    let (mut cost, mut tally) = (Cost::default(), Counts::default());
    for report in reports {
        let (one, ends) = (report.cost(), report.tally());
        (cost.messages, cost.rounds, cost.paid) = (cost.messages + one.messages, cost.rounds + one.rounds, cost.paid + one.paid);
        (cost.retries, cost.displaced) = (cost.retries + one.retries, cost.displaced + one.displaced);
        tally.completed += ends.completed;
        tally.failed += ends.failed + ends.blocked + ends.cancelled;
    }
    let room = whole.slots * whole.span;
    let late = |failure: &polity_agents::Failure| failure.kind == polity_agents::FailureKind::Timeout;
    Measures {
        makespan: whole.span,
        response: whole.responses.mean().unwrap_or_default(),
        response_p95: whole.responses.quantile(0.95).unwrap_or_default(),
        cost: spent.sum(),
        paid: cost.paid,
        messages: governed().map(|g| g.messages).sum::<u64>().max(cost.messages),
        rounds: governed().map(|g| g.rounds).sum::<u64>().max(cost.rounds),
        utilisation: if room > 0.0 { (all / room).clamp(0.0, 1.0) } else { 0.0 },
        fairness: Sample::of(busy.iter().map(by_slot)).fairness().unwrap_or(1.0),
        // Sums of floats differ in their last digits.
        lost_work: if all - done > 1e-9 * all { ((all - done) / all).min(1.0) } else { 0.0 },
        retries: cost.retries,
        displaced: cost.displaced,
        completed: tally.completed,
        failed: tally.failed,
        late: tasks().filter(|(_, task)| task.failure.as_deref().is_some_and(late)).count() as u32,
        well: whole.well,
        given_up: false,
    }
}
