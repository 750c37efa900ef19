//! Who is where: the addresses of the living.

use super::{AgentActor, Book, Child, RunActor, SupervisorActor};
use crate::supervision::ChildSpec;
use actix::Addr;
use polity_agents::Workplace;
use polity_protocols::{AgentId, Name, Profile};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

/// A coordinator, numbered from 0 in the order in which they were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CoordinatorId(pub(crate) u32);

/// The addresses of the living. Holding an address also keeps an actor from stopping with its last message unread.
#[derive(Default)]
pub(crate) struct Directory {
    agents: RefCell<BTreeMap<AgentId, Seat>>,
    coordinators: RefCell<BTreeMap<CoordinatorId, Rc<Book>>>,
    runs: RefCell<BTreeMap<u32, (Addr<RunActor>, Rc<Workplace>)>>,
    /// Children that wait for their supervisor.
    orphans: RefCell<VecDeque<(ChildSpec<u64>, Child)>>,
    /// The root supervisor.
    root: RefCell<Option<Addr<SupervisorActor>>>,
    /// Why the root supervisor gave up, if it did.
    escalated: RefCell<Option<Name>>,
}

/// An agent's latest life.
#[derive(Clone)]
pub(crate) struct Seat {
    pub(crate) id: AgentId,
    pub(crate) addr: Addr<AgentActor>,
    pub(crate) profile: Arc<Profile>,
    pub(crate) incarnation: u64,
}

impl Directory {
    pub(crate) fn enter_agent(&self, id: AgentId, addr: Addr<AgentActor>, profile: Arc<Profile>, incarnation: u64) {
        let old = self.agents.borrow_mut().insert(id, Seat { id, addr, profile, incarnation });
        drop(old);
    }
    /// A life ended. A later one is left alone.
    pub(crate) fn leave_agent(&self, id: AgentId, incarnation: u64) {
        let mut agents = self.agents.borrow_mut();
        let old = if agents.get(&id).is_some_and(|seat| seat.incarnation == incarnation) { agents.remove(&id) } else { None };
        drop(agents);
        drop(old);
    }
    /// A living agent's name.
    pub(crate) fn name_of(&self, id: AgentId) -> Option<Name> {
        self.agents.borrow().get(&id).map(|seat| seat.profile.name.clone())
    }
    /// The living, in order of number.
    pub(crate) fn agents(&self) -> Vec<Seat> {
        self.agents.borrow().values().cloned().collect()
    }
    pub(crate) fn enter_coordinator(&self, book: Rc<Book>) {
        self.coordinators.borrow_mut().insert(book.id, book);
    }
    pub(crate) fn coordinator(&self, id: CoordinatorId) -> Option<Rc<Book>> {
        self.coordinators.borrow().get(&id).cloned()
    }
    pub(crate) fn coordinators(&self) -> Vec<Rc<Book>> {
        self.coordinators.borrow().values().cloned().collect()
    }
    pub(crate) fn enter_run(&self, run: u32, addr: Addr<RunActor>, workplace: Rc<Workplace>) {
        self.runs.borrow_mut().insert(run, (addr, workplace));
    }
    /// Where the commands of a run work; here, for a run that has ended.
    pub(crate) fn workplace(&self, run: u32) -> Rc<Workplace> {
        let found = self.runs.borrow().get(&run).map(|(_, workplace)| workplace.clone());
        found.unwrap_or_else(|| Rc::new(Workplace::new(".")))
    }
    pub(crate) fn leave_run(&self, run: u32) {
        let addr = self.runs.borrow_mut().remove(&run);
        drop(addr);
    }
    pub(crate) fn runs(&self) -> Vec<Addr<RunActor>> {
        self.runs.borrow().values().map(|(addr, _)| addr.clone()).collect()
    }
    /// Leaves a child at the door of the supervisor that is told to adopt it next.
    pub(crate) fn leave_orphan(&self, spec: ChildSpec<u64>, child: Child) {
        self.orphans.borrow_mut().push_back((spec, child));
    }
    pub(crate) fn next_orphan(&self) -> Option<(ChildSpec<u64>, Child)> {
        self.orphans.borrow_mut().pop_front()
    }
    pub(crate) fn enter_root(&self, root: Addr<SupervisorActor>) {
        self.root.replace(Some(root));
    }
    pub(crate) fn root(&self) -> Option<Addr<SupervisorActor>> {
        self.root.borrow().clone()
    }
    /// True if nobody lives.
    pub(crate) fn is_empty(&self) -> bool {
        self.agents.borrow().is_empty() && self.runs.borrow().is_empty()
    }
    /// Notes that the root gave up.
    pub(crate) fn escalate(&self, reason: &str) {
        self.escalated.replace(Some(reason.into()));
    }
    /// Why the root gave up, if it did.
    pub(crate) fn escalated(&self) -> Option<Name> {
        self.escalated.borrow().clone()
    }
    /// Forgets everyone.
    pub(crate) fn clear(&self) {
        for book in self.coordinators() {
            book.close();
        }
        let all = (self.root.take(), self.agents.take(), self.coordinators.take(), self.runs.take(), self.orphans.take());
        drop(all);
    }
}
