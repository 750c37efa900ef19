//! The desk's own book: who is in the team, what was given to each, and when a slot is expected to be free.
//!
//! Everything in it comes from the desk's own awards and their outcomes, never from a message. Seconds are `f64` since the start.

use super::index::SMALL;
use super::proof::Proof;
use crate::data::worked;
use crate::{AgentId, Deadlines, Ended, Load, Outcome, Profile, TaskId, Time, seconds_to_duration};
use core::time::Duration;

/// How long a word about an agent's other work is believed at most: after that it is worth another try.
const BELIEVED: f64 = 300.0;
/// The first pause after a refusal that gave no backlog; it doubles with each refusal in a row.
const PAUSE: f64 = 0.01;
/// The longest such pause.
const LONGEST_PAUSE: f64 = 10.0;

/// A job that was given to an agent and has not ended.
#[derive(Clone, Copy, Debug)]
struct Job {
    task: TaskId,
    /// When it is expected to end.
    end: f64,
    /// How long it was expected to take at the declared rate; 0 if nobody knew.
    expected: f64,
    /// When what it needs has reached the agent.
    here: Time,
}

/// One slot that is (or will be) taken, in the plan of one scan.
#[derive(Clone, Copy, Debug)]
struct Taken {
    /// When the job that is in it now is expected to end.
    base: f64,
    /// When it is free again after what was reserved on top.
    at: f64,
}

/// When an agent could begin another job.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ready {
    /// The moment, in seconds.
    pub at: f64,
    /// When the job that is now in that slot is expected to end.
    pub base: f64,
    /// True if a slot is free now.
    pub free: bool,
    /// True if one is, but kept for what becomes ready soon.
    pub kept: bool,
}

/// A member of the team.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub profile: Profile,
    /// The sum of its capability scores: what leaders are elected by.
    pub standing: f64,
    /// What outcomes proved of it.
    pub proof: Proof,
    /// How fast it proved to get work done well, relative to what it declared: [`Proof::pace`].
    pub pace: f64,
    jobs: Vec<Job>,
    /// Slots believed to be taken by work that is not ours.
    blocked: u32,
    blocked_until: f64,
    refusals: u32,
    /// The plan of scan number `planned`; see [`Book::begin`].
    planned: u64,
    plan: Vec<Taken>,
    /// The last scan in which time of it was reserved.
    reserved: u64,
    /// Free slots that are kept idle in the scan of that number.
    kept: (u64, u32),
}

impl Member {
    fn new(profile: &Profile) -> Member {
        let standing = profile.capabilities.iter().map(|(_, score)| score).sum();
        Member {
            profile: Profile { slots: profile.slots.max(1), ..profile.clone() },
            standing,
            proof: Proof::NONE,
            pace: Proof::NONE.pace(),
            jobs: Vec::new(),
            blocked: 0,
            blocked_until: 0.0,
            refusals: 0,
            planned: 0,
            plan: Vec::new(),
            reserved: 0,
            kept: (0, 0),
        }
    }
    /// Jobs of ours that it holds.
    pub(super) fn jobs(&self) -> u32 {
        self.jobs.len() as u32
    }
    /// Slots that are free, as far as the desk knows.
    pub(super) fn free(&self) -> u32 {
        self.profile.slots.saturating_sub(self.jobs()).saturating_sub(self.blocked)
    }
    /// When each slot that is taken is expected to be free.
    pub(super) fn ends(&self) -> impl Iterator<Item = f64> {
        let ours = self.jobs.iter().map(|job| job.end);
        ours.chain(core::iter::repeat_n(self.blocked_until, self.blocked.min(self.profile.slots).min(64) as usize))
    }
    /// Slots that are free and not kept idle in this scan.
    fn free_in(&self, scan: u64) -> u32 {
        let kept = if self.kept.0 == scan { self.kept.1 } else { 0 };
        self.free().saturating_sub(kept)
    }
    fn block(&mut self, slots: u32, until: f64) {
        self.blocked = slots;
        self.blocked_until = until;
    }
    /// Lays out the taken slots once per scan.
    fn lay_out(&mut self, scan: u64, now: f64) {
        if self.planned == scan {
            return;
        }
        self.planned = scan;
        self.plan.clear();
        let mut plan = core::mem::take(&mut self.plan);
        plan.extend(self.ends().map(|base| Taken { base, at: still_busy_until(base, now) }));
        self.plan = plan;
    }
    fn learn(&mut self, learn: impl FnOnce(&mut Proof)) {
        learn(&mut self.proof);
        self.pace = self.proof.pace();
    }
    /// What the agent says of itself after an outcome: jobs beyond ours take slots until their share of the backlog has passed.
    fn heard(&mut self, load: &Load, now: f64) {
        let others = load.jobs().saturating_sub(self.jobs());
        let each = finite(load.backlog) / f64::from(load.jobs().max(1));
        if others > 0 && each > 0.0 { self.block(others, now + each.min(BELIEVED)) } else { self.block(0, now) }
    }
    /// It is fuller than was believed: no award until the backlog that it told of has passed, or for a pause that doubles.
    fn refused(&mut self, load: &Load, now: f64) {
        let backlog = finite(load.backlog) / f64::from(self.profile.slots);
        let pause = (PAUSE * f64::from(1_u32 << self.refusals.min(16))).min(LONGEST_PAUSE);
        self.refusals = self.refusals.saturating_add(1);
        self.block(self.profile.slots, now + backlog.max(pause).min(BELIEVED));
    }
}

fn finite(seconds: f64) -> f64 {
    if seconds.is_nan() { 0.0 } else { seconds.max(0.0) }
}

/// A job that is overdue is expected to take as long again as it is overdue: the longer it was silent, the longer it will be.
pub(super) fn still_busy_until(end: f64, now: f64) -> f64 {
    if end >= now { end } else { now + (now - end) }
}

/// The members, by id, with the sum of their free slots.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    /// By id. Boxed, since ids are never given again and a long life leaves many of them empty.
    members: Vec<Option<Box<Member>>>,
    count: usize,
    free: u64,
    blocks: Deadlines<AgentId>,
    scan: u64,
    /// Agents with time reserved in this scan.
    reserved: Vec<AgentId>,
    /// Who changed, for the lanes' indices; the oldest are dropped, and `dropped` counts them.
    changed: Vec<AgentId>,
    dropped: u64,
    now: f64,
}

impl Book {
    pub(super) fn len(&self) -> usize {
        self.count
    }
    /// Free slots of the whole team.
    pub(super) fn free(&self) -> u64 {
        self.free
    }
    pub(super) fn get(&self, agent: AgentId) -> Option<&Member> {
        self.members.get(agent.index())?.as_deref()
    }
    /// Everybody, in the order of ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = (AgentId, &Member)> {
        self.members.iter().enumerate().filter_map(|(i, m)| Some((AgentId(i as u32), m.as_deref()?)))
    }
    /// The member after this one in the order of ids, and around again. The agent itself if it is alone, and need not be a member.
    pub(super) fn after(&self, agent: AgentId) -> Option<AgentId> {
        let seated = |i: &usize| self.members.get(*i).is_some_and(Option::is_some);
        let next = (agent.index() + 1..self.members.len()).find(seated);
        next.or_else(|| (0..self.members.len()).find(seated)).map(|i| AgentId(i as u32))
    }
    pub(super) fn join(&mut self, agent: AgentId, profile: &Profile) {
        self.leave(agent);
        if self.members.len() <= agent.index() {
            self.members.resize_with(agent.index() + 1, || None);
        }
        let member = Member::new(profile);
        self.free += u64::from(member.free());
        self.count += 1;
        self.members[agent.index()] = Some(Box::new(member));
        self.note(agent);
    }
    /// True if it was a member.
    pub(super) fn leave(&mut self, agent: AgentId) -> bool {
        let Some(member) = self.members.get_mut(agent.index()).and_then(Option::take) else { return false };
        self.free -= u64::from(member.free());
        self.count -= 1;
        self.blocks.clear(&agent);
        self.note(agent);
        true
    }
    /// Sets what was learned in an earlier life.
    pub(super) fn recall(&mut self, agent: AgentId, proof: Proof) {
        self.change(agent, |member, _| member.learn(|known| *known = proof));
    }
    /// The result of a job that ended well proved to be of this quality. False if the agent is no member.
    pub(super) fn judged(&mut self, agent: AgentId, quality: f64) -> bool {
        self.change(agent, |member, _| member.learn(|proof| proof.judged(quality))).is_some()
    }
    /// Changes one member and keeps the sum of free slots true.
    fn change<R>(&mut self, agent: AgentId, change: impl FnOnce(&mut Member, f64) -> R) -> Option<R> {
        let member = self.members.get_mut(agent.index())?.as_deref_mut()?;
        self.free -= u64::from(member.free());
        let result = change(member, self.now);
        self.free += u64::from(member.free());
        self.note(agent);
        Some(result)
    }
    /// Notes a change for those that keep an index. In a small team nobody does.
    fn note(&mut self, agent: AgentId) {
        if self.count <= SMALL {
            self.dropped += 1 + core::mem::take(&mut self.changed).len() as u64;
            return;
        }
        if self.changed.len() >= 1024.max(2 * self.count) {
            self.dropped += self.changed.len() as u64;
            self.changed.clear();
        }
        self.changed.push(agent);
    }
    /// How many changes there were.
    pub(super) fn changes(&self) -> u64 {
        self.dropped + self.changed.len() as u64
    }
    /// Who changed since there were `read` changes; `None` if that is not known any more.
    pub(super) fn changes_since(&self, read: u64) -> Option<&[AgentId]> {
        self.changed.get(usize::try_from(read.checked_sub(self.dropped)?).ok()?..)
    }
    /// A job was given. `expected`: seconds of work at the declared rate; `seconds`: until it should end, at the pace that it proved; `here`:
    /// when what it needs has reached the agent.
    pub(super) fn give(&mut self, agent: AgentId, task: TaskId, expected: f64, seconds: f64, here: Time) {
        let scan = self.scan;
        self.change(agent, |member, now| {
            let end = now + seconds;
            member.jobs.push(Job { task, end, expected, here });
            if member.planned == scan {
                member.plan.push(Taken { base: end, at: end }); // it was laid out while slots were free
            }
        });
    }
    /// How long a job took that succeeded, against what was expected of its agent; `None` if it is not in the book, or nobody knew.
    pub(super) fn factor(&self, agent: AgentId, task: TaskId, outcome: &Outcome) -> Option<f64> {
        let member = self.get(agent).filter(|_| outcome.ended == Ended::Succeeded)?;
        let job = member.jobs.iter().find(|job| job.task == task).filter(|job| job.expected > 0.0)?;
        let worked = worked(job.here, outcome.took, Time::from_secs_f64(self.now)).as_secs_f64();
        Some(worked * member.proof.swift / job.expected)
    }
    /// An award ended. False if no such award is in the book.
    pub(super) fn ended(&mut self, agent: AgentId, task: TaskId, outcome: &Outcome) -> bool {
        let until = self.change(agent, |member, now| {
            let at = member.jobs.iter().position(|job| job.task == task)?;
            let job = member.jobs.swap_remove(at);
            match outcome.ended {
                Ended::Refused => member.refused(&outcome.load, now),
                ended => {
                    member.refusals = 0;
                    member.heard(&outcome.load, now);
                    match ended {
                        Ended::Succeeded => {
                            // For what had to arrive it waited, however fast it is.
                            let worked = worked(job.here, outcome.took, Time::from_secs_f64(now));
                            member.learn(|proof| proof.success(job.expected, worked, outcome.quality));
                        }
                        Ended::Failed => member.learn(Proof::failure),
                        Ended::Refused | Ended::Cancelled | Ended::Lost => {}
                    }
                }
            }
            Some((member.blocked > 0).then_some(member.blocked_until))
        });
        match until.flatten() {
            None => return false,
            Some(Some(until)) => self.blocks.set(agent, at_least(until, self.now)),
            Some(None) if self.blocks.is_empty() => {}
            Some(None) => self.blocks.clear(&agent),
        }
        true
    }
    /// Begins a turn: the moment, and the end of what was only believed until now. True if a belief ended: then work that waits
    /// has to be looked at, whatever else the turn is about.
    pub(super) fn begin(&mut self, now: Time) -> bool {
        self.now = now.as_secs_f64();
        let ended = self.blocks.next().is_some_and(|at| at <= now);
        while let Some(agent) = self.blocks.pop(now) {
            self.change(agent, |member, now| member.block(0, now));
        }
        ended
    }
    /// What was believed of an agent's other work is out of date: it ends now. True if something was.
    pub(super) fn doubt(&mut self, agent: AgentId, now: Time) -> bool {
        let believed = self.get(agent).is_some_and(|member| member.blocked > 0);
        if believed {
            self.blocks.set(agent, now);
        }
        believed
    }
    /// When the next belief ends.
    pub(super) fn next(&self) -> Option<Time> {
        self.blocks.next()
    }
    /// Begins a scan: reservations of the last one are void. O(1).
    pub(super) fn plan(&mut self) {
        self.scan += 1;
        self.reserved.clear();
    }
    /// The moment of this turn, in seconds.
    pub(super) fn now(&self) -> f64 {
        self.now
    }
    /// Agents with time reserved in this scan.
    pub(super) fn reserved(&self) -> &[AgentId] {
        &self.reserved
    }
    /// True if time of this one is reserved in this scan.
    pub(super) fn is_reserved(&self, agent: AgentId) -> bool {
        self.get(agent).is_some_and(|member| member.reserved == self.scan)
    }
    /// When the agent could begin another job, in the plan of this scan. O(slots in use).
    pub(super) fn ready(&mut self, agent: AgentId) -> Option<(Ready, &Member)> {
        let (scan, now) = (self.scan, self.now);
        let member = self.members.get_mut(agent.index())?.as_deref_mut()?;
        if member.free_in(scan) > 0 {
            return Some((Ready { at: now, base: now, free: true, kept: false }, member));
        }
        member.lay_out(scan, now);
        let first = member.plan.iter().min_by(|a, b| a.at.total_cmp(&b.at))?;
        Some((Ready { at: first.at, base: first.base, free: false, kept: member.free() > 0 }, member))
    }
    /// Reserves the agent's earliest slot for `seconds`, in the plan of this scan only.
    pub(super) fn reserve(&mut self, agent: AgentId, seconds: f64) {
        let (scan, now) = (self.scan, self.now);
        if let Some(member) = self.members.get_mut(agent.index()).and_then(Option::as_deref_mut) {
            member.lay_out(scan, now);
            if let Some(first) = member.plan.iter_mut().min_by(|a, b| a.at.total_cmp(&b.at)) {
                first.at += seconds;
            }
            if member.reserved != scan {
                member.reserved = scan;
                self.reserved.push(agent);
            }
        }
    }
    /// Keeps a free slot of the agent idle until `ready`, for work that ends at `end`, in the plan of this scan only.
    pub(super) fn keep_idle(&mut self, agent: AgentId, ready: f64, end: f64) {
        let (scan, now) = (self.scan, self.now);
        if let Some(member) = self.members.get_mut(agent.index()).and_then(Option::as_deref_mut) {
            member.lay_out(scan, now);
            member.plan.push(Taken { base: ready, at: end });
            member.kept = (scan, if member.kept.0 == scan { member.kept.1 + 1 } else { 1 });
            if member.reserved != scan {
                member.reserved = scan;
                self.reserved.push(agent);
            }
        }
    }
    /// True if the agent has a free slot that is not kept idle in this scan.
    pub(super) fn has_free(&self, agent: AgentId) -> bool {
        self.get(agent).is_some_and(|member| member.free_in(self.scan) > 0)
    }
}

/// A moment in seconds as a time that is surely after `now`, so that an alarm can't ring for ever at one moment.
pub(super) fn at_least(seconds: f64, now: f64) -> Time {
    let soonest = Time::from_secs_f64(now) + Duration::from_millis(1);
    (Time::ZERO + seconds_to_duration(seconds)).max(soonest)
}
