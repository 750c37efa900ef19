//! One government's initiator, so that governments of different messages can be held side by side.

use super::message::{Dialect, Message};
use super::settings::{Auto, Choice};
use crate::{AgentId, Effect, Initiator, Judged, Memory, Outcome, Profile, Protocol, TaskId, TaskView, Time, Turn};

/// What a government may be told.
pub(super) enum Told<'a> {
    Join(AgentId, &'a Profile),
    Leave(AgentId),
    Task(&'a TaskView),
    Withdraw(TaskId),
    Message(AgentId, Message),
    Outcome(TaskId, AgentId, &'a Outcome),
    Judged(&'a Judged),
    Free(AgentId),
    Wake,
}

/// A government in its chamber.
pub(super) trait Governing {
    /// Takes one input at the moment of a turn, and by its luck; effects are appended.
    fn take(&mut self, told: Told<'_>, of: &mut Turn<'_, Message>, effects: &mut Vec<Effect<Message>>);
    fn next_wake(&self) -> Option<Time>;
    fn save(&self) -> Memory;
    fn restore(&mut self, memory: &Memory);
    fn standing(&self, agent: AgentId) -> Vec<(&'static str, f64)>;
}

/// The initiator, and a buffer that its turns fill.
struct Chamber<I: Initiator> {
    role: I,
    buffer: Vec<Effect<I::Message>>,
}

pub(super) fn chamber(settings: &Auto, choice: Choice) -> Box<dyn Governing> {
    fn seat<P: Protocol>(protocol: &P) -> Box<dyn Governing>
    where
        P::Message: Dialect,
    {
        Box::new(Chamber { role: protocol.initiator(), buffer: Vec::new() })
    }
    match choice {
        Choice::Hierarchical => seat(&settings.hierarchical),
        Choice::Consensus => seat(&settings.consensus),
        Choice::Market => seat(&settings.market),
        Choice::Stigmergic => seat(&settings.stigmergic),
    }
}

impl<I: Initiator> Governing for Chamber<I>
where
    I::Message: Dialect,
{
    fn take(&mut self, told: Told<'_>, of: &mut Turn<'_, Message>, effects: &mut Vec<Effect<Message>>) {
        let turn = &mut Turn::new(of.now, of.rng, &mut self.buffer).amid(of.more);
        match told {
            Told::Join(agent, profile) => self.role.on_join(agent, profile, turn),
            Told::Leave(agent) => self.role.on_leave(agent, turn),
            Told::Task(task) => self.role.on_task(task, turn),
            Told::Withdraw(task) => self.role.on_withdraw(task, turn),
            Told::Message(from, message) => {
                if let Some(own) = I::Message::open(message) {
                    self.role.on_message(from, own, turn);
                }
            }
            Told::Outcome(task, agent, outcome) => self.role.on_outcome(task, agent, outcome, turn),
            Told::Judged(judged) => self.role.on_judged(judged, turn),
            Told::Free(agent) => self.role.on_free(agent, turn),
            Told::Wake => self.role.on_wake(turn),
        }
        effects.extend(self.buffer.drain(..).map(|effect| match effect {
            Effect::Send(to, own) => Effect::Send(to, own.wrap()),
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
