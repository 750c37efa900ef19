//! The rules that every protocol owes, for each main combination of settings.

use crate::stigmergic::{Model, Stigmergic};
use crate::testing::suite;

#[test]
fn every_model_keeps_the_rules() {
    for model in [Model::AntColony, Model::ResponseThreshold] {
        for (greed, reach) in [(0.0, 16), (0.9, 4)] {
            let settings = Stigmergic { model, greed, reach, ..Stigmergic::default() };
            let seen = suite(|| settings.clone(), 200);
            assert!(seen.losses > 1_000 && seen.rebuilds_while_open > 0 && seen.withdrawals_while_open > 0, "{seen:?}");
        }
    }
}
