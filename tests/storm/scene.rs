//! One seed makes everything that a storm is made of.

mod copies;
mod doors;
pub mod orders;
mod sagas;
mod teams;
mod trouble;
pub mod ways;

use doors::Doors;
use polity::agents::Distribution;
use polity::prelude::*;
use polity::protocols::{Delay, Rng};
use polity::workflow::WorkflowBuilder;
use polity::{Government, Registry, Timeouts};
use std::collections::BTreeSet;
use std::time::Duration;
use ways::Ways;

/// What a storm is made of.
pub struct Scene {
    pub agents: Vec<AgentSpec>,
    pub weather: Weather,
    pub strategy: Government,
    /// The runs, all begun at once, and when each is cancelled.
    pub runs: Vec<(Workflow, Option<Duration>)>,
    /// Whether awards and their outcomes are counted.
    pub spied: bool,
    /// The turn in which the coordinator panics, where it is watched.
    pub fatal: Option<u64>,
    /// Whether there is an agent that never gets to its feet.
    pub haunted: bool,
    /// What people order, and whether that is aimed at the moments at which something happens.
    pub orders: (Vec<orders::Given>, bool),
    /// What goes wrong on purpose, and when it is made right again.
    pub trouble: Option<(Faults, Duration)>,
}

const KINDS: [&str; 4] = ["dig", "carry", "count", "write"];

fn seconds(rng: &mut Rng, low: f64, high: f64) -> Duration {
    Duration::from_secs_f64(rng.between(low, high))
}
fn pick<T: Copy>(rng: &mut Rng, all: &[T]) -> T {
    all[rng.below(all.len())]
}

impl Scene {
    pub fn of(seed: u64) -> Scene {
        let mut rng = Rng::new(seed, "storm");
        let rough = rng.chance(0.15);
        let agents: Vec<AgentSpec> = (0..1 + rng.below(12)).map(|n| agent(n, &mut rng)).collect();
        let weather = weather(&mut rng);
        let names: Vec<&str> = Registry::standard().names().collect();
        let strategy = Registry::standard().make(pick(&mut rng, &names), &Value::Null).unwrap();
        let runs = if rng.chance(0.2) { 2 } else { 1 };
        let runs = (0..runs)
            .map(|_| {
                let flow = workflow(rough, &agents, &mut rng);
                let often = if flow.on_failure == OnFailure::Compensate { 0.35 } else { 0.15 };
                (flow, rng.chance(often).then(|| seconds(&mut rng, 0.0, 20.0)))
            })
            .collect();
        let (spied, fatal) = (rng.chance(0.5), rng.chance(0.3).then(|| 1 + rng.below(120) as u64));
        let haunted = rng.chance(0.03);
        let mut agents = agents;
        let mut runs: Vec<(Workflow, Option<Duration>)> = runs;
        if spied {
            // One coordinator is watched: a team without a strategy of its own would have another of the same kind.
            runs.iter_mut().for_each(|(flow, _)| teams::set_apart(flow));
        }
        if haunted {
            runs.iter_mut().for_each(|(flow, _)| teams::disband(flow));
            agents.clear(); // the limits on restarts are pooled, so that a larger society stands it
        }
        let mut rng = Rng::new(seed, "orders");
        let orders = orders::of(&runs, &mut rng);
        let trouble = if haunted { None } else { trouble::of(&agents, &mut rng) };
        Scene { agents, weather, strategy, runs, spied, fatal, haunted, orders, trouble }
    }
    /// True if talk comes at once, once, and in order.
    pub fn is_calm(&self) -> bool {
        self.weather == Weather::CALM && self.trouble.is_none()
    }
    /// Only its first run, and what concerns that.
    pub fn only_the_first(mut self) -> Scene {
        self.runs.truncate(1);
        self.orders.0.retain(|given| given.run == 0);
        self
    }
    /// True if agents may crash on purpose.
    pub fn is_crashing(&self) -> bool {
        self.trouble.as_ref().is_some_and(|(faults, _)| faults.crash.is_some())
    }
    /// True if all that an agent says of its jobs arrives in the order in which it was said: then the log shows what each held when.
    pub fn is_orderly(&self) -> bool {
        let straight = self.trouble.as_ref().is_none_or(|(faults, _)| faults.talk.is_none() && faults.partitions.is_empty());
        straight && self.weather.loss == 0.0 && matches!(self.weather.delay, Delay::Constant(_))
    }
}

fn agent(n: usize, rng: &mut Rng) -> AgentSpec {
    let can = KINDS
        .iter()
        .fold(Capabilities::default(), |can, kind| if rng.chance(0.7) { can.and(*kind, rng.between(0.1, 1.0)) } else { can });
    let queue = if rng.chance(0.5) { rng.below(3) as u32 } else { 64 };
    let replicas = if rng.chance(0.1) { 2 } else { 1 };
    AgentSpec {
        speed: rng.between(0.3, 4.0),
        slots: 1 + rng.below(4) as u32,
        queue,
        replicas,
        ..AgentSpec::new(format!("a{n}"), can)
    }
}

fn weather(rng: &mut Rng) -> Weather {
    if rng.chance(0.35) {
        return Weather::CALM;
    }
    let delay = match rng.below(3) {
        0 => Delay::Constant(seconds(rng, 0.0, 0.2)),
        1 => Delay::Uniform { low: Duration::ZERO, high: seconds(rng, 0.01, 2.0) },
        _ => Delay::Exponential { mean: seconds(rng, 0.01, 0.5) },
    };
    let loss = if rng.chance(0.6) { rng.between(0.0, 0.4) } else { 0.0 };
    Weather { delay, loss, repeat: if rng.chance(0.6) { rng.between(0.0, 0.5) } else { 0.0 } }
}

fn workflow(rough: bool, agents: &[AgentSpec], rng: &mut Rng) -> Workflow {
    let race = rng.chance(0.4);
    let tasks = match rng.below(20) {
        0..3 => 1 + rng.below(200),
        3..6 if race => 1,
        _ => 1 + rng.below(30),
    };
    let turns = rng.chance(0.2);
    let mut flow = Workflow::new("storm");
    let on_failure = pick(rng, &[OnFailure::Continue, OnFailure::Continue, OnFailure::FailFast, OnFailure::Compensate]);
    flow = flow.on_failure(on_failure);
    let bound = |rng: &mut Rng| rng.chance(0.2).then(|| 1 + rng.below(6) as u32);
    flow = flow.limits(Limits { max_parallel_tasks: bound(rng), max_open: bound(rng), ..Limits::default() });
    let teams = teams::of(agents, rng);
    flow = teams.iter().cloned().fold(flow, WorkflowBuilder::team);
    let (ways, doors) = (Ways::of(rng), Doors::of(rng));
    flow = doors.opened(flow);
    // Lists are no good as what others work on here: an instance's input is a map.
    for n in 0..tasks {
        let task = action(rough, rng);
        let (task, list) = conditions(upstream(task, n, rng), n, rng);
        let (task, redundant) = policies(task, rng);
        let task = ways.given(doors.shared(task, list, rng), redundant, rng);
        let task = teams::governed(task, &teams, rng);
        let mut task = if on_failure == OnFailure::Compensate { sagas::undoable(task, rough, rng) } else { task };
        let id = format!("t{n}");
        if !list && ways.stand_in(rng) {
            let other = policies(action(rough, rng), rng).0;
            let other = doors.shared(other, false, rng);
            let other = if rng.chance(0.15) { other.for_each("[1, 2]") } else { other };
            let other = if on_failure == OnFailure::Compensate { sagas::undoable(other, rough, rng) } else { other };
            let name = format!("{id}_else");
            (flow, task) = (flow.task(&name, other), task.fallback_to(&name));
        }
        if !list && ways.second_stand_in(rng) {
            let other = policies(action(rough, rng), rng).0;
            let other = if on_failure == OnFailure::Compensate { sagas::undoable(other, rough, rng) } else { other };
            let name = format!("{id}_then");
            (flow, task) = (flow.task(&name, other), task.on_error(ways::for_some(rng).to(&name)));
        }
        flow = flow.task(&id, task);
    }
    if turns && tasks > 1 {
        flow = interleaved(flow, tasks, rng);
    }
    if race {
        flow = raced(flow, rough, &doors, rng);
    }
    flow.build().unwrap()
}

/// Tasks that let some of the others begin, one at a time.
fn interleaved(mut flow: WorkflowBuilder, tasks: usize, rng: &mut Rng) -> WorkflowBuilder {
    for n in 0..1 + rng.below(2) {
        let after = rng.below(tasks);
        let named: BTreeSet<String> = (0..2 + rng.below(4)).map(|_| format!("t{}", rng.below(tasks))).collect();
        let mut turns = interleave(named.iter().map(String::as_str));
        // Only what lies before all of them may come before it.
        let free = named.iter().all(|id| id[1..].parse::<usize>().unwrap() > after);
        if free && rng.chance(0.7) {
            turns = if rng.chance(0.5) {
                turns.depends_on(&format!("t{after}"))
            } else {
                turns.depends_optionally_on(&format!("t{after}"))
            };
        } else if rng.chance(0.1) {
            turns = turns.when("1 == 2");
        }
        flow = flow.task(&format!("turns{n}"), turns);
    }
    flow
}

/// Some tasks side by side, and one that is content with the first of them and calls the others off.
fn raced(mut flow: WorkflowBuilder, rough: bool, doors: &Doors, rng: &mut Rng) -> WorkflowBuilder {
    let (of, gentle) = (2 + rng.below(5), rng.chance(0.5));
    let mut last = function("at_once").join(Join::AtLeast(1 + rng.below(of) as u32)).cancel_rest();
    for n in 0..of {
        let racer = if gentle { function("sleepy") } else { action(rough, rng) };
        let racer = if gentle { racer.estimate(seconds(rng, 0.0, 4.0)) } else { policies(racer, rng).0 };
        let (list, how) = (rng.chance(0.17), 1 + rng.below(5));
        let racer = doors.shared(racer, list, rng);
        let racer = match how {
            _ if list => racer.for_each("range(4)"),
            1 => racer.redundancy(copies::rules(rng)),
            2 => {
                flow = flow.task(&format!("before{n}"), function("sleepy"));
                racer.depends_on(&format!("before{n}"))
            }
            _ => racer,
        };
        let id = format!("racer{n}");
        flow = flow.task(&id, racer);
        last = last.depends_on(&id);
    }
    flow.task("winner", last)
}

fn action(rough: bool, rng: &mut Rng) -> TaskBuilder {
    let work = match rng.below(3) {
        0 => Distribution::Constant(rng.between(0.0, 3.0)),
        1 => Distribution::Uniform(0.0, 4.0),
        _ => Distribution::Exponential(1.5),
    };
    let p = |rng: &mut Rng, often: f64, most: f64| if rng.chance(often) { rng.between(0.0, most) } else { 0.0 };
    let crash = if rough { p(rng, 0.5, 1.0) } else { p(rng, 0.1, 0.5) };
    let simulation =
        Simulation { work: Some(work), failure: p(rng, 0.4, 0.6), crash, hang: p(rng, 0.2, 0.3), ..Simulation::default() };
    let hangs = simulation.hang > 0.0;
    let task = match rng.below(6) {
        0 => function("at_once"),
        1 => function(if rng.chance(0.3) { "beating" } else { "sleepy" }),
        2 => function(if rough { "fatal" } else { "moody" }),
        _ => simulated(simulation),
    };
    let task = if rng.chance(0.8) { task.kind(pick(rng, &KINDS)) } else { task };
    let beats = rng.chance(if hangs { 0.4 } else { 0.05 }).then(|| seconds(rng, 0.2, 3.0));
    let attempt = (hangs && (beats.is_none() || rng.chance(0.5)) || rng.chance(0.2)).then(|| seconds(rng, 0.5, 10.0));
    let queue = rng.chance(0.05).then(|| seconds(rng, 0.1, 30.0));
    let total = rng.chance(0.1).then(|| seconds(rng, 0.5, 60.0));
    task.timeouts(Timeouts { attempt, queue, total, heartbeat: beats })
}

fn upstream(mut task: TaskBuilder, n: usize, rng: &mut Rng) -> TaskBuilder {
    if n == 0 {
        return task;
    }
    let (mut joined, mut apart) = (BTreeSet::new(), BTreeSet::new());
    for place in 0..rng.below(4) {
        let on = if rng.chance(0.5) { rng.below(n) } else { n - 1 - rng.below(n.min(4)) };
        let id = format!("t{on}");
        task = match rng.below(4) {
            0 => {
                apart.insert(on);
                task.depends_optionally_on(&id)
            }
            1 => task.with(&format!("x{place}"), output(&id)),
            2 => task.with(&format!("x{place}"), expr(&format!("tasks.{id}.status"))),
            _ => {
                joined.insert(on);
                task.depends_on(&id)
            }
        };
    }
    match joined.difference(&apart).count() as u32 {
        of if of > 0 && rng.chance(0.4) => joined_by(task, of, rng),
        _ => task,
    }
}

/// A join of its own over so many; those that are met by successes cancel the rest as often as not.
fn joined_by(task: TaskBuilder, of: u32, rng: &mut Rng) -> TaskBuilder {
    let at_least = Join::AtLeast(1 + rng.below(of as usize) as u32);
    let rules = [Join::AllDone, Join::OneSuccess, Join::OneSuccess, at_least, Join::AnyDone, Join::OneFailed, Join::NoneFailed];
    let rule = pick(rng, &rules);
    let task = task.join(rule);
    if rule.can_cancel_rest() && rng.chance(0.5) { task.cancel_rest() } else { task }
}

/// A task with conditions, and whether it has a list.
fn conditions(task: TaskBuilder, n: usize, rng: &mut Rng) -> (TaskBuilder, bool) {
    let task = match rng.below(12) {
        0 if n > 0 => task.when(&format!("tasks.t{}.status == 'completed'", rng.below(n))),
        1 => task.when(pick(rng, &["1 == 2", "1 == 1"])),
        _ => task,
    };
    match rng.below(8) {
        0 => (task.for_each(pick(rng, &["[]", "[1]", "[1, 2, 3]", "['x', 'y', 'x']", "range(12)"])), true),
        1 => (task.for_each("[0, 1, 2, 3]").when("item > 1"), true),
        _ => (task, false),
    }
}

/// A task with policies, and whether it is redundant.
fn policies(task: TaskBuilder, rng: &mut Rng) -> (TaskBuilder, bool) {
    let priority = pick(rng, &[Priority::Low, Priority::Normal, Priority::Normal, Priority::High, Priority::Critical]);
    let task = task.priority(priority).estimate(seconds(rng, 0.0, 4.0));
    let task = if rng.chance(0.2) { task.needs(pick(rng, &KINDS), rng.between(0.0, 0.8)) } else { task };
    let redundant = rng.chance(0.08);
    let task = if redundant { task.redundancy(copies::rules(rng)) } else { task };
    if rng.chance(0.4) {
        let initial = seconds(rng, 0.0, 2.0);
        let policy = RetryPolicy { attempts: 1 + rng.below(5) as u32, initial, ..RetryPolicy::default() };
        return (task.retry(policy), redundant);
    }
    (task, redundant)
}
