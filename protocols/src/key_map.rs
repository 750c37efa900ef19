//! A map for what is looked up often and walked through seldom.

#![allow(clippy::disallowed_types)] // its order is never seen: walks go in the order of keys

use core::fmt;
use core::hash::{BuildHasherDefault, Hash, Hasher};
use std::collections::HashMap;

/// A map by a small key (the number of a task or an agent): a look costs O(1) and no comparison, a walk O(n log n), since it goes in the order of the
/// keys. So nothing that is done with it depends on its inner order, and the same run is the same run everywhere.
///
/// Its hash is fixed and simple: keys come from ourselves, not from an adversary.
///
/// ```
/// use polity_protocols::{KeyMap, TaskId};
/// let mut map = KeyMap::default();
/// for instance in [3, 1, 2] {
///     map.insert(TaskId::new(0, instance), instance * 10);
/// }
/// assert_eq!(map.get(&TaskId::new(0, 3)), Some(&30));
/// assert_eq!(map.values().copied().collect::<Vec<u32>>(), [10, 20, 30]);
/// assert_eq!((map.remove(&TaskId::new(0, 1)), map.len()), (Some(10), 2));
/// ```
#[derive(Clone)]
pub struct KeyMap<K, V>(HashMap<K, V, BuildHasherDefault<Mix>>);

impl<K, V> Default for KeyMap<K, V> {
    fn default() -> Self {
        KeyMap(HashMap::default())
    }
}

impl<K: Ord + Hash, V> KeyMap<K, V> {
    /// What is kept for the key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.0.get(key)
    }
    /// The same, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.0.get_mut(key)
    }
    /// True if something is kept for the key.
    pub fn contains_key(&self, key: &K) -> bool {
        self.0.contains_key(key)
    }
    /// Keeps a value, and returns what was kept for the key before.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.0.insert(key, value)
    }
    /// What is kept for the key; if nothing is, what is made is kept from now on.
    pub fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        self.0.entry(key).or_insert_with(make)
    }
    /// Takes out what is kept for the key.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.0.remove(key)
    }
    /// Keeps only what is so. O(n).
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        self.0.retain(|key, value| keep(key, value));
    }
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.0.clear();
    }
    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// True if nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// How many of the values are so. O(n).
    pub fn count(&self, is_so: impl Fn(&V) -> bool) -> usize {
        self.0.values().filter(|value| is_so(value)).count()
    }
    /// All, in the order of keys. O(n log n).
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> + ExactSizeIterator {
        sorted(self.0.iter().collect())
    }
    /// All, in the order of keys, to be changed. O(n log n).
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&K, &mut V)> + ExactSizeIterator {
        sorted(self.0.iter_mut().collect())
    }
    /// The keys in their order. O(n log n).
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + ExactSizeIterator {
        self.iter().map(|(key, _)| key)
    }
    /// The values in the order of their keys. O(n log n).
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator {
        self.iter().map(|(_, value)| value)
    }
    /// The values in the order of their keys, to be changed. O(n log n).
    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut V> + ExactSizeIterator {
        self.iter_mut().map(|(_, value)| value)
    }
}

fn sorted<K: Ord, V>(mut all: Vec<(K, V)>) -> std::vec::IntoIter<(K, V)> {
    all.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    all.into_iter()
}

impl<K: Ord + Hash + fmt::Debug, V: fmt::Debug> fmt::Debug for KeyMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Multiplicative hashing (Knuth, TAOCP vol. 3, 6.4): each word is added and multiplied by an odd number near 2^64 / φ; at the end the high bits,
/// which depend on all of the key, come to where the table looks.
#[derive(Clone, Copy, Default)]
struct Mix(u64);

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }
    fn write_u8(&mut self, number: u8) {
        self.write_u64(u64::from(number));
    }
    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }
    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5).wrapping_add(number)).wrapping_mul(FACTOR);
    }
    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TaskId;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn it_holds_what_an_ordered_map_holds_in_the_same_order(steps in proptest::collection::vec((0..3u32, 0..40u32, 0..3u8), 0..120)) {
            let (mut map, mut model) = (KeyMap::default(), BTreeMap::new());
            for (n, (run, instance, step)) in steps.into_iter().enumerate() {
                let key = TaskId::new(run, instance);
                match step {
                    0 => prop_assert_eq!(map.remove(&key), model.remove(&key)),
                    1 => prop_assert_eq!(map.insert(key, n), model.insert(key, n)),
                    _ => prop_assert_eq!(*map.get_or_insert_with(key, || n), *model.entry(key).or_insert(n)),
                }
                prop_assert_eq!(map.get(&key), model.get(&key));
                prop_assert_eq!(map.len(), model.len());
            }
            prop_assert!(map.iter().eq(model.iter()));
            prop_assert!(map.keys().rev().eq(model.keys().rev()));
            map.values_mut().for_each(|n| *n += 1);
            prop_assert!(map.values().eq(model.values().map(|n| n + 1).collect::<Vec<_>>().iter()));
        }
    }

    /// The tag and the place of an entry come from different bits, and neither may be the same for neighbours.
    #[test]
    fn the_instances_of_a_run_are_spread_over_a_table() {
        let hash = |n: u32| {
            let mut mix = Mix::default();
            TaskId::new(7, n).hash(&mut mix);
            mix.finish()
        };
        let places: std::collections::BTreeSet<u64> = (0..1024).map(|n| hash(n) % 4096).collect();
        let tags: std::collections::BTreeSet<u64> = (0..1024).map(|n| hash(n) >> 57).collect();
        assert!(places.len() > 850 && tags.len() > 100, "{} places and {} tags of 1,024 keys", places.len(), tags.len());
    }
}
