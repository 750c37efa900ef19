//! The language as a JSON Schema (2020-12), from the same tables that check it: editors complete and check what a person types.

use super::experiment::EXPERIMENT;
use super::grammar::{CONFIG, Field, Kind, Record, TOP, Word};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The schema of a workflow file.
///
/// ```
/// let schema = polity::workflow::schema();
/// assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
/// assert!(schema["$defs"]["a_task"]["properties"]["depends_on"].is_object());
/// ```
pub fn schema() -> Value {
    let mut defs = BTreeMap::new();
    let top = record(&TOP, &mut defs);
    let short = json!({
        "type": "object", "properties": { "workflow_dsl": top.clone() }, "required": ["workflow_dsl"], "additionalProperties": false,
    });
    document("A Polity workflow", json!({ "anyOf": [top, short] }), defs)
}

/// The schema of a configuration file.
pub fn config_schema() -> Value {
    let mut defs = BTreeMap::new();
    let top = record(&CONFIG, &mut defs);
    document("A Polity configuration", top, defs)
}

/// The schema of an experiment: what [`Experiment`](crate::laboratory::Experiment) reads.
///
/// ```
/// let schema = polity::workflow::experiment_schema();
/// assert_eq!(schema["$defs"]["an_experiment"]["required"][1], "strategies");
/// ```
pub fn experiment_schema() -> Value {
    let mut defs = BTreeMap::new();
    let top = record(&EXPERIMENT, &mut defs);
    document("A Polity experiment", top, defs)
}

fn document(title: &str, top: Value, defs: BTreeMap<String, Value>) -> Value {
    let mut all = Map::new();
    all.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    all.insert("title".into(), title.into());
    if let Value::Object(top) = top {
        all.extend(top);
    }
    all.insert("$defs".into(), Value::Object(defs.into_iter().collect()));
    Value::Object(all)
}

/// A reference to a record, which is added to the definitions once.
fn record(record: &'static Record, defs: &mut BTreeMap<String, Value>) -> Value {
    let name: String = record.what.chars().filter(|c| *c != '`').map(|c| if c == ' ' { '_' } else { c }).collect();
    let reference = json!({ "$ref": format!("#/$defs/{name}") });
    if !defs.contains_key(&name) {
        defs.insert(name.clone(), Value::Null); // so that a record may hold itself
        let properties: Map<String, Value> = record.keys.iter().map(|f| (f.name.to_owned(), field(f, defs))).collect();
        let required: Vec<&str> = record.keys.iter().filter(|f| f.required).map(|f| f.name).collect();
        let mut all = json!({ "type": "object", "properties": properties, "additionalProperties": false });
        if !required.is_empty() {
            all["required"] = json!(required);
        }
        defs.insert(name, all);
    }
    reference
}

fn field(field: &'static Field, defs: &mut BTreeMap<String, Value>) -> Value {
    let mut value = kind(&field.kind, defs);
    let about = if field.built { field.about.to_owned() } else { format!("Not built yet: {}", field.about) };
    value["description"] = Value::from(about);
    if !field.built {
        value["deprecated"] = Value::Bool(true);
    }
    value
}

fn kind(what: &'static Kind, defs: &mut BTreeMap<String, Value>) -> Value {
    match what {
        Kind::Any => json!({}),
        Kind::Text => json!({ "type": "string", "minLength": 1 }),
        Kind::Id => json!({ "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" }),
        Kind::Version => json!({ "enum": ["2.0", 2.0] }),
        Kind::Words(words) => json!({ "enum": words.iter().map(|Word(word, _)| word).collect::<Vec<_>>() }),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Whole(least) => json!({ "type": "integer", "minimum": least }),
        Kind::Count(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Kind::Number(low, high) if *high == f64::MAX => json!({ "type": "number", "minimum": low }),
        Kind::Number(low, high) => json!({ "type": "number", "minimum": low, "maximum": high }),
        Kind::Positive => json!({ "type": "number", "exclusiveMinimum": 0 }),
        Kind::Share => json!({ "anyOf": [
            { "type": "number", "exclusiveMinimum": 0, "maximum": 1 },
            { "type": "string", "pattern": r"^\s*[0-9]+\s*/\s*[0-9]+\s*$" },
        ] }),
        Kind::Duration | Kind::MeanTime(_) => {
            json!({ "type": "string", "pattern": r"^\s*([0-9.]+\s*(ns|us|µs|ms|s|sec|m|min|h|d)\s*)+$" })
        }
        Kind::Work => json!({ "anyOf": [
            kind(&Kind::Duration, defs),
            { "type": "string", "pattern": r"^\s*(constant|uniform|exponential|lognormal)\s*\(.*\)\s*$" },
        ] }),
        Kind::Expression | Kind::Condition | Kind::OverItem => json!({ "type": ["string", "boolean", "number", "array"] }),
        Kind::Template => json!({ "type": ["string", "boolean", "integer"] }),
        Kind::Binding => json!({}),
        Kind::List(item) => json!({ "type": "array", "items": kind(item, defs) }),
        Kind::Map(value) => json!({ "type": "object", "additionalProperties": kind(value, defs) }),
        Kind::Record(r) => record(r, defs),
        Kind::Strategy => json!({ "anyOf": [
            { "type": "string", "minLength": 1 },
            { "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": { "type": ["object", "null"] } },
        ] }),
        Kind::Either(kinds) => json!({ "anyOf": kinds.iter().map(|k| kind(k, defs)).collect::<Vec<_>>() }),
    }
}
