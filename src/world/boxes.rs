//! All inboxes of a society, by name, by group and by topic.

use super::inbox::{Inbox, bury};
use super::{Letter, World};
use polity_agents::{Address, Failure, FailureKind, Letter as Note, Undeliverable};
use polity_protocols::{AgentId, Name, Profile};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

/// Topics that a society may have.
const TOPICS: usize = 1_024;
/// Topics that one agent may listen to.
const TOPICS_OF_ONE: usize = 64;

/// All inboxes of a society, and the topics.
#[derive(Default)]
pub(crate) struct Boxes {
    /// By number.
    all: RefCell<Vec<Rc<Inbox>>>,
    names: RefCell<BTreeMap<Name, AgentId>>,
    /// The members of each group, and whose turn it is.
    groups: RefCell<BTreeMap<Name, (Vec<AgentId>, usize)>>,
    topics: RefCell<BTreeMap<Name, BTreeSet<AgentId>>>,
}
impl Boxes {
    /// The inbox of an agent that is to live here; its number is the next.
    pub(crate) fn furnish(&self, profile: Arc<Profile>) -> Rc<Inbox> {
        let mut all = self.all.borrow_mut();
        let agent = AgentId(all.len() as u32);
        self.names.borrow_mut().entry(profile.name.clone()).or_insert(agent);
        self.groups.borrow_mut().entry(profile.group.clone()).or_default().0.push(agent);
        all.push(Rc::new(Inbox::new(agent, profile)));
        all[agent.index()].clone()
    }
    fn of(&self, agent: AgentId) -> Option<Rc<Inbox>> {
        self.all.borrow().get(agent.index()).cloned()
    }
    /// Whose letter it is: the agent's of this name, or of a group that of the next who lives, and is not the sender if there is another.
    fn find(&self, name: &str, sender: Option<AgentId>, world: &World) -> Option<Rc<Inbox>> {
        if let Some(agent) = self.names.borrow().get(name).copied() {
            return self.of(agent);
        }
        let mut groups = self.groups.borrow_mut();
        let (members, turn) = groups.get_mut(name)?;
        let from = *turn;
        let place = |k: usize| (from + k) % members.len();
        let score = |at: usize| (world.directory.is_alive(members[at]), Some(members[at]) != sender);
        // The first of the best: `max_by_key` alone would give the last.
        let best = (0..members.len()).rev().max_by_key(|k| score(place(*k))).map(place)?;
        *turn = best + 1;
        self.of(members[best])
    }
    fn nearest(&self, name: &str) -> Option<Name> {
        let (names, groups) = (self.names.borrow(), self.groups.borrow());
        let near = names.keys().chain(groups.keys()).map(|known| (strsim::damerau_levenshtein(name, known), known));
        let limit = (name.chars().count() / 3).max(1);
        near.filter(|(distance, _)| *distance <= limit).min().map(|(_, known)| known.clone())
    }
    /// Sends a letter on its way to whoever it is for.
    pub(crate) fn send(&self, letter: Note, sender: Option<AgentId>, world: &World) {
        match letter.to() {
            Address::Agent(name) => match self.find(name, sender, world) {
                Some(inbox) => world.speak(sender, inbox.agent, Letter::Note(inbox, letter)),
                None => {
                    let hint = self.nearest(name).map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default();
                    let reason = format!("no agent and no group is called \"{name}\"{hint}");
                    bury(world, &letter, None, Undeliverable::UnknownName, &reason);
                }
            },
            Address::Topic(topic) => {
                let listeners: Vec<AgentId> = self.topics.borrow().get(topic).into_iter().flatten().copied().collect();
                let mut others = listeners.into_iter().filter(|agent| Some(*agent) != sender).peekable();
                if others.peek().is_none() {
                    bury(world, &letter, None, Undeliverable::NoSubscriber, &format!("nobody else listens to \"{topic}\""));
                }
                for inbox in others.filter_map(|agent| self.of(agent)) {
                    world.speak(sender, inbox.agent, Letter::Note(inbox, letter.clone()));
                }
            }
        }
    }
    /// An agent listens to a topic from now on.
    pub(crate) fn subscribe(&self, agent: AgentId, topic: &str) -> Result<(), Failure> {
        let mut topics = self.topics.borrow_mut();
        let refuse = |what: String| Err(Failure::new(FailureKind::Validation, what));
        if topic.is_empty() || topic.len() > 128 {
            return refuse(format!("a topic has 1 to 128 bytes, but this has {}", topic.len()));
        }
        if topics.get(topic).is_some_and(|listeners| listeners.contains(&agent)) {
            return Ok(());
        }
        if topics.values().filter(|listeners| listeners.contains(&agent)).count() >= TOPICS_OF_ONE {
            return refuse(format!("an agent listens to {TOPICS_OF_ONE} topics at most; \"{topic}\" is one too many"));
        }
        if !topics.contains_key(topic) && topics.len() >= TOPICS {
            return refuse(format!("a society has {TOPICS} topics at most; \"{topic}\" is one too many"));
        }
        topics.entry(topic.into()).or_default().insert(agent);
        Ok(())
    }
    /// It no longer does.
    pub(crate) fn unsubscribe(&self, agent: AgentId, topic: &str) {
        let mut topics = self.topics.borrow_mut();
        if let Some(listeners) = topics.get_mut(topic) {
            listeners.remove(&agent);
            if listeners.is_empty() {
                topics.remove(topic);
            }
        }
    }
    /// It listens to nothing any more.
    pub(crate) fn unsubscribe_all(&self, agent: AgentId) {
        self.topics.borrow_mut().retain(|_, listeners| {
            listeners.remove(&agent);
            !listeners.is_empty()
        });
    }
    /// An agent left for good: what lies in its inbox, and what comes later, is dead.
    pub(crate) fn close(&self, agent: AgentId, world: &World) {
        self.unsubscribe_all(agent);
        if let Some(inbox) = self.of(agent) {
            inbox.gone.set(true);
            inbox.bury_all(world, Undeliverable::Gone, &format!("agent \"{}\" left for good", inbox.name()));
        }
    }
    /// An agent lives again, even if it had left for good.
    pub(crate) fn reopen(&self, agent: AgentId) {
        if let Some(inbox) = self.of(agent) {
            inbox.gone.set(false);
        }
    }
}
