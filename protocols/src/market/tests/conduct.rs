//! The rules of the suite, under each main setting.

use crate::market::{Allocation, Auction, Market, Payment};
use crate::testing::suite;
use core::time::Duration;

#[test]
fn every_auction_and_allocation_keeps_the_rules() {
    for auction in [Auction::SecondPrice, Auction::FirstPrice] {
        for allocation in [Allocation::Optimal, Allocation::Sequential] {
            let set = Market { auction, allocation, ..Market::default() };
            suite(|| set.clone(), 200);
        }
    }
}

#[test]
fn windows_budgets_and_short_lists_keep_the_rules() {
    let fine = Market::default();
    for set in [
        Market { window: Duration::from_millis(500), ..fine.clone() },
        Market { budget: Some(30.0), reserve: Some(10.0), payment: Payment::OnAward, ..fine.clone() },
        Market { shortlist: Some(3), ..fine.clone() },
        Market { shortlist: None, urgency: 0.0, reserve: Some(100.0), ..fine.clone() },
    ] {
        suite(|| set.clone(), 100);
    }
}
