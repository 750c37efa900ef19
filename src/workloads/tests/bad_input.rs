//! What is said of bad input: each sentence as it is, since people read it.

use crate::workloads::{Arrivals, Distribution, GraphEdge, Shape, TaskGraph, parse, read};

fn said(text: &str) -> String {
    match parse(text) {
        Ok(loaded) => format!("read as {}: {loaded:?}", loaded.format),
        Err(wrong) => wrong.to_string(),
    }
}

fn assert_all(table: &[(&str, &str)], said: impl Fn(&str) -> String) {
    let wrong: Vec<String> = table
        .iter()
        .map(|(text, _)| (text, said(text)))
        .zip(table)
        .filter(|((_, said), (_, expected))| said != expected)
        .map(|((text, said), (_, expected))| format!("{text}\n  said:     {said}\n  expected: {expected}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// WfFormat 1.5 of two tasks, with these parts in place of the usual.
fn two(parents: &str, runtime: &str, files: &str) -> String {
    format!(
        r#"{{ "name": "w", "schemaVersion": "1.5", "workflow": {{
            "specification": {{
                "tasks": [
                    {{ "name": "a", "id": "a", "parents": [], "children": [] }},
                    {{ "name": "b", "id": "b", "parents": {parents}, "children": [] }}
                ],
                "files": {files}
            }},
            "execution": {{ "tasks": [{{ "id": "a", "runtimeInSeconds": {runtime} }}, {{ "id": "b", "runtimeInSeconds": 1 }}] }}
        }} }}"#
    )
}

#[test]
fn foreign_and_truncated_texts() {
    assert_all(
        &[
            ("", ""),
            ("  \n", ""),
            ("[1, 2]", ""),
            ("hello\nworld", ""),
            ("{}", ""),
            ("{\"dag\": 1, \"nodes\": 2}", ""),
            ("{\"format\": \"taskdag/1\", \"id\": \"x\"", ""),
            ("{\"format\": nonsense}", ""),
            ("{\"format\": \"taskdag/2\"}", ""),
            ("{\"format\": \"taskdag/1\", \"id\": \"x\", \"kinds\": [\"k\"]}", ""),
            ("{\"schemaVersion\": \"1.3\", \"workflow\": {}}", ""),
            ("{\"schemaVersion\": 1.5, \"workflow\": {}}", ""),
            ("{\"schemaVersion\": \"1.5\"}", ""),
            ("{\"schemaVersion\": \"1.5\", \"workflow\": {\"specification\": {\"tasks\": []}}}", ""),
            ("tasks:\n- { id: a, run: make, depends_on: [b] }\nname: w\n", ""),
        ],
        said,
    );
}

#[test]
fn taskdags_that_are_not_right() {
    let dag = |tasks: &str, edges: &str| {
        said(&format!(r#"{{"format": "taskdag/1", "id": "x", "kinds": ["k"], "tasks": {tasks}, "edges": {edges}}}"#))
    };
    let table = [
        ("[]", "[]", ""),
        (r#"[["a", 0]]"#, "[]", ""),
        (r#"[["a", 1, 2]]"#, "[]", ""),
        (r#"[["a", 0, -2]]"#, "[]", ""),
        (r#"[["a", 0, "2"]]"#, "[]", ""),
        (r#"[["", 0, 2]]"#, "[]", ""),
        (r#"[["a", 0, 2], ["a", 0, 3]]"#, "[]", ""),
        (r#"[["a", 0, 2], ["b", 0, 3]]"#, "[[0, 1, -5]]", ""),
        (r#"[["a", 0, 2], ["b", 0, 3]]"#, "[[0, 1, 0.5]]", ""),
        (r#"[["a", 0, 2], ["b", 0, 3]]"#, "[[0, 2, 5]]", ""),
        (r#"[["a", 0, 2], ["b", 0, 3]]"#, "[[0, 1, 5], [0, 1, 6]]", ""),
        (r#"[["a", 0, 2], ["b", 0, 3]]"#, "[[0, 1, 5], [1, 0, 6]]", ""),
        (r#"[["a", 0, 2]]"#, "[[0, 0, 5]]", ""),
    ];
    for (tasks, edges, expected) in table {
        assert_eq!(dag(tasks, edges), expected, "{tasks} {edges}");
    }
}
