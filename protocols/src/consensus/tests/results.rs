//! A vote on results: early stop, winner and losers, and each case that must have a defined outcome.

use crate::AgentId;
use crate::consensus::*;
use proptest::prelude::*;

fn vote(voting: Voting, quorum: f64, weights: &[f64]) -> ResultVote<&'static str> {
    let copies = weights.iter().enumerate().map(|(n, weight)| (AgentId(n as u32), *weight));
    ResultVote::new(Rules::new(voting, quorum), copies)
}
fn ids(numbers: &[u32]) -> Vec<AgentId> {
    numbers.iter().map(|n| AgentId(*n)).collect()
}

#[test]
fn it_stops_as_soon_as_no_later_answer_can_change_the_winner() {
    let mut five = vote(Voting::WeightedMajority, 0.5, &[1.0; 5]);
    assert_eq!(five.answer(AgentId(3), "a"), Standing::Open);
    assert_eq!(five.answer(AgentId(0), "b"), Standing::Open);
    assert_eq!(five.answer(AgentId(1), "a"), Standing::Open);
    let Standing::Agreed { winner, agree, differ, needless, share } = five.answer(AgentId(4), "a") else { panic!() };
    assert_eq!((winner, agree, differ, needless), ("a", ids(&[1, 3, 4]), ids(&[0]), ids(&[2])));
    assert_eq!(share, 0.75);
    let end = five.standing();
    assert_eq!((five.answer(AgentId(2), "b"), five.fail(AgentId(2)), five.close()), (end.clone(), end.clone(), end));
}

#[test]
fn a_second_answer_and_a_strangers_answer_change_nothing() {
    let mut three = vote(Voting::Plurality, 1.0, &[1.0; 3]);
    three.answer(AgentId(0), "a");
    assert_eq!((three.answer(AgentId(0), "b"), three.answer(AgentId(9), "b")), (Standing::Open, Standing::Open));
    three.answer(AgentId(1), "a");
    let Standing::Agreed { differ, agree, .. } = three.answer(AgentId(2), "c") else { panic!() };
    assert_eq!((agree, differ), (ids(&[0, 1]), ids(&[2])));
    // An agent that is named twice has one vote.
    let mut twice = ResultVote::new(Rules::new(Voting::Plurality, 1.0), [(AgentId(0), 1.0), (AgentId(0), 5.0)]);
    assert!(matches!(twice.answer(AgentId(0), "x"), Standing::Agreed { .. }));
}

#[test]
fn a_failed_copy_gives_no_answer_but_counts_for_the_quorum() {
    let mut three = vote(Voting::WeightedMajority, 0.6, &[1.0; 3]);
    assert_eq!(three.fail(AgentId(0)), Standing::Open);
    let Standing::Split { verdict, needless, best } = three.fail(AgentId(2)) else { panic!() };
    assert!(matches!(verdict, Verdict::NoQuorum { .. }), "one of three is no quorum, so the third need not go on");
    assert_eq!((needless, best), (ids(&[1]), Vec::<&str>::new()));
    let mut lenient = vote(Voting::WeightedMajority, 0.3, &[1.0; 3]);
    lenient.fail(AgentId(0));
    lenient.fail(AgentId(2));
    assert!(matches!(lenient.answer(AgentId(1), "a"), Standing::Agreed { winner: "a", .. }));
}

#[test]
fn answers_that_all_differ_are_no_result() {
    let mut three = vote(Voting::WeightedMajority, 1.0, &[1.0; 3]);
    three.answer(AgentId(0), "a");
    three.answer(AgentId(1), "b");
    let end = three.answer(AgentId(2), "c");
    assert_eq!(end, Standing::Split { verdict: Verdict::Tied(vec![0, 1, 2]), best: vec!["a", "b", "c"], needless: vec![] });
}

#[test]
fn unanimity_ends_at_the_first_difference() {
    let mut four = vote(Voting::Unanimous, 1.0, &[1.0; 4]);
    four.answer(AgentId(0), "a");
    let Standing::Split { needless, .. } = four.answer(AgentId(1), "b") else { panic!() };
    assert_eq!(needless, ids(&[2, 3]));
}

#[test]
fn the_word_of_a_reliable_copy_outweighs_two_poor_ones() {
    let weights = [0.95, 0.6, 0.6].map(log_odds);
    let mut three = vote(Voting::WeightedMajority, 0.5, &weights);
    three.answer(AgentId(1), "b");
    three.answer(AgentId(2), "b");
    assert!(matches!(three.answer(AgentId(0), "a"), Standing::Agreed { winner: "a", .. }));
    let mut heads = vote(Voting::Plurality, 0.5, &weights);
    heads.answer(AgentId(1), "b");
    assert!(matches!(heads.answer(AgentId(2), "b"), Standing::Agreed { winner: "b", .. }), "plurality counts heads");
}

#[test]
fn nobody_asked_and_nobody_of_weight_are_no_result() {
    for weights in [&[][..], &[0.0, 0.0]] {
        let end = vote(Voting::WeightedMajority, 0.5, weights).standing();
        assert!(matches!(end, Standing::Split { verdict: Verdict::NoVoters, .. }), "{end:?}");
    }
    let closed = vote(Voting::Plurality, 0.5, &[1.0]).close();
    assert!(matches!(closed, Standing::Split { verdict: Verdict::NoQuorum { .. }, .. }));
}

proptest! {
    /// An early end gives the winner that waiting for all would have given.
    #[test]
    fn stopping_early_loses_nothing(
        answers in proptest::collection::vec((0..3usize, 0.1..2.0f64), 1..9), quorum in 0.1..1.0f64, fails in 0..200u32,
    ) {
        let keys = ["a", "b", "c"];
        let weights: Vec<f64> = answers.iter().map(|(_, weight)| *weight).collect();
        let mut early = vote(Voting::WeightedMajority, quorum, &weights);
        let mut all = Tally::new(Rules::new(Voting::WeightedMajority, quorum), 3, weights.iter().copied());
        let mut end = Standing::Open;
        for (n, (key, _)) in answers.iter().enumerate() {
            let failed = fails >> n & 1 == 1 && fails < 128;
            end = if failed { early.fail(AgentId(n as u32)) } else { early.answer(AgentId(n as u32), keys[*key]) };
            if failed { all.silence(n) } else { _ = all.vote(n, &[*key as u16]) }
        }
        match (all.verdict(), end) {
            (Verdict::Elected { option, .. }, Standing::Agreed { winner, .. }) => prop_assert_eq!(winner, keys[usize::from(option)]),
            (Verdict::Elected { .. }, other) | (_, other @ (Standing::Agreed { .. } | Standing::Open)) => {
                prop_assert!(false, "{:?} for {:?}", other, all.verdict());
            }
            (_, Standing::Split { .. }) => {}
        }
    }
}
