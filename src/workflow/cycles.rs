//! Circles among tasks.

use super::model::Dependency;

/// Circles that are told.
const MAX_CIRCLES: usize = 20;

/// Finds circles by depth-first search, at least one if there is any, each as a list in which every task depends on
/// the next and the last on the first. Without recursion: a chain may be as long as there are tasks. O(tasks + edges).
pub(super) fn cycles(edges: &[Vec<Dependency>]) -> Vec<Vec<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut marks = vec![Mark::New; edges.len()];
    let mut found = Vec::new();
    for start in 0..edges.len() {
        if marks[start] != Mark::New {
            continue;
        }
        marks[start] = Mark::Open;
        let mut path = vec![(start, 0)];
        while let Some((task, next)) = path.last_mut() {
            let Some(edge) = edges[*task].get(*next) else {
                marks[*task] = Mark::Done;
                path.pop();
                continue;
            };
            *next += 1;
            match marks[edge.on] {
                Mark::New => {
                    marks[edge.on] = Mark::Open;
                    path.push((edge.on, 0));
                }
                Mark::Open if found.len() >= MAX_CIRCLES => {}
                Mark::Open => {
                    let from = path.iter().position(|(t, _)| *t == edge.on).unwrap_or(0);
                    found.push(path[from..].iter().map(|(t, _)| *t).collect());
                }
                Mark::Done => {}
            }
        }
    }
    found
}
