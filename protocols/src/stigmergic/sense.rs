//! What ants sense: who senses a task, and how intense it is to them.

use super::initiator::{Alarm, Environment};
use super::marks::Marks;
use super::message::{Felt, Message};
use super::open::Open;
use crate::{AgentId, TaskId, TaskView, Time, Turn, seconds_to_duration};
use core::time::Duration;

/// How many tasks an ant senses at a time.
const VIEW: usize = 4;
/// How many of the strongest tasks an ant looks through for some that it did not leave to others.
const DEPTH: usize = 32;
/// The shortest hesitation.
const SHORTEST: Duration = Duration::from_millis(1);

/// How many times as long as a faster idle ant another may need for a task and still respond: what a draw may cost.
const VENTURE: f64 = 1.5;

/// How intense a task is: the seconds for which it has waited, those that it would take if it were left to the ants at work, and
/// of these how many are certain to pass first.
#[derive(Clone, Copy, Debug)]
struct Intensity {
    seconds: f64,
    back: f64,
}

impl Environment {
    /// The intensity of one task, after so much work of stronger ones.
    fn intensity(open: &Open, marks: &Marks, own: f64, ahead: f64, now: Time) -> Intensity {
        let (mut soonest, mut back, mut rates) = (f64::INFINITY, 0.0, 0.0);
        let (work, anybody, anywhere) = (open.work(), open.view.avoid.is_empty(), open.arrival.is_none());
        for mark in marks.at_work.iter().filter(|mark| mark.rate > 0.0 && (anybody || !open.view.avoids(mark.agent))) {
            let seconds = work / mark.rate;
            let taken = if anywhere { seconds } else { open.arrival.taken(mark.agent, now, mark.back, seconds) };
            let finish = mark.back + taken;
            if finish < soonest {
                (soonest, back) = (finish, mark.back);
            }
            rates += mark.rate;
        }
        if marks.idle > own {
            let finish = open.arrival.everywhere().since(now).as_secs_f64() + VENTURE * work / marks.idle;
            if finish < soonest {
                (soonest, back) = (finish, 0.0);
            }
            rates += marks.idle;
        }
        let crowd = if rates > 0.0 { ahead / rates } else { 0.0 };
        let waited = open.left.map_or(0.0, |since| (now - since).as_secs_f64());
        Intensity { seconds: soonest + crowd + waited, back }
    }
    /// How intense a task is to an ant now.
    pub(super) fn intensity_of(&mut self, task: TaskId, agent: AgentId, now: Time) -> f64 {
        let Environment { open, roster, field, ground, room, .. } = self;
        let Some(this) = open.get(task) else { return 0.0 };
        let line = open.strongest(roster.demands_of(agent), DEPTH, room);
        let ahead: f64 = line.take_while(|open| open.view.id != task).map(Open::work).sum();
        let rate = roster.fit(&this.view.demand, agent).map_or(0.0, |able| able.rate);
        let own = rate * field.proof(&this.view.demand, agent).pace();
        Environment::intensity(this, ground.marks(&this.view, roster, field, now), own, ahead, now).seconds
    }
    /// Lets an idle ant sense the strongest tasks around it that it did not leave to others; if it left them all, it thinks again
    /// when one of them has become intense enough.
    pub(super) fn forage(&mut self, agent: AgentId, turn: &mut Turn<'_, Message>) {
        if self.open.is_empty() || self.encounters.owes(agent) || !self.roster.is_free(agent) {
            return;
        }
        let open = &self.open;
        self.encounters.keep(agent, |task, call| open.get(task).is_some_and(|open| open.call == call));
        let (felt, again) = self.feel(agent, turn.now);
        match (felt.is_empty(), again) {
            (false, _) => self.meet(agent, felt, turn),
            (true, Some(at)) => self.alarms.set(Alarm::Ant(agent), at),
            (true, None) => self.alarms.clear(&Alarm::Ant(agent)),
        }
    }
    fn feel(&mut self, agent: AgentId, now: Time) -> (Vec<Felt>, Option<Time>) {
        let (mut felt, mut again, mut ahead) = (Vec::new(), None::<Time>, 0.0);
        let Environment { open: tasks, roster, field, ground, encounters, room, .. } = self;
        for open in tasks.strongest(roster.demands_of(agent), DEPTH, room) {
            if felt.len() >= VIEW {
                break;
            }
            let view = &open.view;
            let Some(able) = roster.may_do(view, agent) else { continue };
            let proof = field.proof(&view.demand, agent);
            let marks = ground.marks(view, roster, field, now);
            let intensity = Environment::intensity(open, marks, able.rate * proof.pace(), ahead, now);
            ahead += open.work();
            if open.volunteers.iter().any(|offer| offer.agent == agent) {
                continue;
            }
            match encounters.volunteers_from(agent, view.id, open.call) {
                Some(from) if from > intensity.seconds => {
                    let left = seconds_to_duration(intensity.back + (from - intensity.seconds)).max(SHORTEST);
                    again = Some(again.map_or(now + left, |other| other.min(now + left)));
                }
                _ => {
                    let (call, work, explores) = (open.call, open.work(), open.explores);
                    let trail = field.trail(&view.demand, agent);
                    let (intensity, pace, success) = (intensity.seconds, proof.pace(), proof.success());
                    let (task, fit, fetch) = (view.id, able.fit, open.arrival.wait(agent, now, 0.0));
                    felt.push(Felt { task, call, work, fetch, fit, trail, pace, success, intensity, explores });
                }
            }
        }
        (felt, again)
    }
    /// What an ant would sense of a task now: its answer came too late to know what it had sensed.
    pub(super) fn felt(&mut self, task: TaskId, agent: AgentId, now: Time) -> Option<Felt> {
        let open = self.open.get(task)?;
        let (call, work, explores, demand) = (open.call, open.work(), open.explores, open.view.demand.clone());
        let (fit, proof) = (self.roster.fit(&demand, agent)?.fit, self.field.proof(&demand, agent));
        let fetch = open.arrival.wait(agent, now, 0.0);
        let (trail, pace, success) = (self.field.trail(&demand, agent), proof.pace(), proof.success());
        Some(Felt { task, call, work, fetch, fit, trail, pace, success, intensity: 0.0, explores })
    }
    fn meet(&mut self, agent: AgentId, felt: Vec<Felt>, turn: &mut Turn<'_, Message>) {
        let window = self.settings.window;
        for felt in &felt {
            let Some(open) = self.open.get_mut(felt.task) else { continue };
            if open.is_quiet() {
                open.rounds += 1;
                open.closes = turn.now + window;
            }
            open.awaiting.push(agent);
        }
        let (round, until) = self.encounters.begin(agent, felt.clone(), turn.now, window);
        self.alarms.set(Alarm::Ant(agent), until);
        turn.send(agent, Message::Stimulus { round, felt });
    }
    /// Lets idle ants sense a task: all of them in a small team; in a large one those that were there last, the fastest, and some
    /// that chance brings along.
    pub(super) fn show(&mut self, task: TaskId, turn: &mut Turn<'_, Message>) {
        let Some(view) = self.open.get(task).map(|open| open.view.clone()) else { return };
        let reach = self.settings.reach;
        let large = self.roster.count_candidates(&view) > reach;
        let mut near: Vec<AgentId> = Vec::new();
        if large {
            let home = view.arrival().home_at(turn.now).and_then(|home| self.roster.may_do(&view, home));
            near.extend(home.map(|able| able.agent).filter(|home| self.is_idle(*home)));
            let latest: Vec<AgentId> = self.field.latest(&view.demand).take(reach.div_ceil(4)).collect();
            near.extend(latest.into_iter().filter(|agent| self.roster.may_do(&view, *agent).is_some()));
            near.retain(|agent| self.is_idle(*agent));
            let lucky = (0..reach.div_ceil(4)).filter_map(|_| self.roster.draw(&view, turn.rng)).map(|able| able.agent);
            let lucky: Vec<AgentId> = lucky.collect();
            near.extend(lucky.into_iter().filter(|agent| self.is_idle(*agent)));
        }
        let encounters = &self.encounters;
        let fastest = self.roster.free(&view).take(4 * reach).map(|able| able.agent);
        let fastest: Vec<AgentId> = fastest.filter(|agent| !encounters.owes(*agent)).take(reach).collect();
        near.extend(fastest);
        let mut seen = 0;
        for (at, agent) in near.iter().enumerate() {
            if seen < reach && !near[..at].contains(agent) {
                seen += 1;
                self.forage(*agent, turn);
            }
        }
        if self.open.get(task).is_some_and(Open::is_quiet) {
            self.look_again(task, &view, turn.now);
        }
    }
    /// In a large team those near may have gone to other work, or have left the task to others, while somebody else is idle: then
    /// others may sense it after a while.
    pub(super) fn look_again(&mut self, task: TaskId, view: &TaskView, now: Time) {
        if self.roster.count_candidates(view) > self.settings.reach && self.roster.fastest_free(view).is_some() {
            let hesitated = self.open.get(task).is_some_and(|open| open.hesitated > 0);
            let windows = if hesitated { 20 } else { 1 };
            self.alarms.set(Alarm::Task(task), now + self.settings.window.max(SHORTEST).saturating_mul(windows));
        }
    }
    fn is_idle(&self, agent: AgentId) -> bool {
        self.roster.is_free(agent) && !self.encounters.owes(agent)
    }
}
