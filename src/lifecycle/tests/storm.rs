//! Any inputs in any order: what must never happen, and what must happen sometimes.

use super::*;
use polity_protocols::Rng;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::cell::Cell;
use std::collections::BTreeMap;

/// What the world does next. `late` speaks of an earlier launch.
#[derive(Clone, Debug)]
enum Act {
    Announce,
    Award(u32),
    Decline,
    Refuse {
        late: bool,
    },
    Start {
        late: bool,
    },
    Beat {
        late: bool,
    },
    Succeed {
        late: bool,
    },
    Fail {
        late: bool,
    },
    Lose {
        late: bool,
    },
    GiveUp,
    Pause,
    Resume,
    /// Its retry waits until this second.
    Postpone(u64),
    Cancel,
    /// Wakes it when it asked for it.
    Sleep,
    /// Wakes it out of turn.
    Jolt,
}

fn act() -> impl Strategy<Value = Act> {
    let late = || prop::bool::weighted(0.1);
    prop_oneof![
        4 => Just(Act::Announce),
        14 => (0..4u32).prop_map(Act::Award),
        1 => Just(Act::Decline),
        1 => late().prop_map(|late| Act::Refuse { late }),
        14 => late().prop_map(|late| Act::Start { late }),
        2 => late().prop_map(|late| Act::Beat { late }),
        1 => late().prop_map(|late| Act::Succeed { late }),
        3 => late().prop_map(|late| Act::Fail { late }),
        9 => late().prop_map(|late| Act::Lose { late }),
        1 => prop::bool::weighted(0.2).prop_map(|yes| if yes { Act::Cancel } else { Act::Jolt }),
        1 => Just(Act::GiveUp),
        1 => Just(Act::Pause),
        2 => Just(Act::Resume),
        2 => (0u64..90).prop_map(Act::Postpone),
        6 => Just(Act::Sleep),
        1 => Just(Act::Jolt),
    ]
}
fn limit() -> impl Strategy<Value = Option<Duration>> {
    prop::option::of((1..60u64).prop_map(Duration::from_secs))
}
fn any_policy() -> impl Strategy<Value = Policy> {
    let timeouts = (limit(), limit(), prop::option::weighted(0.3, (30..300u64).prop_map(Duration::from_secs)), limit())
        .prop_map(|(queue, attempt, total, heartbeat)| Timeouts { queue, attempt, total, heartbeat });
    let retry =
        (0..5u32, 0..5_000u64, 1.0..3.0f64, 1..20_000u64, any::<bool>()).prop_map(|(attempts, initial, factor, max, full)| {
            RetryPolicy {
                attempts,
                initial: Duration::from_millis(initial),
                factor,
                max: Duration::from_millis(max),
                jitter: if full { Jitter::Full } else { Jitter::None },
                ..RetryPolicy::default()
            }
        });
    (prop::option::weighted(0.9, retry), timeouts).prop_map(|(retry, timeouts)| Policy { retry, timeouts })
}

/// What an outsider sees of a life.
#[derive(Default)]
struct Watch {
    announced: bool,
    awarded: BTreeMap<u32, AgentId>,
    outcomes: usize,
    settled: Option<Settled>,
    lost_executing: u32,
    postponed: u32,
    retries: u32,
    attempts: Vec<u32>,
    stale: u32,
    paused: bool,
    resumed: bool,
}

impl Watch {
    /// Checks each effect as it comes.
    fn see(&mut self, effects: &[Effect], policy: &Policy, now: Time) -> Result<(), TestCaseError> {
        for effect in effects {
            prop_assert!(self.settled.is_none(), "{effect:?} came after the life was settled");
            match effect {
                Effect::Announce { attempt, avoid } => {
                    prop_assert!(!self.announced, "announced twice");
                    self.announced = true;
                    prop_assert!(avoid.len() <= MAX_AVOIDED + 1);
                    self.attempts.push(*attempt);
                }
                Effect::Withdraw => prop_assert!(std::mem::take(&mut self.announced), "withdrawn, but not announced"),
                Effect::Execute { agent, launch, .. } => {
                    prop_assert!(std::mem::take(&mut self.announced), "executed, but not announced");
                    prop_assert!(self.awarded.insert(*launch, *agent).is_none(), "launch {launch} came twice");
                }
                Effect::CancelJob { agent, launch } => prop_assert_eq!(self.awarded.get(launch), Some(agent)),
                Effect::Outcome { agent, .. } => {
                    self.outcomes += 1;
                    prop_assert_eq!(self.outcomes, self.awarded.len(), "an award has not exactly one outcome");
                    prop_assert_eq!(self.awarded.values().last(), Some(agent), "the outcome is another's");
                }
                Effect::Retry { at, .. } => {
                    self.retries += 1;
                    let cap = policy.retry.as_ref().map(|r| r.max).unwrap_or_default();
                    prop_assert!(*at >= now && *at - now <= cap, "a delay of {:?} is outside 0..={cap:?}", *at - now);
                }
                Effect::Settle(how) => {
                    prop_assert_eq!(self.outcomes, self.awarded.len(), "settled with an award that had no outcome");
                    self.settled = Some(how.clone());
                }
            }
        }
        Ok(())
    }
    fn ended(&self, kind: FailureKind) -> bool {
        matches!(&self.settled, Some(Settled::Failed(failure)) if failure.kind == kind)
    }
}

fn input(act: &Act, current: u32) -> Input {
    let of = |late: bool| if late { current.wrapping_sub(1) } else { current };
    match *act {
        Act::Announce => Input::Announce,
        Act::Award(agent) => Input::Awarded { agent: AgentId(agent) },
        Act::Decline => Input::Declined(Failure::new(FailureKind::Unassigned, "nobody")),
        Act::Refuse { late } => Input::Refused { launch: of(late) },
        Act::Start { late } => Input::Started { launch: of(late) },
        Act::Beat { late } => Input::Beat { launch: of(late) },
        Act::Succeed { late } => Input::Finished { launch: of(late), result: Ok(()) },
        Act::Fail { late } => Input::Finished { launch: of(late), result: Err(boom()) },
        Act::Lose { late } => Input::AgentLost { launch: of(late), suspect: true },
        Act::GiveUp => Input::GiveUp(Failure::error("given up")),
        Act::Pause => Input::Pause,
        Act::Resume => Input::Resume,
        Act::Postpone(second) => Input::Postpone { until: secs(second) },
        Act::Cancel => Input::Cancel,
        Act::Sleep | Act::Jolt => Input::Wake,
    }
}

/// Lives one life to its end: cancelled, if nothing else has settled it.
fn live(policy: &Policy, acts: &[(Act, u64)]) -> Result<Watch, TestCaseError> {
    let (mut rng, mut effects, mut now) = (Rng::new(3, "storm"), Vec::new(), Time::ZERO);
    let (mut life, mut watch) = (Lifecycle::new(Some(Arc::new(policy.clone()))), Watch::default());
    for (act, millis) in acts.iter().chain([&(Act::Cancel, 0)]) {
        now = now + Duration::from_millis(*millis);
        if let (Act::Sleep, Some(due)) = (act, life.next_wake()) {
            now = now.max(due);
        }
        let (before, input) = (life.clone(), input(act, life.launch()));
        effects.clear();
        match life.take(input.clone(), now, &mut rng, &mut effects) {
            Err(ignored) => {
                prop_assert_eq!(&life, &before, "an ignored input changed something");
                prop_assert!(effects.is_empty());
                watch.stale += u32::from(matches!(ignored, Ignored::Stale { .. }));
            }
            Ok(()) => {
                if let Input::Postpone { until } = input {
                    watch.postponed += 1;
                    prop_assert!(effects.is_empty() && life.attempt() == before.attempt());
                    prop_assert!(life.next_wake() <= Some(until), "it waits longer than it was told to");
                }
                if let Some(launch) = input.launch() {
                    prop_assert_eq!(launch, before.launch(), "a late voice was heard");
                }
                watch.lost_executing += u32::from(before.state() == State::Executing && matches!(input, Input::AgentLost { .. }));
            }
        }
        // An accepted decline closes the announcement.
        watch.announced &= !matches!(input, Input::Declined(_)) || effects.is_empty();
        watch.see(&effects, policy, now)?;
        prop_assert_eq!(life.state().is_settled(), watch.settled.is_some());
        prop_assert_eq!(
            watch.ended(FailureKind::Poison),
            watch.lost_executing >= u32::from(POISON_AFTER),
            "poison is three, no more, no less"
        );
        let max = policy.retry.as_ref().map_or(1, |r| if r.attempts == 0 { u32::MAX } else { r.attempts });
        prop_assert!(life.attempt() <= max, "attempt {} of {max}", life.attempt());
        let paused = life.state() == State::Paused;
        prop_assert!(!paused || !watch.announced, "paused, and still announced");
        if !paused && !life.state().is_settled() {
            prop_assert_eq!(life.attempt(), *watch.attempts.last().unwrap_or(&1));
        }
        watch.paused |= paused;
        watch.resumed |= before.state() == State::Paused && life.state() == State::Announced;
        if let (Act::Sleep, Some(_)) = (act, before.next_wake()) {
            let held = life.state() == State::Paused;
            prop_assert!(held || !effects.is_empty(), "a clock that it asked for went off, and nothing happened");
        }
    }
    prop_assert!(watch.settled.is_some(), "a cancelled life is not settled");
    prop_assert_eq!(life.next_wake(), None);
    Ok(watch)
}

#[test]
fn never_breaks_its_word_and_sometimes_does_each_thing() {
    let counts = [
        "completed",
        "failed",
        "cancelled",
        "timeout",
        "poison",
        "last attempt",
        "retried",
        "given up",
        "stale",
        "lost, then done",
        "paused",
        "resumed, then done",
        "postponed, then done",
    ];
    let seen: Vec<Cell<u32>> = counts.iter().map(|_| Cell::new(0)).collect();
    let config = Config { failure_persistence: None, ..Config::with_cases(1_000) };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    runner
        .run(&(any_policy(), vec((act(), 0..4_000u64), 0..60)), |(policy, acts)| {
            let watch = live(&policy, &acts)?;
            let max = policy.retry.as_ref().map_or(1, |r| r.attempts);
            let facts = [
                watch.settled == Some(Settled::Completed),
                matches!(watch.settled, Some(Settled::Failed(_))),
                watch.settled == Some(Settled::Cancelled),
                watch.ended(FailureKind::Timeout),
                watch.ended(FailureKind::Poison),
                max > 1 && watch.attempts.last() == Some(&max),
                watch.retries > 0,
                matches!(&watch.settled, Some(Settled::Failed(failure)) if failure.message == "given up"),
                watch.stale > 0,
                watch.lost_executing > 0 && watch.settled == Some(Settled::Completed),
                watch.paused,
                watch.resumed && watch.settled == Some(Settled::Completed),
                watch.postponed > 0 && watch.settled == Some(Settled::Completed),
            ];
            seen.iter().zip(facts).for_each(|(count, fact)| count.set(count.get() + u32::from(fact)));
            Ok(())
        })
        .unwrap();
    for (name, count) in counts.iter().zip(&seen) {
        assert!(count.get() > 0, "in no life: {name}; the storm is too tame to show anything");
    }
}

proptest! {
    /// Whatever happened before, one cancel settles it.
    #[test]
    fn cancel_always_settles(policy in any_policy(), acts in vec((act(), 0..4_000u64), 0..40)) {
        let watch = live(&policy, &acts)?;
        prop_assert!(watch.settled.is_some());
    }

    /// With a clock for each wait, a life ends by its own wakes alone.
    #[test]
    fn a_life_with_clocks_ends_without_help(mut policy in any_policy(), acts in vec((act(), 0..4_000u64), 0..20)) {
        policy.timeouts.total = Some(lasting(100));
        let (mut rng, mut effects, mut now) = (Rng::new(5, "alone"), Vec::new(), Time::ZERO);
        let mut life = Lifecycle::new(Some(Arc::new(policy)));
        for (act, millis) in std::iter::once(&(Act::Announce, 0)).chain(&acts) {
            now = now + Duration::from_millis(*millis);
            let _ = life.take(input(act, life.launch()), now, &mut rng, &mut effects);
        }
        let _ = life.take(Input::Resume, now, &mut rng, &mut effects); // a pause has no clock
        for _ in 0..100 {
            let Some(due) = life.next_wake() else { break };
            now = now.max(due);
            prop_assert_eq!(life.take(Input::Wake, now, &mut rng, &mut effects), Ok(()));
        }
        prop_assert!(life.state().is_settled(), "it still is {} at {now:?}", life.state());
    }
}
