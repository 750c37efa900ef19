//! `polity explain`: one task's life, in sentences.

use super::output;
use super::runs::Which;
use super::stop::Stop;

/// Explain a task of a run: why it ran, who got it and why, what went wrong, what came of it
#[derive(clap::Args)]
pub struct Explain {
    #[command(flatten)]
    which: Which,
    /// The task, or an instance of it: analyse[2013]
    #[arg(value_name = "TASK")]
    task: String,
}

impl Explain {
    pub fn go(&self) -> Result<u8, Stop> {
        let (report, names) = self.which.read()?;
        output::print(&polity::report::explain(&report, &names, &self.task).map_err(Stop::usage)?)?;
        Ok(0)
    }
}
