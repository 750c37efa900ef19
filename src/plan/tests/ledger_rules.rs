//! The rules one by one, in the smallest graphs that show them.

use super::graphs::{EVERY_WANT, nodes_of, plan};
use crate::plan::{InstanceId, Ledger, LedgerEffect, Node, NodeIx, NodeState, Settlement, StopMode, Tally, Wants};
use std::sync::Arc;

fn started(nodes: Vec<Node>) -> (Ledger, Vec<LedgerEffect>) {
    let mut ledger = Ledger::new(Arc::new(plan(nodes)));
    let mut effects = Vec::new();
    ledger.start(&mut effects);
    effects.clear();
    (ledger, effects)
}

#[test]
fn what_becomes_of_a_task_by_what_it_wants_and_what_it_gets() {
    use NodeState::{Blocked, Ready, Skipped};
    let ends = [Settlement::Succeeded, Settlement::Failed, Settlement::Skipped, Settlement::Cancelled];
    let table = [
        (Wants::Ended, [Ready, Ready, Ready, Ready]),
        (Wants::Success, [Ready, Blocked, Skipped, Blocked]),
        (Wants::MaybeOutput, [Ready, Ready, Ready, Ready]),
        (Wants::Output, [Ready, Blocked, Skipped, Blocked]),
        (Wants::Both, [Ready, Blocked, Skipped, Blocked]),
    ];
    assert_eq!(table.map(|(wants, _)| wants), EVERY_WANT);
    for (wants, becomes) in table {
        for (end, expected) in ends.into_iter().zip(becomes) {
            let (mut ledger, mut effects) = started(vec![Node::new(1.0), Node::new(1.0).after(0, wants)]);
            ledger.settle(0, end, &mut effects);
            assert_eq!(ledger.state(1), Some(expected), "{wants:?} of {end:?}");
        }
    }
}

#[test]
fn skipped_ones_are_set_aside_if_another_succeeded() {
    for (second, expected) in [(Settlement::Succeeded, NodeState::Ready), (Settlement::Skipped, NodeState::Skipped)] {
        let join = Node::new(1.0).after(0, Wants::Success).after(1, Wants::Success);
        let (mut ledger, mut effects) = started(vec![Node::new(1.0), Node::new(1.0), join]);
        ledger.settle(0, Settlement::Skipped, &mut effects);
        assert_eq!(ledger.state(2), Some(NodeState::Pending));
        ledger.settle(1, second, &mut effects);
        assert_eq!(ledger.state(2), Some(expected));
    }
}

#[test]
fn a_loss_is_told_at_once_and_outweighs_a_skip_whichever_comes_first() {
    for order in [[(0, Settlement::Skipped), (1, Settlement::Failed)], [(1, Settlement::Failed), (0, Settlement::Skipped)]] {
        let join = Node::new(1.0).after(0, Wants::Output).after(1, Wants::Success).after(2, Wants::Success);
        let (mut ledger, mut effects) = started(vec![Node::new(1.0), Node::new(1.0), Node::new(1.0), join]);
        for (node, how) in order {
            ledger.settle(node, how, &mut effects);
        }
        assert_eq!(
            effects,
            [LedgerEffect::Blocked { node: NodeIx(3), cause: NodeIx(1), root: NodeIx(1) }],
            "though 2 has not ended"
        );
        assert_eq!(ledger.cause(3), nodes_of(&[3, 1]));
    }
}

#[test]
fn a_run_of_nothing_is_finished_at_once_and_once() {
    let mut ledger = Ledger::new(Arc::new(plan(vec![])));
    let mut effects = Vec::new();
    ledger.start(&mut effects);
    ledger.stop(StopMode::Cancel, &mut effects);
    assert_eq!(effects, [LedgerEffect::Finished(Tally::default())]);
}

#[test]
fn a_run_stopped_before_it_began_can_not_be_started() {
    let mut ledger = Ledger::new(Arc::new(plan(vec![Node::new(1.0)])));
    let mut effects = Vec::new();
    ledger.stop(StopMode::FailFast, &mut effects);
    let all = Tally { cancelled: 1, ..Tally::default() };
    assert_eq!(effects, [LedgerEffect::Withdrawn(InstanceId(0)), LedgerEffect::Finished(all)]);
    ledger.start(&mut effects);
    assert_eq!((effects.len(), ledger.refused()), (2, 1));
}

#[test]
fn an_early_end_may_become_a_harder_one_but_not_a_softer_one() {
    let (mut ledger, mut effects) = started(vec![Node::new(1.0), Node::new(1.0)]);
    ledger.open(0);
    ledger.stop(StopMode::FailFast, &mut effects);
    assert_eq!(effects, [LedgerEffect::Withdrawn(InstanceId(1))]);
    effects.clear();
    ledger.stop(StopMode::Cancel, &mut effects);
    ledger.stop(StopMode::Cancel, &mut effects);
    ledger.stop(StopMode::FailFast, &mut effects);
    assert_eq!(effects, [LedgerEffect::Cancelled(InstanceId(0))]);
    assert_eq!((ledger.stopped(), ledger.refused()), (Some(StopMode::Cancel), 0));
}

#[test]
fn the_number_of_an_expanded_task_is_no_instance() {
    let (mut ledger, mut effects) = started(vec![Node::new(1.0)]);
    assert_eq!(ledger.locate(0), Some((NodeIx(0), 0)));
    let instances = ledger.expand(0, 2, &mut effects).expect("it is ready");
    assert_eq!(instances.range(), 1..3);
    assert_eq!((ledger.locate(0), ledger.instance_state(0)), (None, None));
    assert!(!ledger.settle_instance(0, Settlement::Succeeded, &mut effects) && !ledger.open_instance(0));
    assert!(!ledger.settle(0, Settlement::Succeeded, &mut effects));
    assert_eq!((ledger.refused(), effects.len(), instances.get(2)), (3, 0, None));
}

#[test]
fn numbers_for_instances_can_run_out() {
    let (mut ledger, mut effects) = started(vec![Node::new(1.0)]);
    assert_eq!(ledger.expand(0, u32::MAX, &mut effects), None);
    assert_eq!((ledger.refused(), ledger.state(0)), (1, Some(NodeState::Ready)));
}
