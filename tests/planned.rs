//! Planners as strategies: what they planned is what happens, in virtual time.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::prelude::*;
use polity::protocols::Rng;
use std::time::Duration;

/// A random graph for agents of unequal speed.
fn scene(seed: u64) -> Workflow {
    let mut rng = Rng::new(seed, "planned");
    let mut flow = Workflow::new("w");
    for n in 0..2 + rng.below(5) {
        let spec = AgentSpec {
            speed: rng.between(0.5, 3.0),
            slots: 1 + rng.below(2) as u32,
            ..AgentSpec::new(format!("a{n}"), can("work", 1.0))
        };
        flow = flow.agent(spec);
    }
    for n in 0..10 + rng.below(40) {
        let seconds = (rng.between(0.5, 10.0) * 1e3).round() / 1e3;
        let work = Simulation { work: Some(polity::agents::Distribution::Constant(seconds)), ..Simulation::default() };
        let mut task = simulated(work).kind("work").estimate(Duration::from_secs_f64(seconds));
        for _ in 0..rng.below(3).min(n) {
            task = task.depends_on(&format!("t{}", rng.below(n)));
        }
        flow = flow.task(&format!("t{n}"), task);
    }
    flow.build().unwrap()
}

/// With right estimates a run takes as long as planned, or less where a plan leaves gaps: max-min's anywhere, all between the slots of one agent.
/// A message takes a microsecond.
#[test]
fn a_run_takes_as_long_as_planned() {
    for strategy in ["heft", "cpop", "maxmin"] {
        let mut exactly = 0;
        for seed in 0..40 {
            let flow = scene(seed);
            let exact = strategy != "maxmin" && flow.agents.iter().all(|spec| spec.slots == 1);
            let (planned, took) = polity::simulate(seed, async {
                let society = Polity::builder().start().unwrap();
                let profiles: Vec<_> = flow.agents.iter().flat_map(AgentSpec::profiles).map(std::sync::Arc::new).collect();
                let (schedule, _) = polity::planned::schedule(strategy, &flow, &profiles).unwrap();
                let government = society.registry().make(strategy, &Value::Null).unwrap();
                let result = society.run_with(flow, RunOptions::default().strategy(government)).await.unwrap();
                assert_eq!(result.status(), RunStatus::Completed);
                (schedule.makespan, society.now().as_secs_f64())
            });
            assert!(took < planned + 1e-3, "{strategy}, seed {seed}: {took} s instead of {planned} s");
            assert!(!exact || took > planned - 1e-3, "{strategy}, seed {seed}: {took} s instead of {planned} s");
            exactly += u32::from(exact);
        }
        assert!(strategy == "maxmin" || exactly >= 3, "{strategy}: {exactly} of 40 scenes have agents of one slot only");
    }
}

/// A plan has one task for all instances of a `for_each`, but nobody waits for it: here there are none.
#[test]
fn nobody_waits_for_what_is_never_announced() {
    let work = |seconds: f64| {
        let work = Some(polity::agents::Distribution::Constant(seconds));
        simulated(Simulation { work, ..Simulation::default() }).kind("work").estimate(Duration::from_secs_f64(seconds))
    };
    let flow = Workflow::new("w")
        .strategy("heft")
        .agent(AgentSpec::new("ann", can("work", 1.0)))
        .task("first", work(1.0))
        .task("each", work(6.0).depends_on("first").for_each("[]"))
        .task("last", work(4.0));
    let took = polity::simulate(1, async {
        let society = Polity::builder().start().unwrap();
        society.run(flow.build().unwrap()).await.unwrap();
        society.now().as_secs_f64()
    });
    assert!((took - 5.0).abs() < 1e-3, "{took}");
}

/// Who can't do what the plan wants any more is replaced, and the record says so.
#[test]
fn a_plan_survives_its_agents() {
    use polity::event::{Event, What};
    let events = std::rc::Rc::new(std::cell::RefCell::new(Vec::<Event>::new()));
    polity::simulate(1, async {
        let society = Polity::builder().sink(events.clone()).start().unwrap();
        let fail = Simulation { failure: 1.0, ..Simulation::default() };
        let retry = RetryPolicy { attempts: 2, initial: Duration::ZERO, ..RetryPolicy::default() };
        let flow = Workflow::new("w")
            .strategy("heft")
            .agent(AgentSpec { speed: 2.0, ..AgentSpec::new("fast", can("work", 1.0)) })
            .agent(AgentSpec::new("slow", can("work", 1.0)))
            .task("t", simulated(fail).kind("work").retry(retry));
        let _ = society.run(flow).await;
    });
    let reasons: Vec<String> = events
        .borrow()
        .iter()
        .filter_map(
            |event| if let What::Assigned { decision, .. } = &event.what { Some(decision.reason.to_string()) } else { None },
        )
        .collect();
    assert!(reasons[0].contains("the plan gives it this task"), "{reasons:?}");
    assert!(reasons[1].contains("the plan wants \"fast\", which is to be avoided"), "{reasons:?}");
}
