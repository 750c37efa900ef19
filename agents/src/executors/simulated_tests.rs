//! Draws against what they promise.

use super::*;
use crate::clock::RealClock;
use crate::job::Work;
use polity_protocols::Rng;
use proptest::prelude::*;
use serde_json::json;
use std::rc::Rc;

fn distribution() -> impl Strategy<Value = Distribution> {
    prop_oneof![
        (0.0..50.0f64).prop_map(Distribution::Constant),
        (0.0..50.0f64, 0.0..50.0f64).prop_map(|(a, b)| Distribution::Uniform(a.min(b), a.max(b))),
        (0.0..50.0f64).prop_map(Distribution::Exponential),
        (0.0..50.0f64, 0.0..0.8f64).prop_map(|(m, s)| Distribution::Lognormal(m, s)),
    ]
}

fn job(seconds: f64) -> Job {
    Job::new("a", Work::Own).estimate(seconds)
}

proptest! {
    #[test]
    fn samples_are_durations_about_their_mean(distribution in distribution(), seed: u64) {
        prop_assert_eq!(distribution.check(), Ok(()));
        let mut rng = Rng::new(seed, "samples");
        let samples: Vec<f64> = (0..4_000).map(|_| distribution.sample(&mut rng)).collect();
        prop_assert!(samples.iter().all(|s| s.is_finite() && *s >= 0.0));
        // The deviations of all these are at most 1.0 × mean: 7 standard errors of 4,000 draws.
        let mean = samples.iter().sum::<f64>() / samples.len() as f64;
        prop_assert!((mean - distribution.mean()).abs() <= 0.12 * distribution.mean() + 1e-9, "{mean} for {distribution:?}");
    }

    #[test]
    fn faster_and_fitter_is_shorter(seconds in 0.1..100.0f64, speed in 0.1..9.0f64, fit in 0.1..1.0f64, seed: u64) {
        let simulation = Simulation { work: Some(Distribution::Constant(seconds)), ..Simulation::default() };
        let drawn = draw(&simulation, &job(1.0).fit(fit), speed, &mut Rng::new(seed, "x"));
        prop_assert_eq!(drawn, Draw { duration: seconds_to_duration(seconds / (speed * fit)), end: SimEnd::Succeed });
    }

    #[test]
    fn one_probability_shifts_no_other_draw(seed: u64, hang in 0.0..1.0f64) {
        let calm = Simulation { work: Some(Distribution::Exponential(5.0)), failure: 0.3, ..Simulation::default() };
        let wild = Simulation { hang, ..calm.clone() };
        let [a, b] = [&calm, &wild].map(|s| draw(s, &job(1.0), 1.0, &mut Rng::new(seed, "x")));
        prop_assert!(a == b || (b.duration == Duration::MAX && b.end == SimEnd::Hang));
    }
}

#[test]
fn ends_come_as_often_as_asked() {
    let simulation = Simulation { hang: 0.1, crash: 0.2, failure: 0.5, ..Simulation::default() };
    let mut rng = Rng::new(7, "ends");
    let mut counts = [0u32; 4];
    for _ in 0..10_000 {
        let drawn = draw(&simulation, &job(8.0), 1.0, &mut rng);
        let (at, seconds) = match drawn.end {
            SimEnd::Succeed => (0, 8),
            SimEnd::Fail => (1, 8),
            SimEnd::Crash => (2, 4),
            SimEnd::Hang => (3, Duration::MAX.as_secs()),
        };
        assert_eq!(drawn.duration.as_secs(), seconds);
        counts[at] += 1;
    }
    for (count, expected) in counts.into_iter().zip([3_600, 3_600, 1_800, 1_000_u32]) {
        assert!(count.abs_diff(expected) < 250, "{counts:?}");
    }
}

#[test]
fn certain_fates_are_certain() {
    for (simulation, end) in [
        (Simulation { hang: 1.0, ..Simulation::default() }, SimEnd::Hang),
        (Simulation { crash: 1.0, ..Simulation::default() }, SimEnd::Crash),
        (Simulation { failure: 1.0, ..Simulation::default() }, SimEnd::Fail),
        (Simulation::default(), SimEnd::Succeed),
    ] {
        assert!((0..200).all(|seed| draw(&simulation, &job(1.0), 1.0, &mut Rng::new(seed, "x")).end == end));
    }
}

#[test]
fn an_agent_that_gets_nowhere_takes_forever_unless_nothing_is_to_do() {
    let at = |seconds, speed| draw(&Simulation::default(), &job(seconds), speed, &mut Rng::new(1, "x")).duration;
    assert!(at(1.0, 0.0) > Duration::from_secs(1 << 30));
    assert!(at(1.0, f64::NAN) > Duration::from_secs(1 << 30));
    assert_eq!(at(0.0, 0.0), Duration::ZERO);
}

#[test]
fn checks_name_what_is_wrong() {
    for (bad, word) in [
        (Simulation { failure: -0.1, ..Simulation::default() }, "`failure`"),
        (Simulation { hang: f64::NAN, ..Simulation::default() }, "`hang`"),
        (Simulation { work: Some(Distribution::Constant(-1.0)), ..Simulation::default() }, "`constant`"),
        (Simulation { work: Some(Distribution::Exponential(f64::INFINITY)), ..Simulation::default() }, "`exponential`"),
        (Simulation { work: Some(Distribution::Lognormal(1.0, -1.0)), ..Simulation::default() }, "`lognormal`"),
    ] {
        assert!(bad.check().is_err_and(|e| e.contains(word)), "{bad:?}");
    }
}

async fn carried_out(simulation: Simulation) -> (Answer, u64) {
    let context = Context::new(Rc::new(RealClock::new()), 3);
    let answer = simulate(job(8.0).with(json!({"x": 1})), &simulation, 2.0, context.clone()).await;
    (answer, context.now().as_secs_f64() as u64)
}

#[tokio::test(start_paused = true)]
async fn it_takes_its_time_and_answers() {
    assert_eq!(carried_out(Simulation::default()).await, (Ok(json!({"x": 1})), 4));
    let (answer, seconds) = carried_out(Simulation { failure: 1.0, ..Simulation::default() }).await;
    assert_eq!(seconds, 4);
    assert!(answer.is_err_and(|f| f.message.starts_with("simulated failure")));
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "simulated crash of the agent at task \"a\"")]
async fn a_crash_is_a_panic() {
    let _never = carried_out(Simulation { crash: 1.0, ..Simulation::default() }).await;
}

#[tokio::test(start_paused = true)]
async fn a_hang_outlasts_any_patience() {
    let hang = carried_out(Simulation { hang: 1.0, ..Simulation::default() });
    assert!(tokio::time::timeout(Duration::from_secs(1 << 25), hang).await.is_err());
}
