//! A breaker against a naive model, which remembers everything and computes nothing in advance.

use crate::supervision::{Breaker, Breaking, Circuit, Sign};
use core::time::Duration;
use polity_protocols::{TaskId, Time};
use proptest::prelude::*;

/// What can be done to an agent; outcomes are of the oldest task that it has (or of one that it never had).
#[derive(Clone, Copy, Debug)]
enum Act {
    Give,
    End { well: bool, latest: bool },
    Drop,
    Stranger { well: bool },
    Wait(u64),
}

/// All that was ever done, as it was done.
#[derive(Default)]
struct Naive {
    state: Option<Circuit>,
    /// Outcomes since it was last closed: true is a failure.
    outcomes: Vec<bool>,
    opened: u64,
    /// Probes: task, when, and how they ended.
    probes: Vec<(TaskId, u64, Option<bool>)>,
}
impl Naive {
    fn state(&self) -> Circuit {
        self.state.unwrap_or(Circuit::Closed)
    }
    fn passes_over(&self, set: &Breaking, now: u64) -> bool {
        let good = self.probes.iter().filter(|(.., end)| *end == Some(true)).count();
        let timeout = set.probe_timeout.as_secs();
        let young = self.probes.iter().filter(|(_, given, end)| end.is_none() && now < given + timeout).count();
        match self.state() {
            Circuit::Closed => false,
            Circuit::Open => true,
            Circuit::HalfOpen => good + young >= set.probes as usize,
        }
    }
    fn take(&mut self, sign: Sign, set: &Breaking, now: u64) {
        match (self.state(), sign) {
            (Circuit::Closed, Sign::Succeeded(_)) => self.outcomes.push(false),
            (Circuit::Closed, Sign::Failed(_)) => {
                self.outcomes.push(true);
                let from = self.outcomes.len().saturating_sub(set.window as usize);
                let last = &self.outcomes[from..];
                let failures = last.iter().filter(|failed| **failed).count();
                if last.len() >= set.least as usize && failures as f64 >= set.failures * last.len() as f64 {
                    self.open(now);
                }
            }
            (Circuit::Open, Sign::Wake) if now >= self.opened + set.open.as_secs() => {
                self.state = Some(Circuit::HalfOpen);
                self.probes.clear();
            }
            (Circuit::HalfOpen, Sign::Given(task)) if !self.passes_over(set, now) => self.probes.push((task, now, None)),
            (Circuit::HalfOpen, Sign::Dropped(task)) => self.probes.retain(|(t, _, end)| *t != task || end.is_some()),
            (Circuit::HalfOpen, Sign::Succeeded(task)) => {
                self.probes.iter_mut().filter(|(t, ..)| *t == task).for_each(|(.., end)| *end = Some(true));
                let good = self.probes.iter().filter(|(.., end)| *end == Some(true)).count();
                if good >= set.probes as usize {
                    *self = Naive::default();
                }
            }
            (Circuit::HalfOpen, Sign::Failed(task)) if self.probes.iter().any(|(t, ..)| *t == task) => self.open(now),
            _ => {}
        }
    }
    fn open(&mut self, now: u64) {
        (self.state, self.opened) = (Some(Circuit::Open), now);
    }
}

fn settings() -> impl Strategy<Value = Breaking> {
    (1u32..=10, 1u32..=128, 0.0..1.0f64, 1u64..40, 1u32..5, 1u64..40).prop_map(|(share, window, least, open, probes, timeout)| {
        Breaking {
            failures: f64::from(share) / 10.0,
            window,
            least: 1 + (f64::from(window - 1) * least) as u32,
            open: Duration::from_secs(open),
            probes,
            probe_timeout: Duration::from_secs(timeout),
        }
    })
}
fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => Just(Act::Give),
        6 => (any::<bool>(), any::<bool>()).prop_map(|(well, latest)| Act::End { well, latest }),
        1 => Just(Act::Drop),
        1 => any::<bool>().prop_map(|well| Act::Stranger { well }),
        2 => (0u64..30).prop_map(Act::Wait),
    ]
}
fn secs(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}

/// Plays one life of both, and says which states were seen.
fn play(set: &Breaking, acts: &[Act]) -> Result<[u32; 3], TestCaseError> {
    let (mut breaker, mut naive, mut now, mut next) = (Breaker::default(), Naive::default(), 0, 0);
    let (mut held, mut seen): (Vec<TaskId>, [u32; 3]) = (Vec::new(), [0; 3]);
    for act in acts {
        let end = |task, well| if well { Sign::Succeeded(task) } else { Sign::Failed(task) };
        let sign = match *act {
            Act::Give => {
                held.push(TaskId::new(0, next));
                next += 1;
                Sign::Given(TaskId::new(0, next - 1))
            }
            Act::End { .. } | Act::Drop if held.is_empty() => continue,
            Act::End { well, latest } => end(held.remove(if latest { held.len() - 1 } else { 0 }), well),
            Act::Drop => Sign::Dropped(held.remove(0)),
            Act::Stranger { well } => end(TaskId::new(9, 9), well),
            Act::Wait(seconds) => {
                now += seconds;
                Sign::Wake
            }
        };
        let before = breaker.circuit();
        let change = breaker.take(sign, set, secs(now));
        naive.take(sign, set, now);
        prop_assert_eq!(breaker.circuit(), naive.state(), "after {:?} at {}", sign, now);
        prop_assert_eq!(change, (before != naive.state()).then_some(naive.state()));
        prop_assert_eq!(breaker.passes_over(set, secs(now)), naive.passes_over(set, now));
        prop_assert_eq!(breaker.next_wake().is_some(), breaker.circuit() == Circuit::Open);
        if let Some(circuit) = change {
            seen[circuit as usize] += 1;
        }
    }
    Ok(seen)
}

proptest! {
    #[test]
    fn it_is_what_the_naive_model_is(set in settings(), acts in prop::collection::vec(act(), 0..300)) {
        prop_assert_eq!(set.problem(), None);
        play(&set, &acts)?;
    }

    /// What ended well before the first failure counts, as if each had been told of.
    #[test]
    fn it_may_begin_with_a_good_past(set in settings(), good in 0u32..200) {
        let mut told = Breaker::default();
        for n in 0..good {
            prop_assert_eq!(told.take(Sign::Succeeded(TaskId::new(1, n)), &set, Time::ZERO), None);
        }
        prop_assert_eq!(&told, &Breaker::after(good));
    }
}

/// Each state is reached, from each that leads to it: else the comparison above would have compared nothing.
#[test]
fn every_state_is_seen() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut seen = [0; 3];
    for _ in 0..200 {
        let acts = prop::collection::vec(act(), 300).new_tree(&mut runner).unwrap().current();
        let set = settings().new_tree(&mut runner).unwrap().current();
        play(&set, &acts).unwrap().iter().zip(&mut seen).for_each(|(n, sum)| *sum += n);
    }
    assert!(seen.iter().all(|n| *n > 30), "{seen:?}");
}

#[test]
fn what_is_wrong_with_a_setting_is_said() {
    let usual = Breaking::default();
    for (set, word) in [
        (Breaking { failures: 0.0, ..usual }, "breaker.failures"),
        (Breaking { failures: f64::NAN, ..usual }, "breaker.failures"),
        (Breaking { window: 129, ..usual }, "breaker.window"),
        (Breaking { least: 0, ..usual }, "breaker.least"),
        (Breaking { probes: 0, ..usual }, "breaker.probes"),
        (Breaking { open: Duration::ZERO, ..usual }, "breaker.open"),
        (Breaking { probe_timeout: Duration::ZERO, ..usual }, "breaker.probe_timeout"),
    ] {
        assert!(set.problem().unwrap().starts_with(word), "{set:?}");
    }
    assert_eq!(usual.problem(), None);
}
