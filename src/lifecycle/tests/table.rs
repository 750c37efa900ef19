//! The table is true: every transition in it happens, and nothing else does.

use super::*;
use std::collections::{BTreeMap, BTreeSet};

/// Every input that could be given to a life, with the held launch and with others.
fn every_input(life: &Lifecycle) -> Vec<Input> {
    let mut all = vec![
        Input::Announce,
        Input::Awarded { agent: A },
        Input::Declined(boom()),
        Input::GiveUp(boom()),
        Input::Pause,
        Input::Resume,
        Input::Postpone { until: secs(40) },
        Input::Cancel,
        Input::Wake,
    ];
    for launch in [life.launch(), life.launch() + 1] {
        all.extend([
            Input::Refused { launch },
            Input::Started { launch },
            Input::Beat { launch },
            Input::Finished { launch, result: Ok(()) },
            Input::Finished { launch, result: Err(boom()) },
            Input::Finished { launch, result: Err(Failure::new(FailureKind::Validation, "bad")) },
            Input::AgentLost { launch, suspect: true },
        ]);
    }
    all
}

/// Walks through all lives of up to `depth` inputs, and tells each step to `seen`. Stops going on where a life has been before.
fn explore(policy: Option<Arc<Policy>>, depth: usize, seen: &mut impl FnMut(&Lifecycle, &Input, Result<&Lifecycle, Ignored>)) {
    let mut met = BTreeSet::new();
    let mut edge = vec![(Lifecycle::new(policy), 0)];
    for _ in 0..depth {
        let mut next = Vec::new();
        for (life, now) in edge {
            for input in every_input(&life) {
                for at in [now, now + 1, now + 1000] {
                    let (mut after, mut effects) = (life.clone(), Vec::new());
                    let answer = after.take(input.clone(), secs(at), &mut Rng::new(1, "table"), &mut effects);
                    if let Err(ignored) = answer {
                        assert_eq!(after, life, "{input:?} was refused, but changed something");
                        assert!(effects.is_empty(), "{input:?} was refused, but had effects");
                        seen(&life, &input, Err(ignored));
                        break; // refusals don't look at the clock
                    }
                    seen(&life, &input, Ok(&after));
                    // Lives that differ in their times only go on in the same way, as far as the table is concerned.
                    let lost = format!("{after:?}").rsplit("held: ").next().map(str::to_owned);
                    let due = after.next_wake().map(|due| due > secs(at));
                    if met.insert((after.state(), after.attempt(), after.launch(), at - now, due, lost)) {
                        next.push((after, at));
                    }
                }
            }
        }
        edge = next;
    }
}

fn explore_all(mut seen: impl FnMut(&Lifecycle, &Input, Result<&Lifecycle, Ignored>)) {
    let clocks = Timeouts { queue: Some(lasting(10)), attempt: Some(lasting(10)), total: None, heartbeat: Some(lasting(5)) };
    explore(policy(3, clocks), 12, &mut seen);
    explore(policy(3, Timeouts { total: Some(lasting(100)), ..clocks }), 12, &mut seen);
    explore(None, 12, &mut seen);
}

#[test]
fn every_transition_of_the_table_happens_and_no_other() {
    let mut happened: BTreeMap<(State, InputKind), BTreeSet<State>> = BTreeMap::new();
    explore_all(|before, input, after| {
        if let Ok(after) = after {
            happened.entry((before.state(), input.kind())).or_default().insert(after.state());
        }
    });
    let table: BTreeMap<_, _> =
        TRANSITIONS.iter().map(|t| ((t.from, t.by), t.to.iter().copied().collect::<BTreeSet<_>>())).collect();
    assert_eq!(table.len(), TRANSITIONS.len(), "the table has a row twice");
    assert_eq!(happened, table);
}

#[test]
fn everything_else_is_refused_with_its_reason() {
    let mut refused = BTreeMap::<(State, InputKind), BTreeSet<&str>>::new();
    explore_all(|before, input, after| {
        let Err(ignored) = after else { return };
        let word = match ignored {
            Ignored::Stale { launch, current } => {
                assert_eq!((Some(launch), current), (input.launch(), before.launch()));
                "stale"
            }
            Ignored::Unwanted { agent, state } => {
                assert_eq!((agent, state), (A, before.state()));
                "unwanted"
            }
            Ignored::Illegal { input: kind, state } => {
                assert_eq!((kind, state), (input.kind(), before.state()));
                "illegal"
            }
        };
        refused.entry((before.state(), input.kind())).or_default().insert(word);
    });
    for state in State::ALL {
        for kind in InputKind::ALL {
            let reasons = refused.get(&(state, kind));
            let legal = TRANSITIONS.iter().any(|t| t.from == state && t.by == kind);
            let fenced = matches!(
                kind,
                InputKind::Refused | InputKind::Started | InputKind::Beat | InputKind::Finished | InputKind::AgentLost
            );
            assert_eq!(
                reasons.is_some(),
                !legal || fenced,
                "{state} × {kind:?}: legal {legal}, launch {fenced}, refused as {reasons:?}"
            );
        }
    }
    let reasons: BTreeSet<_> = refused.values().flatten().copied().collect();
    assert_eq!(reasons, BTreeSet::from(["illegal", "stale", "unwanted"]));
}

#[test]
fn the_comment_at_the_head_of_the_machine_is_the_table() {
    let source = include_str!("../machine.rs");
    let lines: Vec<_> = source.lines().skip_while(|l| *l != "//! from         by           to").skip(1).collect();
    let rows: Vec<_> = lines.iter().take_while(|l| **l != "//! ```").collect();
    assert_eq!(rows.len(), TRANSITIONS.len());
    for (row, transition) in rows.iter().zip(TRANSITIONS) {
        let words: Vec<_> = row.trim_start_matches("//!").split_whitespace().collect();
        assert_eq!(words[..2], [transition.from.word(), &format!("{:?}", transition.by)], "in the row {row}");
        let to: BTreeSet<_> = words[2..2 + transition.to.len()].iter().copied().collect();
        assert_eq!(to, transition.to.iter().map(|s| s.word()).collect(), "in the row {row}");
        let rest = words.get(2 + transition.to.len()).copied().unwrap_or_default();
        assert!(State::ALL.iter().all(|s| s.word() != rest), "the row has a state too many: {row}");
    }
}
