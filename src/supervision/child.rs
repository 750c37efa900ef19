//! What a supervisor knows of one child.

use super::message::Exit;
use super::spec::{ChildSpec, Intensity, Restart};
use super::transition::ChildState;
use core::time::Duration;
use polity_protocols::{Rng, Time};
use std::collections::VecDeque;

/// One child as its supervisor sees it.
///
/// ```
/// use polity::supervision::{ChildSpec, ChildState, Input, Intensity, Strategy, Supervision};
/// use polity_protocols::{Rng, Time};
/// let mut supervision = Supervision::new(Strategy::OneForOne, Intensity::AGENTS);
/// supervision.take(Input::Add(ChildSpec::permanent("a")), Time::ZERO, &mut Rng::new(1, "s"), &mut vec![])?;
/// let child = supervision.child(&"a").expect("it was added");
/// assert_eq!((child.state, child.incarnation, child.restarts, child.last), (ChildState::Starting, 1, 0, None));
/// # Ok::<(), polity::supervision::Ignored>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChildView<'a> {
    /// Where it is in its life.
    pub state: ChildState,
    /// The number of its latest life; 0 if it was not started yet.
    pub incarnation: u64,
    /// How often it was started again, for its own failures or another's.
    pub restarts: u32,
    /// How its last life ended.
    pub last: Option<&'a Exit>,
    /// When it is restarted.
    pub restart: Restart,
}

/// What becomes of a child when it has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// It stays so.
    Rest,
    /// It is started again with its group.
    Revive,
    /// It is forgotten.
    Forget,
}

/// A state with what is only known in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Starting,
    Running { since: Time },
    BackingOff,
    Stopping { after: After },
    Stopped,
}

/// The record of one child.
#[derive(Clone, Debug)]
pub(super) struct Child<K> {
    pub(super) spec: ChildSpec<K>,
    /// Its place in the order of starting.
    pub(super) position: u64,
    pub(super) phase: Phase,
    pub(super) incarnation: u64,
    pub(super) restarts: u32,
    pub(super) last: Option<Exit>,
    /// Failures in a row, with no quiet life between them.
    streak: u32,
    /// When it failed within the period of its own limit, if it has one.
    failures: VecDeque<Time>,
}

impl<K> Child<K> {
    pub(super) fn new(spec: ChildSpec<K>, position: u64) -> Child<K> {
        Child {
            spec,
            position,
            phase: Phase::BackingOff,
            incarnation: 0,
            restarts: 0,
            last: None,
            streak: 0,
            failures: VecDeque::new(),
        }
    }
    pub(super) fn state(&self) -> ChildState {
        match self.phase {
            Phase::Starting => ChildState::Starting,
            Phase::Running { .. } => ChildState::Running,
            Phase::BackingOff => ChildState::BackingOff,
            Phase::Stopping { .. } => ChildState::Stopping,
            Phase::Stopped => ChildState::Stopped,
        }
    }
    pub(super) fn view(&self) -> ChildView<'_> {
        ChildView {
            state: self.state(),
            incarnation: self.incarnation,
            restarts: self.restarts,
            last: self.last.as_ref(),
            restart: self.spec.restart,
        }
    }
    /// True if a life of it is under way.
    pub(super) fn is_alive(&self) -> bool {
        matches!(self.phase, Phase::Starting | Phase::Running { .. } | Phase::Stopping { .. })
    }
    /// It failed by itself: whether its own limit bears another restart.
    pub(super) fn bears_another(&mut self, limit: &Intensity, now: Time) -> bool {
        while self.failures.front().is_some_and(|at| now - *at >= limit.period) {
            self.failures.pop_front();
        }
        self.failures.push_back(now);
        self.failures.len() as u64 <= u64::from(limit.restarts)
    }
    /// It failed by itself: how long to wait before it is started again. To be asked before its phase changes.
    pub(super) fn delay(&mut self, intensity: &Intensity, now: Time, rng: &mut Rng) -> Duration {
        if matches!(self.phase, Phase::Running { since } if now - since >= intensity.period) {
            self.streak = 0;
        }
        let delay = intensity.backoff.delay(self.streak, rng.unit());
        self.streak = self.streak.saturating_add(1);
        delay
    }
    /// A new life of it begins.
    pub(super) fn begin(&mut self, incarnation: u64) {
        self.restarts = self.restarts.saturating_add(u32::from(self.incarnation > 0));
        self.incarnation = incarnation;
        self.phase = Phase::Starting;
    }
}
