//! The decision record of an award: the bids, the winner, the price, and why.

use super::auction::Bid;
use super::settings::Auction;
use crate::{Candidate, Decision, KEPT, Measure};

/// How the task was sold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) auction: Auction,
    pub(super) price: f64,
    /// How many tasks were sold together.
    pub(super) batch: usize,
    /// Whether there is a reserve.
    pub(super) reserved: bool,
}

/// The record of a sale to `winner`, of bids that were admitted. They are put in order, the least weighed first.
pub(super) fn record(bids: &mut [Bid], winner: &Bid, terms: Terms) -> Decision {
    bids.sort_unstable_by(Bid::order);
    let mut decision = Decision::new(super::NAME, Measure::Bid).because(reason(bids, winner, terms)).price(terms.price);
    decision.candidates = bids.iter().take(KEPT).map(candidate).collect();
    decision.considered = bids.len() as u32;
    decision
}

fn candidate(bid: &Bid) -> Candidate {
    let candidate = Candidate::new(bid.agent, bid.weighed());
    if bid.wait == 0.0 && bid.trust == 1.0 {
        candidate
    } else if bid.trust == 1.0 {
        candidate.note(format!("asks {}, time costs {}", short(bid.price), short(bid.wait)))
    } else {
        candidate.note(format!("asks {}, time costs {}, trusted {}", short(bid.price), short(bid.wait), short(bid.trust)))
    }
}

/// Four digits behind the point, without empty ones.
fn short(number: f64) -> f64 {
    (number * 1e4).round() / 1e4
}

fn reason(bids: &[Bid], winner: &Bid, terms: Terms) -> String {
    let (bid, price, count) = (short(winner.weighed()), short(terms.price), bids.len());
    let paid = match terms.auction {
        Auction::FirstPrice => format!("and it is paid what it asked, {price}"),
        Auction::SecondPrice if terms.batch <= 1 && count == 1 && !terms.reserved => {
            format!("and without a reserve it is paid what it asked, {price}")
        }
        Auction::SecondPrice if terms.batch > 1 => format!("and it is paid {price}, its price and what it saves the others"),
        Auction::SecondPrice if count == 1 => format!("and it is paid the reserve, {price}"),
        Auction::SecondPrice => format!("and it is paid {price}, at which the second-lowest would have drawn level"),
    };
    match (terms.batch, count) {
        (0 | 1, 1) => format!("it was the only bidder, {paid}"),
        (0 | 1, _) => format!("its bid of {bid} is the lowest of {count}, {paid}"),
        (batch, _) => format!("its bid of {bid} is in the cheapest allocation of {batch} tasks, {paid}"),
    }
}
