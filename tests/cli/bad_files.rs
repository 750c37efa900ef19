//! Files that are not right: a sentence with file, line, column and remedy, exit code 3, nothing half-done.

use crate::place::Place;

/// The head of a workflow whose tasks follow from line 3 on.
const HEAD: &str = "name: w\nagents: [{ id: shell, can: { text: 0.5 } }]\n";

/// Each is a name, a text, and what must be said of it.
fn table() -> Vec<(&'static str, Vec<u8>, Vec<&'static str>)> {
    let tasks = |tasks: &str| format!("{HEAD}tasks:\n{tasks}\n").into_bytes();
    let head = |rest: &str| format!("{HEAD}{rest}\n").into_bytes();
    vec![
        ("empty file", vec![], vec!["flow.yaml: the file is empty", "`name` and `tasks`"]),
        ("not YAML", b"{ [ :".to_vec(), vec!["flow.yaml:1:3: this is not valid YAML"]),
        (
            "deep nesting",
            format!("name: w\ntasks: {}", "[".repeat(200_000)).into(),
            vec!["flow.yaml:2:", "nested more than 64 deep"],
        ),
        ("alias bomb", bomb().into(), vec!["flow.yaml:", "its anchors stand for more than"]),
        ("not UTF-8", b"name: \xff\xfe\n".to_vec(), vec!["flow.yaml: the file is not UTF-8 text"]),
        ("unknown key", tasks("  - { id: a, rum: x }"), vec!["flow.yaml:4:14: a task has no key \"rum\"; did you mean \"run\"?"]),
        ("wrong type", tasks("  - { id: a, run: [x] }"), vec!["flow.yaml:4:19: `run` must be a text, but is a list"]),
        (
            "duplicate id",
            tasks("  - { id: a, run: x }\n  - { id: a, run: y }"),
            vec!["flow.yaml:5:11: there are two tasks \"a\", first at 4:11"],
        ),
        ("hyphen", tasks("  - { id: a-b, run: x }"), vec!["flow.yaml:4:11: the id \"a-b\" has a hyphen", "write a_b"]),
        (
            "unknown dependency",
            tasks("  - { id: abc, run: x }\n  - { id: b, run: x, depends_on: [abd] }"),
            vec!["flow.yaml:5:35: task \"b\" depends on \"abd\", which is not a task; did you mean \"abc\"?"],
        ),
        ("itself", tasks("  - { id: a, run: x, depends_on: [a] }"), vec!["flow.yaml:4:35: task \"a\" depends on itself"]),
        (
            "cycle",
            tasks("  - { id: a, run: x, depends_on: [b] }\n  - { id: b, run: x, depends_on: [a] }"),
            vec!["flow.yaml:4:11: ", "a → b → a"],
        ),
        (
            "binding to a task that is not there",
            tasks("  - { id: a, run: 'echo {{ tasks.q.output }}' }"),
            vec!["flow.yaml:4:28: task \"a\" uses \"q\", which is not a task"],
        ),
        (
            "binding to an input that is not there",
            tasks("  - { id: a, run: 'echo {{ inputs.z }}' }"),
            vec!["flow.yaml:4:28: task \"a\" uses inputs.z, which is not an input; declare it under `inputs`"],
        ),
        (
            "unquoted braces",
            tasks("  - id: a\n    run: x\n    stdin: {{ b }}"),
            vec!["flow.yaml:6:12: YAML reads `{{ … }}` without quotes as a map"],
        ),
        (
            "unknown strategy",
            head("strategy: hierarchcal\ntasks: [{ id: a, run: x }]"),
            vec!["flow.yaml:3:11: there is no strategy \"hierarchcal\"; did you mean \"hierarchical\"?"],
        ),
        (
            "a strategy's setting",
            head("strategy: { hierarchical: { span: 1 } }\ntasks: [{ id: a, run: x }]"),
            vec!["flow.yaml:3:35: hierarchical.span must be at least 2, but is 1"],
        ),
        (
            "scores out of range",
            b"name: w\nagents: [{ id: shell, can: { text: 1.5, q: .nan } }]\ntasks: [{ id: a, run: x }]\n".to_vec(),
            vec!["flow.yaml:2:36: `can.text` must be a number in 0..=1, but is the number 1.5", "flow.yaml:2:44: `can.q`"],
        ),
        ("negative timeout", tasks("  - { id: a, run: x, timeout: -5s }"), vec!["flow.yaml:4:31: ", "can't be negative"]),
        (
            "zero agents",
            b"name: w\ntasks: [{ id: a, run: x }]\n".to_vec(),
            vec!["flow.yaml:2:15: no agent can ever do \"a\": there are no agents"],
        ),
        (
            "impossible task",
            tasks("  - { id: a, run: x, type: text, needs: { text: 0.9 } }"),
            vec!["no agent can ever do \"a\": it needs text ≥ 0.9, the best agent has 0.5"],
        ),
        (
            "unknown function",
            tasks("  - { id: a, fn: nothing }"),
            vec!["flow.yaml:4:", "\"nothing\", which is no registered function"],
        ),
        ("a key that is not built", tasks("  - { id: a, http: { url: x } }"), vec!["flow.yaml:4:14: ", "not built"]),
    ]
}

/// Nine to the eleventh times one letter.
fn bomb() -> String {
    let level = |n: u32| format!("  a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", "));
    let levels: String = (1..12).map(level).collect();
    format!("name: w\nx:\n  a0: &a0 [x, x, x, x, x, x, x, x, x]\n{levels}tasks: *a11\n")
}

#[test]
fn each_is_told_with_its_place_and_nothing_is_done() {
    for (what, text, said) in table() {
        let place = Place::new().with("flow.yaml", text);
        for verb in ["check", "run", "plan", "graph", "agents"] {
            let done = place.run(&[verb, "flow.yaml"]);
            assert_eq!(done.code, 3, "{what} by {verb}: {done:?}");
            let done = done.says(&said);
            assert!(done.out.is_empty() && !done.err.contains("panicked"), "{what} by {verb}: {done:?}");
        }
        assert!(!place.path(".polity").exists(), "{what}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let text = "name: w\ntsks: 1\nstrategy: markt\nagents: [{ id: s }]\ntasks:\n  - { id: a-b, rum: x }\n  - { id: c, run: x, depends_on: [d] }\n";
    let place = Place::new().with("flow.yaml", text).with("good.yaml", crate::place::SHOUT);
    let done = place.run(&["check", "flow.yaml", "good.yaml"]).coded(3);
    let done = done.prints(&["good.yaml: shout is well"]);
    let lines: Vec<&str> = done.err.lines().map(|line| line.rsplit_once(": ").map_or(line, |(place, _)| place)).collect();
    let places = ["flow.yaml:2:1", "flow.yaml:3:11", "flow.yaml:6:11", "flow.yaml:6:16", "flow.yaml:7:35"];
    assert_eq!(lines.len(), places.len(), "{}", done.err);
    lines.iter().zip(places).for_each(|(line, place)| assert!(line.starts_with(place), "{place} in {line}"));
}

#[test]
fn a_file_that_is_not_there_is_invalid() {
    Place::new().run(&["run", "nowhere.yaml"]).coded(3).says(&["nowhere.yaml: the file can't be read"]);
    Place::new().run(&["check", "."]).coded(3).says(&[".: the file can't be read"]);
}

mod any_text {
    use crate::place::Place;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn nothing_makes_it_panic(text in prop_oneof![
            any::<Vec<u8>>(),
            "(name: w\n)?tasks:\n( *- *\\{? *(id|run|type|when|for_each|needs)?:? *[a-z{}\\[\\]&*|>'\"%@!-]{0,8}\\}?\n){0,4}".prop_map(String::into_bytes),
        ]) {
            let done = Place::new().with("flow.yaml", &text).run(&["check", "flow.yaml"]);
            prop_assert!(done.code == 0 || (done.code == 3 && done.err.contains("flow.yaml")), "{done:?}");
            prop_assert!(!done.err.contains("panicked"), "{done:?}");
        }
    }
}
