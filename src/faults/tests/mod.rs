//! Faults by themselves.

#![allow(clippy::unwrap_used)]

use super::*;
use core::time::Duration;
use polity_protocols::{AgentId, Capabilities, Delay, Lie, Profile, Time};
use proptest::prelude::*;

fn profiles(count: u32) -> Vec<Profile> {
    (0..count).map(|n| Profile::new(format!("a{n}"), Capabilities::default())).collect()
}
fn dishonest(cast: &Cast, profiles: &[Profile]) -> Vec<u32> {
    (0..profiles.len() as u32).filter(|n| !cast.part(AgentId(*n), &profiles[*n as usize]).lies.is_empty()).collect()
}

proptest! {
    #[test]
    fn a_share_is_exact_and_a_part_of_a_larger_one(seed: u64, count in 1u32..60, low in 0.0..1.0f64, more in 0.0..1.0f64) {
        let profiles = profiles(count);
        let of = |share: f64| {
            let low_ball = Some(LowBall { factor: 0.5, whom: Whom::Share(share) });
            dishonest(&Cast::of(&Faults { low_ball, ..Faults::default() }, seed, &profiles), &profiles)
        };
        let (few, many) = (of(low), of((low + more).min(1.0)));
        prop_assert_eq!(few.len(), (low * f64::from(count)).round() as usize);
        prop_assert!(few.iter().all(|agent| many.contains(agent)));
    }

    #[test]
    fn crashes_come_as_often_as_said_whenever_one_looks(seed: u64, mtbf in 1u64..100, repair in 0u64..20, steps in prop::collection::vec(1u64..500, 1..20)) {
        let crashes = Crashes { mtbf: Duration::from_secs(mtbf), repair: Duration::from_secs(repair), whom: Whom::All };
        let all = |from: &mut Calendar| {
            let mut now = Time::ZERO;
            (0..400).map(|_| { now = from.next_after(now); now }).collect::<Vec<Time>>()
        };
        let told = all(&mut Calendar::new(seed, AgentId(1), &crashes));
        let mean = told.last().unwrap().as_secs_f64() / 400.0;
        let expected = (mtbf + repair) as f64;
        prop_assert!((mean - expected).abs() < 0.3 * expected, "{mean} for {expected}");
        prop_assert!(told.windows(2).all(|pair| pair[1] - pair[0] >= crashes.repair));
        // Who looks only now and then sees the same calendar.
        let (mut calendar, mut now) = (Calendar::new(seed, AgentId(1), &crashes), Time::ZERO);
        for step in steps {
            now = now + Duration::from_secs(step);
            let next = calendar.next_after(now);
            let passed = told.last().is_none_or(|last| *last <= now);
            prop_assert!(passed || told.contains(&next));
        }
    }

    #[test]
    fn one_fault_of_talk_shifts_no_other(seed: u64, loss in 0.0..1.0f64, reorder in 0.0..1.0f64) {
        let delay = Delay::Exponential { mean: Duration::from_millis(10) };
        let calm = TalkFaults { delay, ..TalkFaults::default() };
        let rough = TalkFaults { loss, repeat: 0.5, ..calm.clone() };
        let (mut a, mut b) = (Line::new(seed, AgentId(0), true), Line::new(seed, AgentId(0), true));
        let (mut lost, mut twice) = (0, 0);
        for _ in 0..400 {
            let (calm, rough) = (a.next(&calm), b.next(&rough));
            lost += usize::from(rough.is_empty());
            twice += usize::from(rough.len() == 2);
            prop_assert_eq!(calm.len(), 1);
            prop_assert!(rough.is_empty() || rough[0] == calm[0]);
        }
        prop_assert!((lost as f64 / 400.0 - loss).abs() < 0.12);
        prop_assert!((twice as f64 / 400.0 - 0.5 * (1.0 - loss)).abs() < 0.12);
        let kept = TalkFaults { reorder, ..TalkFaults::default() };
        let mut line = Line::new(seed, AgentId(0), false);
        let back = (0..400).filter(|_| line.next(&kept)[0] > Duration::ZERO).count();
        prop_assert!((back as f64 / 400.0 - reorder).abs() < 0.12);
    }

    #[test]
    fn the_short_form_reads_or_says_why(text in "[a-z_=0-9.,x@+~]{0,40}") {
        if let Err(why) = text.parse::<Faults>() {
            prop_assert!(!why.is_empty());
        }
    }
}

#[test]
fn the_short_form_says_it_all() {
    let text = "crash=0.02, repair=2s, hang=0.01, slow=0.2x5, delay=1ms..20ms, loss=0.05, repeat=0.02, reorder=0.1, \
        partition=ann+bob@10s+5s, partition=cid@1s+1s, low_ball=0.2x0.3, liars=0.3random, false_claims=0.4x0.9";
    let faults: Faults = text.parse().unwrap();
    let second = Duration::from_secs;
    assert_eq!(faults.crash, Some(Crashes { mtbf: second(50), repair: second(2), whom: Whom::All }));
    assert_eq!(faults.slow.as_ref().map(|slow| (slow.factor, slow.whom.clone())), Some((5.0, Whom::Share(0.2))));
    assert_eq!(faults.talk.delay, Delay::Uniform { low: Duration::from_millis(1), high: Duration::from_millis(20) });
    assert_eq!((faults.talk.loss, faults.talk.repeat, faults.talk.reorder), (0.05, 0.02, 0.1));
    let first = Partition { agents: vec!["ann".into(), "bob".into()], at: second(10), lasting: second(5) };
    assert_eq!((faults.partitions.len(), &faults.partitions[0]), (2, &first));
    assert_eq!(faults.low_ball, Some(LowBall { factor: 0.3, whom: Whom::Share(0.2) }));
    assert_eq!(faults.lying_voters, Some(LyingVoters { how: Lying::Random, whom: Whom::Share(0.3) }));
    assert_eq!(faults.false_claims, Some(FalseClaims { score: 0.9, whom: Whom::Share(0.4) }));
    assert!("none".parse::<Faults>().unwrap().is_none());
}

#[test]
fn what_is_wrong_is_said_with_its_remedy() {
    for (text, says) in [
        ("", "faults are a list like"),
        ("none,loss=0.1", "or none"),
        ("los=0.1", "did you mean \"loss\"?"),
        ("quux=1", "there are crash, repair"),
        ("loss", "\"loss\" has no value; write it like loss=0.05"),
        ("loss=much", "can't be \"much\"; write it like loss=0.05"),
        ("loss=1.5", "must be in 0..=1, but is 1.5"),
        ("loss=0.1,loss=0.2", "given twice"),
        ("delay=10", "a duration needs a unit"),
        ("delay=20ms..1ms", "the shorter duration first"),
        ("crash=-1", "a rate above 0"),
        ("crash=0s", "mtbf must be above 0"),
        ("repair=2s", "no `crash` is given"),
        ("slow=0.2x0.5", "at least 1, but is 0.5"),
        ("slow=3", "faults.slow.share must be in 0..=1, but is 3"),
        ("low_ball=0.2x0", "must be in (0, 1], but is 0"),
        ("false_claims=0.2x2", "must be in (0, 1], but is 2"),
        ("partition=ann", "partition=ann+bob@10s+5s"),
        ("partition=@1s+1s", "one without agents"),
    ] {
        let why = text.parse::<Faults>().unwrap_err();
        assert!(why.contains(says), "{text}: {why}");
    }
}

#[test]
fn parts_are_given_by_name_group_or_to_all() {
    let faults = Faults {
        crash: Some(Crashes::default()),
        lying_voters: Some(LyingVoters { how: Lying::Random, whom: Whom::Named(vec!["shell".into()]) }),
        false_claims: Some(FalseClaims { score: 0.9, whom: Whom::Named(vec!["ann".into()]) }),
        ..Faults::default()
    };
    let ann = Profile::new("ann", Capabilities::default());
    let shell = Profile { group: "shell".into(), ..Profile::new("shell-2", Capabilities::default()) };
    let cast = Cast::of(&faults, 1, &[ann.clone(), shell.clone()]);
    let (ann, shell) = (cast.part(AgentId(0), &ann), cast.part(AgentId(1), &shell));
    assert_eq!(ann, Part { crashes: true, claims: Some(0.9), ..Part::default() });
    assert_eq!(shell, Part { crashes: true, lies: vec![Lie::Random], wrong_results: true, ..Part::default() });
}
