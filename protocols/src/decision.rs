//! Why this agent: the record that every award carries.

use crate::ids::AgentId;
use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// How many candidates a decision record keeps, unless everything is asked for.
pub const KEPT: usize = 8;

/// Why a task went to the agent it went to. Every award carries one; `polity explain` prints it.
///
/// ```
/// use polity_protocols::{AgentId, Candidate, Decision, Measure};
/// let decision = Decision::new("hierarchical", Measure::ExpectedFinish)
///     .candidates([Candidate::new(AgentId(1), 2.0), Candidate::new(AgentId(0), 3.5)])
///     .because("it is expected to finish first");
/// assert_eq!(decision.considered, 2);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The protocol that decided.
    pub protocol: Cow<'static, str>,
    /// What the candidates' scores mean.
    pub measure: Measure,
    /// The best candidates, best first, at most [`KEPT`].
    pub candidates: Vec<Candidate>,
    /// How many were considered.
    pub considered: u32,
    /// What the winner is paid, where a protocol pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<f64>,
    /// The reason, as the end of a sentence that begins with the winner's name and "because".
    pub reason: Cow<'static, str>,
    /// Protocol messages that this decision cost.
    pub messages: u32,
    /// Rounds of talk that it took.
    pub rounds: u32,
    /// From announcement to award.
    pub latency: Duration,
}

/// One agent in a decision record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Who.
    pub agent: AgentId,
    /// Its score, in the decision's measure.
    pub score: f64,
    /// What else spoke for or against it.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub note: Cow<'static, str>,
}
impl Candidate {
    /// A candidate without a note.
    pub fn new(agent: AgentId, score: f64) -> Candidate {
        Candidate { agent, score, note: Cow::Borrowed("") }
    }
    /// With a note.
    pub fn note(mut self, note: impl Into<Cow<'static, str>>) -> Candidate {
        self.note = note.into();
        self
    }
}

/// What a candidate's score measures, and which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Seconds until it would be done; less is better.
    ExpectedFinish,
    /// The price that it asked; less is better.
    Bid,
    /// The weight of the votes for it; more is better.
    Votes,
    /// The probability with which it was drawn; more is better.
    Trail,
    /// How well it fits, 0..=1; more is better.
    Fit,
    /// Jobs it holds; less is better.
    Jobs,
    /// A number whose meaning only the protocol knows; more is better.
    Score,
}
impl Measure {
    /// True if the smaller score is the better.
    pub fn less_is_better(self) -> bool {
        matches!(self, Measure::ExpectedFinish | Measure::Bid | Measure::Jobs)
    }
    /// The word for it in a table's head.
    pub fn title(self) -> &'static str {
        match self {
            Measure::ExpectedFinish => "expected finish (s)",
            Measure::Bid => "bid",
            Measure::Votes => "votes",
            Measure::Trail => "chance",
            Measure::Fit => "fit",
            Measure::Jobs => "jobs",
            Measure::Score => "score",
        }
    }
}

impl Decision {
    /// A record with nothing in it yet: one round, no messages.
    pub fn new(protocol: impl Into<Cow<'static, str>>, measure: Measure) -> Decision {
        Decision {
            protocol: protocol.into(),
            measure,
            candidates: Vec::new(),
            considered: 0,
            price: None,
            reason: Cow::Borrowed("it was the only one"),
            messages: 0,
            rounds: 1,
            latency: Duration::ZERO,
        }
    }
    /// With the candidates, best first; what is beyond [`KEPT`] is counted and dropped.
    pub fn candidates(mut self, all: impl IntoIterator<Item = Candidate>) -> Decision {
        let mut count = 0;
        for candidate in all {
            count += 1;
            if self.candidates.len() < KEPT {
                self.candidates.push(candidate);
            }
        }
        self.considered = count;
        self
    }
    /// With the reason.
    pub fn because(mut self, reason: impl Into<Cow<'static, str>>) -> Decision {
        self.reason = reason.into();
        self
    }
    /// With what it cost.
    pub fn cost(mut self, messages: u32, rounds: u32, latency: Duration) -> Decision {
        (self.messages, self.rounds, self.latency) = (messages, rounds, latency);
        self
    }
    /// With the price that the winner is paid.
    pub fn price(mut self, price: f64) -> Decision {
        self.price = Some(price);
        self
    }
}
