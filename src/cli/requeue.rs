//! `polity dead-letters requeue`: runs dead tasks again, with what the record knows of the others.

use super::again::Earlier;
use super::carry::{self, Errand};
use super::dead_letters::{Which, now};
use super::output;
use super::record::rfc3339;
use super::stop::{INTERRUPTED, Stop};
use polity::event::RunStatus;
use polity::protocols::Name;
use polity::report::{self, Fate, Filed, RunFolder, Verdict};
use serde_json::json;

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
        let earlier = Earlier::read(folder.clone())?;
        let again = |task: &str| letters.iter().any(|letter| letter.letter.what.task().is_some_and(|dead| &*dead.task == task));
        let recall = earlier.recall(again);
        let known = output::count(recall.outputs(), "output");
        output::tell(&format!(
            "requeueing {}; {known} of {} are taken from its record",
            output::count(letters.len(), "task"),
            folder.name()
        ));
        earlier.errand(recall, self.which.root()?, &["dead-letters", "requeue"])
    }
}
