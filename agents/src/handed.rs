//! What a job gives back beside its answer: work that it hands on, and what it spent.

use core::any::Any;
use core::fmt;
use polity_protocols::Name;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// Work that a job hands on instead of doing it.
///
/// What is to be done is known to the runtime only: this crate just carries it.
#[derive(Clone)]
pub struct HandedOn {
    /// What is to be done.
    pub flow: Arc<dyn Any + Send + Sync>,
    /// Who shall do it, by the ids of agents; the team that the job's task belongs to if none.
    pub team: Option<Vec<Name>>,
}
impl fmt::Debug for HandedOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandedOn").field("team", &self.team).finish_non_exhaustive()
    }
}
impl PartialEq for HandedOn {
    /// Equal if it is the same work, not one that looks alike.
    fn eq(&self, other: &HandedOn) -> bool {
        Arc::ptr_eq(&self.flow, &other.flow) && self.team == other.team
    }
}

/// What a job says that it spent, beside its time.
///
/// ```
/// use polity_agents::Spent;
/// let mut spent = Spent { cost: 0.5, tokens: 100 };
/// spent.add(Spent { cost: 0.25, tokens: 20 });
/// assert_eq!(spent, Spent { cost: 0.75, tokens: 120 });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// Money, in the unit of the agents' costs.
    pub cost: f64,
    /// Tokens of a language model.
    pub tokens: u64,
}
impl Spent {
    /// Adds what was spent elsewhere.
    pub fn add(&mut self, more: Spent) {
        self.cost += more.cost.max(0.0);
        self.tokens = self.tokens.saturating_add(more.tokens);
    }
}

/// Where a job puts it; shared by its context and whoever carries the job out.
#[derive(Clone, Default)]
pub(crate) struct Beside(Rc<RefCell<(Option<HandedOn>, Spent)>>);
impl Beside {
    pub(crate) fn hand_on(&self, work: HandedOn) {
        self.0.borrow_mut().0 = Some(work);
    }
    pub(crate) fn spend(&self, spent: Spent) {
        self.0.borrow_mut().1.add(spent);
    }
    pub(crate) fn take(&self) -> (Option<HandedOn>, Spent) {
        std::mem::take(&mut *self.0.borrow_mut())
    }
}
