//! *Who may hand on what, and for how long*: bounds, budgets, rounds and the synthesis of results. Pure: typed input and `now` in.
//!
//! A sub-run is an ordinary run below a task of another. What stands here only says whether it may begin, when rounds of them end, and what
//! the task's output is made of.

mod bounds;
mod purse;
mod rounds;
mod synthesis;

pub use bounds::{Chain, Leave, Lineage, Request};
pub use purse::Purse;
pub use rounds::{Rounds, Step};
pub use synthesis::synthesize;
