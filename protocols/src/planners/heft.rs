//! Heterogeneous earliest finish time.

use super::rank::upward;
use super::schedule::Schedule;
use super::timeline::Timeline;
use super::workload::Workload;

/// HEFT of Topcuoglu, Hariri and Wu (2002): tasks by falling upward rank, each to the agent on which it ends first, in a gap if one
/// is long enough. Ties go to what comes first in the order of the graph, and to the agent of the lower number.
///
/// O((tasks + edges) · agents), and a search for gaps that costs at most the tasks of an agent.
///
/// ```
/// use polity_protocols::planners::{Workload, heft};
/// let plan = heft(&Workload::by_speed(&[3.0, 1.0, 2.0], &[1.0, 1.0], vec![]).unwrap());
/// assert_eq!(plan.makespan, 3.0);
/// ```
pub fn heft(workload: &Workload) -> Schedule {
    let rank = upward(workload);
    let mut order = workload.order().to_vec();
    // A rank is never below that of what comes after, so a stable sort keeps the order of the graph.
    order.sort_by(|a, b| rank[*b].total_cmp(&rank[*a]));
    let mut timeline = Timeline::new(workload);
    for task in order {
        timeline.put(task, timeline.earliest(task));
    }
    timeline.finish()
}
