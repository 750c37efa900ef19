//! Against SciPy and statsmodels: `tests/data/statistics.json` was made by `scripts/statistics-fixture.py`.

use crate::laboratory::statistics::*;
use serde_json::Value;

fn fixture() -> Value {
    serde_json::from_str(include_str!("../../../../tests/data/statistics.json")).unwrap()
}
fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}
fn numbers(value: &Value) -> Vec<f64> {
    list(value).iter().map(|x| x.as_f64().unwrap()).collect()
}
/// Equal to nine digits.
fn same(what: &str, ours: f64, theirs: f64) {
    let off = (ours - theirs).abs() / theirs.abs().max(1.0);
    assert!(off <= 1e-9, "{what}: {ours} here, {theirs} there");
}
fn both(what: &str, ours: Option<f64>, theirs: &Value) {
    assert_eq!(ours.is_some(), !theirs.is_null(), "{what}: {ours:?} here, {theirs} there");
    ours.into_iter().for_each(|ours| same(what, ours, theirs.as_f64().unwrap()));
}

#[test]
fn samples_are_described_as_there() {
    let (fixture, mut intervals) = (fixture(), 0);
    for case in list(&fixture["samples"]) {
        let sample = Sample::of(numbers(&case["values"]));
        both("mean", sample.mean(), &case["mean"]);
        both("median", sample.median(), &case["median"]);
        for pair in list(&case["quantiles"]) {
            let pair = numbers(pair);
            same("quantile", sample.quantile(pair[0]).unwrap(), pair[1]);
        }
        if !case["geometric_mean"].is_null() {
            both("geometric mean", sample.geometric_mean(), &case["geometric_mean"]);
        }
        if !case["fairness"].is_null() {
            both("fairness", sample.fairness(), &case["fairness"]);
        }
        let (ours, theirs) = (sample.median_interval(0.95), &case["median_interval"]);
        both("interval", ours.map(|i| i.low), theirs.get(0).unwrap_or(&Value::Null));
        both("interval", ours.map(|i| i.high), theirs.get(1).unwrap_or(&Value::Null));
        intervals += usize::from(ours.is_some());
        let steps: Vec<Vec<f64>> = sample.steps().into_iter().map(|(x, p)| vec![x, p]).collect();
        let theirs: Vec<Vec<f64>> = list(&case["ecdf"]).iter().map(numbers).collect();
        assert_eq!(steps.len(), theirs.len());
        for (a, b) in steps.iter().flatten().zip(theirs.iter().flatten()) {
            same("ecdf", *a, *b);
        }
    }
    assert!(intervals > 15, "{intervals} intervals were compared");
}

#[test]
fn signed_ranks_and_shifts_are_as_there() {
    let (fixture, mut exact, mut normal) = (fixture(), 0, 0);
    for case in list(&fixture["tests"]) {
        let differences = numbers(&case["differences"]);
        same("shift", shift(differences.iter().copied()).unwrap(), case["shift"].as_f64().unwrap());
        for (rule, zeros) in [("pratt", Zeros::Pratt), ("wilcox", Zeros::Wilcoxon)] {
            let theirs = &case["rules"][rule];
            if theirs.is_null() {
                continue; // SciPy approximates where we are exact
            }
            let ours = signed_rank(differences.iter().copied(), zeros);
            let word = format!("{rule} of {differences:?}");
            same(&word, ours.p, theirs["p"].as_f64().unwrap());
            same(&word, ours.plus, theirs["plus"].as_f64().unwrap());
            same(&word, ours.minus, theirs["minus"].as_f64().unwrap());
            same(&word, ours.effect(), theirs["effect"].as_f64().unwrap());
            *if ours.exact { &mut exact } else { &mut normal } += 1;
        }
    }
    assert!(exact > 50 && normal > 20, "{exact} exact and {normal} normal ones were compared");
}

#[test]
fn families_are_corrected_as_there() {
    for case in list(&fixture()["families"]) {
        for (ours, theirs) in holm(&numbers(&case["p"])).into_iter().zip(numbers(&case["holm"])) {
            same("holm", ours, theirs);
        }
    }
}
