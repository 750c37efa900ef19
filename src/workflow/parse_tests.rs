#![allow(clippy::unwrap_used)]

use super::Strategy;
use super::*;
use crate::plan::Wants;
use crate::{Jitter, RetryPolicy};
use polity_agents::{AgentSpec, OutputFormat};
use polity_protocols::{Capabilities, Name};
use proptest::prelude::*;
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};

fn known() -> Known {
    Known {
        strategies: crate::Registry::standard().names().map(Name::from).collect(),
        registry: Some(crate::Registry::standard()),
        agents: vec![AgentSpec::new("conf", Capabilities::default().and("cooking", 0.6))],
        functions: vec!["count_words".into()],
        ..Known::default()
    }
}
fn good(text: &str) -> Checked {
    parse(text, Some(Path::new("flow.yaml")), &known()).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

#[test]
fn the_seed_is_a_workflow_as_it_stands() {
    let checked = good(include_str!("../../tests/data/seed-workflow.yaml"));
    let w = &checked.workflow;
    assert_eq!(&*w.name, "DataProcessingPipeline");
    assert_eq!(w.inputs.len(), 1);
    assert_eq!((w.inputs[0].kind, w.inputs[0].required), (InputType::Dataset, true));
    let tasks: Vec<_> = w.tasks.iter().map(|t| (&*t.id, &*t.kind, t.agent.as_deref().unwrap())).collect();
    assert_eq!(
        tasks,
        [
            ("validate", "validation", "data_quality_agent"),
            ("transform", "transformation", "etl_agent"),
            ("analyze", "analysis", "analytics_agent"),
        ]
    );
    assert!(w.tasks.iter().all(|t| matches!(t.action, Action::Own)));
    let Binding::Expression(e) = &w.tasks[0].with[0].1 else { panic!("not an expression") };
    assert_eq!((&*w.tasks[0].with[0].0, e.source()), ("source_data", "inputs.source_data"));
    let edges: Vec<_> = w.tasks.iter().map(|t| t.dependencies.clone()).collect();
    let on = |on| vec![Dependency { on, wants: Wants::Success, is_read: false }];
    assert_eq!(edges, [vec![], on(0), on(1)]);
    assert_eq!((&*w.outputs[0].name, w.outputs[0].from.source()), ("analysis_report", "analyze.output"));
    assert_eq!(checked.missing_agents, ["data_quality_agent".into(), "etl_agent".into(), "analytics_agent".into()]);
    assert_eq!(checked.warnings.len(), 3);
    let first = checked.warnings[0].to_string();
    assert!(first.starts_with("flow.yaml:13:14: agent \"data_quality_agent\" is defined neither"), "{first}");
}

const WHOLE: &str = r#"
version: "2.0"
name: weather-report
description: Read four years of daily weather.
inputs:
  - { name: source, type: path, required: true }
  - { name: years,  type: list, default: [2012, 2013] }
strategy:
  market: { deadline: 200ms, reserve: 10.0 }
agents:
  - id: shell
    replicas: 4
    can: { extraction: 0.9, transformation: 0.8, publication: 0.6 }
    speed: 1.5
    cost: 0.02
    slots: 2
    queue: 8
    placement: local
    drain: 3s
  - id: analyst
    can: { analysis: 0.95 }
  - id: conf
    slots: 3
defaults:
  timeout: 5m
  retry: { attempts: 3, initial: 2s, jitter: none }
on_failure: fail_fast
limits: { max_parallel_tasks: 10, max_tasks: 1000, max_open: auto }
mode: parallel
tasks:
  - id: extract
    type: extraction
    run: sort -t, -k1 {{ inputs.source }}
    env: { LANG: C, N: 3, Y: "{{ inputs.years | length }}" }
    cwd: /tmp
    output: lines
  - id: clean
    type: transformation
    run: grep -v ',,'
    stdin: "{{ tasks.extract.output }}"
    timeout: { queue: 1m, total: 10m }
    retry: { attempts: 1 }
  - id: analyse
    type: analysis
    needs: { analysis: 0.8 }
    for_each: inputs.years
    run: |
      awk -F, -v y={{ item }} \
        -f analyse.awk
    stdin: "{{ tasks.clean.output }}"
    output: json
    priority: high
    estimate: 2s
  - id: report
    agent: shell-2
    fn: count_words
    with:
      all: "{{ tasks.analyse.output }}"
      some: "{{ clean.output | default([]) }}"
      text: "{{7*7}} is {{ tasks.extract.status }}"
      list: [1, "{{ run.id }}", { deep: "{{ analyse.by['2013'] }}" }]
      plain: { a: [1, 2], b: x }
    depends_on: [{ task: clean, optional: true }, extract]
    when: tasks.analyse.output | length == 2
  - id: sleep
    simulate: { work: { uniform: [1s, 3s] }, failure: 0.1, output: { a: 1 } }
outputs:
  - { name: report, from: report.output }
"#;

#[test]
fn every_key_arrives() {
    let checked = good(WHOLE);
    let w = &checked.workflow;
    assert_eq!(w.strategy, Some(Strategy { name: "market".into(), settings: json!({"deadline": "200ms", "reserve": 10.0}) }));
    assert_eq!(
        (w.on_failure, w.limits.max_parallel_tasks, w.limits.max_tasks, w.limits.max_open),
        (OnFailure::FailFast, Some(10), 1000, None)
    );
    let shell = &w.agents[0];
    assert_eq!((shell.replicas, shell.speed, shell.cost, shell.slots, shell.queue), (4, 1.5, 0.02, 2, 8));
    assert_eq!(shell.drain, Duration::from_secs(3));
    // Same id in both: the file's keys win, the configuration's others stay.
    assert_eq!((w.agents[2].slots, w.agents[2].can.score("cooking")), (3, 0.6));
    let retry = RetryPolicy { attempts: 3, initial: Duration::from_secs(2), jitter: Jitter::None, ..RetryPolicy::default() };
    assert_eq!(w.tasks[0].retry, Some(retry.clone()));
    assert_eq!(w.tasks[1].retry, Some(RetryPolicy { attempts: 1, ..retry }));
    let timeouts = crate::Timeouts {
        queue: Some(Duration::from_secs(60)),
        attempt: Some(Duration::from_secs(300)),
        total: Some(Duration::from_secs(600)),
        ..Default::default()
    };
    assert_eq!(w.tasks[1].timeouts, timeouts);
    let Action::Run(script) = &w.tasks[0].action else { panic!("not a script") };
    assert_eq!((script.output, script.env.len(), script.cwd.as_ref().unwrap().source()), (OutputFormat::Lines, 3, "/tmp"));
    assert_eq!(script.env[1].1.source(), "3");
    let edges = |at: usize| w.tasks[at].dependencies.iter().map(|d| (d.on, d.wants)).collect::<Vec<_>>();
    assert_eq!(edges(1), [(0, Wants::Output)]);
    assert_eq!(edges(2), [(1, Wants::Output)]);
    assert_eq!(edges(3), [(0, Wants::Success), (1, Wants::MaybeOutput), (2, Wants::Output)]);
    assert_eq!((w.tasks[2].priority, w.tasks[2].estimate), (Priority::High, Some(2.0)));
    assert!(matches!(&w.tasks[3].action, Action::Function(f) if **f == *"count_words"));
    assert!(matches!(&w.tasks[3].with[4].1, Binding::Constant(v) if *v == json!({"a": [1, 2], "b": "x"})));
    let Action::Simulate(s) = &w.tasks[4].action else { panic!("not simulated") };
    assert_eq!((s.work, s.failure), (Some(polity_agents::Distribution::Uniform(1.0, 3.0)), 0.1));
    assert_eq!(w.hash.len(), 64);
    assert_eq!(checked.agents.len(), 3);
    assert!(checked.warnings.is_empty(), "{:?}", checked.warnings);
}

/// What work is drawn from is written as in an experiment, or as a map.
#[test]
fn a_distribution_is_one_text_or_a_map() {
    let work = |how: &str| {
        let text = format!("name: w\nagents: [{{ id: ann }}]\ntasks: [{{ id: a, simulate: {how} }}]\n");
        let checked = parse(&text, None, &Default::default());
        checked.map(|checked| match &checked.workflow.tasks[0].action {
            Action::Simulate(s) => s.work,
            _ => panic!("not simulated"),
        })
    };
    use polity_agents::Distribution::{Exponential, Lognormal, Uniform};
    for (text, map, drawn) in [
        ("uniform(1s, 3s)", "{ work: { uniform: [1s, 3s] } }", Uniform(1.0, 3.0)),
        ("exponential(mean 2s)", "{ work: { exponential: 2s } }", Exponential(2.0)),
        ("lognormal(median 2s, sigma 0.5)", "{ work: { lognormal: [2s, 0.5] } }", Lognormal(2.0, 0.5)),
    ] {
        for how in [format!("'{text}'"), format!("{{ work: '{text}', failure: 0.1 }}"), map.to_owned()] {
            assert_eq!(work(&how).unwrap(), Some(drawn), "{how}");
        }
    }
    for (how, says) in [
        ("'lognormal(2s, 0.5)'", "`simulate`: "),
        (
            "'empirical(1s, 2s)'",
            "`simulate`: a simulation draws anew at each attempt, which `empirical` can't; write another distribution",
        ),
        ("{ work: 'unifrom(1s, 2s)' }", "did you mean `uniform`?"),
        ("'uniform(3s, 1s)'", "the smaller one first"),
        ("2 apples", "`simulate`: "),
    ] {
        let wrong = work(how).unwrap_err().to_string();
        assert!(wrong.contains(says), "{how}: {wrong}");
    }
}

/// The example of the language's own description.
#[test]
fn a_file_with_a_bit_of_everything_is_well() {
    let text = include_str!("../../tests/data/whole.polity.yaml");
    let checked = parse(text, None, &Known::default()).unwrap_or_else(|errors| panic!("{errors}"));
    assert!(checked.workflow.tasks.iter().any(|task| task.compensate.is_some()));
}

/// One bad input per paragraph: the text, then what must be said of it. `BLESS=1` rewrites what is said; a person then reads the difference.
#[test]
fn what_is_wrong_is_said_so() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/bad-input.txt");
    let file = std::fs::read_to_string(path).unwrap();
    let mut fresh = String::new();
    let mut count = 0;
    for case in file.split("\n=====\n").filter(|c| !c.trim().is_empty()) {
        let (input, expected) = case.split_once("\n-----\n").unwrap_or((case.trim_end_matches('\n'), ""));
        let short = input
            .strip_prefix("TASK ")
            .map(|t| format!("name: w\nagents: [{{ id: a, can: {{ gpu: 0.6 }} }}]\ntasks:\n  - {{ id: t, {t} }}\n"));
        let text = short.unwrap_or_else(|| input.replace("<TAB>", "\t"));
        let said = match parse(&text, Some(Path::new("flow.yaml")), &known()) {
            Ok(checked) => panic!("accepted, with {:?}:\n{text}", checked.warnings),
            Err(errors) => errors.to_string(),
        };
        if std::env::var_os("BLESS").is_none() {
            assert_eq!(said, expected.trim_end_matches('\n'), "\n{text}");
        }
        fresh.push_str(&format!("{input}\n-----\n{said}\n=====\n"));
        count += 1;
    }
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, fresh).unwrap();
    }
    assert!(count >= 60, "{count}");
}

#[test]
fn bombs_are_refused_quickly() {
    let mut aliases = String::from("name: w\nx0: &x0 [a,a,a,a,a,a,a,a,a,a]\n");
    for n in 1..12 {
        aliases.push_str(&format!("x{n}: &x{n} [{}]\n", vec![format!("*x{}", n - 1); 9].join(",")));
    }
    let deep = format!("name: {}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let block = (0..3_000).fold(String::new(), |t, n| t + &" ".repeat(n) + "a:\n");
    let merges = (0..200).fold("a: &a { x: 1 }\n".to_owned(), |t, n| t + &format!("b{n}: {{ <<: *a }}\n"));
    for bomb in [aliases, deep, block, merges, "a: 1\n---\nb: 2\n".into(), "&a [*a]".into(), "name: *nobody".into()] {
        let start = Instant::now();
        let errors = parse(&bomb, None, &Known::default()).unwrap_err();
        // One that goes off takes hours, or the memory: a bound that no busy machine reaches.
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}: {errors}", start.elapsed());
        assert_eq!(errors.problems.len(), 1, "{errors}");
        assert!(errors.problems[0].span.line > 0, "{errors}");
    }
}

#[test]
fn a_long_chain_is_checked_without_recursion() {
    let mut text = String::from("name: w\nagents: [{ id: a }]\ntasks:\n");
    for n in 0..5_000 {
        text.push_str(&format!("  - {{ id: t{n}, run: echo, depends_on: [t{}] }}\n", (n + 1) % 5_000));
    }
    let errors = parse(&text, None, &Known::default()).unwrap_err();
    assert!(errors.problems[0].message.contains("circle: t0 → t1 → t2"));
}

#[test]
fn thousands_of_mistakes_are_told_in_time_and_in_measure() {
    let mut text = String::from("name: w\nagents: [{ id: a }]\ntasks:\n");
    for n in 0..3_000 {
        text.push_str(&format!("  - {{ id: task_{n}, run: echo, depends_on: [tusk_{n}] }}\n"));
    }
    let errors = parse(&text, None, &Known::default()).unwrap_err();
    assert_eq!(errors.problems.len(), 201);
    assert_eq!(errors.problems[200].message, "and 2800 more like these");
}

#[test]
fn files_are_loaded_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("flow.yaml");
    let missing = load(&path, &known()).unwrap_err().to_string();
    assert!(missing.starts_with(&format!("{}: the file can't be read", path.display())), "{missing}");
    std::fs::write(&path, [0xff, 0xfe]).unwrap();
    assert!(load(&path, &known()).unwrap_err().to_string().ends_with("the file is not UTF-8 text"));
    std::fs::write(&path, "\u{feff}name: w\ntasks: [{ id: a, run: x }]\n").unwrap();
    assert_eq!(load(&path, &known()).unwrap().workflow.path, Some(path));
}

#[test]
fn inputs_are_converted() {
    let text = "name: w\nagents: [{ id: a }]\ninputs:\n\
        \x20 - { name: s, type: string }\n  - { name: i, type: int }\n  - { name: n, type: number }\n  - { name: b, type: bool }\n\
        \x20 - { name: l, type: list, default: [1] }\n  - { name: m, type: map }\n  - { name: p, type: path }\n  - { name: d, type: date }\n\
        \x20 - { name: t, type: duration }\n  - { name: ds, type: dataset, required: true, description: what to read }\n  - { name: x }\n\
        tasks: [{ id: k, run: echo }]\n";
    let w = good(text).workflow;
    let given = [
        ("s", "5"),
        ("i", "-3"),
        ("n", "2.5"),
        ("b", "true"),
        ("l", "[2012, a]"),
        ("m", "{a: 1}"),
        ("p", "x.csv"),
        ("d", "2024-02-29"),
        ("t", "5m"),
        ("ds", "a.csv"),
        ("x", "{\"k\": [1]}"),
    ];
    let bound = bind_inputs(&w, given, false).unwrap();
    let at = |name: &str| (*bound.values[name]).clone();
    assert_eq!((at("s"), at("i"), at("n"), at("b")), (json!("5"), json!(-3), json!(2.5), json!(true)));
    assert_eq!((at("l"), at("m"), at("d"), at("t")), (json!([2012, "a"]), json!({"a": 1}), json!("2024-02-29"), json!("5m")));
    assert_eq!((at("ds"), at("x")), (json!("a.csv"), json!({"k": [1]})));
    assert!(Path::new(at("p").as_str().unwrap()).is_absolute());
    for (name, value, said) in [
        ("i", "x", "input \"i\" must be a whole number, but is \"x\""),
        ("n", "nan", "input \"n\" must be a number, but is \"nan\""),
        ("b", "yes", "input \"b\" must be true or false, but is \"yes\""),
        ("l", "2012", "input \"l\" must be a list like [1, 2], but is \"2012\""),
        ("d", "2023-02-29", "input \"d\" must be a date like 2024-12-31, but is the text \"2023-02-29\""),
        ("t", "5", "input \"t\": a duration needs a unit: 5s, 5m or 5ms"),
    ] {
        let error = bind_inputs(&w, [(name, value), ("ds", "a")], false).unwrap_err();
        assert_eq!(error.to_string(), said);
    }
    let error = bind_inputs(&w, Vec::<(String, Given)>::new(), false).unwrap_err();
    assert_eq!(error.to_string(), "the input \"ds\" is required (what to read); give it with -i ds=…");
    let mock = bind_inputs(&w, [("i", json!(4))], true).unwrap();
    assert_eq!((mock.made_up, mock.values.len()), (vec!["ds".into()], 3));
    assert!(bind_inputs(&w, [("i", "1"), ("i", "2")], true).unwrap_err().to_string().contains("given twice"));
}

#[test]
fn overrides_and_defaults_of_the_configuration_count() {
    let base = Known {
        overrides: Overrides::strategy(Strategy { name: "hierarchical".into(), settings: json!({}) }),
        defaults: Defaults { retry: Some(RetryPolicy { attempts: 7, ..RetryPolicy::default() }), timeouts: None },
        ..known()
    };
    let text = "name: w\nstrategy: market\ntasks: [{ id: a, run: x }, { id: b, run: x, retry: { initial: 5s } }]\n";
    let w = parse(text, None, &base).unwrap().workflow;
    assert_eq!(&*w.strategy.unwrap().name, "hierarchical");
    let attempts: Vec<_> = w.tasks.iter().map(|t| t.retry.as_ref().unwrap().attempts).collect();
    assert_eq!(attempts, [7, 7]);
    // Without any, a task has one attempt.
    assert!(good("name: w\ntasks: [{ id: a, run: x }]\n").workflow.tasks[0].retry.is_none());
}

/// A generated workflow: its text and what it must mean.
#[derive(Clone, Debug)]
struct Plan {
    edges: Vec<Vec<(usize, u8)>>,
    text: Vec<String>,
}

fn plans() -> impl proptest::strategy::Strategy<Value = Plan> {
    use proptest::strategy::Strategy as _;
    prop::collection::vec((prop::collection::vec((any::<prop::sample::Index>(), 0..4u8), 0..4), "[ -~]{0,12}"), 1..12).prop_map(
        |raw| {
            let edges = raw
                .iter()
                .enumerate()
                .map(
                    |(at, (edges, _))| {
                        if at == 0 { vec![] } else { edges.iter().map(|(i, kind)| (i.index(at), *kind)).collect() }
                    },
                )
                .collect();
            Plan { edges, text: raw.into_iter().map(|(_, t)| t).collect() }
        },
    )
}
proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "(?s).{0,200}") {
        let _ = parse(&text, None, &known());
    }

    #[test]
    fn no_broken_workflow_makes_it_panic(cut in 0..WHOLE.len(), drop in 0..40usize, put in prop::sample::select(vec!["", "{{", "[", "- ", ": ", "\t", "\"", "é", "null", "&a", "*a", "!t", "<<: "])) {
        let mut text = WHOLE.to_owned();
        let cut = (0..=cut).rev().find(|c| text.is_char_boundary(*c)).unwrap();
        let end = (cut + drop).min(text.len());
        text.replace_range(cut..end, put);
        if let Err(errors) = parse(&text, None, &known()) {
            prop_assert!(!errors.problems.is_empty());
            let _ = errors.with_snippets();
            for problem in &errors.problems {
                prop_assert!(problem.span.line as usize <= text.lines().count() + 1, "{}", problem);
            }
        }
    }

    #[test]
    fn a_generated_workflow_means_what_was_generated(plan in plans()) {
        let mut text = String::from("name: w\nagents: [{ id: a }]\ntasks:\n");
        for (at, edges) in plan.edges.iter().enumerate() {
            text.push_str(&format!("  - id: t{at}\n    run: echo\n    description: {}\n    with:\n      text: {}\n",
                json!(format!("d{}", plan.text[at])), json!(plan.text[at].replace('{', "("))));
            for (n, (on, kind)) in edges.iter().enumerate() {
                match kind {
                    1 => text.push_str(&format!("      k{n}: \"{{{{ tasks.t{on}.output.a }}}}\"\n")),
                    2 => text.push_str(&format!("      k{n}: 'x {{{{ t{on}.status }}}} y'\n")),
                    3 => text.push_str(&format!("      k{n}: [ \"{{{{ t{on}.output | default(1) }}}}\" ]\n")),
                    _ => {}
                }
            }
            let after: Vec<String> = edges.iter().filter(|(_, k)| *k == 0).map(|(on, _)| format!("t{on}")).collect();
            text.push_str(&format!("    depends_on: [{}]\n", after.join(", ")));
        }
        let w = good(&text).workflow;
        for (at, task) in w.tasks.iter().enumerate() {
            prop_assert_eq!(&task.description, &format!("d{}", plan.text[at]));
            let mut expected = std::collections::BTreeMap::new();
            for (on, kind) in &plan.edges[at] {
                let wants = [Wants::Success, Wants::Output, Wants::Ended, Wants::MaybeOutput][*kind as usize];
                let old = expected.entry(*on).or_insert(wants);
                *old = wants.and(*old);
            }
            let found: std::collections::BTreeMap<_, _> = task.dependencies.iter().map(|d| (d.on, d.wants)).collect();
            prop_assert_eq!(found, expected);
            let plain = json!(plan.text[at].replace('{', "("));
            let same = matches!(&task.with[0].1, Binding::Constant(v) if *v == plain);
            prop_assert!(same, "{:?}", task.with[0]);
        }
    }
}
