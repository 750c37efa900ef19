//! A capability is a claim until proven: whoever claims too much, or quotes too little, gets less than 5 % of the work after a stated number of
//! awards, under each government that is told of outcomes.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity_protocols::consensus::Consensus;
use polity_protocols::hierarchical::{Hierarchical, Reporting};
use polity_protocols::market::Market;
use polity_protocols::stigmergic::Stigmergic;
use polity_protocols::testing::{Body, Table};
use polity_protocols::{
    AgentId, Bent, Capabilities, Demand, DemandId, Ended, Initiator, Judged, Lie, Outcome, Profile, Protocol, Rng, TaskId,
    TaskView, Time, Turn,
};
use std::sync::Arc;
use std::time::Duration;

const AGENTS: u32 = 10;
/// Tasks that are open at a time: the honest alone could do them.
const OPEN: u32 = 4;
const TASKS: u32 = 2_000;

/// A government in whose team the first few agents quote a quarter of the truth.
#[derive(Clone, Debug)]
struct Attacked<P> {
    government: P,
    low: u32,
}
impl<P: Protocol> Protocol for Attacked<P> {
    const NAME: &'static str = P::NAME;
    type Message = P::Message;
    type Initiator = P::Initiator;
    type Participant = Bent<P>;
    fn initiator(&self) -> P::Initiator {
        self.government.initiator()
    }
    fn participant(&self, me: AgentId, profile: &Profile) -> Bent<P> {
        let lies = if me.0 < self.low { vec![Lie::LowBall(0.25)] } else { Vec::new() };
        Bent::new(&self.government, me, profile, lies, Rng::numbered(1, "lie", u64::from(me.0)))
    }
}

/// The share of the awards, from the `from`th on, that went to the first `bad` agents; these declare `declared` and do `truly`.
fn share<P: Protocol>(government: P, low: bool, bad: u32, declared: f64, truly: f64, from: usize) -> f64 {
    let attacked = Attacked { government, low: if low { bad } else { 0 } };
    let dig = Arc::new(Demand::of_kind(DemandId(0), "dig"));
    let mut table = Table::new(attacked, 7);
    for n in 0..AGENTS {
        let spread = 0.9 + 0.2 * f64::from((n * 7 + 4) % AGENTS) / f64::from(AGENTS - 1);
        let (score, speed) = if n < bad { (declared * spread, truly / declared) } else { (0.7 * spread, 1.0) };
        let profile = Profile::new(format!("a{n}"), Capabilities::default().and("dig", score.min(1.0)));
        table = table.agent(Body::new(profile).really(speed));
    }
    let id = |n| TaskId::new(0, n);
    for n in 0..TASKS {
        let task = TaskView::new(id(n), dig.clone()).work(1.0);
        table = if n < OPEN { table.announce_at(Time::ZERO, task) } else { table.announce_after(&[id(n - OPEN)], task) };
    }
    let report = table.run_until_quiet();
    assert_eq!((report.done(), &report.violations), (TASKS as usize, &Vec::new()));
    let late = &report.awards[from..];
    late.iter().filter(|award| award.agent.0 < bad).count() as f64 / late.len() as f64
}

fn route_round<P: Protocol>(make: impl Fn() -> P, after: usize) {
    for bad in [1, 2, 4] {
        let claims = share(make(), false, bad, 1.0, 0.2, after);
        let low = share(make(), true, bad, 0.35, 0.35, after);
        println!("{} {bad}: false claims {claims:.3}, low balls {low:.3}", P::NAME);
        assert!(claims < 0.05, "{}: {claims} of the work goes to {bad} that claim too much", P::NAME);
        assert!(low < 0.05, "{}: {low} of the work goes to {bad} that quote too little", P::NAME);
    }
}

#[test]
fn a_chain_of_command_routes_round_those_that_claim_too_much() {
    route_round(Hierarchical::default, 200);
    // A group of nothing but liars, whose lead lies too.
    route_round(|| Hierarchical { span: 4, ..Hierarchical::default() }, 200);
    route_round(|| Hierarchical { reporting: Reporting::Direct, ..Hierarchical::default() }, 200);
}
#[test]
fn a_colony_routes_round_those_that_claim_too_much() {
    route_round(Stigmergic::default, 400);
}
#[test]
fn an_assembly_and_a_market_do_so_too() {
    route_round(Consensus::default, 400);
    route_round(Market::default, 400);
}

/// The awards of one initiator by hand, all of whose results of one agent are judged wrong: of how many it got the last half.
fn wrong<P: Protocol>(government: P, judged: bool) -> f64 {
    let (mut initiator, mut rng, mut effects) = (government.initiator(), Rng::new(1, "wrong"), Vec::new());
    let can = |n: u32| Profile::new(format!("a{n}"), Capabilities::default().and("dig", if n == 0 { 1.0 } else { 0.8 }));
    let dig = Arc::new(Demand::of_kind(DemandId(0), "dig"));
    let (mut got, mut now) = (0, 0.0);
    for n in 0..3 {
        initiator.on_join(AgentId(n), &can(n), &mut Turn::new(Time::ZERO, &mut rng, &mut effects));
    }
    for number in 0..100 {
        let task = TaskId::new(0, number);
        effects.clear();
        initiator.on_task(
            &TaskView::new(task, dig.clone()).work(1.0),
            &mut Turn::new(Time::from_secs_f64(now), &mut rng, &mut effects),
        );
        let winner = effects.iter().find_map(|effect| match effect {
            polity_protocols::Effect::Assign(_, agent, _) => Some(*agent),
            _ => None,
        });
        let agent = winner.expect("all are idle");
        now += 1.25;
        let outcome = Outcome::new(Ended::Succeeded, Duration::from_secs_f64(if agent.0 == 0 { 1.0 } else { 1.25 }));
        let at = Time::from_secs_f64(now);
        initiator.on_outcome(task, agent, &outcome, &mut Turn::new(at, &mut rng, &mut effects));
        if judged {
            let quality = if agent.0 == 0 { 0.0 } else { 1.0 };
            let judged = Judged { task, demand: DemandId(0), agent, quality };
            initiator.on_judged(&judged, &mut Turn::new(at, &mut rng, &mut effects));
        }
        got += u32::from(number >= 50 && agent.0 == 0);
    }
    f64::from(got) / 50.0
}

#[test]
fn a_result_that_lost_its_vote_is_held_against_its_agent() {
    let alone = || Hierarchical { reporting: Reporting::Direct, ..Hierarchical::default() };
    assert_eq!(wrong(alone(), false), 1.0, "nobody told");
    assert_eq!(wrong(alone(), true), 0.0);
}
