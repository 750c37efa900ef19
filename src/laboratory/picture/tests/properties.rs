//! Whatever the numbers are, the picture is sound.

use super::escape::read;
use crate::laboratory::picture::*;
use proptest::prelude::*;

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        -1e3..1e3f64,
        (-3..4i8).prop_map(f64::from),
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::MAX),
        Just(f64::MIN_POSITIVE),
        (1e15..1e15 + 9.0)
    ]
}
fn axis() -> impl Strategy<Value = Axis> {
    let unit = prop_oneof![Just(Unit::Number), Just(Unit::Seconds), Just(Unit::Share)];
    (unit, any::<bool>()).prop_map(|(unit, log)| Axis { label: "x".into(), unit, log })
}
fn series() -> impl Strategy<Value = Vec<Series>> {
    prop::collection::vec(("\\PC{0,60}", prop::collection::vec(number(), 0..12)), 0..14)
        .prop_map(|all| all.into_iter().map(|(name, values)| Series { name, values }).collect())
}
/// Everything is within the picture, and no coordinate is anything but a number.
fn is_sound(chart: &Chart) -> Result<(), TestCaseError> {
    let svg = chart.svg();
    let (_, values) = read(&svg).map_err(TestCaseError::fail)?;
    let height: f64 = values.iter().find(|(key, _)| key == "height").unwrap().1.parse().unwrap();
    let number = |value: &str| value.parse::<f64>().ok().filter(|x| x.is_finite());
    for (key, value) in &values {
        let most = match &**key {
            "x" | "x1" | "x2" | "cx" | "width" => 961.0,
            "y" | "y1" | "y2" | "cy" | "height" | "r" | "rx" => height,
            _ => continue,
        };
        prop_assert!(number(value).is_some_and(|x| (-1.0..=most).contains(&x)), "{key}=\"{value}\" of {height}");
    }
    for (_, d) in values.iter().filter(|(key, _)| key == "d") {
        let mut parts = d.split(['M', 'L', 'H', 'V', 'Z', ' ']).filter(|part| !part.is_empty());
        prop_assert!(parts.all(|part| number(part).is_some()), "{d}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn boxes_and_curves_are_sound(groups in series(), axis in axis(), bounds in prop::collection::vec(("[a-z ]{0,30}", number()), 0..4)) {
        is_sound(&Curves { axis: axis.clone(), series: groups.clone(), ..Curves::default() }.draw())?;
        is_sound(&BoxPlot { title: "t".into(), subtitle: "s".into(), axis, groups, bounds }.draw())?;
    }
    #[test]
    fn scatters_are_sound(clouds in prop::collection::vec(("\\PC{0,40}", prop::collection::vec((number(), number()), 0..9)), 0..14), x in axis(), y in axis()) {
        let clouds = clouds.into_iter().map(|(name, points)| Cloud { name, points }).collect();
        is_sound(&Scatter { x, y, clouds, ..Scatter::default() }.draw())?;
    }
    #[test]
    fn timelines_are_sound(
        rows in prop::collection::vec("\\PC{0,50}", 0..9),
        jobs in prop::collection::vec((0usize..10, prop::collection::vec(number(), 5), any::<(bool, bool, bool)>()), 0..50),
    ) {
        let job = |(row, mut t, (sorted, critical, failed)): (usize, Vec<f64>, (bool, bool, bool))| {
            if sorted {
                t.sort_by(f64::total_cmp);
            }
            let [ready, announced, assigned, started, ended] = t[..] else { unreachable!() };
            Job { row, name: "j".into(), kind: "k".into(), ready, announced, assigned, started, ended, critical, failed }
        };
        let jobs: Vec<Job> = jobs.into_iter().map(job).collect();
        let drawn = jobs.iter().filter(|job| job.is_sound() && job.row < rows.len()).count();
        let chart = Gantt { rows, jobs, ..Gantt::default() }.draw();
        is_sound(&chart)?;
        let starts = format!("{drawn} job");
        prop_assert!(chart.label().starts_with(&starts));
    }
    #[test]
    fn equal_input_gives_equal_output(groups in series()) {
        let draw = || BoxPlot { groups: groups.clone(), ..BoxPlot::default() }.draw();
        prop_assert_eq!(draw(), draw());
    }
}
