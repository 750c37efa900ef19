//! Texts with `{{ … }}` in them. Nothing else in a text has a meaning: `{%`, `{#` and `${…}` are left to the shell. One pass: what
//! a binding gives is never read again.

use super::expression::{Expression, ExpressionError};
use super::reference::Reference;
use super::scope::{EvalError, Scope};
use super::shared::{MAX_RESULT, spend};
use super::shell::{Place, Scanner};
use serde_json::Value;
use std::sync::Arc;

/// A text with bindings.
///
/// ```
/// use polity::workflow::{NoScope, Template};
/// let t = Template::parse("echo {{ \"it's \" ~ 6 * 7 }}").unwrap();
/// assert_eq!(t.render_text(&NoScope).unwrap(), "echo it's 42");
/// assert_eq!(t.render_shell(&NoScope).unwrap(), r"echo 'it'\''s 42'");
/// assert_eq!(Template::parse("{{ 6 * 7 }}").unwrap().render(&NoScope).unwrap(), 42); // keeps its type
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    source: Arc<str>,
    pieces: Arc<[Piece]>,
}

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(String),
    Binding(Expression),
}

impl Template {
    /// Reads a text. Every text without `{{` is one.
    ///
    /// # Errors
    /// [`ExpressionError`] for a `{{` without its `}}`, and for what isn't an expression between them.
    pub fn parse(source: &str) -> Result<Template, ExpressionError> {
        let (mut pieces, mut at) = (Vec::new(), 0);
        while let Some(open) = source[at..].find("{{").map(|o| o + at) {
            let Some(close) = end_of_binding(source, open + 2) else {
                return Err(ExpressionError {
                    message: "`{{` has no `}}`".into(),
                    help: Some("a `{{` that means itself is written {{ '{{' }}".into()),
                    offset: open,
                });
            };
            if open > at {
                pieces.push(Piece::Text(source[at..open].to_owned()));
            }
            let expression =
                Expression::parse(&source[open + 2..close]).map_err(|e| ExpressionError { offset: e.offset + open + 2, ..e })?;
            pieces.push(Piece::Binding(expression));
            at = close + 2;
        }
        if at < source.len() {
            pieces.push(Piece::Text(source[at..].to_owned()));
        }
        Ok(Template { source: source.into(), pieces: pieces.into() })
    }

    /// A text that means only itself, whatever is in it.
    ///
    /// ```
    /// use polity::workflow::{NoScope, Template};
    /// assert_eq!(Template::literal("{{ 7*7 }}").render_text(&NoScope).unwrap(), "{{ 7*7 }}");
    /// ```
    pub fn literal(text: &str) -> Template {
        Template { source: text.into(), pieces: [Piece::Text(text.to_owned())].into() }
    }

    /// The text as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }
    /// True if nothing in it is bound.
    pub fn is_literal(&self) -> bool {
        !self.pieces.iter().any(|p| matches!(p, Piece::Binding(_)))
    }
    /// What its bindings refer to, in the order of the text.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.bindings().flat_map(Expression::references)
    }
    /// Its bindings, in the order of the text.
    pub fn bindings(&self) -> impl Iterator<Item = &Expression> {
        self.pieces.iter().filter_map(|p| match p {
            Piece::Binding(e) => Some(e),
            Piece::Text(_) => None,
        })
    }

    /// Its value: exactly one `{{ … }}` keeps its type, anything else is text.
    ///
    /// # Errors
    /// [`EvalError`].
    pub fn render(&self, scope: &dyn Scope) -> Result<Value, EvalError> {
        self.render_shared(scope).map(Arc::unwrap_or_clone)
    }

    /// [`Template::render`], by pointer.
    ///
    /// # Errors
    /// [`EvalError`].
    pub fn render_shared(&self, scope: &dyn Scope) -> Result<Arc<Value>, EvalError> {
        match &*self.pieces {
            [Piece::Binding(only)] => only.evaluate_shared(scope),
            _ => self.render_text(scope).map(|text| Arc::new(Value::String(text))),
        }
    }

    /// Its text: a bound string as it is, any other value as JSON.
    ///
    /// # Errors
    /// [`EvalError`].
    pub fn render_text(&self, scope: &dyn Scope) -> Result<String, EvalError> {
        if let [Piece::Binding(only)] = &*self.pieces {
            return text(&*only.evaluate_shared(scope)?);
        }
        self.render_with(scope, |_, text| Ok(text))
    }

    /// Reads it as a script of a POSIX shell.
    ///
    /// # Errors
    /// [`ExpressionError`] for a binding where no quoting keeps it data (in a comment, a here-document, arithmetic, …), unless it ends
    /// in `| raw`.
    ///
    /// ```
    /// use polity::workflow::Template;
    /// assert!(Template::parse("cat \"{{ inputs.x }}\"").unwrap().check_shell().is_ok());
    /// assert!(Template::parse("cat <<EOF\n{{ inputs.x }}\nEOF").unwrap().check_shell().is_err());
    /// ```
    pub fn check_shell(&self) -> Result<(), ExpressionError> {
        let mut at = 0;
        for (expression, place) in self.places() {
            at += self.source[at..].find(expression.source()).unwrap_or(0);
            if let Err(why) = place
                && !expression.is_raw()
            {
                let message = format!("`{{{{ {expression} }}}}` can't be quoted here: {why}");
                return Err(ExpressionError { message, help: None, offset: at });
            }
        }
        Ok(())
    }

    /// Its bindings, and where in a shell script they stand.
    fn places(&self) -> Vec<(&Expression, Result<Place, &'static str>)> {
        let (mut scanner, mut all) = (Scanner::default(), Vec::new());
        for (at, piece) in self.pieces.iter().enumerate() {
            match piece {
                Piece::Text(text) => scanner.text(text),
                Piece::Binding(expression) => {
                    let redirects = matches!(self.pieces.get(at + 1), Some(Piece::Text(t)) if t.starts_with(['<', '>']));
                    let place = match scanner.place() {
                        Ok(Place::Word) if redirects => Ok(Place::BeforeRedirection),
                        other => other,
                    };
                    all.push((expression, place));
                    scanner.binding();
                }
            }
        }
        all
    }

    /// Its text for a POSIX shell: each binding is data to the shell wherever it stands, in quotes or not, unless it ends in `| raw`.
    ///
    /// # Errors
    /// [`EvalError`]; a NUL character is a [`EvalError::Type`], as no shell can be given one; so is a binding that
    /// [`check_shell`](Template::check_shell) refuses.
    pub fn render_shell(&self, scope: &dyn Scope) -> Result<String, EvalError> {
        let mut places = self.places().into_iter().map(|(_, place)| place);
        self.render_with(scope, |expression, text| {
            let place = places.next().unwrap_or(Ok(Place::Word));
            if text.contains('\0') {
                return Err(EvalError::Type(format!("`{expression}` holds a NUL character, which no shell can take; use stdin")));
            }
            match place {
                _ if expression.is_raw() => Ok(text),
                Ok(place) => Ok(place.quote(&text)),
                Err(why) => Err(EvalError::Type(format!("`{{{{ {expression} }}}}` can't be quoted: {why}"))),
            }
        })
    }

    fn render_with(
        &self,
        scope: &dyn Scope,
        mut form: impl FnMut(&Expression, String) -> Result<String, EvalError>,
    ) -> Result<String, EvalError> {
        let (mut left, mut all) = (MAX_RESULT.max(self.source.len()), String::with_capacity(self.source.len()));
        for piece in self.pieces.iter() {
            match piece {
                Piece::Text(text) => all.push_str(text),
                Piece::Binding(expression) => {
                    let bound = form(expression, text(&*expression.evaluate_shared(scope)?)?)?;
                    spend(&mut left, bound.len())?;
                    all.push_str(&bound);
                }
            }
        }
        Ok(all)
    }
}

fn text(value: &Value) -> Result<String, EvalError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        other => serde_json::to_string(other).map_err(|e| EvalError::Other(e.to_string())),
    }
}

/// Where the `}}` is that ends a binding whose inside begins at `from`: strings and braces in it are passed over.
fn end_of_binding(source: &str, from: usize) -> Option<usize> {
    let bytes = source.as_bytes();
    let (mut at, mut depth) = (from, 0_usize);
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'"' | b'\'') => {
                at += 1;
                while *bytes.get(at)? != quote {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'{' => depth += 1,
            b'}' if depth > 0 => depth -= 1,
            b'}' if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// The inside of a text that is exactly one `{{ … }}`, spaces around it aside.
pub(super) fn single(text: &str) -> Option<&str> {
    let trimmed = text.trim();
    let inside = trimmed.strip_prefix("{{")?;
    let close = end_of_binding(trimmed, 2)?;
    (close + 2 == trimmed.len()).then(|| &inside[..close - 2])
}
