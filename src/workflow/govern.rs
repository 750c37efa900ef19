//! Whether teams and strategies make sense: who belongs to whom, and what a protocol says of its settings.

use super::able::means;
use super::check::Check;
use super::draft::{Draft, DraftStrategy, DraftTask, DraftTeam};
use super::policies::unknown_strategy;
use super::problem::{Problem, Span};
use super::text::nearest;
use crate::registry::Government;
use polity_agents::AgentSpec;
use polity_protocols::consensus::Consensus;

/// The agents of a team: all of them without one.
pub(super) fn members<'a>(team: Option<&DraftTeam>, agents: &'a [AgentSpec]) -> Vec<&'a AgentSpec> {
    let belongs = |agent: &&AgentSpec| team.is_none_or(|team| team.agents.iter().any(|id| id.value == agent.id));
    agents.iter().filter(belongs).collect()
}
/// The team of a task.
pub(super) fn team_of<'a>(task: &DraftTask, draft: &'a Draft) -> Option<&'a DraftTeam> {
    let id = task.team.as_ref()?;
    draft.teams.iter().find(|team| team.id.value == id.value)
}

impl Check<'_> {
    /// Teams, the tasks that name them, and every strategy wherever it stands.
    pub(super) fn teams(&mut self, draft: &Draft, agents: &[AgentSpec]) {
        draft.teams.iter().for_each(|team| self.team(team, agents));
        for task in &draft.tasks {
            self.task_team(task, draft);
        }
        if let Some(strategy) = &draft.strategy {
            self.strategy(strategy, "all", agents.iter().collect());
        }
        for team in &draft.teams {
            if let Some(strategy) = team.strategy.as_ref().or(draft.strategy.as_ref()) {
                self.strategy(strategy, &team.id.value, members(Some(team), agents));
            }
        }
        for task in &draft.tasks {
            if let Some(strategy) = &task.strategy {
                let team = team_of(task, draft);
                let name = team.map_or("all", |team| &team.id.value);
                self.strategy(strategy, name, members(team, agents));
            }
        }
    }

    fn team(&mut self, team: &DraftTeam, agents: &[AgentSpec]) {
        let id = &team.id.value;
        if team.agents.is_empty() {
            self.problems.push(Problem::new(team.id.span, format!("team \"{id}\" has no agents")));
        }
        for (at, agent) in team.agents.iter().enumerate() {
            let name = &agent.value;
            if team.agents[..at].iter().any(|other| other.value == *name) {
                self.problems.push(Problem::new(agent.span, format!("team \"{id}\" has agent \"{name}\" twice")));
            } else if !agents.iter().any(|a| a.id == *name) {
                if !self.missing.contains(name) {
                    self.missing.push(name.clone());
                }
                let message =
                    format!("team \"{id}\" has agent \"{name}\", which is defined neither here nor in the configuration");
                let near = nearest(name, agents.iter().map(|a| &*a.id)).map(|word| format!("did you mean \"{word}\"?"));
                self.warnings.push(Problem::new(agent.span, message).maybe(near));
            }
        }
    }

    fn task_team(&mut self, task: &DraftTask, draft: &Draft) {
        let Some(named) = &task.team else { return };
        let id = &task.id.value;
        let Some(team) = team_of(task, draft) else {
            let message = format!("task \"{id}\" is for team \"{}\", which is not a team", named.value);
            let near = nearest(&named.value, draft.teams.iter().map(|t| &*t.id.value));
            let help = match near {
                Some(word) => format!("did you mean \"{word}\"?"),
                None => "declare it under `teams`".into(),
            };
            return self.problems.push(Problem::new(named.span, message).help(help));
        };
        if let Some(pin) = &task.agent
            && !team.agents.iter().any(|agent| *agent.value == *pin.value || is_replica(&pin.value, &agent.value))
        {
            let message = format!("task \"{id}\" is for agent \"{}\", which is not in its team \"{}\"", pin.value, team.id.value);
            let all: Vec<&str> = team.agents.iter().map(|a| &*a.value).collect();
            self.problems.push(Problem::new(pin.span, message).help(format!("the team has {}", all.join(", "))));
        }
    }

    /// One strategy, for a team of these agents.
    fn strategy(&mut self, strategy: &DraftStrategy, team: &str, agents: Vec<&AgentSpec>) {
        if let Some(problem) = unknown_strategy(&strategy.value.name, &self.known.strategies) {
            let problem = Problem { span: strategy.span, ..problem };
            return self.say_once(problem);
        }
        let Some(registry) = &self.known.registry else { return };
        match registry.make(&strategy.value.name, &strategy.value.settings) {
            Ok(government) => self.quorum(&government, team, &agents),
            Err(_) if self.known.overrides.strategy.as_ref() == Some(&strategy.value) => {} // who said it hears of it
            Err(why) => {
                let span = place(strategy, &why).unwrap_or(strategy.span);
                self.say_once(Problem::new(span, why));
            }
        }
    }
    /// A strategy may stand for several teams; what is wrong with it is said once.
    fn say_once(&mut self, problem: Problem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// What the quorum of an assembly means for a team of equal agents.
    fn quorum(&mut self, government: &Government, team: &str, agents: &[&AgentSpec]) {
        let Ok(set) = serde_json::from_value::<Consensus>(government.settings()) else { return };
        if government.name() != "consensus" || agents.is_empty() {
            return;
        }
        let count = agents.iter().map(|agent| agent.replicas as usize).sum::<usize>();
        let (voters, needed) = (count.min(set.committee), set.voters_needed(count));
        let whom = match voters == count {
            true => format!("the {}", agents_of(count)),
            false => format!("a committee of {voters} out of {}", agents_of(count)),
        };
        let everybody =
            if needed == voters && voters > 1 { ": everybody, so that one silent voter delays every decision" } else { "" };
        let quorum = (set.quorum * 1e4).round() / 1e4;
        let note =
            format!("quorum {quorum} of team \"{team}\": {needed} of {voters} must vote ({whom}, of equal weight){everybody}");
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

fn agents_of(n: usize) -> String {
    format!("{n} agent{}", if n == 1 { "" } else { "s" })
}

/// `shell-2` of `shell`.
fn is_replica(name: &str, of: &str) -> bool {
    name.strip_prefix(of).and_then(|rest| rest.strip_prefix('-')).is_some_and(|n| n.parse::<u32>().is_ok())
}

/// Where the setting stands that a protocol's sentence is about: the longest whose name is a word in it. An unknown one at its key, any other
/// at its value.
fn place(strategy: &DraftStrategy, why: &str) -> Option<Span> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let is_word = |name: &str| {
        why.match_indices(name).any(|(at, _)| !why[..at].ends_with(part) && !why[at + name.len()..].starts_with(part))
    };
    let named = strategy.settings.iter().filter(|(name, ..)| is_word(name));
    let (_, key, value) = named.max_by_key(|(name, ..)| name.len())?;
    Some(if why.contains("no setting") { *key } else { *value })
}

/// True if a pinned name is in a team, as itself or as a replica.
pub(super) fn may_do(agent: &AgentSpec, pin: Option<&str>) -> bool {
    pin.is_none_or(|pin| means(pin, agent))
}
