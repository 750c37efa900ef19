//! One alarm per actor, and sleep in virtual time.

use super::{AlarmId, Letter, World};
use polity_protocols::Time;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// An actor's one alarm: set again only when the deadline has changed.
#[derive(Default)]
pub(crate) struct Alarm {
    set: Option<(Time, AlarmId)>,
}
impl Alarm {
    /// Sets, moves or silences the alarm, so that `letter` comes at `at`.
    pub(crate) fn set(&mut self, at: Option<Time>, world: &World, letter: impl FnOnce() -> Letter) {
        if self.set.map(|(set, _)| set) == at {
            return;
        }
        if let Some((_, id)) = self.set.take() {
            world.silence(id);
        }
        self.set = at.map(|at| (at, world.alarm(at, letter())));
    }
    /// Notes that the alarm went off.
    pub(crate) fn rang(&mut self) {
        self.set = None;
    }
    /// Silences it.
    pub(crate) fn silence(&mut self, world: &World) {
        if let Some((_, id)) = self.set.take() {
            world.silence(id);
        }
    }
}

/// Sleep until a moment of virtual time.
pub(super) struct Sleep {
    world: Rc<World>,
    until: Time,
    alarm: Option<AlarmId>,
}
impl Sleep {
    pub(super) fn new(world: Rc<World>, until: Time) -> Sleep {
        Sleep { world, until, alarm: None }
    }
}
impl Future for Sleep {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if let Some(old) = self.alarm.take() {
            self.world.silence(old);
        }
        if self.world.now() >= self.until {
            return Poll::Ready(());
        }
        self.alarm = Some(self.world.alarm(self.until, Letter::Waker(context.waker().clone())));
        Poll::Pending
    }
}
impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(id) = self.alarm.take() {
            self.world.silence(id);
        }
    }
}
