//! `polity report`: a run as a page.

use super::output;
use super::runs::Which;
use super::stop::Stop;

/// Print where a run's report is: one HTML file with a timeline, its tasks and agents, to be opened in a browser
///
/// It is written when the run ends. If it is not there, or older than the run's events, it is made anew.
#[derive(clap::Args)]
pub struct Report {
    #[command(flatten)]
    which: Which,
}

impl Report {
    pub fn go(&self) -> Result<u8, Stop> {
        let folder = self.which.pictured()?;
        output::print(&folder.page().display().to_string())?;
        Ok(0)
    }
}
