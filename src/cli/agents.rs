//! `polity agents`: who can work.

use super::load::{self, Settings};
use super::output;
use super::runs::Which;
use super::stop::Stop;
use polity::agents::AgentSpec;
use std::path::Path;

/// List the agents of a workflow, those of the configuration included; or of a run, with their lives, work, and standing
#[derive(clap::Args)]
pub struct Agents {
    /// The workflow, or a run: its name, the beginning of its name, or `last`; without one, the agents of the configuration
    #[arg(value_name = "FILE|RUN")]
    what: Option<String>,
    /// The directory that keeps the runs [default: .polity/runs]
    #[arg(long, value_name = "DIR")]
    runs: Option<String>,
}

impl Agents {
    pub fn go(&self) -> Result<u8, Stop> {
        let config = Settings::default().config()?;
        let agents = match &self.what {
            Some(what) if is_run(what) => return self.of_run(what),
            Some(file) => {
                let checked = load::load(Path::new(file), &config, false)?.checked;
                load::warn(&checked);
                checked.agents
            }
            None => config.agents().to_vec(),
        };
        output::print(&table(&agents))?;
        Ok(0)
    }
    fn of_run(&self, run: &str) -> Result<u8, Stop> {
        let (report, names) = Which::of(run, self.runs.clone()).read()?;
        output::print(&polity::report::agents_of(&report, &names))?;
        Ok(0)
    }
}

/// A name without a point, a slash or a file of its name is a run's.
fn is_run(what: &str) -> bool {
    !what.contains(['/', '.']) && !Path::new(what).exists()
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
            match agent.elastic {
                Some(elastic) => format!("{}–{}", agent.replicas, elastic.max),
                None => agent.replicas.to_string(),
            },
        ]);
    }
    output::right(&mut table, 2..=5);
    table.trim_fmt()
}
