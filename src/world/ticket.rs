//! What tells the world that a message is still in flight.

use super::World;
use actix::ActorState;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

thread_local! {
    static HERE: RefCell<Option<Rc<World>>> = const { RefCell::new(None) };
    static WORLDS: Cell<u32> = const { Cell::new(0) };
}
/// The number of a new world of this thread, from 1.
pub(super) fn number() -> u32 {
    WORLDS.set(WORLDS.get() + 1);
    WORLDS.get()
}
pub(super) fn enter(world: &Rc<World>) {
    HERE.with(|here| *here.borrow_mut() = Some(world.clone()));
}
pub(super) fn leave() {
    let world = HERE.try_with(|here| here.borrow_mut().take());
    drop(world);
}
pub(super) fn here() -> Option<Rc<World>> {
    HERE.try_with(|here| here.borrow().clone()).ok().flatten()
}

/// A message in flight. Dropped with the message, whether it was handled or lost with a dead actor's mailbox.
///
/// It holds no more than a number, since actix wants mail to be `Send`: the world is found by its thread.
pub(crate) struct Ticket {
    /// 0 if nobody counts. A ticket that outlives its world must not be counted by the next one.
    world: u32,
}
impl Ticket {
    /// A ticket of a virtual world; in the real one nobody counts.
    pub(super) fn new(world: &World) -> Ticket {
        if !world.is_virtual() {
            return Ticket { world: 0 };
        }
        world.in_flight.set(world.in_flight.get() + 1);
        Ticket { world: world.number }
    }
}
impl Drop for Ticket {
    fn drop(&mut self) {
        if self.world == 0 {
            return;
        }
        // Counted where the world is kept: to hold it meanwhile would cost as much again, and only the last ticket needs it.
        let landed = |here: &RefCell<Option<Rc<World>>>| {
            let here = here.borrow();
            let world = here.as_ref().filter(|world| world.number == self.world)?;
            world.landed().then(|| world.clone())
        };
        if let Some(world) = HERE.try_with(landed).ok().flatten() {
            world.quiet();
        }
    }
}
impl World {
    /// A ticket for something that is about to happen at this moment without a message: an actor that was just made.
    pub(crate) fn ticket(&self) -> Ticket {
        Ticket::new(self)
    }
}

/// The turn that an actor is in. The world stands still until it is over; if it is the actor's last, also by a panic, until the actor is
/// dropped and has told of its end.
pub(crate) struct InTurn(Option<Ticket>);
impl InTurn {
    /// An actor's first turn, from before it has begun.
    pub(crate) fn first(world: &World) -> InTurn {
        InTurn(Some(world.ticket()))
    }
    pub(crate) fn begin(&mut self, ticket: Ticket) {
        self.0 = Some(ticket);
    }
    pub(crate) fn end(&mut self, state: ActorState) {
        if matches!(state, ActorState::Started | ActorState::Running) {
            self.0 = None;
        }
    }
}

/// A message as it lies in a mailbox.
#[derive(actix::Message)]
#[rtype(result = "()")]
pub(crate) struct Mail<T> {
    pub(crate) body: T,
    pub(crate) ticket: Ticket,
}
