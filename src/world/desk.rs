//! Where one life of an agent reads and writes its letters.

use super::World;
use super::inbox::{Inbox, bury};
use polity_agents::{Address, Clock, Failure, Letter, LocalFuture, Post, Undeliverable};
use std::rc::{Rc, Weak};
use std::sync::Arc;

/// See the [module](self). A life that is over takes no letter any more: the next one's are not its own.
pub(crate) struct Desk {
    me: Weak<Desk>,
    world: Rc<World>,
    inbox: Rc<Inbox>,
    life: u64,
}
impl Desk {
    pub(crate) fn new(world: Rc<World>, inbox: Rc<Inbox>, life: u64) -> Rc<Desk> {
        Rc::new_cyclic(|me| Desk { me: me.clone(), world, inbox, life })
    }
    fn me(&self) -> Rc<Desk> {
        self.me.upgrade().expect("whoever calls holds the desk")
    }
}
impl Post for Desk {
    fn send(&self, to: Address, body: Arc<str>) {
        let letter = Letter::new(self.inbox.name().clone(), to, body, Clock::now(&*self.world));
        self.world.boxes.send(letter, Some(self.inbox.agent), &self.world);
    }
    fn subscribe(&self, topic: &str) -> Result<(), Failure> {
        self.world.boxes.subscribe(self.inbox.agent, topic)
    }
    fn unsubscribe(&self, topic: &str) {
        self.world.boxes.unsubscribe(self.inbox.agent, topic);
    }
    fn take(&self) -> Option<Letter> {
        self.inbox.take(self.life).map(|letter| letter.delivered(self.me()))
    }
    fn wait(&self) -> LocalFuture<'static, Letter> {
        let desk = self.me();
        Box::pin(async move {
            let letter = desk.inbox.wait(desk.life, &desk.world).await;
            letter.delivered(desk.clone())
        })
    }
    fn bury(&self, letter: &Letter, cause: Undeliverable, reason: &str) {
        bury(&self.world, letter, Some(self.inbox.agent), cause, reason);
    }
}
