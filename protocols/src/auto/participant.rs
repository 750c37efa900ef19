//! An agent's side: it is a citizen under every government, and whichever speaks to it is answered.

use super::message::{Dialect, Message};
use super::settings::{Auto, Choice};
use crate::{AgentId, Outcome, Participant, Profile, Protocol, Reply, TaskId};

/// The participant of one agent: one role for each government that may be chosen. Each learns from all of the agent's outcomes.
pub struct Citizen {
    roles: Vec<(Choice, Box<dyn Hearing>)>,
}

trait Hearing {
    fn hear(&mut self, message: Message, reply: &mut Reply<'_, Message>);
    fn learn(&mut self, task: TaskId, kind: &str, outcome: &Outcome, reply: &mut Reply<'_, Message>);
}

struct Role<P: Participant> {
    role: P,
    buffer: Vec<P::Message>,
}
impl<P: Participant> Role<P>
where
    P::Message: Dialect,
{
    fn turn(&mut self, reply: &mut Reply<'_, Message>, act: impl FnOnce(&mut P, &mut Reply<'_, P::Message>)) {
        act(&mut self.role, &mut Reply::new(reply.now, reply.load, reply.rng, &mut self.buffer));
        self.buffer.drain(..).for_each(|own| reply.send(own.wrap()));
    }
}
impl<P: Participant> Hearing for Role<P>
where
    P::Message: Dialect,
{
    fn hear(&mut self, message: Message, reply: &mut Reply<'_, Message>) {
        if let Some(own) = P::Message::open(message) {
            self.turn(reply, |role, reply| role.on_message(own, reply));
        }
    }
    fn learn(&mut self, task: TaskId, kind: &str, outcome: &Outcome, reply: &mut Reply<'_, Message>) {
        self.turn(reply, |role, reply| role.on_outcome(task, kind, outcome, reply));
    }
}

impl Citizen {
    /// The citizen that an agent is under these governments.
    pub fn new(settings: &Auto, me: AgentId, profile: &Profile) -> Citizen {
        fn role<P: Protocol>(protocol: &P, me: AgentId, profile: &Profile) -> Box<dyn Hearing>
        where
            P::Message: Dialect,
        {
            Box::new(Role { role: protocol.participant(me, profile), buffer: Vec::new() })
        }
        let role = |choice: Choice| match choice {
            Choice::Hierarchical => role(&settings.hierarchical, me, profile),
            Choice::Consensus => role(&settings.consensus, me, profile),
            Choice::Market => role(&settings.market, me, profile),
            Choice::Stigmergic => role(&settings.stigmergic, me, profile),
        };
        Citizen { roles: settings.among.iter().map(|choice| (*choice, role(*choice))).collect() }
    }
}

impl Participant for Citizen {
    type Message = Message;

    fn on_message(&mut self, message: Message, reply: &mut Reply<'_, Message>) {
        let of = message.of();
        if let Some((_, role)) = self.roles.iter_mut().find(|(choice, _)| *choice == of) {
            role.hear(message, reply);
        }
    }
    fn on_outcome(&mut self, task: TaskId, kind: &str, outcome: &Outcome, reply: &mut Reply<'_, Message>) {
        for (_, role) in &mut self.roles {
            role.learn(task, kind, outcome, reply);
        }
    }
}
