//! What is made of a workflow and of its agents before they are tried.

use crate::workflow::{Action, Given, Workflow, bind_inputs};
use polity_agents::{AgentSpec, Distribution as Drawn, Simulation};
use polity_protocols::Name;
use std::sync::Arc;

/// What is said of a workflow whose agents are not there.
pub(super) fn lack(missing: &[Name]) -> Option<String> {
    let names: Vec<&str> = missing.iter().map(|name| &**name).collect();
    let what = match names[..] {
        [] => return None,
        [one] => format!("an agent is named and not defined: {one}"),
        _ => format!("agents are named and not defined: {}", names.join(", ")),
    };
    Some(format!("{what}; define what is missing under `agents` here or in ./polity.yaml, or make it up with --mock"))
}

/// Takes away every strategy that a workflow names; true if a part of it had one of its own.
pub(super) fn ungoverned(flow: &mut Workflow) -> bool {
    flow.strategy = None;
    let mut had = false;
    for own in flow.teams.iter_mut().map(|team| &mut team.strategy) {
        had |= own.take().is_some();
    }
    for task in &mut flow.tasks {
        had |= task.strategy.take().is_some();
        if let Action::Workflow(inner) = &mut task.action {
            had |= inner.strategy.is_some();
            had |= ungoverned(Arc::make_mut(inner));
        }
    }
    had
}

/// Gives required inputs that have no default a value of their type, since nothing real is done with it; what was given, in a sentence.
pub(super) fn made_up(flow: &mut Workflow) -> Option<String> {
    let bound = bind_inputs::<String, Given>(flow, [], true).ok()?;
    let mut names = Vec::new();
    let mut inputs = flow.inputs.to_vec();
    for input in inputs.iter_mut().filter(|input| bound.made_up.contains(&input.name)) {
        let value = bound.values.get(&input.name)?;
        input.default = Some((**value).clone());
        names.push(format!("\"{}\" is {value}", input.name));
    }
    flow.inputs = inputs;
    (!names.is_empty()).then(|| format!("required inputs are made up: {}", names.join(", ")))
}

/// Work that was constant strays.
pub(super) fn disturb(flow: &mut Workflow, sigma: f64) {
    for task in &mut flow.tasks {
        match &task.action {
            Action::Simulate(simulation) => {
                let mean = match simulation.work {
                    None => task.estimate.unwrap_or(1.0),
                    Some(Drawn::Constant(work)) => work,
                    Some(_) => continue, // it says itself how it strays
                };
                let work = Some(Drawn::around(mean, sigma));
                task.action = Action::Simulate(Arc::new(Simulation { work, ..(**simulation).clone() }));
            }
            Action::Workflow(inner) => {
                let mut inner = (**inner).clone();
                disturb(&mut inner, sigma);
                task.action = Action::Workflow(Arc::new(inner));
            }
            _ => {}
        }
    }
}

/// So many agents in all, each kind in proportion to its replicas, and at least one of each.
pub(in crate::laboratory) fn multiply(agents: &mut [AgentSpec], n: usize) {
    // One of each kind; the rest by largest share, so that it adds up.
    let all: u32 = agents.iter().map(|spec| spec.replicas).sum();
    let rest = n.saturating_sub(agents.len()) as f64;
    let (mut before, mut given) = (0, 0);
    for spec in agents {
        before += spec.replicas;
        let due = (rest * f64::from(before) / f64::from(all.max(1))).round() as u32;
        (spec.replicas, spec.replicated, spec.elastic) = (1 + due - given, true, None);
        given = due;
    }
}
