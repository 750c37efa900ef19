//! The sale of several tasks at once: the allocation of least weighed cost, paid by Vickrey, Clarke and Groves.
//!
//! Each agent is paid what it asked, plus what the caller would lose without it. So its gain is what it saves the caller, whatever it
//! asks: asking its true costs is its best bid (Clarke 1971, Groves 1973; with trust as fixed weights, an affine maximiser in the sense
//! of Roberts 1979). A task that nobody serves costs what [`outside`](super::auction::outside) says, which no price changes; it bounds
//! what is paid. For one task this is the second price.
//!
//! Without a reserve (an infinite one) as many tasks are sold as can be, at the least cost. An agent without whom fewer would be sold is
//! paid what it asked: what an unsold task costs nobody said.

use super::assignment::{Assignment, Costs, assign};
use super::auction::Bid;
use crate::AgentId;

/// A turn of an agent in which it can take one task: a free slot, or a slot that is free later.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Whose turn.
    pub agent: AgentId,
    /// How far the agent is trusted, in `(0, 1]`; the same at all its places.
    pub trust: f64,
}

/// What is sold: tasks (rows), places (columns), and what each place asks for each task.
///
/// ```
/// use polity_protocols::{AgentId, market::vcg::{Batch, Place}};
/// let mut batch = Batch::new(2, vec![Place { agent: AgentId(0), trust: 1.0 }, Place { agent: AgentId(1), trust: 1.0 }], 10.0);
/// for (task, prices) in [[1.0, 2.0], [1.0, 5.0]].iter().enumerate() {
///     for (place, price) in prices.iter().enumerate() {
///         batch.ask(task, place, *price, 0.0);
///     }
/// }
/// let sold = batch.sell();
/// // The second task is worth more to agent 0: 2 + 1 is the least in all.
/// assert_eq!([sold[0].unwrap().place, sold[1].unwrap().place], [1, 0]);
/// // Without agent 0 one task stays unsold at the reserve: 10 + 2 (or 5 + 10), against 2 + 1.
/// assert_eq!(sold[1].unwrap().price, 10.0);
/// ```
#[derive(Clone, Debug)]
pub struct Batch {
    places: Vec<Place>,
    reserve: f64,
    /// Row by row: price and wait; `None` if the place does not ask for the task.
    asked: Vec<Option<(f64, f64)>>,
    tasks: usize,
}

/// A task that was sold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sold {
    /// Which place serves it.
    pub place: usize,
    /// What its agent is paid for it. Of an agent that serves several, the gain is shared equally among them.
    pub price: f64,
}

impl Batch {
    /// So many tasks, for which nobody asks yet. The reserve is above 0, and may be infinite.
    pub fn new(tasks: usize, places: Vec<Place>, reserve: f64) -> Batch {
        Batch { asked: vec![None; tasks * places.len()], places, reserve, tasks }
    }
    /// A place asks a price for a task; `wait` is what its delay is worth to the caller.
    pub fn ask(&mut self, task: usize, place: usize, price: f64, wait: f64) {
        self.asked[task * self.places.len() + place] = wait.is_finite().then_some((price, wait));
    }
    /// The bid of a place for a task.
    pub fn bid(&self, task: usize, place: usize) -> Option<Bid> {
        let (price, wait) = self.asked[task * self.places.len() + place]?;
        let Place { agent, trust } = self.places[place];
        Some(Bid { agent, price, wait, trust, delay: 0.0 })
    }
    /// Who serves which task, and what it is paid by VCG. `None` for a task that nobody serves. Ties go to the lower place, and to the
    /// earlier task. O(tasks² · (tasks + places)).
    pub fn sell(&self) -> Vec<Option<Sold>> {
        self.sell_to(|_| true)
    }
    /// The same allocation, but the payment is worked out only of agents at places that `matter`; the others' is what they asked.
    pub fn sell_to(&self, matter: impl Fn(usize) -> bool) -> Vec<Option<Sold>> {
        let costs = self.costs();
        let best = assign(&costs);
        let mut sold = self.served(&best);
        let mut winners: Vec<AgentId> =
            sold.iter().flatten().filter(|sold| matter(sold.place)).map(|sold| self.places[sold.place].agent).collect();
        winners.sort_unstable();
        winners.dedup();
        for winner in winners {
            let surplus = self.surplus(&best, winner);
            let is_its = |sold: &&mut Sold| self.places[sold.place].agent == winner;
            let count = sold.iter().flatten().filter(|sold| self.places[sold.place].agent == winner).count() as f64;
            sold.iter_mut().flatten().filter(is_its).for_each(|sold| sold.price += surplus / count);
        }
        sold
    }
    /// The same allocation, each paid what it asked.
    pub fn sell_first_price(&self) -> Vec<Option<Sold>> {
        self.served(&assign(&self.costs()))
    }
    /// The reserve; if it is infinite, twice what any allocation costs as far as tasks are served, so that as many are as can be.
    fn limit(&self) -> f64 {
        if self.reserve.is_finite() {
            return self.reserve;
        }
        let weight = |task, place| self.bid(task, place).map(|bid| bid.weighed());
        let most = |task| (0..self.places.len()).filter_map(|place| weight(task, place)).fold(0.0, f64::max);
        2.0 * (1.0 + (0..self.tasks).map(most).sum::<f64>())
    }
    /// Places first, then for each task one column of its own: that nobody serves it.
    fn costs(&self) -> Costs {
        let (places, limit) = (self.places.len(), self.limit());
        let mut costs = Costs::none(self.tasks, places + self.tasks);
        for task in 0..self.tasks {
            let bids = (0..places).filter_map(|place| Some((place, self.bid(task, place)?)));
            let outside = bids.clone().map(|(_, bid)| bid.weighed_at(limit)).fold(f64::NEG_INFINITY, f64::max);
            for (place, bid) in bids.filter(|(_, bid)| bid.weighed() <= outside) {
                costs.set(task, place, bid.weighed());
            }
            if outside > f64::NEG_INFINITY {
                costs.set(task, places + task, outside);
            }
        }
        costs
    }
    fn served(&self, best: &Assignment<'_>) -> Vec<Option<Sold>> {
        let serve = |task: usize| {
            let place = best.column(task).filter(|column| *column < self.places.len())?;
            self.bid(task, place).map(|bid| Sold { place, price: bid.price })
        };
        (0..self.tasks).map(serve).collect()
    }
    fn is_of(&self, column: usize, agent: AgentId) -> bool {
        self.places.get(column).is_some_and(|place| place.agent == agent)
    }
    /// What the caller would lose without the agent, in the agent's own money; never below 0.
    fn surplus(&self, best: &Assignment<'_>, agent: AgentId) -> f64 {
        let trust = self.places.iter().find(|place| place.agent == agent).map_or(1.0, |place| place.trust);
        let without = best.without(|column| self.is_of(column, agent));
        let served = |all: &Assignment<'_>| self.served(all).iter().flatten().count();
        if self.reserve.is_infinite() && served(&without) < served(best) {
            return 0.0;
        }
        (trust * (without.cost() - best.cost())).max(0.0)
    }
}
