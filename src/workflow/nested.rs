//! Work within work: sub-workflows, delegation, its bounds, and what becomes of its results. As data.

use super::expression::{Expression, ExpressionError};
use super::model::Action;
use super::reference::Root;
use super::template::Template;
use core::time::Duration;
use polity_protocols::Name;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bounds of what tasks may hand on to sub-runs. Those of a sub-run are never wider than those of the run above it.
///
/// ```
/// use polity::workflow::{Known, parse};
/// let text = "name: w\nagents: [{ id: a }]\ndelegation: { max_depth: 1, budget: { cost: 5 } }\ntasks: [{ id: t, run: echo }]\n";
/// let delegation = parse(text, None, &Known::default()).unwrap().workflow.delegation;
/// assert_eq!((delegation.max_depth, delegation.max_tasks, delegation.budget.cost), (1, 100, Some(5.0)));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Delegation {
    /// Levels of sub-runs below the run.
    pub max_depth: u32,
    /// Tasks of one sub-run.
    pub max_tasks: u32,
    /// Tasks of all sub-runs below the run together.
    pub max_total: u32,
    /// Sub-agents that are there at a time for all sub-runs below the run.
    pub max_agents: u32,
    /// What all sub-runs together may use up.
    pub budget: Budget,
    /// To whom an agent may delegate, by its id: ids of agents. Without an entry at all everybody may delegate to everybody; with some, who
    /// has none may not delegate.
    pub may: BTreeMap<Name, Vec<Name>>,
    /// What becomes of a sub-run whose task is cancelled.
    pub close: ParentClose,
    /// When delegation in rounds ends, for tasks that don't say otherwise.
    pub converge: Option<Converge>,
}
impl Default for Delegation {
    fn default() -> Delegation {
        Delegation {
            max_depth: 3,
            max_tasks: 100,
            max_total: 100_000,
            max_agents: 64,
            budget: Budget::default(),
            may: BTreeMap::new(),
            close: ParentClose::Terminate,
            converge: None,
        }
    }
}

/// What may be used up. None is no bound.
///
/// ```
/// assert_eq!(polity::workflow::Budget::default().cost, None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Budget {
    /// Seconds of work, each by what a second of its agent costs; and what agents say that they spent ([`polity_agents::Context::spend`]).
    pub cost: Option<f64>,
    /// Tokens that agents say that they spent.
    pub tokens: Option<u64>,
    /// Time from the beginning.
    pub wall: Option<Duration>,
}

/// What becomes of a sub-run whose task is cancelled (or times out), after Temporal's parent close policy.
///
/// ```
/// use polity::workflow::ParentClose;
/// assert_eq!(ParentClose::default(), ParentClose::Terminate);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParentClose {
    /// It is stopped at once: what it did is not undone. The task ends when it has.
    #[default]
    Terminate,
    /// It is cancelled, and does what it does on a cancellation. The task ends when it has.
    Cancel,
    /// It goes on by itself, and nobody takes its results.
    Abandon,
}

/// When delegation in rounds ends: each round the agent is asked again, with the result so far.
///
/// ```
/// use polity::workflow::Converge;
/// assert_eq!(Converge::default().max_rounds, 10);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Converge {
    /// It ends when this holds, over `item` (the round's result) and `index` (its number, from 0).
    pub until: Option<Expression>,
    /// It ends when the result has been the same for so many further rounds.
    pub patience: u32,
    /// It ends after so many rounds.
    pub max_rounds: u32,
}
impl Default for Converge {
    fn default() -> Converge {
        Converge { until: None, patience: 1, max_rounds: 10 }
    }
}

/// What a task's output is made of, where a sub-run did it. The results are the outputs of the sub-workflow, or, if it names none, the
/// outputs of its last tasks (those that nothing waits for), in the order of the file.
///
/// ```
/// use polity::workflow::Synthesis;
/// assert!(matches!(Synthesis::default(), Synthesis::Outputs));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Synthesis {
    /// A map of the results by name.
    #[default]
    Outputs,
    /// A list of the results.
    Collect,
    /// One map of all results that are maps; where two have a key, the later one's value counts. A result that is no map is an error.
    Merge,
    /// One list of all results that are lists, or one text of all that are texts. A mixture is an error.
    Concat,
    /// The result that most agree on, by canonical JSON; of several the first.
    Vote,
    /// The result for which this is the highest number, over `item` and `index`; of several the first.
    Best(Expression),
    /// What this gives, over `item`: the list of the results.
    Reduce(Expression),
}

/// What a task that hands its work on says of the sub-run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Nesting {
    /// What its output is made of.
    pub synthesize: Synthesis,
    /// What becomes of the sub-run if the task is cancelled; as `delegation.parent_close` says if none.
    pub close: Option<ParentClose>,
}

/// A task that an agent decomposes when it is done: the agent is asked for a sub-workflow (or for a result, if there is nothing to
/// decompose).
#[derive(Clone, Debug)]
pub struct Delegate {
    /// What is wanted, for whoever decomposes it: `goal` of its input.
    pub goal: Option<Template>,
    /// How the agent decomposes: its own behaviour, a function or a command that prints a workflow.
    pub by: Action,
    /// It is asked again until the results converge.
    pub converge: Option<Converge>,
    /// So many times it is asked for another way when a sub-run has failed; the failure is in its input, as `failure`.
    pub replans: u32,
}

/// An expression over `item` and `index` only: what is judged is no part of any run.
pub(super) fn over_item(text: &str) -> Result<Expression, ExpressionError> {
    let expression = Expression::parse(text)?;
    if expression.references().iter().all(|r| matches!(r.root, Root::Item | Root::Index)) {
        return Ok(expression);
    }
    let help = Some("it sees `item` and `index`".into());
    Err(ExpressionError { message: "an expression about results looks at something else than them".into(), help, offset: 0 })
}
