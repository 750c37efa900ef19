//! `polity compare`: strategies side by side, in virtual time, by paired seeds.

use super::load::Settings;
use super::output;
use super::stop::Stop;
use super::trying::{Trying, bar};
use polity::laboratory::Comparison;
use polity::report::{FolderError, RunFolder, is_folder_name};
use std::path::PathBuf;

/// Compare strategies on a workload, in virtual time
///
/// Each strategy is tried with the same seeds: the same work, the same luck. The workload is a polity workflow (its agents do it; nothing
/// real is done), or a task graph: WfFormat, STG or taskdag JSON. Prints a table; leaves runs.csv (a row for each try) and report.html.
#[derive(clap::Args)]
pub struct Compare {
    #[command(flatten)]
    trying: Trying,
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
        let bar = bar((plan.subjects.len() * plan.arms.len()) as u64 * u64::from(plan.seeds));
        let comparison = Comparison::make(plan, |progress| bar.set_position(progress.done as u64)).map_err(Stop::usage)?;
        bar.finish_and_clear();
        output::print(&comparison.table())?;
        comparison.failures().iter().for_each(|sentence| output::tell(sentence));
        self.keep(&comparison)?;
        Ok(u8::from(!comparison.ended_well()))
    }
    fn keep(&self, comparison: &Comparison) -> Result<(), Stop> {
        let stem: String = comparison.plan().subjects[0]
            .name()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' })
            .collect();
        let name = if is_folder_name(&stem) { stem } else { "comparison".into() };
        let folder = RunFolder::create(&self.out, &name)?;
        let page = comparison.page(&self.trying.again("compare")).map_err(Stop::usage)?;
        for (file, text) in [("runs.csv", comparison.csv()), ("report.html", page)] {
            let path = folder.path().join(file);
            std::fs::write(&path, text).map_err(|source| FolderError::Io { doing: "write", path: path.clone(), source })?;
            output::tell(&format!("{:>12} {}", if file == "runs.csv" { "Runs" } else { "Report" }, path.display()));
        }
        Ok(())
    }
}
