//! The field: lazy evaporation, bounds, memory.

use crate::stigmergic::{Field, Laws};
use crate::{AgentId, Demand, DemandId, Memory, Time};
use core::time::Duration;
use proptest::prelude::*;

fn laws(decay: f64, min: f64, max: f64) -> Laws {
    Laws { decay, period: Duration::from_secs(1), initial: min, min, max }
}
fn at(period: u64) -> Time {
    Time::from_secs_f64(period as f64 + 0.5)
}

proptest! {
    #[test]
    fn lazy_evaporation_is_evaporation_step_by_step(
        decay in 0.0..0.99f64,
        span in 1.0..200.0f64,
        walks in proptest::collection::vec((0..400u64, 0.0..20.0f64), 1..20),
    ) {
        let (min, max) = (0.5, 0.5 + span);
        let (mut lazy, dig, ann) = (Field::new(laws(decay, min, max)), Demand::of_kind(DemandId(0), "dig"), AgentId(0));
        lazy.meet(ann, "ann");
        lazy.begin(at(0));
        let (mut period, mut stepped) = (0, min);
        for (pause, deposit) in walks {
            for _ in 0..pause {
                stepped = (stepped * (1.0 - decay)).max(min);
            }
            period += pause;
            lazy.begin(at(period));
            let sensed = lazy.trail(&dig, ann);
            prop_assert!((sensed - stepped).abs() <= 1e-12 * stepped.max(1.0), "{sensed} and {stepped}");
            stepped = (stepped + deposit).min(max);
            lazy.deposit(&dig, ann, deposit);
        }
        prop_assert!((min..=max).contains(&lazy.trail(&dig, ann)));
    }

    #[test]
    fn what_is_saved_is_restored_under_any_names(kinds in proptest::collection::vec("[a-c/%]{0,4}", 1..4), names in proptest::collection::vec("[x-z/%.]{1,3}", 1..4)) {
        let mut field = Field::new(laws(0.1, 1.0, 20.0));
        field.begin(at(3));
        let mut expected = Vec::new();
        for (k, kind) in kinds.iter().enumerate() {
            for (n, name) in names.iter().enumerate() {
                let (demand, agent) = (Demand::of_kind(DemandId(k as u32), kind.as_str()), AgentId(n as u32));
                field.meet(agent, name.as_str());
                field.deposit(&demand, agent, (k + n) as f64);
                expected.push((kind, name));
            }
        }
        let saved = field.save();
        let mut heir = Field::new(laws(0.1, 1.0, 20.0));
        heir.restore(&saved);
        prop_assert_eq!(heir.save(), saved);
        heir.begin(at(900));
        for (kind, name) in expected {
            let (demand, agent) = (Demand::of_kind(DemandId(9), kind.as_str()), AgentId(0));
            let (mut heir, mut field) = (heir.clone(), field.clone());
            heir.meet(agent, name.as_str());
            field.meet(agent, name.as_str());
            prop_assert_eq!(heir.trail(&demand, agent), field.trail(&demand, agent));
        }
    }
}

#[test]
fn restored_trails_age_from_the_first_turn_on_and_nonsense_is_ignored() {
    let (dig, ann) = (Demand::of_kind(DemandId(0), "dig"), AgentId(0));
    let mut memory = Memory::default();
    memory.set("trail/dig/ann", [10.0]);
    memory.set("trail/dig/bob", [f64::NAN]);
    memory.set("trail/dig/cay", [1.0, 2.0]);
    memory.set("trail/dig", [1.0]);
    memory.set("price/dig/ann", [7.0]);
    let mut field = Field::new(laws(0.1, 1.0, 20.0));
    field.restore(&memory);
    assert_eq!(field.save().iter().count(), 1);
    field.meet(ann, "ann");
    field.begin(at(1_000));
    assert_eq!(field.trail(&dig, ann), 10.0, "the time before the first turn does not count");
    field.begin(at(1_001));
    assert_eq!(field.trail(&dig, ann), 9.0);
    field.begin(at(u64::MAX >> 40));
    assert_eq!(field.trail(&dig, ann), 1.0, "an age later there is still the least trail");
}

#[test]
fn speed_is_relative_to_what_is_usual_for_the_kind_of_work() {
    let (dig, fly) = (Demand::of_kind(DemandId(0), "dig"), Demand::of_kind(DemandId(1), "fly"));
    let mut field = Field::new(laws(0.1, 1.0, 20.0));
    assert_eq!(field.speed(&dig, 4.0, Duration::from_secs(2)), 1.0, "the first is usual");
    assert_eq!(field.speed(&dig, 12.0, Duration::from_secs(2)), 3.0);
    assert_eq!(field.speed(&fly, 12.0, Duration::from_secs(2)), 1.0);
    assert_eq!(field.speed(&dig, 0.0, Duration::from_secs(2)), 1.0, "without an estimate: jobs per second");
    assert_eq!(field.speed(&dig, 0.0, Duration::from_secs(4)), 0.5);
    assert_eq!(field.speed(&dig, 1e9, Duration::from_secs(1)), 10.0);
    assert_eq!(field.speed(&dig, 1.0, Duration::ZERO), 10.0);
}
