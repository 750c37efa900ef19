//! A supervisor, as a machine.
//!
//! ```text
//! from         by         to
//! unknown      Add        starting backing_off
//! unknown      Stop       unknown
//! unknown      Wake       unknown
//! unknown      Sibling    unknown
//! starting     Started    running
//! starting     Exited     unknown starting backing_off stopped
//! starting     StopChild  unknown stopping stopped
//! starting     Remove     unknown stopping
//! starting     Stop       unknown starting stopping stopped
//! starting     Wake       unknown starting backing_off stopping stopped
//! starting     Sibling    unknown starting backing_off stopping stopped
//! running      Exited     unknown starting backing_off stopped
//! running      StopChild  unknown stopping stopped
//! running      Remove     unknown stopping
//! running      Stop       unknown running stopping stopped
//! running      Wake       unknown starting running backing_off stopping stopped
//! running      Sibling    unknown starting running backing_off stopping stopped
//! backing_off  StopChild  unknown stopped
//! backing_off  Remove     unknown
//! backing_off  Stop       unknown backing_off stopped
//! backing_off  Wake       unknown starting backing_off stopped
//! backing_off  Sibling    unknown starting backing_off stopped
//! stopping     Exited     unknown starting backing_off stopped
//! stopping     StopChild  stopping
//! stopping     Remove     stopping
//! stopping     Stop       stopping
//! stopping     Wake       unknown starting backing_off stopping stopped
//! stopping     Sibling    stopping
//! stopped      StopChild  stopped
//! stopped      Remove     unknown
//! stopped      Stop       stopped
//! stopped      Wake       stopped
//! stopped      Sibling    stopped
//! ```
//!
//! A cause speaks of this child, of all (`Stop`, `Wake`), or of another (`Sibling`). Everything else is refused and changes
//! nothing. [`TRANSITIONS`](super::TRANSITIONS) is the same table as data; a test compares the two, and walks at random through
//! lives of a child among up to three others until it has met exactly this table.

use super::child::{After, Child, ChildView, Phase};
use super::message::{Effect, Exit, Ignored, Input};
use super::spec::{ChildSpec, Intensity, Restart, Strategy};
use super::window::Window;
use core::fmt;
use core::hash::Hash;
use polity_protocols::{Deadlines, Name, Rng, Time};
use std::collections::BTreeMap;

/// A supervisor in OTP's sense: children are started in order and stopped in reverse; one that fails is restarted, alone or
/// with others ([`Strategy`]), under a new incarnation and after a delay; too many restarts in a period stop all children and escalate.
///
/// - `OneForOne` children don't depend on each other: when all are stopped, all are told at once, in reverse order. With the other
///   strategies each is stopped when the one after it has ended.
/// - A group restart counts once per failure that caused it, begins when all of the group have stopped and the longest delay is over,
///   and starts again those that were alive, and no others.
/// - A killed child counts as ended. So everything ends within the sum of the graces, whatever the children do.
/// - One `Escalate` or `Done` is the last effect; a `Stop` during an escalation does not turn it into `Done`.
///
/// O(log n) per input for a single child, O(n) only where all or a group are stopped or started.
///
/// ```
/// use polity::supervision::{ChildSpec, Effect, Exit, Input, Intensity, Strategy, Supervision};
/// use polity_protocols::{Rng, Time};
///
/// let (mut rng, mut effects) = (Rng::new(1, "supervisor"), Vec::new());
/// let mut supervision = Supervision::new(Strategy::OneForOne, Intensity::AGENTS);
/// supervision.take(Input::Add(ChildSpec::permanent("ann")), Time::ZERO, &mut rng, &mut effects)?;
/// supervision.take(Input::Started { id: "ann", incarnation: 1 }, Time::ZERO, &mut rng, &mut effects)?;
/// let crash = Input::Exited { id: "ann", incarnation: 1, reason: Exit::Panic("boom".into()) };
/// supervision.take(crash, Time::ZERO, &mut rng, &mut effects)?;
/// assert_eq!(effects, [Effect::Start { id: "ann", incarnation: 1 }, Effect::Start { id: "ann", incarnation: 2 }]);
/// # Ok::<(), polity::supervision::Ignored>(())
/// ```
#[derive(Clone, Debug)]
pub struct Supervision<K: Ord + Hash = Name> {
    strategy: Strategy,
    intensity: Intensity,
    children: BTreeMap<K, Child<K>>,
    /// Children by their place in the order of starting.
    order: BTreeMap<u64, K>,
    next_position: u64,
    /// One count for all children, so that a child that was removed and added again has no number of its earlier life.
    next_incarnation: u64,
    window: Window,
    /// When a child that backs off alone is started, or one that is stopping is killed.
    due: Deadlines<K>,
    /// Children that are stopping.
    stopping: usize,
    fall: Option<Fall<K>>,
    over: bool,
}

/// Children that are being stopped in reverse order, and what follows.
#[derive(Clone, Debug)]
struct Fall<K> {
    /// All children from this position on.
    from: u64,
    /// Those from this position on have been told.
    below: u64,
    then: Then<K>,
}
#[derive(Clone, Debug)]
enum Then<K> {
    /// Start them again, not before `at`; so many failures caused it.
    Restart {
        at: Time,
        failures: u32,
    },
    Escalate {
        child: K,
        reason: String,
    },
    Done,
}

/// What every step may use.
struct Turn<'a, K> {
    now: Time,
    rng: &'a mut Rng,
    effects: &'a mut Vec<Effect<K>>,
}

impl<K: Ord + Hash + Clone + fmt::Debug> Supervision<K> {
    /// A supervisor without children.
    pub fn new(strategy: Strategy, intensity: Intensity) -> Supervision<K> {
        Supervision {
            strategy,
            intensity,
            children: BTreeMap::new(),
            order: BTreeMap::new(),
            next_position: 0,
            next_incarnation: 1,
            window: Window::default(),
            due: Deadlines::default(),
            stopping: 0,
            fall: None,
            over: false,
        }
    }
    /// One child. O(log n).
    pub fn child(&self, id: &K) -> Option<ChildView<'_>> {
        self.children.get(id).map(Child::view)
    }
    /// All children, in the order of starting.
    pub fn children(&self) -> impl Iterator<Item = (&K, ChildView<'_>)> {
        self.order.values().filter_map(|id| self.child(id).map(|view| (id, view)))
    }
    /// True after `Escalate` or `Done`.
    pub fn is_over(&self) -> bool {
        self.over
    }
    /// Counts incarnations on from `last`: for a supervisor that is born again, so that its children have no numbers of earlier lives.
    ///
    /// ```
    /// use polity::supervision::{ChildSpec, Input, Intensity, Strategy, Supervision};
    /// use polity_protocols::{Rng, Time};
    /// let mut supervision = Supervision::new(Strategy::OneForOne, Intensity::AGENTS).after(7);
    /// supervision.take(Input::Add(ChildSpec::permanent("a")), Time::ZERO, &mut Rng::new(1, "s"), &mut vec![])?;
    /// assert_eq!(supervision.child(&"a").expect("it was added").incarnation, 8);
    /// # Ok::<(), polity::supervision::Ignored>(())
    /// ```
    #[must_use]
    pub fn after(mut self, last: u64) -> Supervision<K> {
        self.next_incarnation = self.next_incarnation.max(last.saturating_add(1));
        self
    }
    /// True while all children are being stopped since one failed too often; then it escalates.
    pub fn is_giving_up(&self) -> bool {
        self.fall.as_ref().is_some_and(|fall| matches!(fall.then, Then::Escalate { .. }))
    }
    /// When to be woken, if at all. O(1).
    pub fn next_wake(&self) -> Option<Time> {
        let group = match &self.fall {
            Some(Fall { then: Then::Restart { at, .. }, .. }) if self.stopping == 0 => Some(*at),
            _ => None,
        };
        [self.due.next(), group].into_iter().flatten().min()
    }

    /// Takes one input, and appends the effects that it has.
    ///
    /// # Errors
    /// [`Ignored`] if the input makes no sense now; then nothing changed and nothing was appended.
    pub fn take(&mut self, input: Input<K>, now: Time, rng: &mut Rng, effects: &mut Vec<Effect<K>>) -> Result<(), Ignored> {
        let mut turn = Turn { now, rng, effects };
        let cause = input.cause();
        match input {
            Input::Wake => self.wake(&mut turn),
            Input::Add(spec) => self.add(spec, &mut turn)?,
            Input::Started { id, incarnation } => {
                let child = self.living(&id, incarnation)?;
                if child.phase != Phase::Starting {
                    return Err(Ignored::Illegal { input: cause, state: child.state() });
                }
                child.phase = Phase::Running { since: now };
            }
            Input::Exited { id, incarnation, reason } => {
                self.living(&id, incarnation)?.last = Some(reason.clone());
                self.exited(&id, &reason, &mut turn);
            }
            Input::StopChild(id) => self.stop_child(&id, After::Rest, &mut turn)?,
            Input::Remove(id) => self.stop_child(&id, After::Forget, &mut turn)?,
            Input::Stop if self.is_ending() => return Err(Ignored::Ending),
            Input::Stop => self.end(Then::Done),
        }
        self.advance(&mut turn);
        Ok(())
    }

    fn is_ending(&self) -> bool {
        self.over || self.fall.as_ref().is_some_and(|fall| !matches!(fall.then, Then::Restart { .. }))
    }
    /// The child, if this very life of it is under way.
    fn living(&mut self, id: &K, incarnation: u64) -> Result<&mut Child<K>, Ignored> {
        let child = self.children.get_mut(id).ok_or(Ignored::Unknown)?;
        let current = child.incarnation;
        if child.is_alive() && current == incarnation { Ok(child) } else { Err(Ignored::Stale { incarnation, current }) }
    }

    fn add(&mut self, spec: ChildSpec<K>, turn: &mut Turn<'_, K>) -> Result<(), Ignored> {
        if self.is_ending() {
            return Err(Ignored::Ending);
        }
        if self.children.contains_key(&spec.id) {
            return Err(Ignored::Present);
        }
        let (id, position) = (spec.id.clone(), self.next_position);
        self.next_position += 1;
        self.order.insert(position, id.clone());
        self.children.insert(id.clone(), Child::new(spec, position));
        // While a group is restarted, the last child starts with it: it may depend on those before it.
        if self.fall.is_none() {
            self.start(&id, turn);
        }
        Ok(())
    }
    fn start(&mut self, id: &K, turn: &mut Turn<'_, K>) {
        let Some(child) = self.children.get_mut(id) else { return };
        child.begin(self.next_incarnation);
        self.next_incarnation += 1;
        turn.effects.push(Effect::Start { id: id.clone(), incarnation: child.incarnation });
    }

    fn exited(&mut self, id: &K, reason: &Exit, turn: &mut Turn<'_, K>) {
        let Some(child) = self.children.get_mut(id) else { return };
        if let Phase::Stopping { after } = child.phase {
            self.due.clear(id);
            self.stopping -= 1;
            return self.stopped(id, after);
        }
        let is_wanted = child.spec.restart.after(reason) && !self.is_ending();
        let falls = self.fall.as_ref().map(|fall| fall.from);
        let Some(child) = self.children.get_mut(id).filter(|_| is_wanted) else { return self.stopped(id, After::Rest) };
        if falls.is_some_and(|from| child.position >= from) {
            child.phase = Phase::BackingOff; // it was about to be stopped and started again anyway
        } else {
            self.failed(id, reason, turn);
        }
    }
    /// A child failed by itself and wants a restart: grant it, or give up.
    fn failed(&mut self, id: &K, reason: &Exit, turn: &mut Turn<'_, K>) {
        let Some(child) = self.children.get_mut(id) else { return };
        if matches!(reason, Exit::OnPurpose(_)) {
            child.phase = Phase::BackingOff;
            let position = child.position;
            return match self.strategy {
                Strategy::OneForOne => self.start(id, turn),
                Strategy::OneForAll => self.restart_from(0, turn.now, 0),
                Strategy::RestForOne => self.restart_from(position, turn.now, 0),
            };
        }
        if let Some(Intensity { restarts, period, .. }) = child.spec.limit.filter(|limit| !child.bears_another(limit, turn.now)) {
            child.phase = Phase::Stopped;
            let reason =
                format!("{reason}; it is not restarted, since its limit of {restarts} restarts in {period:?} is reached");
            turn.effects.push(Effect::GiveUp { id: id.clone(), reason });
            return;
        }
        let Intensity { restarts, period, .. } = self.intensity;
        if !self.window.grant(restarts, period, turn.now) {
            child.phase = Phase::Stopped;
            let reason = format!(
                "child {id:?} {reason}; it is not restarted, since the limit of {restarts} restarts in {period:?} is reached"
            );
            return self.end(Then::Escalate { child: id.clone(), reason });
        }
        let at = turn.now + child.delay(&self.intensity, turn.now, turn.rng);
        child.phase = Phase::BackingOff;
        let position = child.position;
        match self.strategy {
            Strategy::OneForOne if at <= turn.now => self.restart_alone(id, turn),
            Strategy::OneForOne => self.due.set(id.clone(), at),
            Strategy::OneForAll => self.restart_from(0, at, 1),
            Strategy::RestForOne => self.restart_from(position, at, 1),
        }
    }
    fn restart_alone(&mut self, id: &K, turn: &mut Turn<'_, K>) {
        self.window.begin(1, turn.now);
        self.start(id, turn);
    }
    /// Stops and starts again all from a position on, together with those that are being restarted already; `counted` failures caused it.
    fn restart_from(&mut self, position: u64, not_before: Time, counted: u32) {
        match &mut self.fall {
            Some(Fall { from, then: Then::Restart { at, failures }, .. }) => {
                (*from, *at, *failures) = ((*from).min(position), (*at).max(not_before), failures.saturating_add(counted));
            }
            _ => {
                let then = Then::Restart { at: not_before, failures: counted };
                self.fall = Some(Fall { from: position, below: u64::MAX, then });
            }
        }
    }
    /// Stops all for good. The first reason to end stands.
    fn end(&mut self, then: Then<K>) {
        self.fall = Some(Fall { from: 0, below: u64::MAX, then });
    }

    fn stop_child(&mut self, id: &K, after: After, turn: &mut Turn<'_, K>) -> Result<(), Ignored> {
        let child = self.children.get_mut(id).ok_or(Ignored::Unknown)?;
        match &mut child.phase {
            Phase::Starting | Phase::Running { .. } => self.tell_to_stop(id, after, turn),
            Phase::Stopping { after: planned } if *planned != After::Forget => *planned = after,
            Phase::Stopping { .. } => {}
            Phase::BackingOff | Phase::Stopped => self.stopped(id, after),
        }
        Ok(())
    }
    fn tell_to_stop(&mut self, id: &K, after: After, turn: &mut Turn<'_, K>) {
        let Some(child) = self.children.get_mut(id) else { return };
        let (incarnation, grace) = (child.incarnation, child.spec.grace);
        if grace.is_zero() {
            return self.kill(id, after, turn);
        }
        child.phase = Phase::Stopping { after };
        self.stopping += 1;
        self.due.set(id.clone(), turn.now + grace);
        turn.effects.push(Effect::Stop { id: id.clone(), incarnation });
    }
    fn kill(&mut self, id: &K, after: After, turn: &mut Turn<'_, K>) {
        let Some(child) = self.children.get_mut(id) else { return };
        child.last = Some(Exit::Killed);
        turn.effects.push(Effect::Kill { id: id.clone(), incarnation: child.incarnation });
        self.stopped(id, after);
    }
    /// No life of the child is under way any more.
    fn stopped(&mut self, id: &K, after: After) {
        let Some(child) = self.children.get_mut(id) else { return };
        if child.phase == Phase::BackingOff && self.strategy == Strategy::OneForOne {
            self.due.clear(id);
            self.window.give_back(1);
        }
        if after == After::Forget || child.spec.restart == Restart::Temporary {
            self.order.remove(&child.position);
            self.children.remove(id);
        } else {
            child.phase = if after == After::Revive { Phase::BackingOff } else { Phase::Stopped };
        }
    }

    fn wake(&mut self, turn: &mut Turn<'_, K>) {
        while let Some(id) = self.due.pop(turn.now) {
            match self.children.get(&id).map(|child| child.phase) {
                Some(Phase::Stopping { after }) => {
                    self.stopping -= 1;
                    self.kill(&id, after, turn);
                }
                Some(Phase::BackingOff) => self.restart_alone(&id, turn),
                _ => {}
            }
        }
    }

    /// Carries the fall on as far as it goes now.
    fn advance(&mut self, turn: &mut Turn<'_, K>) {
        while let Some(fall) = &mut self.fall {
            let told = if self.stopping > 0 && self.strategy != Strategy::OneForOne {
                None
            } else {
                self.order.range(fall.from..fall.below).next_back().map(|(at, id)| (*at, id.clone()))
            };
            if let Some((position, id)) = told {
                fall.below = position;
                let after = if matches!(fall.then, Then::Restart { .. }) { After::Revive } else { After::Rest };
                self.topple(&id, after, turn);
            } else if self.stopping > 0 || matches!(fall.then, Then::Restart { at, .. } if turn.now < at) {
                return;
            } else if let Some(fall) = self.fall.take() {
                self.fallen(fall, turn);
            }
        }
    }
    /// The fall has come to this child.
    fn topple(&mut self, id: &K, after: After, turn: &mut Turn<'_, K>) {
        match self.children.get(id).map(|child| child.phase) {
            Some(Phase::Starting | Phase::Running { .. }) => self.tell_to_stop(id, after, turn),
            Some(Phase::BackingOff) if after == After::Rest => self.stopped(id, After::Rest),
            _ => {}
        }
    }
    /// All that had to stop have stopped.
    fn fallen(&mut self, fall: Fall<K>, turn: &mut Turn<'_, K>) {
        match fall.then {
            Then::Restart { failures, .. } => self.rise(fall.from, failures, turn),
            Then::Escalate { child, reason } => {
                self.over = true;
                turn.effects.push(Effect::Escalate { child, reason });
            }
            Then::Done => {
                self.over = true;
                turn.effects.push(Effect::Done);
            }
        }
    }
    /// Starts again, in order, those of the group that were alive.
    fn rise(&mut self, from: u64, failures: u32, turn: &mut Turn<'_, K>) {
        let backs_off = |id: &&K| self.children.get(*id).is_some_and(|child| child.phase == Phase::BackingOff);
        let group: Vec<K> = self.order.range(from..).map(|(_, id)| id).filter(backs_off).cloned().collect();
        if group.is_empty() {
            return self.window.give_back(failures);
        }
        self.window.begin(failures, turn.now);
        for id in &group {
            self.start(id, turn);
        }
    }
}
