//! Expressions: Jinja, cut down to what is pure and ends.

use super::context::{Seen, context};
use super::engine::{DEFINED, ENGINE, eval_error};
use super::reference::{Found, Path, Reference, as_path};
use super::scope::{EvalError, Scope};
use super::shared::from_jinja;
use super::template;
use minijinja::machinery::{parse_expr, tokenize};
use minijinja::syntax::SyntaxConfig;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// Bytes that an expression may have.
pub const MAX_SOURCE: usize = 4 << 10;

/// An expression that can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionError {
    /// What is wrong, as a sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where in the source, in bytes.
    pub offset: usize,
}
impl ExpressionError {
    fn new(message: impl Into<String>, offset: usize) -> ExpressionError {
        ExpressionError { message: message.into(), help: None, offset }
    }
}
impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.help.iter().try_for_each(|help| write!(f, "; {help}"))
    }
}
impl std::error::Error for ExpressionError {}

/// An expression of the workflow language: `tasks.score.output > 0.8`. Cheap to clone.
///
/// ```
/// use polity::workflow::{Expression, NoScope, Root};
/// let e = Expression::parse("tasks.score.output > 0.8").unwrap();
/// assert_eq!(e.references()[0].root, Root::Tasks);
/// assert_eq!(&*e.references()[0].name, "score");
/// assert!(Expression::parse("1 +").is_err());
/// assert_eq!(Expression::parse("{{ [3, 1, 2] | sort }}").unwrap().evaluate(&NoScope).unwrap(), serde_json::json!([1, 2, 3]));
/// ```
#[derive(Clone)]
pub struct Expression(Arc<Inner>);

struct Inner {
    source: String,
    references: Vec<Reference>,
    how: How,
}

enum How {
    Constant(Arc<Value>),
    /// Nothing is computed: the value is handed on as it is.
    Path(Path),
    Compiled(minijinja::Expression<'static, 'static>),
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({:?})", self.0.source)
    }
}
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.source)
    }
}
impl PartialEq for Expression {
    fn eq(&self, other: &Expression) -> bool {
        self.0.source == other.0.source
    }
}

impl Expression {
    /// Reads an expression; `{{ … }}` around the whole is taken off.
    ///
    /// # Errors
    /// [`ExpressionError`] if it is not one, is longer than [`MAX_SOURCE`], or uses a filter, test or name that there can't be.
    pub fn parse(text: &str) -> Result<Expression, ExpressionError> {
        let inner = template::single(text).unwrap_or(text);
        let shift = inner.as_ptr() as usize - text.as_ptr() as usize;
        let lead = inner.len() - inner.trim_start().len();
        Self::parse_bare(inner.trim()).map_err(|e| ExpressionError { offset: (e.offset + shift + lead).min(text.len()), ..e })
    }

    fn parse_bare(source: &str) -> Result<Expression, ExpressionError> {
        if source.is_empty() {
            return Err(ExpressionError::new("the expression is empty", 0));
        }
        if source.len() > MAX_SOURCE {
            let message = format!("the expression has {} bytes, the limit is {MAX_SOURCE}", source.len());
            return Err(ExpressionError { help: Some("let a task compute it".into()), ..ExpressionError::new(message, 0) });
        }
        bounded(source)?;
        let tree = parse_expr(source).map_err(|e| syntax(&e, source))?;
        let mut found = Found::default();
        found.walk(&tree, false)?;
        let how = match as_path(&tree) {
            Some(path) => How::Path(path),
            None => {
                How::Compiled(ENGINE.compile_expression_owned(guarded(source, found.guards)).map_err(|e| syntax(&e, source))?)
            }
        };
        Ok(Expression(Arc::new(Inner { source: source.to_owned(), references: found.references, how })))
    }

    /// An expression that is always this value.
    ///
    /// ```
    /// use polity::workflow::{Expression, NoScope};
    /// assert_eq!(Expression::constant(serde_json::json!("{{ 7*7 }}")).evaluate(&NoScope).unwrap(), "{{ 7*7 }}");
    /// ```
    pub fn constant(value: Value) -> Expression {
        Expression(Arc::new(Inner { source: value.to_string(), references: Vec::new(), how: How::Constant(Arc::new(value)) }))
    }

    /// What it refers to, in the order of the text.
    pub fn references(&self) -> &[Reference] {
        &self.0.references
    }
    /// Its text, without `{{ }}`.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// Its value.
    ///
    /// # Errors
    /// [`EvalError`].
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, EvalError> {
        self.evaluate_shared(scope).map(Arc::unwrap_or_clone)
    }

    /// Its value, by pointer: if it is exactly a path to an input, an item or an output, then that very value.
    ///
    /// # Errors
    /// [`EvalError`].
    pub fn evaluate_shared(&self, scope: &dyn Scope) -> Result<Arc<Value>, EvalError> {
        match &self.0.how {
            How::Constant(value) => Ok(value.clone()),
            How::Path(path) => path.evaluate(scope, &self.0.source),
            How::Compiled(code) => {
                let seen = Seen::default();
                let result = code.eval(context(&self.0.references, scope, &seen));
                if let Some(error) = seen.get() {
                    return Err(error.clone());
                }
                let value = result.map_err(|e| eval_error(&e, &self.0.source))?;
                from_jinja(&value).map_err(|e| match e {
                    EvalError::Undefined(_) => EvalError::Undefined(format!("`{}` isn't there", self.0.source)),
                    other => other,
                })
            }
        }
    }

    /// Whether it holds: everything does but `false`, null, 0, and what is empty.
    ///
    /// # Errors
    /// [`EvalError`].
    ///
    /// ```
    /// use polity::workflow::{Expression, NoScope};
    /// assert!(!Expression::parse("[]").unwrap().is_true(&NoScope).unwrap());
    /// ```
    pub fn is_true(&self, scope: &dyn Scope) -> Result<bool, EvalError> {
        Ok(match &*self.evaluate_shared(scope)? {
            Value::Null => false,
            Value::Bool(b) => *b,
            Value::Number(n) => n.as_f64() != Some(0.0),
            Value::String(text) => !text.is_empty(),
            Value::Array(items) => !items.is_empty(),
            Value::Object(map) => !map.is_empty(),
        })
    }

    /// True if it ends in `| raw`.
    pub(super) fn is_raw(&self) -> bool {
        self.0.source.rsplit_once('|').is_some_and(|(_, last)| last.trim() == "raw")
    }
}

/// Words and signs that an expression may have: its tree can't be deeper, so walking it can't exhaust a stack.
const MAX_TOKENS: usize = 600;

fn bounded(source: &str) -> Result<(), ExpressionError> {
    let tokens = tokenize(source, true, SyntaxConfig::default()).take_while(Result::is_ok).take(MAX_TOKENS + 1).count();
    if tokens > MAX_TOKENS {
        return Err(ExpressionError::new(format!("the expression has more than {MAX_TOKENS} words and signs"), 0));
    }
    Ok(())
}

/// The source with a filter behind each operand that must be defined.
fn guarded(source: &str, mut guards: Vec<(usize, String)>) -> String {
    guards.sort_by_key(|(end, _)| std::cmp::Reverse(*end));
    let mut text = source.to_owned();
    for (end, name) in guards {
        if text.is_char_boundary(end) {
            text.insert_str(end, &format!("|{DEFINED}({})", Value::from(format!("`{name}`"))));
        }
    }
    match parse_expr(&text) {
        Ok(_) => text,
        Err(_) => source.to_owned(),
    }
}

fn syntax(error: &minijinja::Error, source: &str) -> ExpressionError {
    let what = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    let offset = error.range().map_or(0, |r| r.start).min(source.len());
    let shown: String = source.chars().take(80).collect();
    ExpressionError::new(format!("`{shown}` is not an expression: {what}"), offset)
}
