//! What plans of offline planners come to when they are carried out: with exact estimates what they are on paper.

use super::{Pin, Pinned};
use crate::planners::{Edge, Schedule, Workload, cpop, heft, maxmin};
use crate::testing::{Body, Fate, Report, Table};
use crate::{AgentId, Capabilities, Demand, DemandId, Profile, Protocol, Rng, TaskId, TaskView, Time};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A graph on agents of unequal speed, in half of the scenes some with two slots, and not all able to do everything.
#[derive(Clone, Debug)]
struct Scene {
    agents: Vec<Profile>,
    tasks: Vec<TaskView>,
    edges: Vec<(usize, usize)>,
}

impl Scene {
    fn draw(seed: u64, least: f64) -> Scene {
        let mut rng = Rng::new(seed, "carried out");
        let (kinds, count, two) = (["dig", "saw"], 2 + rng.below(60), rng.chance(0.5));
        let agents = (0..1 + rng.below(8)).map(|n| {
            let mut can = Capabilities::default();
            for (kind, name) in kinds.into_iter().enumerate() {
                if n == kind || rng.chance(0.7) {
                    can = can.and(name, rng.between(0.3, 1.0));
                }
            }
            let slots = if two && rng.chance(0.3) { 2 } else { 1 };
            Profile::new(format!("agent-{n}"), can).speed(rng.between(0.5, 2.0)).slots(slots)
        });
        let agents: Vec<Profile> = agents.collect();
        let kinds = &kinds[..agents.len().min(2)];
        let demands: Vec<_> = (0..).zip(kinds).map(|(n, kind)| Arc::new(Demand::of_kind(DemandId(n), *kind))).collect();
        let (reach, mut edges) = (1 + rng.below(count), Vec::new());
        let tasks = (0..count).map(|n| {
            for _ in 0..rng.below(4).min(n) {
                edges.push((n - 1 - rng.below(reach.min(n)), n));
            }
            let demand = demands[rng.below(demands.len())].clone();
            TaskView::new(TaskId::new(0, n as u32), demand).work(least + rng.exponential(4.0))
        });
        let tasks = tasks.collect();
        edges.dedup();
        Scene { agents, tasks, edges }
    }
    /// For the slots of the agents, and the names of those.
    fn plan(&self, planner: fn(&Workload) -> Schedule) -> (Schedule, Vec<Pin>) {
        let slots = (0..).zip(&self.agents).flat_map(|(n, agent)| (0..agent.slots).map(move |_| (AgentId(n), agent)));
        let slots: Vec<(AgentId, &Profile)> = slots.collect();
        let cost = |task: &TaskView, (id, agent): &(AgentId, &Profile)| {
            task.demand.fit(*id, agent).map_or(f64::INFINITY, |fit| agent.seconds_for(task.work, fit))
        };
        let costs = self.tasks.iter().map(|task| slots.iter().map(|slot| cost(task, slot)).collect()).collect();
        let edges = self.edges.iter().map(|(from, to)| Edge::new(*from, *to, 0.0)).collect();
        let workload = Workload::new(costs, edges).unwrap();
        let schedule = planner(&workload);
        assert_eq!(schedule.fault(&workload), None);
        let names: Vec<_> = slots.iter().map(|(_, agent)| agent.name.clone()).collect();
        let pins = schedule.clone().into_pins(&names).unwrap();
        assert_eq!(Pinned { pins: pins.clone() }.check(), Ok(()));
        (schedule, pins)
    }
    fn carry_out(&self, pins: Vec<Pin>, noise: f64, seed: u64) -> Report {
        let mut table = Table::new(Pinned { pins }, seed);
        for agent in &self.agents {
            table = table.agent(Body::new(agent.clone()).noise(noise));
        }
        for (n, task) in self.tasks.iter().enumerate() {
            let before: Vec<TaskId> = self.before(n).map(|from| self.tasks[from].id).collect();
            table = if before.is_empty() {
                table.announce_at(Time::ZERO, task.clone())
            } else {
                table.announce_after(&before, task.clone())
            };
        }
        let report = table.run_until_quiet();
        assert_eq!((report.done(), &report.violations), (self.tasks.len(), &vec![]));
        report
    }
    fn before(&self, task: usize) -> impl Iterator<Item = usize> {
        self.edges.iter().filter(move |(_, to)| *to == task).map(|(from, _)| *from)
    }
}

fn untimed(pins: &[Pin]) -> Vec<Pin> {
    pins.iter().map(|pin| Pin::new(pin.task, pin.agent.clone())).collect()
}

proptest! {
    #[test]
    fn with_exact_estimates_a_run_is_what_was_planned(seed: u64) {
        let scene = Scene::draw(seed, 0.01);
        // A plan is for slots, and its agents take whichever is free sooner; max-min fills no gaps.
        let single = scene.agents.iter().all(|agent| agent.slots == 1);
        for (planner, exact) in [(heft as fn(&Workload) -> Schedule, single), (cpop, single), (maxmin, false)] {
            let (schedule, pins) = scene.plan(planner);
            let report = scene.carry_out(pins, 0.0, seed);
            for award in &report.awards {
                let planned = schedule.assignments[award.task.instance() as usize].start;
                prop_assert!(award.at.as_secs_f64() < planned + 1e-6, "{:?} {:?} {planned}", award.task, award.at);
            }
            let (took, planned) = (report.makespan.as_secs_f64(), schedule.makespan);
            prop_assert!(!exact || (took - planned).abs() < 1e-6, "{took} {planned}");
        }
    }

    #[test]
    fn tasks_of_no_time_make_nothing_later(seed: u64) {
        let mut scene = Scene::draw(seed, 0.0);
        scene.tasks.iter_mut().filter(|task| task.id.instance() % 3 == 0).for_each(|task| task.work = 0.0);
        let (schedule, pins) = scene.plan(heft);
        prop_assert!(scene.carry_out(pins, 0.0, seed).makespan.as_secs_f64() < schedule.makespan + 1e-6);
    }

    /// However far reality strays: what is ready and has an idle agent waits for 1.5 times its own time at most.
    #[test]
    fn nobody_waits_longer_than_is_stated(seed: u64, noise in 0.0..2.0_f64) {
        let mut scene = Scene::draw(seed, 0.01);
        scene.agents.iter_mut().for_each(|agent| agent.slots = 1);
        let report = scene.carry_out(scene.plan(heft).1, noise, seed);
        let ended = |task: TaskId| match report.tasks[&task] {
            Fate::Done { at, .. } => at,
            _ => Time::MAX,
        };
        let mut free: BTreeMap<AgentId, Time> = BTreeMap::new();
        for award in &report.awards {
            let task = &scene.tasks[award.task.instance() as usize];
            let ready = scene.before(award.task.instance() as usize).map(|from| ended(scene.tasks[from].id)).max();
            let since = ready.unwrap_or(Time::ZERO).max(free.get(&award.agent).copied().unwrap_or(Time::ZERO));
            let agent = &scene.agents[award.agent.index()];
            let seconds = agent.seconds_for(task.work, task.demand.fit(award.agent, agent).unwrap());
            let waited = award.at.since(since).as_secs_f64();
            prop_assert!(waited < 1.5 * seconds + 1e-6, "{:?} waited {waited} s, and takes {seconds}", award.task);
            free.insert(award.agent, ended(award.task));
        }
    }
}

/// The geometric mean, over many scenes, of how long it takes with planned starts to how long without.
fn waiting_to_not_waiting(noise: f64) -> f64 {
    let seeds = 150;
    let logs = (0..seeds).map(|seed| {
        let scene = Scene::draw(seed, 0.1);
        let pins = scene.plan(heft).1;
        let without = scene.carry_out(untimed(&pins), noise, seed).makespan.as_secs_f64();
        (scene.carry_out(pins, noise, seed).makespan.as_secs_f64() / without).ln()
    });
    (logs.sum::<f64>() / seeds as f64).exp()
}

#[test]
fn it_pays_to_wait_with_estimates_that_are_exact_or_wrong() {
    for (noise, most) in [(0.0, 0.99), (0.2, 1.0), (0.5, 1.0)] {
        let ratio = waiting_to_not_waiting(noise);
        println!("sigma {noise}: {ratio}");
        assert!(ratio < most, "sigma {noise}: {ratio}");
    }
}
