//! Shared resources: how many may use each at a time, and who goes first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// What a use takes: units of some resources, by number.
pub type Needs = Box<[(usize, u32)]>;

/// Resources of which only so many units are there. A use takes all that it needs at once, or waits: so nobody waits while holding something, and there
/// is no circle of waiting. Nobody is overtaken by somebody of lower priority who needs the same resource: so nobody starves. `P` is the priority; the
/// greatest goes first, and among equals the lowest number.
///
/// ```
/// use polity::plan::Turnstile;
/// // One database; tasks 7, 8 and 9 use it.
/// let mut doors = Turnstile::new(vec![1], vec![Box::from([(0, 1)])]);
/// assert!(doors.enter(0, 5, 7));
/// assert!(!doors.enter(0, 1, 8) && !doors.enter(0, 3, 9), "they wait");
/// assert_eq!(doors.leave(7, |_| true), [(3, 9)], "the more urgent one has it now");
/// assert_eq!(doors.leave(9, |_| true), [(1, 8)]);
/// ```
#[derive(Clone, Debug)]
pub struct Turnstile<P: Ord> {
    free: Vec<u32>,
    sets: Vec<Needs>,
    /// By resource, the sets that need it.
    users: Vec<Vec<usize>>,
    /// Who waits, by set.
    waiting: Vec<BinaryHeap<(P, Reverse<u32>)>>,
    /// Who uses what.
    inside: BTreeMap<u32, usize>,
}

impl<P: Ord + Copy> Turnstile<P> {
    /// Resources with so many units, and the sets of them that uses need. A set that needs more of a resource than there is takes all of it.
    pub fn new(units: Vec<u32>, mut sets: Vec<Needs>) -> Turnstile<P> {
        let mut users = vec![Vec::new(); units.len()];
        for (at, set) in sets.iter_mut().enumerate() {
            for (resource, needed) in set.iter_mut() {
                *needed = (*needed).min(units[*resource]);
                users[*resource].push(at);
            }
        }
        let waiting = sets.iter().map(|_| BinaryHeap::new()).collect();
        Turnstile { free: units, sets, users, waiting, inside: BTreeMap::new() }
    }
    /// True if this one uses something now.
    pub fn is_inside(&self, who: u32) -> bool {
        self.inside.contains_key(&who)
    }
    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.waiting.iter().map(BinaryHeap::len).sum()
    }
    /// Who uses a resource, by number.
    pub fn users_of(&self, resource: usize) -> impl Iterator<Item = u32> + '_ {
        let uses = move |set: &usize| self.sets[*set].iter().any(|(needed, _)| *needed == resource);
        self.inside.iter().filter(move |(_, set)| uses(set)).map(|(who, _)| *who)
    }
    /// Takes what a set needs, if all of it is there and nobody of higher priority waits for some of it; else `who` waits. O(sets that share a resource).
    pub fn enter(&mut self, set: usize, priority: P, who: u32) -> bool {
        let before = |other: &usize| self.waiting[*other].peek().is_some_and(|(p, n)| (*p, *n) >= (priority, Reverse(who)));
        let overtakes = self.sets[set].iter().flat_map(|(resource, _)| &self.users[*resource]).any(before);
        if !overtakes && self.fits(set) {
            self.take(set, who);
            return true;
        }
        self.waiting[set].push((priority, Reverse(who)));
        false
    }
    fn fits(&self, set: usize) -> bool {
        self.sets[set].iter().all(|(resource, needed)| self.free[*resource] >= *needed)
    }
    fn take(&mut self, set: usize, who: u32) {
        for (resource, needed) in &self.sets[set] {
            self.free[*resource] -= needed;
        }
        self.inside.insert(who, set);
    }
    /// Gives back what `who` used, and lets in who can be, best first; those that are not `wanted` any more leave the queue. Nothing if it used
    /// nothing. O((sets that share a resource + let in) · log waiting).
    pub fn leave(&mut self, who: u32, wanted: impl Fn(u32) -> bool) -> Vec<(P, u32)> {
        let Some(set) = self.inside.remove(&who) else { return Vec::new() };
        let freed = self.sets[set].clone();
        freed.iter().for_each(|(resource, needed)| self.free[*resource] += needed);
        let mut open: BTreeSet<usize> = freed.iter().flat_map(|(resource, _)| self.users[*resource].iter().copied()).collect();
        let (mut claimed, mut entered) = (BTreeSet::new(), Vec::new());
        let mut over = BTreeSet::new();
        loop {
            // What was kept for one that left the queue is there for others again.
            let mut kept: Vec<usize> = open.iter().copied().collect();
            while let Some(at) = kept.pop() {
                let queue = &mut self.waiting[at];
                let before = queue.len();
                while queue.peek().is_some_and(|(_, Reverse(who))| !wanted(*who)) {
                    queue.pop();
                }
                if queue.len() < before {
                    let others = self.sets[at].iter().flat_map(|(resource, _)| self.users[*resource].iter().copied());
                    kept.extend(others.filter(|other| !over.contains(other) && open.insert(*other)));
                }
            }
            open.retain(|at| !self.waiting[*at].is_empty());
            let Some(best) = open.iter().copied().max_by_key(|at| self.waiting[*at].peek().copied()) else { return entered };
            if self.fits(best) && self.sets[best].iter().all(|(resource, _)| !claimed.contains(resource)) {
                let Some((priority, Reverse(next))) = self.waiting[best].pop() else { return entered };
                self.take(best, next);
                entered.push((priority, next));
            } else {
                // What it waits for is kept for it.
                claimed.extend(self.sets[best].iter().map(|(resource, _)| *resource));
                open.remove(&best);
                over.insert(best);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use polity_protocols::Rng;

    /// Uses come and go at random: never more than there is, nobody is overtaken, and all are let in at last.
    #[test]
    fn never_too_many_never_overtaken_and_everybody_comes_in() {
        let (mut waited, mut withdrawn_waiting) = (0, 0);
        for seed in 0..400 {
            let mut rng = Rng::new(seed, "turnstile");
            let units: Vec<u32> = (0..1 + rng.below(3)).map(|_| 1 + rng.below(3) as u32).collect();
            let needs = |rng: &mut Rng| -> Needs {
                let mut all: Vec<(usize, u32)> =
                    (0..units.len()).map(|r| (r, rng.below(4) as u32)).filter(|(_, n)| *n > 0).collect();
                if all.is_empty() {
                    all.push((0, 1));
                }
                all.into()
            };
            let sets: Vec<Needs> = (0..1 + rng.below(4)).map(|_| needs(&mut rng)).collect();
            let taken = |set: &Needs| set.iter().map(|(r, n)| (*r, (*n).min(units[*r]))).collect::<Vec<_>>();
            let mut doors: Turnstile<u32> = Turnstile::new(units.clone(), sets.clone());
            let (mut inside, mut queue): (BTreeMap<u32, usize>, BTreeMap<u32, (usize, u32)>) = Default::default();
            let mut gone: BTreeSet<u32> = BTreeSet::new();
            let mut next = 0;
            for _ in 0..120 {
                match rng.below(5) {
                    0..=2 => {
                        let (set, priority) = (rng.below(sets.len()), rng.below(4) as u32);
                        if doors.enter(set, priority, next) {
                            let shares =
                                |other: usize| sets[other].iter().any(|(r, _)| sets[set].iter().any(|(own, _)| own == r));
                            assert!(!queue.values().any(|(other, p)| *p >= priority && shares(*other)), "seed {seed}: overtaken");
                            inside.insert(next, set);
                        } else {
                            waited += 1;
                            queue.insert(next, (set, priority));
                        }
                        next += 1;
                    }
                    3 => {
                        let Some(who) = inside.keys().nth(rng.below(inside.len().max(1))).copied() else { continue };
                        inside.remove(&who);
                        for (_, entered) in doors.leave(who, |n| !gone.contains(&n)) {
                            let (set, _) = queue.remove(&entered).expect("it waited");
                            inside.insert(entered, set);
                        }
                    }
                    _ => {
                        if let Some(who) = queue.keys().nth(rng.below(queue.len().max(1))).copied() {
                            gone.insert(who);
                            queue.remove(&who);
                            withdrawn_waiting += 1;
                        }
                    }
                }
                let mut used = vec![0; units.len()];
                inside.values().flat_map(|set| taken(&sets[*set])).for_each(|(r, n)| used[r] += n);
                assert!(used.iter().zip(&units).all(|(used, there)| used <= there), "seed {seed}: {used:?} of {units:?}");
            }
            while let Some(who) = inside.keys().next().copied() {
                inside.remove(&who);
                for (_, entered) in doors.leave(who, |n| !gone.contains(&n)) {
                    inside.insert(entered, queue.remove(&entered).expect("it waited").0);
                }
            }
            assert!(queue.is_empty(), "seed {seed}: {queue:?} starved");
        }
        assert!(waited > 1_000 && withdrawn_waiting > 100, "too tame: {waited} {withdrawn_waiting}");
    }
}
