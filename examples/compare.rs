//! Shows one workflow under every strategy that is registered, in virtual time: how long each takes, and with how many messages.

use polity::prelude::*;
use polity::{Registry, agents::Distribution};
use std::time::Duration;

/// Thirty parts of uneven length are made, then each is checked, then all are packed.
fn factory() -> WorkflowBuilder {
    let make = Simulation { work: Some(Distribution::Lognormal(60.0, 0.8)), ..Simulation::default() };
    let check = Simulation { work: Some(Distribution::Uniform(5.0, 15.0)), ..Simulation::default() };
    Workflow::new("factory")
        .task("make", simulated(make).kind("making").estimate(Duration::from_secs(60)).for_each("range(30)"))
        .task(
            "check",
            simulated(check).kind("checking").estimate(Duration::from_secs(10)).for_each("range(30)").depends_on("make"),
        )
        .task("pack", simulated(Simulation::default()).depends_on("check"))
}

/// One strategy: its makespan in virtual seconds, and the messages of the runtime.
pub fn measure(strategy: &str, seed: u64) -> Result<(f64, u64)> {
    polity::simulate(seed, async {
        let worker = |id: &str, speed, making| AgentSpec {
            speed,
            replicas: 3,
            ..AgentSpec::new(id, can("making", making).and("checking", 0.8))
        };
        let society = Polity::builder().agent_spec(worker("fast", 2.0, 0.9)).agent_spec(worker("slow", 0.7, 0.6)).start()?;
        society.run(factory().strategy(strategy)).await?;
        Ok((society.now().as_secs_f64(), society.messages()))
    })
}

/// The middle of some odd number of seeds.
fn median<T: PartialOrd + Copy>(mut all: Vec<T>) -> T {
    all.sort_by(|a, b| a.partial_cmp(b).expect("no makespan is NaN"));
    all[all.len() / 2]
}

/// The table: a line per strategy, the quickest first.
pub fn table(seeds: u64) -> Result<Vec<(&'static str, f64, u64)>> {
    let mut lines = Vec::new();
    for name in Registry::standard().names() {
        let (took, messages) = (0..seeds).map(|seed| measure(name, seed)).collect::<Result<(Vec<f64>, Vec<u64>)>>()?;
        lines.push((name, median(took), median(messages)));
    }
    lines.sort_by(|a, b| a.1.total_cmp(&b.1));
    Ok(lines)
}

/// Prints the table.
pub fn main() -> Result<()> {
    println!("{:<20} {:>12} {:>9}", "strategy", "makespan (s)", "messages");
    for (name, took, messages) in table(11)? {
        println!("{name:<20} {took:>12.1} {messages:>9}");
    }
    Ok(())
}
