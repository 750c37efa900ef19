//! Shows the same program in virtual time: a day of work takes milliseconds, and equal seeds give equal days.

use polity::prelude::*;
use std::time::{Duration, Instant};

/// It looks up once an hour, whatever an hour is; how long it needs is its own randomness.
struct Guard;
impl Agent for Guard {
    fn capabilities(&self) -> Capabilities {
        can("watching", 1.0)
    }
    async fn perform(&mut self, job: Job, context: &Context) -> Result<Value> {
        let rest = Duration::from_secs(3600).mul_f64(context.rng("rest").between(0.9, 1.0));
        context.sleep(rest).await;
        Ok(json!(format!("{} at {:.0} s", job.name, context.now().as_secs_f64())))
    }
}

/// The program. It doesn't know in which time it runs.
async fn watch() -> Result<(Value, f64)> {
    let society = Polity::builder().agent("guard", || Guard).start()?;
    let night = Workflow::new("night").task("hour", kind("watching").for_each("range(24)"));
    let seen = society.run(night).await?.output("hour").clone();
    Ok((seen, society.now().as_secs_f64()))
}

/// The same, in virtual time; `polity::run(watch())` would take the whole day.
pub fn day(seed: u64) -> Result<(Value, f64)> {
    polity::simulate(seed, watch())
}

/// Prints how long a day takes.
pub fn main() -> Result<()> {
    let began = Instant::now();
    let (seen, took) = day(42)?;
    println!("last seen: {}", seen[23]);
    println!("{:.1} virtual hours in {:.1} real milliseconds", took / 3600.0, began.elapsed().as_secs_f64() * 1e3);
    Ok(())
}
