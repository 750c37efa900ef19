//! `polity agents`: who can work.

use super::load::{self, Settings};
use super::output;
use super::stop::Stop;
use polity::agents::AgentSpec;
use std::path::PathBuf;

/// List the agents of a workflow, those of the configuration included
#[derive(clap::Args)]
pub struct Agents {
    /// The workflow; without one, the agents of the configuration
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Agents {
    pub fn go(&self) -> Result<u8, Stop> {
        let config = Settings::default().config()?;
        let agents = match &self.file {
            Some(file) => {
                let checked = load::load(file, &config, false)?.checked;
                load::warn(&checked);
                checked.agents
            }
            None => config.agents().to_vec(),
        };
        output::print(&table(&agents))?;
        Ok(0)
    }
}

fn table(agents: &[AgentSpec]) -> String {
    if agents.is_empty() {
        return "no agents\n".into();
    }
    let mut table = output::table(&["agent", "can", "speed", "cost", "slots", "replicas"]);
    for agent in agents {
        let can: Vec<String> = agent.can.iter().map(|(name, score)| format!("{} {score}", output::plain(name))).collect();
        table.add_row([
            output::plain(&agent.id),
            if can.is_empty() { "any work without a type".into() } else { can.join(", ") },
            agent.speed.to_string(),
            agent.cost.to_string(),
            agent.slots.to_string(),
            agent.replicas.to_string(),
        ]);
    }
    output::right(&mut table, 2..=5);
    table.trim_fmt()
}
