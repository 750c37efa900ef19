//! Joins in time: after each thing that happens a ledger stands where a naive evaluator stands, which looks at everything again each time.

use super::graphs::{check, joining, plan};
use super::ledger_properties::met;
use crate::plan::{InstanceId, Join, Ledger, LedgerEffect, Node, NodeIx, NodeState, Plan, PlanError, Settlement, Wants};
use polity_protocols::Rng;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The page, read anew after each end.
struct Naive<'a> {
    plan: &'a Plan,
    states: Vec<NodeState>,
    unwanted: BTreeSet<NodeIx>,
    called_off: BTreeSet<NodeIx>,
    kept: &'a [bool],
}

impl Naive<'_> {
    fn at(&self, node: NodeIx) -> NodeState {
        self.states[node.index()]
    }
    /// What a pending task becomes now, if anything.
    fn becomes(&self, node: NodeIx) -> Option<NodeState> {
        let edges = self.plan.dependencies(node);
        let of = |which: fn(Wants) -> bool| -> Vec<NodeState> {
            edges.iter().filter(|(_, wants)| which(*wants)).map(|(up, _)| self.at(*up)).collect()
        };
        let required = of(|wants| matches!(wants, Wants::Output | Wants::Both));
        let joined = of(|wants| matches!(wants, Wants::Success | Wants::Both));
        let besides = of(|wants| wants != Wants::Success);
        let said = self.said(node, &joined, !required.is_empty());
        if required.iter().any(|end| end.is_loss()) || said == Some(NodeState::Blocked) {
            return Some(NodeState::Blocked);
        }
        let said = said.filter(|_| besides.iter().all(|state| state.is_end()))?;
        let without = required.contains(&NodeState::Skipped);
        Some(if without || said == NodeState::Skipped { NodeState::Skipped } else { NodeState::Ready })
    }
    /// A join has said what it says when it says the same, however the rest ends. Blocked is told at once, by a loss.
    fn said(&self, node: NodeIx, joined: &[NodeState], works_on_some: bool) -> Option<NodeState> {
        let join = self.plan.join(node);
        let left = joined.iter().filter(|state| !state.is_end()).count();
        let mut so_far: BTreeSet<&str> = BTreeSet::new();
        let mut last = None;
        for way in 0..3_usize.pow(left as u32) {
            let mut way = way;
            let mut end = |state: &NodeState| {
                if state.is_end() {
                    return *state;
                }
                let end = [NodeState::Succeeded, NodeState::Skipped, NodeState::Failed][way % 3];
                way /= 3;
                end
            };
            let ends: Vec<NodeState> = joined.iter().map(&mut end).collect();
            let verdict = met(join, &ends, works_on_some);
            so_far.insert(match verdict {
                NodeState::Blocked => "blocked",
                NodeState::Skipped => "skipped",
                _ => "starts",
            });
            last = Some(verdict);
        }
        // `all_done`, `all_success` and `none_failed` wait for the ends, though they may know what follows.
        let waits = matches!(join, Join::AllDone) && left > 0;
        let any_done = join == Join::AnyDone && left == joined.len() && left > 0;
        last.filter(|_| so_far.len() == 1 && !waits && !any_done)
    }
    fn settle(&mut self, node: NodeIx, end: NodeState) {
        self.states[node.index()] = end;
        loop {
            let pending = self.plan.nodes().filter(|node| self.at(*node) == NodeState::Pending);
            let next = pending.filter_map(|node| Some((node, self.becomes(node)?))).next();
            if let Some((node, becomes)) = next {
                self.states[node.index()] = becomes;
                if becomes == NodeState::Ready && self.plan.cancels_rest(node) {
                    let rest = self.plan.dependencies(node).iter().filter(|(_, wants)| wants.is_joined()).map(|(up, _)| *up);
                    self.unwanted.extend(rest.filter(|up| !self.at(*up).is_end()).collect::<Vec<_>>());
                }
                continue;
            }
            let content = |down: NodeIx, wants: Wants| match wants {
                Wants::Ended | Wants::MaybeOutput => true,
                Wants::Success => matches!(self.plan.join(down), Join::AllDone | Join::AnyDone),
                Wants::Output | Wants::Both => false,
            };
            let waits = |node: &NodeIx| {
                let mut down = self.plan.dependents(*node).iter();
                down.any(|(down, wants)| self.at(*down) == NodeState::Pending && !content(*down, *wants))
            };
            let free = |node: &NodeIx| {
                !self.at(*node).is_end() && !self.called_off.contains(node) && !self.kept[node.index()] && !waits(node)
            };
            let Some(node) = self.unwanted.iter().copied().find(free) else { return };
            self.called_off.insert(node);
            self.unwanted.extend(self.plan.dependencies(node).iter().map(|(up, _)| *up));
            if self.at(node) != NodeState::Open {
                self.states[node.index()] = NodeState::Cancelled;
            }
        }
    }
}

/// Some of the nodes whose join can, cancel the rest; some are kept.
fn with_rest(nodes: Vec<Node>, throws: &[u8]) -> (Vec<Node>, Vec<bool>) {
    let kept: Vec<bool> = (0..nodes.len()).map(|n| throws[n] == 0).collect();
    let node = |(n, node): (usize, Node)| {
        let node = if kept[n] { node.kept() } else { node };
        if node.join.can_cancel_rest() && !throws[n].is_multiple_of(3) { node.cancel_rest() } else { node }
    };
    (nodes.into_iter().enumerate().map(node).collect(), kept)
}

#[test]
fn after_each_end_the_ledger_stands_where_the_naive_evaluator_stands() {
    let input = (joining(9), prop::collection::vec(0u8..7, 9), prop::collection::vec(0u8..6, 9), any::<u64>());
    let sometimes = [
        "an early start",
        "a late end",
        "called off while open",
        "called off while ready",
        "called off while pending",
        "called off, and done all the same",
        "called off with what needed it",
        "waited for, by one who is content with any end",
        "not called off, since another needs it",
        "kept",
        "a join that is not met",
        "well, though some were called off",
    ];
    check(input, &sometimes, |(nodes, throws, fates, seed), seen| {
        let (nodes, kept) = with_rest(nodes, &throws);
        let plan = Arc::new(plan(nodes));
        let states = vec![NodeState::Pending; plan.len()];
        let mut naive = Naive { plan: &plan, states, unwanted: BTreeSet::new(), called_off: BTreeSet::new(), kept: &kept };
        let mut ledger = Ledger::new(plan.clone());
        let (mut effects, mut rng) = (Vec::new(), Rng::new(seed, "joins"));
        ledger.start(&mut effects);
        for node in plan.nodes().filter(|node| plan.dependencies(*node).is_empty()) {
            naive.states[node.index()] = NodeState::Ready;
        }
        let mut begun: BTreeMap<NodeIx, u32> = BTreeMap::new();
        loop {
            for effect in effects.drain(..) {
                match effect {
                    LedgerEffect::Ready(node) => *begun.entry(node).or_default() += 1,
                    LedgerEffect::CalledOff { node, by } => {
                        prop_assert!(plan.cancels_rest(by));
                        let pending =
                            |down: NodeIx| !begun.contains_key(&down) && ledger.state(down).is_some_and(|s| !s.is_loss());
                        let waited = plan.dependents(node).iter().any(|(down, _)| pending(*down));
                        seen.note("waited for, by one who is content with any end", waited);
                        seen.note("called off while open", ledger.state(node) == Some(NodeState::Open));
                        let below = |up: NodeIx| plan.dependencies(by).iter().any(|(on, _)| *on == up);
                        seen.note("called off with what needed it", !below(node));
                    }
                    LedgerEffect::Withdrawn(InstanceId(n)) => {
                        seen.note("called off while ready", begun.contains_key(&NodeIx(n)));
                        seen.note("called off while pending", !begun.contains_key(&NodeIx(n)));
                    }
                    LedgerEffect::Unmet { .. } => seen.note("a join that is not met", true),
                    _ => {}
                }
            }
            let stands: Vec<NodeState> = plan.nodes().filter_map(|node| ledger.state(node)).collect();
            prop_assert_eq!(&stands, &naive.states, "{:?}", plan);
            let off: BTreeSet<NodeIx> = plan.nodes().filter(|node| ledger.called_off(*node).is_some()).collect();
            prop_assert_eq!(&off, &naive.called_off);
            prop_assert!(begun.values().all(|times| *times == 1), "each begins once at most");
            for node in naive.unwanted.iter().filter(|node| !naive.at(**node).is_end() && !off.contains(*node)) {
                seen.note("kept", kept[node.index()]);
                seen.note("not called off, since another needs it", !kept[node.index()]);
            }
            for node in begun.keys() {
                let left = plan.dependencies(*node).iter().filter(|(up, _)| !naive.at(*up).is_end()).count();
                seen.note("an early start", left > 0);
            }
            let mine = |state| plan.nodes().filter(|node| naive.at(*node) == state).collect::<Vec<_>>();
            let (ready, open) = (mine(NodeState::Ready), mine(NodeState::Open));
            if ready.is_empty() && open.is_empty() {
                break;
            }
            let choice = rng.below(ready.len() + open.len());
            if let Some(node) = ready.get(choice) {
                naive.states[node.index()] = NodeState::Open;
                ledger.open(*node);
                continue;
            }
            let node = open[choice - ready.len()];
            let how = match fates[node.index()] {
                0 => Settlement::Failed,
                1 => Settlement::Skipped,
                // Who is called off is cancelled, or was too fast for that.
                2 | 3 if off.contains(&node) => Settlement::Cancelled,
                _ => Settlement::Succeeded,
            };
            seen.note("called off, and done all the same", off.contains(&node) && how == Settlement::Succeeded);
            let late = |(down, _): &(NodeIx, Wants)| begun.contains_key(down);
            seen.note("a late end", plan.dependents(node).iter().any(late));
            naive.settle(node, how.into());
            ledger.settle(node, how, &mut effects);
        }
        prop_assert!(ledger.is_finished() && ledger.refused() == 0);
        let bad = |node: NodeIx| match naive.at(node) {
            NodeState::Succeeded | NodeState::Skipped => false,
            NodeState::Cancelled => !naive.called_off.contains(&node),
            _ => true,
        };
        prop_assert_eq!(ledger.went_well(), !plan.nodes().any(bad));
        seen.note("well, though some were called off", ledger.went_well() && !ledger.tally().is_success());
        Ok(())
    });
}

#[test]
fn a_join_that_can_never_be_met_is_no_plan() {
    let node = |join| Node::new(1.0).after(0, Wants::Success).after(1, Wants::Success).after(1, Wants::Output).join(join);
    let refused = |node: Node| Plan::new(vec![Node::new(1.0), Node::new(1.0), node]).expect_err("it can't be met");
    for n in [0, 3] {
        let error = refused(node(Join::AtLeast(n)));
        assert_eq!(error, PlanError::BadJoin { node: NodeIx(2), join: Join::AtLeast(n), of: 2 });
        assert!(error.to_string().contains("ask for a number from 1 to 2"), "{error}");
    }
    let nothing = refused(Node::new(1.0).after(0, Wants::Output).join(Join::AllDone));
    assert!(nothing.to_string().contains("waits by `join: all_done` for none"), "{nothing}");
    let no_rest = refused(node(Join::AnyDone).cancel_rest());
    assert!(no_rest.to_string().contains("that is for `one_success` and `at_least`"), "{no_rest}");
    assert!(Plan::new(vec![Node::new(1.0), Node::new(1.0), node(Join::AtLeast(2)).cancel_rest()]).is_ok());
}

#[test]
fn an_expanded_task_is_called_off_by_its_instances() {
    let first = Node::new(1.0).after(0, Wants::Success).after(1, Wants::Success).join(Join::OneSuccess).cancel_rest();
    let mut ledger = Ledger::new(Arc::new(plan(vec![Node::new(1.0), Node::new(1.0), first])));
    let mut effects = Vec::new();
    ledger.start(&mut effects);
    let each = ledger.expand(1, 3, &mut effects).expect("it is ready");
    ledger.open_instance(each.get(0).expect("there are three"));
    ledger.open_instance(each.get(1).expect("there are three"));
    ledger.settle_instance(each.get(1).expect("there are three"), Settlement::Succeeded, &mut effects);
    effects.clear();
    ledger.settle(0, Settlement::Succeeded, &mut effects);
    let off = LedgerEffect::CalledOff { node: NodeIx(1), by: NodeIx(2) };
    let (third, one) = (LedgerEffect::Withdrawn(InstanceId(5)), LedgerEffect::Cancelled(InstanceId(3)));
    assert_eq!(effects, [LedgerEffect::Ready(NodeIx(2)), off, one, third]);
    effects.clear();
    ledger.settle_instance(3, Settlement::Cancelled, &mut effects);
    assert_eq!(effects, [LedgerEffect::Joined { node: NodeIx(1), state: NodeState::Cancelled }]);
    ledger.settle(2, Settlement::Succeeded, &mut effects);
    assert!(ledger.is_finished() && ledger.went_well());
}
