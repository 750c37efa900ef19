//! An agent's inbox, and the letters that nobody takes.

use super::{Mail, Ticket, World};
use crate::actors::AgentMail;
use crate::event::{RunId, What};
use polity_agents::{Letter as Note, Undeliverable};
use polity_protocols::{AgentId, Name, Profile};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::Notify;

/// Letters that may lie in an agent's inbox; a further one is a dead letter.
pub(crate) const INBOX: usize = 256;
/// Bytes of its content that the record of a dead letter keeps.
const KEPT: usize = 1_024;

/// An agent's inbox. It outlives the agent's lives: what lies here waits for the next one, in order.
pub(crate) struct Inbox {
    pub(crate) agent: AgentId,
    profile: Arc<Profile>,
    letters: RefCell<VecDeque<Note>>,
    /// Its agent left for good.
    pub(super) gone: Cell<bool>,
    /// The agent knows that something lies here, and has not looked yet.
    knocked: Cell<bool>,
    /// Jobs that wait for a letter.
    awaited: Cell<usize>,
    arrived: Notify,
    /// The agent's present life.
    life: Cell<u64>,
}
impl Inbox {
    pub(super) fn new(agent: AgentId, profile: Arc<Profile>) -> Inbox {
        Inbox {
            agent,
            profile,
            letters: RefCell::default(),
            gone: Cell::new(false),
            knocked: Cell::new(false),
            awaited: Cell::new(0),
            arrived: Notify::new(),
            life: Cell::new(0),
        }
    }
    pub(super) fn name(&self) -> &Name {
        &self.profile.name
    }
    pub(crate) fn is_empty(&self) -> bool {
        self.letters.borrow().is_empty()
    }
    /// True if a job waits for a letter: it may act at once when one comes.
    pub(crate) fn is_awaited(&self) -> bool {
        self.awaited.get() > 0
    }
    /// A letter arrives.
    pub(crate) fn put(&self, letter: Note, world: &World, ticket: Ticket) {
        if self.gone.get() {
            let reason = format!("agent \"{}\" left for good", self.name());
            return bury(world, &letter, Some(self.agent), Undeliverable::Gone, &reason);
        }
        if self.letters.borrow().len() >= INBOX {
            let reason = format!("{INBOX} letters lie in the inbox of \"{}\" already", self.name());
            return bury(world, &letter, Some(self.agent), Undeliverable::InboxFull, &reason);
        }
        self.letters.borrow_mut().push_back(letter);
        self.announce(world, ticket);
    }
    /// Tells whoever may take a letter that one is there: a job that waits for it; else the agent.
    fn announce(&self, world: &World, ticket: Ticket) {
        if self.letters.borrow().len() <= self.awaited.get() {
            return self.arrived.notify_one();
        }
        if !self.knocked.get()
            && let Some(addr) = world.directory.address(self.agent)
        {
            self.knocked.set(true);
            addr.do_send(Mail { body: AgentMail::Knock, ticket });
        }
    }
    /// The agent looks.
    pub(crate) fn opened(&self) {
        self.knocked.set(false);
    }
    /// A new life of its agent begins.
    pub(crate) fn begin(&self, life: u64) {
        self.life.set(life);
        self.knocked.set(false);
        self.awaited.set(0);
    }
    /// The next letter, for a life of the agent that is not over.
    pub(super) fn take(&self, life: u64) -> Option<Note> {
        if self.life.get() == life { self.letters.borrow_mut().pop_front() } else { None }
    }
    /// The next letter, once there is one. In a life that is over there is none any more.
    pub(super) async fn wait(&self, life: u64, world: &World) -> Note {
        let waiting = Waiting::new(self, life, world);
        while self.life.get() == life {
            match self.take(life) {
                Some(letter) => return letter,
                None => self.arrived.notified().await,
            }
        }
        drop(waiting);
        std::future::pending().await
    }
    /// Everything that lies here becomes a dead letter.
    pub(crate) fn bury_all(&self, world: &World, cause: Undeliverable, reason: &str) {
        let letters = self.letters.take();
        letters.iter().for_each(|letter| bury(world, letter, Some(self.agent), cause, reason));
    }
}

/// A job waits for a letter. If it no longer does, others get what it leaves.
struct Waiting<'a>(&'a Inbox, u64, &'a World);
impl<'a> Waiting<'a> {
    fn new(inbox: &'a Inbox, life: u64, world: &'a World) -> Waiting<'a> {
        if inbox.life.get() == life {
            inbox.awaited.set(inbox.awaited.get() + 1);
        }
        Waiting(inbox, life, world)
    }
}
impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let Waiting(inbox, life, world) = *self;
        if inbox.life.get() != life {
            return inbox.arrived.notify_one(); // the word was perhaps for a job of the present life
        }
        inbox.awaited.set(inbox.awaited.get() - 1);
        if !inbox.is_empty() {
            inbox.announce(world, world.ticket());
        }
    }
}

/// A letter becomes a dead one: recorded, so that somebody can see it.
pub(super) fn bury(world: &World, letter: &Note, agent: Option<AgentId>, cause: Undeliverable, reason: &str) {
    let topic = letter.topic().is_some();
    let (from, to) = (letter.from().clone(), letter.to().name().clone());
    let body = clipped(letter.body());
    world.record(RunId::SOCIETY, What::Undelivered { from, to, topic, agent, cause, reason: reason.into(), body });
}
/// The beginning of a content, cut between two characters.
fn clipped(body: &str) -> Name {
    if body.len() <= KEPT {
        return body.into();
    }
    let end = (0..=KEPT).rev().find(|at| body.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", &body[..end]).into()
}
