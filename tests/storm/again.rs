//! A storm whose process dies at some event, and the run that goes on from the log that it left.

use super::judge;
use super::play::{self, Storm};
use super::scene::Scene;
use super::seen::Gone;
use polity::event::{COPIES, Event, Names, RunId, What};
use polity::prelude::*;
use polity::protocols::{Name, Rng, TaskId};
use polity::report::{Recall, Report, State};
use std::collections::BTreeSet;
use std::time::Duration;

const FIRST: RunId = RunId(0);

/// The command that plays it again.
fn replay(seed: u64) -> String {
    format!("POLITY_STORM_SEED={seed} cargo nextest run --test storm --no-capture who_goes_on")
}

/// What a log says of its first run.
struct Left {
    recall: Recall,
    /// What had completed and was not undone, and what was undone.
    done: BTreeSet<Name>,
    undone: BTreeSet<Name>,
}
impl Left {
    fn of(events: &[Event], flow: &Workflow) -> Left {
        let (mut report, mut names) = (Report::default().keeping_decisions(true), Names::default());
        for event in events.iter().filter(|event| event.run == FIRST || !event.run.is_run()) {
            names.take(event);
            report.take(event);
        }
        let of = |state: State| {
            let tasks = report.tasks().filter(|(n, task)| report.family(*n).is_none() && task.state == state);
            tasks.map(|(n, _)| names.task(TaskId::new(FIRST.0, n))).collect::<BTreeSet<Name>>()
        };
        let (recall, mut done, undone) = (Recall::of(&report, &names, |_| true), of(State::Completed), of(State::Compensated));
        if !recall.undoing() {
            // What stood on something that is undone stands on nothing any more.
            let node_of = |name: &Name| flow.tasks.iter().position(|task| *task.id == *name.split('[').next().unwrap()).unwrap();
            let below = judge::downstream(flow);
            let turned: BTreeSet<usize> = undone.iter().map(node_of).collect();
            let is_void = |node: usize| turned.iter().any(|on| *on == node || below[*on].contains(&(node as u32)));
            done.retain(|name| !is_void(node_of(name)));
        }
        Left { recall, done, undone }
    }
}

/// The log of a storm until its process died: between the first run's beginning and its end, or only after that.
fn cut(events: &[Event], rng: &mut Rng) -> usize {
    let place = |which: fn(&What) -> bool| events.iter().position(|event| event.run == FIRST && which(&event.what));
    let begun = place(|what| matches!(what, What::RunStarted(_))).unwrap() + 1;
    let ended = place(|what| matches!(what, What::RunEnded(_))).unwrap();
    let turned = place(|what| matches!(what, What::TurnedBack { .. }));
    match (rng.below(4), turned) {
        (0, _) => events.len(),
        (1, Some(turned)) => turned + rng.below(ended - turned + 1),
        _ => begun + rng.below(ended - begun + 1),
    }
}

/// Plays a storm, cuts its log, and goes on; `None` if there is nothing to go on with. The first act, where it was cut, what that leaves, the second.
fn acts(seed: u64) -> Option<(Storm, usize, Left, Storm)> {
    let scene = Scene::of(seed);
    if scene.runs[0].0.on_failure != OnFailure::Compensate {
        return None;
    }
    let storm = play::play_scene(seed, scene, Recall::default());
    let mut rng = Rng::new(seed, "again");
    let at = cut(&storm.events, &mut rng);
    let left = Left::of(&storm.events[..at], &storm.scene.runs[0].0);
    let whole = |storm: &Storm| storm.results[0].status() == RunStatus::Completed && !left.recall.undoing();
    if whole(&storm) && rng.chance(0.8) {
        return None;
    }
    let mut scene = Scene::of(seed).only_the_first();
    scene.runs[0].1 = rng.chance(0.3).then(|| Duration::from_secs_f64(rng.between(0.0, 10.0)));
    let again = play::play_scene(seed ^ 1 << 40, scene, left.recall.clone());
    Some((storm, at, left, again))
}
/// The task that became many.
fn expanded(event: &Event, names: &Names) -> Option<Name> {
    if let What::Expanded { task, .. } = &event.what { Some(names.task(*task)) } else { None }
}
fn check(again: &Storm, left: &Left, gone: &mut Gone) -> Result<(), String> {
    let mut names = Names::default();
    let mut recalled = BTreeSet::new();
    let undoing = left.recall.undoing();
    for event in &again.events {
        names.take(event);
        match &event.what {
            What::Announced { task, .. } | What::Copied { task, .. } if task.instance() < COPIES => {
                let name = names.task(*task);
                if undoing {
                    return Err(format!("{name} is done, though the run was undoing what it did"));
                }
                if left.done.contains(&name) {
                    return Err(format!("{name} is done again"));
                }
                gone.forwards += 1;
            }
            What::Recalled { task, .. } => drop(recalled.insert(names.task(*task))),
            _ => {}
        }
    }
    let known = left.done.iter().chain(left.undone.iter().filter(|_| undoing));
    // A list that the run turns back before is never known; if something undoes what was done of it, it is named as left.
    let lists: BTreeSet<Name> = again.events.iter().filter_map(|event| expanded(event, &names)).collect();
    let has_undo = |id: &str| again.scene.runs[0].0.tasks.iter().any(|task| *task.id == *id && task.compensate.is_some());
    let named = |name: &Name| again.results[0].left().iter().any(|(left, _)| left == name);
    let is_lost = |name: &Name| match name.split_once('[') {
        Some((list, _)) if !lists.contains(list) => has_undo(list) && !named(name),
        _ => true,
    };
    if let Some(lost) = known.clone().find(|name| !recalled.contains(*name) && is_lost(name)) {
        return Err(format!("{lost} had completed, and nothing is known of it any more"));
    }
    if let Some(wrong) = recalled.iter().find(|name| !known.clone().any(|known| known == *name)) {
        return Err(format!("{wrong} is taken for completed, and is not, or stood on what was undone"));
    }
    gone.recalled += recalled.len() as u64;
    let before = if undoing { left.undone.clone() } else { BTreeSet::new() };
    gone.undone_before += before.len() as u64;
    judge::judge_again(again, &before, gone)
}

/// Plays these storms.
pub fn play_all(seeds: impl Iterator<Item = u64>, gone: &mut Gone) -> Vec<String> {
    let broken = |seed: u64, gone: &mut Gone| {
        let (_, _, left, again) = acts(seed)?;
        check(&again, &left, gone).err().map(|what| format!("{what}\n    {}", replay(seed)))
    };
    seeds.filter_map(|seed| broken(seed, gone)).collect()
}
/// The logs of both acts, for people.
pub fn words(seed: u64) -> String {
    let acts = acts(seed);
    acts.map_or("there is nothing to go on with".into(), |(first, at, _, again)| {
        format!("{}---- cut at {at}\n{}", first.words(), again.words())
    })
}
