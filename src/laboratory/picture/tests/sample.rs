//! Made-up runs, and a page of all pictures in all sizes: `cargo test -p polity --lib sample_report -- --ignored`, then look at
//! `target/sample-report.html`.

use crate::laboratory::picture::*;
use polity_protocols::Rng;

pub(super) const STRATEGIES: [&str; 12] = [
    "market",
    "hierarchical",
    "stigmergic",
    "consensus",
    "auto",
    "pinned:heft",
    "pinned:peft",
    "round_robin",
    "random",
    "min_completion",
    "fifo_fastest_idle",
    "a government whose name is much longer than anybody would like it to be, with settings",
];

pub(super) fn series(n: usize, values: usize, seed: u64) -> Vec<Series> {
    let one = |at: usize| {
        let mut rng = Rng::numbered(seed, "series", at as u64);
        let middle = 340.0 + 14.0 * at as f64;
        Series::new(STRATEGIES[at % 12], (0..values).map(|_| middle + 9.0 * rng.normal() + rng.exponential(8.0)))
    };
    (0..n).map(one).collect()
}
pub(super) fn clouds(n: usize, values: usize) -> Vec<Cloud> {
    let one = |at: usize| {
        let mut rng = Rng::numbered(5, "cloud", at as u64);
        let (x, y) = (340.0 + 160.0 * rng.unit(), libm::pow(10.0, 0.2 + 2.2 * rng.unit()));
        let points = (0..values).map(|_| (x + 8.0 * rng.normal(), y * (1.0 + 0.1 * rng.unit())));
        Cloud::new(STRATEGIES[at % 12], points.collect::<Vec<_>>())
    };
    (0..n).map(one).collect()
}
/// So many jobs, each given to the agent that is free first.
pub(super) fn gantt(agents: usize, slots: usize, jobs: usize) -> Gantt {
    let mut rng = Rng::new(9, "gantt");
    let mut free = vec![vec![0.0_f64; slots]; agents];
    let mut all = Vec::new();
    for n in 0..jobs {
        let ready = n as f64 * 24.0 / jobs as f64 / agents.min(8) as f64;
        let announced = ready + if rng.chance(0.2) { rng.exponential(0.4) } else { 0.0 };
        let assigned = announced + rng.exponential(0.12);
        let row = if agents > 3 {
            (0..3).map(|_| rng.below(agents)).min_by(|a, b| free[*a][0].total_cmp(&free[*b][0])).unwrap()
        } else {
            rng.below(agents)
        };
        let slot = (0..slots).min_by(|a, b| free[row][*a].total_cmp(&free[row][*b])).unwrap();
        let started = assigned.max(free[row][slot]);
        let ended = started + 0.2 + rng.exponential(1.4);
        free[row][slot] = ended;
        let kind = ["shell", "http", "llm.chat", "python", "transform", "review", "publish", "rare"]
            [rng.weighted(&[5., 3., 3., 2., 2., 1., 1., 1.]).unwrap()];
        let name = format!("{}[{n}]", ["extract", "clean", "analyse", "publish"][n % 4]);
        let (critical, failed) = (n % (jobs / 7).max(1) == 3, rng.chance(0.04));
        all.push(Job { row, name, kind: kind.into(), ready, announced, assigned, started, ended, critical, failed });
    }
    let names = ["shell-1", "analyst", "crew/reviewer-with-a-rather-long-name@brave-otter", "ann"];
    let rows = (0..agents).map(|n| if n < 4 { names[n].into() } else { format!("worker-{n}") }).collect();
    Gantt { title: "Who did what when".into(), subtitle: "market, seed 7, virtual time".into(), rows, jobs: all }
}
pub(super) fn boxes(groups: Vec<Series>) -> BoxPlot {
    BoxPlot {
        title: "Makespan by strategy".into(),
        subtitle: "30 paired seeds, 16 agents, 2 % of jobs crash".into(),
        axis: Axis::new("makespan, virtual time", Unit::Seconds),
        groups,
        bounds: vec![("lower bound".into(), 312.4), ("HEFT".into(), 330.0)],
    }
}
pub(super) fn scatter(clouds: Vec<Cloud>) -> Scatter {
    Scatter {
        title: "Time against talk".into(),
        subtitle: String::new(),
        x: Axis::new("makespan, virtual time", Unit::Seconds),
        y: Axis::new("messages for each task", Unit::Number).logarithmic(),
        clouds,
    }
}
pub(super) fn curves(series: Vec<Series>) -> Curves {
    Curves {
        title: "How makespans are distributed".into(),
        subtitle: String::new(),
        axis: Axis::new("makespan, virtual time", Unit::Seconds),
        series,
    }
}

fn table() -> Table {
    let columns = ["median", "95 % interval", "vs bound", "vs hierarchical", "cost", "messages/task", "fairness"];
    let row = |n: usize| {
        let median = format!("{:.1}", 361.0 + 20.0 * n as f64);
        let first = if n == 0 { Cell::Best(median) } else { Cell::from(median) };
        let cells = ["[358.2, 364.9]", "1.16×", "−5.4 % *", "41.20", "47.6", "0.91"].map(Cell::from);
        [Cell::from(STRATEGIES[n]), first].into_iter().chain(cells).collect()
    };
    Table {
        columns: [Column::text("strategy")].into_iter().chain(columns.map(Column::number)).collect(),
        rows: (0..12).map(row).collect(),
        caption: "Makespan in virtual seconds. * Wilcoxon signed-rank, Holm-corrected p = 0.003".into(),
    }
}

pub(super) fn page() -> Page {
    let figures = [("makespan", "361 s"), ("tasks", "1,204"), ("agents", "16"), ("coordination", "0.4 %"), ("cost", "41.20")];
    let mut wild = series(3, 30, 2);
    wild[0].values[0] = f64::NAN;
    wild[1].values = vec![f64::INFINITY, f64::NEG_INFINITY];
    wild[2].name = "<img src=x onerror=alert(1)>".into();
    let mut odd = gantt(2, 1, 20);
    odd.jobs[3].ended = f64::NAN;
    Page {
        title: "montage.wfformat.json: five governments".into(),
        lead: "30 paired seeds in virtual time. The market is the fastest here: 5.4 % before hierarchical.".into(),
        parts: vec![
            Part::Figures(figures.map(|(a, b)| (a.into(), b.into())).into()),
            Part::heading("Which is the fastest"),
            Part::text(
                "Every strategy carried out the same workflow with the same agents and the same faults; only the protocol differs.",
            ),
            Part::Table(table()),
            Part::Chart(boxes(series(5, 30, 1)).draw()),
            Part::Chart(curves(series(5, 30, 1)).draw()),
            Part::Chart(scatter(clouds(5, 30)).draw()),
            Part::Chart(gantt(6, 2, 60).draw()),
            Part::Preformatted("polity run montage.wfformat.json --seed 7 --strategy market\npolity show last".into()),
            Part::heading("Twelve strategies"),
            Part::Chart(boxes(series(12, 300, 3)).draw()),
            Part::Chart(curves(series(12, 3_000, 3)).draw()),
            Part::Chart(scatter(clouds(12, 200)).draw()),
            Part::heading("One"),
            Part::Chart(boxes(series(1, 3, 4)).draw()),
            Part::Chart(curves(series(1, 1, 4)).draw()),
            Part::Chart(scatter(clouds(1, 1)).draw()),
            Part::Chart(gantt(1, 1, 9).draw()),
            Part::heading("Very many"),
            Part::Chart(gantt(64, 1, 900).draw()),
            Part::Chart(gantt(64, 4, 30_000).draw()),
            Part::heading("Nothing, and what can't be drawn"),
            Part::Chart(boxes(Vec::new()).draw()),
            Part::Chart(boxes(wild.clone()).draw()),
            Part::Chart(curves(wild).draw()),
            Part::Chart(scatter(Vec::new()).draw()),
            Part::Chart(Gantt::default().draw()),
            Part::Chart(odd.draw()),
        ],
        footer: "polity 0.1.0 · seeds 1..30 · polity compare montage.wfformat.json --seeds 30".into(),
    }
}

#[test]
#[ignore = "writes target/sample-report.html, to be looked at"]
fn sample_report() {
    let target = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
    std::fs::write(target.join("sample-report.html"), page().html()).unwrap();
    std::fs::write(target.join("sample-boxes.svg"), boxes(series(5, 30, 1)).draw().svg()).unwrap();
}
