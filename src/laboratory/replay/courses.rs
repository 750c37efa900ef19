//! The courses of the tasks of a recorded run: all launches of each instance, so that another run can repeat one of them.

use super::told::{How, Launch, Told};
use super::twin::Maker;
use crate::event::RunId;
use crate::workflow::{Action, Task, Workflow};
use polity_agents::{AgentSpec, Deed};
use polity_protocols::{Name, TaskId};
use std::collections::BTreeMap;

/// A task by its id, after those of the tasks that hold the workflow it belongs to.
pub(in crate::laboratory) type TaskPath = Vec<Name>;

/// One instance of a task in one run: all its launches, in order.
#[derive(Clone, Debug)]
pub(in crate::laboratory) struct TaskCourse {
    /// Which task.
    pub(in crate::laboratory) path: TaskPath,
    /// What the instance is called.
    pub(in crate::laboratory) job: Name,
    /// Its launches.
    pub(in crate::laboratory) deeds: std::sync::Arc<[Deed]>,
}

/// Those of the first run that is told of. What was cut short is left out: nobody knows how it would have ended. The workflow may be a later
/// version of the one that ran: tasks are found by their ids, and what is gone is left out.
pub(in crate::laboratory) fn courses(told: &Told, flow: &Workflow, agents: &[AgentSpec]) -> Vec<TaskCourse> {
    let Some((root, _)) = told.root() else { return Vec::new() };
    let (mut maker, mut all) = (Maker::new(told, agents), Vec::new());
    collect(&mut maker, flow, &[root], &mut Vec::new(), &mut all);
    all
}

fn collect(maker: &mut Maker<'_>, flow: &Workflow, runs: &[RunId], path: &mut TaskPath, all: &mut Vec<TaskCourse>) {
    let Some(head) = runs.first().and_then(|run| maker.told.heads.get(run)).cloned() else { return };
    for task in &flow.tasks {
        let Some(node) = head.tasks.iter().position(|id| *id == task.id) else { continue };
        path.push(task.id.clone());
        match &task.action {
            Action::Workflow(inner) => collect(maker, inner, &maker.below(runs, node as u32), path, all),
            _ => all.extend(of_task(maker, (flow, task), runs, node as u32, path)),
        }
        path.pop();
    }
}

fn of_task(
    maker: &mut Maker<'_>,
    (flow, task): (&Workflow, &Task),
    runs: &[RunId],
    node: u32,
    path: &TaskPath,
) -> Vec<TaskCourse> {
    let launches = maker.launches(runs, node);
    let mean = maker.mean(&launches, flow, task);
    let mut by_instance: BTreeMap<(TaskId, Name), Vec<&Launch>> = BTreeMap::new();
    for launch in launches {
        by_instance.entry((launch.task, launch.job.clone())).or_default().push(launch);
    }
    by_instance.retain(|_, launches| launches.iter().all(|launch| is_whole(maker, launch)));
    let one = |((_, job), launches): ((TaskId, Name), Vec<&Launch>)| {
        let deeds = launches.into_iter().map(|launch| maker.deed(launch, (flow, task), mean)).collect();
        TaskCourse { path: path.clone(), job, deeds }
    };
    by_instance.into_iter().map(one).collect()
}

/// True if it is known what it would have come to.
fn is_whole(maker: &Maker<'_>, launch: &Launch) -> bool {
    match launch.how {
        How::CutShort => false,
        How::Lost => maker.ends.contains_key(&(launch.task, launch.attempt)),
        How::Answered(_) | How::Failed(_) | How::Fatal => true,
    }
}
