//! Shows two agents that talk until they agree on a price. Of their deal they tell all who listen: nobody, so that it is a dead letter.

use polity::event::{Event, What};
use polity::prelude::*;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Serialize, Deserialize)]
struct Offer(u32);

/// It comes down by a tenth whenever it is told a price that is too low.
struct Seller(u32);
impl Agent for Seller {
    async fn perform(&mut self, _: Job, _: &Context) -> Result<Value> {
        Ok(json!(self.0))
    }
    async fn heard(&mut self, letter: Letter, context: &Context) -> Result<()> {
        let Offer(price) = letter.read()?;
        self.0 = (self.0 - self.0 / 10).max(price);
        context.tell(letter.from(), &Offer(self.0))
    }
}

/// Letters can be lost: who hears nothing asks again.
async fn buy(job: Job, context: Context) -> Result<Value> {
    let limit: u32 = job.input("limit")?;
    for asked in 1..=100 {
        context.tell("seller", &Offer(limit / 2))?;
        let Some(letter) = context.letter_within(Duration::from_secs(1)).await else { continue };
        if letter.read::<Offer>()?.0 <= limit {
            context.publish("deals", &(letter.from(), limit))?;
            return Ok(json!(asked));
        }
    }
    Err(Failure::error("too dear"))
}

/// How often the buyer asked, and what became a dead letter.
pub fn haggle(seed: u64, loss: f64) -> Result<(Value, Vec<String>)> {
    let told = std::rc::Rc::new(std::cell::RefCell::new(Vec::<Event>::new()));
    let asked = polity::simulate(seed, async {
        let buyer = AgentSpec::new("buyer", can("buy", 1.0));
        let society = Polity::builder().weather(Weather { loss, ..Weather::CALM }).sink(told.clone());
        let society = society.agent("seller", || Seller(100)).function("buy", buy).agent_spec(buyer).start()?;
        let flow = Workflow::new("market").task("buy", function("buy").kind("buy").with("limit", 50));
        Ok::<_, Failure>(society.run(flow).await?.output("buy").clone())
    })?;
    let dead = told.take().into_iter().filter_map(|event| match event.what {
        What::Undelivered { reason, .. } => Some(reason.to_string()),
        _ => None,
    });
    Ok((asked, dead.collect()))
}

/// In calm weather, and where every third letter is lost.
pub fn main() -> Result<()> {
    println!("calm: {:?}\nstormy: {:?}", haggle(1, 0.0)?, haggle(1, 0.3)?);
    Ok(())
}
