//! The only randomness there is: a stream named by a seed and a label.

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A seeded stream of random numbers (ChaCha8: the same on every platform).
///
/// Streams with different labels are independent, so that a change in how one actor draws does not shift the draws of another
/// (common random numbers).
///
/// ```
/// use polity_protocols::Rng;
/// let mut a = Rng::new(42, "coordinator/default");
/// let mut b = Rng::new(42, "coordinator/default");
/// assert_eq!(a.unit(), b.unit());
/// assert_ne!(a.unit(), Rng::new(42, "agent/1").unit());
/// ```
#[derive(Clone, Debug)]
pub struct Rng(ChaCha8Rng);

impl Rng {
    /// The stream `label` of `seed`.
    pub fn new(seed: u64, label: &str) -> Rng {
        // FNV-1a over the label, mixed with the seed by splitmix64: any fixed injective-enough mixing serves.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in label.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Rng(ChaCha8Rng::seed_from_u64(splitmix(seed ^ splitmix(hash))))
    }
    /// A seed for one numbered thing, without making a stream: a few instructions, as good as independent of its neighbours.
    ///
    /// ```
    /// use polity_protocols::Rng;
    /// assert_ne!(Rng::derive(1, 7), Rng::derive(1, 8));
    /// assert_eq!(Rng::derive(1, 7), Rng::derive(1, 7));
    /// ```
    pub fn derive(seed: u64, number: u64) -> u64 {
        splitmix(seed ^ splitmix(number.wrapping_add(1)))
    }
    /// A stream for one numbered thing under a label, without building a string.
    pub fn numbered(seed: u64, label: &str, number: u64) -> Rng {
        Rng::new(seed ^ splitmix(number.wrapping_add(1)), label)
    }
    /// Uniform in `[0, 1)`, 53 bits.
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }
    /// Uniform in `0..n`; 0 if `n` is 0. (Lemire's multiply-shift; bias below 2⁻³² for `n` < 2³².)
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.0.next_u64()) * n as u128) >> 64) as usize
    }
    /// Uniform in `[low, high)`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }
    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        p > 0.0 && self.unit() < p
    }
    /// Exponential with the given mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(1.0 - self.unit())
    }
    /// Standard normal (Box–Muller, one value a call).
    pub fn normal(&mut self) -> f64 {
        let r = libm::sqrt(-2.0 * libm::log(1.0 - self.unit()));
        r * libm::cos(core::f64::consts::TAU * self.unit())
    }
    /// 64 raw bits, for deriving further seeds.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }
    /// An index drawn with probability proportional to its weight; `None` if no weight is positive.
    ///
    /// ```
    /// assert_eq!(polity_protocols::Rng::new(1, "x").weighted(&[0.0, 3.0]), Some(1));
    /// ```
    pub fn weighted(&mut self, weights: &[f64]) -> Option<usize> {
        let total: f64 = weights.iter().filter(|w| **w > 0.0).sum();
        if !(total > 0.0 && total.is_finite()) {
            return None;
        }
        let mut left = self.unit() * total;
        let mut last = None;
        for (index, weight) in weights.iter().enumerate().filter(|(_, w)| **w > 0.0) {
            last = Some(index);
            left -= weight;
            if left < 0.0 {
                break;
            }
        }
        last
    }
}

fn splitmix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
