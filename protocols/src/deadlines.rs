//! Many deadlines, one alarm.

use crate::key_map::KeyMap;
use crate::time::Time;
use core::cmp::Reverse;
use core::hash::Hash;
use std::collections::BinaryHeap;

/// Deadlines by key, of which the earliest is known in O(1). Setting, moving and clearing cost O(log n).
///
/// A moved or cleared deadline stays in the heap as a husk until it comes up; husks never outnumber the live by more than
/// one half without being swept.
///
/// ```
/// use polity_protocols::{Deadlines, Time};
/// let mut due = Deadlines::default();
/// due.set("a", Time::from_nanos(5));
/// due.set("b", Time::from_nanos(3));
/// assert_eq!(due.next(), Some(Time::from_nanos(3)));
/// assert_eq!(due.pop(Time::from_nanos(4)), Some("b"));
/// assert_eq!(due.pop(Time::from_nanos(4)), None);
/// ```
#[derive(Clone, Debug)]
pub struct Deadlines<K: Ord + Hash> {
    live: KeyMap<K, Time>,
    heap: BinaryHeap<Reverse<(Time, K)>>,
}

impl<K: Ord + Hash> Default for Deadlines<K> {
    fn default() -> Self {
        Deadlines { live: KeyMap::default(), heap: BinaryHeap::new() }
    }
}

impl<K: Ord + Hash + Clone> Deadlines<K> {
    /// Sets or moves the deadline of `key`.
    pub fn set(&mut self, key: K, at: Time) {
        if self.live.insert(key.clone(), at) != Some(at) {
            self.heap.push(Reverse((at, key)));
        }
        self.sweep();
    }
    /// Forgets the deadline of `key`.
    pub fn clear(&mut self, key: &K) {
        self.live.remove(key);
        self.sweep();
    }
    /// The earliest deadline. O(1).
    pub fn next(&self) -> Option<Time> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }
    /// Takes one key that is due at `now`, the earliest first, ties in the order of keys.
    pub fn pop(&mut self, now: Time) -> Option<K> {
        let due = self.next().is_some_and(|at| at <= now);
        let found = due.then(|| self.heap.pop()).flatten().map(|Reverse((_, key))| {
            self.live.remove(&key);
            key
        });
        self.sweep();
        found
    }
    /// How many deadlines are set.
    pub fn len(&self) -> usize {
        self.live.len()
    }
    /// True if none is set.
    pub fn is_empty(&self) -> bool {
        self.live.is_empty()
    }
    /// Keeps the top of the heap live, so that `next` is a look and not a search, and the heap bounded.
    fn sweep(&mut self) {
        while let Some(Reverse((at, key))) = self.heap.peek() {
            if self.live.get(key) == Some(at) {
                break;
            }
            self.heap.pop();
        }
        if self.heap.len() > 64 + 2 * self.live.len() {
            self.heap = self.live.iter().map(|(key, at)| Reverse((*at, key.clone()))).collect();
        }
    }
}
