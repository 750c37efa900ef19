//! A run again, with what the record of an earlier one knows.

use super::carry::{Errand, View};
use super::crew::Staffed;
use super::dead_letters::now;
use super::load;
use super::record::rfc3339;
use super::stop::Stop;
use polity::Registry;
use polity::agents::AgentSpec;
use polity::event::{Event, Names};
use polity::protocols::Name;
use polity::report::{self, Fate, Recall, Report, RunFolder, RunRecord, Verdict};
use polity::workflow::Workflow;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

/// The record of an earlier run, read.
pub struct Earlier {
    pub folder: RunFolder,
    pub record: RunRecord,
    pub report: Report,
    pub names: Names,
    /// Where it compensates: the events of those that it goes on with, the first of them first, and its own.
    pub logs: Vec<Vec<Event>>,
    /// Where it does not: the same of those that had sub-runs.
    pub lives: Vec<Vec<Event>>,
}
impl Earlier {
    /// Reads it. A log whose last line was cut off is as good as it is.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn read(folder: RunFolder) -> Result<Earlier, Stop> {
        let record = folder.read_record()?;
        let (report, events) = Report::read(&folder.events()).map_err(Stop::invalid)?;
        let mut names = Names::default();
        events.iter().for_each(|event| names.take(event));
        let is_below = |event: &Event| event.run.is_run() && Some(event.run) != report.run();
        let mut lives = before(&folder, &record)?;
        lives.push(events);
        let mut logs = Vec::new();
        if report.head().is_some_and(|head| head.compensates) {
            std::mem::swap(&mut logs, &mut lives);
        }
        lives.retain(|events| events.iter().any(is_below));
        Ok(Earlier { folder, record, report, names, logs, lives })
    }
    /// What need not be done again; `again` says which of those that failed shall be.
    pub fn recall(&self, again: impl Fn(&str) -> bool) -> Recall {
        Recall::of(&self.report, &self.names, again).with_sub_runs(&self.logs).with_children(&self.lives)
    }
    /// What has become of the dead letters that nobody had decided about, now that the run goes on as another: `fate` says it, by number.
    ///
    /// # Errors
    /// If they can't be read, or the decisions not be written.
    pub fn decide(&self, fate: impl Fn(u64) -> Fate, run: &str) -> Result<(), Stop> {
        let (at, run) = (rfc3339(now()), Some(run.to_owned()));
        let letters = report::filed(&self.folder, now()).map_err(Stop::invalid)?.into_iter();
        let tasks = letters.filter(|filed| filed.letter.what.task().is_some());
        let alive = tasks.filter(|filed| matches!(filed.fate, Fate::Open | Fate::Expired)).map(|filed| filed.letter.number);
        let verdict = |letter| Verdict { at: at.clone(), letter, fate: fate(letter), run: run.clone() };
        let verdicts: Vec<Verdict> = alive.map(verdict).collect();
        if !verdicts.is_empty() {
            report::decide(&self.folder, &verdicts)?;
        }
        Ok(())
    }
    /// The right to go on with it, for as long as the file is kept. What was gone on with already is gone on with there: else what was done would be
    /// done twice, and what was undone undone twice.
    ///
    /// # Errors
    /// If another process goes on with it, or one has.
    pub fn claim(&self, runs: &Path) -> Result<File, Stop> {
        let name = self.folder.name();
        let Some(claim) = self.folder.claim()? else {
            return Err(Stop::usage(format!("another process is going on with {name}; wait for its end, and see what it left")));
        };
        let first = self.report.head().map(|head| head.resumes.as_ref().unwrap_or(&head.name).to_string());
        let newest = report::list(runs)?.into_iter().find(|run| match (&run.record, &first) {
            (Ok(record), Some(first)) => record.resumes.as_ref() == Some(first) && record.started_at > self.record.started_at,
            _ => false,
        });
        match newest {
            Some(later) => Err(Stop::usage(format!("{name} was gone on with as {0}: go on with that one", later.folder.name()))),
            None => Ok(claim),
        }
    }
    /// A new run of the workflow as it was, with the same inputs and strategy. `words` are those of the command that asks for it.
    ///
    /// # Errors
    /// If its workflow was not kept, or is another by now.
    pub fn errand(&self, recall: Recall, runs: PathBuf, words: &[&str]) -> Result<Errand, Stop> {
        let record = &self.record;
        let graph = self.graph()?;
        let (workflow, agents) = self.workflow(words.last().copied().unwrap_or("done again"))?;
        let workflow = match record.faults.as_ref().map(|text| text.parse()).transpose() {
            Ok(faults) => Workflow { faults: faults.or(workflow.faults), ..workflow },
            Err(why) => {
                return Err(Stop::invalid(format!("{}: the faults can't be read: {why}", self.folder.record_file().display())));
            }
        };
        let government = Registry::standard().make(&record.strategy, &record.settings).map_err(Stop::invalid)?;
        let inputs = self.report.head().map(|head| head.inputs.clone()).unwrap_or_default();
        let inputs: BTreeMap<Name, Value> =
            inputs.as_object().into_iter().flatten().map(|(name, value)| (name.as_str().into(), value.clone())).collect();
        let again = ["polity"].iter().chain(words).copied().chain([self.folder.name()]).map(str::to_owned).collect();
        Ok(Errand {
            workflow,
            graph,
            agents,
            government,
            inputs,
            seed: None, // the same luck would end in the same failure
            simulated: record.simulated,
            mock: record.mock,
            name: Some(record.resumes.clone().unwrap_or_else(|| self.folder.name().to_owned())),
            memory: None,
            cwd: PathBuf::from(if record.cwd.is_empty() { "." } else { &record.cwd }),
            runs,
            again,
            recall,
            given_strategy: record.given_strategy,
            faults: record.faults.clone(),
            view: View { json: false, verbose: false },
        })
    }
    /// The workflow as it was when the run began, not as its file may be now.
    ///
    /// # Errors
    /// If it was not kept, or is another by now.
    pub fn workflow(&self, verb: &str) -> Result<(Workflow, Vec<AgentSpec>), Stop> {
        let twin = |workflow| if self.record.simulated { polity::simulated_twin(&workflow).workflow } else { workflow };
        if let Some(staffed) = self.graph()? {
            let (workflow, agents) = staffed.flow().map_err(Stop::invalid)?;
            return Ok((twin(workflow), agents));
        }
        let (path, name) = (self.folder.workflow(), self.folder.name());
        if !path.exists() {
            let why = "its workflow was not kept: it did not come from one file, or the file was changed while the run began";
            return Err(Stop::usage(format!("{name} can't be done again ({verb}), since {why}")));
        }
        let config = self.settings().config()?;
        let loaded = load::load(&path, &config, self.record.mock)?;
        if loaded.workflow().hash != self.record.hash {
            return Err(Stop::invalid(format!("{} is not the workflow that {name} ran; it was changed", path.display())));
        }
        Ok((twin(loaded.checked.workflow), loaded.checked.agents))
    }
    /// Who gave a strategy on the command line gave it for everything.
    fn settings(&self) -> load::Settings {
        let RunRecord { strategy, settings, given_strategy, .. } = &self.record;
        let word = || serde_json::json!({ strategy.as_str(): settings }).to_string();
        load::Settings { strategy: given_strategy.then(word), ..load::Settings::default() }
    }
    /// The task graph that it was, if it was no workflow.
    fn graph(&self) -> Result<Option<Staffed>, Stop> {
        let path = self.folder.graph();
        let kept = path.exists().then(|| Staffed::kept(&path, &self.record.speeds));
        kept.transpose().map_err(Stop::invalid)
    }
}

/// The events of the runs that one goes on with, in the order of time.
fn before(folder: &RunFolder, record: &RunRecord) -> Result<Vec<Vec<Event>>, Stop> {
    let (Some(first), Some(root)) = (&record.resumes, folder.path().parent()) else { return Ok(Vec::new()) };
    let mut all = report::list(root)?;
    all.reverse(); // the newest is listed first
    let of_chain = all.iter().filter(|run| match &run.record {
        Ok(other) => (other.name == *first || other.resumes.as_ref() == Some(first)) && run.folder.name() != folder.name(),
        Err(_) => false,
    });
    let earlier = of_chain.filter(|run| run.record.as_ref().is_ok_and(|other| other.started_at <= record.started_at));
    earlier.map(|run| Ok(Report::read(&run.folder.events()).map_err(Stop::invalid)?.1)).collect()
}
