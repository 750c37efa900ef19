//! A world as cheap as can be, for the hierarchical roles alone: what is measured in it is theirs.
#![allow(clippy::disallowed_methods, reason = "a stopwatch for people; no test here judges by it")]

use core::cmp::Reverse;
use core::time::Duration;
use polity_protocols::hierarchical::{Head, Hierarchical, Member, Message, Reporting};
use polity_protocols::{
    AgentId, Capabilities, Demand, DemandId, Effect, Ended, Initiator, Load, Outcome, Participant, Profile, Protocol, Reply, Rng,
    TaskId, TaskView, Time, Turn, seconds_to_duration,
};
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

/// A world as cheap as can be: mail arrives at once and in order, jobs take as long as they should.
pub struct Yard {
    pub head: Head,
    members: Vec<Member>,
    loads: Vec<Load>,
    profiles: Vec<Profile>,
    rng: Rng,
    now: Time,
    effects: Vec<Effect<Message>>,
    said: Vec<Message>,
    down: VecDeque<(AgentId, Message)>,
    up: VecDeque<(AgentId, Message)>,
    running: BinaryHeap<Reverse<(Time, TaskId, AgentId)>>,
    works: Vec<f64>,
    pub awards: usize,
    pub messages: usize,
}

impl Yard {
    pub fn new(set: &Hierarchical, profiles: Vec<Profile>) -> Yard {
        let members = profiles.iter().enumerate().map(|(n, p)| set.participant(AgentId(n as u32), p)).collect();
        let mut yard = Yard {
            head: set.initiator(),
            members,
            loads: vec![Load::default(); profiles.len()],
            profiles,
            rng: Rng::new(1, "yard"),
            now: Time::ZERO,
            effects: Vec::new(),
            said: Vec::new(),
            down: VecDeque::new(),
            up: VecDeque::new(),
            running: BinaryHeap::new(),
            works: Vec::new(),
            awards: 0,
            messages: 0,
        };
        for n in 0..yard.profiles.len() {
            let profile = yard.profiles[n].clone();
            yard.turn(|head, turn| head.on_join(AgentId(n as u32), &profile, turn));
        }
        yard
    }
    fn turn(&mut self, act: impl FnOnce(&mut Head, &mut Turn<'_, Message>)) {
        let mut effects = std::mem::take(&mut self.effects);
        act(&mut self.head, &mut Turn::new(self.now, &mut self.rng, &mut effects));
        for effect in effects.drain(..) {
            match effect {
                Effect::Send(to, message) => self.down.push_back((to, message)),
                Effect::Assign(task, agent, _) => {
                    self.awards += 1;
                    let seconds = self.works[task.instance() as usize] / self.profiles[agent.index()].speed;
                    let load = &mut self.loads[agent.index()];
                    (load.running, load.backlog) = (load.running + 1, load.backlog + seconds);
                    self.running.push(Reverse((self.now + seconds_to_duration(seconds), task, agent)));
                }
                Effect::Decline(task, why) => panic!("{task:?}: {why}"),
            }
        }
        self.effects = effects;
    }
    fn participant(&mut self, agent: AgentId, act: impl FnOnce(&mut Member, &mut Reply<'_, Message>)) {
        let mut reply = Reply::new(self.now, self.loads[agent.index()], &mut self.rng, &mut self.said);
        act(&mut self.members[agent.index()], &mut reply);
        self.up.extend(self.said.drain(..).map(|message| (agent, message)));
    }
    /// All mail, and what is due now.
    pub fn settle(&mut self) {
        loop {
            if let Some((agent, message)) = self.up.pop_front() {
                self.messages += 1;
                self.turn(|head, turn| head.on_message(agent, message, turn));
            } else if let Some((agent, message)) = self.down.pop_front() {
                self.messages += 1;
                self.participant(agent, |member, reply| member.on_message(message, reply));
            } else if self.head.next_wake().is_some_and(|at| at <= self.now) {
                self.turn(Initiator::on_wake);
            } else {
                return;
            }
        }
    }
    fn open(&mut self, task: &TaskView) {
        self.works.push(task.work);
        self.turn(|head, turn| head.on_task(task, turn));
        self.settle();
    }
    /// The next job to end, or the next alarm. False if there is neither.
    fn step(&mut self) -> bool {
        let ends = self.running.peek().map(|Reverse((at, ..))| *at);
        let wake = self.head.next_wake();
        match (ends, wake) {
            (None, None) => return false,
            (at, Some(wake)) if at.is_none_or(|at| wake < at) => {
                self.now = self.now.max(wake);
                self.turn(Initiator::on_wake);
            }
            _ => {
                let Some(Reverse((at, task, agent))) = self.running.pop() else { return false };
                self.now = at;
                let seconds = self.works[task.instance() as usize] / self.profiles[agent.index()].speed;
                let load = &mut self.loads[agent.index()];
                (load.running, load.backlog) = (load.running - 1, (load.backlog - seconds).max(0.0));
                let ended = if task.instance() % 10 == 3 { Ended::Failed } else { Ended::Succeeded };
                let outcome = Outcome { load: *load, ..Outcome::new(ended, seconds_to_duration(seconds)) };
                self.participant(agent, |member, reply| member.on_outcome(task, "dig", &outcome, reply));
                self.turn(|head, turn| head.on_outcome(task, agent, &outcome, turn));
            }
        }
        self.settle();
        true
    }
    /// Does so many tasks of which at most `open` are open or held at once; how long one took us.
    pub fn work(&mut self, tasks: u32, open: u32, work: impl Fn(u32) -> f64) -> Duration {
        let begun = Instant::now();
        let (first, mut next) = (self.awards, 0);
        while self.awards - first < tasks as usize || !self.running.is_empty() {
            let under_way = next - (self.awards - first) as u32 + self.running.len() as u32;
            if next < tasks && under_way < open {
                let number = self.works.len() as u32;
                self.open(&dig(number, work(next)));
                next += 1;
            } else {
                assert!(self.step(), "stuck at {:?} with {} of {tasks} awards", self.now, self.awards - first);
            }
        }
        begun.elapsed() / tasks
    }
}

pub fn set(reporting: Reporting) -> Hierarchical {
    Hierarchical { reporting, ..Hierarchical::default() }
}
pub fn equal(count: usize) -> Vec<Profile> {
    (0..count).map(|n| digger(&format!("a{n}"))).collect()
}
pub fn unequal(count: usize) -> Vec<Profile> {
    let mut rng = Rng::new(7, "speeds");
    (0..count).map(|n| digger(&format!("a{n}")).speed(rng.between(0.3, 3.0))).collect()
}

fn digger(name: &str) -> Profile {
    Profile::new(name, Capabilities::default().and("dig", 1.0))
}
fn dig(n: u32, work: f64) -> TaskView {
    TaskView::new(TaskId::new(0, n), Arc::new(Demand::of_kind(DemandId(0), "dig"))).work(work)
}
