//! The sale of one task: the least weighed bid wins.
//!
//! A bid is weighed as `(price + wait) / trust`: what the caller expects to lose, price and time, if a failed task is sold again until
//! somebody succeeds. With no wait and full trust the weighed bid is the price. **Ties** go to the earlier finish, then to the lower
//! number.

use crate::AgentId;
use core::cmp::Ordering;

/// What an agent asks, and what the caller makes of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bid {
    /// Who.
    pub agent: AgentId,
    /// What it asks; at least 0.
    pub price: f64,
    /// What the time until it would be done is worth to the caller, in units of price.
    pub wait: f64,
    /// How far it is trusted, in `(0, 1]`: the probability that it succeeds.
    pub trust: f64,
    /// Seconds until it would be done; ties go to the shorter.
    pub delay: f64,
}

impl Bid {
    /// A bid with no wait, fully trusted: the price alone counts.
    pub fn new(agent: AgentId, price: f64) -> Bid {
        Bid { agent, price, wait: 0.0, trust: 1.0, delay: 0.0 }
    }
    /// What the caller expects to lose by it; less is better.
    pub fn weighed(&self) -> f64 {
        self.weighed_at(self.price)
    }
    /// The same, had it asked another price.
    pub fn weighed_at(&self, price: f64) -> f64 {
        (price + self.wait) / self.trust
    }
    /// The price at which it would weigh so much.
    pub fn price_at(&self, weighed: f64) -> f64 {
        self.trust * weighed - self.wait
    }
    /// Least weighed first, then the earlier finish, then the lower number.
    pub fn order(&self, other: &Bid) -> Ordering {
        self.weighed().total_cmp(&other.weighed()).then(self.delay.total_cmp(&other.delay)).then(self.agent.cmp(&other.agent))
    }
}

/// Who gets a task, and for how much.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sale {
    /// The winner's place among the bids.
    pub winner: usize,
    /// What it is paid.
    pub price: f64,
}

/// The least weighed admissible bid wins and is paid what it asked. `None` if none is [admitted](outside). O(bids).
///
/// ```
/// use polity_protocols::{AgentId, market::auction::{Bid, first_price}};
/// let bids = [Bid::new(AgentId(0), 3.0), Bid::new(AgentId(1), 2.0)];
/// assert_eq!(first_price(&bids, 10.0).unwrap().price, 2.0);
/// ```
pub fn first_price(bids: &[Bid], reserve: f64) -> Option<Sale> {
    let (winner, _) = best_two(bids, reserve)?;
    Some(Sale { winner, price: bids[winner].price })
}

/// The least weighed admissible bid wins and is paid the highest price at which it would still have won (Vickrey 1961, reversed):
/// the second-lowest price, if waits and trusts are equal. A lone bidder is paid the reserve; if that is infinite, what it asked. O(bids).
///
/// What it is paid does not depend on what it asked, so asking its true cost is its best bid (but for one that is alone where there is
/// no reserve); and it is never paid less than it asked.
///
/// ```
/// use polity_protocols::{AgentId, market::auction::{Bid, second_price}};
/// let bids = [Bid::new(AgentId(0), 3.0), Bid::new(AgentId(1), 2.0), Bid::new(AgentId(2), 4.0)];
/// let sale = second_price(&bids, 10.0).unwrap();
/// assert_eq!((bids[sale.winner].agent, sale.price), (AgentId(1), 3.0));
/// assert_eq!(second_price(&bids[..1], 10.0).unwrap().price, 10.0);
/// assert_eq!(second_price(&bids[..1], f64::INFINITY).unwrap().price, 3.0);
/// ```
pub fn second_price(bids: &[Bid], reserve: f64) -> Option<Sale> {
    let (winner, second) = best_two(bids, reserve)?;
    if bids.len() == 1 {
        let price = if reserve.is_finite() { reserve } else { bids[winner].price };
        return Some(Sale { winner, price });
    }
    let second = second.map_or(f64::INFINITY, |second| bids[second].weighed());
    let bound = second.min(outside(bids, reserve));
    // Rounding must not take from the winner what it asked.
    Some(Sale { winner, price: bids[winner].price_at(bound).max(bids[winner].price) })
}

/// What the caller would lose at the reserve with the slowest and least trusted of those who bid: the most that it accepts. A bid is
/// admitted if it weighs no more. No price changes it; that is why a faster agent may ask more than the reserve: by what its time
/// saves. O(bids).
pub fn outside(bids: &[Bid], reserve: f64) -> f64 {
    bids.iter().map(|bid| bid.weighed_at(reserve)).fold(f64::NEG_INFINITY, f64::max)
}

fn best_two(bids: &[Bid], reserve: f64) -> Option<(usize, Option<usize>)> {
    let (mut best, mut second): (Option<usize>, Option<usize>) = (None, None);
    let bound = outside(bids, reserve);
    for (at, bid) in bids.iter().enumerate().filter(|(_, bid)| bid.weighed() <= bound) {
        let beats = |other: Option<usize>| other.is_none_or(|other| bid.order(&bids[other]) == Ordering::Less);
        if beats(best) {
            (best, second) = (Some(at), best);
        } else if beats(second) {
            second = Some(at);
        }
    }
    best.map(|best| (best, second))
}
