//! What tasks demand, each but once: a protocol keeps a table per demand, a coordinator breakers per kind.

use polity_protocols::{Demand, DemandId, Name};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A kind of work, numbered in the order in which tasks first demanded it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KindId(pub(crate) u32);

/// All demands so far.
#[derive(Default)]
pub(super) struct Demands {
    all: BTreeMap<DemandKey, Arc<Demand>>,
    /// The kind of each demand, by its number.
    kinds: Vec<KindId>,
    names: Vec<Name>,
}
type DemandKey = (Name, Vec<(Name, u64)>, Option<Name>);

impl Demands {
    /// The one demand of this kind, these needs and this agent. O(log demands).
    pub(super) fn get(&mut self, kind: &Name, needs: &[(Name, f64)], agent: Option<&Name>) -> Arc<Demand> {
        let key = (kind.clone(), needs.iter().map(|(n, s)| (n.clone(), s.to_bits())).collect(), agent.cloned());
        if let Some(known) = self.all.get(&key) {
            return known.clone();
        }
        let demand =
            Demand { id: DemandId(self.all.len() as u32), kind: kind.clone(), needs: needs.to_vec(), agent: agent.cloned() };
        let demand = Arc::new(demand);
        let id = self.names.iter().position(|name| name == kind).unwrap_or_else(|| {
            self.names.push(kind.clone());
            self.names.len() - 1
        });
        self.kinds.push(KindId(id as u32));
        self.all.insert(key, demand.clone());
        demand
    }
    /// The kind of a demand. O(1).
    pub(super) fn kind(&self, demand: DemandId) -> Option<KindId> {
        self.kinds.get(demand.0 as usize).copied()
    }
    /// The name of a kind; empty for work without a type.
    pub(super) fn name(&self, kind: KindId) -> Name {
        self.names.get(kind.0 as usize).cloned().unwrap_or_else(|| "".into())
    }
}
