//! `polity replay`: a run that was recorded, again in virtual time, and under another government.

use super::again::Earlier;
use super::load::Settings;
use super::output;
use super::stop::Stop;
use super::trying::arms;
use polity::event::Event;
use polity::faults::Faults;
use polity::laboratory::{Arm, Recording, Replay as Replayed, Scenario};
use polity::report::{self, Report, RunFolder, RunRecord};

/// Replay a recorded run in virtual time: what it would have cost under another government
///
/// Every job takes its recorded work (seconds × the speed and fit of the agent that did it) and ends as it did; nothing real is done. The run
/// is replayed as it was first: how far that is from the record is the error of the rest. Then under other strategies, with other agents, or
/// other faults; and where the difference comes from.
#[derive(clap::Args)]
pub struct Replay {
    /// The run, by its name or the beginning of it; `last` for the newest
    #[arg(value_name = "RUN")]
    run: String,
    /// Strategies: words with commas, or a long form as YAML; may be given several times [default: the governments it did not have; its own,
    /// if agents or faults are others]
    #[arg(long, visible_alias = "strategy", value_name = "S,S")]
    strategies: Vec<String>,
    /// So many agents in all, each kind in proportion
    #[arg(long, value_name = "N")]
    agents: Option<usize>,
    /// Another speed for each kind of agent, in the order of the workflow
    #[arg(long, value_name = "X,X", value_delimiter = ',')]
    speeds: Vec<f64>,
    /// What goes wrong on purpose, instead of what did: crash=0.02,repair=2s,loss=0.05,delay=10ms; or none
    #[arg(long, value_name = "LIST")]
    faults: Option<String>,
    /// With how many seeds each of the others is replayed; from six on their difference has an interval
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    seeds: u32,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
    /// The directory that keeps the runs [default: .polity/runs]
    #[arg(long, value_name = "DIR")]
    runs: Option<String>,
}

impl Replay {
    pub fn go(&self) -> Result<u8, Stop> {
        let config = Settings { runs: self.runs.clone(), ..Settings::default() }.config()?;
        let folder = report::find(config.runs(), &self.run)?;
        let name = folder.name().to_owned();
        if folder.is_held() {
            return Err(Stop::usage(format!("{name} still runs; wait for its end, or cancel it: polity cancel {name}")));
        }
        if !folder.workflow().exists() && !folder.events().exists() {
            return Err(Stop::usage(format!("{name} left no record of what happened; run its workflow again")));
        }
        let recording = recording(folder)?;
        let scenarios = self.scenarios(&recording)?;
        for remark in recording.remarks().iter().filter(|_| !self.json) {
            output::tell(&format!("assumed: {remark}"));
        }
        let replay = Replayed::by_seeds(recording, scenarios, self.seeds).map_err(Stop::usage)?;
        if self.json {
            output::print(&format!("{:#}", replay.json()))?;
        } else {
            output::print(&replay.table())?;
        }
        Ok(0)
    }
    fn scenarios(&self, recording: &Recording) -> Result<Vec<Scenario>, Stop> {
        let faults = self.faults.as_ref().map(|text| text.parse::<Faults>());
        let faults = faults.transpose().map_err(|why| Stop::usage(format!("--faults: {why}")))?;
        let other = Scenario { strategy: None, size: self.agents, speeds: self.speeds.clone(), faults };
        let is_other = other.size.is_some() || !other.speeds.is_empty() || other.faults.is_some();
        if self.strategies.is_empty() && is_other {
            return Ok(vec![other]);
        }
        let arms = match &self.strategies[..] {
            [] => governments().into_iter().filter(|arm| arm.strategy.name != recording.strategy().name).collect(),
            given => arms(given)?,
        };
        Ok(arms.into_iter().map(|arm: Arm| Scenario { strategy: Some(arm.strategy), ..other.clone() }).collect())
    }
}

fn governments() -> Vec<Arm> {
    ["hierarchical", "consensus", "market", "stigmergic"].map(Arm::new).into()
}

/// What a folder knows of its run.
fn recording(folder: RunFolder) -> Result<Recording, Stop> {
    let name = folder.name().to_owned();
    let record = folder.read_record()?;
    let (report, events): (Report, Vec<Event>) = Report::read(&folder.events()).map_err(Stop::invalid)?;
    if report.tail().is_none() {
        let why = "its record ends before the run does, since its process died";
        return Err(Stop::usage(format!(
            "{name} can't be replayed: {why}; go on with it (polity retry {name}), and replay that"
        )));
    }
    report.remarks().iter().for_each(|remark| output::tell(&format!("warning: {remark}")));
    let faults = faults(&record);
    let earlier = Earlier { folder, record, report, names: polity::event::Names::default(), logs: Vec::new(), lives: Vec::new() };
    let (workflow, agents) = earlier.workflow("replay")?;
    let recording = match faults {
        Some(faults) => Recording::with_faults(&events, &workflow, agents, faults),
        None => Recording::of(&events, &workflow, agents),
    };
    recording.map_err(Stop::invalid)
}

/// The faults that the run's command named, instead of its file's.
fn faults(record: &RunRecord) -> Option<Faults> {
    record.faults.as_ref()?.parse().ok()
}
