//! A large team hands out everything, and its results go up the tree.

#[path = "../benches/teams/yard.rs"]
#[allow(dead_code)] // the bench uses more of it
mod yard;

use polity_protocols::hierarchical::{Delegation, Hierarchical, Reporting};
use yard::{Yard, set, unequal};

#[test]
fn a_large_tree_hands_out_everything() {
    for delegation in [Delegation::LoadBalanced, Delegation::Random] {
        let mut yard = Yard::new(&Hierarchical { delegation, ..set(Reporting::Tree) }, unequal(200));
        yard.settle();
        yard.work(1_000, 400, |n| f64::from(n % 7));
        assert_eq!(yard.awards, 1_000);
        // Results went up the tree, through every level.
        let known = yard.head.reported();
        assert_eq!((known.agents, known.done, known.failed), (200, 900, 100));
    }
}
