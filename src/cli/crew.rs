//! Who carries out a task graph, which names no agents: the flags for it, and what comes of them.

use super::load::{self, Loaded};
use super::output;
use super::stop::Stop;
use polity::agents::AgentSpec;
use polity::config::Config;
use polity::laboratory::{Subject, speeds};
use polity::workflow::{Checked, Workflow};
use polity::workloads::{self, TaskGraph, WorkloadError, read_graph};
use std::path::Path;

/// Agents of a graph that nobody gives any.
pub const AGENTS: usize = 8;

/// The agents of a graph, as `polity compare` makes them.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Crew {
    /// How many agents carry out a task graph; their speeds are those of `polity compare` [default: 8]
    #[arg(long, value_name = "N", conflicts_with = "speeds", value_parser = clap::value_parser!(u16).range(1..))]
    agents: Option<u16>,
    /// The speed of each agent of a task graph
    #[arg(long, value_name = "X,X", value_delimiter = ',')]
    speeds: Vec<f64>,
}
impl Crew {
    /// What can be run of a file: a workflow, or a task graph with these agents. What had to be assumed of a graph is told.
    ///
    /// # Errors
    /// As [`load::load`]; if agents are given for a workflow, which has its own; if a speed is none.
    pub fn load(&self, path: &Path, config: &Config, mock: bool) -> Result<Loaded, Stop> {
        match read_graph(path).map_err(Stop::invalid)? {
            Some(graph) => self.carry_out(path, graph, config),
            None => {
                self.refuse("the agents of a workflow stand in its file")?;
                load::load(path, config, mock)
            }
        }
    }
    /// Refuses flags that would change nothing.
    ///
    /// # Errors
    /// If one is given, with `why`.
    pub fn refuse(&self, why: &str) -> Result<(), Stop> {
        if !self.is_given() {
            return Ok(());
        }
        let flag = if self.agents.is_some() { "--agents" } else { "--speeds" };
        Err(Stop::usage(format!("{flag} is for task graphs; {why}")))
    }
    fn is_given(&self) -> bool {
        self.agents.is_some() || !self.speeds.is_empty()
    }
    fn carry_out(&self, path: &Path, graph: workloads::Loaded, config: &Config) -> Result<Loaded, Stop> {
        checked(&self.speeds)?;
        let speeds = if self.speeds.is_empty() { speeds(self.agents.map_or(AGENTS, usize::from)) } else { self.speeds.clone() };
        graph.remarks.iter().for_each(|remark| output::tell(&format!("assumed: {}", output::plain(remark))));
        if !self.is_given() {
            output::tell(&format!("assumed: {AGENTS} agents; give others with --agents or --speeds"));
        }
        if graph.graph.total_bytes() > 0 {
            output::tell("assumed: data takes no time; `polity compare --bandwidth` counts it");
        }
        let invalid = |wrong: WorkloadError| Stop::invalid(format!("{}: {wrong}", path.display()));
        let staffed = Staffed { graph: graph.graph, speeds };
        let (workflow, agents) = staffed.flow().map_err(invalid)?;
        let government = load::government(path, config, &workflow)?;
        let checked = Checked { workflow, agents, warnings: Vec::new(), missing_agents: Vec::new(), notes: Vec::new() };
        Ok(Loaded { checked, government, made_up: Vec::new(), graph: Some(staffed) })
    }
    /// The same as words of a command.
    pub fn words(&self) -> Vec<String> {
        let speeds: Vec<String> = self.speeds.iter().map(ToString::to_string).collect();
        let speeds = (!speeds.is_empty()).then(|| ["--speeds".to_owned(), speeds.join(",")]);
        let agents = self.agents.map(|n| ["--agents".to_owned(), n.to_string()]);
        agents.into_iter().chain(speeds).flatten().collect()
    }
}

/// A task graph with the speeds of its agents.
#[derive(Clone)]
pub struct Staffed {
    pub graph: TaskGraph,
    pub speeds: Vec<f64>,
}
impl Staffed {
    /// What carries it out.
    ///
    /// # Errors
    /// If the graph makes no workflow.
    pub fn flow(&self) -> Result<(Workflow, Vec<AgentSpec>), WorkloadError> {
        let subject = Subject::of_graph(self.graph.clone(), &self.speeds)?;
        Ok((subject.workflow().clone(), subject.agents().to_vec()))
    }
    /// That of an earlier run.
    ///
    /// # Errors
    /// If what was kept can't be read.
    pub fn kept(path: &Path, speeds: &[f64]) -> Result<Staffed, WorkloadError> {
        let graph = workloads::read(path)?.graph;
        Ok(Staffed { graph, speeds: speeds.to_vec() })
    }
}

/// Speeds that are speeds.
///
/// # Errors
/// If one is not above 0.
pub fn checked(speeds: &[f64]) -> Result<(), Stop> {
    match speeds.iter().find(|speed| !(speed.is_finite() && **speed > 0.0)) {
        Some(wrong) => Err(Stop::usage(format!("--speeds: a speed is a number above 0, but one is {wrong}"))),
        None => Ok(()),
    }
}
