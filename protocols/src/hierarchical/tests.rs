//! What the chain of command owes beyond the suite.

mod command;
mod foresight;
mod index;
mod quality;
mod settings;

use super::{Delegation, Hierarchical, Leader, Reporting};
use crate::testing::{Body, Table, suite};
use crate::{
    AgentId, Capabilities, Demand, DemandId, Ended, Initiator, Load, Outcome, Profile, Protocol, Rng, TaskId, TaskView, Time,
    Turn,
};
use core::time::Duration;
use proptest::prelude::*;
use std::sync::Arc;

const DELEGATIONS: [Delegation; 5] =
    [Delegation::LoadBalanced, Delegation::LeastLoaded, Delegation::BestFit, Delegation::RoundRobin, Delegation::Random];

pub(super) fn digger(name: &str) -> Profile {
    Profile::new(name, Capabilities::default().and("dig", 1.0))
}
fn dig(n: u32, work: f64) -> TaskView {
    TaskView::new(TaskId::new(0, n), Arc::new(Demand::of_kind(DemandId(0), "dig"))).work(work)
}
fn team(settings: Hierarchical, members: impl IntoIterator<Item = Profile>) -> Table<Hierarchical> {
    members.into_iter().fold(Table::new(settings, 1), Table::agent)
}
fn tasks(table: Table<Hierarchical>, all: impl IntoIterator<Item = TaskView>) -> Table<Hierarchical> {
    all.into_iter().fold(table, |table, task| table.announce_at(Time::ZERO, task))
}

#[test]
fn every_setting_keeps_the_rules() {
    for delegation in DELEGATIONS {
        for reporting in [Reporting::Tree, Reporting::Direct] {
            let set = Hierarchical { delegation, reporting, span: 4, ..Hierarchical::default() };
            suite(|| set.clone(), 200);
        }
    }
}

#[test]
fn every_kind_of_leader_keeps_the_rules() {
    for leader in [Leader::Rotating, Leader::Fixed { agent: "a1".into() }, Leader::CapabilityScore] {
        let set = Hierarchical { leader, ..Hierarchical::default() };
        suite(|| set.clone(), 200);
    }
}

#[test]
fn a_task_waits_for_the_faster_agent_if_that_finishes_it_sooner() {
    let members = || [digger("fast").speed(4.0), digger("slow")];
    // fast: 0 to 1 and 1 to 2; slow would need until 4.
    let report = tasks(team(Hierarchical::default(), members()), [dig(0, 4.0), dig(1, 4.0)]).run_until_quiet();
    assert_eq!(report.awards.iter().map(|a| a.agent.0).collect::<Vec<_>>(), [0, 0]);
    assert_eq!(report.makespan, Duration::from_secs(2));
    // With six, the last ones are sooner done by the slow one.
    let many = tasks(team(Hierarchical::default(), members()), (0..6).map(|n| dig(n, 4.0))).run_until_quiet();
    assert!(many.awards.iter().any(|a| a.agent == AgentId(1)));
    // A rule that does not look ahead gives the second task to the slow one.
    let hasty = Hierarchical { delegation: Delegation::LeastLoaded, ..Hierarchical::default() };
    assert_eq!(tasks(team(hasty, members()), [dig(0, 4.0), dig(1, 4.0)]).run_until_quiet().makespan, Duration::from_secs(4));
}

/// A head by hand, to see it turn by turn.
struct Bench {
    head: super::Head,
    rng: Rng,
    now: f64,
    effects: Vec<crate::Effect<super::Message>>,
}
impl Bench {
    fn new(settings: Hierarchical, members: &[Profile]) -> Bench {
        let mut bench = Bench { head: settings.initiator(), rng: Rng::new(1, "bench"), now: 0.0, effects: Vec::new() };
        for (n, profile) in members.iter().enumerate() {
            bench.turn(|head, turn| head.on_join(AgentId(n as u32), profile, turn));
        }
        bench
    }
    fn turn(&mut self, act: impl FnOnce(&mut super::Head, &mut Turn<'_, super::Message>)) -> Vec<(u32, u32, String)> {
        self.effects.clear();
        let mut turn = Turn::new(Time::from_secs_f64(self.now), &mut self.rng, &mut self.effects);
        act(&mut self.head, &mut turn);
        self.effects
            .iter()
            .filter_map(|effect| match effect {
                crate::Effect::Assign(task, agent, why) => Some((task.instance(), agent.0, why.reason.to_string())),
                _ => None,
            })
            .collect()
    }
    fn task(&mut self, task: TaskView) -> Vec<(u32, u32, String)> {
        self.turn(|head, turn| head.on_task(&task, turn))
    }
    fn ended(&mut self, task: u32, agent: u32, outcome: Outcome) -> Vec<(u32, u32, String)> {
        self.turn(|head, turn| head.on_outcome(TaskId::new(0, task), AgentId(agent), &outcome, turn))
    }
}

#[test]
fn a_wait_is_given_up_when_the_faster_agent_is_overdue() {
    let mut bench = Bench::new(Hierarchical::default(), &[digger("fast").speed(4.0), digger("slow")]);
    bench.task(dig(0, 4.0));
    assert!(bench.task(dig(1, 4.0)).is_empty(), "it waits");
    let mut woken = 0;
    let given = loop {
        let due = bench.head.next_wake().expect("somebody is idle, so the wait is thought over");
        assert!(due.as_secs_f64() > bench.now, "alarms go forward");
        bench.now = due.as_secs_f64();
        woken += 1;
        let given = bench.turn(Initiator::on_wake);
        if !given.is_empty() {
            break given;
        }
    };
    assert_eq!((given[0].0, given[0].1), (1, 1));
    assert!(woken <= 3 && bench.now <= 5.0, "{woken} wakes until {}", bench.now);
}

#[test]
fn the_most_capable_leads_and_another_is_elected_when_it_is_lost() {
    let wise = |name: &str, score| digger(name).speed(1.0).slots(1).clone_with(score);
    let mut bench = Bench::new(Hierarchical::default(), &[wise("bob", 0.2), wise("ann", 0.9), wise("cay", 0.9)]);
    assert_eq!(bench.task(dig(0, 1.0))[0].2, "leader ann: it is expected to finish first");
    bench.turn(|head, turn| head.on_leave(AgentId(1), turn));
    assert_eq!(bench.task(dig(1, 1.0))[0].2, "leader cay: it is expected to finish first");
    assert_eq!(bench.head.leader(), Some(AgentId(2)));
    // The job that was given under the old leader is still known: its agent is free only when it ends.
    assert!(bench.task(dig(2, 1.0)).is_empty());
    assert_eq!(bench.ended(0, 0, Outcome::new(Ended::Succeeded, Duration::from_secs(1)))[0].1, 0);
}
trait CloneWith {
    fn clone_with(self, score: f64) -> Self;
}
impl CloneWith for Profile {
    fn clone_with(mut self, score: f64) -> Profile {
        self.capabilities = self.capabilities.and("think", score);
        self
    }
}

#[test]
fn leadership_can_be_fixed_or_rotate() {
    let fixed = Hierarchical { leader: Leader::Fixed { agent: "bob".into() }, ..Hierarchical::default() };
    let mut bench = Bench::new(fixed, &[digger("ann"), digger("bob")]);
    assert!(bench.task(dig(0, 1.0))[0].2.starts_with("leader bob:"));
    bench.turn(|head, turn| head.on_leave(AgentId(1), turn));
    let said = bench.ended(0, 0, Outcome::new(Ended::Succeeded, Duration::ZERO));
    assert!(said.is_empty());
    assert!(bench.task(dig(1, 1.0))[0].2.starts_with("leader ann (in for bob):"));

    let turns = Hierarchical { leader: Leader::Rotating, ..Hierarchical::default() };
    let mut bench = Bench::new(turns, &[digger("ann").slots(9), digger("bob")]);
    let leaders: Vec<String> = (0..4).map(|n| bench.task(dig(n, 1.0))[0].2[7..10].to_owned()).collect();
    assert_eq!(leaders, ["ann", "bob", "ann", "bob"]);
}

#[test]
fn a_refusal_is_not_answered_by_the_same_award_at_once() {
    let mut bench = Bench::new(Hierarchical::default(), &[digger("ann")]);
    assert_eq!(bench.task(dig(0, 1.0)).len(), 1);
    let full = Outcome { load: Load { running: 1, queued: 0, backlog: 7.0 }, ..Outcome::new(Ended::Refused, Duration::ZERO) };
    assert!(bench.ended(0, 0, full).is_empty());
    assert!(bench.task(dig(0, 1.0)).is_empty(), "not before its backlog has passed");
    assert_eq!(bench.head.next_wake(), Some(Time::from_secs_f64(7.0)));
    bench.now = 7.0;
    assert_eq!(bench.turn(Initiator::on_wake).len(), 1);
}

#[test]
fn what_was_learned_of_an_agent_outlives_the_desk() {
    let mut bench = Bench::new(Hierarchical::default(), &[digger("ann"), digger("bob")]);
    for n in 0..20 {
        assert_eq!(bench.task(dig(n, 1.0)).len(), 1);
        let agent = bench.head.save().get("pace/ann").is_some_and(|pace| pace[0] < 0.9);
        let agent = u32::from(agent);
        bench.ended(n, agent, Outcome::new(Ended::Succeeded, Duration::from_millis(if agent == 0 { 3000 } else { 1000 })));
    }
    let memory = bench.head.save();
    assert!(memory.get("pace/ann").expect("it was learned")[0] < 0.95);
    let mut next = Bench::new(Hierarchical::default(), &[digger("ann"), digger("bob")]);
    next.head.restore(&memory);
    assert_eq!(next.task(dig(0, 1.0))[0].1, 1, "ann proved slow");
}

fn crowd(count: u32) -> Vec<Profile> {
    (0..count).map(|n| digger(&format!("a{n}")).clone_with(f64::from(n % 7) / 10.0)).collect()
}

#[test]
fn a_large_team_is_led_down_a_tree_of_several_levels() {
    let set = Hierarchical { span: 3, ..Hierarchical::default() };
    let table = team(set, crowd(30)).announce_at(Time::from_secs_f64(1.0), dig(0, 2.0));
    let report = (1..90).fold(table, |t, n| t.announce_at(Time::from_secs_f64(1.0), dig(n, 2.0))).run_until_quiet();
    assert_eq!((report.done(), report.violations.len()), (90, 0), "{:?}", report.violations);
    let nominated = report.awards.iter().filter(|a| a.decision.reason.contains("nominated")).count();
    assert!(nominated >= 80, "only {nominated} of 90 came down the tree");
    // Down two levels beside the leader's own: a call, one handed on through the post, and the answer.
    assert!(report.awards.iter().any(|a| a.decision.messages >= 4));
    assert!(report.makespan.as_secs_f64() < 9.0, "{:?}", report.makespan);
}

#[test]
fn a_stale_report_changes_an_award() {
    // The same world but for the mail, which is fast, or so slow that news of an end come after the next task.
    let world = |delay: f64| {
        let set = Hierarchical { span: 2, ..Hierarchical::default() };
        let weather = crate::Weather { delay: crate::Delay::Constant(Duration::from_secs_f64(delay)), ..crate::Weather::CALM };
        let table = team(set, [digger("a0").clone_with(0.9)]).weather(weather);
        // The fastest by its own word, and in truth faster still: it is done long before anybody expects it.
        let table = table.agent(Body::new(digger("a1").speed(2.0)).really(8.0));
        let table = table.agent(digger("a2").speed(1.5)).agent(digger("a3").speed(1.5));
        let table = table.announce_at(Time::from_secs_f64(2.0), dig(0, 4.0));
        let report = table.announce_at(Time::from_secs_f64(3.0), dig(1, 4.0)).run_until_quiet();
        assert!(report.violations.is_empty(), "{:?}", report.violations);
        assert!(report.awards.iter().all(|a| a.decision.reason.contains("nominated")));
        report.awards.iter().map(|a| a.agent.0).collect::<Vec<_>>()
    };
    assert_eq!(world(0.001), [1, 1], "it had reported that it is free again");
    let stale = world(0.15);
    assert_eq!(stale[0], 1);
    assert_ne!(stale[1], 1, "that it is free again was still under way");
}

#[test]
fn in_a_tree_too_a_task_waits_for_the_faster_agent() {
    let set = Hierarchical { span: 2, ..Hierarchical::default() };
    let table = team(set, [digger("a0"), digger("a1").speed(8.0), digger("a2"), digger("a3")]);
    let table = (0..3).fold(table, |t, n| t.announce_at(Time::from_secs_f64(1.0), dig(n, 4.0)));
    let report = table.run_until_quiet();
    assert_eq!(report.awards.iter().map(|a| a.agent.0).collect::<Vec<_>>(), [1, 1, 1]);
    assert!(report.awards.iter().all(|a| a.decision.reason.contains("nominated")));
}

#[test]
fn a_lost_lead_is_replaced_and_no_task_with_it() {
    let set = Hierarchical { span: 3, ..Hierarchical::default() };
    let table = (0..60).fold(team(set, crowd(20)), |t, n| t.announce_at(Time::from_secs_f64(1.0), dig(n, 2.0)));
    // The most capable, who lead: 6, 13 and their like.
    let table = [6, 13, 5].into_iter().fold(table, |t, a| t.leave_at(Time::from_secs_f64(2.0), AgentId(a)));
    let report = table.run_until_quiet();
    assert_eq!((report.done(), report.violations.len()), (60, 0), "{:?}", report.violations);
    assert!(report.awards.iter().any(|a| a.at > Time::from_secs_f64(2.0) && a.decision.reason.contains("nominated")));
}

proptest! {
    /// Whoever comes and goes, everybody has a seat and nobody has more direct reports than the span.
    #[test]
    fn no_lead_has_more_reports_than_the_span(span in 2_usize..6, moves in proptest::collection::vec((0_u32..40, any::<bool>()), 1..120)) {
        let (mut tree, mut book) = (super::tree::Tree::new(span), super::book::Book::default());
        for (n, joins) in moves {
            let agent = AgentId(n);
            if joins {
                book.join(agent, &digger("x"));
                tree.join(agent, &digger("x"));
            } else {
                book.leave(agent);
                tree.leave(agent);
            }
            tree.arrange(&book);
            for (agent, _) in book.iter() {
                let seats = tree.orders(agent).expect("a member has a seat");
                prop_assert!(seats.iter().all(|seat| seat.reports.len() <= span));
                prop_assert!(tree.root_of(agent).is_some_and(|root| tree.is_root(root)));
            }
            prop_assert!(book.iter().filter(|(a, _)| tree.is_root(*a)).count() <= span);
        }
    }
}

proptest! {
    /// Equal agents and equal tasks: nobody gets two more than another.
    #[test]
    fn equal_agents_share_equally(agents in 1_u32..9, count in 1_u32..60) {
        let table = team(Hierarchical::default(), (0..agents).map(|n| digger(&format!("a{n}"))));
        let report = tasks(table, (0..count).map(|n| dig(n, 1.0))).run_until_quiet();
        let jobs = |a| report.awards.iter().filter(|award| award.agent == AgentId(a)).count();
        let (least, most) = ((0..agents).map(jobs).min().unwrap_or(0), (0..agents).map(jobs).max().unwrap_or(0));
        prop_assert!(most - least <= 1, "{least}..{most}");
    }

    /// Graham's bound for independent tasks on equal agents: no longer than the mean load plus the longest task.
    #[test]
    fn list_scheduling_keeps_its_bound(agents in 1_u32..9, works in proptest::collection::vec(0.1_f64..10.0, 1..40)) {
        let table = team(Hierarchical::default(), (0..agents).map(|n| digger(&format!("a{n}"))));
        let report = tasks(table, works.iter().enumerate().map(|(n, w)| dig(n as u32, *w))).run_until_quiet();
        let m = f64::from(agents);
        let bound = works.iter().sum::<f64>() / m + (1.0 - 1.0 / m) * works.iter().copied().fold(0.0, f64::max);
        prop_assert!(report.makespan.as_secs_f64() <= bound + 1e-6, "{:?} over {bound}", report.makespan);
    }
}
