//! The chair of the assembly: opens ballots, counts, awards, and keeps the minutes.

use super::agenda::Draft;
use super::archive::Archive;
use super::floor::{Floor, Open};
use super::message::{Message, Minute};
use super::register::{Register, earliest};
use super::ruling::{By, Matter, Ruling};
use super::settings::Consensus;
use super::sitting::Sitting;
use super::weights::Weighing;
use crate::{
    Able, AgentId, Arrival, Candidate, Decision, Demand, DemandId, Initiator, Judged, KeyMap, Measure, Memory, Outcome, Profile,
    TaskId, TaskView, Time, Turn, Why, seconds_to_duration,
};
use core::time::Duration;
use std::sync::Arc;

/// Tasks on an agenda beyond twice the free slots: those for which a busy agent may be worth the wait.
const LOOKAHEAD: usize = 4;
/// A task that waits for a busy agent is thought over at the earliest after this, and after this share of the expected work.
const THINK_AGAIN: (Duration, f64) = (Duration::from_millis(1), 0.05);

/// An award without an outcome yet.
#[derive(Clone, Debug)]
struct Award {
    agent: AgentId,
    demand: DemandId,
    /// How long it should take by the agent's declared rate.
    declared: f64,
    /// When what it needs has reached the agent.
    arrival: Arrival,
    /// Who voted for it.
    endorsers: Vec<AgentId>,
}

/// The chair of an assembly.
///
/// It sits on one ballot at a time; what is announced meanwhile goes on the next agenda, so that many tasks share a ballot's messages
/// when they come fast. A ballot costs two messages per voter, and O(voters × motions × candidates) work, all three bounded.
#[derive(Clone, Debug)]
pub struct Assembly {
    settings: Consensus,
    register: Register,
    floor: Floor,
    sitting: Option<Sitting>,
    /// The last ballot awarded nothing: no other one until something happens.
    adjourned: bool,
    awards: KeyMap<TaskId, Award>,
    archive: Archive,
    /// When tasks that wait for a busy agent are thought over, if nothing happens before.
    again: Option<Time>,
}

/// Ballots.
impl Assembly {
    /// An assembly without members.
    pub fn new(settings: &Consensus) -> Assembly {
        Assembly {
            settings: settings.clone(),
            register: Register::default(),
            floor: Floor::default(),
            sitting: None,
            adjourned: false,
            awards: KeyMap::default(),
            archive: Archive::default(),
            again: None,
        }
    }
    /// Something happened that may change how a vote goes.
    fn new_session(&mut self) {
        self.floor.new_session();
        self.adjourned = false;
        self.again = None;
    }
    /// Opens a ballot if there is something to decide. Where only one agent may do a task there is nothing to vote on.
    fn convene(&mut self, turn: &mut Turn<'_, Message>) {
        if self.sitting.is_some() || self.adjourned {
            return;
        }
        loop {
            let free = self.register.free_slots();
            let further = free.min(self.settings.batch / 4);
            let most = (self.settings.batch - further).min(LOOKAHEAD + 2 * free);
            let picked = self.floor.pick(most, further, &mut self.register);
            let mut motions = Vec::with_capacity(picked.len());
            let mut awarded = false;
            for task in picked {
                let Some(open) = self.floor.get(task) else { continue };
                match self.register.unopposed(&open.view) {
                    Some(only) if self.register.free(only.agent) > 0 => {
                        awarded = true;
                        self.award_unopposed(task, &only, turn);
                    }
                    Some(_) => {}
                    None => motions.push(task),
                }
            }
            if !motions.is_empty() {
                return self.sit(&motions, turn);
            }
            if !awarded {
                return;
            }
        }
    }
    fn sit(&mut self, motions: &[TaskId], turn: &mut Turn<'_, Message>) {
        let minutes = self.archive.take_minutes();
        let (settings, floor, register) = (&self.settings, &self.floor, &mut self.register);
        let mut draft = Draft { settings, floor, register, rng: turn.rng, now: turn.now };
        let electors = draft.electors(motions);
        let agenda = draft.agenda(motions, minutes);
        let first_of = |slate: usize| agenda.motions.iter().find(|motion| usize::from(motion.slate) == slate);
        let demand_of = |slate: usize| Some(self.floor.get(first_of(slate)?.task)?.view.demand.clone());
        let demands: Vec<Option<Arc<Demand>>> = (0..agenda.slates.len()).map(demand_of).collect();
        let weight = |slate: usize, voter: AgentId| self.weight(demands[slate].as_deref(), voter);
        let sitting = Sitting::open(agenda, electors, &self.settings, turn.now, weight);
        for elector in sitting.electors() {
            turn.send(*elector, Message::OpenBallot(sitting.agenda.clone()));
        }
        self.sitting = Some(sitting);
        self.close_if_over(turn);
    }
    fn weight(&self, demand: Option<&Demand>, voter: AgentId) -> f64 {
        match self.settings.weights {
            _ if !self.settings.voting.weighs() => 1.0,
            Weighing::Expertise => demand.and_then(|demand| self.register.fit(demand, voter)).map_or(0.0, |able| able.fit),
            Weighing::Reliability => self.archive.reliability(voter).weight(),
        }
    }
    fn close_if_over(&mut self, turn: &mut Turn<'_, Message>) {
        if let Some(sitting) = self.sitting.take_if(|sitting| sitting.is_over()) {
            self.close(&sitting, turn);
            self.convene(turn);
        }
    }
    /// The time for votes is over: call again, or close with what came.
    fn time_is_over(&mut self, turn: &mut Turn<'_, Message>) {
        let Some(sitting) = self.sitting.as_mut() else { return };
        let called = sitting.call_again(self.settings.rounds, turn.now);
        if !called.is_empty() {
            let agenda = sitting.agenda.clone();
            return called.into_iter().for_each(|voter| turn.send(voter, Message::OpenBallot(agenda.clone())));
        }
        if let Some(sitting) = self.sitting.take() {
            for voter in sitting.silent() {
                turn.send(voter, Message::Closed { ballot: sitting.agenda.ballot });
            }
            self.close(&sitting, turn);
        }
    }
    /// Carries out what a ballot comes to, motion by motion.
    fn close(&mut self, sitting: &Sitting, turn: &mut Turn<'_, Message>) {
        let mut progress = false;
        for motion in 0..sitting.agenda.motions.len() {
            progress |= sitting.tally(motion).is_none() || self.carry_out(sitting, motion, turn);
        }
        self.adjourned = !progress;
    }
    fn matter<'a>(&'a self, sitting: &'a Sitting, motion: usize) -> Matter<'a> {
        Matter { sitting, motion, settings: &self.settings, register: &self.register }
    }
    /// False if the task waits for a busy agent.
    fn carry_out(&mut self, sitting: &Sitting, motion: usize, turn: &mut Turn<'_, Message>) -> bool {
        let task = sitting.agenda.motions[motion].task;
        let Some(open) = self.floor.get_mut(task) else { return true };
        open.messages += f64::from(sitting.messages) / sitting.agenda.motions.len() as f64;
        open.rounds += sitting.calls;
        let demand = open.view.demand.clone();
        match self.matter(sitting, motion).ruling(&demand) {
            Ruling::Elected(option, by) => self.elected(sitting, motion, (option, by), turn),
            Ruling::Again(finalists) => self.run_again(task, finalists, turn),
            Ruling::Nothing => {
                self.decline(task, Why::NoAgreement, turn);
                true
            }
        }
    }
    fn run_again(&mut self, task: TaskId, finalists: Vec<AgentId>, turn: &mut Turn<'_, Message>) -> bool {
        let Some(open) = self.floor.get_mut(task) else { return true };
        open.failed_ballots += 1;
        open.only = Some(finalists);
        if open.failed_ballots >= self.settings.rounds {
            self.decline(task, Why::NoAgreement, turn);
        }
        true
    }
    fn decline(&mut self, task: TaskId, why: Why, turn: &mut Turn<'_, Message>) {
        if self.floor.take(task).is_some() {
            turn.decline(task, why);
        }
    }
}

/// Awards.
impl Assembly {
    /// An agent won: it gets the task if it has a free slot. If it is busy the task stays open, so that it can still go elsewhere.
    fn elected(&mut self, sitting: &Sitting, motion: usize, (option, by): (u16, By), turn: &mut Turn<'_, Message>) -> bool {
        let (task, agent) = (sitting.agenda.motions[motion].task, sitting.agent(motion, option));
        let Some(open) = self.floor.get(task) else { return true };
        let Some(able) = self.register.roster.may_do(&open.view, agent) else {
            // It left meanwhile, or somebody came whom the task need not avoid: the next ballot decides.
            return true;
        };
        let declared = sitting.agenda.motions[motion].work / sitting.rate(motion, option);
        let seconds = self.matter(sitting, motion).estimate(option, declared);
        if self.register.free(able.agent) == 0 {
            let wait = self.register.wait(agent, turn.now).max(THINK_AGAIN.1 * seconds);
            let at = turn.now + seconds_to_duration(wait).max(THINK_AGAIN.0);
            // Of those far behind none is waited for.
            if open.within.is_none() {
                self.again = earliest([self.again, Some(at)]);
            }
            self.floor.put_off(task);
            return false;
        }
        let Some(open) = self.floor.take(task) else { return true };
        let decision =
            self.matter(sitting, motion).decision(option, by).cost(rounded_up(open.messages), open.rounds, turn.now - open.since);
        let endorsers = sitting.endorsers(motion, option).map(|(voter, _)| voter).collect();
        let (demand, arrival) = (open.view.demand.id, open.view.arrival());
        self.award(&open, Award { agent, demand, declared, arrival, endorsers }, seconds, decision, turn);
        true
    }
    fn award_unopposed(&mut self, task: TaskId, only: &Able, turn: &mut Turn<'_, Message>) {
        let Some(open) = self.floor.take(task) else { return };
        let declared = only.seconds_for(open.view.work);
        let declared = if declared.is_finite() { declared.max(0.0) } else { 0.0 };
        let decision = Decision::new(super::NAME, Measure::Votes)
            .candidates([Candidate::new(only.agent, 0.0).note("unopposed")])
            .because("it is the only one that may do it, so that there was nothing to vote on")
            .cost(rounded_up(open.messages), open.rounds, turn.now - open.since);
        let (agent, demand, arrival) = (only.agent, open.view.demand.id, open.view.arrival());
        let award = Award { agent, demand, declared, arrival, endorsers: Vec::new() };
        self.award(&open, award, declared, decision, turn);
    }
    fn award(&mut self, open: &Open, award: Award, seconds: f64, decision: Decision, turn: &mut Turn<'_, Message>) {
        // Its slot is taken from now on, also while it waits for what it needs.
        let taken = award.arrival.taken(award.agent, turn.now, 0.0, seconds);
        self.register.award(open.view.id, award.agent, taken, turn.now);
        turn.assign(open.view.id, award.agent, decision);
        self.awards.insert(open.view.id, award);
    }
    /// What an outcome tells: of the voters who were for it, how right they were; of the agent, what is read out to all.
    fn learn(&mut self, task: TaskId, agent: AgentId, outcome: &Outcome, now: Time) {
        let Some(award) = self.awards.get(&task).filter(|award| award.agent == agent) else { return };
        if outcome.ended.is_evidence() {
            let took = award.arrival.worked(agent, outcome.took, now).as_secs_f64();
            let success = outcome.ended.is_success();
            let pace = (success && took > 0.0 && award.declared > 0.0).then(|| award.declared / took);
            let right = if success { outcome.quality * pace.unwrap_or(1.0).min(1.0) } else { 0.0 };
            for voter in award.endorsers.iter().filter(|voter| self.register.roster.contains(**voter)) {
                self.archive.judge(*voter, right);
            }
            if let Some(pace) = pace {
                self.register.measured(agent, pace);
            }
            self.archive.note(Minute { number: now.as_nanos(), agent, demand: award.demand, pace, success });
        }
        self.awards.remove(&task);
    }
    fn recall(&mut self, agent: AgentId) {
        if let Some(profile) = self.register.roster.profile(agent)
            && let Some(pace) = self.archive.recall(agent, &profile.name)
        {
            self.register.recall_pace(agent, pace);
        }
    }
    /// Keeps what is known of a member under its name.
    fn keep(&mut self, agent: AgentId) {
        if let Some(profile) = self.register.roster.profile(agent) {
            self.archive.keep(agent, &profile.name, self.register.pace(agent));
        }
    }
}

fn rounded_up(messages: f64) -> u32 {
    libm::ceil(messages - 1e-9) as u32
}

impl Initiator for Assembly {
    type Message = Message;

    fn on_join(&mut self, agent: AgentId, profile: &Profile, turn: &mut Turn<'_, Message>) {
        self.keep(agent);
        self.register.join(agent, profile);
        self.recall(agent);
        self.new_session();
        self.convene(turn);
    }
    fn on_leave(&mut self, agent: AgentId, turn: &mut Turn<'_, Message>) {
        self.keep(agent);
        if !self.register.leave(agent) {
            return;
        }
        while let Some(task) = self.floor.hopeless(&mut self.register) {
            self.decline(task, Why::NobodyAble, turn);
            if let Some(sitting) = &mut self.sitting {
                sitting.drop_motion(task);
            }
        }
        if let Some(sitting) = &mut self.sitting {
            sitting.left(agent);
        }
        self.new_session();
        self.close_if_over(turn);
        self.convene(turn);
    }
    fn on_task(&mut self, task: &TaskView, turn: &mut Turn<'_, Message>) {
        if self.register.is_hopeless(&task.demand) {
            return turn.decline(task.id, Why::NobodyAble);
        }
        self.floor.add(task, turn.now);
        self.adjourned = false;
        self.convene(turn);
    }
    fn on_withdraw(&mut self, task: TaskId, turn: &mut Turn<'_, Message>) {
        if self.floor.take(task).is_none() {
            return;
        }
        if let Some(sitting) = &mut self.sitting {
            sitting.drop_motion(task);
        }
        self.close_if_over(turn);
    }
    fn on_message(&mut self, from: AgentId, message: Message, turn: &mut Turn<'_, Message>) {
        let (ballot, rankings) = match message {
            Message::Vote { ballot, rankings } => (ballot, Some(rankings)),
            Message::Abstain { ballot } => (ballot, None),
            // What only the chair says makes no sense here.
            Message::OpenBallot(_) | Message::Closed { .. } => return,
        };
        let sitting = self.sitting.as_mut().filter(|sitting| sitting.agenda.ballot == ballot);
        if sitting.is_some_and(|sitting| sitting.vote(from, rankings)) {
            self.close_if_over(turn);
        }
    }
    fn on_outcome(&mut self, task: TaskId, agent: AgentId, outcome: &Outcome, turn: &mut Turn<'_, Message>) {
        self.learn(task, agent, outcome, turn.now);
        if self.register.ended(task, agent, outcome, turn.now) {
            self.new_session();
            self.convene(turn);
        }
    }
    /// A result that proved to be wrong is read out as a failure of its agent.
    fn on_judged(&mut self, judged: &Judged, turn: &mut Turn<'_, Message>) {
        let Judged { agent, demand, quality, .. } = *judged;
        if self.register.roster.contains(agent) && (quality.is_nan() || quality < 0.5) {
            self.archive.note(Minute { number: turn.now.as_nanos(), agent, demand, pace: None, success: false });
        }
    }
    fn on_free(&mut self, agent: AgentId, turn: &mut Turn<'_, Message>) {
        if self.register.hurry(agent, turn.now) {
            self.on_wake(turn);
        }
    }
    fn on_wake(&mut self, turn: &mut Turn<'_, Message>) {
        if self.next_wake().is_none_or(|due| due > turn.now) {
            return;
        }
        let rested = self.register.end_rests(turn.now);
        if rested || self.again.is_some_and(|again| again <= turn.now) {
            self.new_session();
        }
        if self.sitting.as_ref().is_some_and(|sitting| sitting.due <= turn.now) {
            self.time_is_over(turn);
        }
        self.convene(turn);
    }
    fn next_wake(&self) -> Option<Time> {
        let due = self.sitting.as_ref().map(|sitting| sitting.due);
        let again = self.again.filter(|_| !self.floor.is_empty());
        earliest([due, again, self.register.next_rest()])
    }
    fn save(&self) -> Memory {
        let mut archive = self.archive.clone();
        for (agent, profile) in self.register.roster.iter() {
            archive.keep(agent, &profile.name, self.register.pace(agent));
        }
        archive.save()
    }
    fn restore(&mut self, memory: &Memory) {
        self.archive.restore(memory);
        for agent in self.register.members().to_vec() {
            self.recall(agent);
        }
    }
    fn standing(&self, agent: AgentId) -> Vec<(&'static str, f64)> {
        let known = self.archive.reliability(agent);
        vec![("competence", known.competence()), ("weight", known.weight()), ("pace", self.register.pace(agent))]
    }
}
