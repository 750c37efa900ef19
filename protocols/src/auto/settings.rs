//! What a user can set, and the checks on it.

use super::initiator::Selector;
use super::message::Message;
use super::participant::Citizen;
use crate::consensus::Consensus;
use crate::hierarchical::Hierarchical;
use crate::market::Market;
use crate::stigmergic::Stigmergic;
use crate::{AgentId, Lie, Profile, Protocol, Rng, Time};
use serde::{Deserialize, Serialize};

/// A government that may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// [`Hierarchical`]
    Hierarchical,
    /// [`Consensus`]
    Consensus,
    /// [`Market`]
    Market,
    /// [`Stigmergic`]
    Stigmergic,
}
impl Choice {
    /// All of them.
    pub const ALL: [Choice; 4] = [Choice::Hierarchical, Choice::Consensus, Choice::Market, Choice::Stigmergic];
    /// What a config calls it.
    ///
    /// ```
    /// assert_eq!(polity_protocols::auto::Choice::Market.name(), "market");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Choice::Hierarchical => Hierarchical::NAME,
            Choice::Consensus => Consensus::NAME,
            Choice::Market => Market::NAME,
            Choice::Stigmergic => Stigmergic::NAME,
        }
    }
}

/// The settings of the choice between governments, and of each of them.
///
/// ```
/// use polity_protocols::auto::{Auto, Choice};
/// let text = r#"{ "among": ["market", "stigmergic"], "term": 8, "market": { "shortlist": 4 } }"#;
/// let auto: Auto = serde_json::from_str(text).unwrap();
/// assert_eq!((auto.among.len(), auto.among[1], auto.term), (2, Choice::Stigmergic, 8));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auto {
    /// Who may govern.
    pub among: Vec<Choice>,
    /// How many outcomes a government is given before it is judged; at least 1. Short terms learn faster, and change more often.
    pub term: u32,
    /// How much a government of which little is known is given the benefit of the doubt; at least 0. About the standard deviation
    /// of a reward: with 0 each is tried once and the best of that stays.
    pub explore: f64,
    /// The share of all experience that each outcome lets be forgotten, in `[0, 1)`. With 0 a team that changes is judged by what
    /// it was; with 0.01 the last hundred outcomes count most, and exploring never ends.
    pub forget: f64,
    /// The settings of the hierarchy.
    pub hierarchical: Hierarchical,
    /// The settings of the assembly.
    pub consensus: Consensus,
    /// The settings of the market.
    pub market: Market,
    /// The settings of the colony.
    pub stigmergic: Stigmergic,
}

impl Default for Auto {
    fn default() -> Auto {
        Auto {
            among: Choice::ALL.to_vec(),
            term: 16,
            explore: 0.2,
            forget: 0.0,
            hierarchical: Hierarchical::default(),
            consensus: Consensus::default(),
            market: Market::default(),
            stigmergic: Stigmergic::default(),
        }
    }
}

impl Auto {
    fn check_inner(&self, choice: Choice) -> Result<(), String> {
        let fault = match choice {
            Choice::Hierarchical => self.hierarchical.check(),
            Choice::Consensus => self.consensus.check(),
            Choice::Market => self.market.check(),
            Choice::Stigmergic => self.stigmergic.check(),
        };
        fault.map_err(|sentence| format!("auto.{sentence}"))
    }
}

impl Protocol for Auto {
    const NAME: &'static str = super::NAME;
    type Message = Message;
    type Initiator = Selector;
    type Participant = Citizen;

    fn check(&self) -> Result<(), String> {
        if self.among.is_empty() {
            return Err("auto.among must name at least one government, but is empty".to_owned());
        }
        if let Some(twice) = self.among.iter().enumerate().find_map(|(at, one)| self.among[..at].contains(one).then_some(one)) {
            return Err(format!("auto.among must name each government once, but names {} twice", twice.name()));
        }
        if self.term == 0 {
            return Err("auto.term must be at least 1, but is 0".to_owned());
        }
        if !(self.explore >= 0.0 && self.explore.is_finite()) {
            return Err(format!("auto.explore must be a finite number from 0 on, but is {}", self.explore));
        }
        if !(0.0..1.0).contains(&self.forget) {
            return Err(format!("auto.forget must be in [0, 1), but is {}", self.forget));
        }
        self.among.iter().try_for_each(|choice| self.check_inner(*choice))
    }
    fn initiator(&self) -> Selector {
        Selector::new(self)
    }
    fn participant(&self, me: AgentId, profile: &Profile) -> Citizen {
        Citizen::new(self, me, profile)
    }
    fn bend(thought: Message, lie: &Lie, now: Time, rng: &mut Rng) -> Message {
        match thought {
            Message::Hierarchical(own) => Message::Hierarchical(Hierarchical::bend(own, lie, now, rng)),
            Message::Consensus(own) => Message::Consensus(Consensus::bend(own, lie, now, rng)),
            Message::Market(own) => Message::Market(Market::bend(own, lie, now, rng)),
            Message::Stigmergic(own) => Message::Stigmergic(Stigmergic::bend(own, lie, now, rng)),
        }
    }
}
