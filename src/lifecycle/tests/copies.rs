//! Copies that vote by their results, at random: a result stands only with the votes for it, at most one stands, and nobody is heard twice.

use crate::lifecycle::{CopyConflict, CopyWeights, Panel, Redundancy, Vote};
use polity_protocols::consensus::Voting;
use polity_protocols::{AgentId, Rng};
use serde_json::{Value, json};
use std::sync::Arc;

fn share(rng: &mut Rng, least: f64) -> f64 {
    (rng.between(least, 1.0) * 100.0).round() / 100.0
}

#[test]
fn what_stands_has_the_votes() {
    let (mut majorities, mut early, mut resolved, mut undecided, mut again, mut poor) = (0, 0, 0, 0, 0, 0);
    for seed in 0..4_000 {
        let mut rng = Rng::new(seed, "copies");
        let copies = 1 + rng.below(9) as u32;
        let conflict = [CopyConflict::Expertise, CopyConflict::Leader, CopyConflict::Rerun, CopyConflict::Decline][rng.below(4)];
        let weights = if rng.chance(0.3) { CopyWeights::Expertise } else { CopyWeights::Equal };
        let rules = Redundancy { quorum: share(&mut rng, 0.1), conflict_resolution: conflict, weights, ..Redundancy::of(copies) };
        let needed = rules.needed();
        let mut panel = Panel::new(rules);
        let mut rounds = 0;
        'round: loop {
            rounds += 1;
            assert!(rounds <= 3, "seed {seed}: {rounds} rounds");
            let fits: Vec<f64> = (0..copies).map(|_| rng.between(0.1, 1.0)).collect();
            (0..copies).for_each(|n| panel.held(n, AgentId(n), fits[n as usize]));
            let mut order: Vec<u32> = (0..copies).collect();
            order.sort_by_key(|_| rng.below(1_000_000));
            let mut given: Vec<(u32, Option<u64>)> = Vec::new();
            for (place, copy) in order.into_iter().enumerate() {
                let said = (!rng.chance(0.2)).then(|| rng.below(3) as u64);
                given.push((copy, said));
                let vote = match said {
                    Some(said) => panel.answered(copy, Arc::new(json!({ "is": said }))),
                    None => panel.failed(copy),
                };
                let results: Vec<(u32, u64)> = given.iter().filter_map(|(copy, said)| Some((*copy, (*said)?))).collect();
                let weight = |is: &dyn Fn(u64) -> bool| -> f64 {
                    let of = results.iter().filter(|(_, said)| is(*said));
                    of.map(|(copy, _)| if weights == CopyWeights::Expertise { fits[*copy as usize] } else { 1.0 }).sum()
                };
                match vote {
                    Vote::Open => assert!(place + 1 < copies as usize, "seed {seed}: all are over"),
                    Vote::Decided { output, agree, differ, why } => {
                        let winner = output["is"].as_u64().unwrap();
                        let (own, others) = (weight(&|said| said == winner), weight(&|said| said != winner));
                        assert_eq!(agree.len() + differ.len(), results.len(), "seed {seed}");
                        if why.contains("results agree") {
                            assert!(own + 1e-9 >= others, "seed {seed}: {own} against {others}");
                            assert!(weights == CopyWeights::Expertise || results.len() >= needed, "seed {seed}: {results:?}");
                            majorities += 1;
                            early += u32::from(place + 1 < copies as usize);
                        } else {
                            assert_eq!(place + 1, copies as usize, "seed {seed}: a conflict is resolved when all is known");
                            resolved += 1;
                        }
                        break 'round;
                    }
                    Vote::Again { .. } => {
                        assert_eq!(conflict, CopyConflict::Rerun);
                        again += 1;
                        continue 'round;
                    }
                    Vote::Undecided { message, .. } => {
                        assert_eq!(message.is_none(), results.is_empty(), "seed {seed}");
                        undecided += 1;
                        poor += u32::from(message.is_some_and(|message| message.contains("quorum")));
                        break 'round;
                    }
                }
            }
            panic!("seed {seed}: nothing came of it");
        }
    }
    let seen = [majorities, early, resolved, undecided, again, poor];
    assert!(seen.iter().all(|count| *count > 20), "{seen:?}");
}

#[test]
fn equal_results_are_equal_whatever_their_form() {
    let same = |tolerance: f64, a: Value, b: Value| {
        let mut panel = Panel::new(Redundancy { tolerance, agree: Voting::Unanimous, quorum: 1.0, ..Redundancy::of(2) });
        panel.answered(0, a.into());
        matches!(panel.answered(1, b.into()), Vote::Decided { why, .. } if why.contains("results agree"))
    };
    assert!(same(0.0, json!({ "a": 1, "b": [1.0] }), json!({ "b": [1], "a": 1.0 })));
    assert!(!same(0.0, json!(1.0), json!(1.001)));
    assert!(same(0.01, json!([1.0, "x"]), json!([1.001, "x"])));
    assert!(same(0.01, json!(100_000), json!(100_500)), "a relative tolerance, for large numbers");
    assert!(!same(0.01, json!([1.0]), json!([1.0, 1.0])));
    assert!(!same(0.5, json!("1"), json!(1)));
}
