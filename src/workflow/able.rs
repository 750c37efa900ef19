//! Whether somebody can do every task.

use super::Known;
use super::check::Check;
use super::draft::{Draft, DraftSupervisor, DraftTask};
use super::govern::{may_do, members, team_of};
use super::problem::Problem;
use super::text::nearest;
use crate::supervision::SupervisorSpec;
use polity_agents::AgentSpec;
use polity_protocols::Name;
use std::collections::BTreeSet;

/// The agents of the file, then those of the configuration that it doesn't define.
pub(super) fn everyone(draft: &Draft, known: &Known) -> Vec<AgentSpec> {
    let own = draft.agents.iter().map(|a| a.value.clone());
    let others = known.agents.iter().filter(|k| !draft.agents.iter().any(|a| a.value.id == k.id)).cloned();
    own.chain(others).collect()
}

/// True if the name means this agent or one of its replicas.
pub(super) fn means(name: &str, agent: &AgentSpec) -> bool {
    let replica = || {
        let n = name.strip_prefix(&*agent.id)?.strip_prefix('-')?.parse::<u32>().ok()?;
        Some((1..=agent.most()).contains(&n) && agent.is_numbered())
    };
    *agent.id == *name || replica().unwrap_or(false)
}

/// What one task demands.
struct Demand<'a> {
    kind: &'a str,
    needs: &'a [(Name, f64)],
}

impl Demand<'_> {
    fn is_met_by(&self, agent: &AgentSpec) -> bool {
        (self.kind.is_empty() || agent.can.score(self.kind) > 0.0) && self.needs.iter().all(|(n, min)| agent.can.score(n) >= *min)
    }

    /// Why none of these can do it.
    fn lack(&self, agents: &[&AgentSpec]) -> String {
        let best = |name: &str| agents.iter().map(|a| a.can.score(name)).fold(0.0, f64::max);
        if agents.is_empty() {
            return "there are no agents".into();
        }
        let mut lacks = Vec::new();
        if !self.kind.is_empty() && best(self.kind) <= 0.0 {
            lacks.push(format!("it needs {}, which no agent has", self.kind));
        }
        for (name, minimum) in self.needs {
            let score = best(name);
            if score <= 0.0 && *minimum > 0.0 {
                lacks.push(format!("it needs {name} ≥ {minimum}, which no agent has"));
            } else if score < *minimum {
                lacks.push(format!("it needs {name} ≥ {minimum}, the best agent has {score}"));
            }
        }
        if lacks.is_empty() {
            let kind = (!self.kind.is_empty()).then(|| format!("{} > 0", self.kind));
            let all: Vec<String> = kind.into_iter().chain(self.needs.iter().map(|(n, m)| format!("{n} ≥ {m}"))).collect();
            return format!("no single agent has {}", all.join(" and "));
        }
        lacks.join(" and ")
    }
}

impl Check<'_> {
    /// Reports tasks that nobody can ever do, and agents that are named and not there.
    pub(super) fn abilities(&mut self, draft: &Draft, agents: &[AgentSpec]) {
        let tasks = &draft.tasks;
        for task in tasks {
            if let Some(pin) = &task.agent
                && !agents.iter().any(|a| means(&pin.value, a))
            {
                if !self.missing.contains(&pin.value) {
                    self.missing.push(pin.value.clone());
                }
                let message = format!("agent \"{}\" is defined neither here nor in the configuration", pin.value);
                let near = nearest(&pin.value, agents.iter().map(|a| &*a.id)).map(|w| format!("did you mean \"{w}\"?"));
                self.warnings.push(Problem::new(pin.span, message).maybe(near));
            }
        }
        let mut good: BTreeSet<String> = BTreeSet::new();
        for task in tasks.iter().filter(|task| task.action.is_job()) {
            let pin = task.agent.as_ref().map(|p| &p.value);
            // Equal demands are looked at once.
            let same = format!(
                "{:?}",
                (
                    pin,
                    &task.kind.value,
                    &task.needs,
                    task.redundancy.as_ref().map(|_| &task.id.value),
                    task.team.as_ref().map(|t| &t.value)
                )
            );
            if pin.is_some_and(|p| self.missing.contains(p)) || good.contains(&same) {
                continue;
            }
            if self.is_able(task, draft, agents) {
                good.insert(same);
            }
        }
    }

    /// Copies are for different agents.
    fn redundancy(&mut self, task: &DraftTask, able: u32) {
        let Some(redundancy) = &task.redundancy else { return };
        if let Some(problem) = redundancy.value.problem() {
            return self.problems.push(Problem::new(redundancy.span, problem));
        }
        let (copies, id) = (redundancy.value.copies, &task.id.value);
        if able < copies {
            let message = format!("task \"{id}\" has {copies} copies, but only {able} can do it: some will do it more than once");
            let help = "results of one agent are no independent evidence; have fewer copies, or more agents";
            self.warnings.push(Problem::new(redundancy.span, message).help(help));
        }
        let needed = redundancy.value.needed();
        self.notes.push(format!("redundancy of \"{id}\": {needed} of {copies} copies must give a result"));
    }

    /// Reports supervisors that make no sense: the first thing that is wrong.
    pub(super) fn supervision(&mut self, supervisors: &[DraftSupervisor], agents: &[AgentSpec]) {
        let specs: Vec<SupervisorSpec> = supervisors.iter().map(|s| s.spec.value.clone()).collect();
        let known = |id: &Name| agents.iter().any(|a| a.id == *id) || self.missing.contains(id);
        let Some(bad) = SupervisorSpec::first_problem(&specs, known) else { return };
        let given = &supervisors[bad.group];
        let (span, near) = match bad.agent {
            Some(at) => {
                let near = nearest(&given.spec.value.agents[at], agents.iter().map(|a| &*a.id));
                let near = near.filter(|near| **near != *given.spec.value.agents[at]);
                (given.agents.get(at).copied().unwrap_or(given.spec.span), near)
            }
            None => (given.spec.span, None),
        };
        let problem = Problem::new(span, bad.sentence).maybe(near.map(|word| format!("did you mean \"{word}\"?")));
        self.problems.push(problem);
    }

    /// Reports agents that faults name and nobody knows. Where nobody is known at all, a society may have them.
    pub(super) fn faults(&mut self, draft: &Draft, agents: &[AgentSpec]) {
        for (name, span) in draft.faults.iter().flat_map(|faults| &faults.names) {
            let known =
                agents.iter().any(|a| a.id == *name || a.profiles().any(|p| p.name == *name)) || self.missing.contains(name);
            if !agents.is_empty() && !known {
                let near = nearest(name, agents.iter().map(|a| &*a.id)).map(|word| format!("did you mean \"{word}\"?"));
                self.problems.push(Problem::new(*span, format!("`faults` names \"{name}\", which is not an agent")).maybe(near));
            }
        }
    }

    fn is_able(&mut self, task: &DraftTask, draft: &Draft, agents: &[AgentSpec]) -> bool {
        let (pin, team) = (task.agent.as_ref(), team_of(task, draft));
        let mut candidates = members(team, agents);
        candidates.retain(|agent| may_do(agent, pin.map(|p| &*p.value)));
        if candidates.is_empty() && team.is_some() {
            return true; // what is wrong with its team is said elsewhere
        }
        // A pinned agent does the work even if it doesn't list the kind.
        let kind = if pin.is_some() { "" } else { &*task.kind.value };
        let demand = Demand { kind, needs: &task.needs };
        let able: u32 = candidates.iter().filter(|a| demand.is_met_by(a)).map(|a| a.most()).sum();
        if able > 0 {
            self.redundancy(task, able);
            return true;
        }
        let why = match pin {
            Some(p) => demand.lack(&candidates).replace("the best agent has", &format!("agent \"{}\" has", p.value)),
            None => demand.lack(&candidates),
        };
        let of_team = team.map_or(String::new(), |team| format!(" of team \"{}\"", team.id.value));
        let message = format!("no agent{of_team} can ever do \"{}\": {why}", task.id.value);
        let every: BTreeSet<&str> = agents.iter().flat_map(|a| a.can.iter().map(|(n, _)| &**n)).collect();
        let near = nearest(kind, every.into_iter().filter(|_| !kind.is_empty())).filter(|w| *w != kind);
        let span = if kind.is_empty() { task.id.span } else { task.kind.span };
        let problem = Problem::new(span, message).maybe(near.map(|w| format!("did you mean \"{w}\"?")));
        // With agents missing nobody knows what they could do.
        if self.missing.is_empty() {
            self.problems.push(problem)
        } else {
            self.warnings.push(problem)
        }
        false
    }
}
