//! What it is worth to announce only so many tasks at once: 2,000 ready tasks, 50 agents of unequal speed, in virtual time.

use crate::meter::Meter;
use polity::agents::Distribution;
use polity::prelude::*;

/// Makespan over the lower bound, messages a task, CPU.
fn play(strategy: &str, max_open: Option<u32>) -> (f64, f64, f64) {
    let speeds: Vec<f64> = (0..50).map(|n| 0.5 + f64::from(n * 37 % 50) / 50.0 * 3.5).collect();
    let mut flow = Workflow::new("crowd").strategy(strategy).limits(Limits { max_open, ..Limits::default() });
    for (n, speed) in speeds.iter().enumerate() {
        flow = flow.agent(AgentSpec { speed: *speed, queue: 4_000, ..AgentSpec::new(format!("a{n}"), can("work", 1.0)) });
    }
    let mut total = 0.0;
    for n in 0..2_000_u32 {
        let work = 1.0 + f64::from(n * 7_919 % 2_000) / 1_000.0;
        total += work;
        let simulation = Simulation { work: Some(Distribution::Constant(work)), ..Simulation::default() };
        let length = std::time::Duration::from_secs_f64(work);
        flow = flow.task(&format!("t{n}"), simulated(simulation).kind("work").estimate(length));
    }
    let bound = total / speeds.iter().sum::<f64>();
    polity::simulate(7, async {
        let society = Polity::builder().start().expect("the society is right");
        let meter = Meter::start();
        society.run(flow).await.expect("all is done");
        let spent = meter.spent();
        (society.now().as_secs_f64() / bound, society.messages() as f64 / 2_000.0, spent)
    })
}

pub fn table() {
    println!("\nhow many tasks are announced at once: 2,000 ready tasks, 50 agents of speed 0.5 to 4, virtual time");
    println!("  {:<14} {:<12} {:>22} {:>18} {:>10}", "strategy", "max_open", "makespan over bound", "messages a task", "CPU s");
    for strategy in ["hierarchical", "market", "consensus", "stigmergic", "min_completion"] {
        for (word, max_open) in [("unlimited", Some(1_000_000)), ("auto", None), ("1", Some(1))] {
            let (makespan, messages, spent) = play(strategy, max_open);
            println!("  {strategy:<14} {word:<12} {makespan:>22.3} {messages:>18.1} {spent:>10.2}");
        }
    }
}
