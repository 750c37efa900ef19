//! The longest first.

use super::schedule::{Planned, Schedule};
use super::timeline::Timeline;
use super::workload::Workload;

/// Max-min: of the tasks whose predecessors are planned, the one whose best finish is latest goes, to the agent of that finish, behind
/// all that the agent has. Long tasks so start early, and short ones fill what is left. Ties go to the lower numbers.
///
/// O(tasks · ready · agents + edges · agents), where `ready` is how many are ready at a time.
///
/// ```
/// use polity_protocols::planners::{Workload, maxmin};
/// let plan = maxmin(&Workload::by_speed(&[1.0, 1.0, 2.0], &[1.0, 1.0], vec![]).unwrap());
/// assert_eq!(plan.makespan, 2.0);
/// ```
pub fn maxmin(workload: &Workload) -> Schedule {
    let mut timeline = Timeline::new(workload);
    let mut missing: Vec<usize> = (0..workload.tasks()).map(|task| workload.before(task).len()).collect();
    let mut ready: Vec<Ready> = Vec::new();
    for task in (0..workload.tasks()).filter(|task| missing[*task] == 0) {
        ready.push(Ready::new(task, workload, &timeline));
    }
    while let Some((at, planned)) = pick(&ready, workload, &timeline) {
        let task = ready.remove(at).task;
        timeline.put(task, planned);
        for (next, _) in workload.after(task) {
            missing[*next] -= 1;
            if missing[*next] == 0 {
                let at = ready.partition_point(|other| other.task < *next);
                ready.insert(at, Ready::new(*next, workload, &timeline));
            }
        }
    }
    timeline.finish()
}

/// A task whose predecessors are planned, and when its input would be with each agent.
struct Ready {
    task: usize,
    arrivals: Vec<f64>,
}
impl Ready {
    fn new(task: usize, workload: &Workload, timeline: &Timeline<'_>) -> Ready {
        Ready { task, arrivals: (0..workload.agents()).map(|agent| timeline.arrival(task, agent)).collect() }
    }
    /// Where it would end first.
    fn best(&self, workload: &Workload, timeline: &Timeline<'_>) -> Option<Planned> {
        let plan = |(agent, arrival): (usize, &f64)| {
            let start = arrival.max(timeline.end(agent));
            Planned { agent, start, finish: start + workload.cost(self.task, agent) }
        };
        let all = self.arrivals.iter().enumerate().map(plan);
        all.reduce(|best, other| if other.finish < best.finish { other } else { best })
    }
}

fn pick(ready: &[Ready], workload: &Workload, timeline: &Timeline<'_>) -> Option<(usize, Planned)> {
    let all = ready.iter().enumerate().filter_map(|(at, task)| Some((at, task.best(workload, timeline)?)));
    all.reduce(|longest, other| if other.1.finish > longest.1.finish { other } else { longest })
}
