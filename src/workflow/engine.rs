//! The template engine, cut down: pure filters only, fuel, strict about what is undefined.

use super::scope::EvalError;
use super::shared::{MAX_RESULT, from_jinja, is_nothing, spend};
use minijinja::value::{Rest, ValueOrKwargs};
use minijinja::{Environment, Error, ErrorKind, State, UndefinedBehavior, Value as Jinja, filters, functions, tests};
use std::sync::LazyLock;

/// Steps that one evaluation may take.
const FUEL: u64 = 100_000;

/// The name of the filter that refuses undefined values. Not a name that a person can mean.
pub(super) const DEFINED: &str = "polity__defined";

/// Filters that `map` may apply: they take no argument and can't make a value much larger.
const MAPPED: &[&str] = &[
    "upper",
    "lower",
    "title",
    "capitalize",
    "trim",
    "int",
    "float",
    "bool",
    "string",
    "length",
    "first",
    "last",
    "abs",
    "round",
    "tojson",
];

/// The filters that an expression may use.
pub(super) const FILTERS: &[&str] = &[
    "abs",
    "bool",
    "capitalize",
    "count",
    "d",
    "default",
    "dictsort",
    "first",
    "float",
    "groupby",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "raw",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "select",
    "selectattr",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "tojson",
    "trim",
    "unique",
    "upper",
];

/// The one environment. It has no templates and no loader, so that nothing can be included.
pub(super) static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut env = Environment::empty();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_fuel(Some(FUEL));
    env.set_debug(false);
    add_filters(&mut env);
    add_tests(&mut env);
    env.add_function("range", functions::range);
    env
});

fn add_filters(env: &mut Environment<'static>) {
    env.add_filter("abs", filters::abs);
    env.add_filter("bool", filters::bool);
    env.add_filter("capitalize", filters::capitalize);
    env.add_filter("count", filters::length);
    env.add_filter("d", default);
    env.add_filter("default", default);
    env.add_filter("dictsort", filters::dictsort);
    env.add_filter("first", filters::first);
    env.add_filter("float", filters::float);
    env.add_filter("groupby", filters::groupby);
    env.add_filter("int", filters::int);
    env.add_filter("items", filters::items);
    env.add_filter("join", join);
    env.add_filter("last", filters::last);
    env.add_filter("length", filters::length);
    env.add_filter("lines", filters::lines);
    env.add_filter("list", filters::list);
    env.add_filter("lower", filters::lower);
    env.add_filter("map", map);
    env.add_filter("max", filters::max);
    env.add_filter("min", filters::min);
    env.add_filter("raw", |value: Jinja| value);
    env.add_filter("reject", filters::reject);
    env.add_filter("rejectattr", filters::rejectattr);
    env.add_filter("replace", replace);
    env.add_filter("reverse", filters::reverse);
    env.add_filter("round", filters::round);
    env.add_filter("select", filters::select);
    env.add_filter("selectattr", filters::selectattr);
    env.add_filter("sort", filters::sort);
    env.add_filter("split", filters::split);
    env.add_filter("string", string);
    env.add_filter("sum", sum);
    env.add_filter("title", filters::title);
    env.add_filter("tojson", tojson);
    env.add_filter("trim", filters::trim);
    env.add_filter("unique", filters::unique);
    env.add_filter("upper", filters::upper);
    env.add_filter(DEFINED, defined);
}

fn add_tests(env: &mut Environment<'static>) {
    env.add_test("defined", |v: &Jinja| !is_nothing(v));
    env.add_test("undefined", is_nothing);
    env.add_test("none", tests::is_none);
    env.add_test("boolean", tests::is_boolean);
    env.add_test("number", tests::is_number);
    env.add_test("integer", tests::is_integer);
    env.add_test("float", tests::is_float);
    env.add_test("string", tests::is_string);
    env.add_test("sequence", tests::is_sequence);
    env.add_test("mapping", tests::is_mapping);
    env.add_test("iterable", tests::is_iterable);
    env.add_test("odd", tests::is_odd);
    env.add_test("even", tests::is_even);
    env.add_test("divisibleby", tests::is_divisibleby);
    env.add_test("startingwith", tests::is_startingwith);
    env.add_test("endingwith", tests::is_endingwith);
    env.add_test("true", tests::is_true);
    env.add_test("false", tests::is_false);
    for name in ["eq", "equalto", "=="] {
        env.add_test(name, tests::is_eq);
    }
    for name in ["ne", "!="] {
        env.add_test(name, tests::is_ne);
    }
    for name in ["lt", "lessthan", "<"] {
        env.add_test(name, tests::is_lt);
    }
    for name in ["le", "<="] {
        env.add_test(name, tests::is_le);
    }
    for name in ["gt", "greaterthan", ">"] {
        env.add_test(name, tests::is_gt);
    }
    for name in ["ge", ">="] {
        env.add_test(name, tests::is_ge);
    }
    env.add_test("in", tests::is_in);
}

/// The tests that an expression may use after `is`.
pub(super) const TESTS: &[&str] = &[
    "defined",
    "undefined",
    "none",
    "boolean",
    "number",
    "integer",
    "float",
    "string",
    "sequence",
    "mapping",
    "iterable",
    "odd",
    "even",
    "divisibleby",
    "startingwith",
    "endingwith",
    "true",
    "false",
    "eq",
    "equalto",
    "==",
    "ne",
    "!=",
    "lt",
    "lessthan",
    "<",
    "le",
    "<=",
    "gt",
    "greaterthan",
    ">",
    "ge",
    ">=",
    "in",
];

fn wrong(sentence: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, sentence)
}
/// An error of ours, carried through the engine as its source.
fn carry(error: EvalError) -> Error {
    wrong(error.to_string()).with_source(error)
}

fn default(value: Jinja, args: Rest<Jinja>) -> Result<Jinja, Error> {
    if args.len() > 2 {
        return Err(Error::from(ErrorKind::TooManyArguments));
    }
    let empty_too = args.get(1).is_some_and(Jinja::is_true);
    if is_nothing(&value) || (empty_too && !value.is_true()) {
        return Ok(args.first().cloned().unwrap_or_else(|| Jinja::from("")));
    }
    Ok(value)
}

fn defined(value: Jinja, what: String) -> Result<Jinja, Error> {
    if value.is_undefined() {
        return Err(carry(EvalError::Undefined(format!("{what} isn't there"))));
    }
    Ok(value)
}

fn map(state: &mut State, value: Jinja, args: Rest<ValueOrKwargs>) -> Result<Vec<Jinja>, Error> {
    let filter = args.first().and_then(|a| a.as_str());
    let by_attribute = args.len() == 1 && args[0].is_kwargs();
    let by_filter = args.len() == 1 && filter.is_some_and(|name| MAPPED.contains(&name));
    if !by_attribute && !by_filter {
        return Err(wrong(format!("`map` takes attribute=\"…\" or one of the filters {}", MAPPED.join(", "))));
    }
    filters::map(state, value, args)
}

/// The text of a value: a string is itself, anything else is JSON.
fn text_of(value: &Jinja) -> Result<String, Error> {
    match value.as_str() {
        Some(text) => Ok(text.to_owned()),
        None => json_of(value),
    }
}
fn json_of(value: &Jinja) -> Result<String, Error> {
    let json = from_jinja(value).map_err(carry)?;
    serde_json::to_string(&*json).map_err(|e| wrong(e.to_string()))
}

fn string(value: Jinja) -> Result<String, Error> {
    text_of(&value)
}
fn tojson(value: Jinja) -> Result<String, Error> {
    json_of(&value)
}

fn join(value: Jinja, separator: Option<String>) -> Result<String, Error> {
    let separator = separator.unwrap_or_default();
    let (mut left, mut all) = (MAX_RESULT, String::new());
    for (at, item) in value.try_iter()?.enumerate() {
        let text = text_of(&item)?;
        spend(&mut left, text.len() + separator.len()).map_err(carry)?;
        if at > 0 {
            all.push_str(&separator);
        }
        all.push_str(&text);
    }
    Ok(all)
}

fn replace(value: String, from: String, to: String) -> Result<String, Error> {
    let found = if from.is_empty() { value.chars().count() + 1 } else { value.matches(&*from).count() };
    let bytes = found.saturating_mul(to.len()).saturating_add(value.len());
    spend(&mut { MAX_RESULT.max(value.len()) }, bytes.saturating_sub(found * from.len())).map_err(carry)?;
    Ok(value.replace(&*from, &to))
}

fn sum(value: Jinja) -> Result<Jinja, Error> {
    let (mut whole, mut float, mut exact) = (0_i64, 0.0_f64, true);
    for item in value.try_iter()? {
        if !item.is_number() {
            return Err(wrong(format!("`sum` adds numbers, but the list holds a {}", item.kind())));
        }
        float += f64::try_from(item.clone())?;
        match item.as_i64().filter(|_| item.is_integer()).and_then(|i| whole.checked_add(i)) {
            Some(sum) => whole = sum,
            None => exact = false,
        }
    }
    Ok(if exact { Jinja::from(whole) } else { Jinja::from(float) })
}

/// The engine's error as ours.
pub(super) fn eval_error(error: &Error, source: &str) -> EvalError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(error);
    while let Some(inner) = cause {
        if let Some(ours) = inner.downcast_ref::<EvalError>() {
            return ours.clone();
        }
        cause = inner.source();
    }
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    match error.kind() {
        ErrorKind::OutOfFuel => EvalError::OutOfFuel,
        ErrorKind::UndefinedError => EvalError::Undefined(format!("`{source}` uses a value that isn't there")),
        ErrorKind::InvalidOperation | ErrorKind::NonPrimitive | ErrorKind::NonKey | ErrorKind::CannotUnpack => {
            EvalError::Type(format!("`{source}` can't be computed: {detail}"))
        }
        _ => EvalError::Other(format!("`{source}` can't be computed: {detail}")),
    }
}
