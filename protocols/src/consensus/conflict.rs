//! What happens when a ballot gives no winner: a tie, or nobody reaches the threshold.

use super::tally::{Tally, Verdict};
use crate::AgentId;
use serde::{Deserialize, Serialize};

/// How a ballot without a winner is resolved. A ballot without a quorum, or without a single vote, never is: it decides nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// The leading options stand again on the same ballots, each of which counts for the one that it ranks highest, by the voter's
    /// expertise (its fit for the task). Still tied: the candidate that fits the task best, then the lowest number.
    #[default]
    Expertise,
    /// The vote of the most capable voter (largest sum of capability scores; ties: the lowest number) that ranks one of the leading
    /// options decides between them.
    Leader,
    /// Another ballot over the leading options only, at most `rounds` in all; then the task is declined.
    Rerun,
    /// The task is declined: no agreement.
    Decline,
}

/// One voter's ballot, as a resolution looks at it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ballot<'a> {
    pub(super) voter: AgentId,
    /// Its fit for the task; 0 if it can't do it.
    pub(super) expertise: f64,
    /// The sum of its capability scores.
    pub(super) standing: f64,
    /// The options in its order.
    pub(super) ranking: &'a [u16],
}

impl Ballot<'_> {
    /// Which of the finalists it ranks highest.
    fn prefers(&self, finalists: &[u16]) -> Option<u16> {
        self.ranking.iter().copied().find(|option| finalists.contains(option))
    }
}

/// The options between which a resolution decides: those that are tied for the best, or the two best. Empty if the ballot decides
/// nothing.
pub(super) fn finalists(verdict: &Verdict, tally: &Tally) -> Vec<u16> {
    match verdict {
        Verdict::Tied(leaders) => leaders.clone(),
        Verdict::NoMajority { .. } => tally.order().into_iter().take(2).collect(),
        Verdict::Elected { .. } | Verdict::NoVotes | Verdict::NoQuorum { .. } | Verdict::NoVoters => Vec::new(),
    }
}

/// [`Resolution::Expertise`]: `fit` tells how well an option's agent fits. `None` without finalists or ballots.
pub(super) fn by_expertise(finalists: &[u16], ballots: &[Ballot<'_>], fit: impl Fn(u16) -> f64) -> Option<u16> {
    let votes = |option: u16| {
        let its = ballots.iter().filter(|ballot| ballot.prefers(finalists) == Some(option));
        its.map(|ballot| ballot.expertise).sum::<f64>()
    };
    let scored = finalists.iter().map(|option| (*option, votes(*option), fit(*option)));
    let best = scored.max_by(|a, b| a.1.total_cmp(&b.1).then(a.2.total_cmp(&b.2)).then(b.0.cmp(&a.0)));
    best.filter(|_| !ballots.is_empty()).map(|(option, _, _)| option)
}

/// [`Resolution::Leader`]: the option, and whose word it was. `None` if no ballot ranks a finalist.
pub(super) fn by_leader(finalists: &[u16], ballots: &[Ballot<'_>]) -> Option<(u16, AgentId)> {
    let mut words: Vec<(&Ballot<'_>, u16)> =
        ballots.iter().filter_map(|ballot| Some((ballot, ballot.prefers(finalists)?))).collect();
    words.sort_by(|(a, _), (b, _)| b.standing.total_cmp(&a.standing).then(a.voter.cmp(&b.voter)));
    words.first().map(|(ballot, option)| (*option, ballot.voter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::{Rules, Voting};

    fn ballot(voter: u32, expertise: f64, standing: f64, ranking: &[u16]) -> Ballot<'_> {
        Ballot { voter: AgentId(voter), expertise, standing, ranking }
    }

    #[test]
    fn expertise_decides_a_tie_and_fit_decides_what_is_left() {
        let ballots = [ballot(0, 0.9, 0.9, &[1, 0]), ballot(1, 0.5, 3.0, &[0, 1])];
        assert_eq!(by_expertise(&[0, 1], &ballots, |_| 1.0), Some(1));
        let equal = [ballot(0, 0.5, 0.0, &[1, 0]), ballot(1, 0.5, 0.0, &[0, 1])];
        assert_eq!(by_expertise(&[0, 1], &equal, f64::from), Some(1), "the better fit");
        assert_eq!(by_expertise(&[0, 1], &equal, |_| 1.0), Some(0), "the lowest number");
        assert_eq!(by_expertise(&[0, 1], &[], |_| 1.0), None);
        assert_eq!(by_expertise(&[], &equal, |_| 1.0), None);
    }

    #[test]
    fn a_ballot_counts_for_the_finalist_that_it_ranks_highest() {
        // Options 0 and 1 lead; the votes for 2 go to 1, which so overtakes 0.
        let ballots = [
            ballot(0, 1.0, 0.0, &[0]),
            ballot(1, 1.0, 0.0, &[0]),
            ballot(2, 1.0, 0.0, &[1, 0]),
            ballot(3, 0.6, 0.0, &[2, 1]),
            ballot(4, 0.6, 0.0, &[2, 1]),
        ];
        assert_eq!(by_expertise(&[0, 1], &ballots, |_| 1.0), Some(1));
        assert_eq!(by_expertise(&[0, 1], &ballots[..4], |_| 1.0), Some(0));
    }

    #[test]
    fn the_leader_is_the_most_capable_one_who_has_a_word_on_it() {
        let ballots =
            [ballot(0, 0.9, 1.0, &[1]), ballot(1, 0.5, 3.0, &[2]), ballot(2, 0.1, 2.0, &[0]), ballot(3, 0.1, 2.0, &[1])];
        assert_eq!(by_leader(&[0, 1], &ballots), Some((0, AgentId(2))));
        assert_eq!(by_leader(&[5], &ballots), None);
    }

    #[test]
    fn only_a_tie_or_a_missing_majority_has_finalists() {
        let mut tally = Tally::new(Rules::new(Voting::WeightedMajority, 0.5), 4, [1.0; 5]);
        assert_eq!(finalists(&tally.verdict(), &tally), Vec::<u16>::new());
        tally.vote(0, &[2]);
        tally.vote(1, &[3]);
        tally.abstain(2);
        assert_eq!(finalists(&tally.verdict(), &tally), [2, 3], "tied");
        tally.vote(3, &[3]);
        tally.vote(4, &[1]);
        assert_eq!(finalists(&tally.verdict(), &tally), Vec::<u16>::new(), "two of four are half, which is the threshold");
        let mut split = Tally::new(Rules::new(Voting::WeightedMajority, 0.5), 4, [1.0; 5]);
        [3, 3, 1, 2, 0].iter().enumerate().for_each(|(voter, option)| _ = split.vote(voter, &[*option]));
        assert_eq!(finalists(&split.verdict(), &split), [3, 0], "no majority: the two best");
    }
}
