//! The breakers of a coordinator's agents: one for each agent and kind of work, where there is anything to remember.

use crate::supervision::{Breaker, Breaking, Circuit, Sign};
use crate::world::KindId;
use polity_protocols::{AgentId, Ended, TaskId, Time};
use std::collections::BTreeSet;

/// The breakers of one coordinator. They live in its book, and so across its lives and across runs; a number stands for one agent for ever,
/// so that one which comes back is known.
///
/// An agent without a failure costs a place in a row and nothing else: how often it did well, as far as a window can see. An outcome costs
/// O(1), O(log breakers that are not closed) if it changes one.
pub(super) struct Breakers {
    set: Option<Breaking>,
    /// By kind, then by agent.
    rows: Vec<Vec<Slot>>,
    /// Those that are not closed.
    tripped: BTreeSet<(KindId, AgentId)>,
}

/// What is remembered of an agent at a kind of work.
#[derive(Clone)]
enum Slot {
    /// It never failed, or not within the window, and did so many well.
    Clean(u8),
    Marked(Box<Breaker>),
}

/// A breaker changed.
pub(super) struct Turned {
    pub(super) circuit: Circuit,
    /// Why, as a sentence without its subject.
    pub(super) reason: String,
    /// When it is to be woken.
    pub(super) wake: Option<Time>,
}

impl Breakers {
    /// None yet; with no settings there never is one.
    pub(super) fn new(set: Option<Breaking>) -> Breakers {
        Breakers { set, rows: Vec::new(), tripped: BTreeSet::new() }
    }
    /// What they obey; none if there are none.
    pub(super) fn breaking(&self) -> Option<&Breaking> {
        self.set.as_ref()
    }
    /// True if some breaker is not closed.
    pub(super) fn any_tripped(&self) -> bool {
        !self.tripped.is_empty()
    }
    /// Who gets nothing of this kind now, as long as somebody else can do it; in order of number.
    pub(super) fn passed_over(&self, kind: KindId, now: Time) -> Vec<AgentId> {
        let all = self.tripped.range((kind, AgentId(0))..=(kind, AgentId(u32::MAX)));
        all.map(|(_, agent)| *agent).filter(|agent| self.passes_over(kind, *agent, now)).collect()
    }
    fn passes_over(&self, kind: KindId, agent: AgentId, now: Time) -> bool {
        let Some(set) = &self.set else { return false };
        self.get(kind, agent).is_some_and(|breaker| breaker.passes_over(set, now))
    }
    fn get(&self, kind: KindId, agent: AgentId) -> Option<&Breaker> {
        match self.rows.get(kind.0 as usize)?.get(agent.index())? {
            Slot::Clean(_) => None,
            Slot::Marked(breaker) => Some(breaker),
        }
    }
    /// A task was awarded: to an agent that is being tried, perhaps.
    pub(super) fn given(&mut self, kind: KindId, agent: AgentId, task: TaskId, now: Time) {
        if self.tripped.contains(&(kind, agent)) {
            self.tell(kind, agent, Sign::Given(task), now);
        }
    }
    /// An award ended.
    pub(super) fn ended(&mut self, kind: KindId, agent: AgentId, task: TaskId, ended: Ended, now: Time) -> Option<Turned> {
        let sign = match ended {
            Ended::Succeeded => Sign::Succeeded(task),
            Ended::Failed | Ended::Lost => Sign::Failed(task),
            Ended::Refused | Ended::Cancelled => Sign::Dropped(task),
        };
        self.tell(kind, agent, sign, now)
    }
    /// The time of an open breaker may be over.
    pub(super) fn wake(&mut self, kind: KindId, agent: AgentId, now: Time) -> Option<Turned> {
        self.tell(kind, agent, Sign::Wake, now)
    }

    fn tell(&mut self, kind: KindId, agent: AgentId, sign: Sign, now: Time) -> Option<Turned> {
        let set = self.set.as_ref()?;
        let slot = slot_of(&mut self.rows, kind, agent);
        let breaker = match (&mut *slot, sign) {
            (Slot::Clean(good), Sign::Succeeded(_)) => {
                *good = good.saturating_add(1);
                return None;
            }
            (Slot::Clean(_), Sign::Given(_) | Sign::Dropped(_) | Sign::Wake) => return None,
            (Slot::Clean(good), Sign::Failed(_)) => {
                *slot = Slot::Marked(Box::new(Breaker::after(u32::from(*good))));
                match slot {
                    Slot::Marked(breaker) => breaker,
                    Slot::Clean(_) => return None,
                }
            }
            (Slot::Marked(breaker), _) => breaker,
        };
        let before = (breaker.circuit(), breaker.counts(set));
        let turned = breaker.take(sign, set, now);
        let wake = breaker.next_wake();
        if let Some((0, seen)) = breaker.counts(set).filter(|(_, seen)| *seen >= set.window) {
            *slot = Slot::Clean(u8::try_from(seen).unwrap_or(u8::MAX)); // all that a window sees went well
        }
        let circuit = turned?;
        match circuit {
            Circuit::Closed => self.tripped.remove(&(kind, agent)),
            Circuit::Open | Circuit::HalfOpen => self.tripped.insert((kind, agent)),
        };
        Some(Turned { circuit, reason: reason(circuit, before, set), wake })
    }
}

/// The slot of an agent; its row is made, and as long as it must be.
fn slot_of(rows: &mut Vec<Vec<Slot>>, kind: KindId, agent: AgentId) -> &mut Slot {
    let (kind, agent) = (kind.0 as usize, agent.index());
    if rows.len() <= kind {
        rows.resize_with(kind + 1, Vec::new);
    }
    if rows[kind].len() <= agent {
        rows[kind].resize(agent + 1, Slot::Clean(0));
    }
    &mut rows[kind][agent]
}

/// Why it changed: what it was before, with the counts of a closed one.
fn reason(circuit: Circuit, before: (Circuit, Option<(u32, u32)>), set: &Breaking) -> String {
    match (circuit, before) {
        (Circuit::Open, (_, Some((failures, of)))) => {
            // The counts are of before the failure that opened it.
            let of = (of + 1).min(set.window);
            format!("{} of its last {of} failed", (failures + 1).min(of))
        }
        (Circuit::Open, _) => "a probe failed".into(),
        (Circuit::HalfOpen, _) => format!("its time is over; {} may try it", probes(set.probes)),
        (Circuit::Closed, _) => format!("{} ended well", probes(set.probes)),
    }
}
fn probes(n: u32) -> String {
    format!("{n} probe{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use polity_protocols::Rng;
    use std::collections::BTreeMap;

    /// A table of breakers answers as one breaker for each pair would, that was told of everything.
    #[test]
    fn a_clean_agent_is_forgotten_without_being_wronged() {
        let set = Breaking { window: 8, least: 4, ..Breaking::default() };
        let (mut boxes, mut turned) = (0, 0);
        for seed in 0..60 {
            let (mut rng, mut now) = (Rng::new(seed, "breakers"), Time::ZERO);
            let (mut table, mut naive) = (Breakers::new(Some(set)), BTreeMap::<(KindId, AgentId), Breaker>::new());
            let sick = rng.between(0.0, 1.0);
            for n in 0..600 {
                now = now + core::time::Duration::from_millis(rng.below(2_000) as u64);
                let (kind, agent) = (KindId(rng.below(2) as u32), AgentId(rng.below(3) as u32));
                let task = TaskId::new(0, n);
                let failed = rng.chance(if n % 100 < 30 { sick } else { 0.03 });
                table.given(kind, agent, task, now);
                let ended = if failed { Ended::Failed } else { Ended::Succeeded };
                let said = [table.ended(kind, agent, task, ended, now), table.wake(kind, agent, now)];
                let breaker = naive.entry((kind, agent)).or_default();
                breaker.take(Sign::Given(task), &set, now);
                let sign = if failed { Sign::Failed(task) } else { Sign::Succeeded(task) };
                let expected = [breaker.take(sign, &set, now), breaker.take(Sign::Wake, &set, now)];
                assert_eq!(said.map(|turned| turned.map(|turned| turned.circuit)), expected, "seed {seed}, step {n}");
                turned += expected.iter().flatten().count();
                let passed = naive.iter().filter(|((of, _), breaker)| *of == kind && breaker.passes_over(&set, now));
                assert_eq!(table.passed_over(kind, now), passed.map(|((_, agent), _)| *agent).collect::<Vec<_>>());
                boxes += table.rows.iter().flatten().filter(|slot| matches!(slot, Slot::Clean(8..))).count();
            }
        }
        assert!(turned > 100 && boxes > 1_000, "{turned} turns, {boxes} clean again: too tame to show anything");
    }

    #[test]
    fn what_never_failed_takes_no_memory_of_its_own() {
        let mut table = Breakers::new(Some(Breaking::default()));
        for n in 0..1_000 {
            let turned = table.ended(KindId(0), AgentId(n % 10), TaskId::new(0, n), Ended::Succeeded, Time::ZERO);
            assert!(turned.is_none());
        }
        assert!(table.rows.iter().flatten().all(|slot| matches!(slot, Slot::Clean(100))) && !table.any_tripped());
        assert_eq!(size_of::<Slot>(), 16);
        let mut off = Breakers::new(None);
        (0..100).for_each(|n| assert!(off.ended(KindId(0), AgentId(0), TaskId::new(0, n), Ended::Lost, Time::ZERO).is_none()));
        assert!(off.rows.is_empty());
    }
}
