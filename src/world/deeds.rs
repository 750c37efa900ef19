//! Faults on purpose, as they happen: the verbs of a society, and what was planned.

use super::trouble::{Crashing, Due, Held};
use super::{Letter, World};
use crate::actors::AgentMail;
use crate::event::Disturbance;
use crate::faults::{Part, is_named};
use core::time::Duration;
use polity_protocols::{AgentId, Time};
use std::collections::BTreeSet;

impl World {
    /// Cuts some agents off from all others.
    pub(crate) fn cut(&self, agents: impl IntoIterator<Item = AgentId>, note: &str) -> u64 {
        let agents: BTreeSet<AgentId> = agents.into_iter().collect();
        self.trouble.on.set(true);
        self.tell_trouble(Disturbance::Partitioned, &agents.iter().copied().collect::<Vec<_>>(), note);
        let mut roads = self.trouble.roads.borrow_mut();
        roads.next += 1;
        let number = roads.next;
        roads.cuts.push((number, agents));
        number
    }
    fn heal(&self, number: u64) {
        let mut roads = self.trouble.roads.borrow_mut();
        let Some(at) = roads.cuts.iter().position(|(known, _)| *known == number) else { return };
        let (_, agents) = roads.cuts.remove(at);
        drop(roads);
        self.tell_trouble(Disturbance::Healed, &agents.into_iter().collect::<Vec<_>>(), "the partition is over");
        self.let_go();
    }
    /// Holds mail back.
    pub(crate) fn hold(&self, held: Held) {
        self.trouble.on.set(true);
        let (agents, note) = told(held);
        let mut roads = self.trouble.roads.borrow_mut();
        if !roads.holds.contains(&held) {
            roads.holds.push(held);
            drop(roads);
            self.tell_trouble(Disturbance::Held, &agents, note);
        }
    }
    /// Lets mail go that was held back.
    pub(crate) fn release(&self, held: Held) {
        let mut roads = self.trouble.roads.borrow_mut();
        let before = roads.holds.len();
        roads.holds.retain(|known| *known != held);
        let gone = roads.holds.len() < before;
        drop(roads);
        if gone {
            let (agents, note) = told(held);
            self.tell_trouble(Disturbance::Released, &agents, note);
            self.let_go();
        }
    }
    /// An agent that lives crashes; it is down for so long.
    pub(crate) fn crash(&self, agent: AgentId, repair: Duration) {
        if let Some(addr) = self.directory.address(agent) {
            self.tell_trouble(Disturbance::Crashed, &[agent], &format!("down for {repair:?}"));
            self.send(Letter::Agent(addr, AgentMail::Fell { repair, era: self.trouble.era() }));
        }
    }
    /// An agent that lives ends in order, and begins anew.
    pub(crate) fn bounce(&self, agent: AgentId) {
        if let Some(addr) = self.directory.address(agent) {
            self.tell_trouble(Disturbance::Bounced, &[agent], "it ends its jobs, and begins anew");
            self.send(Letter::Agent(addr, AgentMail::Bounce));
        }
    }
    /// Everything is as it should be again, and nothing of the plan goes wrong any more.
    pub(crate) fn repair(&self) {
        self.tell_trouble(Disturbance::Repaired, &[], "no further faults; who was down is back, what was kept back is let go");
        self.open_roads();
        for seat in self.directory.agents() {
            self.send(Letter::Agent(seat.addr, AgentMail::Unhang { job: None }));
        }
    }
    /// Nothing stands in anybody's way any more, and nothing of the plan goes wrong.
    pub(crate) fn open_roads(&self) {
        self.trouble.calm.set(true);
        self.trouble.era.set(self.trouble.era.get() + 1);
        let mut roads = self.trouble.roads.borrow_mut();
        roads.cuts.clear();
        roads.holds.clear();
        drop(roads);
        self.raise_all();
        self.let_go();
    }
    /// Whoever is down comes back now.
    fn raise_all(&self) {
        let down = std::mem::take(&mut *self.trouble.down.borrow_mut());
        for alarm in down.into_values() {
            let letter = self.post.borrow_mut().take_back(alarm);
            letter.into_iter().for_each(|letter| self.send(letter));
        }
    }

    // ---- what was planned

    /// A run begins: what was planned takes its course while there is one.
    pub(crate) fn stir(&self) {
        let Some(faults) = self.trouble.active() else { return };
        if !self.trouble.stirred.replace(true) {
            self.tell_cast();
            for (at, partition) in faults.partitions.iter().enumerate() {
                self.alarm(Time::ZERO + partition.at, Letter::Due(Due::Cut(at)));
            }
        }
        let now = self.now();
        let mut crashes = self.trouble.crashes.borrow_mut();
        let Crashing { calendars, due, armed } = &mut *crashes;
        if !*armed && !calendars.is_empty() {
            *armed = true;
            *due = calendars.iter_mut().map(|(agent, calendar)| (calendar.next_after(now), *agent)).collect();
            drop(crashes);
            self.await_crash();
        }
    }
    fn await_crash(&self) {
        let next = self.trouble.crashes.borrow().due.first().map(|(at, _)| *at);
        if let Some(at) = next {
            self.alarm(at, Letter::Due(Due::Crash));
        }
    }
    /// The moment of something has come.
    pub(super) fn due(&self, due: Due) {
        match due {
            Due::Heal(number) => self.heal(number),
            Due::Cut(at) => {
                let Some(partition) = self.trouble.active().and_then(|faults| faults.partitions.get(at)) else { return };
                let roster = self.directory.roster().into_iter().zip(0..);
                let agents = roster.filter(|(profile, _)| is_named(&partition.agents, profile)).map(|(_, n)| AgentId(n));
                let number = self.cut(agents, &format!("for {:?}", partition.lasting));
                self.alarm(self.now() + partition.lasting, Letter::Due(Due::Heal(number)));
            }
            Due::Crash => self.crash_who_is_due(),
        }
    }
    fn crash_who_is_due(&self) {
        let repair = self.trouble.active().and_then(|faults| faults.crash.as_ref()).map(|crash| crash.repair);
        let mut crashes = self.trouble.crashes.borrow_mut();
        // Without a run nobody looks: the alarms would go on for ever, and time with them.
        let Some(repair) = repair.filter(|_| self.directory.has_runs()) else {
            crashes.armed = false;
            return;
        };
        let now = self.now();
        let mut fallen = Vec::new();
        while let Some((at, agent)) = crashes.due.first().copied().filter(|(at, _)| *at <= now) {
            crashes.due.pop_first();
            let next = crashes.calendars.get_mut(&agent).map(|calendar| calendar.next_after(at));
            crashes.due.extend(next.map(|next| (next, agent)));
            fallen.push(agent);
        }
        drop(crashes);
        fallen.into_iter().for_each(|agent| self.crash(agent, repair));
        self.await_crash();
    }
    /// Says who has which part, where it is no matter of chance and time.
    fn tell_cast(&self) {
        self.tell_part(Disturbance::LowBalling, |part| part.lies.iter().any(is_low), "they quote too low");
        self.tell_part(Disturbance::Lying, |part| part.wrong_results, "they lie in ballots and results");
        self.tell_part(Disturbance::FalseClaim, |part| part.claims.is_some(), "they claim scores that are not theirs");
    }
    fn tell_part(&self, fault: Disturbance, has: impl Fn(&Part) -> bool, note: &str) {
        let parts = self.trouble.parts.borrow();
        let agents: Vec<AgentId> = parts.iter().filter(|(_, part)| has(part)).map(|(agent, _)| *agent).collect();
        drop(parts);
        if !agents.is_empty() {
            self.tell_trouble(fault, &agents, note);
        }
    }
}

fn is_low(lie: &polity_protocols::Lie) -> bool {
    matches!(lie, polity_protocols::Lie::LowBall(_))
}
fn told(held: Held) -> (Vec<AgentId>, &'static str) {
    match held {
        Held::Agent(agent) => (vec![agent], "all that it says and is told"),
        Held::Link(from, to) => (vec![from, to], "what the first tells the second"),
    }
}
