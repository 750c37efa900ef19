//! Names from outside as ids that a format allows.

use std::collections::{BTreeMap, BTreeSet};

/// Each name as an id that no other has. A name that is its own id stays as it is; where an id is taken, a number is put behind it.
/// O(names · log), but for names that are made to collide with the numbers.
pub(super) fn unique<'a>(names: impl Iterator<Item = &'a str> + Clone, id: impl Fn(&str) -> String) -> Vec<String> {
    let mut taken: BTreeSet<String> =
        names.clone().map(|name| (id(name), name)).filter(|(id, name)| id == name).map(|(id, _)| id).collect();
    let mut next: BTreeMap<String, u32> = BTreeMap::new();
    let one = |name: &str| {
        let id = id(name);
        if id == name || taken.insert(id.clone()) {
            return id;
        }
        let number = next.entry(id.clone()).or_insert(1);
        loop {
            *number += 1;
            let numbered = format!("{id}_{number}");
            if taken.insert(numbered.clone()) {
                return numbered;
            }
        }
    };
    names.map(one).collect()
}
