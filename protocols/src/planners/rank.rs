//! How far it is from a task to the end, and from the start to it.

use super::workload::Workload;

/// The longest path from each task to the end, itself included, by mean costs and transfers.
pub(super) fn upward(workload: &Workload) -> Vec<f64> {
    let mut rank = vec![0.0; workload.tasks()];
    for task in workload.order().iter().rev() {
        let rest = workload.after(*task).iter().map(|(next, transfer)| transfer + rank[*next]).fold(0.0, f64::max);
        rank[*task] = workload.mean_cost(*task) + rest;
    }
    rank
}

/// The longest path from the start to each task, itself not included.
pub(super) fn downward(workload: &Workload) -> Vec<f64> {
    let mut rank = vec![0.0; workload.tasks()];
    for task in workload.order() {
        let before = workload.before(*task).iter();
        let path = before.map(|(earlier, transfer)| rank[*earlier] + workload.mean_cost(*earlier) + transfer);
        rank[*task] = path.fold(0.0, f64::max);
    }
    rank
}
