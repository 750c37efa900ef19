//! A simulated body: slots, a queue, durations by speed and fit, failures, refusals.

use crate::ids::{AgentId, TaskId};
use crate::profile::{Load, Profile};
use crate::rng::Rng;
use crate::task::TaskView;
use crate::time::{Time, seconds_to_duration};
use core::time::Duration;
use std::collections::VecDeque;

/// An agent at a round table: what it says of itself, and how its body really behaves.
///
/// ```
/// use polity_protocols::testing::Body;
/// use polity_protocols::{Capabilities, Profile};
/// let can = Capabilities::default().and("analysis", 0.9);
/// let body = Body::new(Profile::new("ann", can)).queue(4).noise(0.2).failing(0.05);
/// assert_eq!(body.speed, 1.0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// What it declares when it joins.
    pub profile: Profile,
    /// Its true speed; the declared one unless it boasts.
    pub speed: f64,
    /// How many jobs may wait for a slot; it refuses what comes on top.
    pub queue: u32,
    /// Durations are multiplied by `exp(noise · N(0, 1))`; 0 for none.
    pub noise: f64,
    /// The probability that a job fails (at its end).
    pub failure: f64,
    /// The probability that it refuses an award though it has room: other teams keep it busy.
    pub reluctance: f64,
}
impl Body {
    /// A body that is as its profile says, with an endless queue, and never fails.
    pub fn new(profile: Profile) -> Body {
        Body { speed: profile.speed, profile, queue: u32::MAX, noise: 0.0, failure: 0.0, reluctance: 0.0 }
    }
    /// With room for so many waiting jobs.
    pub fn queue(mut self, jobs: u32) -> Body {
        self.queue = jobs;
        self
    }
    /// With noisy durations.
    pub fn noise(mut self, sigma: f64) -> Body {
        self.noise = sigma;
        self
    }
    /// With a probability of failure per job.
    pub fn failing(mut self, probability: f64) -> Body {
        self.failure = probability;
        self
    }
    /// With a probability of refusing without need.
    pub fn reluctant(mut self, probability: f64) -> Body {
        self.reluctance = probability;
        self
    }
    /// With a true speed that differs from the declared one.
    pub fn really(mut self, speed: f64) -> Body {
        self.speed = speed;
        self
    }
    /// The job that the task becomes at this agent. Its luck depends on seed, task and attempt only, so that two protocols face the same.
    pub(super) fn job(&self, task: &TaskView, me: AgentId, fit: f64, seed: u64) -> Job {
        let estimate = self.profile.seconds_for(task.work, fit);
        let rate = self.speed * fit;
        let mut job = Job {
            task: task.id,
            here: task.arrival().at(me),
            estimate,
            seconds: if rate > 0.0 { task.work / rate } else { f64::MAX },
            fails: false,
            reluctant: false,
            started: None,
        };
        if self.noise > 0.0 || self.failure > 0.0 || self.reluctance > 0.0 {
            let number = u64::from(task.id.run()) << 32 | u64::from(task.id.instance());
            let mut luck = Rng::numbered(seed ^ u64::from(task.attempt) << 48, "job", number);
            job.seconds *= libm::exp(self.noise * luck.normal());
            job.fails = luck.chance(self.failure);
            job.reluctant = luck.chance(self.reluctance);
        }
        job
    }
}
impl From<Profile> for Body {
    fn from(profile: Profile) -> Body {
        Body::new(profile)
    }
}

/// One award in a body.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) task: TaskId,
    /// When what it needs is here: it has a slot and waits for that.
    pub(super) here: Time,
    pub(super) fails: bool,
    /// `None` while it waits.
    pub(super) started: Option<Time>,
    /// How long it really takes.
    seconds: f64,
    /// How long it should take by the agent's own word.
    estimate: f64,
    reluctant: bool,
}

impl Job {
    /// How long it has run.
    pub(super) fn took(&self, now: Time) -> Duration {
        self.started.map_or(Duration::ZERO, |started| now.since(started))
    }
}

/// The jobs that one life of an agent holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Jobs {
    running: Vec<Job>,
    waiting: VecDeque<Job>,
}

impl Jobs {
    /// Takes a job, unless there is no room for it; says whether it did. Starting it is left to [`start`](Jobs::start).
    pub(super) fn take(&mut self, body: &Body, job: Job) -> bool {
        let slots = body.profile.slots.max(1) as usize;
        let room = self.running.len() < slots || self.waiting.len() < body.queue as usize;
        let takes = room && !job.reluctant;
        if takes {
            self.waiting.push_back(job);
        }
        takes
    }
    /// Starts the next job if a slot is free: which, and when it will end.
    pub(super) fn start(&mut self, body: &Body, now: Time) -> Option<(TaskId, Time)> {
        if self.running.len() >= body.profile.slots.max(1) as usize {
            return None;
        }
        let mut job = self.waiting.pop_front()?;
        job.started = Some(now);
        let wait = job.here.since(now).as_secs_f64();
        (job.seconds, job.estimate) = (job.seconds + wait, job.estimate + wait);
        let ends = (job.task, now + seconds_to_duration(job.seconds));
        self.running.push(job);
        Some(ends)
    }
    /// Takes a job out, running or waiting.
    pub(super) fn remove(&mut self, task: TaskId) -> Option<Job> {
        if let Some(at) = self.running.iter().position(|job| job.task == task) {
            return Some(self.running.remove(at));
        }
        let at = self.waiting.iter().position(|job| job.task == task)?;
        self.waiting.remove(at)
    }
    pub(super) fn load(&self, now: Time) -> Load {
        let left = |job: &Job| (job.estimate - job.took(now).as_secs_f64()).max(0.0);
        let running: f64 = self.running.iter().map(left).sum();
        let waiting: f64 = self.waiting.iter().map(|job| job.estimate).sum();
        Load { running: self.running.len() as u32, queued: self.waiting.len() as u32, backlog: running + waiting }
    }
}
