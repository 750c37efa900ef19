//! What outcomes prove of a member, against what it declared.

use core::time::Duration;

/// How much one outcome moves what is believed.
const LEARNING: f64 = 0.2;
/// Between which factors one outcome's speed is believed.
pub(super) const PACES: core::ops::RangeInclusive<f64> = 0.1..=10.0;
/// Nobody is believed to do less of its work well: a way back stays open.
const LEAST: f64 = 0.05;

/// How fast a member proved to be, and how much of what it did was right. It declares both by its rate: that is a claim until proven.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Proof {
    /// How fast it works, relative to what it declared.
    pub swift: f64,
    /// How much of its work is done well, in `(0, 1]`.
    pub right: f64,
    /// How many outcomes taught it.
    pub lessons: u32,
}

impl Proof {
    /// Nothing is proven: what was declared is believed.
    pub(super) const NONE: Proof = Proof { swift: 1.0, right: 1.0, lessons: 0 };

    /// How fast it gets work done well, relative to what it declared: what is failed or wrong has to be done again.
    pub(super) fn pace(&self) -> f64 {
        self.swift * self.right
    }
    /// A job succeeded, with a result of this quality. `expected`: its seconds at the declared rate; 0 if nobody knew.
    pub(super) fn success(&mut self, expected: f64, took: Duration, quality: f64) {
        let took = took.as_secs_f64();
        if expected > 0.0 && took > 0.0 {
            let seen = (expected / took).clamp(*PACES.start(), *PACES.end());
            self.swift += LEARNING * (seen - self.swift);
            self.lessons = self.lessons.saturating_add(1);
        }
        self.weigh(quality);
    }
    /// A job failed.
    pub(super) fn failure(&mut self) {
        self.weigh(0.0);
        self.lessons = self.lessons.saturating_add(1);
    }
    fn weigh(&mut self, quality: f64) {
        self.right = (self.right + LEARNING * (share(quality) - self.right)).max(LEAST);
    }
    /// A success that counted as done well proved to be of this quality.
    pub(super) fn judged(&mut self, quality: f64) {
        self.right = (self.right - LEARNING * (1.0 - share(quality))).max(LEAST);
        self.lessons = self.lessons.saturating_add(1);
    }
    /// What an earlier life saved, if it makes sense.
    pub(super) fn read(numbers: &[f64]) -> Option<Proof> {
        let (swift, lessons, right) = match *numbers {
            [swift, lessons] => (swift, lessons, 1.0),
            [swift, lessons, right] => (swift, lessons, right),
            _ => return None,
        };
        let sound = PACES.contains(&swift) && (LEAST..=1.0).contains(&right);
        sound.then_some(Proof { swift, right, lessons: lessons.max(0.0) as u32 })
    }
    /// What a later life may read.
    pub(super) fn numbers(&self) -> [f64; 3] {
        [self.swift, f64::from(self.lessons), self.right]
    }
}

fn share(quality: f64) -> f64 {
    if quality.is_nan() { 0.0 } else { quality.clamp(0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    proptest! {
        #[test]
        fn a_later_judgement_is_as_if_the_outcome_had_told(quality in 0.0..=1.0f64, before in 0usize..20) {
            let mut told = Proof::NONE;
            (0..before).for_each(|_| told.success(1.0, SECOND, 0.5));
            let mut judged = told;
            told.success(1.0, SECOND, quality);
            judged.success(1.0, SECOND, 1.0);
            judged.judged(quality);
            prop_assert!((told.right - judged.right).abs() < 1e-12);
            prop_assert!(told.pace() <= told.swift);
        }
        #[test]
        fn what_is_saved_is_read(outcomes in prop::collection::vec((0.01..50.0f64, 0.0..=1.0f64), 0..30)) {
            let mut proof = Proof::NONE;
            outcomes.iter().for_each(|(expected, quality)| proof.success(*expected, SECOND, *quality));
            prop_assert_eq!(Proof::read(&proof.numbers()), Some(proof));
        }
    }

    #[test]
    fn wrong_results_and_failures_slow_the_pace_down_and_good_ones_mend_it() {
        let mut proof = Proof::NONE;
        (0..30).for_each(|_| proof.failure());
        assert_eq!((proof.swift, proof.pace()), (1.0, LEAST));
        (0..30).for_each(|_| proof.success(1.0, SECOND, 1.0));
        assert!(proof.pace() > 0.99);
        assert_eq!(Proof::read(&[99.0, 1.0]), None);
        assert_eq!(Proof::read(&[0.5, 3.0]), Some(Proof { swift: 0.5, right: 1.0, lessons: 3 }), "as it was saved before");
    }
}
