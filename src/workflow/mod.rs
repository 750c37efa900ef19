//! The file or program → a checked [`Workflow`]: parse, names, expressions, schema. See LANGUAGE.md.

mod context;
mod engine;
mod expression;
#[cfg(test)]
mod expression_tests;
mod model;
mod reference;
mod scope;
mod shared;
mod template;
mod text;

pub use expression::{Expression, ExpressionError, MAX_SOURCE};
pub use model::{
    Action, Binding, Dependency, Input, InputType, Limits, OnFailure, Output, Priority, Script, Strategy, Task, Workflow,
    duration_text,
};
pub use reference::{Field, Reference, Root};
pub use scope::{EvalError, NoScope, Scope, TaskFacts};
pub use template::Template;
pub use text::{parse_duration, shell_quote};
