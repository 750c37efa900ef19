//! `polity simulate`: an experiment, on all cores, into a folder; killed, it goes on.

use super::interrupt;
use super::load::{self, Settings};
use super::output;
use super::progress::Tries;
use super::stop::{INTERRUPTED, Stop};
use polity::laboratory::{Ending, Experiment, Sweep, SweepError, cores};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Work is left for the next command.
const SPENT: u8 = 5;

/// Carry out an experiment: what is varied, every cell by many seeds, in virtual time
///
/// The experiment is a YAML file: `workload`, `strategies`, `vary` (every value with every other), `zip` (values together), `repeat`, `measure`,
/// `stop`; `polity schema experiment` has all of it. Results don't depend on the number of threads. The same command goes on with what an
/// earlier one, killed or stopped, has left; with a larger `repeat`, another `stop` or another `measure` it tries only what is new. Leaves runs.csv
/// (a row for each try), summary.csv (one for each cell) and report.html.
#[derive(clap::Args)]
pub struct Simulate {
    /// The experiment
    #[arg(value_name = "EXPERIMENT")]
    file: PathBuf,
    /// The folder of the results [default: .polity/experiments/NAME]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Threads [default: one for each core]; results don't depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl Simulate {
    pub fn go(&self) -> Result<u8, Stop> {
        let config = Settings::default().config()?;
        let experiment = Experiment::read(&self.file, &config.known());
        let experiment = experiment.map_err(|errors| Stop::invalid(load::problems(&errors)))?;
        experiment.remarks().for_each(|remark| output::tell(&format!("assumed: {}", output::plain(&remark))));
        let folder = self.out.clone().unwrap_or_else(|| PathBuf::from(".polity/experiments").join(experiment.name()));
        let sweep = Sweep::open(experiment, &folder).map_err(stop)?;
        let experiment = sweep.experiment();
        let of = experiment.tries();
        let threads = self.threads.map_or_else(cores, usize::from);
        let told = |what: &str, text: String| output::tell(&format!("{what:>12} {text}"));
        if sweep.is_complete() {
            let (name, folder) = (experiment.name(), folder.display());
            told(
                "Complete",
                format!("{name} was carried out before; raise `repeat` for more tries, or remove {folder} to do it again"),
            );
            let folder = sweep.folder().to_owned();
            return self.ended(sweep.go(1, |_| ControlFlow::Break(())).map_err(stop)?, &folder);
        }
        told(
            "Experiment",
            format!(
                "{}: {} × {}, {of} tries on {}",
                experiment.name(),
                output::count(experiment.cells() as usize, "cell"),
                of / experiment.cells(),
                output::count(threads, "thread")
            ),
        );
        let mut interrupts = interrupt::listen("what has begun is finished and kept");
        let found = sweep.found();
        if found > 0 {
            told("Resuming", format!("{found} of {of} tries were done before"));
        }
        let mut bar = Tries::new(found, of);
        let ending = sweep.go(threads, |progress| {
            bar.tell(progress.done as u64);
            if interrupts.have_come() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        bar.end();
        let ending = ending.map_err(stop)?;
        if interrupts.have_come()
            && let Ending::Stopped { done, of } = ending
        {
            told("Interrupted", format!("{done} of {of} tries are done; the same command goes on"));
            return self.results(&folder, INTERRUPTED);
        }
        self.ended(ending, &folder)
    }
    fn ended(&self, ending: Ending, folder: &Path) -> Result<u8, Stop> {
        match ending {
            Ending::Complete { well } => self.results(folder, u8::from(!well)),
            Ending::Stopped { done, of } => {
                let over = format!("`stop.after` is over, with {done} of {of} tries done; the same command goes on");
                output::tell(&format!("{:>12} {over}", "Stopped"));
                self.results(folder, SPENT)
            }
        }
    }
    /// Says what came of it, and where it lies.
    fn results(&self, folder: &Path, code: u8) -> Result<u8, Stop> {
        match std::fs::read_to_string(folder.join("summary.txt")) {
            Ok(text) => output::print(&text)?,
            Err(error) => return Err(Stop::usage(format!("can't read the summary in {}: {error}", folder.display()))),
        }
        for (what, file) in [("Runs", "runs.csv"), ("Cells", "summary.csv"), ("Report", "report.html")] {
            output::tell(&format!("{what:>12} {}", folder.join(file).display()));
        }
        Ok(code)
    }
}

fn stop(error: SweepError) -> Stop {
    match error {
        SweepError::Trial { .. } => Stop::invalid(error),
        other => Stop::usage(other),
    }
}
