//! Every real instance is read, and its bounds are those of the reference, to 1e-6.

use super::data::{at, files, json, numbers};
use polity::workloads::{Format, TaskGraph, read};
use std::collections::BTreeMap;
use std::path::Path;

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs())
}

/// The instances by name.
fn open(folder: &Path) -> BTreeMap<String, TaskGraph> {
    let graphs = files(folder).into_iter().map(|path| {
        let loaded = read(&path).unwrap();
        assert_eq!((loaded.format, loaded.remarks.len()), (Format::TaskDag, 0), "{}", path.display());
        (loaded.graph.name().to_owned(), loaded.graph)
    });
    graphs.collect()
}

#[test]
fn the_bounds_of_all_instances_are_those_of_the_reference() {
    let (Some(folder), Some(references)) = (at("open"), at("references-open.json")) else { return };
    let (graphs, references) = (open(&folder), json(&references));
    let (mut checked, mut stronger, mut higher) = (0, 0, 0);
    for (name, instance) in references["instances"].as_object().unwrap() {
        let graph = &graphs[name];
        assert_eq!(
            [graph.tasks().len(), graph.edges().len(), graph.kinds().len()].map(|n| n as u64),
            ["tasks", "edges", "kinds"].map(|key| instance[key].as_u64().unwrap()),
            "{name}"
        );
        assert!(close(graph.total_work(), instance["total_work"].as_f64().unwrap()), "{name}");
        assert!(close(graph.critical_work(), instance["critical_path_work"].as_f64().unwrap()), "{name}");
        // The reference took heads and tails in the order of the tasks, and of large graphs not all of them: where that order is not
        // topological, or tasks are many, its strong bound is a little lower than what its own formula says (a plain program that tries all
        // heads and tails agrees with ours).
        let is_whole = graph.tasks().len() < 400 && graph.edges().iter().all(|edge| edge.from < edge.to);
        for (model, expected) in instance["models"].as_object().unwrap() {
            let set = references["models"][model]["agents"].as_str().unwrap();
            let speeds = numbers(&references["agents"][set]);
            let fastest = speeds.iter().copied().fold(0.0, f64::max);
            let found = [
                ("lb_critical_path", graph.critical_work() / fastest),
                ("lb_work_over_speed", graph.total_work() / speeds.iter().sum::<f64>()),
                ("lb", graph.lower_bound(&speeds)),
                ("lb_strong", graph.strong_lower_bound(&speeds)),
            ];
            for (key, found) in found {
                let expected = expected[key].as_f64().unwrap();
                let good = close(found, expected) || key == "lb_strong" && !is_whole && found > expected;
                higher += u32::from(!close(found, expected));
                assert!(good, "{key} of {name} under {model}: {found}, not {expected}");
            }
            for best in ["optimum", "best_known"].into_iter().filter_map(|key| expected[key].as_f64()) {
                assert!(found[3].1 <= best * (1.0 + 1e-6), "{name} under {model}");
            }
            checked += 1;
            stronger += u32::from(!close(found[2].1, found[3].1));
        }
    }
    assert_eq!(graphs.len(), references["instances"].as_object().unwrap().len());
    assert!(higher < checked / 10, "the strong bound is higher than the reference's in {higher} of {checked} models");
    assert!(checked > 150 && stronger > 10, "{checked} models were checked, in {stronger} the strong bound is higher");
}

/// The originals give the same graphs as what others made of them.
#[test]
fn the_originals_are_read_as_others_read_them() {
    let (Some(folder), Some(raw)) = (at("open"), at("open/raw")) else { return };
    let graphs = open(&folder);
    let mut seen = BTreeMap::new();
    for path in files(&raw) {
        let loaded = read(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap().split('.').next().unwrap();
        let expected = &graphs[name];
        assert_eq!(loaded.graph.clone().named(name), *expected, "{}", path.display());
        assert_eq!(loaded.remarks, Vec::<String>::new(), "{}", path.display());
        *seen.entry(loaded.format.to_string()).or_insert(0) += 1;
    }
    assert_eq!(seen.keys().collect::<Vec<_>>(), ["STG", "WfFormat 1.5", "WfFormat 1.6"]);
}
