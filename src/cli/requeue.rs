//! `polity dead-letters requeue`: runs dead tasks again, with what the record knows of the others.

use super::again::Earlier;
use super::carry::{self, Errand, RUN};
use super::dead_letters::{Which, now};
use super::output;
use super::stop::{INTERRUPTED, Stop};
use polity::event::RunStatus;
use polity::protocols::{Name, TaskId};
use polity::report::{Fate, Filed, Recall, State};
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
        let earlier = Earlier::read(folder.clone())?;
        let _claim = earlier.claim(&self.which.root()?)?;
        let outcome = carry::carry_out(self.errand(&earlier, &letters)?)?;
        let chosen = |number| letters.iter().any(|letter| letter.letter.number == number);
        earlier.decide(|number| if chosen(number) { Fate::Requeued } else { Fate::Moved }, &outcome.folder)?;
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

    fn errand(&self, earlier: &Earlier, letters: &[Filed]) -> Result<Errand, Stop> {
        let again = |task: &str| letters.iter().any(|letter| letter.letter.what.task().is_some_and(|dead| &*dead.task == task));
        let recall = earlier.recall(again);
        self.refuse(earlier, &recall, again)?;
        let known = output::count(recall.outputs(), "output");
        output::tell(&format!(
            "requeueing {}; {known} of {} are taken from its record",
            output::count(letters.len(), "task"),
            earlier.folder.name()
        ));
        earlier.errand(recall, self.which.root()?, &["dead-letters", "requeue"])
    }
    /// What is being undone is not done again before that has come to its end; nor is what would be undone at once.
    fn refuse(&self, earlier: &Earlier, recall: &Recall, again: impl Fn(&str) -> bool) -> Result<(), Stop> {
        let name = earlier.folder.name();
        if earlier.folder.is_held() {
            return Err(Stop::usage(format!("{name} still runs; wait for its end, or interrupt it")));
        }
        if recall.undoing() {
            let why = "has begun to undo what it did, and is not done with that";
            return Err(Stop::usage(format!("{name} {why}: `polity retry {name}` goes on; what it leaves can be requeued then")));
        }
        let report = &earlier.report;
        if !report.head().is_some_and(|head| head.compensates) {
            return Ok(());
        }
        let failed = report.tasks().filter(|(_, task)| task.state == State::Failed);
        let mut names = failed.map(|(n, _)| earlier.names.task(TaskId::new(RUN.0, n)));
        match names.find(|task| !again(task)) {
            Some(task) => Err(Stop::usage(format!(
                "{name} undoes what it did when a task fails, and {task} would stay failed: requeue all its dead letters at once, \
                 or run it anew by `polity run`"
            ))),
            None => Ok(()),
        }
    }
}
