//! Other ways: fallbacks in order and each once, a stand-in only where it is needed, two tries at a hedged task at most.

use super::super::play::Storm;
use super::super::seen::Seen;
use super::must;
use polity::agents::FailureKind;
use polity::event::{COPIES, Event, Names, RunId, What};
use polity::lifecycle::Hedge;
use polity::protocols::{AgentId, Demand, DemandId, TaskId, Time};
use polity::workflow::{Task, Workflow};
use std::collections::{BTreeMap, BTreeSet};

type Checked = Result<(), String>;

pub fn judge(storm: &Storm, seen: &mut Seen) -> Checked {
    for (n, (flow, cancelled)) in storm.scene.runs.iter().enumerate() {
        let mut log = Log { run: n as u32, cancelled: cancelled.map(|at| Time::ZERO + at), ..Log::of(flow) };
        for event in &storm.events {
            log.names.take(event);
            log.workers(event);
            if event.run == RunId(n as u32) {
                log.take(event, storm, seen)
                    .map_err(|what| format!("{what}, at event {} of run {n}: {:?}", event.seq, event.what))?;
            }
        }
    }
    Ok(())
}

/// How one try of an instance stands.
struct Try {
    copy: u32,
    awarded: Option<(AgentId, Time)>,
    /// When it ended, and whether with an answer.
    ended: Option<(Time, bool)>,
}
/// What was done of an instance beside itself.
#[derive(Default)]
struct Other {
    tries: Vec<Try>,
    /// Its own tries had failed.
    diverted: bool,
    fallbacks: Vec<Try>,
    /// It waits for its stand-in.
    replaced: bool,
}

struct Log<'a> {
    run: u32,
    flow: &'a Workflow,
    names: Names,
    cancelled: Option<Time>,
    others: BTreeMap<u32, Other>,
    of: BTreeMap<u32, u32>,
    ended: BTreeMap<u32, bool>,
    families: BTreeMap<u32, (u32, u32)>,
    undos: BTreeSet<u32>,
    /// Stand-in → whose place it takes.
    stand_ins: BTreeMap<u32, u32>,
    /// Those that were announced already.
    invited: std::collections::BTreeSet<TaskId>,
    /// Who lives, and what each has.
    alive: BTreeMap<AgentId, BTreeSet<TaskId>>,
    gave_up: bool,
    /// An agent was lost, failed something, or was passed over.
    sick: bool,
}

impl<'a> Log<'a> {
    fn of(flow: &'a Workflow) -> Log<'a> {
        let all = flow.tasks.iter().enumerate();
        Log {
            run: 0,
            flow,
            names: Names::default(),
            cancelled: None,
            others: BTreeMap::new(),
            of: BTreeMap::new(),
            ended: BTreeMap::new(),
            families: BTreeMap::new(),
            undos: BTreeSet::new(),
            stand_ins: all.filter_map(|(at, task)| Some((task.fallback_to? as u32, at as u32))).collect(),
            invited: Default::default(),
            alive: BTreeMap::new(),
            gave_up: false,
            sick: false,
        }
    }
    /// Who has what, in all runs.
    fn workers(&mut self, event: &Event) {
        self.sick |= matches!(
            event.what,
            What::AgentLost { .. } | What::BreakerTurned { .. } | What::Retried { .. } | What::Failed { .. }
        );
        match &event.what {
            What::AgentJoined { agent, .. } => drop(self.alive.insert(*agent, BTreeSet::new())),
            What::AgentLost { agent, .. } => drop(self.alive.remove(agent)),
            What::Escalated { .. } => self.gave_up = true,
            What::Assigned { task, agent, .. } => {
                if let Some(held) = self.alive.get_mut(agent) {
                    held.insert(*task);
                }
            }
            What::Completed { task, .. }
            | What::Failed { task, .. }
            | What::Retried { task, .. }
            | What::Refused { task, .. } => self.let_go(*task),
            What::Displaced { task, .. } | What::Cancelled { task } | What::Replanned { task, .. } => self.let_go(*task),
            _ => {}
        }
    }
    fn let_go(&mut self, task: TaskId) {
        for held in self.alive.values_mut() {
            held.remove(&task);
        }
    }
    fn task(&self, task: TaskId) -> &'a Task {
        &self.flow.tasks[self.names.node(task) as usize]
    }
    fn is_over(&self, node: u32) -> Option<bool> {
        let (first, count) = self.families.get(&node).copied().unwrap_or((node, 1));
        (first..first + count).map(|n| self.ended.get(&n).copied()).try_fold(true, |well, ended| Some(well && ended?))
    }

    fn take(&mut self, event: &Event, storm: &Storm, seen: &mut Seen) -> Checked {
        let Some(id) = event.what.task() else { return Ok(()) };
        let instance = id.instance();
        match &event.what {
            What::Compensating { undo, .. } => drop(self.undos.insert(*undo)),
            What::Expanded { first, labels, .. } => {
                self.families.insert(instance, (*first, labels.len() as u32));
                self.begins(id, seen)?;
            }
            What::Announced { .. } if instance < COPIES => self.begins(id, seen)?,
            What::Copied { copy, number, .. } => {
                self.begins(id, seen)?;
                self.of.insert(*copy, instance);
                self.copied(event.at, id, (*copy, *number), seen)?;
            }
            What::Assigned { agent, .. } if instance >= COPIES && !self.undos.contains(&instance) => {
                self.awarded(event, id, *agent, storm, seen)?;
            }
            What::Replanned { .. } => {
                let task = self.task(id);
                must(!task.fallback.is_empty() || task.fallback_to.is_some(), || "there is no other way".into())?;
                let other = self.others.entry(instance).or_default();
                must(!std::mem::replace(&mut other.diverted, true), || "it took another way before".into())?;
            }
            What::Noted { note, .. } if note.ends_with("takes its place") => {
                let (ways, task) = (self.task(id).fallback.len(), self.task(id));
                must(task.fallback_to.is_some(), || "nobody stands in for it".into())?;
                let other = self.others.entry(instance).or_default();
                must(other.diverted && other.fallbacks.len() == ways, || "it had other ways".into())?;
                must(!std::mem::replace(&mut other.replaced, true), || "somebody takes its place already".into())?;
            }
            What::Completed { .. } => self.end(event.at, instance, true, seen)?,
            What::Synthesized { .. } => {
                let stand_in = self.task(id).fallback_to.ok_or("nobody stands in for it")?;
                must(self.is_over(stand_in as u32) == Some(true), || "its stand-in has not ended well".into())?;
                seen.stand_ins += 1;
                self.end(event.at, instance, true, seen)?;
            }
            What::Failed { failure, attempts, .. } => {
                let begun = *attempts > 0 && instance < COPIES;
                let stopped = self.gave_up || self.cancelled.is_some_and(|at| event.at >= at);
                let hopeless = matches!(failure.kind, FailureKind::Cancelled | FailureKind::Budget);
                if begun && !stopped && !hopeless {
                    self.in_every_way(id, seen)?;
                }
                self.end(event.at, instance, false, seen)?;
            }
            What::Cancelled { .. } | What::Blocked { .. } => self.end(event.at, instance, false, seen)?,
            What::Skipped { .. } => drop(self.ended.insert(instance, true)),
            What::Recalled { .. } => drop(self.ended.insert(instance, true)),
            _ => {}
        }
        Ok(())
    }
    /// A stand-in begins only when the other has failed in every way of its own.
    fn begins(&mut self, id: TaskId, seen: &mut Seen) -> Checked {
        let Some(first) = self.stand_ins.get(&self.names.node(id)) else { return Ok(()) };
        if !self.invited.insert(id) {
            return Ok(()); // it is announced again; the other may have been cancelled meanwhile
        }
        let needed = self.others.get(first).is_some_and(|other| other.replaced) && !self.ended.contains_key(first);
        seen.stood_in += 1;
        must(needed, || format!("it stands in for task {first}, which has not failed"))
    }
    fn copied(&mut self, at: Time, id: TaskId, (copy, number): (u32, u32), seen: &mut Seen) -> Checked {
        let task = self.task(id);
        let other = self.others.entry(id.instance()).or_default();
        let new = Try { copy, awarded: None, ended: None };
        if other.diverted {
            must(number as usize == other.fallbacks.len() + 1 && number as usize <= task.fallback.len(), || {
                "that is no way of it".into()
            })?;
            must(other.fallbacks.last().is_none_or(|last| last.ended.is_some_and(|(_, well)| !well)), || {
                "the way before had not failed".into()
            })?;
            seen.fallbacks += 1;
            seen.second_fallbacks += u64::from(number == 2);
            other.fallbacks.push(new);
            return Ok(());
        }
        let Some(hedge) = task.hedge else {
            return must(task.redundancy.is_some(), || "it is neither redundant nor hedged, and has not failed".into());
        };
        must(other.tries.len() < 2, || "that is a third try".into())?;
        if let Some(first) = other.tries.first() {
            let (_, awarded) = first.awarded.ok_or("the first try has no agent")?;
            must(first.ended.is_none(), || "the first try has ended".into())?;
            if let Hedge::After(after) = hedge {
                must(at >= awarded + after, || format!("the first was awarded at {awarded:?}, which is not {after:?} ago"))?;
            }
            seen.second_tries += 1;
        }
        other.tries.push(new);
        Ok(())
    }
    fn awarded(&mut self, event: &Event, id: TaskId, agent: AgentId, storm: &Storm, seen: &mut Seen) -> Checked {
        let Some(of) = self.of.get(&id.instance()) else { return Ok(()) };
        let task = self.task(id);
        let Some(other) = self.others.get_mut(of) else { return Ok(()) };
        let Other { tries, fallbacks, .. } = other;
        let place = tries.iter().position(|one| one.copy == id.instance());
        if let Some(one) = tries.iter_mut().chain(fallbacks).find(|one| one.copy == id.instance()) {
            one.awarded.get_or_insert((agent, event.at));
        }
        let busy: Vec<AgentId> = self
            .alive
            .iter()
            .filter(|(_, held)| held.iter().any(|held| *held != id && self.of.get(&held.instance()) == Some(of)))
            .map(|(agent, _)| *agent)
            .collect();
        if place.is_some() && tries.len() == 2 {
            let same = busy.contains(&agent);
            seen.tries_apart += u64::from(!same);
            let demand =
                Demand { id: DemandId(0), kind: task.kind.clone(), needs: task.needs.clone(), agent: task.agent.clone() };
            let team = task.team.as_ref().and_then(|id| self.flow.teams.iter().find(|team| team.id == *id));
            let able = |agent: AgentId| {
                let profile = storm.profiles.get(agent.index());
                profile.is_some_and(|p| demand.fit(agent, p).is_some() && team.is_none_or(|team| team.agents.contains(&p.group)))
            };
            let free = self.alive.iter().find(|(other, held)| **other != agent && held.is_empty() && able(**other));
            let calm = storm.scene.is_calm() && !self.sick;
            seen.tries_compared += u64::from(calm && free.is_some());
            must(!same || free.is_none() || !calm, || format!("{agent:?} tries it twice, and {free:?} is free"))?;
        }
        Ok(())
    }
    /// A task fails only after all its ways have.
    fn in_every_way(&self, id: TaskId, seen: &mut Seen) -> Checked {
        let task = self.task(id);
        if task.fallback.is_empty() && task.fallback_to.is_none() {
            return Ok(());
        }
        let other = self.others.get(&id.instance()).filter(|other| other.diverted).ok_or("it had other ways")?;
        must(other.fallbacks.len() == task.fallback.len(), || {
            format!("it has {} fallbacks and {} were tried", task.fallback.len(), other.fallbacks.len())
        })?;
        if let Some(stand_in) = task.fallback_to {
            let over = self.is_over(stand_in as u32);
            must(other.replaced && over.is_some(), || "its stand-in has not ended".into())?;
        }
        seen.failed_in_every_way += 1;
        Ok(())
    }
    fn end(&mut self, at: Time, instance: u32, well: bool, seen: &mut Seen) -> Checked {
        self.ended.insert(instance, well);
        let Some(of) = self.of.get(&instance) else { return Ok(()) };
        let hedged = self.flow.tasks[self.names.node(TaskId::new(self.run, *of)) as usize].hedge.is_some();
        let Some(other) = self.others.get_mut(of) else { return Ok(()) };
        if let Some(way) = other.fallbacks.iter_mut().find(|way| way.copy == instance) {
            way.ended = Some((at, well));
            return Ok(());
        }
        if hedged && well {
            // Both may answer at one moment, before the word of the first has come around.
            let earlier = other.tries.iter().find(|one| one.ended.is_some_and(|(ended, well)| well && ended < at));
            must(earlier.is_none(), || "the other try had answered before".into())?;
            seen.hedged_answers += u64::from(other.tries.len() == 2);
        }
        if let Some(one) = other.tries.iter_mut().find(|one| one.copy == instance) {
            one.ended = Some((at, well));
        }
        Ok(())
    }
}
