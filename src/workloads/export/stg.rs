//! Writing STG: whole numbers, no names, no kinds, no bytes.

use super::Exported;
use crate::report::harmless;
use crate::workloads::stg::{KIND, name};
use crate::workloads::{TaskGraph, WorkloadError};
use core::fmt::Write;

/// From here on not every whole number is a number of 64 bits any more.
const WHOLE: f64 = 9_007_199_254_740_992.0;
/// The most digits behind the point that a time may keep.
const DIGITS: i32 = 9;
/// As many it keeps if more would be needed.
const ROUNDED: i32 = 6;

impl TaskGraph {
    /// The graph as [`stg`](crate::workloads::stg()) reads it: numbers for names, whole numbers for times, a dummy before and one after all.
    ///
    /// The unit of time is a second if all work is whole; else the greatest of 0.1 s to 1 ns in which all work is whole; else 1 µs, and work
    /// is rounded to it. That, and whatever else the format has no place for, is said. Tasks keep their order if each stands after all that it waits
    /// for, as the format wants it; else they are put in such an order. O((tasks + edges) · log).
    ///
    /// # Errors
    /// If a task has so much work that its number of seconds is not exact any more (from 2⁵³ s on).
    ///
    /// ```
    /// use polity::workloads::{GraphEdge, TaskGraph, stg};
    /// let graph = TaskGraph::new("pair", [("t1", "task", 2.0), ("t2", "task", 3.0)], [GraphEdge::new(0, 1, 0)])?;
    /// let exported = graph.to_stg()?;
    /// assert_eq!(exported.text, "2\n0 0 0\n1 2 1 0\n2 3 1 1\n3 0 1 2\n# pair, written by polity; times in s\n");
    /// assert_eq!((stg(&exported.text)?.named("pair"), exported.lost.len()), (graph, 0));
    /// # Ok::<(), polity::workloads::WorkloadError>(())
    /// ```
    pub fn to_stg(&self) -> Result<Exported, WorkloadError> {
        let clock = Clock::of(self)?;
        let sorted = self.edges().iter().all(|edge| edge.from < edge.to);
        let order: Vec<usize> = if sorted { (0..self.tasks().len()).collect() } else { self.topological().collect() };
        let mut lost = clock.lost(self);
        lost.extend(nameless(self, &order));
        if !sorted {
            lost.push("its tasks stand after what they wait for, so that they have another order".to_owned());
        }
        let unit = if clock.scale == 1.0 { "s".to_owned() } else { format!("{} s", clock.unit()) };
        let name = harmless(self.name());
        let text = format!("{}# {name}, written by polity; times in {unit}\n", lines(self, &order, &clock));
        Ok(Exported { text, lost })
    }
}

/// How many of its units a second is.
struct Clock {
    scale: f64,
}
impl Clock {
    fn of(graph: &TaskGraph) -> Result<Clock, WorkloadError> {
        let longest = graph.tasks().iter().map(|task| task.work).fold(0.0, f64::max);
        if let Some(task) = graph.tasks().iter().find(|task| task.work >= WHOLE) {
            return Err(WorkloadError::new(format!(
                "the work of task \"{}\" must be below {WHOLE} s to be written as STG, but is {} s; write WfFormat or taskdag/1 instead",
                task.name, task.work
            )));
        }
        let fits = |digits: &i32| longest * 10f64.powi(*digits) < WHOLE;
        let clock = |digits: i32| Clock { scale: 10f64.powi(digits) };
        let exact = (0..=DIGITS).filter(fits).map(clock).find(|clock| clock.rounded(graph) == 0);
        // With no digit at all it fits: that was checked above.
        Ok(exact.or_else(|| (0..=ROUNDED).rev().find(fits).map(clock)).unwrap_or(Clock { scale: 1.0 }))
    }
    fn units(&self, seconds: f64) -> f64 {
        (seconds * self.scale).round()
    }
    fn unit(&self) -> f64 {
        1.0 / self.scale
    }
    /// How many tasks would have another work.
    fn rounded(&self, graph: &TaskGraph) -> usize {
        graph.tasks().iter().filter(|task| self.units(task.work) / self.scale != task.work).count()
    }
    fn lost(&self, graph: &TaskGraph) -> Vec<String> {
        let (unit, scale, rounded) = (self.unit(), self.scale, self.rounded(graph));
        let scaled = (scale != 1.0).then(|| {
            format!("its times are whole numbers: one is {unit} s here, so that what reads them takes {scale} for a second")
        });
        let rounded = (rounded > 0).then(|| {
            let (of, verb) = (graph.tasks().len(), if rounded == 1 { "is" } else { "are" });
            format!("{rounded} of {of} times {verb} rounded, by {} s at most", unit / 2.0)
        });
        scaled.into_iter().chain(rounded).collect()
    }
}

/// What has no place in the format, if the graph has it.
fn nameless(graph: &TaskGraph, order: &[usize]) -> Vec<String> {
    let mut lost = Vec::new();
    if order.iter().enumerate().any(|(n, task)| graph.tasks()[*task].name != name(n as u64 + 1)) {
        lost.push(format!("it has no names: tasks are {} to {}", name(1), name(order.len() as u64)));
    }
    if graph.kinds() != [KIND] {
        lost.push(format!("it has no kinds of work, and the graph has {}", graph.kinds().len()));
    }
    let carrying = graph.edges().iter().filter(|edge| edge.bytes > 0).count();
    if carrying > 0 {
        let edges = if carrying == 1 { "edge carries" } else { "edges carry" };
        lost.push(format!("it has no bytes: {carrying} {edges} {} in all", graph.total_bytes()));
    }
    lost
}

/// All lines but the trailer.
fn lines(graph: &TaskGraph, order: &[usize], clock: &Clock) -> String {
    let tasks = order.len();
    let mut place = vec![0; tasks];
    order.iter().enumerate().for_each(|(n, task)| place[*task] = n + 1);
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); tasks + 2];
    let mut is_last = vec![true; tasks + 1];
    for edge in graph.edges() {
        before[place[edge.to]].push(place[edge.from]);
        is_last[place[edge.from]] = false;
    }
    // What waits for nothing waits for the first dummy, and the last one for all that nothing waits for.
    before[1..=tasks].iter_mut().filter(|before| before.is_empty()).for_each(|before| before.push(0));
    before[tasks + 1] = (1..=tasks).filter(|n| is_last[*n]).collect();
    let mut text = format!("{tasks}\n");
    for (n, before) in before.iter_mut().enumerate() {
        before.sort_unstable();
        let work = n.checked_sub(1).and_then(|n| order.get(n)).map_or(0.0, |task| clock.units(graph.tasks()[*task].work));
        let _ = write!(text, "{n} {} {}", work as u64, before.len()); // writing to a text does not fail
        before.iter().for_each(|from| text.push_str(&format!(" {from}")));
        text.push('\n');
    }
    text
}
