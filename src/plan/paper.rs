//! A run on paper: what late binding to the earliest finish makes of an order of tasks, with or without a look ahead.

use super::{NodeIx, Plan};
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Tasks of one kind of work that may wait for somebody busy before others of it take what is free: as in a hierarchy.
const LOOKAHEAD: u32 = 32;
/// Of the time that a task takes, the share for which a slot may be kept idle for it before it is ready: as in a hierarchy.
const IDLE: f64 = 0.25;
/// Tasks for which slots are reserved before they are ready, in one look: as in a hierarchy.
const SOON_AT_MOST: usize = 64;

/// Who can do what how fast, as far as a plan must know it.
///
/// ```
/// use polity::plan::Team;
/// // Two slots, of which the second can do both kinds of work.
/// let team = Team::new(vec![0, 0, 1], vec![vec![1.0, 2.0], vec![0.0, 0.5]]);
/// assert_eq!(team.slots(), 2);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Team {
    /// The kind of each task's work.
    kinds: Vec<u32>,
    /// By kind and slot: work a second, 0 where the slot can't do it.
    rates: Vec<Vec<f64>>,
    /// Whether its government can look ahead.
    foresees: bool,
}

impl Team {
    /// The kind of work of each task, and for each kind how much of it each slot does in a second; 0 if it can't.
    ///
    /// # Panics
    /// If a kind has no rates, or not as many as the others.
    pub fn new(kinds: Vec<u32>, rates: Vec<Vec<f64>>) -> Team {
        assert!(kinds.iter().all(|kind| (*kind as usize) < rates.len()), "each kind of work has its rates");
        assert!(rates.windows(2).all(|pair| pair[0].len() == pair[1].len()), "each kind has a rate for each slot");
        Team { kinds, rates, foresees: false }
    }
    /// The same, under a government that, where it is told to, reserves for tasks which wait for nothing but what is being done, as a hierarchy does.
    #[must_use]
    pub fn foreseeing(mut self) -> Team {
        self.foresees = true;
        self
    }
    /// Whether its government can look ahead.
    pub(crate) fn foresees(&self) -> bool {
        self.foresees
    }
    /// Slots in all.
    pub fn slots(&self) -> usize {
        self.rates.first().map_or(0, Vec::len)
    }
    /// The kind of each task's work.
    pub(crate) fn kinds(&self) -> &[u32] {
        &self.kinds
    }
    /// By kind and slot.
    pub(crate) fn rates(&self) -> &[Vec<f64>] {
        &self.rates
    }
    /// The most that any slot does in a second.
    pub(super) fn fastest(&self) -> f64 {
        self.rates.iter().flatten().copied().fold(0.0, f64::max)
    }
    /// The speed of each slot at what it does best.
    pub(super) fn best(&self) -> Vec<f64> {
        (0..self.slots()).map(|slot| self.rates.iter().map(|rates| rates[slot]).fold(0.0, f64::max)).collect()
    }
    /// True if each task of the plan has somebody who can do it.
    pub(super) fn is_able(&self, plan: &Plan) -> bool {
        let able = |kind: &u32| self.rates[*kind as usize].iter().any(|rate| *rate > 0.0 && rate.is_finite());
        self.kinds.len() == plan.len() && self.kinds.iter().all(able)
    }
}

/// A number with a total order.
#[derive(Clone, Copy, PartialEq)]
struct Total(f64);
impl Eq for Total {}
impl PartialOrd for Total {
    fn partial_cmp(&self, other: &Total) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Total {
    fn cmp(&self, other: &Total) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// A job that is being done: its end, its slot, its task.
type End = Reverse<(Total, u32, u32)>;

/// A task that is ready soon: its rank, its number, and when.
type Soon = (Total, Reverse<u32>, f64);

/// The paper, to be written on again and again.
pub(super) struct Paper<'a> {
    plan: &'a Plan,
    team: &'a Team,
    fastest: f64,
    /// How many tasks may wait where governments choose among them; the others wait for that.
    room: usize,
    unmet: Vec<u32>,
    /// It looks ahead this time.
    ahead: bool,
    /// By task, how many of those that it waits for have not begun; only when it looks ahead.
    unbegun: Vec<u32>,
    /// Not ready, but all that they wait for is being done: the most urgent first, with the moment at which they are ready.
    soon: Vec<Soon>,
    /// By task, when it ends, once it has begun.
    end_of: Vec<f64>,
    ready: BinaryHeap<(Total, Reverse<u32>)>,
    /// Those that governments choose among, the most urgent first.
    open: Vec<(Total, Reverse<u32>)>,
    ends: BinaryHeap<End>,
    /// By kind and slot: seconds for a unit of work, infinite where the slot can't do it.
    paces: Vec<Vec<f64>>,
    /// When each slot is free, in a look through what is open.
    turn: Vec<f64>,
    /// The same of those that are free now and wait for nobody; the others never are.
    idle: Vec<f64>,
    free: Vec<bool>,
    until: Vec<f64>,
    passed: Vec<u32>,
    /// By kind, whether not all who can do it are equally fast.
    mixed: Vec<bool>,
    /// Slots that were weighed for tasks, ever.
    pub(super) weighed: u64,
}

impl<'a> Paper<'a> {
    pub(super) fn new(plan: &'a Plan, team: &'a Team, room: usize) -> Paper<'a> {
        let slots = team.slots();
        Paper {
            plan,
            team,
            fastest: team.fastest(),
            room: room.max(1),
            unmet: Vec::new(),
            ahead: false,
            unbegun: Vec::new(),
            soon: Vec::new(),
            end_of: Vec::new(),
            ready: BinaryHeap::new(),
            open: Vec::new(),
            ends: BinaryHeap::new(),
            paces: team.rates.iter().map(|rates| rates.iter().map(|rate| pace_of(*rate)).collect()).collect(),
            turn: vec![0.0; slots],
            idle: vec![0.0; slots],
            free: vec![true; slots],
            until: vec![0.0; slots],
            passed: vec![0; team.rates.len()],
            mixed: team.rates.iter().map(|rates| is_mixed(rates)).collect(),
            weighed: 0,
        }
    }
    /// How long it takes in this order, in seconds; none if that is certainly not below `limit`.
    ///
    /// At each moment the open tasks are gone through by rank. Each is thought of with the slot that would finish it first, busy ones by what is
    /// left of their work; if that slot is free it begins, else it reserves the slot for the rest of the look. With `ahead`, slots are reserved for
    /// what is ready soon, too.
    pub(super) fn makespan(&mut self, ranks: &[f64], ahead: bool, limit: f64) -> Option<f64> {
        self.clear(ahead);
        for node in self.plan.nodes().filter(|node| self.plan.dependencies(*node).is_empty()) {
            self.ready.push((Total(ranks[node.index()]), Reverse(node.0)));
        }
        let mut now = 0.0;
        loop {
            self.fill();
            self.look(now, limit, ranks)?;
            let Some(Reverse((end, ..))) = self.ends.peek().copied() else { return (now < limit).then_some(now) };
            now = end.0;
            let mut some_ready = false;
            while let Some(Reverse((_, slot, task))) = self.ends.pop_if_at(end) {
                self.free[slot as usize] = true;
                for (next, _) in self.plan.dependents(NodeIx(task)) {
                    let unmet = &mut self.unmet[next.index()];
                    *unmet -= 1;
                    if *unmet == 0 {
                        some_ready = true;
                        self.ready.push((Total(ranks[next.index()]), Reverse(next.0)));
                    }
                }
            }
            if some_ready && !self.soon.is_empty() {
                self.weighed += self.soon.len() as u64 / 4;
                self.soon.retain(|(_, Reverse(task), _)| self.unmet[*task as usize] > 0);
            }
        }
    }
    fn clear(&mut self, ahead: bool) {
        self.ahead = ahead;
        self.unmet.clear();
        self.unmet.extend(self.plan.nodes().map(|node| self.plan.dependencies(node).len() as u32));
        if ahead {
            self.unbegun.clone_from(&self.unmet);
            self.end_of.resize(self.plan.len(), 0.0);
        }
        self.soon.clear();
        self.ready.clear();
        self.open.clear();
        self.ends.clear();
        self.free.fill(true);
    }
    /// Ready tasks are opened, the most urgent first, while there is room.
    fn fill(&mut self) {
        while self.open.len() < self.room
            && let Some(next) = self.ready.pop()
        {
            let at = self.open.partition_point(|open| *open > next);
            self.open.insert(at, next);
        }
    }
    fn look(&mut self, now: f64, limit: f64, ranks: &[f64]) -> Option<()> {
        let mut free = self.free.iter().filter(|free| **free).count();
        if free == 0 || self.open.is_empty() {
            return Some(());
        }
        let places = self.turn.iter_mut().zip(&mut self.idle).zip(self.free.iter().zip(&self.until));
        for ((turn, idle), (free, until)) in places {
            (*turn, *idle) = if *free { (now, now) } else { (*until, f64::INFINITY) };
        }
        self.passed.fill(0);
        let (mut at, mut kept) = (0, 0);
        let mut seen = (0, None);
        while at < self.open.len() && free > 0 {
            let next = self.open[at];
            while let Some(soon) = self.next_soon(seen).filter(|(rank, task, _)| (*rank, *task) > next) {
                free -= usize::from(self.reserve(soon));
                seen = (seen.0 + 1, Some((soon.0, soon.1)));
            }
            if free == 0 {
                break;
            }
            at += 1;
            let task = NodeIx(next.1.0);
            match self.choose(task) {
                Some((slot, seconds)) if self.idle[slot] <= now => {
                    let end = now + seconds;
                    let rest = self.plan.rank(task) - self.plan.weight(task);
                    if end + rest / self.fastest >= limit {
                        return None;
                    }
                    (self.free[slot], self.until[slot]) = (false, end);
                    (self.turn[slot], self.idle[slot]) = (end, f64::INFINITY);
                    self.ends.push(Reverse((Total(end), slot as u32, task.0)));
                    free -= 1;
                    if self.ahead {
                        self.begun(task, end, ranks);
                    }
                    continue;
                }
                Some((slot, seconds)) => {
                    self.turn[slot] += seconds;
                    self.idle[slot] = f64::INFINITY;
                }
                None => {}
            }
            self.passed[self.team.kinds[task.index()] as usize] += 1;
            self.open[kept] = next;
            kept += 1;
        }
        self.open.drain(kept..at);
        Some(())
    }
    /// A task has begun: what waits for nothing else is ready soon.
    fn begun(&mut self, task: NodeIx, end: f64, ranks: &[f64]) {
        self.end_of[task.index()] = end;
        let before = self.soon.len();
        for (next, _) in self.plan.dependents(task) {
            let unbegun = &mut self.unbegun[next.index()];
            *unbegun -= 1;
            if *unbegun == 0 {
                let ready = self.plan.dependencies(*next).iter().map(|(on, _)| self.end_of[on.index()]).fold(end, f64::max);
                self.soon.push((Total(ranks[next.index()]), Reverse(next.0), ready));
            }
        }
        match self.soon.len() - before {
            0 => {}
            1 => {
                let Some(one) = self.soon.pop() else { return };
                let at = self.soon.partition_point(|other| (other.0, other.1) > (one.0, one.1));
                self.soon.insert(at, one);
            }
            _ => {
                self.weighed += self.soon.len() as u64 / 4;
                self.soon.sort_by_key(|soon| Reverse((soon.0, soon.1)));
            }
        }
    }
    /// The next that is ready soon, after so many that were seen and the last of them.
    fn next_soon(&self, (count, last): (usize, Option<(Total, Reverse<u32>)>)) -> Option<Soon> {
        let at = last.map_or(0, |last| self.soon.partition_point(|soon| (soon.0, soon.1) >= last));
        self.soon.get(at).filter(|_| count < SOON_AT_MOST).copied()
    }
    /// Reserves a slot for a task that is ready soon. True if that slot is free now, and is kept idle.
    fn reserve(&mut self, (_, Reverse(task), ready): Soon) -> bool {
        let (kind, work) = (self.team.kinds[task as usize] as usize, self.plan.weight(NodeIx(task)));
        if self.passed[kind] >= LOOKAHEAD || !self.mixed[kind] {
            return false;
        }
        self.weighed += self.turn.len() as u64;
        let mut best = (f64::INFINITY, usize::MAX, true, f64::INFINITY);
        for (slot, (start, pace)) in self.turn.iter().zip(&self.paces[kind]).enumerate() {
            let (finish, busy) = (start.max(ready) + work * pace, self.idle[slot] == f64::INFINITY);
            if finish < best.0 || (finish == best.0 && (busy, *pace) < (best.2, best.3)) {
                best = (finish, slot, busy, *pace);
            }
        }
        let (finish, slot, busy, pace) = best;
        if finish == f64::INFINITY || ready - self.turn[slot] > IDLE * work * pace {
            return false; // others may have it meanwhile
        }
        (self.turn[slot], self.idle[slot]) = (finish, f64::INFINITY);
        !busy
    }
    /// The slot that would finish a task first, and how long it takes. Ties go to a free one, then to the faster, then to the first.
    fn choose(&mut self, task: NodeIx) -> Option<(usize, f64)> {
        let kind = self.team.kinds[task.index()] as usize;
        let (work, paces) = (self.plan.weight(task), &self.paces[kind]);
        self.weighed += paces.len() as u64;
        let starts = if self.passed[kind] >= LOOKAHEAD { &self.idle } else { &self.turn };
        let least = earliest(starts, paces, work);
        if least == f64::INFINITY {
            return None;
        }
        // By hand, in plain variables: to choose among tuples took longer than all else.
        let (mut slot, mut pace, mut busy) = (usize::MAX, f64::INFINITY, true);
        for (at, ((start, its), idle)) in starts.iter().zip(paces).zip(&self.idle).enumerate() {
            if start + work * its != least {
                continue;
            }
            let waits = *idle == f64::INFINITY;
            if slot == usize::MAX || (waits == busy && *its < pace) || (busy && !waits) {
                (slot, pace, busy) = (at, *its, waits);
            }
        }
        Some((slot, work * pace))
    }
}

/// True if not all who can do it are equally fast.
fn is_mixed(rates: &[f64]) -> bool {
    let mut able = rates.iter().filter(|rate| **rate > 0.0);
    able.next().is_some_and(|first| able.any(|rate| rate != first))
}

/// Seconds for a unit of work.
fn pace_of(rate: f64) -> f64 {
    if rate > 0.0 { rate.recip() } else { f64::INFINITY }
}

/// The earliest of all finishes. In four lanes, since this is most of what a trial costs: about a nanosecond a slot.
fn earliest(starts: &[f64], paces: &[f64], work: f64) -> f64 {
    const LANES: usize = 4;
    let mut least = [f64::INFINITY; LANES];
    let (starts, paces) = (starts.as_chunks::<LANES>(), paces.as_chunks::<LANES>());
    for (starts, paces) in starts.0.iter().zip(paces.0) {
        for lane in 0..LANES {
            let finish = starts[lane] + work * paces[lane];
            least[lane] = if finish < least[lane] { finish } else { least[lane] };
        }
    }
    let rest = starts.1.iter().zip(paces.1).map(|(start, pace)| start + work * pace);
    least.into_iter().chain(rest).fold(f64::INFINITY, f64::min)
}

/// Takes what ends at this very moment.
trait PopIfAt {
    fn pop_if_at(&mut self, moment: Total) -> Option<End>;
}
impl PopIfAt for BinaryHeap<End> {
    fn pop_if_at(&mut self, moment: Total) -> Option<End> {
        self.peek().is_some_and(|Reverse((end, ..))| *end <= moment).then(|| self.pop()).flatten()
    }
}
