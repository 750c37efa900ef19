//! What a user may write, and what is refused.

use crate::Protocol;
use crate::hierarchical::{Delegation, Hierarchical, Leader, Reporting};
use proptest::prelude::*;

fn leaders() -> impl Strategy<Value = Leader> {
    prop_oneof![Just(Leader::CapabilityScore), Just(Leader::Rotating), "[a-z]{1,8}".prop_map(|agent| Leader::Fixed { agent })]
}
fn delegations() -> impl Strategy<Value = Delegation> {
    prop::sample::select(super::DELEGATIONS.to_vec())
}

proptest! {
    /// What is written is what is read, and any span from 2 on is accepted.
    #[test]
    fn settings_survive_a_round_trip(leader in leaders(), delegation in delegations(), tree: bool, span in 0_usize..100) {
        let reporting = if tree { Reporting::Tree } else { Reporting::Direct };
        let set = Hierarchical { leader, delegation, reporting, span };
        let text = serde_json::to_string(&set).expect("settings can be written");
        prop_assert_eq!(&serde_json::from_str::<Hierarchical>(&text).expect("and read"), &set);
        prop_assert_eq!(set.check().is_ok(), span >= 2);
    }
}

#[test]
fn the_words_of_a_config_are_these() {
    let words = [("load_balanced", Delegation::LoadBalanced), ("least_loaded", Delegation::LeastLoaded)];
    let more = [("best_fit", Delegation::BestFit), ("round_robin", Delegation::RoundRobin), ("random", Delegation::Random)];
    for (word, delegation) in words.into_iter().chain(more) {
        let set: Hierarchical = serde_json::from_str(&format!(r#"{{ "delegation": "{word}" }}"#)).expect(word);
        assert_eq!(set, Hierarchical { delegation, ..Hierarchical::default() });
    }
    let text = r#"{ "leader": "rotating", "reporting": "direct", "span": 3 }"#;
    let set: Hierarchical = serde_json::from_str(text).expect(text);
    assert_eq!((set.leader, set.reporting, set.span), (Leader::Rotating, Reporting::Direct, 3));
    let empty: Hierarchical = serde_json::from_str("{}").expect("every setting has a default");
    assert_eq!(empty, Hierarchical::default());
}

#[test]
fn what_is_wrong_is_refused_with_a_sentence() {
    for text in [r#"{ "spam": 8 }"#, r#"{ "delegation": "lod_balanced" }"#, r#"{ "leader": { "fixed": { "agnt": "ann" } } }"#] {
        let sentence = serde_json::from_str::<Hierarchical>(text).expect_err(text).to_string();
        assert!(sentence.contains("expected"), "{sentence}");
    }
    let nameless = Hierarchical { leader: Leader::Fixed { agent: " ".into() }, ..Hierarchical::default() };
    assert!(nameless.check().expect_err("it names nobody").starts_with("hierarchical.leader.fixed.agent must name an agent"));
    assert_eq!(Hierarchical { span: 2, ..Hierarchical::default() }.check(), Ok(()));
    let narrow = Hierarchical { span: 0, ..Hierarchical::default() };
    assert_eq!(narrow.check().expect_err("a tree must narrow"), "hierarchical.span must be at least 2, but is 0");
}
