//! A message with its address.

use super::{Due, Inbox, Mail, Ticket, World};
use crate::actors::{
    AgentActor, AgentMail, Book, CoordinatorMail, RunActor, RunMail, SupervisorActor, SupervisorMail, TaskActor, ToTask,
};
use actix::Addr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;

/// Where a task or an agent is reached. To clone an `Addr` takes two allocations (each gets a place of its own in the queue before a full
/// mailbox, where nobody here waits); to share one takes none.
pub(crate) type Wire<A> = Arc<Addr<A>>;

/// A message with its address: what the post carries.
pub(crate) enum Letter {
    Supervisor(Addr<SupervisorActor>, SupervisorMail),
    Coordinator(Rc<Book>, CoordinatorMail),
    Run(Addr<RunActor>, RunMail),
    Task(Wire<TaskActor>, ToTask),
    Agent(Wire<AgentActor>, AgentMail),
    /// What an agent tells another.
    Note(Rc<Inbox>, polity_agents::Letter),
    /// Wakes a user's future that sleeps in virtual time.
    Waker(Waker),
    /// A fault on purpose is due.
    Due(Due),
}

impl Letter {
    /// Into the mailbox; to a dead actor it is lost, and what it carries is dropped.
    pub(super) fn deliver(self, world: &World) {
        match self {
            Letter::Supervisor(to, body) => to.do_send(Mail { body, ticket: Ticket::new(world) }),
            Letter::Coordinator(to, body) => to.put(body, Ticket::new(world)),
            Letter::Run(to, body) => to.do_send(Mail { body, ticket: Ticket::new(world) }),
            Letter::Task(to, body) => to.do_send(Mail { body, ticket: Ticket::new(world) }),
            Letter::Agent(to, body) => to.do_send(Mail { body, ticket: Ticket::new(world) }),
            Letter::Note(to, note) => to.put(note, world, Ticket::new(world)),
            Letter::Waker(waker) => waker.wake(),
            Letter::Due(due) => world.due(due),
        }
    }
    /// The same letter once more, if its line may repeat: protocol talk, and what an agent says of a job. What carries a duty (a job,
    /// an award, a settlement) exists once.
    pub(super) fn again(&self) -> Option<Letter> {
        match self {
            Letter::Coordinator(to, body) => Some(Letter::Coordinator(to.clone(), body.again()?)),
            Letter::Agent(to, body) => Some(Letter::Agent(to.clone(), body.again()?)),
            Letter::Task(to, body) => Some(Letter::Task(to.clone(), body.again()?)),
            Letter::Note(to, note) => Some(Letter::Note(to.clone(), note.clone())),
            _ => None,
        }
    }
    /// True if it wakes a user's future, which no ticket counts.
    pub(super) fn wakes(&self) -> bool {
        match self {
            Letter::Waker(_) => true,
            Letter::Note(to, _) => to.is_awaited(),
            _ => false,
        }
    }
}
