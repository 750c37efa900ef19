//! Settings: their text, and the sentence for each that makes no sense.

use crate::Protocol;
use crate::stigmergic::{Model, Stigmergic};
use core::time::Duration;

#[test]
fn the_text_of_a_setting_is_read_again() {
    let some = Stigmergic {
        model: Model::ResponseThreshold,
        max: Some(9.0),
        window: Duration::from_millis(20),
        ..Stigmergic::default()
    };
    let text = serde_json::to_string(&some).unwrap();
    assert!(text.contains(r#""period":"1s""#) && text.contains(r#""window":"20ms""#), "{text}");
    assert_eq!(serde_json::from_str::<Stigmergic>(&text).unwrap(), some);
    assert_eq!(serde_json::from_str::<Stigmergic>(r#"{"evaporation":0.2,"period":"2s"}"#).unwrap().decay, 0.2);
    let unknown = serde_json::from_str::<Stigmergic>(r#"{"pheromone":0.2}"#).unwrap_err().to_string();
    assert!(unknown.contains("unknown field `pheromone`"), "{unknown}");
}

#[test]
fn each_setting_out_of_range_is_named_with_its_range_and_its_value() {
    let d = Stigmergic::default;
    let cases = [
        (Stigmergic { decay: 1.0, ..d() }, "stigmergic.decay must be in [0, 1), but is 1"),
        (Stigmergic { decay: f64::NAN, ..d() }, "stigmergic.decay must be a finite number from 0 on, but is NaN"),
        (Stigmergic { alpha: 0.0, beta: 0.0, ..d() }, "stigmergic.alpha and stigmergic.beta must not both be 0"),
        (Stigmergic { beta: -1.0, ..d() }, "stigmergic.beta must be a finite number from 0 on, but is -1"),
        (Stigmergic { beta: 99.0, ..d() }, "stigmergic.beta must be in [0, 64], but is 99"),
        (Stigmergic { greed: 1.5, ..d() }, "stigmergic.greed must be in [0, 1], but is 1.5"),
        (Stigmergic { reinforcement: 0.0, ..d() }, "stigmergic.reinforcement must be above 0, but is 0"),
        (
            Stigmergic { min: Some(0.0), ..d() },
            "stigmergic.min must be above 0, so that every trail can be found again, but is 0",
        ),
        (
            Stigmergic { max: Some(0.5), min: Some(1.0), ..d() },
            "stigmergic.max must be at least stigmergic.min, which is 1, but is 0.5",
        ),
        (Stigmergic { initial: Some(30.0), ..d() }, "stigmergic.initial must be in [1, 20], which min and max set, but is 30"),
        (Stigmergic { steepness: 0.0, ..d() }, "stigmergic.steepness must be in [0.1, 64], but is 0"),
        (Stigmergic { patience: 0.0, ..d() }, "stigmergic.patience must be in (0, 100], but is 0"),
        (Stigmergic { reach: 0, ..d() }, "stigmergic.reach must be at least 1, but is 0"),
        (Stigmergic { period: Duration::ZERO, ..d() }, "stigmergic.period must be longer than 0, but is 0s"),
        (Stigmergic { window: Duration::ZERO, ..d() }, "stigmergic.window must be longer than 0, but is 0s"),
    ];
    for (settings, sentence) in cases {
        let said = settings.check().unwrap_err();
        assert!(said.starts_with(sentence), "{said}");
    }
    for fine in [d(), Stigmergic { decay: 0.0, ..d() }, Stigmergic { alpha: 0.0, ..d() }, Stigmergic { greed: 0.0, ..d() }] {
        assert_eq!(fine.check(), Ok(()));
    }
}
