//! The contract net: who is asked, who is told what, and when it is decided.

use crate::market::{Allocation, Auctioneer, Market, Message, Rejection};
use crate::testing::{Body, Report, Table};
use crate::{
    AgentId, Capabilities, Delay, Demand, DemandId, Effect, Ended, Initiator, Load, Measure, Outcome, Participant, Profile,
    Protocol, Reply, Rng, TaskId, TaskView, Time, Turn, Weather, Why,
};
use core::time::Duration;
use proptest::prelude::*;
use std::sync::Arc;

fn digger(name: &str) -> Profile {
    Profile::new(name, Capabilities::default().and("dig", 1.0))
}
fn dig(n: u32, work: f64) -> TaskView {
    TaskView::new(TaskId::new(0, n), Arc::new(Demand::of_kind(DemandId(0), "dig"))).work(work)
}
fn market(set: Market, members: impl IntoIterator<Item = Profile>) -> Table<Market> {
    members.into_iter().fold(Table::new(set, 1), Table::agent)
}
fn winners(report: &Report) -> Vec<(u32, u32)> {
    report.awards.iter().map(|award| (award.task.instance(), award.agent.0)).collect()
}

/// A house by hand, to see it turn by turn; every participant answers when it is told to.
struct Bench {
    house: Auctioneer,
    members: Vec<(Profile, Load)>,
    rng: Rng,
    now: Time,
}
impl Bench {
    fn new(set: Market, members: &[Profile]) -> Bench {
        let house = set.initiator();
        let mut bench = Bench { house, members: Vec::new(), rng: Rng::new(1, "bench"), now: Time::ZERO };
        for (n, profile) in members.iter().enumerate() {
            bench.members.push((profile.clone(), Load::default()));
            bench.turn(|house, turn| house.on_join(AgentId(n as u32), profile, turn));
        }
        bench
    }
    fn turn(&mut self, act: impl FnOnce(&mut Auctioneer, &mut Turn<'_, Message>)) -> Vec<Effect<Message>> {
        let mut effects = Vec::new();
        act(&mut self.house, &mut Turn::new(self.now, &mut self.rng, &mut effects));
        effects
    }
    fn answer(&mut self, agent: AgentId, message: Message) -> Vec<Effect<Message>> {
        let (profile, load) = self.members[agent.index()].clone();
        let mut said = Vec::new();
        let mut reply = Reply::new(self.now, load, &mut self.rng, &mut said);
        Market::default().participant(agent, &profile).on_message(message, &mut reply);
        said.into_iter().flat_map(|said| self.turn(|house, turn| house.on_message(agent, said, turn))).collect()
    }
    /// Lets everybody answer what was asked, and returns what comes of it.
    fn answers(&mut self, asked: Vec<Effect<Message>>) -> Vec<Effect<Message>> {
        let sent =
            asked.into_iter().filter_map(|effect| if let Effect::Send(to, what) = effect { Some((to, what)) } else { None });
        sent.flat_map(|(to, what)| self.answer(to, what)).collect()
    }
    fn task(&mut self, task: &TaskView) -> Vec<Effect<Message>> {
        self.turn(|house, turn| house.on_task(task, turn))
    }
}
fn told(effects: &[Effect<Message>]) -> Vec<(u32, Rejection)> {
    let rejection = |effect: &Effect<Message>| match effect {
        Effect::Send(to, Message::RejectProposal { why, .. }) => Some((to.0, *why)),
        _ => None,
    };
    effects.iter().filter_map(rejection).collect()
}

#[test]
fn a_call_is_decided_as_soon_as_all_have_answered_and_every_loser_is_told() {
    let members = ["ann", "bob", "cay"].map(digger).into_iter().zip([0.3, 0.1, 0.2]).map(|(p, cost)| p.cost(cost));
    let mut bench = Bench::new(Market { urgency: 0.0, ..Market::default() }, &members.collect::<Vec<_>>());
    let asked = bench.task(&dig(0, 2.0));
    assert_eq!(asked.len(), 3);
    bench.now = Time::from_secs_f64(0.001);
    let came = bench.answers(asked);
    let Effect::Assign(_, winner, decision) = &came[0] else { panic!("{came:?}") };
    assert_eq!((winner.0, decision.price, decision.measure), (1, Some(0.4), Measure::Bid));
    assert_eq!(decision.candidates.iter().map(|c| (c.agent.0, c.score)).collect::<Vec<_>>(), [(1, 0.2), (2, 0.4), (0, 0.6)]);
    // Three calls, three answers, two rejections: 3n - 1.
    assert_eq!((decision.messages, decision.rounds, decision.latency), (8, 1, Duration::from_millis(1)));
    assert_eq!(told(&came), [(0, Rejection::Outbid), (2, Rejection::Outbid)]);
}

#[test]
fn a_late_proposal_is_refused_as_late() {
    let mut bench = Bench::new(Market::default(), &["ann", "bob"].map(digger));
    let asked = bench.task(&dig(0, 2.0));
    let Effect::Send(to, question) = asked[0].clone() else { panic!() };
    assert!(bench.answer(to, question).is_empty(), "bob is waited for");
    assert_eq!(bench.house.next_wake(), Some(Time::from_secs_f64(0.2)));
    let Effect::Send(late, Message::CallForProposals { task, call, .. }) = asked[1].clone() else { panic!() };
    bench.now = Time::from_secs_f64(0.2);
    let came = bench.turn(Initiator::on_wake);
    assert!(matches!(came[0], Effect::Assign(_, AgentId(0), _)));
    bench.now = Time::from_secs_f64(0.3);
    let propose = Message::Propose { task, call, price: 0.0, start: bench.now, finish: bench.now };
    let came = bench.turn(|house, turn| house.on_message(late, propose.clone(), turn));
    assert_eq!(told(&came), [(1, Rejection::Late)]);
    // What the winner repeats is no late proposal.
    assert!(bench.turn(|house, turn| house.on_message(AgentId(0), propose, turn)).is_empty());
}

#[test]
fn a_call_that_nobody_heard_is_made_again_with_more_time() {
    let mut bench = Bench::new(Market::default(), &["ann"].map(digger));
    bench.task(&dig(0, 2.0));
    let mut due = Vec::new();
    for _ in 0..4 {
        bench.now = bench.house.next_wake().unwrap();
        due.push(bench.now.as_secs_f64());
        let asked = bench.turn(Initiator::on_wake);
        assert!(matches!(asked[..], [Effect::Send(_, Message::CallForProposals { .. })]));
    }
    assert_eq!(due, [0.2, 0.6, 1.4, 3.0]);
    // Over a slow line every first answer is late, yet each task is done.
    let slow = Weather { delay: Delay::Constant(Duration::from_millis(700)), ..Weather::CALM };
    let report = market(Market::default(), ["ann", "bob"].map(digger)).weather(slow).announce_at(Time::ZERO, dig(0, 1.0));
    let report = report.run_until_quiet();
    assert_eq!((report.done(), report.awards[0].decision.rounds > 1), (1, true));
}

#[test]
fn a_task_waits_for_the_faster_agent_if_that_finishes_it_sooner() {
    for allocation in [Allocation::Optimal, Allocation::Sequential] {
        let set = Market { allocation, ..Market::default() };
        let team = |count: u32| {
            let table = market(set.clone(), [digger("fast").speed(4.0), digger("slow")]);
            (0..count).fold(table, |table, n| table.announce_at(Time::ZERO, dig(n, 4.0))).run_until_quiet()
        };
        // fast: 0 to 1 and 1 to 2; slow would need until 4.
        assert_eq!((winners(&team(2)), team(2).makespan), (vec![(0, 0), (1, 0)], Duration::from_secs(2)), "{allocation:?}");
        // With eight, the slow one is of use.
        assert!(team(8).awards.iter().any(|award| award.agent == AgentId(1)), "{allocation:?}");
    }
}

#[test]
fn a_wait_is_thought_over_when_the_faster_agent_is_overdue() {
    let mut bench = Bench::new(Market::default(), &[digger("fast").speed(4.0), digger("slow")]);
    let asked = bench.task(&dig(0, 4.0));
    assert!(matches!(bench.answers(asked)[0], Effect::Assign(_, AgentId(0), _)));
    bench.members[0].1 = Load { running: 1, queued: 0, backlog: 1.0 };
    let asked = bench.task(&dig(1, 4.0));
    assert!(bench.answers(asked).is_empty(), "it waits for the fast one");
    let mut woken = 0;
    let given = loop {
        let due = bench.house.next_wake().expect("somebody is idle");
        assert!(due > bench.now, "alarms go forward");
        (bench.now, woken) = (due, woken + 1);
        let given = bench.turn(Initiator::on_wake);
        if !given.is_empty() {
            break given;
        }
    };
    assert!(matches!(given[0], Effect::Assign(_, AgentId(1), _)));
    assert!(woken <= 4 && bench.now.as_secs_f64() <= 8.0, "{woken} wakes until {:?}", bench.now);
}

/// Two tasks come one after the other; the first bidder is a little better at the first, and much better at the second.
#[test]
fn a_window_changes_awards_for_the_better() {
    let can = |dig, sow| Capabilities::default().and("dig", dig).and("sow", sow);
    let total = |window: u64| {
        let set = Market { window: Duration::from_millis(window), ..Market::default() };
        let members = [Profile::new("ann", can(1.0, 1.0)), Profile::new("bob", can(0.9, 0.1))];
        let sow = TaskView::new(TaskId::new(0, 1), Arc::new(Demand::of_kind(DemandId(1), "sow"))).work(4.0);
        let table = market(set, members).announce_at(Time::ZERO, dig(0, 4.0));
        let report = table.announce_at(Time::from_secs_f64(0.05), sow).run_until_quiet();
        assert_eq!(report.done(), 2);
        let asked =
            |award: &crate::testing::Award| award.decision.candidates.iter().find(|c| c.agent == award.agent).unwrap().score;
        (winners(&report), report.awards.iter().map(asked).sum::<f64>(), report.makespan)
    };
    let (hasty, patient) = (total(0), total(100));
    assert_eq!(hasty.0, [(0, 0), (1, 0)], "sold at once, ann digs, and the sowing has to wait for her");
    assert_eq!(patient.0, [(0, 1), (1, 0)], "sold together, bob digs and ann sows");
    assert!(patient.2 < hasty.2, "{:?} and {:?}", patient.2, hasty.2);
}

#[test]
fn a_short_list_bounds_the_talk_and_the_others_are_asked_when_they_are_idle() {
    let set = Market { shortlist: Some(4), ..Market::default() };
    let members = (0..60).map(|n| digger(&format!("a{n}")).speed(1.0 + f64::from(n % 7)));
    let report = (0..300).fold(market(set, members), |table, n| table.announce_at(Time::ZERO, dig(n, 10.0))).run_until_quiet();
    assert_eq!((report.done(), report.violations.len()), (300, 0));
    assert!(report.messages.sent() <= 300 * (3 * 4 + 20), "{:?}", report.messages);
    let used = (0..60).filter(|n| report.awards.iter().any(|award| award.agent == AgentId(*n))).count();
    assert!(used > 50, "{used} of 60 worked, until {:?}", report.makespan);
    // Work over speed is the bound; 240 is the team's speed.
    assert!(report.makespan.as_secs_f64() < 1.5 * 3_000.0 / 238.0, "{:?}", report.makespan);
}

#[test]
fn prices_above_the_reserve_are_declined_with_the_remedy() {
    let set = Market { reserve: Some(1.0), ..Market::default() };
    let report = market(set, [digger("ann").cost(2.0)]).announce_at(Time::ZERO, dig(0, 3.0)).run_until_quiet();
    let (_, _, why) = &report.declines[0];
    assert_eq!(
        *why,
        Why::Other("no proposal is within market.reserve, which is 1: the lowest asks 6; raise the reserve".to_owned())
    );
}

#[test]
fn an_agent_that_tells_of_other_work_is_left_alone_until_then() {
    let mut bench = Bench::new(Market::default(), &["ann"].map(digger));
    bench.members[0].1 = Load { running: 1, queued: 0, backlog: 5.0 };
    let asked = bench.task(&dig(0, 1.0));
    assert!(bench.answers(asked).is_empty());
    assert_eq!(bench.house.next_wake(), Some(Time::from_secs_f64(5.0)));
    bench.now = Time::from_secs_f64(5.0);
    assert!(matches!(bench.turn(Initiator::on_wake)[0], Effect::Assign(..)));
}

/// One that claims eight times its speed gets the work at first; after some awards it gets next to none.
#[test]
fn a_liar_is_found_out() {
    let honest = (0..4).map(|n| Body::new(digger(&format!("a{n}")).speed(2.0)));
    let liar = Body::new(digger("liar").speed(8.0)).really(1.0);
    let table = honest.chain([liar]).fold(Table::new(Market::default(), 1), Table::agent);
    let chain = (1..200)
        .fold(table.announce_at(Time::ZERO, dig(0, 4.0)), |table, n| table.announce_after(&[TaskId::new(0, n - 1)], dig(n, 4.0)));
    let report = chain.run_until_quiet();
    let share = |awards: &[crate::testing::Award]| {
        awards.iter().filter(|award| award.agent == AgentId(4)).count() as f64 / awards.len() as f64
    };
    let (first, rest) = report.awards.split_at(20);
    assert!(first.first().is_some_and(|award| award.agent == AgentId(4)) && share(first) > 0.1, "it was believed at first");
    assert!(share(rest) < 0.05, "its share is still {}", share(rest));
}

#[test]
fn the_same_claim_twice_costs_trust_once_each() {
    let mut bench = Bench::new(Market::default(), &["ann"].map(digger));
    let asked = bench.task(&dig(0, 1.0));
    bench.answers(asked);
    let failed = Outcome::new(Ended::Failed, Duration::from_secs(1));
    for _ in 0..3 {
        // Only the first is an outcome of an award.
        bench.turn(|house, turn| house.on_outcome(TaskId::new(0, 0), AgentId(0), &failed, turn));
    }
    assert_eq!(bench.house.standing(AgentId(0)), [("reputation", 0.8), ("earned", 0.0)]);
    let mut heir = Bench::new(Market::default(), &["ann"].map(digger));
    heir.house.restore(&bench.house.save());
    assert_eq!(heir.house.standing(AgentId(0))[0].1, 0.8);
}

proptest! {
    /// A limit that nobody set ends no run: however long the tasks and however dear the agents, all is done, and no price is endless.
    #[test]
    fn without_a_reserve_nothing_is_too_dear(
        works in proptest::collection::vec(0.1..1e5_f64, 1..30), costs in proptest::collection::vec(0.0..1e3_f64, 1..5),
    ) {
        let members = || costs.iter().enumerate().map(|(n, cost)| digger(&format!("a{n}")).cost(*cost));
        let run = |set| {
            let tasks = works.iter().enumerate().map(|(n, work)| dig(n as u32, *work));
            tasks.fold(market(set, members()), |table, task| table.announce_at(Time::ZERO, task)).run_until_quiet()
        };
        let report = run(Market::default());
        prop_assert_eq!((report.done(), report.declines.len(), report.violations.len()), (works.len(), 0, 0));
        // All work with the dearest agent, and its time: of each task no more than all of it, and turns behind that.
        let most = (1e3 + 60.0) * works.iter().sum::<f64>();
        prop_assert!(report.awards.iter().all(|award| award.decision.price.is_some_and(|price| price <= most)));
        // With a limit below what the cheapest asks for the longest nothing of the kind holds.
        let cheapest = costs.iter().copied().fold(f64::MAX, f64::min) * works.iter().copied().fold(0.0, f64::max);
        if cheapest > 1.0 {
            let limited = run(Market { reserve: Some(cheapest / 2.0), urgency: 0.0, ..Market::default() });
            prop_assert!(!limited.declines.is_empty());
        }
    }
}
