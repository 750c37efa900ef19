//! One task's life, as a machine.
//!
//! ```text
//! from         by           to
//! pending      Announce     ready                             the clocks queue and total begin
//! pending      Cancel       cancelled
//! pending      Wake         pending
//! ready        Awarded      assigned                          a new launch
//! ready        Declined     backing_off failed                a failed attempt
//! ready        Pause        paused                            withdrawn
//! ready        Resume       ready
//! ready        Cancel       cancelled                         withdrawn
//! ready        Wake         ready failed                      queue, total
//! assigned     Refused      ready paused                      same attempt; pass over the agent once
//! assigned     Started      executing                         the clocks attempt and heartbeat begin
//! assigned     Finished     backing_off completed failed
//! assigned     AgentLost    ready paused                      same attempt; pass over the agent once
//! assigned     Pause        assigned                          held: it is not announced again
//! assigned     Resume       assigned
//! assigned     Cancel       cancelled                         the job is cancelled
//! assigned     Wake         assigned failed                   queue, total
//! executing    Beat         executing                         the clock heartbeat begins again
//! executing    Finished     backing_off completed failed
//! executing    AgentLost    ready paused failed               the third such loss is poison
//! executing    Pause        executing                         held: it is not announced again
//! executing    Resume       executing
//! executing    Cancel       cancelled                         the job is cancelled
//! executing    Wake         executing backing_off failed      attempt, heartbeat, total
//! backing_off  Pause        backing_off                       held: it is not announced again
//! backing_off  Resume       backing_off
//! backing_off  Cancel       cancelled
//! backing_off  Wake         ready backing_off paused failed   the next attempt; total
//! backing_off  GiveUp       failed                            a condition of the policy does not allow another
//! backing_off  Postpone     backing_off                       its run has had too many retries
//! paused       Pause        paused
//! paused       Resume       ready                             the clocks queue and total stood still
//! paused       Cancel       cancelled
//! paused       Wake         paused
//! completed    Wake         completed
//! failed       Wake         failed
//! cancelled    Wake         cancelled
//! ```
//!
//! Everything else is refused and changes nothing. [`TRANSITIONS`](super::TRANSITIONS) is the same table as data; a test
//! compares the two, and each turn of a debug build checks itself against it.

use super::message::{Effect, Ignored, Input, Settled};
use super::policy::{Policy, Timeouts};
use super::transition::{State, is_legal};
use crate::mutation::planted;
use core::time::Duration;
use polity_agents::{Failure, FailureKind};
use polity_protocols::{AgentId, Ended, Rng, Time};
use std::sync::Arc;

/// So many agents may die while they execute a task; then it is taken for what kills them, and fails with [`FailureKind::Poison`].
pub const POISON_AFTER: u8 = 3;

/// A retry avoids at most so many of the agents that failed the task, the latest.
pub const MAX_AVOIDED: usize = 8;

/// One task's life: attempts, retries, clocks and fencing. Small, since a million may be open.
///
/// The caller performs the effects in order and wakes the machine at [`next_wake`](Lifecycle::next_wake). One clock goes off
/// per [`Input::Wake`]; if another is due too, `next_wake` still lies in the past. The clock `total` goes first.
///
/// ```
/// use polity::lifecycle::{Effect, Input, Lifecycle, Settled, State};
/// use polity_protocols::{AgentId, Ended, Rng, Time};
/// use std::time::Duration;
///
/// let (mut rng, mut effects) = (Rng::new(1, "task"), Vec::new());
/// let mut life = Lifecycle::new(None);
/// let at = Time::from_secs_f64;
/// life.take(Input::Announce, at(0.0), &mut rng, &mut effects)?;
/// life.take(Input::Awarded { agent: AgentId(7) }, at(1.0), &mut rng, &mut effects)?;
/// life.take(Input::Started { launch: 1 }, at(2.0), &mut rng, &mut effects)?;
/// life.take(Input::Finished { launch: 1, result: Ok(()) }, at(5.0), &mut rng, &mut effects)?;
/// assert_eq!(life.state(), State::Completed);
/// assert_eq!(effects, [
///     Effect::Announce { attempt: 1, avoid: vec![] },
///     Effect::Execute { agent: AgentId(7), launch: 1, attempt: 1 },
///     Effect::Outcome { agent: AgentId(7), ended: Ended::Succeeded, took: Duration::from_secs(3) },
///     Effect::Settle(Settled::Completed),
/// ]);
/// # Ok::<(), polity::lifecycle::Ignored>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Lifecycle {
    policy: Option<Arc<Policy>>,
    /// When it first became ready: the clock `total` counts from here. Means nothing while pending.
    born: Time,
    phase: Phase,
    launch: u32,
    attempt: u32,
    /// Agents that failed it, the latest last; at most `MAX_AVOIDED`.
    failed_by: Vec<AgentId>,
    /// The agent that has just refused it or died: passed over until the next award, and no longer.
    passed_over: Option<AgentId>,
    /// It is not announced until it is resumed.
    held: bool,
    /// Agents that died while they executed it.
    lost: u8,
}

/// A state with what is only known in it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Pending,
    /// `ready`: the clock `queue` counts from here.
    Announced {
        ready: Time,
    },
    Assigned {
        agent: AgentId,
        ready: Time,
        awarded: Time,
    },
    Executing {
        agent: AgentId,
        started: Time,
        /// When it last gave a sign of life.
        heard: Time,
    },
    BackingOff {
        until: Time,
    },
    /// `since` then the clocks stand still.
    Paused {
        ready: Time,
        since: Time,
    },
    Completed,
    Failed,
    Cancelled,
}

/// What every step may use.
struct Turn<'a> {
    now: Time,
    rng: &'a mut Rng,
    effects: &'a mut Vec<Effect>,
}

/// The clocks that end a life, as messages name them.
#[derive(Clone, Copy)]
enum Limit {
    Queue,
    Total,
}

impl Lifecycle {
    /// A task that is not ready yet. Without a policy it gets one attempt and no clock.
    pub fn new(policy: Option<Arc<Policy>>) -> Lifecycle {
        Lifecycle {
            policy,
            born: Time::ZERO,
            phase: Phase::Pending,
            launch: 0,
            attempt: 1,
            failed_by: Vec::new(),
            passed_over: None,
            held: false,
            lost: 0,
        }
    }
    /// Where it is.
    pub fn state(&self) -> State {
        match self.phase {
            Phase::Pending => State::Pending,
            Phase::Announced { .. } => State::Announced,
            Phase::Assigned { .. } => State::Assigned,
            Phase::Executing { .. } => State::Executing,
            Phase::BackingOff { .. } => State::BackingOff,
            Phase::Paused { .. } => State::Paused,
            Phase::Completed => State::Completed,
            Phase::Failed => State::Failed,
            Phase::Cancelled => State::Cancelled,
        }
    }
    /// Which attempt it is in, counted from 1; while it backs off, the one that failed.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }
    /// The latest award, counted from 1; 0 if there was none.
    pub fn launch(&self) -> u32 {
        self.launch
    }
    /// The agent that has it now, if one has.
    pub fn agent(&self) -> Option<AgentId> {
        match self.phase {
            Phase::Assigned { agent, .. } | Phase::Executing { agent, .. } => Some(agent),
            _ => None,
        }
    }
    /// When to be woken, if at all. O(1).
    pub fn next_wake(&self) -> Option<Time> {
        let own = match self.phase {
            Phase::Announced { ready } | Phase::Assigned { ready, .. } => self.timeouts().queue.map(|limit| ready + limit),
            Phase::Executing { .. } if planted("never_time_out") => None,
            Phase::Executing { started, heard, .. } => {
                let limits = self.timeouts();
                let attempt = limits.attempt.map(|limit| started + limit);
                let beat = limits.heartbeat.filter(|_| !planted("count_beats_for_ever"));
                attempt.into_iter().chain(beat.map(|limit| heard + limit)).min()
            }
            Phase::BackingOff { until } => (!planted("lose_a_retry")).then_some(until),
            Phase::Pending | Phase::Paused { .. } | Phase::Completed | Phase::Failed | Phase::Cancelled => None,
        };
        [own, self.total_due()].into_iter().flatten().min()
    }

    /// True if an [`Input::Wake`] of now would begin the next attempt. O(1).
    pub fn is_due(&self, now: Time) -> bool {
        matches!(self.phase, Phase::BackingOff { until } if now >= until) && self.total_due().is_none_or(|due| now < due)
    }

    /// Takes one input, and appends the effects that it has. O(1), but for lists of at most [`MAX_AVOIDED`] agents.
    ///
    /// # Errors
    /// [`Ignored`] if the input makes no sense now; then nothing changed and nothing was appended. [`Ignored::Unwanted`] leaves
    /// the caller one duty: to tell the protocol that its award was cancelled.
    pub fn take(&mut self, input: Input, now: Time, rng: &mut Rng, effects: &mut Vec<Effect>) -> Result<(), Ignored> {
        self.fence(&input)?;
        let (before, by) = (self.state(), input.kind());
        let mut turn = Turn { now, rng, effects };
        match (self.phase, input) {
            (Phase::Pending, Input::Announce) => {
                self.born = now;
                self.announce(now, &mut turn);
            }
            (Phase::Announced { ready }, Input::Awarded { agent }) => self.award(agent, ready, &mut turn),
            (Phase::Announced { .. }, Input::Declined(failure)) => self.fail(failure, &mut turn),
            (Phase::Assigned { agent, ready, .. }, Input::Refused { .. }) => {
                self.return_to_ready(agent, Ended::Refused, Duration::ZERO, ready, &mut turn);
            }
            (Phase::Assigned { agent, ready, .. }, Input::AgentLost { .. }) => {
                self.return_to_ready(agent, Ended::Lost, Duration::ZERO, ready, &mut turn);
            }
            (Phase::Executing { agent, started, .. }, Input::AgentLost { suspect, .. }) => {
                self.lose(agent, now - started, suspect, &mut turn);
            }
            (Phase::Assigned { agent, .. }, Input::Started { .. }) => {
                self.phase = Phase::Executing { agent, started: now, heard: now };
            }
            (Phase::Executing { agent, started, .. }, Input::Beat { .. }) => {
                self.phase = Phase::Executing { agent, started, heard: now };
            }
            (
                Phase::Assigned { agent, awarded: since, .. } | Phase::Executing { agent, started: since, .. },
                Input::Finished { result, .. },
            ) => {
                self.finish(agent, now - since, result, &mut turn);
            }
            (_, Input::Wake) => self.wake(&mut turn),
            (Phase::BackingOff { .. }, Input::GiveUp(failure)) => self.settle(Settled::Failed(failure), &mut turn),
            (Phase::Announced { ready }, Input::Pause) => {
                (self.held, self.phase) = (true, Phase::Paused { ready, since: now });
                turn.effects.push(Effect::Withdraw);
            }
            (Phase::Paused { ready, since }, Input::Resume) => {
                (self.held, self.born) = (false, self.born + (now - since));
                self.announce(ready + (now - since), &mut turn);
            }
            (phase, Input::Pause) if phase != Phase::Pending && !before.is_settled() => self.held = true,
            (phase, Input::Resume) if phase != Phase::Pending && !before.is_settled() => self.held = false,
            (Phase::BackingOff { .. }, Input::Postpone { until }) => self.phase = Phase::BackingOff { until },
            (_, Input::Cancel) if !before.is_settled() => {
                self.let_go(&mut turn);
                self.settle(Settled::Cancelled, &mut turn);
            }
            (_, Input::Awarded { agent }) => return Err(Ignored::Unwanted { agent, state: before }),
            _ => return Err(Ignored::Illegal { input: by, state: before }),
        }
        debug_assert!(is_legal(before, by, self.state()), "{before} -{by:?}-> {} is not in the table", self.state());
        Ok(())
    }

    /// Refuses what speaks of an award that is not held now.
    fn fence(&self, input: &Input) -> Result<(), Ignored> {
        match input.launch() {
            Some(_) if planted("forget_the_fence") && self.agent().is_some() => Ok(()),
            Some(launch) if launch != self.launch || self.agent().is_none() => {
                Err(Ignored::Stale { launch, current: self.launch })
            }
            _ => Ok(()),
        }
    }

    fn announce(&mut self, ready: Time, turn: &mut Turn<'_>) {
        if self.held {
            self.phase = Phase::Paused { ready, since: turn.now };
            return;
        }
        let mut avoid = if planted("forget_whom_to_avoid") { Vec::new() } else { self.failed_by.clone() };
        avoid.extend(self.passed_over.filter(|agent| !self.failed_by.contains(agent)));
        turn.effects.push(Effect::Announce { attempt: self.attempt, avoid });
        self.phase = Phase::Announced { ready };
    }
    fn award(&mut self, agent: AgentId, ready: Time, turn: &mut Turn<'_>) {
        self.launch = self.launch.saturating_add(1);
        self.passed_over = None;
        turn.effects.push(Effect::Execute { agent, launch: self.launch, attempt: self.attempt });
        self.phase = Phase::Assigned { agent, ready, awarded: turn.now };
    }
    /// The award came to nothing through no fault of the task: the same attempt is announced again.
    fn return_to_ready(&mut self, agent: AgentId, ended: Ended, took: Duration, ready: Time, turn: &mut Turn<'_>) {
        turn.effects.push(Effect::Outcome { agent, ended, took });
        self.passed_over = Some(agent);
        self.announce(ready, turn);
    }
    fn lose(&mut self, agent: AgentId, took: Duration, suspect: bool, turn: &mut Turn<'_>) {
        self.lost = self.lost.saturating_add(u8::from(suspect && !planted("count_no_deaths")));
        if !suspect || self.lost < POISON_AFTER {
            return self.return_to_ready(agent, Ended::Lost, took, turn.now, turn);
        }
        turn.effects.push(Effect::Outcome { agent, ended: Ended::Lost, took });
        let message = format!(
            "{} agents died while they executed it, the limit is {POISON_AFTER}: it is not given to another; look at what it does to them",
            self.lost
        );
        self.settle(Settled::Failed(Failure::new(FailureKind::Poison, message)), turn);
    }
    fn finish(&mut self, agent: AgentId, took: Duration, result: Result<(), Failure>, turn: &mut Turn<'_>) {
        let ended = if result.is_ok() { Ended::Succeeded } else { Ended::Failed };
        turn.effects.push(Effect::Outcome { agent, ended, took });
        match result {
            Ok(()) => self.settle(Settled::Completed, turn),
            Err(failure) => {
                self.blame(agent);
                self.fail(failure, turn);
            }
        }
    }
    /// The attempt failed: another follows, if the policy allows it and the clock `total` leaves time for it to begin.
    fn fail(&mut self, failure: Failure, turn: &mut Turn<'_>) {
        match self.retry_at(&failure, turn) {
            Some(at) => {
                turn.effects.push(Effect::Retry { attempt: self.attempt, failure, at });
                self.phase = Phase::BackingOff { until: if planted("retry_at_once") { turn.now } else { at } };
            }
            None => self.settle(Settled::Failed(failure), turn),
        }
    }
    fn retry_at(&self, failure: &Failure, turn: &mut Turn<'_>) -> Option<Time> {
        let retry = self.policy.as_ref()?.retry.as_ref()?;
        if !retry.allows(self.attempt - u32::from(planted("miscount_attempts") && self.attempt > 1), failure) {
            return None;
        }
        let at = turn.now + retry.delay(self.attempt, turn.rng.unit());
        self.total_due().is_none_or(|due| at < due).then_some(at)
    }
    fn blame(&mut self, agent: AgentId) {
        self.failed_by.retain(|other| *other != agent);
        if self.failed_by.len() == MAX_AVOIDED {
            self.failed_by.remove(0);
        }
        self.failed_by.push(agent);
    }

    fn wake(&mut self, turn: &mut Turn<'_>) {
        let is_over = |since: Time, limit: Option<Duration>| limit.filter(|limit| turn.now >= since + *limit);
        let limits = self.timeouts();
        if self.total_due().is_some_and(|due| turn.now >= due) {
            return self.expire(Limit::Total, self.born, limits.total.unwrap_or_default(), turn);
        }
        match self.phase {
            Phase::Announced { ready } | Phase::Assigned { ready, .. } => {
                if let Some(limit) = is_over(ready, limits.queue) {
                    self.expire(Limit::Queue, ready, limit, turn);
                }
            }
            Phase::Executing { agent, started, heard } => {
                let (took, attempt) = (turn.now - started, self.attempt);
                if let Some(limit) = is_over(started, limits.attempt) {
                    let message = format!(
                        "attempt {attempt} was stopped after {took:?} of execution: the limit `timeout.attempt` is {limit:?}"
                    );
                    self.time_out(agent, took, message, turn);
                } else if let Some(limit) = is_over(heard, limits.heartbeat.filter(|_| !planted("count_beats_for_ever"))) {
                    let silence = turn.now - heard;
                    let message = format!(
                        "attempt {attempt} was stopped after {silence:?} without a sign of life: the limit `timeout.heartbeat` is {limit:?}"
                    );
                    self.time_out(agent, took, message, turn);
                }
            }
            Phase::BackingOff { until } if turn.now >= until => {
                self.attempt = self.attempt.saturating_add(1);
                self.announce(turn.now, turn);
            }
            _ => {}
        }
    }
    /// The clock `attempt` or `heartbeat` went off: the agent had its time, so this counts as its failure.
    fn time_out(&mut self, agent: AgentId, took: Duration, message: String, turn: &mut Turn<'_>) {
        turn.effects.push(Effect::CancelJob { agent, launch: self.launch });
        turn.effects.push(Effect::Outcome { agent, ended: Ended::Failed, took });
        self.blame(agent);
        self.fail(Failure::new(FailureKind::Timeout, message), turn);
    }
    /// A clock of the whole life went off. It says nothing of the agent that happens to have the task: its award is cancelled.
    fn expire(&mut self, which: Limit, since: Time, limit: Duration, turn: &mut Turn<'_>) {
        let (waited, attempt, state) = (turn.now - since, self.attempt, self.state());
        let message = match which {
            Limit::Total => format!(
                "it was not done {waited:?} after it became ready ({state}, attempt {attempt}): the limit `timeout.total` is {limit:?}"
            ),
            Limit::Queue => {
                format!(
                    "it did not begin within {waited:?} of becoming ready ({state}, attempt {attempt}): the limit `timeout.queue` is {limit:?}"
                )
            }
        };
        self.let_go(turn);
        self.settle(Settled::Failed(Failure::new(FailureKind::Timeout, message)), turn);
    }
    /// Takes back what is under way.
    fn let_go(&mut self, turn: &mut Turn<'_>) {
        let (agent, took) = match self.phase {
            Phase::Announced { .. } => return turn.effects.push(Effect::Withdraw),
            Phase::Assigned { agent, .. } => (agent, Duration::ZERO),
            Phase::Executing { agent, started, .. } => (agent, turn.now - started),
            _ => return,
        };
        turn.effects.push(Effect::CancelJob { agent, launch: self.launch });
        turn.effects.push(Effect::Outcome { agent, ended: Ended::Cancelled, took });
    }
    fn settle(&mut self, how: Settled, turn: &mut Turn<'_>) {
        self.phase = match how {
            Settled::Completed => Phase::Completed,
            Settled::Failed(_) => Phase::Failed,
            Settled::Cancelled => Phase::Cancelled,
        };
        (self.failed_by, self.passed_over) = (Vec::new(), None);
        turn.effects.push(Effect::Settle(how));
    }

    fn timeouts(&self) -> Timeouts {
        self.policy.as_ref().map(|policy| policy.timeouts).unwrap_or_default()
    }
    /// When the clock `total` goes off, while it runs.
    fn total_due(&self) -> Option<Time> {
        let runs = !matches!(self.state(), State::Pending | State::Paused) && !self.state().is_settled();
        self.timeouts().total.filter(|_| runs).map(|limit| self.born + limit)
    }
}
