//! Encounters: what each ant was let sense, and what it still owes an answer to.

use super::message::Felt;
use crate::{AgentId, TaskId, Time};
use core::time::Duration;
use std::collections::BTreeSet;

/// The first patience with an ant that does not answer, in windows; it doubles each time.
const FIRST_PATIENCE: u32 = 4;
/// The longest such patience: what takes longer to come and go is not waited for. It is long, since an answer that takes a minute would otherwise never
/// be heard.
const LONGEST_PATIENCE: Duration = Duration::from_secs(3600);

/// One ant as the environment knows it.
#[derive(Clone, Debug, Default)]
struct Seat {
    /// The number of its latest encounter.
    round: u32,
    /// What it senses in that encounter, while it owes an answer.
    tasks: Vec<Felt>,
    owes: bool,
    /// The encounter that it did not answer in time: its answer may still come.
    expired: Option<u32>,
    /// Encounters in a row that it did not answer in time.
    silent: u32,
    /// Tasks (and announcements) that it left to others, and the intensity from which on it would volunteer.
    hesitates: Vec<(TaskId, u64, f64)>,
}

/// The encounters of all ants.
#[derive(Clone, Debug, Default)]
pub(super) struct Encounters {
    seats: Vec<Seat>,
    /// Ants that hesitate.
    hesitant: BTreeSet<AgentId>,
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    /// It was awaited. What the ant had sensed.
    Awaited(Vec<Felt>),
    /// It comes after its time.
    Late,
    /// It comes again, or of nowhere.
    Strange,
}

impl Encounters {
    fn seat(&mut self, agent: AgentId) -> &mut Seat {
        if self.seats.len() <= agent.index() {
            self.seats.resize_with(agent.index() + 1, Seat::default);
        }
        &mut self.seats[agent.index()]
    }
    pub(super) fn owes(&self, agent: AgentId) -> bool {
        self.seats.get(agent.index()).is_some_and(|seat| seat.owes)
    }
    /// Begins an encounter: its number, and when patience ends.
    pub(super) fn begin(&mut self, agent: AgentId, tasks: Vec<Felt>, now: Time, window: Duration) -> (u32, Time) {
        let seat = self.seat(agent);
        seat.round = seat.round.wrapping_add(1);
        seat.owes = true;
        seat.tasks = tasks;
        let patience = window.saturating_mul(FIRST_PATIENCE.saturating_mul(1 << seat.silent.min(16)));
        (seat.round, now + patience.min(LONGEST_PATIENCE.max(window)))
    }
    pub(super) fn answered(&mut self, agent: AgentId, round: u32) -> Answer {
        let seat = self.seat(agent);
        if seat.owes && seat.round == round {
            (seat.owes, seat.silent) = (false, 0);
            return Answer::Awaited(core::mem::take(&mut seat.tasks));
        }
        if seat.expired.take_if(|expired| *expired == round).is_some() {
            seat.silent = 0;
            return Answer::Late;
        }
        Answer::Strange
    }
    /// Patience has ended: what the ant had sensed; `None` if it owed nothing.
    pub(super) fn expire(&mut self, agent: AgentId) -> Option<Vec<Felt>> {
        let seat = self.seat(agent);
        if !seat.owes {
            return None;
        }
        (seat.owes, seat.expired, seat.silent) = (false, Some(seat.round), seat.silent.saturating_add(1));
        Some(core::mem::take(&mut seat.tasks))
    }
    /// The ant is gone: what it had sensed.
    pub(super) fn end(&mut self, agent: AgentId) -> Vec<Felt> {
        self.hesitant.remove(&agent);
        let seat = self.seat(agent);
        let round = seat.round;
        let tasks = core::mem::take(seat).tasks;
        // Numbers go on, so that answers of an earlier life stay strange.
        seat.round = round;
        tasks
    }
    /// The intensity from which on the ant would volunteer, if it hesitated.
    pub(super) fn volunteers_from(&self, agent: AgentId, task: TaskId, call: u64) -> Option<f64> {
        let seat = self.seats.get(agent.index())?;
        seat.hesitates.iter().find(|(id, of, _)| (*id, *of) == (task, call)).map(|(_, _, from)| *from)
    }
    pub(super) fn hesitates(&mut self, agent: AgentId, task: TaskId, call: u64, from: f64) {
        self.trusts(agent, task);
        self.seat(agent).hesitates.push((task, call, from));
        self.hesitant.insert(agent);
    }
    /// It does not hesitate over this task.
    pub(super) fn trusts(&mut self, agent: AgentId, task: TaskId) {
        self.seat(agent).hesitates.retain(|(id, _, _)| *id != task);
    }
    /// Forgets hesitations over tasks that are no longer there; true if some are left.
    pub(super) fn keep(&mut self, agent: AgentId, is_open: impl Fn(TaskId, u64) -> bool) -> bool {
        let seat = self.seat(agent);
        seat.hesitates.retain(|(task, call, _)| is_open(*task, *call));
        let some = !seat.hesitates.is_empty();
        if !some {
            self.hesitant.remove(&agent);
        }
        some
    }
    /// Ants that hesitate, at most `most`, beginning behind `after`, around the end.
    pub(super) fn hesitant(&self, after: AgentId, most: usize) -> Vec<AgentId> {
        use core::ops::Bound::{Excluded, Unbounded};
        let behind = self.hesitant.range((Excluded(after), Unbounded));
        behind.chain(self.hesitant.range(..=after)).take(most).copied().collect()
    }
}
