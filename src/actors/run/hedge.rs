//! The hedged tasks of a run: how long they take, and when a second agent is asked.

use super::RunActor;
use super::copies::{Holders, Step};
use crate::actors::messages::RunMail;
use crate::event::What;
use crate::lifecycle::{Durations, Hedge};
use crate::mutation::planted;
use crate::plan::NodeIx;
use crate::workflow::duration_text;
use crate::world::{AlarmId, Letter};
use actix::{AsyncContext, Context};
use polity_protocols::{Name, Time};
use std::collections::BTreeMap;

/// What a run knows of its hedged tasks.
#[derive(Default)]
pub(super) struct Hedges {
    /// How long they took, by kind.
    took: BTreeMap<Name, Durations>,
    /// When a try was awarded, by its number.
    awarded: BTreeMap<u32, Time>,
    /// Tasks that wait for their kind's durations to be known, by instance: since when.
    unsure: BTreeMap<u32, Time>,
    alarms: BTreeMap<u32, AlarmId>,
}

impl RunActor {
    fn hedge_of(&self, instance: u32) -> Option<(NodeIx, Hedge)> {
        let (node, _) = self.ledger.locate(instance)?;
        Some((node, self.workflow.tasks[node.index()].hedge?))
    }
    /// A try at a hedged task was awarded: from now on it should not take too long.
    pub(super) fn hedge_awarded(&mut self, number: u32, context: &mut Context<RunActor>) {
        let Some(instance) = self.ballots.of(number) else { return };
        let Some((node, hedge)) = self.hedge_of(instance) else { return };
        let now = self.world.now();
        self.hedges.awarded.insert(number, now);
        if self.ballots.has_second(instance) {
            return;
        }
        match self.patience(node, hedge) {
            Some(after) => self.set_hedge(instance, now + after, context),
            None => drop(self.hedges.unsure.insert(instance, now)),
        }
    }
    fn patience(&self, node: NodeIx, hedge: Hedge) -> Option<core::time::Duration> {
        match hedge {
            Hedge::After(after) => Some(after),
            Hedge::Percentile(percent) => self.hedges.took.get(&self.workflow.tasks[node.index()].kind)?.percentile(percent),
        }
    }
    fn set_hedge(&mut self, instance: u32, at: Time, context: &mut Context<RunActor>) {
        let letter = Letter::Run(context.address(), RunMail::Slow { task: instance });
        let alarm = self.world.alarm(at.max(self.world.now()), letter);
        if let Some(earlier) = self.hedges.alarms.insert(instance, alarm) {
            self.world.silence(earlier);
        }
    }
    /// A try at a hedged task has ended.
    pub(super) fn hedge_settled(&mut self, number: u32, completed: bool, context: &mut Context<RunActor>) {
        let Some(instance) = self.ballots.of(number) else { return };
        let Some((node, Hedge::Percentile(_))) = self.hedge_of(instance) else { return };
        let Some(since) = self.hedges.awarded.remove(&number).filter(|_| completed) else { return };
        let kind = &self.workflow.tasks[node.index()].kind;
        self.hedges.took.entry(kind.clone()).or_default().add(self.world.now().since(since));
        let kind = kind.clone();
        for (instance, since) in std::mem::take(&mut self.hedges.unsure) {
            let of = self.hedge_of(instance).filter(|(node, _)| self.workflow.tasks[node.index()].kind == kind);
            match of.and_then(|(node, hedge)| self.patience(node, hedge)) {
                Some(after) => self.set_hedge(instance, since + after, context),
                None => drop(self.hedges.unsure.insert(instance, since)),
            }
        }
    }
    /// A hedged task is over.
    pub(super) fn hedge_over(&mut self, instance: u32) {
        self.hedges.unsure.remove(&instance);
        if let Some(alarm) = self.hedges.alarms.remove(&instance) {
            self.world.silence(alarm);
        }
    }
    /// A try takes too long: another agent is asked too.
    pub(super) fn hedge(&mut self, instance: u32, context: &mut Context<RunActor>) {
        self.hedges.alarms.remove(&instance);
        let Some(mut step) = self.ballots.open_second(instance) else { return };
        if let Step::Open { holders, .. } = &mut step
            && planted("hedge_with_the_same")
        {
            *holders = Holders::default();
        }
        if let Some((node, hedge)) = self.hedge_of(instance) {
            let after = self.patience(node, hedge).map(duration_text).unwrap_or_default();
            let which = if let Hedge::Percentile(percent) = hedge { format!(" (p{percent})") } else { String::new() };
            let note = format!("it takes longer than {after}{which}: another agent does it too").into();
            self.world.record(self.id, What::Noted { task: self.task(instance), note });
        }
        self.steps.push(step);
        self.proceed(context);
    }
}
