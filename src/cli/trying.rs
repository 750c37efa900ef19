//! What is tried in virtual time, and with what: the flags that `compare` and `advise` share.

use super::crew::{self, AGENTS};
use super::load;
use super::stop::Stop;
use polity::config::{Config, Sources};
use polity::laboratory::{Arm, Plan, Subject, cores, speeds};
use polity::protocols::Name;
use polity::workflow::Known;
use polity::{Registry, RetryPolicy};
use serde_json::Value;
use std::path::PathBuf;

/// The most agents that are tried.
const MOST_AGENTS: usize = 1_000_000;

/// A workload, strategies, seeds and conditions.
#[derive(clap::Args)]
pub struct Trying {
    /// The workload
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Strategies: words with commas, or a long form as YAML; may be given several times [default: the four governments, auto, heft]
    #[arg(long, value_name = "S,S")]
    strategies: Vec<String>,
    /// How many seeds each is tried with
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    seeds: u32,
    /// The first seed
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 1)]
    seed: u64,
    /// How many agents; several sizes with commas [default: those of the file; 8 for a graph]. A graph's agents have speeds between 0.5 and 2, drawn once
    /// and always the same, and a second of one costs the square of its speed
    #[arg(long, value_name = "N,N", allow_negative_numbers = true, value_delimiter = ',', conflicts_with = "speeds")]
    agents: Vec<usize>,
    /// The speed of each agent of a graph
    #[arg(long, value_name = "X,X", allow_negative_numbers = true, value_delimiter = ',')]
    speeds: Vec<f64>,
    /// Real work strays from its estimate by a log-normal factor of mean 1 with this sigma; nobody knows it before
    #[arg(long, value_name = "SIGMA", default_value_t = 0.0, allow_negative_numbers = true)]
    noise: f64,
    /// A value for an input of a workflow; may be given several times
    #[arg(short, long = "input", value_name = "NAME=VALUE", value_parser = load::input)]
    input: Vec<(String, String)>,
    /// Make up agents that a workflow names and nobody defines
    #[arg(long)]
    mock: bool,
    /// How often a task of a graph is tried in all, when it fails; 0 without end
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 1)]
    attempts: u32,
    /// Bytes a second between different agents, for graphs with bytes
    #[arg(long, value_name = "BYTES", allow_negative_numbers = true)]
    bandwidth: Option<f64>,
    /// For how long data travels between different agents in any case, for graphs with bytes: 20ms
    #[arg(long, value_name = "DURATION")]
    latency: Option<String>,
    /// What goes wrong on purpose, instead of the file's `faults`: crash=0.02 (an agent crashes so often in a second),repair=2s,loss=0.05,delay=10ms; or none
    #[arg(long, value_name = "LIST")]
    faults: Option<String>,
    /// Threads [default: one for each core]; results don't depend on it
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl Trying {
    /// The workload, as it is tried; at its own size.
    ///
    /// # Errors
    /// If it can't be read, or a flag is wrong for it.
    pub fn subject(&self, config: &Config) -> Result<Subject, Stop> {
        let given = match (&self.speeds[..], &self.agents[..]) {
            ([], [one]) => speeds(*one),
            ([], _) => speeds(AGENTS),
            (given, _) => given.to_vec(),
        };
        crew::checked(&given)?;
        if self.mock && polity::workloads::read_graph(&self.file).is_ok_and(|graph| graph.is_some()) {
            return Err(Stop::usage(
                "--mock makes up agents of a workflow; a task graph names none, and gets those of --agents or --speeds",
            ));
        }
        let inputs = load::given(&self.input);
        let mut subject = Subject::read_with(&self.file, &self.known(config), &given, &inputs).map_err(Stop::invalid)?;
        if !self.speeds.is_empty() && subject.has_own_agents() {
            return Err(Stop::usage("--speeds is for graphs; the agents of a workflow stand in its file"));
        }
        if let Some(bandwidth) = self.bandwidth {
            subject = subject.with_bandwidth(bandwidth).map_err(|wrong| Stop::usage(format!("--bandwidth: {wrong}")))?;
        }
        if let Some(text) = &self.latency {
            let wrong = |why: &dyn std::fmt::Display| Stop::usage(format!("--latency: {why}"));
            let latency = polity::protocols::duration_text::parse(text).map_err(|why| wrong(&why))?;
            subject = subject.with_latency(latency).map_err(|why| wrong(&why))?;
        }
        if self.attempts != 1 {
            let retry = RetryPolicy { attempts: self.attempts, ..RetryPolicy::default() };
            subject = subject.with_retry(&retry).map_err(|wrong| Stop::usage(format!("--attempts: {wrong}")))?;
        }
        let subject = subject.with_noise(self.noise).map_err(|wrong| Stop::usage(format!("--noise: {wrong}")))?;
        let Some(text) = &self.faults else { return Ok(subject) };
        let wrong = |why: &dyn std::fmt::Display| Stop::usage(format!("--faults: {why}"));
        let faults = text.parse().map_err(|why: String| wrong(&why))?;
        subject.with_faults(faults).map_err(|why| wrong(&why))
    }
    /// What is to be compared. A graph that no flag gives agents is tried with each of the `usual` sizes, if there are any.
    ///
    /// # Errors
    /// If a strategy or a size is wrong.
    pub fn plan(&self, subject: Subject, usual: &[usize]) -> Result<Plan, Stop> {
        let usual = if subject.has_own_agents() || !self.speeds.is_empty() { &[] } else { usual };
        let sizes = if self.agents.is_empty() { usual } else { &self.agents };
        if let Some(n) = sizes.iter().find(|n| **n > MOST_AGENTS) {
            return Err(Stop::usage(format!("--agents: there are at most {MOST_AGENTS}, but {n} are asked for")));
        }
        if let Some(n) = sizes.iter().enumerate().find_map(|(at, n)| sizes[..at].contains(n).then_some(n)) {
            return Err(Stop::usage(format!("--agents names {n} twice")));
        }
        let sized = |n: &usize| subject.clone().with_agents(*n).map_err(|wrong| Stop::usage(format!("--agents: {wrong}")));
        let subjects =
            if sizes.is_empty() { vec![subject.clone()] } else { sizes.iter().map(sized).collect::<Result<_, _>>()? };
        let threads = self.threads.map_or_else(cores, usize::from);
        let arms = self.arms()?;
        Ok(Plan { subjects, arms, first: self.seed, seeds: self.seeds, threads })
    }
    /// What is known; with --mock also agents that the workflow names and nobody defines, which is told.
    fn known(&self, config: &Config) -> Known {
        let known = config.known();
        if !self.mock {
            return known;
        }
        // What is wrong with the file is told when it is read for good.
        let Ok(checked) = polity::workflow::load(&self.file, &known) else { return known };
        load::tell_made_up("agents", &checked.missing_agents);
        load::inventing(known, &checked)
    }
    /// True if real work is to stray.
    pub fn is_noisy(&self) -> bool {
        self.noise > 0.0
    }
    fn arms(&self) -> Result<Vec<Arm>, Stop> {
        if self.strategies.is_empty() { Ok(Arm::usual()) } else { arms(&self.strategies) }
    }
    /// The words of the command, without strategies and seeds.
    pub fn again(&self, verb: &str) -> String {
        let mut words = vec!["polity".to_owned(), verb.to_owned(), self.file.display().to_string()];
        let list = |all: Vec<String>| all.join(",");
        if !self.agents.is_empty() {
            words.extend(["--agents".to_owned(), list(self.agents.iter().map(ToString::to_string).collect())]);
        }
        if !self.speeds.is_empty() {
            words.extend(["--speeds".to_owned(), list(self.speeds.iter().map(ToString::to_string).collect())]);
        }
        if self.noise != 0.0 {
            words.extend(["--noise".to_owned(), self.noise.to_string()]);
        }
        words.extend(self.input.iter().flat_map(|(name, value)| ["-i".to_owned(), format!("{name}={value}")]));
        words.extend(self.mock.then(|| "--mock".to_owned()));
        if self.attempts != 1 {
            words.extend(["--attempts".to_owned(), self.attempts.to_string()]);
        }
        if let Some(faults) = &self.faults {
            words.extend(["--faults".to_owned(), faults.clone()]);
        }
        if let Some(latency) = &self.latency {
            words.extend(["--latency".to_owned(), latency.clone()]);
        }
        if let Some(bandwidth) = self.bandwidth {
            words.extend(["--bandwidth".to_owned(), bandwidth.to_string()]);
        }
        load::command(&words)
    }
}

/// The strategies that `--strategies` names, in order.
///
/// # Errors
/// If one is unknown, has a wrong setting, or is named twice.
pub fn arms(all: &[String]) -> Result<Vec<Arm>, Stop> {
    let mut arms: Vec<Arm> = Vec::new();
    for given in all {
        let words =
            if given.trim_start().starts_with('{') { vec![given.as_str()] } else { given.split(',').map(str::trim).collect() };
        for word in words {
            let arm = arm(word)?;
            if arms.iter().any(|other| other.name == arm.name) {
                return Err(Stop::usage(format!("--strategies names {} twice", arm.name)));
            }
            arms.push(arm);
        }
    }
    Ok(arms)
}

/// A strategy in one word or in its long form, with settings that are right.
fn arm(text: &str) -> Result<Arm, Stop> {
    let wrong = |why: &dyn std::fmt::Display| Stop::usage(format!("--strategies: {why}"));
    let strategies: Vec<Name> = Registry::standard().names().map(Name::from).collect();
    let config = Config::load(&Sources::default().flag("strategy", text), &strategies);
    let config = config.map_err(|errors| Stop::usage(errors.to_string().replace("--strategy: ", "--strategies: ")))?;
    let strategy = config.given_strategy().ok_or_else(|| wrong(&"it names no strategy"))?;
    Registry::standard().make(&strategy.name, &strategy.settings).map_err(|why| wrong(&why))?;
    let settings = if strategy.settings.is_object() { strategy.settings } else { Value::Object(serde_json::Map::new()) };
    let arm = Arm::with(&strategy.name, settings);
    if arm.is_empty() {
        return Err(wrong(
            &"pinned carries out a plan, and none is given; write it as { pinned: { pins: [{ task: 0, agent: ann }] } }, or take heft",
        ));
    }
    Ok(arm)
}
