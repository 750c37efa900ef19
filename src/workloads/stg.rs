//! Reading graphs of the Standard Task Graph Set.

use super::walk::shown_text;
use super::{GraphEdge, TaskGraph, WorkloadError};

/// The kind of all tasks, since the format tells none.
pub(super) const KIND: &str = "task";

/// What the task of a number is called.
pub(super) fn name(number: u64) -> String {
    format!("t{number}")
}

/// The graph of an `.stg` text: named `stg`, tasks `t1`, `t2`, …, all of kind `task`, no bytes on the edges.
///
/// The format: the number of tasks *n*; then a line for each of *n* + 2 tasks: its number, its time, how many come right before it, and their
/// numbers; then a trailer of lines that begin with `#`, which is passed over. The first and the last task are dummies without work
/// that stand before and after all others: they are dropped, and the edges with them.
///
/// Source: Tobita and Kasahara (2002), *A standard task graph set for fair evaluation of multiprocessor scheduling algorithms*.
///
/// # Errors
/// With the line that is not as expected, or the sentence of [`TaskGraph::new`].
///
/// ```
/// let text = "2\n 0 0 0\n 1 9 1 0\n 2 4 1 1\n 3 0 1 2\n# CP Length : 13\n";
/// let graph = polity::workloads::stg(text)?;
/// assert_eq!((graph.tasks().len(), graph.critical_work()), (2, 13.0));
/// # Ok::<(), polity::workloads::WorkloadError>(())
/// ```
pub fn stg(text: &str) -> Result<TaskGraph, WorkloadError> {
    let lines = text.lines().enumerate().map(|(n, line)| Line { number: n + 1, text: line.trim() });
    let mut lines = lines.filter(|line| !line.text.is_empty()).take_while(|line| !line.text.starts_with('#'));
    let head = lines.next().ok_or_else(|| WorkloadError::new("has no number of tasks; expected it in the first line"))?;
    let [inner] = head.whole_numbers()?[..] else {
        return Err(head.wrong("the number of tasks, alone"));
    };
    let last = inner.checked_add(1).ok_or_else(|| head.wrong("a number of tasks"))?;
    let (mut tasks, mut edges, mut next) = (Vec::new(), Vec::new(), 0);
    for line in lines {
        let [number, time, count, before @ ..] = &line.whole_numbers()?[..] else {
            return Err(line.wrong("a task: its number, its time, how many come before it, and which"));
        };
        if next > last {
            return Err(line.wrong(&format!("no further task: the first line says {inner}, and two dummies")));
        }
        if *number != next {
            return Err(line.wrong(&format!("task number {next}, since tasks stand in order")));
        }
        if usize::try_from(*count) != Ok(before.len()) {
            return Err(line.wrong(&format!("as many predecessors as it says, {count}, not {}", before.len())));
        }
        if let Some(unknown) = before.iter().find(|from| **from > last) {
            return Err(line.wrong(&format!("predecessors of 0 to {last}, not {unknown}")));
        }
        let is_dummy = next == 0 || next == last;
        if is_dummy && *time != 0 {
            return Err(line.wrong(&format!("a time of 0, since the first and the last task are dummies, not {time}")));
        }
        if next == 0 && !before.is_empty() || before.contains(&last) {
            return Err(line.wrong("no task before the first dummy or after the last"));
        }
        if !is_dummy {
            tasks.push((name(*number), KIND, *time as f64));
            // Numbers are from 1 here, since the dummy has 0, and are at most `last`.
            let inner = before.iter().filter(|from| **from > 0);
            edges.extend(inner.map(|from| GraphEdge::new(*from as usize - 1, *number as usize - 1, 0)));
        }
        next += 1;
    }
    if next <= last {
        let all = u128::from(last) + 1;
        return Err(WorkloadError::new(format!(
            "ends after {next} of {all} tasks ({inner} and two dummies); fetch the file again, it was cut off"
        )));
    }
    TaskGraph::new("stg", tasks, edges)
}

struct Line<'a> {
    number: usize,
    text: &'a str,
}
impl Line<'_> {
    fn wrong(&self, expected: &str) -> WorkloadError {
        let (number, given) = (self.number, shown_text(self.text));
        WorkloadError::new(format!(
            "line {number}: expected {expected}; the line is {given}; correct it, or fetch the file again"
        ))
    }
    fn whole_numbers(&self) -> Result<Vec<u64>, WorkloadError> {
        let numbers: Result<Vec<u64>, _> = self.text.split_whitespace().map(str::parse).collect();
        numbers.map_err(|_| self.wrong("whole numbers of at least 0, with spaces between them"))
    }
}
