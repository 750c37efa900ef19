//! Copies of a task: several agents do the same, and vote by their results. N-modular redundancy (von Neumann 1956), as a machine.
//!
//! ```text
//! unopened   opened    open
//! open       answer    answered
//! open       failure   failed
//! any        decided   what is open is cancelled
//! ```
//!
//! The votes are counted by [`ResultVote`]; here is who votes when, which results are equal, and what follows a vote without a winner.

use polity_protocols::AgentId;
use polity_protocols::consensus::{ResultVote, Rules, Standing, Verdict, Voting};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// Copies that a task has at most.
pub const MAX_COPIES: u32 = 31;
/// So often a vote is repeated at most.
pub const RERUNS: u32 = 2;

/// How many agents do a task, and how they agree.
///
/// ```
/// use polity::lifecycle::Redundancy;
/// let three = Redundancy::of(3);
/// assert_eq!((three.copies, three.needed()), (3, 2));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Redundancy {
    /// How many agents do it, `1..=31`.
    pub copies: u32,
    /// How their results are counted.
    pub agree: Voting,
    /// Which share of the copies must give a result, by weight, inclusive, in `(0, 1]`.
    pub quorum: f64,
    /// Which share of the results must agree, by weight, inclusive, in `(0, 1]`; the voting rule's own if none.
    pub threshold: Option<f64>,
    /// What a vote weighs.
    pub weights: CopyWeights,
    /// Numbers that differ by no more than this, absolutely or relative to the larger, are equal; at least 0.
    pub tolerance: f64,
    /// What happens when no result wins.
    pub conflict_resolution: CopyConflict,
}

/// What the vote of a copy weighs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CopyWeights {
    /// One each.
    #[default]
    Equal,
    /// The agent's fit for the task.
    Expertise,
}

/// What happens when no result wins the vote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CopyConflict {
    /// The result of the agent that fits the task best; of equals, of the copy that was awarded first.
    #[default]
    Expertise,
    /// The result of the copy that was awarded first: whom the government chose when it had all to choose from.
    Leader,
    /// All do it again, by preference other agents, [`RERUNS`] times at most; then it fails.
    Rerun,
    /// It fails, with the results in the message.
    Decline,
}

impl Redundancy {
    /// So many copies of equal weight: more than half of all must agree.
    pub fn of(copies: u32) -> Redundancy {
        Redundancy {
            copies,
            agree: Voting::WeightedMajority,
            quorum: 0.5,
            threshold: None,
            weights: CopyWeights::Equal,
            tolerance: 0.0,
            conflict_resolution: CopyConflict::Expertise,
        }
    }
    /// The rules of the vote.
    pub fn rules(&self) -> Rules {
        Rules::new(self.agree, self.quorum).threshold(self.threshold.unwrap_or(self.agree.own_threshold()))
    }
    /// How many results a quorum takes, of copies of equal weight.
    pub fn needed(&self) -> usize {
        self.rules().needed_of(self.copies as usize)
    }
    /// What is wrong with it, as a sentence that names the setting.
    ///
    /// ```
    /// use polity::lifecycle::Redundancy;
    /// let wrong = Redundancy { quorum: 1.5, ..Redundancy::of(3) };
    /// assert_eq!(wrong.problem().unwrap(), "redundancy.quorum must be in (0, 1], but is 1.5");
    /// ```
    pub fn problem(&self) -> Option<String> {
        let share = |given: f64| given > 0.0 && given <= 1.0;
        if !(1..=MAX_COPIES).contains(&self.copies) {
            return Some(format!("redundancy.copies must be in 1..={MAX_COPIES}, but is {}", self.copies));
        }
        if !share(self.quorum) {
            return Some(format!("redundancy.quorum must be in (0, 1], but is {}", self.quorum));
        }
        if let Some(given) = self.threshold.filter(|given| !share(*given)) {
            return Some(format!("redundancy.threshold must be in (0, 1], but is {given}"));
        }
        if !(self.tolerance >= 0.0 && self.tolerance.is_finite()) {
            return Some(format!("redundancy.tolerance must be at least 0, but is {}", self.tolerance));
        }
        None
    }
}

/// One copy, as its panel knows it.
#[derive(Clone, Debug)]
struct Copy {
    agent: Option<AgentId>,
    fit: f64,
    /// Which of the distinct results it gave.
    answer: Option<usize>,
    over: bool,
}

/// Where a panel stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Vote {
    /// Results are still to come, and they matter.
    Open,
    /// A result stands.
    Decided {
        /// The result.
        output: Arc<Value>,
        /// Whose it is, in the order of the copies.
        agree: Vec<AgentId>,
        /// Who gave another one.
        differ: Vec<AgentId>,
        /// Why it stands, as the end of a sentence.
        why: String,
    },
    /// No result wins, and all do it again.
    Again {
        /// Who gave a result; they differ.
        differ: Vec<AgentId>,
    },
    /// No result stands. Without any result there is no message: the copies' own failures tell.
    Undecided {
        /// Who gave a result; they differ.
        differ: Vec<AgentId>,
        /// The differing results, as a sentence.
        message: Option<String>,
    },
}

/// The copies of one task.
///
/// ```
/// use polity::lifecycle::{Panel, Redundancy, Vote};
/// use polity_protocols::AgentId;
/// use serde_json::json;
/// let mut panel = Panel::new(Redundancy::of(3));
/// for n in 0..3 {
///     panel.held(n, AgentId(n), 1.0);
/// }
/// assert_eq!(panel.answered(0, json!(42).into()), Vote::Open);
/// let Vote::Decided { output, agree, .. } = panel.answered(2, json!(42.0).into()) else { panic!() };
/// assert_eq!((&*output, agree), (&json!(42), vec![AgentId(0), AgentId(2)])); // the third need not end
/// ```
#[derive(Clone, Debug)]
pub struct Panel {
    rules: Redundancy,
    copies: Vec<Copy>,
    /// The distinct results, in the order in which they came.
    answers: Vec<Arc<Value>>,
    round: u32,
}

impl Panel {
    /// A panel of which no copy is open yet.
    pub fn new(rules: Redundancy) -> Panel {
        let mut panel = Panel { rules, copies: Vec::new(), answers: Vec::new(), round: 0 };
        panel.reset();
        panel
    }
    fn reset(&mut self) {
        let none = Copy { agent: None, fit: 1.0, answer: None, over: false };
        self.copies = vec![none; self.rules.copies as usize];
        self.answers.clear();
    }
    /// How many copies it has.
    pub fn copies(&self) -> u32 {
        self.rules.copies
    }
    /// A copy was awarded to an agent; the latest counts.
    pub fn held(&mut self, copy: u32, agent: AgentId, fit: f64) {
        if let Some(copy) = self.copies.get_mut(copy as usize) {
            (copy.agent, copy.fit) = (Some(agent), fit);
        }
    }
    /// A copy gave a result. O(copies · size of a result).
    pub fn answered(&mut self, copy: u32, output: Arc<Value>) -> Vote {
        let known = self.answers.iter().position(|known| equal(known, &output, self.rules.tolerance));
        let answer = known.unwrap_or_else(|| {
            self.answers.push(output);
            self.answers.len() - 1
        });
        self.close(copy, Some(answer))
    }
    /// A copy failed for good.
    pub fn failed(&mut self, copy: u32) -> Vote {
        self.close(copy, None)
    }
    fn close(&mut self, copy: u32, answer: Option<usize>) -> Vote {
        if let Some(copy) = self.copies.get_mut(copy as usize).filter(|copy| !copy.over) {
            (copy.answer, copy.over) = (answer, true);
        }
        self.vote()
    }
    fn vote(&mut self) -> Vote {
        let all_over = self.copies.iter().all(|copy| copy.over);
        // What a vote weighs is known once its agent is.
        let weighs = self.rules.weights == CopyWeights::Expertise;
        if weighs && !all_over && self.copies.iter().any(|copy| copy.agent.is_none() && !copy.over) {
            return Vote::Open;
        }
        let weight = |copy: &Copy| if weighs { copy.fit } else { 1.0 };
        let electors = self.copies.iter().enumerate().map(|(n, copy)| (AgentId(n as u32), weight(copy)));
        let mut vote = ResultVote::new(self.rules.rules(), electors);
        for (n, copy) in self.copies.iter().enumerate().filter(|(_, copy)| copy.over) {
            match copy.answer {
                Some(answer) => drop(vote.answer(AgentId(n as u32), answer)),
                None => drop(vote.fail(AgentId(n as u32))),
            }
        }
        match vote.standing() {
            Standing::Open => Vote::Open,
            Standing::Agreed { winner, share, .. } => {
                let given = self.copies.iter().filter(|copy| copy.answer.is_some()).count();
                let same = self.copies.iter().filter(|copy| copy.answer == Some(winner)).count();
                self.decided(winner, format!("{same} of {given} results agree, {:.0} % of the weight", share * 100.0))
            }
            // A minority that can't win any more may still lose to a late result; only when all is known the conflict is resolved.
            Standing::Split { verdict: Verdict::NoQuorum { .. } | Verdict::NoVotes | Verdict::NoVoters, .. } => self.no_quorum(),
            Standing::Split { .. } if !all_over && self.rules.conflict_resolution != CopyConflict::Decline => Vote::Open,
            Standing::Split { .. } => self.unresolved(),
        }
    }
    fn decided(&self, winner: usize, why: String) -> Vote {
        let who = |is: &dyn Fn(usize) -> bool| {
            let of = self.copies.iter().filter(|copy| copy.answer.is_some_and(is));
            of.filter_map(|copy| copy.agent).collect::<Vec<_>>()
        };
        let output = self.answers[winner].clone();
        Vote::Decided { output, agree: who(&|answer| answer == winner), differ: who(&|answer| answer != winner), why }
    }
    /// Whoever gave a result.
    fn voters(&self) -> Vec<AgentId> {
        self.copies.iter().filter(|copy| copy.answer.is_some()).filter_map(|copy| copy.agent).collect()
    }
    /// Too few results can still come: that is no conflict, and nothing resolves it.
    fn no_quorum(&self) -> Vote {
        let given = self.copies.iter().filter(|copy| copy.answer.is_some()).count();
        let (copies, needed) = (self.rules.copies, self.rules.needed());
        let message = format!("only {given} of {copies} copies gave a result, and {needed} must (quorum {})", self.rules.quorum);
        Vote::Undecided { differ: self.voters(), message: (given > 0).then_some(message) }
    }
    fn unresolved(&mut self) -> Vote {
        let differ = self.voters();
        let given = || self.copies.iter().enumerate().filter_map(|(n, copy)| Some((n, copy, copy.answer?)));
        let none = "no result has the agreement that was asked for";
        match self.rules.conflict_resolution {
            CopyConflict::Expertise => {
                let best = given().max_by(|a, b| a.1.fit.total_cmp(&b.1.fit).then(b.0.cmp(&a.0)));
                if let Some((_, _, answer)) = best {
                    return self.decided(answer, format!("{none}; this is the one of the agent that fits best"));
                }
            }
            CopyConflict::Leader => {
                if let Some((_, _, answer)) = given().next() {
                    return self.decided(answer, format!("{none}; this is the one of the first that was chosen"));
                }
            }
            CopyConflict::Rerun if self.round < RERUNS => {
                self.round += 1;
                self.reset();
                return Vote::Again { differ };
            }
            CopyConflict::Rerun | CopyConflict::Decline => {}
        }
        let shown = |(_, copy, answer): (usize, &Copy, usize)| {
            let who = copy.agent.map_or_else(String::new, |agent| format!("agent {}: ", agent.0));
            let text: String = self.answers[answer].to_string().chars().take(80).collect();
            format!("{who}{text}")
        };
        let all: Vec<String> = given().map(shown).collect();
        let message = (!all.is_empty()).then(|| format!("{none}: {}", all.join("; ")));
        Vote::Undecided { differ, message }
    }
}

/// Equal as JSON: the order of keys means nothing, and numbers may differ by the tolerance.
fn equal(a: &Value, b: &Value, tolerance: f64) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => {
            let (x, y) = (x.as_f64().unwrap_or(f64::NAN), y.as_f64().unwrap_or(f64::NAN));
            x == y || (x - y).abs() <= tolerance * 1_f64.max(x.abs()).max(y.abs())
        }
        (Value::Array(x), Value::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| equal(x, y, tolerance)),
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(key, x)| y.get(key).is_some_and(|y| equal(x, y, tolerance)))
        }
        _ => a == b,
    }
}
