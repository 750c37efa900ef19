//! JSON values inside expressions, by pointer, and back.

use super::scope::EvalError;
use minijinja::Value as Jinja;
use minijinja::value::{Enumerator, Object, ObjectRepr, ValueKind};
use serde_json::{Map, Number, Value};
use std::sync::Arc;

/// Bytes that an expression's result may have.
pub(super) const MAX_RESULT: usize = 1 << 20;

/// A list or map inside a shared JSON value: the value, and the way to the part. Following the way again costs its length,
/// which a parser's depth limit bounds; copying the part could cost a megabyte.
#[derive(Debug)]
pub(super) struct Shared {
    root: Arc<Value>,
    way: Vec<Step>,
}

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(Arc<str>),
    Index(usize),
}

/// Follows a way down.
pub(super) fn follow<'a>(root: &'a Value, way: &[Step]) -> Option<&'a Value> {
    way.iter().try_fold(root, |value, step| match step {
        Step::Key(key) => value.get(&**key),
        Step::Index(at) => value.get(at),
    })
}

impl Shared {
    fn here(&self) -> &Value {
        follow(&self.root, &self.way).unwrap_or(&Value::Null)
    }
    fn child(&self, step: Step, value: &Value) -> Jinja {
        match value {
            Value::Array(_) | Value::Object(_) => {
                let mut way = Vec::with_capacity(self.way.len() + 1);
                way.extend_from_slice(&self.way);
                way.push(step);
                Jinja::from_object(Shared { root: self.root.clone(), way })
            }
            scalar => scalar_value(scalar),
        }
    }
    /// The value that it is, still shared if it is the whole.
    fn value(&self) -> Arc<Value> {
        if self.way.is_empty() { self.root.clone() } else { Arc::new(self.here().clone()) }
    }
}

impl Object for Shared {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        if self.here().is_array() { ObjectRepr::Seq } else { ObjectRepr::Map }
    }
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        match self.here() {
            Value::Array(items) => {
                let at = key.as_usize()?;
                items.get(at).map(|v| self.child(Step::Index(at), v))
            }
            Value::Object(map) => {
                let number;
                let key = match key.as_str() {
                    Some(text) => text,
                    None => {
                        number = key.as_i64()?.to_string();
                        &number
                    }
                };
                map.get(key).map(|v| self.child(Step::Key(key.into()), v))
            }
            _ => None,
        }
    }
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match self.here() {
            Value::Array(items) => Enumerator::Seq(items.len()),
            Value::Object(map) => Enumerator::Values(map.keys().map(|k| Jinja::from(k.as_str())).collect()),
            _ => Enumerator::Empty,
        }
    }
}

fn scalar_value(value: &Value) -> Jinja {
    match value {
        Value::Bool(b) => Jinja::from(*b),
        Value::String(text) => Jinja::from(text.as_str()),
        Value::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(i), _) => Jinja::from(i),
            (None, Some(u)) => Jinja::from(u),
            (None, None) => Jinja::from(n.as_f64().unwrap_or(f64::NAN)),
        },
        Value::Null | Value::Array(_) | Value::Object(_) => Jinja::from(()),
    }
}

/// A JSON value as an expression sees it.
pub(super) fn to_jinja(value: &Arc<Value>) -> Jinja {
    match &**value {
        Value::Array(_) | Value::Object(_) => Jinja::from_object(Shared { root: value.clone(), way: Vec::new() }),
        scalar => scalar_value(scalar),
    }
}

/// An expression's result as JSON; what is shared stays shared.
pub(super) fn from_jinja(value: &Jinja) -> Result<Arc<Value>, EvalError> {
    match value.downcast_object_ref::<Shared>() {
        Some(shared) => Ok(shared.value()),
        None => to_json(value, &mut { MAX_RESULT }, 0).map(Arc::new),
    }
}

/// Takes `bytes` off what is left.
pub(super) fn spend(left: &mut usize, bytes: usize) -> Result<(), EvalError> {
    *left = left.checked_sub(bytes).ok_or(EvalError::TooLarge(MAX_RESULT))?;
    Ok(())
}

fn to_json(value: &Jinja, left: &mut usize, depth: usize) -> Result<Value, EvalError> {
    if depth > 128 {
        return Err(EvalError::Type("the value is nested too deeply".into()));
    }
    spend(left, 2)?;
    match value.kind() {
        ValueKind::None => Ok(Value::Null),
        ValueKind::Bool => Ok(Value::Bool(value.is_true())),
        ValueKind::Number => number(value),
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            spend(left, text.len())?;
            Ok(Value::String(text.to_owned()))
        }
        ValueKind::Seq | ValueKind::Iterable => {
            items(value)?.map(|item| to_json(&item, left, depth + 1)).collect::<Result<_, _>>().map(Value::Array)
        }
        ValueKind::Map => map(value, left, depth),
        ValueKind::Undefined => Err(EvalError::Undefined("the expression uses a value that isn't there".into())),
        other => Err(EvalError::Type(format!("the expression gives a {other}, which is not data"))),
    }
}

fn items(value: &Jinja) -> Result<minijinja::value::ValueIter, EvalError> {
    value.try_iter().map_err(|e| EvalError::Type(e.to_string()))
}

fn map(value: &Jinja, left: &mut usize, depth: usize) -> Result<Value, EvalError> {
    let mut all = Map::new();
    for key in items(value)? {
        let name = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
        spend(left, name.len() + 2)?;
        let inner = value.get_item(&key).map_err(|e| EvalError::Type(e.to_string()))?;
        all.insert(name, to_json(&inner, left, depth + 1)?);
    }
    Ok(Value::Object(all))
}

fn number(value: &Jinja) -> Result<Value, EvalError> {
    if value.is_integer() {
        if let Some(i) = value.as_i64() {
            return Ok(Value::from(i));
        }
        if let Ok(u) = u64::try_from(value.clone()) {
            return Ok(Value::from(u));
        }
    }
    let float = f64::try_from(value.clone()).map_err(|e| EvalError::Type(e.to_string()))?;
    Number::from_f64(float)
        .map(Value::Number)
        .ok_or_else(|| EvalError::Type(format!("{float} is not a number that JSON can hold")))
}

/// What stands for an output that isn't there, until it is known whether the expression handles that: every path into it
/// leads to it again, and `default(…)` replaces it.
#[derive(Debug)]
pub(super) struct Missing;
impl Object for Missing {
    fn get_value(self: &Arc<Self>, _: &Jinja) -> Option<Jinja> {
        Some(Jinja::from_dyn_object(self.clone()))
    }
    fn is_true(self: &Arc<Self>) -> bool {
        false
    }
}

/// True for nothing: undefined, or an output that isn't there.
pub(super) fn is_nothing(value: &Jinja) -> bool {
    value.is_undefined() || value.downcast_object_ref::<Missing>().is_some()
}
