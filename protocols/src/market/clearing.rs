//! One clearing of the market: a batch of open tasks meets the turns of those who bid for them.

use super::auction::{self, Bid};
use super::call::{Call, Order, Proposal};
use super::seats::Seats;
use super::settings::{Allocation, Auction, Market};
use super::vcg::{Batch, Place};
use crate::{AgentId, KeyMap, Roster, TaskId, Time};
use std::collections::VecDeque;

/// So many tasks are sold together at most: an assignment's cost grows with the third power.
const TOGETHER: usize = 24;
/// How many turns behind the free slots of an agent are considered: tasks may wait for a fast agent's next turns.
const LATER_TURNS: usize = 2;
/// A turn comes at least so many seconds behind the one before it.
const LEAST_TURN: f64 = 1e-9;
/// The least weight of a task's time, against that of the highest rank in the batch.
const LEAST_WEIGHT: f64 = 0.1;

/// What a clearing wants for one task.
#[derive(Clone, Debug)]
pub(super) enum Verdict {
    /// The winner can start now.
    Bind(Win),
    /// It should wait: so many seconds until the turn that it waits for, and how much sooner it would be done than by who is free now.
    Wait {
        /// Seconds until the turn comes.
        ahead: f64,
        /// Seconds that waiting is expected to save.
        margin: f64,
    },
    /// No proposal is admitted.
    TooDear,
}

/// A task that is sold and can start.
#[derive(Clone, Debug)]
pub(super) struct Win {
    pub(super) bid: Bid,
    pub(super) seconds: f64,
    pub(super) price: f64,
    /// How many tasks were sold together.
    pub(super) batch: usize,
    /// All bids for the task.
    pub(super) bids: Vec<Bid>,
}

/// What a clearing may look at.
pub(super) struct Floor<'a> {
    pub(super) set: &'a Market,
    pub(super) roster: &'a mut Roster,
    pub(super) seats: &'a Seats,
    pub(super) calls: &'a KeyMap<TaskId, Call>,
    /// Left as it was found: for each agent the number of its bidder while a clearing is on, otherwise [`NOBODY`].
    pub(super) numbers: &'a mut Vec<u32>,
    pub(super) now: Time,
}

/// An agent that does not bid in a clearing.
const NOBODY: u32 = u32::MAX;

/// An agent that bids, and its next turns in seconds from now.
struct Bidder {
    agent: AgentId,
    trust: f64,
    turns: Vec<f64>,
    /// The sum and the number of the seconds that it promised in this batch.
    promised: (f64, u32),
}

/// A proposal at this moment.
#[derive(Clone, Copy)]
struct Offer {
    price: f64,
    /// How long the work takes.
    seconds: f64,
    /// Seconds until the bidder has what it needs.
    ahead: f64,
}
impl Offer {
    fn of(proposal: &Proposal, now: Time) -> Offer {
        let Proposal { price, seconds, here } = *proposal;
        Offer { price, seconds, ahead: if here > now { (here - now).as_secs_f64() } else { 0.0 } }
    }
    /// For how long a turn is taken that comes in so many seconds.
    fn taken(&self, turn: f64) -> f64 {
        (self.ahead - turn).max(0.0) + self.seconds
    }
    /// Seconds until it is done in a turn that comes in so many seconds.
    fn done(&self, turn: f64) -> f64 {
        turn + self.taken(turn)
    }
}

/// A task with its proposals: bidder and offer.
struct Lot {
    order: Order,
    /// What a second of its time costs the caller.
    urgency: f64,
    offers: Vec<(usize, Offer)>,
}

impl Floor<'_> {
    /// Sells the tasks, which must be in order of service; those that have no verdict were not looked at.
    ///
    /// Where several turns are free, the first tasks are sold together; a single free turn is one thing to sell, and offered to one task
    /// after the other until it is taken. So it is where all of the first wait for later turns, and others may take the free ones.
    pub(super) fn clear(mut self, orders: &[Order]) -> Vec<(Order, Verdict)> {
        let mut bidders = Vec::new();
        let verdicts = self.sell(orders, &mut bidders);
        for bidder in bidders {
            self.numbers[bidder.agent.index()] = NOBODY;
        }
        verdicts
    }
    fn sell(&mut self, orders: &[Order], bidders: &mut Vec<Bidder>) -> Vec<(Order, Verdict)> {
        let highest = orders.first().and_then(|first| self.calls.get(&first.task)).map_or(0.0, |call| call.view.rank);
        let mut rest = orders.iter();
        let mut lots: VecDeque<Lot> = rest.find_map(|order| self.lot(*order, highest, bidders)).into_iter().collect();
        // Where nobody is free but one with a single free turn, which is the most frequent case, there is nothing to be sold together.
        if self.roster.count_free() > 1 || self.free_turns(bidders) > 1 {
            lots.extend(rest.by_ref().take(TOGETHER - 1).filter_map(|order| self.lot(*order, highest, bidders)));
            if self.set.allocation == Allocation::Optimal && lots.len() > 1 && self.free_turns(bidders) > 1 {
                let verdicts = self.sell_together(lots.make_contiguous(), bidders);
                let all_wait = verdicts.iter().all(|(_, verdict)| matches!(verdict, Verdict::Wait { .. }));
                if !all_wait || orders.len() <= TOGETHER {
                    return verdicts;
                }
            }
        }
        let mut verdicts = Vec::new();
        while self.free_turns(bidders) > 0 {
            let next = lots.pop_front().or_else(|| rest.find_map(|order| self.lot(*order, highest, bidders)));
            let Some(lot) = next else { break };
            verdicts.push((lot.order, self.sell_one(&lot, bidders)));
        }
        verdicts
    }
    fn free_turns(&self, bidders: &[Bidder]) -> usize {
        let free = |bidder: &Bidder| bidder.turns.iter().filter(|start| bidder.is_free_now(**start, self.roster)).count();
        bidders.iter().map(free).sum()
    }
    fn lot(&mut self, order: Order, highest: f64, bidders: &mut Vec<Bidder>) -> Option<Lot> {
        let call = self.calls.get(&order.task)?;
        let weight = if highest > 0.0 { (call.view.rank / highest).clamp(LEAST_WEIGHT, 1.0) } else { 1.0 };
        let mut lot = Lot { order, urgency: self.set.urgency * weight, offers: Vec::with_capacity(call.asked().len()) };
        for (agent, proposal) in call.proposals() {
            if !call.view.avoid.is_empty() && self.roster.may_do(&call.view, agent).is_none() {
                continue;
            }
            let index = self.number(agent, bidders);
            let (offer, bidder) = (Offer::of(&proposal, self.now), &mut bidders[index]);
            let first = bidder.turns.first().copied().unwrap_or(0.0);
            bidder.promised = (bidder.promised.0 + offer.taken(first), bidder.promised.1 + 1);
            lot.offers.push((index, offer));
        }
        Some(lot)
    }
    /// Which bidder the agent is.
    fn number(&mut self, agent: AgentId, bidders: &mut Vec<Bidder>) -> usize {
        if self.numbers.len() <= agent.index() {
            self.numbers.resize(agent.index() + 1, NOBODY);
        }
        if self.numbers[agent.index()] == NOBODY {
            self.numbers[agent.index()] = bidders.len() as u32;
            let mut turns = Vec::new();
            self.seats.turns(agent, self.roster, self.now, TOGETHER + LATER_TURNS, &mut turns);
            bidders.push(Bidder { agent, trust: self.seats.trust(agent), turns, promised: (0.0, 0) });
        }
        self.numbers[agent.index()] as usize
    }
    /// An auction of its own, in which each bids with its soonest turn. The winner's turn is taken, now or in the plan.
    fn sell_one(&self, lot: &Lot, bidders: &mut [Bidder]) -> Verdict {
        let bids = lot.bids(bidders);
        let sale = match self.set.auction {
            Auction::SecondPrice => auction::second_price(&bids, self.set.limit()),
            Auction::FirstPrice => auction::first_price(&bids, self.set.limit()),
        };
        let Some(sale) = sale else { return Verdict::TooDear };
        let (index, offer) = lot.offers[sale.winner];
        let (bidder, bid) = (&mut bidders[index], bids[sale.winner]);
        let start = bidder.turns.first().copied().unwrap_or(f64::INFINITY);
        if bidder.is_free_now(start, self.roster) {
            let seconds = offer.taken(start);
            bidder.push_back(seconds);
            return Verdict::Bind(Win { bid, seconds, price: sale.price, batch: 1, bids });
        }
        let verdict = self.wait(lot, bidders, index, start, &offer);
        bidders[index].push_back(offer.done(start));
        verdict
    }
    /// All lots in one least-cost assignment to the bidders' turns.
    fn sell_together(&self, lots: &[Lot], bidders: &[Bidder]) -> Vec<(Order, Verdict)> {
        let (places, turns) = places(bidders, lots.len());
        let mut batch = Batch::new(lots.len(), places.clone(), self.set.limit());
        let mut places_of = vec![Vec::new(); bidders.len()];
        for (place, (index, _)) in turns.iter().enumerate() {
            places_of[*index].push(place);
        }
        for (row, lot) in lots.iter().enumerate() {
            for (index, offer) in &lot.offers {
                for place in &places_of[*index] {
                    batch.ask(row, *place, offer.price, lot.urgency * offer.done(turns[*place].1));
                }
            }
        }
        let sold = if self.set.auction == Auction::SecondPrice {
            batch.sell_to(|place| turns[place].1 == 0.0)
        } else {
            batch.sell_first_price()
        };
        let verdict = |(row, lot): (usize, &Lot)| {
            let Some(sold) = sold[row] else { return (lot.order, self.unsold(lot, bidders)) };
            let (index, start) = turns[sold.place];
            let Some((_, offer)) = lot.offers.iter().find(|(bidder, _)| *bidder == index) else {
                return (lot.order, self.unsold(lot, bidders)); // a place is sold to those who asked for it only
            };
            let free = bidders[index].is_free_now(start, self.roster);
            let Some(bid) = batch.bid(row, sold.place).filter(|_| free) else {
                return (lot.order, self.wait(lot, bidders, index, start, offer));
            };
            let win = Win { bid, seconds: offer.taken(start), price: sold.price, batch: lots.len(), bids: lot.bids(bidders) };
            (lot.order, Verdict::Bind(win))
        };
        lots.iter().enumerate().map(verdict).collect()
    }
    /// Nobody serves it in the best allocation: since others do with the turns that there are, or since all ask too much.
    fn unsold(&self, lot: &Lot, bidders: &[Bidder]) -> Verdict {
        let sale = auction::first_price(&lot.bids(bidders), self.set.limit());
        let ahead = sale.and_then(|sale| bidders[lot.offers[sale.winner].0].turns.first().copied());
        ahead.map_or(Verdict::TooDear, |ahead| Verdict::Wait { ahead, margin: LEAST_TURN })
    }
    /// It waits for a turn of this bidder, which starts in `start` seconds and is then taken as it offered.
    fn wait(&self, lot: &Lot, bidders: &[Bidder], index: usize, start: f64, offer: &Offer) -> Verdict {
        let free = lot.offers.iter().filter(|(index, _)| self.roster.is_free(bidders[*index].agent));
        let soonest = free.map(|(_, offer)| offer.done(0.0)).fold(f64::INFINITY, f64::min);
        let margin = if soonest.is_finite() { (soonest - offer.done(start)).max(0.0) } else { 0.0 };
        // Of one that is overdue the turn moves away as time goes by.
        let ahead = if self.seats.is_overdue(bidders[index].agent, self.now) { 0.0 } else { start };
        Verdict::Wait { ahead, margin }
    }
}

impl Lot {
    /// What each bids with its soonest turn.
    fn bids(&self, bidders: &[Bidder]) -> Vec<Bid> {
        let bid = |(index, offer): &(usize, Offer)| {
            let Bidder { agent, trust, turns, .. } = &bidders[*index];
            let start = turns.first().copied().unwrap_or(f64::MAX);
            let delay = offer.done(start);
            let wait = if self.urgency == 0.0 { 0.0 } else { self.urgency * delay };
            Bid { agent: *agent, price: offer.price, wait, trust: *trust, delay }
        };
        self.offers.iter().map(bid).collect()
    }
}

impl Bidder {
    fn is_free_now(&self, start: f64, roster: &Roster) -> bool {
        start == 0.0 && roster.is_free(self.agent)
    }
    /// The first turn is taken until then.
    fn push_back(&mut self, until: f64) {
        if let Some(first) = self.turns.first_mut() {
            *first = until.max(LEAST_TURN);
        }
        self.turns.sort_unstable_by(f64::total_cmp);
    }
}

/// The places of a batch, each with its bidder and the seconds until it comes: the turns of each bidder, and some behind them, each a
/// mean task later. The soonest first, since ties go to the lower place.
fn places(bidders: &[Bidder], lots: usize) -> (Vec<Place>, Vec<(usize, f64)>) {
    let mut all: Vec<(usize, f64)> = Vec::new();
    for (index, bidder) in bidders.iter().enumerate() {
        let mean = bidder.promised.0 / f64::from(bidder.promised.1.max(1));
        let mut next = bidder.turns.clone();
        for _ in 0..lots.min(next.len() + LATER_TURNS) {
            let Some(soonest) = next.first().copied() else { break };
            all.push((index, soonest));
            // At least a little later, so that a task of no work is not put behind itself at the same moment.
            next[0] = soonest + mean.max(LEAST_TURN);
            next.sort_unstable_by(f64::total_cmp);
        }
    }
    all.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    let place = |(index, _): &(usize, f64)| Place { agent: bidders[*index].agent, trust: bidders[*index].trust };
    (all.iter().map(place).collect(), all)
}
