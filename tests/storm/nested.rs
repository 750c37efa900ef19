//! Storms of sagas within sagas: what sub-runs did is undone with their task, in its turn and once, or named as left; also by who goes on.

use polity::Timeouts;
use polity::agents::Distribution;
use polity::event::{COPIES, Event, Names, What};
use polity::prelude::*;
use polity::protocols::{Delay, Name, Rng};
use polity::report::{Recall, Report};
use polity::workflow::WorkflowBuilder;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

/// What was seen.
#[derive(Debug, Default)]
pub struct Nests {
    pub undone_below: u64,
    pub undone_deep: u64,
    pub left_below: u64,
    pub stood_for: u64,
    pub half_done: u64,
    pub went_well: u64,
    pub cancelled: u64,
    pub gone_on: u64,
    pub undone_by_a_later_run: u64,
}
impl Nests {
    pub fn assert_all(&self) {
        let all = [
            (self.undone_below, "a step of a sub-run that was undone"),
            (self.undone_deep, "a step two runs below that was undone"),
            (self.left_below, "a step of a sub-run that was left"),
            (self.stood_for, "a step for which its task's own undo stood"),
            (self.half_done, "a sub-run that failed half-way and was undone"),
            (self.went_well, "a run that went well"),
            (self.cancelled, "a run that was cancelled and undid what sub-runs did"),
            (self.gone_on, "a run that went on with another"),
            (self.undone_by_a_later_run, "a step that a later run undid for an earlier one's sub-run"),
        ];
        for (count, what) in all {
            assert!(count > 0, "there was not {what}: the storms are too tame");
        }
    }
}

/// A workflow that was drawn.
struct Flow {
    on_failure: OnFailure,
    tasks: Vec<Step>,
}
struct Step {
    on: Vec<usize>,
    /// How often its undo fails, if it has one, and how often that is tried.
    undo: Option<(f64, u32)>,
    failure: f64,
    list: bool,
    fallback: bool,
    sub: Option<Flow>,
}
impl Flow {
    fn of(rng: &mut Rng, deep: u32) -> Flow {
        let on_failure = [OnFailure::Continue, OnFailure::FailFast, OnFailure::Compensate][rng.below(3)];
        let of = 1 + rng.below(5);
        let tasks = (0..of).map(|n| {
            let on = (0..n).filter(|_| rng.chance(0.4)).collect();
            let sub = (deep > 0 && rng.chance(0.45)).then(|| Flow::of(rng, deep - 1));
            let can = rng.chance(if sub.is_some() { 0.25 } else { 0.85 });
            let fails = if rng.chance(0.12) { rng.between(0.3, 1.0) } else { 0.0 };
            Step {
                on,
                undo: can.then(|| (fails, 1 + rng.below(3) as u32)),
                failure: if rng.chance(0.15) { 0.6 } else { 0.0 },
                list: rng.chance(0.2),
                fallback: sub.is_some() && rng.chance(0.3),
                sub,
            }
        });
        Flow { tasks: tasks.collect(), on_failure }
    }
    fn built(&self, name: &str) -> WorkflowBuilder {
        let work =
            |failure| simulated(Simulation { work: Some(Distribution::Uniform(0.1, 2.0)), failure, ..Simulation::default() });
        self.tasks.iter().enumerate().fold(Workflow::new(name).on_failure(self.on_failure), |flow, (n, step)| {
            let task = step.sub.as_ref().map_or_else(|| work(step.failure), |inner| sub_workflow(inner.built("inner")));
            let task = match step.undo {
                Some((failure, attempts)) => {
                    let policy = RetryPolicy { attempts, initial: Duration::from_millis(100), ..RetryPolicy::default() };
                    task.compensate(work(failure).timeouts(Timeouts::default()).retry(policy))
                }
                None => task,
            };
            let task = if step.fallback { task.fallback(work(0.0)) } else { task };
            let task = if step.list { task.for_each("[1, 2]") } else { task };
            flow.task(&format!("t{n}"), step.on.iter().fold(task, |task, on| task.depends_on(&format!("t{on}"))))
        })
    }
    fn step(&self, task: &str) -> Option<&Step> {
        self.tasks.get(number(task)?)
    }
    fn stands_on(&self, task: usize, other: usize) -> bool {
        self.tasks[task].on.iter().any(|on| *on == other || self.stands_on(*on, other))
    }
    /// The flow of a task's sub-run, from the root down.
    fn level(&self, path: &[String]) -> Option<&Flow> {
        path.iter().try_fold(self, |flow, task| flow.step(task)?.sub.as_ref())
    }
}
fn number(task: &str) -> Option<usize> {
    task.split('[').next()?.strip_prefix('t')?.parse().ok()
}

/// A step by the run whose keys it has (`r.t1.t0`; nothing for the first of all) and its name there.
type Key = (String, String);
/// Its tasks from the root down.
fn path(key: &Key) -> Vec<String> {
    key.0.split('.').skip(1).chain([&*key.1]).map(str::to_owned).collect()
}

/// The task of a sub-run.
fn task_of(run: &str) -> Option<Key> {
    let (above, task) = run.rsplit_once('.')?;
    Some((if above.contains('.') { above.to_owned() } else { String::new() }, task.to_owned()))
}

/// What one log, or several, say.
#[derive(Default)]
struct Told {
    done: BTreeSet<Key>,
    /// In order, and whose undoing it was a part of.
    undone: Vec<(Key, String)>,
    /// Sub-runs that came to their end.
    completed: BTreeSet<String>,
    left: Vec<Name>,
    status: Option<RunStatus>,
}
impl Told {
    fn take(&mut self, events: &[Event]) -> Result<(), String> {
        let (mut heard, mut ended_well) = (BTreeSet::new(), BTreeSet::new());
        let (mut names, mut base, mut jobs) = (Names::default(), BTreeMap::new(), BTreeSet::new());
        for event in events.iter().filter(|event| event.run.is_run()) {
            names.take(event);
            if let What::RunStarted(head) = &event.what {
                let own = head.resumes.clone().unwrap_or_else(|| head.name.clone());
                // A sub-run that goes on with another undoes, and does nothing.
                let back = head.parent.is_some() && head.resumes.is_some();
                let own = head.parent.map(|_| own.to_string()).unwrap_or_default();
                let above =
                    head.parent.and_then(|parent| base.get(&parent.run)).map(|(_, _, turned): &(_, _, String)| turned.clone());
                let turned = above.filter(|_| back).unwrap_or_else(|| own.clone());
                base.insert(event.run, (own, back, turned));
            }
            let (run, back, turned) = base.get(&event.run).ok_or("an event of a run before its beginning")?.clone();
            let key =
                event.what.task().filter(|task| task.instance() < COPIES).map(|task| (run.clone(), names.task(task).to_string()));
            match (&event.what, key) {
                (What::Announced { .. }, Some(key)) if back => return Err(format!("{key:?} is done by a run that undoes")),
                (What::Completed { .. } | What::Synthesized { .. } | What::Recalled { .. }, Some(key)) if !back => {
                    heard.insert(key.clone());
                    self.done.insert(key);
                }
                (What::Compensating { .. }, Some(key)) => {
                    jobs.insert((event.run, key));
                }
                // Without a job of its own, only what its sub-runs did was undone; or another run did it, and this one says so again.
                (What::Compensated { .. }, Some(key)) if jobs.contains(&(event.run, key.clone())) => {
                    self.undone.push((key, turned))
                }
                (What::RunEnded(tail), _) if run.is_empty() => {
                    (self.left, self.status) = (tail.left.iter().map(|(name, _)| name.clone()).collect(), Some(tail.status));
                }
                (What::RunEnded(tail), _) if !back && tail.status == RunStatus::Completed => {
                    ended_well.insert(run);
                }
                _ => {}
            }
        }
        // A task that had not heard of it before its process died is done again: what undoes the task undoes that, and not this.
        self.completed.extend(ended_well.into_iter().filter(|run| task_of(run).is_some_and(|task| heard.contains(&task))));
        Ok(())
    }
    /// Exactly what completed, and has something that undoes it, is undone or named; backwards at each level; once.
    fn judge(&self, root: &Flow, seen: &mut Nests) -> Result<(), String> {
        let step = |key: &Key| {
            let path = path(key);
            root.level(&path[..path.len() - 1])?.step(path.last()?)
        };
        let has_undo = |key: &Key| step(key).is_some_and(|step| step.undo.is_some());
        // A run above it that came to its end, the task of which has something of its own that undoes it.
        let stood_for = |key: &Key| {
            let mut run = key.0.as_str();
            while let Some(of) = task_of(run) {
                if self.completed.contains(run) && self.done.contains(&of) && has_undo(&of) {
                    return true;
                }
                run = run.rsplit_once('.').map_or("", |(above, _)| above);
            }
            false
        };
        let all: Vec<&(Key, String)> = self.undone.iter().filter(|(key, _)| has_undo(key)).collect();
        let undone: Vec<&Key> = all.iter().map(|(key, _)| key).collect();
        let once: BTreeSet<&Key> = undone.iter().copied().collect();
        if once.len() < undone.len() {
            return Err(format!("something is undone twice: {undone:?}"));
        }
        if self.status == Some(RunStatus::Completed) {
            seen.went_well += 1;
            let wrong = all.iter().find(|(_, turned)| self.completed.contains(turned) || turned.is_empty());
            return wrong.map_or(Ok(()), |(key, _)| Err(format!("the run went well, and {key:?} was undone")));
        }
        let expected: BTreeSet<&Key> = self.done.iter().filter(|key| has_undo(key) && !stood_for(key)).collect();
        // What turned back by itself may have been a part of what another stands for now.
        let is_wrong =
            |(key, turned): &&&(Key, String)| !self.done.contains(key) || (turned.is_empty() && !expected.contains(key));
        if let Some((wrong, _)) = all.iter().find(is_wrong) {
            return Err(format!("{wrong:?} is undone, and was not done, or another stands for it"));
        }
        let rest: Vec<&Key> = expected.difference(&once).copied().collect();
        let mut paths: Vec<String> = rest.iter().map(|key| path(key).join("/")).collect();
        let mut left: Vec<String> = self.left.iter().map(ToString::to_string).collect();
        paths.sort();
        left.sort();
        paths.dedup();
        left.dedup(); // two tries of one task have the same path
        if paths != left {
            return Err(format!("these are not undone: {paths:?}; these are said to be left: {left:?}"));
        }
        if (self.status == Some(RunStatus::Stuck)) == left.is_empty() {
            return Err(format!("{left:?} are left, and the run is {:?}", self.status));
        }
        let stands = |late: &Key, early: &Key| {
            let apart = late.0.split('.').next() != early.0.split('.').next();
            let (late, early) = (path(late), path(early));
            let common = late.iter().zip(&early).take_while(|(a, b)| a == b).count();
            if common > 0 && apart {
                return false; // they are of two tries of one task, which a process began and another did again
            }
            let (Some(a), Some(b)) = (late.get(common), early.get(common)) else { return false };
            let numbers = number(a).zip(number(b));
            root.level(&late[..common]).zip(numbers).is_some_and(|(flow, (a, b))| flow.stands_on(a, b))
        };
        for (at, (early, turned)) in all.iter().enumerate() {
            // A run below that turns back by itself does so before anything stands on its task.
            let within = |late: &Key| late.0 == *turned || turned.is_empty() || late.0.starts_with(&format!("{turned}."));
            if let Some(late) = undone[at + 1..].iter().chain(&rest).find(|late| within(late) && stands(late, early)) {
                return Err(format!("{early:?} is undone, and {late:?} stands on it"));
            }
        }
        let below = undone.iter().filter(|key| !key.0.is_empty()).count() as u64;
        seen.undone_below += below;
        seen.cancelled += u64::from(below > 0 && self.status == Some(RunStatus::Cancelled));
        seen.undone_deep += undone.iter().filter(|key| path(key).len() > 2).count() as u64;
        seen.left_below += rest.iter().filter(|key| !key.0.is_empty()).count() as u64;
        seen.half_done += undone.iter().filter(|key| !key.0.is_empty() && !self.completed.contains(&key.0)).count() as u64;
        seen.stood_for += self.done.iter().filter(|key| has_undo(key) && stood_for(key)).count() as u64;
        Ok(())
    }
}

struct Scene {
    flow: Flow,
    agents: Vec<AgentSpec>,
    weather: Weather,
    cancelled: Option<Duration>,
}
impl Scene {
    fn of(rng: &mut Rng) -> Scene {
        let mut flow = Flow { on_failure: OnFailure::Compensate, ..Flow::of(rng, 2) };
        if rng.chance(0.6) {
            let on = (0..flow.tasks.len()).collect();
            flow.tasks.push(Step { on, undo: None, failure: 1.0, list: false, fallback: false, sub: None });
        }
        let agents = (0..1 + rng.below(4))
            .map(|n| AgentSpec { slots: 1 + rng.below(3) as u32, ..AgentSpec::new(format!("a{n}"), Capabilities::default()) });
        let agents = agents.collect();
        let delay = Delay::Uniform { low: Duration::ZERO, high: Duration::from_millis(300) };
        let weather = if rng.chance(0.5) { Weather::CALM } else { Weather { delay, loss: 0.1, repeat: 0.2 } };
        let cancelled = rng.chance(0.25).then(|| Duration::from_secs_f64(rng.between(0.0, 12.0)));
        Scene { flow, agents, weather, cancelled }
    }
    fn play(&self, seed: u64, name: &str, recall: Recall, cancelled: Option<Duration>) -> Result<Vec<Event>, String> {
        let events: Rc<RefCell<Vec<Event>>> = Rc::default();
        let played = polity::simulate(seed, async {
            let builder = Polity::builder().weather(self.weather).sink(events.clone());
            let society = self.agents.iter().cloned().fold(builder, polity::Builder::agent_spec).start()?;
            let handle = society.launch(self.flow.built("root"), RunOptions::default().name(name).recalling(recall))?;
            if let Some(at) = cancelled {
                society.sleep(at).await;
                handle.cancel();
            }
            handle.join().await?;
            society.sleep(Duration::from_secs(3_600)).await;
            Ok::<_, Failure>(())
        });
        played.map_err(|failure| failure.to_string())?;
        Ok(events.take())
    }
}

fn recall(events: &[Event]) -> Recall {
    let (mut report, mut names) = (Report::default().keeping_decisions(true), Names::default());
    events.iter().for_each(|event| {
        names.take(event);
        report.take(event);
    });
    Recall::of(&report, &names, |_| true).with_sub_runs(&[events.to_vec()])
}

/// Plays one, cuts its log somewhere and goes on, and says what was wrong.
pub fn play(seed: u64, seen: &mut Nests) -> Result<(), String> {
    let mut rng = Rng::new(seed, "nested");
    let scene = Scene::of(&mut rng);
    let wrong = |what: String| {
        format!("{what}\n    POLITY_STORM_SEED={seed} cargo nextest run --test storm --no-capture what_sub_runs_did")
    };
    let first = scene.play(seed, "r", Recall::default(), scene.cancelled).map_err(wrong)?;
    let mut told = Told::default();
    if std::env::var("POLITY_STORM_SEED").is_ok() {
        println!("{}", polity::report::tree(&first));
    }
    told.take(&first).and_then(|()| told.judge(&scene.flow, seen)).map_err(wrong)?;
    // Its process dies somewhere.
    let begun = first.iter().position(|event| matches!(event.what, What::RunStarted(_))).unwrap() + 1;
    let root = first.iter().find(|event| event.run.is_run()).unwrap().run;
    let ended = first.iter().position(|event| event.run == root && matches!(event.what, What::RunEnded(_))).unwrap();
    let at = if told.left.is_empty() || rng.chance(0.5) { begun + rng.below(ended - begun + 1) } else { first.len() };
    let before = &first[..at];
    let known = recall(before);
    let goes_back = known.undoing();
    let second = scene.play(seed ^ 1 << 40, "r2", known, None).map_err(wrong)?;
    if std::env::var("POLITY_STORM_SEED").is_ok() {
        println!("---- cut at {at}: {}{}", polity::report::tree(before), polity::report::tree(&second));
        before.iter().chain(&second).for_each(|event| println!("{} {:?} {:?} {:?}", event.seq, event.at, event.run, event.what));
    }
    let mut both = Told::default();
    both.take(before).map_err(wrong)?;
    let undone = both.undone.len();
    both.take(&second)
        .and_then(|()| both.judge(&scene.flow, seen))
        .map_err(|what| wrong(format!("gone on from {at}: {what}")))?;
    let forwards = second.iter().any(|event| matches!(&event.what, What::Announced { task, .. } if task.instance() < COPIES));
    if goes_back && forwards {
        return Err(wrong(format!("gone on from {at}: it goes forwards")));
    }
    seen.gone_on += 1;
    seen.undone_by_a_later_run += both.undone[undone..].iter().filter(|((run, _), _)| run.starts_with("r.")).count() as u64;
    Ok(())
}
