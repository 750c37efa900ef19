//! The suite, for each setting.
use crate::consensus::*;
use crate::testing::suite;

#[test]
fn the_defaults_keep_the_rules() {
    let seen = suite(Consensus::default, 200);
    println!("{seen:?}");
}
