//! *What* can be done now: the immutable graph of a workflow ([`Plan`]) and what has become of it so far ([`Ledger`]). Pure.
//!
//! The plan knows how much work each task is and what waits for what; the ledger takes what happened and says what may happen next.
//! Neither knows of agents, clocks or outputs.
//!
//! ```
//! use polity::plan::{Ledger, LedgerEffect, Node, NodeIx, Plan, Settlement, Wants};
//! use std::sync::Arc;
//!
//! let (extract, report) = (NodeIx(0), NodeIx(1));
//! let plan = Plan::new(vec![Node::new(2.0), Node::new(1.0).after(extract, Wants::Output)])?;
//! assert_eq!(plan.critical_length(), 3.0);
//!
//! let mut ledger = Ledger::new(Arc::new(plan));
//! let mut effects = Vec::new();
//! ledger.start(&mut effects);
//! assert_eq!(effects, [LedgerEffect::Ready(extract)]);
//!
//! effects.clear();
//! ledger.open(extract);
//! ledger.settle(extract, Settlement::Succeeded, &mut effects);
//! assert_eq!(effects, [LedgerEffect::Ready(report)]);
//! # Ok::<(), polity::plan::PlanError>(())
//! ```

mod adjacency;
mod error;
mod graph;
mod inquiry;
mod instances;
mod join;
mod ledger;
mod measure;
mod node;
mod order;
mod paper;
mod propagation;
mod refine;
mod rest;
mod special;
mod state;
mod tally;
mod turnstile;
mod undo;
mod wants;

#[cfg(test)]
mod tests;

pub use error::PlanError;
pub use graph::Plan;
pub use inquiry::Waiting;
pub use instances::{InstanceId, Instances};
pub use join::{Ends, Join, Verdict};
pub use ledger::Ledger;
pub use node::{Node, NodeIx};
pub use paper::Team;
pub use refine::{Refined, refine};
pub use state::{LedgerEffect, NodeState, Settlement, StopMode};
pub use tally::Tally;
pub use turnstile::{Needs, Turnstile};
pub use undo::Undo;
pub use wants::Wants;
