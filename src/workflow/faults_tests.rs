//! `faults` in a file.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::faults::{Crashes, Faults, Hangs, Lying, LyingVoters, Partition, Whom};
use core::time::Duration;
use polity_protocols::Delay;

fn read(faults: &str) -> Result<Faults, String> {
    let text = format!(
        "name: w\nagents: [{{ id: ann }}, {{ id: bob, replicas: 2 }}]\nfaults: {faults}\ntasks: [{{ id: t, simulate: 1s }}]\n"
    );
    let checked = parse(&text, None, &Known::default()).map_err(|errors| errors.to_string())?;
    Ok(checked.workflow.faults.unwrap())
}

#[test]
fn a_file_says_it_all() {
    let text = "{ crash: { mtbf: 50s, repair: 2s, agents: [bob-2] }, hang: 0.01, slow: { share: 0.5, factor: 4, at: 1s, lasting: 5s }, \
        delay: { exponential: 10ms }, loss: 0.05, repeat: 0.02, reorder: 0.1, reorder_window: 1s, \
        partitions: [{ agents: [ann, bob], at: 10s, lasting: 5s }], low_ball: { share: 0.5, factor: 0.3 }, \
        lying_voters: { agents: [bob], how: random }, false_claims: { share: 1, score: 0.9 } }";
    let faults = read(text).unwrap();
    let second = Duration::from_secs;
    let crash = Crashes { mtbf: second(50), repair: second(2), whom: Whom::Named(vec!["bob-2".into()]) };
    assert_eq!((faults.crash, faults.hang), (Some(crash), Some(Hangs { chance: 0.01, ..Hangs::default() })));
    assert_eq!(faults.talk.delay, Delay::Exponential { mean: Duration::from_millis(10) });
    assert_eq!((faults.talk.loss, faults.talk.window), (0.05, second(1)));
    let partition = Partition { agents: vec!["ann".into(), "bob".into()], at: second(10), lasting: second(5) };
    assert_eq!(faults.partitions, [partition]);
    let liars = LyingVoters { how: Lying::Random, whom: Whom::Named(vec!["bob".into()]) };
    assert_eq!(faults.lying_voters, Some(liars));
    assert_eq!(read("{ crash: 50s }"), "crash=50s".parse());
    assert_eq!(read("{ delay: { uniform: [1ms, 20ms] } }"), "delay=1ms..20ms".parse());
}

#[test]
fn a_sub_workflow_has_none_of_its_own() {
    let inner = "{ name: i, faults: { loss: 0.1 }, tasks: [{ id: a, simulate: 1s }] }";
    let text = format!("name: w\nagents: [{{ id: ann }}]\ntasks: [{{ id: t, workflow: {inner} }}]\n");
    let why = parse(&text, None, &Known::default()).unwrap_err().to_string();
    assert!(why.contains("the sub-workflow of task \"t\" has faults of its own; move them to the workflow around it"), "{why}");
}

#[test]
fn what_is_wrong_is_said_where() {
    for (faults, says) in [
        ("{ los: 0.1 }", "3:11: `faults` has no key \"los\"; did you mean \"loss\"?"),
        ("{ loss: 2 }", "3:17: `loss` must be a number in 0..=1, but is the number 2"),
        ("{ delay: 10 }", "a duration needs a unit"),
        (
            "{ crash: 0.02 }",
            "it is the mean time from crash to crash; how many there are in a second is said by a text: 'crash=0.02'",
        ),
        ("{ crash: { repair: 1s } }", "a crash needs `mtbf`"),
        ("{ crash: 0s }", "faults.crash.mtbf must be above 0"),
        ("{ hang: often }", "`hang` must be a number in 0..=1 or a map"),
        ("{ slow: { factor: 0.5 } }", "`factor` must be a number, at least 1, but is the number 0.5"),
        ("{ delay: { uniform: [2s, 1s] } }", "the shorter first"),
        ("{ delay: { uniform: [1s, 2s], exponential: 1s } }", "exactly one of uniform and exponential"),
        ("{ low_ball: { factor: 0.2 } }", "`low_ball` does not say whom it is about; add `share: 0.2`"),
        ("{ low_ball: { factor: 0, share: 0.1 } }", "faults.low_ball.factor must be in (0, 1], but is 0"),
        ("{ lying_voters: { share: 0.1, how: loudly } }", "must be one of inverted, random"),
        ("{ crash: { mtbf: 1s, share: 0.1, agents: [ann] } }", "says twice whom it is about"),
        (
            "{ partitions: [{ agents: [an], at: 1s, lasting: 1s }] }",
            "3:35: `faults` names \"an\", which is not an agent; did you mean \"ann\"?",
        ),
        ("{ partitions: [{ agents: [], at: 1s, lasting: 1s }] }", "one without agents"),
    ] {
        let why = read(faults).unwrap_err();
        assert!(why.contains(says), "{faults}: {why}");
    }
}
