//! An agent's body: its slots and its queue. A pure machine; the agent alone owns it.

use crate::job::JobId;
use core::cmp::Ordering;
use polity_protocols::{Load, Time, seconds_to_duration};
use std::collections::{BTreeMap, BinaryHeap};

/// What became of a job that was offered to a [`Body`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// It has a slot: begin it now.
    Start,
    /// It waits for a slot.
    Queued,
    /// Slots and queue are full, or the body is draining: give it back, so that it is announced again.
    Refused,
    /// The body holds this very job already: the offer came twice.
    Duplicate,
}

/// What a [`Body`] knows of a job that is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancel {
    /// It is in a slot: stop it. It keeps the slot until it is reported [`Body::finished`].
    Running,
    /// It waited, and is forgotten now.
    Queued,
    /// Never offered, or over already. A cancel that overtakes its offer is the caller's to remember.
    Unknown,
}

/// A rank, ordered so that the highest comes first. NaN comes last.
#[derive(Clone, Copy, Debug)]
struct Place {
    rank: f64,
    arrival: u64,
}
impl Place {
    fn new(rank: f64, arrival: u64) -> Place {
        // `+ 0.0` makes -0.0 the same rank as 0.0, so that those two are first come, first served.
        Place { rank: if rank.is_nan() { f64::NEG_INFINITY } else { rank + 0.0 }, arrival }
    }
}
impl Ord for Place {
    fn cmp(&self, other: &Place) -> Ordering {
        other.rank.total_cmp(&self.rank).then(self.arrival.cmp(&other.arrival))
    }
}
impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Place) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Place {
    fn eq(&self, other: &Place) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Place {}

/// A job that waits: which, and its expected duration in nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    job: JobId,
    nanos: u64,
}

/// Jobs in slots, in order of id, and when each is expected to end. A sorted list, since a tree's only node would be allocated anew for
/// each job of an agent with one slot.
#[derive(Clone, Debug, Default)]
struct Slots(Vec<(JobId, Time)>);
impl Slots {
    fn place(&self, job: JobId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&job, |(job, _)| *job)
    }
    fn contains(&self, job: JobId) -> bool {
        self.place(job).is_ok()
    }
    fn insert(&mut self, job: JobId, end: Time) {
        if let Err(at) = self.place(job) {
            self.0.insert(at, (job, end));
        }
    }
    /// False if it was in no slot.
    fn remove(&mut self, job: JobId) -> bool {
        self.place(job).map(|at| self.0.remove(at)).is_ok()
    }
    fn ends(&self) -> impl Iterator<Item = Time> + '_ {
        self.0.iter().map(|(_, end)| *end)
    }
}

/// An agent's slots and queue.
///
/// ```
/// use polity_agents::{Body, Cancel, JobId, Offer};
/// use polity_protocols::{TaskId, Time};
/// let job = |n| JobId { task: TaskId::new(0, n), attempt: 1, launch: 1 };
/// let mut body = Body::new(1, 8);
/// let now = Time::ZERO;
/// assert_eq!(body.offer(job(1), 4.0, 0.0, now), Offer::Start);
/// assert_eq!(body.offer(job(2), 1.0, 0.0, now), Offer::Queued);
/// assert_eq!(body.offer(job(3), 1.0, 9.0, now), Offer::Queued);
/// assert_eq!(body.load(now).backlog, 6.0);
/// assert_eq!(body.finished(job(1), now), Some(job(3))); // the higher rank first
/// assert_eq!(body.cancel(job(2), now), Cancel::Queued);
/// ```
#[derive(Clone, Debug)]
pub struct Body {
    slots: u32,
    queue_limit: u32,
    /// Job in a slot → when it is expected to end.
    running: Slots,
    queue: BTreeMap<Place, Waiting>,
    /// Where in the queue a job stands, so that a cancel needs no search.
    places: BTreeMap<JobId, Place>,
    /// The sum over the queue. In whole nanoseconds, since sums of floats drift when terms come and go.
    queued_nanos: u128,
    arrivals: u64,
    draining: bool,
}

impl Body {
    /// A body with `slots` jobs at a time (0 counts as 1) and room for `queue_limit` more that wait.
    pub fn new(slots: u32, queue_limit: u32) -> Body {
        Body {
            slots: slots.max(1),
            queue_limit,
            running: Slots::default(),
            queue: BTreeMap::new(),
            places: BTreeMap::new(),
            queued_nanos: 0,
            arrivals: 0,
            draining: false,
        }
    }

    /// Takes a job that is expected to last `seconds` here, if there is room. A higher `rank` starts earlier; equal ones in order of
    /// arrival. O(log jobs).
    pub fn offer(&mut self, job: JobId, seconds: f64, rank: f64, now: Time) -> Offer {
        if self.running.contains(job) || self.places.contains_key(&job) {
            return Offer::Duplicate;
        }
        if self.draining {
            return Offer::Refused;
        }
        if self.running() < self.slots {
            self.running.insert(job, now + seconds_to_duration(seconds));
            return Offer::Start;
        }
        if self.queued() >= self.queue_limit {
            return Offer::Refused;
        }
        let place = Place::new(rank, self.arrivals);
        let waiting = Waiting { job, nanos: Time::from_secs_f64(seconds).as_nanos() };
        self.arrivals += 1;
        self.queued_nanos += u128::from(waiting.nanos);
        self.queue.insert(place, waiting);
        self.places.insert(job, place);
        Offer::Queued
    }

    /// A job has left its slot, however it ended. Gives the job that takes the slot, which is to begin now. A job that is in no slot
    /// changes nothing: a late voice. O(log jobs).
    pub fn finished(&mut self, job: JobId, now: Time) -> Option<JobId> {
        self.running.remove(job).then_some(())?;
        let (place, next) = self.queue.first_key_value().map(|(place, next)| (*place, *next))?;
        self.take(place);
        self.running.insert(next.job, now + core::time::Duration::from_nanos(next.nanos));
        Some(next.job)
    }

    /// Forgets a job that waits, or tells that it must be stopped. O(log jobs).
    pub fn cancel(&mut self, job: JobId, _now: Time) -> Cancel {
        if self.running.contains(job) {
            return Cancel::Running;
        }
        match self.places.get(&job).copied() {
            Some(place) => {
                self.take(place);
                Cancel::Queued
            }
            None => Cancel::Unknown,
        }
    }

    fn take(&mut self, place: Place) {
        if let Some(gone) = self.queue.remove(&place) {
            self.places.remove(&gone.job);
            self.queued_nanos -= u128::from(gone.nanos);
        }
    }

    /// How busy it is. The backlog counts what is left of the running jobs' expected durations (0 for one that is overdue) and the
    /// whole of the waiting ones'. O(slots).
    ///
    /// ```
    /// use polity_agents::{Body, JobId};
    /// use polity_protocols::{TaskId, Time};
    /// let mut body = Body::new(2, 8);
    /// body.offer(JobId { task: TaskId::new(0, 1), attempt: 1, launch: 1 }, 4.0, 0.0, Time::ZERO);
    /// assert_eq!(body.load(Time::from_secs_f64(1.0)).backlog, 3.0);
    /// assert_eq!(body.load(Time::from_secs_f64(9.0)).backlog, 0.0);
    /// ```
    pub fn load(&self, now: Time) -> Load {
        let running: u128 = self.running.ends().map(|end| end.since(now).as_nanos()).sum();
        Load { running: self.running(), queued: self.queued(), backlog: (running + self.queued_nanos) as f64 / 1e9 }
    }

    /// When a job that comes now, of a rank below all that wait, is expected to start. See [`Body::expected_start_of`].
    pub fn expected_start(&self, now: Time) -> Time {
        self.expected_start_of(f64::NEG_INFINITY, now)
    }

    /// When a job of this rank that comes now is expected to start, if nothing else comes: list scheduling over the slots.
    /// O((slots + queued) · log slots).
    ///
    /// ```
    /// use polity_agents::{Body, JobId};
    /// use polity_protocols::{TaskId, Time};
    /// let job = |n| JobId { task: TaskId::new(0, n), attempt: 1, launch: 1 };
    /// let mut body = Body::new(1, 8);
    /// body.offer(job(1), 4.0, 0.0, Time::ZERO);
    /// body.offer(job(2), 2.0, 5.0, Time::ZERO);
    /// assert_eq!(body.expected_start(Time::ZERO).as_secs_f64(), 6.0);
    /// assert_eq!(body.expected_start_of(9.0, Time::ZERO).as_secs_f64(), 4.0);
    /// ```
    pub fn expected_start_of(&self, rank: f64, now: Time) -> Time {
        if self.running() < self.slots {
            return now;
        }
        let mut free: BinaryHeap<_> = self.running.ends().map(|end| core::cmp::Reverse(end.max(now))).collect();
        let mine = Place::new(rank, self.arrivals);
        for ahead in self.queue.range(..mine).map(|(_, waiting)| waiting) {
            if let Some(mut slot) = free.peek_mut() {
                slot.0 = slot.0 + core::time::Duration::from_nanos(ahead.nanos);
            }
        }
        free.peek().map_or(now, |slot| slot.0)
    }

    /// Stops admitting, and gives back the jobs that wait, in the order in which they would have started. The running ones stay.
    pub fn drain(&mut self) -> Vec<JobId> {
        self.draining = true;
        self.places.clear();
        self.queued_nanos = 0;
        core::mem::take(&mut self.queue).into_values().map(|waiting| waiting.job).collect()
    }

    /// True after [`Body::drain`]: every further offer is refused.
    pub fn is_draining(&self) -> bool {
        self.draining
    }
    /// How many jobs are in slots.
    pub fn running(&self) -> u32 {
        self.running.0.len() as u32
    }
    /// How many jobs wait.
    pub fn queued(&self) -> u32 {
        self.queue.len() as u32
    }
    /// The jobs in slots, in order of id.
    pub fn running_jobs(&self) -> impl Iterator<Item = JobId> + '_ {
        self.running.0.iter().map(|(job, _)| *job)
    }
    /// True if it holds no job.
    pub fn is_idle(&self) -> bool {
        self.running.0.is_empty() && self.queue.is_empty()
    }
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
