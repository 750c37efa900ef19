use super::drive::{Driver, Fate, fate};
use super::graphs::{acyclic, check, plan};
use crate::plan::{Join, LedgerEffect, Node, NodeIx, NodeState, Plan, Settlement, StopMode, Wants};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use std::sync::Arc;

fn runs() -> impl Strategy<Value = (Vec<Node>, Vec<Fate>, u64)> {
    (acyclic(10), prop::collection::vec(fate(), 10), any::<u64>())
}

/// What a task of such a fate becomes if it becomes ready.
fn own_end(fate: &Fate) -> NodeState {
    match fate {
        Fate::Unopened(how) | Fate::Plain(how) => (*how).into(),
        Fate::Each(each) if each.contains(&Settlement::Failed) => NodeState::Failed,
        Fate::Each(each) if each.contains(&Settlement::Cancelled) => NodeState::Cancelled,
        Fate::Each(each) if each.contains(&Settlement::Succeeded) || each.is_empty() => NodeState::Succeeded,
        Fate::Each(_) => NodeState::Skipped,
    }
}

/// What a join says of all its ends, read off the page: `Succeeded` for "starts".
pub(super) fn met(join: Join, ends: &[NodeState], works_on_some: bool) -> NodeState {
    let count = |which: fn(&NodeState) -> bool| ends.iter().filter(|end| which(end)).count();
    let lost = |end: &NodeState| matches!(end, NodeState::Failed | NodeState::Blocked | NodeState::Cancelled);
    let (succeeded, lost) = (count(|end| *end == NodeState::Succeeded), count(lost));
    let or = |met: bool, or: NodeState| if met { NodeState::Succeeded } else { or };
    let none_can = if lost > 0 { NodeState::Blocked } else { NodeState::Skipped };
    match join {
        Join::AllSuccess => or(lost == 0 && (succeeded > 0 || works_on_some || ends.is_empty()), none_can),
        Join::AllDone | Join::AnyDone => NodeState::Succeeded,
        Join::OneSuccess => or(succeeded >= 1, none_can),
        Join::AtLeast(n) => or(succeeded >= n as usize, none_can),
        Join::AllFailed => or(lost == ends.len(), NodeState::Skipped),
        Join::OneFailed => or(lost >= 1, NodeState::Skipped),
        Join::NoneFailed => or(lost == 0, NodeState::Skipped),
    }
}

/// The language's rules, read off the page: the end of every task, from the ends of those upstream, in no order of time.
fn expected(plan: &Plan, fates: &[Fate]) -> Vec<NodeState> {
    let mut ends = vec![NodeState::Pending; plan.len()];
    for &node in plan.topological() {
        let upstream = || plan.dependencies(node).iter().map(|&(up, wants)| (wants, ends[up.index()]));
        let required = || upstream().filter(|(wants, _)| matches!(wants, Wants::Output | Wants::Both)).map(|(_, end)| end);
        let lost = |end| matches!(end, NodeState::Failed | NodeState::Blocked | NodeState::Cancelled);
        let joined: Vec<_> =
            upstream().filter(|(wants, _)| matches!(wants, Wants::Success | Wants::Both)).map(|(_, end)| end).collect();
        let said = met(plan.join(node), &joined, required().next().is_some());
        ends[node.index()] = if required().any(lost) || said == NodeState::Blocked {
            NodeState::Blocked
        } else if required().any(|end| end == NodeState::Skipped) || said == NodeState::Skipped {
            NodeState::Skipped
        } else {
            own_end(&fates[node.index()])
        };
    }
    ends
}

fn check_ends(driver: &Driver, plan: &Plan) -> TestCaseResult {
    prop_assert!(driver.ledger.is_finished());
    let finished = |effect: &LedgerEffect| matches!(effect, LedgerEffect::Finished(_));
    prop_assert_eq!(driver.effects.iter().filter(|effect| finished(effect)).count(), 1);
    prop_assert!(driver.effects.last().is_some_and(finished));
    prop_assert!(plan.nodes().all(|node| driver.ends.get(&node) == Some(&1)), "each task ends once: {:?}", driver.ends);
    prop_assert_eq!(driver.ledger.refused(), driver.nonsense);
    Ok(())
}

#[test]
fn every_run_ends_as_the_rules_say_in_whatever_order_its_tasks_end() {
    let sometimes = [
        "blocked",
        "skipped by another",
        "a join that is not met",
        "empty list",
        "failed join",
        "all succeeded",
        "ready after a failure",
    ];
    check(runs(), &sometimes, |(nodes, fates, seed), seen| {
        let plan = Arc::new(plan(nodes));
        let mut driver = Driver::new(&plan, &fates, seed);
        driver.run(None);
        check_ends(&driver, &plan)?;
        let ends: Vec<_> = plan.nodes().map(|node| driver.ledger.state(node).expect("it is there")).collect();
        prop_assert_eq!(&ends, &expected(&plan, &fates));
        for effect in &driver.effects {
            seen.note("blocked", matches!(effect, LedgerEffect::Blocked { .. }));
            seen.note("skipped by another", matches!(effect, LedgerEffect::Skipped { .. }));
            seen.note("a join that is not met", matches!(effect, LedgerEffect::Unmet { .. }));
            seen.note("failed join", matches!(effect, LedgerEffect::Joined { state: NodeState::Failed, .. }));
            if let LedgerEffect::Joined { node, .. } = effect {
                seen.note("empty list", driver.ledger.instances(*node).is_empty());
            }
            if let LedgerEffect::Ready(node) = effect {
                let failed = |&(up, _): &(NodeIx, Wants)| ends[up.index()] == NodeState::Failed;
                seen.note("ready after a failure", plan.dependencies(*node).iter().any(failed));
            }
        }
        seen.note("all succeeded", plan.len() > 3 && driver.ledger.tally().is_success());
        Ok(())
    });
}

#[test]
fn causes_lead_up_the_graph_to_where_it_began() {
    check(runs(), &["a chain of three", "a root that was cancelled", "skipped for another"], |(nodes, fates, seed), seen| {
        let plan = Arc::new(plan(nodes));
        let mut driver = Driver::new(&plan, &fates, seed);
        driver.run(None);
        let state = |node: NodeIx| driver.ledger.state(node).expect("it is there");
        for node in plan.nodes() {
            let chain = driver.ledger.cause(node);
            if state(node) == NodeState::Succeeded {
                prop_assert!(chain.is_empty());
                continue;
            }
            let root = *chain.last().expect("a task that was not done has a cause");
            prop_assert_eq!(chain[0], node);
            prop_assert!(state(root) != NodeState::Blocked);
            prop_assert_eq!(state(root) == NodeState::Skipped, state(node) == NodeState::Skipped);
            for pair in chain.windows(2) {
                let strong = |&(up, wants): &(NodeIx, Wants)| up == pair[1] && wants >= Wants::Success;
                prop_assert!(plan.dependencies(pair[0]).iter().any(strong));
            }
            seen.note("a chain of three", chain.len() >= 3);
            seen.note("a root that was cancelled", chain.len() > 1 && state(root) == NodeState::Cancelled);
            seen.note("skipped for another", chain.len() > 1 && state(root) == NodeState::Skipped);
        }
        for effect in &driver.effects {
            if let LedgerEffect::Blocked { node, cause, root } = effect {
                let chain = driver.ledger.cause(*node);
                prop_assert_eq!((chain.get(1), chain.last()), (Some(cause), Some(root)));
            }
        }
        Ok(())
    });
}

#[test]
fn a_stopped_run_makes_nothing_ready_any_more_and_still_ends_each_task_once() {
    let mode = prop_oneof![Just(StopMode::FailFast), Just(StopMode::Cancel)];
    let sometimes = ["withdrawn", "instance withdrawn", "told to cancel", "success after the stop", "too late"];
    check((runs(), 0u32..20, mode), &sometimes, |((nodes, fates, seed), after, mode), seen| {
        let plan = Arc::new(plan(nodes));
        let mut driver = Driver::new(&plan, &fates, seed);
        driver.run(Some((after, mode)));
        check_ends(&driver, &plan)?;
        let Some(_) = driver.ledger.stopped() else {
            seen.note("too late", true);
            return Ok(());
        };
        let own = |instance: crate::plan::InstanceId| instance.index() < plan.len();
        let stopped =
            driver.effects.iter().position(|effect| matches!(effect, LedgerEffect::Withdrawn(_) | LedgerEffect::Cancelled(_)));
        for effect in driver.effects.iter().skip(stopped.unwrap_or(usize::MAX)) {
            let goes_on = matches!(
                effect,
                LedgerEffect::Ready(_)
                    | LedgerEffect::Blocked { .. }
                    | LedgerEffect::Skipped { .. }
                    | LedgerEffect::Unmet { .. }
                    | LedgerEffect::CalledOff { .. }
            );
            prop_assert!(!goes_on, "{:?} after the stop", effect);
            prop_assert!(mode == StopMode::Cancel || !matches!(effect, LedgerEffect::Cancelled(_)));
            seen.note("told to cancel", matches!(effect, LedgerEffect::Cancelled(_)));
            if let LedgerEffect::Withdrawn(instance) = effect {
                seen.note("withdrawn", own(*instance));
                seen.note("instance withdrawn", !own(*instance));
            }
            if let LedgerEffect::Cancelled(instance) = effect {
                let became = driver.ledger.instance_state(*instance);
                seen.note("success after the stop", became == Some(NodeState::Succeeded));
            }
        }
        Ok(())
    });
}
