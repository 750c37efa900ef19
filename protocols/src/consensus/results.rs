//! A vote on results: several agents execute the same task, and the answer that enough of them agree on is the task's answer.
//!
//! This is N-modular redundancy (von Neumann 1956) with a weighted vote. Whether two answers are equal is the caller's business: it
//! gives each answer a key, and equal answers equal keys (canonical JSON, numbers rounded to the tolerance). The vote ends as soon as
//! no answer still to come can change it, so that the copies that are still running can be cancelled.

use super::tally::{Receipt, Rules, Tally, Verdict};
use crate::AgentId;

/// Where a vote on results stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing<K> {
    /// Answers are still to come, and they matter.
    Open,
    /// An answer won.
    Agreed {
        /// The key of the answer.
        winner: K,
        /// Who gave it, in order of number.
        agree: Vec<AgentId>,
        /// Who gave another one.
        differ: Vec<AgentId>,
        /// Whose answer is no longer needed: cancel them.
        needless: Vec<AgentId>,
        /// The agreement among the answers that came, `0..=1`.
        share: f64,
    },
    /// No answer can win any more.
    Split {
        /// Why: never `Elected`.
        verdict: Verdict,
        /// The keys of the best answers, the best first; empty if none came.
        best: Vec<K>,
        /// Whose answer is no longer needed: cancel them.
        needless: Vec<AgentId>,
    },
}

/// A vote on the results of one task. Feed it answers and failures as they come.
///
/// A copy that failed gives no answer, but still counts for the quorum: with `quorum: 0.67`, one answer of three is no result. With
/// one answer each, Borda and approval count like plurality. A second answer of the same agent, the answer of one that was not asked
/// and one that comes after the end change nothing.
///
/// ```
/// use polity_protocols::AgentId;
/// use polity_protocols::consensus::{ResultVote, Rules, Standing, Voting};
/// let copies = (0..3).map(|n| (AgentId(n), 1.0));
/// let mut vote = ResultVote::new(Rules::new(Voting::WeightedMajority, 0.6), copies);
/// assert_eq!(vote.answer(AgentId(0), "42"), Standing::Open);
/// let Standing::Agreed { winner, needless, .. } = vote.answer(AgentId(2), "42") else { panic!() };
/// assert_eq!((winner, needless), ("42", vec![AgentId(1)]));
/// ```
#[derive(Clone, Debug)]
pub struct ResultVote<K> {
    tally: Tally,
    copies: Vec<AgentId>,
    /// The distinct answers, in the order in which they first came.
    answers: Vec<K>,
    given: Vec<Option<u16>>,
    ended: bool,
}

impl<K: Clone + PartialEq> ResultVote<K> {
    /// A vote among these agents, each with its weight (1 each, its expertise, or [`log_odds`](super::log_odds) of its measured
    /// reliability). An agent that is named twice has one vote, of the first weight.
    pub fn new(rules: Rules, copies: impl IntoIterator<Item = (AgentId, f64)>) -> ResultVote<K> {
        let mut all: Vec<(AgentId, f64)> = copies.into_iter().collect();
        all.sort_by_key(|(agent, _)| *agent);
        all.dedup_by_key(|(agent, _)| *agent);
        // No more distinct answers than copies; the options that nobody names have no score, and so never lead.
        let tally = Tally::new(rules, all.len().max(1), all.iter().map(|(_, weight)| *weight));
        let copies: Vec<AgentId> = all.iter().map(|(agent, _)| *agent).collect();
        ResultVote { tally, given: vec![None; copies.len()], copies, answers: Vec::new(), ended: false }
    }
    /// An agent answers. O(distinct answers + copies).
    pub fn answer(&mut self, agent: AgentId, key: K) -> Standing<K> {
        if let Some(copy) = self.copy(agent).filter(|copy| !self.ended && self.tally.awaits(*copy)) {
            let option = self.option(key);
            if self.tally.vote(copy, &[option]) == Receipt::Counted {
                self.given[copy] = Some(option);
            }
        }
        self.standing()
    }
    /// An agent failed, was lost, or ran out of time: it gives no answer.
    pub fn fail(&mut self, agent: AgentId) -> Standing<K> {
        if let Some(copy) = self.copy(agent).filter(|_| !self.ended) {
            self.tally.silence(copy);
        }
        self.standing()
    }
    /// The time for answers is over.
    pub fn close(&mut self) -> Standing<K> {
        if !self.ended {
            self.tally.close();
        }
        self.standing()
    }
    /// Where it stands. The end is final.
    pub fn standing(&mut self) -> Standing<K> {
        let settled = self.tally.is_settled();
        if !self.ended && !settled && !self.tally.is_hopeless() {
            return Standing::Open;
        }
        self.ended = true;
        let needless = self.agents(|vote, copy| vote.tally.awaits(copy));
        match self.verdict() {
            Verdict::Elected { option, share } if settled => Standing::Agreed {
                winner: self.answers[usize::from(option)].clone(),
                agree: self.agents(|vote, copy| vote.given[copy] == Some(option)),
                differ: self.agents(|vote, copy| vote.given[copy].is_some_and(|given| given != option)),
                needless,
                share,
            },
            verdict => Standing::Split { verdict, best: self.best(), needless },
        }
    }
    fn copy(&self, agent: AgentId) -> Option<usize> {
        self.copies.binary_search(&agent).ok()
    }
    fn option(&mut self, key: K) -> u16 {
        let at = self.answers.iter().position(|known| *known == key).unwrap_or_else(|| {
            self.answers.push(key);
            self.answers.len() - 1
        });
        at as u16
    }
    fn agents(&self, is: impl Fn(&Self, usize) -> bool) -> Vec<AgentId> {
        (0..self.copies.len()).filter(|copy| is(self, *copy)).map(|copy| self.copies[copy]).collect()
    }
    /// The tally's verdict over answers that were really given.
    fn verdict(&self) -> Verdict {
        let is_given = |option: &u16| usize::from(*option) < self.answers.len();
        match self.tally.verdict() {
            Verdict::Tied(options) if !options.iter().any(is_given) => Verdict::NoVotes,
            Verdict::Tied(mut options) => {
                options.retain(is_given);
                match options[..] {
                    [option] => Verdict::NoMajority { option, share: self.tally.share(option) },
                    _ => Verdict::Tied(options),
                }
            }
            Verdict::Elected { option, .. } | Verdict::NoMajority { option, .. } if !is_given(&option) => Verdict::NoVotes,
            verdict => verdict,
        }
    }
    fn best(&self) -> Vec<K> {
        let order = self.tally.order();
        order.into_iter().filter_map(|option| self.answers.get(usize::from(option)).cloned()).collect()
    }
}
