//! What governments make of task graphs that are made up: nobody is idle beside a heap of work, and a tree is no worse than one leader.

mod generated;

use generated::{Graph, fork_join, geometric, over_bound, shapes, speeds};
use polity_protocols::consensus::Consensus;
use polity_protocols::hierarchical::{Hierarchical, Reporting};
use polity_protocols::market::Market;
use polity_protocols::testing::Report;
use polity_protocols::{Delay, Protocol, Rng, Weather, seconds_to_duration};

fn run<P: Protocol>(protocol: P, graph: &Graph, speeds: &[f64]) -> (f64, Report) {
    let report = graph.table(protocol, speeds, 1).run_until_quiet();
    (over_bound(&report, graph, speeds), report)
}
fn tree(span: usize) -> Hierarchical {
    Hierarchical { span, ..Hierarchical::default() }
}
fn direct() -> Hierarchical {
    Hierarchical { reporting: Reporting::Direct, ..Hierarchical::default() }
}
fn by_leads(report: &Report) -> usize {
    report.awards.iter().filter(|award| award.decision.reason.contains("nominated")).count()
}

/// How much longer than under one leader it takes with a tree, on average over many graphs; and messages a task.
fn tree_against_leader(span: usize, agents: usize, seeds: core::ops::Range<u64>) -> (f64, f64) {
    let (mut longer, mut messages, mut tasks) = (Vec::new(), 0, 0);
    for seed in seeds {
        let speeds = speeds(agents, seed);
        for graph in shapes(seed) {
            let ((with, report), (without, _)) = (run(tree(span), &graph, &speeds), run(direct(), &graph, &speeds));
            longer.push(with / without);
            messages += report.messages.sent();
            tasks += graph.tasks.len();
            assert!(by_leads(&report) * 3 > graph.tasks.len(), "{}: only {} by leads", graph.name, by_leads(&report));
        }
    }
    (geometric(&longer), messages as f64 / tasks as f64)
}

#[test]
fn a_tree_is_as_good_as_one_leader_who_knows_all() {
    // What it reserves for what becomes ready soon, a leader who knows all reserves a little better.
    for (agents, most) in [(16, 1.02), (64, 1.04)] {
        let (longer, messages) = tree_against_leader(8, agents, 0..4);
        assert!(longer < most, "{agents} agents: {longer}");
        assert!(messages < 10.0, "{agents} agents: {messages} messages a task");
    }
}

#[test]
fn a_tree_of_several_levels_is_not_much_worse() {
    let (longer, messages) = tree_against_leader(8, 130, 0..2);
    assert!(longer < 1.05 && messages < 25.0, "two levels of leads: {longer}, {messages} messages a task");
    let (longer, messages) = tree_against_leader(3, 40, 0..3);
    assert!(longer < 1.2 && messages < 20.0, "three levels of leads: {longer}, {messages} messages a task");
}

/// All that can be done at once is there at the first moment, when nobody has reported yet.
#[test]
fn a_tree_begins_as_well_as_it_goes_on() {
    let mut rng = Rng::new(3, "begin");
    let longer: Vec<f64> = (0..12)
        .map(|seed| {
            let (speeds, mut graph) = (speeds(20, seed), Graph::default());
            (0..30).for_each(|_| _ = graph.task(0, rng.between(1.0, 60.0), &[]));
            run(tree(8), &graph, &speeds).0 / run(direct(), &graph, &speeds).0
        })
        .collect();
    assert!(geometric(&longer) < 1.02 && longer.iter().all(|longer| *longer < 1.15), "{longer:?}");
}

/// Mail that is slow and gets lost makes the tree slower, but not by much: who was not heard is asked again.
#[test]
fn a_tree_gets_over_lost_mail() {
    let weather = |loss| Weather { delay: Delay::Exponential { mean: seconds_to_duration(0.02) }, loss, repeat: 0.0 };
    let mut means = Vec::new();
    for loss in [0.0, 0.15] {
        let mut over = Vec::new();
        for seed in 0..3 {
            let speeds = speeds(32, seed);
            for graph in shapes(seed) {
                let report = graph.table(tree(8), &speeds, 1).weather(weather(loss)).run_until_quiet();
                assert!(loss == 0.0 || report.messages.lost > 0);
                over.push(over_bound(&report, &graph, &speeds));
            }
        }
        means.push(geometric(&over));
    }
    assert!(means[1] < 1.1 * means[0], "{means:?}");
}

#[test]
fn beside_a_heap_of_work_nobody_is_idle() {
    let mut rng = Rng::new(1, "heap");
    for seed in 0..4 {
        let (graph, speeds) = (fork_join(1, 300, &mut rng), speeds(16, seed));
        let (assembly, leader) = (run(Consensus::default(), &graph, &speeds).0, run(direct(), &graph, &speeds).0);
        assert!(assembly < 1.03 * leader, "{assembly} against {leader}");
    }
}

#[test]
fn an_assembly_is_about_as_good_as_a_leader() {
    let mut against = Vec::new();
    for seed in 0..4 {
        let speeds = speeds(16, seed);
        for graph in shapes(seed) {
            against.push(run(Consensus::default(), &graph, &speeds).0 / run(direct(), &graph, &speeds).0);
        }
    }
    // The leader looks ahead, the assembly does not.
    assert!(geometric(&against) < 1.05, "{against:?}");
}

/// A limit that nobody set ends no run, and one that is above all prices changes nothing.
#[test]
fn a_market_as_it_comes_does_all_work() {
    for seed in 0..2 {
        let speeds = speeds(12, seed);
        for graph in shapes(seed) {
            let limited = |reserve| Market { reserve, ..Market::default() };
            let ((free, _), (high, _)) = (run(limited(None), &graph, &speeds), run(limited(Some(1e9)), &graph, &speeds));
            assert!((free / high - 1.0).abs() < 0.1, "{}: {free} and {high}", graph.name);
            let low = graph.table(limited(Some(1e-3)), &speeds, 1).run_until_quiet();
            assert!(low.done() < graph.tasks.len() && !low.declines.is_empty(), "{}", graph.name);
        }
    }
}
