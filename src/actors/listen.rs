//! How an agent hears the letters of its inbox: one by one, whenever no job of its own holds it.

use super::AgentActor;
use super::jobs::hear;
use crate::world::Desk;
use actix::Context;
use polity_agents::{Context as JobContext, Undeliverable};
use polity_protocols::{Name, Rng};
use std::rc::Rc;
use std::task::{Context as TaskContext, Waker};

/// What an agent's actor needs to hear.
pub(super) struct Ears {
    desk: Rc<Desk>,
    /// A future is at it already: it goes on until the inbox is empty.
    busy: bool,
    /// This life ends by what it heard, and not by a job.
    to_blame: bool,
    /// What each letter's own stream of randomness is derived from.
    seed: u64,
    begun: u64,
}
impl Ears {
    pub(super) fn new(desk: Rc<Desk>, seed: u64) -> Ears {
        Ears { desk, busy: false, to_blame: false, seed, begun: 0 }
    }
    pub(super) fn desk(&self) -> Rc<Desk> {
        self.desk.clone()
    }
    pub(super) fn blame(&mut self, ears: bool) {
        self.to_blame = ears;
    }
    pub(super) fn is_to_blame(&self) -> bool {
        self.to_blame
    }
}

impl AgentActor {
    /// Something lies in the inbox.
    pub(super) fn knocked(&mut self, context: &mut Context<AgentActor>) {
        self.blueprint.inbox.opened();
        self.attend(context);
    }
    /// What was heard took its time, and is over.
    pub(super) fn heard(&mut self, context: &mut Context<AgentActor>) {
        self.ears.busy = false;
        self.attend(context);
    }
    /// Hears what lies in the inbox, as soon as the agent is free. It queues for the agent behind those jobs that asked before; so a letter
    /// waits for these, and not for all that come.
    pub(super) fn attend(&mut self, context: &mut Context<AgentActor>) {
        if self.ears.busy || self.blueprint.inbox.is_empty() {
            return;
        }
        if self.stopping {
            let reason = format!("agent \"{}\" is being stopped", self.blueprint.profile.name);
            return self.blueprint.inbox.bury_all(&self.world, Undeliverable::Gone, &reason);
        }
        let Some(own) = self.own.clone() else { return self.turn_deaf_ear() };
        let (desk, world) = (self.ears.desk(), self.world.clone());
        let seed = Rng::derive(self.ears.seed, self.ears.begun);
        self.ears.begun += 1;
        let mut heard = 0;
        let contexts = {
            let desk = desk.clone();
            move || {
                heard += 1;
                JobContext::new(world.clone(), Rng::derive(seed, heard)).with_post(desk.clone())
            }
        };
        let mut future = own.hear(desk, contexts);
        self.ears.to_blame = true; // unless this ends in peace
        let polled = future.as_mut().poll(&mut TaskContext::from_waker(Waker::noop()));
        self.ears.to_blame = false;
        if polled.is_pending() {
            self.ears.busy = true;
            let under_way = self.world.future();
            actix::spawn(hear(self.world.clone(), under_way, self.wire(context), future));
        }
    }
    /// An agent without behaviour of its own has no handler: only its jobs can take letters.
    fn turn_deaf_ear(&mut self) {
        if self.body.is_idle() {
            let reason = format!("agent \"{}\" has no behaviour of its own to hear it", self.blueprint.profile.name);
            self.blueprint.inbox.bury_all(&self.world, Undeliverable::NoHandler, &reason);
        }
    }
    /// A life begins with the topics that the agent always listens to.
    ///
    /// # Panics
    /// If they are too many: then this life ends as one that can't start.
    pub(super) fn tune_in(&self, topics: &[Name]) {
        let agent = self.blueprint.id;
        self.world.boxes.unsubscribe_all(agent);
        for topic in topics {
            if let Err(failure) = self.world.boxes.subscribe(agent, topic) {
                panic!("{failure}");
            }
        }
    }
}
