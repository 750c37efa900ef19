//! A voter's private evidence: what it has seen of each agent's work, and what it makes of it.
//!
//! An estimate for an agent at one kind of task leans on what is known of that agent in general, and that on its declared rate: the
//! shrinkage of an empirical Bayes estimate with fixed prior strength. Old outcomes fade, so that a change of skill is noticed.

use crate::{AgentId, DemandId, KeyMap};
use core::hash::Hash;

/// How many outcomes the belief before any outcome is worth.
const PRIOR: f64 = 2.0;
/// What share of jobs succeeds, as long as nothing is known.
const USUAL_SUCCESS: f64 = 0.95;
/// How much an outcome that is one step older counts.
const FADING: f64 = 0.9;
/// A pace beyond these bounds is an accident of measurement.
const PACES: (f64, f64) = (0.02, 50.0);
/// Agents, and kinds of task by agent, that a voter remembers at most: those of the oldest news are forgotten.
const MOST: usize = 512;
/// Conclusions on one agent that it keeps at most.
const CONCLUDED: usize = 16;

/// What was seen of one agent, in general or at one kind of task.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// Faded count and sum of the logarithms of paces.
    paces: f64,
    log_pace: f64,
    /// Faded count of outcomes and of successes.
    outcomes: f64,
    successes: f64,
    /// When it was last seen, in observations.
    at: u64,
}

impl Seen {
    fn add(&mut self, pace: Option<f64>, success: bool, at: u64) {
        self.at = at;
        self.outcomes = self.outcomes * FADING + 1.0;
        self.successes = self.successes * FADING + f64::from(success);
        if let Some(pace) = pace.filter(|pace| *pace > 0.0) {
            self.paces = self.paces * FADING + 1.0;
            self.log_pace = self.log_pace * FADING + libm::log(pace.clamp(PACES.0, PACES.1));
        }
    }
    /// The estimate, given what is believed without these observations.
    fn belief(&self, before: Belief) -> Belief {
        Belief {
            log_pace: (self.log_pace + PRIOR * before.log_pace) / (self.paces + PRIOR),
            success: (self.successes + PRIOR * before.success) / (self.outcomes + PRIOR),
        }
    }
}

/// What a voter believes of an agent.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Belief {
    log_pace: f64,
    success: f64,
}

/// One agent, in general.
#[derive(Clone, Debug, Default)]
struct Known {
    seen: Seen,
    /// The slowness at some demands that was concluded since it was seen last. Whatever is seen of it at some demand is seen of it in general.
    concluded: Vec<(DemandId, f64)>,
}

/// What one voter has seen. O(1) per observation and question.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    general: KeyMap<AgentId, Known>,
    special: KeyMap<(AgentId, DemandId), Seen>,
    observations: u64,
}

impl Evidence {
    /// An agent's job ended. `pace`: the time that its declared rate promised over the time that it took, if that is known.
    /// `demand`: the kind of task, if that is known.
    pub(super) fn observe(&mut self, agent: AgentId, demand: Option<DemandId>, pace: Option<f64>, success: bool) {
        self.observations += 1;
        let at = self.observations;
        make_room(&mut self.general, |known| known.seen.at);
        if make_room(&mut self.special, |seen| seen.at) {
            self.general.values_mut().for_each(|known| known.concluded.clear());
        }
        let known = self.general.get_or_insert_with(agent, Known::default);
        known.seen.add(pace, success, at);
        known.concluded.clear();
        if let Some(demand) = demand {
            self.special.get_or_insert_with((agent, demand), Seen::default).add(pace, success, at);
        }
    }
    /// By how much longer than its declared rate promises the agent should work until a task of this demand is done, failed attempts
    /// included.
    pub(super) fn slowness(&mut self, agent: AgentId, demand: DemandId) -> f64 {
        let Some(known) = self.general.get_mut(&agent) else { return 1.0 / USUAL_SUCCESS };
        if let Some((_, slowness)) = known.concluded.iter().find(|(of, _)| *of == demand) {
            return *slowness;
        }
        let mut belief = known.seen.belief(Belief { log_pace: 0.0, success: USUAL_SUCCESS });
        if let Some(seen) = self.special.get(&(agent, demand)) {
            belief = seen.belief(belief);
        }
        let slowness = libm::exp(-belief.log_pace) / belief.success.max(0.05);
        if known.concluded.len() >= CONCLUDED {
            known.concluded.swap_remove(0);
        }
        known.concluded.push((demand, slowness));
        slowness
    }
}

/// True if something had to be forgotten.
fn make_room<K: Ord + Hash, V>(seen: &mut KeyMap<K, V>, at: impl Fn(&V) -> u64) -> bool {
    let is_full = seen.len() >= MOST;
    if is_full {
        // Half at once, so that the search for the oldest is rare.
        let mut times: Vec<u64> = seen.values().map(&at).collect();
        times.sort_unstable();
        let middle = times[times.len() / 2];
        seen.retain(|_, one| at(one) > middle);
    }
    is_full
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIG: DemandId = DemandId(0);
    const FLY: DemandId = DemandId(1);

    #[test]
    fn belief_moves_from_the_declared_to_the_seen() {
        let mut seen = Evidence::default();
        let before = seen.slowness(AgentId(0), DIG);
        seen.observe(AgentId(0), Some(DIG), Some(0.25), true);
        let once = seen.slowness(AgentId(0), DIG);
        for _ in 0..30 {
            seen.observe(AgentId(0), Some(DIG), Some(0.25), true);
        }
        let often = seen.slowness(AgentId(0), DIG);
        assert!(before < once && once < often && often < 4.0, "{before} {once} {often}");
        assert!(often > 3.3, "{often}");
        let other = seen.slowness(AgentId(0), FLY);
        assert!(before < other && other < often, "what is known in general colours what is not: {other}");
        assert_eq!(seen.slowness(AgentId(1), DIG), before, "of others nothing was seen");
    }

    #[test]
    fn failures_count_as_time() {
        let mut seen = Evidence::default();
        for n in 0..40 {
            seen.observe(AgentId(0), Some(DIG), None, n % 2 == 0);
        }
        let slowness = seen.slowness(AgentId(0), DIG);
        assert!((1.5..2.3).contains(&slowness), "every second job fails: {slowness}");
    }

    #[test]
    fn a_change_of_skill_is_noticed() {
        let mut seen = Evidence::default();
        (0..50).for_each(|_| seen.observe(AgentId(0), Some(DIG), Some(4.0), true));
        let fast = seen.slowness(AgentId(0), DIG);
        (0..25).for_each(|_| seen.observe(AgentId(0), Some(DIG), Some(0.25), true));
        assert!(fast < 0.4 && seen.slowness(AgentId(0), DIG) > 2.0);
    }

    #[test]
    fn memory_is_bounded_and_keeps_the_newest() {
        let mut seen = Evidence::default();
        for n in 0..5_000 {
            seen.observe(AgentId(n), Some(DIG), Some(0.1), true);
        }
        assert!(seen.general.len() <= MOST && seen.special.len() <= MOST);
        assert!(seen.slowness(AgentId(4_999), DIG) > 2.0);
        assert!(seen.slowness(AgentId(0), DIG) < 1.1);
    }

    #[test]
    fn nonsense_changes_nothing_for_long() {
        let mut seen = Evidence::default();
        for pace in [f64::NAN, -1.0, 0.0, f64::INFINITY, 1e300] {
            seen.observe(AgentId(0), None, Some(pace), true);
            assert!(seen.slowness(AgentId(0), DIG).is_finite());
        }
    }
}
