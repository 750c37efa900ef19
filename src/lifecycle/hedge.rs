//! Hedging: a second agent does what takes too long, and the first answer wins.
//!
//! Source: Dean and Barroso, *The Tail at Scale* (CACM 2013).

use super::Vote;
use core::time::Duration;
use polity_protocols::AgentId;
use serde_json::Value;
use std::sync::Arc;

/// When a second agent is given a task too.
///
/// ```
/// use polity::lifecycle::Hedge;
/// use std::time::Duration;
/// assert_eq!("p95".parse(), Ok(Hedge::Percentile(95)));
/// assert_eq!("5s".parse(), Ok(Hedge::After(Duration::from_secs(5))));
/// assert!("p30".parse::<Hedge>().unwrap_err().contains("p50 to p99"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hedge {
    /// So long after the award.
    After(Duration),
    /// When it takes longer than so many of a hundred of the run's hedged tasks of its kind have taken, 50..=99. Until
    /// [`LEAST_DURATIONS`] of them have completed, nobody knows, and it waits.
    Percentile(u8),
}
impl core::str::FromStr for Hedge {
    type Err = String;
    fn from_str(text: &str) -> Result<Hedge, String> {
        if let Some(percent) = text.strip_prefix('p') {
            let percent = percent.parse().ok().filter(|percent| (50..=99).contains(percent));
            return percent.map(Hedge::Percentile).ok_or_else(|| format!("a percentile is one of p50 to p99, but is \"{text}\""));
        }
        let after = crate::workflow::text::parse_duration(text).map_err(|why| format!("{why}; or a percentile like p95"))?;
        if after.is_zero() {
            return Err("a hedge must wait for some time, or every task is done twice; for that there is `redundancy`".into());
        }
        Ok(Hedge::After(after))
    }
}

/// So many durations must be known before a percentile of them means anything.
pub const LEAST_DURATIONS: usize = 5;
/// So many of the last durations are kept.
pub const MOST_DURATIONS: usize = 256;

/// How long the last tasks of a kind took. O(1) to add to, O(n log n) to ask, where n is at most [`MOST_DURATIONS`].
///
/// ```
/// use polity::lifecycle::Durations;
/// use std::time::Duration;
/// let mut all = Durations::default();
/// (1..=4).for_each(|n| all.add(Duration::from_secs(n)));
/// assert_eq!(all.percentile(50), None, "four are too few");
/// all.add(Duration::from_secs(5));
/// assert_eq!(all.percentile(50), Some(Duration::from_secs(3)));
/// assert_eq!(all.percentile(99), Some(Duration::from_secs(5)));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Durations {
    last: Vec<Duration>,
    next: usize,
}
impl Durations {
    /// One more.
    pub fn add(&mut self, took: Duration) {
        match self.last.get_mut(self.next) {
            Some(place) => *place = took,
            None => self.last.push(took),
        }
        self.next = (self.next + 1) % MOST_DURATIONS;
    }
    /// The smallest that so many of a hundred did not exceed (nearest rank); none of fewer than [`LEAST_DURATIONS`].
    pub fn percentile(&self, percent: u8) -> Option<Duration> {
        if self.last.len() < LEAST_DURATIONS {
            return None;
        }
        let mut sorted = self.last.clone();
        sorted.sort_unstable();
        let rank = (usize::from(percent.min(100)) * sorted.len()).div_ceil(100).max(1);
        sorted.get(rank - 1).copied()
    }
}

/// Two tries at one task: the first answer wins.
///
/// ```
/// use polity::lifecycle::{Race, Vote};
/// use polity_protocols::AgentId;
/// let mut race = Race::default();
/// race.held(0, AgentId(3));
/// race.opened();
/// race.held(1, AgentId(4));
/// assert_eq!(race.failed(0), Vote::Open, "the other still runs");
/// let Vote::Decided { agree, why, .. } = race.answered(1, serde_json::json!(42).into()) else { panic!() };
/// assert_eq!((agree, &*why), (vec![AgentId(4)], "the second try answered"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Race {
    agents: [Option<AgentId>; 2],
    second: bool,
    failed: u32,
}
impl Race {
    /// True once there is a second.
    pub fn has_second(&self) -> bool {
        self.second
    }
    /// There is a second now.
    pub fn opened(&mut self) {
        self.second = true;
    }
    /// A try was awarded to an agent; the latest counts.
    pub fn held(&mut self, which: u32, agent: AgentId) {
        if let Some(place) = self.agents.get_mut(which as usize) {
            *place = Some(agent);
        }
    }
    /// A try gave a result.
    pub fn answered(&mut self, which: u32, output: Arc<Value>) -> Vote {
        let agree = self.agents.get(which as usize).copied().flatten().into_iter().collect();
        let why = match (self.second, which) {
            (false, _) => "",
            (true, 0) => "the first try answered",
            (true, _) => "the second try answered",
        };
        Vote::Decided { output, agree, differ: Vec::new(), why: why.to_owned() }
    }
    /// A try failed for good.
    pub fn failed(&mut self, _which: u32) -> Vote {
        self.failed += 1;
        if self.failed < 1 + u32::from(self.second) {
            return Vote::Open;
        }
        Vote::Undecided { differ: Vec::new(), message: None }
    }
}
