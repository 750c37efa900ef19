//! A small protocol of messages that keeps the rules, and the same with one fault at a time.

use crate::*;
use core::time::Duration;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    AwardsTwice,
    AwardsToUnable,
    IgnoresWithdraw,
    ForgetsLostMessages,
    IgnoresAvoid,
    AwardsToLeaver,
    LosesTasksOnLeave,
    DrawsFromOutside,
    KeepsHopelessTasks,
    DeclinesWhatSomebodyCanDo,
    SpinsItsWake,
    ActsOnSpuriousWakes,
    HeedsStrangers,
    PanicsAtUnknownOutcome,
    SignsWithAnotherName,
    ListsTheWorstFirst,
    HidesTheWinner,
    CorruptsItsMemory,
    DecidesOnlyOnce,
    WaitsForEveryAnswer,
}

#[derive(Clone, Debug)]
pub(super) struct Poll(pub(super) Fault);

#[derive(Clone, Debug, Serialize)]
pub(super) enum Said {
    Ask(TaskId, u32),
    Offer(TaskId, u32, f64),
}

impl Protocol for Poll {
    const NAME: &'static str = "poll";
    type Message = Said;
    type Initiator = Pollster;
    type Participant = Polled;
    fn initiator(&self) -> Pollster {
        Pollster {
            fault: self.0,
            roster: Roster::default(),
            open: BTreeMap::new(),
            due: Deadlines::default(),
            seen: BTreeSet::new(),
            awards: 0.0,
        }
    }
    fn participant(&self, _: AgentId, _: &Profile) -> Polled {
        Polled
    }
}

pub(super) struct Polled;
impl Participant for Polled {
    type Message = Said;
    fn on_message(&mut self, message: Said, reply: &mut Reply<'_, Said>) {
        if let Said::Ask(task, round) = message {
            reply.send(Said::Offer(task, round, reply.load.backlog));
        }
    }
}

struct Open {
    task: TaskView,
    since: Time,
    asked: BTreeSet<AgentId>,
    offers: BTreeMap<AgentId, f64>,
    round: u32,
}

pub(super) struct Pollster {
    fault: Fault,
    roster: Roster,
    open: BTreeMap<TaskId, Open>,
    due: Deadlines<TaskId>,
    seen: BTreeSet<TaskId>,
    awards: f64,
}

static OUTSIDE: AtomicU64 = AtomicU64::new(0);

impl Pollster {
    fn ask(&mut self, id: TaskId, turn: &mut Turn<'_, Said>) {
        let Some(open) = self.open.get_mut(&id) else { return };
        open.round += 1;
        open.offers.clear();
        open.asked = match self.fault {
            Fault::IgnoresAvoid => self.roster.able(&open.task.demand).iter().map(|able| able.agent).collect(),
            Fault::AwardsToUnable => self.roster.iter().map(|(agent, _)| agent).collect(),
            _ => self.roster.candidates(&open.task).map(|able| able.agent).collect(),
        };
        let nobody = self.roster.nobody_able(&open.task) && self.fault != Fault::KeepsHopelessTasks;
        if nobody || (open.round == 3 && self.fault == Fault::DeclinesWhatSomebodyCanDo) {
            return self.decline(id, Why::NobodyAble, turn);
        }
        if open.round > 20 {
            return self.decline(id, Why::NobodyWilling, turn);
        }
        for agent in &open.asked {
            turn.send(*agent, Said::Ask(id, open.round));
        }
        if self.fault != Fault::ForgetsLostMessages {
            self.due.set(id, turn.now + Duration::from_secs(2));
        }
    }
    fn decline(&mut self, id: TaskId, why: Why, turn: &mut Turn<'_, Said>) {
        self.open.remove(&id);
        self.due.clear(&id);
        turn.decline(id, why);
    }
    fn decide(&mut self, id: TaskId, turn: &mut Turn<'_, Said>) {
        let Some(open) = self.open.get(&id) else { return };
        let careless = matches!(self.fault, Fault::IgnoresAvoid | Fault::AwardsToUnable | Fault::AwardsToLeaver);
        let offers = open.offers.iter().map(|(agent, backlog)| (*agent, *backlog));
        let mut willing: Vec<(AgentId, f64)> =
            offers.filter(|(agent, _)| careless || self.roster.may_do(&open.task, *agent).is_some()).collect();
        willing.sort_by(|a, b| a.1.total_cmp(&b.1));
        if self.fault == Fault::DrawsFromOutside && !willing.is_empty() {
            let turns = OUTSIDE.fetch_add(1, Ordering::Relaxed) as usize % willing.len();
            willing.rotate_left(turns);
            willing.truncate(1);
        }
        let Some(winner) = willing.first().map(|(agent, _)| *agent) else { return self.ask(id, turn) };
        let mut candidates: Vec<Candidate> = willing.iter().map(|(agent, load)| Candidate::new(*agent, *load)).collect();
        match self.fault {
            Fault::ListsTheWorstFirst => candidates.reverse(),
            Fault::HidesTheWinner => drop(candidates.remove(0)),
            _ => {}
        }
        let name = if self.fault == Fault::SignsWithAnotherName { "pool" } else { Poll::NAME };
        let latency = turn.now - open.since;
        let decision = Decision::new(name, Measure::ExpectedFinish).candidates(candidates).cost(0, open.round, latency);
        if self.fault != Fault::AwardsTwice {
            self.open.remove(&id);
        }
        self.due.clear(&id);
        self.awards += 1.0;
        turn.assign(id, winner, decision);
    }
    fn is_complete(&self, id: TaskId) -> bool {
        self.open.get(&id).is_some_and(|open| open.asked.iter().all(|agent| open.offers.contains_key(agent)))
    }
}

impl Initiator for Pollster {
    type Message = Said;
    fn on_join(&mut self, agent: AgentId, profile: &Profile, _: &mut Turn<'_, Said>) {
        self.roster.join(agent, profile);
    }
    fn on_leave(&mut self, agent: AgentId, turn: &mut Turn<'_, Said>) {
        if self.fault == Fault::AwardsToLeaver {
            return;
        }
        self.roster.leave(agent);
        for id in self.open.keys().copied().collect::<Vec<_>>() {
            let Some(open) = self.open.get_mut(&id) else { continue };
            let was_asked = open.asked.remove(&agent);
            open.offers.remove(&agent);
            if self.fault == Fault::LosesTasksOnLeave && was_asked {
                self.open.remove(&id);
                self.due.clear(&id);
            } else if self.open[&id].asked.is_empty() {
                self.ask(id, turn);
            } else if self.is_complete(id) {
                self.decide(id, turn);
            }
        }
    }
    fn on_task(&mut self, task: &TaskView, turn: &mut Turn<'_, Said>) {
        if !self.seen.insert(task.id) && self.fault == Fault::DecidesOnlyOnce {
            return;
        }
        let (asked, offers) = (BTreeSet::new(), BTreeMap::new());
        self.open.insert(task.id, Open { task: task.clone(), since: turn.now, asked, offers, round: 0 });
        self.ask(task.id, turn);
    }
    fn on_withdraw(&mut self, task: TaskId, _: &mut Turn<'_, Said>) {
        if self.fault != Fault::IgnoresWithdraw {
            self.open.remove(&task);
            self.due.clear(&task);
        }
    }
    fn on_message(&mut self, from: AgentId, message: Said, turn: &mut Turn<'_, Said>) {
        let Said::Offer(id, round, backlog) = message else { return };
        if self.fault == Fault::HeedsStrangers && !self.roster.contains(from) {
            turn.send(from, Said::Ask(id, 0));
        }
        let Some(open) = self.open.get_mut(&id).filter(|open| open.round == round && open.asked.contains(&from)) else {
            return;
        };
        open.offers.entry(from).or_insert(backlog);
        if self.is_complete(id) {
            self.decide(id, turn);
        }
    }
    fn on_outcome(&mut self, task: TaskId, _: AgentId, _: &Outcome, _: &mut Turn<'_, Said>) {
        assert!(self.fault != Fault::PanicsAtUnknownOutcome || self.seen.contains(&task), "who gave {task:?} away?");
    }
    fn on_wake(&mut self, turn: &mut Turn<'_, Said>) {
        if self.fault == Fault::ActsOnSpuriousWakes {
            for id in self.open.keys().copied().collect::<Vec<_>>() {
                self.ask(id, turn);
            }
        }
        while let Some(id) = self.due.pop(turn.now) {
            match self.fault {
                Fault::SpinsItsWake => return self.due.set(id, turn.now),
                Fault::WaitsForEveryAnswer if !self.is_complete(id) => self.due.set(id, turn.now + Duration::from_secs(2)),
                _ => self.decide(id, turn),
            }
        }
    }
    fn next_wake(&self) -> Option<Time> {
        self.due.next()
    }
    fn save(&self) -> Memory {
        let mut memory = Memory::default();
        let drift = if self.fault == Fault::CorruptsItsMemory { 1.0 } else { 0.0 };
        memory.set("awards", [self.awards + drift]);
        memory
    }
    fn restore(&mut self, memory: &Memory) {
        self.awards = memory.get("awards").and_then(|numbers| numbers.first().copied()).unwrap_or(0.0);
    }
}
