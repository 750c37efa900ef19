//! Turns of the two roles, and the effects that they ask for.

use super::*;
use std::sync::Arc;

impl<P: Protocol> World<P> {
    pub(super) fn turn(&mut self, act: impl FnOnce(&mut P::Initiator, &mut Turn<'_, P::Message>)) -> usize {
        let mut effects = std::mem::take(&mut self.effects);
        let more = self.post.next() == Some(self.now);
        act(&mut self.initiator, &mut Turn::new(self.now, &mut self.rng, &mut effects).amid(more));
        let count = effects.len();
        for effect in effects.drain(..) {
            self.perform(effect);
        }
        self.effects = effects;
        self.look_for_stuck();
        count
    }
    pub(super) fn look_for_stuck(&mut self) {
        if !self.ledger.open.is_empty() && self.post.under_way() == 0 && self.next_wake().is_none() {
            self.broken_off |= self.ledger.judge_stuck(self.now);
        }
    }
    pub(super) fn perform(&mut self, effect: Effect<P::Message>) {
        match effect {
            Effect::Send(to, message) => self.post.send_to_agent(self.now, to, message),
            Effect::Decline(task, why) => self.decline(task, why),
            Effect::Assign(task, agent, decision) => {
                if decision.protocol != P::NAME {
                    let sentence = format!("the decision on {task:?} says protocol {:?}, not {:?}", decision.protocol, P::NAME);
                    self.ledger.violation(self.now, sentence);
                }
                if let Some(fit) = self.ledger.judge_award(task, agent, &decision, self.now) {
                    self.ledger.note_award(task, agent, Arc::unwrap_or_clone(decision), self.now);
                    self.steps_without_progress = 0;
                    self.give(task, agent, fit);
                }
            }
        }
    }
    pub(super) fn give(&mut self, task: TaskId, agent: AgentId, fit: f64) {
        self.ledger.set(task, State::Held(agent));
        let entry = self.ledger.tasks.get_mut(&task).expect("it was open");
        entry.awards += 1;
        let (view, award) = (entry.view.clone(), entry.awards);
        let Seat { body, life: Some((_, jobs)), .. } = &mut self.seats[agent.index()] else { return };
        let arrival = view.arrival();
        if arrival.at(agent) > self.now {
            self.ledger.report.sometimes.fetched += 1;
        } else if arrival.home_at(self.now) == Some(agent) {
            self.ledger.report.sometimes.at_home += 1;
        }
        let job = body.job(&view, agent, fit, self.seed);
        if jobs.take(body, job) {
            self.start_jobs(agent);
        } else {
            // At this moment, but not within this turn.
            let refused = Outcome::new(Ended::Refused, Duration::ZERO);
            self.post.schedule(self.now, Event::Outcome(task, agent, award, refused));
        }
    }
    pub(super) fn decline(&mut self, task: TaskId, why: Why) {
        if !self.ledger.judge_decline(task, &why, self.now) {
            return;
        }
        self.steps_without_progress = 0;
        self.ledger.report.sometimes.declines += 1;
        self.ledger.report.declines.push((task, self.now, why.clone()));
        let entry = self.ledger.tasks.get_mut(&task).expect("it is open");
        entry.failures += 1;
        if why == Why::NobodyAble || entry.failures >= self.again.attempts {
            self.settle(task, Fate::Declined(why));
        } else {
            self.ledger.set(task, State::Waiting);
            self.announce_again(task, None);
        }
    }
    pub(super) fn deliver(&mut self, letter: Letter<P::Message>) {
        match letter {
            Letter::ToAgent(agent, message) => {
                self.reply(agent, |participant, reply| participant.on_message(message, reply));
                // A letter that nobody answers may have been the last hope of a task.
                self.look_for_stuck();
            }
            Letter::ToInitiator(from, message) => {
                self.turn(|initiator, turn| initiator.on_message(from, message, turn));
            }
        }
    }
    pub(super) fn reply(&mut self, agent: AgentId, act: impl FnOnce(&mut P::Participant, &mut Reply<'_, P::Message>)) {
        let load = self.load(agent);
        let Some(seat) = self.seats.get_mut(agent.index()) else { return };
        let Some((participant, _)) = seat.life.as_mut() else { return };
        let mut said = Vec::new();
        act(participant, &mut Reply::new(self.now, load, &mut seat.rng, &mut said));
        for message in said {
            self.post.send_to_initiator(self.now, agent, message);
        }
    }
}
