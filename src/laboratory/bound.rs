//! What no try can beat: a lower bound, of the estimates or of the work that a try comes to.

use super::Subject;
use crate::actors::seed_of_job;
use crate::plan::Join;
use crate::workflow::{Action, Task, Workflow};
use crate::workloads::{TaskGraph, WorkloadError};
use polity_agents::{Distribution, JobId, Simulation, drawn_work};
use polity_protocols::{Rng, TaskId};

/// Virtual time is 64 bits of nanoseconds, which is 1.8e10 s; in seconds.
const LONGEST: f64 = 1e10;

impl Subject {
    /// No schedule of the estimates takes less, in seconds ([`TaskGraph::strong_lower_bound`]). Transfers are not in it.
    pub fn lower_bound(&self) -> f64 {
        self.graph.strong_lower_bound(&self.slots())
    }
    /// No schedule takes less from the first arrival to the last end, in seconds, with the moments and the work that this seed draws. What arrives from
    /// some moment on can't be done before it. Where work strays and something may go wrong too, so that it is not known before what has to be done,
    /// the estimates stand for the work.
    pub fn lower_bound_of(&self, seed: u64) -> f64 {
        let slots = self.slots();
        let Some(coming) = &self.arrivals else {
            return self.realised(0, seed).map_or_else(|| self.lower_bound(), |graph| graph.strong_lower_bound(&slots));
        };
        let capacity: f64 = slots.iter().sum();
        let moments = coming.moments(seed);
        let (mut bound, mut work) = (0.0_f64, 0.0);
        let mut usual = None;
        for (n, moment) in moments.iter().enumerate().rev() {
            let since = (*moment - moments[0]).as_secs_f64();
            let (own, alone) = match self.realised(n, seed) {
                Some(graph) => (graph.total_work(), graph.strong_lower_bound(&slots)),
                None if coming.others.is_empty() => (self.graph.total_work(), *usual.get_or_insert_with(|| self.lower_bound())),
                None => {
                    let graph = self.arriving(n).1;
                    (graph.total_work(), graph.strong_lower_bound(&slots))
                }
            };
            work += own;
            bound = bound.max(since + alone).max(since + work / capacity);
        }
        bound
    }
    /// Why a run may take less than the bound says; nothing if none can.
    ///
    /// ```
    /// use polity::laboratory::Subject;
    /// let text = "name: w\nagents: [{ id: ann }]\ntasks: [{ id: a, run: ls, estimate: 2s }, { id: b, run: ls, when: inputs.x, estimate: 9s }]\ninputs: [{ name: x, type: bool, default: false }]\n";
    /// let checked = polity::workflow::parse(text, None, &Default::default())?;
    /// let subject = Subject::of_workflow(&checked.workflow, checked.agents).unwrap();
    /// assert_eq!(subject.loopholes(), ["a condition may skip a task"]);
    /// # Ok::<(), polity::workflow::WorkflowErrors>(())
    /// ```
    pub fn loopholes(&self) -> Vec<&'static str> {
        let all = [
            (self.agents().iter().any(|spec| spec.elastic.is_some()), "a pool of agents may grow"),
            (any(&self.flow, |task| task.when.is_some()), "a condition may skip a task"),
            (any(&self.flow, |task| task.join != Join::AllSuccess || task.cancel_rest), "a join need not wait for all"),
            (any(&self.flow, |task| task.fallback_to.is_some()), "a stand-in may not be needed"),
            (
                any(&self.flow, |task| !task.fallback.is_empty() || !task.on_error.is_empty()),
                "what fails may be done in another way, or not at all",
            ),
            (
                strays(&self.flow) && !self.is_foreseen(),
                "work strays and more than that is left to chance, so that the bound is of the estimates",
            ),
        ];
        all.into_iter().filter_map(|(holds, why)| holds.then_some(why)).collect()
    }
    /// True if the bound differs with the seed.
    pub(super) fn has_chance(&self) -> bool {
        self.arrivals.is_some() || (self.is_foreseen() && strays(&self.flow))
    }
    /// True if it is known by the seed what has to be done.
    fn is_foreseen(&self) -> bool {
        self.faults.is_none() && self.failing.is_empty() && is_foreseeable(&self.flow)
    }
    /// The workflow that arrives as number `n`, and its graph.
    fn arriving(&self, n: usize) -> (&Workflow, &TaskGraph) {
        let others = self.arrivals.as_ref().map_or(&[][..], |coming| &coming.others);
        let other = n.checked_sub(1).and_then(|n| others.get(n));
        other.map_or((&self.flow, &self.graph), |(flow, graph)| (flow, graph))
    }
    /// The graph of the workflow that arrives as number `n`, with the work that it comes to; none if that is as estimated, or can't be foreseen.
    fn realised(&self, n: usize, seed: u64) -> Option<TaskGraph> {
        let (flow, graph) = self.arriving(n);
        let known = self.is_foreseen() && strays(flow) && flow.tasks.len() == graph.tasks().len();
        known.then(|| realised(flow, graph, n as u32, seed)).flatten()
    }
    /// Virtual time must not come to its end before the work does.
    ///
    /// # Errors
    /// A sentence that names the longest task, if that is too long for the slowest agent; or that the longest path is too long for the fastest.
    pub(super) fn check_span(&self) -> Result<(), WorkloadError> {
        let slots = self.slots();
        if slots.is_empty() {
            return Ok(()); // that there is nobody is told when it is tried
        }
        let (slowest, fastest) =
            slots.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), speed| (low.min(*speed), high.max(*speed)));
        let longest = self.graph.tasks().iter().max_by(|a, b| a.work.total_cmp(&b.work));
        if let Some(task) = longest.filter(|task| task.work / slowest > LONGEST) {
            return Err(WorkloadError::new(format!(
                "task \"{}\" is {:.3e} s of work, which the slowest agent (speed {slowest}) does in more than {LONGEST:.0e} s, where virtual time ends; \
                 give times in seconds, and speeds near 1",
                task.name, task.work
            )));
        }
        if self.graph.critical_work() / fastest > LONGEST {
            return Err(WorkloadError::new(format!(
                "the longest path is {:.3e} s of work, which the fastest agent (speed {fastest}) does in more than {LONGEST:.0e} s, where virtual time ends",
                self.graph.critical_work()
            )));
        }
        Ok(())
    }
}

/// True if some task, of the workflow or of one within it, is so.
fn any(flow: &Workflow, is_so: fn(&Task) -> bool) -> bool {
    let within = |task: &Task| match &task.action {
        Action::Workflow(inner) => any(inner, is_so),
        _ => false,
    };
    flow.tasks.iter().any(|task| is_so(task) || within(task))
}

/// True if every task is done once and by itself, and nothing but its length is left to chance, if that: then what it takes is known by the seed.
fn is_foreseeable(flow: &Workflow) -> bool {
    flow.tasks.iter().all(|task| {
        let once = task.for_each.is_none() && task.redundancy.is_none() && task.hedge.is_none() && task.when.is_none();
        once && matches!(&task.action, Action::Simulate(simulation) if is_only_long(simulation))
    })
}
fn is_only_long(Simulation { failure, crash, hang, past, .. }: &Simulation) -> bool {
    [failure, crash, hang].iter().all(|chance| **chance == 0.0) && past.is_none()
}

/// True if work is drawn anywhere.
fn strays(flow: &Workflow) -> bool {
    let is_drawn = |task: &Task| match &task.action {
        Action::Simulate(simulation) => !matches!(simulation.work, None | Some(Distribution::Constant(_))),
        _ => false,
    };
    flow.tasks.iter().any(is_drawn)
}

/// The graph with the work that the first attempt at each task comes to in run number `run` of a try. The workflow must be
/// [foreseeable](is_foreseeable), and its tasks be those of the graph.
fn realised(flow: &Workflow, graph: &TaskGraph, run: u32, seed: u64) -> Option<TaskGraph> {
    let work = |n: usize, estimate: f64| {
        let Some(Action::Simulate(simulation)) = flow.tasks.get(n).map(|task| &task.action) else { return estimate };
        let first = JobId { task: TaskId::new(run, n as u32), attempt: 1, launch: 1 };
        drawn_work(simulation, estimate, &mut Rng::new(seed_of_job(seed, first), "simulate"))
    };
    graph.with_work(|n, task| work(n, task.work)).ok()
}
