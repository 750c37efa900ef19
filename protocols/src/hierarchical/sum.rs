//! How reports add up, and the sum of those that a superior has, kept so that one that changes costs little.

use super::message::{Kind, Slots, Soon, Summary};
use core::cmp::Ordering;
use std::borrow::Cow;

/// How many groups of free slots, and how many busy agents, a report tells of for each kind of work.
const TOLD: usize = 8;

/// What one report contributes: less so many slots that were given away since. It is taken that those were the fastest.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub state: &'a Summary,
    pub gone: u32,
}

/// The sum of reports as a balanced tree of sums of two: what changes is added up anew on its way to the root, O(log reporters) sums of two.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    /// How many reports there are.
    len: usize,
    /// The root at 1, the children of `n` at `2n` and `2n + 1`; the reports themselves, which are not kept here, would follow.
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    sum: Summary,
    is_stale: bool,
}

impl Sums {
    /// There are so many reports, and any may have changed.
    pub(super) fn restart(&mut self, len: usize) {
        self.len = len;
        self.nodes.resize_with(len.next_power_of_two().max(2), Node::default);
        self.nodes.iter_mut().for_each(|node| node.is_stale = true);
    }
    /// The report at this place has changed.
    pub(super) fn changed(&mut self, at: usize) {
        let mut node = (self.nodes.len() + at) / 2;
        while node > 0 && !core::mem::replace(&mut self.nodes[node].is_stale, true) {
            node /= 2;
        }
    }
    /// The sum of all reports.
    pub(super) fn total<'a>(&mut self, report: impl Fn(usize) -> Part<'a> + Copy) -> Summary {
        if self.len == 0 {
            return Summary::default();
        }
        self.refresh(1, report);
        self.nodes[1].sum.clone()
    }
    fn refresh<'a>(&mut self, at: usize, report: impl Fn(usize) -> Part<'a> + Copy) {
        if !core::mem::take(&mut self.nodes[at].is_stale) {
            return;
        }
        let mut sum = core::mem::take(&mut self.nodes[at].sum);
        let (first, size) = (2 * at, self.nodes.len());
        if first < size {
            self.refresh(first, report);
            self.refresh(first + 1, report);
            let part = |at: usize| Part { state: &self.nodes[at].sum, gone: 0 };
            sum.be_sum_of(part(first), part(first + 1));
        } else {
            let nothing = Summary::default();
            let part = |at: usize| if at < self.len { report(at) } else { Part { state: &nothing, gone: 0 } };
            sum.be_sum_of(part(first - size), part(first + 1 - size));
        }
        self.nodes[at].sum = sum;
    }
}

impl Summary {
    /// Becomes the sum of two reports; what it was before is only room.
    fn be_sum_of(&mut self, one: Part<'_>, other: Part<'_>) {
        let (a, b) = (one.state, other.state);
        self.agents = a.agents.saturating_add(b.agents);
        self.slots = a.slots.saturating_add(b.slots);
        self.free = a.free.saturating_sub(one.gone).saturating_add(b.free.saturating_sub(other.gone));
        self.speed = a.speed + b.speed;
        self.backlog = a.backlog + b.backlog;
        self.done = a.done.saturating_add(b.done);
        self.failed = a.failed.saturating_add(b.failed);
        let (mut left, mut right) = (a.kinds.iter().peekable(), b.kinds.iter().peekable());
        let mut len = 0;
        loop {
            let order = match (left.peek(), right.peek()) {
                (Some(a), Some(b)) => a.name.cmp(&b.name),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => break,
            };
            let a = if order.is_le() { left.next().map(|kind| Rest { kind, gone: one.gone }) } else { None };
            let b = if order.is_ge() { right.next().map(|kind| Rest { kind, gone: other.gone }) } else { None };
            let Some(name) = a.or(b).map(|rest| &rest.kind.name) else { break };
            match self.kinds.get_mut(len) {
                Some(kind) if kind.name == *name => {}
                Some(kind) => kind.name = name.clone(),
                None => self.kinds.push(Kind { name: name.clone(), free: 0, best: 0.0, rates: Vec::new(), soon: Vec::new() }),
            }
            self.kinds[len].be_sum_of(a, b);
            len += 1;
        }
        self.kinds.truncate(len);
    }
}

/// What is left of a kind of work when so many slots are gone.
#[derive(Clone, Copy)]
struct Rest<'a> {
    kind: &'a Kind,
    gone: u32,
}

impl<'a> Rest<'a> {
    /// How many slots are left; none where nobody says how fast they are.
    fn free(self) -> u32 {
        if self.kind.rates.is_empty() { 0 } else { self.kind.free.saturating_sub(self.gone) }
    }
    /// Slots that are left, the fastest first.
    fn rates(self) -> Cow<'a, [Slots]> {
        let Rest { kind, mut gone } = self;
        if gone == 0 && kind.free > 0 {
            return Cow::Borrowed(&kind.rates);
        }
        if self.free() == 0 {
            return Cow::Borrowed(&[]);
        }
        let mut left: Vec<Slots> = kind.rates.iter().filter_map(|slots| slots.rest_of(&mut gone)).collect();
        if left.is_empty() {
            // What tells of fewer slots than it counts is taken to mean its slowest.
            left.extend(kind.rates.last().map(|slots| Slots { count: self.free(), rate: slots.rate }));
        }
        Cow::Owned(left)
    }
}

impl Slots {
    /// What is left of slots when so many are taken, these first; and how many are still to be taken.
    pub(super) fn rest_of(&self, taken: &mut u32) -> Option<Slots> {
        let gone = self.count.min(*taken);
        *taken -= gone;
        (self.count > gone).then_some(Slots { count: self.count - gone, rate: self.rate })
    }
    /// The fastest first.
    pub(super) fn order(&self, other: &Slots) -> Ordering {
        other.rate.total_cmp(&self.rate)
    }
}

impl Soon {
    /// The soonest first, and of one moment the fastest.
    pub(super) fn order(&self, other: &Soon) -> Ordering {
        self.at.cmp(&other.at).then(other.rate.total_cmp(&self.rate))
    }
}

impl Kind {
    fn be_sum_of<'a>(&mut self, one: Option<Rest<'a>>, other: Option<Rest<'a>>) {
        let best = |rest: Option<Rest<'a>>| rest.map_or(0.0, |rest| rest.kind.best);
        let free = |rest: Option<Rest<'a>>| rest.map_or(0, Rest::free);
        self.best = best(one).max(best(other));
        self.free = free(one).saturating_add(free(other));
        let rates = |rest: Option<Rest<'a>>| rest.map(Rest::rates).unwrap_or_default();
        merge(&mut self.rates, &rates(one), &rates(other), Slots::order);
        group(&mut self.rates);
        let soon = |rest: Option<Rest<'a>>| rest.map_or(&[][..], |rest| &rest.kind.soon);
        merge(&mut self.soon, soon(one), soon(other), Soon::order);
        if self.soon.len() > TOLD {
            let late = self.soon.drain(TOLD - 1..).max_by(|a, b| a.rate.total_cmp(&b.rate).then(b.at.cmp(&a.at)));
            self.soon.extend(late);
        }
    }
}

/// Two that are in order become one that is.
fn merge<T: Copy>(into: &mut Vec<T>, mut one: &[T], mut other: &[T], order: impl Fn(&T, &T) -> Ordering) {
    into.clear();
    while let ([a, one_rest @ ..], [b, other_rest @ ..]) = (one, other) {
        if order(b, a).is_lt() {
            into.push(*b);
            other = other_rest;
        } else {
            into.push(*a);
            one = one_rest;
        }
    }
    into.extend_from_slice(one);
    into.extend_from_slice(other);
}

/// Puts slots of about the same rate together until there are [`TOLD`] groups at most: each time those two neighbours that lose the least
/// by it, as Ward (1963) measures it. O(groups²), with one loss for each group and two for each that goes.
fn group(rates: &mut Vec<Slots>) {
    if rates.len() <= TOLD {
        return;
    }
    let lost = |one: &Slots, other: &Slots| {
        let (a, b) = (f64::from(one.count), f64::from(other.count));
        a * b / (a + b) * (one.rate - other.rate).powi(2)
    };
    // What it would cost to put each together with the next; of more groups than anybody reports the first are put together first.
    let mut losses = [f64::INFINITY; 2 * TOLD];
    rates.windows(2).zip(&mut losses).for_each(|(pair, loss)| *loss = lost(&pair[0], &pair[1]));
    while rates.len() > TOLD {
        let pairs = (rates.len() - 1).min(losses.len());
        let Some(at) = (0..pairs).min_by(|a, b| losses[*a].total_cmp(&losses[*b])) else { return };
        let (one, other) = (rates[at], rates.remove(at + 1));
        let (a, b) = (f64::from(one.count), f64::from(other.count));
        rates[at] = Slots { count: one.count.saturating_add(other.count), rate: (a * one.rate + b * other.rate) / (a + b) };
        losses.copy_within(at + 1..pairs, at);
        losses[pairs - 1] = f64::INFINITY;
        if at > 0 {
            losses[at - 1] = lost(&rates[at - 1], &rates[at]);
        }
        if let Some(next) = rates.get(at + 1) {
            losses[at] = lost(&rates[at], next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Name, Time};
    use proptest::prelude::*;

    /// Reports as members and leads make them: in order, and of each kind no more than is told.
    fn report() -> impl Strategy<Value = Summary> {
        let slots = (1u32..4, 1u32..6).prop_map(|(count, rate)| Slots { count, rate: f64::from(rate) });
        let soon = (0u32..9, 1u32..6).prop_map(|(at, rate)| Soon { at: Time::from_secs_f64(at.into()), rate: rate.into() });
        let kind = (proptest::collection::vec(slots, 0..=TOLD), proptest::collection::vec(soon, 0..=TOLD));
        let kinds = proptest::collection::btree_map("[ab]?", kind, 0..=3);
        (kinds, 1u32..4).prop_map(|(kinds, agents)| {
            let kinds = kinds.into_iter().map(|(name, (mut rates, mut soon))| {
                rates.sort_by(Slots::order);
                soon.sort_by(Soon::order);
                let free = rates.iter().map(|slots| slots.count).sum();
                Kind { name: Name::from(name), free, best: 1.0, rates, soon }
            });
            Summary { agents, slots: 9, kinds: kinds.collect(), ..Summary::default() }
        })
    }

    /// What the sum of all is to say of one kind, worked out from all reports at once.
    fn told(reports: &[(Summary, u32)], name: &str) -> (u32, f64, Vec<Soon>) {
        let kinds = || reports.iter().filter_map(|(state, gone)| Some((state.kind(name)?, *gone)));
        let free = kinds().map(|(kind, gone)| kind.free.saturating_sub(gone)).sum();
        let fastest = kinds().filter_map(|(kind, gone)| kind.rate(gone)).fold(0.0, f64::max);
        let mut soon: Vec<Soon> = kinds().flat_map(|(kind, _)| kind.soon.iter().copied()).collect();
        soon.sort_by(Soon::order);
        if soon.len() > TOLD {
            let late = soon.split_off(TOLD - 1);
            let fastest = late.iter().map(|soon| soon.rate).fold(0.0, f64::max);
            soon.extend(late.into_iter().find(|soon| soon.rate == fastest));
        }
        (free, fastest, soon)
    }

    proptest! {
        /// However often reports change between, the sum is that of the reports as they are.
        #[test]
        fn a_sum_that_is_kept_is_the_sum_of_all(
            first in proptest::collection::vec((report(), 0u32..3), 1..12),
            changes in proptest::collection::vec((any::<prop::sample::Index>(), report(), 0u32..3, any::<bool>()), 0..12),
        ) {
            let mut reports = first;
            let mut sums = Sums::default();
            sums.restart(reports.len());
            let all = |sums: &mut Sums, reports: &[(Summary, u32)]| {
                sums.total(|at| Part { state: &reports[at].0, gone: reports[at].1 })
            };
            for (at, state, gone, looks) in changes {
                let at = at.index(reports.len());
                reports[at] = (state, gone);
                sums.changed(at);
                if looks {
                    all(&mut sums, &reports);
                }
            }
            let sum = all(&mut sums, &reports);
            let mut anew = Sums::default();
            anew.restart(reports.len());
            prop_assert_eq!(&sum, &all(&mut anew, &reports));
            // Somebody went: what was summed before is of no use, and does no harm.
            let rest = &reports[1..];
            sums.restart(rest.len());
            anew = Sums::default();
            anew.restart(rest.len());
            prop_assert_eq!(all(&mut sums, rest), all(&mut anew, rest));
            prop_assert_eq!(sum.agents, reports.iter().map(|(state, _)| state.agents).sum::<u32>());
            prop_assert!(sum.kinds.windows(2).all(|pair| pair[0].name < pair[1].name));
            for name in ["", "a", "b"] {
                let (free, fastest, soon) = told(&reports, name);
                let Some(kind) = sum.kind(name) else {
                    prop_assert!(reports.iter().all(|(state, _)| state.kind(name).is_none()));
                    continue;
                };
                prop_assert_eq!(kind.free, free);
                prop_assert_eq!(kind.rates.iter().map(|slots| slots.count).sum::<u32>(), free);
                prop_assert_eq!(&kind.soon, &soon);
                prop_assert!(kind.rates.len() <= TOLD && kind.rates.is_sorted_by(|a, b| a.order(b).is_le()));
                // What is put together is slower than its fastest, and faster than its slowest.
                prop_assert!(kind.rate(0).unwrap_or(0.0) <= fastest);
                let work = |rates: &[Slots]| rates.iter().map(|slots| f64::from(slots.count) * slots.rate).sum::<f64>();
                let all: f64 = reports.iter().filter_map(|(state, gone)| Some(work(&Rest { kind: state.kind(name)?, gone: *gone }.rates()))).sum();
                prop_assert!((work(&kind.rates) - all).abs() < 1e-6 * (1.0 + all), "{} and {all}", work(&kind.rates));
            }
        }
    }

    #[test]
    fn what_tells_of_fewer_slots_than_it_counts_means_its_slowest() {
        let kind =
            Kind { name: Name::from(""), free: 5, best: 1.0, rates: vec![Slots { count: 2, rate: 3.0 }], soon: Vec::new() };
        let rest = |gone| Rest { kind: &kind, gone }.rates().into_owned();
        assert_eq!(rest(1), [Slots { count: 1, rate: 3.0 }]);
        assert_eq!(rest(3), [Slots { count: 2, rate: 3.0 }]);
        assert_eq!(rest(5), []);
    }
}
