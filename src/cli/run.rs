//! `polity run`: carries a workflow out.

use super::carry::{self, Errand, Outcome, View};
use super::crew::Crew;
use super::goal;
use super::load::{self, Loaded, Settings};
use super::output;
use super::stop::{INTERRUPTED, Stop};
use polity::config::Config;
use polity::event::RunStatus;
use polity::faults::Faults;
use polity::workflow::{BoundInputs, bind_inputs};
use serde_json::Value;
use std::path::PathBuf;

/// Carry a workflow out
///
/// Progress goes to error output. The workflow's outputs go to standard output once it has completed: as JSON; or as it is, if there is
/// exactly one and it is a text. Commands run in the current directory, unless --cwd says otherwise.
#[derive(clap::Args)]
pub struct Run {
    /// The workflow; with --simulate also a task graph: WfFormat, STG or taskdag
    #[arg(value_name = "FILE", required_unless_present = "goal")]
    file: Option<PathBuf>,
    #[command(flatten)]
    crew: Crew,
    /// Reach a goal instead: the command of --decompose-with is asked for a way
    #[arg(long, value_name = "TEXT", conflicts_with = "file", requires = "decompose_with")]
    goal: Option<String>,
    /// A shell command that reads {"goal": …} as JSON, with the inputs and, after a failure, with `failure`; and prints a workflow
    #[arg(long, value_name = "COMMAND", requires = "goal")]
    decompose_with: Option<String>,
    /// A value for an input; may be given several times
    #[arg(short, long = "input", value_name = "NAME=VALUE", value_parser = load::input)]
    input: Vec<(String, String)>,
    #[command(flatten)]
    settings: Settings,
    /// Do nothing real: every task only takes its estimated time, and time is virtual
    #[arg(long)]
    simulate: bool,
    /// What shall go wrong on purpose, instead of the file's `faults`: crash=0.02,repair=2s,loss=0.05,delay=10ms; or none
    #[arg(long, value_name = "LIST", value_parser = given_faults)]
    faults: Option<Box<GivenFaults>>,
    /// Make up what is missing: agents, required inputs, and answers of tasks that don't say how they are done
    #[arg(long)]
    mock: bool,
    /// Print the events to standard output, one JSON object a line, instead of progress and outputs
    #[arg(long)]
    json: bool,
    /// The run's name; a memorable one if none is given
    #[arg(long)]
    name: Option<String>,
    /// Begin with what coordinators learned in earlier runs (trust, reputations, trails), and keep what they learn in this file
    #[arg(long, value_name = "FILE")]
    memory: Option<PathBuf>,
    /// The directory that commands run in
    #[arg(long, value_name = "DIR")]
    cwd: Option<PathBuf>,
    /// Tell of refusals, notes and agents that join, too
    #[arg(short, long)]
    verbose: bool,
}

impl Run {
    pub fn go(&self) -> Result<u8, Stop> {
        let config = self.settings.config()?;
        if !self.simulate {
            self.crew.refuse("they are carried out with --simulate only")?;
        }
        let loaded = match (&self.file, &self.goal, &self.decompose_with) {
            (Some(file), ..) if self.simulate => self.crew.load(file, &config, self.mock)?,
            (Some(file), ..) => load::load(file, &config, self.mock)?,
            (None, Some(goal), Some(command)) => goal::load(goal, command, &self.input, &config)?,
            _ => return Err(Stop::usage("what shall be run: give a FILE, or --goal and --decompose-with")),
        };
        load::warn(&loaded.checked);
        self.refuse_gaps(&loaded)?;
        let given = if self.goal.is_some() { Vec::new() } else { self.input.clone() };
        let bound = bind_inputs(loaded.workflow(), given, self.mock).map_err(Stop::usage)?;
        tell_made_up(&loaded, &bound);
        let cwd = self.directory()?;
        let outcome = carry::carry_out(self.errand(loaded, bound, &config, cwd))?;
        if !self.json && outcome.status == RunStatus::Completed {
            print_outputs(&outcome.outputs)?;
        }
        Ok(code(&outcome))
    }

    fn refuse_gaps(&self, loaded: &Loaded) -> Result<(), Stop> {
        let lacks = if self.mock { Vec::new() } else { load::lacks(&loaded.checked, self.simulate) };
        if lacks.is_empty() {
            return Ok(());
        }
        let file = self.file.as_ref().map_or_else(|| "--goal".into(), |file| file.display().to_string());
        let lines: Vec<String> = lacks.iter().map(|lack| format!("{file}: {lack}")).collect();
        Err(Stop::invalid(lines.join("\n")))
    }

    fn directory(&self) -> Result<PathBuf, Stop> {
        let cwd = self.cwd.clone().unwrap_or_else(|| PathBuf::from("."));
        if cwd.is_dir() {
            return Ok(cwd);
        }
        Err(Stop::usage(format!("--cwd {} is not a directory that can be entered", cwd.display())))
    }

    fn errand(&self, loaded: Loaded, bound: BoundInputs, config: &Config, cwd: PathBuf) -> Errand {
        let again = self.again(&loaded);
        let Loaded { mut checked, government, graph, .. } = loaded;
        if let Some(given) = &self.faults {
            checked.workflow.faults = Some(given.faults.clone());
        }
        let workflow = if self.simulate {
            let twin = polity::simulated_twin(&checked.workflow);
            twin.assumptions.iter().for_each(|what| output::tell(&format!("assumed: {what}")));
            twin.workflow
        } else {
            checked.workflow
        };
        Errand {
            workflow,
            graph,
            agents: checked.agents,
            government,
            inputs: bound.values.iter().map(|(name, value)| (name.clone(), Value::clone(value))).collect(),
            seed: config.seed,
            simulated: self.simulate,
            mock: self.mock,
            name: self.name.clone(),
            memory: self.memory.clone(),
            cwd,
            runs: load::runs(config),
            again,
            recall: polity::report::Recall::default(),
            given_strategy: config.given_strategy().is_some(),
            faults: self.faults.as_ref().map(|given| given.text.clone()),
            view: View { json: self.json, verbose: self.verbose },
        }
    }

    /// The words that run it again; its seed is added when it is known.
    fn again(&self, loaded: &Loaded) -> Vec<String> {
        let mut words: Vec<String> = vec!["polity".into(), "run".into()];
        words.extend(self.file.as_ref().map(|file| file.display().to_string()));
        for (flag, value) in [("--goal", &self.goal), ("--decompose-with", &self.decompose_with)] {
            words.extend(value.iter().flat_map(|value| [flag.to_owned(), value.clone()]));
        }
        for (name, value) in &self.input {
            words.extend(["-i".into(), format!("{name}={value}")]);
        }
        // A flag governs every team and task: where they have strategies of their own, the file says it all.
        let workflow = loaded.workflow();
        let own =
            workflow.teams.iter().any(|team| team.strategy.is_some()) || workflow.tasks.iter().any(|t| t.strategy.is_some());
        if !own {
            words.extend(["--strategy".into(), load::strategy_word(&loaded.government)]);
        }
        words.extend(self.simulate.then(|| "--simulate".into()));
        words.extend(self.crew.words());
        words.extend(self.faults.iter().flat_map(|given| ["--faults".to_owned(), given.text.clone()]));
        words.extend(self.mock.then(|| "--mock".into()));
        if let Some(memory) = &self.memory {
            words.extend(["--memory".into(), memory.display().to_string()]);
        }
        if let Some(cwd) = &self.cwd {
            words.extend(["--cwd".into(), cwd.display().to_string()]);
        }
        words
    }
}

/// Faults, and how they were written.
#[derive(Clone, Debug)]
pub struct GivenFaults {
    pub text: String,
    pub faults: Faults,
}
/// Faults from the command line.
///
/// # Errors
/// A sentence, if they are none.
pub fn given_faults(text: &str) -> Result<Box<GivenFaults>, String> {
    text.parse().map(|faults| Box::new(GivenFaults { text: text.to_owned(), faults }))
}

fn tell_made_up(loaded: &Loaded, bound: &BoundInputs) {
    load::tell_made_up("agents", &loaded.made_up);
    load::tell_made_up("inputs", &bound.made_up);
}

fn code(outcome: &Outcome) -> u8 {
    if outcome.interrupted { INTERRUPTED } else { outcome.status.exit_code() }
}

/// The one output as it is, if it is a text; else all as an object.
pub fn print_outputs(outputs: &Value) -> std::io::Result<()> {
    let Some(all) = outputs.as_object().filter(|all| !all.is_empty()) else { return Ok(()) };
    match all.values().next() {
        Some(Value::String(text)) if all.len() == 1 => output::print(text),
        _ => output::print(&format!("{outputs:#}")),
    }
}
