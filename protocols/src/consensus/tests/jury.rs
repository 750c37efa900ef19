//! Jury theorems: what a vote is worth, against numbers that were computed elsewhere (tests/data/closed_form.json: exact sums over
//! binomial laws and over all 2ⁿ outcomes, made with other software).

use crate::Rng;
use crate::consensus::*;
use serde_json::Value;

fn closed_forms() -> Value {
    serde_json::from_str(include_str!("../../../tests/data/closed_form.json")).unwrap()
}
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}
fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

/// The chance that option 0, the right one, is elected by these voices (who is right?); a tie is decided by a coin.
fn wins(voting: Voting, weights: &[f64], right: impl Fn(usize) -> bool) -> f64 {
    let mut tally = Tally::new(Rules::new(voting, 1.0), 2, weights.iter().copied());
    for voter in 0..weights.len() {
        tally.vote(voter, &[u16::from(!right(voter))]);
    }
    match tally.verdict() {
        Verdict::Elected { option, .. } => f64::from(option == 0),
        Verdict::Tied(_) => 0.5,
        other => panic!("everyone voted, and the verdict is {other:?}"),
    }
}
/// The same over all outcomes of voters who are right with these probabilities.
fn exactly(voting: Voting, competence: &[f64], weights: &[f64]) -> f64 {
    let outcome = |bits: u32| {
        let right = |voter: usize| bits >> voter & 1 == 1;
        let chance: f64 = competence.iter().enumerate().map(|(v, p)| if right(v) { *p } else { 1.0 - p }).product();
        chance * wins(voting, weights, right)
    };
    (0..1_u32 << competence.len()).map(outcome).sum()
}
/// The chances of 0 to n successes.
fn binomial(n: usize, p: f64) -> Vec<f64> {
    let mut law = vec![1.0];
    for _ in 0..n {
        let mut next = vec![0.0; law.len() + 1];
        for (k, chance) in law.iter().enumerate() {
            next[k] += chance * (1.0 - p);
            next[k + 1] += chance * p;
        }
        law = next;
    }
    law
}
/// So many standard deviations of a share of `n` draws.
fn sigmas(count: f64, p: f64, n: f64) -> f64 {
    count * libm::sqrt(p * (1.0 - p) / n)
}

#[test]
fn condorcet_a_majority_of_independent_judges_is_as_good_as_his_theorem_says() {
    let forms = closed_forms();
    for (p, row) in forms["condorcet"].as_object().unwrap() {
        let p: f64 = p.parse().unwrap();
        let mut before = 0.0;
        for (n, expected) in row.as_object().unwrap() {
            let n: usize = n.parse().unwrap();
            let law = binomial(n, p);
            let found: f64 = (0..=n).map(|k| law[k] * wins(Voting::Plurality, &vec![1.0; n], |voter| voter < k)).sum();
            assert!((found - number(expected)).abs() < 1e-9, "{n} judges of {p}: {found}, not {expected}");
            assert!(found >= before, "a larger jury is no worse");
            before = found;
        }
    }
}

#[test]
fn shapley_and_grofman_log_odds_are_the_best_weights() {
    let forms = closed_forms();
    let groups = forms["weighted_majority"].as_object().unwrap();
    for (name, group) in groups {
        let competence = numbers(&group["competence"]);
        let weights: Vec<f64> = competence.iter().map(|p| log_odds(*p)).collect();
        for (own, expected) in weights.iter().zip(numbers(&group["log_odds_weights"])) {
            assert!((own - expected).abs() < 1e-12, "{name}: {own} for {expected}");
        }
        let simple = exactly(Voting::Plurality, &competence, &vec![1.0; competence.len()]);
        let weighted = exactly(Voting::WeightedMajority, &competence, &weights);
        assert!((simple - number(&group["simple_majority"])).abs() < 1e-12, "{name}: {simple}");
        assert!((weighted - number(&group["log_odds_majority"])).abs() < 1e-12, "{name}: {weighted}");
        assert!((weighted - number(&group["best_possible"])).abs() < 1e-12, "{name}: {weighted}");
        assert!(weighted >= number(&group["best_single"]) - 1e-12, "{name}");
        let error = 1.0 - weighted;
        assert!(error <= number(&group["error_upper_exp_minus_phi_over_2"]), "{name}: {error}");
        assert!(error >= number(&group["error_lower"]), "{name}: {error}");
    }
    // The two numbers that the paper is known for.
    let five = &groups["shapley_grofman"];
    assert!((number(&five["simple_majority"]) - 0.87696).abs() < 1e-9);
    assert!((number(&five["log_odds_majority"]) - 0.92664).abs() < 1e-9);
}

#[test]
fn simulated_seeds_agree_with_shapley_and_grofman() {
    let competence = [0.9, 0.9, 0.6, 0.6, 0.6];
    let weights = competence.map(log_odds);
    let seeds = 20_000;
    let (mut simple, mut weighted) = (0.0, 0.0);
    for seed in 0..seeds {
        let mut rng = Rng::new(seed, "jury");
        let right = competence.map(|p| rng.chance(p));
        simple += wins(Voting::Plurality, &[1.0; 5], |voter| right[voter]) / seeds as f64;
        weighted += wins(Voting::WeightedMajority, &weights, |voter| right[voter]) / seeds as f64;
    }
    assert!((simple - 0.87696).abs() < sigmas(4.0, 0.87696, seeds as f64), "{simple}");
    assert!((weighted - 0.92664).abs() < sigmas(4.0, 0.92664, seeds as f64), "{weighted}");
}

#[test]
fn weights_learned_from_outcomes_come_near_the_best_ones() {
    let competence = [0.9, 0.9, 0.6, 0.6, 0.6];
    let (mut sum, seeds) = (0.0, 60);
    for seed in 0..seeds {
        let mut rng = Rng::new(seed, "school");
        let learned = competence.map(|p| {
            let mut reliability = Reliability::default();
            (0..300).for_each(|_| reliability.learn(f64::from(rng.chance(p))));
            reliability.weight()
        });
        sum += exactly(Voting::WeightedMajority, &competence, &learned) / seeds as f64;
    }
    assert!((0.915..=0.92664 + 1e-9).contains(&sum), "{sum}: between the simple majority's 0.877 and the optimum's 0.927");
}

#[test]
fn liars_make_wrong_decisions_as_often_as_the_binomial_law_says() {
    let (n, p, seeds) = (9, 0.8, 4_000);
    let mut shares = Vec::new();
    for liars in 0..=5_usize {
        // Wrong if fewer than five of the honest ones are right.
        let law: f64 = binomial(n - liars, p).iter().take(5).sum();
        let wrong: f64 = (0..seeds)
            .map(|seed| {
                let mut rng = Rng::numbered(seed, "liars", liars as u64);
                let right: Vec<bool> = (0..n).map(|voter| voter >= liars && rng.chance(p)).collect();
                (1.0 - wins(Voting::Plurality, &vec![1.0; n], |voter| right[voter])) / seeds as f64
            })
            .sum();
        assert!((wrong - law).abs() <= sigmas(4.0, law, seeds as f64) + 1e-9, "{liars} liars: {wrong}, not {law}");
        shares.push(wrong);
    }
    assert!(shares[0] < 0.04 && shares[5] > 0.999_999, "few liars are outvoted, a majority of liars is not: {shares:?}");
}

#[test]
fn a_quorum_is_reached_as_often_as_the_binomial_law_says() {
    let forms = closed_forms();
    for (key, expected) in forms["quorum"].as_object().unwrap() {
        let part = |name: &str| key.split(',').find_map(|part| part.strip_prefix(name)).unwrap().parse::<f64>().unwrap();
        let (n, q, p) = (part("n=") as usize, part("q="), part("p="));
        let law = binomial(n, p);
        let reached = |present: usize| {
            let mut tally = Tally::new(Rules::new(Voting::Plurality, q / n as f64), 2, vec![1.0; n]);
            (0..present).for_each(|voter| _ = tally.vote(voter, &[0]));
            f64::from(tally.has_quorum())
        };
        let found: f64 = (0..=n).map(|present| law[present] * reached(present)).sum();
        assert!((found - number(expected)).abs() < 1e-9, "{key}: {found}");
    }
}
