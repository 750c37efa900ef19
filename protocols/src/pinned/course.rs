//! How far a run has come in the plan: which of its tasks are still to come, and how late it is.

use super::order::{Plan, Planned};
use crate::Time;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

/// How long past its expected start a task is waited for, as a share of the time of the ready one that could begin instead.
pub(super) const PATIENCE: f64 = 0.5;

/// What is announced so soon after a run's first task was ready when the run began.
pub(super) const OPENING: Duration = Duration::from_millis(1);

/// So many runs of one plan are kept in mind; tasks of an older one are waited for by nobody.
const MOST_RUNS: usize = 64;

/// One run on its way through the plan.
#[derive(Clone, Debug)]
pub(super) struct Course {
    /// By agent of the plan: the places of the tasks with a planned start that were not announced yet.
    awaited: Vec<BTreeSet<u32>>,
    /// When its first task was announced.
    began: Time,
    /// The moment at which the plan began, if the first of the tasks that were ready when the run began is on time. A coordinator that
    /// comes to life in the middle of a run, or hears of a part of it only, so finds its place in the plan.
    origin: f64,
    /// The same, by the task that each agent of the plan began last.
    shifts: Vec<f64>,
    /// The latest of those.
    shift: f64,
}

impl Course {
    fn new(plan: &Plan, now: Time) -> Course {
        let awaited: Vec<BTreeSet<u32>> = plan.lanes().iter().map(|lane| lane.timed().collect()).collect();
        let shifts = vec![f64::NEG_INFINITY; awaited.len()];
        Course { awaited, began: now, origin: f64::NEG_INFINITY, shifts, shift: f64::NEG_INFINITY }
    }
    fn announced(&mut self, task: &Planned, now: Time) {
        self.awaited[task.lane].remove(&task.place);
        if now <= self.began + OPENING {
            self.origin = self.origin.max(now.as_secs_f64() - task.start.unwrap_or(0.0));
        }
    }
    /// An agent begins a task. O(1), but O(agents) if it was the latest until now.
    fn begun(&mut self, lane: usize, shift: f64) {
        let was = core::mem::replace(&mut self.shifts[lane], shift);
        self.shift = if was < self.shift { self.shift.max(shift) } else { self.shifts.iter().copied().fold(shift, f64::max) };
    }
    /// The moment at which the plan seems to have begun: by the agent that is latest, and by the run's beginning if all are early.
    fn beginning(&self, now: Time) -> f64 {
        // Until all that is ready is announced, the first of it may still be missing.
        if now <= self.began + OPENING { self.began.as_secs_f64() } else { self.origin.max(self.shift) }
    }
    /// Whether a ready task that takes so many seconds has to leave the free slots of its agent to tasks that come before it; until when
    /// at most, in seconds. Those count that are expected before it would end, and not for too long already. O(log n + those).
    pub(super) fn held(&self, plan: &Plan, task: &Planned, seconds: f64, free: u32, now: Time) -> Option<f64> {
        let opening = self.began + OPENING + Duration::from_nanos(1);
        let end = if now < opening { opening.as_secs_f64() } else { f64::INFINITY };
        let (now, shift, patience) = (now.as_secs_f64(), self.beginning(now), PATIENCE * seconds);
        let lane = &plan.lanes()[task.lane];
        let from = lane.starts.partition_point(|start| shift + start + patience <= now) as u32 + 1;
        if from >= task.place {
            return None;
        }
        let awaited = self.awaited[task.lane].range(from..task.place);
        let expected = awaited.map(|place| shift + lane.starts[*place as usize - 1]);
        let mut before = expected.take_while(|expected| *expected < now + seconds);
        let first = before.next()?;
        // The first of them makes one; whether there are as many as slots is all that matters.
        let enough = before.take(free as usize).count() as u32 + 1 >= free;
        enough.then_some((first + patience).min(end))
    }
}

/// The runs that follow the plan, by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Courses {
    courses: BTreeMap<u32, Course>,
    /// Runs up to this number were dropped.
    dropped: Option<u32>,
}

impl Courses {
    pub(super) fn of(&self, run: u32) -> Option<&Course> {
        self.courses.get(&run)
    }
    /// A task was announced: nobody waits for it any more. The first one of a run is its beginning.
    pub(super) fn announced(&mut self, run: u32, plan: &Plan, task: &Planned, now: Time) {
        if self.dropped.is_some_and(|dropped| run <= dropped) {
            return;
        }
        let course = self.courses.entry(run).or_insert_with(|| Course::new(plan, now));
        course.announced(task, now);
        if self.courses.len() > MOST_RUNS {
            self.dropped = self.courses.pop_first().map(|(run, _)| run);
        }
    }
    /// A task begins with the agent that it was planned for.
    pub(super) fn begun(&mut self, run: u32, task: &Planned, now: Time) {
        if let (Some(course), Some(start)) = (self.courses.get_mut(&run), task.start) {
            course.begun(task.lane, now.as_secs_f64() - start);
        }
    }
}
