//! Governments know where the input of a task lies: work goes where it is done first, what has to travel included.

#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity_protocols::baselines::{FifoFastestIdle, MinCompletion};
use polity_protocols::consensus::Consensus;
use polity_protocols::hierarchical::{Hierarchical, Reporting};
use polity_protocols::market::Market;
use polity_protocols::stigmergic::Stigmergic;
use polity_protocols::testing::{Body, Report, Table};
use polity_protocols::{
    AgentId, Capabilities, Demand, DemandId, Input, Profile, Protocol, Rng, TaskId, TaskView, Time, seconds_to_duration,
};
use std::sync::Arc;

const BEGIN: f64 = 100.0;

/// Idle agents of one skill, and a task whose inputs lie with some of them.
struct Scene {
    speeds: Vec<f64>,
    work: f64,
    inputs: Vec<Input>,
}

impl Scene {
    fn drawn(seed: u64) -> Scene {
        let mut rng = Rng::new(seed, "scene");
        let (agents, equal) = (1 + rng.below(60), rng.chance(0.3));
        let speeds = (0..agents).map(|_| if equal { 1.0 } else { rng.between(0.5, 4.0) }).collect();
        let inputs = (0..1 + rng.below(3)).map(|_| Input {
            holder: AgentId(rng.below(agents) as u32),
            bytes: 1 + rng.bits() % 1_000_000,
            elsewhere: Time::from_secs_f64(BEGIN + rng.between(-1.0, 9.0)),
        });
        let inputs = inputs.collect();
        Scene { speeds, work: rng.between(0.1, 10.0), inputs }
    }
    fn profile(&self, agent: usize) -> Profile {
        Profile::new(format!("agent-{agent}"), Capabilities::default().and("dig", 1.0)).speed(self.speeds[agent]).cost(0.0)
    }
    fn task(&self) -> TaskView {
        let dig = Arc::new(Demand::of_kind(DemandId(0), "dig"));
        TaskView::new(TaskId::new(0, 0), dig).work(self.work).needing(self.inputs.clone())
    }
    fn report<P: Protocol>(&self, protocol: P) -> Report {
        let table =
            (0..self.speeds.len()).fold(Table::new(protocol, 7), |table, agent| table.agent(Body::new(self.profile(agent))));
        table.announce_at(Time::from_secs_f64(BEGIN), self.task()).run_until_quiet()
    }
    /// How long after it is announced the task is done if this one gets it: what it lacks comes first.
    fn finish(&self, agent: usize) -> f64 {
        let lacks = self.inputs.iter().filter(|input| input.holder.index() != agent).map(|input| input.elsewhere.as_secs_f64());
        lacks.fold(BEGIN, f64::max) - BEGIN + self.work / self.speeds[agent]
    }
    fn best(&self) -> f64 {
        (0..self.speeds.len()).map(|agent| self.finish(agent)).fold(f64::INFINITY, f64::min)
    }
    fn fastest(&self) -> f64 {
        self.speeds.iter().copied().fold(0.0, f64::max)
    }
}

/// What came of many scenes.
#[derive(Default, Debug)]
struct Seen {
    /// It was left with one who is not of the fastest, but has what it needs.
    at_home: u32,
    /// It went elsewhere, and what it needs was sent after it.
    fetched: u32,
}

/// Of a team that is idle, the one that ends the task first gets it; `within` a factor, where what is declared is not believed to the last
/// digit.
fn to_the_first<P: Protocol>(make: impl Fn() -> P, within: f64) -> Seen {
    let mut seen = Seen::default();
    for seed in 0..400 {
        let scene = Scene::drawn(seed);
        let report = scene.report(make());
        assert_eq!((report.done(), report.violations.len()), (1, 0), "seed {seed}: {:?}", report.violations);
        let winner = report.awards[0].agent.index();
        let (best, finish) = (scene.best(), scene.finish(winner));
        assert!(finish <= best * within + 1e-6, "seed {seed}: {finish} instead of {best}");
        // The body waited as the protocol was told.
        let latency = report.awards[0].at.since(Time::from_secs_f64(BEGIN));
        assert!((report.makespan.as_secs_f64() - finish).abs() <= latency.as_secs_f64() + 1e-6, "seed {seed}");
        let moved = scene.finish(winner) > scene.work / scene.speeds[winner] + 1e-6;
        seen.fetched += u32::from(moved);
        seen.at_home += u32::from(!moved && scene.speeds[winner] < scene.fastest());
    }
    seen
}

#[test]
fn an_idle_team_gives_it_to_the_one_that_ends_it_first() {
    let tree = || Hierarchical { reporting: Reporting::Tree, ..Hierarchical::default() };
    let direct = || Hierarchical { reporting: Reporting::Direct, ..Hierarchical::default() };
    let any_price = || Market::default();
    let seen = [
        to_the_first(MinCompletion::default, 1.0),
        to_the_first(direct, 1.0),
        to_the_first(tree, 1.0),
        to_the_first(any_price, 1.0),
        // A voter who has seen nothing expects one job in twenty to fail, and so counts the work a little longer than the way.
        to_the_first(Consensus::default, 1.0 / 0.95),
    ];
    for seen in seen {
        assert!(seen.at_home > 20 && seen.fetched > 20, "{seen:?}");
    }
}

/// Where agents are equal there is no reason to move anything away from one who is free.
#[test]
fn among_equals_it_stays_where_it_lies() {
    let stays = |report: &Report, home: AgentId| report.awards[0].agent == home;
    let mut by_chance = 0;
    for seed in 0..100 {
        let mut scene = Scene::drawn(seed);
        scene.speeds.fill(1.0);
        let holder = AgentId(seed as u32 % scene.speeds.len() as u32);
        scene.inputs =
            vec![Input { holder, bytes: 1, elsewhere: Time::from_secs_f64(BEGIN) + seconds_to_duration(0.1 + seed as f64) }];
        let any_price = Market::default();
        for report in [
            scene.report(MinCompletion::default()),
            scene.report(Hierarchical::default()),
            scene.report(any_price),
            scene.report(Consensus::default()),
        ] {
            assert!(stays(&report, holder), "seed {seed}: {}", report.awards[0].decision.reason);
        }
        by_chance += u32::from(stays(&scene.report(FifoFastestIdle::default()), holder));
    }
    assert!(by_chance < 50, "who knows nothing of it sends it after the work: {by_chance}");
}

/// Ants are drawn to what is near, and chance has its say.
#[test]
fn ants_are_drawn_to_what_is_near() {
    let (mut near, mut alone) = (0, 0);
    for seed in 0..200 {
        let mut scene = Scene::drawn(seed);
        scene.speeds = vec![1.0; 8];
        scene.work = 1.0;
        let input = |holder| Input { holder: AgentId(holder), bytes: 1, elsewhere: Time::from_secs_f64(BEGIN + 5.0) };
        scene.inputs = vec![input(seed as u32 % 8)];
        near += u32::from(scene.report(Stigmergic::default()).awards[0].agent.0 == seed as u32 % 8);
        scene.inputs.clear();
        alone += u32::from(scene.report(Stigmergic::default()).awards[0].agent.0 == seed as u32 % 8);
    }
    assert!(near > 150 && alone < 75, "{near} and {alone} of 200");
}

/// A slot that would wait for the data of an urgent task works on what fits before; what does not fit comes after it.
#[test]
fn a_slot_that_would_wait_is_filled() {
    let mut filled = 0;
    for seed in 0..100 {
        let mut rng = Rng::new(seed, "gap");
        let dig = Arc::new(Demand::of_kind(DemandId(0), "dig"));
        let works: Vec<f64> = (0..2 + rng.below(6)).map(|_| rng.between(0.5, 3.0)).collect();
        let (gap, long) = (works.iter().sum::<f64>() + rng.between(0.1, 5.0), 50.0);
        let task = |n: usize, work: f64| TaskView::new(TaskId::new(0, n as u32), dig.clone()).work(work);
        // Who has it is not in the team any more.
        let input = Input { holder: AgentId(9), bytes: 1, elsewhere: Time::from_secs_f64(BEGIN + gap) };
        let mut urgent = task(90, 4.0).needing(vec![input]);
        urgent.rank = 100.0;
        let team = || Profile::new("ann", Capabilities::default().and("dig", 1.0));
        let run = |table: Table<Hierarchical>, rest: Option<f64>| {
            let at = Time::from_secs_f64(BEGIN);
            let table =
                works.iter().enumerate().fold(table.agent(team()), |table, (n, work)| table.announce_at(at, task(n, *work)));
            let table = rest.into_iter().fold(table, |table, work| table.announce_at(at, task(91, work)));
            table.announce_at(at, urgent.clone()).run_until_quiet()
        };
        let close = |report: &Report, seconds: f64| (report.makespan.as_secs_f64() - seconds).abs() < 1e-6;
        let report = run(Table::new(Hierarchical::default(), seed), None);
        assert!(close(&report, gap + 4.0), "seed {seed}: {:?} instead of {}", report.makespan, gap + 4.0);
        filled += report.awards.iter().position(|award| award.task == urgent.id).unwrap() - 1;
        let report = run(Table::new(Hierarchical::default(), seed), Some(long));
        assert!(close(&report, gap + 4.0 + long), "seed {seed}: {:?}", report.makespan);
        assert_eq!(report.awards.last().unwrap().task, TaskId::new(0, 91), "seed {seed}");
    }
    assert!(filled > 100, "{filled}");
}
