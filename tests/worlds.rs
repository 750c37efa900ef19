//! The laboratory's worlds: agents that are drawn, workloads that come several times, agents that are not reliable.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::faults::{Failing, Faults, Whom};
use polity::laboratory::{Experiment, Population, Subject, Trial};
use polity::workflow::Strategy as Chosen;
use polity::workloads::{Amount, Draws, Shape, TaskGraph};
use proptest::prelude::*;

const STRATEGIES: [&str; 5] = ["hierarchical", "consensus", "market", "stigmergic", "min_completion"];

/// Under a strategy whose callers pay any price.
fn trial<'a>(subject: &'a Subject, strategy: &str, seed: u64) -> Trial<'a> {
    let settings = if strategy == "market" { serde_json::json!({ "reserve": 1e9 }) } else { serde_json::json!({}) };
    Trial::under(subject, Chosen { name: strategy.into(), settings }, seed)
}
fn graph(shape: &str, seed: u64) -> TaskGraph {
    shape.parse::<Shape>().unwrap().graph(&Draws::new("uniform(1s, 9s)".parse().unwrap(), seed)).unwrap()
}
fn shape() -> impl Strategy<Value = String> {
    prop_oneof![
        (1..4u32, 1..5u32).prop_map(|(layers, width)| format!("layered(layers {layers}, width {width}, density 0.4)")),
        (1..3u32, 1..5u32).prop_map(|(stages, width)| format!("fork_join(stages {stages}, width {width})")),
        (1..5u32).prop_map(|tasks| format!("chain(tasks {tasks})")),
    ]
}
fn amount(low: f64, high: f64) -> impl Strategy<Value = Amount> {
    let number = move || (0..=20u32).prop_map(move |n| low + (high - low) * f64::from(n) / 20.0);
    prop_oneof![
        number().prop_map(|n| Amount::constant(n).unwrap()),
        (number(), number()).prop_map(|(a, b)| format!("uniform({}, {})", a.min(b), a.max(b)).parse().unwrap()),
        prop::collection::vec(number(), 1..4).prop_map(|all| Amount::choice(all).unwrap()),
    ]
}
prop_compose! {
    fn population()(
        count in 1..9usize, speed in amount(0.25, 4.0), cost in prop::option::of(amount(0.0, 2.0)), slots in amount(0.15, 3.0),
        fit in amount(0.05, 1.0), reliability in amount(0.0, 1.0), seed in 0..1000u64,
    ) -> Population {
        Population { count, speed, cost, slots, fit, reliability, seed }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Drawn agents are what their population says; the first of them do not depend on how many there are, nor one property on another; and
    /// somebody can do each kind of work.
    #[test]
    fn a_population_is_drawn_one_by_one(population in population(), shape in shape(), more in 0..5usize) {
        let graph = graph(&shape, 1);
        let (agents, failing) = population.agents(&graph).unwrap();
        prop_assert_eq!(agents.len(), population.count);
        let (larger, _) = Population { count: population.count + more, ..population.clone() }.agents(&graph).unwrap();
        let dearer = Population { cost: Some(Amount::constant(7.0).unwrap()), ..population.clone() };
        for ((one, same), dear) in agents.iter().zip(&larger).zip(dearer.agents(&graph).unwrap().0) {
            prop_assert_eq!((one.speed, one.cost, one.slots), (same.speed, same.cost, same.slots));
            prop_assert_eq!((one.speed, one.slots, &one.can), (dear.speed, dear.slots, &dear.can));
            let (low, high) = population.speed.range();
            prop_assert!(one.speed >= low && one.speed <= high && one.slots >= 1);
        }
        for kind in graph.kind_ids() {
            prop_assert!(agents.iter().any(|spec| spec.can.score(&kind) > 0.0));
        }
        prop_assert!(failing.iter().all(|one| one.chance > 0.0 && one.chance <= 1.0));
        prop_assert_eq!(population.reliability.range() == (1.0, 1.0), failing.is_empty() && population.reliability.range().0 == 1.0);
    }

    /// Workflows arrive at the same moments under every strategy, nothing is faster than the bound, and all of them are done.
    #[test]
    fn nothing_is_faster_than_its_bound(
        shape in shape(), pattern in 0..3usize, count in 1..6usize, seed in 0..1000u64, agents in 1..5usize, noise in prop::bool::ANY,
    ) {
        let pattern = ["poisson(every 8s)", "bursts(size 2, every 12s, within 3s)", "trace(0s, 1s, 1s, 2s, 30s)"][pattern];
        let population = Population { seed, fit: "uniform(0.5, 1)".parse().unwrap(), ..Population::of(agents) };
        let graph = graph(&shape, seed);
        let tasks = graph.tasks().len();
        let subject = Subject::of_population(graph, &population).unwrap().with_arrivals(pattern.parse().unwrap(), count).unwrap();
        let subject = if noise { subject.with_noise(0.3).unwrap() } else { subject };
        for strategy in STRATEGIES {
            let measures = trial(&subject, strategy, seed).run().unwrap();
            prop_assert_eq!((measures.well, measures.completed as usize), (true, tasks * count), "{}", strategy);
            prop_assert!(noise || measures.makespan >= subject.lower_bound_of(seed) * (1.0 - 1e-9), "{} {:?}", strategy, measures);
            prop_assert!(measures.response <= measures.response_p95 * (1.0 + 1e-9) || count > 1);
            prop_assert!(measures.response_p95 <= measures.makespan * (1.0 + 1e-9));
            prop_assert!((0.0..=1.0).contains(&measures.utilisation) && measures.utilisation > 0.0);
        }
    }
}

#[test]
fn who_comes_while_another_is_served_waits_and_who_comes_alone_does_not() {
    let once = Subject::of_graph(graph("chain(tasks 3)", 5), &[1.0]).unwrap();
    let alone = trial(&once, "hierarchical", 1).run().unwrap();
    assert_eq!((alone.response, alone.response_p95), (alone.makespan, alone.makespan));
    let apart = once.clone().with_arrivals("trace(0s, 1h)".parse().unwrap(), 2).unwrap();
    let measures = trial(&apart, "hierarchical", 1).run().unwrap();
    assert!((measures.response - alone.response).abs() < 1e-3 && measures.makespan > 3_600.0);
    let crowd = once.with_arrivals("trace(0s, 0s, 0s)".parse().unwrap(), 3).unwrap();
    assert!(trial(&crowd, "hierarchical", 1).run().unwrap().response > 1.5 * alone.response);
}

#[test]
fn an_unreliable_agent_fails_as_often_as_it_is_said_to_under_every_strategy_at_the_same_tasks() {
    let shape = "layered(layers 1, width 200, density 0)"; // nothing is blocked by a failure
    let failed = |strategy: &str, chance: f64| {
        let subject = Subject::of_graph(graph(shape, 3), &[1.0; 8]).unwrap();
        let faults = Faults { fail: vec![Failing { chance, whom: Whom::All }], ..Faults::default() };
        let subject = subject.with_faults(faults).unwrap();
        let (measures, chronicle) = trial(&subject, strategy, 9).watch().unwrap();
        let all: Vec<u32> = chronicle.report().tasks().filter(|(_, task)| task.failure.is_some()).map(|(n, _)| n).collect();
        (measures.failed, all)
    };
    let (_, some) = failed("hierarchical", 0.1);
    assert!((8..=32).contains(&some.len()), "{}", some.len());
    for strategy in STRATEGIES {
        assert_eq!(failed(strategy, 0.1).1, some, "{strategy}");
        assert_eq!(failed(strategy, 0.0).0, 0, "{strategy}");
    }
    // Whoever is less reliable fails at all these, and at more.
    let (_, more) = failed("hierarchical", 0.3);
    assert!(some.iter().all(|task| more.contains(task)) && more.len() > some.len());
}

/// Several groups of unreliable agents; a share is drawn once, so that a smaller one is part of a larger.
#[test]
fn chances_of_several_groups_add_up() {
    use polity::faults::Cast;
    use polity::protocols::{AgentId, Capabilities, Profile};
    let share = |share, chance| Failing { chance, whom: Whom::Share(share) };
    let named = Failing { chance: 0.5, whom: Whom::Named(vec!["a0".into()]) };
    let faults = Faults { fail: vec![share(0.2, 0.5), share(0.5, 0.2), named], ..Faults::default() };
    let profiles: Vec<Profile> = (0..10).map(|n| Profile::new(format!("a{n}"), Capabilities::default())).collect();
    let cast = Cast::of(&faults, 4, &profiles);
    let mut chances: Vec<u32> =
        (1..10).map(|n| (cast.part(AgentId(n), &profiles[n as usize]).fails * 100.0).round() as u32).collect();
    let first = cast.part(AgentId(0), &profiles[0]).fails;
    assert!(first >= 0.5);
    chances.sort_unstable();
    // Two are in both shares (60 %), three in the larger (20 %); one of the five may be the first.
    assert!(
        chances.iter().filter(|c| **c == 60).count() >= 1 && chances.iter().filter(|c| **c == 20).count() >= 2,
        "{chances:?}"
    );
    assert!(chances.iter().filter(|c| **c == 0).count() >= 4, "{chances:?}");
}

#[test]
fn an_experiment_varies_populations_and_arrivals() {
    let text = "name: worlds
workload: { shape: 'fork_join(stages 2, width 3)', work: 'uniform(2s, 8s)', seed: each }
strategies: [hierarchical, min_completion]
vary:
  agents:
    - { count: 4, speed: 'uniform(0.5, 2)', reliability: 0.95 }
    - { count: 4, speed: 'lognormal(median 1, sigma 0.4)', slots: 2, fit: 'uniform(0.6, 1)', cost: 1, seed: each }
  arrivals:
    - { pattern: 'poisson(every 20s)', count: 5 }
    - { pattern: 'trace(0s, 4s)' }
repeat: 3
measure: [makespan, over_bound, response, response_p95, retries, failed]
";
    let experiment = Experiment::parse(text, None, &Default::default()).unwrap();
    assert_eq!((experiment.cells(), experiment.tries()), (8, 24));
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, threads| {
        let path = folder.path().join(name);
        let experiment = Experiment::parse(text, None, &Default::default()).unwrap();
        polity::laboratory::Sweep::open(experiment, &path).unwrap().go(threads, |_| std::ops::ControlFlow::Continue(())).unwrap();
        std::fs::read_to_string(path.join("runs.csv")).unwrap()
    };
    let runs = run("one", 1);
    assert_eq!(runs, run("three", 3));
    assert_eq!(runs.lines().count(), 25);
    let head: Vec<&str> = runs.lines().next().unwrap().split(',').collect();
    assert!(head.contains(&"arrivals") && head.contains(&"response"), "{head:?}");
    assert!(runs.contains("5 of poisson(every 20s)"), "{runs}");
}

#[test]
fn what_no_world_can_be_is_told_with_its_remedy() {
    let said = |line: &str| {
        let text = format!("name: w\nworkload: {{ shape: 'chain(tasks 2)', work: 1s }}\nstrategies: [market]\n{line}\n");
        Experiment::parse(&text, None, &Default::default()).unwrap_err().to_string()
    };
    for (line, says) in [
        ("agents: { speed: 1 }", "count"),
        ("agents: { count: 0 }", "at least 1"),
        ("agents: { count: 2, speed: fast }", "a number like 2, or uniform(0.5, 2), is needed, but this is \"fast\""),
        ("agents: { count: 2, speed: 0 }", "an agent's speed is at least 0.000001, but here it is 0"),
        ("agents: { count: 2, fit: 0 }", "the fit of the agents is 0, and nobody could do anything"),
        ("agents: { count: 2, slots: 0 }", "the slots of the agents is 0, and an agent has at least one"),
        ("agents: []", "`agents` is an empty list"),
        ("agents: 4000000000", "at most 1000000"),
        ("arrivals: { pattern: 'poisson(every 3s)', count: 9223372036854775807 }", "at most 1000000"),
        ("faults: { fail: { chance: 2 } }", "chance"),
        ("vary: { faults: [none, { crash: { mtbf: 10s, agents: [zz] } }] }", "the faults name \"zz\", which is not an agent"),
        ("agents: { count: 2, speed: 'uniform(2, 1)' }", "write the smaller one first"),
        ("agents: { count: 2, fit: 1.5 }", "the fit of an agent is at most 1, but 1.5 may be more"),
        ("agents: { count: 2, reliability: 'exponential(mean 1)' }", "the reliability of an agent is at most 1"),
        ("agents: { count: 2, slots: -1 }", "slots"),
        ("agents: { count: 2, pace: 1 }", "no key \"pace\""),
        ("arrivals: { pattern: 'poisson(every 30s)' }", "`count: 20`"),
        ("arrivals: { pattern: 'trace(0s, 1s)', count: 3 }", "3 arrivals are wanted, but the trace has 2"),
        ("arrivals: { pattern: 'tides(every 6h)', count: 3 }", "there is no pattern of arrivals \"tides\""),
        ("arrivals: { count: 3 }", "pattern"),
        ("faults: { fail: 2 }", "fail"),
        ("faults: { fail: [{ chance: 0.1, agents: [a], share: 0.5 }] }", "says twice whom it is about"),
    ] {
        let why = said(line);
        assert!(why.contains(says), "{line}: {why}");
    }
}

#[test]
fn what_is_said_while_several_workflows_are_under_way_is_counted_once() {
    let once = Subject::of_graph(graph("fork_join(stages 2, width 4)", 5), &[1.0, 0.5, 2.0]).unwrap();
    let messages = |subject: &Subject| trial(subject, "market", 1).run().unwrap().messages as f64;
    let alone = messages(&once);
    let together = messages(&once.clone().with_arrivals("bursts(size 4, every 1h)".parse().unwrap(), 4).unwrap());
    assert!(alone > 10.0 && (2.0..6.0).contains(&(together / alone)), "{together} for four, {alone} for one");
}
