//! Ranks of a run: worked out on paper before it begins, once for each plan and team.

use crate::actors::{Book, CoordinatorId, Offices};
use crate::plan::{NodeIx, Plan, Refined, Team, refine};
use crate::workflow::{Task, Workflow};
use polity_protocols::{AgentId, Demand, DemandId, Profile};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

/// Ranks that were worked out already: of sub-runs that are all alike, and of a laboratory's tries of one subject. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rankings(Arc<Mutex<BTreeMap<u64, Option<Arc<Refined>>>>>);

/// Plans of which it is remembered.
const KEPT: usize = 256;
/// Kinds of work beyond which nothing is tried: each is looked for among those before it.
const KINDS: usize = 256;

impl Rankings {
    /// The ranks of a run: those of `limits.rank_trials` orders that are best on paper.
    ///
    /// None where nobody estimated anything, and where a list or a condition decides later what there is to do.
    pub(super) fn of(
        &self,
        workflow: &Workflow,
        plan: &Plan,
        offices: &Offices,
        agents: &[Arc<Profile>],
        room: usize,
    ) -> Option<Arc<Refined>> {
        let trials = workflow.limits.rank_trials;
        let known = |task: &Task| task.for_each.is_none() && task.when.is_none();
        if trials == 0 || !workflow.tasks.iter().any(|task| task.expected().is_some()) || !workflow.tasks.iter().all(known) {
            return None;
        }
        let team = team(workflow, offices, agents)?;
        let key = key(plan, &team, (room, trials));
        if let Some(known) = self.kept().get(&key) {
            return known.clone();
        }
        let ranks = refine(plan, &team, room, trials).map(Arc::new);
        let mut kept = self.kept();
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(key, ranks.clone());
        ranks
    }
    fn kept(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Option<Arc<Refined>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who can do what in a run.
fn team(workflow: &Workflow, offices: &Offices, agents: &[Arc<Profile>]) -> Option<Team> {
    let slots: Vec<(AgentId, &Profile)> =
        (0..).zip(agents).flat_map(|(n, profile)| (0..profile.slots.max(1)).map(move |_| (AgentId(n), &**profile))).collect();
    let foresees = offices.all().iter().all(|(book, _)| book.government.foresees());
    let mut demands: Vec<(CoordinatorId, &Task, u32)> = Vec::new();
    let (mut kinds, mut rates): (Vec<u32>, Vec<Vec<f64>>) = (Vec::with_capacity(workflow.tasks.len()), Vec::new());
    for (node, task) in (0..).zip(&workflow.tasks) {
        let book = offices.of(NodeIx(node));
        let same = |(id, other, _): &&(CoordinatorId, &Task, u32)| {
            *id == book.id && other.kind == task.kind && other.needs == task.needs && other.agent == task.agent
        };
        if let Some((.., kind)) = demands.iter().rev().find(same) {
            kinds.push(*kind);
            continue;
        }
        if demands.len() == KINDS {
            return None;
        }
        let row = rates_of(task, book, &slots);
        // What the same ones can do equally fast is one kind of work.
        let kind = rates.iter().position(|known| *known == row).unwrap_or_else(|| {
            rates.push(row);
            rates.len() - 1
        });
        demands.push((book.id, task, kind as u32));
        kinds.push(kind as u32);
    }
    (!rates.is_empty()).then(|| Team::new(kinds, rates)).map(|team| if foresees { team.foreseeing() } else { team })
}

fn rates_of(task: &Task, book: &Book, slots: &[(AgentId, &Profile)]) -> Vec<f64> {
    let demand = Demand { id: DemandId(0), kind: task.kind.clone(), needs: task.needs.clone(), agent: task.agent.clone() };
    let rate = |(id, profile): &(AgentId, &Profile)| {
        let fit = demand.fit(*id, profile).filter(|_| book.admits(profile))?;
        let rate = 1.0 / profile.seconds_for(1.0, fit);
        rate.is_finite().then_some(rate)
    };
    slots.iter().map(|slot| rate(slot).unwrap_or(0.0)).collect()
}

/// A number that two differ in if they differ in anything that matters here.
fn key(plan: &Plan, team: &Team, effort: (usize, u32)) -> u64 {
    let mut hasher = DefaultHasher::new();
    (effort, plan.len(), team.foresees()).hash(&mut hasher);
    for node in plan.nodes() {
        plan.weight(node).to_bits().hash(&mut hasher);
        hasher.write_usize(plan.dependencies(node).len());
        plan.dependencies(node).iter().for_each(|(on, _)| hasher.write_u32(on.0));
    }
    team.kinds().hash(&mut hasher);
    for rates in team.rates() {
        rates.iter().for_each(|rate| hasher.write_u64(rate.to_bits()));
    }
    hasher.finish()
}
