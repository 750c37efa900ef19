//! `polity schema`: the languages of the files, for editors.

use super::output;
use super::stop::Stop;

/// Print a JSON Schema (2020-12), from which editors complete and check
#[derive(clap::Args)]
pub struct Schema {
    /// Of which file
    #[arg(value_enum, default_value_t)]
    kind: Kind,
}

/// A kind of file.
#[derive(clap::ValueEnum, Clone, Copy, Default)]
enum Kind {
    /// A workflow
    #[default]
    Workflow,
    /// A configuration: polity.yaml
    Config,
    /// An experiment: polity simulate
    Experiment,
}

impl Schema {
    pub fn go(&self) -> Result<u8, Stop> {
        let schema = match self.kind {
            Kind::Workflow => polity::workflow::schema(),
            Kind::Config => polity::config::schema(),
            Kind::Experiment => polity::workflow::experiment_schema(),
        };
        output::print(&format!("{schema:#}"))?;
        Ok(0)
    }
}
