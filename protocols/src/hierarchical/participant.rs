//! The side of a member, who may also lead.

use super::inbox::{Able, Inbox, Need, Pick};
use super::message::{Call, Message, Seat, Summary};
use super::settings::Delegation;
use crate::{AgentId, Ended, Outcome, Participant, Profile, Reply, TaskId, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many reporters a seat remembers before it has been told that it is one (mail may overtake the orders).
const STRANGERS: usize = 256;
/// More levels than any tree of `u32` agents has.
const LEVELS: u8 = 32;

/// What a report says, and who.
struct Word {
    from: AgentId,
    seq: u64,
    pace: f64,
    counts: u64,
    state: Summary,
}

/// A member of the chain of command. It reports to its lead, and leads those who report to it.
#[derive(Clone, Debug)]
pub struct Member {
    me: AgentId,
    profile: Profile,
    rule: Delegation,
    /// The orders that count.
    number: u64,
    seats: Arc<[Seat]>,
    /// What was reported to it, by level.
    inboxes: BTreeMap<u8, Inbox>,
    /// The highest number of the calls that it answered or passed on, by level.
    answered: BTreeMap<u8, u64>,
    /// Members whom it nominated and from whom it has not heard since.
    nominated: BTreeMap<TaskId, AgentId>,
    seq: u64,
    /// What its leader told it of its own pace.
    pace: f64,
    done: u64,
    failed: u64,
}

impl Member {
    /// A member without orders.
    pub fn new(me: AgentId, profile: &Profile, rule: Delegation) -> Member {
        Member {
            me,
            profile: profile.clone(),
            rule,
            number: 0,
            seats: Arc::from([]),
            inboxes: BTreeMap::new(),
            answered: BTreeMap::new(),
            nominated: BTreeMap::new(),
            seq: 0,
            pace: 1.0,
            done: 0,
            failed: 0,
        }
    }
    fn seat(&self, level: u8) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.level == level)
    }
    /// Tells its own state, as a plain member.
    fn report_self(&mut self, reply: &mut Reply<'_, Message>) {
        let state = Summary::of_one(&self.profile, self.pace, &reply.load, reply.now);
        self.report(0, Summary { done: self.done, failed: self.failed, ..state }, reply);
    }
    /// Tells the superior of a seat how things stand. If it is its own superior it takes note, and tells the next one.
    fn report(&mut self, level: u8, state: Summary, reply: &mut Reply<'_, Message>) {
        let Some(superior) = self.seat(level).map(|seat| seat.superior) else { return };
        // Counted from the moment of speaking, so that the reports of a later life outrank those of an earlier one.
        self.seq = (self.seq + 1).max(reply.now.as_nanos());
        let (seq, above) = (self.seq, level + 1);
        let counts = self.answered.get(&level).copied().unwrap_or(0);
        let word = Word { from: self.me, seq, pace: self.pace, counts, state };
        if superior == Some(self.me) {
            self.hear(above, word, reply);
        } else {
            let Word { from, seq, pace, counts, state } = word;
            reply.send(Message::Report { to: superior, level: above, from, seq, pace, counts, state });
        }
    }
    fn hear(&mut self, level: u8, word: Word, reply: &mut Reply<'_, Message>) {
        let Word { from, seq, pace, counts, state } = word;
        if level == 0 || level > LEVELS {
            return;
        }
        let reporter = |seat: &Seat| seat.reports.iter().find(|(agent, _)| *agent == from).map(|(_, profile)| profile.clone());
        let seat = self.seat(level).map(reporter);
        let inbox = self.inboxes.entry(level).or_default();
        let known = seat.as_ref().map_or(inbox.len() < STRANGERS, Option::is_some);
        if known
            && inbox.hear(from, seq, state, pace, counts, reply.now)
            && let Some(Some(profile)) = seat
        {
            if level == 1 {
                self.nominated.retain(|_, agent| *agent != from);
                inbox.doubt(from, &profile);
            }
            let sum = self.inboxes.get_mut(&level).map(Inbox::sum).unwrap_or_default();
            self.report(level, sum, reply);
        }
    }
    fn obey(&mut self, number: u64, pace: f64, seats: Arc<[Seat]>, reply: &mut Reply<'_, Message>) {
        if number < self.number {
            return;
        }
        (self.number, self.pace, self.seats) = (number, pace, seats);
        let seats = self.seats.clone();
        self.inboxes.retain(|level, _| seats.iter().any(|seat| seat.level == *level));
        for seat in seats.iter() {
            if let Some(inbox) = self.inboxes.get_mut(&seat.level) {
                inbox.forget_all_but(|agent| seat.reports.iter().any(|(a, _)| *a == agent));
                // Of strangers it was not known what they declare.
                let members = seat.reports.iter().filter(|_| seat.level == 1);
                members.for_each(|(agent, profile)| inbox.doubt(*agent, profile));
                let sum = inbox.sum();
                self.report(seat.level, sum, reply);
            }
        }
        self.report_self(reply);
    }
    /// Finds somebody, or passes the call on to one of its leads.
    fn answer(&mut self, call: Call, reply: &mut Reply<'_, Message>) {
        let (task, number) = (call.task, call.call);
        let answered = self.answered.entry(call.level).or_default();
        *answered = number.max(*answered);
        if let Some(agent) = self.nominated.get(&task).copied().filter(|_| call.level == 1) {
            // The call was repeated, or the answer lost: say it again.
            return reply.send(Message::Nominate { task, call: number, agent });
        }
        let Some(chosen) = self.choose(&call, reply) else {
            return reply.send(Message::NoneAble { task, call: number, seq: self.seq.max(reply.now.as_nanos()) });
        };
        let Some(inbox) = self.inboxes.get_mut(&call.level) else { return };
        if call.level == 1 {
            // No report: whoever asked counts on the fastest free slot, and this is it.
            inbox.occupy(chosen, call.work, reply.now.max(call.arrival.at(chosen)));
            self.nominated.insert(task, chosen);
            return reply.send(Message::Nominate { task, call: number, agent: chosen });
        }
        let need = need_of(&call, reply.now);
        inbox.speak_for(chosen, (task, number), &need);
        let down = Call { to: chosen, level: call.level - 1, ..call };
        if chosen == self.me { self.answer(down, reply) } else { reply.send(Message::Delegate(down)) }
    }
    fn choose(&self, call: &Call, reply: &mut Reply<'_, Message>) -> Option<AgentId> {
        let seat = self.seat(call.level)?;
        let able = |agent: AgentId| {
            let (_, profile) = seat.reports.iter().find(|(a, _)| *a == agent)?;
            if call.level > 1 {
                return Some(Able { fit: 1.0, most: f64::INFINITY });
            }
            let fit = call.demand.fit(agent, profile).filter(|_| !call.avoid.contains(&agent))?;
            Some(Able { fit, most: f64::INFINITY }) // what it reported was doubted when it came
        };
        // A call wants an answer now: who would have it wait has decided that before.
        let need = need_of(call, reply.now);
        match self.inboxes.get(&call.level)?.choose(self.rule, &need, able, reply.rng) {
            Pick::Ask(agent, _) => Some(agent),
            Pick::Wait(..) | Pick::Nobody => None,
        }
    }
}

fn need_of(call: &Call, now: Time) -> Need<'_> {
    Need { kind: &call.demand.kind, work: call.work, now, arrival: call.arrival, plain: call.level == 1, waits: false }
}

impl Participant for Member {
    type Message = Message;
    fn on_message(&mut self, message: Message, reply: &mut Reply<'_, Message>) {
        match message {
            Message::Orders { number, pace, seats } => self.obey(number, pace, seats, reply),
            Message::Delegate(call) if call.to == self.me && (1..=LEVELS).contains(&call.level) => self.answer(call, reply),
            Message::Withdraw { task } => {
                if let Some(agent) = self.nominated.remove(&task)
                    && let Some(inbox) = self.inboxes.get_mut(&1)
                {
                    inbox.release(agent);
                    let sum = inbox.sum();
                    self.report(1, sum, reply);
                }
                let passed = self.inboxes.iter_mut().filter(|(level, _)| **level > 1);
                let passed = passed.filter_map(|(level, inbox)| inbox.void(task).then(|| (*level, inbox.sum())));
                for (level, sum) in passed.collect::<Vec<_>>() {
                    self.report(level, sum, reply);
                }
            }
            Message::Report { to, level, from, seq, pace, counts, state } if to == Some(self.me) => {
                self.hear(level, Word { from, seq, pace, counts, state }, reply);
            }
            // Mail for somebody else.
            Message::Delegate(_) | Message::Report { .. } | Message::Nominate { .. } | Message::NoneAble { .. } => {}
        }
    }
    fn on_outcome(&mut self, _: TaskId, _: &str, outcome: &Outcome, reply: &mut Reply<'_, Message>) {
        self.done += u64::from(outcome.ended == Ended::Succeeded);
        self.failed += u64::from(outcome.ended == Ended::Failed);
        self.report_self(reply);
    }
}
