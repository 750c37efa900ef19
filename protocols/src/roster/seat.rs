//! One member: its profile and the jobs that our awards gave it.

use crate::ids::{DemandId, TaskId};
use crate::profile::Profile;
use crate::time::Time;
use std::collections::VecDeque;

/// A job that should be in one of the agent's slots.
#[derive(Clone, Copy, Debug)]
struct Running {
    task: TaskId,
    started: Time,
    seconds: f64,
}

/// One member of a roster.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    pub(super) profile: Profile,
    /// The demands with a table that it can meet.
    pub(super) demands: Vec<DemandId>,
    /// It refused, and is left alone until then.
    pub(super) resting: Option<Time>,
    /// What the tables' free lists say, so that they are touched only by a change.
    pub(super) listed_free: bool,
    running: Vec<Running>,
    /// In order of award.
    waiting: VecDeque<TaskId>,
    /// Of the waiting jobs without husks.
    waiting_jobs: u32,
    waiting_seconds: f64,
}

impl Seat {
    pub(super) fn new(profile: Profile) -> Seat {
        Seat {
            profile,
            demands: Vec::new(),
            resting: None,
            listed_free: true,
            running: Vec::new(),
            waiting: VecDeque::new(),
            waiting_jobs: 0,
            waiting_seconds: 0.0,
        }
    }
    fn slots(&self) -> usize {
        self.profile.slots.max(1) as usize
    }
    pub(super) fn is_free(&self) -> bool {
        self.resting.is_none() && self.running.len() < self.slots()
    }
    pub(super) fn jobs(&self) -> u32 {
        self.running.len() as u32 + self.waiting_jobs
    }
    pub(super) fn take(&mut self, task: TaskId, seconds: f64, now: Time) {
        if self.running.len() < self.slots() {
            self.running.push(Running { task, started: now, seconds });
        } else {
            self.waiting.push_back(task);
            self.waiting_jobs += 1;
            self.waiting_seconds += seconds;
        }
    }
    /// Drops a job and starts the next that waits; `seconds_of` tells a live job's estimate, `None` of one that ended.
    pub(super) fn drop_job(&mut self, task: TaskId, seconds: f64, now: Time, seconds_of: impl Fn(TaskId) -> Option<f64>) {
        match self.running.iter().position(|job| job.task == task) {
            Some(at) => {
                self.running.remove(at);
                self.start_next(now, seconds_of);
            }
            None => {
                // At once, and not as a husk: the task may be given to this agent again. What was refused came last.
                if let Some(at) = self.waiting.iter().rposition(|waiting| *waiting == task) {
                    self.waiting.remove(at);
                }
                self.unwait(seconds);
            }
        }
    }
    fn start_next(&mut self, now: Time, seconds_of: impl Fn(TaskId) -> Option<f64>) {
        while let Some(task) = self.waiting.pop_front() {
            if let Some(seconds) = seconds_of(task) {
                self.unwait(seconds);
                self.running.push(Running { task, started: now, seconds });
                break;
            }
        }
    }
    fn unwait(&mut self, seconds: f64) {
        self.waiting_jobs = self.waiting_jobs.saturating_sub(1);
        // Sums of differences drift; an empty queue is the moment to be exact again.
        self.waiting_seconds = if self.waiting_jobs == 0 { 0.0 } else { (self.waiting_seconds - seconds).max(0.0) };
        if self.waiting_jobs == 0 {
            self.waiting.clear();
        }
    }
    /// Seconds until a further job would start.
    pub(super) fn wait(&self, now: Time) -> f64 {
        let rest = self.resting.map_or(0.0, |until| until.since(now).as_secs_f64());
        self.wait_for_slot(now).max(rest)
    }
    fn wait_for_slot(&self, now: Time) -> f64 {
        if self.running.len() < self.slots() {
            return 0.0;
        }
        let left = self.running.iter().map(|job| (job.seconds - now.since(job.started).as_secs_f64()).max(0.0));
        if self.waiting_jobs == 0 {
            left.fold(f64::INFINITY, f64::min)
        } else {
            (left.sum::<f64>() + self.waiting_seconds) / self.slots() as f64
        }
    }
}
