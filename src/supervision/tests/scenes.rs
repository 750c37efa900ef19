//! Single supervisors whose every effect is known.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn one_for_one_restarts_the_failed_alone_under_a_new_incarnation() {
    let mut stage = Stage::with(Strategy::OneForOne, 5, &["a", "b"]);
    assert_eq!(stage.exit(1, "a", panic()), [start("a", 3)], "the first restart is immediate");
    let late = stage.try_give(secs(1), Input::Exited { id: "a", incarnation: 1, reason: panic() });
    assert_eq!(late, Err(Ignored::Stale { incarnation: 1, current: 3 }));
    assert_eq!(stage.state("b"), Some(ChildState::Running));
    assert_eq!(stage.supervision.child(&"a").unwrap().last, Some(&panic()));
    assert_eq!(stage.supervision.child(&"a").unwrap().restarts, 1);
}

#[test]
fn a_second_restart_waits_and_a_quiet_life_is_forgiven() {
    let mut stage = Stage::with(Strategy::OneForOne, 5, &["a"]);
    stage.exit(0, "a", panic());
    assert_eq!(stage.exit(0, "a", panic()), []);
    let due = stage.supervision.next_wake().unwrap();
    assert!(due > secs(0) && due <= secs(0) + Duration::from_millis(100), "{due:?}");
    assert_eq!(stage.try_give(due, Input::Wake), Ok(vec![start("a", 3)]));
    stage.up(1, "a");
    assert_eq!(stage.exit(61, "a", panic()), [start("a", 4)], "it ran for a whole period");
}

#[test]
fn one_for_all_stops_the_others_in_reverse_and_starts_all_in_order() {
    let mut stage = Stage::with(Strategy::OneForAll, 5, &["a", "b", "c"]);
    assert_eq!(stage.exit(1, "b", panic()), [stop("c", 3)]);
    assert_eq!(stage.exit(2, "c", Exit::Normal), [stop("a", 1)]);
    assert_eq!(stage.exit(3, "a", Exit::Normal), [start("a", 4), start("b", 5), start("c", 6)]);
}

#[test]
fn rest_for_one_leaves_the_earlier_alone_until_one_of_them_fails_too() {
    let mut stage = Stage::with(Strategy::RestForOne, 5, &["a", "b", "c"]);
    assert_eq!(stage.exit(1, "b", panic()), [stop("c", 3)]);
    assert_eq!(stage.exit(2, "c", Exit::Normal), [start("b", 4), start("c", 5)]);
    assert_eq!(stage.exit(3, "b", panic()), [stop("c", 5)]);
    assert_eq!(stage.exit(4, "a", panic()), [], "c is still stopping");
    assert_eq!(stage.exit(5, "c", Exit::Normal), [start("a", 6), start("b", 7), start("c", 8)]);
}

#[test]
fn a_child_added_during_a_group_restart_starts_with_the_group() {
    let mut stage = Stage::with(Strategy::OneForAll, 5, &["a", "b"]);
    stage.exit(1, "a", panic());
    assert_eq!(stage.give(1, Input::Add(ChildSpec::permanent("c"))), []);
    assert_eq!(stage.exit(2, "b", Exit::Normal), [start("a", 3), start("b", 4), start("c", 5)]);
    assert_eq!(stage.supervision.child(&"c").unwrap().restarts, 0);
}

#[test]
fn only_the_alive_of_a_group_are_started_again() {
    let mut stage = Stage::with(Strategy::OneForAll, 5, &["a", "b"]);
    stage.give(0, Input::Add(ChildSpec::transient("once")));
    stage.give(0, Input::Add(ChildSpec::temporary("brief")));
    stage.exit(1, "once", Exit::Normal);
    stage.give(1, Input::StopChild("b"));
    stage.exit(1, "b", Exit::Normal);
    assert_eq!(stage.exit(2, "a", panic()), [stop("brief", 4)]);
    assert_eq!(stage.exit(2, "brief", Exit::Normal), [start("a", 5)]);
    assert_eq!((stage.state("once"), stage.state("brief")), (Some(ChildState::Stopped), None));
}

#[test]
fn who_does_not_stop_within_its_grace_is_killed_and_counts_as_ended() {
    let mut stage = Stage::with(Strategy::OneForAll, 5, &["a"]);
    stage.give(0, Input::Add(ChildSpec::permanent("deaf").shutdown(3 * SECOND)));
    stage.give(0, Input::Add(ChildSpec::permanent("brutal").shutdown(Duration::ZERO)));
    assert_eq!(stage.exit(1, "a", panic()), [Effect::Kill { id: "brutal", incarnation: 3 }, stop("deaf", 2)]);
    assert_eq!(stage.supervision.next_wake(), Some(secs(4)));
    assert_eq!(stage.give(3, Input::Wake), []);
    let effects = stage.give(4, Input::Wake);
    assert_eq!(effects, [Effect::Kill { id: "deaf", incarnation: 2 }, start("a", 4), start("deaf", 5), start("brutal", 6)]);
    let late = stage.try_give(secs(5), Input::Exited { id: "deaf", incarnation: 2, reason: Exit::Normal });
    assert_eq!(late, Err(Ignored::Stale { incarnation: 2, current: 5 }));
    assert_eq!(stage.supervision.child(&"deaf").unwrap().last, Some(&Exit::Killed));
}

#[test]
fn above_its_intensity_it_stops_all_in_reverse_and_escalates() {
    let mut stage = Stage::with(Strategy::RestForOne, 1, &["a", "b", "c"]);
    stage.exit(1, "c", panic());
    assert_eq!(stage.exit(2, "c", Exit::Failed("disk full".into())), [stop("b", 2)]);
    assert_eq!(stage.try_give(secs(2), Input::Stop), Err(Ignored::Ending));
    assert_eq!(stage.try_give(secs(2), Input::Add(ChildSpec::permanent("d"))), Err(Ignored::Ending));
    assert_eq!(stage.exit(3, "b", Exit::Normal), [stop("a", 1)]);
    let reason = "child \"c\" failed: disk full; it is not restarted, since the limit of 1 restarts in 60s is reached".to_owned();
    assert_eq!(stage.exit(3, "a", Exit::Normal), [Effect::Escalate { child: "c", reason }]);
    assert!(stage.supervision.is_over());
    assert_eq!(stage.supervision.next_wake(), None);
}

#[test]
fn restarts_that_are_a_period_old_are_forgotten() {
    let mut stage = Stage::with(Strategy::OneForOne, 1, &["a", "b"]);
    assert_eq!(stage.exit(0, "a", panic()), [start("a", 3)]);
    assert_eq!(stage.exit(60, "b", panic()), [start("b", 4)]);
    assert_eq!(stage.exit(119, "a", panic()), [stop("b", 4)]);
}

#[test]
fn a_child_that_backs_off_can_be_stopped_and_its_restart_is_given_back() {
    let mut stage = Stage::with(Strategy::OneForOne, 2, &["a", "b"]);
    stage.exit(0, "a", panic());
    stage.exit(0, "a", panic());
    stage.give(0, Input::StopChild("a"));
    assert_eq!((stage.state("a"), stage.supervision.next_wake()), (Some(ChildState::Stopped), None));
    assert_eq!(stage.exit(0, "b", panic()), [start("b", 4)], "one restart of two began");
}

#[test]
fn stop_tells_the_independent_at_once_and_the_dependent_one_by_one() {
    let mut stage = Stage::with(Strategy::OneForOne, 1, &["a", "b", "c"]);
    assert_eq!(stage.give(1, Input::Stop), [stop("c", 3), stop("b", 2), stop("a", 1)]);
    assert_eq!(stage.exit(2, "a", Exit::Normal), []);
    assert_eq!(stage.exit(2, "c", panic()), [], "a stopping child is not restarted, however it ends");
    assert_eq!(stage.give(6, Input::Wake), [Effect::Kill { id: "b", incarnation: 2 }, Effect::Done]);

    let mut stage = Stage::with(Strategy::OneForAll, 1, &["a", "b"]);
    assert_eq!(stage.give(1, Input::Stop), [stop("b", 2)]);
    assert_eq!(stage.exit(2, "a", panic()), [], "it failed before it was told");
    assert_eq!(stage.exit(2, "b", Exit::Normal), [Effect::Done]);
    assert_eq!(Stage::with(Strategy::OneForAll, 1, &[]).give(0, Input::Stop), [Effect::Done]);
}

#[test]
fn a_removed_child_is_stopped_and_forgotten_and_never_mistaken_for_its_namesake() {
    let mut stage = Stage::with(Strategy::OneForOne, 5, &["a"]);
    assert_eq!(stage.give(1, Input::Remove("a")), [stop("a", 1)]);
    assert_eq!(stage.try_give(secs(1), Input::Add(ChildSpec::permanent("a"))), Err(Ignored::Present));
    stage.exit(1, "a", Exit::Normal);
    assert_eq!(stage.give(1, Input::Add(ChildSpec::permanent("a"))), [start("a", 2)]);
    let late = stage.try_give(secs(1), Input::Exited { id: "a", incarnation: 1, reason: panic() });
    assert_eq!(late, Err(Ignored::Stale { incarnation: 1, current: 2 }));
}
