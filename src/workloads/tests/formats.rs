//! What is written is read again; what differs in form only is the same graph; nothing that is read panics.

use super::graphs::{acyclic, check};
use crate::workloads::{Format, GraphEdge, TaskGraph, parse, wfformat};
use proptest::prelude::*;
use serde_json::{Value, json};

fn is_legal(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.#:/".contains(c))
}

#[test]
fn what_is_written_as_wfformat_is_the_same_graph_when_it_is_read() {
    let sometimes = ["all names legal", "a name not legal", "bytes", "edges without bytes", "out of order"];
    check(acyclic(12), &sometimes, |graph, seen| {
        let loaded = parse(&graph.to_wfformat()).unwrap();
        prop_assert_eq!(&loaded.format, &Format::WfFormat("1.5".into()));
        prop_assert_eq!(&loaded.remarks, &Vec::<String>::new());
        let legal = graph.tasks().iter().all(|task| is_legal(&task.name));
        if legal {
            prop_assert_eq!(&loaded.graph, &graph);
        } else {
            // The same but for names, which are legal now; those that were so are kept.
            prop_assert!(loaded.graph.tasks().iter().all(|task| is_legal(&task.name)));
            let bare = |task: &crate::workloads::GraphTask| (task.kind, task.work.to_bits());
            for (read, written) in loaded.graph.tasks().iter().zip(graph.tasks()) {
                prop_assert_eq!(bare(read), bare(written));
                prop_assert!(!is_legal(&written.name) || read.name == written.name);
            }
            prop_assert_eq!(loaded.graph.edges(), graph.edges());
        }
        seen.note("all names legal", legal);
        seen.note("a name not legal", !legal);
        seen.note("bytes", graph.total_bytes() > 0);
        seen.note("edges without bytes", graph.edges().iter().any(|edge| edge.bytes == 0));
        seen.note("out of order", graph.edges().iter().any(|edge| edge.from > edge.to));
        Ok(())
    });
}

/// `taskdag/1` of a graph.
fn taskdag_of(graph: &TaskGraph) -> Value {
    let tasks = graph.tasks().iter().map(|task| json!([task.name, task.kind, task.work]));
    let edges = graph.edges().iter().map(|edge| json!([edge.from, edge.to, edge.bytes]));
    json!({ "format": "taskdag/1", "id": graph.name(), "kinds": graph.kinds(), "tasks": tasks.collect::<Vec<_>>(),
        "edges": edges.collect::<Vec<_>>(), "licence": "none" })
}

#[test]
fn a_taskdag_is_read_whole() {
    check(acyclic(12), &[], |graph, _| {
        let loaded = parse(&taskdag_of(&graph).to_string()).unwrap();
        prop_assert_eq!(loaded.format, Format::TaskDag);
        prop_assert_eq!(loaded.graph, graph);
        Ok(())
    });
}

/// WfFormat 1.4 of a graph: everything about a task in one place, by name, dependencies told from one end.
fn in_one(graph: &TaskGraph, by_children: bool) -> Value {
    let name = |task: usize| graph.tasks()[task].name.as_str();
    let file = |edge: &GraphEdge, link: &str| json!({ "link": link, "name": format!("{}>{}", edge.from, edge.to), "sizeInBytes": edge.bytes });
    let tasks = graph.tasks().iter().enumerate().map(|(n, task)| {
        let (from, to) = (|edge: &&GraphEdge| edge.from == n, |edge: &&GraphEdge| edge.to == n);
        let reads = graph.edges().iter().filter(to).map(|edge| file(edge, "input"));
        let writes = graph.edges().iter().filter(from).map(|edge| file(edge, "output"));
        let parents: Vec<&str> = graph.edges().iter().filter(to).map(|edge| name(edge.from)).collect();
        let children: Vec<&str> = graph.edges().iter().filter(from).map(|edge| name(edge.to)).collect();
        let (key, links) = if by_children { ("children", children) } else { ("parents", parents) };
        json!({ "name": task.name, "category": graph.kind_of(n), "type": "compute", "runtimeInSeconds": task.work, key: links,
            "files": reads.chain(writes).collect::<Vec<_>>() })
    });
    json!({ "name": graph.name(), "schemaVersion": "1.4", "workflow": { "makespanInSeconds": 1, "tasks": tasks.collect::<Vec<_>>() } })
}

#[test]
fn either_end_of_a_dependency_is_enough_and_so_are_the_files_alone() {
    check(acyclic(10), &["by files", "no edges"], |graph, seen| {
        for by_children in [false, true] {
            let loaded = wfformat(&in_one(&graph, by_children).to_string()).unwrap();
            prop_assert_eq!(&loaded.graph, &graph);
            prop_assert_eq!(loaded.remarks.len(), 0);
        }
        let mut bare = in_one(&graph, false);
        for task in bare["workflow"]["tasks"].as_array_mut().unwrap() {
            task.as_object_mut().unwrap().remove("parents");
        }
        let loaded = wfformat(&bare.to_string()).unwrap();
        prop_assert_eq!(&loaded.graph, &graph);
        prop_assert_eq!(loaded.remarks.len(), usize::from(!graph.edges().is_empty()));
        seen.note("by files", !graph.edges().is_empty());
        seen.note("no edges", graph.edges().is_empty());
        Ok(())
    });
}

/// The numbers of an STG line.
fn stg_of(graph: &TaskGraph) -> String {
    let n = graph.tasks().len();
    let mut text = format!("{n}\n0 0 0\n");
    for (task, of) in graph.tasks().iter().enumerate() {
        let before: Vec<String> =
            graph.edges().iter().filter(|edge| edge.to == task).map(|edge| (edge.from + 1).to_string()).collect();
        // What waits for nothing waits for the dummy.
        let before = if before.is_empty() { vec!["0".to_owned()] } else { before };
        text.push_str(&format!("  {} {} {}   {}\n", task + 1, of.work, before.len(), before.join(" ")));
    }
    let all: Vec<String> = (1..=n).map(|task| task.to_string()).collect();
    text + &format!("{} 0 {n} {}\n# CP Length : ?\n", n + 1, all.join(" "))
}

#[test]
fn a_standard_graph_loses_its_dummies_and_nothing_else() {
    check(acyclic(10), &[], |graph, _| {
        let whole = graph.with_work(|_, task| task.work.round()).unwrap();
        let loaded = parse(&stg_of(&whole)).unwrap();
        prop_assert_eq!(loaded.format, Format::Stg);
        let pairs = |graph: &TaskGraph| graph.edges().iter().map(|edge| (edge.from, edge.to)).collect::<Vec<_>>();
        prop_assert_eq!(pairs(&loaded.graph), pairs(&whole));
        prop_assert_eq!(loaded.graph.critical_work(), whole.critical_work());
        Ok(())
    });
}

/// Whatever is done to a good text, what comes back is a graph or a sentence.
#[test]
fn damaged_texts_are_told_of() {
    let how = (acyclic(6), 0..4u8, any::<prop::sample::Index>(), prop::option::of("[\\PC\\n]{0,4}"));
    check(how, &["cut", "damaged and read all the same", "damaged and told of"], |(graph, format, at, instead), seen| {
        let text = match format {
            0 => graph.to_wfformat(),
            1 => taskdag_of(&graph).to_string(),
            2 => in_one(&graph, true).to_string(),
            _ => stg_of(&graph.with_work(|_, task| task.work.round()).unwrap()),
        };
        let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
        let place = places[at.index(places.len())];
        let rest = text[place..].chars().next().map_or(place, |c| place + c.len_utf8());
        let damaged = match &instead {
            None => text[..place].to_owned(),
            Some(instead) => format!("{}{instead}{}", &text[..place], &text[rest..]),
        };
        let found = parse(&damaged);
        if let Err(wrong) = &found {
            let sentence = wrong.to_string();
            prop_assert!(!sentence.is_empty() && !sentence.contains('\n') && !sentence.ends_with('.'), "{sentence}");
        }
        seen.note("cut", instead.is_none() && found.as_ref().is_err_and(|wrong| wrong.to_string().contains("cut off")));
        seen.note("damaged and read all the same", instead.is_some() && found.is_ok());
        seen.note("damaged and told of", instead.is_some() && found.is_err());
        Ok(())
    });
}

/// One task of WfFormat 1.5, by name, id and program: its kind.
fn kind_by(name: &str, id: &str, program: Value) -> String {
    let file = json!({ "schemaVersion": "1.6", "workflow": {
        "specification": { "tasks": [{ "name": name, "id": id, "parents": [], "children": [] }] },
        "execution": { "tasks": [{ "id": id, "runtimeInSeconds": 1, "command": { "program": program } }] } } });
    wfformat(&file.to_string()).unwrap().graph.kind_of(0).to_owned()
}

#[test]
fn the_kind_is_what_the_writers_of_the_format_mean_by_it() {
    assert_eq!(kind_by("mProject", "mProject_00000001", "python".into()), "mProject"); // WfGen, Nextflow
    assert_eq!(kind_by("bowtie2-build_ID0000001", "bowtie2-build_ID0000001", "bowtie2".into()), "bowtie2"); // Pegasus, Makeflow
    assert_eq!(kind_by("align_ID0000001", "align_ID0000001", Value::Null), "align");
    assert_eq!(kind_by("align_17", "align_17", "#!/bin/sh\nalign 17".into()), "align");
    assert_eq!(kind_by("17", "17", Value::Null), "17");
    assert_eq!(kind_by("_17", "_17", Value::Null), "_17");
}

/// 1.4 of three tasks, two of which share a name.
fn shared(parent: &str) -> Result<TaskGraph, crate::workloads::WorkloadError> {
    let task = |name: &str, id: &str, parents: Value| json!({ "name": name, "id": id, "type": "compute", "runtimeInSeconds": 1, "parents": parents });
    let tasks = [task("cut", "ID1", json!([])), task("cut", "ID2", json!([])), task("glue", "ID3", json!([parent]))];
    wfformat(&json!({ "schemaVersion": "1.4", "workflow": { "tasks": tasks } }).to_string()).map(|loaded| loaded.graph)
}

#[test]
fn tasks_that_share_a_name_are_told_apart_by_their_ids() {
    let graph = shared("ID2").unwrap();
    assert_eq!(graph.tasks().iter().map(|task| &*task.name).collect::<Vec<_>>(), ["cut_ID1", "cut_ID2", "glue"]);
    assert_eq!(graph.edges(), [GraphEdge::new(1, 2, 0)]);
    let sentence = "task \"glue\" has the parent \"cut\", which several tasks are called; correct the name, or remove it";
    assert_eq!(shared("cut").unwrap_err().to_string(), sentence);
}

#[test]
fn tasks_that_want_several_cores_are_counted() {
    let remarks = |key: &str, cores: [Value; 3]| {
        let executed =
            cores.into_iter().enumerate().map(|(n, cores)| json!({ "id": n.to_string(), "runtimeInSeconds": 1, key: cores }));
        let specified = (0..3).map(|n: u8| json!({ "name": "cut", "id": n.to_string() }));
        let file = json!({ "schemaVersion": "1.5", "workflow": {
            "specification": { "tasks": specified.collect::<Vec<_>>() }, "execution": { "tasks": executed.collect::<Vec<_>>() } } });
        wfformat(&file.to_string()).unwrap().remarks
    };
    assert_eq!(
        remarks("coreCount", [json!(1), json!(4), json!(2.5)]),
        ["2 tasks want more than one core; here each takes one slot"]
    );
    assert_eq!(
        remarks("coreCount", [json!(0.5), json!("many"), json!(2)]),
        ["1 task wants more than one core; here it takes one slot"]
    );
    assert_eq!(remarks("coreCount", [json!(1), Value::Null, json!("many")]), [""; 0]);
    let old = json!({ "schemaVersion": "1.4", "workflow": { "tasks": [{ "name": "a", "runtimeInSeconds": 1, "cores": 8 }] } });
    assert_eq!(wfformat(&old.to_string()).unwrap().remarks, ["1 task wants more than one core; here it takes one slot"]);
}
