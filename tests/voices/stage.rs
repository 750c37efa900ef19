//! Agents to talk to, and what they heard.

use polity::agents::{AgentSpec, Undeliverable};
use polity::event::{Event, What};
use polity::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// What agents heard, in order: who, from whom, what.
pub type Heard = Rc<RefCell<Vec<(String, String, u64)>>>;

/// Notes every number that it hears. It answers what is above 1,000 by the half; panics at 666, and fails at 13.
pub struct Ear {
    pub name: &'static str,
    pub heard: Heard,
    pub topics: Vec<&'static str>,
    pub slow: Duration,
}
impl Agent for Ear {
    fn capabilities(&self) -> Capabilities {
        can(self.name, 1.0)
    }
    fn topics(&self) -> Vec<polity::protocols::Name> {
        self.topics.iter().map(|topic| (*topic).into()).collect()
    }
    async fn heard(&mut self, letter: Letter, context: &Context) -> Result<()> {
        let number: u64 = letter.read()?;
        assert_ne!(number, 666, "the number of the beast");
        context.sleep(self.slow).await;
        self.heard.borrow_mut().push((self.name.to_owned(), letter.from().to_string(), number));
        match number {
            13 => Err(Failure::error("thirteen is unlucky")),
            1_000.. => context.tell(letter.from(), &(number / 2)),
            _ => Ok(()),
        }
    }
    /// Sends what its input says, then works for a while.
    async fn perform(&mut self, job: Job, context: &Context) -> Result<Value> {
        if let Ok(letters) = job.input::<Vec<(String, u64)>>("tell") {
            letters.iter().try_for_each(|(whom, number)| context.tell(whom, number))?;
        }
        if let Ok(letters) = job.input::<Vec<(String, u64)>>("publish") {
            letters.iter().try_for_each(|(topic, number)| context.publish(topic, number))?;
        }
        context.sleep(Duration::from_secs(job.input::<u64>("work").unwrap_or(0))).await;
        let mut taken = Vec::new();
        for _ in 0..job.input::<u64>("take").unwrap_or(0) {
            let letter = context.letter_within(Duration::from_secs(60)).await;
            taken.extend(letter.map(|letter| letter.read::<u64>()).transpose()?);
        }
        Ok(json!(taken))
    }
}

/// A society in the making, with its ears.
pub struct Stage {
    pub builder: polity::Builder,
    pub heard: Heard,
    pub events: Rc<RefCell<Vec<Event>>>,
}
impl Stage {
    pub fn new() -> Stage {
        let events: Rc<RefCell<Vec<Event>>> = Rc::default();
        Stage { builder: Polity::builder().sink(events.clone()), heard: Heard::default(), events }
    }
    pub fn ear(self, name: &'static str) -> Stage {
        self.ear_with(name, 1, &[], Duration::ZERO)
    }
    pub fn ear_with(mut self, name: &'static str, replicas: u32, topics: &'static [&'static str], slow: Duration) -> Stage {
        let heard = self.heard.clone();
        let spec = AgentSpec { replicas, replicated: replicas > 1, ..AgentSpec::new(name, can(name, 1.0)) };
        let make = move || Ear { name, heard: heard.clone(), topics: topics.to_vec(), slow };
        self.builder = self.builder.agent_with(spec, make);
        self
    }
    /// What became dead: to whom, and why.
    pub fn dead(events: &[Event]) -> Vec<(String, Undeliverable)> {
        let dead = events.iter().filter_map(|event| match &event.what {
            What::Undelivered { to, cause, .. } => Some((to.to_string(), *cause)),
            _ => None,
        });
        dead.collect()
    }
}
/// A task for an ear.
pub fn errand(name: &str, letters: &[(&str, u64)]) -> TaskBuilder {
    kind(name).with("tell", json!(letters))
}
pub fn second() -> Duration {
    Duration::from_secs(1)
}
