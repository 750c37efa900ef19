//! A recorded run's twin: the same workflow, in which every job takes its recorded work and ends as it did.

use super::told::{How, Launch, Told};
use crate::event::RunId;
use crate::lifecycle::RetryPolicy;
use crate::workflow::{Action, Binding, Compensation, Fallback, Script, Strategy, Task, Workflow};
use core::time::Duration;
use polity_agents::{AgentSpec, Deed, Distribution, FailureKind, Past, PastEnd, Simulation};
use polity_protocols::{AgentId, Demand, DemandId, Name, Profile, TaskId, seconds_to_duration};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The twin, and what had to be taken differently from what was.
pub(super) struct Twin {
    pub(super) flow: Workflow,
    pub(super) past: Arc<Past>,
    /// Jobs that were cut short.
    pub(super) cut_short: usize,
    /// Tasks that were handed on, taken as one.
    pub(super) handed_on: usize,
    /// Tasks of the workflow of which nothing was done.
    pub(super) unknown: Vec<Name>,
}

/// What is needed to make it.
pub(super) struct Maker<'a> {
    pub(super) told: &'a Told,
    /// Launches by run and task of the workflow.
    by_node: BTreeMap<(RunId, u32), Vec<&'a Launch>>,
    profiles: BTreeMap<Name, Profile>,
    /// The launch of each attempt that came to an end.
    pub(super) ends: BTreeMap<(TaskId, u32), &'a Launch>,
    past: Past,
    cut_short: usize,
    unknown: Vec<Name>,
}

impl<'a> Maker<'a> {
    pub(super) fn new(told: &'a Told, agents: &[AgentSpec]) -> Maker<'a> {
        let mut by_node: BTreeMap<(RunId, u32), Vec<&Launch>> = BTreeMap::new();
        let own = told.launches.iter().filter(|launch| !told.handed_on.contains_key(&launch.task));
        for launch in own.chain(told.handed_on.values()) {
            by_node.entry((RunId(launch.task.run()), told.names.node(launch.task))).or_default().push(launch);
        }
        let profiles = agents.iter().flat_map(AgentSpec::profiles).map(|profile| (profile.name.clone(), profile)).collect();
        let ended = told.launches.iter().filter(|launch| !matches!(launch.how, How::Lost | How::Fatal | How::CutShort));
        let ends = ended.map(|launch| ((launch.task, launch.attempt), launch)).collect();
        let (past, unknown) = (Past::default(), Vec::new());
        Maker { told, by_node, profiles, ends, past, cut_short: 0, unknown }
    }
    /// The twin of the log's first run.
    pub(super) fn make(mut self, flow: &Workflow, root: RunId) -> Twin {
        self.remember(flow, &[root]);
        let past = Arc::new(std::mem::take(&mut self.past));
        let flow = self.twin(flow, &[root], &past);
        Twin { flow, past, cut_short: self.cut_short, handed_on: self.told.handed_on.len(), unknown: self.unknown }
    }

    /// The runs that did a task of a workflow that is one itself.
    pub(super) fn below(&self, runs: &[RunId], node: u32) -> Vec<RunId> {
        let is_of = |parent: crate::event::Parent| {
            let task = TaskId::new(parent.run.0, parent.task);
            runs.contains(&parent.run) && self.told.names.node(task) == node
        };
        self.told.heads.iter().filter(|(_, head)| head.parent.is_some_and(is_of)).map(|(run, _)| *run).collect()
    }
    pub(super) fn launches(&self, runs: &[RunId], node: u32) -> Vec<&'a Launch> {
        runs.iter().filter_map(|run| self.by_node.get(&(*run, node))).flatten().copied().collect()
    }
    /// Writes down what is known of every job of these runs of a workflow.
    fn remember(&mut self, flow: &Workflow, runs: &[RunId]) {
        for (node, task) in (0..).zip(&flow.tasks) {
            if let Action::Workflow(inner) = &task.action {
                self.remember(inner, &self.below(runs, node));
            }
            let launches = self.launches(runs, node);
            let mean = self.mean(&launches, flow, task);
            for launch in launches {
                let deed = self.deed(launch, (flow, task), mean);
                self.past.add(self.told.run_name(RunId(launch.task.run())), launch.job.clone(), deed);
            }
        }
    }
    pub(super) fn deed(&mut self, launch: &Launch, (flow, task): (&Workflow, &Task), mean: Option<f64>) -> Deed {
        let rate = self.rate(launch.agent, flow, task);
        let Launch { attempt, launch: number, mut took, .. } = *launch;
        let end = match &launch.how {
            How::Answered(output) => PastEnd::Answered(output.clone()),
            // It ran out of its own time: it does so again, however fast its agent is.
            How::Failed(failure) if failure.kind == FailureKind::Timeout && task.timeouts.attempt.is_some_and(|t| took >= t) => {
                PastEnd::Hung
            }
            How::Failed(failure) => PastEnd::Failed(failure.clone()),
            How::Fatal => PastEnd::Crashed,
            // Its agent would have been lost whatever it did. The job was not at its end, and is then as the launch that came to one.
            How::Lost if self.ends.contains_key(&(launch.task, attempt)) => {
                let last = self.ends[&(launch.task, attempt)];
                let same = self.deed(last, (flow, task), mean);
                took = (took + Duration::from_nanos(1)).max(seconds_to_duration(same.work() / rate));
                same.end
            }
            How::Lost | How::CutShort => {
                self.cut_short += 1;
                // Never at its end in the very moment in which it was cut short.
                took = (took + Duration::from_nanos(1)).max(seconds_to_duration(mean.or(task.estimate).unwrap_or(1.0) / rate));
                PastEnd::Answered(Arc::new(Value::Null))
            }
        };
        Deed { attempt, launch: number, took, rate, end }
    }
    /// Speed × fit; 1 of an agent that nobody knows any more.
    fn rate(&self, agent: AgentId, flow: &Workflow, task: &Task) -> f64 {
        let name = self.told.names.agent(agent);
        let lodger = || {
            let (id, _) = name.split_once('@')?;
            flow.agents.iter().flat_map(AgentSpec::profiles).find(|profile| *profile.name == *id)
        };
        let Some(profile) = self.profiles.get(&name).cloned().or_else(lodger) else { return 1.0 };
        let demand = Demand { kind: task.kind.clone(), needs: task.needs.clone(), agent: task.agent.clone(), ..any() };
        profile.speed * demand.fit(agent, &profile).unwrap_or(1.0)
    }
    /// Mean work of those that came to their end; of those that failed, if none did.
    pub(super) fn mean(&self, launches: &[&Launch], flow: &Workflow, task: &Task) -> Option<f64> {
        let mean = |of: &dyn Fn(&How) -> bool| {
            let work = launches.iter().filter(|launch| of(&launch.how));
            let work: Vec<f64> = work.map(|launch| launch.took.as_secs_f64() * self.rate(launch.agent, flow, task)).collect();
            (!work.is_empty()).then(|| work.iter().sum::<f64>() / work.len() as f64)
        };
        mean(&|how| matches!(how, How::Answered(_))).or_else(|| mean(&|how| matches!(how, How::Failed(_))))
    }

    fn twin(&mut self, flow: &Workflow, runs: &[RunId], past: &Arc<Past>) -> Workflow {
        let mut twin = Workflow { adaptive: false, decomposer: None, faults: None, ..flow.clone() };
        twin.teams.iter_mut().for_each(|team| team.strategy = None);
        for (node, task) in (0..).zip(&mut twin.tasks) {
            self.still(task, flow, runs, node, past);
        }
        // They were governed as the record says: a flag may have said otherwise than the file.
        if let Some(head) = runs.first().and_then(|run| self.told.heads.get(run)) {
            twin.strategy = Some(Strategy { name: head.strategy.clone(), settings: head.settings.clone() });
            for office in &head.offices {
                let strategy = Strategy { name: office.strategy.clone(), settings: office.settings.clone() };
                for task in &office.tasks {
                    twin.tasks.get_mut(*task as usize).into_iter().for_each(|task| task.strategy = Some(strategy.clone()));
                }
            }
        }
        twin
    }
    fn still(&mut self, task: &mut Task, flow: &Workflow, runs: &[RunId], node: u32, past: &Arc<Past>) {
        task.strategy = None;
        task.estimate = task.expected(); // what it is simulated by is another
        if let Action::Workflow(inner) = &task.action {
            let below = self.below(runs, node);
            task.action = Action::Workflow(Arc::new(self.twin(inner, &below, past)));
            return;
        }
        if let Action::Interleave(_) = &task.action {
            return;
        }
        let launches = self.launches(runs, node);
        if launches.is_empty() {
            self.unknown.push(task.id.clone());
        }
        let script = task.action.script().cloned();
        let again = |is: &dyn Fn(&Launch) -> bool| {
            let those: Vec<&Launch> = launches.iter().filter(|launch| is(launch)).copied().collect();
            let output = those.iter().rev().find_map(|launch| match &launch.how {
                How::Answered(output) => Some((**output).clone()),
                _ => None,
            });
            let work = self.mean(&those, flow, task).map(Distribution::Constant);
            let output = Some(output.unwrap_or_default());
            Action::Simulate(Arc::new(Simulation { work, output, past: Some(past.clone()), ..Simulation::default() }))
        };
        let (undo, aside) = (|l: &Launch| l.job.ends_with("/undo"), |l: &Launch| is_aside(&l.job));
        let action = again(&|launch| !undo(launch) && !aside(launch));
        let compensate = task.compensate.as_ref().map(|one| {
            let with = bound(one.with.clone(), one.action.script());
            Arc::new(Compensation { action: again(&undo), with, ..(**one).clone() })
        });
        let way = |way: &Fallback| {
            let with = way.with.clone().map(|with| bound(with, way.action.script()));
            Fallback { action: again(&aside), with, ..way.clone() }
        };
        let fallback = task.fallback.iter().map(way).collect();
        let on_error = task.on_error.iter().map(|handler| handler.clone().with_way(way)).collect();
        if matches!(task.action, Action::Delegate(_)) {
            task.retry = None; // its whole time is one attempt
        }
        (task.action, task.compensate, task.fallback, task.on_error) = (action, compensate, fallback, on_error);
        task.with = bound(std::mem::take(&mut task.with), script.as_ref());
        self.delay(task, runs, node);
    }
    /// A task that is but one waits after a failure as long as it did.
    fn delay(&self, task: &mut Task, runs: &[RunId], node: u32) {
        let (Some(retry), [run], None) = (&task.retry, runs, &task.for_each) else { return };
        let Some(known) = self.told.delays.get(&TaskId::new(run.0, node)) else { return };
        let delays = (1..).map_while(|attempt| known.get(&attempt).copied()).collect();
        task.retry = Some(RetryPolicy { delays, ..retry.clone() });
    }
}

/// True for a job that does a task in another way.
fn is_aside(job: &str) -> bool {
    ["/fallback", "/on_error"].iter().any(|way| job.contains(way))
}
fn any() -> Demand {
    Demand::any(DemandId(0))
}

/// What a task binds, with what its command binds: so it is skipped, or fails, where the command would have been.
fn bound(mut with: Vec<(Name, Binding)>, script: Option<&Arc<Script>>) -> Vec<(Name, Binding)> {
    let Some(script) = script else { return with };
    let env = script.env.iter().map(|(_, template)| template);
    let templates = [Some(&script.run), script.stdin.as_ref(), script.cwd.as_ref()].into_iter().flatten().chain(env);
    let named = templates.enumerate().map(|(n, template)| (format!("command.{n}").into(), Binding::Template(template.clone())));
    with.extend(named);
    with
}
