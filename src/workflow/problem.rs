//! What is wrong with a text, and where: all of it at once.

use std::fmt;
use std::sync::Arc;

/// A place in a text. Lines and columns count from 1, columns in characters; all 0 if there is no text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
    /// Bytes before it.
    pub offset: usize,
    /// Its bytes.
    pub length: usize,
}

/// One thing that is wrong (or, as a warning, doubtful).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which text: a file's path, an environment variable, a flag; empty for a program.
    pub origin: Arc<str>,
    /// Where in it.
    pub span: Span,
    /// What is wrong, as a sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}
impl Problem {
    pub(crate) fn new(span: Span, message: impl Into<String>) -> Problem {
        Problem { origin: "".into(), span, message: message.into(), help: None }
    }
    pub(crate) fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }
    pub(crate) fn maybe(mut self, help: Option<String>) -> Problem {
        self.help = help;
        self
    }
}
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.origin.is_empty(), self.span.line) {
            (true, 0) => {}
            (false, 0) => write!(f, "{}: ", self.origin)?,
            (true, line) => write!(f, "{line}:{}: ", self.span.column)?,
            (false, line) => write!(f, "{}:{line}:{}: ", self.origin, self.span.column)?,
        }
        f.write_str(&self.message)?;
        self.help.iter().try_for_each(|help| write!(f, "; {help}"))
    }
}

/// Everything that is wrong with a workflow, in the order of the text.
///
/// ```
/// use polity::workflow::{Known, parse};
/// let text = "name: w\ntasks:\n  - { id: build, run: make }\n  - { id: deploy, run: ./deploy.sh, depends_on: [biuld] }\n";
/// let errors = parse(text, Some("flow.yaml".as_ref()), &Known::default()).unwrap_err();
/// assert!(errors.to_string().contains("flow.yaml:4:50: task \"deploy\" depends on \"biuld\", which is not a task; did you mean \"build\"?"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowErrors {
    /// What is wrong; at least one.
    pub problems: Vec<Problem>,
    /// The text that the problems are in.
    pub(crate) source: Arc<str>,
}

/// Problems that are told; nobody reads more, and the search for the right words costs time.
pub(super) const MAX_PROBLEMS: usize = 200;

impl WorkflowErrors {
    pub(crate) fn new(origin: &str, source: &str, mut problems: Vec<Problem>) -> WorkflowErrors {
        problems.sort_by_key(|p| p.span.offset);
        problems.dedup();
        if let Some(more) = problems.len().checked_sub(MAX_PROBLEMS).filter(|n| *n > 0) {
            problems.truncate(MAX_PROBLEMS);
            problems.push(Problem::new(Span::default(), format!("and {more} more like these")));
        }
        let origin: Arc<str> = origin.into();
        problems.iter_mut().filter(|p| p.origin.is_empty()).for_each(|p| p.origin = origin.clone());
        WorkflowErrors { problems, source: source.into() }
    }
    /// The same with the lines of the text that are meant, for terminals.
    ///
    /// ```
    /// use polity::workflow::{Known, parse};
    /// let errors = parse("nmae: w\n", None, &Known::default()).unwrap_err();
    /// assert!(errors.with_snippets().contains("  1 | nmae: w\n    | ^^^^\n"));
    /// ```
    pub fn with_snippets(&self) -> String {
        self.problems.iter().map(|p| snippet(p, &self.source)).collect::<Vec<_>>().join("\n")
    }
}
impl fmt::Display for WorkflowErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        lines(&self.problems, f)
    }
}
impl std::error::Error for WorkflowErrors {}

/// One problem per line.
pub(crate) fn lines(problems: &[Problem], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    problems.iter().enumerate().try_for_each(|(at, p)| if at == 0 { write!(f, "{p}") } else { write!(f, "\n{p}") })
}

/// A problem with its line of the text, and carets under what is meant.
pub(crate) fn snippet(problem: &Problem, source: &str) -> String {
    let Some(line) = problem.span.line.checked_sub(1).and_then(|n| source.lines().nth(n as usize)) else {
        return format!("{problem}\n");
    };
    let before = problem.span.column.saturating_sub(1) as usize;
    let room = line.chars().count().saturating_sub(before).max(1);
    let meant = source.get(problem.span.offset..problem.span.offset + problem.span.length).unwrap_or("");
    let carets = meant.lines().next().unwrap_or("").chars().count().clamp(1, room);
    let number = problem.span.line.to_string();
    let width = number.len().max(3);
    // A tab stays a tab, so that the carets stand under what they mean.
    let indent: String = line.chars().take(before).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    let mut text = format!(
        "{}:{}:{}: {}\n{number:>width$} | {line}\n{:>width$} | {indent}{}\n",
        problem.origin,
        problem.span.line,
        problem.span.column,
        problem.message,
        "",
        "^".repeat(carets)
    );
    if let Some(help) = &problem.help {
        text.push_str(&format!("{:>width$} = {help}\n", ""));
    }
    text
}
