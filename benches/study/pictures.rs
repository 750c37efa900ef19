//! The pictures beside the study.

use crate::document;
use crate::trials::Trials;
use polity::laboratory::picture::{Axis, BoxPlot, Cloud, Scatter, Series, Unit};

/// Too far off to leave room for the others.
const APART: [&str; 2] = ["round_robin", "random"];

fn shown(trials: &Trials) -> impl Iterator<Item = (usize, &'static str)> + '_ {
    trials.strategies.iter().copied().enumerate().filter(|(_, name)| !APART.contains(name))
}
fn called(strategy: &str) -> String {
    if crate::parts::is_offline(strategy) { format!("{strategy} (offline)") } else { strategy.to_owned() }
}
fn write(file: &str, svg: &str) {
    std::fs::write(document::path(file), svg).expect("the folder `docs` can be written");
    println!("docs/{file}\n");
}

/// How far from the bound each strategy is, on each graph.
pub fn ratios(columns: &[Trials]) {
    let series = |(n, name): (usize, &str)| {
        let of = columns.iter().flat_map(|trials| trials.ratios(n));
        Series::new(called(name), of)
    };
    let plot = BoxPlot {
        title: "Makespan over the lower bound".into(),
        subtitle: "Each dot is a graph with 8 or 16 unequal agents; boxes hold the middle half.".into(),
        axis: Axis::new("makespan / lower bound", Unit::Number).logarithmic(),
        groups: shown(&columns[0]).map(series).collect(),
        ..BoxPlot::default()
    };
    write("study-makespan.svg", &plot.draw().svg());
}

/// What it costs in messages.
pub fn talk(trials: &Trials) {
    let cloud = |(n, name): (usize, &str)| {
        let messages = |case: usize| {
            let tries = trials.of(n, case);
            tries.iter().map(|m| m.messages_per_task()).sum::<f64>() / tries.len().max(1) as f64
        };
        let points = (0..trials.cases.len()).filter_map(|case| Some((trials.ratio(n, case)?, messages(case))));
        Cloud::new(called(name), points)
    };
    let online = |(_, name): &(usize, &str)| !crate::parts::is_offline(name);
    let plot = Scatter {
        title: "Makespan against talk".into(),
        subtitle: "Each point is a workflow with 8 unequal agents; centres are medians.".into(),
        x: Axis::new("makespan / lower bound", Unit::Number),
        y: Axis::new("messages for each task", Unit::Number).logarithmic(),
        clouds: shown(trials).filter(online).map(cloud).collect(),
    };
    write("study-talk.svg", &plot.draw().svg());
}
