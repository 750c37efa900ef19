//! The side that chooses who decides.

use super::account::{Account, Open};
use super::bandit::Bandit;
use super::chamber::{Governing, Told, chamber};
use super::message::Message;
use super::settings::{Auto, Choice};
use crate::{AgentId, Decision, Effect, Initiator, Judged, Memory, Outcome, Profile, TaskId, TaskView, Time, Turn, Why};
use std::borrow::Cow;

/// A government, and what it cost so far.
struct Seat {
    choice: Choice,
    chamber: Box<dyn Governing>,
    /// Messages sent and received that no award has been charged with.
    uncharged: u32,
}

/// The initiator of [`Auto`].
pub struct Selector {
    seats: Vec<Seat>,
    bandit: Bandit,
    account: Account,
    /// Who governs; nobody before the first task.
    ruling: Option<usize>,
    /// Why, for decision records.
    because: String,
    term: u32,
    /// Rewards in this term.
    rewards: u32,
    /// Messages spent on tasks that were then handed over: the next award bears them.
    debt: u32,
    effects: Vec<Effect<Message>>,
}

impl Selector {
    /// A choice between governments without a team.
    pub fn new(settings: &Auto) -> Selector {
        let seat = |choice: &Choice| Seat { choice: *choice, chamber: chamber(settings, *choice), uncharged: 0 };
        Selector {
            seats: settings.among.iter().map(seat).collect(),
            bandit: Bandit::new(settings.among.len(), settings.explore, settings.forget),
            account: Account::default(),
            ruling: None,
            because: String::new(),
            term: settings.term,
            rewards: 0,
            debt: 0,
            effects: Vec::new(),
        }
    }
    /// Who governs now; `None` before the first task.
    pub fn ruling(&self) -> Option<Choice> {
        self.ruling.map(|ruling| self.seats[ruling].choice)
    }
    /// What was learned of a government: rewards, and their mean. `None` if nothing was.
    pub fn record(&self, choice: Choice) -> Option<(f64, f64)> {
        let seat = self.seats.iter().position(|seat| seat.choice == choice)?;
        Some((self.bandit.count(seat), self.bandit.mean(seat)?))
    }
    /// Tells a government, and performs what it asks for.
    fn tell(&mut self, seat: usize, told: Told<'_>, turn: &mut Turn<'_, Message>) {
        let mut effects = core::mem::take(&mut self.effects);
        self.seats[seat].chamber.take(told, turn, &mut effects);
        for effect in effects.drain(..) {
            match effect {
                Effect::Send(to, message) => {
                    self.seats[seat].uncharged = self.seats[seat].uncharged.saturating_add(1);
                    turn.send(to, message);
                }
                Effect::Assign(task, agent, decision) => {
                    if let Some(open) = self.account.close(task, seat) {
                        self.award(&open, agent, Decision::clone(&decision), turn);
                    }
                }
                Effect::Decline(task, why) => {
                    if self.account.close(task, seat).is_some() {
                        if why != Why::NobodyAble {
                            self.learn(seat, 0.0);
                        }
                        turn.decline(task, why);
                    }
                }
            }
        }
        self.effects = effects;
    }
    fn award(&mut self, open: &Open, agent: AgentId, mut decision: Decision, turn: &mut Turn<'_, Message>) {
        self.account.hold(open, agent, turn.now);
        let seat = &mut self.seats[open.government];
        seat.uncharged = seat.uncharged.saturating_sub(decision.messages);
        decision.messages = decision.messages.saturating_add(core::mem::take(&mut self.debt));
        decision.latency = turn.now - open.announced;
        decision.reason = format!("{}; {} governs, since {}", decision.reason, seat.choice.name(), self.because).into();
        decision.protocol = Cow::Borrowed(super::NAME);
        turn.assign(open.view.id, agent, decision);
    }
    fn tell_all(&mut self, told: impl Fn() -> Told<'static>, turn: &mut Turn<'_, Message>) {
        (0..self.seats.len()).for_each(|seat| self.tell(seat, told(), turn));
    }
    fn learn(&mut self, seat: usize, reward: f64) {
        self.bandit.learn(seat, reward);
        self.rewards += u32::from(self.ruling == Some(seat));
    }
    /// Who governs, chosen now if nobody does.
    fn ruler(&mut self, turn: &mut Turn<'_, Message>) -> usize {
        match self.ruling {
            Some(ruling) => ruling,
            None => self.elect(turn),
        }
    }
    fn elect(&mut self, turn: &mut Turn<'_, Message>) -> usize {
        let chosen = self.bandit.choose(turn.rng);
        self.because = self.explain(chosen);
        self.ruling = Some(chosen);
        self.rewards = 0;
        chosen
    }
    fn explain(&self, chosen: usize) -> String {
        let Some(mean) = self.bandit.mean(chosen) else { return "it is to be tried for the first time".to_owned() };
        let own = format!("{mean:.3} over {:.0} tasks, 0.5 being as expected", self.bandit.count(chosen));
        match self.bandit.rival(chosen) {
            None => format!("nothing is known of another ({own})"),
            Some((rival, other)) => {
                let rival = self.seats[rival].choice.name();
                let verb = if other > mean { "too little is known of it to rule it out" } else { "it has done best so far" };
                format!("{verb} ({own}, against {rival} {other:.3})")
            }
        }
    }
    /// After a term: who governs next.
    fn review(&mut self, turn: &mut Turn<'_, Message>) {
        let Some(before) = self.ruling.filter(|_| self.rewards >= self.term) else { return };
        let after = self.elect(turn);
        if after != before {
            self.hand_over(before, after, turn);
        }
    }
    /// What is open under the old government is withdrawn there and announced to the new one. What the old one awards while it is
    /// being told stays awarded.
    fn hand_over(&mut self, before: usize, after: usize, turn: &mut Turn<'_, Message>) {
        let mut moved = Vec::new();
        for task in self.account.opened_by(before) {
            if self.account.get(task).is_some_and(|open| open.government == before) {
                self.account.hand_over(task, after);
                self.tell(before, Told::Withdraw(task), turn);
                moved.push(task);
            }
        }
        if !moved.is_empty() {
            self.debt = self.debt.saturating_add(core::mem::take(&mut self.seats[before].uncharged));
        }
        for task in moved {
            if let Some(view) = self.account.get(task).map(|open| open.view.clone()) {
                self.tell(after, Told::Task(&view), turn);
            }
        }
    }
    fn seat_of(&self, choice: Choice) -> Option<usize> {
        self.seats.iter().position(|seat| seat.choice == choice)
    }
}

impl Initiator for Selector {
    type Message = Message;

    fn on_join(&mut self, agent: AgentId, profile: &Profile, turn: &mut Turn<'_, Message>) {
        self.account.roster.join(agent, profile);
        self.account.team_changed();
        for seat in 0..self.seats.len() {
            self.tell(seat, Told::Join(agent, profile), turn);
        }
        self.review(turn);
    }
    fn on_leave(&mut self, agent: AgentId, turn: &mut Turn<'_, Message>) {
        self.account.roster.leave(agent);
        self.account.team_changed();
        self.tell_all(|| Told::Leave(agent), turn);
        self.review(turn);
    }
    fn on_task(&mut self, task: &TaskView, turn: &mut Turn<'_, Message>) {
        let ruling = self.ruler(turn);
        self.account.open(task, ruling, turn.now);
        self.tell(ruling, Told::Task(task), turn);
        self.review(turn);
    }
    fn on_withdraw(&mut self, task: TaskId, turn: &mut Turn<'_, Message>) {
        self.account.forget(task);
        let Some(government) = self.account.get(task).map(|open| open.government) else { return };
        self.account.close(task, government);
        self.tell(government, Told::Withdraw(task), turn);
        self.review(turn);
    }
    fn on_message(&mut self, from: AgentId, message: Message, turn: &mut Turn<'_, Message>) {
        if let Some(seat) = self.seat_of(message.of()) {
            self.seats[seat].uncharged = self.seats[seat].uncharged.saturating_add(1);
            self.tell(seat, Told::Message(from, message), turn);
            self.review(turn);
        }
    }
    fn on_outcome(&mut self, task: TaskId, agent: AgentId, outcome: &Outcome, turn: &mut Turn<'_, Message>) {
        let Some((government, reward)) = self.account.end(task, agent, outcome, turn.now) else { return };
        if let Some(reward) = reward {
            self.learn(government, reward);
        }
        self.tell(government, Told::Outcome(task, agent, outcome), turn);
        self.review(turn);
    }
    /// All are told: what an agent's work is worth is no affair of the government alone that gave it.
    fn on_judged(&mut self, judged: &Judged, turn: &mut Turn<'_, Message>) {
        (0..self.seats.len()).for_each(|seat| self.tell(seat, Told::Judged(judged), turn));
        self.review(turn);
    }
    fn on_free(&mut self, agent: AgentId, turn: &mut Turn<'_, Message>) {
        self.tell_all(|| Told::Free(agent), turn);
        self.review(turn);
    }
    fn on_wake(&mut self, turn: &mut Turn<'_, Message>) {
        self.tell_all(|| Told::Wake, turn);
        self.review(turn);
    }
    fn next_wake(&self) -> Option<Time> {
        self.seats.iter().filter_map(|seat| seat.chamber.next_wake()).min()
    }
    fn save(&self) -> Memory {
        let mut memory = Memory::default();
        for (index, seat) in self.seats.iter().enumerate() {
            let name = seat.choice.name();
            if let Some(numbers) = self.bandit.numbers(index) {
                memory.set(format!("{}/{name}", super::NAME), numbers);
            }
            for (key, numbers) in seat.chamber.save().iter() {
                memory.set(format!("{name}/{key}"), numbers);
            }
        }
        memory
    }
    fn restore(&mut self, memory: &Memory) {
        for (index, seat) in self.seats.iter_mut().enumerate() {
            let name = seat.choice.name();
            if let Some(numbers) = memory.get(&format!("{}/{name}", super::NAME)) {
                self.bandit.restore(index, numbers);
            }
            let mut own = Memory::default();
            for (key, numbers) in memory.iter() {
                if let Some(key) = key.strip_prefix(name).and_then(|key| key.strip_prefix('/')) {
                    own.set(key, numbers);
                }
            }
            seat.chamber.restore(&own);
        }
    }
    fn standing(&self, agent: AgentId) -> Vec<(&'static str, f64)> {
        self.ruling.map_or_else(Vec::new, |ruling| self.seats[ruling].chamber.standing(agent))
    }
}
