//! What may follow what in the life of a run's tasks.

use super::must;
use polity::event::{COPIES, Counts, Event, RunId, What};
use polity::plan::{Join, Wants};
use polity::protocols::{AgentId, Demand, DemandId, Profile, Time};
use polity::workflow::{Action, Task, Workflow};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Completed,
    Failed,
    Skipped,
    Blocked,
    Cancelled,
}
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Fresh,
    Announced,
    Assigned,
    Started,
    Backing,
    /// Its own attempts have failed, and it is done in another way.
    Diverted,
    Ended(End),
}
#[derive(Clone, Debug, Default)]
struct Life {
    stage: Stage,
    attempt: u32,
    launch: u32,
    agent: Option<AgentId>,
    /// Agents that died while they executed it.
    killed: u32,
    /// When the next attempt may begin.
    again: Time,
    /// Pauses of the run, or of something in it, before it was announced.
    pauses: u32,
    in_a_pause: bool,
}

/// The log of one run, as far as it was read.
pub struct RunLog<'a> {
    run: RunId,
    flow: &'a Workflow,
    profiles: &'a [Arc<Profile>],
    begun: bool,
    ended: bool,
    lives: BTreeMap<u32, Life>,
    /// Task → its first instance, and how many.
    families: BTreeMap<u32, (u32, u32)>,
    joined: BTreeSet<u32>,
    dead: BTreeSet<u32>,
    called_off: BTreeSet<u32>,
    early: u64,
    /// Copies of redundant tasks: of which instance each is.
    copies: BTreeMap<u32, u32>,
    /// Jobs that undo: which instance each.
    undos: BTreeMap<u32, u32>,
    /// It goes on with an earlier run.
    goes_on: bool,
    /// Which of a task's fallbacks a job does.
    ways: BTreeMap<u32, usize>,
    /// Pauses of it, or of something in it.
    pauses: u32,
    paused: bool,
    /// When something was last paused.
    paused_at: Option<Time>,
    some_paused: bool,
    /// People gave orders about its tasks.
    pub told: bool,
    /// Agents may crash on purpose, which is nobody's fault.
    crashing: bool,
}

type Checked = Result<(), String>;

impl<'a> RunLog<'a> {
    pub fn new(run: RunId, flow: &'a Workflow, profiles: &'a [Arc<Profile>], crashing: bool) -> RunLog<'a> {
        RunLog {
            run,
            flow,
            profiles,
            begun: false,
            ended: false,
            lives: Default::default(),
            families: Default::default(),
            joined: Default::default(),
            dead: Default::default(),
            called_off: Default::default(),
            early: 0,
            copies: Default::default(),
            undos: Default::default(),
            goes_on: false,
            ways: Default::default(),
            pauses: 0,
            paused: false,
            paused_at: None,
            some_paused: false,
            told: false,
            crashing,
        }
    }
    /// The same of a run that goes on with an earlier one: what that had done it need not wait for.
    pub fn going_on(self) -> RunLog<'a> {
        RunLog { goes_on: true, ..self }
    }
    /// How everything ended, but for tasks of which there are several instances.
    pub fn ends(&self) -> impl Iterator<Item = End> + '_ {
        let single = self.lives.iter().filter(|(n, _)| **n < COPIES && !self.families.contains_key(n));
        single.filter_map(|(_, life)| if let Stage::Ended(end) = life.stage { Some(end) } else { None })
    }
    pub fn counts(&self) -> Counts {
        let count = |which: End| self.ends().filter(|end| *end == which).count() as u32;
        Counts {
            completed: count(End::Completed),
            failed: count(End::Failed),
            skipped: count(End::Skipped),
            blocked: count(End::Blocked),
            cancelled: count(End::Cancelled),
        }
    }

    pub fn take(&mut self, event: &Event) -> Checked {
        must(!self.ended, || format!("run {} had ended", self.run.0))?;
        must(self.begun != matches!(event.what, What::RunStarted(_)), || "a run begins once, and first".into())?;
        if matches!(event.what, What::RunPaused | What::Paused { .. }) {
            self.paused_at = Some(event.at);
        }
        match &event.what {
            What::RunStarted(_) => self.begun = true,
            What::RunEnded(_) => self.ended = true,
            What::Expanded { task, first, labels } => self.expand(task.instance(), *first, labels.len() as u32)?,
            What::Joined { task, succeeded } => self.join(task.instance(), *succeeded)?,
            What::DeadLettered { task, .. } => self.bury(task.instance())?,
            What::RunPaused => (self.pauses, self.paused) = (self.pauses + 1, true),
            What::RunResumed => self.paused = false,
            What::Paused { .. } => (self.pauses, self.some_paused) = (self.pauses + 1, true),
            What::Resumed { .. } => {}
            What::Noted { .. } | What::TurnedBack { .. } | What::Compensated { .. } | What::Uncompensated { .. } => {}
            What::Compensating { task, undo } => drop(self.undos.insert(*undo, task.instance())),
            What::CalledOff { task, by } => self.call_off(task.instance(), *by)?,
            what => self.live(event.at, what)?,
        }
        Ok(())
    }
    /// The run is over: so is each of its tasks, and it said so.
    pub fn finish(&self) -> Checked {
        must(self.begun && self.ended, || format!("run {} began: {}, ended: {}", self.run.0, self.begun, self.ended))?;
        for (instance, life) in self.lives.iter().filter(|(n, life)| **n < COPIES && life.attempt > 0) {
            let failed = life.stage == Stage::Ended(End::Failed);
            must(failed == self.dead.contains(instance), || {
                format!("task {instance} failed: {failed}, and is or is no dead letter")
            })?;
        }
        for undo in self.undos.keys() {
            must(matches!(self.life(*undo).stage, Stage::Ended(_)), || format!("the undo {undo} did not end"))?;
        }
        for node in 0..self.flow.tasks.len() as u32 {
            must(self.is_over(node), || format!("task {node} did not end"))?;
            must(!self.families.contains_key(&node) || self.joined.contains(&node), || format!("task {node} was not joined"))?;
        }
        Ok(())
    }

    fn expand(&mut self, node: u32, first: u32, count: u32) -> Checked {
        must(self.task_of(node)?.for_each.is_some(), || "it has no list".into())?;
        must(self.life(node).stage == Stage::Fresh, || "it had begun".into())?;
        must(first as usize >= self.flow.tasks.len(), || "an instance has the number of a task".into())?;
        let overlaps = self.families.values().any(|(other, n)| first < other + n && *other < first + count);
        must(!overlaps, || "two tasks have the same instance".into())?;
        if !self.goes_on {
            self.ready(node)?; // else what is known of it needs no turn; what is begun of it does
        }
        must(self.families.insert(node, (first, count)).is_none(), || "it was expanded before".into())
    }
    fn join(&mut self, node: u32, succeeded: bool) -> Checked {
        must(self.families.contains_key(&node) && self.is_over(node), || "instances are left".into())?;
        let failed = |n| matches!(self.life(n).stage, Stage::Ended(End::Failed | End::Blocked));
        let spared = self.called_off.contains(&node) && !self.members(node).any(failed);
        must(succeeded == (spared || !self.is_bad(node)), || "it did not end so".into())?;
        must(self.joined.insert(node), || "it was joined before".into())
    }

    fn bury(&mut self, instance: u32) -> Checked {
        must(self.life(instance).stage == Stage::Ended(End::Failed), || "a dead letter that did not fail".into())?;
        must(self.dead.insert(instance), || "it was a dead letter before".into())
    }

    fn live(&mut self, at: Time, what: &What) -> Checked {
        if let What::Copied { task, copy, number } = what {
            return self.copied(task.instance(), *copy, *number);
        }
        if let What::Voted { task, .. } = what {
            must(self.copies.values().any(|of| *of == task.instance()), || "nobody could vote".into())?;
            return must(!matches!(self.life(task.instance()).stage, Stage::Ended(_)), || "it had ended".into());
        }
        if matches!(what, What::Governed(_)) {
            return Ok(()); // the coordinators close their books
        }
        let Some(task) = what.task() else { return Err("not an event of a run".into()) };
        let instance = task.instance();
        must(task.run() == self.run.0, || "a task of another run".into())?;
        must(!self.families.contains_key(&instance), || "a task of several instances does nothing itself".into())?;
        let life = self.life(instance);
        must(!matches!(life.stage, Stage::Ended(_)), || format!("it had ended: {:?}", life.stage))?;
        let next = match what {
            What::Announced { attempt, .. } => {
                must(at >= life.again, || format!("it was to be tried again at {:?}", life.again))?;
                let at_once = self.paused_at == Some(at); // it crossed the pause
                let life = self.announced(instance, &life, *attempt)?;
                Life { in_a_pause: life.in_a_pause || at_once, ..life }
            }
            What::Assigned { agent, attempt, launch, .. } => self.assigned(instance, &life, (*agent, *attempt, *launch))?,
            What::Started { agent, launch, .. } => {
                fence(&life, &[Stage::Assigned], *agent, *launch)?;
                Life { stage: Stage::Started, ..life }
            }
            What::Refused { agent, launch, .. } => {
                fence(&life, &[Stage::Assigned], *agent, *launch)?;
                Life { stage: Stage::Fresh, ..life }
            }
            What::Displaced { agent, launch, .. } => {
                fence(&life, &[Stage::Assigned, Stage::Started], *agent, *launch)?;
                let killed = life.killed + u32::from(life.stage == Stage::Started);
                must(killed <= 3 || self.crashing, || format!("it killed {killed} agents"))?;
                Life { stage: Stage::Fresh, killed, ..life }
            }
            What::Retried { attempt, at: again, .. } => {
                must(*attempt == life.attempt, || format!("it was in attempt {}", life.attempt))?;
                must(matches!(life.stage, Stage::Announced | Stage::Assigned | Stage::Started), || {
                    "no attempt was under way".into()
                })?;
                Life { stage: Stage::Backing, again: *again, ..life }
            }
            What::Postponed { attempt, .. } => {
                must(*attempt == life.attempt && life.stage == Stage::Backing, || "no retry was due".into())?;
                life
            }
            What::Completed { agent, .. } => {
                let voted = self.copies.values().any(|of| *of == instance);
                let stages = [Stage::Started, Stage::Diverted];
                must(stages[..1 + usize::from(voted)].contains(&life.stage), || format!("it was {:?}", life.stage))?;
                must(voted || life.agent == Some(*agent), || format!("{:?} had it", life.agent))?;
                Life { stage: Stage::Ended(End::Completed), ..life }
            }
            What::Replanned { .. } => {
                must(life.attempt > 0 && life.stage != Stage::Diverted, || format!("it was {:?}", life.stage))?;
                Life { stage: Stage::Diverted, ..life }
            }
            What::Synthesized { .. } if self.interleaves(instance) => {
                self.ready(instance)?;
                self.never_begun(&life, End::Completed)?
            }
            What::Synthesized { .. } => {
                must(life.stage == Stage::Diverted, || format!("it was {:?}", life.stage))?;
                Life { stage: Stage::Ended(End::Completed), ..life }
            }
            What::Failed { .. } => Life { stage: Stage::Ended(End::Failed), ..life },
            What::Cancelled { .. } => Life { stage: Stage::Ended(End::Cancelled), ..life },
            What::Recalled { .. } => {
                must(self.goes_on, || "there was no earlier run".into())?;
                self.never_begun(&life, End::Completed)?
            }
            // Whether its handler says so `ways` looks at.
            What::Skipped { .. } if life.stage == Stage::Diverted => Life { stage: Stage::Ended(End::Skipped), ..life },
            What::Handled { .. } => {
                must(life.stage == Stage::Diverted, || format!("it was {:?}", life.stage))?;
                life
            }
            What::Skipped { .. } => self.never_begun(&life, End::Skipped)?,
            What::Blocked { .. } => self.never_begun(&life, End::Blocked)?,
            _ => return Err("not an event of a task".into()),
        };
        if matches!(next.stage, Stage::Ended(_)) {
            self.alone(instance)?;
        }
        self.lives.insert(instance, next);
        Ok(())
    }
    /// A copy of a redundant task: the task itself is being done from then on.
    fn copied(&mut self, instance: u32, copy: u32, number: u32) -> Checked {
        let node = self.node_of(instance)?;
        must(copy >= COPIES && instance < COPIES, || "a copy has the number of a task".into())?;
        must(self.copies.insert(copy, instance).is_none(), || "there is such a copy already".into())?;
        let life = self.life(instance);
        if life.stage == Stage::Diverted {
            self.ways.insert(copy, number as usize - 1);
            return Ok(()); // `ways` looks at whether it may be
        }
        must(matches!(life.stage, Stage::Fresh | Stage::Started), || format!("it was {:?}", life.stage))?;
        if life.stage == Stage::Fresh {
            self.ready(node)?;
        }
        self.lives.insert(instance, Life { stage: Stage::Started, attempt: 1, ..life });
        Ok(())
    }
    /// No copy of a task that has ended is still being done.
    fn alone(&self, instance: u32) -> Checked {
        let going = |copy: &u32| !matches!(self.life(*copy).stage, Stage::Ended(_));
        let left = self.copies.iter().find(|(copy, of)| **of == instance && going(copy));
        must(left.is_none(), || format!("its copy {left:?} goes on"))
    }
    fn never_begun(&self, life: &Life, end: End) -> Result<Life, String> {
        must(life.stage == Stage::Fresh && life.attempt == 0, || "it had begun".into())?;
        Ok(Life { stage: Stage::Ended(end), ..life.clone() })
    }
    fn announced(&mut self, instance: u32, life: &Life, attempt: u32) -> Result<Life, String> {
        let node = self.node_of(instance)?;
        self.ready(node)?;
        let late = self.task_of(node)?.dependencies.iter().any(|dependency| !self.is_over(dependency.on as u32));
        self.early += u64::from(late);
        let task = self.task_of(node)?;
        let undo = task.compensate.as_ref().filter(|_| self.undos.contains_key(&instance));
        let way = self.ways.get(&instance).and_then(|way| super::ways::numbered(task, *way));
        let own = way.map_or(task.retry.as_ref(), |way| way.retry.as_ref());
        let retry = undo.map_or(own, |undo| Some(&undo.retry));
        let max = retry.map_or(1, |retry| retry.attempts);
        must(max == 0 || attempt <= max, || format!("{max} attempts are allowed"))?;
        let follows = match life.stage {
            Stage::Fresh => attempt == life.attempt.max(1),
            Stage::Backing => attempt == life.attempt + 1,
            // It was withdrawn meanwhile, or at once, since it was announced in a pause.
            Stage::Announced => attempt == life.attempt && (self.pauses > life.pauses || life.in_a_pause),
            _ => false,
        };
        must(follows, || format!("it was {:?} in attempt {}", life.stage, life.attempt))?;
        Ok(Life {
            stage: Stage::Announced,
            attempt,
            pauses: self.pauses,
            in_a_pause: self.paused || self.some_paused,
            ..life.clone()
        })
    }
    fn assigned(&self, instance: u32, life: &Life, (agent, attempt, launch): (AgentId, u32, u32)) -> Result<Life, String> {
        must(life.stage == Stage::Announced && attempt == life.attempt, || format!("it was {:?}", life.stage))?;
        must(launch == life.launch + 1, || format!("the launch before was {}", life.launch))?;
        let task = self.task_of(self.node_of(instance)?)?;
        let demand = Demand { id: DemandId(0), kind: task.kind.clone(), needs: task.needs.clone(), agent: task.agent.clone() };
        let profile = self.profiles.get(agent.index()).ok_or("nobody is called so")?;
        must(demand.fit(agent, profile).is_some(), || format!("{agent:?} is not able"))?;
        Ok(Life { stage: Stage::Assigned, launch, agent: Some(agent), ..life.clone() })
    }

    fn interleaves(&self, node: u32) -> bool {
        matches!(self.flow.tasks.get(node as usize).map(|task| &task.action), Some(Action::Interleave(_)))
    }
    /// True if everything that the task waits for has ended, and as it must.
    fn ready(&self, node: u32) -> Checked {
        let task = self.task_of(node)?;
        for dependency in &task.dependencies {
            let on = dependency.on as u32;
            let waits = dependency.wants != Wants::Success || task.join == Join::AllSuccess;
            must(!waits || self.is_over(on), || format!("it waits for task {on}, which has not ended"))?;
            let well = match dependency.wants {
                Wants::Ended | Wants::MaybeOutput => true,
                Wants::Success => task.join != Join::AllSuccess || !self.is_bad(on),
                Wants::Output | Wants::Both => !self.is_bad(on) && !self.is_skipped(on),
            };
            must(well, || format!("it needs {:?} of task {on}, which did not end well", dependency.wants))?;
        }
        self.join_met(task)
    }
    /// The task's join, by the words of the language.
    fn join_met(&self, task: &Task) -> Checked {
        let joined: Vec<u32> = task
            .dependencies
            .iter()
            .filter(|d| matches!(d.wants, Wants::Success | Wants::Both))
            .map(|dependency| dependency.on as u32)
            .collect();
        let over: Vec<u32> = joined.iter().copied().filter(|on| self.is_over(*on)).collect();
        let lost = over.iter().filter(|on| self.is_bad(**on)).count();
        let done = over.iter().filter(|on| !self.is_bad(**on) && !self.is_skipped(**on)).count();
        let all_over = over.len() == joined.len();
        let met = match task.join {
            Join::AllSuccess => true, // as was seen edge by edge
            Join::AllDone => all_over,
            Join::OneSuccess => done >= 1,
            Join::AtLeast(n) => done >= n as usize,
            Join::AnyDone => !over.is_empty(),
            Join::AllFailed => lost == joined.len(),
            Join::OneFailed => lost >= 1,
            Join::NoneFailed => all_over && lost == 0,
        };
        must(met, || format!("its join {} is not met: {done} done and {lost} lost of {joined:?}", task.join))
    }
    fn is_skipped(&self, node: u32) -> bool {
        let range = self.members(node);
        !range.is_empty() && range.into_iter().all(|n| self.life(n).stage == Stage::Ended(End::Skipped))
    }
    /// A join needs a task no more.
    fn call_off(&mut self, node: u32, by: u32) -> Checked {
        must(self.task_of(by)?.cancel_rest, || format!("task {by} calls nothing off"))?;
        // What became of it may be on its way to the run.
        let ends = [End::Completed, End::Failed, End::Cancelled];
        let of_its_own =
            |n| matches!(self.life(n).stage, Stage::Ended(end) if ends[..if self.told { 3 } else { 2 }].contains(&end));
        must(!self.is_over(node) || self.members(node).any(of_its_own), || "it had ended".into())?;
        self.ready(by)?;
        must(self.called_off.insert(node), || "it was called off before".into())
    }
    /// Instances that were cancelled since a join needed them no more.
    pub fn spared(&self) -> u32 {
        let cancelled = |n: &u32| self.life(*n).stage == Stage::Ended(End::Cancelled);
        self.called_off.iter().flat_map(|node| self.members(*node)).filter(cancelled).count() as u32
    }
    /// Announcements of tasks before all that they depend on had ended.
    pub fn early(&self) -> u64 {
        self.early
    }
    fn members(&self, node: u32) -> std::ops::Range<u32> {
        self.families.get(&node).map_or(node..node + 1, |(first, count)| *first..first + count)
    }
    fn is_over(&self, node: u32) -> bool {
        self.members(node).all(|n| matches!(self.life(n).stage, Stage::Ended(_)))
    }
    fn is_bad(&self, node: u32) -> bool {
        let bad = |n| matches!(self.life(n).stage, Stage::Ended(End::Failed | End::Blocked | End::Cancelled));
        self.members(node).any(bad)
    }
    fn life(&self, instance: u32) -> Life {
        self.lives.get(&instance).cloned().unwrap_or_default()
    }
    fn node_of(&self, instance: u32) -> Result<u32, String> {
        let instance = self.copies.get(&instance).or(self.undos.get(&instance)).copied().unwrap_or(instance);
        if (instance as usize) < self.flow.tasks.len() {
            return Ok(instance);
        }
        let family = self.families.iter().find(|(node, _)| self.members(**node).contains(&instance));
        family.map(|(node, _)| *node).ok_or_else(|| format!("there is no task {instance}"))
    }
    fn task_of(&self, node: u32) -> Result<&'a Task, String> {
        self.flow.tasks.get(node as usize).ok_or_else(|| format!("there is no task {node}"))
    }
}

/// What is said of an award must be of the one that is held.
fn fence(life: &Life, stages: &[Stage], agent: AgentId, launch: u32) -> Checked {
    must(stages.contains(&life.stage), || format!("it was {:?}", life.stage))?;
    must(life.agent == Some(agent) && life.launch == launch, || format!("launch {} at {:?} is current", life.launch, life.agent))
}
