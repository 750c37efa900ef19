//! Whether a virtual world will ever come to what is waited for: it may stand still for good, or go round in circles.

use super::World;
use std::cell::Cell;
use tokio::sync::Notify;

/// Why a virtual world comes to no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stuck {
    /// Nothing will happen any more: nobody has a message, no alarm is set, no future of a user is under way.
    Still,
    /// More messages were sent than it was given.
    Circling,
}

/// Those who want to hear that a world is stuck.
pub(super) struct Watch {
    most: Cell<u64>,
    circling: Cell<bool>,
    bell: Notify,
    /// How often it was found standing still.
    stills: Cell<u64>,
}

impl Default for Watch {
    fn default() -> Watch {
        Watch { most: Cell::new(u64::MAX), circling: Cell::new(false), bell: Notify::new(), stills: Cell::new(0) }
    }
}

impl World {
    /// After so many messages it is stuck, in virtual time.
    pub(crate) fn allow(&self, messages: u64) {
        self.watch.most.set(messages);
    }
    /// Waits until it is stuck, in virtual time.
    pub(crate) async fn stuck(&self) -> Stuck {
        let before = self.watch.stills.get();
        loop {
            let rung = self.watch.bell.notified();
            if self.watch.circling.get() {
                return Stuck::Circling;
            }
            if self.watch.stills.get() > before {
                return Stuck::Still;
            }
            rung.await;
        }
    }
    /// It goes on to the next moment, or there is none.
    pub(super) fn watched(&self, is_still: bool) {
        let watch = &self.watch;
        if is_still && self.futures.get() == 0 {
            watch.stills.set(watch.stills.get() + 1);
            watch.bell.notify_waiters();
        } else if self.letters.get() > watch.most.get() && !watch.circling.replace(true) {
            watch.bell.notify_waiters();
            // An actor that writes to itself alone never lets the executor go on to whoever waits for the bell: the world shall pause.
            self.told.set(true);
        }
    }
}
