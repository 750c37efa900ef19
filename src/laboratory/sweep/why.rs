//! Why runs did not end well: some are made once more, to be asked.

use super::page::{Kept, Summary};
use crate::laboratory::Trial;
use crate::laboratory::compare::short;

/// Strategies that are asked.
const MOST: usize = 3;

/// A sentence for the first cell of each strategy with runs that did not end well.
pub(super) fn failures(kept: &Kept) -> Vec<String> {
    let mut asked: Vec<&str> = Vec::new();
    let mut said = Vec::new();
    for row in kept.rows.iter().filter(|row| row.failed > 0) {
        if !asked.contains(&row.cell.arm.name.as_str()) && asked.len() < MOST {
            asked.push(&row.cell.arm.name);
            said.extend(failure(row));
        }
    }
    said
}

fn failure(row: &Summary) -> Option<String> {
    let (cell, seed) = (&row.cell, row.first_failed?);
    let why = Trial::under(&cell.condition.subject(seed).ok()?, cell.arm.strategy.clone(), seed).why()?;
    let (strategy, number) = (short(&cell.arm.name), cell.index + 1);
    Some(format!("{} of {} runs of cell {number} ({strategy}) did not end well; with seed {seed}: {why}", row.failed, row.n))
}
