//! What is recommended keeps its promise with seeds that it did not see.

#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::event::RunId;
use polity::laboratory::{Advice, Arm, Comparison, Past, Plan, Subject, cores};
use polity::prelude::*;
use polity::report::SharedReport;
use polity::workloads::{Draws, Shape};

const SLACK: f64 = 0.05;
const SHAPES: [&str; 4] = [
    "fork_join(stages 3, width 12)",
    "layered(layers 5, width 6, density 0.3)",
    "montage_like(images 9)",
    "fork_join(stages 8, width 3)",
];

fn subject(shape: &str, seed: u64) -> Subject {
    let shape: Shape = shape.parse().unwrap();
    let graph = shape.graph(&Draws::new("lognormal(mean 10s, sigma 0.7)".parse().unwrap(), seed)).unwrap();
    Subject::of_graph(graph, &[1.0; 4]).unwrap().with_noise(0.3).unwrap()
}
fn compared(subject: &Subject, first: u64, seeds: u32) -> Comparison {
    let subjects = [3, 6, 9].map(|n| subject.clone().with_agents(n).unwrap()).into();
    let arms = ["random", "hierarchical", "market", "min_completion", "heft"].map(Arm::new).into();
    Comparison::make(Plan { subjects, arms, first, seeds, threads: cores() }, |_| {}).unwrap()
}
fn median(of: &[polity::laboratory::Measures]) -> f64 {
    // A run that failed has not ended soon.
    polity::laboratory::statistics::Sample::of(of.iter().map(|m| if m.well { m.makespan } else { 1e9 })).median().unwrap()
}

#[test]
fn predictions_hold_for_seeds_that_were_not_seen() {
    let (mut inside, mut all, mut smaller, mut mattered) = (0, 0, 0, 0);
    for (n, shape) in (1..).zip(SHAPES) {
        let subject = subject(shape, n);
        let advice = Advice::of(&compared(&subject, 1, 25), SLACK).unwrap();
        let fresh = compared(&subject, 1_001, 15);
        let plan = fresh.plan();
        let size = plan.subjects.iter().position(|s| s.size() == advice.agents).unwrap();
        let arm = plan.arms.iter().position(|arm| *arm == advice.arm).unwrap();
        let own = fresh.tries(size, arm);
        let online = |arm: &usize| !plan.arms[*arm].is_offline();
        let medians: Vec<f64> = (0..3)
            .flat_map(|size| (0..plan.arms.len()).filter(online).map(move |arm| (size, arm)))
            .map(|(s, a)| median(fresh.tries(s, a)))
            .collect();
        let (best, worst) = (medians.iter().copied().fold(f64::MAX, f64::min), medians.iter().copied().fold(0.0, f64::max));
        let says = format!("{shape}: {}", advice.text());
        assert!(!advice.arm.is_offline(), "{says}");
        assert!(median(own) <= best * (1.0 + SLACK + 0.05), "{says} Afterwards {}, the best {best}", median(own));
        assert!((median(own) / advice.makespan - 1.0).abs() < 0.1, "{says} Afterwards {}", median(own));
        inside += own.iter().filter(|m| (advice.likely.0..=advice.likely.1).contains(&m.makespan)).count();
        all += own.len();
        smaller += usize::from(advice.agents < 9);
        mattered += usize::from(worst > best * 1.2);
    }
    let share = inside as f64 / all as f64;
    assert!((0.6..=0.95).contains(&share), "8 of 10 runs were promised between two times, but {share:.2} were");
    assert!(smaller > 0, "sometimes a smaller team is good enough");
    assert!(mattered > 0, "sometimes the choice matters");
}

/// A society whose estimates are wrong: what it really takes is learned from its runs.
#[test]
fn past_runs_correct_wrong_estimates() {
    let agents: Vec<AgentSpec> =
        [("ann", 2.0), ("bob", 0.5)].map(|(name, speed)| AgentSpec { speed, ..AgentSpec::new(name, can("x", 1.0)) }).into();
    let flow = |factor: f64| {
        let task = |flow: polity::workflow::WorkflowBuilder, n: u32| {
            let estimate = f64::from(1 + n % 5);
            let work = polity::agents::Distribution::Lognormal(estimate * factor, 0.2);
            let simulation = Simulation { work: Some(work), ..Simulation::default() };
            flow.task(
                format!("t{n}").as_str(),
                simulated(simulation).kind("x").estimate(std::time::Duration::from_secs_f64(estimate)),
            )
        };
        let all = (0..12).fold(Workflow::new("wrong"), task);
        all.build().unwrap()
    };
    let truth = flow(7.0);
    let mut past = Past::default();
    for seed in 1..=4 {
        let report = SharedReport::of(RunId(0));
        polity::simulate(seed, async {
            let builder = agents.iter().cloned().fold(Polity::builder(), |builder, spec| builder.agent_spec(spec));
            builder.sink(report.clone()).start()?.run(truth.clone()).await?;
            Ok::<_, Failure>(())
        })
        .unwrap();
        past.learn(&report.look(), &truth, &agents);
    }
    assert_eq!((past.runs(), past.tasks()), (4, 12));
    assert!((0.1..0.3).contains(&past.sigma()), "{}", past.sigma());
    let expected = |subject: Subject, first: u64| {
        let plan = Plan { subjects: vec![subject], arms: vec![Arm::new("hierarchical")], first, seeds: 15, threads: cores() };
        Advice::of(&Comparison::make(plan, |_| {}).unwrap(), SLACK).unwrap().makespan
    };
    let believed = Subject::of_workflow(&flow(1.0), agents.clone()).unwrap();
    let real = expected(Subject::of_workflow(&truth, agents).unwrap(), 2_001);
    let told = expected(believed.clone().with_past(&past).unwrap(), 1);
    let naive = expected(believed, 1);
    assert!((told / real - 1.0).abs() < 0.1, "it takes {real}, but {told} was predicted");
    assert!(naive < real / 3.0, "without the past it would have been {naive}");
}
