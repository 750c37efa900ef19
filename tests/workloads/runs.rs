//! Graphs are carried out in virtual time, and what comes out is what theory and others say.

use super::data::{at, json, numbers};
use polity::prelude::*;
use polity::protocols::planners::heft;
use polity::workloads::{Arrivals, Distribution, Draws, Shape, TaskGraph, Transfers, arrive, read};

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs())
}

/// Carries a graph out by agents of these speeds; seconds.
fn makespan(graph: &TaskGraph, speeds: &[f64], bandwidth: Option<f64>) -> f64 {
    polity::simulate(1, async {
        let mut builder = Polity::builder().strategy(FifoFastestIdle::default());
        let transfers = bandwidth.map(|bandwidth| Transfers::new(graph, bandwidth).unwrap());
        for spec in graph.agents(speeds) {
            builder = match &transfers {
                Some(transfers) => transfers.join(builder, spec),
                None => builder.agent_spec(spec),
            };
        }
        let society = builder.start().unwrap();
        let flow = transfers.map_or_else(|| graph.workflow().unwrap(), |transfers| transfers.workflow());
        assert_eq!(society.run(flow).await.unwrap().tally().completed as usize, graph.tasks().len());
        society.now().as_secs_f64()
    })
}

fn shapes() -> Vec<TaskGraph> {
    let texts = [
        "chain(tasks 20)",
        "fork_join(stages 3, width 9)",
        "layered(layers 6, width 10, density 0.3)",
        "random(tasks 60, density 0.1)",
        "montage_like(images 16)",
        "epigenomics_like(lanes 2, chunks 6)",
    ];
    let draws = |seed| Draws::new("lognormal(mean 10s, sigma 0.8)".parse().unwrap(), seed).bytes(0..=5_000_000);
    let shapes = texts.iter().map(|text| text.parse::<Shape>().unwrap());
    shapes.flat_map(|shape| (0..3).map(move |seed| shape.graph(&draws(seed)).unwrap())).collect()
}

#[test]
fn a_run_takes_between_its_bound_and_what_no_idle_dispatcher_exceeds() {
    let speeds = [0.5, 1.0, 2.0, 1.5];
    let (sum, slowest) = (speeds.iter().sum::<f64>(), 0.5);
    for graph in shapes() {
        let took = makespan(&graph, &speeds, None);
        let at_most = graph.total_work() / sum + graph.critical_work() / slowest * (1.0 - slowest / sum);
        assert!(graph.strong_lower_bound(&speeds) <= took * (1.0 + 1e-6), "{}: {took}", graph.name());
        assert!(took <= at_most * (1.0 + 1e-6), "{}: {took} above {at_most}", graph.name());
        // With data on its way it takes longer, but for luck; on one agent nothing is on its way.
        let far = makespan(&graph, &speeds, Some(1e6));
        assert!(graph.strong_lower_bound(&speeds) <= far * (1.0 + 1e-6), "{}: {far}", graph.name());
        assert!(close(makespan(&graph, &[2.0], Some(1.0)), graph.total_work() / 2.0), "{}", graph.name());
    }
}

/// A chain from one agent to the other and back, as each is the only one able: all transfers are paid, and nothing else.
#[test]
fn transfers_are_paid_between_agents_and_only_there() {
    use polity::workloads::GraphEdge;
    let tasks = [("a", "left", 1.0), ("b", "right", 2.0), ("c", "right", 3.0), ("d", "left", 4.0)];
    let edges = [(0, 1, 5_000_000), (1, 2, 9_000_000), (2, 3, 7_000_000), (0, 3, 1)];
    let graph = TaskGraph::new("w", tasks, edges.map(|(from, to, bytes)| GraphEdge::new(from, to, bytes))).unwrap();
    let took = polity::simulate(1, async {
        let transfers = Transfers::new(&graph, 1e6).unwrap();
        let builder = ["left", "right"].iter().fold(Polity::builder(), |builder, side| {
            transfers.join(builder, AgentSpec { speed: 2.0, ..AgentSpec::new(*side, can(side, 0.5)) })
        });
        let society = builder.start().unwrap();
        society.run(transfers.workflow()).await.unwrap();
        society.now().as_secs_f64()
    });
    // A fit of 0.5 halves a speed of 2.
    assert!((took - (10.0 + 5.0 + 7.0)).abs() < 1e-3, "{took}");
}

/// Names of all sorts, work of 0, tasks out of order: ids are made, and everything is done.
#[test]
fn odd_names_are_carried_out() {
    use polity::workloads::GraphEdge;
    let names = ["item", "a b", "a-b", "9", "日本", "a_b", "true", ""];
    let tasks =
        names.iter().enumerate().map(|(n, name)| (if name.is_empty() { "x" } else { name }, format!("kind {}", n % 3), 0.0));
    let graph = TaskGraph::new("Übung \u{7} 1", tasks, [GraphEdge::new(3, 0, 0)]).unwrap();
    assert_eq!(makespan(&graph, &[1.0, 1.0], None).round(), 0.0);
    let flow = graph.workflow().unwrap();
    assert_eq!(
        flow.tasks.iter().map(|task| &*task.id).collect::<Vec<_>>(),
        ["item_", "a_b_2", "a_b_3", "_9", "__", "a_b", "true_", "x"]
    );
    assert_eq!(&*flow.tasks[4].description, "日本");
}

#[test]
fn workflows_arrive_over_time_and_wait_for_each_other() {
    let graph = "montage_like(images 9)".parse::<Shape>().unwrap();
    let graph = graph.graph(&Draws::new(Distribution::uniform(1.0, 5.0).unwrap(), 4)).unwrap();
    let alone = makespan(&graph, &[1.0, 2.0], None);
    let mean_response = |every: f64| {
        polity::simulate(3, async {
            let builder = graph.agents(&[1.0, 2.0]).into_iter().fold(Polity::builder(), |builder, spec| builder.agent_spec(spec));
            let society = builder.strategy(FifoFastestIdle::default()).start().unwrap();
            let moments = Arrivals::poisson(every).unwrap().moments(12, 3).unwrap();
            let all = arrive(&society, moments.iter().map(|moment| (*moment, graph.workflow().unwrap()))).await.unwrap();
            assert!(all.iter().all(|one| one.result.status() == RunStatus::Completed));
            for (one, moment) in all.iter().zip(&moments) {
                assert!(
                    one.at.as_secs_f64() - moment.as_secs_f64() < 1e-3
                        && one.response().as_secs_f64() >= graph.lower_bound(&[1.0, 2.0])
                );
            }
            all.iter().map(|one| one.response().as_secs_f64()).sum::<f64>() / 12.0
        })
    };
    let (rare, often) = (mean_response(100.0 * alone), mean_response(alone / 4.0));
    assert!(rare < 1.2 * alone && often > 2.0 * alone, "{alone} alone, {rare} when rare, {often} when often");
}

/// The planner under the three models of communication gives what others' HEFT gives, as far as ties allow.
#[test]
fn heft_with_transfers_is_that_of_others() {
    let (Some(folder), Some(references)) = (at("open"), at("references-open.json")) else { return };
    let references = json(&references);
    for bandwidth in ["A", "B", "C"] {
        let (mut log_ratio, mut count) = (0.0, 0.0);
        for name in
            ["montage-2mass-005d", "soykb-10fastq-10ch", "blast-large", "srasearch-50a", "nfcore-rnaseq", "cycles-1l-1c-12p"]
        {
            let graph = read(folder.join(format!("{name}.json"))).unwrap().graph;
            for agents in ["8", "16"] {
                let model = &references["models"][format!("{bandwidth}{agents}")];
                let speeds = numbers(&references["agents"][model["agents"].as_str().unwrap()]);
                let found = heft(&graph.problem(&speeds, model["bandwidth_bytes_per_s"].as_f64()).unwrap()).makespan;
                let expected = &references["instances"][name]["models"][format!("{bandwidth}{agents}")]["own"]["HEFT"];
                log_ratio += (found / expected.as_f64().unwrap()).ln();
                count += 1.0;
            }
        }
        let ratio = f64::exp(log_ratio / count);
        assert!((0.98..1.02).contains(&ratio), "model {bandwidth}: {ratio}");
    }
}

/// The simplest dispatcher in the runtime gives what the simplest dispatcher of the reference gives.
#[test]
fn a_real_workflow_takes_as_long_as_others_say() {
    let (Some(folder), Some(references)) = (at("open"), at("references-open.json")) else { return };
    let references = json(&references);
    let speeds = numbers(&references["agents"]["het8"]);
    for name in ["montage-2mass-005d", "blast-large", "stg-100-0063"] {
        let graph = read(folder.join(format!("{name}.json"))).unwrap().graph;
        let expected = references["instances"][name]["models"]["A8"]["online"]["fifo_fastest_idle"].as_f64().unwrap();
        let took = makespan(&graph, &speeds, None);
        assert!((0.9..1.1).contains(&(took / expected)), "{name}: {took}, not {expected}");
    }
}
