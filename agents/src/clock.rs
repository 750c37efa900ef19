//! The clock of the real world.

use crate::agent::{Clock, LocalFuture};
use core::time::Duration;
use polity_protocols::Time;
use tokio::time::Instant;

/// The real world's clock, by tokio: moments count from when it was made. Copies tell the same time.
///
/// ```
/// use polity_agents::{Clock, RealClock};
/// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
/// let clock = RealClock::new();
/// let before = clock.now();
/// clock.sleep(std::time::Duration::from_secs(3)).await;
/// assert!((clock.now() - before).as_secs() == 3);
/// # });
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RealClock {
    start: Instant,
}
impl RealClock {
    /// A clock that starts now.
    pub fn new() -> RealClock {
        RealClock { start: Instant::now() }
    }
}
impl Default for RealClock {
    fn default() -> Self {
        RealClock::new()
    }
}
impl Clock for RealClock {
    fn now(&self) -> Time {
        Time::ZERO + self.start.elapsed()
    }
    fn sleep(&self, how_long: Duration) -> LocalFuture<'static, ()> {
        // Built inside the future: `sleep` asks for a runtime when it is called, not when it is awaited.
        Box::pin(async move { tokio::time::sleep(how_long).await })
    }
}
