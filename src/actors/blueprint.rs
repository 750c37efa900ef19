//! What is the same in every life of an agent.

use super::PoolPlan;
use crate::faults::Part;
use crate::supervision::{ChildSpec, Intensity};
use crate::world::Inbox;
use polity_agents::{DynAgent, Functions};
use polity_protocols::{AgentId, Name, Profile};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// Makes a new life of a user's agent.
pub(crate) type Factory = Rc<dyn Fn() -> Box<dyn DynAgent>>;

/// What is the same in every life of an agent.
pub(crate) struct Blueprint {
    pub(crate) id: AgentId,
    pub(crate) profile: Arc<Profile>,
    /// Jobs that may wait for a slot.
    pub(crate) queue: u32,
    /// The function that does what a task names no way for.
    pub(crate) behaviour: Option<Name>,
    pub(crate) functions: Rc<Functions>,
    /// How long it may go on with its jobs when it is stopped.
    pub(crate) drain: Duration,
    pub(crate) factory: Option<Factory>,
    /// Where its letters lie, whether it lives or not.
    pub(crate) inbox: Rc<Inbox>,
    /// Its number with its supervisor.
    pub(crate) child: u64,
    /// What goes wrong with it on purpose; none as a rule.
    pub(crate) part: Option<Rc<Part>>,
    /// The elastic pool that it is a replica of.
    pub(crate) pool: Option<Rc<PoolPlan>>,
}
impl Blueprint {
    /// How it is supervised, unless a group says otherwise.
    pub(crate) fn child_spec(&self) -> ChildSpec<u64> {
        ChildSpec::transient(self.child).shutdown(self.drain).within(Intensity::AGENTS)
    }
}
