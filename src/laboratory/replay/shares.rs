//! Where the time went, along the path that decided how long a run took.

use crate::event::{Event, RunId, What};
use crate::report::{Close, Report, State, Stint, Timeline};
use polity_protocols::{TaskId, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Seconds of a run along its critical path ([`Report::critical_path`]), by what they went to. Their sum is the makespan.
///
/// ```
/// use polity::laboratory::Shares;
/// let shares = Shares { work: 3.0, backoff: 1.0, ..Shares::default() };
/// assert_eq!(shares.sum(), 4.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shares {
    /// Work that came to something.
    pub work: f64,
    /// Work that failed, or was lost with its agent.
    pub lost: f64,
    /// Waiting for a slot: nobody able was free, or the job lay in its agent's queue; or for its turn to be announced.
    pub waiting: f64,
    /// Finding an agent although one was free.
    pub coordination: f64,
    /// Waiting after a failure.
    pub backoff: f64,
    /// Sub-runs.
    pub parts: f64,
    /// The rest: before the path's first task, after its last one, and between them.
    pub other: f64,
}
impl Shares {
    /// All of it.
    pub fn sum(&self) -> f64 {
        self.work + self.lost + self.waiting + self.coordination + self.backoff + self.parts + self.other
    }
    /// Each with its word, in order.
    pub fn named(&self) -> [(&'static str, f64); 7] {
        [
            ("work", self.work),
            ("lost work", self.lost),
            ("waiting", self.waiting),
            ("coordination", self.coordination),
            ("back-off", self.backoff),
            ("sub-runs", self.parts),
            ("other", self.other),
        ]
    }

    /// Of a run: O(events).
    pub(super) fn of(report: &Report, run: RunId, events: &[Event]) -> Shares {
        let (mut timeline, mut announced) = (Timeline::of(run), BTreeMap::<TaskId, Vec<Time>>::new());
        for event in events {
            timeline.take(event);
            if let What::Announced { task, .. } = &event.what {
                announced.entry(*task).or_default().push(event.at);
            }
        }
        let mut stints: BTreeMap<TaskId, Vec<Stint>> = BTreeMap::new();
        timeline.stints().for_each(|stint| stints.entry(stint.task).or_default().push(stint));
        let mut walk = Walk { shares: Shares::default(), at: report.began().unwrap_or(Time::ZERO) };
        for step in report.critical_path().steps {
            let (task, Some(record)) = (TaskId::new(run.0, step), report.task(step)) else { continue };
            let (own, told) =
                (stints.get(&task).map_or(&[][..], Vec::as_slice), announced.get(&task).map_or(&[][..], Vec::as_slice));
            walk.task(own, told);
            let end = record.ended_at().unwrap_or(report.now());
            let by_others = own.is_empty() && told.is_empty() && record.worked().is_zero();
            walk = match record.state {
                _ if own.is_empty() && !record.worked().is_zero() => walk.until(end, |shares| &mut shares.work),
                State::Nested => walk.until(end, |shares| &mut shares.parts),
                _ if by_others && !record.took().is_zero() => walk.until(end, |shares| &mut shares.parts),
                _ => walk.until(end, |shares| &mut shares.other),
            };
        }
        walk.until(report.now(), |shares| &mut shares.other).shares
    }
}

/// Goes along the path; what it has passed is counted.
struct Walk {
    shares: Shares,
    at: Time,
}
impl Walk {
    fn until(mut self, to: Time, what: fn(&mut Shares) -> &mut f64) -> Walk {
        self.go(to, what);
        self
    }
    fn go(&mut self, to: Time, what: fn(&mut Shares) -> &mut f64) {
        *what(&mut self.shares) += to.since(self.at).as_secs_f64();
        self.at = self.at.max(to);
    }
    fn task(&mut self, stints: &[Stint], announced: &[Time]) {
        let mut before = None;
        for stint in stints {
            let told = announced.iter().rev().find(|at| **at <= stint.assigned).copied().unwrap_or(stint.able);
            match before {
                Some(Close::Retried) => self.go(told, |shares| &mut shares.backoff),
                Some(_) => self.go(told, |shares| &mut shares.coordination),
                None => self.go(told.min(stint.able), |shares| &mut shares.waiting),
            }
            self.go(stint.able, |shares| &mut shares.waiting);
            self.go(stint.assigned, |shares| &mut shares.coordination);
            self.go(stint.started, |shares| &mut shares.waiting);
            let well = stint.close == Close::Done;
            self.go(stint.ended, if well { |shares| &mut shares.work } else { |shares| &mut shares.lost });
            before = Some(stint.close);
        }
    }
}
