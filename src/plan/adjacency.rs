//! Compressed sparse rows: a graph's edges in two flat arrays, 8 bytes an edge and 4 a node.

use super::{NodeIx, Wants};

/// One edge as seen from one of its ends: the other end, and what is wanted along it.
pub(super) type Edge = (NodeIx, Wants);

/// For each node a row of edges, sorted by the other end.
#[derive(Clone, Debug)]
pub(super) struct Adjacency {
    offsets: Box<[u32]>, // one more than there are nodes: row n is edges[offsets[n]..offsets[n + 1]]
    edges: Box<[Edge]>,
}

impl Adjacency {
    /// From one list of edges per node, in order; parallel edges become one that wants what they want together. `O(e log e)` at worst.
    pub(super) fn from_rows(rows: impl ExactSizeIterator<Item = Vec<Edge>>) -> Adjacency {
        let mut offsets = Vec::with_capacity(rows.len() + 1);
        let mut edges = Vec::new();
        offsets.push(0);
        for mut row in rows {
            row.sort_unstable();
            row.dedup_by(|next, kept| {
                let same = next.0 == kept.0;
                if same {
                    kept.1 = kept.1.and(next.1);
                }
                same
            });
            edges.append(&mut row);
            offsets.push(edges.len() as u32);
        }
        Adjacency { offsets: offsets.into(), edges: edges.into() }
    }
    /// The same edges seen from their other ends. `O(n + e)`.
    pub(super) fn reversed(&self) -> Adjacency {
        let mut offsets = vec![0u32; self.offsets.len()];
        for (upstream, _) in &self.edges {
            offsets[upstream.index() + 1] += 1;
        }
        for n in 1..offsets.len() {
            offsets[n] += offsets[n - 1];
        }
        let mut next = offsets.clone();
        let mut edges = vec![(NodeIx(0), Wants::Ended); self.edges.len()];
        for n in 0..self.len() {
            for &(upstream, wants) in self.row(n) {
                let place = &mut next[upstream.index()];
                edges[*place as usize] = (NodeIx::at(n), wants);
                *place += 1;
            }
        }
        Adjacency { offsets: offsets.into(), edges: edges.into() }
    }
    /// Nodes.
    pub(super) fn len(&self) -> usize {
        self.offsets.len() - 1
    }
    /// Edges.
    pub(super) fn edge_count(&self) -> usize {
        self.edges.len()
    }
    /// The edges of node `n`.
    pub(super) fn row(&self, n: usize) -> &[Edge] {
        &self.edges[self.offsets[n] as usize..self.offsets[n + 1] as usize]
    }
}
