//! How an ant responds: pure functions of what it senses.

use super::message::{Felt, Response};
use super::settings::{Model, Stigmergic};

/// How much lower the threshold of an ant with all experience is than that of one without (`response_threshold`).
const EXPERIENCED: f64 = 3.0;

/// The probability with which an ant of threshold `theta` responds to a stimulus of intensity `s`: `sⁿ / (sⁿ + θⁿ)` (Bonabeau,
/// Theraulaz and Deneubourg 1996). It is ½ where they are equal; without a threshold any ant responds, without a stimulus no other.
///
/// ```
/// use polity_protocols::stigmergic::response_probability;
/// assert_eq!(response_probability(3.0, 3.0, 2.0), 0.5);
/// assert_eq!(response_probability(6.0, 3.0, 2.0), 0.8);
/// assert_eq!(response_probability(0.0, 3.0, 2.0), 0.0);
/// ```
pub fn response_probability(s: f64, theta: f64, n: f64) -> f64 {
    if theta <= 0.0 || s == f64::INFINITY {
        return 1.0;
    }
    if s <= 0.0 {
        return 0.0;
    }
    1.0 / (1.0 + power(theta / s, n))
}

/// The weight `τ^α · η^β` of a choice (Ant System: Dorigo, Maniezzo and Colorni 1996).
///
/// ```
/// use polity_protocols::stigmergic::attraction;
/// assert_eq!(attraction(4.0, 0.5, 1.0, 2.0), 1.0);
/// ```
pub fn attraction(tau: f64, eta: f64, alpha: f64, beta: f64) -> f64 {
    power(tau, alpha) * power(eta, beta)
}

/// The probability of branch A of a double bridge after `a` and `b` ants went over its branches: `(k+a)ⁿ / ((k+a)ⁿ + (k+b)ⁿ)`
/// (Deneubourg, Aron, Goss and Pasteels 1990; k = 20 and n = 2 fit Argentine ants). It is the draw by `τ^α` with `τ = k + passages`
/// and `α = n`.
///
/// ```
/// use polity_protocols::stigmergic::double_bridge;
/// assert_eq!(double_bridge(50.0, 50.0, 20.0, 2.0), 0.5);
/// ```
pub fn double_bridge(a: f64, b: f64, k: f64, n: f64) -> f64 {
    let (a, b) = (attraction(k + a, 1.0, n, 0.0), attraction(k + b, 1.0, n, 0.0));
    a / (a + b)
}

/// `powf`, with the common exponents exact and cheap.
fn power(base: f64, exponent: f64) -> f64 {
    if exponent == 0.0 {
        1.0
    } else if exponent == 1.0 {
        base
    } else if exponent == 2.0 {
        base * base
    } else {
        libm::pow(base, exponent)
    }
}

/// Seconds that an ant of this speed needs for what it senses, at the pace that it proved: what has to be fetched comes first.
pub(super) fn seconds(felt: &Felt, speed: f64) -> f64 {
    felt.fetch + working(felt, speed)
}
fn working(felt: &Felt, speed: f64) -> f64 {
    let rate = speed * felt.fit * felt.pace;
    if rate > 0.0 { felt.work / rate } else { f64::INFINITY }
}
/// Which share of its time it would work, and not wait for what has to be fetched.
fn nearness(felt: &Felt, speed: f64) -> f64 {
    if felt.fetch > 0.0 { working(felt, speed) / seconds(felt, speed) } else { 1.0 }
}

/// The ant's threshold, in seconds like the intensity: what the task would take in its own hands. Then a response of ½ is where it
/// makes no difference who does it. In the model `response_threshold` an ant without experience has a higher one.
pub(super) fn threshold(settings: &Stigmergic, felt: &Felt, seconds: f64) -> f64 {
    match settings.model {
        Model::AntColony => seconds,
        Model::ResponseThreshold => seconds / (1.0 + (EXPERIENCED - 1.0) * experience(settings.laws().min, felt.trail)),
    }
}

/// How much experience a trail stands for, in `0..1`: none for the least one.
fn experience(least: f64, trail: f64) -> f64 {
    if trail > least && least > 0.0 { 1.0 - least / trail } else { 0.0 }
}

/// The weight of the ant among volunteers. The work is the same for all of them, so the visibility is the rate at which it gets work done
/// well, the time counted in which it waits for what has to be fetched.
pub(super) fn weight(settings: &Stigmergic, felt: &Felt, speed: f64) -> f64 {
    let weight = match settings.model {
        Model::AntColony => {
            let rate = speed * felt.fit * felt.pace * felt.success * nearness(felt, speed);
            attraction(felt.trail, rate, settings.alpha, settings.beta)
        }
        Model::ResponseThreshold => {
            let unit = Felt { work: 1.0, fetch: 0.0, ..*felt };
            let seconds = threshold(settings, felt, seconds(&unit, speed));
            power(felt.success * nearness(felt, speed) / seconds, settings.steepness)
        }
    };
    if weight.is_nan() { f64::MIN_POSITIVE } else { weight.clamp(f64::MIN_POSITIVE, 1e300) }
}

/// What an ant says of itself, as far as it is believed: with all its times as long as by its declared speed and what it proved. Of an ant
/// that says what it thinks nothing changes, nor of one that says it needs longer.
pub(super) fn doubted(settings: &Stigmergic, said: &Response, felt: &Felt, speed: f64) -> Response {
    let times = |believed: f64, said: f64| if said > 0.0 && believed > said { believed / said } else { 1.0 };
    let (slower, weaker) = (times(seconds(felt, speed), said.seconds), times(said.weight, weight(settings, felt, speed)));
    Response {
        seconds: said.seconds * slower,
        from: said.from * slower,
        reaction: said.reaction * weaker,
        weight: said.weight / weaker,
        ..*said
    }
}

/// The intensity from which on an ant responds that has drawn `u` uniform in `0..1`: the inverse of [`response_probability`]. So
/// drawing once and waiting for the intensity is the same as drawing anew with growing probability, without the talk. At `patience`
/// times the threshold every ant responds.
pub(super) fn responds_from(theta: f64, u: f64, n: f64, patience: f64) -> f64 {
    let u = u.clamp(0.0, 1.0);
    let tolerance = if u < 1.0 { power(u / (1.0 - u), 1.0 / n) } else { patience };
    theta * tolerance.min(patience)
}
