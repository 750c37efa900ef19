//! `polity compare`: strategies side by side, in virtual time, by paired seeds.

use super::interrupt::{self, Interrupts};
use super::load::Settings;
use super::output;
use super::progress::Tries;
use super::stop::{INTERRUPTED, Stop};
use super::trying::Trying;
use polity::laboratory::{Comparison, Plan};
use polity::report::{FolderError, RunFolder, is_folder_name};
use std::ops::ControlFlow;
use std::path::PathBuf;

/// Compare strategies on a workload, in virtual time
///
/// Each strategy is tried with the same seeds: the same work, the same luck. The workload is a polity workflow (its agents do it; nothing
/// real is done), or a task graph: WfFormat, STG or taskdag JSON. Prints a table; leaves runs.csv (a row for each try) and report.html. Ctrl-C
/// compares by the seeds that were tried until then.
#[derive(clap::Args)]
pub struct Compare {
    #[command(flatten)]
    trying: Trying,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
    /// The directory that keeps comparisons
    #[arg(long, value_name = "DIR", default_value = ".polity/compare")]
    out: PathBuf,
}

impl Compare {
    pub fn go(&self) -> Result<u8, Stop> {
        let config = Settings::default().config()?;
        let plan = self.trying.plan(self.trying.subject(&config)?, &[])?;
        for remark in plan.subjects[0].remarks() {
            output::tell(&format!("assumed: {remark}"));
        }
        let interrupts = interrupt::listen("what has begun is finished and compared");
        // That it can't be written is better known before.
        let folder = self.folder(&plan)?;
        let made = self.make(plan, &folder, interrupts);
        if made.is_err() {
            // Nothing is lost: a folder with something in it stays.
            let _ = std::fs::remove_dir(folder.logs());
            let _ = std::fs::remove_dir(folder.path());
        }
        made
    }
    fn make(&self, plan: Plan, folder: &RunFolder, mut interrupts: Interrupts) -> Result<u8, Stop> {
        let planned = plan.seeds;
        let mut bar = Tries::new(0, plan.tries());
        let made = Comparison::make_until(plan, |progress| {
            bar.tell(progress.done as u64);
            if interrupts.have_come() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        bar.end();
        let (comparison, is_cut) = made.map_err(|why| {
            if interrupts.have_come() { Stop::coded(INTERRUPTED, format!("error: {why}")) } else { Stop::usage(why) }
        })?;
        // What can't be made again in a moment is kept first.
        self.keep(folder, "runs.csv", &comparison.csv())?;
        if self.json {
            output::print(&format!("{:#}", comparison.json()))?;
        } else {
            output::print(&comparison.table())?;
        }
        comparison.failures().iter().for_each(|sentence| output::tell(sentence));
        self.keep(folder, "report.html", &comparison.page(&self.trying.again("compare")).map_err(Stop::usage)?)?;
        for (what, file) in [("Runs", "runs.csv"), ("Report", "report.html")] {
            output::tell(&format!("{what:>12} {}", folder.path().join(file).display()));
        }
        if is_cut {
            let seeds = comparison.plan().seeds;
            output::tell(&format!("interrupted: this is by {seeds} of {planned} seeds"));
            return Ok(INTERRUPTED);
        }
        Ok(u8::from(!comparison.ended_well()))
    }
    fn folder(&self, plan: &Plan) -> Result<RunFolder, Stop> {
        let name = plan.subjects[0].name().chars();
        let stem: String = name.map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
        let name = if is_folder_name(&stem) { stem } else { "comparison".into() };
        Ok(RunFolder::create(&self.out, &name)?)
    }
    fn keep(&self, folder: &RunFolder, file: &str, text: &str) -> Result<(), Stop> {
        let path = folder.path().join(file);
        Ok(std::fs::write(&path, text).map_err(|source| FolderError::Io { doing: "write", path: path.clone(), source })?)
    }
}
