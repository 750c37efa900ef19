//! How far each agent is trusted: what it promised against what came of it.

use crate::{Memory, Name, Outcome};
use std::collections::BTreeMap;

/// Awards in which a newcomer counts as having kept its word: trust is lost by evidence, not by being new.
const PRIOR: f64 = 4.0;
/// So many outcomes count; older ones fade, so that a change of heart shows.
const WINDOW: f64 = 50.0;
/// Nobody is trusted less: a bid must stay a number, and a way back open.
const LEAST: f64 = 0.01;
const PREFIX: &str = "reputation/";

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Record {
    kept: f64,
    count: f64,
}
impl Record {
    fn trust(&self) -> f64 {
        ((PRIOR + self.kept) / (PRIOR + self.count)).max(LEAST)
    }
}

/// The reputations of agents by name, so that they outlive a life: the share of its promises that an agent kept.
///
/// A success counts its quality, times promised seconds over actual seconds where it was slower than promised; a failure counts 0.
///
/// ```
/// use polity_protocols::{Ended, Outcome, market::Reputation};
/// use std::time::Duration;
/// let (mut trust, ann) = (Reputation::default(), "ann".into());
/// assert_eq!(trust.of("ann"), 1.0);
/// trust.learn(&ann, 1.0, &Outcome::new(Ended::Failed, Duration::from_secs(1)));
/// assert_eq!(trust.of("ann"), 4.0 / 5.0);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Reputation(BTreeMap<Name, Record>);

impl Reputation {
    /// How far the agent is trusted, in `(0, 1]`; 1 for a stranger.
    pub fn of(&self, agent: &str) -> f64 {
        if self.0.is_empty() { 1.0 } else { self.0.get(agent).map_or(1.0, Record::trust) }
    }
    /// Learns from an outcome of an award for which the agent promised so many seconds. What says nothing of its skill changes nothing.
    pub fn learn(&mut self, agent: &Name, promised: f64, outcome: &Outcome) {
        if !outcome.ended.is_evidence() {
            return;
        }
        let took = outcome.took.as_secs_f64();
        let pace = if took > promised && promised > 0.0 { promised / took } else { 1.0 };
        let quality = if outcome.quality.is_nan() { 0.0 } else { outcome.quality.clamp(0.0, 1.0) };
        let kept = if outcome.ended.is_success() { quality * pace } else { 0.0 };
        let record = self.0.entry(agent.clone()).or_default();
        let fade = if record.count >= WINDOW { (WINDOW - 1.0) / record.count } else { 1.0 };
        record.count = (record.count * fade + 1.0).min(WINDOW);
        record.kept = (record.kept * fade + kept).min(record.count);
    }
    /// A promise that counted as kept was kept to this share only: the result proved to be of less quality.
    pub(super) fn judged(&mut self, agent: &Name, quality: f64) {
        let quality = if quality.is_nan() { 0.0 } else { quality.clamp(0.0, 1.0) };
        if let Some(record) = self.0.get_mut(agent) {
            record.kept = (record.kept - (1.0 - quality)).max(0.0);
        }
    }
    pub(super) fn save(&self, memory: &mut Memory) {
        for (name, record) in &self.0 {
            memory.set(format!("{PREFIX}{name}"), [record.kept, record.count]);
        }
    }
    pub(super) fn restore(&mut self, memory: &Memory) {
        for (key, numbers) in memory.iter() {
            if let (Some(name), [kept, count]) = (key.strip_prefix(PREFIX), numbers)
                && (0.0..=WINDOW).contains(count)
                && (0.0..=*count).contains(kept)
            {
                self.0.insert(Name::from(name), Record { kept: *kept, count: *count });
            }
        }
    }
}
