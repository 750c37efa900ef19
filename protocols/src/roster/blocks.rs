//! Able agents in the order of their rates, in blocks that are passed over as a whole when nobody in them can be the first to finish.

use super::Able;
use super::table::key;
use crate::time::Time;

/// Agents of a block. A team that fits into one needs none.
pub(super) const BLOCK: usize = 64;

/// Agents of neighbouring rates.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// The highest rate first, then the lowest number; never empty.
    able: Box<[Able]>,
    /// Nobody of them begins a further job before that moment, in seconds: what is expected of an agent only moves back as time passes, unless a
    /// job of its ends. 0 where nothing is known.
    begins: f64,
}

impl Block {
    /// All of them, in blocks. O(n log n).
    pub(super) fn all(able: &[Able]) -> Vec<Block> {
        let mut sorted = able.to_vec();
        sorted.sort_unstable_by_key(key);
        sorted.chunks(BLOCK).map(|chunk| Block { able: chunk.into(), begins: 0.0 }).collect()
    }
    /// The jobs of an agent have changed: it begins a further one in so many seconds of time. O(log n).
    pub(super) fn moved(blocks: &mut [Block], able: &Able, begins: f64) {
        let at = blocks.partition_point(|block| key(&block.able[0]) <= key(able));
        if let Some(block) = at.checked_sub(1).and_then(|at| blocks.get_mut(at)) {
            block.begins = block.begins.min(begins);
        }
    }
    /// The fastest of them.
    pub(super) fn first(&self) -> &Able {
        &self.able[0]
    }
    /// No one of them waits for less before a further job begins, in seconds.
    pub(super) fn least_wait(&self, now: Time) -> f64 {
        // Less what the sum may be off by.
        (self.begins * (1.0 - 1e-12) - now.as_secs_f64()).max(0.0)
    }
    /// All of them are looked at, each with what it waits for.
    pub(super) fn look(&mut self, now: Time, wait: impl Fn(&Able) -> f64, mut each: impl FnMut(Able, f64)) {
        let mut least = f64::INFINITY;
        for able in &self.able {
            let wait = wait(able);
            least = least.min(wait);
            each(*able, wait);
        }
        self.begins = now.as_secs_f64() + least;
    }
}
