//! What a closed ballot comes to, motion by motion, and the record of it.

use super::conflict::{self, Ballot, Resolution};
use super::message::Ranking;
use super::register::Register;
use super::settings::Consensus;
use super::sitting::Sitting;
use super::tally::Verdict;
use crate::{AgentId, Candidate, Decision, Demand, Measure};

/// The voters' estimate of a duration is believed within this factor of what the declared rate promises.
const BELIEVED: f64 = 20.0;

/// What a motion comes to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ruling {
    /// The task is for this option's agent.
    Elected(u16, By),
    /// Another ballot between these.
    Again(Vec<AgentId>),
    /// No agreement.
    Nothing,
}

/// What an election was decided by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum By {
    /// The votes, with this agreement.
    Votes(f64),
    /// The expertise of the voters, among so many finalists of a vote that came to this.
    Expertise(usize, Conflict),
    /// The word of the most capable voter.
    Leader(AgentId, Conflict),
}

/// Why a vote had no winner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Conflict {
    Tie,
    NoMajority,
}
impl Conflict {
    fn sentence(self) -> &'static str {
        match self {
            Conflict::Tie => "the vote was tied",
            Conflict::NoMajority => "nobody had a majority",
        }
    }
}

/// A motion of a ballot that is being closed.
#[derive(Clone, Copy)]
pub(super) struct Matter<'a> {
    pub(super) sitting: &'a Sitting,
    pub(super) motion: usize,
    pub(super) settings: &'a Consensus,
    pub(super) register: &'a Register,
}

impl<'a> Matter<'a> {
    /// What it comes to. `demand`: of its task.
    pub(super) fn ruling(&self, demand: &Demand) -> Ruling {
        let Some(tally) = self.sitting.tally(self.motion) else { return Ruling::Nothing };
        let verdict = tally.verdict();
        let conflict = match verdict {
            Verdict::Elected { option, share } => return Ruling::Elected(option, By::Votes(share)),
            Verdict::Tied(_) => Conflict::Tie,
            Verdict::NoMajority { .. } => Conflict::NoMajority,
            Verdict::NoVotes | Verdict::NoQuorum { .. } | Verdict::NoVoters => return Ruling::Nothing,
        };
        self.resolve(&conflict::finalists(&verdict, tally), conflict, demand)
    }
    fn resolve(&self, finalists: &[u16], conflict: Conflict, demand: &Demand) -> Ruling {
        let agent = |option: u16| self.sitting.agent(self.motion, option);
        match self.settings.conflict_resolution {
            Resolution::Expertise => {
                let fit = |option| self.register.fit(demand, agent(option)).map_or(0.0, |able| able.fit);
                let best = conflict::by_expertise(finalists, &self.ballots(demand), fit);
                best.map_or(Ruling::Nothing, |option| Ruling::Elected(option, By::Expertise(finalists.len(), conflict)))
            }
            Resolution::Leader => conflict::by_leader(finalists, &self.ballots(demand))
                .map_or(Ruling::Nothing, |(option, leader)| Ruling::Elected(option, By::Leader(leader, conflict))),
            Resolution::Rerun => Ruling::Again(finalists.iter().map(|option| agent(*option)).collect()),
            Resolution::Decline => Ruling::Nothing,
        }
    }
    fn ballots(&self, demand: &Demand) -> Vec<Ballot<'a>> {
        let ballot = |(voter, ranking): (AgentId, &'a Ranking)| {
            let expertise = self.register.fit(demand, voter).map_or(0.0, |able| able.fit);
            Ballot { voter, expertise, standing: self.register.standing(voter), ranking: ranking.options() }
        };
        self.sitting.rankings(self.motion).map(ballot).collect()
    }
    /// How long the voters who were for an option expect it to take: their median, within reason; what was declared if nobody was.
    pub(super) fn estimate(&self, option: u16, declared: f64) -> f64 {
        let endorsers = self.sitting.endorsers(self.motion, option);
        let mut words: Vec<f64> = endorsers.map(|(_, seconds)| seconds).filter(|seconds| seconds.is_finite()).collect();
        words.sort_unstable_by(f64::total_cmp);
        let median = words.get(words.len() / 2).copied().unwrap_or(declared);
        median.clamp(declared / BELIEVED, declared * BELIEVED)
    }
    /// The record of the vote: all that stood, the most votes first.
    pub(super) fn decision(&self, winner: u16, by: By) -> Decision {
        let scores = self.sitting.tally(self.motion).map_or(&[][..], |tally| tally.scores());
        let stands = |option: &u16| self.sitting.agenda.motions[self.motion].stands(*option);
        let mut order: Vec<u16> = (0..scores.len() as u16).filter(stands).collect();
        let score = |option: u16| scores[usize::from(option)];
        order.sort_unstable_by(|a, b| score(*b).total_cmp(&score(*a)).then((*b == winner).cmp(&(*a == winner))).then(a.cmp(b)));
        let candidate = |option: &u16| Candidate::new(self.sitting.agent(self.motion, *option), score(*option));
        Decision::new(super::NAME, Measure::Votes).candidates(order.iter().map(candidate)).because(self.reason(winner, by))
    }
    fn reason(&self, winner: u16, by: By) -> String {
        match by {
            By::Votes(share) => {
                let Some(tally) = self.sitting.tally(self.motion) else { return String::new() };
                let (votes, cast) = (tally.scores()[usize::from(winner)], tally.cast());
                let (share, came) = (share * 100.0, tally.participation() * 100.0);
                format!("it had {votes:.2} votes of a weight of {cast:.2} ({share:.0} %), and {came:.0} % had answered")
            }
            By::Expertise(finalists, conflict) => {
                format!("{}, and of the {finalists} leading the expertise of the voters was for it", conflict.sentence())
            }
            By::Leader(leader, conflict) => {
                let name = self.register.roster.profile(leader).map_or("", |profile| &profile.name);
                format!("{}, and the most capable voter, \"{name}\", was for it", conflict.sentence())
            }
        }
    }
}
