//! The critical path on one processor.

use super::rank::{downward, upward};
use super::schedule::Schedule;
use super::timeline::Timeline;
use super::workload::Workload;
use core::cmp::Ordering;
use std::collections::BinaryHeap;

/// CPOP of Topcuoglu, Hariri and Wu (2002): the tasks of the critical path all go to the agent that does that path fastest, any other
/// one to the agent on which it ends first; of the tasks that are ready the one on the longest path is next. If no agent is able to do
/// the whole critical path, all go by earliest finish.
///
/// O((tasks + edges) · agents), and a search for gaps that costs at most the tasks of an agent.
///
/// ```
/// use polity_protocols::planners::{Edge, Workload, cpop};
/// // A chain and a task beside it: the chain stays on the agent that is best at all of it.
/// let costs = vec![vec![2.0, 3.0], vec![3.0, 1.0], vec![2.0, 2.0]];
/// let plan = cpop(&Workload::new(costs, vec![Edge::new(0, 1, 5.0)]).unwrap());
/// assert_eq!((plan.assignments[0].agent, plan.assignments[1].agent, plan.makespan), (1, 1, 4.0));
/// ```
pub fn cpop(workload: &Workload) -> Schedule {
    let (up, down) = (upward(workload), downward(workload));
    let mut path = vec![false; workload.tasks()];
    let critical = critical_path(workload, &up);
    let best = best_for(workload, &critical);
    critical.iter().for_each(|task| path[*task] = true);
    let mut missing: Vec<usize> = (0..workload.tasks()).map(|task| workload.before(task).len()).collect();
    let entry = |task: usize| Ready { priority: up[task] + down[task], task };
    let mut ready: BinaryHeap<Ready> = (0..workload.tasks()).filter(|task| missing[*task] == 0).map(entry).collect();
    let mut timeline = Timeline::new(workload);
    while let Some(Ready { task, .. }) = ready.pop() {
        let planned = match best.filter(|_| path[task]) {
            Some(agent) => timeline.fit(task, agent),
            None => timeline.earliest(task),
        };
        timeline.put(task, planned);
        for (next, _) in workload.after(task) {
            missing[*next] -= 1;
            if missing[*next] == 0 {
                ready.push(entry(*next));
            }
        }
    }
    timeline.finish()
}

/// From the entry with the longest way to the end, along that way.
fn critical_path(workload: &Workload, up: &[f64]) -> Vec<usize> {
    let farther = |best: (usize, f64), other: (usize, f64)| if other.1 > best.1 { other } else { best };
    let entries = workload.order().iter().filter(|task| workload.before(**task).is_empty());
    let mut next = entries.map(|task| (*task, up[*task])).reduce(farther);
    let mut path = Vec::new();
    while let Some((task, _)) = next {
        path.push(task);
        next = workload.after(task).iter().map(|(after, transfer)| (*after, transfer + up[*after])).reduce(farther);
    }
    path
}

/// The agent that does the whole path in the least time (ties: the lowest number); `None` if nobody is able to do all of it.
fn best_for(workload: &Workload, path: &[usize]) -> Option<usize> {
    let total = |agent: usize| (agent, path.iter().map(|task| workload.cost(*task, agent)).sum::<f64>());
    let shorter = |best: (usize, f64), other: (usize, f64)| if other.1 < best.1 { other } else { best };
    (0..workload.agents()).map(total).reduce(shorter).filter(|(_, seconds)| seconds.is_finite()).map(|(agent, _)| agent)
}

/// A task that is ready: the greatest is on the longest path, and of those the one of the lowest number.
struct Ready {
    priority: f64,
    task: usize,
}
impl Ord for Ready {
    fn cmp(&self, other: &Ready) -> Ordering {
        self.priority.total_cmp(&other.priority).then(other.task.cmp(&self.task))
    }
}
impl PartialOrd for Ready {
    fn partial_cmp(&self, other: &Ready) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Ready {
    fn eq(&self, other: &Ready) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Ready {}
