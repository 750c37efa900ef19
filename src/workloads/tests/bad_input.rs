//! What is said of bad input: each sentence as it is, since people read it.

use crate::workloads::{Arrivals, Distribution, Draws, GraphEdge, Loaded, Shape, TaskGraph, WorkloadError, parse, read};

fn sentence<T: core::fmt::Debug>(found: Result<T, WorkloadError>) -> String {
    found.unwrap_err().to_string()
}
fn said(text: &str) -> String {
    sentence(parse(text))
}
fn taskdag(parts: &str) -> String {
    let (tasks, edges) = parts.split_once('|').unwrap();
    said(&format!(r#"{{"format": "taskdag/1", "id": "x", "kinds": ["k"], "tasks": {tasks}, "edges": {edges}}}"#))
}
/// WfFormat 1.5 of two tasks.
fn two(parts: &str) -> Result<Loaded, WorkloadError> {
    let [parents, runtime, files] = parts.split('|').collect::<Vec<_>>().try_into().unwrap();
    parse(&format!(
        r#"{{ "name": "w", "schemaVersion": "1.5", "workflow": {{
            "specification": {{
                "tasks": [
                    {{ "name": "a", "id": "a", "parents": [], "children": [], "outputFiles": ["f", "f"] }},
                    {{ "name": "b", "id": "b", "parents": {parents}, "children": [], "inputFiles": ["f", "g"] }}
                ],
                "files": {files}
            }},
            "execution": {{ "tasks": [{{ "id": "b", "runtimeInSeconds": 1 }}, {{ "id": "a", "runtimeInSeconds": {runtime} }}] }}
        }} }}"#
    ))
}
fn wfformat_of_two(parts: &str) -> String {
    sentence(two(parts))
}
fn distribution(text: &str) -> String {
    sentence(text.parse::<Distribution>())
}
fn arrivals(text: &str) -> String {
    sentence(text.parse::<Arrivals>())
}
fn shape(text: &str) -> String {
    sentence(text.parse::<Shape>())
}

/// Each text, and what is said of it.
fn table<const N: usize>(of: fn(&str) -> String, rows: [(&str, &str); N]) {
    let wrong = rows.iter().map(|(text, expected)| (text, of(text), expected)).filter(|(_, said, expected)| said != *expected);
    let wrong: Vec<String> = wrong.map(|(text, said, _)| serde_json::json!([text, said]).to_string()).collect();
    assert!(wrong.is_empty(), "these are said otherwise:\n{}", wrong.join("\n"));
}

#[test]
fn foreign_and_truncated_texts() {
    table(
        said,
        [
            (
                "",
                "is empty; expected a workflow file of polity, WfFormat 1.4 to 1.6, taskdag/1, or a graph of the Standard Task Graph Set (.stg); choose another file, or convert it",
            ),
            (
                "[1, 2]",
                "is JSON, a list; expected a workflow file of polity, WfFormat 1.4 to 1.6, taskdag/1, or a graph of the Standard Task Graph Set (.stg); choose another file, or convert it",
            ),
            (
                "hello\nworld",
                r#"is of no known format, it begins with "hello"; expected a workflow file of polity, WfFormat 1.4 to 1.6, taskdag/1, or a graph of the Standard Task Graph Set (.stg); choose another file, or convert it"#,
            ),
            (
                "{}",
                "is JSON with no key at all; expected WfFormat (with `schemaVersion` and `workflow`) or taskdag/1 (with `format`); choose another file, or convert it",
            ),
            (
                r#"{"dag": 1, "nodes": 2}"#,
                r#"is JSON with the keys "dag", "nodes"; expected WfFormat (with `schemaVersion` and `workflow`) or taskdag/1 (with `format`); choose another file, or convert it"#,
            ),
            (
                r#"{"format": "taskdag/1", "id": "x""#,
                "line 1, column 33: the JSON ends before it is complete; fetch the file again, it was cut off",
            ),
            (r#"{"format": nonsense}"#, "line 1, column 13: is no JSON, expected ident; mend it there, or fetch the file again"),
            (
                r#"{"format": "taskdag/2"}"#,
                r#"`format` must be "taskdag/1", but is "taskdag/2"; convert the file, or update polity if it is newer"#,
            ),
            (
                r#"{"format": "taskdag/1", "id": "x", "kinds": ["k"]}"#,
                "the file has no `tasks`; add it, or fetch the file again if it was cut",
            ),
            (
                r#"{"schemaVersion": "1.3", "workflow": {}}"#,
                r#"`schemaVersion` must be "1.4", "1.5" or "1.6", but is "1.3"; convert the file with WfCommons' tools/wfcommons-migrate-instance.py if it is older, or update polity if it is newer"#,
            ),
            (r#"{"schemaVersion": 1.5, "workflow": {}}"#, "`schemaVersion` must be a text, but is 1.5; change it there"),
            (r#"{"schemaVersion": "1.5"}"#, "the file has no `workflow`; add it, or fetch the file again if it was cut"),
            (
                r#"{"schemaVersion": "1.5", "workflow": {"specification": {"tasks": []}}}"#,
                "`workflow` has no `execution`, so that nobody knows how long its tasks take; add it, with `runtimeInSeconds` for each task",
            ),
            (
                "name: w\ntasks:\n- { id: a, run: make }\n",
                r#"looks like a workflow file of polity, but is not right: 3:9: no agent can ever do "a": there are no agents"#,
            ),
        ],
    );
}

#[test]
fn taskdags_that_are_not_right() {
    table(
        taskdag,
        [
            ("[]|[]", "a task graph needs at least one task, but has none"),
            (r#"[["a", 0]]|[]"#, "`tasks[0]` must be [name, index into kinds, work], but is a list of 2; change it there"),
            (r#"[["a", 1, 2]]|[]"#, "`tasks[0][1]` must be below 1, the number of kinds, but is 1; change it there"),
            (r#"[["a", 0, -2]]|[]"#, "`tasks[0][2]` must be a number of seconds, at least 0, but is -2; change it there"),
            (r#"[["a", 0, "2"]]|[]"#, r#"`tasks[0][2]` must be a number of seconds, at least 0, but is "2"; change it there"#),
            (r#"[["", 0, 2]]|[]"#, "task number 0 (from 0) has an empty name; give it one"),
            (
                r#"[["a", 0, 2], ["a", 0, 3]]|[]"#,
                r#"task names must be unique, but tasks number 0 and 1 (from 0) are both called "a"; rename one of them"#,
            ),
            (
                r#"[["a", 0, 2], ["b", 0, 3]]|[[0, 1, -5]]"#,
                "`edges[0][2]` must be a whole number of bytes, at least 0, but is -5; change it there",
            ),
            (
                r#"[["a", 0, 2], ["b", 0, 3]]|[[0, 1, 0.5]]"#,
                "`edges[0][2]` must be a whole number of bytes, at least 0, but is 0.5; change it there",
            ),
            (
                r#"[["a", 0, 2], ["b", 0, 3]]|[[0, 2, 5]]"#,
                "an edge must be between two of the 2 tasks, numbered from 0, but one goes from 0 to 2; add the missing task or remove the edge",
            ),
            (
                r#"[["a", 0, 2], ["b", 0, 3]]|[[0, 1, 5], [0, 1, 6]]"#,
                r#"the edge from "a" to "b" is given twice; give it once, with the sum of the bytes"#,
            ),
            (
                r#"[["a", 0, 2], ["b", 0, 3]]|[[0, 1, 5], [1, 0, 6]]"#,
                r#"tasks wait for each other in a circle: "a" -> "b" -> "a" ("->" reads "comes before"); remove one of these dependencies"#,
            ),
            (r#"[["a", 0, 2]]|[[0, 0, 5]]"#, r#"task "a" waits for itself; remove this dependency"#),
        ],
    );
}

#[test]
fn the_units_of_a_taskdag_are_seconds_and_bytes() {
    let with = |units: &str| {
        format!(r#"{{"format":"taskdag/1","id":"u","units":{units},"kinds":["k"],"tasks":[["a",0,1]],"edges":[]}}"#)
    };
    for good in [r#"{}"#, r#"{"work":"s"}"#, r#"{"work":"seconds on an agent of speed 1.0","data":"bytes"}"#, "null"] {
        assert!(parse(&with(good)).is_ok(), "{good}");
    }
    let wrong = |units: &str| said(&with(units));
    assert_eq!(
        wrong(r#"{"work":"ms"}"#),
        r#"`units.work` must be seconds, but is "ms"; convert the work of the tasks, and say "s" there"#
    );
    assert_eq!(
        wrong(r#"{"data":"MB"}"#),
        r#"`units.data` must be bytes, but is "MB"; convert the data of the edges, and say "bytes" there"#
    );
    assert_eq!(wrong(r#"{"work":3}"#), "`units.work` must be a text, but is 3; change it there");
}

#[test]
fn wfformat_that_is_not_right() {
    table(
        wfformat_of_two,
        [
            (
                r#"["a"]|-1|[]"#,
                "`workflow.execution.tasks[1].runtimeInSeconds` must be a number of seconds, at least 0, but is -1; change it there",
            ),
            (
                r#"["a"]|null|[]"#,
                "`workflow.execution.tasks[1]` has no `runtimeInSeconds`; add it, or fetch the file again if it was cut",
            ),
            (
                r#"["a"]|"2"|[]"#,
                r#"`workflow.execution.tasks[1].runtimeInSeconds` must be a number of seconds, at least 0, but is "2"; change it there"#,
            ),
            (r#"["c"]|2|[]"#, r#"task "b" has the parent "c", which is no task; correct the name, or remove it"#),
            (r#""a"|2|[]"#, r#"`workflow.specification.tasks[1].parents` must be a list, but is "a"; change it there"#),
            (r#"["b"]|2|[]"#, r#"task "b" waits for itself; remove this dependency"#),
            ("[7]|2|[]", "`workflow.specification.tasks[1].parents[0]` must be a text, but is 7; change it there"),
            (
                r#"["a"]|2|[{ "id": "f", "sizeInBytes": -1 }]"#,
                "`workflow.specification.files[0].sizeInBytes` must be a whole number of bytes, at least 0, but is -1; change it there",
            ),
            (
                r#"["a"]|2|[{ "id": "f" }]"#,
                "`workflow.specification.files[0]` has no `sizeInBytes`; add it, or fetch the file again if it was cut",
            ),
            (
                r#"["a"]|2}, {"id": "c", "runtimeInSeconds": 1|[]"#,
                r#"`workflow.execution.tasks` tells of "c", which is no task of `workflow.specification`; remove it, or add the task"#,
            ),
            (
                r#"["a"]|2}, {"id": "b", "runtimeInSeconds": 1|[]"#,
                r#"`workflow.execution.tasks` tells of "b" twice; keep what is right"#,
            ),
        ],
    );
}

#[test]
fn standard_graphs_that_are_not_right() {
    table(
        said,
        [
            ("2", "ends after 0 of 4 tasks (2 and two dummies); fetch the file again, it was cut off"),
            ("2 3", r#"line 1: expected the number of tasks, alone; the line is "2 3"; correct it, or fetch the file again"#),
            ("2\n0 0 0\n1 5 1 0", "ends after 2 of 4 tasks (2 and two dummies); fetch the file again, it was cut off"),
            (
                "2\n0 0 0\n1 5 1 0\n3 5 1 0\n3 0 1 1",
                r#"line 4: expected task number 2, since tasks stand in order; the line is "3 5 1 0"; correct it, or fetch the file again"#,
            ),
            (
                "1\n0 0 0\n1 5 2 0\n2 0 1 1",
                r#"line 3: expected as many predecessors as it says, 2, not 1; the line is "1 5 2 0"; correct it, or fetch the file again"#,
            ),
            (
                "1\n0 0 0\n1 5 1 9\n2 0 1 1",
                r#"line 3: expected predecessors of 0 to 2, not 9; the line is "1 5 1 9"; correct it, or fetch the file again"#,
            ),
            (
                "1\n0 0 0\n1 -5 1 0\n2 0 1 1",
                r#"line 3: expected whole numbers of at least 0, with spaces between them; the line is "1 -5 1 0"; correct it, or fetch the file again"#,
            ),
            (
                "1\n0 0 0\n1 5 1 0\n2 4 1 1",
                r#"line 4: expected a time of 0, since the first and the last task are dummies, not 4; the line is "2 4 1 1"; correct it, or fetch the file again"#,
            ),
            (
                "1\n0 0 0\n1 5\n2 0 1 1",
                r#"line 3: expected a task: its number, its time, how many come before it, and which; the line is "1 5"; correct it, or fetch the file again"#,
            ),
            (
                "1\n0 0 0\n1 5 1 0\n2 0 1 1\n3 5 1 0",
                r#"line 5: expected no further task: the first line says 1, and two dummies; the line is "3 5 1 0"; correct it, or fetch the file again"#,
            ),
            (
                "2\n0 0 0\n1 5 1 2\n2 5 1 1\n3 0 1 2",
                r#"tasks wait for each other in a circle: "t1" -> "t2" -> "t1" ("->" reads "comes before"); remove one of these dependencies"#,
            ),
            ("0\n0 0 0\n1 0 1 0", "a task graph needs at least one task, but has none"),
            (
                "1\n0 0 0\n1 5 1 2\n2 0 1 1",
                r#"line 3: expected no task before the first dummy or after the last; the line is "1 5 1 2"; correct it, or fetch the file again"#,
            ),
        ],
    );
}

#[test]
fn distributions_with_impossible_parameters() {
    table(
        distribution,
        [
            ("soon", r#""soon" is not a duration; write it like 200ms, 5m or 1h30m (or a distribution like uniform(5s, 15s))"#),
            ("5", "a duration needs a unit: 5s, 5m or 5ms (or a distribution like uniform(5s, 15s))"),
            ("-5s", "a duration can't be negative, but is -5s (or a distribution like uniform(5s, 15s))"),
            ("normal(5s)", r#"there is no distribution "normal"; did you mean `lognormal`?"#),
            ("lognorml(median 5s, sigma 1)", r#"there is no distribution "lognorml"; did you mean `lognormal`?"#),
            ("uniform(5s)", r#"`uniform` is written uniform(5s, 15s), but is given "5s"; write it like that"#),
            ("uniform(5s, 1s)", "the bounds of `uniform` must be in order, but are 5 and 1; write the smaller one first"),
            ("uniform(5, 9)", "in `uniform`: a duration needs a unit: 5s, 5m or 5ms"),
            ("exponential(5s)", r#"`exponential` is written exponential(mean 10s), but is given "5s"; write it like that"#),
            (
                "exponential(mean 5s, sigma 1)",
                r#"`exponential` is written exponential(mean 10s), but is given "mean 5s, sigma 1"; write it like that"#,
            ),
            (
                "lognormal(median 5s)",
                r#"`lognormal` is written lognormal(median 10s, sigma 0.5), but is given "median 5s"; write it like that"#,
            ),
            ("lognormal(median 5s, sigma -1)", "`sigma` of `lognormal` must be in 0 to 37, but is -1; usual is 0.1 to 2"),
            ("lognormal(median 5s, sigma 40)", "`sigma` of `lognormal` must be in 0 to 37, but is 40; usual is 0.1 to 2"),
            ("lognormal(mean 5s, sigma x)", r#"`sigma` of `lognormal` must be a number like 0.5, but is "x"; write one"#),
            ("lognormal(mean 5s, sigma NaN)", "`sigma` of `lognormal` must be in 0 to 37, but is NaN; usual is 0.1 to 2"),
            ("empirical()", "`empirical` needs at least one sample, but has none; write them like empirical(1s, 2s, 9s)"),
            ("empirical(1s, two)", r#"in `empirical`: "two" is not a duration; write it like 200ms, 5m or 1h30m"#),
        ],
    );
}

#[test]
fn arrivals_with_impossible_parameters() {
    table(
        arrivals,
        [
            ("often", r#"arrivals are written like poisson(every 30s), but are "often"; write them so"#),
            ("poisson(30s)", r#"`poisson` is written poisson(every 30s), but is given "30s"; write it like that"#),
            (
                "poisson(every 0s)",
                "the gap of `poisson` must be a number of seconds above 0, but is 0; write a duration like 30s",
            ),
            ("poison(every 30s)", r#"there is no pattern of arrivals "poison"; did you mean `poisson`?"#),
            (
                "bursts(size 0, every 5m)",
                r#"`size` of `bursts` must be a whole number of at least 1, but is "0"; write how many"#,
            ),
            (
                "bursts(size 2.5, every 5m)",
                r#"`size` of `bursts` must be a whole number of at least 1, but is "2.5"; write how many"#,
            ),
            (
                "bursts(size 2, every 5m, within 6m)",
                "the width of `bursts` must be at least 0 and at most their gap, 300 s, but is 360; write a shorter `within`",
            ),
            ("bursts(every 5m)", r#"`bursts` is written bursts(size 10, every 5m), but is given "every 5m"; write it like that"#),
            ("trace()", "`trace` needs at least one moment, but has none; write them like trace(0s, 4s, 9s)"),
            ("trace(0s, 5)", "in `trace`: a duration needs a unit: 5s, 5m or 5ms"),
        ],
    );
}

#[test]
fn shapes_with_impossible_parameters() {
    table(
        shape,
        [
            ("chain", r#"a shape is written like chain(tasks 10), but is "chain"; write it so"#),
            ("chain(10)", r#"`chain` is written chain(tasks 10), but is given "10"; write it like that"#),
            ("chain(tasks 0)", r#"`tasks` of `chain` must be a whole number of at least 1, but is "0"; write how many"#),
            ("random(tasks 10, density 1.5)", "`density` of `random` must be in 0 to 1, but is 1.5; it is a probability"),
            ("random(tasks 10, density half)", r#"`density` of `random` must be a number like 0.5, but is "half"; write one"#),
            (
                "layered(layers 10, width 20)",
                r#"`layered` is written layered(layers 10, width 20, density 0.2), but is given "layers 10, width 20"; write it like that"#,
            ),
            (
                "random(tasks 1000000, density 0.5)",
                "random(tasks 1000000, density 0.5) would have 1000000 tasks and about 250000000000 edges, but at most 10000000 of each are possible; make it smaller",
            ),
            ("montage(images 4)", r#"there is no shape "montage"; did you mean `montage_like`?"#),
        ],
    );
}

#[test]
fn programs_are_told_the_same_way() {
    let draws = |bytes| Draws::new(Distribution::constant(1.0).unwrap(), 1).bytes(bytes);
    let said = [
        sentence(TaskGraph::new("w", [("a", "k", f64::NAN)], [])),
        sentence(TaskGraph::new("w", [("a", "", 1.0)], [])),
        sentence(TaskGraph::new("w", [("a", "k", 1.0)], [GraphEdge::new(0, usize::MAX, 0)])),
        sentence(Distribution::uniform(0.0, f64::INFINITY)),
        sentence(Distribution::lognormal_by_mean(-1.0, 1.0)),
        sentence(Distribution::empirical([1.0, f64::NAN])),
        sentence(Distribution::constant(1.0).unwrap().times(-1.0)),
        sentence(Arrivals::bursts(0, 1.0, 0.0)),
        sentence(Arrivals::trace([1.0]).unwrap().moments(2, 1)),
        sentence(Shape::Chain { tasks: 1 }.graph(&draws(std::ops::RangeInclusive::new(2, 1)))),
        sentence(Shape::Layered { layers: 0, width: 1, density: 0.5 }.graph(&draws(0..=1))),
    ];
    let expected = [
        r#"the work of task "a" must be a finite number of seconds, at least 0, but is NaN; write 0 if it takes no time"#,
        "task number 0 (from 0) has an empty kind; give it one",
        "an edge must be between two of the 1 tasks, numbered from 0, but one goes from 0 to 18446744073709551615; add the missing task or remove the edge",
        "the upper bound of `uniform` must be a number of seconds, at least 0, but is inf; write two durations like 5s, 15s",
        "the mean of `lognormal` must be a number of seconds, at least 0, but is -1; write it like `mean 10s, sigma 0.5`",
        "the samples of `empirical` must be numbers of seconds, at least 0, but one is NaN; leave it out",
        "`constant` must be a number of seconds, at least 0, but is -1; write a duration like 10s",
        "the size of `bursts` must be at least 1, but is 0; write how many arrive together",
        "2 arrivals are wanted, but the trace has 1; ask for fewer, or lengthen the trace",
        "the bytes of edges must be a range, but are 2 to 1; write the smaller first",
        "`layers` of `layered` must be a whole number of at least 1, but is 0; write how many",
    ];
    assert_eq!(said, expected);
}

#[test]
fn what_is_odd_but_legal_is_read() {
    let idle = two(r#"["a"]|0|[{ "id": "f", "sizeInBytes": 9 }]"#).unwrap();
    assert_eq!((idle.graph.tasks()[0].work, idle.graph.total_bytes()), (0.0, 9));
    assert_eq!(idle.remarks, ["1 file has no size and counts as 0 bytes"]);
    // Not in topological order; a whole number written as another; a size that no task uses.
    let text = r#"{"format": "taskdag/1", "id": "x", "kinds": ["k", "unused"], "tasks": [["b", 0, 1], ["a", 0, 1.5e0]], "edges": [[1, 0, 2e3]]}"#;
    let graph = parse(text).unwrap().graph;
    assert_eq!((graph.critical_path(), graph.edges()[0].bytes, graph.kinds().len()), (vec![1, 0], 2000, 1));
    assert_eq!(parse(&format!("\u{feff}{text}")).unwrap().graph, graph);
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let said = sentence(read(&path));
        said.strip_prefix(&format!("{}: ", path.display())).map(str::to_owned).unwrap_or_else(|| panic!("{said} names no path"))
    };
    assert!(file("binary", b"ab\xff").starts_with("is no text, byte 2 is not UTF-8; expected "));
    assert!(file("cut.gz", b"\x1f\x8b\x08\x00").starts_with("the gzip data is damaged or cut off ("));
    assert!(file("empty.json", b"").starts_with("is empty; expected "));
    let missing = sentence(read(folder.path().join("missing.stg")));
    assert!(missing.ends_with("; check the path and its permissions"), "{missing}");
    assert!(sentence(read(folder.path())).contains(": can't be read: "));
}
