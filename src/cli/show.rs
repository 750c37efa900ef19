//! `polity show`: a run on one page.

use super::output;
use super::runs::Which;
use super::stop::Stop;

/// Show a run: its tasks, agents, failures, outputs, and what coordination cost
#[derive(clap::Args)]
pub struct Show {
    #[command(flatten)]
    which: Which,
    /// Show the tree of its sub-runs, with who worked there
    #[arg(long)]
    tree: bool,
}

impl Show {
    pub fn go(&self) -> Result<u8, Stop> {
        if self.tree {
            output::print(&polity::report::tree(&self.which.events()?))?;
            return Ok(0);
        }
        let (report, names) = self.which.read()?;
        output::print(&polity::report::show(&report, &names))?;
        if report.tail().is_none() && !self.which.is_held()? {
            output::tell("its process died before its end; `polity retry` goes on with it");
        }
        Ok(0)
    }
}
