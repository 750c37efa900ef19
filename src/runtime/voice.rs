//! What a program tells the agents of its society.

use super::Society;
use crate::world::World;
use polity_agents::{Address, Clock, Failure, Letter, written};
use serde::Serialize;
use std::sync::Arc;

/// Whom letters of the program are from.
const PROGRAM: &str = "program";

impl Society {
    /// Tells an agent, or one of a group, as agents tell each other: [`Context::tell`](polity_agents::Context::tell). The letter is from
    /// `program`.
    ///
    /// # Errors
    /// If `content` is too large for a letter or JSON can't hold it.
    ///
    /// ```
    /// use polity::prelude::*;
    /// struct Tally(u64);
    /// impl Agent for Tally {
    ///     fn capabilities(&self) -> Capabilities {
    ///         can("report", 1.0)
    ///     }
    ///     async fn heard(&mut self, letter: Letter, _: &Context) -> Result<()> {
    ///         self.0 += letter.read::<u64>()?;
    ///         Ok(())
    ///     }
    ///     async fn perform(&mut self, _: Job, _: &Context) -> Result<Value> {
    ///         Ok(json!(self.0))
    ///     }
    /// }
    /// let sum = polity::simulate(1, async {
    ///     let society = Polity::builder().agent("tally", || Tally(0)).start()?;
    ///     society.tell("tally", &2u64)?;
    ///     society.tell("tally", &3u64)?;
    ///     let flow = Workflow::new("sum").task("sum", kind("report"));
    ///     society.sleep(std::time::Duration::from_millis(1)).await;
    ///     Ok::<_, Failure>(society.run(flow).await?.output("sum").clone())
    /// });
    /// assert_eq!(sum.unwrap(), 5);
    /// ```
    pub fn tell<T: Serialize + ?Sized>(&self, whom: &str, content: &T) -> Result<(), Failure> {
        send(&self.world, Address::Agent(whom.into()), written(content)?);
        Ok(())
    }
    /// Tells all who listen to a topic.
    ///
    /// # Errors
    /// As [`tell`](Society::tell).
    pub fn publish<T: Serialize + ?Sized>(&self, topic: &str, content: &T) -> Result<(), Failure> {
        send(&self.world, Address::Topic(topic.into()), written(content)?);
        Ok(())
    }
}

fn send(world: &World, to: Address, body: Arc<str>) {
    let letter = Letter::new(PROGRAM, to, body, Clock::now(world));
    world.boxes.send(letter, None, world);
}
