//! Elastic pools, as the agents' supervisor keeps them.

use super::book::Open;
use super::messages::SupervisorMail;
use super::{Blueprint, CoordinatorId, Door};
use crate::event::{RunId, What};
use crate::supervision::{Elasticity, Pool, Resize};
use crate::world::{Letter, World};
use polity_agents::{AgentSpec, Elastic};
use polity_protocols::{KeyMap, Name, TaskId, TaskView, Time};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

/// What is planned of an elastic pool: its bounds, and all replicas that there can be.
pub(crate) struct PoolPlan {
    pub(crate) id: Name,
    elasticity: Elasticity,
    slots: u32,
    replicas: RefCell<Vec<Weak<Blueprint>>>,
}
impl PoolPlan {
    pub(crate) fn new(spec: &AgentSpec, elastic: Elastic) -> PoolPlan {
        let Elastic { max, grow_after, idle_after } = elastic;
        let elasticity = Elasticity { min: spec.replicas, max, grow_after, idle_after };
        PoolPlan { id: spec.id.clone(), elasticity, slots: spec.slots, replicas: RefCell::default() }
    }
    /// The next replica.
    pub(crate) fn admit(&self, replica: &Rc<Blueprint>) {
        self.replicas.borrow_mut().push(Rc::downgrade(replica));
    }
    fn blueprints(&self) -> Vec<Rc<Blueprint>> {
        self.replicas.borrow().iter().filter_map(Weak::upgrade).collect()
    }
    /// True if its replicas could do the task. They are alike, so that one speaks for all; one by its own name only for itself.
    fn could_do(&self, view: &TaskView) -> bool {
        let could = |replica: Rc<Blueprint>| view.demand.fit(replica.id, &replica.profile).is_some();
        self.replicas.borrow().first().and_then(Weak::upgrade).is_some_and(could)
    }
}

/// The pools of the agents' supervisor.
#[derive(Default)]
pub(super) struct Pools {
    pools: BTreeMap<Name, (Rc<PoolPlan>, Pool)>,
    effects: Vec<Resize>,
    /// The sizes that were told.
    told: BTreeMap<Name, u32>,
}
impl Pools {
    /// A replica is supervised from now on.
    pub(super) fn meet(&mut self, replica: &Blueprint) {
        let Some(plan) = &replica.pool else { return };
        let new = || (plan.clone(), Pool::new(plan.elasticity, plan.slots, plan.blueprints().iter().map(|b| b.child)));
        self.pools.entry(plan.id.clone()).or_insert_with(new);
    }
    pub(super) fn is_empty(&self) -> bool {
        self.pools.is_empty()
    }
    pub(super) fn next_wake(&self) -> Option<Time> {
        self.pools.values().filter_map(|(_, pool)| pool.next_wake()).min()
    }
    /// One turn of the pool of this name; what it asks for.
    pub(super) fn turn(&mut self, id: &Name, take: impl FnOnce(&mut Pool, &mut Vec<Resize>)) -> Vec<(Resize, Rc<Blueprint>)> {
        let Some((plan, pool)) = self.pools.get_mut(id) else { return Vec::new() };
        take(pool, &mut self.effects);
        if self.effects.is_empty() {
            return Vec::new();
        }
        let all = plan.blueprints();
        let of = |child: u64| all.iter().find(|blueprint| blueprint.child == child).cloned();
        let with = |resize| match resize {
            Resize::Start(child) | Resize::Dismiss(child) => Some((resize, of(child)?)),
        };
        self.effects.drain(..).filter_map(with).collect()
    }
    /// A turn of every pool.
    pub(super) fn wake(&mut self, now: Time) -> Vec<(Resize, Rc<Blueprint>)> {
        let ids: Vec<Name> = self.pools.keys().cloned().collect();
        ids.iter().flat_map(|id| self.turn(id, |pool, effects| pool.wake(now, effects))).collect()
    }
    /// Tells of a pool that has another size than was told.
    pub(super) fn record(&mut self, world: &World, id: &Name) {
        let Some((_, pool)) = self.pools.get(id) else { return };
        if self.told.insert(id.clone(), pool.size()) != Some(pool.size()) {
            world.record(RunId::SOCIETY, What::PoolResized { pool: id.clone(), replicas: pool.size() });
        }
    }
}

/// A coordinator tells the elastic pools how many of its open tasks wait for somebody like them, where that has changed.
#[derive(Default)]
pub(super) struct Queues(BTreeMap<Name, u32>);
impl Queues {
    pub(super) fn tell(&mut self, world: &World, me: CoordinatorId, open: &KeyMap<TaskId, Open>) {
        for pool in world.directory.pools().iter() {
            let tasks = open.count(|open| pool.could_do(&open.view)) as u32;
            if self.0.get(&pool.id).copied().unwrap_or(0) == tasks {
                continue;
            }
            self.0.insert(pool.id.clone(), tasks);
            if let Some(supervisor) = world.directory.supervisor(Door::Agents) {
                let mail = SupervisorMail::Waiting { pool: pool.id.clone(), coordinator: me, tasks };
                world.send(Letter::Supervisor(supervisor, mail));
            }
        }
    }
}
