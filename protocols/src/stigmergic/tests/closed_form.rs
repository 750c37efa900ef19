//! The numbers of the literature, as in `tests/data/closed_form.json` (computed by a program that shares no code with this one).

use crate::stigmergic::{Field, Laws, attraction, double_bridge, evaporation, response_probability};
use crate::{AgentId, Demand, DemandId, Rng, Time};
use core::time::Duration;
use serde_json::Value;

fn given(name: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("../../../tests/data/closed_form.json")).unwrap();
    all[name].clone()
}
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}
fn near(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-12 * b.abs().max(1.0), "{a} is not {b}");
}

#[test]
fn a_trail_that_is_walked_once_a_period_tends_to_deposit_over_decay() {
    let example = given("pheromone")["example"].clone();
    let (rho, d, tau0) = (number(&example["rho"]), number(&example["d"]), number(&example["tau0"]));
    let laws = Laws { decay: rho, period: Duration::from_millis(250), initial: tau0, min: 1e-9, max: 1e9 };
    let (mut field, dig, ann) = (Field::new(laws), Demand::of_kind(DemandId(0), "dig"), AgentId(0));
    field.meet(ann, "ann");
    field.begin(Time::ZERO);
    for period in 1..=400_u32 {
        field.begin(Time::from_secs_f64(0.25 * f64::from(period)));
        field.deposit(&dig, ann, d);
        let expected = &example[format!("tau_{period}")];
        if !expected.is_null() {
            near(field.trail(&dig, ann), number(expected));
        }
    }
    near(field.trail(&dig, ann), number(&example["limit"]));
}

#[test]
fn half_of_a_trail_is_gone_after_its_half_life() {
    for (rho, half_life) in given("pheromone")["half_life_no_deposit"].as_object().unwrap() {
        let (rho, half_life) = (rho.parse::<f64>().unwrap(), number(half_life));
        let (before, after) = (libm::floor(half_life), libm::ceil(half_life));
        assert!(evaporation(rho, before as u64) >= 0.5 - 1e-12 && evaporation(rho, after as u64) <= 0.5 + 1e-12);
    }
}

#[test]
fn an_ant_responds_with_one_half_at_its_threshold() {
    let expected = given("response_threshold");
    for (s, theta, case) in [
        (3.0, 3.0, "s=theta"),
        (6.0, 3.0, "s=2theta,n=2"),
        (1.5, 3.0, "s=theta/2,n=2"),
        (9.0, 3.0, "s=3theta,n=2"),
        (0.0, 3.0, "s=0"),
    ] {
        near(response_probability(s, theta, 2.0), number(&expected[case]));
    }
    for n in [1.0, 2.0, 8.0, 3.7] {
        near(response_probability(0.7, 0.7, n), 0.5);
    }
    assert_eq!(response_probability(f64::INFINITY, 5.0, 2.0), 1.0);
}

#[test]
fn the_double_bridge_has_the_published_chances() {
    for (passages, chance) in given("double_bridge_choice").as_object().unwrap() {
        if let Some((a, b)) = passages.split_once(',') {
            near(double_bridge(a.parse().unwrap(), b.parse().unwrap(), 20.0, 2.0), number(chance));
        }
    }
}

/// The mean share of the branch that most of `ants` took, over `runs` bridges, and in how many runs it was above 0.8.
fn bridges(n: f64, runs: u32, ants: u32) -> (f64, f64) {
    let mut rng = Rng::new(7, "bridge");
    let (mut sum, mut clear) = (0.0, 0.0);
    for _ in 0..runs {
        let mut took = [0.0, 0.0];
        for _ in 0..ants {
            took[usize::from(!rng.chance(double_bridge(took[0], took[1], 20.0, n)))] += 1.0;
        }
        let share = took[0].max(took[1]) / f64::from(ants);
        sum += share;
        clear += f64::from(u8::from(share > 0.8));
    }
    (sum / f64::from(runs), clear / f64::from(runs))
}

#[test]
fn most_ants_end_up_on_one_branch_only_if_the_response_is_steep() {
    let expected = given("double_bridge_simulation");
    let (share, clear) = bridges(2.0, 500, 1000);
    assert!((share - number(&expected["mean_majority_share"])).abs() < 0.03, "{share}");
    assert!((clear - number(&expected["share_of_runs_above_0.8"])).abs() < 0.08, "{clear}");
    let (control, _) = bridges(1.0, 500, 1000);
    assert!((control - number(&expected["control_n=1_mean_majority_share"])).abs() < 0.02, "{control}");
}

#[test]
fn the_first_reaction_falls_to_each_by_the_rule_of_ant_system() {
    let rule = given("ant_system_rule");
    let numbers = |name: &str| rule[name].as_array().unwrap().iter().map(number).collect::<Vec<f64>>();
    let (tau, eta, expected) = (numbers("tau"), numbers("eta"), numbers("p"));
    let weights: Vec<f64> =
        tau.iter().zip(&eta).map(|(t, e)| attraction(*t, *e, number(&rule["alpha"]), number(&rule["beta"]))).collect();
    let total: f64 = weights.iter().sum();
    let (mut rng, mut first) = (Rng::new(3, "race"), [0.0; 3]);
    let draws = 40_000;
    for _ in 0..draws {
        let reactions: Vec<f64> = weights.iter().map(|weight| rng.exponential(1.0 / weight)).collect();
        let winner = (0..3).min_by(|a, b| reactions[*a].total_cmp(&reactions[*b])).unwrap();
        first[winner] += 1.0 / f64::from(draws);
    }
    for at in 0..3 {
        near(weights[at] / total, expected[at]);
        assert!((first[at] - expected[at]).abs() < 0.01, "{first:?} for {expected:?}");
    }
}
