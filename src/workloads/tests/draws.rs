//! Distributions and arrivals: what is drawn is what was asked for.

use super::graphs::check;
use crate::workloads::{Arrivals, Distribution};
use polity_protocols::Rng;
use proptest::prelude::*;
use std::time::Duration;

/// Durations that a text tells exactly.
fn seconds() -> impl Strategy<Value = f64> {
    (0..10_000_000u32).prop_map(|millis| f64::from(millis) / 1e3)
}

fn distribution() -> impl Strategy<Value = Distribution> {
    prop_oneof![
        seconds().prop_map(|value| Distribution::constant(value).unwrap()),
        (seconds(), seconds()).prop_map(|(a, b)| Distribution::uniform(a.min(b), a.max(b)).unwrap()),
        seconds().prop_map(|mean| Distribution::exponential(mean).unwrap()),
        (seconds(), 0..15u32).prop_map(|(median, tenths)| Distribution::lognormal(median, f64::from(tenths) / 10.0).unwrap()),
        prop::collection::vec(seconds(), 1..8).prop_map(|samples| Distribution::empirical(samples).unwrap()),
    ]
}

#[test]
fn a_distribution_is_read_as_it_is_written() {
    check(distribution(), &[], |distribution, _| {
        prop_assert_eq!(&distribution.to_string().parse::<Distribution>().unwrap(), &distribution);
        let json = serde_json::to_string(&distribution).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Distribution>(&json).unwrap(), &distribution);
        Ok(())
    });
}

#[test]
fn draws_are_work_about_their_mean_and_a_function_of_the_seed() {
    check((distribution(), any::<u64>()), &["random", "certain"], |(distribution, seed), seen| {
        let draw = || {
            let mut rng = Rng::new(seed, "draws");
            (0..2_000).map(|_| distribution.sample(&mut rng)).collect::<Vec<f64>>()
        };
        let draws = draw();
        prop_assert!(draws.iter().all(|draw| draw.is_finite() && *draw >= 0.0));
        prop_assert_eq!(&draws, &draw());
        // Of a sigma of 1.4 the mean of 2,000 draws is within a quarter, but for very few seeds.
        let mean = draws.iter().sum::<f64>() / 2_000.0;
        prop_assert!((mean - distribution.mean()).abs() <= 0.5 * distribution.mean() + 1e-9, "{mean} of {distribution}");
        seen.note("random", draws[0] != draws[1]);
        seen.note("certain", draws.iter().all(|draw| *draw == draws[0]));
        Ok(())
    });
}

#[test]
fn other_ways_to_write_a_distribution() {
    let same = [
        ("10s", "constant(10s)"),
        (" 1m30s ", "constant(90s)"),
        ("uniform( 5s ,15s )", "uniform(5s, 15s)"),
        ("lognormal(sigma 0, mean 10s)", "lognormal(median 10s, sigma 0)"),
    ];
    for (text, written) in same {
        assert_eq!(text.parse::<Distribution>().unwrap().to_string(), written);
    }
    let by_mean: Distribution = "lognormal(mean 10s, sigma 1)".parse().unwrap();
    assert!((by_mean.mean() - 10.0).abs() < 1e-12);
}

fn arrivals() -> impl Strategy<Value = Arrivals> {
    let above = || (1..10_000_000u32).prop_map(|millis| f64::from(millis) / 1e3);
    prop_oneof![
        above().prop_map(|every| Arrivals::poisson(every).unwrap()),
        (1..9u32, above()).prop_map(|(size, every)| Arrivals::bursts(size, every, 0.0).unwrap()),
        (1..9u32, above()).prop_map(|(size, every)| Arrivals::bursts(size, every, every / 2.0).unwrap()),
        prop::collection::vec(seconds(), 40..50).prop_map(|moments| Arrivals::trace(moments).unwrap()),
    ]
}

#[test]
fn arrivals_are_read_as_they_are_written_and_in_order() {
    check((arrivals(), any::<u64>(), 0..40usize), &["together", "apart"], |(arrivals, seed, count), seen| {
        let again: Arrivals = arrivals.to_string().parse().unwrap();
        let moments = arrivals.moments(count, seed).unwrap();
        // A half of an odd number of milliseconds is no number of milliseconds.
        let near = |(a, b): (&Duration, &Duration)| a.abs_diff(*b) < Duration::from_micros(1);
        prop_assert!(again.moments(count, seed).unwrap().iter().zip(&moments).all(near));
        prop_assert_eq!(moments.len(), count);
        prop_assert!(moments.is_sorted());
        prop_assert_eq!(&arrivals.moments(40, seed).unwrap()[..count], &moments[..]);
        seen.note("together", moments.windows(2).any(|pair| pair[0] == pair[1]));
        seen.note("apart", moments.windows(2).any(|pair| pair[0] < pair[1]));
        Ok(())
    });
}

#[test]
fn a_poisson_process_has_the_gaps_of_one() {
    let moments = Arrivals::poisson(10.0).unwrap().moments(20_000, 3).unwrap();
    let gaps: Vec<f64> = moments.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
    // The deviation of an exponential is its mean.
    assert!((mean - 10.0).abs() < 0.3 && (variance.sqrt() - 10.0).abs() < 0.5, "{mean}, {variance}");
}
