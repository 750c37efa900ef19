//! The file or program → a checked [`Workflow`]: parse, names, expressions, schema. See LANGUAGE.md.

mod able;
mod again;
mod builder;
#[cfg(test)]
mod builder_tests;
mod check;
mod compensation;
mod context;
mod cycles;
mod draft;
mod engine;
pub(crate) mod experiment;
mod expression;
#[cfg(test)]
mod expression_tests;
mod fallback;
mod faults_read;
#[cfg(test)]
mod faults_tests;
mod govern;
pub(crate) mod grammar;
mod inputs;
mod interleave;
mod joins;
mod load;
mod model;
mod names;
mod nested;
mod nested_check;
mod nested_read;
mod on_error;
mod on_error_builder;
mod on_error_read;
#[cfg(test)]
mod parse_tests;
mod places;
pub(crate) mod policies;
pub(crate) mod problem;
mod read;
mod reference;
mod schema;
mod scope;
pub(crate) mod shape;
mod shared;
mod shell;
mod task_builder;
mod template;
pub(crate) mod text;
mod ways;
pub(crate) mod yaml;

pub use crate::plan::Join;
pub(crate) use again::{Conditions, error_value};
pub use builder::{IntoWorkflow, WorkflowBuilder};
pub use expression::{Expression, ExpressionError, MAX_SOURCE};
pub(crate) use inputs::convert_value;
pub use inputs::{BoundInputs, Given, InputErrors, bind_inputs, with_inputs};
pub(crate) use load::is_description;
pub use load::{Checked, Defaults, Known, Overrides, load, parse};
pub use model::{
    Action, Binding, Compensation, Dependency, Fallback, Input, InputType, Limits, OnConflict, OnFailure, Output, Priority,
    Script, Shared, Strategy, Task, Team, Workflow, duration_text,
};
pub(crate) use names::good_id;
pub use nested::{Budget, Converge, Delegate, Delegation, Nesting, ParentClose, Synthesis};
pub use on_error::{Handler, Remedy};
pub use on_error_builder::OnError;
pub use problem::{Problem, Span, WorkflowErrors};
pub use reference::{Field, Reference, Root};
pub use schema::{config_schema, experiment_schema, schema};
pub use scope::{EvalError, NoScope, OneItem, Scope, TaskFacts};
pub use task_builder::{
    Bind, TaskBuilder, command, delegate, expr, function, input, interleave, item, kind, output, simulated, sub_workflow,
    template,
};
pub use template::Template;
pub use text::{parse_duration, shell_quote};
