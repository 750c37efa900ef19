//! The few tasks of a plan that don't wait as most do: kept apart, so that the others cost nothing more.

use super::adjacency::Adjacency;
use super::{Ends, Join, Node, NodeIx, PlanError};

/// A task with a join of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Special {
    pub(super) node: NodeIx,
    pub(super) rule: Join,
    pub(super) cancel_rest: bool,
    /// Upstream tasks that count for the join, and those that don't count for it alone: what it needs besides.
    pub(super) joined: u32,
    pub(super) others: u32,
}

/// All of them, by number.
#[derive(Clone, Debug)]
pub(super) struct Specials {
    joins: Box<[Special]>,
    /// Tasks that no join calls off, by number; empty where no join would.
    kept: Box<[NodeIx]>,
    cancels: bool,
}

impl Specials {
    pub(super) fn of(nodes: &[Node]) -> Specials {
        let all = || nodes.iter().enumerate().map(|(n, node)| (NodeIx::at(n), node));
        let joins = all().filter(|(_, node)| node.join != Join::AllSuccess || node.cancel_rest).map(|(ix, node)| Special {
            node: ix,
            rule: node.join,
            cancel_rest: node.cancel_rest,
            joined: 0,
            others: 0,
        });
        let cancels = nodes.iter().any(|node| node.cancel_rest);
        let kept = all().filter(|(_, node)| cancels && node.kept).map(|(ix, _)| ix);
        Specials { joins: joins.collect(), kept: kept.collect(), cancels }
    }
    /// Counts what each ranges over, and refuses what can't be met.
    pub(super) fn check(&mut self, upstream: &Adjacency) -> Result<(), PlanError> {
        for special in &mut self.joins {
            let Special { node, rule: join, .. } = *special;
            let edges = upstream.row(node.index());
            special.joined = edges.iter().filter(|(_, wants)| wants.is_joined()).count() as u32;
            special.others = edges.iter().filter(|(_, wants)| *wants != super::Wants::Success).count() as u32;
            let of = special.joined;
            let possible = match join {
                Join::AtLeast(n) => n >= 1 && n <= of,
                _ => of > 0,
            };
            if !possible {
                return Err(PlanError::BadJoin { node, join, of });
            }
            if special.cancel_rest && !join.can_cancel_rest() {
                return Err(PlanError::NoRest { node, join });
            }
        }
        Ok(())
    }
    pub(super) fn joins(&self) -> &[Special] {
        &self.joins
    }
    /// Where among [`Specials::joins`] a task stands, if it does.
    pub(super) fn of_node(&self, node: NodeIx) -> Option<usize> {
        if self.joins.is_empty() {
            return None;
        }
        self.joins.binary_search_by_key(&node, |special| special.node).ok()
    }
    /// True if some join calls off what it needs no more.
    pub(super) fn cancels(&self) -> bool {
        self.cancels
    }
    pub(super) fn is_kept(&self, node: NodeIx) -> bool {
        self.kept.binary_search(&node).is_ok()
    }
}

/// What a task with a join of its own has heard so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard {
    /// Of those that count for the join.
    pub(super) ends: Ends,
    /// Of the others: how many have not ended.
    pub(super) others: u32,
}
impl Heard {
    pub(super) fn nothing(special: &Special) -> Heard {
        Heard { ends: Ends::of(special.joined), others: special.others }
    }
}
