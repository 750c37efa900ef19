//! *Whether again*: one task's life from announced to settled. Pure.

mod policy;

pub use policy::{Jitter, RetryPolicy, Timeouts};
