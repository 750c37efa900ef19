//! `polity check`: whether files are right, without doing anything.

use super::load::{self, Settings};
use super::output;
use super::stop::Stop;
use polity::config::Config;
use std::path::{Path, PathBuf};

/// Check workflows: syntax, types, expressions, cycles, tasks that no agent can ever do
#[derive(clap::Args)]
pub struct Check {
    /// The workflows
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

impl Check {
    pub fn go(&self) -> Result<u8, Stop> {
        let config = self.settings.config()?;
        let mut code = 0;
        for file in &self.files {
            match one(file, &config) {
                Ok(sentence) => output::print(&sentence)?,
                Err(stop) => code = code.max(stop.tell()),
            }
        }
        Ok(code)
    }
}

fn one(file: &Path, config: &Config) -> Result<String, Stop> {
    let loaded = load::load(file, config, false)?;
    load::warn(&loaded.checked);
    if let Some(undone) = load::undone(&loaded.checked) {
        output::tell(&format!("warning: {}: {undone}", file.display()));
    }
    let agents: u64 = loaded.checked.agents.iter().map(|agent| u64::from(agent.replicas)).sum();
    let notes: String =
        loaded.checked.notes.iter().map(|note| format!("\n{}: {}", file.display(), output::plain(note))).collect();
    Ok(format!(
        "{}: {} is well: {}, {}, {}{notes}",
        file.display(),
        output::plain(&loaded.workflow().name),
        output::count(loaded.workflow().tasks.len(), "task"),
        output::count(usize::try_from(agents).unwrap_or(usize::MAX), "agent"),
        loaded.government.name()
    ))
}
