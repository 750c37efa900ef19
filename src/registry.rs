//! The one `dyn` seam above the protocols: by a protocol's name, so that a config can choose and a third party can register its own.

use polity_protocols::{
    AgentId, Bent, Effect, Initiator, Judged, Lie, Memory, Outcome, Participant, Profile, Protocol, Reply, Rng, TaskId, TaskView,
    Time, Turn,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A message of some protocol, without its type.
pub(crate) struct Talk(Box<dyn Said>);

trait Said: Send {
    fn bytes(&self) -> u64;
    fn again(&self) -> Box<dyn Said>;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}
impl<M: Clone + Serialize + Send + 'static> Said for M {
    fn bytes(&self) -> u64 {
        let mut counter = Counter(0);
        // What can't be written has no size; no message of ours is so.
        serde_json::to_writer(&mut counter, self).map_or(0, |()| counter.0)
    }
    fn again(&self) -> Box<dyn Said> {
        Box::new(self.clone())
    }
    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
impl Talk {
    fn new<M: Clone + Serialize + Send + 'static>(message: M) -> Talk {
        Talk(Box::new(message))
    }
    /// How long the message is, written as JSON.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.bytes()
    }
    /// The same message once more: what a repeating link delivers.
    pub(crate) fn again(&self) -> Talk {
        Talk(self.0.again())
    }
    /// The message as what it is; `None` if it is of another protocol.
    fn open<M: 'static>(self) -> Option<M> {
        self.0.into_any().downcast().ok().map(|message| *message)
    }
}
impl fmt::Debug for Talk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Talk")
    }
}

/// Counts what is written.
struct Counter(u64);
impl std::io::Write for Counter {
    fn write(&mut self, written: &[u8]) -> std::io::Result<usize> {
        self.0 += written.len() as u64;
        Ok(written.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The moment, the randomness and the effects of one turn of an initiator without its type.
pub(crate) struct AnyTurn<'a> {
    pub(crate) now: Time,
    pub(crate) more: bool,
    pub(crate) rng: &'a mut Rng,
    pub(crate) effects: &'a mut Vec<Effect<Talk>>,
}

/// What an initiator may be told.
pub(crate) enum Told<'a> {
    Join(AgentId, &'a Profile),
    Leave(AgentId),
    Task(&'a TaskView),
    Withdraw(TaskId),
    Message(AgentId, Talk),
    Outcome(TaskId, AgentId, &'a Outcome),
    Judged(&'a Judged),
    Free(AgentId),
    Wake,
}

/// An initiator without its type.
pub(crate) trait AnyInitiator {
    fn take(&mut self, told: Told<'_>, turn: AnyTurn<'_>);
    fn next_wake(&self) -> Option<Time>;
    fn save(&self) -> Memory;
    fn restore(&mut self, memory: &Memory);
    fn standing(&self, agent: AgentId) -> Vec<(&'static str, f64)>;
}

/// A participant without its type.
pub(crate) trait AnyParticipant {
    fn on_message(&mut self, talk: Talk, reply: AnyReply<'_>);
    fn on_outcome(&mut self, task: TaskId, kind: &str, outcome: &Outcome, reply: AnyReply<'_>);
}

/// One turn of a participant without its type.
pub(crate) struct AnyReply<'a> {
    pub(crate) now: Time,
    pub(crate) load: polity_protocols::Load,
    pub(crate) rng: &'a mut Rng,
    pub(crate) said: &'a mut Vec<Talk>,
}

/// A role with the buffer that its turns fill, so that a turn allocates nothing.
struct Typed<R, B> {
    role: R,
    buffer: Vec<B>,
}

impl<I: Initiator> AnyInitiator for Typed<I, Effect<I::Message>>
where
    I::Message: Clone + Serialize + Send + 'static,
{
    fn take(&mut self, told: Told<'_>, turn: AnyTurn<'_>) {
        let mut own = Turn::new(turn.now, turn.rng, &mut self.buffer).amid(turn.more);
        match told {
            Told::Join(agent, profile) => self.role.on_join(agent, profile, &mut own),
            Told::Leave(agent) => self.role.on_leave(agent, &mut own),
            Told::Task(view) => self.role.on_task(view, &mut own),
            Told::Withdraw(task) => self.role.on_withdraw(task, &mut own),
            Told::Message(from, talk) => {
                if let Some(message) = talk.open() {
                    self.role.on_message(from, message, &mut own);
                }
            }
            Told::Outcome(task, agent, outcome) => self.role.on_outcome(task, agent, outcome, &mut own),
            Told::Judged(judged) => self.role.on_judged(judged, &mut own),
            Told::Free(agent) => self.role.on_free(agent, &mut own),
            Told::Wake => self.role.on_wake(&mut own),
        }
        turn.effects.extend(self.buffer.drain(..).map(|effect| match effect {
            Effect::Send(to, message) => Effect::Send(to, Talk::new(message)),
            Effect::Assign(task, agent, decision) => Effect::Assign(task, agent, decision),
            Effect::Decline(task, why) => Effect::Decline(task, why),
        }));
    }
    fn next_wake(&self) -> Option<Time> {
        self.role.next_wake()
    }
    fn save(&self) -> Memory {
        self.role.save()
    }
    fn restore(&mut self, memory: &Memory) {
        self.role.restore(memory);
    }
    fn standing(&self, agent: AgentId) -> Vec<(&'static str, f64)> {
        self.role.standing(agent)
    }
}

impl<P: Participant> AnyParticipant for Typed<P, P::Message>
where
    P::Message: Clone + Serialize + Send + 'static,
{
    fn on_message(&mut self, talk: Talk, reply: AnyReply<'_>) {
        if let Some(message) = talk.open() {
            self.role.on_message(message, &mut Reply::new(reply.now, reply.load, reply.rng, &mut self.buffer));
            reply.said.extend(self.buffer.drain(..).map(Talk::new));
        }
    }
    fn on_outcome(&mut self, task: TaskId, kind: &str, outcome: &Outcome, reply: AnyReply<'_>) {
        self.role.on_outcome(task, kind, outcome, &mut Reply::new(reply.now, reply.load, reply.rng, &mut self.buffer));
        reply.said.extend(self.buffer.drain(..).map(Talk::new));
    }
}

/// A protocol with its settings, without its type: what governs a team.
///
/// ```
/// use polity::Government;
/// use polity::protocols::hierarchical::Hierarchical;
/// let government = Government::new(Hierarchical::default()).unwrap();
/// assert_eq!(government.name(), "hierarchical");
/// ```
#[derive(Clone)]
pub struct Government(Arc<dyn AnyGovernment>);

trait AnyGovernment: Send + Sync {
    fn name(&self) -> &'static str;
    fn settings(&self) -> Value;
    fn foresees(&self) -> bool;
    fn initiator(&self) -> Box<dyn AnyInitiator>;
    fn participant(&self, me: AgentId, profile: &Profile) -> Box<dyn AnyParticipant>;
    fn bent(&self, me: AgentId, profile: &Profile, lies: Vec<Lie>, rng: Rng) -> Box<dyn AnyParticipant>;
}
impl<P: Protocol + Serialize> AnyGovernment for P {
    fn name(&self) -> &'static str {
        P::NAME
    }
    fn settings(&self) -> Value {
        serde_json::to_value(self).unwrap_or(Value::Null)
    }
    fn foresees(&self) -> bool {
        Protocol::foresees(self)
    }
    fn initiator(&self) -> Box<dyn AnyInitiator> {
        Box::new(Typed { role: Protocol::initiator(self), buffer: Vec::new() })
    }
    fn participant(&self, me: AgentId, profile: &Profile) -> Box<dyn AnyParticipant> {
        Box::new(Typed { role: Protocol::participant(self, me, profile), buffer: Vec::new() })
    }
    fn bent(&self, me: AgentId, profile: &Profile, lies: Vec<Lie>, rng: Rng) -> Box<dyn AnyParticipant> {
        Box::new(Typed { role: Bent::new(self, me, profile, lies, rng), buffer: Vec::new() })
    }
}

impl Government {
    /// A protocol as a government.
    ///
    /// # Errors
    /// The protocol's own sentence, if its settings make no sense.
    pub fn new<P: Protocol + Serialize>(protocol: P) -> Result<Government, String> {
        protocol.check()?;
        Ok(Government(Arc::new(protocol)))
    }
    /// What a config calls it.
    pub fn name(&self) -> &'static str {
        self.0.name()
    }
    /// Its settings, each with its value.
    pub fn settings(&self) -> Value {
        self.0.settings()
    }
    /// Whether it makes use of what becomes ready soon.
    pub(crate) fn foresees(&self) -> bool {
        self.0.foresees()
    }
    pub(crate) fn initiator(&self) -> Box<dyn AnyInitiator> {
        self.0.initiator()
    }
    pub(crate) fn participant(&self, me: AgentId, profile: &Profile) -> Box<dyn AnyParticipant> {
        self.0.participant(me, profile)
    }
    /// A participant that lies.
    pub(crate) fn bent(&self, me: AgentId, profile: &Profile, lies: Vec<Lie>, rng: Rng) -> Box<dyn AnyParticipant> {
        self.0.bent(me, profile, lies, rng)
    }
}
impl fmt::Debug for Government {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name(), self.settings())
    }
}
impl PartialEq for Government {
    fn eq(&self, other: &Government) -> bool {
        self.name() == other.name() && self.settings() == other.settings()
    }
}

type Maker = fn(&Value) -> Result<Government, String>;

/// The protocols that a config may name.
///
/// ```
/// use polity::Registry;
/// let registry = Registry::standard();
/// assert!(registry.names().any(|name| name == "hierarchical"));
/// let wrong = registry.make("hierarchical", &serde_json::json!({ "span": 1 })).unwrap_err();
/// assert!(wrong.contains("span"), "{wrong}");
/// ```
#[derive(Clone, Debug)]
pub struct Registry(BTreeMap<&'static str, Maker>);

impl Registry {
    /// No protocol at all.
    pub fn empty() -> Registry {
        Registry(BTreeMap::new())
    }
    /// The protocols that come with the runtime.
    pub fn standard() -> Registry {
        use polity_protocols::{auto, baselines, consensus, hierarchical, market, pinned, stigmergic};
        let mut registry = Registry::empty();
        registry
            .register::<hierarchical::Hierarchical>()
            .register::<consensus::Consensus>()
            .register::<market::Market>()
            .register::<stigmergic::Stigmergic>()
            .register::<auto::Auto>()
            .register::<pinned::Pinned>()
            .register::<crate::planned::Heft>()
            .register::<crate::planned::Cpop>()
            .register::<crate::planned::MaxMin>()
            .register::<baselines::Random>()
            .register::<baselines::RoundRobin>()
            .register::<baselines::FifoFastestIdle>()
            .register::<baselines::MinCompletion>();
        registry
    }
    /// Adds a protocol; one of the same name is replaced.
    pub fn register<P: Protocol + Serialize + DeserializeOwned + Default>(&mut self) -> &mut Registry {
        self.0.insert(P::NAME, make::<P>);
        self
    }
    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.keys().copied()
    }
    /// The government of this name and these settings (an object; what it does not say stays at its default).
    ///
    /// # Errors
    /// A sentence, if the name is unknown or a setting is wrong.
    pub fn make(&self, name: &str, settings: &Value) -> Result<Government, String> {
        let Some(maker) = self.0.get(name) else {
            let all = self.names().collect::<Vec<_>>().join(", ");
            let near = crate::workflow::text::nearest(name, self.names()).map(|word| format!("; did you mean \"{word}\"?"));
            return Err(format!("there is no strategy \"{name}\"{}", near.unwrap_or_else(|| format!("; there are {all}"))));
        };
        maker(settings)
    }
}
impl Default for Registry {
    fn default() -> Registry {
        Registry::standard()
    }
}

fn make<P: Protocol + Serialize + DeserializeOwned + Default>(settings: &Value) -> Result<Government, String> {
    let empty = settings.is_null() || settings.as_object().is_some_and(serde_json::Map::is_empty);
    let protocol = if empty {
        P::default()
    } else {
        P::deserialize(settings).map_err(|error| unreadable::<P>(settings, &error.to_string()))?
    };
    Government::new(protocol)
}

/// Why settings can't be read, as a sentence: the reader knows the rule that was broken, but not always where.
fn unreadable<P: Protocol + DeserializeOwned>(settings: &Value, error: &str) -> String {
    let Some(all) = settings.as_object() else {
        return format!("the settings of strategy \"{}\" must be a map, but are {settings}", P::NAME);
    };
    let alone = |(key, value): (&String, &Value)| {
        let one = Value::Object([(key.clone(), value.clone())].into_iter().collect());
        P::deserialize(&one).err().map(|error| (key.clone(), value.clone(), error.to_string()))
    };
    let Some((key, value, error)) = all.iter().find_map(alone) else {
        return format!("the settings of strategy \"{}\" don't go together: {error}", P::NAME);
    };
    let words = quoted(&error);
    let near = |given: &str| crate::workflow::text::nearest(given, words.iter().skip(1).copied());
    let offer = |given: &str| match (near(given), words.get(1..)) {
        (Some(word), _) => format!("; did you mean \"{word}\"?"),
        (None, Some(all)) if !all.is_empty() => format!("; there are {}", all.join(", ")),
        _ => String::new(),
    };
    if error.starts_with("unknown field") && words.first() == Some(&&*key) {
        return format!("strategy \"{}\" has no setting \"{key}\"{}", P::NAME, offer(&key));
    }
    if error.starts_with("unknown variant") {
        return format!("{}.{key} can't be {value}{}", P::NAME, offer(words.first().copied().unwrap_or_default()));
    }
    format!("{}.{key}: {error}", P::NAME)
}
/// What stands between back-ticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// What may be given where a strategy is wanted: a protocol's settings, or a [`Government`].
pub trait IntoGovernment {
    /// The government.
    ///
    /// # Errors
    /// The protocol's own sentence, if its settings make no sense.
    fn into_government(self) -> Result<Government, String>;
}
impl IntoGovernment for Government {
    fn into_government(self) -> Result<Government, String> {
        Ok(self)
    }
}
impl<P: Protocol + Serialize> IntoGovernment for P {
    fn into_government(self) -> Result<Government, String> {
        Government::new(self)
    }
}
