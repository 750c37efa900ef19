//! The colony learns skills that nobody declared, keeps them beyond a run, and forgets them when they are no longer true.

use crate::stigmergic::{Ant, Environment, Message, Stigmergic};
use crate::testing::{Body, Report, Table};
use crate::{
    AgentId, Capabilities, Demand, DemandId, Initiator, Memory, Outcome, Profile, Protocol, TaskId, TaskView, Time, Turn,
};
use std::sync::{Arc, Mutex};

/// A colony whose memory outlives its runs.
#[derive(Clone, Debug)]
struct Remembering {
    settings: Stigmergic,
    memory: Arc<Mutex<Memory>>,
}
struct Heir {
    environment: Environment,
    memory: Arc<Mutex<Memory>>,
}
impl Protocol for Remembering {
    const NAME: &'static str = Stigmergic::NAME;
    type Message = Message;
    type Initiator = Heir;
    type Participant = Ant;
    fn initiator(&self) -> Heir {
        let mut environment = self.settings.initiator();
        environment.restore(&self.memory.lock().unwrap());
        Heir { environment, memory: self.memory.clone() }
    }
    fn participant(&self, me: AgentId, profile: &Profile) -> Ant {
        self.settings.participant(me, profile)
    }
}
impl Initiator for Heir {
    type Message = Message;
    fn on_join(&mut self, agent: AgentId, profile: &Profile, turn: &mut Turn<'_, Message>) {
        self.environment.on_join(agent, profile, turn);
    }
    fn on_leave(&mut self, agent: AgentId, turn: &mut Turn<'_, Message>) {
        self.environment.on_leave(agent, turn);
    }
    fn on_task(&mut self, task: &TaskView, turn: &mut Turn<'_, Message>) {
        self.environment.on_task(task, turn);
    }
    fn on_withdraw(&mut self, task: TaskId, turn: &mut Turn<'_, Message>) {
        self.environment.on_withdraw(task, turn);
    }
    fn on_message(&mut self, from: AgentId, message: Message, turn: &mut Turn<'_, Message>) {
        self.environment.on_message(from, message, turn);
    }
    fn on_outcome(&mut self, task: TaskId, agent: AgentId, outcome: &Outcome, turn: &mut Turn<'_, Message>) {
        self.environment.on_outcome(task, agent, outcome, turn);
        *self.memory.lock().unwrap() = self.environment.save();
    }
    fn on_wake(&mut self, turn: &mut Turn<'_, Message>) {
        self.environment.on_wake(turn);
    }
    fn next_wake(&self) -> Option<Time> {
        self.environment.next_wake()
    }
}

/// A run of `count` tasks, the one after the other, by agents that all declare the same but work at these speeds.
fn run(colony: &Remembering, speeds: &[f64], count: u32, seed: u64) -> Report {
    let dig = Arc::new(Demand::of_kind(DemandId(0), "dig"));
    let mut table = Table::new(colony.clone(), seed);
    for (number, speed) in speeds.iter().enumerate() {
        let profile = Profile::new(format!("ant-{number}"), Capabilities::default().and("dig", 1.0));
        table = table.agent(Body::new(profile).really(*speed));
    }
    let id = |number| TaskId::new(seed as u32, number);
    for number in 0..count {
        let task = TaskView::new(id(number), dig.clone()).work(0.5);
        table = if number == 0 { table.announce_at(Time::ZERO, task) } else { table.announce_after(&[id(number - 1)], task) };
    }
    let report = table.run_until_quiet();
    assert_eq!((report.done(), &report.violations), (count as usize, &Vec::new()));
    report
}
fn colony(settings: Stigmergic) -> Remembering {
    Remembering { settings, memory: Arc::default() }
}
/// The share of the awards that went to this agent.
fn share(report: &Report, agent: u32) -> f64 {
    let its = report.awards.iter().filter(|award| award.agent == AgentId(agent)).count();
    its as f64 / report.awards.len() as f64
}
/// Its share over some runs, and their mean makespan in seconds.
fn season(colony: &Remembering, speeds: &[f64], agent: u32, runs: core::ops::Range<u64>) -> (f64, f64) {
    let count = (runs.end - runs.start) as f64;
    let reports: Vec<Report> = runs.map(|seed| run(colony, speeds, 20, seed)).collect();
    let mean = |of: &dyn Fn(&Report) -> f64| reports.iter().map(of).sum::<f64>() / count;
    (mean(&|report| share(report, agent)), mean(&|report| report.makespan.as_secs_f64()))
}

/// The same of a colony that has just begun, over so many tasks.
fn beginners(settings: &Stigmergic, speeds: &[f64], agent: u32, tasks: u32) -> (f64, f64) {
    let reports: Vec<Report> = (0..40).map(|seed| run(&colony(settings.clone()), speeds, tasks, seed)).collect();
    let mean = |of: &dyn Fn(&Report) -> f64| reports.iter().map(of).sum::<f64>() / 40.0;
    (mean(&|report| share(report, agent)), mean(&|report| report.makespan.as_secs_f64()))
}

#[test]
fn the_better_agent_gets_more_and_runs_become_shorter() {
    for greed in [0.0, 0.3] {
        let settings = Stigmergic { greed, ..Stigmergic::default() };
        let speeds = [0.5, 2.0, 0.5];
        let (early, slow) = beginners(&settings, &speeds, 1, 3);
        let colony = colony(settings);
        season(&colony, &speeds, 1, 0..4);
        let (late, fast) = season(&colony, &speeds, 1, 40..60);
        let (slow, fast) = (slow / 3.0, fast / 20.0);
        println!("greed {greed}: share {early:.2} -> {late:.2}, seconds a task {slow:.2} -> {fast:.2}");
        assert!(late > 0.75 && late > early + 0.1, "{early} and then {late}");
        assert!(fast < 0.8 * slow, "{slow} and then {fast}");
    }
}

/// The better agent's share at the end of a world in which skills swap half-way.
fn after_the_swap(decay: f64) -> (f64, f64) {
    let colony = colony(Stigmergic { decay, ..Stigmergic::default() });
    let (before, _) = season(&colony, &[2.0, 0.5], 0, 0..30);
    season(&colony, &[0.5, 2.0], 1, 100..150);
    let (after, _) = season(&colony, &[0.5, 2.0], 1, 200..220);
    (before, after)
}

#[test]
fn the_colony_recovers_when_skills_swap_but_only_if_trails_evaporate() {
    let (before, after) = after_the_swap(0.1);
    println!("with decay: {before:.2} before, {after:.2} after");
    assert!(before > 0.8 && after > 0.8, "{before} before and {after} after the swap");
    let (before, after) = after_the_swap(0.0);
    println!("without: {before:.2} before, {after:.2} after");
    assert!(before > 0.8 && after < 0.5, "{before} before and {after} after the swap, without decay");
}

#[test]
fn trails_outlive_a_run_only_through_memory() {
    let settings = Stigmergic::default();
    let taught = colony(settings.clone());
    season(&taught, &[0.5, 2.0], 1, 0..30);
    assert!(taught.memory.lock().unwrap().get("trail/dig/ant-1").unwrap()[0] > 2.0);
    let (mut with, mut without) = (0.0, 0.0);
    for seed in 100..120 {
        let heir = colony(settings.clone());
        *heir.memory.lock().unwrap() = taught.memory.lock().unwrap().clone();
        with += share(&run(&heir, &[0.5, 2.0], 8, seed), 1) / 20.0;
        without += share(&run(&colony(settings.clone()), &[0.5, 2.0], 8, seed), 1) / 20.0;
    }
    // Proofs of pace teach a colony much within eight tasks; trails from before are better still.
    assert!(with > without + 0.1, "{with} and {without}");
}
