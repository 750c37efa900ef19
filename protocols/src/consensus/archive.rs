//! What the chair has learned and written down: how reliable each voter proved, and the outcomes that are still to be read out.

use super::message::Minute;
use super::weights::Reliability;
use crate::{AgentId, Memory};
use std::collections::BTreeMap;

/// Outcomes that are read out at the next ballot at most; older ones are dropped.
const MOST_MINUTES: usize = 32;
/// A pace beyond these bounds is none that anybody saved.
const PACES: core::ops::RangeInclusive<f64> = 0.02..=50.0;

/// What is remembered of a member under its name: it outlives numbers and runs.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Remembered {
    reliability: Reliability,
    pace: f64,
}

/// The archive of one assembly.
#[derive(Clone, Debug, Default)]
pub(super) struct Archive {
    /// Of voters who are here.
    reliability: BTreeMap<AgentId, Reliability>,
    /// Of those who were.
    remembered: BTreeMap<String, Remembered>,
    minutes: Vec<Minute>,
    last: u64,
}

impl Archive {
    /// Notes an outcome. Its number is raised above the last one; it goes on rising even if the chair is rebuilt, since it begins
    /// with the time.
    pub(super) fn note(&mut self, minute: Minute) {
        self.last = minute.number.max(self.last + 1);
        if self.minutes.len() >= MOST_MINUTES {
            self.minutes.remove(0);
        }
        self.minutes.push(Minute { number: self.last, ..minute });
    }
    /// What is to be read out now.
    pub(super) fn take_minutes(&mut self) -> Vec<Minute> {
        std::mem::take(&mut self.minutes)
    }
    /// A voter was right to this degree.
    pub(super) fn judge(&mut self, voter: AgentId, right: f64) {
        self.reliability.entry(voter).or_default().learn(right);
    }
    pub(super) fn reliability(&self, voter: AgentId) -> Reliability {
        self.reliability.get(&voter).copied().unwrap_or_default()
    }
    /// Keeps what is known of a member under its name, if anything is.
    pub(super) fn keep(&mut self, agent: AgentId, name: &str, pace: f64) {
        let reliability = self.reliability(agent);
        if reliability != Reliability::default() || pace != 1.0 {
            self.remembered.insert(name.to_owned(), Remembered { reliability, pace });
        }
        self.reliability.remove(&agent);
    }
    /// Takes up what is remembered of a newcomer; its pace.
    pub(super) fn recall(&mut self, agent: AgentId, name: &str) -> Option<f64> {
        let known = self.remembered.get(name)?;
        self.reliability.insert(agent, known.reliability);
        Some(known.pace)
    }
    /// `member/NAME → [right, wrong, pace]`.
    pub(super) fn save(&self) -> Memory {
        let mut memory = Memory::default();
        for (name, known) in &self.remembered {
            let (right, wrong) = known.reliability.counts();
            memory.set(format!("member/{name}"), [right, wrong, known.pace]);
        }
        memory
    }
    /// Entries that make no sense are ignored.
    pub(super) fn restore(&mut self, memory: &Memory) {
        for (key, numbers) in memory.iter() {
            if let (Some(name), [right, wrong, pace]) = (key.strip_prefix("member/"), numbers)
                && PACES.contains(pace)
            {
                let known = Remembered { reliability: Reliability::new(*right, *wrong), pace: *pace };
                self.remembered.insert(name.to_owned(), known);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DemandId;

    #[test]
    fn what_was_learned_outlives_numbers_and_runs() {
        let mut archive = Archive::default();
        (0..10).for_each(|_| archive.judge(AgentId(3), 0.9));
        let before = archive.reliability(AgentId(3));
        archive.keep(AgentId(3), "ann", 0.5);
        assert_eq!(archive.reliability(AgentId(3)), Reliability::default(), "the number may be somebody else's");
        let mut heir = Archive::default();
        heir.restore(&archive.save());
        assert_eq!(heir.recall(AgentId(0), "ann"), Some(0.5));
        assert_eq!((heir.reliability(AgentId(0)), heir.recall(AgentId(1), "bob")), (before, None));
        assert_eq!(heir.save(), archive.save());
    }

    #[test]
    fn minutes_are_bounded_and_their_numbers_rise() {
        let mut archive = Archive::default();
        for number in [7, 7, 3].into_iter().cycle().take(50) {
            archive.note(Minute { number, agent: AgentId(0), demand: DemandId(0), pace: None, success: true });
        }
        let minutes = archive.take_minutes();
        assert_eq!((minutes.len(), minutes[31].number), (MOST_MINUTES, 56));
        assert!(minutes.windows(2).all(|pair| pair[0].number < pair[1].number) && archive.take_minutes().is_empty());
    }
}
