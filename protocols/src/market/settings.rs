//! What a user can set, and the checks on it.

use super::initiator::Auctioneer;
use super::message::Message;
use super::participant::Contractor;
use crate::{AgentId, Lie, Profile, Protocol, Rng, Time};
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// The settings of a market, and the factory of its two roles.
///
/// ```
/// use polity_protocols::{Protocol, market::{Auction, Market}};
/// let set: Market = serde_json::from_str(r#"{ "auction": "first_price", "deadline": "50ms" }"#).unwrap();
/// assert_eq!((set.auction, set.deadline.as_millis(), set.reserve), (Auction::FirstPrice, 50, None));
/// assert_eq!(set.check(), Ok(()));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Market {
    /// What the winner is paid.
    pub auction: Auction,
    /// Whether tasks are sold together or one by one.
    pub allocation: Allocation,
    /// How long tasks are gathered before they are sold together; with 0 those that are open at that moment are.
    #[serde(with = "crate::duration_text")]
    pub window: Duration,
    /// When a price is due.
    pub payment: Payment,
    /// How long a call waits for answers at most; it doubles each time that nobody answered. Decided earlier if all have.
    #[serde(with = "crate::duration_text")]
    pub deadline: Duration,
    /// What a lone bidder is paid, and the most that the slowest bidder may ask. A faster one may ask and earn more: what its time saves.
    /// Without it any price is paid, and whoever nobody can replace is paid what it asked.
    pub reserve: Option<f64>,
    /// The most that may be spent in all; without it there is no limit.
    pub budget: Option<f64>,
    /// How many agents are asked about a task at most (the fastest free ones first), so that cost does not grow with the team;
    /// `null` asks all.
    pub shortlist: Option<usize>,
    /// What a second until a task is done is worth to the caller, in units of price. With 0 only the price counts.
    pub urgency: f64,
}

impl Default for Market {
    fn default() -> Market {
        Market {
            auction: Auction::default(),
            allocation: Allocation::default(),
            window: Duration::ZERO,
            payment: Payment::default(),
            deadline: Duration::from_millis(200),
            reserve: None,
            budget: None,
            shortlist: Some(16),
            urgency: 1.0,
        }
    }
}

/// What the winner is paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auction {
    /// The highest price at which it would still have won ([`second_price`](super::auction::second_price); for a batch [`vcg`](super::vcg)): asking its true cost is
    /// its best bid.
    #[default]
    SecondPrice,
    /// What it asked ([`first_price`](super::auction::first_price)): it does better by asking more than its cost.
    FirstPrice,
}

/// How several open tasks are sold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Allocation {
    /// Together, at the least weighed cost in all ([`assignment`](super::assignment)).
    #[default]
    Optimal,
    /// One after the other, the highest rank first.
    Sequential,
}

/// When a price is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payment {
    /// After the outcome. Done: the price times the quality, less the urgency for each second of delay beyond the promise, never below
    /// 0. Cancelled: the share of the promised seconds that it worked. Failed, lost or refused: nothing.
    #[default]
    Performance,
    /// In full with the award; given back only if the agent refuses it.
    OnAward,
}

fn at_least_zero(name: &str, given: f64) -> Result<(), String> {
    let fine = given >= 0.0 && given.is_finite();
    if fine { Ok(()) } else { Err(format!("market.{name} must be a number from 0 on, but is {given}")) }
}

impl Market {
    /// The reserve as a number: without one it is infinite.
    pub(super) fn limit(&self) -> f64 {
        self.reserve.unwrap_or(f64::INFINITY)
    }
    fn wrong(&self) -> Result<(), String> {
        if self.deadline.is_zero() {
            return Err("market.deadline must be above 0s, but is 0s: nobody could answer a call in time".to_owned());
        }
        if let Some(reserve) = self.reserve.filter(|reserve| !(*reserve > 0.0 && reserve.is_finite())) {
            return Err(format!(
                "market.reserve must be a number above 0, but is {reserve}: it is the most that a proposal may ask; leave it out to pay any price"
            ));
        }
        if self.shortlist == Some(0) {
            return Err("market.shortlist must be at least 1, but is 0; use null to ask every able agent".to_owned());
        }
        at_least_zero("urgency", self.urgency)?;
        self.budget.map_or(Ok(()), |budget| at_least_zero("budget", budget))
    }
}

impl Protocol for Market {
    const NAME: &'static str = super::NAME;
    type Message = Message;
    type Initiator = Auctioneer;
    type Participant = Contractor;

    fn check(&self) -> Result<(), String> {
        self.wrong()
    }
    fn initiator(&self) -> Auctioneer {
        Auctioneer::new(self)
    }
    fn participant(&self, me: AgentId, profile: &Profile) -> Contractor {
        Contractor::new(me, profile)
    }
    fn bend(thought: Message, lie: &Lie, now: Time, rng: &mut Rng) -> Message {
        super::bent::bend(thought, lie, now, rng)
    }
}
