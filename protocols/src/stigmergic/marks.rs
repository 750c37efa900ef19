//! The marks that ants leave when they go to work: when each will be back, and how fast it works.

use super::field::Field;
use crate::{AgentId, Roster, TaskId, TaskView, Time};

/// How many able ants of a kind leave marks that can be sensed: the fastest.
const MOST: usize = 32;

/// The mark of one ant: when it will be back, in seconds from now, and how fast it works.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mark {
    pub agent: AgentId,
    pub back: f64,
    pub rate: f64,
}

/// What can be sensed of the ants that are able to do a kind of work.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Marks {
    pub at_work: Vec<Mark>,
    /// The rate of the fastest idle one; 0 if all are at work.
    pub idle: f64,
}

/// When, and how much of team and field had changed until then.
type Moment = (Time, u64, u64);

/// The marks of each kind of work, as they were sensed last: many ants ask for the same at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Ground {
    /// By demand.
    sensed: Vec<Option<(Moment, Marks)>>,
    /// Those for the last task in whose sensing it mattered whom it avoids.
    picky: Option<(Moment, TaskId, Marks)>,
}

impl Ground {
    /// The marks of the ants that are able to do a task. O(ants, at most 32), but O(1) where nothing has changed since they were sensed.
    pub(super) fn marks(&mut self, task: &TaskView, roster: &mut Roster, field: &mut Field, now: Time) -> &Marks {
        let at = task.demand.id.index();
        let able = roster.able(&task.demand).len();
        let moment = (now, roster.changes(), field.changes());
        // Where only some leave marks they depend on whom the task avoids.
        if able > MOST && !task.avoid.is_empty() {
            let before = self.picky.take();
            let (of, marks) = before.map_or_else(Default::default, |(then, of, marks)| (Some((then, of)), marks));
            let (.., kept) = self.picky.insert((moment, task.id, marks));
            if of != Some((moment, task.id)) {
                kept.sense(task, able, roster, field, now);
            }
            return kept;
        }
        if self.sensed.len() <= at {
            self.sensed.resize_with(at + 1, || None);
        }
        let fresh = self.sensed[at].as_ref().is_some_and(|(then, _)| *then == moment);
        let (then, marks) = self.sensed[at].get_or_insert_with(|| (moment, Marks::default()));
        if !fresh {
            *then = moment;
            marks.sense(task, able, roster, field, now);
        }
        marks
    }
}

impl Marks {
    fn sense(&mut self, task: &TaskView, able: usize, roster: &mut Roster, field: &mut Field, now: Time) {
        self.at_work.clear();
        self.idle = 0.0;
        // As if it were back: when it is, is looked up below.
        let mark = |agent, rate| Mark { agent, back: 0.0, rate };
        if able <= MOST {
            self.at_work.extend(roster.able(&task.demand).iter().map(|able| mark(able.agent, able.rate)));
        } else {
            self.at_work.extend(roster.fastest(task).take(MOST).map(|able| mark(able.agent, able.rate)));
        }
        let proofs = field.proofs(&task.demand);
        self.at_work.retain_mut(|mark| {
            mark.rate *= proofs.of(mark.agent).pace();
            if roster.is_free(mark.agent) {
                self.idle = self.idle.max(mark.rate);
                return false;
            }
            mark.back = (roster.expected_start(mark.agent, now) - now).as_secs_f64();
            true
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stigmergic::Laws;
    use crate::{Demand, DemandId, Outcome, Profile, seconds_to_duration};
    use core::time::Duration;
    use proptest::prelude::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn marks_anew(task: &TaskView, roster: &Roster, field: &Field, now: Time) -> Marks {
        Ground::default().marks(task, &mut roster.clone(), &mut field.clone(), now).clone()
    }

    /// Whatever happens between, what is kept is what would be sensed anew.
    #[test]
    fn marks_that_are_kept_are_those_that_would_be_sensed() {
        let (some, others) = (AtomicU32::new(0), AtomicU32::new(0));
        proptest!(|(many in any::<bool>(), acts in proptest::collection::vec((0u8..9, 0u32..48, 0u32..6, 0.1..4.0f64), 1..60))| {
            let laws = Laws { decay: 0.1, period: Duration::from_secs(1), initial: 1.0, min: 0.1, max: 100.0 };
            let (mut roster, mut field, mut ground) = (Roster::default(), Field::new(laws), Ground::default());
            let dig = Arc::new(Demand::of_kind(DemandId(0), ""));
            let (mut now, mut last) = (Time::ZERO, Marks::default());
            for n in 0..if many { 40 } else { 5 } {
                roster.join(AgentId(n), &Profile::new(format!("a{n}"), Default::default()).speed(f64::from(n % 7 + 1)));
                field.meet(AgentId(n), format!("a{n}"));
            }
            for (act, agent, number, seconds) in acts {
                let (id, agent) = (TaskId::new(0, number), AgentId(agent));
                match act {
                    0 if !roster.contains(agent) => roster.join(agent, &Profile::new("new", Default::default()).speed(seconds)),
                    1 => { roster.leave(agent); }
                    2 => roster.award(id, agent, seconds, now),
                    3 => { roster.settle_outcome(id, agent, &Outcome::new(crate::Ended::Refused, Duration::ZERO), now); }
                    4 => roster.rest(agent, now + seconds_to_duration(seconds)),
                    5 => { roster.rested(now); }
                    6 => field.prove(&dig, agent, 1.0, seconds_to_duration(seconds), 1.0),
                    7 => field.judge(dig.id, agent, 0.2, 1.0),
                    8 => now = now + seconds_to_duration(seconds / 4.0),
                    _ => {}
                }
                for number in [number, number + 1] {
                    // Of two tasks one avoids somebody: the fastest, so that it matters.
                    let avoid: Vec<AgentId> = if number % 2 == 1 { vec![AgentId(6), AgentId(number)] } else { Vec::new() };
                    let task = TaskView { avoid: avoid.into(), ..TaskView::new(TaskId::new(1, number), dig.clone()) };
                    let anew = marks_anew(&task, &roster, &field, now);
                    for _ in 0..2 {
                        prop_assert_eq!(ground.marks(&task, &mut roster, &mut field, now), &anew);
                    }
                    some.fetch_add(u32::from(!anew.at_work.is_empty()), Ordering::Relaxed);
                    others.fetch_add(u32::from(many && anew != last), Ordering::Relaxed);
                    last = anew;
                }
            }
        });
        assert!(some.into_inner() > 0 && others.into_inner() > 0, "somebody is at work, and marks change");
    }
}
