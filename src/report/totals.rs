//! Sums over a report: how long, how busy, at what cost of coordination, and along which path.

use super::fold::{Cost, Report};
use super::record::{State, TaskRecord};
use crate::event::Counts;
use crate::plan::Join;
use core::time::Duration;
use polity_protocols::Time;
use std::collections::BTreeSet;

/// The chain of tasks that decided how long the run took: from the task that ended last, back along the dependency that ended last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CriticalPath {
    /// Task instances, in the order in which they ran.
    pub steps: Vec<u32>,
    /// Time that agents worked on them.
    pub worked: Duration,
}

impl Report {
    /// From the run's beginning to its end, or to the last event as long as it goes on.
    pub fn makespan(&self) -> Duration {
        self.began().map_or(Duration::ZERO, |began| self.now().since(began))
    }
    /// Task instances by how they ended. O(tasks).
    pub fn tally(&self) -> Counts {
        let mut counts = Counts::default();
        self.counted().for_each(|t| t.state.tally(&mut counts));
        counts
    }
    /// Task instances in all: expanded tasks count as their instances. O(tasks).
    pub fn total(&self) -> u64 {
        self.counted().count() as u64
    }
    fn counted(&self) -> impl Iterator<Item = &TaskRecord> {
        self.tasks().filter(|(n, _)| self.family(*n).is_none()).map(|(_, t)| t)
    }
    /// The share of the agents' slots, over the whole run, in which a job of it or of a run below it ran: 0..=1.
    pub fn busy_share(&self) -> f64 {
        let slots: f64 = self.agents().map(|(_, a)| f64::from(a.slots)).sum();
        let busy: f64 = self.work().values().map(|work| work.busy.as_secs_f64()).sum();
        share(busy, slots * self.makespan().as_secs_f64())
    }
    /// What coordination cost: messages, rounds, payments, refusals, jobs that were lost.
    pub fn cost(&self) -> Cost {
        self.cost
    }
    /// Coordination overhead: of the time between the tasks' first announcement and their end, the share that they spent announced and not
    /// yet awarded, 0..=1. O(tasks).
    pub fn coordination_share(&self) -> f64 {
        let (mut deciding, mut open) = (0.0, 0.0);
        for (_, task) in self.tasks() {
            let Some(ready) = task.ready_at() else { continue };
            let end = task.ended_at().unwrap_or(self.now());
            deciding += task.deciding().as_secs_f64();
            if let (State::Ready, Some(announced)) = (task.state, task.announced_at()) {
                deciding += end.since(announced).as_secs_f64();
            }
            open += end.since(ready).as_secs_f64();
        }
        share(deciding, open)
    }
    /// Tasks that completed after a failed attempt. O(tasks).
    pub fn completed_after_retry(&self) -> u64 {
        self.tasks().filter(|(_, t)| t.state == State::Completed && t.attempts > 1).count() as u64
    }
    /// The critical path that was actually taken. O(tasks + dependencies of the path).
    pub fn critical_path(&self) -> CriticalPath {
        let worked = |n: u32| self.task(n).map_or(Duration::ZERO, |t| t.worked());
        let mut at = self.latest(self.tasks().map(|(n, _)| n).filter(|n| worked(*n) > Duration::ZERO), Time::MAX);
        let (mut steps, mut seen) = (Vec::new(), BTreeSet::new());
        while let Some(n) = at.filter(|n| seen.insert(*n)) {
            steps.push(n);
            let before = self.task(n).and_then(|t| t.began_at().or(t.ended_at())).unwrap_or(Time::MAX);
            let late: BTreeSet<u32> = self.not_waited_for(n).collect();
            at = self.latest(self.upstream(n).filter(|up| !late.contains(up)), before);
        }
        steps.reverse();
        let worked = steps.iter().fold(Duration::ZERO, |sum, n| sum.saturating_add(worked(*n)));
        CriticalPath { steps, worked }
    }
    /// The task instances that an instance waits for: those of an expanded task instead of the task.
    pub fn upstream(&self, instance: u32) -> impl Iterator<Item = u32> + '_ {
        let node = self.node(instance) as usize;
        let dependencies = self.head().and_then(|h| h.dependencies.get(node)).map_or(&[][..], Vec::as_slice);
        dependencies.iter().flat_map(|on| {
            let (first, count) = self.family(*on).unwrap_or((*on, 1));
            first..first.saturating_add(count)
        })
    }
    /// What an instance depends on and did not wait for: it began before these had ended, or called them off. Where the task has a join of
    /// its own; else none.
    pub fn not_waited_for(&self, instance: u32) -> impl Iterator<Item = u32> + '_ {
        let began = self.join(instance).and_then(|_| self.task(instance)?.began_at());
        let node = self.node(instance);
        let off = move |n: u32| self.task(n).and_then(|task| task.called_off()) == Some(node);
        let later = move |n: u32, began| self.task(n).is_some_and(|task| task.ended_at().is_none_or(|at| at > began));
        let late = move |up: &u32| began.is_some_and(|began| later(*up, began) || off(*up) || off(self.node(*up)));
        self.upstream(instance).filter(late)
    }
    /// The join of its own that an instance's task has, if it has one.
    pub fn join(&self, instance: u32) -> Option<Join> {
        let node = self.node(instance);
        let joins = &self.head()?.joins; // by number
        joins.binary_search_by_key(&node, |(task, _)| *task).ok().map(|at| joins[at].1)
    }
    /// Of some instances the one that ended last, not after `by`; of equals the one with the smallest number.
    fn latest(&self, of: impl Iterator<Item = u32>, by: Time) -> Option<u32> {
        let ended = of.filter_map(|n| Some((self.task(n)?.ended_at().filter(|t| *t <= by)?, core::cmp::Reverse(n))));
        ended.max().map(|(_, n)| n.0)
    }
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { (part / whole).clamp(0.0, 1.0) } else { 0.0 }
}
