//! Where what tasks made lies: for governments that want to leave work near what it needs.

use super::World;
use polity_protocols::{AgentId, Input, Name, Time};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// Knows what a task needs of others, who made it, and when it can be elsewhere. A society whose agents make each other wait for data has one,
/// so that its governments are told what its agents will find.
pub(crate) trait Depot {
    /// Tells of each thing that the task of a run needs: the name of its holder, its bytes, and when any other agent can have it.
    fn inputs(&self, run: &Name, task: &Name, tell: &mut dyn FnMut(&Name, u64, Time));
    /// For how many seconds what one task makes is on its way to another agent that does another task; none if it knows nothing of these.
    fn travel(&self, from: &Name, to: &Name) -> Option<f64>;
}

/// The depots of a society; most have none.
#[derive(Default)]
pub(crate) struct Depots {
    all: RefCell<Vec<Rc<dyn Depot>>>,
    /// The numbers of holders that were asked for.
    numbers: RefCell<BTreeMap<Name, AgentId>>,
}

impl Depots {
    /// One more; one that is here already changes nothing.
    pub(crate) fn add(&self, depot: Rc<dyn Depot>) {
        let mut all = self.all.borrow_mut();
        if !all.iter().any(|known| Rc::ptr_eq(known, &depot)) {
            all.push(depot);
        }
    }
}

impl World {
    /// For how many seconds what one task makes is on its way to another agent that does another task.
    pub(crate) fn travel(&self, from: &Name, to: &Name) -> f64 {
        self.depots.all.borrow().iter().find_map(|depot| depot.travel(from, to)).unwrap_or(0.0)
    }
    /// Where the input of a run's task lies; `None` if all is at hand everywhere. What a stranger holds counts as at hand.
    pub(crate) fn inputs_of(&self, run: &Name, task: &Name) -> Option<Arc<[Input]>> {
        let depots = self.depots.all.borrow();
        let mut inputs = Vec::new();
        for depot in depots.iter() {
            depot.inputs(run, task, &mut |holder, bytes, elsewhere| {
                inputs.extend(self.number_of(holder).map(|holder| Input { holder, bytes, elsewhere }));
            });
        }
        (!inputs.is_empty()).then(|| inputs.into())
    }
    fn number_of(&self, name: &Name) -> Option<AgentId> {
        let mut numbers = self.depots.numbers.borrow_mut();
        if !numbers.contains_key(name) {
            let roster = self.directory.roster();
            numbers.extend(roster.iter().zip(0..).map(|(profile, n)| (profile.name.clone(), AgentId(n))));
        }
        numbers.get(name).copied()
    }
}
