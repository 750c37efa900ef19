//! What the scenes share: a world, a log, and bounds on waiting.

use polity::event::{Event, What};
use polity::prelude::*;
use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

/// The two worlds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    Live,
    Virtual,
}
pub const BOTH: [Where; 2] = [Where::Live, Where::Virtual];

impl Where {
    /// Plays a scene. One that hangs ends with a panic: live after a minute, in virtual time as soon as nothing can happen any more.
    pub fn play<T>(self, scene: impl Future<Output = T>) -> T {
        let patience = match self {
            Where::Live => Duration::from_secs(60),
            Where::Virtual => Duration::from_secs(1_000_000),
        };
        let bounded = async { tokio::time::timeout(patience, scene).await.expect("the scene comes to an end") };
        match self {
            Where::Live => polity::run(bounded),
            Where::Virtual => polity::simulate(7, bounded),
        }
    }
}

/// The events of a scene.
#[derive(Clone, Default)]
pub struct Log(Rc<RefCell<Vec<Event>>>);
impl Log {
    pub fn sink(&self) -> Rc<RefCell<Vec<Event>>> {
        self.0.clone()
    }
    pub fn all(&self) -> Vec<Event> {
        self.0.borrow().clone()
    }
    pub fn count(&self, which: impl Fn(&What) -> bool) -> usize {
        self.0.borrow().iter().filter(|event| which(&event.what)).count()
    }
    /// Why agents were lost, in order, but for those that ended with the society.
    pub fn losses(&self) -> Vec<String> {
        let of = |event: &Event| match &event.what {
            What::AgentLost { reason, .. } => Some(reason.to_string()),
            _ => None,
        };
        self.0.borrow().iter().filter_map(of).collect()
    }
    /// True if an agent was lost for this reason.
    pub fn tells(&self, reason: &str) -> bool {
        self.losses().iter().any(|loss| loss.contains(reason))
    }
    pub fn words(&self) -> String {
        self.0.borrow().iter().map(|event| format!("{:?} {:?}\n", event.at, event.what)).collect()
    }
}

pub fn worker(id: &str) -> AgentSpec {
    AgentSpec::new(id, can("work", 1.0))
}

/// The result of a run, however it ended.
pub fn ended(result: std::result::Result<RunResult, RunError>) -> RunResult {
    match result {
        Ok(result) => result,
        Err(RunError::Failed(result)) => *result,
        Err(error) => panic!("{error}"),
    }
}

/// A task that only takes time.
pub fn nap(seconds: f64) -> TaskBuilder {
    let work = Some(polity::agents::Distribution::Constant(seconds));
    simulated(Simulation { work, ..Simulation::default() }).kind("work")
}
