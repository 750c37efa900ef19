//! From flags and a file to what can be run: configuration, checked workflow, government.

use super::crew::Staffed;
use super::output;
use super::stop::{INVALID, Stop, USAGE};
use polity::agents::AgentSpec;
use polity::config::{Config, ConfigErrors, Origin, Sources};
use polity::protocols::{Capabilities, Name};
use polity::workflow::{Action, Checked, Given, Known, Workflow, WorkflowErrors, shell_quote};
use polity::workloads::read_graph;
use polity::{Government, Registry};
use std::path::{Path, PathBuf};

/// The strategy when nobody says anything.
pub const STRATEGY: &str = "hierarchical";

/// Flags that are settings too.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Settings {
    /// How the agents are governed: one word, or the long form as YAML
    #[arg(long, value_name = "S")]
    pub strategy: Option<String>,
    /// The seed of every random choice
    #[arg(long, value_name = "N")]
    pub seed: Option<String>,
    /// The directory that keeps the runs [default: .polity/runs]
    #[arg(long, value_name = "DIR")]
    pub runs: Option<String>,
}
impl Settings {
    /// All layers, these flags over the others.
    ///
    /// # Errors
    /// Everything that is wrong with any of them.
    pub fn config(&self) -> Result<Config, Stop> {
        let flags = [("strategy", &self.strategy), ("seed", &self.seed), ("runs", &self.runs)];
        let given = flags.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?)));
        let sources = given.fold(Sources::usual(), |sources, (key, value)| sources.flag(key, value));
        let strategies: Vec<Name> = Registry::standard().names().map(Name::from).collect();
        Config::load(&sources, &strategies).map_err(|errors| wrong(&errors))
    }
}

/// A wrong file is an invalid file; a wrong flag or variable is wrong usage.
fn wrong(errors: &ConfigErrors) -> Stop {
    let in_a_word = |origin: &str| origin.starts_with("--") || origin.starts_with("POLITY_");
    let code = if errors.problems.iter().all(|p| in_a_word(&p.origin)) { USAGE } else { INVALID };
    Stop::coded(code, if output::is_terminal() { errors.with_snippets() } else { errors.to_string() })
}

/// The problems of a file, with its lines if a person looks.
pub fn problems(errors: &WorkflowErrors) -> String {
    if output::is_terminal() { errors.with_snippets() } else { errors.to_string() }
}

/// Something that can be run.
pub struct Loaded {
    pub checked: Checked,
    pub government: Government,
    /// Agents that were made up, since nobody defines them.
    pub made_up: Vec<Name>,
    /// The task graph that it is, if it is no workflow.
    pub graph: Option<Staffed>,
}
impl Loaded {
    /// The workflow.
    pub fn workflow(&self) -> &Workflow {
        &self.checked.workflow
    }
}

/// Reads and checks a file. In a mock, agents that nobody defines are made up, and the file is checked again with them.
///
/// # Errors
/// Everything that is wrong with it, or with the settings of its strategy; a task graph is told in one sentence what takes it.
pub fn load(path: &Path, config: &Config, mock: bool) -> Result<Loaded, Stop> {
    if let Some(graph) = read_graph(path).map_err(Stop::invalid)? {
        return Err(Stop::invalid(format!(
            "{}: is a task graph ({}), which says how long tasks take and not what they do; try it in virtual time with polity compare, or \
             with polity run --simulate, or see it with polity plan",
            path.display(),
            output::plain(&graph.format.to_string())
        )));
    }
    let invalid = |errors: WorkflowErrors| Stop::invalid(problems(&errors));
    let known = config.known();
    let mut checked = polity::workflow::load(path, &known).map_err(invalid)?;
    let made_up = if mock { checked.missing_agents.clone() } else { Vec::new() };
    if !made_up.is_empty() {
        checked = polity::workflow::load(path, &inventing(known, &checked)).map_err(invalid)?;
    }
    let government = government(path, config, &checked.workflow)?;
    Ok(Loaded { checked, government, made_up, graph: None })
}

/// Checks a workflow that the command line itself makes.
///
/// # Errors
/// Everything that is wrong with it.
pub fn text(text: &str, config: &Config) -> Result<Loaded, Stop> {
    let checked = polity::workflow::parse(text, None, &config.known()).map_err(|errors| Stop::usage(errors.to_string()))?;
    let government = government(Path::new("workflow"), config, &checked.workflow)?;
    Ok(Loaded { checked, government, made_up: Vec::new(), graph: None })
}

/// What is known, and agents that a workflow names and nobody defines.
pub fn inventing(known: Known, checked: &Checked) -> Known {
    let made_up = checked.missing_agents.iter().map(|name| invented(name, &checked.workflow));
    let agents = known.agents.iter().cloned().chain(made_up).collect();
    Known { agents, ..known }
}

/// An agent that can do whatever is asked of it.
fn invented(name: &Name, workflow: &Workflow) -> AgentSpec {
    let pinned = workflow.tasks.iter().filter(|task| task.agent.as_ref() == Some(name));
    let wanted = pinned.flat_map(|task| task.needs.iter().map(|(need, _)| need).chain([&task.kind]));
    let can = wanted.filter(|kind| !kind.is_empty()).fold(Capabilities::default(), |can, kind| can.and(kind.clone(), 1.0));
    AgentSpec::new(name.clone(), can)
}

/// What governs a workflow, by the configuration or by itself.
///
/// # Errors
/// If a setting of its strategy is wrong.
pub fn government(path: &Path, config: &Config, workflow: &Workflow) -> Result<Government, Stop> {
    let Some(strategy) = config.strategy(workflow) else {
        return Registry::standard().make(STRATEGY, &serde_json::Value::Null).map_err(Stop::usage);
    };
    Registry::standard().make(&strategy.name, &strategy.settings).map_err(|why| match config.origin("strategy") {
        from @ (Origin::Env(_) | Origin::Flag(_)) => Stop::coded(USAGE, format!("{from}: {why}")),
        Origin::File(file) if workflow.strategy.is_none() => Stop::invalid(format!("{}: {why}", file.display())),
        _ => Stop::invalid(format!("{}: {why}", path.display())),
    })
}

/// A government as `--strategy` takes it: one word, or the long form if its settings are not the usual ones.
pub fn strategy_word(government: &Government) -> String {
    let usual = Registry::standard().make(government.name(), &serde_json::Value::Null);
    if usual.is_ok_and(|usual| usual == *government) {
        return government.name().to_owned();
    }
    serde_json::json!({ government.name(): government.settings() }).to_string()
}

/// Says what is doubtful about a file.
pub fn warn(checked: &Checked) {
    checked.warnings.iter().for_each(|warning| output::tell(&format!("warning: {warning}")));
}

/// What a real run lacks: agents that nobody defines, and tasks that say nothing of how they are done. Agents of a file have no behaviour of
/// their own; only a Rust program can give them one.
pub fn lacks(checked: &Checked, simulated: bool) -> Vec<String> {
    missing_agents(checked).into_iter().chain(undone(checked).filter(|_| !simulated)).collect()
}

fn missing_agents(checked: &Checked) -> Option<String> {
    let missing: Vec<String> = checked.missing_agents.iter().map(|name| output::plain(name)).collect();
    let what = match missing.len() {
        0 => return None,
        1 => "an agent is named and not defined",
        _ => "agents are named and not defined",
    };
    let names = missing.join(", ");
    Some(format!("{what}: {names}; define what is missing under `agents` here or in ./polity.yaml, or make it up with --mock"))
}

/// What is said of tasks without a way to execute them.
pub fn undone(checked: &Checked) -> Option<String> {
    let own = |task: &&polity::workflow::Task| matches!(task.action, Action::Own);
    let undone: Vec<&str> = checked.workflow.tasks.iter().filter(own).map(|task| &*task.id).collect();
    let what = match undone.len() {
        0 => return None,
        1 => "a task does not say how it is done",
        _ => "tasks do not say how they are done",
    };
    Some(format!(
        "{what}: {}; agents of a file have no behaviour of their own, so give each `run` or `simulate`, or have mock answers with --mock",
        undone.join(", ")
    ))
}

/// An input as it is given on the command line: `name=value`.
///
/// # Errors
/// A sentence, if there is no `=` in it.
pub fn input(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("an input is given as name=value".to_owned()),
    }
}

/// Tells what a mock makes up, if anything.
pub fn tell_made_up(what: &str, names: &[Name]) {
    if !names.is_empty() {
        let listed: Vec<String> = names.iter().map(|name| output::plain(name)).collect();
        output::tell(&format!("mock: these {what} are made up: {}", listed.join(", ")));
    }
}

/// Inputs as they were typed.
pub fn given(inputs: &[(String, String)]) -> Vec<(String, Given)> {
    inputs.iter().map(|(name, text)| (name.clone(), Given::Text(text.clone()))).collect()
}

/// The arguments as a command that a shell reads back as the same.
pub fn command(words: &[String]) -> String {
    let plain = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./=:,+".contains(c));
    let quoted: Vec<String> = words.iter().map(|w| if plain(w) { w.clone() } else { shell_quote(w) }).collect();
    quoted.join(" ")
}

/// Where the runs of this configuration are, for sentences and for reading.
pub fn runs(config: &Config) -> PathBuf {
    config.runs().to_path_buf()
}
