//! Plans as strategies: an offline planner sees a run's whole graph before it begins, and what it planned is carried out.
//!
//! `heft`, `cpop` and `maxmin` are no protocols: they decide everything at once, from estimates, with nobody's word but their own. So they
//! stand beside the protocols to be compared with. See [`polity_protocols::planners`].

use crate::registry::Government;
use crate::workflow::text::nearest;
use crate::workflow::{Action, Task, Workflow};
use polity_protocols::pinned::{Pin, Pinned, PlanKeeper};
use polity_protocols::planners::{Edge, Schedule, Workload, cpop, heft, maxmin};
use polity_protocols::{AgentId, Demand, DemandId, Mute, Name, Profile, Protocol, Silence};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

macro_rules! planner {
    ($type:ident, $name:literal, $plan:path, $about:literal) => {
        #[doc = $about]
        ///
        /// A run under it is planned when it begins, from its graph, its estimates (1 s without) and its agents; each slot counts as an agent.
        /// Instances of a `for_each` are not planned, since nobody knows them yet: they go to whom they are expected to end first with, and
        /// so does what the plan's agent can't do any more.
        ///
        /// ```
        #[doc = concat!("assert!(polity::Registry::standard().names().any(|name| name == \"", $name, "\"));")]
        /// ```
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $type {
            /// What was planned; empty before a run begins.
            #[serde(skip_deserializing)]
            pub pins: Vec<Pin>,
        }
        impl Protocol for $type {
            const NAME: &'static str = $name;
            type Message = Silence;
            type Initiator = PlanKeeper;
            type Participant = Mute;
            fn initiator(&self) -> PlanKeeper {
                PlanKeeper::new(&Pinned { pins: self.pins.clone() })
            }
            fn participant(&self, _: AgentId, _: &Profile) -> Mute {
                Mute
            }
        }
    };
}
planner!(Heft, "heft", heft, "Heterogeneous earliest finish time (Topcuoglu, Hariri and Wu 2002), carried out.");
planner!(Cpop, "cpop", cpop, "Critical path on a processor (Topcuoglu, Hariri and Wu 2002), carried out.");
planner!(MaxMin, "maxmin", maxmin, "Max-min (Ibarra and Kim 1977) over the tasks that are ready, carried out.");

/// What is planned for a workflow under a strategy that plans: by task, and for the slots of these agents; `None` under another strategy, or
/// if somebody can't be planned for.
pub fn schedule(strategy: &str, workflow: &Workflow, agents: &[Arc<Profile>]) -> Option<(Schedule, Vec<Name>)> {
    schedule_with(strategy, workflow, agents, |_, _| 0.0)
}

/// The same, where what a task makes is so many seconds on its way to another agent for another task.
fn schedule_with(
    strategy: &str,
    workflow: &Workflow,
    agents: &[Arc<Profile>],
    travel: impl Fn(&Name, &Name) -> f64,
) -> Option<(Schedule, Vec<Name>)> {
    let plan = match strategy {
        Heft::NAME => heft,
        Cpop::NAME => cpop,
        MaxMin::NAME => maxmin,
        _ => return None,
    };
    let slots: Vec<(AgentId, &Profile)> =
        (0..).zip(agents).flat_map(|(n, profile)| (0..profile.slots.max(1)).map(move |_| (AgentId(n), &**profile))).collect();
    let cost = |task: &Task, (id, profile): &(AgentId, &Profile)| {
        let demand = Demand { id: DemandId(0), kind: task.kind.clone(), needs: task.needs.clone(), agent: task.agent.clone() };
        let seconds = |fit| profile.seconds_for(task.expected().unwrap_or(1.0), fit);
        demand.fit(*id, profile).map_or(f64::INFINITY, seconds)
    };
    let costs = workflow.tasks.iter().map(|task| slots.iter().map(|slot| cost(task, slot)).collect()).collect();
    let tasks = workflow.tasks.iter().enumerate();
    let edge = |from: usize, to: usize, task: &Task| Edge::new(from, to, travel(&workflow.tasks[from].id, &task.id));
    let edges = tasks.flat_map(|(to, task)| task.dependencies.iter().map(move |from| (from.on, to, task)));
    let edges = edges.map(|(from, to, task)| edge(from, to, task)).collect();
    let schedule = plan(&Workload::new(costs, edges).ok()?);
    Some((schedule, slots.into_iter().map(|(_, profile)| profile.name.clone()).collect()))
}

/// The same government; one that plans has planned this run. Its coordinator hears of those tasks only that are `its` own, so nobody is pinned to
/// another: an agent would wait for it.
pub(crate) fn carried_out(
    government: Government,
    workflow: &Workflow,
    agents: &[Arc<Profile>],
    its: impl Fn(&Task) -> bool,
    travel: impl Fn(&Name, &Name) -> f64,
) -> Government {
    let Some((schedule, names)) = schedule_with(government.name(), workflow, agents, travel) else { return government };
    let Ok(mut pins) = schedule.into_pins(&names) else { return government };
    let stand_ins: BTreeSet<usize> = workflow.tasks.iter().filter_map(|task| task.fallback_to).collect();
    pins.retain(|pin| {
        let (at, task) = (pin.task as usize, &workflow.tasks[pin.task as usize]);
        its(task) && has_own_number(task) && !stand_ins.contains(&at)
    });
    keeping(government, pins)
}

fn is_planner(name: &str) -> bool {
    [Heft::NAME, Cpop::NAME, MaxMin::NAME].contains(&name)
}

/// One that plans, with this plan.
fn keeping(government: Government, pins: Vec<Pin>) -> Government {
    let planned = match government.name() {
        Heft::NAME => Government::new(Heft { pins }),
        Cpop::NAME => Government::new(Cpop { pins }),
        _ => Government::new(MaxMin { pins }),
    };
    planned.unwrap_or(government)
}

/// True if it is announced under its own number: its instances and copies have others, and a sub-workflow's tasks are announced instead of it.
pub(crate) fn has_own_number(task: &Task) -> bool {
    task.for_each.is_none() && task.redundancy.is_none() && !matches!(task.action, Action::Workflow(_))
}

/// The settings that somebody asked for, without what was planned since: it is planned again for whoever does the run again.
pub(crate) fn asked_for(government: &Government) -> Value {
    if is_planner(government.name()) { Value::Null } else { government.settings() }
}

/// True if it was decided beforehand, under this government, who shall do each task of the workflow.
pub(crate) fn is_planned_whole(government: &Government, workflow: &Workflow) -> bool {
    is_planner(government.name()) && workflow.tasks.iter().all(has_own_number)
}

/// Looks for pins of a plan that somebody wrote by hand which are of no task or no agent: whoever wrote them meant something else.
pub(crate) fn check_pins(government: &Government, workflow: &Workflow, agents: &[Arc<Profile>]) -> Result<(), String> {
    if government.name() != Pinned::NAME {
        return Ok(());
    }
    let Ok(Pinned { pins }) = serde_json::from_value(government.settings()) else { return Ok(()) };
    let names = || agents.iter().map(|profile| &*profile.name);
    for Pin { task, agent, .. } in &pins {
        if !names().any(|name| *name == **agent) {
            let near = nearest(agent, names()).map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"));
            return Err(format!("the plan pins task {task} to \"{agent}\", which is not an agent{near}"));
        }
        // Instances of lists have numbers behind those of the tasks, which nobody knows before.
        let tasks = workflow.tasks.len();
        if *task as usize >= tasks && workflow.tasks.iter().all(has_own_number) {
            return Err(format!("the plan pins task {task}, but there are {tasks} tasks, numbered from 0"));
        }
    }
    Ok(())
}
