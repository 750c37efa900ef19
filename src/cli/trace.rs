//! `polity trace`: a run for a trace viewer.

use super::output;
use super::runs::Which;
use super::stop::Stop;

/// Print where a run's trace is: a file for <https://ui.perfetto.dev>, with a thread for each slot of each agent
///
/// It is written when the run ends. If it is not there, or older than the run's events, it is made anew.
#[derive(clap::Args)]
pub struct Trace {
    #[command(flatten)]
    which: Which,
}

impl Trace {
    pub fn go(&self) -> Result<u8, Stop> {
        let folder = self.which.pictured()?;
        output::print(&folder.trace().display().to_string())?;
        Ok(0)
    }
}
