//! What a user can set, and the checks on it.

use super::field::Laws;
use super::initiator::Environment;
use super::message::Message;
use super::participant::Ant;
use crate::{AgentId, Lie, Profile, Protocol, Rng, Time};
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// The settings of a colony, and the factory of its two roles.
///
/// ```
/// use polity_protocols::stigmergic::{Model, Stigmergic};
/// let text = r#"{ "model": "ant_colony", "decay": 0.1, "period": "1s", "reinforcement": 2.0, "alpha": 1.0, "beta": 2.0 }"#;
/// let colony: Stigmergic = serde_json::from_str(text).unwrap();
/// assert_eq!(colony, Stigmergic { model: Model::AntColony, ..Stigmergic::default() });
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stigmergic {
    /// What decides between volunteers.
    pub model: Model,
    /// The share ρ of a trail that evaporates per period, in `[0, 1)`. With 0 nothing is ever forgotten, so that a colony which
    /// learned something wrong does not recover. What an ant proved of its rate fades by the same share per job.
    #[serde(alias = "evaporation")]
    pub decay: f64,
    /// How long a period is. It should be of the size of a few tasks: with much longer tasks a trail is gone before it is used.
    #[serde(with = "crate::duration_text")]
    pub period: Duration,
    /// What one success of full quality and usual speed adds to a trail.
    pub reinforcement: f64,
    /// The exponent α of the trail τ: how much the colony's experience counts. 0: not at all.
    pub alpha: f64,
    /// The exponent β of the visibility η, an ant's rate: what it declared, as far as its jobs proved it. 0: not at all.
    pub beta: f64,
    /// A trail that nobody has walked; if not given, the least.
    pub initial: Option<f64>,
    /// The least trail, so that no ant is ever ruled out (MAX–MIN); if not given, half of `reinforcement`.
    pub min: Option<f64>,
    /// The strongest trail, so that no ant ever has it all (MAX–MIN). If not given, `reinforcement / decay`: what a trail
    /// tends to that one usual success per period walks. So without decay there is no bound if none is given.
    pub max: Option<f64>,
    /// How often the strongest reaction simply wins instead of a draw: `q0` of Ant Colony System, in `[0, 1]`. With 0 each choice is
    /// a draw, as in Ant System. Greed gains a little on what is known and forgets slowly what was: a habit wins until it has evaporated.
    pub greed: f64,
    /// The exponent n of the response function `sⁿ / (sⁿ + θⁿ)`. The literature mostly has 2; with that an exploring ant takes a task that
    /// another would have done in half the time in one case of five, and workflows take about 3 % longer than with 8.
    pub steepness: f64,
    /// At how many times its threshold even the most tolerant ant responds, in `(0, 100]`: so no task waits for ever. With 1 no ant
    /// leaves a task to others that would have it done later than itself.
    pub patience: f64,
    /// How many idle ants sense a new task at most: what bounds messages on a large team.
    pub reach: usize,
    /// How long the first volunteers wait for the answers of others that sensed the task with them.
    #[serde(with = "crate::duration_text")]
    pub window: Duration,
}

impl Default for Stigmergic {
    fn default() -> Stigmergic {
        Stigmergic {
            model: Model::AntColony,
            decay: 0.1,
            period: Duration::from_secs(1),
            reinforcement: 2.0,
            alpha: 1.0,
            beta: 2.0,
            initial: None,
            min: None,
            max: None,
            greed: 0.0,
            steepness: 8.0,
            patience: 1.0,
            reach: 16,
            window: Duration::from_millis(50),
        }
    }
}

/// What decides between ants that volunteer for the same task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// A draw in proportion to `τ^α · η^β`.
    #[default]
    AntColony,
    /// The thresholds alone: trails are experience, which lowers a threshold, and the more responsive ant is the more likely one.
    ResponseThreshold,
}

impl Stigmergic {
    /// The laws of the colony's field: with what is not given filled in.
    ///
    /// ```
    /// use polity_protocols::stigmergic::Stigmergic;
    /// let laws = Stigmergic::default().laws();
    /// assert_eq!((laws.min, laws.initial, laws.max), (1.0, 1.0, 20.0));
    /// ```
    pub fn laws(&self) -> Laws {
        let max = self.max.unwrap_or(if self.decay > 0.0 { self.reinforcement / self.decay } else { f64::INFINITY });
        let min = self.min.unwrap_or_else(|| (self.reinforcement / 2.0).min(max));
        let initial = self.initial.unwrap_or(min);
        Laws { decay: self.decay, period: self.period, initial, min, max }
    }
    fn numbers(&self) -> [(&'static str, f64); 9] {
        [
            ("decay", self.decay),
            ("reinforcement", self.reinforcement),
            ("alpha", self.alpha),
            ("beta", self.beta),
            ("initial", self.initial.unwrap_or_default()),
            ("min", self.min.unwrap_or_default()),
            ("max", self.max.unwrap_or_default()),
            ("greed", self.greed),
            ("steepness", self.steepness),
        ]
    }
    fn first_fault(&self) -> Option<String> {
        let must = |name: &str, range: &str, given: &dyn core::fmt::Display| {
            Some(format!("stigmergic.{name} must be {range}, but is {given}"))
        };
        if let Some((name, given)) = self.numbers().into_iter().find(|(_, given)| !given.is_finite() || *given < 0.0) {
            return must(name, "a finite number from 0 on", &given);
        }
        if self.decay >= 1.0 {
            return must("decay", "in [0, 1)", &self.decay);
        }
        if self.greed > 1.0 {
            return must("greed", "in [0, 1]", &self.greed);
        }
        if self.reinforcement == 0.0 {
            return must("reinforcement", "above 0", &self.reinforcement);
        }
        if self.alpha == 0.0 && self.beta == 0.0 {
            return Some("stigmergic.alpha and stigmergic.beta must not both be 0: nothing would guide the ants".to_owned());
        }
        let Laws { min, max, initial, .. } = self.laws();
        if min <= 0.0 {
            return must("min", "above 0, so that every trail can be found again", &min);
        }
        if max < min {
            return must("max", &format!("at least stigmergic.min, which is {min}"), &max);
        }
        if !(min..=max).contains(&initial) {
            return must("initial", &format!("in [{min}, {max}], which min and max set"), &initial);
        }
        self.other_fault()
    }
    fn other_fault(&self) -> Option<String> {
        if !(0.1..=64.0).contains(&self.steepness) {
            return Some(format!("stigmergic.steepness must be in [0.1, 64], but is {}", self.steepness));
        }
        if !(self.patience > 0.0 && self.patience <= 100.0) {
            return Some(format!("stigmergic.patience must be in (0, 100], but is {}", self.patience));
        }
        if self.alpha > 64.0 || self.beta > 64.0 {
            let (name, given) = if self.alpha > 64.0 { ("alpha", self.alpha) } else { ("beta", self.beta) };
            return Some(format!("stigmergic.{name} must be in [0, 64], but is {given}"));
        }
        if self.reach == 0 {
            return Some("stigmergic.reach must be at least 1, but is 0".to_owned());
        }
        let empty = [("period", self.period), ("window", self.window)].into_iter().find(|(_, given)| given.is_zero());
        empty.map(|(name, _)| format!("stigmergic.{name} must be longer than 0, but is 0s"))
    }
}

impl Protocol for Stigmergic {
    const NAME: &'static str = super::NAME;
    type Message = Message;
    type Initiator = Environment;
    type Participant = Ant;

    fn check(&self) -> Result<(), String> {
        self.first_fault().map_or(Ok(()), Err)
    }
    fn initiator(&self) -> Environment {
        Environment::new(self)
    }
    fn participant(&self, me: AgentId, profile: &Profile) -> Ant {
        Ant::new(self, me, profile)
    }
    fn bend(thought: Message, lie: &Lie, now: Time, rng: &mut Rng) -> Message {
        super::bent::bend(thought, lie, now, rng)
    }
}
