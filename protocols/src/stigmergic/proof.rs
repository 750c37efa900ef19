//! What the jobs of an agent prove of it, against what it declared: a posterior mean.

use core::time::Duration;

/// How many jobs the claim counts for. It is a claim until proven: after so many jobs it weighs no more than they do.
const CLAIM: f64 = 2.0;
/// Between which factors the time of one job is believed, relative to the time that was declared.
const TIMES: (f64, f64) = (0.1, 10.0);

/// The jobs that an agent has ended at one kind of work, fading as its trail does: per job by the share that a trail loses per period.
///
/// With times that are exponential and a Gamma prior on their rate, whose mean is what was declared and which counts for `k` jobs, the
/// posterior mean of the rate after `n` jobs that took `x` times the declared seconds in all is `(k + n) / (k + x)` of the declared one; with
/// a Beta prior of as many successes, that of success is `(k + g) / (k + n)`. Jobs without an estimate of their work tell of success only.
///
/// ```
/// use polity_protocols::stigmergic::Proof;
/// use std::time::Duration;
/// let mut proof = Proof::default();
/// assert_eq!((proof.pace(), proof.success()), (1.0, 1.0));
/// for _ in 0..6 {
///     proof.add(1.0, Duration::from_secs(5), 1.0, 0.0); // it declared 1 s, and took 5
/// }
/// assert_eq!((proof.pace(), proof.success()), (8.0 / 32.0, 1.0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Proof {
    /// Jobs whose time was known, and their times, relative to the declared ones.
    timed: f64,
    times: f64,
    /// Jobs, and how many of them were done well.
    jobs: f64,
    good: f64,
}

impl Proof {
    /// How fast it is, relative to what it declared.
    pub fn pace(&self) -> f64 {
        (CLAIM + self.timed) / (CLAIM + self.times)
    }
    /// Which share of its jobs it does well.
    pub fn success(&self) -> f64 {
        (CLAIM + self.good) / (CLAIM + self.jobs)
    }
    /// A job ended. `declared`: its seconds at the declared rate; not above 0, or not finite, if nobody knew. `quality`: 0 if it failed. What
    /// was proven before fades by `decay`.
    pub fn add(&mut self, declared: f64, took: Duration, quality: f64, decay: f64) {
        let kept = 1.0 - decay;
        let time = took.as_secs_f64() / declared;
        if quality > 0.0 && time > 0.0 && time.is_finite() {
            self.timed = self.timed * kept + 1.0;
            self.times = self.times * kept + time.clamp(TIMES.0, TIMES.1);
        }
        self.jobs = self.jobs * kept + 1.0;
        self.good = self.good * kept + share(quality);
    }
    /// A job that counted as done well was of this quality.
    pub fn judged(&mut self, quality: f64) {
        self.good = (self.good - (1.0 - share(quality))).max(0.0);
    }
    /// What a later life may read.
    pub fn numbers(&self) -> [f64; 4] {
        [self.timed, self.times, self.jobs, self.good]
    }
    /// What an earlier life saved, if it makes sense.
    pub fn read(numbers: &[f64]) -> Option<Proof> {
        let [timed, times, jobs, good] = *numbers else { return None };
        let sound = numbers.iter().all(|n| n.is_finite() && *n >= 0.0) && good <= jobs && (timed == 0.0) == (times == 0.0);
        sound.then_some(Proof { timed, times, jobs, good })
    }
}

fn share(quality: f64) -> f64 {
    if quality.is_nan() { 0.0 } else { quality.clamp(0.0, 1.0) }
}
