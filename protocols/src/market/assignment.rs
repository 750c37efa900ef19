//! The least-cost assignment of rows (tasks) to columns (places with agents).
//!
//! Shortest augmenting paths with dual prices: Kuhn (1955), Munkres (1957), in the form of Jonker and Volgenant (1987). The dual prices
//! are kept, so that "what if this agent were not here?" costs one more path per task that it has, and not a new start; that is what
//! VCG payments ask ([`super::vcg`]).

/// A matrix of costs. An infinite (or NaN) cost means that the row can't have that column.
///
/// ```
/// use polity_protocols::market::assignment::{Costs, assign};
/// let costs = Costs::from_rows(&[vec![4.0, 1.0, 3.0], vec![2.0, 0.0, 5.0], vec![3.0, 2.0, 2.0]]);
/// let best = assign(&costs);
/// assert_eq!(best.columns(), [Some(1), Some(0), Some(2)]);
/// assert_eq!(best.cost(), 5.0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Costs {
    rows: usize,
    columns: usize,
    cells: Vec<f64>,
}

impl Costs {
    /// A matrix in which no row can have any column.
    pub fn none(rows: usize, columns: usize) -> Costs {
        Costs { rows, columns, cells: vec![f64::INFINITY; rows * columns] }
    }
    /// A matrix from its rows; a short row ends in cells that can't be had.
    pub fn from_rows(rows: &[Vec<f64>]) -> Costs {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut costs = Costs::none(rows.len(), columns);
        for (row, cells) in rows.iter().enumerate() {
            for (column, cost) in cells.iter().enumerate() {
                costs.set(row, column, *cost);
            }
        }
        costs
    }
    /// Sets one cost.
    pub fn set(&mut self, row: usize, column: usize, cost: f64) {
        self.cells[row * self.columns + column] = if cost.is_nan() { f64::INFINITY } else { cost };
    }
    /// One cost.
    pub fn get(&self, row: usize, column: usize) -> f64 {
        self.cells[row * self.columns + column]
    }
    /// How many rows.
    pub fn rows(&self) -> usize {
        self.rows
    }
    /// How many columns.
    pub fn columns(&self) -> usize {
        self.columns
    }
    fn row(&self, row: usize) -> &[f64] {
        &self.cells[row * self.columns..(row + 1) * self.columns]
    }
}

/// Nobody: a row without a column, or a column without a row.
const NONE: usize = usize::MAX;

/// An assignment of least cost, with the dual prices that prove it.
#[derive(Clone, Debug)]
pub struct Assignment<'a> {
    costs: &'a Costs,
    column_of: Vec<usize>,
    row_of: Vec<usize>,
    /// Dual prices: `row_price[r] + column_price[c] <= cost[r][c]`, with equality where r has c.
    row_price: Vec<f64>,
    column_price: Vec<f64>,
    barred: Vec<bool>,
    scratch: Scratch,
}

/// What a search needs, kept so that it allocates nothing.
#[derive(Clone, Debug, Default)]
struct Scratch {
    nearest: Vec<f64>,
    came_from: Vec<usize>,
    done: Vec<bool>,
    visited: Vec<usize>,
}

/// Assigns as many rows as can be, earlier rows before later ones, at the least cost for those rows. Each column is given once.
///
/// O(rows² · columns). Ties go to the lower column, and an assigned row moves only if that lowers the cost.
pub fn assign(costs: &Costs) -> Assignment<'_> {
    let mut assignment = Assignment {
        costs,
        column_of: vec![NONE; costs.rows],
        row_of: vec![NONE; costs.columns],
        row_price: vec![0.0; costs.rows],
        column_price: vec![0.0; costs.columns],
        barred: vec![false; costs.columns],
        scratch: Scratch::default(),
    };
    for row in 0..costs.rows {
        if costs.row(row).iter().any(|cost| cost.is_finite()) {
            assignment.begin(row);
            assignment.augment(row);
        }
    }
    assignment
}

/// Assigns rows to agents of which each has a number of places: `costs` has one column per agent.
///
/// ```
/// use polity_protocols::market::assignment::{Costs, assign_slots};
/// let costs = Costs::from_rows(&[vec![1.0, 5.0], vec![1.0, 5.0], vec![1.0, 5.0]]);
/// assert_eq!(assign_slots(&costs, &[2, 1]), (vec![Some(0), Some(0), Some(1)], 7.0));
/// ```
pub fn assign_slots(costs: &Costs, slots: &[usize]) -> (Vec<Option<usize>>, f64) {
    let places: Vec<usize> = (0..costs.columns)
        .flat_map(|agent| core::iter::repeat_n(agent, slots.get(agent).copied().unwrap_or(0).min(costs.rows)))
        .collect();
    let mut wide = Costs::none(costs.rows, places.len());
    for row in 0..costs.rows {
        for (place, agent) in places.iter().enumerate() {
            wide.set(row, place, costs.get(row, *agent));
        }
    }
    let best = assign(&wide);
    (best.columns().into_iter().map(|place| place.map(|place| places[place])).collect(), best.cost())
}

impl Scratch {
    fn begin(&mut self, columns: usize) {
        self.nearest.clear();
        self.nearest.resize(columns, f64::INFINITY);
        self.came_from.clear();
        self.came_from.resize(columns, NONE);
        self.done.clear();
        self.done.resize(columns, false);
        self.visited.clear();
    }
}

impl Assignment<'_> {
    /// The column of each row.
    pub fn columns(&self) -> Vec<Option<usize>> {
        self.column_of.iter().map(|column| (*column != NONE).then_some(*column)).collect()
    }
    /// The column of one row.
    pub fn column(&self, row: usize) -> Option<usize> {
        Some(self.column_of[row]).filter(|column| *column != NONE)
    }
    /// The cost in all.
    pub fn cost(&self) -> f64 {
        let pairs = self.column_of.iter().enumerate().filter(|(_, column)| **column != NONE);
        pairs.map(|(row, column)| self.costs.get(row, *column)).sum()
    }
    /// The same rows without some columns: the rows that had one look for another. O(rows · columns) for each.
    pub fn without(&self, gone: impl Fn(usize) -> bool) -> Self {
        let mut rest = self.clone();
        for column in 0..self.costs.columns {
            rest.barred[column] |= gone(column);
        }
        for row in 0..self.costs.rows {
            let column = self.column_of[row];
            if column != NONE && rest.barred[column] {
                (rest.column_of[row], rest.row_of[column]) = (NONE, NONE);
            }
        }
        for row in 0..self.costs.rows {
            if self.column_of[row] != NONE && rest.column_of[row] == NONE {
                rest.augment(row);
            }
        }
        rest
    }
    /// Starts the row at the largest price that is at most what any column costs it.
    fn begin(&mut self, row: usize) {
        let slack = self.costs.row(row).iter().zip(&self.column_price).map(|(cost, price)| cost - price);
        self.row_price[row] = slack.fold(f64::INFINITY, f64::min);
    }
    /// Gives the row a column by the shortest path of changes; false if there is none.
    fn augment(&mut self, start: usize) -> bool {
        let mut scratch = core::mem::take(&mut self.scratch);
        scratch.begin(self.costs.columns);
        let found = self.search(start, &mut scratch);
        if let Some(end) = found {
            self.reprice(start, scratch.nearest[end], &scratch.visited, &scratch.nearest);
            self.shift(start, end, &scratch.came_from);
        }
        self.scratch = scratch;
        found.is_some()
    }
    /// The free column at the end of the shortest path of changes (Dijkstra over reduced costs).
    fn search(&self, start: usize, scratch: &mut Scratch) -> Option<usize> {
        let columns = self.costs.columns;
        let Scratch { nearest, came_from, done, visited } = scratch;
        let (mut row, mut base, mut via) = (start, 0.0, NONE);
        loop {
            let (mut next, mut least) = (NONE, f64::INFINITY);
            let cells = self.costs.row(row);
            for column in 0..columns {
                if done[column] || self.barred[column] {
                    continue;
                }
                let reach = base + (cells[column] - self.row_price[row] - self.column_price[column]).max(0.0);
                if reach < nearest[column] {
                    (nearest[column], came_from[column]) = (reach, via);
                }
                // On a tie a free column ends the path: nobody has to move for nothing.
                let freer = next != NONE && nearest[column] == least && self.row_of[column] == NONE && self.row_of[next] != NONE;
                if nearest[column] < least || freer {
                    (next, least) = (column, nearest[column]);
                }
            }
            if next == NONE {
                return None;
            }
            done[next] = true;
            if self.row_of[next] == NONE {
                return Some(next);
            }
            visited.push(next);
            (row, base, via) = (self.row_of[next], least, next);
        }
    }
    fn reprice(&mut self, start: usize, length: f64, visited: &[usize], nearest: &[f64]) {
        self.row_price[start] += length;
        for column in visited {
            let gain = length - nearest[*column];
            self.row_price[self.row_of[*column]] += gain;
            self.column_price[*column] -= gain;
        }
    }
    fn shift(&mut self, start: usize, end: usize, came_from: &[usize]) {
        let mut column = end;
        loop {
            let previous = came_from[column];
            let row = if previous == NONE { start } else { self.row_of[previous] };
            (self.row_of[column], self.column_of[row]) = (row, column);
            if previous == NONE {
                return;
            }
            column = previous;
        }
    }
}
