//! Sub-agents that are made for one run, and go with it.

use super::RunError;
use super::launcher::{AGENTS, Launcher, check_spec};
use crate::actors::{CoordinatorId, Door, SupervisorMail};
use crate::workflow::Workflow;
use crate::world::Letter;
use polity_protocols::{AgentId, Name};
use std::ops::Range;

/// What was made for a run below another: agents, and coordinators of its team alone.
#[derive(Default)]
pub(super) struct Household {
    /// Each with its name.
    agents: Vec<(AgentId, Name)>,
    coordinators: (u32, u32),
}

impl Household {
    /// Makes the agents that a workflow brings along, under names that nobody else has (`helper@3`), and has its tasks and teams speak of
    /// these. One that was made from the same description before and has been retired comes back.
    pub(super) fn found(launcher: &Launcher, workflow: &mut Workflow) -> Result<Household, RunError> {
        for spec in &workflow.agents {
            check_spec(spec).map_err(|error| RunError::Setting(error.to_string()))?;
        }
        let mut household = Household::default();
        for spec in std::mem::take(&mut workflow.agents) {
            let lodger = launcher.nursery.lodge(&launcher.world, &launcher.functions, &spec);
            for task in workflow.tasks.iter_mut().filter(|task| task.agent.as_ref() == Some(&spec.id)) {
                task.agent = Some(lodger.group.clone());
            }
            for agent in workflow.teams.iter_mut().flat_map(|team| &mut team.agents).filter(|agent| **agent == spec.id) {
                *agent = lodger.group.clone();
            }
            for (spec, child) in lodger.children {
                launcher.adopt(Door::Agents, spec, child);
            }
            household.agents.extend(lodger.agents);
        }
        Ok(household)
    }
    /// Their names.
    pub(super) fn names(&self) -> Vec<Name> {
        self.agents.iter().map(|(_, name)| name.clone()).collect()
    }
    pub(super) fn is_empty(&self) -> bool {
        self.agents.is_empty()
    }
    /// With these coordinators, by number.
    pub(super) fn with_coordinators(self, own: Range<u32>) -> Household {
        Household { coordinators: (own.start, own.end), ..self }
    }
    /// See [`Household::with_coordinators`].
    pub(super) fn coordinators(&self) -> Range<u32> {
        self.coordinators.0..self.coordinators.1
    }
    /// Its agents are drained and end, and so do these coordinators.
    pub(super) fn retire(self, launcher: &Launcher, coordinators: Range<u32>) {
        let dismiss = |door: Door, child: u64| {
            if let Some(supervisor) = launcher.world.directory.supervisor(door) {
                launcher.world.send(Letter::Supervisor(supervisor, SupervisorMail::Dismiss { child }));
            }
        };
        for (agent, _) in &self.agents {
            dismiss(Door::Agents, u64::from(agent.0));
            launcher.nursery.moves_out(*agent);
        }
        for id in coordinators {
            launcher.world.directory.leave_coordinator(CoordinatorId(id));
            dismiss(Door::Root, AGENTS + 1 + u64::from(id));
        }
    }
}
