//! How far tries are, for people and for logs.

use super::output;
use indicatif::{ProgressBar, ProgressStyle};
use polity::workflow::duration_text;
use std::time::{Duration, Instant};

/// How often a log is told how far it is.
const NOW_AND_THEN: Duration = Duration::from_secs(10);

/// A bar for people, a line now and then for logs.
pub struct Tries {
    bar: ProgressBar,
    log: bool,
    begun: Instant,
    last: Instant,
    found: u64,
    of: u64,
}
impl Tries {
    /// Of so many tries, of which `found` were made before.
    pub fn new(found: u64, of: u64) -> Tries {
        let log = !output::is_terminal();
        let bar = if log { ProgressBar::hidden() } else { ProgressBar::new(of).with_position(found) };
        let style =
            ProgressStyle::with_template("{prefix:>12} [{elapsed_precise}] [{bar:24}] {pos}/{len} tries, {per_sec}, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix("Trying");
        bar.reset_eta(); // what was found was not made just now
        let now = Instant::now();
        Tries { bar, log, begun: now, last: now, found, of }
    }
    /// So many are done.
    pub fn tell(&mut self, done: u64) {
        self.bar.set_position(done);
        if self.log && self.last.elapsed() >= NOW_AND_THEN {
            self.last = Instant::now();
            let made = done.saturating_sub(self.found).max(1) as f64;
            let left = self.begun.elapsed().as_secs_f64() / made * self.of.saturating_sub(done) as f64;
            let share = done as f64 / self.of.max(1) as f64 * 100.0;
            let left = duration_text(Duration::from_secs(left.ceil().min(1e9) as u64));
            output::tell(&format!("{:>12} {done}/{} tries ({share:.0} %), about {left} left", "Trying", self.of));
        }
    }
    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}
