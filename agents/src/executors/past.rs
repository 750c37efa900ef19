//! What is known of jobs that were done before: they take as much work again, and end as they did.

use super::{Draw, SimEnd};
use crate::failure::Failure;
use crate::job::Job;
use core::time::Duration;
use polity_protocols::{Name, Rng, seconds_to_duration};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How a job ended that was done before.
#[derive(Clone, Debug, PartialEq)]
pub enum PastEnd {
    /// With an answer.
    Answered(Arc<Value>),
    /// With a failure.
    Failed(Arc<Failure>),
    /// Its agent was lost under it.
    Crashed,
    /// It did not end by itself: its time was over.
    Hung,
}

/// A job that was done before: one launch of one attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Deed {
    /// The attempt.
    pub attempt: u32,
    /// The launch.
    pub launch: u32,
    /// How long it took then.
    pub took: Duration,
    /// Speed × fit of the agent that did it. Its work is `took` × this.
    pub rate: f64,
    /// How it ended.
    pub end: PastEnd,
}
impl Deed {
    /// Its work: seconds at speed 1 and fit 1.
    pub fn work(&self) -> f64 {
        self.took.as_secs_f64() * self.rate
    }
    /// What it comes to at another rate: at the same one exactly what it was.
    pub(super) fn again(&self, rate: f64) -> Draw {
        let end = match self.end {
            PastEnd::Answered(_) => SimEnd::Succeed,
            PastEnd::Failed(_) => SimEnd::Fail,
            PastEnd::Crashed => SimEnd::Crash,
            PastEnd::Hung => return Draw { duration: Duration::MAX, end: SimEnd::Hang },
        };
        let same = rate.to_bits() == self.rate.to_bits() || self.took.is_zero();
        let seconds = if rate > 0.0 { self.work() / rate } else { f64::INFINITY };
        Draw { duration: if same { self.took } else { seconds_to_duration(seconds) }, end }
    }
}

/// Jobs that were done before, by run and task, in the order in which they were done.
///
/// A job is found by its attempt. Of one attempt there are several launches if agents were lost under it: then by its launch; or if that is not
/// known, since more or fewer agents refused it than then, by how many launches went before. Beyond the last one nothing is known.
///
/// ```
/// use polity_agents::{Deed, Job, Past, PastEnd, SimEnd, Simulation, Work, draw};
/// use std::{sync::Arc, time::Duration};
/// let end = PastEnd::Answered(Arc::new("done".into()));
/// let deed = Deed { attempt: 1, launch: 1, took: Duration::from_secs(6), rate: 1.0, end };
/// let mut past = Past::default();
/// past.add("brave-otter".into(), "a".into(), deed);
/// let simulation = Simulation { past: Some(Arc::new(past)), ..Simulation::default() };
/// let job = Job { run: "brave-otter".into(), ..Job::new("a", Work::Own) };
/// let drawn = draw(&simulation, &job, 2.0, &mut polity_protocols::Rng::new(1, "x"));
/// assert_eq!((drawn.duration.as_secs(), drawn.end), (3, SimEnd::Succeed));
/// assert_eq!(simulation.answer(&job, false).unwrap(), "done");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    runs: BTreeMap<Name, BTreeMap<Name, Vec<Deed>>>,
    /// Of a task that was done several times, by its instances: one is repeated.
    courses: BTreeMap<Name, Vec<Arc<[Deed]>>>,
}
impl Past {
    /// Adds a job that was done after all those of the same task that were added before.
    pub fn add(&mut self, run: Name, task: Name, deed: Deed) {
        self.runs.entry(run).or_default().entry(task).or_default().push(deed);
    }
    /// Adds a course of a task: all its launches in one run, in order. `task` is called as in that run, `dig[3]` for an instance. Of all courses
    /// that are added each run repeats one ([`drawn`](Past::drawn)); so all of them must be of the same task of a workflow.
    pub fn add_course(&mut self, task: Name, course: impl Into<Arc<[Deed]>>) {
        self.courses.entry(task).or_default().push(course.into());
    }
    /// What a job repeats of its past courses: one of those that were called as it is; one of all, if none was. `lot` decides which: it must be the
    /// same for all attempts at a task, since failures and durations of a course belong together. None if there are no courses, or the run
    /// itself is known. O(instances).
    ///
    /// ```
    /// use polity_agents::{Deed, Job, Past, PastEnd, Work};
    /// use std::{sync::Arc, time::Duration};
    /// let answered = |seconds| {
    ///     let end = PastEnd::Answered(Arc::new("done".into()));
    ///     Deed { attempt: 1, launch: 1, took: Duration::from_secs(seconds), rate: 1.0, end }
    /// };
    /// let mut past = Past::default();
    /// past.add_course("a".into(), [answered(6)]);
    /// past.add_course("a".into(), [answered(8)]);
    /// let job = Job::new("a", Work::Own);
    /// let took = |lot| past.drawn(&job, lot).unwrap().of(&job).unwrap().took.as_secs();
    /// assert_eq!(took(1), took(1));
    /// assert!((0..20).any(|lot| took(lot) == 6) && (0..20).any(|lot| took(lot) == 8));
    /// ```
    pub fn drawn(&self, job: &Job, lot: u64) -> Option<Past> {
        if self.courses.is_empty() || !self.launches(&job.run, &job.name).is_empty() {
            return None;
        }
        let mut rng = Rng::new(lot, "past");
        let course = match self.courses.get(&job.name) {
            Some(own) => own.get(rng.below(own.len())),
            None => self.courses.values().flatten().nth(rng.below(self.courses.values().map(Vec::len).sum())),
        }?;
        let mut past = Past::default();
        course.iter().for_each(|deed| past.add(job.run.clone(), job.name.clone(), deed.clone()));
        Some(past)
    }
    /// All launches of a task that are known, in order.
    pub fn launches(&self, run: &str, task: &str) -> &[Deed] {
        self.runs.get(run).and_then(|tasks| tasks.get(task)).map_or(&[], Vec::as_slice)
    }
    /// What is known of a job. O(log tasks + launches of the task).
    pub fn of(&self, job: &Job) -> Option<&Deed> {
        let launches = self.launches(&job.run, &job.name);
        let before = launches.iter().filter(|deed| deed.attempt < job.id.attempt);
        let lost_before = before.clone().count() - before.map(|deed| deed.attempt).collect::<BTreeSet<_>>().len();
        let again = (job.id.launch.saturating_sub(job.id.attempt) as usize).saturating_sub(lost_before);
        let own = || launches.iter().filter(|deed| deed.attempt == job.id.attempt);
        let exact = own().find(|deed| deed.launch == job.id.launch);
        exact.or_else(|| own().nth(again)).or_else(|| own().next_back().filter(|deed| deed.end != PastEnd::Crashed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{JobId, Work};

    fn deed(attempt: u32, launch: u32, seconds: u64, end: PastEnd) -> Deed {
        Deed { attempt, launch, took: Duration::from_secs(seconds), rate: 0.3, end }
    }
    fn job(attempt: u32, launch: u32) -> Job {
        let job = Job::new("a", Work::Own);
        Job { id: JobId { attempt, launch, ..job.id }, run: "r".into(), ..job }
    }

    #[test]
    fn a_launch_is_found_by_its_attempt_and_by_the_losses_before_it() {
        let failed = PastEnd::Failed(Arc::new(Failure::error("no")));
        let ends = [(1, PastEnd::Crashed), (1, failed), (2, PastEnd::Crashed), (2, PastEnd::Crashed), (2, PastEnd::Hung)];
        let mut past = Past::default();
        for (seconds, (attempt, end)) in (1..).zip(ends) {
            past.add("r".into(), "a".into(), deed(attempt, seconds as u32, seconds, end));
        }
        let found = |attempt, launch| past.of(&job(attempt, launch)).map(|deed| deed.took.as_secs());
        assert_eq!([(1, 1), (1, 2), (2, 3), (2, 4), (2, 5)].map(|(a, l)| found(a, l)), [1, 2, 3, 4, 5].map(Some));
        assert_eq!(found(1, 9), Some(2), "refusals in between: the last launch of the attempt");
        assert_eq!(found(2, 8), Some(5), "the same");
        assert_eq!(found(3, 6), None);
        assert_eq!(past.of(&Job { run: "other".into(), ..job(1, 1) }), None);
    }
    #[test]
    fn a_course_is_drawn_whole_and_by_its_name_if_that_is_known() {
        let mut past = Past::default();
        let failed = || PastEnd::Failed(Arc::new(Failure::error("no")));
        let answered = || PastEnd::Answered(Arc::new(Value::Null));
        past.add_course("a".into(), [deed(1, 1, 1, failed()), deed(2, 2, 11, answered())]);
        past.add_course("a".into(), [deed(1, 1, 2, failed()), deed(2, 2, 12, answered())]);
        past.add_course("a[7]".into(), [deed(1, 1, 3, failed()), deed(2, 2, 13, answered())]);
        let seconds = |name: &str, attempt, lot| {
            let job = Job { name: name.into(), ..job(attempt, attempt) };
            past.drawn(&job, lot).and_then(|past| Some(past.of(&job)?.took.as_secs()))
        };
        let both = |name, lot| (seconds(name, 1, lot), seconds(name, 2, lot));
        let all = |name| (0..64).map(|lot| both(name, lot)).collect::<BTreeSet<_>>();
        let [first, second, third] = [1, 2, 3].map(|n| (Some(n), Some(10 + n)));
        assert_eq!(all("a"), [first, second].into());
        assert_eq!(all("a[7]"), [third].into());
        assert_eq!(all("a[8]"), [first, second, third].into(), "an instance that nobody knows is as any of its task");
        assert_eq!(seconds("a", 3, 0), None);
    }
    #[test]
    fn what_was_last_lost_is_not_lost_for_ever() {
        let mut past = Past::default();
        past.add("r".into(), "a".into(), deed(1, 1, 1, PastEnd::Crashed));
        assert!(past.of(&job(1, 1)).is_some() && past.of(&job(1, 2)).is_none());
    }
    #[test]
    fn at_the_same_rate_it_takes_exactly_as_long() {
        let end = PastEnd::Answered(Arc::new(Value::Null));
        let odd = Deed { attempt: 1, launch: 1, took: Duration::from_nanos(1_234_567_891), rate: 0.7 * 0.9, end };
        assert_eq!(odd.again(0.7 * 0.9).duration, odd.took);
        assert_eq!(odd.again(0.7 * 1.8).duration, Duration::from_nanos(617_283_946));
        assert_eq!(odd.again(0.0).duration, seconds_to_duration(f64::INFINITY));
    }
}
