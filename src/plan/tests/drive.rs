//! A caller that does to a ledger, in a random order, what was decided for each task beforehand, and watches every effect.

use crate::plan::{InstanceId, Ledger, LedgerEffect, NodeIx, NodeState, Plan, Settlement, StopMode, Tally, Wants};
use polity_protocols::Rng;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a task will do once it is ready.
#[derive(Clone, Debug)]
pub(super) enum Fate {
    /// Ends without being opened: its condition is false, or can't be evaluated.
    Unopened(Settlement),
    /// Is opened and ends so.
    Plain(Settlement),
    /// Is expanded, and each instance ends so.
    Each(Vec<Settlement>),
}

fn settlement() -> impl Strategy<Value = Settlement> {
    prop_oneof![
        6 => Just(Settlement::Succeeded), 1 => Just(Settlement::Failed), 1 => Just(Settlement::Skipped), 1 => Just(Settlement::Cancelled)
    ]
}
pub(super) fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        1 => Just(Fate::Unopened(Settlement::Skipped)),
        1 => settlement().prop_map(Fate::Unopened),
        5 => settlement().prop_map(Fate::Plain),
        2 => prop::collection::vec(settlement(), 0..4).prop_map(Fate::Each),
    ]
}

/// The caller.
pub(super) struct Driver<'a> {
    pub(super) ledger: Ledger,
    fates: &'a [Fate],
    rng: Rng,
    ready: Vec<NodeIx>,
    waiting: Vec<InstanceId>, // to be opened
    open: Vec<InstanceId>,    // to be settled
    begun: BTreeSet<NodeIx>,
    pub(super) ends: BTreeMap<NodeIx, u32>,
    pub(super) effects: Vec<LedgerEffect>, // all so far
    pub(super) nonsense: u64,
}

impl<'a> Driver<'a> {
    pub(super) fn new(plan: &Arc<Plan>, fates: &'a [Fate], seed: u64) -> Driver<'a> {
        Driver {
            ledger: Ledger::new(Arc::clone(plan)),
            fates,
            rng: Rng::new(seed, "ledger driver"),
            ready: Vec::new(),
            waiting: Vec::new(),
            open: Vec::new(),
            begun: BTreeSet::new(),
            ends: BTreeMap::new(),
            effects: Vec::new(),
            nonsense: 0,
        }
    }
    /// To the end, stopped after so many steps if at all.
    pub(super) fn run(&mut self, stop: Option<(u32, StopMode)>) {
        self.turn(|ledger, effects| ledger.start(effects));
        let mut steps = 0;
        loop {
            if let Some((_, mode)) = stop.filter(|(after, _)| *after == steps) {
                self.turn(|ledger, effects| ledger.stop(mode, effects));
            }
            steps += 1;
            let choices = [self.ready.len(), self.waiting.len(), self.open.len()];
            let total: usize = choices.iter().sum();
            if total == 0 {
                break;
            }
            match self.rng.below(total) {
                n if n < choices[0] => self.decide(n),
                n if n < choices[0] + choices[1] => self.open(n - choices[0]),
                n => self.settle(n - choices[0] - choices[1]),
            }
            self.talk_nonsense();
        }
    }
    fn decide(&mut self, n: usize) {
        let node = self.ready.swap_remove(n);
        match self.fates[node.index()].clone() {
            Fate::Unopened(how) => {
                *self.ends.entry(node).or_default() += 1;
                self.turn(|ledger, effects| assert!(ledger.settle(node, how, effects)));
            }
            Fate::Plain(_) => self.waiting.push(node.into()),
            Fate::Each(each) => {
                let mut made = None;
                self.turn(|ledger, effects| made = ledger.expand(node, each.len() as u32, effects));
                let made = made.expect("it is ready");
                assert_eq!((made.len(), made), (each.len(), self.ledger.instances(node)));
                self.waiting.extend(made.iter());
            }
        }
    }
    fn open(&mut self, n: usize) {
        let instance = self.waiting.swap_remove(n);
        assert!(self.ledger.open_instance(instance));
        self.open.push(instance);
    }
    fn settle(&mut self, n: usize) {
        let instance = self.open.swap_remove(n);
        let (node, index) = self.ledger.locate(instance).expect("it is open");
        let how = match &self.fates[node.index()] {
            Fate::Plain(how) | Fate::Unopened(how) => *how,
            Fate::Each(each) => each[index as usize],
        };
        if !self.ledger.is_expanded(node) {
            *self.ends.entry(node).or_default() += 1;
        }
        self.turn(|ledger, effects| assert!(ledger.settle_instance(instance, how, effects)));
        assert!(!self.ledger.settle_instance(instance, how, &mut Vec::new()), "it has ended");
        self.nonsense += 1;
    }
    /// Input that makes no sense changes nothing.
    fn talk_nonsense(&mut self) {
        let nobody = u32::MAX - self.rng.below(3) as u32;
        let before = (self.ledger.tally(), self.ledger.instance_tally());
        let mut effects = Vec::new();
        self.ledger.start(&mut effects);
        assert!(!self.ledger.open(nobody) && !self.ledger.open_instance(nobody));
        assert!(!self.ledger.settle(nobody, Settlement::Failed, &mut effects));
        assert!(!self.ledger.settle_instance(nobody, Settlement::Failed, &mut effects));
        assert!(self.ledger.expand(nobody, 1, &mut effects).is_none());
        self.nonsense += 6;
        let plan = Arc::clone(&self.ledger.plan);
        let mut unready = plan.nodes().filter(|&node| self.ledger.state(node) != Some(NodeState::Ready));
        if let Some(node) = unready.nth(self.rng.below(plan.len()) / 2) {
            assert!(!self.ledger.open(node) && self.ledger.expand(node, 2, &mut effects).is_none());
            self.nonsense += 2;
        }
        assert_eq!((self.ledger.tally(), self.ledger.instance_tally(), effects), (before.0, before.1, vec![]));
    }
    /// One operation, and what is true after each.
    fn turn(&mut self, operation: impl FnOnce(&mut Ledger, &mut Vec<LedgerEffect>)) {
        let mut effects = Vec::new();
        operation(&mut self.ledger, &mut effects);
        for effect in effects {
            self.hear(effect);
        }
        assert_eq!(self.ledger.stalled(), []);
        self.check_tallies();
    }
    fn hear(&mut self, effect: LedgerEffect) {
        assert!(!matches!(self.effects.last(), Some(LedgerEffect::Finished(_))), "{effect:?} after the end");
        self.effects.push(effect);
        match effect {
            LedgerEffect::Ready(node) => {
                let ended = |up: NodeIx| self.ledger.state(up).is_some_and(NodeState::is_end);
                let plan = self.ledger.plan();
                let counts_only = |wants| wants == Wants::Success && plan.join(node).is_early();
                let waited = plan.dependencies(node).iter().all(|&(up, wants)| ended(up) || counts_only(wants));
                assert!(waited, "{node:?} is ready too soon");
                assert!(self.begun.insert(node), "{node:?} is ready a second time");
                self.ready.push(node);
            }
            LedgerEffect::Joined { node, .. }
            | LedgerEffect::Skipped { node, .. }
            | LedgerEffect::Unmet { node, .. }
            | LedgerEffect::Blocked { node, .. } => {
                *self.ends.entry(node).or_default() += 1;
            }
            LedgerEffect::CalledOff { node, by } => assert_eq!(self.ledger.called_off(node), Some(by)),
            LedgerEffect::Withdrawn(instance) => self.withdraw(instance),
            LedgerEffect::Cancelled(instance) => assert!(self.open.contains(&instance), "{instance:?} is not open"),
            LedgerEffect::Finished(tally) => assert_eq!((tally, tally.ended()), (self.ledger.tally(), tally.total())),
        }
    }
    fn withdraw(&mut self, instance: InstanceId) {
        assert_eq!(self.ledger.instance_state(instance), Some(NodeState::Cancelled));
        let (node, _) = self.ledger.locate(instance).expect("it is of this run");
        self.ready.retain(|&other| other != node);
        self.waiting.retain(|&other| other != instance);
        if !self.ledger.is_expanded(node) {
            *self.ends.entry(node).or_default() += 1;
        }
    }
    /// The counts kept are the counts counted.
    fn check_tallies(&self) {
        let (mut nodes, mut instances) = (Tally::default(), Tally::default());
        for node in self.ledger.plan().nodes() {
            nodes.add(self.ledger.state(node).expect("it is there"), 1);
            for (index, instance) in self.ledger.instances(node).iter().enumerate() {
                instances.add(self.ledger.instance_state(instance).expect("it is there"), 1);
                assert_eq!(self.ledger.locate(instance), Some((node, index as u32)));
            }
        }
        assert_eq!((self.ledger.tally(), self.ledger.instance_tally()), (nodes, instances));
    }
}
