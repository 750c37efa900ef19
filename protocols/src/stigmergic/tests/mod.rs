//! What the colony owes beyond the suite.

mod allocation;
mod closed_form;
mod learning;
mod proof;
mod settings;
mod suite;
mod trails;
