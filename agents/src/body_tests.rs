//! The body against a plain model of it, under random life.

use super::*;
use polity_protocols::TaskId;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use std::collections::BTreeSet;

fn job(n: u32) -> JobId {
    JobId { task: TaskId::new(0, n), attempt: 1, launch: 1 }
}

#[derive(Clone, Debug)]
enum Step {
    Offer(u32, f64, f64),
    Finish(u32),
    Cancel(u32),
    Drain,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..40u32, 0.0..10.0f64, 0..4u32).prop_map(|(n, seconds, rank)| Step::Offer(n, seconds, f64::from(rank))),
        8 => (0..40u32).prop_map(Step::Finish),
        4 => (0..40u32).prop_map(Step::Cancel),
        1 => Just(Step::Drain),
    ]
}

/// The plainest thing that could be right: a list that waits, in order of arrival.
#[derive(Default)]
struct Model {
    running: BTreeSet<JobId>,
    waiting: Vec<(JobId, f64, f64)>,
    drained: bool,
}
impl Model {
    fn next(&mut self) -> Option<JobId> {
        let best = self.waiting.iter().map(|w| w.2).fold(f64::NEG_INFINITY, f64::max);
        let at = self.waiting.iter().position(|w| w.2 == best)?;
        let id = self.waiting.remove(at).0;
        self.running.insert(id);
        Some(id)
    }
    fn apply(&mut self, body: &mut Body, slots: usize, limit: usize, step: &Step, now: Time) -> String {
        match *step {
            Step::Offer(n, seconds, rank) => {
                let held = self.running.contains(&job(n)) || self.waiting.iter().any(|w| w.0 == job(n));
                let expected = if held {
                    Offer::Duplicate
                } else if self.drained {
                    Offer::Refused
                } else if self.running.len() < slots {
                    self.running.insert(job(n));
                    Offer::Start
                } else if self.waiting.len() < limit {
                    self.waiting.push((job(n), seconds, rank));
                    Offer::Queued
                } else {
                    Offer::Refused
                };
                assert_eq!(body.offer(job(n), seconds, rank, now), expected);
                format!("offer: {expected:?}")
            }
            Step::Finish(n) => {
                let next = if self.running.remove(&job(n)) { self.next() } else { None };
                assert_eq!(body.finished(job(n), now), next);
                format!("finished: next {}", next.is_some())
            }
            Step::Cancel(n) => {
                let waited = self.waiting.len();
                self.waiting.retain(|w| w.0 != job(n));
                let expected = if self.running.contains(&job(n)) {
                    Cancel::Running
                } else if self.waiting.len() < waited {
                    Cancel::Queued
                } else {
                    Cancel::Unknown
                };
                assert_eq!(body.cancel(job(n), now), expected);
                format!("cancel: {expected:?}")
            }
            Step::Drain => {
                let mut back = Vec::new();
                while let Some(id) = self.next() {
                    self.running.remove(&id);
                    back.push(id);
                }
                assert_eq!(body.drain(), back);
                self.drained = true;
                format!("drain: some {}", !back.is_empty())
            }
        }
    }
}

proptest! {
    /// Never more running than slots, never more waiting than the limit, no job lost or held twice, and no slot idle while one waits.
    #[test]
    fn is_its_model(slots in 1..5u32, limit in 0..6u32, steps in proptest::collection::vec(step(), 0..120)) {
        let (mut body, mut model) = (Body::new(slots, limit), Model::default());
        for (at, step) in steps.iter().enumerate() {
            let now = Time::from_secs_f64(at as f64 * 0.5);
            model.apply(&mut body, slots as usize, limit as usize, step, now);
            prop_assert!(body.running() <= slots && body.queued() <= limit);
            prop_assert!(body.queued() == 0 || body.running() == slots);
            prop_assert_eq!(body.running_jobs().collect::<BTreeSet<_>>(), model.running.clone());
            prop_assert_eq!(body.queued() as usize, model.waiting.len());
            let least: f64 = model.waiting.iter().map(|w| w.1).sum();
            let load = body.load(now);
            prop_assert!(load.backlog >= least - 1e-6 && load.backlog <= least + 10.0 * f64::from(slots) + 1e-6);
            prop_assert_eq!((load.running, load.queued), (body.running(), body.queued()));
        }
    }

    /// The start that is promised to the last in the queue is the one that comes about, if estimates hold.
    #[test]
    fn expected_start_comes_about(slots in 1..4u32, seconds in proptest::collection::vec((0.001..9.0f64, 0..3u32), 0..20)) {
        let mut body = Body::new(slots, 64);
        let mut ends: Vec<(Time, JobId)> = Vec::new();
        let length = |n: u32| seconds[n as usize].0;
        for (n, (s, rank)) in (0u32..).zip(&seconds) {
            if body.offer(job(n), *s, f64::from(*rank), Time::ZERO) == Offer::Start {
                ends.push((Time::from_secs_f64(*s), job(n)));
            }
        }
        let promised = body.expected_start(Time::ZERO);
        let last = job(1_000);
        let mut started = (body.offer(last, 1.0, f64::NEG_INFINITY, Time::ZERO) == Offer::Start).then_some(Time::ZERO);
        while started.is_none() {
            ends.sort();
            let (now, done) = ends.remove(0);
            match body.finished(done, now) {
                Some(id) if id == last => started = Some(now),
                Some(id) => ends.push((now + seconds_to_duration(length(id.task.instance())), id)),
                None => prop_assert!(false, "the last job never started"),
            }
        }
        prop_assert_eq!(started, Some(promised));
    }
}

/// Without this, the property above might hold because nothing ever happens.
#[test]
fn random_lives_meet_every_outcome() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let steps = proptest::collection::vec(step(), 0..120);
    let mut met = BTreeSet::new();
    for _ in 0..64 {
        let (mut body, mut model) = (Body::new(2, 3), Model::default());
        let life = steps.new_tree(&mut runner).expect("steps").current();
        met.extend(life.iter().map(|step| model.apply(&mut body, 2, 3, step, Time::ZERO)));
    }
    let all = [
        "cancel: Queued",
        "cancel: Running",
        "cancel: Unknown",
        "drain: some false",
        "drain: some true",
        "finished: next false",
        "finished: next true",
        "offer: Duplicate",
        "offer: Queued",
        "offer: Refused",
        "offer: Start",
    ];
    assert_eq!(met.iter().map(String::as_str).collect::<Vec<_>>(), all);
}

#[test]
fn a_cancelled_running_job_keeps_its_slot_until_it_is_reported() {
    let mut body = Body::new(1, 1);
    assert_eq!(body.offer(job(1), 1.0, 0.0, Time::ZERO), Offer::Start);
    assert_eq!(body.offer(job(2), 1.0, 0.0, Time::ZERO), Offer::Queued);
    assert_eq!(body.cancel(job(1), Time::ZERO), Cancel::Running);
    assert_eq!(body.running(), 1);
    assert_eq!(body.finished(job(1), Time::ZERO), Some(job(2)));
    assert_eq!(body.finished(job(1), Time::ZERO), None, "a late voice frees no slot");
    assert_eq!(body.running(), 1);
}

#[test]
fn estimates_that_make_no_sense_do_no_harm() {
    let mut body = Body::new(1, 8);
    for (n, seconds) in [(1, f64::INFINITY), (2, f64::NAN), (3, -4.0), (4, f64::MAX)] {
        assert_ne!(body.offer(job(n), seconds, f64::NAN, Time::ZERO), Offer::Refused);
    }
    assert!(body.load(Time::ZERO).backlog.is_finite());
    assert_eq!(body.expected_start(Time::ZERO), Time::MAX);
    assert_eq!(body.finished(job(1), Time::ZERO), Some(job(2)));
}

#[test]
fn what_drains_admits_nothing() {
    let mut body = Body::new(2, 8);
    for n in 1..=4 {
        body.offer(job(n), 1.0, f64::from(n), Time::ZERO);
    }
    assert_eq!(body.drain(), [job(4), job(3)]);
    assert!(body.is_draining());
    assert_eq!(body.offer(job(9), 1.0, 0.0, Time::ZERO), Offer::Refused);
    assert_eq!(body.finished(job(1), Time::ZERO), None);
    assert!(!body.is_idle());
    assert_eq!(body.finished(job(2), Time::ZERO), None);
    assert!(body.is_idle());
}
