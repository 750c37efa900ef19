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
/// let call = Message::CallForProposals { task: TaskId::new(0, 0), call: 1, demand, work: 8.0, here: Time::ZERO, reply_by: Time::MAX };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::{Consensus, Message, Ranking};
    use crate::stigmergic::{Message as Ant, Response, Stigmergic};
    use crate::{Rng, Silence, Time};
    use proptest::prelude::*;

    fn ballot(lie: Lie, options: &[u16], seed: u64) -> Vec<u16> {
        let vote = Message::Vote { ballot: 1, rankings: vec![Ranking::new(options.iter().copied(), 2.0)] };
        match Consensus::bend(vote, &lie, Time::ZERO, &mut Rng::new(seed, "lie")) {
            Message::Vote { rankings, .. } => rankings[0].options().to_vec(),
            other => panic!("a vote stays a vote, but became {other:?}"),
        }
    }

    proptest! {
        #[test]
        fn a_lying_ballot_names_the_same_candidates(options in prop::collection::btree_set(0u16..50, 0..5), seed: u64) {
            let options: Vec<u16> = options.into_iter().collect();
            let mut drawn = ballot(Lie::Random, &options, seed);
            drawn.sort_unstable();
            prop_assert_eq!(&drawn, &options);
            let inverted: Vec<u16> = options.iter().rev().copied().collect();
            prop_assert_eq!(ballot(Lie::Inverted, &options, seed), inverted);
            prop_assert_eq!(ballot(Lie::LowBall(0.5), &options, seed), options);
        }
    }

    #[test]
    fn random_ballots_differ_sometimes() {
        let all: Vec<Vec<u16>> = (0..50).map(|seed| ballot(Lie::Random, &[0, 1, 2, 3], seed)).collect();
        assert!(all.iter().any(|one| *one != [0, 1, 2, 3]) && all.iter().any(|one| *one != all[0]));
    }

    #[test]
    fn an_ant_that_pushes_in_reacts_sooner() {
        let honest = Response { task: TaskId::new(0, 0), call: 1, seconds: 8.0, reaction: 4.0, weight: 0.5, from: 2.0 };
        let said = Ant::Volunteer { round: 1, responses: vec![honest] };
        let Ant::Volunteer { responses, .. } = Stigmergic::bend(said, &Lie::LowBall(0.5), Time::ZERO, &mut Rng::new(1, "x"))
        else {
            panic!("it volunteers as before")
        };
        let bent = responses[0];
        assert_eq!((bent.seconds, bent.reaction, bent.weight, bent.from), (4.0, 2.0, 1.0, 1.0));
    }

    #[test]
    fn where_nothing_is_said_nothing_is_bent() {
        let quiet = crate::baselines::RoundRobin::default();
        let mut bent =
            Bent::new(&quiet, AgentId(0), &Profile::new("a", Default::default()), vec![Lie::Inverted], Rng::new(1, "x"));
        let (mut rng, mut said) = (Rng::new(1, "y"), Vec::<Silence>::new());
        let mut reply = Reply::new(Time::ZERO, Default::default(), &mut rng, &mut said);
        bent.on_outcome(TaskId::new(0, 0), "dig", &Outcome::new(crate::Ended::Succeeded, Default::default()), &mut reply);
        assert!(said.is_empty());
    }
}
