//! What must hold for any numbers.

use crate::laboratory::statistics::*;
use polity_protocols::Rng;
use proptest::prelude::*;

fn any_values() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(prop_oneof![any::<f64>(), -9.0..9.0f64, (-3..4i8).prop_map(f64::from)], 0..40)
}
fn some_values() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(prop_oneof![-1e6..1e6f64, (-3..4i8).prop_map(f64::from)], 1..60)
}

proptest! {
    #[test]
    fn whatever_is_measured_nothing_breaks(values in any_values(), p in any::<f64>()) {
        let sample = Sample::of(values.clone());
        prop_assert_eq!(sample.len() + sample.left_out(), values.len());
        let (Some(low), Some(high)) = (sample.min(), sample.max()) else {
            prop_assert!(sample.is_empty() && sample.median().is_none() && sample.mean().is_none() && sample.steps().is_empty());
            prop_assert!(sample.fairness().is_none() && shift(values).is_none());
            return Ok(());
        };
        let inside = |x: f64| (low..=high).contains(&x);
        prop_assert!(inside(sample.mean().unwrap()) && inside(sample.median().unwrap()));
        prop_assert!(sample.quantile(p).is_none_or(inside) && inside(shift(values.clone()).unwrap()));
        prop_assert!(sample.geometric_mean().is_none_or(inside));
        prop_assert!(sample.fairness().is_none_or(|fair| (1.0 / sample.len() as f64..=1.0).contains(&fair)));
        prop_assert_eq!(sample.geometric_mean().is_some(), low >= 0.0);
        for interval in [sample.median_interval(0.95), shift_interval(values.clone(), 0.95), bootstrap(&sample, Sample::mean, 0.95, 20, 1)] {
            prop_assert!(interval.is_none_or(|i| i.low <= i.high && inside(i.low) && inside(i.high) && i.confidence >= 0.95));
        }
        let test = signed_rank(values, Zeros::Pratt);
        prop_assert!((0.0..=1.0).contains(&test.p) && (-1.0..=1.0).contains(&test.effect()));
    }
    #[test]
    fn quantiles_and_shares_rise(values in some_values(), a in 0.0..1.0f64, b in 0.0..1.0f64) {
        let sample = Sample::of(values);
        prop_assert!(sample.quantile(a.min(b)) <= sample.quantile(a.max(b)));
        let steps = sample.steps();
        prop_assert!(steps.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 < w[1].1));
        prop_assert_eq!(steps.last().unwrap().1, 1.0);
        for (x, share) in steps {
            prop_assert_eq!(sample.share_up_to(x), Some(share));
        }
    }
    #[test]
    fn the_order_of_values_does_not_matter(values in some_values(), seed in any::<u64>()) {
        let mut mixed = values.clone();
        let mut rng = Rng::new(seed, "mix");
        (1..mixed.len()).rev().for_each(|n| mixed.swap(n, rng.below(n + 1)));
        prop_assert_eq!(Sample::of(values.clone()), Sample::of(mixed.clone()));
        prop_assert_eq!(signed_rank(values.clone(), Zeros::Pratt), signed_rank(mixed.clone(), Zeros::Pratt));
        prop_assert_eq!(shift(values), shift(mixed));
    }
    #[test]
    fn the_test_knows_no_side(values in some_values(), zeros in prop_oneof![Just(Zeros::Pratt), Just(Zeros::Wilcoxon)]) {
        let (there, back) = (signed_rank(values.clone(), zeros), signed_rank(values.iter().map(|x| -x), zeros));
        prop_assert_eq!((there.p, there.plus, there.effect()), (back.p, back.minus, -back.effect()));
        prop_assert_eq!(there.differ + there.equal, values.len());
        prop_assert_eq!(shift(values.clone()).unwrap(), -shift(values.iter().map(|x| -x)).unwrap());
    }
    #[test]
    fn the_shift_is_the_median_of_all_means(values in some_values(), by in -9.0..9.0f64) {
        let means = values.iter().enumerate().flat_map(|(n, a)| values[n..].iter().map(move |b| a / 2.0 + b / 2.0));
        let whole = Sample::of(means);
        let (middle, n) = (whole.len() / 2, whole.len());
        let direct = whole.values()[(n - 1) / 2] / 2.0 + whole.values()[middle] / 2.0;
        prop_assert_eq!(shift(values.clone()).unwrap(), direct);
        let moved = shift(values.iter().map(|x| x + by)).unwrap();
        prop_assert!((moved - direct - by).abs() < 1e-6);
        if let Some(interval) = shift_interval(values, 0.95) {
            prop_assert!(interval.holds(direct));
        }
    }
    #[test]
    fn correction_only_weakens_and_keeps_the_order(p in prop::collection::vec(0.0..=1.0f64, 0..20)) {
        let corrected = holm(&p);
        for (a, x) in p.iter().zip(&corrected) {
            prop_assert!(a <= x && *x <= (a * p.len() as f64).min(1.0), "between nothing and Bonferroni");
            for (b, y) in p.iter().zip(&corrected) {
                prop_assert!(a > b || x <= y);
            }
        }
    }
    #[test]
    fn nothing_beats_the_front(points in prop::collection::vec((0..9i8, 0..9i8), 0..30)) {
        let points: Vec<(f64, f64)> = points.into_iter().map(|(x, y)| (x.into(), y.into())).collect();
        let on = front(&points);
        let beats = |a: (f64, f64), b: (f64, f64)| a.0 <= b.0 && a.1 <= b.1 && a != b;
        for (n, point) in points.iter().enumerate() {
            prop_assert_eq!(on.contains(&n), !points.iter().any(|other| beats(*other, *point)));
        }
    }
}

/// How often something happened, of `n`, is within four deviations of `p`.
fn is_share(happened: usize, n: usize, p: f64) -> bool {
    let deviation = (p * (1.0 - p) / n as f64).sqrt();
    (happened as f64 / n as f64 - p).abs() < 4.0 * deviation
}
/// What two governments that do not differ would measure: noise, rough enough to tie now and then if `steps`.
fn noise(rng: &mut Rng, n: usize, steps: bool) -> Vec<f64> {
    (0..n).map(|_| if steps { (rng.normal() * 3.0).round() } else { rng.normal() }).collect()
}

#[test]
fn where_there_is_nothing_p_is_as_often_small_as_it_says() {
    const TRIALS: usize = 2_000;
    let mut rng = Rng::new(1, "test");
    for (n, steps) in [(12, false), (30, false), (80, false), (80, true)] {
        let p: Vec<f64> = (0..TRIALS).map(|_| signed_rank(noise(&mut rng, n, steps), Zeros::Pratt).p).collect();
        for level in [0.05, 0.25, 0.5, 0.75] {
            // The exact distribution has steps: the chance of at most `level` is the greatest of them below it.
            let small = p.iter().filter(|p| **p <= level).count();
            let reached = p.iter().copied().filter(|p| *p <= level).fold(0.0, f64::max);
            let expected = if n == 12 { reached } else { level };
            let near = is_share(small, TRIALS, expected) || (small as f64 / TRIALS as f64 - level).abs() < 0.02;
            assert!(near, "{n} pairs: p <= {level} in {small} of {TRIALS}");
        }
    }
    // With ties in few pairs it is conservative, never too bold.
    let few: Vec<f64> = (0..TRIALS).map(|_| signed_rank(noise(&mut rng, 9, true), Zeros::Pratt).p).collect();
    let small = few.iter().filter(|p| **p <= 0.05).count();
    assert!(small as f64 / (TRIALS as f64) < 0.05 + 4.0 * (0.05 * 0.95 / TRIALS as f64).sqrt(), "{small} of {TRIALS}");
}

#[test]
fn where_there_is_something_it_is_found() {
    let mut rng = Rng::new(2, "test");
    let found = (0..300).filter(|_| signed_rank(noise(&mut rng, 30, false).iter().map(|x| x + 1.0), Zeros::Pratt).p < 0.01);
    assert!(found.count() > 290);
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    const TRIALS: usize = 800;
    let mut rng = Rng::new(3, "test");
    for n in [6, 10, 20, 60] {
        let (mut medians, mut shifts, mut promised) = (0, 0, (0.0, 0.0));
        for _ in 0..TRIALS {
            let values = noise(&mut rng, n, false);
            let (median, shift) =
                (Sample::of(values.clone()).median_interval(0.95).unwrap(), shift_interval(values, 0.95).unwrap());
            promised = (median.confidence, shift.confidence);
            medians += usize::from(median.holds(0.0));
            shifts += usize::from(shift.holds(0.0));
        }
        assert!(
            is_share(medians, TRIALS, promised.0),
            "{n} values: {medians} of {TRIALS} hold the median, {} was promised",
            promised.0
        );
        assert!(
            is_share(shifts, TRIALS, promised.1),
            "{n} values: {shifts} of {TRIALS} hold the shift, {} was promised",
            promised.1
        );
        assert!(promised.0 >= 0.95 && promised.1 >= 0.95);
    }
    let held = (0..400)
        .filter(|n| bootstrap(&Sample::of(noise(&mut rng, 40, false)), Sample::median, 0.95, 300, *n).unwrap().holds(0.0));
    let held = held.count();
    assert!((360..398).contains(&held), "{held} of 400 bootstrap intervals hold the median");
}

#[test]
fn the_interval_and_the_test_agree() {
    let mut rng = Rng::new(4, "test");
    let mut outside = 0;
    for _ in 0..500 {
        let values: Vec<f64> = noise(&mut rng, 14, false).iter().map(|x| x + 0.5).collect();
        let (interval, p) = (shift_interval(values.clone(), 0.95).unwrap(), signed_rank(values, Zeros::Pratt).p);
        assert_eq!(interval.holds(0.0), p > 1.0 - interval.confidence + 1e-12);
        outside += usize::from(!interval.holds(0.0));
    }
    assert!(outside > 50 && outside < 450);
}

#[test]
fn the_smallest_and_the_greatest_floats_have_means() {
    let least = f64::from_bits(1);
    assert_eq!((shift([least]), shift([-3.0 * least])), (Some(least), Some(-3.0 * least)));
    assert_eq!((shift([f64::MAX, f64::MAX]), shift([f64::MAX, -f64::MAX])), (Some(f64::MAX), Some(0.0)));
}

#[test]
fn seeds_repeat() {
    let sample = Sample::of((0..20).map(f64::from));
    let interval = |seed| bootstrap(&sample, Sample::median, 0.95, 500, seed).unwrap();
    assert_eq!(interval(1), interval(1));
    assert!((2..9).any(|seed| interval(seed) != interval(1)));
}

#[test]
fn large_samples_are_no_trouble() {
    let many = Sample::of((0..100_000).map(f64::from));
    let interval = many.median_interval(0.95).unwrap();
    assert!(interval.holds(49_999.5) && interval.high - interval.low < 700.0 && interval.confidence >= 0.95);
    assert!((interval.confidence - 0.95).abs() < 1e-3);
    assert_eq!(shift((0..20_000).map(f64::from)), Some(9_999.5));
    let test = signed_rank((0..20_000).map(|n| f64::from(n) - 9_999.5), Zeros::Pratt);
    assert!(test.p > 0.99 && !test.exact);
}
