#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Default)]
struct World {
    inputs: BTreeMap<&'static str, Arc<Value>>,
    tasks: BTreeMap<&'static str, TaskFacts>,
    item: Option<Arc<Value>>,
}
impl Scope for World {
    fn input(&self, name: &str) -> Option<Arc<Value>> {
        self.inputs.get(name).cloned()
    }
    fn task(&self, name: &str) -> Option<TaskFacts> {
        self.tasks.get(name).cloned()
    }
    fn item(&self) -> Option<Arc<Value>> {
        self.item.clone()
    }
    fn index(&self) -> Option<usize> {
        Some(3)
    }
    fn run_id(&self) -> Option<polity_protocols::Name> {
        Some("brave-otter".into())
    }
    fn workflow_name(&self) -> Option<polity_protocols::Name> {
        Some("weather".into())
    }
}

fn world() -> World {
    let mut w = World::default();
    w.inputs.insert("years", Arc::new(json!([2012, 2013])));
    w.inputs.insert("text", Arc::new(json!("{{7*7}}")));
    w.inputs.insert("big", Arc::new(json!("x".repeat(1_000_000))));
    w.inputs.insert("m", Arc::new(json!({"a": {"b": [1, {"c": "deep"}]}, "n": 1.5, "u": u64::MAX})));
    let many = TaskFacts {
        keys: Some(Arc::from(["2012".to_owned(), "2013".to_owned()])),
        ..TaskFacts::completed(json!([{"n": 1}, {"n": 2}]))
    };
    w.tasks.insert("analyse", many);
    w.tasks
        .insert("score", TaskFacts { agent: Some("ann".into()), ..TaskFacts::completed(json!({"value": 0.9, "items": [1, 2]})) });
    w.tasks.insert("skipped", TaskFacts::skipped());
    w.tasks
        .insert("failed", TaskFacts { status: "failed".into(), error: Some(json!({"kind": "timeout"})), ..TaskFacts::default() });
    w.item = Some(Arc::new(json!({"year": 2013})));
    w
}
fn eval(source: &str) -> Result<Value, EvalError> {
    Expression::parse(source).unwrap_or_else(|e| panic!("{source}: {e}")).evaluate(&world())
}

#[test]
fn values_are_found_in_every_way_of_writing() {
    for (source, expected) in [
        ("inputs.years | length == 2", json!(true)),
        ("{{ inputs.years[1] }}", json!(2013)),
        ("inputs.m.a.b[1].c", json!("deep")),
        ("inputs['m']['a'].b[-1].c", json!("deep")),
        ("inputs.m.u", json!(u64::MAX)),
        ("inputs.m.u ~ ''", json!(u64::MAX.to_string())),
        ("inputs.m.n * 2", json!(3.0)),
        ("tasks.score.output.value > 0.8", json!(true)),
        ("score.output", json!({"value": 0.9, "items": [1, 2]})),
        ("score.value", json!(0.9)),
        ("score.items | sum", json!(3)),
        ("score.status", json!("completed")),
        ("tasks.score.agent ~ '!'", json!("ann!")),
        ("tasks.score.attempts + 1", json!(2)),
        ("tasks.analyse.by['2013'].n", json!(2)),
        ("tasks.analyse.by[item.year].n + 1", json!(3)),
        ("tasks.analyse.output | map(attribute='n') | sum", json!(3)),
        ("tasks.failed.error.kind", json!("timeout")),
        ("tasks.failed.status == 'failed'", json!(true)),
        ("tasks.score.error", json!(null)),
        ("item.year", json!(2013)),
        ("index", json!(3)),
        ("run.id ~ workflow.name", json!("brave-otterweather")),
        ("{'a': [1, none, true], 'b': inputs.years}", json!({"a": [1, null, true], "b": [2012, 2013]})),
        ("'a,b' | split(',') | join('-')", json!("a-b")),
        ("[3, 1] | sort | first", json!(1)),
        ("inputs.m | tojson | length > 3", json!(true)),
        ("['a', 'b'] | map('upper') | list", json!(["A", "B"])),
        ("range(3) | list", json!([0, 1, 2])),
        ("inputs.years[0:1]", json!([2012])),
        ("1 if inputs.years else 2", json!(1)),
        ("'a}}b'", json!("a}}b")),
        ("{'a': {'b': 1}}", json!({"a": {"b": 1}})),
    ] {
        assert_eq!(eval(source), Ok(expected), "{source}");
    }
}

#[test]
fn outputs_that_are_not_there_are_told_apart() {
    let skipped = |source: &str| assert_eq!(eval(source), Err(EvalError::SkippedOutput { task: "skipped".into() }), "{source}");
    for source in
        ["tasks.skipped.output", "skipped.value", "tasks.skipped.output.a.b", "tasks.skipped.output == 3", "skipped.by['x']"]
    {
        skipped(source);
    }
    skipped("tasks.skipped.output | length");
    skipped("tasks.skipped.output ~ 'x'");
    skipped("[tasks.skipped.output]");
    skipped("tasks.skipped.output or 3");
    assert!(matches!(eval("failed.output > 1"), Err(EvalError::NoOutput { status, .. }) if status == "failed"));
    // Handled, in every form.
    for source in [
        "tasks.skipped.output | default(7)",
        "tasks.skipped.output.a.b | default(7)",
        "skipped.a | d(7)",
        "7 if tasks.skipped.output is undefined else 8",
        "(tasks.skipped.output if true else 1) | default(7)",
        "tasks.skipped.output | default(tasks.skipped.output) | default(7)",
        "tasks.skipped.output if tasks.skipped.status == 'completed' else 7",
    ] {
        assert_eq!(eval(source), Ok(json!(7)), "{source}");
    }
}

#[test]
fn what_is_undefined_is_an_error_not_a_quiet_no() {
    for source in [
        "inputs.nothing",
        "inputs.m.typo",
        "inputs.m.typo > 3",
        "inputs.m.typo == 3",
        "3 < inputs.m.a.typo",
        "tasks.score.output.valeu > 0.8",
        "inputs.m.typo ~ 'x'",
        "inputs.years[7]",
        "inputs.m.typo + 1",
        "not inputs.m.typo",
        "inputs.m.typo and true",
    ] {
        assert!(matches!(eval(source), Err(EvalError::Undefined(_))), "{source}: {:?}", eval(source));
    }
    assert_eq!(eval("inputs.m.typo | default(1)"), Ok(json!(1)));
    assert_eq!(eval("inputs.m.typo is defined"), Ok(json!(false)));
    assert_eq!(eval("'a' in inputs.m and 'typo' not in inputs.m"), Ok(json!(true)));
    let said = eval("inputs.m.typo").unwrap_err().to_string();
    assert!(said.contains("a, n, u"), "{said}");
}

#[test]
fn what_may_not_be_is_refused_when_read() {
    for (source, part) in [
        ("", "empty"),
        ("1 +", "not an expression"),
        ("x | nofilter", "no filter \"nofilter\""),
        ("inputs.x | lenght", "did you mean \"length\"?"),
        ("inputs.x is defind", "did you mean \"defined\"?"),
        ("inputs", "followed by a name"),
        ("inputs[item]", "written out"),
        ("tasks[item].output", "written out"),
        ("tasks.x", "alone is no value"),
        ("tasks.x.outptu", "did you mean tasks.x.output?"),
        ("tasks.x.value", "tasks.x.output.value"),
        ("publish", "inputs.publish or publish.output"),
        ("run.name", "there is run.id"),
        ("debug()", "can be called"),
        ("inputs.x.upper()", "can be called"),
        ("inputs.x | polity__defined", "no filter"),
        ("{% set x = 1 %}", "not an expression"),
    ] {
        let error = Expression::parse(source).expect_err(source);
        assert!(error.to_string().contains(part), "{source}: {error}");
    }
    assert!(Expression::parse(&format!("1{}", " + 1".repeat(65))).is_err());
    assert!(Expression::parse(&"a".repeat(MAX_SOURCE + 1)).unwrap_err().to_string().contains("4096"));
}

#[test]
fn references_say_who_needs_what() {
    let e = Expression::parse("tasks.a.output | default(b.x) if c.status == 'failed' else inputs.i").unwrap();
    let seen: Vec<_> = e.references().iter().map(|r| (r.root, &*r.name, r.field, r.handled_by_default)).collect();
    assert_eq!(
        seen,
        [
            (Root::Tasks, "c", Some(Field::Status), false),
            (Root::Tasks, "a", Some(Field::Output), true),
            (Root::Tasks, "b", Some(Field::Output), false),
            (Root::Inputs, "i", None, false),
        ]
    );
}

#[test]
fn a_large_output_is_handed_on_not_copied() {
    let w = world();
    let given = w.inputs["big"].clone();
    for source in ["inputs.big", "{{ inputs.big }}"] {
        assert!(Arc::ptr_eq(&given, &Expression::parse(source).unwrap().evaluate_shared(&w).unwrap()));
    }
    assert!(Arc::ptr_eq(&given, &Template::parse("{{ inputs.big }}").unwrap().render_shared(&w).unwrap()));
    // Also through an expression that computes, when what it gives is a list or a map.
    let list = Expression::parse("inputs.years if true else 1").unwrap().evaluate_shared(&w).unwrap();
    assert!(Arc::ptr_eq(&w.inputs["years"], &list));
}

#[test]
fn size_and_steps_are_bounded() {
    assert_eq!(eval("inputs.big ~ inputs.big"), Err(EvalError::TooLarge(1 << 20)));
    assert_eq!(eval("[inputs.big, inputs.big]"), Err(EvalError::TooLarge(1 << 20)));
    assert!(matches!(eval("([inputs.big] * 1000) | join"), Err(EvalError::TooLarge(_))));
    assert!(matches!(eval("inputs.big | replace('x', inputs.big)"), Err(EvalError::TooLarge(_))));
    assert!(matches!(eval("([inputs.big] * 1000) | tojson"), Err(EvalError::TooLarge(_))));
    assert!(eval("'x' * 1000000000").is_err());
    assert!(matches!(Template::parse("{{ inputs.big }}{{ inputs.big }}").unwrap().render(&world()), Err(EvalError::TooLarge(_))));
    assert_eq!(eval("inputs.big | replace('x', '') | length"), Ok(json!(0)));
}

#[test]
fn rendering_is_one_pass() {
    let t = Template::parse("say {{ inputs.text }}").unwrap();
    assert_eq!(t.render_text(&world()).unwrap(), "say {{7*7}}");
    assert_eq!(t.render_shell(&world()).unwrap(), "say '{{7*7}}'");
    assert_eq!(Template::parse("{{ inputs.text }}").unwrap().render(&world()).unwrap(), "{{7*7}}");
    assert_eq!(Template::parse("{{ '{{' }}x").unwrap().render_text(&world()).unwrap(), "{{x");
}

#[test]
fn only_bindings_mean_something() {
    let script = "for f in *.{a,b}; do echo ${#f} ${f%%.*} {% no %} {# no #}; done";
    assert_eq!(Template::parse(script).unwrap().render_shell(&world()).unwrap(), script);
    assert!(Template::parse("echo {{ inputs.x").unwrap_err().to_string().contains("has no `}}`"));
    let t = Template::parse("cat {{ inputs.years }} {{ 'a b' | raw }} {{ 'a b' }}").unwrap();
    assert_eq!(t.render_shell(&world()).unwrap(), "cat '[2012,2013]' a b 'a b'");
}

#[test]
fn durations_read_back_what_is_written() {
    for (text, millis) in
        [("200ms", 200), ("5m", 300_000), ("1h30m", 5_400_000), ("0.5s", 500), ("1d", 86_400_000), ("1m 30s", 90_000)]
    {
        assert_eq!(parse_duration(text).unwrap().as_millis(), millis, "{text}");
    }
    for bad in ["", "5", "-5s", "5x", "s", "1.2.3s", "99999999999999999999s", "5 fortnights", "inf", "nan"] {
        assert!(parse_duration(bad).is_err(), "{bad}");
    }
}

/// Whatever is nested as deep as the source limit allows neither overflows a stack nor hangs.
#[test]
fn deep_sources_end() {
    for unit in ["(", "[", "not ", "-", "{'a':"] {
        let _ = Expression::parse(&unit.repeat(MAX_SOURCE / unit.len()));
    }
    for (head, unit) in [
        ("a", ".a"),
        ("a.a", "|d"),
        ("1", " or 1"),
        ("a", "[0]"),
        ("1", "<1"),
        ("1", "-1"),
        ("a.a", " if 1 else 1"),
        ("1", " is true"),
    ] {
        let source = format!("{head}{}", unit.repeat((MAX_SOURCE - head.len()) / unit.len()));
        if let Ok(e) = Expression::parse(&source) {
            let _ = e.evaluate(&world());
        }
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_readers_panic(text in ".{0,60}") {
        let _ = Expression::parse(&text).map(|e| e.evaluate(&world()));
        let _ = Template::parse(&text).map(|t| t.render_shell(&world()));
        let _ = parse_duration(&text);
    }

    #[test]
    fn no_jinja_like_text_makes_them_panic(
        words in prop::collection::vec(prop::sample::select(vec![
            "inputs", ".", "m", "a", "[", "]", "(", ")", "|", "default", "tasks", "score", "output", "by", "{{", "}}", "'", "\"", "{", "}", ":",
            ",", "1", "-", " ", "==", "<", " if ", " else ", " is ", "defined", "~", "*", "item", "é", "not ", "range", "sort", "\\",
        ]), 0..24)
    ) {
        let text = words.concat();
        let _ = Expression::parse(&text).map(|e| e.evaluate(&world()));
        let _ = Template::parse(&text).map(|t| t.render_shell(&world()));
    }

    /// JSON in, JSON out, through the engine (the filter keeps it from being a plain path).
    #[test]
    fn values_pass_unchanged(text in ".{0,20}", n in any::<i64>(), f in -1e12..1e12f64, b in any::<bool>()) {
        let value = json!({"t": [text, n, f, b, null], "": {"k": [[]]}});
        let mut w = World::default();
        w.inputs.insert("v", Arc::new(value.clone()));
        prop_assert_eq!(Expression::parse("inputs.v | raw").unwrap().evaluate(&w).unwrap(), value.clone());
        prop_assert_eq!(Expression::parse("[inputs.v, {'x': inputs.v.t}]").unwrap().evaluate(&w).unwrap(), json!([value, {"x": value["t"]}]));
    }

    #[test]
    fn durations_round_trip(nanos in any::<u64>()) {
        let d = core::time::Duration::from_nanos(nanos);
        prop_assert_eq!(parse_duration(&duration_text(d)), Ok(d));
    }
}

/// A real shell reads back exactly what was bound.
#[test]
fn a_shell_gets_each_binding_as_one_word() {
    use proptest::test_runner::{Config, TestRunner};
    let script = "printf '%s|' {{ item }} \"{{ item }}\" '{{ item }}' a{{ item }}\"b\" \"$(printf %sx {{ item }})\" end";
    let template = Template::parse(script).unwrap();
    let texts = prop_oneof!["[ -~\n\t]{0,30}", "[^\0]{0,20}", "[$`\"'\\\\!*?~#&;|<>(){}\n -]{0,12}"];
    TestRunner::new(Config::with_cases(120))
        .run(&texts, |text| {
            let w = World { item: Some(Arc::new(json!(text))), ..World::default() };
            let script = template.render_shell(&w).unwrap();
            let out = std::process::Command::new("sh").arg("-c").arg(&script).output().unwrap();
            prop_assert_eq!(String::from_utf8(out.stdout).unwrap(), format!("{text}|{text}|{text}|a{text}b|{text}x|end|"));
            Ok(())
        })
        .unwrap();
    let digits = World { item: Some(Arc::new(json!(2))), ..World::default() };
    let redirected = Template::parse("echo {{ item }}>/dev/stdout {{ item }}").unwrap();
    assert_eq!(redirected.render_shell(&digits).unwrap(), "echo '2'>/dev/stdout 2");
    let nul = World { item: Some(Arc::new(json!("a\0b"))), ..World::default() };
    assert!(matches!(template.render_shell(&nul), Err(EvalError::Type(_))));
}
