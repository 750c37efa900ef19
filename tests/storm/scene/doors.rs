//! What tasks of a storm share: resources, turns, and how many items of a list at a time.

use polity::prelude::*;
use polity::protocols::Rng;
use polity::workflow::WorkflowBuilder;

/// How many units there are of each resource of a workflow; none, if its tasks share nothing.
#[derive(Clone, Debug, Default)]
pub struct Doors {
    units: Vec<u32>,
    lists: bool,
    sequential: bool,
}
impl Doors {
    pub fn of(rng: &mut Rng) -> Doors {
        let units = if rng.chance(0.25) { (0..1 + rng.below(3)).map(|_| 1 + rng.below(3) as u32).collect() } else { Vec::new() };
        Doors { units, lists: rng.chance(0.3), sequential: rng.chance(0.06) }
    }
    pub fn opened(&self, flow: WorkflowBuilder) -> WorkflowBuilder {
        let flow = if self.sequential { flow.sequential() } else { flow };
        let all = self.units.iter().enumerate();
        all.fold(flow, |flow, (n, units)| flow.resource(&format!("r{n}"), *units))
    }
    /// A task that may use some of it, once it is known whether it has a list.
    pub fn shared(&self, task: TaskBuilder, list: bool, rng: &mut Rng) -> TaskBuilder {
        let mut task = if list && self.lists && rng.chance(0.7) { task.concurrency(1 + rng.below(3) as u32) } else { task };
        for (n, units) in self.units.iter().enumerate() {
            if rng.chance(0.4) {
                task = task.uses(&format!("r{n}"), 1 + rng.below(*units as usize) as u32);
            }
        }
        task
    }
}
