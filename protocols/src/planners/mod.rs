//! Offline planners: a whole workflow, planned before it runs. Pure functions from plain numbers to a [`Schedule`].
//!
//! They know what no protocol knows: all tasks, what comes after what, and what each will cost. So they are a bar to measure
//! protocols by. What they plan, [`pinned`](crate::pinned) carries out.
//!
//! | planner | rule | cost for v tasks, e edges, p agents |
//! |---|---|---|
//! | [`heft`](fn@heft) | by upward rank, each to its earliest finish, gaps are filled | O((v + e) p), and the search for gaps |
//! | [`cpop`](fn@cpop) | the critical path on one agent, all else by earliest finish | the same |
//! | [`maxmin`](fn@maxmin) | of the tasks that are ready the one whose best finish is latest | O(v · ready · p + e p) |
//!
//! HEFT and CPOP are those of Topcuoglu, Hariri and Wu (2002), "Performance-effective and low-complexity task scheduling for
//! heterogeneous computing". Max-min is that of Ibarra and Kim (1977), by the description of Braun et al. (2001), applied to the
//! tasks whose predecessors are planned.
//!
//! ```
//! use polity_protocols::planners::{Edge, Workload, heft};
//! // Two independent tasks, and one that needs both; the second agent is twice as fast.
//! let edges = vec![Edge::new(0, 2, 1.0), Edge::new(1, 2, 1.0)];
//! let workload = Workload::by_speed(&[2.0, 4.0, 2.0], &[1.0, 2.0], edges).unwrap();
//! let plan = heft(&workload);
//! assert_eq!(plan.makespan, 4.0);
//! assert_eq!(plan.fault(&workload), None);
//! ```

mod cpop;
mod heft;
mod maxmin;
mod rank;
mod schedule;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
mod timeline;
mod workload;

pub use cpop::cpop;
pub use heft::heft;
pub use maxmin::maxmin;
pub use schedule::{Planned, Schedule};
pub use workload::{BadWorkload, Edge, Workload};
