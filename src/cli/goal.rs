//! A goal instead of a file: a workflow of one task, which a command decomposes.

use super::load::{self, Loaded};
use super::output;
use super::stop::Stop;
use polity::config::Config;
use serde_json::{Map, Value, json};

/// Other ways that are asked for.
const REPLANS: u32 = 3;

/// The workflow that reaches a goal. Where the configuration has no agents, one that can run commands is made up.
///
/// # Errors
/// If the command or the configuration is not right.
pub fn load(goal: &str, command: &str, inputs: &[(String, String)], config: &Config) -> Result<Loaded, Stop> {
    let value = |text: &String| serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()));
    let mut declared = vec![json!({ "name": "goal", "type": "string", "default": goal })];
    let mut with = Map::new();
    for (name, text) in inputs.iter().filter(|(name, _)| name != "goal") {
        declared.push(json!({ "name": name, "default": value(text) }));
        with.insert(name.clone(), json!(format!("{{{{ inputs.{name} }}}}")));
    }
    let delegate = json!({ "goal": "{{ inputs.goal }}", "run": command, "replans": REPLANS });
    let mut text = json!({
        "version": "2.0",
        "name": "pursue",
        "inputs": declared,
        "tasks": [{ "id": "pursue", "delegate": delegate, "with": with }],
        "outputs": [{ "name": "result", "from": "pursue.output" }],
    });
    if config.known().agents.is_empty() {
        text["agents"] = json!([{ "id": "shell", "slots": 4 }]);
        output::tell("no agents are configured, so that one is made up: shell, with 4 slots");
    }
    load::text(&text.to_string(), config)
}
