//! A recorded run is replayed as it was, to the nanosecond where it was in virtual time; and otherwise with the same work.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::agents::Distribution;
use polity::event::{Event, RunStatus};
use polity::faults::Faults;
use polity::laboratory::{Course, Recording, Scenario};
use polity::lifecycle::Redundancy;
use polity::prelude::*;
use polity::protocols::Rng;
use polity::workflow::{Team, sub_workflow};
use polity::{Registry, RunOptions};
use proptest::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// Protocols whose choices depend on nothing but what they see.
const STRATEGIES: [&str; 8] =
    ["hierarchical", "consensus", "market", "stigmergic", "auto", "min_completion", "random", "round_robin"];

fn agents(rng: &mut Rng) -> Vec<AgentSpec> {
    let one = |n: usize, rng: &mut Rng| AgentSpec {
        speed: [0.5, 0.7, 1.0, 1.9][rng.below(4)],
        cost: 0.01 * (1.0 + n as f64), // within the reserve of markets
        slots: 1 + rng.below(2) as u32,
        ..AgentSpec::new(format!("agent{n}"), can("dig", [0.3, 0.8, 1.0][rng.below(3)]).and("carry", 0.9))
    };
    (0..2 + rng.below(3)).map(|n| one(n, rng)).collect()
}

/// A workflow of some shape, in which work may be random and attempts may fail.
fn flow(rng: &mut Rng) -> Workflow {
    let mut flow = Workflow::new("generated");
    for n in 0..3 + rng.below(6) {
        let mean = 1.0 + 9.0 * rng.unit();
        let work = match rng.below(3) {
            0 => Distribution::Constant(mean),
            1 => Distribution::Exponential(mean),
            _ => Distribution::Lognormal(mean, 0.6),
        };
        let failure = if rng.below(3) == 0 { 0.4 } else { 0.0 };
        let crash = if rng.below(6) == 0 { 0.2 } else { 0.0 };
        let output = Some(json!([1, 2, 3]));
        let simulation = Simulation { work: Some(work), failure, crash, output, ..Simulation::default() };
        let mut task = simulated(simulation).kind(["dig", "carry"][rng.below(2)]).estimate(Duration::from_secs_f64(mean));
        if failure > 0.0 {
            let initial = Duration::from_millis(500);
            task = task.retry(RetryPolicy { attempts: 6, initial, ..RetryPolicy::default() });
        }
        let mut before = (0..n).filter(|_| rng.below(3) == 0).collect::<Vec<_>>();
        before.truncate(3);
        for on in &before {
            task = task.depends_on(&format!("t{on}"));
        }
        task = match (rng.below(4), before.first()) {
            (0, Some(on)) => task.for_each(&format!("tasks.t{on}.output")),
            (0, None) => task.for_each("range(5)"),
            (1, Some(on)) => task.when(&format!("tasks.t{on}.output | length > {}", 2 + rng.below(2))),
            _ => task,
        };
        flow = flow.task(&format!("t{n}"), task);
    }
    flow.build().unwrap()
}

/// Runs it in virtual time, and keeps its events.
fn run(flow: &Workflow, agents: &[AgentSpec], strategy: &str, faults: &Faults, seed: u64) -> (Vec<Event>, RunStatus) {
    let log = Rc::new(RefCell::new(Vec::<Event>::new()));
    let government = Registry::standard().make(strategy, &json!({})).unwrap();
    let builder = agents.iter().cloned().fold(Polity::builder(), |builder, spec| builder.agent_spec(spec));
    let builder = builder.strategy(government).faults(faults.clone()).sink(log.clone());
    let flow = flow.clone();
    let status = polity::simulate(seed, async move {
        let handle = builder.start().map_err(|wrong| Failure::error(wrong.to_string()))?;
        let handle = handle.launch(flow, RunOptions::default()).map_err(|wrong| Failure::error(wrong.to_string()))?;
        Ok::<_, Failure>(handle.join().await.map_err(|wrong| Failure::error(wrong.to_string()))?.status())
    });
    (log.take(), status.unwrap())
}

fn error(recorded: &Course, again: &Course) -> f64 {
    (recorded.measures.makespan - again.measures.makespan).abs() / recorded.measures.makespan.max(1e-9)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_same_again_is_the_record_and_another_government_does_the_same_work(seed in any::<u32>()) {
        let mut rng = Rng::new(u64::from(seed), "replay");
        let (agents, flow): (Vec<AgentSpec>, Workflow) = (agents(&mut rng), flow(&mut rng));
        let strategy = STRATEGIES[rng.below(STRATEGIES.len())];
        let (events, status) = run(&flow, &agents, strategy, &Faults::default(), u64::from(seed));
        let recording = Recording::of(&events, &flow, agents).unwrap();
        let (was, again) = (recording.recorded().clone(), recording.replay().unwrap());
        prop_assert_eq!(was.status, status);
        prop_assert!((was.shares.sum() - was.measures.makespan).abs() < 1e-6, "{:?} of {}", was.shares, was.measures.makespan);
        prop_assert_eq!(again.unknown_jobs, 0);
        prop_assert!(error(&was, &again) == 0.0, "{strategy}: {:?}\n{:?}", was.measures, again.measures);
        prop_assert_eq!(&was, &again, "{}", strategy);
        // Work is what is conserved: seconds × rate, so that in cost per work nothing but the agents differs.
        for name in ["market", "random", "min_completion"] {
            let other = recording.under(&Scenario::strategy(name)).unwrap();
            if was.measures.displaced > 0 {
                continue; // a crash takes neighbours with it, and several in a row an agent for good
            }
            prop_assert_eq!(other.status, was.status, "{}: {:?}", name, other.failure);
            prop_assert_eq!(other.measures.completed, was.measures.completed, "{}", name);
            prop_assert_eq!(other.places.len(), was.places.len());
            prop_assert_eq!(other.measures.retries, was.measures.retries, "{}", name);
        }
    }
}

#[test]
fn the_same_work_is_done_whoever_does_it() {
    let (mut moved, mut differ) = (0, 0);
    for seed in 0..10 {
        let mut rng = Rng::new(seed, "work");
        // A second costs what the agent's speed is, and everybody fits: the cost is the work.
        let spec = |n: usize, speed: f64| AgentSpec {
            speed,
            cost: speed,
            ..AgentSpec::new(format!("a{n}"), can("dig", 1.0).and("carry", 1.0))
        };
        let agents: Vec<AgentSpec> = [0.5, 1.0, 2.0].into_iter().enumerate().map(|(n, speed)| spec(n, speed)).collect();
        let flow = flow(&mut rng);
        let (events, _) = run(&flow, &agents, "hierarchical", &Faults::default(), seed);
        let recording = Recording::of(&events, &flow, agents).unwrap();
        let was = recording.recorded();
        for name in STRATEGIES {
            let other = recording.under(&Scenario::strategy(name)).unwrap();
            let (work, own) = (was.measures.cost, other.measures.cost);
            if was.measures.displaced == 0 {
                assert!((work - own).abs() < 1e-6 * work, "{seed} {name}: {own} of {work}");
            }
            moved += was.moved(&other).len();
            differ += usize::from(error(was, &other) > 0.01);
        }
    }
    assert!(moved > 50 && differ > 20, "others do it ({moved}), and it takes another time ({differ})");
}

#[test]
fn more_and_quicker_agents_are_quicker_and_calm_is_better_than_faults() {
    let work = simulated(Simulation { work: Some(Distribution::Lognormal(5.0, 0.5)), ..Simulation::default() });
    let flow = Workflow::new("w").task("dig", work.kind("dig").for_each("range(40)")).build().unwrap();
    let agents = [("ann", 1.0), ("bob", 0.5)].map(|(id, fit)| AgentSpec { cost: 1.0, ..AgentSpec::new(id, can("dig", fit)) });
    let agents = Vec::from(agents);
    let faults: Faults = "crash=30s,repair=3s,delay=5ms".parse().unwrap();
    let (events, _) = run(&flow, &agents, "market", &faults, 3);
    let recording = Recording::with_faults(&events, &flow, agents, faults).unwrap();
    let was = recording.recorded();
    assert!(was.measures.displaced > 0, "{:?}", was.measures);
    assert_eq!(error(was, &recording.replay().unwrap()), 0.0);
    let calm = recording.under(&Scenario { faults: Some(Faults::default()), ..Scenario::default() }).unwrap();
    assert_eq!(calm.measures.displaced, 0);
    assert!(calm.measures.makespan < was.measures.makespan);
    let many = recording.under(&Scenario { size: Some(8), ..Scenario::default() }).unwrap();
    let quick = recording.under(&Scenario { speeds: vec![3.0, 3.0], ..Scenario::default() }).unwrap();
    assert!(many.measures.makespan < 0.5 * was.measures.makespan && quick.measures.makespan < 0.7 * was.measures.makespan);
    let dear = Scenario {
        strategy: Some(polity::workflow::Strategy { name: "market".into(), settings: json!({ "reserve": 1e-6 }) }),
        ..Scenario::default()
    };
    let refused = recording.under(&dear).unwrap();
    assert!(refused.status == RunStatus::Failed && refused.failure.unwrap().contains("raise the reserve"));
    for (bad, says) in [
        (Scenario { size: Some(1), ..Scenario::default() }, "at least 2 agents"),
        (Scenario { speeds: vec![1.0], ..Scenario::default() }, "1 speeds for 2 kinds of agents; give one each for ann, bob"),
        (Scenario { speeds: vec![1.0, -1.0], ..Scenario::default() }, "a speed is a number above 0"),
        (Scenario::strategy("markt"), "markt"),
    ] {
        let said = recording.under(&bad).unwrap_err().to_string();
        assert!(said.contains(says), "{said}");
    }
}

#[test]
fn parts_copies_fallbacks_and_undoing_are_replayed_as_they_were() {
    let work = |seconds| {
        simulated(Simulation { work: Some(Distribution::Exponential(seconds)), output: Some(json!(7)), ..Simulation::default() })
    };
    let bad = || simulated(Simulation { work: Some(Distribution::Uniform(1.0, 2.0)), failure: 1.0, ..Simulation::default() });
    let inner = Workflow::new("inner").task("x", work(3.0).for_each("range(3)")).task("y", work(1.0).depends_on("x"));
    let flow = Workflow::new("outer")
        .team(Team::new("two", ["ann", "bob"]).strategy("market"))
        .task("first", work(2.0).team("two"))
        .task("parts", sub_workflow(inner).depends_on("first"))
        .task("sure", work(2.0).redundancy(Redundancy::of(3)).depends_on("first"))
        .task("odd", bad().fallback(work(4.0)).depends_on("first"))
        .task("last", work(1.0).depends_on("parts").depends_on("odd"))
        .build()
        .unwrap();
    let agents: Vec<AgentSpec> =
        ["ann", "bob", "cyd", "dan"].map(|id| AgentSpec { speed: 0.9, ..AgentSpec::new(id, can("x", 1.0)) }).into();
    for strategy in STRATEGIES {
        let (events, status) = run(&flow, &agents, strategy, &Faults::default(), 5);
        assert_eq!(status, RunStatus::Completed);
        let recording = Recording::of(&events, &flow, agents.clone()).unwrap();
        assert_eq!(recording.replay().unwrap(), *recording.recorded(), "{strategy}");
        let other = recording.under(&Scenario::strategy("round_robin")).unwrap();
        assert_eq!(other.status, RunStatus::Completed, "{strategy}");
        assert!(other.unknown_jobs <= 1, "a copy that was not needed then: {}", other.unknown_jobs);
        assert!(other.shares.parts > 0.0 || other.shares.work > 0.0);
    }
}

#[test]
fn handlers_and_turns_are_replayed_as_they_were() {
    let work = |seconds| {
        simulated(Simulation { work: Some(Distribution::Exponential(seconds)), output: Some(json!(7)), ..Simulation::default() })
    };
    let bad = || simulated(Simulation { work: Some(Distribution::Uniform(1.0, 2.0)), failure: 1.0, ..Simulation::default() });
    let never = || OnError::of([FailureKind::Timeout]).fail("not so");
    let flow = Workflow::new("w")
        .task("saved", bad().on_error(never()).on_error(OnError::any().instead(work(3.0))).fallback(work(1.0)))
        .task("given", bad().on_error(never()).on_error(OnError::of([FailureKind::Error]).output(template("{{ error.kind }}"))))
        .task("vain", bad().on_error(OnError::any().instead(bad())).fallback(work(1.0)))
        .task("skipped", bad().on_error(OnError::any().skip("not needed")))
        .task("turns", interleave(["saved", "given", "vain"]))
        .task("last", work(1.0).depends_on("saved").depends_on("given").depends_on("vain"))
        .build()
        .unwrap();
    let agents: Vec<AgentSpec> = ["ann", "bob", "cyd"].map(|id| AgentSpec::new(id, can("x", 1.0))).into();
    for strategy in STRATEGIES {
        let (events, status) = run(&flow, &agents, strategy, &Faults::default(), 5);
        assert_eq!(status, RunStatus::Completed);
        let recording = Recording::of(&events, &flow, agents.clone()).unwrap();
        assert_eq!(recording.replay().unwrap(), *recording.recorded(), "{strategy}");
        let other = recording.under(&Scenario::strategy("round_robin")).unwrap();
        assert_eq!((other.status, other.unknown_jobs), (RunStatus::Completed, 0), "{strategy}");
    }
}

#[test]
fn what_is_no_whole_run_is_refused_with_a_sentence() {
    let flow = Workflow::new("w").task("a", simulated(Simulation::default())).build().unwrap();
    let agents = vec![AgentSpec::new("ann", can("x", 1.0))];
    let (events, _) = run(&flow, &agents, "hierarchical", &Faults::default(), 1);
    let other = Workflow::new("v").task("b", simulated(Simulation::default())).build().unwrap();
    let said = |events: &[Event], flow| Recording::of(events, flow, agents.clone()).err().unwrap().to_string();
    assert!(said(&[], &flow).contains("no run"));
    assert!(said(&events[..events.len() - 2], &flow).contains("has not ended"), "{:?}", events.last());
    assert!(said(&events, &other).contains("give the workflow that it ran"));
}
