//! What holds when neither the workflow nor a flag says otherwise: layers of settings, and where each value came from.
//!
//! Defaults < user's file < `./polity.yaml` < workflow file < `POLITY_*` < flags.

mod environment;
mod errors;
mod layers;
mod sources;
#[cfg(test)]
mod tests;

pub use crate::workflow::config_schema as schema;
pub use errors::ConfigErrors;
pub use layers::{Config, Origin};
pub use sources::Sources;
