//! What past runs of a workflow tell of its tasks: how long they take, how often they fail, and how much that varies.

use super::replay::{TaskCourse, TaskPath, Told, courses};
use crate::event::{Event, RunStatus, What};
use crate::workflow::{Action, Expression, Strategy, Task, Workflow};
use polity_agents::{AgentSpec, Distribution, Past as Known, PastEnd, Simulation};
use polity_protocols::Name;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Nothing takes less, in seconds: times are compared by their logarithm.
const LEAST: f64 = 1e-6;

/// Past runs of a workflow, by which its tasks are done again.
///
/// ```
/// use polity::event::Event;
/// use polity::laboratory::Past;
/// use polity::prelude::*;
/// use std::{cell::RefCell, rc::Rc};
/// let lasts = |work| simulated(Simulation { work: Some(polity::agents::Distribution::Constant(work)), ..Simulation::default() });
/// let flow = Workflow::new("again").task("a", lasts(6.0).kind("x")).build().unwrap();
/// let agents = vec![AgentSpec { speed: 2.0, ..AgentSpec::new("ann", can("x", 1.0)) }];
/// let log = Rc::new(RefCell::new(Vec::<Event>::new()));
/// polity::simulate(1, async {
///     let society = Polity::builder().agent_spec(agents[0].clone()).sink(log.clone()).start()?;
///     society.run(flow.clone()).await?;
///     Ok::<_, Failure>(())
/// })
/// .unwrap();
/// let mut past = Past::default();
/// past.learn(&log.borrow(), &flow, &agents);
/// assert_eq!((past.runs(), past.tasks(), past.attempts()), (1, 1, (1, 0)));
/// assert!((past.estimated(&flow).tasks[0].estimate.unwrap() - 6.0).abs() < 1e-9);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Past(Vec<PastRun>);

/// A run that told something.
#[derive(Clone, Debug)]
pub(super) struct PastRun {
    /// What governed it.
    pub(super) strategy: Strategy,
    /// Agents of its society.
    pub(super) agents: usize,
    /// From its beginning to its end, in seconds; none of a run that says nothing of others: it did not end well, rested, or went on with another.
    pub(super) makespan: Option<f64>,
    courses: Vec<TaskCourse>,
    /// How many instances a task became.
    instances: BTreeMap<Name, usize>,
    /// Tasks that were skipped.
    skipped: BTreeSet<Name>,
}

impl Past {
    /// Adds what a run of this workflow on these agents tells: of each instance of each task all attempts, with the time that each took, the rate
    /// of the agent that had it (1 if that agent is gone), and how it ended. `events` are all of the run. It may have been an earlier version of
    /// the workflow: tasks are known by their ids.
    pub fn learn(&mut self, events: &[Event], flow: &Workflow, agents: &[AgentSpec]) {
        let told = Told::by(events);
        let Some((root, head)) = told.root() else { return };
        let courses = courses(&told, flow, agents);
        if courses.is_empty() {
            return;
        }
        let own = || events.iter().filter(|event| event.run == root);
        let (mut instances, mut skipped, mut began, mut ended) = (BTreeMap::new(), BTreeSet::new(), None, None);
        for event in own() {
            match &event.what {
                What::RunStarted(_) => began = Some(event.at),
                What::RunEnded(tail) if tail.status == RunStatus::Completed => ended = Some(event.at),
                What::Expanded { task, labels, .. } => drop(instances.insert(told.names.task(*task), labels.len())),
                What::Skipped { task, .. } => drop(skipped.insert(told.names.task(*task))),
                _ => {}
            }
        }
        let is_whole = head.resumes.is_none() && told.recalled.is_empty() && told.paused.is_zero();
        let makespan = began.zip(ended).map(|(from, to)| to.since(from).as_secs_f64()).filter(|span| is_whole && *span > 0.0);
        let strategy = Strategy { name: head.strategy.clone(), settings: head.settings.clone() };
        self.0.push(PastRun { strategy, agents: head.agents.len(), makespan, courses, instances, skipped });
    }
    /// How many runs told something.
    pub fn runs(&self) -> usize {
        self.0.len()
    }
    /// Of how many tasks of the workflow they told it.
    pub fn tasks(&self) -> usize {
        self.courses().filter_map(|course| course.path.first()).collect::<BTreeSet<_>>().len()
    }
    /// Attempts that are known, and how many of them failed.
    pub fn attempts(&self) -> (usize, usize) {
        let deeds = || self.courses().flat_map(|course| course.deeds.iter());
        (deeds().count(), deeds().filter(|deed| !matches!(deed.end, PastEnd::Answered(_))).count())
    }
    /// The workflow with this knowledge, for virtual time: each instance of a task repeats what one of the past runs did there, all its attempts with
    /// the work and the end of each. Which one is drawn by the run's seed, for each instance anew. So failures come as often as they did, and
    /// an attempt fails after others as it did; back-off is the workflow's own. What is attempted more often than ever before takes a log-normal time
    /// around the task's geometric mean, and succeeds. What nobody has run is as it was.
    ///
    /// A list that [`simulated_twin`](crate::simulated_twin) takes as of one item has as many as it had in the middle one of the past runs; a task
    /// without a condition that most of them skipped is skipped.
    ///
    /// Estimates stay what they are: whoever governs a run has no others ([`Past::estimated`]).
    pub fn told_to(&self, flow: &Workflow) -> Workflow {
        let mut flow = flow.clone();
        self.tell(&mut flow, &mut Vec::new(), &self.by_task(), self.sigma());
        for task in &mut flow.tasks {
            let is_assumed = task.for_each.as_ref().is_some_and(|list| list.source() == ONE);
            if let Some(count) = self.instances(&task.id).filter(|_| is_assumed) {
                task.for_each = Some(Expression::constant((1..=count).collect()));
            }
            if task.when.is_none() && self.is_skipped(&task.id) {
                task.when = Some(Expression::constant(false.into()));
            }
        }
        flow
    }
    /// The workflow with better estimates: of each task the geometric mean of its past work, in seconds at speed 1 and fit 1. What nobody has run
    /// keeps its estimate, and so does what holds others.
    pub fn estimated(&self, flow: &Workflow) -> Workflow {
        let (mut flow, all) = (flow.clone(), self.by_task());
        for task in &mut flow.tasks {
            let Some(known) = all.get(&vec![task.id.clone()]).and_then(|courses| median(courses)) else { continue };
            task.estimate = Some(known);
            // What was measured counts, and not what it was to be drawn from.
            if let Action::Simulate(simulation) = &task.action {
                task.action = Action::Simulate(Arc::new(Simulation { work: None, ..(**simulation).clone() }));
            }
        }
        flow
    }
    /// How far work strays from run to run: the standard deviation of its logarithm, one figure for all tasks, since one task alone has seldom
    /// run often. 0 if nothing has run twice.
    pub fn sigma(&self) -> f64 {
        let mut all: BTreeMap<(&TaskPath, &Name), Vec<f64>> = BTreeMap::new();
        for course in self.courses() {
            all.entry((&course.path, &course.job)).or_default().extend(logs(course));
        }
        let (mut squares, mut freedom) = (0.0, 0);
        for logs in all.values().filter(|logs| !logs.is_empty()) {
            let middle = logs.iter().sum::<f64>() / logs.len() as f64;
            squares += logs.iter().map(|log| (log - middle).powi(2)).sum::<f64>();
            freedom += logs.len() - 1;
        }
        if freedom == 0 { 0.0 } else { (squares / freedom as f64).sqrt() }
    }

    /// Those that are known, the first that was learned first.
    pub(super) fn all(&self) -> &[PastRun] {
        &self.0
    }
    /// All but one.
    pub(super) fn without(&self, run: usize) -> Past {
        Past(self.0.iter().enumerate().filter(|(n, _)| *n != run).map(|(_, run)| run.clone()).collect())
    }
    /// How many instances a task became: the middle of what is known.
    pub(super) fn instances(&self, task: &Name) -> Option<usize> {
        let mut counts: Vec<usize> = self.0.iter().filter_map(|run| run.instances.get(task).copied()).collect();
        counts.sort_unstable();
        counts.get(counts.len().saturating_sub(1) / 2).copied()
    }
    /// Whether most of the runs that came to a task skipped it.
    pub(super) fn is_skipped(&self, task: &Name) -> bool {
        let did = |run: &PastRun| run.courses.iter().any(|course| course.path.first() == Some(task));
        let skipped = self.0.iter().filter(|run| run.skipped.contains(task) && !did(run)).count();
        skipped > self.0.iter().filter(|run| did(run)).count()
    }
    /// What it knows of the lists and conditions of a workflow that nobody knew before: the task, and a sentence.
    pub(super) fn corrections(&self, before: &Workflow, after: &Workflow) -> Vec<(Name, String)> {
        let one = |(was, is): (&Task, &Task)| {
            let list = |task: &Task| task.for_each.as_ref().map(|list| list.source().to_owned());
            let sentence = match self.instances(&is.id) {
                Some(count) if list(was) != list(is) => {
                    format!("`for_each` of \"{}\" is taken as of {count} items, as in the middle one of the past runs", is.id)
                }
                _ if was.when.is_none() && is.when.is_some() => {
                    format!("`when` of \"{}\" is taken as false, as in most of the past runs", is.id)
                }
                _ => return None,
            };
            Some((is.id.clone(), sentence))
        };
        before.tasks.iter().zip(&after.tasks).filter_map(one).collect()
    }
    fn courses(&self) -> impl Iterator<Item = &TaskCourse> {
        self.0.iter().flat_map(|run| &run.courses)
    }
    fn by_task(&self) -> BTreeMap<TaskPath, Vec<&TaskCourse>> {
        let mut all: BTreeMap<TaskPath, Vec<&TaskCourse>> = BTreeMap::new();
        self.courses().for_each(|course| all.entry(course.path.clone()).or_default().push(course));
        all
    }
    fn tell(&self, flow: &mut Workflow, path: &mut TaskPath, all: &BTreeMap<TaskPath, Vec<&TaskCourse>>, sigma: f64) {
        for task in &mut flow.tasks {
            path.push(task.id.clone());
            if let Action::Workflow(inner) = &task.action {
                let mut inner = (**inner).clone();
                self.tell(&mut inner, path, all, sigma);
                task.action = Action::Workflow(Arc::new(inner));
            } else if let Some(courses) = all.get(path).filter(|_| !matches!(task.action, Action::Delegate(_))) {
                let simulation = match &task.action {
                    Action::Simulate(simulation) => (**simulation).clone(),
                    _ => Simulation::default(),
                };
                task.estimate = task.expected();
                task.action = Action::Simulate(Arc::new(again(simulation, courses, sigma)));
            }
            path.pop();
        }
    }
}

/// A list of one item that nobody knows.
const ONE: &str = "[1]";

/// A task that repeats one of its courses. Answers are left out: nothing is made of them in virtual time.
fn again(simulation: Simulation, courses: &[&TaskCourse], sigma: f64) -> Simulation {
    let mut known = Known::default();
    let nothing = PastEnd::Answered(Arc::new(serde_json::Value::Null));
    for course in courses {
        let mut deeds = course.deeds.to_vec();
        for deed in deeds.iter_mut().filter(|deed| matches!(deed.end, PastEnd::Answered(_))) {
            deed.end = nothing.clone();
        }
        known.add_course(course.job.clone(), deeds);
    }
    let work = median(courses).map(|median| match sigma {
        _ if sigma > 0.0 => Distribution::Lognormal(median, sigma),
        _ => Distribution::Constant(median),
    });
    Simulation { work: work.or(simulation.work), failure: 0.0, crash: 0.0, hang: 0.0, past: Some(Arc::new(known)), ..simulation }
}

/// Of each attempt that came to something, the logarithm of its work.
fn logs(course: &TaskCourse) -> impl Iterator<Item = f64> + '_ {
    let well = course.deeds.iter().filter(|deed| matches!(deed.end, PastEnd::Answered(_)));
    well.map(|deed| libm::log(deed.work().max(LEAST)))
}
/// The geometric mean of what came to something; none if nothing did.
fn median(courses: &[&TaskCourse]) -> Option<f64> {
    let logs: Vec<f64> = courses.iter().flat_map(|course| logs(course)).collect();
    (!logs.is_empty()).then(|| libm::exp(logs.iter().sum::<f64>() / logs.len() as f64))
}
