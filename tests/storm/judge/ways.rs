//! Other ways: the first error handler that takes the failure, fallbacks in order and each once, a stand-in only where it is needed, two tries at a hedged task at most.

use super::super::play::Storm;
use super::super::scene::ways::{CONDITIONS, GIVEN};
use super::super::seen::Seen;
use super::must;
use polity::agents::{Failure, FailureKind};
use polity::event::{COPIES, Event, Names, RunId, What};
use polity::lifecycle::Hedge;
use polity::protocols::{AgentId, Demand, DemandId, TaskId, Time};
use polity::workflow::{Action, Fallback, Handler, Remedy, Task, Workflow};
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
    /// Which of its handlers takes that, if one does.
    expected: Option<usize>,
    /// Which was taken.
    handled: Option<usize>,
    /// What that executes.
    way: Option<Try>,
    fallbacks: Vec<Try>,
    /// The stand-in that it waits for.
    replaced: Option<u32>,
}
impl Other {
    fn jobs(&mut self) -> impl Iterator<Item = &mut Try> {
        self.tries.iter_mut().chain(&mut self.fallbacks).chain(&mut self.way)
    }
    /// It goes on after its handler: none was taken, or what that executed failed.
    fn goes_on(&self) -> bool {
        self.handled == self.expected && (self.handled.is_none() || self.way.as_ref().is_some_and(Try::has_failed))
    }
}
impl Try {
    fn has_failed(&self) -> bool {
        self.ended.is_some_and(|(_, well)| !well)
    }
}

/// The way of a task that has this number, from 0: its fallbacks come first.
pub fn numbered(task: &Task, number: usize) -> Option<&Fallback> {
    let handler = || match &task.on_error.get(number - task.fallback.len())?.remedy {
        Remedy::Instead(way) => Some(&**way),
        _ => None,
    };
    task.fallback.get(number).or_else(handler)
}
/// The first handler that takes a failure, by the words of the language.
fn expected(task: &Task, kind: FailureKind, attempts: u32) -> Option<usize> {
    let beyond = matches!(kind, FailureKind::Cancelled | FailureKind::Budget);
    let holds = |when: &str| match CONDITIONS.iter().position(|known| *known == when) {
        Some(0) => kind == FailureKind::Error,
        Some(1) => kind != FailureKind::Timeout,
        Some(_) => attempts > 1,
        None => unreachable!("no storm has the condition {when}"),
    };
    let takes = |handler: &Handler| {
        let of_kind = handler.kinds.is_empty() || handler.kinds.contains(&kind);
        !beyond && of_kind && handler.when.as_ref().is_none_or(|when| holds(when.source()))
    };
    task.on_error.iter().position(takes)
}

struct Log<'a> {
    run: u32,
    flow: &'a Workflow,
    names: Names,
    cancelled: Option<Time>,
    others: BTreeMap<u32, Other>,
    of: BTreeMap<u32, u32>,
    ended: BTreeMap<u32, bool>,
    /// Those that somebody called off, and when.
    called_off: BTreeMap<u32, Time>,
    /// Who had no room for a copy.
    refused: BTreeMap<u32, BTreeSet<AgentId>>,
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
            called_off: BTreeMap::new(),
            refused: BTreeMap::new(),
            families: BTreeMap::new(),
            undos: BTreeSet::new(),
            stand_ins: all.flat_map(|(at, task)| task.stand_ins().map(move |on| (on as u32, at as u32))).collect(),
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
                self.begins(event.at, id, seen)?;
            }
            What::Announced { .. } if instance < COPIES => self.begins(event.at, id, seen)?,
            What::Refused { agent, .. } => drop(self.refused.entry(instance).or_default().insert(*agent)),
            What::Copied { copy, number, .. } => {
                self.begins(event.at, id, seen)?;
                self.of.insert(*copy, instance);
                self.copied(event.at, id, (*copy, *number), seen)?;
            }
            What::Assigned { agent, .. } if instance >= COPIES && !self.undos.contains(&instance) => {
                self.awarded(event, id, *agent, storm, seen)?;
            }
            What::Replanned { failure, attempts, .. } => {
                let task = self.task(id);
                let expected = expected(task, failure.kind, *attempts);
                let ways = !task.fallback.is_empty() || task.fallback_to.is_some() || expected.is_some();
                must(ways, || "there is no other way".into())?;
                let other = self.others.entry(instance).or_default();
                other.expected = expected;
                must(!std::mem::replace(&mut other.diverted, true), || "it took another way before".into())?;
            }
            What::Noted { note, .. } if note.ends_with("takes its place") => {
                let task = self.task(id);
                let other = self.others.entry(instance).or_default();
                let stand_in = match other.handled.map(|at| &task.on_error[at].remedy) {
                    Some(Remedy::To(stand_in)) => Some(*stand_in),
                    _ => {
                        let all = other.diverted && other.goes_on() && other.fallbacks.len() == task.fallback.len();
                        must(all, || "it had other ways".into())?;
                        task.fallback_to
                    }
                };
                let stand_in = stand_in.ok_or("nobody stands in for it")? as u32;
                must(other.replaced.replace(stand_in).is_none(), || "somebody takes its place already".into())?;
            }
            What::Handled { handler, does, .. } => {
                let task = self.task(id);
                let other = self.others.entry(instance).or_default();
                let at = (*handler as usize).checked_sub(1);
                must(other.diverted && other.handled.is_none() && other.fallbacks.is_empty(), || "it is too late".into())?;
                must(at == other.expected, || format!("{:?} takes the failure", other.expected))?;
                other.handled = at;
                let remedy = at.and_then(|at| task.on_error.get(at)).map(|handler| handler.remedy.word());
                must(remedy == Some(&**does), || format!("it does {remedy:?}"))?;
                seen.handled += 1;
                seen.handled_late += u64::from(at > Some(0));
            }
            What::Completed { .. } => self.end(event.at, instance, true, seen)?,
            What::Synthesized { .. } if matches!(self.task(id).action, Action::Interleave(_)) => {
                self.end(event.at, instance, true, seen)?;
            }
            What::Synthesized { output, .. } => {
                match self.remedy(id) {
                    Some(Remedy::Output(_)) => {
                        must(**output == GIVEN, || "that is not what its handler gives".into())?;
                        seen.handled_by_output += 1;
                    }
                    remedy => {
                        let stand_in = self.others.get(&instance).and_then(|other| other.replaced);
                        let stand_in = stand_in.ok_or("nobody stands in for it")?;
                        must(self.is_over(stand_in) == Some(true), || "its stand-in has not ended well".into())?;
                        seen.stand_ins += 1;
                        seen.handled_by_task += u64::from(matches!(remedy, Some(Remedy::To(_))));
                    }
                }
                self.end(event.at, instance, true, seen)?;
            }
            What::Failed { failure, attempts, .. } => {
                let begun = *attempts > 0 && instance < COPIES;
                let stopped = self.gave_up || self.cancelled.is_some_and(|at| event.at >= at);
                let hopeless = matches!(failure.kind, FailureKind::Cancelled | FailureKind::Budget);
                if begun && !stopped && !hopeless {
                    self.in_every_way(id, (failure, *attempts), seen)?;
                }
                self.end(event.at, instance, false, seen)?;
            }
            What::Cancelled { .. } | What::Blocked { .. } => {
                self.called_off.insert(instance, event.at);
                self.end(event.at, instance, false, seen)?;
            }
            What::Skipped { .. } => {
                let diverted = self.others.get(&instance).is_some_and(|other| other.diverted);
                let so = matches!(self.remedy(id), Some(Remedy::Skip(_)));
                must(diverted == so, || "no handler says so, or one does and it was not its turn".into())?;
                seen.handled_by_skip += u64::from(so);
                self.ended.insert(instance, true);
            }
            What::Recalled { .. } => drop(self.ended.insert(instance, true)),
            _ => {}
        }
        Ok(())
    }
    /// A stand-in begins only when the other has failed in every way of its own. Somebody may call that one off in the moment in which the stand-in was
    /// handed out, before its own word of that is heard.
    fn begins(&mut self, at: Time, id: TaskId, seen: &mut Seen) -> Checked {
        let Some(first) = self.stand_ins.get(&self.names.node(id)) else { return Ok(()) };
        if !self.invited.insert(id) {
            return Ok(()); // it is announced again; the other may have been cancelled meanwhile
        }
        let wanted = self.others.get(first).is_some_and(|other| other.replaced == Some(self.names.node(id)));
        let needed = wanted && (!self.ended.contains_key(first) || self.called_off.get(first) == Some(&at));
        seen.stood_in += 1;
        must(needed, || format!("it stands in for task {first}, which has not failed"))
    }
    fn copied(&mut self, at: Time, id: TaskId, (copy, number): (u32, u32), seen: &mut Seen) -> Checked {
        let task = self.task(id);
        let other = self.others.entry(id.instance()).or_default();
        let new = Try { copy, awarded: None, ended: None };
        if let (true, Some(at), None) = (other.diverted, other.handled, &other.way) {
            must(number as usize == task.fallback.len() + at + 1, || "that is not what its handler does".into())?;
            must(matches!(task.on_error[at].remedy, Remedy::Instead(_)), || "its handler executes nothing".into())?;
            other.way = Some(new);
            return Ok(());
        }
        if other.diverted {
            must(other.goes_on(), || "it is handled in another way".into())?;
            seen.handled_in_vain += u64::from(other.handled.is_some());
            must(number as usize == other.fallbacks.len() + 1 && number as usize <= task.fallback.len(), || {
                "that is no way of it".into()
            })?;
            must(other.fallbacks.last().is_none_or(Try::has_failed), || "the way before had not failed".into())?;
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
        let place = other.tries.iter().position(|one| one.copy == id.instance());
        if let Some(one) = other.jobs().find(|one| one.copy == id.instance()) {
            one.awarded.get_or_insert((agent, event.at));
        }
        let tries = &other.tries;
        let busy: Vec<AgentId> = self
            .alive
            .iter()
            .filter(|(_, held)| {
                held.iter().any(|held| *held != id && held.run() == id.run() && self.of.get(&held.instance()) == Some(of))
            })
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
            // Who had no room for it is passed over as who has the other is, until all are.
            let refused = |agent: &AgentId| self.refused.get(&id.instance()).is_some_and(|all| all.contains(agent));
            let free =
                self.alive.iter().find(|(other, held)| **other != agent && held.is_empty() && able(**other) && !refused(other));
            let calm = storm.scene.is_calm() && !self.sick;
            seen.tries_compared += u64::from(calm && free.is_some());
            must(!same || free.is_none() || !calm, || format!("{agent:?} tries it twice, and {free:?} is free"))?;
        }
        Ok(())
    }
    /// What the handler does that was taken.
    fn remedy(&self, id: TaskId) -> Option<&'a Remedy> {
        let handled = self.others.get(&id.instance())?.handled?;
        Some(&self.task(id).on_error[handled].remedy)
    }
    /// A task fails only after all its ways have, or if its handler says so.
    fn in_every_way(&self, id: TaskId, (failure, attempts): (&Failure, u32), seen: &mut Seen) -> Checked {
        let task = self.task(id);
        let Some(other) = self.others.get(&id.instance()).filter(|other| other.diverted) else {
            must(task.fallback.is_empty() && task.fallback_to.is_none(), || "it had other ways".into())?;
            seen.unhandled += u64::from(!task.on_error.is_empty());
            return must(expected(task, failure.kind, attempts).is_none(), || "a handler of it takes that".into());
        };
        match self.remedy(id) {
            Some(Remedy::Fail(_)) => {
                seen.handled_by_fail += 1;
                return must(&*failure.message == GIVEN, || "that is not what its handler says".into());
            }
            Some(Remedy::To(stand_in)) => {
                let over = self.is_over(*stand_in as u32);
                return must(other.replaced.is_some() && over.is_some(), || "its stand-in has not ended".into());
            }
            _ => must(other.goes_on(), || "it is handled in another way".into())?,
        }
        must(other.fallbacks.len() == task.fallback.len(), || {
            format!("it has {} fallbacks and {} were tried", task.fallback.len(), other.fallbacks.len())
        })?;
        if let Some(stand_in) = task.fallback_to {
            let over = self.is_over(stand_in as u32);
            must(other.replaced.is_some() && over.is_some(), || "its stand-in has not ended".into())?;
        }
        seen.failed_in_every_way += 1;
        Ok(())
    }
    fn end(&mut self, at: Time, instance: u32, well: bool, seen: &mut Seen) -> Checked {
        self.ended.insert(instance, well);
        let Some(of) = self.of.get(&instance) else { return Ok(()) };
        let hedged = self.flow.tasks[self.names.node(TaskId::new(self.run, *of)) as usize].hedge.is_some();
        let Some(other) = self.others.get_mut(of) else { return Ok(()) };
        if let Some(way) = other.way.as_mut().filter(|way| way.copy == instance) {
            way.ended = Some((at, well));
            seen.handled_by_way += u64::from(well);
            return Ok(());
        }
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
