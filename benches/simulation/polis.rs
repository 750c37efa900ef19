//! Polity under virtual time: a layered graph on agents of unequal speed.

use crate::meter::Meter;
use polity::Registry;
use polity::laboratory::{Subject, speeds};
use polity::prelude::*;
use polity::workloads::{Draws, Shape};

/// A workload and who carries it out.
pub struct Town(pub Subject);
impl Town {
    pub fn tasks(&self) -> usize {
        self.0.graph().tasks().len()
    }
}

/// Layers of tasks of 1 to 9 s, each of which needs about three of the layer before, on agents of speed 0.5 to 2.
pub fn town(agents: usize, layers: u32, width: u32) -> Town {
    let shape = Shape::Layered { layers, width, density: (3.0 / f64::from(width)).min(1.0) };
    let work = "uniform(1s, 9s)".parse().expect("that is a distribution");
    let graph = shape.graph(&Draws::new(work, 1)).expect("the shape is right");
    Town(Subject::of_graph(graph, &speeds(agents)).expect("a graph is a workflow"))
}

/// What one simulation came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Life {
    pub tasks: u64,
    /// Messages and alarms.
    pub events: u64,
    /// Events that were recorded.
    pub records: u64,
    /// CPU seconds of this thread.
    pub seconds: f64,
    /// Seconds of virtual time.
    pub makespan: f64,
}
impl Life {
    pub fn events_a_second(&self) -> f64 {
        self.events as f64 / self.seconds
    }
    pub fn sum(all: impl Iterator<Item = Life>) -> Life {
        all.fold(Life::default(), |sum, life| Life {
            tasks: sum.tasks + life.tasks,
            events: sum.events + life.events,
            records: sum.records + life.records,
            seconds: sum.seconds + life.seconds,
            makespan: sum.makespan + life.makespan,
        })
    }
    pub fn line(&self) -> String {
        let Life { tasks, events, records, seconds, makespan } = self;
        format!(
            "{tasks} tasks, {makespan:.0} virtual s, {seconds:.3} CPU s: {events} events, {records} recorded; {:.0} events/s, {:.0} tasks/s",
            self.events_a_second(),
            *tasks as f64 / seconds
        )
    }
}

/// Any price is right: what the tasks of a graph are worth nobody knows.
pub fn settings(strategy: &str) -> Value {
    if strategy == "market" { json!({ "reserve": 1e12 }) } else { Value::Null }
}

/// Simulates it once, the making of the society included.
pub fn live(town: &Town, strategy: &str) -> Life {
    let tasks = town.tasks() as u64;
    let government = Registry::standard().make(strategy, &settings(strategy)).expect("the strategy is right");
    let flow = town.0.workflow().clone();
    let meter = Meter::start();
    let life = polity::simulate(1, async {
        let builder = town.0.agents().iter().cloned().fold(Polity::builder(), polity::Builder::agent_spec);
        let society = builder.strategy(government).start().expect("the society is right");
        let result = society.run(flow).await.expect("all is done");
        assert_eq!(u64::from(result.tally().completed), tasks);
        Life {
            tasks,
            events: society.messages(),
            records: society.events().len(),
            seconds: 0.0,
            makespan: society.now().as_secs_f64(),
        }
    });
    Life { seconds: meter.spent(), ..life }
}
