//! The leader's side: what happens at its desk.

use super::chain::Chain;
use super::desk::Desk;
use super::message::{Message, Summary};
use super::proof::Proof;
use super::settings::Hierarchical;
use crate::{AgentId, Initiator, Judged, Memory, Outcome, Profile, TaskId, TaskView, Time, Turn};
use std::collections::BTreeMap;

/// The leader's desk. It survives its leader: when the one who leads is lost another is elected, and takes over desk and book.
#[derive(Clone, Debug)]
pub struct Head {
    desk: Desk,
    chain: Chain,
    /// What an earlier life learned, by name, for members that have yet to join.
    learned: BTreeMap<String, Proof>,
}

impl Head {
    /// A desk without a team.
    pub fn new(settings: &Hierarchical) -> Head {
        Head { desk: Desk::new(settings), chain: Chain::new(settings), learned: BTreeMap::new() }
    }
    /// Who leads now; `None` if the team is empty.
    pub fn leader(&self) -> Option<AgentId> {
        self.desk.leader.holder()
    }
    /// What was reported up the tree, summed: a leader knows no more of it than that. Empty where there is no tree.
    pub fn reported(&self) -> Summary {
        self.chain.reported()
    }
    fn keep(&mut self, agent: AgentId) {
        if let Some(member) = self.desk.book.get(agent).filter(|m| m.proof.lessons > 0) {
            self.learned.insert(member.profile.name.to_string(), member.proof);
        }
    }
    fn recall(&mut self, agent: AgentId) {
        let Some(member) = self.desk.book.get(agent) else { return };
        if let Some(proof) = self.learned.get(&*member.profile.name).copied() {
            self.desk.book.recall(agent, proof);
        }
    }
}

impl Initiator for Head {
    type Message = Message;

    fn on_join(&mut self, agent: AgentId, profile: &Profile, turn: &mut Turn<'_, Message>) {
        self.keep(agent);
        self.desk.book.begin(turn.now);
        self.chain.join(agent, profile);
        self.desk.join(agent, profile);
        self.recall(agent);
        self.chain.moved(&mut self.desk, turn);
    }
    fn on_leave(&mut self, agent: AgentId, turn: &mut Turn<'_, Message>) {
        self.keep(agent);
        let ended = self.desk.book.begin(turn.now);
        self.chain.leave(agent, &mut self.desk);
        if self.desk.leave(agent, turn) || ended {
            self.chain.moved(&mut self.desk, turn);
        }
    }
    fn on_task(&mut self, task: &TaskView, turn: &mut Turn<'_, Message>) {
        let ended = self.desk.book.begin(turn.now);
        self.chain.close(task.id, turn);
        if self.desk.open(task, turn) || ended {
            self.chain.proceed(&mut self.desk, turn);
        }
    }
    fn on_withdraw(&mut self, task: TaskId, turn: &mut Turn<'_, Message>) {
        let ended = self.desk.book.begin(turn.now);
        if self.chain.close(task, turn) | self.desk.withdraw(task) | ended {
            self.chain.proceed(&mut self.desk, turn);
        }
    }
    fn on_message(&mut self, from: AgentId, message: Message, turn: &mut Turn<'_, Message>) {
        if self.desk.book.get(from).is_none() {
            return; // what time has brought is for `on_wake`, not for a stranger to set off
        }
        let ended = self.desk.book.begin(turn.now);
        self.chain.on_message(from, message, &mut self.desk, turn);
        if ended {
            self.chain.proceed(&mut self.desk, turn);
        }
    }
    fn on_outcome(&mut self, task: TaskId, agent: AgentId, outcome: &Outcome, turn: &mut Turn<'_, Message>) {
        let ended = self.desk.book.begin(turn.now);
        let ours = self.desk.ended(task, agent, outcome);
        if ours {
            self.chain.ended(agent, turn.now);
            self.chain.learned(agent, &self.desk, turn);
        }
        if ours || ended {
            self.chain.proceed(&mut self.desk, turn);
        }
    }
    fn on_judged(&mut self, judged: &Judged, turn: &mut Turn<'_, Message>) {
        let ended = self.desk.book.begin(turn.now);
        if self.desk.book.judged(judged.agent, judged.quality) {
            self.chain.learned(judged.agent, &self.desk, turn);
        }
        if ended {
            self.chain.proceed(&mut self.desk, turn);
        }
    }
    fn on_free(&mut self, agent: AgentId, turn: &mut Turn<'_, Message>) {
        if self.desk.book.doubt(agent, turn.now) && self.desk.book.begin(turn.now) {
            self.chain.proceed(&mut self.desk, turn);
        }
    }
    fn on_wake(&mut self, turn: &mut Turn<'_, Message>) {
        if self.next_wake().is_some_and(|due| due <= turn.now) {
            self.desk.book.begin(turn.now);
            self.chain.proceed(&mut self.desk, turn);
        }
    }
    fn next_wake(&self) -> Option<Time> {
        self.chain.next(&self.desk)
    }
    fn save(&self) -> Memory {
        let mut memory = Memory::default();
        let present = self.desk.book.iter().filter(|(_, m)| m.proof.lessons > 0);
        let present = present.map(|(_, m)| (m.profile.name.to_string(), m.proof));
        for (name, proof) in self.learned.clone().into_iter().chain(present) {
            memory.set(format!("pace/{name}"), proof.numbers());
        }
        memory
    }
    fn restore(&mut self, memory: &Memory) {
        for (key, numbers) in memory.iter() {
            if let (Some(name), Some(proof)) = (key.strip_prefix("pace/"), Proof::read(numbers)) {
                self.learned.insert(name.to_owned(), proof);
            }
        }
        let members: Vec<AgentId> = self.desk.book.iter().map(|(agent, _)| agent).collect();
        for agent in members {
            self.recall(agent);
        }
    }
    fn standing(&self, agent: AgentId) -> Vec<(&'static str, f64)> {
        self.desk.book.get(agent).map_or_else(Vec::new, |m| vec![("capability", m.standing), ("pace", m.pace)])
    }
}
