//! Somebody who calls a task off in the very moment in which its job ends: the order and the word of the end cross on their way to the run.

use super::scene::orders::Given;
use polity::RunHandle;
use polity::event::{COPIES, Event, Names, What};
use polity::prelude::*;
use polity::protocols::{Name, Rng};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

/// An order to a task, and what was said to it.
#[derive(Clone, Debug)]
pub struct Told {
    pub given: Given,
    pub answer: Result<(), String>,
    /// How many events there were when the answer came.
    pub place: u64,
}

/// How often a scene has a heckler, and how often that one calls a job that ends off.
const OFTEN: (f64, f64) = (0.4, 0.8);
/// The executor's turns that an order may come later, if it does: so that it meets the word of the end at other desks on its way.
const LATER: (f64, usize) = (0.3, 4);

/// The orders of a storm that are given to tasks, by whomever.
pub struct Heckler {
    here: bool,
    events: Rc<RefCell<Vec<Event>>>,
    runs: RefCell<Vec<(Name, Controls)>>,
    pub told: RefCell<Vec<Told>>,
}
impl Heckler {
    pub fn of(seed: u64, events: Rc<RefCell<Vec<Event>>>) -> Rc<Heckler> {
        let here = Rng::new(seed, "heckler").chance(OFTEN.0);
        Rc::new(Heckler { here, events, runs: RefCell::default(), told: RefCell::default() })
    }
    /// Where the events of the storm are kept.
    pub fn events(&self) -> Rc<RefCell<Vec<Event>>> {
        self.events.clone()
    }
    /// A run of the storm has begun.
    pub fn meets(&self, run: &RunHandle) {
        self.runs.borrow_mut().push((run.name().clone(), run.controls()));
    }
    /// It forgets all runs.
    pub fn goes(&self) {
        self.runs.take();
    }
    /// Gives an order to a task and notes what is said to it.
    pub async fn tells(&self, now: impl Fn() -> Duration, given: Given) {
        let controls = self.runs.borrow()[given.run].1.clone();
        let Some(task) = given.task.clone() else { return controls.order(given.order) };
        let answer = controls.order_task(task, given.order).await;
        let place = self.events.borrow().len() as u64;
        self.told.borrow_mut().push(Told { given: Given { at: now(), ..given }, answer, place });
    }
    /// A job is about to end.
    pub fn hears(self: &Rc<Self>, job: &Job, context: &Context) {
        let mut rng = context.rng("heckler");
        if !self.here || !rng.chance(OFTEN.1) {
            return;
        }
        let runs = self.runs.borrow().len();
        // A run that goes on with another has that one's name in its keys; it is alone.
        let known = self.runs.borrow().iter().position(|(name, _)| *name == job.run);
        let Some(run) = known.or((runs == 1).then_some(0)) else { return };
        let task = job.name.split('/').next().unwrap().into();
        let turns = if rng.chance(LATER.0) { 1 + rng.below(LATER.1) } else { 0 };
        let (me, context) = (self.clone(), context.clone());
        tokio::task::spawn_local(async move {
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            let now = || Duration::from_nanos(context.now().as_nanos());
            me.tells(now, Given { at: now(), run, task: Some(task), order: Order::Cancel }).await;
        });
    }
}

/// A task that was cancelled, and that had not ended, is not done in another way after that. Counts those that had failed when they heard of it.
pub fn no_other_way(events: &[&Event], told: &Told, crossed: &mut u64) -> Result<(), String> {
    let wanted = told.given.task.as_deref().unwrap_or_default();
    let (mut names, mut failed) = (Names::default(), BTreeSet::new());
    for event in events {
        names.take(event);
        let Some(task) = event.what.task().filter(|task| task.instance() < COPIES) else { continue };
        let name = names.task(task);
        if *name != *wanted && name.split('[').next() != Some(wanted) {
            continue;
        }
        let begins = match &event.what {
            What::Copied { .. } | What::Nested { .. } => true,
            What::Noted { note, .. } => note.ends_with("takes its place"),
            _ => false,
        };
        if begins && event.seq >= told.place {
            return Err(format!("it was cancelled, and is done in another way: {event:?}"));
        }
        *crossed += u64::from(failed.remove(&task) && matches!(event.what, What::Cancelled { .. }));
        if matches!(event.what, What::Replanned { .. }) {
            failed.insert(task);
        }
    }
    Ok(())
}
