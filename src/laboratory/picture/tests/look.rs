//! By example: what is drawn, and what is said of what isn't.

use super::sample;
use crate::laboratory::picture::*;

#[test]
fn numbers_are_written_for_people() {
    let seconds = [0.0, 2e-9, 1.5e-6, 0.0123, 1.0, 361.04, 599.0, 5_400.0, 86_400.0, 1e7].map(|x| Unit::Seconds.text(x));
    assert_eq!(seconds, ["0 s", "2 ns", "1.5 µs", "12.3 ms", "1 s", "361 s", "599 s", "90 min", "24 h", "115.7 d"]);
    let numbers = [0.0, -3.25, 1_234.5, 99_999.0, 2_500_000.0, 3e9, 1e-9, 6.02e23].map(|x| Unit::Number.text(x));
    assert_eq!(numbers, ["0", "−3.25", "1,234", "99,999", "2.5 M", "3 G", "1×10⁻⁹", "6.02×10¹⁴ G"]);
    assert_eq!([Unit::Share.text(0.004), Unit::Share.text(1.0), Unit::Number.text(f64::NAN)], ["0.4 %", "100 %", "–"]);
}

/// The numbers along a picture's axes.
fn ticks(svg: &str) -> Vec<String> {
    let of = |part: &str| part.split_once('>').unwrap().1.split_once('<').unwrap().0.to_owned();
    svg.split("class=\"tick\"").skip(1).map(of).collect()
}
fn of(values: &[f64], axis: Axis) -> Vec<String> {
    let groups = vec![Series::new("x", values.iter().copied())];
    ticks(&BoxPlot { axis, groups, ..BoxPlot::default() }.draw().svg())
}

#[test]
fn axes_have_round_numbers() {
    let seconds = || Axis::new("makespan", Unit::Seconds);
    assert_eq!(of(&[0.0, 10.0], seconds()), ["0", "2", "4", "6", "8", "10"]);
    assert_eq!(of(&[312.4, 399.0], seconds()), ["300", "320", "340", "360", "380", "400"]);
    assert_eq!(of(&[0.0011, 0.0049], seconds()), ["1.0", "1.5", "2.0", "2.5", "3.0", "3.5", "4.0", "4.5", "5.0"]); // ms
    assert_eq!(of(&[0.0, 7_200.0], seconds()), ["0", "20", "40", "60", "80", "100", "120"]); // min
    assert_eq!(of(&[5.0], seconds()), ["4.4", "4.6", "4.8", "5.0", "5.2", "5.4", "5.6"]);
    assert_eq!(of(&[-2.0, 3.0], Axis::default()), ["−2", "−1", "0", "1", "2", "3"]);
    assert_eq!(of(&[0.0, 45_000.0], Axis::default())[1], "10,000");
    let log = || Axis::new("messages", Unit::Number).logarithmic();
    assert_eq!(of(&[2.1, 47.6], log()), ["2", "5", "10", "20", "50"]);
    assert_eq!(of(&[0.5, 30_000.0], log()), ["1", "10", "100", "1,000", "10,000"]);
    assert!(of(&[], Axis::default()).is_empty(), "where there is nothing, no number is made up");
}

#[test]
fn what_is_not_drawn_is_counted() {
    let groups = vec![Series::new("a", [1.0, f64::NAN, f64::INFINITY]), Series::new("b", [f64::NEG_INFINITY, -1.0])];
    let svg = sample::boxes(groups.clone()).draw().svg();
    assert!(svg.contains("3 values not drawn: no finite number."), "{svg}");
    let log = Axis::default().logarithmic();
    let svg = Curves { axis: log, series: groups, ..Curves::default() }.draw().svg();
    assert!(svg.contains("4 values not drawn: not above zero, or no finite number."), "{svg}");
    let svg = sample::scatter(vec![Cloud::new("a", [(1.0, f64::NAN), (1.0, 1.0)])]).draw().svg();
    assert!(svg.contains("1 value not drawn"), "{svg}");
    let mut gantt = sample::gantt(2, 1, 9);
    gantt.jobs[0].ended = f64::NAN;
    gantt.jobs[1].row = 7;
    assert!(gantt.draw().svg().contains("2 jobs not drawn"));
}

#[test]
fn few_jobs_are_a_bar_each_and_many_are_merged_and_it_is_said() {
    let few = sample::gantt(8, 1, 400);
    let svg = few.draw().svg();
    let bars = |svg: &str| svg.matches("class=\"f\"").count() + svg.matches("class=\"f rim\"").count();
    assert!(bars(&svg) >= 400 && !svg.contains("are one bar"));
    let svg = sample::gantt(8, 2, 20_000).draw().svg();
    assert!(bars(&svg) <= 2 * MOST_BARS + 20 && bars(&svg) > 500);
    assert!(svg.contains("20,000 jobs are more than the 3,000 bars of a shade"));
    assert!(svg.len() < 3_000_000);
}

#[test]
fn a_crowd_of_agents_is_cut_and_it_is_said() {
    let chart = sample::gantt(2_000, 1, 6_000).draw();
    assert!(chart.svg().contains("1,680 more agents with"), "the first {MOST_LANES} are drawn");
}

#[test]
fn the_critical_path_is_outlined_and_coordination_is_red() {
    let svg = sample::gantt(4, 1, 40).draw().svg();
    let critical = sample::gantt(4, 1, 40).jobs.iter().filter(|job| job.critical).count();
    let body = svg.split_once("</style>").unwrap().1;
    assert!(critical > 3);
    assert_eq!(body.matches("<rect class=\"edge\"").count(), critical + 1, "and one in the legend");
    assert_eq!(body.matches("<path class=\"path\"").count(), critical - 1);
    assert!(body.matches("<rect class=\"red\"").count() > 20);
    let calm =
        Gantt { jobs: vec![Job { ended: 1.0, ..Job::default() }], rows: vec!["ann".into()], ..Gantt::default() }.draw().svg();
    assert_eq!(calm.matches("<rect class=\"red\"").count(), 1, "only in the legend");
}

#[test]
fn the_front_is_ringed() {
    let dots = [("a", 1.0, 3.0), ("b", 2.0, 2.0), ("c", 3.0, 3.0)];
    let clouds = dots.map(|(name, x, y)| Cloud::new(name, [(x, y)])).into();
    let chart = Scatter { clouds, ..Scatter::default() }.draw();
    assert_eq!(chart.label(), "nothing beats a and b in both");
    assert_eq!(chart.svg().matches("class=\"f ring\"").count(), 2);
}

#[test]
fn tables_are_bounded_and_their_numbers_stand_right() {
    let rows = (0..6_000).map(|n| vec![Cell::from(n.to_string())]).collect();
    let table = Table { columns: vec![Column::number("n")], rows, caption: "All.".into() };
    let html = Page { parts: vec![Part::Table(table)], ..Page::default() }.html();
    assert!(html.contains("<td class=\"n\">4999</td>") && !html.contains(">5000<"));
    assert!(html.contains("All. 1,000 more rows not shown."));
}
