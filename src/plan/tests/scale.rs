//! A million tasks: nothing overflows the stack or goes quadratic. A quadratic step would take hours here, not seconds.

use super::graphs::plan;
use crate::plan::{Ledger, LedgerEffect, Node, NodeIx, NodeState, Plan, PlanError, Settlement, StopMode, Wants};
use std::sync::Arc;

const MILLION: u32 = 1_000_000;

fn chain(wants: Wants) -> Arc<Plan> {
    let link = |n: u32| if n == 0 { Node::new(1.0) } else { Node::new(1.0).after(n - 1, wants) };
    Arc::new(plan((0..MILLION).map(link).collect()))
}

#[test]
fn a_chain_of_a_million_can_be_measured_and_blocked_by_its_first() {
    let plan = chain(Wants::Success);
    assert_eq!((plan.levels().len(), plan.width(), plan.critical_length()), (1_000_000, 1, 1e6));
    assert_eq!(plan.critical_path().len(), 1_000_000);
    let mut ledger = Ledger::new(Arc::clone(&plan));
    let mut effects = Vec::new();
    ledger.start(&mut effects);
    ledger.settle(0, Settlement::Failed, &mut effects);
    assert_eq!((ledger.tally().blocked, ledger.tally().failed, ledger.is_finished()), (MILLION - 1, 1, true));
    let last = NodeIx(MILLION - 1);
    assert!(effects.contains(&LedgerEffect::Blocked { node: last, cause: NodeIx(MILLION - 2), root: NodeIx(0) }));
    assert_eq!(ledger.cause(last).len(), 1_000_000);
}

#[test]
fn a_chain_of_a_million_can_be_skipped_by_its_first_or_done_link_by_link() {
    let plan = chain(Wants::Output);
    let mut effects = Vec::new();
    let mut ledger = Ledger::new(Arc::clone(&plan));
    ledger.start(&mut effects);
    ledger.settle(0, Settlement::Skipped, &mut effects);
    assert_eq!((ledger.tally().skipped, ledger.is_finished()), (MILLION, true));

    let mut ledger = Ledger::new(plan);
    ledger.start(&mut effects);
    for n in 0..MILLION {
        assert!(ledger.open(n));
        effects.clear();
        assert!(ledger.settle(n, Settlement::Succeeded, &mut effects));
    }
    assert_eq!(effects, [LedgerEffect::Finished(ledger.tally())]);
}

#[test]
fn a_circle_of_a_million_is_named_whole() {
    let link = |n: u32| Node::new(1.0).after((n + MILLION - 1) % MILLION, Wants::Success);
    match Plan::new((0..MILLION).map(link).collect()) {
        Err(PlanError::Cycle(circle)) => assert_eq!(circle.len(), 1_000_000),
        other => panic!("expected a circle, not {:?}", other.map(|plan| plan.len())),
    }
}

#[test]
fn a_million_side_by_side_join_in_one_and_stop_at_once() {
    let mut nodes = vec![Node::new(1.0); MILLION as usize];
    nodes.push((0..MILLION).fold(Node::new(1.0), |node, n| node.after(n, Wants::Success)));
    let plan = Arc::new(plan(nodes));
    assert_eq!((plan.width(), plan.edge_count(), plan.critical_length()), (1_000_000, 1_000_000, 2.0));
    let mut effects = Vec::new();
    let mut ledger = Ledger::new(Arc::clone(&plan));
    ledger.start(&mut effects);
    for n in 0..MILLION {
        effects.clear();
        ledger.settle(n, Settlement::Succeeded, &mut effects);
    }
    assert_eq!(effects, [LedgerEffect::Ready(NodeIx(MILLION))]);

    let mut ledger = Ledger::new(plan);
    ledger.start(&mut effects);
    ledger.stop(StopMode::Cancel, &mut effects);
    assert_eq!((ledger.tally().cancelled, ledger.is_finished()), (MILLION + 1, true));
}

#[test]
fn one_task_may_have_a_million_instances() {
    let mut effects = Vec::new();
    let mut ledger = Ledger::new(Arc::new(plan(vec![Node::new(1.0), Node::new(1.0).after(0, Wants::Output)])));
    ledger.start(&mut effects);
    let instances = ledger.expand(0, MILLION, &mut effects).expect("it is ready");
    for (index, instance) in instances.iter().enumerate() {
        assert_eq!(ledger.locate(instance), Some((NodeIx(0), index as u32)));
        ledger.settle_instance(instance, Settlement::Succeeded, &mut effects);
    }
    assert_eq!((ledger.state(0), ledger.state(1)), (Some(NodeState::Succeeded), Some(NodeState::Ready)));
    assert_eq!(ledger.instance_tally().succeeded, MILLION);
}
