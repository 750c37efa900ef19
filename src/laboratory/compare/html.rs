//! `report.html` of a comparison.

use super::rows::{Row, Size};
use super::text::{digits, figure, percent, short};
use super::{Arm, Comparison};
use crate::laboratory::Trial;
use crate::laboratory::picture::{Axis, BoxPlot, Cell, Cloud, Column, Curves, Page, Part, Scatter, Series, Table, Unit};
use crate::workloads::WorkloadError;

pub(super) fn page(comparison: &Comparison, again: &str) -> Result<String, WorkloadError> {
    let plan = &comparison.plan;
    let mut parts = Vec::new();
    for (at, size) in comparison.sizes().iter().enumerate() {
        if plan.subjects.len() > 1 {
            parts.push(Part::heading(format!("{} agents", size.agents)));
        }
        parts.push(Part::Table(table(size)));
        parts.extend(pictures(comparison, at, size));
        for (arm, row) in size.rows.iter().enumerate() {
            parts.extend(timeline(comparison, (at, arm), row)?);
        }
    }
    parts.extend(conditions(comparison, again));
    let names: Vec<String> = plan.arms.iter().map(|arm| short(&arm.name)).collect();
    let page = Page {
        title: format!("{}: governments compared", plan.subjects[0].name()),
        lead: format!(
            "{} tasks under {}, each with the same {} seeds: the same work, the same luck.",
            plan.subjects[0].graph().tasks().len(),
            names.join(", "),
            plan.seeds
        ),
        parts,
        footer: format!("Made by polity {}: {again}", env!("CARGO_PKG_VERSION")),
    };
    Ok(page.html())
}

fn table(size: &Size) -> Table {
    let first = short(&size.rows[0].arm.name);
    let mut columns = vec![Column::text("strategy")];
    let numbers = [
        "median makespan",
        "95 % CI",
        "vs bound",
        "",
        "p (Holm)",
        "effect",
        "cost",
        "messages/task",
        "rounds/task",
        "busy",
        "fairness",
        "lost work",
        "late tasks",
        "failed runs",
    ];
    columns.extend(numbers.map(Column::number));
    columns[4] = Column::number(format!("vs {first}"));
    let best = size.rows.iter().filter(|row| !row.arm.is_offline()).filter_map(|row| row.median).fold(f64::INFINITY, f64::min);
    let row = |row: &Row| {
        let none = || "—".to_owned();
        let median = row.median.map_or_else(none, |median| format!("{} s", figure(median)));
        let median = if row.median == Some(best) && !row.arm.is_offline() { Cell::Best(median) } else { median.into() };
        let interval = row.interval.map_or_else(none, |i| format!("{} – {}", figure(i.low), figure(i.high)));
        let versus = row.over_first.map_or_else(none, |share| format!("{:+.1} %", share * 100.0));
        let failed = if row.failed > 0 { Cell::Bad(format!("{} failed", row.failed)) } else { Cell::Dim("0".into()) };
        let offline = if row.arm.is_offline() { " (offline)" } else { "" };
        vec![
            format!("{}{offline}", row.arm.name).into(),
            median,
            interval.into(),
            row.over_bound.map_or_else(none, |ratio| format!("{ratio:.3}×")).into(),
            versus.into(),
            row.p.map_or_else(none, |p| if p < 0.001 { "< 0.001".into() } else { format!("{p:.3}") }).into(),
            row.effect.map_or_else(none, |effect| format!("{effect:+.2}")).into(),
            figure(row.cost).into(),
            digits(row.messages, 1).into(),
            digits(row.rounds, 1).into(),
            percent(row.utilisation).into(),
            digits(row.fairness, 2).into(),
            percent(row.lost_work).into(),
            digits(row.late, 1).into(),
            failed,
        ]
    };
    let caption = format!(
        "Lower bound {} s. Medians over the seeds (of what was lost or late, means); p by Wilcoxon's signed ranks against {first}, corrected by Holm; effect is the rank-biserial \
         correlation: above 0 it takes longer.",
        figure(size.bound)
    );
    Table { columns, rows: size.rows.iter().map(row).collect(), caption }
}

fn pictures(comparison: &Comparison, at: usize, size: &Size) -> Vec<Part> {
    let axis = Axis::new("makespan, virtual time", Unit::Seconds);
    let series =
        || size.rows.iter().map(|row| Series::new(short(&row.arm.name), row.makespan.values().iter().copied())).collect();
    let boxes = BoxPlot {
        title: "Makespan".into(),
        subtitle: "Each dot is a run; boxes hold the middle half, notches the median's 95 % interval.".into(),
        axis: axis.clone(),
        groups: series(),
        bounds: vec![("lower bound".into(), size.bound)],
    };
    let curves = Curves {
        title: "Share of runs that were done by then".into(),
        axis: axis.clone(),
        series: series(),
        ..Curves::default()
    };
    let cloud = |of: fn(&crate::laboratory::Measures) -> f64| {
        let points = |arm: usize| {
            let tries = comparison.tries(at, arm).iter().filter(|m| m.well);
            tries.map(|m| (m.makespan, of(m))).collect::<Vec<_>>()
        };
        size.rows.iter().enumerate().map(|(arm, row)| Cloud::new(short(&row.arm.name), points(arm))).collect::<Vec<_>>()
    };
    let cost = Scatter {
        title: "Makespan against cost".into(),
        subtitle: "Nothing is both quicker and cheaper than what the line joins.".into(),
        x: axis.clone(),
        y: Axis::new("cost of the agents' time", Unit::Number),
        clouds: cloud(|m| m.cost),
    };
    let messages = Scatter {
        title: "Makespan against messages".into(),
        subtitle: "Coordination is paid for in messages.".into(),
        x: axis,
        y: Axis::new("messages per task", Unit::Number),
        clouds: cloud(crate::laboratory::Measures::messages_per_task),
    };
    vec![Part::Chart(boxes.draw()), Part::Chart(curves.draw()), Part::Chart(cost.draw()), Part::Chart(messages.draw())]
}

/// The median run of an arm, once more.
fn timeline(comparison: &Comparison, (at, arm): (usize, usize), row: &Row) -> Result<Vec<Part>, WorkloadError> {
    let (plan, seed) = (&comparison.plan, comparison.median_seed(at, arm));
    let Arm { name, strategy } = &row.arm;
    let (measures, chronicle) = Trial::under(&plan.subjects[at], strategy.clone(), seed).watch()?;
    let mut gantt = chronicle.gantt();
    gantt.title = format!("{}: the median run, seed {seed}, {} s", short(name), figure(measures.makespan));
    Ok(vec![Part::Chart(gantt.draw())])
}

fn conditions(comparison: &Comparison, again: &str) -> Vec<Part> {
    let plan = &comparison.plan;
    let mut text = String::new();
    for subject in &plan.subjects {
        let agents: Vec<String> = subject
            .agents()
            .iter()
            .map(|spec| {
                let many = if spec.replicas > 1 { format!(" × {}", spec.replicas) } else { String::new() };
                format!("{}{many}: speed {}, cost {}, slots {}", spec.id, spec.speed, figure(spec.cost), spec.slots)
            })
            .collect();
        let many = if subject.size() == 1 { "" } else { "s" };
        text.push_str(&format!("{} agent{many}\n  {}\n", subject.size(), agents.join("\n  ")));
    }
    for remark in plan.subjects[0].remarks() {
        text.push_str(&format!("assumed: {remark}\n"));
    }
    let last = plan.first.wrapping_add(u64::from(plan.seeds)).wrapping_sub(1);
    text.push_str(&format!("seeds {}..={last}, polity {}\n", plan.first, env!("CARGO_PKG_VERSION")));
    let replays = plan.arms.iter().map(|arm| {
        let strategy = crate::workflow::shell_quote(&arm.flag());
        format!("{again} --strategies {strategy} --seed {} --seeds 1\n", plan.first)
    });
    vec![
        Part::heading("Under which conditions"),
        Part::Preformatted(text),
        Part::heading("Run one of them again"),
        Part::text("Any seed between the first and the last may stand for the first."),
        Part::Preformatted(replays.collect()),
    ]
}
