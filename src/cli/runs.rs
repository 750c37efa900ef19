//! `polity runs`: the runs that have left a folder, and how one of them is found again.

use super::load::Settings;
use super::output;
use super::stop::Stop;
use polity::event::{Event, Names};
use polity::report::{self, Report};

/// List the runs, the newest first
#[derive(clap::Args)]
pub struct Runs {
    /// The directory that keeps the runs [default: .polity/runs]
    #[arg(long, value_name = "DIR")]
    runs: Option<String>,
}

impl Runs {
    pub fn go(&self) -> Result<u8, Stop> {
        let config = Settings { runs: self.runs.clone(), ..Settings::default() }.config()?;
        output::print(&report::runs_table(&report::list(config.runs())?))?;
        Ok(0)
    }
}

/// Which run is meant.
#[derive(clap::Args)]
pub struct Which {
    /// The run: its name, the beginning of its name, or `last`
    #[arg(value_name = "RUN")]
    run: String,
    /// The directory that keeps the runs [default: .polity/runs]
    #[arg(long, value_name = "DIR")]
    runs: Option<String>,
}
impl Which {
    /// The run of this name, in this directory.
    pub fn of(run: &str, runs: Option<String>) -> Which {
        Which { run: run.to_owned(), runs }
    }
    /// Reads its log.
    ///
    /// # Errors
    /// If there is no such run, or its log can't be read.
    pub fn read(&self) -> Result<(Report, Names), Stop> {
        let (report, events) = self.log()?;
        let mut names = Names::default();
        events.iter().for_each(|event| names.take(event));
        Ok((report, names))
    }
    /// Whether a process carries it out now.
    ///
    /// # Errors
    /// As [`Which::read`].
    pub fn is_held(&self) -> Result<bool, Stop> {
        Ok(self.folder()?.is_held())
    }
    /// All events of its log.
    ///
    /// # Errors
    /// As [`Which::read`].
    pub fn events(&self) -> Result<Vec<Event>, Stop> {
        Ok(self.log()?.1)
    }
    /// Its folder, with `report.html` and `trace.json` that tell all that its log does.
    ///
    /// # Errors
    /// As [`Which::read`]; or if they have to be made anew, and can't be written.
    pub fn pictured(&self) -> Result<report::RunFolder, Stop> {
        let folder = self.folder()?;
        let written = |path: std::path::PathBuf| path.metadata().and_then(|file| file.modified()).ok();
        let (events, page, trace) = (written(folder.events()), written(folder.page()), written(folder.trace()));
        if events.is_none() || page < events || trace < events {
            // The record of a run whose process died at once may be missing: its command only is lost by that.
            let replay = folder.read_record().map(|record| record.replay).unwrap_or_default();
            report::Chronicle::read(&folder.events()).map_err(Stop::invalid)?.write(&folder, &replay)?;
        }
        Ok(folder)
    }
    fn folder(&self) -> Result<report::RunFolder, Stop> {
        let config = Settings { runs: self.runs.clone(), ..Settings::default() }.config()?;
        Ok(report::find(config.runs(), &self.run)?)
    }
    fn log(&self) -> Result<(Report, Vec<Event>), Stop> {
        Report::read(&self.folder()?.events()).map_err(Stop::invalid)
    }
}
