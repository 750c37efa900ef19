//! Who is where: the addresses of the living.

use super::{AgentActor, Book, Child, PoolPlan, RunActor, SupervisorActor};
use crate::supervision::ChildSpec;
use crate::world::Wire;
use actix::Addr;
use polity_agents::Workplace;
use polity_protocols::{AgentId, Name, Profile};
use std::cell::{Cell, Ref, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// A coordinator, numbered from 0 in the order in which they were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CoordinatorId(pub(crate) u32);

/// The addresses of the living. Holding an address also keeps an actor from stopping with its last message unread.
#[derive(Default)]
pub(crate) struct Directory {
    /// Everyone who is to live here, by number; false for who left for good.
    roster: RefCell<Vec<(Arc<Profile>, bool)>>,
    longest_drain: Cell<Duration>,
    agents: RefCell<BTreeMap<AgentId, Seat>>,
    /// Those who have ever lived.
    born: RefCell<BTreeSet<AgentId>>,
    /// The highest incarnation that an agent ever had.
    lives: Cell<u64>,
    coordinators: RefCell<BTreeMap<CoordinatorId, Rc<Book>>>,
    runs: RefCell<BTreeMap<u32, LiveRun>>,
    /// Children that wait for their supervisor.
    orphans: RefCell<BTreeMap<Door, VecDeque<Orphan>>>,
    pools: RefCell<Vec<Rc<PoolPlan>>>,
    supervisors: RefCell<BTreeMap<Door, Addr<SupervisorActor>>>,
    /// Why the root supervisor gave up, if it did.
    escalated: RefCell<Option<Name>>,
}

/// Which supervisor: children are left at its door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Door {
    /// The root: coordinators, and the supervisor of the agents.
    Root,
    /// The supervisor of the agents.
    Agents,
    /// A supervisor of some agents, below that one.
    Group(u32),
}

/// A run that has not ended, and where its commands work.
type LiveRun = (Addr<RunActor>, Rc<Workplace>);
/// A child that waits for its supervisor.
pub(crate) type Orphan = (ChildSpec<u64>, Child);

/// An agent's latest life.
#[derive(Clone)]
pub(crate) struct Seat {
    pub(crate) id: AgentId,
    pub(crate) addr: Wire<AgentActor>,
    pub(crate) profile: Arc<Profile>,
    pub(crate) incarnation: u64,
}

impl Directory {
    /// Expects an agent that is to live here; its number is the next.
    pub(crate) fn expect_agent(&self, profile: Arc<Profile>, drain: Duration) {
        self.longest_drain.set(self.longest_drain.get().max(drain));
        self.roster.borrow_mut().push((profile, true));
    }
    /// How long the most patient agent may take to stop.
    pub(crate) fn longest_drain(&self) -> Duration {
        self.longest_drain.get()
    }
    /// An agent left for good.
    pub(crate) fn strike_off(&self, id: AgentId) {
        if let Some((_, expected)) = self.roster.borrow_mut().get_mut(id.index()) {
            *expected = false;
        }
    }
    /// An agent lives again, even if it was struck off.
    pub(crate) fn expect_again(&self, id: AgentId) {
        if let Some((_, expected)) = self.roster.borrow_mut().get_mut(id.index()) {
            *expected = true;
        }
    }
    /// True if the agent lives here or is expected (back).
    pub(crate) fn is_expected(&self, id: AgentId) -> bool {
        self.roster.borrow().get(id.index()).is_some_and(|(_, expected)| *expected)
    }
    /// Notes an elastic pool.
    pub(crate) fn enter_pool(&self, pool: Rc<PoolPlan>) {
        self.pools.borrow_mut().push(pool);
    }
    /// The elastic pools. Most societies have none.
    pub(crate) fn pools(&self) -> Ref<'_, Vec<Rc<PoolPlan>>> {
        self.pools.borrow()
    }
    /// Everyone who lives here or is expected (back), by number.
    pub(crate) fn expected(&self) -> Vec<(AgentId, Arc<Profile>)> {
        let roster = self.roster.borrow();
        let expected = roster.iter().enumerate().filter(|(_, (_, expected))| *expected);
        expected.map(|(n, (profile, _))| (AgentId(n as u32), profile.clone())).collect()
    }
    /// Everyone who ever was to live here, by number.
    pub(crate) fn roster(&self) -> Vec<Arc<Profile>> {
        self.roster.borrow().iter().map(|(profile, _)| profile.clone()).collect()
    }
    pub(crate) fn enter_agent(&self, id: AgentId, addr: Wire<AgentActor>, profile: Arc<Profile>, incarnation: u64) {
        self.born.borrow_mut().insert(id);
        let old = self.agents.borrow_mut().insert(id, Seat { id, addr, profile, incarnation });
        drop(old);
    }
    /// True if it ever lived.
    pub(crate) fn has_lived(&self, id: AgentId) -> bool {
        self.born.borrow().contains(&id)
    }
    /// An agent's life of this number begins.
    pub(crate) fn note_life(&self, incarnation: u64) {
        self.lives.set(self.lives.get().max(incarnation));
    }
    /// The highest incarnation that an agent ever had.
    pub(crate) fn lives(&self) -> u64 {
        self.lives.get()
    }
    /// A life ended. A later one is left alone.
    pub(crate) fn leave_agent(&self, id: AgentId, incarnation: u64) {
        let mut agents = self.agents.borrow_mut();
        let old = if agents.get(&id).is_some_and(|seat| seat.incarnation == incarnation) { agents.remove(&id) } else { None };
        drop(agents);
        drop(old);
    }
    /// An agent's profile, whether it lives or not.
    pub(crate) fn profile(&self, id: AgentId) -> Option<Arc<Profile>> {
        self.roster.borrow().get(id.index()).map(|(profile, _)| profile.clone())
    }
    /// An agent's name, whether it lives or not.
    pub(crate) fn name_of(&self, id: AgentId) -> Option<Name> {
        self.profile(id).map(|profile| profile.name.clone())
    }
    /// Where an agent is reached, if it lives.
    pub(crate) fn address(&self, id: AgentId) -> Option<Wire<AgentActor>> {
        self.agents.borrow().get(&id).map(|seat| seat.addr.clone())
    }
    /// True if it lives.
    pub(crate) fn is_alive(&self, id: AgentId) -> bool {
        self.agents.borrow().contains_key(&id)
    }
    /// The living, in order of number.
    pub(crate) fn agents(&self) -> Vec<Seat> {
        self.agents.borrow().values().cloned().collect()
    }
    pub(crate) fn enter_coordinator(&self, book: Rc<Book>) {
        self.coordinators.borrow_mut().insert(book.id, book);
    }
    /// A coordinator is not needed any more.
    pub(crate) fn leave_coordinator(&self, id: CoordinatorId) {
        let old = self.coordinators.borrow_mut().remove(&id);
        drop(old);
    }
    pub(crate) fn coordinator(&self, id: CoordinatorId) -> Option<Rc<Book>> {
        self.coordinators.borrow().get(&id).cloned()
    }
    pub(crate) fn coordinators(&self) -> Vec<Rc<Book>> {
        self.coordinators.borrow().values().cloned().collect()
    }
    /// The coordinators of the teams that an agent is in.
    pub(crate) fn coordinators_of(&self, profile: &Profile) -> Vec<Rc<Book>> {
        self.coordinators.borrow().values().filter(|book| book.admits(profile)).cloned().collect()
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
    pub(crate) fn leave_orphan(&self, door: Door, spec: ChildSpec<u64>, child: Child) {
        self.orphans.borrow_mut().entry(door).or_default().push_back((spec, child));
    }
    pub(crate) fn next_orphan(&self, door: Door) -> Option<Orphan> {
        self.orphans.borrow_mut().get_mut(&door)?.pop_front()
    }
    pub(crate) fn enter_supervisor(&self, door: Door, addr: Addr<SupervisorActor>) {
        let old = self.supervisors.borrow_mut().insert(door, addr);
        drop(old);
    }
    pub(crate) fn supervisor(&self, door: Door) -> Option<Addr<SupervisorActor>> {
        self.supervisors.borrow().get(&door).cloned()
    }
    /// True if a run goes on.
    pub(crate) fn has_runs(&self) -> bool {
        !self.runs.borrow().is_empty()
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
        let all = (self.supervisors.take(), self.agents.take(), self.coordinators.take(), self.runs.take(), self.orphans.take());
        drop(all);
    }
}
