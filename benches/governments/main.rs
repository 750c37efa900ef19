//! What it costs to govern: each protocol on the same graphs, as ratios to bare actix in the same run: `cargo bench --bench governments`.
//!
//! Figures are CPU time of the control thread; messages, bytes and latencies are what the coordinators' own books say.

#[path = "../floor/bare.rs"]
#[allow(dead_code)] // the floor uses more of it
mod bare;
mod crowd;
#[path = "../floor/flows.rs"]
#[allow(dead_code)]
mod flows;
#[path = "../floor/meter.rs"]
#[allow(dead_code)]
mod meter;

use flows::layered_for;
use meter::Meter;
use polity::event::{Event, Governance, What};
use polity::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

const ALL: [&str; 7] = ["hierarchical", "consensus", "market", "stigmergic", "auto", "min_completion", "fifo_fastest_idle"];

/// What a run cost.
pub struct Cost {
    /// CPU seconds a task.
    seconds: f64,
    books: Arc<Governance>,
}
impl Cost {
    fn a_decision(&self, sum: u64) -> f64 {
        sum as f64 / self.books.decisions.max(1) as f64
    }
}

/// The books are told last; everything else is let go at once.
#[derive(Default)]
struct Books(Option<Arc<Governance>>);
impl polity::event::Sink for Books {
    fn take(&mut self, event: &Event) {
        if let What::Governed(books) = &event.what {
            self.0 = Some(books.clone());
        }
    }
}

fn run(flow: polity::workflow::Workflow, strategy: &str, settings: Value) -> Cost {
    let tasks = flow.tasks.len();
    let books = Rc::new(RefCell::new(Books::default()));
    let seconds = polity::run(async {
        let builder = Polity::builder().function("noop", |_, _| async { Ok(Value::Null) }).sink(books.clone());
        let society = builder.start().expect("the society is right");
        let government = society.registry().make(strategy, &settings).expect("the strategy is built");
        let meter = Meter::start();
        let run = society.launch(flow, RunOptions::default().strategy(government)).expect("the workflow is right");
        let result = run.join().await.expect("the runtime lives");
        assert_eq!(result.tally().completed as usize, tasks);
        meter.spent() / tasks as f64
    });
    let books = books.borrow_mut().0.take().expect("every run closes its books");
    Cost { seconds, books }
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("growth") => growth(),
        Some("crowd") => crowd::table(),
        Some("one") => one_at_a_time(),
        _ => {
            table();
            one_at_a_time();
            growth();
            crowd::table();
        }
    }
}

fn table() {
    println!("no-op tasks, layered 100×100");
    println!(
        "  {:<18} {:>7} {:>10} {:>14} {:>14} {:>15} {:>12} {:>12}",
        "strategy", "agents", "us/task", "× bare loop", "msgs/decision", "bytes/decision", "p50 us", "p99 us"
    );
    for agents in [8, 64, 1_000] {
        let floor = bare::walk(&layered_for(8, 100, 100));
        for strategy in ALL {
            let cost = run(layered_for(agents, 100, 100), strategy, Value::Null);
            println!(
                "  {strategy:<18} {agents:>7} {:>10.2} {:>14.1} {:>14.1} {:>15.0} {:>12.1} {:>12.1}",
                cost.seconds * 1e6,
                cost.seconds / floor,
                cost.a_decision(cost.books.messages),
                cost.a_decision(cost.books.bytes),
                cost.books.latency_p50_ns as f64 / 1e3,
                cost.books.latency_p99_ns as f64 / 1e3
            );
        }
    }
}

/// From announcement to award when nothing else is open: a chain of tasks, 64 agents.
fn one_at_a_time() {
    println!("\none task at a time among 64 agents: from announcement to award");
    println!("  {:<42} {:>10} {:>10}", "", "p50 us", "p99 us");
    let single = json!({ "allocation": "sequential" });
    let all = [
        ("hierarchical", Value::Null, 1, "hierarchical"),
        ("market", single.clone(), 1, "market, single-item auction"),
        ("market", Value::Null, 24, "market, 24 tasks of one moment"),
        ("consensus", Value::Null, 1, "consensus"),
        ("stigmergic", Value::Null, 1, "stigmergic"),
    ];
    for (strategy, settings, width, name) in all {
        let cost = run(layered_for(64, width, 2_000 / width), strategy, settings);
        let micros = |nanos: u64| nanos as f64 / 1e3;
        println!("  {name:<42} {:>10.1} {:>10.1}", micros(cost.books.latency_p50_ns), micros(cost.books.latency_p99_ns));
    }
}

fn growth() {
    println!("\ngrowth with the number of agents: layered 100×20, CPU a task and messages a decision");
    println!("  {:<18} {:>26} {:>26} {:>26} {:>26} {:>10}", "strategy", "8", "64", "1000", "10000", "exponent");
    for strategy in ["hierarchical", "consensus", "market", "stigmergic"] {
        let mut line = format!("  {strategy:<18}");
        let mut ends = Vec::new();
        for agents in [8, 64, 1_000, 10_000] {
            let cost = run(layered_for(agents, 100, 20), strategy, Value::Null);
            line += &format!(" {:>12.2} us {:>6.1} msgs", cost.seconds * 1e6, cost.a_decision(cost.books.messages));
            ends.push((agents as f64, cost.seconds));
        }
        let ((few, before), (many, after)) = (ends[1], ends[3]);
        println!("{line} {:>10.2}", (after / before).ln() / (many / few).ln());
    }
}
