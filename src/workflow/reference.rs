//! What an expression refers to: found once, when it is parsed, so that the check knows every edge and the run resolves only what is used.

use super::engine::{FILTERS, TESTS};
use super::expression::ExpressionError;
use super::shared::Step;
use super::text::nearest;
use minijinja::machinery::{ast, ast::Expr, ast::Spanned};
use polity_protocols::Name;

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // the words are the language's
pub enum Root {
    Inputs,
    Tasks,
    Item,
    Index,
    State,
    Env,
    Secrets,
    Run,
    Workflow,
    Error,
    Attempt,
    Output,
}

/// What of a task is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// `.output`, `.by[…]`, or a short form.
    Output,
    /// `.status`
    Status,
    /// `.error`
    Error,
    /// `.attempts`
    Attempts,
    /// `.agent`
    Agent,
}

/// One use of a value.
///
/// ```
/// use polity::workflow::{Expression, Field, Root};
/// let e = Expression::parse("a.output | default(b.status)").unwrap();
/// let uses: Vec<_> = e.references().iter().map(|r| (r.root, &*r.name, r.field, r.handled_by_default)).collect();
/// assert_eq!(uses, [(Root::Tasks, "a", Some(Field::Output), true), (Root::Tasks, "b", Some(Field::Status), false)]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Where it comes from.
    pub root: Root,
    /// The input's, task's, variable's or secret's name; empty for `item`, `index`, `error` and `attempt`.
    pub name: Name,
    /// What of the task; none for anything but tasks.
    pub field: Option<Field>,
    /// True if the expression goes on without it: `… | default(…)`, `… is defined`.
    pub handled_by_default: bool,
}

/// A plain way to a value, without any computing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) reference: Reference,
    /// The key in `by["…"]`.
    pub(super) by: Option<String>,
    pub(super) way: Vec<Step>,
}

const FIELDS: &[&str] = &["output", "status", "error", "attempts", "agent", "by"];
/// Operators that can make a value larger than their operands.
const MAX_GROWTH: usize = 64;

/// What the walk over an expression finds.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) references: Vec<Reference>,
    /// Where an operand ends that must be defined, and how a person would call it.
    pub(super) guards: Vec<(usize, String)>,
    growth: usize,
}

type Walk = Result<(), ExpressionError>;

fn no(message: impl Into<String>, span: minijinja::machinery::Span) -> ExpressionError {
    ExpressionError { message: message.into(), help: None, offset: span.start_offset as usize }
}

impl Found {
    /// Collects what `expr` refers to; `handled` is true under a `default(…)`.
    pub(super) fn walk(&mut self, expr: &Expr<'_>, handled: bool) -> Walk {
        match expr {
            Expr::Const(_) => Ok(()),
            Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_) => self.chain(expr, handled).map(|_| ()),
            Expr::Slice(s) => {
                self.walk(&s.expr, false)?;
                [&s.start, &s.stop, &s.step].into_iter().flatten().try_for_each(|e| self.walk(e, false))
            }
            Expr::UnaryOp(u) => self.walk(&u.expr, false),
            Expr::BinOp(b) => self.operator(b),
            Expr::Compare(c) => {
                self.operand(&c.expr)?;
                c.ops.iter().try_for_each(|op| self.operand(&op.expr))
            }
            Expr::IfExpr(i) => {
                self.walk(&i.test_expr, false)?;
                self.walk(&i.true_expr, handled)?;
                i.false_expr.iter().try_for_each(|e| self.walk(e, handled))
            }
            Expr::Filter(f) => self.filter(f, handled),
            Expr::Test(t) => self.test(t),
            Expr::Call(c) => self.call(c),
            Expr::List(l) => l.items.iter().try_for_each(|e| self.walk(e, false)),
            Expr::Tuple(t) => t.items.iter().try_for_each(|e| self.walk(e, false)),
            Expr::Map(m) => m.keys.iter().chain(&m.values).try_for_each(|e| self.walk(e, false)),
        }
    }

    fn operator(&mut self, b: &Spanned<ast::BinOp<'_>>) -> Walk {
        use ast::BinOpKind::{Add, Concat, In, Mul, Pow, ScAnd, ScOr};
        if matches!(b.op, Add | Concat | Mul | Pow) {
            self.growth += 1;
            if self.growth > MAX_GROWTH {
                return Err(no(format!("an expression may have at most {MAX_GROWTH} of the operators + ~ * **"), b.span()));
            }
        }
        match matches!(b.op, ScAnd | ScOr | In) {
            true => self.walk(&b.left, false).and_then(|()| self.walk(&b.right, false)),
            false => self.operand(&b.left).and_then(|()| self.operand(&b.right)),
        }
    }

    /// A comparison with something undefined would quietly be false: such operands are guarded.
    fn operand(&mut self, expr: &Expr<'_>) -> Walk {
        if !matches!(expr, Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_)) {
            return self.walk(expr, false);
        }
        let name = self.chain(expr, false)?;
        self.guards.push((expr.span().end_offset as usize, name));
        Ok(())
    }

    fn filter(&mut self, f: &Spanned<ast::Filter<'_>>, handled: bool) -> Walk {
        if !FILTERS.contains(&f.name) {
            let mut error = no(format!("there is no filter \"{}\"", f.name), f.span());
            error.help = Some(suggest(f.name, FILTERS, "the filters are"));
            return Err(error);
        }
        let is_default = matches!(f.name, "default" | "d");
        if let Some(inner) = &f.expr {
            self.walk(inner, is_default)?;
        }
        self.arguments(&f.args, is_default && handled)
    }

    fn test(&mut self, t: &Spanned<ast::Test<'_>>) -> Walk {
        if !TESTS.contains(&t.name) {
            let mut error = no(format!("there is no test \"is {}\"", t.name), t.span());
            error.help = Some(suggest(t.name, TESTS, "the tests are"));
            return Err(error);
        }
        self.walk(&t.expr, matches!(t.name, "defined" | "undefined"))?;
        self.arguments(&t.args, false)
    }

    fn call(&mut self, c: &Spanned<ast::Call<'_>>) -> Walk {
        if !matches!(&c.expr, Expr::Var(v) if v.id == "range") {
            return Err(no("nothing but range(…) can be called in an expression; use a filter: `x | length`", c.span()));
        }
        self.arguments(&c.args, false)
    }

    fn arguments(&mut self, args: &[ast::CallArg<'_>], handled: bool) -> Walk {
        args.iter().try_for_each(|arg| match arg {
            ast::CallArg::Pos(e) | ast::CallArg::Kwarg(_, e) | ast::CallArg::PosSplat(e) | ast::CallArg::KwargSplat(e) => {
                self.walk(e, handled)
            }
        })
    }

    /// A chain of attributes and subscripts; gives it as a person would call it.
    fn chain(&mut self, expr: &Expr<'_>, handled: bool) -> Result<String, ExpressionError> {
        let chain = Chain::of(expr);
        chain.subscripts.iter().try_for_each(|e| self.walk(e, false))?;
        match chain.base {
            Expr::Var(_) => {
                self.references.push(chain.reference(handled)?);
                Ok(chain.to_string())
            }
            other => self.walk(other, handled).map(|()| chain.to_string()),
        }
    }
}

fn suggest(given: &str, known: &[&str], otherwise: &str) -> String {
    match nearest(given, known.iter().copied()) {
        Some(word) => format!("did you mean \"{word}\"?"),
        None => format!("{otherwise} {}", known.join(", ")),
    }
}

/// A chain `base.a["b"][0]`, flattened.
struct Chain<'x, 'a> {
    base: &'x Expr<'a>,
    /// The static steps from the base on, up to the first that is computed.
    steps: Vec<Step>,
    /// False if a step is computed.
    is_static: bool,
    subscripts: Vec<&'x Expr<'a>>,
}

impl<'x, 'a> Chain<'x, 'a> {
    fn of(expr: &'x Expr<'a>) -> Chain<'x, 'a> {
        let mut links: Vec<Result<Step, &'x Expr<'a>>> = Vec::new();
        let mut base = expr;
        loop {
            match base {
                Expr::GetAttr(g) => {
                    links.push(Ok(Step::Key(g.name.into())));
                    base = &g.expr;
                }
                Expr::GetItem(g) => {
                    links.push(literal(&g.subscript_expr).ok_or(&g.subscript_expr));
                    base = &g.expr;
                }
                _ => break,
            }
        }
        links.reverse();
        let is_static = links.iter().all(Result::is_ok);
        let subscripts = links.iter().filter_map(|l| l.as_ref().err().copied()).collect();
        let steps = links.into_iter().map_while(Result::ok).collect();
        Chain { base, steps, is_static, subscripts }
    }

    fn key(&self, at: usize) -> Option<&str> {
        match self.steps.get(at) {
            Some(Step::Key(key)) => Some(key),
            _ => None,
        }
    }

    fn reference(&self, handled_by_default: bool) -> Result<Reference, ExpressionError> {
        let Expr::Var(var) = self.base else { return Err(no("not a path", self.base.span())) };
        let make = |root, name: &str, field| Reference { root, name: name.into(), field, handled_by_default };
        let fail = |message: String| Err(no(message, var.span()));
        let named = |root, word: &str, example: &str| match self.key(0) {
            Some(name) => Ok(make(root, name, None)),
            None => fail(format!("`{word}` must be followed by a name that is written out: {example}")),
        };
        let only = |root, word: &str, key: &str| match self.key(0) {
            Some(name) if name == key => Ok(make(root, name, None)),
            Some(name) => fail(format!("there is no `{word}.{name}`; there is {word}.{key}")),
            None => fail(format!("`{word}` alone is no value; there is {word}.{key}")),
        };
        match var.id {
            "inputs" => named(Root::Inputs, "inputs", "inputs.source"),
            "state" => named(Root::State, "state", "state.count"),
            "env" => named(Root::Env, "env", "env.HOME"),
            "secrets" => named(Root::Secrets, "secrets", "secrets.TOKEN"),
            "item" => Ok(make(Root::Item, "", None)),
            "index" => Ok(make(Root::Index, "", None)),
            "run" => only(Root::Run, "run", "id"),
            "workflow" => only(Root::Workflow, "workflow", "name"),
            "tasks" => self.task_reference(handled_by_default),
            "error" => Ok(make(Root::Error, "", None)),
            "attempt" if self.steps.is_empty() && self.is_static => Ok(make(Root::Attempt, "", None)),
            "output" => Ok(make(Root::Output, "", None)),
            id => match self.key(0) {
                Some(key) => Ok(make(Root::Tasks, id, Some(field(key).unwrap_or(Field::Output)))),
                None => fail(format!("`{id}` alone is no value; write inputs.{id} or {id}.output")),
            },
        }
    }

    fn task_reference(&self, handled_by_default: bool) -> Result<Reference, ExpressionError> {
        let span = self.base.span();
        let Some(task) = self.key(0) else {
            return Err(no("`tasks` must be followed by a task's id that is written out: tasks.build.output", span));
        };
        let Some(word) = self.key(1) else {
            return Err(no(format!("`tasks.{task}` alone is no value; write tasks.{task}.output"), span));
        };
        let Some(field) = field(word) else {
            let mut error = no(format!("a task has no \"{word}\""), span);
            error.help = Some(match nearest(word, FIELDS.iter().copied()) {
                Some(near) => format!("did you mean tasks.{task}.{near}?"),
                None => format!("it has {}; a part of its output is tasks.{task}.output.{word}", FIELDS.join(", ")),
            });
            return Err(error);
        };
        Ok(Reference { root: Root::Tasks, name: task.into(), field: Some(field), handled_by_default })
    }
}

impl std::fmt::Display for Chain<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Expr::Var(var) = self.base {
            f.write_str(var.id)?;
        } else {
            f.write_str("(…)")?;
        }
        for step in &self.steps {
            match step {
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(at) => write!(f, "[{at}]")?,
            }
        }
        if self.is_static { Ok(()) } else { f.write_str("[…]") }
    }
}

fn field(word: &str) -> Option<Field> {
    Some(match word {
        "output" | "by" => Field::Output,
        "status" => Field::Status,
        "error" => Field::Error,
        "attempts" => Field::Attempts,
        "agent" => Field::Agent,
        _ => return None,
    })
}

fn literal(expr: &Expr<'_>) -> Option<Step> {
    let Expr::Const(constant) = expr else { return None };
    match constant.value.as_str() {
        Some(key) => Some(Step::Key(key.into())),
        None if constant.value.is_integer() => constant.value.as_usize().map(Step::Index),
        None => None,
    }
}

/// The expression as a plain path, if it is one.
pub(super) fn as_path(expr: &Expr<'_>) -> Option<Path> {
    let chain = Chain::of(expr);
    let Expr::Var(var) = chain.base else { return None };
    let reference = chain.reference(false).ok().filter(|_| chain.is_static)?;
    let mut way = chain.steps;
    // How many of the steps the reference itself has used up.
    let used = match (reference.root, var.id) {
        (Root::Item | Root::Index | Root::Error | Root::Attempt | Root::Output, _) => 0,
        (Root::Tasks, "tasks") => 2,
        (Root::Tasks, _) => match &way[0] {
            Step::Key(key) => usize::from(field(key).is_some()),
            Step::Index(_) => return None,
        },
        _ => 1,
    };
    let is_by = reference.root == Root::Tasks && used > 0 && way[used - 1] == Step::Key("by".into());
    way.drain(..used);
    let by = if is_by {
        if way.is_empty() {
            return None;
        }
        Some(match way.remove(0) {
            Step::Key(key) => key.to_string(),
            Step::Index(at) => at.to_string(),
        })
    } else {
        None
    };
    Some(Path { reference, by, way })
}
