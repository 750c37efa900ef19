//! The doors: a text or a file in, a checked workflow out.

use super::check::check;
use super::draft::{Draft, DraftStrategy};
use super::grammar::{Kind, TOP};
use super::model::{Limits, Strategy, Workflow};
use super::policies;
use super::problem::{Problem, Span, WorkflowErrors};
use super::read::{Reader, unwrap_dsl};
use super::shape::Shape;
use super::yaml::{self, Node};
use crate::files;
use crate::lifecycle::{RetryPolicy, Timeouts};
use crate::registry::Registry;
use polity_agents::AgentSpec;
use polity_protocols::Name;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// What a check knows of the world around the workflow.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Protocols that are built. Empty if nobody knows: then no name is refused.
    pub strategies: Vec<Name>,
    /// The protocols themselves, which know their settings; without them settings are not checked.
    pub registry: Option<Registry>,
    /// Agents of the configuration.
    pub agents: Vec<AgentSpec>,
    /// Registered Rust functions.
    pub functions: Vec<Name>,
    /// What holds for tasks when the workflow says nothing.
    pub defaults: Defaults,
    /// Bounds of a run when the workflow says nothing.
    pub limits: Limits,
    /// What is stronger than the workflow itself.
    pub overrides: Overrides,
    /// The files that are being read, the outermost first: one that is read within itself is refused.
    pub within: Vec<PathBuf>,
    /// It is a part of a workflow that undoes what was done.
    pub undone_above: bool,
}

/// What the environment and flags say: stronger than the workflow.
///
/// ```
/// use polity::workflow::{Known, Overrides, Strategy, parse};
/// let market = Strategy { name: "market".into(), settings: serde_json::json!({}) };
/// let known = Known { overrides: Overrides::strategy(market.clone()), ..Known::default() };
/// let text = "name: w\nstrategy: hierarchical\nagents: [{ id: a }]\ntasks: [{ id: t, run: echo }]\n";
/// assert_eq!(parse(text, None, &known).unwrap().workflow.strategy, Some(market));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// The strategy that replaces the workflow's own.
    pub strategy: Option<Strategy>,
    /// Trees of `defaults` and of `limits`, the stronger later.
    pub(crate) defaults: Vec<Node>,
    pub(crate) limits: Vec<Node>,
}
impl Overrides {
    /// Another strategy, and nothing else.
    pub fn strategy(strategy: Strategy) -> Overrides {
        Overrides { strategy: Some(strategy), ..Overrides::default() }
    }
    /// Lays what they say over a draft.
    pub(super) fn apply(&self, draft: &mut Draft) {
        let base = Defaults { timeouts: draft.timeouts, retry: draft.retry.take() };
        let laid = self.defaults.iter().fold(base, |base, node| policies::defaults(node, &base));
        (draft.timeouts, draft.retry) = (laid.timeouts, laid.retry);
        draft.limits = self.limits.iter().fold(draft.limits.clone(), |base, node| policies::limits(node, &base));
        if let Some(strategy) = &self.strategy {
            let span = draft.strategy.as_ref().map_or(Span::default(), |s| s.span);
            draft.strategy = Some(DraftStrategy::at(strategy.clone(), span));
        }
    }
    /// A strategy that is stronger than the workflow governs every team and every task: the same run under another government.
    pub(super) fn govern(&self, draft: &mut Draft) {
        if self.strategy.is_some() {
            draft.teams.iter_mut().for_each(|team| team.strategy = None);
            draft.tasks.iter_mut().for_each(|task| task.strategy = None);
        }
    }
}

/// What holds for tasks that don't say otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Defaults {
    /// Time limits.
    pub timeouts: Option<Timeouts>,
    /// Whether a failed task is tried again.
    pub retry: Option<RetryPolicy>,
}

/// A workflow that has passed, and what was noticed.
///
/// ```
/// use polity::workflow::{Known, parse};
/// let checked = parse("name: w\ntasks: [{ id: a, agent: bob, run: echo }]\n", None, &Known::default()).unwrap();
/// assert_eq!(checked.missing_agents, ["bob".into()]);
/// assert_eq!(checked.warnings[0].to_string(), "workflow:2:25: agent \"bob\" is defined neither here nor in the configuration");
/// ```
#[derive(Clone, Debug)]
pub struct Checked {
    /// The workflow.
    pub workflow: Workflow,
    /// What is doubtful.
    pub warnings: Vec<Problem>,
    /// Agents that tasks are pinned to and nobody defines: a run refuses, a mock run makes them up.
    pub missing_agents: Vec<Name>,
    /// Everybody who can work: the workflow's agents, then those of the configuration that it doesn't define.
    pub agents: Vec<AgentSpec>,
    /// What is worth knowing and not doubtful: what a quorum means for its team.
    pub notes: Vec<String>,
}

/// Reads and checks a workflow's text. `path` is only for sentences and for [`Workflow::path`].
///
/// # Errors
/// [`WorkflowErrors`]: everything that is wrong, in the order of the text.
///
/// ```
/// use polity::workflow::{Known, parse};
/// let checked = parse("name: hello\nagents: [{ id: shell }]\ntasks: [{ id: greet, run: echo hello }]\n", None, &Known::default()).unwrap();
/// assert_eq!(&*checked.workflow.tasks[0].id, "greet");
/// ```
pub fn parse(text: &str, path: Option<&Path>, known: &Known) -> Result<Checked, WorkflowErrors> {
    let origin = path.map_or_else(|| "workflow".into(), |p| p.display().to_string());
    let fail = |problems| WorkflowErrors::new(&origin, text, problems);
    let plain = text.strip_prefix('\u{feff}').unwrap_or(text);
    let root = yaml::read(plain).map_err(|p| fail(vec![p]))?;
    let mut problems = Vec::new();
    let root = unwrap_dsl(root, &mut problems);
    if root.is_null() {
        return Err(fail(vec![Problem::new(Span::default(), "the file is empty").help("a workflow needs `name` and `tasks`")]));
    }
    if root.get("tasks").is_none() && root.get("workload").is_some() && root.get("strategies").is_some() {
        let problem = Problem::new(root.span, "this is an experiment, and no workflow");
        return Err(fail(vec![problem.help("carry it out with polity simulate")]));
    }
    let mut shape = Shape { source: plain, problems };
    shape.check(&root, &Kind::Record(&TOP), "");
    let mut reader = Reader { source: plain, known, problems: shape.problems };
    let mut draft = reader.workflow(&root);
    draft.hash = hash(text);
    draft.path = path.map(Path::to_path_buf);
    let mut checked = check(draft, known, reader.problems).map_err(fail)?;
    let origin: std::sync::Arc<str> = origin.as_str().into();
    checked.warnings.iter_mut().for_each(|w| w.origin = origin.clone());
    Ok(checked)
}

/// True for a text that is meant as a workflow, right or wrong: a map with `tasks`, or one that begins with a line of them.
pub(crate) fn is_description(text: &str) -> bool {
    const KEYS: [&str; 2] = ["tasks", "workflow_dsl"];
    if !KEYS.iter().any(|key| text.contains(key)) {
        return false;
    }
    match yaml::read(text) {
        Ok(root) => KEYS.iter().any(|key| root.get(key).is_some()),
        Err(_) => {
            text.lines().any(|line| KEYS.iter().any(|key| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'))))
        }
    }
}

/// Reads and checks a workflow file.
///
/// # Errors
/// [`WorkflowErrors`], also for a file that can't be read.
pub fn load(path: &Path, known: &Known) -> Result<Checked, WorkflowErrors> {
    match files::read(path, yaml::MAX_FILE as u64) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => parse(&text, Some(path), known),
            Err(_) => Err(unreadable(path, "the file is not UTF-8 text".into())),
        },
        Err(error) => Err(unreadable(path, format!("the file can't be read: {error}"))),
    }
}

fn unreadable(path: &Path, message: String) -> WorkflowErrors {
    WorkflowErrors::new(&path.display().to_string(), "", vec![Problem::new(Span::default(), message)])
}

/// SHA-256 in hex.
pub(super) fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}
