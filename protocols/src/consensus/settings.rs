//! What a user can set, and the checks on it.

use super::conflict::Resolution;
use super::initiator::Assembly;
use super::message::{DEPTH, Message};
use super::participant::Voter;
use super::tally::{Rules, Voting};
use super::weights::Weighing;
use super::written::share;
use crate::{AgentId, Lie, Profile, Protocol, Rng, Time};
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// The settings of an assembly, and the factory of its two roles.
///
/// ```
/// use polity_protocols::Protocol;
/// use polity_protocols::consensus::{Consensus, Resolution, Voting};
/// let set: Consensus = serde_json::from_str(r#"{ "voting": "borda", "quorum": "2/3", "conflict_resolution": "leader" }"#).unwrap();
/// assert_eq!((set.voting, set.conflict_resolution), (Voting::Borda, Resolution::Leader));
/// assert_eq!((set.voters_needed(3), Consensus::default().voters_needed(3)), (2, 3));
/// let wrong = Consensus { quorum: 1.5, ..Consensus::default() };
/// assert_eq!(wrong.check().unwrap_err(), "consensus.quorum must be in (0, 1], but is 1.5");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Consensus {
    /// How votes are counted.
    pub voting: Voting,
    /// The least participation by weight, inclusive, in `(0, 1]`: 0.67 of three equal agents is all three.
    #[serde(with = "share")]
    pub quorum: f64,
    /// The least agreement by weight, inclusive, in `(0, 1]`; the voting rule's own if not set (a half for weighted majorities,
    /// all for unanimity, any for the rest).
    #[serde(with = "share::option", skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// What a weighted majority weighs votes by.
    pub weights: Weighing,
    /// What happens when a ballot gives no winner.
    pub conflict_resolution: Resolution,
    /// How long the chair waits for votes; the wait doubles with each further call to those who are silent.
    #[serde(with = "crate::duration_text")]
    pub deadline: Duration,
    /// How often the chair calls for votes on one ballot at most, and how many ballots a task gets at most when
    /// `conflict_resolution` is `rerun`.
    pub rounds: u32,
    /// How many vote at most. A larger team is represented by a sample, drawn anew for each ballot.
    pub committee: usize,
    /// How many open tasks one ballot decides at most: a vote on many costs as many messages as a vote on one.
    pub batch: usize,
    /// How many candidates stand for a task at least, if so many are able: those that should finish first, and a few drawn by lot.
    pub shortlist: usize,
    /// Which share of the outcomes that are read out a voter takes notice of, in `(0, 1]`.
    pub witness: f64,
    /// How far a voter misjudges the speed that it sees in somebody else's outcome: σ of a log-normal factor, 0 for not at all.
    pub noise: f64,
}

impl Default for Consensus {
    fn default() -> Self {
        Consensus {
            voting: Voting::default(),
            quorum: 0.67,
            threshold: None,
            weights: Weighing::default(),
            conflict_resolution: Resolution::default(),
            deadline: Duration::from_millis(250),
            rounds: 4,
            committee: 32,
            batch: 16,
            shortlist: 8,
            witness: 0.5,
            noise: 0.2,
        }
    }
}

impl Consensus {
    /// The rules of one motion's tally.
    pub fn rules(&self) -> Rules {
        Rules::new(self.voting, self.quorum).threshold(self.threshold.unwrap_or(self.voting.own_threshold())).depth(DEPTH)
    }
    /// How many of a team of equal agents must vote: what the quorum means for it.
    pub fn voters_needed(&self, team: usize) -> usize {
        self.rules().needed_of(team.min(self.committee))
    }
    fn check_voting(&self) -> Result<(), String> {
        let share = |name: &str, given: f64| match given > 0.0 && given <= 1.0 {
            true => Ok(()),
            false => Err(format!("consensus.{name} must be in (0, 1], but is {given}")),
        };
        share("quorum", self.quorum)?;
        share("witness", self.witness)?;
        share("threshold", self.threshold.unwrap_or(1.0))?;
        match self.threshold.filter(|given| self.voting == Voting::Unanimous && *given < 1.0) {
            Some(given) => Err(format!(
                "consensus.threshold must be 1 with `voting: unanimous`, but is {given}; leave it out, or use `voting: weighted_majority`"
            )),
            None => Ok(()),
        }
    }
    fn check_sizes(&self) -> Result<(), String> {
        let sizes = [
            ("rounds", self.rounds as usize, 1, 16),
            ("committee", self.committee, 1, 1024),
            ("batch", self.batch, 1, 256),
            ("shortlist", self.shortlist, 2, 256),
        ];
        match sizes.iter().find(|(_, given, least, most)| !(least..=most).contains(&given)) {
            Some((name, given, least, most)) => Err(format!("consensus.{name} must be in {least}..={most}, but is {given}")),
            None => Ok(()),
        }
    }
}

impl Protocol for Consensus {
    const NAME: &'static str = super::NAME;
    type Message = Message;
    type Initiator = Assembly;
    type Participant = Voter;

    fn check(&self) -> Result<(), String> {
        self.check_voting()?;
        self.check_sizes()?;
        if self.deadline.is_zero() {
            return Err("consensus.deadline must be above 0, but is 0s: no vote could come in time".to_owned());
        }
        if !(0.0..=2.0).contains(&self.noise) {
            return Err(format!("consensus.noise must be in 0..=2, but is {}", self.noise));
        }
        Ok(())
    }
    fn initiator(&self) -> Assembly {
        Assembly::new(self)
    }
    fn participant(&self, me: AgentId, _profile: &Profile) -> Voter {
        Voter::new(me, self)
    }
    fn bend(thought: Message, lie: &Lie, now: Time, rng: &mut Rng) -> Message {
        super::bent::bend(thought, lie, now, rng)
    }
}
