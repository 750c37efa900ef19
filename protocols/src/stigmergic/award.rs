//! The rule of the first volunteer, and the record of what it did.

use super::initiator::{Alarm, Environment};
use super::message::Message;
use super::open::{Offer, Open};
use super::settings::Model;
use crate::{Candidate, Decision, KEPT, Measure, TaskId, Turn};

impl Environment {
    /// Gives the task to the first volunteer, once all that sensed it have answered or had their time. If nobody is about to respond,
    /// others may sense it.
    pub(super) fn decide(&mut self, task: TaskId, turn: &mut Turn<'_, Message>) {
        let Some(open) = self.open.get(task) else { return };
        if open.volunteers.is_empty() {
            if open.awaiting.is_empty() && open.hesitated == 0 {
                self.show(task, turn);
            } else if open.awaiting.is_empty() {
                let view = open.view.clone();
                self.look_again(task, &view, turn.now);
            }
            return;
        }
        if !open.awaiting.is_empty() && turn.now < open.closes {
            let closes = open.closes;
            return self.alarms.set(Alarm::Task(task), closes);
        }
        let view = open.view.clone();
        let mut offers = open.volunteers.clone();
        offers.retain(|offer| self.roster.is_free(offer.agent) && self.roster.may_do(&view, offer.agent).is_some());
        match self.first(&offers, turn) {
            Some(winner) => self.award(task, &winner, offers, turn),
            None => {
                if let Some(open) = self.open.get_mut(task) {
                    open.volunteers.clear();
                }
                self.show(task, turn);
            }
        }
    }
    /// The one with the shortest reaction time; of equal ones chance takes one.
    fn first(&self, offers: &[Offer], turn: &mut Turn<'_, Message>) -> Option<Offer> {
        let least = offers.iter().map(|offer| offer.response.reaction).fold(f64::INFINITY, f64::min);
        let equal = |offer: &&Offer| offer.response.reaction <= least || least.is_nan();
        match offers.iter().filter(equal).count() {
            0 => offers.first().copied(),
            1 => offers.iter().find(equal).copied(),
            many => offers.iter().filter(equal).nth(turn.rng.below(many)).copied(),
        }
    }
    fn award(&mut self, task: TaskId, winner: &Offer, offers: Vec<Offer>, turn: &mut Turn<'_, Message>) {
        let Some(mut open) = self.close(task) else { return };
        open.messages = open.messages.saturating_add(core::mem::take(&mut self.unpaid));
        let decision = self.record(&open, winner, offers, turn);
        self.roster.award(task, winner.agent, winner.response.seconds, turn.now);
        self.at_work(&open.view);
        turn.assign(task, winner.agent, decision);
        self.moved = true;
    }
    /// Candidates are the volunteers; their scores are the chances that they had before it was known whether this task explores.
    fn record(&self, open: &Open, winner: &Offer, mut offers: Vec<Offer>, turn: &Turn<'_, Message>) -> Decision {
        let weight = |offer: &Offer| offer.response.weight;
        offers.sort_by(|a, b| weight(b).total_cmp(&weight(a)).then(a.agent.cmp(&b.agent)));
        let considered = offers.len() as u32;
        let most = offers.first().map_or(0.0, weight);
        let ties = offers.iter().filter(|offer| weight(offer) == most).count() as f64;
        let relative: f64 = offers.iter().map(|offer| weight(offer) / most).sum();
        let chance = |offer: &Offer| {
            let strongest = if weight(offer) == most { 1.0 / ties } else { 0.0 };
            self.settings.greed * strongest + (1.0 - self.settings.greed) * weight(offer) / most / relative
        };
        let reason = self.reason(open, considered);
        if let Some(at) = offers.iter().position(|offer| offer.agent == winner.agent).filter(|at| *at >= KEPT) {
            offers.swap(at, KEPT - 1);
        }
        let shown = offers.iter().take(KEPT).map(|offer| {
            let note = format!("trail {:.3}, {:.3} s", offer.trail, offer.response.seconds);
            Candidate::new(offer.agent, chance(offer)).note(note)
        });
        let mut decision = Decision::new(super::NAME, Measure::Trail).candidates(shown).because(reason);
        decision.considered = considered;
        decision.cost(open.messages, open.rounds, turn.now - open.since)
    }
    fn reason(&self, open: &Open, volunteers: u32) -> &'static str {
        match (volunteers, open.explores, self.settings.model) {
            (1, _, _) if open.hesitated > 0 => "it was the first to volunteer; others left the task to those at work",
            (1, _, _) => "it was the first to volunteer",
            (_, true, Model::AntColony) => "its reaction was the quickest in a draw by trail and rate",
            (_, false, Model::AntColony) => "trail and rate drew it the most",
            (_, true, Model::ResponseThreshold) => "its reaction was the quickest in a draw by threshold",
            (_, false, Model::ResponseThreshold) => "its threshold was the lowest",
        }
    }
}
