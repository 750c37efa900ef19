//! What ants prove of their rate, and what is believed of those who claim more.

use crate::stigmergic::response::doubted;
use crate::stigmergic::{Ant, Felt, Field, Message, Model, Proof, Response, Stigmergic};
use crate::{AgentId, Capabilities, Demand, DemandId, Lie, Load, Participant, Profile, Protocol, Reply, Rng, TaskId, Time};
use core::time::Duration;
use proptest::prelude::*;

fn felt(work: f64, trail: f64, pace: f64, success: f64, explores: bool) -> Felt {
    let (task, call) = (TaskId::new(0, 1), 1);
    Felt { task, call, work, fetch: 0.0, fit: 0.7, trail, pace, success, intensity: 1.0, explores }
}
fn said(settings: &Stigmergic, speed: f64, felt: Felt, lie: Option<Lie>) -> Response {
    let profile = Profile::new("ann", Capabilities::default()).speed(speed);
    let (mut ant, mut rng, mut said): (Ant, _, _) = (settings.participant(AgentId(0), &profile), Rng::new(3, "ant"), Vec::new());
    let stimulus = Message::Stimulus { round: 1, felt: vec![felt] };
    ant.on_message(stimulus, &mut Reply::new(Time::ZERO, Load::default(), &mut rng, &mut said));
    let thought = said.pop().expect("an idle ant responds");
    let message = lie.map_or(thought.clone(), |lie| Stigmergic::bend(thought, &lie, Time::ZERO, &mut Rng::new(1, "lie")));
    let Message::Volunteer { responses, .. } = message else { panic!("it volunteers") };
    responses[0]
}

proptest! {
    #[test]
    fn an_honest_word_is_believed_and_a_low_one_scaled_to_what_was_proven(
        speed in 0.1..8.0f64, work in 0.1..20.0f64, trail in 1.0..20.0f64, pace in 0.2..5.0f64, success in 0.1..=1.0f64,
        explores: bool, threshold: bool, factor in 0.05..1.0f64,
    ) {
        let model = if threshold { Model::ResponseThreshold } else { Model::AntColony };
        let settings = Stigmergic { model, steepness: 2.0, ..Stigmergic::default() };
        let felt = felt(work, trail, pace, success, explores);
        let honest = said(&settings, speed, felt, None);
        prop_assert_eq!(doubted(&settings, &honest, &felt, speed), honest);
        let bent = doubted(&settings, &said(&settings, speed, felt, Some(Lie::LowBall(factor))), &felt, speed);
        for (believed, true_one) in [
            (bent.seconds, honest.seconds), (bent.reaction, honest.reaction), (bent.from, honest.from),
        ] {
            // A weight that was cut to a factor is raised by the same factor.
            prop_assert!(believed >= true_one * (1.0 - 1e-9), "{} for {}", believed, true_one);
        }
    }
    #[test]
    fn proof_moves_from_the_claim_to_what_was_measured(true_pace in 0.11..9.0f64, decay in 0.0..0.5f64) {
        let mut proof = Proof::default();
        let (mut last, declared) = (1.0_f64, 2.0);
        for _ in 0..200 {
            proof.add(declared, Duration::from_secs_f64(declared / true_pace), 1.0, decay);
            let off = (proof.pace() - true_pace).abs();
            prop_assert!(off <= (last - true_pace).abs() + 1e-9, "it comes nearer");
            last = proof.pace();
        }
        prop_assert!(decay > 0.0 || (last / true_pace - 1.0).abs() < 0.15, "{} for {}", last, true_pace);
        prop_assert_eq!(proof.success(), 1.0);
    }
}

#[test]
fn a_field_keeps_proofs_by_name_and_judges_trails() {
    let (dig, ann) = (Demand::of_kind(DemandId(0), "dig"), AgentId(0));
    let mut field = Field::new(Stigmergic::default().laws());
    field.begin(Time::ZERO);
    field.meet(ann, "ann");
    assert_eq!(field.proof(&dig, ann), Proof::default());
    field.prove(&dig, ann, 1.0, Duration::from_secs(5), 1.0);
    field.deposit(&dig, ann, 6.0);
    field.judge(DemandId(0), ann, 0.0, 2.0);
    assert_eq!((field.trail(&dig, ann), field.proof(&dig, ann).success()), (5.0, 2.0 / 3.0));
    field.judge(DemandId(7), ann, 0.0, 2.0); // of a demand that nobody met
    let mut heir = Field::new(Stigmergic::default().laws());
    heir.restore(&field.save());
    heir.begin(Time::ZERO);
    heir.meet(AgentId(4), "ann");
    assert_eq!(heir.proof(&dig, AgentId(4)), field.proof(&dig, ann));
}
