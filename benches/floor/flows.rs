//! The graphs that are walked.

use polity::plan::Wants;
use polity::prelude::*;
use polity::workflow::{Dependency, Task, Workflow};

fn seed_of(text: &str) -> (Workflow, Task) {
    let known = Known { functions: vec!["noop".into()], ..Known::default() };
    let mut flow = polity::workflow::parse(text, None, &known).expect("the file is right").workflow;
    let task = flow.tasks.remove(0);
    (flow, task)
}

/// Layers of `width` no-op tasks, each waiting for three of the layer before; 8 agents.
pub fn layered(width: usize, depth: usize) -> Workflow {
    layered_for(8, width, depth)
}
/// The same for so many agents.
pub fn layered_for(agents: usize, width: usize, depth: usize) -> Workflow {
    let text = format!("name: bench\nagents: [{{ id: worker, replicas: {agents} }}]\ntasks: [{{ id: t, fn: noop }}]\n");
    let (mut flow, task) = seed_of(&text);
    for layer in 0..depth {
        for n in 0..width {
            let mut task = Task { id: format!("t{layer}_{n}").into(), estimate: Some(0.0), ..task.clone() };
            let upstream = |k: usize| (layer - 1) * width + (n + k * 7) % width;
            let mut on: Vec<usize> = if layer == 0 { Vec::new() } else { (0..3).map(upstream).collect() };
            on.sort_unstable();
            on.dedup();
            task.dependencies = on.into_iter().map(|on| Dependency { on, wants: Wants::Success, is_read: false }).collect();
            flow.tasks.push(task);
        }
    }
    flow
}

/// A virtual day: so many tasks, of which every agent does its share, each of a length that fills the day.
pub fn simulated_day(agents: usize, tasks: usize) -> (u64, u64, f64) {
    let text = format!("name: day\nagents: [{{ id: worker, replicas: {agents} }}]\ntasks: [{{ id: t, simulate: {{}} }}]\n");
    let (mut flow, task) = seed_of(&text);
    let length = 86_400.0 * agents as f64 / tasks as f64;
    for n in 0..tasks {
        let estimate = Some(length * (0.5 + (n * 7919 % tasks) as f64 / tasks as f64));
        flow.tasks.push(Task { id: format!("t{n}").into(), estimate, ..task.clone() });
    }
    polity::simulate(1, async {
        let society = Polity::builder().start().expect("the society is right");
        society.run(flow).await.expect("the day ends");
        (society.events().len(), society.messages(), society.now().as_secs_f64())
    })
}
