//! The layers, one over the other.

use super::environment::{key_of, setting};
use super::errors::ConfigErrors;
use super::sources::Sources;
use crate::registry::Registry;
use crate::workflow::grammar::{CONFIG, Kind};
use crate::workflow::policies;
use crate::workflow::problem::{Problem, Span};
use crate::workflow::shape::Shape;
use crate::workflow::yaml::{self, Node};
use crate::workflow::{Defaults, Known, Limits, Overrides, Strategy, Workflow};
use polity_agents::AgentSpec;
use polity_protocols::Name;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// A configuration file.
    File(PathBuf),
    /// An environment variable.
    Env(String),
    /// A flag.
    Flag(String),
}
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File(path) => write!(f, "{}", path.display()),
            Origin::Env(name) => f.write_str(name),
            Origin::Flag(key) => write!(f, "--{}", key.replace(['.', '_'], "-")),
        }
    }
}

/// The settings of one invocation.
///
/// ```
/// use polity::config::{Config, Origin, Sources};
/// let sources = Sources { env: vec![("POLITY_LIMITS__MAX_OPEN".into(), "7".into())], ..Sources::default() };
/// let config = Config::load(&sources.flag("strategy", "market"), &["market".into()]).unwrap();
/// assert_eq!(config.base_limits().max_open, Some(7));
/// assert_eq!(config.origin("strategy"), Origin::Flag("strategy".into()));
/// assert_eq!(config.origin("runs"), Origin::Default);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The seed of every random choice; drawn by the host if none.
    pub seed: Option<u64>,
    strategies: Vec<Name>,
    /// What files say: weaker than the workflow.
    strategy: Option<Strategy>,
    /// What the environment and flags say: stronger than the workflow.
    overrides: Overrides,
    agents: Vec<AgentSpec>,
    defaults: Defaults,
    limits: Limits,
    runs: Option<PathBuf>,
    values: BTreeMap<String, (Value, Origin)>,
}

/// A layer that is read and of the right shape.
struct Layer {
    root: Node,
    origin: Origin,
}

impl Config {
    /// Reads all layers. `strategies` are the protocols that are built; empty if nobody knows.
    ///
    /// # Errors
    /// [`ConfigErrors`], all at once: files that can't be read, unknown keys and variables, values of the wrong kind.
    pub fn load(sources: &Sources, strategies: &[Name]) -> Result<Config, ConfigErrors> {
        let mut errors = ConfigErrors::default();
        let mut layers = Vec::new();
        for path in &sources.files {
            layers.extend(file(path, &mut errors));
        }
        let variables = sources.env.iter().filter_map(|(name, value)| Some((name, key_of(name)?, value)));
        let mut variables: Vec<_> = variables.map(|(n, k, v)| (k, v, Origin::Env(n.clone()))).collect();
        variables.sort_by(|a, b| a.0.cmp(&b.0)); // a map comes before the keys in it
        let flags = sources.flags.iter().map(|(key, value)| (key.clone(), value, Origin::Flag(key.clone())));
        for (key, value, origin) in variables.into_iter().chain(flags) {
            layers.extend(word(&key, value, origin, &mut errors));
        }
        let mut config = Config { strategies: strategies.to_vec(), ..Config::default() };
        layers.iter().for_each(|layer| config.lay(layer, &mut errors));
        if errors.problems.is_empty() { Ok(config) } else { Err(errors) }
    }

    fn lay(&mut self, layer: &Layer, errors: &mut ConfigErrors) {
        let strong = !matches!(layer.origin, Origin::File(_));
        let root = &layer.root;
        if let Some(node) = root.get("strategy")
            && let Some(strategy) = policies::strategy(node)
        {
            if let Some(problem) = policies::unknown_strategy(&strategy.name, &self.strategies) {
                errors.problems.push(Problem { span: node.span, origin: layer.origin.to_string().into(), ..problem });
            }
            *(if strong { &mut self.overrides.strategy } else { &mut self.strategy }) = Some(strategy);
        }
        for node in root.get("agents").and_then(Node::list).unwrap_or_default() {
            let base = self.agents.iter().position(|a| node.get("id").and_then(Node::text) == Some(&a.id));
            match (policies::agent(node, base.map(|at| &self.agents[at])), base) {
                (Some(spec), Some(at)) => self.agents[at] = spec,
                (Some(spec), None) => self.agents.push(spec),
                (None, _) => {}
            }
        }
        if let Some(node) = root.get("defaults") {
            self.defaults = policies::defaults(node, &self.defaults);
            self.overrides.defaults.extend(strong.then(|| node.clone()));
        }
        if let Some(node) = root.get("limits") {
            self.limits = policies::limits(node, &self.limits);
            self.overrides.limits.extend(strong.then(|| node.clone()));
        }
        self.runs = root.get("runs").and_then(Node::text).map(PathBuf::from).or(self.runs.take());
        self.seed = root.get("seed").and_then(Node::whole).or(self.seed);
        self.remember(root, "", &layer.origin);
    }

    /// Notes where each value came from, by dotted key.
    fn remember(&mut self, node: &Node, prefix: &str, origin: &Origin) {
        for (name, _, value) in node.entries() {
            let key = format!("{prefix}{name}");
            if value.map().is_some() && name != "strategy" {
                self.remember(value, &format!("{key}."), origin);
            } else {
                self.values.insert(key, (value.json(), origin.clone()));
            }
        }
    }

    /// Where the value of a dotted key came from.
    pub fn origin(&self, key: &str) -> Origin {
        self.values.get(key).map_or(Origin::Default, |(_, origin)| origin.clone())
    }
    /// All values that were given, by dotted key, and where they came from.
    pub fn values(&self) -> impl Iterator<Item = (&str, &Value, &Origin)> {
        self.values.iter().map(|(key, (value, origin))| (key.as_str(), value, origin))
    }
    /// The agents of the configuration.
    pub fn agents(&self) -> &[AgentSpec] {
        &self.agents
    }
    /// The bounds of a run when the workflow says nothing.
    pub fn base_limits(&self) -> &Limits {
        &self.limits
    }
    /// What a workflow's check should know of this configuration. Functions are added by the host.
    pub fn known(&self) -> Known {
        Known {
            within: Vec::new(),
            undone_above: false,
            strategies: self.strategies.clone(),
            registry: Some(Registry::standard()),
            agents: self.agents.clone(),
            functions: Vec::new(),
            defaults: self.defaults.clone(),
            limits: self.limits.clone(),
            overrides: self.overrides.clone(),
        }
    }
    /// The strategy that a flag or a variable names, if one does.
    pub fn given_strategy(&self) -> Option<Strategy> {
        self.overrides.strategy.clone()
    }
    /// The strategy of a run: flag or variable, else the workflow's, else the files', else none.
    pub fn strategy(&self, workflow: &Workflow) -> Option<Strategy> {
        self.overrides.strategy.clone().or_else(|| workflow.strategy.clone()).or_else(|| self.strategy.clone())
    }
    /// The bounds of a run: what flags and variables say, over the workflow's, which were read over the files'.
    pub fn limits(&self, workflow: &Workflow) -> Limits {
        self.overrides.limits.iter().fold(workflow.limits.clone(), |limits, node| policies::limits(node, &limits))
    }
    /// The folder that keeps the runs.
    pub fn runs(&self) -> &Path {
        self.runs.as_deref().unwrap_or(Path::new(".polity/runs"))
    }
}

fn shaped(root: Node, text: &str, origin: Origin, errors: &mut ConfigErrors) -> Option<Layer> {
    let mut shape = Shape { source: text, problems: Vec::new() };
    shape.check(&root, &Kind::Record(&CONFIG), "");
    if shape.problems.is_empty() {
        return Some(Layer { root, origin });
    }
    let name: std::sync::Arc<str> = origin.to_string().into();
    errors.problems.extend(shape.problems.into_iter().map(|p| Problem { origin: name.clone(), ..p }));
    None
}

/// One file; none if it isn't there or is empty.
fn file(path: &Path, errors: &mut ConfigErrors) -> Option<Layer> {
    let shown = path.display().to_string();
    let problem = |p: Problem| Problem { origin: shown.as_str().into(), ..p };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        Err(error) => {
            errors.problems.push(problem(Problem::new(Span::default(), format!("the file can't be read: {error}"))));
            return None;
        }
    };
    errors.texts.push((shown.clone(), text.clone()));
    if text.trim().is_empty() {
        return None;
    }
    match yaml::read(&text) {
        Ok(root) if root.is_null() => None,
        Ok(root) => shaped(root, &text, Origin::File(path.to_path_buf()), errors),
        Err(p) => {
            errors.problems.push(problem(p));
            None
        }
    }
}

/// One variable or flag.
fn word(key: &str, value: &str, origin: Origin, errors: &mut ConfigErrors) -> Option<Layer> {
    match setting(key, value, &origin.to_string(), matches!(origin, Origin::Env(_))) {
        Ok(root) => shaped(root, "", origin, errors),
        Err(problem) => {
            errors.problems.push(problem);
            None
        }
    }
}
