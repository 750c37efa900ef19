//! A child with a limit of its own is given up alone.

use super::super::{ChildSpec, ChildState, Effect, Exit, Input, Intensity, Strategy, Supervision};
use polity_protocols::{Rng, Time};
use std::time::Duration;

/// Lets child 0 of two fail every `gap`, until it is given up or has failed `times`; how often it had been started by then.
fn fail(gap: Duration, times: u32) -> (u32, bool) {
    let (mut rng, mut effects, mut now) = (Rng::new(5, "limits"), Vec::new(), Time::ZERO);
    let mut supervision = Supervision::new(Strategy::OneForOne, Intensity { restarts: 1_000, ..Intensity::AGENTS });
    for id in [0, 1] {
        let spec = ChildSpec::permanent(id).within(Intensity::AGENTS);
        supervision.take(Input::Add(spec), now, &mut rng, &mut effects).unwrap();
    }
    for _ in 0..times {
        while supervision.child(&0).is_some_and(|child| child.state == ChildState::BackingOff) {
            now = supervision.next_wake().unwrap().max(now);
            supervision.take(Input::Wake, now, &mut rng, &mut effects).unwrap();
        }
        now = now + gap;
        let incarnation = supervision.child(&0).unwrap().incarnation;
        let crash = Input::Exited { id: 0, incarnation, reason: Exit::Panic("boom".into()) };
        if supervision.take(crash, now, &mut rng, &mut effects).is_err() {
            break;
        }
    }
    assert_eq!(supervision.child(&1).unwrap().restarts, 0, "the neighbour is left alone");
    let given_up = effects.iter().filter(|effect| matches!(effect, Effect::GiveUp { id: 0, .. })).count();
    assert!(given_up <= 1, "it is said once");
    assert_eq!(given_up == 1, supervision.child(&0).unwrap().state == ChildState::Stopped);
    (supervision.child(&0).unwrap().restarts, given_up == 1)
}

#[test]
fn it_is_given_up_with_the_failure_beyond_its_limit_and_no_sooner() {
    assert_eq!(fail(Duration::from_millis(1), 100), (5, true));
    assert_eq!(fail(Duration::from_millis(1), 5), (4, false), "the fifth restart is granted");
    assert_eq!(fail(Duration::from_secs(20), 100), (99, false), "seldom enough to be borne for ever");
}
