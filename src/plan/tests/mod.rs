//! Properties of plans and ledgers, on generated graphs.

mod drive;
mod graphs;
mod join_properties;
mod ledger_properties;
mod ledger_rules;
mod plan_properties;
mod refine_properties;
mod scale;
mod undo_properties;
