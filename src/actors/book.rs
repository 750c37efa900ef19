//! What outlives a coordinator's life, and who is in its team.

use super::account::Account;
use super::breakers::Breakers;
use super::messages::CoordinatorMail;
use super::{AgentActor, CoordinatorActor, CoordinatorId, TaskActor};
use crate::registry::Government;
use crate::supervision::Breaking;
use crate::world::{Mail, Ticket, Wire};
use actix::Addr;
use polity_protocols::{AgentId, KeyMap, Memory, Name, Profile, TaskId, TaskView, Time};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

/// What outlives a coordinator's life: its mail, its members, what is open. After a panic the next life is built from it. The
/// initiator's own thoughts are lost; what it had learned is saved now and then.
pub(crate) struct Book {
    pub(crate) id: CoordinatorId,
    pub(crate) government: Government,
    /// Its team; all agents if none.
    pub(crate) crew: Option<Rc<Crew>>,
    /// When the breakers of its agents open; never if none.
    pub(crate) breaking: Option<Breaking>,
    /// Its number with its supervisor.
    pub(crate) child: u64,
    /// Mail lies here and not in the actor's mailbox, which dies with it: a new life reads on where the last one stopped.
    pub(super) inbox: RefCell<VecDeque<CoordinatorMail>>,
    /// Its present life.
    pub(super) addr: RefCell<Option<Addr<CoordinatorActor>>>,
    /// It has ended for good: mail is dropped, and says so where it matters.
    closed: Cell<bool>,
    pub(super) pages: RefCell<Pages>,
}
/// True for a sub-agent that was made for a sub-run: it belongs to that run's team alone. No other id has an `@` in it.
pub(crate) fn is_lodger(profile: &Profile) -> bool {
    profile.group.contains('@')
}

/// The members of a team, by the ids of their agents.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Crew {
    pub(crate) id: Name,
    pub(crate) agents: Vec<Name>,
}
impl Crew {
    /// True if the agent is one of them.
    pub(crate) fn admits(&self, profile: &Profile) -> bool {
        self.agents.iter().any(|id| *id == profile.group || *id == profile.name)
    }
}
/// There is mail in the inbox.
pub(crate) struct Knock;

/// See [`Book`].
pub(super) struct Pages {
    pub(super) epoch: u32,
    pub(super) memory: Memory,
    pub(super) members: BTreeMap<AgentId, Member>,
    pub(super) open: KeyMap<TaskId, Open>,
    pub(super) account: Account,
    pub(super) breakers: Breakers,
}

/// An agent that has joined, and what is known of its present life.
pub(super) struct Member {
    pub(super) profile: Arc<Profile>,
    pub(super) incarnation: u64,
    /// `None` while it is dead. It comes back, unless it left for good: then it is no member.
    pub(super) addr: Option<Wire<AgentActor>>,
}

/// A task that is announced and not awarded.
pub(super) struct Open {
    pub(super) view: Arc<TaskView>,
    /// What the initiator was told, if that avoids more agents.
    pub(super) told: Option<Arc<TaskView>>,
    pub(super) addr: Wire<TaskActor>,
    /// Since when it is parked: nobody alive is able, but somebody who is coming back. The initiator does not know of it for now.
    pub(super) parked: Option<Time>,
}

impl Book {
    pub(crate) fn new(
        id: CoordinatorId,
        government: Government,
        crew: Option<Rc<Crew>>,
        breaking: Option<Breaking>,
        child: u64,
    ) -> Book {
        let pages = Pages {
            epoch: 0,
            memory: Memory::default(),
            members: BTreeMap::new(),
            open: KeyMap::default(),
            account: Account::default(),
            breakers: Breakers::new(breaking),
        };
        Book {
            id,
            government,
            crew,
            breaking,
            child,
            inbox: RefCell::default(),
            addr: RefCell::default(),
            closed: Cell::new(false),
            pages: RefCell::new(pages),
        }
    }
    /// True if the agent is in its team.
    pub(crate) fn admits(&self, profile: &Profile) -> bool {
        match &self.crew {
            Some(crew) => crew.admits(profile),
            None => !is_lodger(profile),
        }
    }
    /// The name of its team.
    pub(crate) fn team(&self) -> Option<&Name> {
        self.crew.as_ref().map(|crew| &crew.id)
    }
    /// True if a task that it was told of is not awarded yet.
    pub(super) fn anyone_waits(&self) -> bool {
        !self.pages.borrow().open.is_empty()
    }
    /// What it has learned, as it was last saved.
    pub(crate) fn memory(&self) -> Memory {
        self.pages.borrow().memory.clone()
    }
    /// It shall begin with what was learned elsewhere.
    pub(crate) fn remember(&self, memory: Memory) {
        self.pages.borrow_mut().memory = memory;
    }
    pub(super) fn next_mail(&self) -> Option<CoordinatorMail> {
        self.inbox.borrow_mut().pop_front()
    }
    pub(super) fn has_mail(&self) -> bool {
        !self.inbox.borrow().is_empty()
    }
    /// Puts mail into the inbox, and knocks if it was empty: one knock is for all the mail that lies there when it is answered.
    pub(crate) fn put(&self, mail: CoordinatorMail, ticket: Ticket) {
        if self.closed.get() {
            return;
        }
        let mut inbox = self.inbox.borrow_mut();
        inbox.push_back(mail);
        if inbox.len() == 1
            && let Some(addr) = &*self.addr.borrow()
        {
            addr.do_send(Mail { body: Knock, ticket });
        }
    }
    /// Forgets the address of the last life, so that the actor can end.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        let addr = self.addr.take();
        let mail = self.inbox.take();
        drop((addr, mail));
    }
}
