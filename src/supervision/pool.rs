//! How many replicas an elastic pool has: it grows while work waits, and shrinks while replicas are idle.
//!
//! ```text
//! dormant   grows: work has waited for `grow_after`, and no replica has room     living
//! living    idle for `idle_after`, and more than `min` are there                 leaving
//! leaving   it has ended                                                         dormant
//! any       its supervisor gives it up                                           lost
//! ```

use core::time::Duration;
use polity_protocols::Time;
use std::collections::BTreeMap;

/// The bounds of an elastic pool, and how patient it is.
///
/// ```
/// use polity::supervision::Elasticity;
/// let pool = Elasticity { min: 1, max: 8, ..Elasticity::default() };
/// assert_eq!(pool.grow_after.as_secs(), 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elasticity {
    /// So many live at least; at least 1.
    pub min: u32,
    /// So many live at most.
    pub max: u32,
    /// So long work must have waited, with no room anywhere, before the pool grows.
    pub grow_after: Duration,
    /// So long a replica must have been idle before it is stopped.
    pub idle_after: Duration,
}
impl Default for Elasticity {
    fn default() -> Elasticity {
        Elasticity { min: 1, max: 1, grow_after: Duration::from_secs(1), idle_after: Duration::from_secs(30) }
    }
}

/// What a pool asks for.
///
/// ```
/// assert_ne!(polity::supervision::Resize::Start(1), polity::supervision::Resize::Dismiss(1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resize {
    /// A replica shall live.
    Start(u64),
    /// A replica shall finish what it holds, and leave.
    Dismiss(u64),
}

/// An elastic pool, as a machine. O(replicas) per input.
///
/// It grows by what waits beyond the room there is, at most to the double: what is needed is there after a few steps, and a burst does
/// not start more replicas than it has work for. A replica that was started counts as room from then on.
///
/// ```
/// use polity::supervision::{Elasticity, Pool, Resize};
/// use polity_protocols::Time;
/// let at = Time::from_secs_f64;
/// let mut effects = Vec::new();
/// let mut pool = Pool::new(Elasticity { max: 4, ..Elasticity::default() }, 1, [10, 11, 12, 13]);
/// pool.load(10, 1, 0, at(0.0), &mut effects);
/// pool.waiting(0, 3, at(0.0), &mut effects); // three tasks wait at coordinator 0
/// assert_eq!((effects.len(), pool.next_wake()), (0, Some(at(1.0))));
/// pool.wake(at(1.0), &mut effects);
/// assert_eq!(effects, [Resize::Start(11)]);
/// ```
#[derive(Clone, Debug)]
pub struct Pool {
    elasticity: Elasticity,
    slots: u32,
    replicas: BTreeMap<u64, Replica>,
    /// What waits at each coordinator.
    waiting: BTreeMap<u32, u32>,
    /// Since when work waits and nobody has room for it.
    pressed: Option<Time>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Replica {
    Dormant,
    Living { running: u32, queued: u32, idle: Option<Time> },
    Leaving,
    Lost,
}

impl Pool {
    /// A pool of these replicas, each with so many slots; the first `min` live already.
    pub fn new(elasticity: Elasticity, slots: u32, replicas: impl IntoIterator<Item = u64>) -> Pool {
        let mut all = BTreeMap::new();
        for (n, replica) in replicas.into_iter().take(elasticity.max as usize).enumerate() {
            let lives = (n as u32) < elasticity.min;
            let state = if lives { Replica::Living { running: 0, queued: 0, idle: None } } else { Replica::Dormant };
            all.insert(replica, state);
        }
        Pool { elasticity, slots: slots.max(1), replicas: all, waiting: BTreeMap::new(), pressed: None }
    }
    /// How many live.
    pub fn size(&self) -> u32 {
        self.replicas.values().filter(|replica| matches!(replica, Replica::Living { .. })).count() as u32
    }
    /// A replica says what it holds.
    pub fn load(&mut self, replica: u64, running: u32, queued: u32, now: Time, effects: &mut Vec<Resize>) {
        if let Some(Replica::Living { running: r, queued: q, idle }) = self.replicas.get_mut(&replica) {
            (*r, *q) = (running, queued);
            *idle = (running + queued == 0).then(|| idle.unwrap_or(now));
        }
        self.look(now, effects);
    }
    /// A coordinator says how many tasks wait there that this pool could do.
    pub fn waiting(&mut self, coordinator: u32, tasks: u32, now: Time, effects: &mut Vec<Resize>) {
        self.waiting.insert(coordinator, tasks);
        self.look(now, effects);
    }
    /// A replica that was dismissed has ended.
    pub fn left(&mut self, replica: u64, now: Time, effects: &mut Vec<Resize>) {
        if let Some(state @ Replica::Leaving) = self.replicas.get_mut(&replica) {
            *state = Replica::Dormant;
        }
        self.look(now, effects);
    }
    /// A replica was given up: it is never started again.
    pub fn lost(&mut self, replica: u64, now: Time, effects: &mut Vec<Resize>) {
        if let Some(state) = self.replicas.get_mut(&replica) {
            *state = Replica::Lost;
        }
        self.look(now, effects);
    }
    /// The moment that `next_wake` asked for has come, or not: then nothing happens.
    pub fn wake(&mut self, now: Time, effects: &mut Vec<Resize>) {
        self.look(now, effects);
    }
    /// When to be woken, if at all.
    pub fn next_wake(&self) -> Option<Time> {
        let grows = self.pressed.map(|since| since + self.elasticity.grow_after);
        let spare = self.size() > self.elasticity.min;
        let shrinks = self.replicas.values().filter_map(|replica| match replica {
            Replica::Living { idle: Some(since), .. } if spare => Some(*since + self.elasticity.idle_after),
            _ => None,
        });
        grows.into_iter().chain(shrinks).min()
    }

    /// Work beyond the room that there is.
    fn excess(&self) -> u32 {
        let (mut wanted, mut room): (u64, u64) = (self.waiting.values().map(|n| u64::from(*n)).sum(), 0);
        for replica in self.replicas.values() {
            if let Replica::Living { running, queued, .. } = replica {
                wanted += u64::from(*queued);
                room += u64::from(self.slots.saturating_sub(*running));
            }
        }
        u32::try_from(wanted.saturating_sub(room)).unwrap_or(u32::MAX)
    }
    fn look(&mut self, now: Time, effects: &mut Vec<Resize>) {
        let excess = self.excess();
        if excess == 0 || self.size() >= self.elasticity.max {
            self.pressed = None;
        } else if now >= *self.pressed.get_or_insert(now) + self.elasticity.grow_after {
            self.grow(excess, now, effects);
        }
        self.shrink(now, effects);
    }
    fn grow(&mut self, excess: u32, now: Time, effects: &mut Vec<Resize>) {
        let wanted = excess.div_ceil(self.slots).min(self.size().max(1)).min(self.elasticity.max - self.size());
        let dormant = self.replicas.iter_mut().filter(|(_, replica)| **replica == Replica::Dormant);
        for (id, replica) in dormant.take(wanted as usize) {
            *replica = Replica::Living { running: 0, queued: 0, idle: Some(now) };
            effects.push(Resize::Start(*id));
        }
        let more =
            self.excess() > 0 && self.size() < self.elasticity.max && self.replicas.values().any(|r| *r == Replica::Dormant);
        self.pressed = more.then_some(now);
    }
    /// The youngest of the idle go first.
    fn shrink(&mut self, now: Time, effects: &mut Vec<Resize>) {
        let mut spare = self.size().saturating_sub(self.elasticity.min);
        for (id, replica) in self.replicas.iter_mut().rev() {
            if let Replica::Living { idle: Some(since), .. } = replica
                && spare > 0
                && now >= *since + self.elasticity.idle_after
            {
                *replica = Replica::Leaving;
                spare -= 1;
                effects.push(Resize::Dismiss(*id));
            }
        }
    }
}
