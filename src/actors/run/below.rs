//! What sub-runs did is undone with the task that they belong to, if that has nothing of its own that undoes it.
//!
//! A sub-run that ends leaves to the run above what would undo it: for each instance the job, as it was rendered when the instance completed. When
//! the task's turn comes, a run of the same workflow begins that [does nothing but undo](crate::report::Recall::undoing); it does the same
//! with the sub-runs below it. Nothing is kept where no run above compensates.
//!
//! Sources: Garcia-Molina, Gawlick, Klein, Kleissner and Salem, *Modeling Long-Running Activities as Nested Sagas* (1991); WS-BPEL 2.0,
//! section 12.5, for the default handler that an explicit one replaces.

use super::RunActor;
use super::nest::{ChildEnd, ChildSetup, Finish, Origin, ParentLine};
use crate::actors::messages::RunMail;
use crate::event::{Parent, RunStatus, UNDOING, What};
use crate::mutation::planted;
use crate::plan::{NodeIx, NodeState};
use crate::report::{Below, NO_PLACE, Recall};
use crate::workflow::Action;
use crate::world::Letter;
use actix::{Addr, AsyncContext, Context};
use polity_protocols::Name;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The number of a sub-run that undoes what another did: there is one at a time of a task.
pub(super) const BACK: u32 = u32::MAX;

/// A sub-run that undoes what another did.
pub(super) struct Back {
    addr: Addr<RunActor>,
    /// What it is to undo, by path.
    effects: Vec<Name>,
    /// The same, if there is a run further above that may try once more.
    below: Option<Below>,
}

impl RunActor {
    /// True if what it does may have to be undone, by itself or by a run above.
    pub(super) fn may_undo(&self) -> bool {
        self.compensates() || self.nest.origin.is_undone_above
    }
    /// The tasks that have something that undoes them, where a run above may have to.
    pub(super) fn undoes(&self) -> Vec<u32> {
        let all = (0..).zip(&self.workflow.tasks).filter(|_| self.nest.origin.is_undone_above);
        all.filter(|(_, task)| task.compensate.is_some()).map(|(node, _)| node).collect()
    }
    /// Its end leaves this to the run above: what it did and has not undone itself, if anything.
    pub(super) fn leaves_above(&mut self, status: RunStatus) -> Option<Box<Below>> {
        if !self.nest.origin.is_undone_above || planted("forget_what_a_sub_run_did") {
            return None;
        }
        let undone = self.saga.undone();
        let mut recall = Recall::of_sub_run(self.key_name());
        let (mut own, mut below) = (std::mem::take(&mut self.saga.plans), std::mem::take(&mut self.saga.below));
        below.retain(|_, all| !all.is_empty());
        let instances: BTreeSet<u32> = own.keys().chain(below.keys()).copied().filter(|n| !undone.contains(n)).collect();
        for instance in &instances {
            let Some((node, _)) = self.ledger.locate(*instance) else { continue };
            let (name, output) = (self.name_of(*instance), self.progress.of(*instance).and_then(|fact| fact.output.clone()));
            if self.ledger.is_expanded(node) {
                let items = self.progress.expansions.get(&node.0).map(|expansion| expansion.items.clone());
                recall.became_many(self.id_of(node).clone(), items);
            }
            match own.remove(instance).filter(|_| !self.saga.half.contains(instance)) {
                Some(undo) => recall.can_undo(name.clone(), output, Some(undo)),
                None => recall.gave(&name, output),
            }
            if self.saga.half.contains(instance) {
                recall.is_half_undone(name.clone());
            }
            if let Some(all) = below.remove(instance) {
                recall.did_below(name, all);
            }
        }
        if recall.effects().is_empty() {
            return None;
        }
        let inputs = self.inputs.iter().map(|(name, value)| (name.to_string(), Value::clone(value))).collect();
        let (name, completed) = (self.key_name(), status == RunStatus::Completed);
        Some(Box::new(Below { name, completed, inputs: Value::Object(inputs), recall, flow: None }))
    }
    /// What the record of an earlier run knows of sub-runs is undone with the tasks of this one.
    pub(super) fn recall_below(&mut self) {
        let known = self.recall.take_below();
        if known.is_empty() {
            return;
        }
        let plan = self.ledger.shared_plan();
        let all = plan.nodes().flat_map(|node| self.ledger.instances(node).range().map(move |n| (node, n)));
        let places: BTreeMap<Name, (NodeIx, u32)> = all.map(|(node, n)| (self.name_of(n), (node, n))).collect();
        for (name, mut known) in known {
            let Some((node, instance)) = places.get(&name).copied() else {
                let effects = known.iter().flat_map(|below| below.effects(&name));
                self.saga.lost.extend(effects.map(|effect| (effect, NO_PLACE.to_owned())));
                continue;
            };
            let well = self.ledger.instance_state(instance) == Some(NodeState::Succeeded);
            if well && self.workflow.tasks[node.index()].compensate.is_some() {
                known.retain(|below| !below.completed);
            }
            if known.is_empty() && !well {
                continue; // nothing is left of it, and it is not to be told so
            }
            let all = self.saga.below.entry(instance).or_default();
            all.splice(0..0, known); // they were before all that this run did
        }
    }
    /// The last sub-run of an instance that is not undone, is.
    pub(super) fn go_back_below(&mut self, instance: u32, below: Below, context: &mut Context<RunActor>) {
        let (Some((node, _)), task) = (self.ledger.locate(instance), self.name_of(instance)) else { return };
        let effects = below.effects(&task);
        let named = || match &self.workflow.tasks[node.index()].action {
            Action::Workflow(flow) => Some((flow.clone(), None)),
            _ => None,
        };
        let kept = self.nest.origin.is_undone_above.then(|| below.clone());
        let Some((flow, team)) = below.flow.or_else(named) else {
            let why = format!("an agent handed on the work of {}, and the record does not say what undoes it", below.name);
            kept.into_iter().for_each(|below| self.saga.did_below(instance, below));
            return self.left_below(instance, effects.into_iter().map(|effect| (effect, why.clone())).collect());
        };
        let inputs = below.inputs.as_object().into_iter().flatten();
        let lineage = self.nest.origin.lineage.beside(&flow.delegation);
        let setup = ChildSetup {
            name: format!("{}.undo", below.name).into(),
            inputs: inputs.map(|(name, value)| (name.as_str().into(), value.clone())).collect(),
            workflow: flow,
            book: self.offices.of(node).clone(),
            their_own: self.nest.their_own,
            team,
            origin: Origin {
                parent: Some(Parent { run: self.id, task: instance }),
                // No budget and no bound stands in the way of what must be undone.
                purse: None,
                agents: 0,
                alone: false,
                budget: self.nest.origin.budget.clone(),
                is_undone_above: kept.is_some(),
                salt: self.nest.origin.salt.clone(),
                lineage,
            },
            recall: below.recall.going_back(self.saga.because()),
            finish: Finish::Parent(ParentLine { parent: context.address(), task: instance, number: BACK }),
        };
        let depth = setup.origin.lineage.depth();
        match self.nest.launcher.begin_child(setup) {
            Ok((child, addr)) => {
                self.world.record(self.id, What::Nested { task: self.task(instance), child, depth, round: UNDOING });
                self.saga.back.insert(instance, Back { addr, effects, below: kept });
            }
            Err(why) => {
                let why = format!("the run that would undo it can't begin: {why}");
                kept.into_iter().for_each(|below| self.saga.did_below(instance, below));
                self.left_below(instance, effects.into_iter().map(|effect| (effect, why.clone())).collect());
            }
        }
    }
    /// A sub-run that undid what another did is over.
    pub(super) fn went_back(&mut self, instance: u32, end: ChildEnd, context: &mut Context<RunActor>) {
        let Some(Back { effects, below, .. }) = self.saga.back.remove(&instance) else { return self.world.ignore() };
        let more = self.saga.below.get(&instance).is_some_and(|below| !below.is_empty());
        if end.nothing_left && more {
            self.saga.ready.push_front(instance);
        } else if end.nothing_left {
            self.wholly_undone(instance);
        } else {
            let task = self.name_of(instance);
            let path = |(effect, why): &(Name, String)| (Name::from(format!("{task}/{effect}")), why.clone());
            let mut left: Vec<(Name, String)> = end.left.iter().map(path).collect();
            if left.is_empty() {
                let why = "the run that was to undo it was lost";
                left = effects.into_iter().map(|effect| (effect, why.to_owned())).collect();
            }
            if let Some(below) = below {
                let rest = end.did.map_or_else(|| below.recall.clone(), |did| did.recall);
                self.saga.did_below(instance, Below { recall: rest, ..below });
            }
            self.left_below(instance, left);
        }
        self.undo_more(context);
        if !self.saga.goes_on() {
            self.inquire(context);
        }
    }
    fn left_below(&mut self, instance: u32, left: Vec<(Name, String)>) {
        let reason = format!("its sub-run left {} effect{}", left.len(), if left.len() == 1 { "" } else { "s" });
        self.saga.left_below.entry(instance).or_default().extend(left);
        self.left(instance, reason);
    }
    /// Those that undo what sub-runs did are told the same.
    pub(super) fn tell_those_who_go_back(&self, mail: impl Fn() -> RunMail) {
        for back in self.saga.back.values() {
            self.world.send(Letter::Run(back.addr.clone(), mail()));
        }
    }
    /// How many tasks were undone, and what is left: by path.
    pub(super) fn undone_and_left(&mut self) -> (u32, Vec<(Name, String)>) {
        let mut all = Vec::new();
        let (undone, left) = self.saga.tell();
        for (instance, why) in left {
            let name = self.name_of(instance);
            if self.saga.plans.contains_key(&instance) && !self.saga.half.contains(&instance) {
                all.push((name.clone(), why));
            }
            let tried = self.saga.left_below.remove(&instance).unwrap_or_default();
            let further = self.saga.below.get(&instance).into_iter().flatten().flat_map(|below| below.effects(&name));
            let further: Vec<Name> = further.filter(|effect| !tried.iter().any(|(tried, _)| tried == effect)).collect();
            all.extend(tried);
            all.extend(further.into_iter().map(|effect| (effect, "what stands on it could not be undone".to_owned())));
        }
        all.append(&mut self.saga.lost);
        (undone, all)
    }
}
