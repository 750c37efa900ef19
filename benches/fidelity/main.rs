//! How near a simulation is to what then happens: `cargo bench --bench fidelity`.
//!
//! The same workflow of sleeping tasks and of tasks that compute, run live and predicted by the laboratory from nothing but the estimates, under each
//! strategy. A difference below zero is a run that was slower than predicted. Computing agents are as many as cores, so the machine
//! should have nothing else to do; how far it was from that is printed too. What a millisecond of work is, is measured with all cores at work, since
//! cores share what they are made of, and anew for each strategy, since the machine's other guests come and go.
//!
//! A timer goes off up to a millisecond late, whatever it waits for: tasks of 5 to 40 ms (`-- short`) take some 8 % longer by that.

use polity::laboratory::{Subject, Trial};
use polity::prelude::*;
use polity::protocols::Rng;
use std::time::{Duration, Instant};

const STRATEGIES: [&str; 6] = ["hierarchical", "consensus", "market", "stigmergic", "auto", "min_completion"];
const ROUNDS: usize = 5;

fn main() {
    let cores = std::thread::available_parallelism().map_or(2, |cores| cores.get());
    let longest = if std::env::args().any(|word| word == "short") { 0.04 } else { 0.16 };
    println!(
        "{cores} cores; alone a millisecond of work is {:.0} rounds of the loop, beside others {:.0}\n",
        calibrate(1),
        calibrate(cores)
    );
    let sleeping = agents(&[0.5, 1.0, 1.0, 2.0]);
    let computing = agents(&vec![1.0; cores]);
    println!("strategy         tasks       predicted  measured (median of {ROUNDS})  difference");
    for strategy in STRATEGIES {
        tell(strategy, "sleep", &sleeping, &flow(longest, None));
        tell(strategy, "compute", &computing, &flow(longest, Some(calibrate(cores))));
    }
}

fn agents(speeds: &[f64]) -> Vec<AgentSpec> {
    let one = |(n, speed): (usize, &f64)| AgentSpec { speed: *speed, ..AgentSpec::new(format!("a{n}"), can("dig", 1.0)) };
    speeds.iter().enumerate().map(one).collect()
}

/// Six layers of eight tasks, each of which waits for two of the layer before and takes an eighth of the longest at least.
fn flow(longest: f64, pace: Option<f64>) -> Workflow {
    let mut rng = Rng::new(7, "fidelity");
    let mut flow = Workflow::new("layers");
    for layer in 0..6 {
        for n in 0..8 {
            let seconds = longest * rng.between(0.125, 1.0);
            let task = match pace {
                None => simulated(Simulation::default()),
                Some(pace) => function("dig").with("rounds", (pace * seconds * 1e3) as u64),
            };
            let mut task = task.kind("dig").estimate(Duration::from_secs_f64(seconds));
            if layer > 0 {
                task = task.depends_on(&format!("t{}_{n}", layer - 1)).depends_on(&format!("t{}_{}", layer - 1, rng.below(8)));
            }
            flow = flow.task(&format!("t{layer}_{n}"), task);
        }
    }
    flow.build().expect("the workflow is right")
}

/// Rounds of the loop in a millisecond, in each of so many threads: the median of several tries.
fn calibrate(threads: usize) -> f64 {
    const TRIES: usize = 40;
    let one = || {
        let rounds = 2_000_000;
        let began = Instant::now();
        std::hint::black_box(compute(rounds));
        rounds as f64 / (began.elapsed().as_secs_f64() * 1e3)
    };
    let all: Vec<_> = (0..threads).map(|_| std::thread::spawn(move || (0..TRIES).map(|_| one()).collect::<Vec<f64>>())).collect();
    let mut paces: Vec<f64> = all.into_iter().flat_map(|thread| thread.join().expect("it only computes")).collect();
    paces.sort_by(f64::total_cmp);
    paces[paces.len() / 2]
}
fn compute(rounds: u64) -> u64 {
    (0..rounds).fold(1, |x: u64, n| (x ^ n).wrapping_mul(6_364_136_223_846_793_005).rotate_left(17))
}

fn tell(strategy: &str, what: &str, agents: &[AgentSpec], flow: &Workflow) {
    let subject = Subject::of_workflow(flow, agents.to_vec()).expect("the workflow is right");
    let predicted = Trial::new(&subject, strategy, 1).run().expect("the strategy is there").makespan;
    let mut measured: Vec<f64> = (0..ROUNDS).map(|_| live(strategy, agents, flow)).collect();
    measured.sort_by(f64::total_cmp);
    let median = measured[ROUNDS / 2];
    let (low, high) = (measured[0], measured[ROUNDS - 1]);
    let difference = (predicted / median - 1.0) * 100.0;
    println!("{strategy:<16} {what:<8} {predicted:>10.3} s {median:>8.3} s ({low:.3} to {high:.3})  {difference:>+7.1} %");
}

/// Seconds from a live run's first event to its last.
fn live(strategy: &str, agents: &[AgentSpec], flow: &Workflow) -> f64 {
    let government = polity::Registry::standard().make(strategy, &json!({})).expect("the strategy is there");
    let builder = agents.iter().cloned().fold(Polity::builder(), |builder, spec| builder.agent_spec(spec));
    let builder = builder.strategy(government).seed(1).blocking_function("dig", |job: Job| {
        let rounds = job.input.get("rounds").and_then(Value::as_u64).unwrap_or_default();
        Ok(json!(std::hint::black_box(compute(rounds)) % 10))
    });
    let flow = flow.clone();
    polity::run(async move {
        let society = builder.start().expect("the society is right");
        let began = society.now();
        let result = society.run(flow).await.expect("it runs");
        assert_eq!(result.status(), polity::event::RunStatus::Completed, "{}", result.sentence());
        society.now().since(began).as_secs_f64()
    })
}
