//! Who looks at the post office's clock: in the real world a timer, in the virtual one the executor, once it has nothing else to do.

use super::World;
use polity_protocols::Time;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The signals to the task that [`run`] starts.
#[derive(Default)]
pub(super) struct Driver {
    changed: Notify,
    /// What the timer waits for; `None` if it waits for nothing.
    awaited: Cell<Option<Time>>,
    stopped: Cell<bool>,
}
impl Driver {
    /// A letter was posted for `at`: the timer looks again if that is earlier than what it waits for.
    pub(super) fn look(&self, at: Time) {
        if self.awaited.get().is_none_or(|awaited| at < awaited) {
            self.awaited.set(Some(at));
            self.changed.notify_one();
        }
    }
    /// Virtual world: look once the executor has nothing else to do.
    pub(super) fn idle(&self) {
        self.changed.notify_one();
    }
    pub(super) fn stop(&self) {
        self.stopped.set(true);
        self.changed.notify_one();
    }
}

/// Starts the task that moves the world on. It ends with the world.
pub(super) fn run(world: &Rc<World>) {
    let weak = Rc::downgrade(world);
    if world.is_virtual() {
        actix::spawn(virtually(weak));
    } else {
        actix::spawn(really(weak.clone()));
        actix::spawn(let_out(weak));
    }
}

/// Delivers what is due, then sleeps until the next moment or until something earlier is posted.
async fn really(world: std::rc::Weak<World>) {
    while let Some(here) = world.upgrade().filter(|world| !world.driver.stopped.get()) {
        here.tick();
        let now = here.now();
        while let Some((_, letter)) = { here.post.borrow_mut().pop(now) } {
            here.send(letter);
        }
        let next = here.post.borrow_mut().next();
        here.driver.awaited.set(next);
        let until = next.map(|at| here.began + (at - Time::ZERO));
        tokio::select! {
            biased;
            () = here.driver.changed.notified() => {}
            () = sleep_until(until) => {}
        }
    }
}
async fn sleep_until(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}

/// On a paused clock a timer goes off only when the executor has nothing else to do: so it is the sign that everyone is idle.
async fn virtually(world: std::rc::Weak<World>) {
    while let Some(here) = world.upgrade().filter(|world| !world.driver.stopped.get()) {
        here.driver.changed.notified().await;
        tokio::time::sleep(Duration::from_millis(1)).await;
        here.told.set(false);
        if here.in_flight.get() == 0 {
            here.leap();
        }
    }
}

/// How long an event may be held back from whoever reads it elsewhere: a file, another program.
const HELD_BACK: Duration = Duration::from_millis(200);

/// Lets events out now and then, so that a live run can be followed, and a killed one leaves what happened.
async fn let_out(world: std::rc::Weak<World>) {
    while let Some(here) = world.upgrade().filter(|world| !world.driver.stopped.get()) {
        here.log.flush();
        drop(here);
        tokio::time::sleep(HELD_BACK).await;
    }
}
