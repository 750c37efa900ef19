//! The pure voting rules: who is elected by which votes, and from when on no later vote can change that.
//!
//! - **Participation** is the weight of those who answered (a vote, an abstention or a spoilt vote) over the weight of all electors.
//!   It must reach the `quorum`, inclusively.
//! - **Agreement** is an option's score over the most that the votes cast could have given it. The best option must reach the
//!   `threshold`, inclusively, and be the only best one.
//!
//! Both comparisons allow for rounding: `2/3` of three equal electors is two of them, `0.67` is all three.

use serde::{Deserialize, Serialize};

/// Sums of weights are compared with this relative slack: rounding must not decide a vote.
const SLACK: f64 = 1e-9;

/// How votes are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Voting {
    /// One elector, one vote; the option with the most first choices wins, however few they are.
    Plurality,
    /// First choices by weight; the winner needs the threshold (half of the weight cast, if nothing else is set).
    #[default]
    WeightedMajority,
    /// All votes cast must name the same option. An abstention is no veto.
    Unanimous,
    /// A vote gives its first choice as many points as there are options behind it, and so on down (Borda 1781).
    Borda,
    /// A vote gives one point to each option that it lists (Brams and Fishburn 1978).
    Approval,
}

impl Voting {
    /// The agreement that the rule asks for if nothing else is set.
    pub fn own_threshold(self) -> f64 {
        match self {
            Voting::Plurality | Voting::Borda | Voting::Approval => 0.0,
            Voting::WeightedMajority => 0.5,
            Voting::Unanimous => 1.0,
        }
    }
    /// True if electors may weigh differently; in all other rules each counts one.
    pub fn weighs(self) -> bool {
        self == Voting::WeightedMajority
    }
}

/// What a tally goes by.
///
/// ```
/// use polity_protocols::consensus::{Rules, Voting};
/// let rules = Rules::new(Voting::WeightedMajority, 2.0 / 3.0);
/// assert_eq!((rules.threshold, rules.needed_of(3)), (0.5, 2));
/// assert_eq!(Rules::new(Voting::Plurality, 0.67).needed_of(3), 3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// How votes are counted.
    pub voting: Voting,
    /// The least participation by weight, in `(0, 1]`.
    pub quorum: f64,
    /// The least agreement by weight, in `0..=1`.
    pub threshold: f64,
    /// How many options a ranking lists at most; what is beyond gets no points.
    pub depth: usize,
}

impl Rules {
    /// Rules with the threshold that is the voting rule's own, and rankings of any length.
    pub fn new(voting: Voting, quorum: f64) -> Rules {
        Rules { voting, quorum, threshold: voting.own_threshold(), depth: usize::MAX }
    }
    /// With another threshold.
    pub fn threshold(mut self, threshold: f64) -> Rules {
        self.threshold = threshold;
        self
    }
    /// With rankings of at most so many options.
    pub fn depth(mut self, depth: usize) -> Rules {
        self.depth = depth;
        self
    }
    /// How many of `electors` equal ones the quorum asks for.
    pub fn needed_of(&self, electors: usize) -> usize {
        let all = electors as f64;
        (0..=electors).find(|present| reaches(*present as f64, self.quorum * all, all)).unwrap_or(electors)
    }
}

/// `part ≥ wanted`, up to rounding in sums of size `scale`.
fn reaches(part: f64, wanted: f64, scale: f64) -> bool {
    part + SLACK * scale >= wanted
}

/// Where an elector is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Awaited,
    Answered,
    /// It will not answer any more, but still counts as an elector.
    Silent,
    /// It is no elector any more.
    Struck,
}

/// What became of a vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It counts.
    Counted,
    /// It names nobody, or nonsense (an option that there is not, one twice): it counts as participation and speaks for nobody.
    Abstention,
    /// The elector has already answered: the first answer stands.
    Duplicate,
    /// The ballot is closed, or was closed for this elector.
    Late,
    /// There is no such elector.
    Stranger,
}

/// The result of a ballot, as if it were closed now.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// One option is elected.
    Elected {
        /// Which.
        option: u16,
        /// Its agreement, `0..=1`.
        share: f64,
    },
    /// Several options are best.
    Tied(Vec<u16>),
    /// The best option does not reach the threshold.
    NoMajority {
        /// Which.
        option: u16,
        /// Its agreement, `0..=1`.
        share: f64,
    },
    /// Nobody of weight named anybody: everyone abstained.
    NoVotes,
    /// Too few answered.
    NoQuorum {
        /// The participation, `0..=1`.
        share: f64,
    },
    /// There are no electors, or all of them weigh nothing.
    NoVoters,
}

/// One ballot among fixed electors and options, counted as the votes come in. A vote costs O(options listed), or O(options) if its
/// weight is negative; the verdict O(options).
///
/// A weight that is not a finite number counts 0. A **negative** weight (an elector that is wrong more often than right) speaks
/// against what it names: its amount goes to every *other* option (Nitzan and Paroush 1982). That is for weighted majorities only; in
/// the other rules heads are counted: an elector counts 1 if its weight is above 0, and else 0.
///
/// ```
/// use polity_protocols::consensus::{Receipt, Rules, Tally, Verdict, Voting};
/// let mut tally = Tally::new(Rules::new(Voting::WeightedMajority, 0.6), 2, [0.9, 0.5, 0.5]);
/// assert_eq!(tally.vote(0, &[1]), Receipt::Counted);
/// assert_eq!(tally.vote(1, &[0]), Receipt::Counted);
/// assert!(!tally.is_settled());
/// assert_eq!(tally.vote(2, &[0]), Receipt::Counted);
/// assert!(matches!(tally.verdict(), Verdict::Elected { option: 0, .. }));
/// assert_eq!(tally.vote(2, &[1]), Receipt::Duplicate);
/// ```
#[derive(Clone, Debug)]
pub struct Tally {
    rules: Rules,
    electors: Vec<(f64, State)>,
    scores: Vec<f64>,
    /// Weight of all electors that were not struck off.
    eligible: f64,
    /// Weight of those who answered.
    present: f64,
    /// Weight of those who answered with a vote.
    cast: f64,
    /// Weight of those who may still answer, and how many of them weigh anything.
    awaited: f64,
    awaited_voices: usize,
}

/// Votes.
impl Tally {
    /// An open ballot over `options` options. The electors are numbered in the order of their weights.
    pub fn new(rules: Rules, options: usize, weights: impl IntoIterator<Item = f64>) -> Tally {
        let electors: Vec<(f64, State)> =
            weights.into_iter().map(|weight| (usable(weight, rules.voting), State::Awaited)).collect();
        let eligible = electors.iter().map(|(weight, _)| weight.abs()).sum();
        let awaited_voices = electors.iter().filter(|(weight, _)| *weight != 0.0).count();
        Tally {
            rules,
            electors,
            scores: vec![0.0; options],
            eligible,
            present: 0.0,
            cast: 0.0,
            awaited: eligible,
            awaited_voices,
        }
    }
    /// An elector answers with the options in its order, best first. An empty ranking is an abstention.
    pub fn vote(&mut self, elector: usize, ranking: &[u16]) -> Receipt {
        let (weight, state) = match self.electors.get(elector) {
            None => return Receipt::Stranger,
            Some(elector) => *elector,
        };
        match state {
            State::Awaited => {}
            State::Answered => return Receipt::Duplicate,
            State::Silent | State::Struck => return Receipt::Late,
        }
        self.electors[elector].1 = State::Answered;
        self.present += weight.abs();
        self.no_longer_await(weight);
        if !self.is_proper(ranking) {
            return Receipt::Abstention;
        }
        self.cast += weight.abs();
        self.count(weight, &ranking[..ranking.len().min(self.rules.depth)]);
        Receipt::Counted
    }
    /// An elector answers that it names nobody.
    pub fn abstain(&mut self, elector: usize) -> Receipt {
        self.vote(elector, &[])
    }
    /// An elector left for good. If it has not answered it is struck off, and the quorum is of those who remain; a vote that
    /// it cast stands.
    pub fn strike(&mut self, elector: usize) {
        if let Some((weight, state)) = self.electors.get_mut(elector)
            && matches!(state, State::Awaited | State::Silent)
        {
            let (weight, was) = (*weight, std::mem::replace(state, State::Struck));
            if was == State::Awaited {
                self.no_longer_await(weight);
            }
            let remain = self.electors.iter().filter(|(_, state)| *state != State::Struck);
            self.eligible = remain.map(|(weight, _)| weight.abs()).sum();
        }
    }
    /// An elector will not answer any more, but still counts for the quorum.
    pub fn silence(&mut self, elector: usize) {
        if let Some((weight, state)) = self.electors.get_mut(elector).filter(|(_, state)| *state == State::Awaited) {
            *state = State::Silent;
            let weight = *weight;
            self.no_longer_await(weight);
        }
    }
    /// Closes the ballot: whoever has not answered stays silent.
    pub fn close(&mut self) {
        for elector in 0..self.electors.len() {
            self.silence(elector);
        }
    }
    fn is_proper(&self, ranking: &[u16]) -> bool {
        let listed = |at: usize| ranking[..at].contains(&ranking[at]);
        !ranking.is_empty()
            && ranking.len() <= self.scores.len()
            && (0..ranking.len()).all(|at| usize::from(ranking[at]) < self.scores.len() && !listed(at))
    }
    fn count(&mut self, weight: f64, ranking: &[u16]) {
        match self.rules.voting {
            Voting::Plurality | Voting::WeightedMajority | Voting::Unanimous => {
                let first = usize::from(ranking[0]);
                if weight >= 0.0 {
                    self.scores[first] += weight;
                } else {
                    let others = self.scores.iter_mut().enumerate().filter(|(option, _)| *option != first);
                    others.for_each(|(_, score)| *score -= weight);
                }
            }
            Voting::Borda => {
                let most = self.most_points();
                for (place, option) in ranking.iter().enumerate() {
                    self.scores[usize::from(*option)] += weight * (most - place as f64).max(0.0);
                }
            }
            Voting::Approval => ranking.iter().for_each(|option| self.scores[usize::from(*option)] += weight),
        }
    }
    /// The points that one elector of weight 1 can give to one option.
    fn most_points(&self) -> f64 {
        match self.rules.voting {
            Voting::Borda => self.scores.len().saturating_sub(1).min(self.rules.depth).max(1) as f64,
            _ => 1.0,
        }
    }
    fn no_longer_await(&mut self, weight: f64) {
        self.awaited_voices -= usize::from(weight != 0.0);
        // Sums of differences drift; that nobody of weight is awaited must be exact.
        self.awaited = if self.awaited_voices == 0 { 0.0 } else { (self.awaited - weight.abs()).max(0.0) };
    }
}

fn usable(weight: f64, voting: Voting) -> f64 {
    match weight.is_finite() {
        false => 0.0,
        true if voting.weighs() => weight,
        true => f64::from(weight > 0.0),
    }
}

/// Results.
impl Tally {
    /// The score of each option so far.
    pub fn scores(&self) -> &[f64] {
        &self.scores
    }
    /// The weight of the votes cast, without abstentions.
    pub fn cast(&self) -> f64 {
        self.cast
    }
    /// The participation so far, `0..=1`; 0 without electors of weight.
    pub fn participation(&self) -> f64 {
        if self.eligible > 0.0 { self.present / self.eligible } else { 0.0 }
    }
    /// True if the elector may still answer.
    pub fn awaits(&self, elector: usize) -> bool {
        self.electors.get(elector).is_some_and(|(_, state)| *state == State::Awaited)
    }
    /// True if enough have answered.
    pub fn has_quorum(&self) -> bool {
        self.eligible > 0.0 && reaches(self.present, self.rules.quorum * self.eligible, self.eligible)
    }
    /// The result, if the ballot were closed now.
    pub fn verdict(&self) -> Verdict {
        if self.eligible <= 0.0 {
            return Verdict::NoVoters;
        }
        if !self.has_quorum() {
            return Verdict::NoQuorum { share: self.participation() };
        }
        let leaders = self.leaders();
        match leaders[..] {
            _ if self.cast <= 0.0 => Verdict::NoVotes,
            [] => Verdict::NoVotes,
            [option] => {
                let share = self.share(option);
                let enough = reaches(share, self.rules.threshold, 1.0);
                if enough { Verdict::Elected { option, share } } else { Verdict::NoMajority { option, share } }
            }
            _ => Verdict::Tied(leaders),
        }
    }
    /// True if no later answer can change the winner, or nobody is left who could answer.
    pub fn is_settled(&self) -> bool {
        if self.awaited_voices == 0 {
            return true;
        }
        if self.cast <= 0.0 || !self.has_quorum() {
            return false;
        }
        // The best and its nearest rival.
        let (mut best, mut rival) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        for score in &self.scores {
            if *score > best {
                (best, rival) = (*score, best);
            } else {
                rival = rival.max(*score);
            }
        }
        let most = self.most_points();
        let in_worst_case = best / (most * (self.cast + self.awaited));
        best - rival > most * self.awaited + SLACK * most * self.eligible && reaches(in_worst_case, self.rules.threshold, 1.0)
    }
    /// True if no option can be elected any more, whatever is still answered: the quorum or the threshold is out of reach.
    pub fn is_hopeless(&self) -> bool {
        let possible = self.present + self.awaited;
        if self.eligible <= 0.0 || !reaches(possible, self.rules.quorum * self.eligible, self.eligible) {
            return true;
        }
        let most = self.most_points();
        let best = self.scores.iter().copied().fold(0.0, f64::max) + most * self.awaited;
        let all = most * (self.cast + self.awaited);
        all <= 0.0 || !reaches(best / all, self.rules.threshold, 1.0)
    }
    /// The options by score, the best first; ties in the order of numbers.
    pub fn order(&self) -> Vec<u16> {
        let mut order: Vec<u16> = (0..self.scores.len() as u16).collect();
        order.sort_by(|a, b| self.scores[usize::from(*b)].total_cmp(&self.scores[usize::from(*a)]).then(a.cmp(b)));
        order
    }
    /// The options of the best score, up to rounding.
    fn leaders(&self) -> Vec<u16> {
        let best = self.scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let slack = SLACK * self.most_points() * self.eligible;
        let is_best = |option: &u16| self.scores[usize::from(*option)] + slack >= best;
        (0..self.scores.len() as u16).filter(is_best).collect()
    }
    /// An option's agreement.
    pub fn share(&self, option: u16) -> f64 {
        let score = self.scores.get(usize::from(option)).copied().unwrap_or(0.0);
        if self.cast > 0.0 { score / (self.most_points() * self.cast) } else { 0.0 }
    }
}
