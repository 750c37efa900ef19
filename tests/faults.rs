//! Faults on purpose, in whole runs: what must never happen, and what must happen sometimes.

#![allow(clippy::unwrap_used)]

use polity::event::{Disturbance, Event, What};
use polity::prelude::*;
use polity::protocols::Rng;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

const ALL: [&str; 7] = ["hierarchical", "consensus", "market", "stigmergic", "auto", "min_completion", "heft"];

fn seconds(n: f64) -> Duration {
    Duration::from_secs_f64(n)
}
/// Unequal agents, who may all do everything.
fn agents(count: usize, rng: &mut Rng) -> Vec<AgentSpec> {
    let spec = |n: usize, speed: f64| AgentSpec { speed, cost: speed, ..AgentSpec::new(format!("a{n}"), can("dig", 0.8)) };
    (0..count).map(|n| spec(n, rng.between(0.5, 2.0))).collect()
}
/// Tasks in a few chains, that fail now and then.
fn flow(tasks: usize, rng: &mut Rng) -> Workflow {
    (0..tasks)
        .fold(Workflow::new("faulty"), |flow, n| {
            let simulation = Simulation { failure: 0.1, ..Simulation::default() };
            let retry = RetryPolicy { attempts: 3, ..RetryPolicy::default() };
            let task = simulated(simulation).estimate(seconds(rng.between(0.5, 4.0))).kind("dig").retry(retry);
            let task = if n >= 4 && rng.chance(0.6) { task.depends_on(&format!("t{}", n - 4)) } else { task };
            flow.task(&format!("t{n}"), task)
        })
        .build()
        .unwrap()
}
/// Any faults, now few, now many.
fn faults(rng: &mut Rng) -> String {
    let mut all: Vec<String> = Vec::new();
    let mut maybe = |often: f64, make: &dyn Fn(&mut Rng) -> String, rng: &mut Rng| {
        if rng.chance(often) {
            all.push(make(rng));
        }
    };
    maybe(0.6, &|rng| format!("crash={:.3},repair={:.1}s", rng.between(0.01, 0.5), rng.between(0.0, 5.0)), rng);
    maybe(0.4, &|rng| format!("hang={:.2}", rng.between(0.0, 0.3)), rng);
    maybe(0.4, &|rng| format!("slow={:.1}x{:.1}", rng.between(0.0, 1.0), rng.between(1.0, 5.0)), rng);
    maybe(0.5, &|rng| format!("loss={:.2},repeat={:.2}", rng.between(0.0, 0.5), rng.between(0.0, 0.5)), rng);
    maybe(0.5, &|rng| format!("delay=~{}ms,reorder={:.2}", 1 + rng.below(200), rng.between(0.0, 0.5)), rng);
    maybe(0.4, &|rng| format!("partition=a0+a1@{:.1}s+{:.1}s", rng.between(0.0, 5.0), rng.between(0.1, 60.0)), rng);
    maybe(0.3, &|rng| format!("low_ball={:.1},liars={:.1}random", rng.unit(), rng.unit()), rng);
    maybe(0.3, &|rng| format!("false_claims={:.1}", rng.unit()), rng);
    if all.is_empty() { "none".into() } else { all.join(",") }
}

struct Played {
    events: Vec<Event>,
    result: RunResult,
}
/// One run with faults and verbs at random; `repair_at` ends them all.
fn play(seed: u64, strategy: &str, faults: &str, repair_at: Option<f64>, verbs: bool) -> Played {
    let mut rng = Rng::new(seed, "scene");
    let events = Rc::new(RefCell::new(Vec::<Event>::new()));
    let result = polity::simulate(seed, async {
        let limit = seconds(100_000_000.0);
        let played = tokio::time::timeout(limit, async {
            let mut builder = Polity::builder().sink(events.clone()).faults(faults.parse().unwrap());
            for spec in agents(5, &mut rng) {
                builder = builder.agent_spec(spec);
            }
            let society = builder.start().unwrap();
            let government = society.registry().make(strategy, &Value::Null).unwrap();
            let run = society.launch(flow(30, &mut rng), RunOptions::default().strategy(government)).unwrap();
            let mut left = repair_at.unwrap_or(0.0);
            while verbs && left > 0.0 {
                let step = rng.between(0.2, 3.0);
                society.sleep(seconds(step)).await;
                left -= step;
                let (one, two) = (format!("a{}", rng.below(5)), format!("a{}", rng.below(5)));
                match rng.below(6) {
                    0 => society.crash(&one).unwrap(),
                    1 => society.bounce(&one).unwrap(),
                    2 => society.partition([&one, &two]).unwrap(),
                    3 => society.hold(one.as_str()).unwrap(),
                    4 => society.hold((one.as_str(), two.as_str())).unwrap(),
                    _ => society.release(one.as_str()).unwrap(),
                }
            }
            society.sleep(seconds(left.max(0.0))).await;
            if repair_at.is_some() {
                society.repair();
            }
            let result = run.join().await.unwrap();
            society.sleep(seconds(3_600.0)).await; // what is still under way arrives, and changes nothing
            result
        });
        played.await.unwrap_or_else(|_| panic!("seed {seed}, {strategy}, {faults}: the run waits for ever"))
    });
    Played { events: events.take(), result }
}

#[derive(Debug, Default)]
struct Seen {
    kinds: BTreeSet<Disturbance>,
    lost: u64,
    displaced: u64,
    completed: u64,
    hung: u64,
    given_up: u64,
}
/// No task ends twice, and all end; no award without a living agent; who crashes on purpose is not given up for it.
fn judge(played: &Played, says: &str, seen: &mut Seen) {
    let mut ended = BTreeSet::new();
    let mut alive = BTreeSet::new();
    for event in &played.events {
        match &event.what {
            What::AgentJoined { agent, .. } => assert!(alive.insert(*agent), "{says}: {agent:?} joined twice"),
            What::AgentLost { agent, reason, .. } => {
                assert!(alive.remove(agent), "{says}: {agent:?} was lost twice");
                seen.lost += u64::from(reason.contains("on purpose"));
            }
            What::AgentGivenUp { .. } => seen.given_up += 1,
            What::Displaced { .. } => seen.displaced += 1,
            What::Disturbed { fault, .. } => drop(seen.kinds.insert(*fault)),
            What::Completed { task, took, .. } => {
                assert!(ended.insert(*task), "{says}: {task:?} ended twice");
                seen.completed += 1;
                seen.hung += u64::from(*took > seconds(3_000.0));
            }
            What::Failed { task, .. } | What::Blocked { task, .. } | What::Cancelled { task } | What::Skipped { task, .. } => {
                assert!(ended.insert(*task), "{says}: {task:?} ended twice");
            }
            _ => {}
        }
    }
    assert_eq!(ended.len(), 30, "{says}");
    assert_eq!(played.result.tally().ended(), 30, "{says}");
}

#[test]
fn every_run_ends_under_any_faults_and_after_a_repair() {
    let mut seen = Seen::default();
    for seed in 0..140 {
        let mut rng = Rng::new(seed, "faults");
        let (strategy, faults) = (ALL[seed as usize % ALL.len()], faults(&mut rng));
        let repair = rng.chance(0.6).then(|| rng.between(1.0, 40.0));
        let played = play(seed, strategy, &faults, repair, repair.is_some());
        judge(&played, &format!("seed {seed}, {strategy}, {faults}, repair {repair:?}"), &mut seen);
    }
    let all: BTreeSet<Disturbance> = Disturbance::ALL.into();
    assert_eq!(seen.kinds, all, "{seen:?}");
    assert!(seen.lost > 100 && seen.displaced > 50 && seen.completed > 3_000 && seen.hung > 0, "{seen:?}");
    assert_eq!(seen.given_up, 0, "faults on purpose count against no limit");
}

#[test]
fn equal_seeds_give_equal_logs() {
    let text = "crash=0.05,repair=1s,hang=0.05,slow=0.4x2,loss=0.1,repeat=0.1,reorder=0.2,delay=1ms..20ms,partition=a0@2s+4s,low_ball=0.4,liars=0.2";
    for strategy in ALL {
        let logs = [0, 1].map(|_| play(7, strategy, text, Some(20.0), true).events);
        assert!(logs[0] == logs[1], "{strategy}");
        assert!(logs[0] != play(8, strategy, text, Some(20.0), true).events, "{strategy}");
    }
}

#[test]
fn nothing_planned_is_nothing_changed() {
    for strategy in ALL {
        let [with, without] = ["none", "loss=0.0"].map(|text| play(3, strategy, text, None, false).events);
        assert!(with == without, "{strategy}");
        assert!(!with.iter().any(|event| matches!(event.what, What::Disturbed { .. })));
    }
}

/// When which agent crashed, as long as the shortest of the runs went on.
fn crashes(events: &[Event], until: f64) -> Vec<(u64, u32)> {
    let crash = |event: &Event| match &event.what {
        What::Disturbed { fault: Disturbance::Crashed, agents, .. } => Some((event.at.as_nanos(), agents[0].0)),
        _ => None,
    };
    events.iter().filter_map(crash).filter(|(at, _)| *at < (until * 1e9) as u64).collect()
}

#[test]
fn every_strategy_meets_the_same_faults() {
    let text = "crash=0.1,repair=500ms,hang=0.1,false_claims=0.4,low_ball=0.2";
    let played: Vec<Played> = ALL.iter().map(|strategy| play(11, strategy, text, None, false)).collect();
    let crashed: Vec<_> = played.iter().map(|played| crashes(&played.events, 10.0)).collect();
    assert!(crashed[0].len() > 2, "{crashed:?}");
    assert!(crashed.iter().all(|other| *other == crashed[0]), "{crashed:?}");
    let cast = |played: &Played| -> Vec<What> {
        let casts = played.events.iter().map(|event| event.what.clone());
        casts
            .filter(|what| matches!(what, What::Disturbed { fault: Disturbance::FalseClaim | Disturbance::LowBalling, .. }))
            .collect()
    };
    assert!(played.iter().all(|other| cast(other) == cast(&played[0]) && cast(other).len() == 2));
}

/// One agent alone, and what became of its ten jobs of a second each.
fn alone(faults: &str) -> (f64, RunResult, Vec<Event>) {
    let events = Rc::new(RefCell::new(Vec::<Event>::new()));
    let (took, result) = polity::simulate(5, async {
        let builder = Polity::builder().sink(events.clone()).faults(faults.parse().unwrap());
        let society = builder.agent_spec(AgentSpec::new("ann", can("dig", 0.5).and("fly", 0.2))).start().unwrap();
        let dig = simulated(Simulation { output: Some(json!(true)), ..Simulation::default() });
        let dig = dig.estimate(seconds(0.5)).kind("dig").for_each("range(10)");
        let run =
            society.launch(Workflow::new("w").task("dig", dig).output("all", output("dig")), RunOptions::default()).unwrap();
        let result = run.join().await.unwrap();
        (society.now().as_secs_f64(), result)
    });
    (took, result, events.take())
}

#[test]
fn each_fault_does_what_it_says() {
    let near = |took: f64, expected: f64| assert!((took - expected).abs() < 0.01, "{took} for {expected}");
    near(alone("none").0, 10.0);
    near(alone("slow=1x3").0, 30.0);
    near(alone("hang=1").0, 10.0 + 10.0 * 3_600.0);
    near(alone("delay=100ms").0, 10.0); // a hierarchy of one needs no talk
    near(alone("false_claims=1").0, 10.0); // the truth sets its speed
    let (_, lied, _) = alone("liars=1");
    assert_eq!(lied.output("all"), &json!(vec![false; 10]));
    let (_, told, _) = alone("none");
    assert_eq!(told.output("all"), &json!(vec![true; 10]));
    let (took, result, events) = alone("partition=ann@500ms+20s");
    near(took, 20.5 + 9.0); // the first was done after 1 s, and heard of after the cut
    assert_eq!(result.tally().completed, 10);
    assert!(events.iter().any(|event| matches!(event.what, What::Disturbed { fault: Disturbance::Healed, .. })));
}

#[test]
fn who_claims_what_it_can_not_do_at_all_fails_at_it() {
    let ended = |faults: &str| {
        polity::simulate(1, async {
            let builder = Polity::builder().faults(faults.parse().unwrap()).agent_spec(AgentSpec::new("ann", can("dig", 0.5)));
            let society = builder.agent_spec(AgentSpec::new("bob", can("dig", 0.9))).start().unwrap();
            let dig = simulated(Simulation::default()).estimate(seconds(1.0)).kind("dig").needs("dig", 0.8).for_each("range(20)");
            let run = society.launch(Workflow::new("w").task("dig", dig), RunOptions::default()).unwrap();
            run.join().await.unwrap().tally()
        })
    };
    assert_eq!(ended("none").failed, 0);
    let tally = ended("false_claims=1");
    assert!(tally.failed > 2 && tally.completed > 2, "{tally:?}");
}

#[test]
fn what_can_not_be_is_refused_with_a_sentence() {
    let start = |faults: &str| {
        let builder = Polity::builder().agent_spec(AgentSpec::new("ann", can("dig", 1.0))).faults(faults.parse().unwrap());
        builder.start().err().map(|error| error.to_string())
    };
    polity::run(async {
        let why = start("loss=0.1").unwrap();
        assert!(why.contains("faults.loss can only be in virtual time") && why.contains("--simulate"), "{why}");
        let why = start("partition=an@1s+1s").unwrap();
        assert!(why.contains("the faults name \"an\", which is not an agent; did you mean \"ann\"?"), "{why}");
        assert_eq!(start("crash=50s,hang=0.1,low_ball=1"), None);
    });
    let why = polity::simulate(1, async {
        let society = Polity::builder().agent_spec(AgentSpec::new("ann", can("dig", 1.0))).start().unwrap();
        let flow = Workflow::new("w").faults("loss=0.1".parse().unwrap()).task("a", kind("dig"));
        society.run(flow).await.err().unwrap().to_string()
    });
    assert!(why.contains("has faults, which this society was not founded with"), "{why}");
}

#[test]
fn a_society_in_trouble_ends_all_the_same() {
    for verb in 0..4 {
        let events = Rc::new(RefCell::new(Vec::<Event>::new()));
        let took = polity::simulate(1, async {
            let builder = Polity::builder().sink(events.clone()).agent_spec(AgentSpec::new("ann", can("dig", 1.0)));
            let society = builder.faults("hang=1".parse().unwrap()).start().unwrap();
            let dig = simulated(Simulation::default()).estimate(seconds(5.0)).kind("dig").for_each("range(3)");
            let run = society.launch(Workflow::new("w").task("dig", dig), RunOptions::default()).unwrap();
            society.sleep(seconds(1.0)).await;
            match verb {
                0 => society.partition(["ann"]).unwrap(),
                1 => society.hold("ann").unwrap(),
                2 => society.crash("ann").unwrap(),
                _ => {}
            }
            society.stop().await;
            run.join().await.unwrap().status()
        });
        assert_eq!(took, RunStatus::Cancelled, "{verb}");
        let events = events.borrow();
        let (joined, lost) =
            (|what: &What| matches!(what, What::AgentJoined { .. }), |what: &What| matches!(what, What::AgentLost { .. }));
        let count = |is: fn(&What) -> bool| events.iter().filter(|event| is(&event.what)).count();
        assert_eq!(count(joined), count(lost), "{verb}: nobody is left behind");
    }
}

#[test]
fn verbs_work_live() {
    let (tally, kinds) = polity::run(async {
        let events = Rc::new(RefCell::new(Vec::<Event>::new()));
        let builder = Polity::builder().sink(events.clone()).function("nap", |_, context: Context| async move {
            context.sleep(Duration::from_millis(5)).await;
            Ok(Value::Null)
        });
        let society = builder.agent_spec(AgentSpec::new("ann", can("dig", 1.0))).start().unwrap();
        society.hold("ann").unwrap();
        let nap = || function("nap").kind("dig").for_each("range(20)");
        let run = society.launch(Workflow::new("w").task("nap", nap()), RunOptions::default()).unwrap();
        society.sleep(Duration::from_millis(1)).await;
        society.release("ann").unwrap();
        society.bounce("ann").unwrap();
        society.sleep(Duration::from_millis(1)).await;
        society.crash("ann").unwrap();
        society.repair();
        let tally = run.join().await.unwrap().tally();
        let kinds: BTreeSet<Disturbance> = events
            .borrow()
            .iter()
            .filter_map(|event| if let What::Disturbed { fault, .. } = &event.what { Some(*fault) } else { None })
            .collect();
        (tally, kinds)
    });
    assert_eq!(tally.completed, 20);
    assert!(kinds.contains(&Disturbance::Held) && kinds.contains(&Disturbance::Released), "{kinds:?}");
    assert!(kinds.contains(&Disturbance::Bounced) && kinds.contains(&Disturbance::Repaired), "{kinds:?}");
}

/// A government that begins while somebody is down does not wait for its return, but for what nobody else can do.
#[test]
fn whoever_begins_while_some_are_down_goes_on_with_the_others() {
    let names = ["hierarchical", "consensus", "market", "stigmergic"];
    let make = |name: &str| polity::Registry::standard().make(name, &Value::Null).unwrap();
    let repair = seconds(30.0);
    for seed in 0..24 {
        let mut rng = Rng::new(seed, "begins late");
        let (first, second) = (rng.below(4), 1 + rng.below(3));
        let (first, second) = (names[first], names[(first + second) % 4]);
        let (team, before) = (agents(4, &mut rng), flow(8, &mut rng));
        let work = if seed % 2 == 0 { "dig" } else { "sign" };
        let took = polity::simulate(seed, async {
            let she = AgentSpec::new("she", can("dig", 0.8).and("sign", 1.0));
            let builder = team.into_iter().chain([she]).fold(Polity::builder(), |builder, spec| builder.agent_spec(spec));
            // Nobody crashes by itself.
            let society = builder.faults("crash=0.000000001,repair=30s".parse().unwrap()).strategy(make(first)).start().unwrap();
            society.run(before).await.unwrap();
            society.crash("she").unwrap();
            society.sleep(seconds(1.0)).await;
            let began = society.now();
            let task = simulated(Simulation::default()).estimate(seconds(2.0)).kind(work);
            let late = Workflow::new("late").task("late", task).build().unwrap();
            society.launch(late, RunOptions::default().strategy(make(second))).unwrap().join().await.unwrap();
            society.now().since(began)
        });
        assert_eq!(took < repair - seconds(2.0), work == "dig", "{first}, then {second}: {work} took {took:?}");
    }
}
