//! A task of a team goes to nobody else.

use super::super::play::Storm;
use super::super::seen::Seen;
use super::must;
use polity::event::{Names, What};

pub fn judge(storm: &Storm, seen: &mut Seen) -> Result<(), String> {
    let mut names = Names::default();
    for event in &storm.events {
        names.take(event);
        let What::Assigned { task, agent, decision, .. } = &event.what else { continue };
        let (flow, _) = &storm.scene.runs[event.run.0 as usize];
        let governed = &flow.tasks[names.node(*task) as usize];
        if let Some(own) = &governed.strategy {
            seen.own_strategies += 1;
            must(decision.protocol == *own.name || ["auto", "heft", "cpop", "maxmin"].contains(&&*own.name), || {
                format!("a task under {} was given away by {}, at event {}", own.name, decision.protocol, event.seq)
            })?;
        }
        let Some(team) = governed.team.as_ref().and_then(|id| flow.teams.iter().find(|team| team.id == *id)) else { continue };
        let profile = &storm.profiles[agent.index()];
        seen.team_awards += 1;
        must(team.agents.contains(&profile.group), || {
            format!("a task of {} went to {}, at event {}", team.id, profile.name, event.seq)
        })?;
    }
    Ok(())
}
