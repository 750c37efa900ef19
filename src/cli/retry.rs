//! `polity retry`: goes on with a run that did not come to its end.

use super::again::Earlier;
use super::carry;
use super::load::Settings;
use super::output;
use super::run::{GivenFaults, given_faults, print_outputs};
use super::stop::{INTERRUPTED, Stop};
use polity::event::RunStatus;
use polity::report::{self, Fate, State};

/// Go on with a run that did not come to its end
///
/// A run that is stuck goes on undoing what is left. One that failed or was cancelled does again what failed, and what waited for that. One whose
/// process died goes on where its record ends. It is a new run; what had completed is not done again: its outputs are taken from the record,
/// and idempotency keys are those of the first run.
#[derive(clap::Args)]
pub struct Retry {
    /// The run, by its name or the beginning of it; `last` for the newest
    #[arg(value_name = "RUN")]
    run: String,
    /// What shall go wrong on purpose, instead of what did: crash=0.02,repair=2s,loss=0.05,delay=10ms; or none
    #[arg(long, value_name = "LIST", value_parser = given_faults)]
    faults: Option<Box<GivenFaults>>,
    /// The directory that keeps the runs [default: .polity/runs]
    #[arg(long, value_name = "DIR")]
    runs: Option<String>,
}

impl Retry {
    pub fn go(&self) -> Result<u8, Stop> {
        let config = Settings { runs: self.runs.clone(), ..Settings::default() }.config()?;
        let folder = report::find(config.runs(), &self.run)?;
        let name = folder.name().to_owned();
        if folder.is_held() {
            return Err(Stop::usage(format!("{name} still runs; wait for its end, or interrupt it")));
        }
        let earlier = Earlier::read(folder)?;
        let _claim = earlier.claim(config.runs())?;
        Self::refuse(&earlier, &name)?;
        let recall = earlier.recall(|_| true);
        let known = output::count(recall.outputs(), "output");
        let (what, fate) = if recall.undoing() { ("going on to undo", Fate::Moved) } else { ("going on with", Fate::Requeued) };
        output::tell(&format!("{what} {name}, with {known} from its record"));
        let mut errand = earlier.errand(recall, config.runs().to_path_buf(), &["retry"])?;
        if let Some(given) = &self.faults {
            (errand.workflow.faults, errand.faults) = (Some(given.faults.clone()), Some(given.text.clone()));
            errand.again.extend(["--faults".to_owned(), given.text.clone()]);
        }
        let outcome = carry::carry_out(errand)?;
        earlier.decide(|_| fate, &outcome.folder)?;
        if outcome.status == RunStatus::Completed {
            print_outputs(&outcome.outputs)?;
        }
        Ok(if outcome.interrupted { INTERRUPTED } else { outcome.status.exit_code() })
    }
    /// There must be something to go on with.
    fn refuse(earlier: &Earlier, name: &str) -> Result<(), Stop> {
        let report = &earlier.report;
        if *earlier.record.status == *RunStatus::Completed.word() {
            return Err(Stop::usage(format!("{name} has completed: there is nothing to go on with; `polity run` does it anew")));
        }
        if report.undoing().is_none() && report.tasks().any(|(_, task)| task.state == State::Compensated) {
            return Err(Stop::usage(format!("{name} was undone as a whole: `polity run` does it anew")));
        }
        Ok(())
    }
}
