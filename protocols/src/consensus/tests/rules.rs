//! The suite, for each main setting; and what settings are refused.

use crate::Protocol;
use crate::consensus::*;
use crate::testing::suite;
use core::time::Duration;

const VOTING: [Voting; 5] = [Voting::Plurality, Voting::WeightedMajority, Voting::Unanimous, Voting::Borda, Voting::Approval];
/// Each rule of voting once, with each resolution and way to weigh among them.
fn keeps_the_rules(voting: Voting, conflict_resolution: Resolution) {
    suite(|| Consensus { voting, conflict_resolution, ..Consensus::default() }, 200);
}
#[test]
fn weighted_majority_with_expertise_keeps_the_rules() {
    keeps_the_rules(Voting::WeightedMajority, Resolution::Expertise);
}
#[test]
fn plurality_with_a_leader_keeps_the_rules() {
    keeps_the_rules(Voting::Plurality, Resolution::Leader);
}
#[test]
fn unanimity_with_reruns_keeps_the_rules() {
    keeps_the_rules(Voting::Unanimous, Resolution::Rerun);
}
#[test]
fn borda_with_expertise_keeps_the_rules() {
    keeps_the_rules(Voting::Borda, Resolution::Expertise);
}
#[test]
fn approval_that_declines_keeps_the_rules() {
    keeps_the_rules(Voting::Approval, Resolution::Decline);
}
#[test]
fn a_small_committee_weighed_by_reliability_keeps_the_rules() {
    let set =
        Consensus { weights: Weighing::Reliability, committee: 5, batch: 3, shortlist: 2, quorum: 1.0, ..Consensus::default() };
    suite(|| set.clone(), 200);
}

#[test]
fn contrarians_elect_nobody_who_does_not_stand() {
    // In the world of this seed voters of negative weight speak against finalists of a run-off.
    let set =
        Consensus { conflict_resolution: Resolution::Rerun, weights: Weighing::Reliability, batch: 1, ..Consensus::default() };
    assert_eq!(crate::testing::suite::check(&set, 653).map(|report| report.violations), Ok(Vec::new()));
}

#[test]
fn settings_out_of_range_are_refused_with_the_range_and_the_value() {
    let wrong = |change: fn(&mut Consensus)| {
        let mut set = Consensus::default();
        change(&mut set);
        set.check().unwrap_err()
    };
    assert_eq!(wrong(|set| set.quorum = 0.0), "consensus.quorum must be in (0, 1], but is 0");
    assert_eq!(wrong(|set| set.quorum = f64::NAN), "consensus.quorum must be in (0, 1], but is NaN");
    assert_eq!(wrong(|set| set.threshold = Some(1.1)), "consensus.threshold must be in (0, 1], but is 1.1");
    assert_eq!(wrong(|set| set.witness = 0.0), "consensus.witness must be in (0, 1], but is 0");
    assert_eq!(wrong(|set| set.noise = -1.0), "consensus.noise must be in 0..=2, but is -1");
    assert_eq!(wrong(|set| set.committee = 0), "consensus.committee must be in 1..=1024, but is 0");
    assert_eq!(wrong(|set| set.rounds = 0), "consensus.rounds must be in 1..=16, but is 0");
    assert_eq!(wrong(|set| set.batch = 1_000), "consensus.batch must be in 1..=256, but is 1000");
    assert_eq!(wrong(|set| set.shortlist = 1), "consensus.shortlist must be in 2..=256, but is 1");
    assert!(wrong(|set| set.deadline = Duration::ZERO).starts_with("consensus.deadline must be above 0, but is 0s"));
    let contradiction = wrong(|set| (set.voting, set.threshold) = (Voting::Unanimous, Some(0.5)));
    assert!(contradiction.starts_with("consensus.threshold must be 1 with `voting: unanimous`, but is 0.5"), "{contradiction}");
    for voting in VOTING {
        assert_eq!(Consensus { voting, ..Consensus::default() }.check(), Ok(()));
    }
}

#[test]
fn settings_read_what_people_write() {
    let text = r#"{ "quorum": "2/3", "threshold": 1, "deadline": "1m30s", "voting": "approval" }"#;
    let set: Consensus = serde_json::from_str(text).unwrap();
    assert_eq!((set.quorum, set.threshold, set.deadline), (2.0 / 3.0, Some(1.0), Duration::from_secs(90)));
    let written = serde_json::to_string(&set).unwrap();
    assert!(written.contains(r#""deadline":"1m30s""#), "{written}");
    assert_eq!(serde_json::from_str::<Consensus>(&written).unwrap(), set);
    let wrong = |text: &str| serde_json::from_str::<Consensus>(text).unwrap_err().to_string();
    assert!(wrong(r#"{ "deadline": 200 }"#).contains("write \"200ms\" or \"200s\""));
    assert!(wrong(r#"{ "deadline": "5 parsecs" }"#).contains("a duration is written like 200ms"));
    assert!(wrong(r#"{ "quorum": "most" }"#).contains("expected a share like 0.67 or \"2/3\""));
    assert!(wrong(r#"{ "quorum": "1/0" }"#).contains("expected a share like 0.67 or \"2/3\""));
    assert!(wrong(r#"{ "quota": 0.5 }"#).contains("unknown field `quota`"));
    assert!(wrong(r#"{ "voting": "bordaa" }"#).contains("unknown variant `bordaa`"));
}
