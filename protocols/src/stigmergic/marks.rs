//! The marks that ants leave when they go to work: when each will be back, and how fast it works.

use super::field::Field;
use crate::{AgentId, Roster, TaskView, Time};

/// How many able ants of a kind leave marks that can be sensed: the fastest.
const MOST: usize = 32;

/// The mark of one ant: when it will be back, in seconds from now, and how fast it works.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub agent: AgentId,
    pub back: f64,
    pub rate: f64,
}

/// What can be sensed of the ants that are able to do a kind of work.
#[derive(Clone, Debug, Default)]
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
    sensed: Vec<Option<(Option<Moment>, Marks)>>,
}

impl Ground {
    /// The marks of the ants that are able to do a task. O(ants, at most 32), but O(1) where nothing has changed since they were sensed.
    pub(super) fn marks(&mut self, task: &TaskView, roster: &mut Roster, field: &mut Field, now: Time) -> &Marks {
        let at = task.demand.id.index();
        if self.sensed.len() <= at {
            self.sensed.resize_with(at + 1, || None);
        }
        let able = roster.able(&task.demand).len();
        let moment = (now, roster.changes(), field.changes());
        // Where only some leave marks they depend on whom the task avoids: then they are for this task alone.
        let is_own = able > MOST && !task.avoid.is_empty();
        let (sensed, marks) = self.sensed[at].get_or_insert_with(|| (None, Marks::default()));
        if is_own || *sensed != Some(moment) {
            *sensed = (!is_own).then_some(moment);
            marks.sense(task, able, roster, field, now);
        }
        marks
    }
}

impl Marks {
    fn sense(&mut self, task: &TaskView, able: usize, roster: &mut Roster, field: &mut Field, now: Time) {
        self.at_work.clear();
        self.idle = 0.0;
        // Back for now: how long it takes is looked up below.
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
