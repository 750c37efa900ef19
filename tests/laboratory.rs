//! Strategies are compared on the same work and the same luck, and the figures mean what they say.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::laboratory::{Arm, Comparison, Plan, Progress, Subject, Trial, speeds};
use polity::prelude::*;
use polity::protocols::Rng;
use polity::workloads::{Draws, Shape, TaskGraph};
use std::ops::ControlFlow;

/// A small graph of any shape.
fn graph(seed: u64) -> TaskGraph {
    let mut rng = Rng::new(seed, "laboratory");
    let shapes = [
        "layered(layers 4, width 5, density 0.5)",
        "fork_join(stages 3, width 4)",
        "chain(tasks 6)",
        "random(tasks 20, density 0.2)",
        "montage_like(images 6)",
    ];
    let shape: Shape = shapes[rng.below(shapes.len())].parse().unwrap();
    shape.graph(&Draws::new("lognormal(mean 10s, sigma 0.7)".parse().unwrap(), seed)).unwrap()
}
fn arms() -> Vec<Arm> {
    ["hierarchical", "consensus", "stigmergic", "min_completion", "random", "heft", "market", "auto"].map(Arm::new).into()
}

#[test]
fn whoever_governs_does_the_same_work_and_none_is_quicker_than_the_bound() {
    let mut differ = 0;
    for seed in 0..12 {
        // A second of an agent costs what its speed is, so that the cost is the work that was done.
        let agents = graph(seed).agents(&speeds(4)).into_iter().map(|spec| AgentSpec { cost: spec.speed, ..spec });
        let subject = Subject::of_workflow(&graph(seed).workflow().unwrap(), agents.collect()).unwrap();
        let noisy = subject.clone().with_noise(0.4).unwrap();
        let work: f64 = subject.graph().total_work();
        let mut makespans = Vec::new();
        let mut done = Vec::new();
        for arm in arms() {
            let exact = Trial::under(&subject, arm.strategy.clone(), seed).run().unwrap();
            assert!(exact.well && exact.failed == 0, "{}", arm.name);
            assert!((exact.cost - work).abs() < 1e-6 * work, "{}: {} of {work}", arm.name, exact.cost);
            assert!(
                exact.makespan >= subject.lower_bound() - 1e-6,
                "{}: {} < {}",
                arm.name,
                exact.makespan,
                subject.lower_bound()
            );
            assert_eq!(exact.lost_work, 0.0, "{}", arm.name);
            makespans.push(exact.makespan);
            done.push(Trial::under(&noisy, arm.strategy, seed).run().unwrap().cost);
        }
        assert!(done.iter().all(|cost| (cost - done[0]).abs() < 1e-6 * done[0]), "the noise is the same for all: {done:?}");
        assert!((done[0] - work).abs() > 1e-3 * work, "there is noise");
        differ += usize::from(makespans.iter().any(|makespan| (makespan - makespans[0]).abs() > 1e-6));
    }
    assert!(differ >= 6, "governments differ in something: {differ}");
}

/// A workflow, and the society that its file founds.
fn subject(text: &str) -> Subject {
    let checked = polity::workflow::parse(text, None, &Default::default()).unwrap();
    Subject::of_workflow(&checked.workflow, checked.agents).unwrap()
}

#[test]
fn what_is_done_below_a_task_counts_as_if_it_stood_beside_it() {
    let step = |id: &str, on: &str| format!("{{ id: {id}, type: dig, estimate: 10s, run: 'true', depends_on: [{on}] }}");
    let head = "name: w\nagents: [{ id: ann, replicas: 2, can: { dig: 1 }, cost: 3 }]\ntasks:\n";
    let (x, y, z) = (step("x", ""), step("y", ""), step("z", "x, y"));
    let nested =
        subject(&format!("{head}  - {{ id: s, workflow: {{ name: inner, tasks: [{x}, {y}, {z}] }} }}\n  - {}\n", step("e", "s")));
    let flat = subject(&format!("{head}  - {x}\n  - {y}\n  - {z}\n  - {}\n", step("e", "z")));
    for arm in arms() {
        let (measures, chronicle) = Trial::under(&nested, arm.strategy.clone(), 1).watch().unwrap();
        let (shown, done) =
            (chronicle.report().busy_share(), chronicle.report().work().values().map(|work| work.done).sum::<u32>());
        assert!(
            (shown - measures.utilisation).abs() < 1e-9 && done == 4,
            "{}: {shown} {} {done}",
            arm.name,
            measures.utilisation
        );
        let own = |(_, agent): (_, &polity::report::AgentRecord)| agent.done;
        assert_eq!(chronicle.report().agents().map(own).sum::<u32>(), 1, "the others are below");
        let [nested, flat] = [&nested, &flat].map(|subject| Trial::under(subject, arm.strategy.clone(), 1).run().unwrap());
        assert!(
            (nested.cost - 120.0).abs() < 1e-6 && (flat.cost - 120.0).abs() < 1e-6,
            "{}: {} {}",
            arm.name,
            nested.cost,
            flat.cost
        );
        assert!(
            (nested.utilisation - flat.utilisation).abs() < 1e-3,
            "{}: {} {}",
            arm.name,
            nested.utilisation,
            flat.utilisation
        );
        assert_eq!((nested.completed, flat.completed), (5, 4), "{}: the task that they are below is one more", arm.name);
    }
    assert_eq!((nested.lower_bound(), flat.lower_bound()), (30.0, 30.0));
}

/// What is tried governs teams, tasks and parts too: else all strategies would be one.
#[test]
fn whoever_is_compared_governs_all_of_it() {
    let agents = "agents: [{ id: ann, can: { dig: 1 } }, { id: bob, can: { dig: 0.9 } }]\n";
    let own = subject(&format!(
        "name: w\n{agents}strategy: consensus\nteams: [{{ id: crew, agents: [ann, bob], strategy: market }}]\ntasks:\n  \
         - {{ id: a, type: dig, team: crew, estimate: 5s, run: 'true' }}\n  - {{ id: b, type: dig, strategy: stigmergic, estimate: 5s, run: 'true' }}\n  \
         - {{ id: c, workflow: {{ name: inner, strategy: market, tasks: [{{ id: d, type: dig, estimate: 5s, run: 'true' }}] }} }}\n"
    ));
    assert!(own.remarks().iter().any(|remark| remark.contains("a strategy of their own")), "{:?}", own.remarks());
    let messages = |strategy: &str| Trial::new(&own, strategy, 1).run().unwrap().messages;
    assert_eq!(messages("round_robin"), 0, "nobody talks");
    assert!(messages("market") > 0);
    let plain =
        subject(&format!("name: w\n{agents}strategy: market\ntasks: [{{ id: a, type: dig, estimate: 5s, run: 'true' }}]\n"));
    assert!(!plain.remarks().iter().any(|remark| remark.contains("of their own")), "that of the whole is what is compared");
}

#[test]
fn what_a_simulation_takes_is_known_to_the_bound_and_to_who_plans() {
    let text = |work: &str| {
        format!(
            "name: w\nagents: [{{ id: slow }}, {{ id: fast, speed: 2 }}]\ntasks:\n{}",
            ["a", "b", "c"]
                .map(|id| format!("  - {{ id: {id}, {work}, depends_on: [{}] }}\n", if id == "a" { "" } else { "a" }))
                .concat()
        )
    };
    let (told, estimated) = (subject(&text("simulate: 10s")), subject(&text("simulate: 10s, estimate: 10s")));
    assert_eq!(told.lower_bound(), estimated.lower_bound());
    assert!(told.remarks().is_empty(), "{:?}", told.remarks());
    let heft = |subject: &Subject| Trial::new(subject, "heft", 1).run().unwrap().makespan;
    assert_eq!((heft(&told), heft(&estimated)), (15.0, 15.0));
}

#[test]
fn a_strategy_is_no_different_from_itself_and_random_choice_is_worse_than_a_choice() {
    let subject = Subject::of_graph(graph(3), &[0.2, 1.0, 5.0]).unwrap().with_noise(0.3).unwrap();
    let twice = Arm { name: "again".into(), ..Arm::new("min_completion") };
    let arms = vec![Arm::new("min_completion"), twice, Arm::new("random")];
    let plan = Plan { subjects: vec![subject], arms, first: 1, seeds: 12, threads: 2 };
    let comparison = Comparison::make(plan, |_| {}).unwrap();
    let rows = &comparison.sizes()[0].rows;
    assert_eq!((rows[0].p, rows[1].p, rows[1].over_first, rows[1].effect), (None, Some(1.0), Some(0.0), Some(0.0)));
    assert!(rows[2].p.unwrap() < 0.01 && rows[2].over_first.unwrap() > 0.2 && rows[2].effect.unwrap() > 0.8, "{:?}", rows[2]);
    let table = comparison.table();
    assert!(table.contains("±0.0 %") && table.contains("* by Wilcoxon"), "{table}");
}

#[test]
fn a_comparison_that_is_broken_off_is_one_by_fewer_seeds() {
    let plan = |seeds, threads| {
        let subjects = [&[1.0, 2.0][..], &[0.5, 1.0, 4.0]]
            .map(|speeds| Subject::of_graph(graph(4), speeds).unwrap().with_noise(0.4).unwrap());
        Plan { subjects: subjects.into(), arms: ["market", "random", "auto"].map(Arm::new).into(), first: 7, seeds, threads }
    };
    let until = |last: usize, seeds, threads| {
        let enough = |progress: Progress| if progress.done < last { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
        Comparison::make_until(plan(seeds, threads), enough)
    };
    // So many that threads don't come to their end before they hear that it is enough.
    const MANY: u32 = 2_000;
    for (last, threads) in [(7, 1), (20, 2), (33, 3)] {
        let (cut, is_cut) = until(last, MANY, threads).unwrap();
        let seeds = cut.plan().seeds;
        assert!(is_cut && seeds >= last as u32 / 6 && seeds < MANY, "{seeds} seeds after {last} tries");
        assert_eq!(cut.csv(), Comparison::make(plan(seeds, 1), |_| {}).unwrap().csv(), "as if no more had been asked for");
    }
    let (whole, is_cut) = until(54, 9, 2).unwrap();
    assert!(!is_cut && whole.plan().seeds == 9);
}

#[test]
fn a_comparison_that_is_broken_off_at_once_compares_nothing() {
    let arms = (0..500).map(|n| Arm { name: n.to_string(), ..Arm::new("random") }).collect();
    let plan = Plan { subjects: vec![Subject::of_graph(graph(4), &[1.0]).unwrap()], arms, first: 1, seeds: 2, threads: 1 };
    let sentence = Comparison::make_until(plan, |_| ControlFlow::Break(())).unwrap_err().to_string();
    assert!(sentence.starts_with("it was broken off before every strategy was tried"), "{sentence}");
}

#[test]
fn every_try_is_a_row_and_a_page_holds_it_all() {
    let flow = Workflow::new("flow, \"quoted\"")
        .task("a", kind("x").estimate(std::time::Duration::from_secs(3)))
        .task("b", command("true").depends_on("a"))
        .build()
        .unwrap();
    let agents = vec![AgentSpec { cost: 2.0, ..AgentSpec::new("ann", can("x", 1.0)) }, AgentSpec::new("bob", can("x", 0.5))];
    let subject = Subject::of_workflow(&flow, agents).unwrap();
    let plan = Plan { subjects: vec![subject], arms: vec![Arm::new("market"), Arm::new("heft")], first: 5, seeds: 3, threads: 1 };
    let mut told = Vec::new();
    let comparison = Comparison::make(plan, |progress| told.push(progress.done)).unwrap();
    assert_eq!(told, [1, 2, 3, 4, 5, 6]);
    let csv = comparison.csv();
    assert_eq!(csv.lines().count(), 7);
    assert!(csv.lines().nth(1).unwrap().starts_with("\"flow, \"\"quoted\"\"\",2,market,5,"), "{csv}");
    let page = comparison.page("polity compare flow.yaml").unwrap();
    for part in
        ["--strategies", "lower bound", "Makespan against cost", "the median run, seed", "<svg", "Content-Security-Policy"]
    {
        assert!(page.contains(part), "{part}");
    }
    let loads = page.replace("http://www.w3.org/", "");
    assert!(!page.contains("<script") && !loads.contains("http://") && !loads.contains("src="), "it loads nothing");
}

#[test]
fn sizes_of_a_society_keep_its_proportions() {
    let flow = Workflow::new("w").task("a", kind("x")).build().unwrap();
    let agents = vec![
        AgentSpec { replicas: 3, replicated: true, ..AgentSpec::new("ann", can("x", 1.0)) },
        AgentSpec::new("bob", can("x", 1.0)),
    ];
    let subject = Subject::of_workflow(&flow, agents).unwrap();
    let eight: Vec<u32> = subject.clone().with_agents(8).unwrap().agents().iter().map(|spec| spec.replicas).collect();
    assert_eq!(eight, [6, 2]);
    for n in 2..40 {
        assert_eq!(subject.clone().with_agents(n).unwrap().size() as usize, n);
    }
    let wrong = subject.with_agents(1).unwrap_err().to_string();
    assert_eq!(wrong, "the workload needs at least 2 agents, but is given 1");
    assert_eq!(Subject::of_graph(graph(1), &[1.0]).unwrap().with_agents(16).unwrap().size(), 16);
}

/// An agent's time is counted once, and what it came to, whichever way a task is done in the end.
#[test]
fn time_is_counted_once_however_a_task_is_done() {
    let head = |agents: u32| format!("name: w\nagents: [{{ id: w, replicas: {agents}, cost: 1 }}]\ntasks: ");
    for (agents, tasks, makespan, cost, lost) in [
        (1, "[{ id: h, simulate: 20s, timeout: 5s, fallback: [{ simulate: 2s }] }]", 7.0, 7.0, 5.0 / 7.0),
        (2, "[{ id: h, simulate: { work: 4s, failure: 1 }, on_error: [{ simulate: 3s }] }]", 7.0, 7.0, 4.0 / 7.0),
        (2, "[{ id: h, simulate: 20s, estimate: 20s, hedge: 6s }]", 20.0, 34.0, 14.0 / 34.0),
        (
            2,
            "[{ id: x, simulate: { work: 4s, failure: 1 }, fallback_to: y }, { id: y, simulate: 3s }, { id: z, simulate: 1s, depends_on: [x] }]",
            8.0,
            8.0,
            0.5,
        ),
        (3, "[{ id: c, simulate: { work: 3s, output: 1 }, redundancy: { copies: 2 } }]", 3.0, 6.0, 0.0),
    ] {
        let subject = subject(&format!("{}{tasks}\n", head(agents)));
        for strategy in ["hierarchical", "market", "random"] {
            let measures = Trial::new(&subject, strategy, 1).run().unwrap();
            let figures = [measures.makespan, measures.cost, measures.lost_work];
            let near = figures.iter().zip([makespan, cost, lost]).all(|(is, should)| (is - should).abs() < 1e-6);
            assert!(near && measures.utilisation <= 1.0 && measures.well, "{strategy}, {tasks}: {figures:?}");
        }
    }
}

/// Nobody knows more of a task than another: what is simulated without an estimate is estimated by what that takes on average.
#[test]
fn whoever_plans_and_whoever_governs_know_the_same() {
    let text = |work: &str| {
        let task = |id: String, long: bool| format!("  - {{ id: {id}, simulate: {}{work} }}\n", if long { "100s" } else { "1s" });
        let tasks = [true, true, false, false, false, false].iter().enumerate().map(|(n, long)| task(format!("t{n}"), *long));
        format!("name: w\nagents: [{{ id: slow }}, {{ id: fast, speed: 4 }}]\ntasks:\n{}", tasks.collect::<String>())
    };
    let told = subject(&text(""));
    for strategy in ["hierarchical", "market", "consensus", "stigmergic", "heft"] {
        let makespan = Trial::new(&told, strategy, 1).run().unwrap().makespan;
        assert!(makespan < 60.0, "{strategy}: {makespan}");
    }
}

/// What would change nothing, or something else than it says, is refused.
#[test]
fn a_subject_takes_each_thing_once() {
    let plain = Subject::of_graph(graph(1), &[1.0, 2.0]).unwrap();
    let noisy = plain.clone().with_noise(0.3).unwrap();
    let twice = noisy.with_noise(0.1).unwrap_err().to_string();
    assert_eq!(twice, "its work strays already, by 0.3; say it once");
    assert!(plain.clone().with_noise(0.0).unwrap().with_noise(0.2).is_ok());
    let drawn = polity::laboratory::Population { reliability: "0.5".parse().unwrap(), ..polity::laboratory::Population::of(4) };
    let fewer = Subject::of_population(graph(1), &drawn).unwrap().with_agents(2).unwrap();
    assert!(Trial::new(&fewer, "random", 1).run().unwrap().well, "who was unreliable is not there any more");
}
