#![allow(clippy::unwrap_used)]

use super::*;
use crate::plan::Wants;
use polity_agents::{OutputFormat, Simulation};
use polity_protocols::Capabilities;
use std::time::Duration;

#[test]
fn a_program_and_a_file_mean_the_same() {
    let built = Workflow::new("w")
        .input("source", InputType::Path)
        .input_or("years", InputType::List, vec![2012, 2013])
        .strategy("market")
        .task("read", command("cat {{ inputs.source }}").output(OutputFormat::Lines).env("A", "1"))
        .task(
            "each",
            kind("analysis")
                .needs("gpu", 0.5)
                .for_each("inputs.years")
                .with("year", item())
                .with("text", output("read"))
                .timeout(Duration::from_secs(5)),
        )
        .task(
            "say",
            function("say")
                .with("s", template("{{ read.status }}!"))
                .with("n", 3)
                .depends_on("each")
                .when("each.output | length == 2"),
        )
        .output("result", output("say.text"));
    let functions = vec!["say".into()];
    let able = polity_agents::AgentSpec::new("a", Capabilities::default().and("analysis", 1.0).and("gpu", 1.0));
    let known = Known { functions, agents: vec![able], ..Known::default() };
    let built = built.check(&known).unwrap().workflow;
    let text = r#"
name: w
inputs: [{ name: source, type: path, required: true }, { name: years, type: list, default: [2012, 2013] }]
strategy: market
tasks:
  - { id: read, run: "cat {{ inputs.source }}", output: lines, env: { A: "1" } }
  - { id: each, type: analysis, needs: { gpu: 0.5 }, for_each: inputs.years, with: { year: "{{ item }}", text: "{{ tasks.read.output }}" }, timeout: 5s }
  - { id: say, fn: say, with: { s: "{{ read.status }}!", n: 3 }, depends_on: [each], when: each.output | length == 2 }
outputs: [{ name: result, from: tasks.say.output.text }]
"#;
    let file = parse(text, None, &known).unwrap().workflow;
    assert_eq!((&file.inputs, &file.strategy), (&built.inputs, &built.strategy));
    assert_eq!(file.outputs[0].from, built.outputs[0].from);
    assert_eq!(file.tasks.len(), built.tasks.len());
    for (a, b) in file.tasks.iter().zip(&built.tasks) {
        assert_eq!(
            (&a.id, &a.kind, &a.needs, &a.dependencies, &a.when, &a.for_each),
            (&b.id, &b.kind, &b.needs, &b.dependencies, &b.when, &b.for_each)
        );
        assert_eq!((a.timeouts, &a.retry, a.priority), (b.timeouts, &b.retry, b.priority));
    }
    assert_eq!(format!("{:?}", file.tasks[0].action), format!("{:?}", built.tasks[0].action));
    assert_eq!(built.tasks[2].dependencies[1], Dependency { on: 1, wants: Wants::Both, is_read: true });
    assert_eq!(built.hash.len(), 64);
}

#[test]
fn all_mistakes_of_a_program_are_said_at_once() {
    let simulation = Simulation { work: None, failure: 0.0, crash: 0.0, hang: 0.0, output: None, past: None };
    let errors = Workflow::new("")
        .task("my-task", command("echo {{ 1"))
        .task("a", kind("k").stdin("x").needs("gpu", 2.0))
        .task("a", simulated(simulation).with("x", output("nobody")).with("x", 1).env("=", "1"))
        .task("b", kind("k").depends_on("b").for_each("item"))
        .output("o", expr("1 +"))
        .strategy_with("market", serde_json::json!(3))
        .build()
        .unwrap_err();
    let said = errors.to_string();
    for part in [
        "a workflow needs a name",
        "hyphen",
        "task \"my-task\": `{{` has no `}}`",
        "task \"a\": `stdin` is for tasks with a command",
        "task \"a\": `needs.gpu` must be in 0..=1, but is 2",
        "there are two tasks \"a\"",
        "task \"a\" uses \"nobody\"",
        "task \"a\": is given \"x\" twice",
        "can't be the name of an environment variable",
        "task \"b\" depends on itself",
        "output \"o\": ",
        "settings of strategy \"market\" must be a map",
    ] {
        assert!(said.contains(part), "{part}\n---\n{said}");
    }
    assert!(errors.with_snippets().lines().count() > 5);
}

#[test]
fn the_schema_knows_every_key_and_refers_to_nothing_missing() {
    let all = schema();
    let text = all.to_string();
    for reference in text.split("\"#/$defs/").skip(1).map(|r| r.split('"').next().unwrap()) {
        assert!(all["$defs"][reference].is_object(), "{reference}");
    }
    for key in ["run", "fn", "http", "join", "redundancy", "quality", "for_each", "cwd", "parallel"] {
        assert!(all["$defs"]["a_task"]["properties"][key].is_object(), "{key}");
    }
    assert_eq!(all["$defs"]["a_task"]["properties"]["cache"]["deprecated"], true);
    assert!(config_schema()["$defs"]["a_configuration"]["properties"]["runs"].is_object());
}

#[test]
fn what_is_checked_may_go_to_any_thread() {
    fn shared<T: Send + Sync>() {}
    shared::<Workflow>();
    shared::<Checked>();
    shared::<WorkflowErrors>();
}

#[test]
fn every_function_that_is_called_anywhere_is_the_societys_affair() {
    let task = function("first").fallback(function("second")).fallback(function("third")).compensate(function("undo"));
    assert!(Workflow::new("w").on_failure(OnFailure::Compensate).task("a", task).build().is_ok());
}
