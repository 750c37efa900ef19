//! Which arm to pull: the upper confidence bound, with forgetting.

use crate::Rng;

/// A bandit of some arms with rewards in `[0, 1]`.
///
/// UCB1 (Auer, Cesa-Bianchi and Fischer 2002): the arm with the greatest `mean + explore · √(2 ln N / n)`, n its own rewards and N
/// those of all; its regret grows with the logarithm of N. With forgetting, counts and sums shrink by that share at each
/// reward (Garivier and Moulines 2011). O(arms).
///
/// ```
/// use polity_protocols::{Rng, auto::Bandit};
/// let (mut bandit, mut rng) = (Bandit::new(2, 0.2, 0.0), Rng::new(1, "bandit"));
/// for _ in 0..200 {
///     let arm = bandit.choose(&mut rng);
///     bandit.learn(arm, if arm == 1 { 0.8 } else { 0.3 });
/// }
/// assert!(bandit.count(1) > 190.0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Bandit {
    arms: Vec<Arm>,
    explore: f64,
    forget: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Arm {
    count: f64,
    sum: f64,
}

impl Bandit {
    /// A bandit that knows nothing.
    pub fn new(arms: usize, explore: f64, forget: f64) -> Bandit {
        Bandit { arms: vec![Arm::default(); arms], explore, forget }
    }
    /// An arm gave a reward; outside of `[0, 1]` it is clamped, NaN counts 0.
    pub fn learn(&mut self, arm: usize, reward: f64) {
        for known in &mut self.arms {
            known.count *= 1.0 - self.forget;
            known.sum *= 1.0 - self.forget;
        }
        if let Some(known) = self.arms.get_mut(arm) {
            known.count += 1.0;
            known.sum += if reward.is_nan() { 0.0 } else { reward.clamp(0.0, 1.0) };
        }
    }
    /// The arm to pull next; ties, and the order of those that were never tried, by lot.
    pub fn choose(&self, rng: &mut Rng) -> usize {
        let index: Vec<f64> = (0..self.arms.len()).map(|arm| self.index(arm)).collect();
        let most = index.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let best: Vec<usize> = (0..index.len()).filter(|arm| index[*arm] >= most).collect();
        best.get(rng.below(best.len())).copied().unwrap_or_default()
    }
    /// The upper confidence bound of an arm; infinite if nothing is known of it.
    pub fn index(&self, arm: usize) -> f64 {
        let Arm { count, sum } = self.arms[arm];
        if count <= 0.0 {
            return f64::INFINITY;
        }
        let total: f64 = self.arms.iter().map(|arm| arm.count).sum();
        sum / count + self.explore * libm::sqrt(2.0 * libm::log(total.max(1.0)) / count)
    }
    /// How many rewards of this arm count (not a whole number after forgetting).
    pub fn count(&self, arm: usize) -> f64 {
        self.arms[arm].count
    }
    /// The mean reward of the arm; `None` if nothing is known of it.
    pub fn mean(&self, arm: usize) -> Option<f64> {
        let Arm { count, sum } = self.arms[arm];
        (count > 0.0).then(|| sum / count)
    }
    /// The arm with the best mean, but for this one.
    pub(super) fn rival(&self, but: usize) -> Option<(usize, f64)> {
        let others = (0..self.arms.len()).filter(|arm| *arm != but).filter_map(|arm| Some((arm, self.mean(arm)?)));
        others.reduce(|best, other| if other.1 > best.1 { other } else { best })
    }
    pub(super) fn numbers(&self, arm: usize) -> Option<[f64; 2]> {
        let Arm { count, sum } = self.arms[arm];
        (count > 0.0).then_some([count, sum])
    }
    /// Takes up saved numbers, if they can be true.
    pub(super) fn restore(&mut self, arm: usize, numbers: &[f64]) {
        if let [count, sum] = *numbers
            && count > 0.0
            && count <= 1e12
            && (0.0..=count).contains(&sum)
        {
            self.arms[arm] = Arm { count, sum };
        }
    }
}
