//! The contractor's side: what an agent asks for, and when it would be done.

use super::message::{Message, Refusal};
use crate::{AgentId, Demand, Load, Participant, Profile, Reply, TaskId, Time, seconds_to_duration};

/// The contractor of one agent. It bids what is true: its cost for the seconds that a slot of it is taken, waiting for what has to be fetched
/// included, and the finish that its queue and the way allow.
///
/// Where payments are second prices, no other bid would earn it more.
///
/// ```
/// use polity_protocols::market::{Market, Message};
/// use polity_protocols::{AgentId, Capabilities, Demand, DemandId, Load, Participant, Profile, Protocol, Reply, Rng, TaskId, Time};
/// let profile = Profile::new("ann", Capabilities::default().and("dig", 0.5)).cost(0.1);
/// let mut ann = Market::default().participant(AgentId(0), &profile);
/// let call = Message::CallForProposals {
///     task: TaskId::new(0, 0), call: 1, demand: Demand::of_kind(DemandId(0), "dig").into(), work: 3.0, here: Time::ZERO, reply_by: Time::MAX,
/// };
/// let (mut rng, mut said) = (Rng::new(1, "ann"), Vec::new());
/// ann.on_message(call, &mut Reply::new(Time::ZERO, Load::default(), &mut rng, &mut said));
/// let Message::Propose { price, finish, .. } = &said[0] else { panic!() };
/// assert!((price - 0.6).abs() < 1e-9);
/// assert_eq!(*finish, Time::from_secs_f64(6.0));
/// ```
#[derive(Clone, Debug)]
pub struct Contractor {
    me: AgentId,
    profile: Profile,
}

impl Contractor {
    /// The contractor of an agent with this true profile.
    pub fn new(me: AgentId, profile: &Profile) -> Contractor {
        Contractor { me, profile: profile.clone() }
    }
    fn answer(&self, (task, call): (TaskId, u64), demand: &Demand, work: f64, here: Time, now: Time, load: &Load) -> Message {
        let Some(fit) = demand.fit(self.me, &self.profile) else {
            return Message::Refuse { task, call, why: Refusal::NotAble };
        };
        let seconds = if work == 0.0 { 0.0 } else { self.profile.seconds_for(work, fit) };
        let start = now + seconds_to_duration(self.wait(load));
        // A slot that waits for what has to arrive is taken, too, and costs as much.
        let price = self.profile.cost * (here.since(start).as_secs_f64() + seconds);
        if !(seconds.is_finite() && price.is_finite() && price >= 0.0) {
            return Message::Refuse { task, call, why: Refusal::NoEnd };
        }
        Message::Propose { task, call, price, start, finish: start.max(here) + seconds_to_duration(seconds) }
    }
    /// Seconds until a slot is free: exact for one slot, its share of the backlog for more.
    fn wait(&self, load: &Load) -> f64 {
        let slots = self.profile.slots.max(1);
        if load.jobs() < slots { 0.0 } else { load.backlog.max(0.0) / f64::from(slots) }
    }
}

impl Participant for Contractor {
    type Message = Message;

    fn on_message(&mut self, message: Message, reply: &mut Reply<'_, Message>) {
        // After the reply-by time an answer would only be refused.
        if let Message::CallForProposals { task, call, demand, work, here, reply_by } = message
            && reply.now <= reply_by
        {
            let answer = self.answer((task, call), &demand, work, here, reply.now, &reply.load);
            reply.send(answer);
        }
    }
}
