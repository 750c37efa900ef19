//! Any failures in any order: what must never happen, and what must happen sometimes.

use super::*;
use polity_protocols::Rng;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy as _, TestCaseError, any, prop, prop_assert, prop_assert_eq, prop_oneof};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

/// What the world does next; a child is named by its number.
#[derive(Clone, Debug)]
enum Act {
    Crash(u32),
    Up(u32),
    End(u32),
    StopChild(u32),
    Stop,
    /// Wakes it when it asked for it.
    Sleep,
    /// A late voice of the life before.
    Late(u32),
}
fn act() -> impl proptest::strategy::Strategy<Value = Act> {
    let child = || 0..6u32;
    prop_oneof![
        6 => child().prop_map(Act::Crash),
        4 => child().prop_map(Act::Up),
        1 => child().prop_map(Act::End),
        1 => prop::bool::weighted(0.2).prop_map(|yes| if yes { Act::Stop } else { Act::Sleep }),
        1 => child().prop_map(Act::StopChild),
        1 => child().prop_map(Act::Late),
        6 => Just(Act::Sleep),
    ]
}

/// What an outsider sees of a supervisor.
#[derive(Default)]
struct Watch {
    /// Lives under way: by child, the incarnation.
    alive: BTreeMap<u32, u64>,
    /// Alive, told to stop.
    told: BTreeMap<u32, u64>,
    /// Stopped on their own, so in no order.
    singled_out: BTreeSet<u32>,
    starts: BTreeMap<u64, (u32, Time)>,
    killed: u32,
    last: Option<Effect<u32>>,
}
impl Watch {
    fn see(&mut self, effects: &[Effect<u32>], now: Time, strategy: Strategy) -> Result<(), TestCaseError> {
        let stops: Vec<u32> =
            effects.iter().filter_map(|e| if let Effect::Stop { id, .. } = e { Some(*id) } else { None }).collect();
        prop_assert!(stops.is_sorted_by(|a, b| a > b), "stopped out of order: {stops:?}");
        for effect in effects {
            prop_assert!(self.last.is_none(), "{effect:?} came after the end");
            match *effect {
                Effect::Start { id, incarnation } => {
                    prop_assert!(
                        self.starts.keys().last().is_none_or(|newest| *newest < incarnation),
                        "incarnation {incarnation} is not new"
                    );
                    prop_assert!(self.alive.insert(id, incarnation).is_none(), "child {id} was started twice");
                    self.starts.insert(incarnation, (id, now));
                }
                Effect::Stop { id, incarnation } => {
                    prop_assert_eq!(self.alive.get(&id), Some(&incarnation));
                    if strategy != Strategy::OneForOne {
                        let later: Vec<_> = self.told.keys().filter(|other| !self.singled_out.contains(other)).collect();
                        prop_assert!(
                            later.is_empty() || self.singled_out.contains(&id),
                            "child {id} was told to stop before {later:?} had ended"
                        );
                    }
                    self.told.insert(id, incarnation);
                }
                Effect::Kill { id, incarnation } => {
                    prop_assert_eq!(self.alive.remove(&id), Some(incarnation));
                    self.told.remove(&id);
                    self.killed += 1;
                }
                Effect::GiveUp { id, .. } => prop_assert!(false, "child {id} has no limit of its own"),
                Effect::Escalate { .. } | Effect::Done => {
                    prop_assert!(self.alive.is_empty(), "it ended while children live");
                    self.last = Some(effect.clone());
                }
            }
        }
        Ok(())
    }
    /// The most restarts (starts but for each child's first) that began in any window of one period.
    fn most_in_a_window(&self, period: Duration) -> usize {
        let mut first = BTreeSet::new();
        let times: Vec<Time> = self.starts.values().filter(|(id, _)| !first.insert(*id)).map(|(_, at)| *at).collect();
        (0..times.len()).map(|i| times[i..].iter().take_while(|at| **at - times[i] < period).count()).max().unwrap_or(0)
    }
}

/// A life of a supervisor of six permanent children.
struct Life {
    supervision: Supervision<u32>,
    rng: Rng,
    now: Time,
    watch: Watch,
    strategy: Strategy,
}
impl Life {
    fn new(strategy: Strategy, intensity: Intensity) -> Result<Life, TestCaseError> {
        let supervision = Supervision::new(strategy, intensity);
        let mut life = Life { supervision, rng: Rng::new(3, "storm"), now: Time::ZERO, watch: Watch::default(), strategy };
        for id in 0..6 {
            life.give(Input::Add(ChildSpec::permanent(id)))?;
        }
        prop_assert!(life.watch.starts.values().map(|(id, _)| *id).eq(0..6), "not started in order");
        Ok(life)
    }
    fn give(&mut self, input: Input<u32>) -> Result<bool, TestCaseError> {
        let mut effects = Vec::new();
        let is_taken = self.supervision.take(input.clone(), self.now, &mut self.rng, &mut effects).is_ok();
        if let (Input::Exited { id, incarnation, .. }, true) = (&input, is_taken) {
            prop_assert_eq!(self.watch.alive.remove(id), Some(*incarnation), "a late voice was heard");
            self.watch.told.remove(id);
        }
        prop_assert!(is_taken || effects.is_empty());
        self.watch.see(&effects, self.now, self.strategy)?;
        Ok(is_taken)
    }
    fn act(&mut self, act: &Act) -> Result<(), TestCaseError> {
        let life_of = |id: u32| self.supervision.child(&id).map_or(0, |child| child.incarnation);
        let exit = |id: u32, reason| Input::Exited { id, incarnation: life_of(id), reason };
        let input = match *act {
            Act::Crash(id) => exit(id, panic()),
            Act::End(id) => exit(id, Exit::Normal),
            Act::Up(id) => Input::Started { id, incarnation: life_of(id) },
            Act::Late(id) => Input::Exited { id, incarnation: life_of(id).wrapping_sub(1), reason: panic() },
            Act::StopChild(id) => {
                self.watch.singled_out.insert(id);
                Input::StopChild(id)
            }
            Act::Stop => Input::Stop,
            Act::Sleep => {
                self.now = self.supervision.next_wake().map_or(self.now, |due| self.now.max(due));
                Input::Wake
            }
        };
        self.give(input)?;
        Ok(())
    }
    /// Nothing more goes wrong: told children stop, and it is woken as it asks.
    fn calm_down(&mut self) -> Result<(), TestCaseError> {
        for _ in 0..100 {
            for (id, incarnation) in self.watch.told.clone() {
                self.give(Input::Exited { id, incarnation, reason: Exit::Normal })?;
            }
            match self.supervision.next_wake() {
                Some(_) => self.act(&Act::Sleep)?,
                None => return Ok(()),
            }
        }
        prop_assert!(false, "it never comes to rest");
        Ok(())
    }
}

#[test]
fn never_breaks_its_word_and_sometimes_does_each_thing() {
    let names = ["escalated", "done", "exactly the intensity", "killed", "restarted and calm", "delayed"];
    let seen: Vec<Cell<u32>> = names.iter().map(|_| Cell::new(0)).collect();
    let config = Config { failure_persistence: None, ..Config::with_cases(1_500) };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let strategy = prop_oneof![Just(Strategy::OneForOne), Just(Strategy::OneForAll), Just(Strategy::RestForOne)];
    let storm = (strategy, 0..5u32, 1..20u64, any::<bool>(), vec((act(), 0..3_000u64), 0..60));
    runner
        .run(&storm, |(strategy, restarts, seconds, is_stopped, acts)| {
            let intensity = Intensity::new(restarts, Duration::from_secs(seconds));
            let mut life = Life::new(strategy, intensity)?;
            let (mut crashed, mut delayed) = (false, false);
            for (act, millis) in &acts {
                life.now = life.now + Duration::from_millis(*millis);
                life.act(act)?;
                crashed |= matches!(act, Act::Crash(_));
                delayed |= life.supervision.children().any(|(_, child)| child.state == ChildState::BackingOff);
            }
            if is_stopped {
                life.give(Input::Stop)?;
            }
            life.calm_down()?;
            let most = life.watch.most_in_a_window(intensity.period);
            if strategy == Strategy::OneForOne {
                prop_assert!(most <= restarts as usize, "{most} restarts in {:?}, allowed are {restarts}", intensity.period);
            }
            let escalated = matches!(life.watch.last, Some(Effect::Escalate { .. }));
            prop_assert!(!is_stopped || life.supervision.is_over(), "a stopped supervisor ends");
            prop_assert_eq!(life.supervision.is_over(), life.watch.last.is_some());
            for (id, child) in life.supervision.children() {
                prop_assert!(
                    matches!(child.state, ChildState::Starting | ChildState::Running | ChildState::Stopped),
                    "child {id} was left {}, neither restarted nor given up",
                    child.state
                );
                let was_stopped = acts.iter().any(|(act, _)| matches!(act, Act::StopChild(other) if other == id));
                prop_assert!(
                    child.state != ChildState::Stopped || was_stopped || life.supervision.is_over(),
                    "child {id} stays down, but nobody asked for it"
                );
                prop_assert_eq!(life.watch.alive.contains_key(id), child.state != ChildState::Stopped);
            }
            let facts = [
                escalated,
                life.watch.last == Some(Effect::Done),
                strategy == Strategy::OneForOne && restarts > 1 && most == restarts as usize,
                life.watch.killed > 0,
                crashed && most > 0 && !life.supervision.is_over(),
                delayed,
            ];
            seen.iter().zip(facts).for_each(|(count, fact)| count.set(count.get() + u32::from(fact)));
            Ok(())
        })
        .unwrap();
    for (name, count) in names.iter().zip(&seen) {
        assert!(count.get() > 0, "in no life: {name}; the storm is too tame to show anything");
    }
}

proptest::proptest! {
    /// The delay before a restart is bounded, whatever is configured.
    #[test]
    fn delays_lie_between_zero_and_the_cap(initial in 0..100_000u64, cap in 0..100_000u64, earlier in any::<u32>(), unit in 0.0..1.0f64) {
        let backoff = Backoff { initial: Duration::from_millis(initial), cap: Duration::from_millis(cap) };
        prop_assert!(backoff.delay(earlier, unit) <= backoff.cap);
        prop_assert_eq!(backoff.delay(0, unit), Duration::ZERO);
        prop_assert!(backoff.delay(earlier, unit) <= backoff.delay(earlier.saturating_add(1), unit), "delays don't shrink");
    }
}

/// Twenty thousand children, each restarted once and nobody else with it. (Not timed; a scan per restart would be felt.)
#[test]
fn many_children_are_no_burden() {
    let intensity = Intensity::new(u32::MAX, Duration::from_secs(60));
    let (mut supervision, mut rng, mut effects) =
        (Supervision::new(Strategy::OneForOne, intensity), Rng::new(1, "many"), Vec::new());
    for id in 0..20_000u32 {
        supervision.take(Input::Add(ChildSpec::permanent(id)), Time::ZERO, &mut rng, &mut effects).unwrap();
    }
    for id in 0..20_000u32 {
        let incarnation = supervision.child(&id).unwrap().incarnation;
        let crash = Input::Exited { id, incarnation, reason: panic() };
        supervision.take(crash, Time::ZERO, &mut rng, &mut effects).unwrap();
    }
    assert_eq!(effects.len(), 40_000);
    assert!(supervision.children().all(|(_, child)| child.restarts == 1));
}
