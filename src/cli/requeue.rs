//! `polity dead-letters requeue`: runs dead tasks again, with what the record knows of the others.

use super::carry::{self, Errand, View};
use super::dead_letters::{Which, now};
use super::load;
use super::output;
use super::record::rfc3339;
use super::stop::{INTERRUPTED, Stop};
use polity::Registry;
use polity::event::{Names, RunStatus};
use polity::protocols::Name;
use polity::report::{self, Fate, Filed, Recall, Report, RunFolder, RunRecord, Verdict};
use polity::workflow::Workflow;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Run dead tasks again, and all that waits for them
///
/// It is a new run of the workflow as it was, with the same inputs and strategy. Tasks that had completed are not done again: their outputs are
/// taken from the record. Other dead tasks stay dead, as
/// dead letters of the new run.
#[derive(clap::Args)]
pub struct Requeue {
    #[command(flatten)]
    which: Which,
    /// Tell as JSON what was requeued, and what came of it
    #[arg(long)]
    json: bool,
}

impl Requeue {
    pub fn go(&self) -> Result<u8, Stop> {
        let folder = self.which.folder()?;
        let mut letters = self.which.letters(now())?;
        letters.retain(|letter| letter.letter.what.task().is_some() && matches!(letter.fate, Fate::Open | Fate::Expired));
        if letters.is_empty() {
            return Err(Stop::usage(format!(
                "{} has no open dead task of that kind; letters between agents can't be requeued, since their receivers are gone",
                folder.name()
            )));
        }
        let outcome = carry::carry_out(self.errand(&folder, &letters)?)?;
        report::decide(&folder, &self.verdicts(&folder, &letters, &outcome.folder)?)?;
        let tasks: Vec<&Name> = letters.iter().filter_map(|letter| Some(&letter.letter.what.task()?.task)).collect();
        if self.json {
            let (status, outputs) = (outcome.status.word(), &outcome.outputs);
            let told =
                json!({ "requeued": tasks, "of": folder.name(), "run": outcome.folder, "status": status, "outputs": outputs });
            output::print(&format!("{told:#}"))?;
        } else if outcome.status == RunStatus::Completed {
            super::run::print_outputs(&outcome.outputs)?;
        }
        Ok(if outcome.interrupted { INTERRUPTED } else { outcome.status.exit_code() })
    }

    /// What was requeued, and what lives on in the later run as dead as before.
    fn verdicts(&self, folder: &RunFolder, letters: &[Filed], run: &str) -> Result<Vec<Verdict>, Stop> {
        let (at, run) = (rfc3339(now()), Some(run.to_owned()));
        let tasks =
            report::filed(folder, now()).map_err(Stop::invalid)?.into_iter().filter(|filed| filed.letter.what.task().is_some());
        let alive = tasks.filter(|filed| matches!(filed.fate, Fate::Open | Fate::Expired)).map(|filed| filed.letter.number);
        let fate = |number| {
            let chosen = letters.iter().any(|letter| letter.letter.number == number);
            if chosen { Fate::Requeued } else { Fate::Moved }
        };
        Ok(alive.map(|letter| Verdict { at: at.clone(), letter, fate: fate(letter), run: run.clone() }).collect())
    }
    fn errand(&self, folder: &RunFolder, letters: &[Filed]) -> Result<Errand, Stop> {
        let record = folder.read_record()?;
        let (report, events) = Report::read(&folder.events()).map_err(Stop::invalid)?;
        let mut names = Names::default();
        events.iter().for_each(|event| names.take(event));
        let again = |task: &str| letters.iter().any(|letter| letter.letter.what.task().is_some_and(|dead| &*dead.task == task));
        let recall = Recall::of(&report, &names, again);
        let known = output::count(recall.outputs(), "output");
        output::tell(&format!(
            "requeueing {}; {known} of {} are taken from its record",
            output::count(letters.len(), "task"),
            folder.name()
        ));
        let (workflow, agents) = self.workflow(folder, &record)?;
        let government = Registry::standard().make(&record.strategy, &record.settings).map_err(Stop::invalid)?;
        let inputs = report.head().map(|head| head.inputs.clone()).unwrap_or_default();
        let inputs: BTreeMap<Name, Value> =
            inputs.as_object().into_iter().flatten().map(|(name, value)| (name.as_str().into(), value.clone())).collect();
        Ok(Errand {
            workflow,
            agents,
            government,
            inputs,
            seed: None, // the same luck would end in the same failure
            simulated: record.simulated,
            mock: record.mock,
            name: Some(folder.name().to_owned()),
            memory: None,
            cwd: PathBuf::from(if record.cwd.is_empty() { "." } else { &record.cwd }),
            runs: self.which.root()?,
            again: vec!["polity".into(), "dead-letters".into(), "requeue".into(), folder.name().into()],
            recall,
            view: View { json: false, verbose: false },
        })
    }
    /// The workflow as it was when the run began, not as its file may be now.
    fn workflow(&self, folder: &RunFolder, record: &RunRecord) -> Result<(Workflow, Vec<polity::agents::AgentSpec>), Stop> {
        let path = folder.workflow();
        if !path.exists() {
            let why = "its workflow was not kept: it did not come from a file, or the file was changed while the run began";
            return Err(Stop::usage(format!("{} can't be requeued, since {why}", folder.name())));
        }
        let config = load::Settings::default().config()?;
        let loaded = load::load(&path, &config, record.mock)?;
        if loaded.workflow().hash != record.hash {
            return Err(Stop::invalid(format!(
                "{} is not the workflow that {} ran; it was changed",
                path.display(),
                folder.name()
            )));
        }
        let workflow = loaded.checked.workflow;
        let workflow = if record.simulated { polity::simulated_twin(&workflow).workflow } else { workflow };
        Ok((workflow, loaded.checked.agents))
    }
}
