//! `report.html` of a sweep.

use super::cell::Cell;
use super::csv::Figures;
use super::why;
use super::{Condition, Experiment};
use crate::laboratory::compare::{figure, short, signed};
use crate::laboratory::picture::{Axis, BoxPlot, Cell as Shown, Column, Page, Part, Series, Table, Unit};
use crate::laboratory::statistics::Versus;

/// Tries whose values are kept for the page; of cells beyond them it tells the medians only.
pub(super) const KEPT: usize = 200_000;
/// Cells that pages and tables tell of.
const MOST_ROWS: usize = 5_000;
/// Pictures of a page.
const MOST_CHARTS: usize = 60;

/// A cell, summed up.
#[derive(Debug)]
pub(super) struct Summary {
    pub(super) cell: Cell,
    pub(super) n: u32,
    pub(super) failed: u32,
    /// The seed of the first that did not end well.
    pub(super) first_failed: Option<u64>,
    /// No schedule takes less; of tries that differ in it the median.
    pub(super) bound: f64,
    /// How many times the bound of its try a makespan is, in the median.
    pub(super) over_bound: Option<f64>,
    /// Of what is measured first.
    pub(super) figures: Figures,
    /// Against the first strategy; none for that one itself.
    pub(super) versus: Option<Versus>,
    /// Its values by try; empty if there were too many.
    pub(super) values: Vec<f64>,
}

/// The first cells, as many as a page can tell of.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) rows: Vec<Summary>,
    values: usize,
    /// Cells that are not among them.
    pub(super) more: u64,
}
impl Kept {
    pub(super) fn take(&mut self, mut row: Summary) {
        if self.rows.len() == MOST_ROWS {
            self.more += 1;
            return;
        }
        if self.values + row.values.len() > KEPT {
            row.values = Vec::new();
        }
        self.values += row.values.len();
        self.rows.push(row);
    }
    /// How likely chance alone makes each cell as different from the first strategy's, corrected within each condition.
    pub(super) fn corrected(&self, arms: usize) -> Vec<Option<f64>> {
        let conditions = self.rows.chunk_by(|a, b| a.cell.index / arms as u64 == b.cell.index / arms as u64);
        conditions.flat_map(|rows| Versus::corrected(&rows.iter().map(|row| row.versus).collect::<Vec<_>>())).collect()
    }
    /// Which columns of a condition are not the same in all cells.
    pub(super) fn varied(&self) -> Vec<usize> {
        let all: Vec<[String; 9]> = self.rows.iter().map(|row| row.cell.condition.columns()).collect();
        (0..Condition::COLUMNS.len()).filter(|column| all.windows(2).any(|pair| pair[0][*column] != pair[1][*column])).collect()
    }
}

impl Summary {
    /// What is varied about it.
    fn label(&self, varied: &[usize]) -> String {
        let columns = self.cell.condition.columns();
        let said = varied.iter().map(|at| match columns[*at].as_str() {
            "" => format!("no {}", Condition::COLUMNS[*at]),
            value => format!("{} {value}", Condition::COLUMNS[*at]),
        });
        said.collect::<Vec<_>>().join(" · ")
    }
    /// The 95 % interval of its median.
    pub(super) fn interval(&self) -> String {
        self.figures.interval.map_or_else(|| "—".to_owned(), |i| format!("{} – {}", figure(i.low), figure(i.high)))
    }
    pub(super) fn median(&self) -> String {
        self.figures.median.map_or_else(|| "—".to_owned(), figure)
    }
}

pub(super) fn page(experiment: &Experiment, kept: &Kept) -> String {
    let varied = kept.varied();
    let mut parts = vec![Part::Table(table(experiment, kept, &varied))];
    if kept.more > 0 {
        parts.push(Part::text(format!("{} more cells are in summary.csv.", kept.more)));
    }
    parts.extend(why::failures(kept).into_iter().map(Part::text));
    parts.extend(charts(experiment, kept, &varied));
    parts.extend(remarks(experiment));
    parts.push(Part::heading("The experiment"));
    parts.push(Part::Preformatted(experiment.text().to_owned()));
    let all: u64 = kept.rows.iter().map(|row| u64::from(row.n)).sum();
    let lead = match kept.more {
        0 => format!("{} tries in {} cells, each with the same seeds: the same luck.", all, kept.rows.len()),
        more => format!("{} cells, each with the same seeds: the same luck.", kept.rows.len() as u64 + more),
    };
    let footer = format!("Made by polity {} simulate; runs.csv beside this page has every try.", env!("CARGO_PKG_VERSION"));
    Page { title: format!("{}: an experiment", experiment.name()), lead, parts, footer }.html()
}

fn table(experiment: &Experiment, kept: &Kept, varied: &[usize]) -> Table {
    let mut columns: Vec<Column> = varied.iter().map(|at| Column::text(Condition::COLUMNS[*at])).collect();
    columns.push(Column::text("strategy"));
    let main = experiment.parts().main();
    let first = format!("vs {}", short(&experiment.parts().arms[0].name));
    let median = format!("median {}", main.name.replace('_', " "));
    columns.extend([&median, "95 % CI", "vs bound", &first, "p (Holm)", "effect", "tries", "failed runs"].map(Column::number));
    let ps = kept.corrected(experiment.parts().arms.len());
    let row = |(row, p): (&Summary, Option<f64>)| {
        let none = || "—".to_owned();
        let own = row.cell.condition.columns();
        let mut cells: Vec<Shown> = varied.iter().map(|at| own[*at].clone().into()).collect();
        let ratio = row.over_bound.filter(|_| main.is_makespan());
        cells.extend([
            row.cell.arm.name.clone().into(),
            format!("{}{}", row.median(), if main.unit() == Unit::Seconds { " s" } else { "" }).into(),
            row.interval().into(),
            ratio.map_or_else(|| "—".into(), |ratio| format!("{ratio:.3}×")).into(),
            row.versus.map_or_else(none, |versus| signed(versus.share)).into(),
            p.map_or_else(none, |p| if p < 0.001 { "< 0.001".into() } else { format!("{p:.3}") }).into(),
            row.versus.and_then(|versus| versus.effect).map_or_else(none, |effect| format!("{effect:+.2}")).into(),
            row.n.to_string().into(),
            if row.failed > 0 { Shown::Bad(format!("{} failed", row.failed)) } else { Shown::Dim("0".into()) },
        ]);
        cells
    };
    let caption = "Medians over the runs that ended well, with an interval that holds the true one in 95 of 100 experiments. Beside the first strategy of the same \
                   condition: the median (Hodges–Lehmann) of the differences between runs with the same seed, as a share of its median; how likely chance \
                   alone makes such a difference, by Wilcoxon's signed ranks, corrected by Holm for the strategies of a condition; and the rank-biserial \
                   correlation."
        .into();
    Table { columns, rows: kept.rows.iter().zip(ps).map(row).collect(), caption }
}

/// A box plot for each condition, with a row for each strategy; with one strategy, one plot with a row for each condition.
fn charts(experiment: &Experiment, kept: &Kept, varied: &[usize]) -> Vec<Part> {
    let main = experiment.parts().main();
    let axis = Axis::new(main.words(), main.unit());
    let title = || main.words().split(',').next().unwrap_or_default().to_owned();
    let arms = experiment.parts().arms.len();
    let series = |row: &Summary, name: String| Series::new(name, row.values.iter().copied());
    if arms == 1 {
        let label = |row: &Summary| if varied.is_empty() { short(&row.cell.arm.name) } else { row.label(varied) };
        let groups = kept.rows.iter().map(|row| series(row, label(row))).collect();
        return vec![Part::Chart(BoxPlot { title: title(), axis, groups, ..BoxPlot::default() }.draw())];
    }
    let conditions = kept.rows.chunk_by(|a, b| a.cell.index / arms as u64 == b.cell.index / arms as u64);
    let mut parts: Vec<Part> = Vec::new();
    for rows in conditions {
        if parts.len() == MOST_CHARTS {
            parts.push(Part::text(format!("The first {MOST_CHARTS} conditions are drawn.")));
            break;
        }
        let first = &rows[0];
        let bound = (main.is_makespan() && !first.cell.condition.is_redrawn()).then(|| ("lower bound".to_owned(), first.bound));
        let plot = BoxPlot {
            title: if varied.is_empty() { title() } else { first.label(varied) },
            axis: axis.clone(),
            groups: rows.iter().map(|row| series(row, short(&row.cell.arm.name))).collect(),
            bounds: bound.into_iter().collect(),
            ..BoxPlot::default()
        };
        parts.push(Part::Chart(plot.draw()));
    }
    parts
}

fn remarks(experiment: &Experiment) -> Vec<Part> {
    let all: Vec<String> = experiment.remarks().map(|remark| format!("assumed: {remark}")).collect();
    if all.is_empty() { Vec::new() } else { vec![Part::Preformatted(all.join("\n"))] }
}
