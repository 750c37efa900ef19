//! CPU time of this thread, and peak memory of this process.

use std::time::Instant;

/// Measures CPU time of the calling thread; wall time where the system does not tell.
pub struct Meter {
    cpu: Option<u64>,
    wall: Instant,
}
impl Meter {
    pub fn start() -> Meter {
        Meter { cpu: cpu_nanos(), wall: Instant::now() }
    }
    /// Seconds since the start.
    pub fn spent(&self) -> f64 {
        match (self.cpu, cpu_nanos()) {
            (Some(before), Some(now)) => (now - before) as f64 / 1e9,
            _ => self.wall.elapsed().as_secs_f64(),
        }
    }
}
fn cpu_nanos() -> Option<u64> {
    let spent = nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID).ok()?;
    Some(spent.tv_sec() as u64 * 1_000_000_000 + spent.tv_nsec() as u64)
}

/// The most memory that this process ever held, in megabytes; 0 where the system does not tell.
pub fn peak_memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
