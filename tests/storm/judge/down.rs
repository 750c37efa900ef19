//! Nobody is said to be down who is not: what waits for an agent is given to it when it comes back.

use super::super::play::Storm;
use super::super::seen::Seen;
use super::must;
use polity::agents::FailureKind;
use polity::event::{Names, What};
use polity::protocols::{AgentId, Demand, DemandId, TaskId, Time};
use std::collections::BTreeMap;

pub fn judge(storm: &Storm, seen: &mut Seen) -> Result<(), String> {
    let (mut names, mut alive) = (Names::default(), BTreeMap::<AgentId, Time>::new());
    let mut announced: BTreeMap<TaskId, Time> = BTreeMap::new();
    for event in &storm.events {
        names.take(event);
        let (task, failure) = match &event.what {
            What::AgentJoined { agent, .. } => {
                alive.insert(*agent, event.at);
                continue;
            }
            What::AgentLost { agent, .. } => {
                alive.remove(agent);
                continue;
            }
            What::Announced { task, .. } => {
                announced.insert(*task, event.at);
                continue;
            }
            What::Assigned { task, agent, .. } => {
                let joined = alive.get(agent).zip(announced.get(task)).is_some_and(|(since, announced)| since > announced);
                seen.waited_for += u64::from(joined);
                continue;
            }
            What::Failed { task, failure, .. } | What::Retried { task, failure, .. } => (task, failure),
            _ => continue,
        };
        if failure.kind != FailureKind::Unassigned || !failure.message.contains("has been down for") {
            continue;
        }
        let (flow, _) = &storm.scene.runs[event.run.0 as usize];
        let task = &flow.tasks[names.node(*task) as usize];
        let team = task.team.as_ref().and_then(|id| flow.teams.iter().find(|team| team.id == *id));
        let demand = Demand { id: DemandId(0), kind: task.kind.clone(), needs: task.needs.clone(), agent: task.agent.clone() };
        let able = |agent: AgentId| {
            let profile = storm.profiles.get(agent.index());
            profile.is_some_and(|profile| {
                demand.fit(agent, profile).is_some() && team.is_none_or(|team| team.agents.contains(&profile.group))
            })
        };
        let there = alive.iter().find(|(agent, since)| **since < event.at && able(**agent));
        must(there.is_none(), || format!("{there:?} is said to be down, at event {}: {:?}", event.seq, event.what))?;
    }
    Ok(())
}
