//! Agents that don't say what they think: a participant between whose mind and mouth something happens.

use crate::ids::{AgentId, TaskId};
use crate::profile::Profile;
use crate::protocol::{Participant, Protocol};
use crate::rng::Rng;
use crate::task::Outcome;
use crate::turn::Reply;

/// How an agent departs from the truth in what it says.
///
/// ```
/// use polity_protocols::Lie;
/// assert_ne!(Lie::LowBall(0.5), Lie::Inverted);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lie {
    /// It quotes so many times the true price and time, in `(0, 1]`.
    LowBall(f64),
    /// It says the opposite.
    Inverted,
    /// It says anything.
    Random,
}

/// A participant that lies. It hears and learns as an honest one would; what it says is bent by its protocol ([`Protocol::bend`]). So no
/// protocol knows of liars, and honest agents pay nothing for them.
///
/// ```
/// use polity_protocols::market::{Market, Message};
/// use polity_protocols::{AgentId, Bent, Capabilities, Demand, DemandId, Lie, Load, Participant, Profile, Reply, Rng, TaskId, Time};
/// use std::sync::Arc;
/// let ann = Profile::new("ann", Capabilities::default().and("dig", 1.0)).cost(1.0);
/// let mut liar = Bent::new(&Market::default(), AgentId(0), &ann, vec![Lie::LowBall(0.25)], Rng::new(1, "lie"));
/// let demand = Arc::new(Demand::of_kind(DemandId(0), "dig"));
/// let call = Message::CallForProposals { task: TaskId::new(0, 0), call: 1, demand, work: 8.0, reply_by: Time::MAX };
/// let (mut rng, mut said) = (Rng::new(1, "x"), Vec::new());
/// liar.on_message(call, &mut Reply::new(Time::ZERO, Load::default(), &mut rng, &mut said));
/// let Message::Propose { price, finish, .. } = &said[0] else { panic!() };
/// assert_eq!((*price, finish.as_secs_f64()), (2.0, 2.0)); // it needs 8 s
/// ```
pub struct Bent<P: Protocol> {
    mind: P::Participant,
    lies: Vec<Lie>,
    /// Its own, so that lies shift no other draw.
    rng: Rng,
    thought: Vec<P::Message>,
}

impl<P: Protocol> Bent<P> {
    /// A participant with these lies, one upon the other.
    pub fn new(protocol: &P, me: AgentId, profile: &Profile, lies: Vec<Lie>, rng: Rng) -> Bent<P> {
        Bent { mind: protocol.participant(me, profile), lies, rng, thought: Vec::new() }
    }
    fn turn(&mut self, reply: &mut Reply<'_, P::Message>, act: impl FnOnce(&mut P::Participant, &mut Reply<'_, P::Message>)) {
        act(&mut self.mind, &mut Reply::new(reply.now, reply.load, reply.rng, &mut self.thought));
        for thought in self.thought.drain(..) {
            let rng = &mut self.rng;
            reply.send(self.lies.iter().fold(thought, |said, lie| P::bend(said, lie, reply.now, rng)));
        }
    }
}

impl<P: Protocol> Participant for Bent<P> {
    type Message = P::Message;
    fn on_message(&mut self, message: P::Message, reply: &mut Reply<'_, P::Message>) {
        self.turn(reply, |mind, reply| mind.on_message(message, reply));
    }
    fn on_outcome(&mut self, task: TaskId, kind: &str, outcome: &Outcome, reply: &mut Reply<'_, P::Message>) {
        self.turn(reply, |mind, reply| mind.on_outcome(task, kind, outcome, reply));
    }
}
