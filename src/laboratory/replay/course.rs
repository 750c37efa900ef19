//! What a run came to, recorded or replayed: figures, where its time went, who did what.

use super::Shares;
use super::told::{How, Told};
use crate::event::{Event, RunId, RunStatus, What};
use crate::laboratory::Measures;
use crate::laboratory::trial::measures;
use crate::report::Report;
use polity_agents::{AgentSpec, Job, JobId, Past, Work};
use polity_protocols::Name;
use serde::Serialize;
use std::collections::BTreeMap;

/// How a run went.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Course {
    /// How it ended: a word of [`RunStatus`].
    pub status: RunStatus,
    /// The first task that failed for good, and why.
    pub failure: Option<String>,
    /// Its figures. Messages and rounds are those of all coordinators; the rest is of the run and the runs below it.
    pub measures: Measures,
    /// Where its time went, along its critical path.
    pub shares: Shares,
    /// Who did each task at last, by its name, of the runs below it with theirs.
    pub places: BTreeMap<Name, Place>,
    /// Jobs of which the record knows nothing: further attempts, and tasks that were not done then.
    pub unknown_jobs: u32,
}

/// Who did a task at last, and how long that took.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Place {
    /// The agent's name.
    pub agent: Name,
    /// Seconds.
    pub seconds: f64,
}

/// A task that another agent did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Moved {
    /// The task.
    pub task: Name,
    /// Who did it at first.
    pub from: Place,
    /// Who did it instead.
    pub to: Place,
}

impl Course {
    /// Of the events of a whole run; none if it did not begin, or has not ended.
    pub(super) fn of(events: &[Event], told: &Told, agents: &[AgentSpec], past: &Past) -> Option<Course> {
        let (root, _) = told.root()?;
        let mut reports: BTreeMap<RunId, Report> = BTreeMap::new();
        for run in told.heads.keys() {
            reports.insert(*run, Report::default());
        }
        for event in events {
            if event.run.is_run() {
                reports.get_mut(&event.run).into_iter().for_each(|report| report.take(event));
            } else if let Some(report) = reports.get_mut(&root) {
                report.take(event);
            }
        }
        let first = reports.remove(&root)?;
        let status = first.tail()?.status;
        let all: Vec<&Report> = std::iter::once(&first).chain(reports.values()).collect();
        let measures = measures(&all, agents, status);
        let shares = Shares::of(&first, root, events);
        let beyond = told.launches.iter().filter(|launch| {
            let id = JobId { task: launch.task, attempt: launch.attempt, launch: launch.launch };
            let run = told.run_name(RunId(launch.task.run()));
            past.of(&Job { id, run, ..Job::new(launch.job.clone(), Work::Own) }).is_none()
        });
        let unknown_jobs = beyond.count() as u32;
        let failure = events.iter().find_map(|event| match &event.what {
            What::Failed { task, failure, .. } => Some(format!("{}: {failure}", told.job_name(*task))),
            _ => None,
        });
        Some(Course { status, failure, measures, shares, places: places(told, root), unknown_jobs })
    }
    /// Tasks that others did than here, those first that took longest here.
    pub fn moved(&self, to: &Course) -> Vec<Moved> {
        let pairs = self.places.iter().filter_map(|(task, from)| Some((task, from, to.places.get(task)?)));
        let moved = pairs.filter(|(_, from, to)| from.agent != to.agent);
        let mut moved: Vec<Moved> =
            moved.map(|(task, from, to)| Moved { task: task.clone(), from: from.clone(), to: to.clone() }).collect();
        moved.sort_by(|a, b| b.from.seconds.total_cmp(&a.from.seconds).then_with(|| a.task.cmp(&b.task)));
        moved
    }
}

fn places(told: &Told, root: RunId) -> BTreeMap<Name, Place> {
    let mut places = BTreeMap::new();
    for launch in told.launches.iter().filter(|launch| matches!(launch.how, How::Answered(_) | How::Failed(_))) {
        let run = RunId(launch.task.run());
        let task = if run == root { launch.job.clone() } else { format!("{} in {}", launch.job, told.run_name(run)).into() };
        let place = Place { agent: told.names.agent(launch.agent), seconds: launch.took.as_secs_f64() };
        places.insert(task, place);
    }
    places
}
