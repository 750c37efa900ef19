//! The ant: it senses, and volunteers or not.

use super::message::{Felt, Message, Response};
use super::response;
use super::settings::Stigmergic;
use crate::{AgentId, Participant, Profile, Reply, Rng};

/// An ant of the colony. It knows its own speed and how busy it is, and what it senses: no other ant, and no choice of a manager.
#[derive(Clone, Debug)]
pub struct Ant {
    settings: Stigmergic,
    me: AgentId,
    speed: f64,
    slots: u32,
    /// What its tolerances are drawn from, so that one and the same task finds it equally tolerant each time.
    temper: Option<u64>,
}

impl Ant {
    pub(super) fn new(settings: &Stigmergic, me: AgentId, profile: &Profile) -> Ant {
        let speed = if profile.speed.is_finite() { profile.speed.max(0.0) } else { 0.0 };
        Ant { settings: settings.clone(), me, speed, slots: profile.slots.max(1), temper: None }
    }
    /// Uniform in `0..1`, always the same for one announcement of one task.
    fn tolerance(&mut self, felt: &Felt, rng: &mut Rng) -> f64 {
        let temper = *self.temper.get_or_insert_with(|| rng.bits() ^ u64::from(self.me.0));
        let id = u64::from(felt.task.run()) << 32 | u64::from(felt.task.instance());
        unit(mix(temper ^ mix(id ^ mix(felt.call))))
    }
    fn respond(&mut self, felt: &Felt, rng: &mut Rng) -> Response {
        let seconds = response::seconds(felt, self.speed);
        let theta = response::threshold(&self.settings, felt, seconds);
        let weight = response::weight(&self.settings, felt, self.speed);
        let (u, reaction) =
            if felt.explores { (self.tolerance(felt, rng), rng.exponential(1.0 / weight)) } else { (0.5, 1.0 / weight) };
        let from = response::responds_from(theta, u, self.settings.steepness, self.settings.patience);
        Response { task: felt.task, call: felt.call, seconds, reaction, weight, from }
    }
}

impl Participant for Ant {
    type Message = Message;

    fn on_message(&mut self, message: Message, reply: &mut Reply<'_, Message>) {
        let Message::Stimulus { round, felt } = message else { return };
        let load = reply.load;
        if load.running >= self.slots || load.queued > 0 {
            let seconds = load.backlog / f64::from(self.slots);
            return reply.send(Message::Busy { round, seconds: if seconds.is_finite() { seconds.max(0.0) } else { 0.0 } });
        }
        let responses = felt.iter().map(|felt| self.respond(felt, reply.rng)).collect();
        reply.send(Message::Volunteer { round, responses });
    }
}

/// Splitmix64: cheap, and the same on every platform.
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}
