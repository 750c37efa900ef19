//! What a task's output is made of, where a sub-run did it.

use crate::workflow::{OneItem, Synthesis};
use polity_agents::{Failure, FailureKind};
use polity_protocols::Name;
use serde_json::{Map, Value};
use std::sync::Arc;

/// The output of a task of the named results of its sub-run. O(size of the results), but for `Vote`, which compares each with each.
///
/// ```
/// use polity::delegation::synthesize;
/// use polity::workflow::Synthesis;
/// use serde_json::json;
/// let results = [("a".into(), json!([1])), ("b".into(), json!([2, 3]))];
/// assert_eq!(synthesize(&Synthesis::Concat, &results).unwrap(), json!([1, 2, 3]));
/// assert_eq!(synthesize(&Synthesis::Outputs, &results).unwrap(), json!({ "a": [1], "b": [2, 3] }));
/// ```
///
/// # Errors
/// [`FailureKind::BadOutput`], if the results are not what it takes.
pub fn synthesize(how: &Synthesis, results: &[(Name, Value)]) -> Result<Value, Failure> {
    let list = || results.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>();
    let wrong = |message: String| Failure::new(FailureKind::BadOutput, message);
    let none = || wrong("its sub-run gave no result to choose from".into());
    match how {
        Synthesis::Outputs => Ok(Value::Object(results.iter().map(|(name, value)| (name.to_string(), value.clone())).collect())),
        Synthesis::Collect => Ok(Value::Array(list())),
        Synthesis::Merge => merge(results).map_err(wrong),
        Synthesis::Concat => concat(results).map_err(wrong),
        Synthesis::Vote => vote(results).cloned().ok_or_else(none),
        Synthesis::Best(score) => {
            let mut best: Option<(f64, &Value)> = None;
            for (index, (name, value)) in results.iter().enumerate() {
                let scope = OneItem { item: Arc::new(value.clone()), index };
                let score =
                    score.evaluate(&scope).map_err(|e| wrong(format!("`synthesize.best` has no value for \"{name}\": {e}")))?;
                let score =
                    score.as_f64().ok_or_else(|| wrong(format!("`synthesize.best` gives no number for \"{name}\": {score}")))?;
                if best.is_none_or(|(highest, _)| score > highest) {
                    best = Some((score, value));
                }
            }
            best.map(|(_, value)| value.clone()).ok_or_else(none)
        }
        Synthesis::Reduce(of) => {
            let scope = OneItem { item: Arc::new(Value::Array(list())), index: 0 };
            of.evaluate(&scope).map_err(|e| wrong(format!("`synthesize.reduce` has no value: {e}")))
        }
    }
}

fn merge(results: &[(Name, Value)]) -> Result<Value, String> {
    let mut all = Map::new();
    for (name, value) in results {
        let Value::Object(map) = value else {
            return Err(format!("`synthesize: merge` takes maps, but \"{name}\" gave {value}"));
        };
        all.extend(map.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    Ok(Value::Object(all))
}
fn concat(results: &[(Name, Value)]) -> Result<Value, String> {
    let texts: Option<Vec<&str>> = results.iter().map(|(_, value)| value.as_str()).collect();
    if let Some(texts) = texts.filter(|texts| !texts.is_empty()) {
        return Ok(Value::String(texts.concat()));
    }
    let mut all = Vec::new();
    for (name, value) in results {
        let Value::Array(list) = value else {
            return Err(format!("`synthesize: concat` takes lists, or texts, and no mixture; \"{name}\" gave {value}"));
        };
        all.extend(list.iter().cloned());
    }
    Ok(Value::Array(all))
}
/// The first of those that most agree with. Maps are equal whatever the order of their keys.
fn vote(results: &[(Name, Value)]) -> Option<&Value> {
    let votes = |value: &Value| results.iter().filter(|(_, other)| other == value).count();
    results.iter().map(|(_, value)| value).rev().max_by_key(|value| votes(value))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::workflow::Expression;
    use serde_json::json;

    fn named(values: &[Value]) -> Vec<(Name, Value)> {
        values.iter().enumerate().map(|(n, value)| (format!("t{n}").into(), value.clone())).collect()
    }
    fn made(how: Synthesis, values: &[Value]) -> Result<Value, String> {
        synthesize(&how, &named(values)).map_err(|failure| failure.message)
    }
    fn expression(source: &str) -> Expression {
        Expression::parse(source).unwrap()
    }

    #[test]
    fn each_rule_gives_what_it_says() {
        assert_eq!(made(Synthesis::Collect, &[json!(1), json!("a")]), Ok(json!([1, "a"])));
        assert_eq!(made(Synthesis::Merge, &[json!({"a": 1, "b": 1}), json!({"b": 2})]), Ok(json!({"a": 1, "b": 2})));
        assert_eq!(made(Synthesis::Concat, &[json!("a"), json!("b")]), Ok(json!("ab")));
        assert_eq!(
            made(Synthesis::Vote, &[json!(1), json!({"a": 1, "b": 2}), json!({"b": 2, "a": 1})]),
            Ok(json!({"a": 1, "b": 2}))
        );
        assert_eq!(made(Synthesis::Vote, &[json!(2), json!(1)]), Ok(json!(2)), "of several the first");
        let best = Synthesis::Best(expression("item.score"));
        assert_eq!(
            made(best, &[json!({"score": 1}), json!({"score": 3, "n": 1}), json!({"score": 3, "n": 2})]),
            Ok(json!({"score": 3, "n": 1}))
        );
        assert_eq!(made(Synthesis::Reduce(expression("item | sum")), &[json!(1), json!(2)]), Ok(json!(3)));
        for empty in [Synthesis::Outputs, Synthesis::Merge] {
            assert_eq!(made(empty, &[]), Ok(json!({})));
        }
        assert_eq!(made(Synthesis::Concat, &[]), Ok(json!([])));
    }

    #[test]
    fn what_a_rule_can_not_take_is_named() {
        assert!(made(Synthesis::Merge, &[json!({}), json!(7)]).unwrap_err().contains("\"t1\" gave 7"));
        assert!(made(Synthesis::Concat, &[json!([]), json!("a")]).unwrap_err().contains("\"t1\" gave \"a\""));
        assert!(made(Synthesis::Vote, &[]).unwrap_err().contains("no result"));
        assert!(made(Synthesis::Best(expression("item.x")), &[json!({})]).unwrap_err().contains("\"t0\""));
        assert!(made(Synthesis::Best(expression("item")), &[json!("a")]).unwrap_err().contains("no number"));
    }
}
