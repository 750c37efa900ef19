//! The environment: it lets stimuli be sensed and applies the rule of the first volunteer. It chooses nobody.

use super::encounter::{Answer, Encounters};
use super::field::Field;
use super::marks::Ground;
use super::message::{Felt, Message, Response};
use super::open::{Offer, Open, OpenTasks, Order};
use super::response;
use super::settings::Stigmergic;
use crate::{
    AgentId, Arrival, Deadlines, Demand, Initiator, Judged, KeyMap, Memory, Outcome, Profile, Roster, TaskId, TaskView, Time,
    Turn, Why, seconds_to_duration,
};
use std::sync::Arc;

/// Between which times, in seconds, an ant that is at other work is left alone.
const REST: (f64, f64) = (0.1, 10.0);

/// What the environment wakes up for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Alarm {
    /// An ant owes an answer, or its hesitation ends.
    Ant(AgentId),
    /// The first volunteers for a task have waited long enough, or nobody sensed it.
    Task(TaskId),
}

/// A task at work.
#[derive(Clone, Debug)]
struct AtWork {
    demand: Arc<Demand>,
    work: f64,
    arrival: Arrival,
}

/// The environment of a colony.
#[derive(Clone, Debug)]
pub struct Environment {
    pub(super) settings: Stigmergic,
    pub(super) field: Field,
    pub(super) roster: Roster,
    pub(super) open: OpenTasks,
    pub(super) encounters: Encounters,
    pub(super) alarms: Deadlines<Alarm>,
    at_work: KeyMap<TaskId, AtWork>,
    /// Messages that no open task can be charged with any more: the next award bears them.
    pub(super) unpaid: u32,
    /// Marks have moved, so that ants that hesitate may think again.
    pub(super) moved: bool,
    /// The ant that thought again last.
    pub(super) last: AgentId,
    /// What was sensed of the ants at work.
    pub(super) ground: Ground,
    /// A buffer: what an ant could sense.
    pub(super) room: Vec<Order>,
}

impl Environment {
    /// An environment without ants.
    pub fn new(settings: &Stigmergic) -> Environment {
        Environment {
            settings: settings.clone(),
            field: Field::new(settings.laws()),
            roster: Roster::default(),
            open: OpenTasks::default(),
            encounters: Encounters::default(),
            alarms: Deadlines::default(),
            at_work: KeyMap::default(),
            unpaid: 0,
            moved: false,
            last: AgentId(0),
            ground: Ground::default(),
            room: Vec::new(),
        }
    }
    /// The pheromone.
    pub fn field(&self) -> &Field {
        &self.field
    }
    /// Everything that an ant left behind in open tasks is void.
    fn gone(&mut self, agent: AgentId, turn: &mut Turn<'_, Message>) {
        self.alarms.clear(&Alarm::Ant(agent));
        let sensed = self.encounters.end(agent);
        self.charge(sensed.first().map(|felt| felt.task), u32::from(!sensed.is_empty()));
        if !self.roster.leave(agent) {
            return;
        }
        let mut touched = Vec::new();
        for open in self.open.values_mut() {
            let before = open.is_quiet();
            open.forget(agent);
            if !before {
                touched.push(open.view.id);
            }
        }
        self.decline_hopeless(turn);
        for task in touched {
            self.decide(task, turn);
        }
        let picky: Vec<TaskId> = self.open.picky().collect();
        for task in picky {
            self.show(task, turn);
        }
        self.moved = true;
    }
    fn decline_hopeless(&mut self, turn: &mut Turn<'_, Message>) {
        let hopeless = |this: &mut Environment| {
            let Environment { open, roster, .. } = this;
            open.heads().find(|open| roster.nobody_able(&open.view)).map(|open| open.view.id)
        };
        while let Some(task) = hopeless(self) {
            self.close(task);
            turn.decline(task, Why::NobodyAble);
        }
    }
    /// Charges messages to a task, or to the next award if it is no longer open.
    pub(super) fn charge(&mut self, task: Option<TaskId>, messages: u32) {
        match task.and_then(|task| self.open.get_mut(task)) {
            Some(open) => open.messages += messages,
            None => self.unpaid = self.unpaid.saturating_add(messages),
        }
    }
    pub(super) fn close(&mut self, task: TaskId) -> Option<Open> {
        self.alarms.clear(&Alarm::Task(task));
        self.open.remove(task)
    }
    /// An ant has told how it responds.
    fn hear(&mut self, from: AgentId, round: u32, responses: &[Response], turn: &mut Turn<'_, Message>) {
        let answer = self.encounters.answered(from, round);
        let paid = match answer {
            Answer::Awaited(_) => 2,
            Answer::Late => 1,
            Answer::Strange => return,
        };
        self.charge(responses.first().map(|response| response.task), paid);
        let sensed = if let Answer::Awaited(sensed) = answer { sensed } else { Vec::new() };
        if paid == 2 {
            self.alarms.clear(&Alarm::Ant(from));
        }
        for response in responses {
            self.note(from, *response, &sensed, turn.now);
        }
        for response in responses {
            self.decide(response.task, turn);
        }
        self.forage(from, turn);
    }
    fn note(&mut self, from: AgentId, response: Response, sensed: &[Felt], now: Time) {
        let Some(open) = self.open.get(response.task).filter(|open| open.call == response.call) else { return };
        let call = open.call;
        let felt = sensed.iter().find(|felt| felt.task == response.task).copied();
        let Some(felt) = felt.or_else(|| self.felt(response.task, from, now)) else { return };
        let speed = self.roster.profile(from).map_or(0.0, |profile| profile.speed);
        let response = response::doubted(&self.settings, &response, &felt, speed);
        let intensity = self.intensity_of(response.task, from, now);
        let Some(open) = self.open.get_mut(response.task) else { return };
        open.forget(from);
        if intensity >= response.from {
            open.volunteers.push(Offer { agent: from, trail: felt.trail, response });
            self.encounters.trusts(from, response.task);
        } else {
            open.hesitated += 1;
            open.left.get_or_insert(now);
            self.encounters.hesitates(from, response.task, call, response.from);
        }
    }
    /// An ant is at other work.
    fn rest(&mut self, from: AgentId, round: u32, seconds: f64, turn: &mut Turn<'_, Message>) {
        let Answer::Awaited(sensed) = self.encounters.answered(from, round) else { return };
        self.alarms.clear(&Alarm::Ant(from));
        self.charge(sensed.first().map(|felt| felt.task), 2);
        if self.roster.is_free(from) {
            let seconds = if seconds.is_nan() { REST.0 } else { seconds.clamp(REST.0, REST.1) };
            self.roster.rest(from, turn.now + seconds_to_duration(seconds));
        }
        self.leave_alone(from, &sensed, turn);
    }
    /// The tasks that the ant sensed need not wait for it.
    fn leave_alone(&mut self, agent: AgentId, sensed: &[Felt], turn: &mut Turn<'_, Message>) {
        for Felt { task, .. } in sensed {
            if let Some(open) = self.open.get_mut(*task) {
                open.awaiting.retain(|other| *other != agent);
            }
        }
        for Felt { task, .. } in sensed {
            self.decide(*task, turn);
        }
    }
    fn ring(&mut self, alarm: Alarm, turn: &mut Turn<'_, Message>) {
        match alarm {
            Alarm::Task(task) if self.open.get(task).is_some_and(Open::is_quiet) => self.show(task, turn),
            Alarm::Task(task) => self.decide(task, turn),
            Alarm::Ant(agent) => {
                if let Some(sensed) = self.encounters.expire(agent) {
                    self.charge(sensed.first().map(|felt| felt.task), 1);
                    self.leave_alone(agent, &sensed, turn);
                }
                self.forage(agent, turn);
            }
        }
    }
    /// A success strengthens its trail.
    fn learn(&mut self, task: TaskId, agent: AgentId, outcome: &Outcome, now: Time) {
        let Some(done) = self.at_work.remove(&task) else { return };
        let worked = done.arrival.worked(agent, outcome.took, now);
        if outcome.ended.is_evidence() {
            let rate = self.roster.fit(&done.demand, agent).map_or(0.0, |able| able.rate);
            let quality = if outcome.ended.is_success() { outcome.quality } else { 0.0 };
            self.field.prove(&done.demand, agent, done.work / rate, worked, quality);
        }
        if outcome.ended.is_success() {
            let quality = if outcome.quality.is_finite() { outcome.quality.clamp(0.0, 1.0) } else { 0.0 };
            let speed = self.field.speed(&done.demand, done.work, worked);
            self.field.deposit(&done.demand, agent, self.settings.reinforcement * quality * speed);
        }
    }
    pub(super) fn at_work(&mut self, task: &TaskView) {
        self.at_work.insert(task.id, AtWork { demand: task.demand.clone(), work: task.work, arrival: task.arrival() });
    }
    /// The end of each turn: ants that hesitate think again if marks have moved.
    fn settle(&mut self, turn: &mut Turn<'_, Message>) {
        if !core::mem::take(&mut self.moved) || self.open.is_empty() {
            return;
        }
        for agent in self.encounters.hesitant(self.last, self.settings.reach) {
            self.last = agent;
            let open = &self.open;
            if self.encounters.keep(agent, |task, call| open.get(task).is_some_and(|open| open.call == call)) {
                self.forage(agent, turn);
            }
        }
    }
}

impl Initiator for Environment {
    type Message = Message;

    fn on_join(&mut self, agent: AgentId, profile: &Profile, turn: &mut Turn<'_, Message>) {
        self.field.begin(turn.now);
        self.gone(agent, turn);
        self.roster.join(agent, profile);
        self.field.meet(agent, profile.name.clone());
        self.forage(agent, turn);
        self.settle(turn);
    }
    fn on_leave(&mut self, agent: AgentId, turn: &mut Turn<'_, Message>) {
        self.field.begin(turn.now);
        self.gone(agent, turn);
        self.settle(turn);
    }
    fn on_task(&mut self, task: &TaskView, turn: &mut Turn<'_, Message>) {
        self.field.begin(turn.now);
        self.close(task.id);
        if self.roster.nobody_able(task) {
            return turn.decline(task.id, Why::NobodyAble);
        }
        let explores = turn.rng.unit() >= self.settings.greed;
        self.open.insert(task, turn.now, explores);
        self.show(task.id, turn);
        self.moved = true;
        self.settle(turn);
    }
    fn on_withdraw(&mut self, task: TaskId, _: &mut Turn<'_, Message>) {
        if let Some(open) = self.close(task) {
            self.unpaid = self.unpaid.saturating_add(open.messages);
        }
    }
    fn on_message(&mut self, from: AgentId, message: Message, turn: &mut Turn<'_, Message>) {
        if !self.roster.contains(from) {
            return;
        }
        self.field.begin(turn.now);
        match message {
            Message::Volunteer { round, responses } => self.hear(from, round, &responses, turn),
            Message::Busy { round, seconds } => self.rest(from, round, seconds, turn),
            Message::Stimulus { .. } => {}
        }
        self.settle(turn);
    }
    fn on_outcome(&mut self, task: TaskId, agent: AgentId, outcome: &Outcome, turn: &mut Turn<'_, Message>) {
        self.field.begin(turn.now);
        if self.roster.settle_outcome(task, agent, outcome, turn.now).is_some() {
            self.learn(task, agent, outcome, turn.now);
            self.forage(agent, turn);
        }
    }
    fn on_judged(&mut self, judged: &Judged, turn: &mut Turn<'_, Message>) {
        self.field.begin(turn.now);
        self.field.judge(judged.demand, judged.agent, judged.quality, self.settings.reinforcement);
    }
    fn on_free(&mut self, agent: AgentId, turn: &mut Turn<'_, Message>) {
        if self.roster.hurry(agent, turn.now) {
            self.on_wake(turn);
        }
    }
    fn on_wake(&mut self, turn: &mut Turn<'_, Message>) {
        self.field.begin(turn.now);
        while let Some(alarm) = self.alarms.pop(turn.now) {
            self.ring(alarm, turn);
        }
        while let Some(agent) = self.roster.rested(turn.now) {
            self.forage(agent, turn);
        }
        self.settle(turn);
    }
    fn next_wake(&self) -> Option<Time> {
        match (self.alarms.next(), self.roster.next_rest()) {
            (Some(alarm), Some(rest)) => Some(alarm.min(rest)),
            (alarm, rest) => alarm.or(rest),
        }
    }
    fn save(&self) -> Memory {
        self.field.save()
    }
    fn restore(&mut self, memory: &Memory) {
        self.field.restore(memory);
    }
    fn standing(&self, agent: AgentId) -> Vec<(&'static str, f64)> {
        let (trails, strongest) = self.field.trails_of(agent);
        vec![("trails", trails as f64), ("strongest trail", strongest)]
    }
}
