//! What every protocol owes, put to the test over many seeds.
//!
//! One seed tunes a whole world: 1 to 40 agents, their skills, slots, queues and moods; tasks in layers of a graph; weather; leavers,
//! some of whom come back; withdrawals; the death of the initiator; nonsense. The rules are those of
//! [`Initiator`]; the [`Table`] judges them turn by turn.

use super::body::Body;
use super::report::{Report, Sometimes};
use super::table::{Again, Table};
use crate::capability::{Capabilities, Demand};
use crate::data::Input;
use crate::ids::{AgentId, DemandId, TaskId};
use crate::profile::Profile;
use crate::protocol::{Initiator, Protocol};
use crate::rng::Rng;
use crate::task::TaskView;
use crate::time::{Time, seconds_to_duration};
use crate::weather::{Delay, Weather};
use core::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// From so many seeds on, each hard case must have come up.
const SEEDS_THAT_SHOW_ALL: u64 = 50;
/// Virtual seconds over which a world's tasks are announced, at least and at most: from crowds to leisure.
const SPANS: (f64, f64) = (2.0, 60.0);

/// A seed whose world broke a protocol.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The protocol's name.
    pub protocol: &'static str,
    /// The seed.
    pub seed: u64,
    /// The rules that it broke, one sentence each.
    pub violations: Vec<String>,
}
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, seed) = (self.protocol, self.seed);
        writeln!(f, "protocol \"{name}\" breaks the rules with seed {seed}:")?;
        for sentence in &self.violations {
            writeln!(f, "  {sentence}")?;
        }
        write!(
            f,
            "replay it with `testing::suite::one(&protocol, {seed})`, or by hand from `testing::suite::world(protocol, {seed})`"
        )
    }
}
impl std::error::Error for Failure {}

/// How many seeds a protocol owes: 1,000, or what the environment variable `POLITY_SUITE_SEEDS` says (20,000 for a soak).
///
/// ```
/// assert!(polity_protocols::testing::suite::seeds() > 0);
/// ```
pub fn seeds() -> u64 {
    std::env::var("POLITY_SUITE_SEEDS").ok().and_then(|given| given.parse().ok()).unwrap_or(1_000)
}

/// Puts a protocol to the test over the seeds `0..seeds`, and returns how often the hard cases came up.
///
/// A hundred seeds take about a second in a debug build, more for a protocol of many messages.
///
/// # Panics
/// With the first seed that breaks a rule, the sentences of what was broken, and how to replay it. From 50 seeds on also if a hard
/// case (a loss, a refusal, a leaver, a decline, a withdrawal...) never came up: then the rules were not put to the test.
///
/// ```
/// use polity_protocols::{baselines::RoundRobin, testing::suite};
/// let seen = suite(RoundRobin::default, 10);
/// assert!(seen.awards > 0);
/// ```
pub fn suite<P: Protocol>(make: impl Fn() -> P, seeds: u64) -> Sometimes {
    let mut seen = Sometimes::default();
    let mut sent = 0;
    for seed in 0..seeds {
        match check(&make(), seed) {
            Ok(report) => {
                seen.add(&report.sometimes);
                sent += report.messages.sent();
            }
            Err(failure) => panic!("{failure}"),
        }
    }
    let foresees = make().foresees();
    let never: Vec<&str> =
        seen.iter().filter(|(case, times)| *times == 0 && owed(case, &seen, sent, foresees)).map(|(case, _)| case).collect();
    assert!(
        seeds < SEEDS_THAT_SHOW_ALL || never.is_empty(),
        "protocol \"{}\" keeps the rules over {seeds} seeds, but these cases never came up: {}",
        P::NAME,
        never.join(", ")
    );
    seen
}

/// Whether a case must come up for this protocol: one that sends nothing loses nothing, one that decides at once leaves nothing open.
fn owed(case: &str, seen: &Sometimes, sent: u64, foresees: bool) -> bool {
    match case {
        "foretold" => foresees,
        "losses" | "repeats" | "overtaken" => sent > 1_000,
        "lingered" => false,
        _ if case.ends_with("while_open") => seen.lingered > 100,
        _ => true,
    }
}

/// The first of the seeds `0..seeds` that breaks a rule; `None` if none does. For tests of a broken protocol.
///
/// ```
/// use polity_protocols::{baselines::RoundRobin, testing::suite};
/// assert_eq!(suite::first_failure(RoundRobin::default, 5), None);
/// ```
pub fn first_failure<P: Protocol>(make: impl Fn() -> P, seeds: u64) -> Option<Failure> {
    (0..seeds).find_map(|seed| check(&make(), seed).err())
}

/// One seed: what happened, or which rules were broken.
///
/// # Errors
/// [`Failure`], with each broken rule. A panic of the protocol counts as one.
pub fn check<P: Protocol>(protocol: &P, seed: u64) -> Result<Report, Failure> {
    let fail = |violations| Err(Failure { protocol: P::NAME, seed, violations });
    let run = || world(protocol.clone(), seed).run_until_quiet();
    let played = catch_unwind(AssertUnwindSafe(|| (run(), run(), memory_faults(protocol))));
    let (report, twin, faults) = match played {
        Ok(played) => played,
        Err(panic) => return fail(vec![format!("it panicked: {}", words(&*panic))]),
    };
    let mut violations = report.violations.clone();
    violations.extend(faults);
    if report != twin {
        violations.push(format!("two runs of one seed differ: {}", difference(&report, &twin)));
    }
    if violations.is_empty() { Ok(report) } else { fail(violations) }
}

/// Replays one seed and prints nothing: what happened in it, with its violations, whatever they are.
///
/// ```
/// use polity_protocols::{baselines::Random, testing::suite};
/// assert!(suite::one(&Random::default(), 7).violations.is_empty());
/// ```
pub fn one<P: Protocol>(protocol: &P, seed: u64) -> Report {
    world(protocol.clone(), seed).run_until_quiet()
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("without words").to_owned()
}

fn difference(one: &Report, other: &Report) -> String {
    let pair = one.awards.iter().zip(&other.awards).find(|(a, b)| a != b);
    match pair {
        Some((a, b)) => {
            format!("{:?} went to {:?} at {:?}, and {:?} to {:?} at {:?}", a.task, a.agent, a.at, b.task, b.agent, b.at)
        }
        None => format!("{} and {} awards, {:?} and {:?}", one.awards.len(), other.awards.len(), one.messages, other.messages),
    }
}

/// A fresh initiator takes up a memory that nobody wrote, and what it saves then survives a round trip.
fn memory_faults<P: Protocol>(protocol: &P) -> Option<String> {
    let mut initiator = protocol.initiator();
    let mut odd = initiator.save();
    for key in ["", "/", "trust", "trust//", "unknown/entry/of/many/parts"] {
        odd.set(key, []);
        odd.set(format!("{key}/x"), [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e300]);
    }
    initiator.restore(&odd);
    let saved = initiator.save();
    let mut heir = protocol.initiator();
    heir.restore(&saved);
    let again = heir.save();
    // NaN is not equal to itself, so the texts are compared.
    (format!("{saved:?}") != format!("{again:?}"))
        .then(|| format!("what it saves changes when restored: {saved:?} and {again:?}"))
}

/// The world of one seed, ready to run: add to it, or take another protocol to the same world.
///
/// ```
/// use polity_protocols::{baselines::Random, testing::suite};
/// let report = suite::world(Random::default(), 3).run_until_quiet();
/// assert_eq!(report, suite::one(&Random::default(), 3));
/// ```
pub fn world<P: Protocol>(protocol: P, seed: u64) -> Table<P> {
    let mut rng = Rng::new(seed, "suite");
    let most = if rng.chance(0.5) { 8 } else { 40 };
    let agents = 1 + rng.below(most);
    let rough = rng.chance(0.75);
    let span = rng.between(SPANS.0, SPANS.1);
    let mut table = Table::new(protocol, seed).weather(if rough { storm(&mut rng) } else { Weather::CALM }).again(Again {
        attempts: 1 + rng.below(5) as u32,
        avoid_refusers: rng.chance(0.5),
        ..Again::default()
    });
    if rough {
        let (late, news) = (rng.between(0.0, 0.01), rng.between(0.0, 3.0));
        table = table.nonsense(rng.between(0.0, 0.3)).late_wakes(seconds_to_duration(late)).late_news(seconds_to_duration(news));
    }
    table = people(table, agents, span, &mut rng);
    table = tasks(table, agents, span, &mut rng);
    if rng.chance(0.4) {
        table = table.rebuild_at(Time::from_secs_f64(rng.exponential(span / 4.0)));
    }
    table
}

fn storm(rng: &mut Rng) -> Weather {
    let mean = rng.between(0.0, 0.5);
    let delay = match rng.below(3) {
        0 => Delay::Constant(seconds_to_duration(mean)),
        1 => Delay::Uniform { low: seconds_to_duration(mean / 2.0), high: seconds_to_duration(mean * 1.5) },
        _ => Delay::Exponential { mean: seconds_to_duration(mean) },
    };
    Weather { delay, loss: rng.between(0.0, 0.3), repeat: rng.between(0.0, 0.3) }
}

const KINDS: [&str; 4] = ["analysis", "extraction", "review", "writing"];

fn people<P: Protocol>(mut table: Table<P>, agents: usize, span: f64, rng: &mut Rng) -> Table<P> {
    let alike = rng.chance(0.2);
    let reluctance = rng.between(0.0, 0.1);
    for index in 0..agents {
        // Most are there from the start; numbers follow the order of joining.
        let joins = if index * 4 < agents * 3 { 0.0 } else { span * index as f64 / agents as f64 };
        let mut can = Capabilities::default();
        for kind in KINDS {
            if alike || rng.chance(0.5) {
                can = can.and(kind, if alike { 0.8 } else { rng.between(0.05, 1.0) });
            }
        }
        let mut profile = Profile::new(format!("agent-{index}"), can).slots(1 + rng.below(3) as u32);
        if !alike {
            profile = profile.speed(rng.between(0.3, 3.0)).cost(rng.between(0.0, 2.0));
        }
        if rng.chance(0.3) {
            profile.group = format!("group-{}", rng.below(3)).into();
        }
        let queue = rng.below(5) as u32;
        let body = Body::new(profile).queue(queue).noise(rng.between(0.0, 0.5)).failing(rng.between(0.0, 0.3));
        table = table.agent_at(Time::from_secs_f64(joins), body.reluctant(reluctance));
        if rng.chance(0.25) {
            let leaves = rng.between(joins, span * 1.5);
            table = table.leave_at(Time::from_secs_f64(leaves), AgentId(index as u32));
            if rng.chance(0.5) {
                // Often so soon that news of the earlier life are still under way.
                let back = leaves + rng.exponential(2.0);
                table = table.join_at(Time::from_secs_f64(back), AgentId(index as u32));
            }
        }
    }
    table
}

fn demands(agents: usize, rng: &mut Rng) -> Vec<Arc<Demand>> {
    let demand = |id| {
        let id = DemandId(id);
        let kind = KINDS[rng.below(KINDS.len())];
        Arc::new(match rng.below(10) {
            0..=4 => Demand::of_kind(id, kind),
            5 | 6 => Demand::of_kind(id, kind).at_least(KINDS[rng.below(KINDS.len())], rng.between(0.1, 1.0)),
            7 => Demand::any(id).only(format!("agent-{}", rng.below(agents))),
            8 => Demand::any(id).only(format!("group-{}", rng.below(4))),
            _ => Demand::any(id),
        })
    };
    (0..6).map(demand).collect()
}

/// Something that lies with somebody, who may have left, and may be everywhere long since.
fn input(at: Time, agents: usize, rng: &mut Rng) -> Input {
    let elsewhere = at + seconds_to_duration(rng.between(-2.0, 6.0));
    Input { holder: AgentId(rng.below(agents) as u32), bytes: rng.bits() >> 34, elsewhere }
}

fn tasks<P: Protocol>(mut table: Table<P>, agents: usize, span: f64, rng: &mut Rng) -> Table<P> {
    let demands = demands(agents, rng);
    let (count, rush) = (1 + rng.below(60) as u32, rng.chance(0.3));
    let id = |number| TaskId::new(number % 2, number);
    for number in 0..count {
        let demand = demands[rng.below(demands.len())].clone();
        let mut task = TaskView::new(id(number), demand).work(rng.between(0.0, 8.0));
        task.rank = rng.between(0.0, 20.0);
        let at = if rush { Time::ZERO } else { Time::from_secs_f64(rng.between(0.0, span)) };
        task.deadline = rng.chance(0.2).then(|| at + seconds_to_duration(rng.between(0.0, 30.0)));
        if rng.chance(0.2) {
            task.avoid = (0..1 + rng.below(3)).map(|_| AgentId(rng.below(agents) as u32)).collect();
        }
        if rng.chance(0.2) {
            task.data = (0..1 + rng.below(2)).map(|_| input(at, agents, rng)).collect();
        }
        if rng.chance(0.15) {
            let soon = at + seconds_to_duration(rng.exponential(2.0));
            table = table.withdraw_at(soon, task.id);
        }
        table = if number > 0 && rng.chance(0.2) {
            let before: Vec<TaskId> = (0..1 + rng.below(2)).map(|_| id(rng.below(number as usize) as u32)).collect();
            table.announce_after(&before, task)
        } else {
            table.announce_at(at, task)
        };
    }
    table
}
