//! The parts of the study. Each strategy is as it comes: nothing is set, nothing was chosen by these figures.

use crate::data::{Data, Instance, Model};
use crate::document::{Table, put, ratio};
use crate::pictures;
use crate::trials::{Case, Trials, geometric};
use polity::workflow::Strategy;
use serde_json::json;

/// In the order of the tables.
pub const ALL: [&str; 14] = [
    "hierarchical",
    "hierarchical, direct",
    "consensus",
    "market",
    "market, urgent",
    "stigmergic",
    "auto",
    "min_completion",
    "fifo_fastest_idle",
    "round_robin",
    "random",
    "heft",
    "cpop",
    "maxmin",
];
/// Those that are tried with noise and with faults.
const SOME: [&str; 10] = [
    "hierarchical",
    "hierarchical, direct",
    "consensus",
    "market",
    "market, urgent",
    "stigmergic",
    "auto",
    "min_completion",
    "fifo_fastest_idle",
    "heft",
];
/// What a name of the tables stands for.
pub fn strategy(name: &str) -> Strategy {
    let (name, settings) = match name {
        "hierarchical, direct" => ("hierarchical", json!({ "reporting": "direct" })),
        "market, urgent" => ("market", json!({ "urgency": 100 })),
        name => (name, json!({})),
    };
    Strategy { name: name.into(), settings }
}
/// Those that plan before a run begins.
pub fn is_offline(strategy: &str) -> bool {
    matches!(strategy, "heft" | "cpop" | "maxmin")
}
/// From so many tasks on a graph is tried with one seed only.
const LARGE: usize = 5_000;
/// Schedulers of the references: where they stand, and what they are called here.
const OTHERS: [(&[&str], &str); 5] = [
    (&["own", "HEFT"], "*reference:* HEFT, offline"),
    (&["own", "MCT"], "*reference:* MCT, offline"),
    (&["online", "rank_eft_commit"], "*reference:* upward rank to the earliest finish, online"),
    (&["online", "fifo_fastest_idle"], "*reference:* FIFO to the fastest idle, online"),
    (&["online", "roundrobin_commit"], "*reference:* round robin, online"),
];

fn cases<'a>(instances: impl Iterator<Item = &'a Instance>, model: &Model, seeds: u64) -> Vec<Case> {
    let case = |instance: &Instance| Case {
        id: instance.id.clone(),
        subject: model.subject(instance),
        bound: instance.bound(model),
        seeds: if instance.tasks() < LARGE { seeds } else { 1 },
    };
    instances.map(case).collect()
}
/// What others made of these instances; none if one of the instances has no such figure.
fn others<'a>(instances: impl Iterator<Item = &'a Instance>, model: &Model, path: &[&str]) -> Option<f64> {
    let known: Option<Vec<f64>> = instances.map(|i| Some(i.known(model.name, path)? / i.bound(model))).collect();
    geometric(known?)
}
fn name(strategy: &str) -> String {
    if is_offline(strategy) { format!("`{strategy}` (offline)") } else { format!("`{strategy}`") }
}

/// Agents of unequal speeds, nothing else.
pub fn speeds(data: &Data) {
    let models = [data.model("A8"), data.model("A16")];
    let mut head = vec!["strategy".to_owned()];
    let mut columns: Vec<Trials> = Vec::new();
    for (name, stg) in [("workflows", false), ("STG", true)] {
        for model in &models {
            head.push(format!("{name}, {} agents", model.speeds.len()));
            let instances = data.instances.iter().filter(|i| i.stg == stg);
            columns.push(Trials::make(&head[head.len() - 1], &ALL, cases(instances, model, 5)));
        }
    }
    head.extend(["worst workflow".to_owned(), "messages a task".to_owned()]);
    let mut table = Table::new(&head.iter().map(String::as_str).collect::<Vec<_>>());
    for (n, strategy) in ALL.iter().enumerate() {
        let mut cells: Vec<String> = columns.iter().map(|trials| trials.cell(n)).collect();
        cells.push(format!("{:.2}", columns[..2].iter().flat_map(|trials| trials.ratios(n)).fold(0.0, f64::max)));
        cells.push(format!("{:.1}", columns[0].average(n, |m| m.messages_per_task())));
        table.row(&name(strategy), cells);
    }
    for (path, called) in OTHERS {
        let mut cells = Vec::new();
        for stg in [false, true] {
            let of = |model| ratio(others(data.instances.iter().filter(|i| i.stg == stg), model, path));
            cells.extend(models.iter().map(of));
        }
        cells.extend(["–".into(), "–".into()]);
        table.row(called, cells);
    }
    put("speeds", &table);
    one_by_one(data, &models[1], &columns[1]);
    pictures::ratios(&columns);
    pictures::talk(&columns[0]);
}

/// Each workflow under each strategy that decides as it goes.
fn one_by_one(data: &Data, model: &Model, trials: &Trials) {
    let shown: Vec<usize> = (0..ALL.len()).filter(|n| !matches!(ALL[*n], "round_robin" | "random" | "cpop" | "maxmin")).collect();
    let mut head = vec!["workflow", "tasks"];
    head.extend(shown.iter().map(|n| ALL[*n]));
    head.push("*reference:* HEFT");
    let mut table = Table::new(&head);
    for (case, instance) in data.workflows().enumerate() {
        let mut cells = vec![instance.tasks().to_string()];
        cells.extend(shown.iter().map(|n| ratio(trials.ratio(*n, case))));
        cells.push(ratio(instance.known(model.name, &["own", "HEFT"]).map(|took| took / instance.bound(model))));
        table.row(&trials.cases[case].id, cells);
    }
    put("workflows", &table);
}

/// Data that takes time.
pub fn travelling(data: &Data) {
    let models = ["B8", "B16", "C8", "C16"].map(|name| data.model(name));
    let mut table = Table::new(&["strategy", "10 MB/s, 8 agents", "10 MB/s, 16 agents", "1 MB/s, 8 agents", "1 MB/s, 16 agents"]);
    let small = || data.workflows().filter(|instance| instance.tasks() < LARGE);
    let columns = models.each_ref().map(|model| Trials::make(model.name, &ALL, cases(small(), model, 3)));
    for (n, strategy) in ALL.iter().enumerate() {
        table.row(&name(strategy), columns.iter().map(|trials| trials.cell(n)));
    }
    for (path, called) in [OTHERS[0], OTHERS[1], (&["own", "OLB"], "*reference:* OLB, offline")] {
        table.row(called, models.iter().map(|model| ratio(others(small(), model, path))));
    }
    put("data", &table);
}

/// Equal agents, where the optimum is proven.
pub fn optima(data: &Data) {
    let models = ["P2", "P4", "P8", "P16"].map(|name| data.model(name));
    let mut table = Table::new(&["strategy", "2 agents", "4 agents", "8 agents", "16 agents", "optimal", "worst"]);
    let columns = models.each_ref().map(|model| {
        let mut cases = cases(data.standard(), model, 3);
        for (case, instance) in cases.iter_mut().zip(data.standard()) {
            case.bound = instance.known(model.name, &["optimum"]).expect("the optimum of a standard graph is known");
        }
        Trials::make(model.name, &ALL, cases)
    });
    for (n, strategy) in ALL.iter().enumerate() {
        let all: Vec<f64> = columns.iter().flat_map(|trials| trials.ratios(n)).collect();
        // A message takes a microsecond.
        let met = all.iter().filter(|ratio| **ratio < 1.000_01).count();
        let mut cells: Vec<String> = columns.iter().map(|trials| trials.cell(n)).collect();
        cells.push(format!("{met} of {}", all.len()));
        cells.push(format!("{:.2}", all.iter().copied().fold(0.0, f64::max)));
        table.row(&name(strategy), cells);
    }
    for (path, called) in OTHERS {
        let of = |model: &Model| {
            let known = |i: &Instance| Some(i.known(model.name, path)? / i.known(model.name, &["optimum"])?);
            data.standard().map(known).collect::<Option<Vec<f64>>>()
        };
        let all: Vec<Option<Vec<f64>>> = models.iter().map(of).collect();
        let mut cells: Vec<String> = all.iter().map(|known| ratio(known.clone().and_then(geometric))).collect();
        let flat: Vec<f64> = all.into_iter().flatten().flatten().collect();
        cells.push(format!("{} of {}", flat.iter().filter(|ratio| **ratio < 1.000_01).count(), flat.len()));
        cells.push(format!("{:.2}", flat.iter().copied().fold(0.0, f64::max)));
        table.row(called, cells);
    }
    put("optima", &table);
}

/// Work that strays from its estimate.
pub fn noise(data: &Data) {
    let model = data.model("A8");
    let mut table = Table::new(&["strategy", "exact", "sigma 0.2", "sigma 0.5", "sigma 1"]);
    let small = || data.workflows().filter(|instance| instance.tasks() < LARGE);
    let columns = [0.0, 0.2, 0.5, 1.0].map(|sigma| {
        let mut cases = cases(small(), &model, 3);
        for case in &mut cases {
            case.subject = case.subject.clone().with_noise(sigma).expect("the noise is a number");
        }
        Trials::make(&format!("noise {sigma}"), &SOME, cases)
    });
    for (n, strategy) in SOME.iter().enumerate() {
        table.row(&name(strategy), columns.iter().map(|trials| trials.cell(n)));
    }
    put("noise", &table);
}

/// Agents that crash, and messages that are lost.
pub fn faults(data: &Data) {
    let model = data.model("A8");
    let small = || data.workflows().filter(|instance| instance.tasks() < LARGE);
    // In milliseconds; of the bound.
    let crashes = |bound: f64, often: f64| format!("crash={:.0}ms,repair={:.0}ms", bound * 1e3 / often, bound * 1e3 / 20.0);
    let settings: [(&str, &dyn Fn(f64) -> String); 4] = [
        ("calm", &|_| "none".into()),
        ("each crashes once", &|bound| crashes(bound, 1.0)),
        ("each crashes four times", &|bound| crashes(bound, 4.0)),
        ("5 % of messages lost", &|_| "loss=0.05,delay=10ms".into()),
    ];
    let mut head = vec!["strategy".to_owned()];
    let mut columns = Vec::new();
    for (called, faults) in settings {
        let mut cases = cases(small(), &model, 3);
        for case in &mut cases {
            let faults = faults(case.bound).parse().expect("the faults are right");
            case.subject = case.subject.clone().with_faults(faults).expect("the faults are right");
        }
        head.push(called.to_owned());
        columns.push(Trials::make(called, &SOME, cases));
    }
    head.extend(["lost work (four)".to_owned(), "failed runs (all)".to_owned()]);
    let mut table = Table::new(&head.iter().map(String::as_str).collect::<Vec<_>>());
    for (n, strategy) in SOME.iter().enumerate() {
        let mut cells: Vec<String> = columns.iter().map(|trials| trials.cell(n)).collect();
        cells.push(format!("{:.1} %", columns[2].average(n, |m| m.lost_work) * 100.0));
        cells.push(columns.iter().map(|trials| trials.failed(n)).sum::<usize>().to_string());
        table.row(&name(strategy), cells);
    }
    put("faults", &table);
}
