//! Teams in a storm: some agents together under a strategy of their own, and tasks with a strategy of their own.

use polity::Registry;
use polity::prelude::*;
use polity::protocols::Rng;
use polity::workflow::Team;

fn strategy(rng: &mut Rng) -> &'static str {
    let names: Vec<&str> = Registry::standard().names().collect();
    names[rng.below(names.len())]
}

/// No team, or up to three; an agent may be in several.
pub fn of(agents: &[AgentSpec], rng: &mut Rng) -> Vec<Team> {
    if rng.chance(0.6) {
        return Vec::new();
    }
    let team = |n: usize, rng: &mut Rng| {
        let mut members: Vec<&AgentSpec> = agents.iter().filter(|_| rng.chance(0.5)).collect();
        if members.is_empty() {
            members.push(&agents[rng.below(agents.len())]);
        }
        let team = Team::new(format!("team{n}"), members.iter().map(|agent| agent.id.clone()));
        if rng.chance(0.6) { team.strategy(strategy(rng)) } else { team }
    };
    (0..1 + rng.below(3)).map(|n| team(n, rng)).collect()
}

/// A task may belong to one of them, or be governed in its own way.
pub fn governed(task: TaskBuilder, teams: &[Team], rng: &mut Rng) -> TaskBuilder {
    let task = if !teams.is_empty() && rng.chance(0.4) { task.team(&teams[rng.below(teams.len())].id) } else { task };
    if rng.chance(0.06) { task.strategy(strategy(rng)) } else { task }
}

/// Nobody is left to be in a team.
pub fn disband(flow: &mut Workflow) {
    flow.teams.clear();
    flow.tasks.iter_mut().for_each(|task| task.team = None);
}

/// Every team has a strategy of its own.
pub fn set_apart(flow: &mut Workflow) {
    for team in &mut flow.teams {
        let own = polity::workflow::Strategy { name: "min_completion".into(), settings: json!({}) };
        team.strategy.get_or_insert(own);
    }
}
