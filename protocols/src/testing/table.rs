//! The round table: a world small enough to hold in one thread, with no runtime.

use super::body::Body;
use super::report::Report;
use super::world::World;
use crate::ids::{AgentId, TaskId};
use crate::protocol::Protocol;
use crate::task::TaskView;
use crate::time::Time;
use crate::weather::Weather;
use core::time::Duration;

/// When a task is announced again.
///
/// ```
/// assert_eq!(polity_protocols::testing::Again::default().attempts, 4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Again {
    /// How often a task may fail or be declined by unwilling agents before it is given up. Losses don't count.
    pub attempts: u32,
    /// The pause before the next announcement; it doubles with each refusal, up to 100 times.
    pub pause: Duration,
    /// Whether agents that refused are avoided, as those that failed are.
    pub avoid_refusers: bool,
}
impl Default for Again {
    fn default() -> Again {
        Again { attempts: 4, pause: Duration::from_millis(100), avoid_refusers: false }
    }
}

/// Something that happens at a set time.
#[derive(Clone, Debug)]
pub(super) enum Script {
    Join(AgentId),
    Leave(AgentId),
    Withdraw(TaskId),
    Rebuild,
}

/// A protocol, simulated agents and tasks around one table: virtual time, no runtime, no thread.
///
/// Messages go through the [`Weather`] in both directions; awards and outcomes always arrive. The table breaks no rule itself and
/// notes each rule that the protocol breaks ([`Report::violations`]). Agents are numbered in the order in which they are added.
/// Equal calls give equal reports.
///
/// ```
/// use polity_protocols::testing::Table;
/// use polity_protocols::baselines::RoundRobin;
/// use polity_protocols::{Capabilities, Demand, DemandId, Profile, TaskId, TaskView, Time};
/// use std::sync::Arc;
/// let can = Capabilities::default().and("dig", 1.0);
/// let dig = Arc::new(Demand::of_kind(DemandId(0), "dig"));
/// let task = |n| TaskView::new(TaskId::new(0, n), dig.clone()).work(2.0);
/// let report = Table::new(RoundRobin::default(), 42)
///     .agent(Profile::new("ann", can.clone()))
///     .agent(Profile::new("bob", can).speed(2.0))
///     .announce_at(Time::ZERO, task(0))
///     .announce_at(Time::ZERO, task(1))
///     .announce_after(&[TaskId::new(0, 0), TaskId::new(0, 1)], task(2))
///     .run_until_quiet();
/// assert_eq!((report.done(), report.violations.len()), (3, 0));
/// assert_eq!(report.makespan.as_secs(), 4);
/// ```
#[derive(Clone, Debug)]
pub struct Table<P: Protocol> {
    pub(super) protocol: P,
    pub(super) seed: u64,
    pub(super) weather: Weather,
    pub(super) bodies: Vec<Body>,
    pub(super) script: Vec<(Time, Script)>,
    pub(super) tasks: Vec<(Option<Time>, Vec<TaskId>, TaskView)>,
    pub(super) again: Again,
    pub(super) nonsense: f64,
    pub(super) late_wakes: Duration,
    pub(super) late_news: Duration,
}

impl<P: Protocol> Table<P> {
    /// An empty table in calm weather.
    pub fn new(protocol: P, seed: u64) -> Table<P> {
        Table {
            protocol,
            seed,
            weather: Weather::CALM,
            bodies: Vec::new(),
            script: Vec::new(),
            tasks: Vec::new(),
            again: Again::default(),
            nonsense: 0.0,
            late_wakes: Duration::ZERO,
            late_news: Duration::ZERO,
        }
    }
    /// With other weather.
    ///
    /// # Panics
    /// If the weather is impossible ([`Weather::check`]).
    pub fn weather(mut self, weather: Weather) -> Table<P> {
        if let Err(bad) = weather.check() {
            panic!("{bad}");
        }
        self.weather = weather;
        self
    }
    /// With one more agent, there from the start.
    pub fn agent(self, body: impl Into<Body>) -> Table<P> {
        self.agent_at(Time::ZERO, body)
    }
    /// With one more agent, which joins at that time.
    pub fn agent_at(mut self, at: Time, body: impl Into<Body>) -> Table<P> {
        let agent = AgentId(self.bodies.len() as u32);
        self.bodies.push(body.into());
        self.join_at(at, agent)
    }
    /// An agent that left joins again, with an empty body and a new participant. Nothing happens if it is there.
    pub fn join_at(self, at: Time, agent: AgentId) -> Table<P> {
        self.then(at, Script::Join(agent))
    }
    /// An agent leaves; what it holds is lost, and announced again. Nothing happens if it is not there.
    pub fn leave_at(self, at: Time, agent: AgentId) -> Table<P> {
        self.then(at, Script::Leave(agent))
    }
    /// A task is announced. Its number must be new.
    pub fn announce_at(mut self, at: Time, task: TaskView) -> Table<P> {
        self.tasks.push((Some(at), Vec::new(), task));
        self
    }
    /// A task is announced as soon as those before it are done; if one of them never will be, it is skipped.
    pub fn announce_after(mut self, before: &[TaskId], task: TaskView) -> Table<P> {
        self.tasks.push((None, before.to_vec(), task));
        self
    }
    /// A task is withdrawn if it is open, and cancelled if an agent has it.
    pub fn withdraw_at(self, at: Time, task: TaskId) -> Table<P> {
        self.then(at, Script::Withdraw(task))
    }
    /// The initiator is dropped and rebuilt from what it saved; members join it and open tasks are announced to it.
    pub fn rebuild_at(self, at: Time) -> Table<P> {
        self.then(at, Script::Rebuild)
    }
    /// With other rules of announcing again.
    pub fn again(mut self, again: Again) -> Table<P> {
        self.again = again;
        self
    }
    /// With so much nonsense: after each event, with this probability, a spurious wake, an earlier message from a wrong
    /// sender or to a wrong agent, or a withdrawal of a task that is no longer open.
    pub fn nonsense(mut self, probability: f64) -> Table<P> {
        self.nonsense = probability;
        self
    }
    /// With wakes that come late by this much.
    pub fn late_wakes(mut self, by: Duration) -> Table<P> {
        self.late_wakes = by;
        self
    }
    /// With news of lost awards that come late by up to this much, perhaps after the agent is back.
    pub fn late_news(mut self, up_to: Duration) -> Table<P> {
        self.late_news = up_to;
        self
    }
    /// Runs until no task is open or held and nothing is under way, or a rule is broken for good (no end in sight).
    pub fn run_until_quiet(self) -> Report {
        World::new(self).run()
    }
    fn then(mut self, at: Time, what: Script) -> Table<P> {
        self.script.push((at, what));
        self
    }
}
