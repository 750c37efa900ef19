//! What is recommended keeps its promise with seeds that it did not see.

#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::Registry;
use polity::event::Event;
use polity::laboratory::{Advice, Arm, Comparison, Guess, Hindsight, Past, Plan, Subject, Trial, cores};
use polity::prelude::*;
use polity::workflow::{WorkflowBuilder, sub_workflow};
use polity::workloads::{Draws, Shape};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

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

/// A run in virtual time: its events.
fn run(flow: &Workflow, agents: &[AgentSpec], strategy: &str, seed: u64) -> Vec<Event> {
    let log = Rc::new(RefCell::new(Vec::<Event>::new()));
    let government = Registry::standard().make(strategy, &json!({})).unwrap();
    let builder = agents.iter().cloned().fold(founded(), |builder, spec| builder.agent_spec(spec));
    let (builder, flow) = (builder.strategy(government).sink(log.clone()), flow.clone());
    polity::simulate(seed, async {
        builder.start()?.run(flow).await?;
        Ok::<_, Failure>(())
    })
    .unwrap();
    log.take()
}
fn agent(name: &str, speed: f64) -> AgentSpec {
    AgentSpec { speed, cost: 1.0, ..AgentSpec::new(name, can("x", 1.0)) }
}
/// Work that takes some three seconds, and fails but for the last of so many attempts (1 to 3), however often it is done.
fn stubborn(attempts: u32) -> polity::workflow::TaskBuilder {
    let initial = Duration::from_secs(2);
    let retry =
        RetryPolicy { attempts: attempts + 1, initial, jitter: polity::lifecycle::Jitter::None, ..RetryPolicy::default() };
    function(&format!("stubborn{attempts}")).kind("x").estimate(Duration::from_secs(3)).retry(retry)
}
/// A society that knows such work.
fn founded() -> polity::Builder {
    let stubborn = |attempts: u32| {
        move |job: Job, context: Context| async move {
            context.sleep(Duration::from_secs_f64(context.rng("work").between(2.5, 3.5))).await;
            if job.id.attempt < attempts { Err(Failure::error("not yet")) } else { Ok(json!("done")) }
        }
    };
    let builder = (1..=3).fold(Polity::builder(), |builder, n| builder.function(format!("stubborn{n}"), stubborn(n)));
    builder.function("list", |_, _| async { Ok(json!([1, 2, 3, 4, 5, 6])) })
}
fn median_of(subject: &Subject, of: fn(&polity::laboratory::Measures) -> f64) -> f64 {
    let tries = (1..=15).map(|seed| Trial::new(subject, "hierarchical", seed).run().unwrap());
    polity::laboratory::statistics::Sample::of(tries.map(|m| of(&m))).median().unwrap()
}

#[test]
fn failures_of_the_past_happen_again_with_their_retries_and_back_off() {
    let task = |flow: WorkflowBuilder, n: u32| flow.task(&format!("t{n}"), stubborn(1 + n % 3));
    let flow = (0..7).fold(Workflow::new("stubborn"), task).build().unwrap();
    let agents = vec![agent("ann", 1.0), agent("bob", 1.0)];
    let mut past = Past::default();
    let mut spans = Vec::new();
    for seed in 1..=5 {
        let events = run(&flow, &agents, "hierarchical", seed);
        spans.push(events.last().unwrap().at.as_secs_f64());
        past.learn(&events, &flow, &agents);
    }
    spans.sort_by(f64::total_cmp);
    assert_eq!(past.attempts(), (65, 30), "7 tasks of 1 to 3 attempts, five times");
    let believed = Subject::of_workflow(&flow, agents).unwrap();
    let told = believed.clone().with_past(&past).unwrap();
    let (predicted, retries) = (median_of(&told, |m| m.makespan), median_of(&told, |m| m.retries as f64));
    assert!((predicted / spans[2] - 1.0).abs() < 0.1, "{predicted} was predicted of {spans:?}");
    assert_eq!(retries, 6.0, "in each try each task fails as often as it did");
    // What was measured is what the bound is of, though other work was to stray.
    let work = |subject: &Subject| subject.graph().total_work();
    let noisy = believed.clone().with_noise(0.5).unwrap().with_past(&past).unwrap();
    assert_eq!(work(&noisy), work(&told));
    assert!((work(&told) - work(&believed)).abs() > 1e-9, "estimates were others");
    assert!(median_of(&believed, |m| m.makespan) < 0.7 * spans[2], "estimates know nothing of retries");
    let hindsight = Hindsight::of(&believed, &past, 100, 15, cores()).unwrap();
    assert_eq!(hindsight.guesses.len(), 5);
    assert!(hindsight.bias().is_none() && hindsight.guesses.iter().all(|guess| guess.error() < 0.2), "{}", hindsight.text());
}

#[test]
fn lists_and_conditions_that_nobody_knew_are_as_they_were() {
    let list = function("list").kind("x");
    let flow = Workflow::new("lists")
        .task("list", list.estimate(Duration::from_millis(1)))
        .task("each", stubborn(1).for_each("tasks.list.output"))
        .task("never", stubborn(1).when("tasks.list.output | length > 9"))
        .build()
        .unwrap();
    let agents = vec![agent("ann", 1.0)];
    let mut past = Past::default();
    past.learn(&run(&flow, &agents, "hierarchical", 1), &flow, &agents);
    let believed = Subject::of_workflow(&flow, agents).unwrap();
    let told = believed.clone().with_past(&past).unwrap();
    let done = |subject: &Subject| Trial::new(subject, "hierarchical", 1).run().unwrap().completed;
    assert_eq!((done(&believed), done(&told)), (3, 7));
    let says = told.remarks().join("; ");
    assert!(says.contains("`for_each` of \"each\" is taken as of 6 items") && !says.contains("one item"), "{says}");
    assert!(says.contains("`when` of \"never\" is taken as false") && !says.contains("taken as true, since"), "{says}");
}

#[test]
fn what_is_done_in_a_sub_workflow_is_known_too() {
    let inner = Workflow::new("inner").task("t", stubborn(2));
    let flow = Workflow::new("outer").task("t", stubborn(1)).task("part", sub_workflow(inner).depends_on("t")).build().unwrap();
    let agents = vec![agent("ann", 1.0)];
    let mut past = Past::default();
    let events = run(&flow, &agents, "hierarchical", 1);
    past.learn(&events, &flow, &agents);
    let told = Subject::of_workflow(&flow, agents).unwrap().with_past(&past).unwrap();
    let span = events.last().unwrap().at.as_secs_f64();
    let predicted = Trial::new(&told, "hierarchical", 9).run().unwrap().makespan;
    assert!((predicted - span).abs() < 1e-6, "{predicted} of {span}");
}

#[test]
fn hindsight_tells_a_bias_and_where_nothing_can_be_checked() {
    let agents = vec![agent("ann", 1.0)];
    let flow = Workflow::new("one").task("t", stubborn(1)).build().unwrap();
    let mut past = Past::default();
    past.learn(&run(&flow, &agents, "hierarchical", 1), &flow, &agents);
    let alone = Hindsight::of(&Subject::of_workflow(&flow, agents.clone()).unwrap(), &past, 1, 4, 1).unwrap();
    assert!(alone.guesses.is_empty() && alone.text().starts_with("not checked"), "{}", alone.text());
    past.learn(&run(&flow, &agents, "hierarchical", 2), &flow, &agents);
    let two = Hindsight::of(&Subject::of_workflow(&flow, agents).unwrap(), &past, 1, 4, 1).unwrap();
    assert!(two.text().contains("one other run tells nothing of the spread"), "{}", two.text());
    let of =
        |took: [f64; 3]| Hindsight { guesses: took.map(|took| Guess { took, predicted: 1.0, likely: Some((0.9, 1.2)) }).into() };
    let says = of([1.39, 1.41, 1.44]).text();
    assert!(says.contains("0 of 3 lay") && says.contains("runs took 41 % longer than predicted"), "{says}");
    assert!(of([0.5, 0.6, 0.7]).text().contains("runs took 40 % less than predicted"));
    let mixed = of([0.8, 1.3, 1.4]);
    assert!(mixed.bias().is_none(), "not all in the same direction");
    assert!(mixed.text().ends_with("runs differ much from each other: take the figures as relative"), "{}", mixed.text());
    assert!(of([1.01, 1.02, 1.03]).bias().is_none(), "too little");
}

#[test]
fn figures_are_of_seeds_that_had_no_part_in_the_choice() {
    let subject = subject(SHAPES[0], 3);
    let comparison = compared(&subject, 1, 12);
    let chosen = Advice::of(&comparison, SLACK).unwrap();
    let fresh = chosen.clone().fresh(&comparison).unwrap();
    assert_eq!((&fresh.arm, fresh.agents), (&chosen.arm, chosen.agents));
    let later = compared(&subject, 13, 12);
    let size = later.plan().subjects.iter().position(|s| s.size() == fresh.agents).unwrap();
    let arm = later.plan().arms.iter().position(|arm| *arm == fresh.arm).unwrap();
    assert_eq!(fresh.makespan, median(later.tries(size, arm)));
    assert_ne!(fresh.makespan, chosen.makespan);
    assert!(fresh.text().contains("on seeds that did not choose it") && !chosen.text().contains("on seeds that"));
    assert!(fresh.clone().after(1).text().contains("(one past run tells nothing of the spread)"));
    assert_eq!(fresh.is_largest, fresh.agents == 9);
    assert_eq!(fresh.text().contains("larger ones may be quicker still"), fresh.is_largest);
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
        past.learn(&run(&truth, &agents, "hierarchical", seed), &truth, &agents);
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
