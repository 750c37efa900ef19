//! The trait that every government implements: an initiator role, a participant role, and the settings that make them.

use crate::deceit::Lie;
use crate::ids::{AgentId, TaskId};
use crate::profile::Profile;
use crate::rng::Rng;
use crate::task::{Judged, Outcome, TaskView};
use crate::time::Time;
use crate::turn::{Reply, Turn};
use core::fmt::Debug;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A coordination protocol. The settings type is the factory: it makes the two roles (FIPA's initiator and participant).
///
/// A new protocol is one file; it owes [`testing::suite`](fn@crate::testing::suite): every task decided exactly once, only to an able
/// agent, under delay, loss, repeats, reordering, leavers, withdrawals and agents to avoid.
pub trait Protocol: Clone + Debug + Send + Sync + 'static {
    /// What a config calls it.
    const NAME: &'static str;
    /// What its roles say to each other.
    type Message: Clone + Debug + Serialize + Send + 'static;
    /// The side that decides.
    type Initiator: Initiator<Message = Self::Message>;
    /// The side that is asked.
    type Participant: Participant<Message = Self::Message>;

    /// Whether the settings make sense.
    ///
    /// # Errors
    /// A sentence that names the setting, what was expected and what was given: `market.reserve must be above 0, but is -1`.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
    /// Whether its initiator makes use of [`TaskView::prospects`](crate::TaskView::prospects). To others they are not told, since to
    /// work them out costs something.
    fn foresees(&self) -> bool {
        false
    }
    /// A new initiator, which knows nobody yet.
    fn initiator(&self) -> Self::Initiator;
    /// The participant of one agent. It alone knows its own true profile and load.
    fn participant(&self, me: AgentId, profile: &Profile) -> Self::Participant;
    /// What a participant says that lies, instead of what it thinks: prices and times of a fraction, rankings upside down. A protocol in
    /// which nothing can be lied about, or of which nobody has said how, has its participants speak the truth. Used by
    /// [`Bent`](crate::Bent), for faults on purpose; no honest participant comes by here.
    fn bend(thought: Self::Message, _lie: &Lie, _now: Time, _rng: &mut Rng) -> Self::Message {
        thought
    }
}

/// The deciding side of a protocol; one per team, living across runs.
///
/// Rules of the trait, which the suite checks:
/// - Each announced task is assigned or declined exactly once per announcement, unless it is withdrawn first.
/// - Only to an agent that has joined, has not left, and is able ([`Demand::fit`](crate::Demand::fit)). An agent in `avoid` is
///   passed over while another able agent is in the team.
/// - A message that makes no sense (late, repeated, of a stranger) changes nothing.
/// - A spurious [`on_wake`](Initiator::on_wake) does nothing; [`next_wake`](Initiator::next_wake) is O(1).
/// - While a task is open and could be decided without further input from outside, `next_wake` is `Some` or messages are under way:
///   a lost message never leaves a task open for ever. A task whose able agents are all merely *busy* may stay open until
///   [`on_outcome`](Initiator::on_outcome) tells that one is free. With no able agent at all, it is declined at once.
pub trait Initiator: 'static {
    /// What the roles say to each other.
    type Message;

    /// An agent joins the team (or joins again, with a new life, after it was lost).
    fn on_join(&mut self, agent: AgentId, profile: &Profile, turn: &mut Turn<'_, Self::Message>);
    /// An agent leaves or is lost. Its awards get their outcomes separately ([`Ended::Lost`](crate::Ended::Lost)).
    fn on_leave(&mut self, agent: AgentId, turn: &mut Turn<'_, Self::Message>);
    /// A task is announced, perhaps again (a higher attempt, agents to avoid).
    fn on_task(&mut self, task: &TaskView, turn: &mut Turn<'_, Self::Message>);
    /// An open task is no longer wanted: it was cancelled before it was awarded. No award may follow.
    fn on_withdraw(&mut self, task: TaskId, turn: &mut Turn<'_, Self::Message>);
    /// A participant says something.
    fn on_message(&mut self, _from: AgentId, _message: Self::Message, _turn: &mut Turn<'_, Self::Message>) {}
    /// An award ended. Exactly one for each award; the time to learn, and to think of who is free now.
    fn on_outcome(&mut self, _task: TaskId, _agent: AgentId, _outcome: &Outcome, _turn: &mut Turn<'_, Self::Message>) {}
    /// The result of an award that ended well was judged afterwards: at most once for each, at any time after its outcome, and by nobody
    /// for most. What was learned of it as a full success is to be set right.
    fn on_judged(&mut self, _judged: &Judged, _turn: &mut Turn<'_, Self::Message>) {}
    /// An agent that another team or government keeps busy too has a free slot now. What it said of its load before is out of date, and
    /// nothing else would tell: whoever lets it rest for as long as it asked should look again.
    fn on_free(&mut self, _agent: AgentId, _turn: &mut Turn<'_, Self::Message>) {}
    /// The moment that `next_wake` asked for has come (or not: then do nothing).
    fn on_wake(&mut self, _turn: &mut Turn<'_, Self::Message>) {}
    /// When to be woken, if at all. O(1).
    fn next_wake(&self) -> Option<Time> {
        None
    }
    /// What it has learned, and no more: open tasks and members are not memory.
    fn save(&self) -> Memory {
        Memory::default()
    }
    /// Takes up what an earlier life learned. Unknown entries are ignored.
    fn restore(&mut self, _memory: &Memory) {}
    /// What is worth showing of an agent: reputation, trust, earnings, trails.
    fn standing(&self, _agent: AgentId) -> Vec<(&'static str, f64)> {
        Vec::new()
    }
}

/// The asked side of a protocol; one per agent and team. It can only answer.
pub trait Participant: 'static {
    /// What the roles say to each other.
    type Message;
    /// The initiator says something.
    fn on_message(&mut self, message: Self::Message, reply: &mut Reply<'_, Self::Message>);
    /// A job of this team ended here: private evidence, which only this agent has.
    fn on_outcome(&mut self, _task: TaskId, _kind: &str, _outcome: &Outcome, _reply: &mut Reply<'_, Self::Message>) {}
}

/// The message of a protocol in which nobody needs to say anything. It has no values.
///
/// ```
/// fn never(said: polity_protocols::Silence) -> ! { match said {} }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Silence {}

/// The participant of a protocol in which nobody needs to say anything.
///
/// ```
/// let _quiet = polity_protocols::Mute;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Mute;
impl Participant for Mute {
    type Message = Silence;
    fn on_message(&mut self, message: Silence, _: &mut Reply<'_, Silence>) {
        match message {}
    }
}

/// What a protocol has learned, by name, so that it outlives ids: `"trust/shell-1/analysis" → [0.8, 12.0]`.
///
/// ```
/// use polity_protocols::Memory;
/// let mut memory = Memory::default();
/// memory.set("trail/analysis/ann", [2.5]);
/// assert_eq!(memory.get("trail/analysis/ann"), Some(&[2.5][..]));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Memory(BTreeMap<String, Vec<f64>>);
impl Memory {
    /// Remembers numbers under a key.
    pub fn set(&mut self, key: impl Into<String>, numbers: impl Into<Vec<f64>>) {
        self.0.insert(key.into(), numbers.into());
    }
    /// The numbers under a key.
    pub fn get(&self, key: &str) -> Option<&[f64]> {
        self.0.get(key).map(Vec::as_slice)
    }
    /// All keys and numbers, in order of key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[f64])> {
        self.0.iter().map(|(k, v)| (k.as_str(), v.as_slice()))
    }
    /// How many things were learned.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// True if nothing was learned.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
