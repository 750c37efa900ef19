//! What the tasks of a run share: resources, `concurrency`, turns (`interleave`), and `mode: sequential`.

use super::RunActor;
use super::rank::Rank;
use crate::event::What;
use crate::mutation::planted;
use crate::plan::{Needs, NodeState, Turnstile};
use crate::workflow::{Action, Workflow};
use std::cmp::Reverse;

/// The doors of a run: none if its tasks share nothing.
pub(super) struct Doors {
    turnstile: Turnstile<Rank>,
    /// By task, what it needs.
    of: Vec<Option<usize>>,
    /// The names of what is shared, by number.
    names: Vec<String>,
    /// By task, the turns that it takes with those that are interleaved with it.
    turns: Vec<Vec<usize>>,
}

impl Doors {
    /// Those of a workflow. `alone`: its tasks are done one after the other whatever it says.
    pub(super) fn of(workflow: &Workflow, alone: bool) -> Option<Doors> {
        let mut units: Vec<u32> = workflow.resources.iter().map(|(_, units)| *units).collect();
        let mut names: Vec<String> = workflow.resources.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let mut single = |most: u32, name: String| {
            units.push(most);
            names.push(name);
            units.len() - 1
        };
        let turn = (workflow.sequential || alone).then(|| single(1, "its turn (mode: sequential)".into()));
        let mut turns = vec![Vec::new(); workflow.tasks.len()];
        for task in &workflow.tasks {
            if let Action::Interleave(named) = &task.action {
                let most = if planted("interleave_two") { 2 } else { 1 };
                let turn = single(most, format!("its turn (interleave: {})", task.id));
                named.iter().for_each(|at| turns[*at].push(turn));
            }
        }
        let (mut sets, mut of) = (Vec::<Needs>::new(), Vec::new());
        for (task, turns) in workflow.tasks.iter().zip(&turns) {
            let mut needs: Vec<(usize, u32)> = task.resources.clone();
            needs.extend(turns.iter().map(|turn| (*turn, 1)));
            needs.extend(turn.map(|turn| (turn, 1)));
            needs.extend(task.concurrency.map(|most| (single(most, format!("its turn (concurrency: {most})")), 1)));
            let known = sets.iter().position(|set| **set == *needs);
            of.push((!needs.is_empty()).then(|| {
                known.unwrap_or_else(|| {
                    sets.push(needs.into());
                    sets.len() - 1
                })
            }));
        }
        if planted("let_in_too_many") {
            units.iter_mut().for_each(|units| *units += 1);
        }
        (!sets.is_empty()).then(|| Doors { turnstile: Turnstile::new(units, sets), of, names, turns })
    }
}

impl RunActor {
    /// True if a ready instance has what it needs to begin; else it waits, and comes back when it has.
    pub(super) fn enters(&mut self, rank: Rank, instance: u32) -> bool {
        let Some(doors) = &mut self.doors else { return true };
        let Some((node, _)) = self.ledger.locate(instance) else { return true };
        let Some(set) = doors.of[node.index()] else { return true };
        if doors.turnstile.is_inside(instance) || doors.turnstile.enter(set, rank, instance) {
            return true;
        }
        let resource = self.workflow.tasks[node.index()].resources.first().map(|(resource, _)| *resource);
        let needs = resource.or_else(|| doors.turns[node.index()].first().copied());
        if let Some(resource) = needs {
            let (name, users) = (doors.names[resource].clone(), doors.turnstile.users_of(resource).collect::<Vec<_>>());
            let users: Vec<String> = users.into_iter().take(3).map(|user| format!("\"{}\"", self.name_of(user))).collect();
            if !users.is_empty() {
                let note = format!("it waits for {name}, which {} has", users.join(", ")).into();
                self.world.record(self.id, What::Noted { task: self.task(instance), note });
            }
        }
        false
    }
    /// An instance has ended: what it used is there for others.
    pub(super) fn leaves(&mut self, instance: u32) {
        let Some(doors) = self.doors.as_mut().filter(|_| !planted("keep_the_door")) else { return };
        let ledger = &self.ledger;
        let wanted = |who: u32| ledger.instance_state(who) == Some(NodeState::Ready);
        for (rank, next) in doors.turnstile.leave(instance, wanted) {
            self.ready.push((rank, Reverse(next)));
        }
    }
}
