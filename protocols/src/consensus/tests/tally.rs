//! The voting rules on their own: each boundary, and each case that must have a defined outcome.

use crate::consensus::*;
use proptest::prelude::*;

fn tally(voting: Voting, quorum: f64, options: usize, voters: usize) -> Tally {
    Tally::new(Rules::new(voting, quorum), options, vec![1.0; voters])
}
fn after(mut tally: Tally, votes: &[&[u16]]) -> Tally {
    votes.iter().enumerate().for_each(|(voter, ranking)| _ = tally.vote(voter, ranking));
    tally
}
fn elected(tally: &Tally) -> Option<u16> {
    match tally.verdict() {
        Verdict::Elected { option, .. } => Some(option),
        _ => None,
    }
}

#[test]
fn a_quorum_means_what_it_says() {
    let needed = |quorum: f64, electors| Rules::new(Voting::Plurality, quorum).needed_of(electors);
    assert_eq!((needed(0.67, 3), needed(2.0 / 3.0, 3), needed(0.66, 3)), (3, 2, 2));
    assert_eq!((needed(0.5, 4), needed(0.51, 4), needed(1.0, 4), needed(0.01, 4), needed(1.0, 0)), (2, 3, 4, 1, 0));
    // Sums that are not exact in binary: 0.1 + 0.2 of 0.3 are all, and 0.6 of ten tenths are six of them.
    let mut tenths = Tally::new(Rules::new(Voting::WeightedMajority, 0.6), 2, vec![0.1; 10]);
    (0..5).for_each(|voter| _ = tenths.vote(voter, &[0]));
    assert!(matches!(tenths.verdict(), Verdict::NoQuorum { share } if (share - 0.5).abs() < 1e-9));
    tenths.vote(5, &[0]);
    assert_eq!(elected(&tenths), Some(0));
}

#[test]
fn agreement_is_inclusive_at_its_threshold() {
    let two_of_three = |threshold| {
        let rules = Rules::new(Voting::WeightedMajority, 1.0).threshold(threshold);
        after(Tally::new(rules, 3, [1.0; 3]), &[&[0], &[0], &[1]]).verdict()
    };
    assert!(matches!(two_of_three(2.0 / 3.0), Verdict::Elected { option: 0, .. }));
    assert!(matches!(two_of_three(0.67), Verdict::NoMajority { option: 0, share } if (share - 2.0 / 3.0).abs() < 1e-9));
    // Half of the votes are enough for a majority if nobody else has as many.
    let split = after(tally(Voting::WeightedMajority, 1.0, 3, 4), &[&[2], &[2], &[0], &[1]]);
    assert_eq!(elected(&split), Some(2));
    assert!(matches!(
        after(tally(Voting::WeightedMajority, 1.0, 3, 5), &[&[2], &[2], &[0], &[1], &[1]]).verdict(),
        Verdict::Tied(_)
    ));
    assert_eq!(
        elected(&after(tally(Voting::Plurality, 1.0, 4, 5), &[&[2], &[2], &[0], &[1], &[3]])),
        Some(2),
        "no majority needed"
    );
}

#[test]
fn an_abstention_counts_for_the_quorum_and_for_nobody() {
    let mut some = tally(Voting::WeightedMajority, 1.0, 2, 3);
    assert_eq!(
        (some.abstain(0), some.vote(1, &[]), some.vote(2, &[1])),
        (Receipt::Abstention, Receipt::Abstention, Receipt::Counted)
    );
    assert_eq!(some.verdict(), Verdict::Elected { option: 1, share: 1.0 });
    let mut none = tally(Voting::Plurality, 0.5, 2, 2);
    (0..2).for_each(|voter| _ = none.abstain(voter));
    assert_eq!((none.verdict(), none.is_settled()), (Verdict::NoVotes, true));
    // Nonsense is an abstention: an option that there is not, one twice.
    assert_eq!(tally(Voting::Borda, 0.5, 2, 1).vote(0, &[2]), Receipt::Abstention);
    assert_eq!(tally(Voting::Approval, 0.5, 2, 1).vote(0, &[1, 1]), Receipt::Abstention);
    assert_eq!(tally(Voting::Approval, 0.5, 0, 1).vote(0, &[0]), Receipt::Abstention);
}

#[test]
fn a_second_vote_a_late_vote_and_a_strangers_vote_change_nothing() {
    let mut votes = tally(Voting::Plurality, 0.1, 2, 3);
    assert_eq!(votes.vote(0, &[1]), Receipt::Counted);
    let before = votes.clone();
    assert_eq!((votes.vote(0, &[0]), votes.vote(3, &[0])), (Receipt::Duplicate, Receipt::Stranger));
    votes.close();
    assert_eq!((votes.vote(1, &[0]), votes.vote(0, &[0])), (Receipt::Late, Receipt::Duplicate));
    assert_eq!((votes.scores(), votes.verdict()), (before.scores(), before.verdict()));
    assert!(votes.is_settled());
}

#[test]
fn weight_zero_moves_nothing_and_nobody_waits_for_it() {
    let mut votes = Tally::new(Rules::new(Voting::WeightedMajority, 1.0), 2, [0.0, 1.0, f64::NAN, f64::INFINITY]);
    votes.vote(1, &[1]);
    assert!(votes.is_settled());
    assert_eq!(
        (votes.vote(0, &[0]), votes.vote(2, &[0]), votes.vote(3, &[0])),
        (Receipt::Counted, Receipt::Counted, Receipt::Counted)
    );
    assert_eq!(votes.verdict(), Verdict::Elected { option: 1, share: 1.0 });
}

#[test]
fn without_voters_of_weight_there_is_no_verdict() {
    for weights in [vec![], vec![0.0, 0.0]] {
        let votes = Tally::new(Rules::new(Voting::WeightedMajority, 0.5), 2, weights);
        assert_eq!((votes.verdict(), votes.is_settled(), votes.is_hopeless()), (Verdict::NoVoters, true, true));
    }
    let mut votes = tally(Voting::Plurality, 0.5, 2, 1);
    votes.strike(0);
    assert_eq!(votes.verdict(), Verdict::NoVoters);
}

#[test]
fn a_voter_that_dies_is_struck_off_but_its_vote_stands() {
    let mut votes = tally(Voting::WeightedMajority, 1.0, 2, 3);
    votes.vote(0, &[0]);
    votes.vote(1, &[0]);
    assert!(!votes.is_settled(), "the quorum is all three");
    votes.strike(2);
    votes.strike(0);
    assert_eq!((votes.verdict(), votes.is_settled()), (Verdict::Elected { option: 0, share: 1.0 }, true));
    assert_eq!(votes.vote(2, &[1]), Receipt::Late);
    // One that is merely silent still counts: no quorum, and none can come.
    let mut silent = after(tally(Voting::WeightedMajority, 1.0, 2, 3), &[&[0], &[0]]);
    silent.silence(2);
    assert!(matches!(silent.verdict(), Verdict::NoQuorum { .. }) && silent.is_hopeless());
}

#[test]
fn a_tie_names_all_that_lead() {
    assert_eq!(after(tally(Voting::Plurality, 1.0, 3, 2), &[&[2], &[0]]).verdict(), Verdict::Tied(vec![0, 2]));
    // Equal up to rounding is equal.
    let sums = Tally::new(Rules::new(Voting::WeightedMajority, 1.0), 2, [0.1, 0.2, 0.3]);
    assert_eq!(after(sums, &[&[0], &[0], &[1]]).verdict(), Verdict::Tied(vec![0, 1]));
}

#[test]
fn unanimity_is_broken_by_one_other_vote_and_not_by_an_abstention() {
    let mut votes = after(tally(Voting::Unanimous, 1.0, 3, 4), &[&[1], &[1]]);
    votes.abstain(2);
    let mut other = votes.clone();
    votes.vote(3, &[1]);
    assert_eq!(votes.verdict(), Verdict::Elected { option: 1, share: 1.0 });
    assert!(!other.is_hopeless());
    other.vote(3, &[2]);
    assert!(matches!(other.verdict(), Verdict::NoMajority { option: 1, .. }) && other.is_hopeless());
}

#[test]
fn borda_elects_whom_all_can_live_with() {
    // The capital of Tennessee: 42 % Memphis, 26 % Nashville, 15 % Chattanooga, 17 % Knoxville.
    let votes: [(f64, &[u16]); 4] = [(42.0, &[0, 1, 2, 3]), (26.0, &[1, 2, 3, 0]), (15.0, &[2, 3, 1, 0]), (17.0, &[3, 2, 1, 0])];
    let count = |voting| {
        let mut tally = Tally::new(Rules::new(voting, 1.0), 4, [1.0; 100]);
        let rankings = votes.iter().flat_map(|(times, ranking)| (0..*times as usize).map(move |_| *ranking));
        rankings.enumerate().for_each(|(voter, ranking)| _ = tally.vote(voter, ranking));
        tally
    };
    let borda = count(Voting::Borda);
    assert_eq!(borda.scores(), [126.0, 194.0, 173.0, 107.0]);
    assert_eq!((elected(&borda), elected(&count(Voting::Plurality))), (Some(1), Some(0)));
    assert_eq!(borda.order(), [1, 2, 0, 3]);
    // With rankings of two, the first has two points and the second one.
    let short = after(Tally::new(Rules::new(Voting::Borda, 1.0).depth(2), 4, [1.0; 2]), &[&[3, 1, 0], &[3, 2, 1]]);
    assert_eq!(short.scores(), [0.0, 1.0, 1.0, 4.0]);
    assert_eq!(short.share(3), 1.0);
}

#[test]
fn approval_elects_whom_most_accept() {
    let votes = after(tally(Voting::Approval, 1.0, 3, 3), &[&[0, 2], &[1, 2], &[2, 1]]);
    assert_eq!((votes.scores(), elected(&votes)), (&[1.0, 2.0, 3.0][..], Some(2)));
}

#[test]
fn a_contrarian_speaks_for_what_it_does_not_name() {
    let votes = Tally::new(Rules::new(Voting::WeightedMajority, 1.0), 3, [-2.0, 1.0]);
    let votes = after(votes, &[&[0], &[0]]);
    assert_eq!((votes.scores(), votes.verdict()), (&[1.0, 2.0, 2.0][..], Verdict::Tied(vec![1, 2])));
    // Where heads are counted it has no head.
    let heads = after(Tally::new(Rules::new(Voting::Plurality, 1.0), 3, [-2.0, 1.0]), &[&[0], &[1]]);
    assert_eq!(heads.verdict(), Verdict::Elected { option: 1, share: 1.0 });
}

/// All ways in which the rest of the voters can still vote.
fn endings(tally: &Tally, from: usize, voters: usize, options: u16) -> Vec<Option<u16>> {
    if from == voters {
        return vec![elected(tally)];
    }
    (0..options)
        .flat_map(|option| {
            let mut next = tally.clone();
            next.vote(from, &[option]);
            endings(&next, from + 1, voters, options)
        })
        .collect()
}

#[test]
fn a_vote_is_settled_exactly_when_no_ending_changes_the_winner() {
    let (mut early, mut open) = (0, 0);
    for weights in [[1.0; 6], [3.0, 1.0, 1.0, 2.0, 2.0, 1.0], [5.0, 1.0, -2.0, 0.5, 1.0, 1.0]] {
        for code in 0..64_u32 {
            let mut tally = Tally::new(Rules::new(Voting::WeightedMajority, 0.5), 2, weights);
            for voter in 0..6 {
                let winners = endings(&tally, voter, 6, 2);
                let sure = winners[0].is_some() && winners.iter().all(|winner| *winner == winners[0]) && tally.has_quorum();
                assert_eq!(tally.is_settled(), sure, "{weights:?} {code:b} after {voter}");
                *(if sure { &mut early } else { &mut open }) += 1;
                tally.vote(voter, &[(code >> voter & 1) as u16]);
            }
        }
    }
    assert!(early > 50 && open > 50, "{early} {open}");
}

fn any_voting() -> impl Strategy<Value = Voting> {
    prop_oneof![
        Just(Voting::Plurality),
        Just(Voting::WeightedMajority),
        Just(Voting::Unanimous),
        Just(Voting::Borda),
        Just(Voting::Approval)
    ]
}

proptest! {
    /// Early stopping is sound in every rule: whatever comes later, the winner stays.
    #[test]
    fn what_is_settled_stays(
        voting in any_voting(), quorum in 0.05..1.0f64, options in 1..5usize,
        voters in proptest::collection::vec((-1.0..3.0f64, proptest::collection::vec(0..5u16, 0..4), 0..6u8), 1..12),
    ) {
        let mut tally = Tally::new(Rules::new(voting, quorum).depth(3), options, voters.iter().map(|(weight, _, _)| *weight));
        let mut settled = None;
        for (voter, (_, ranking, what)) in voters.iter().enumerate() {
            match what {
                0 => tally.strike(voter),
                1 => tally.silence(voter),
                _ => _ = tally.vote(voter, ranking),
            }
            if let Some(winner) = settled {
                prop_assert_eq!(elected(&tally), Some(winner), "settled, then {:?}", tally.verdict());
            }
            if tally.is_settled() && settled.is_none() {
                settled = elected(&tally);
            }
            prop_assert!(!(tally.is_hopeless() && elected(&tally).is_some()), "{:?}", tally);
            prop_assert!((0.0..=1.0 + 1e-9).contains(&tally.participation()));
        }
        tally.close();
        prop_assert!(tally.is_settled());
        if let Verdict::Elected { share, .. } = tally.verdict() {
            prop_assert!((0.0..=1.0 + 1e-9).contains(&share));
        }
    }
}
