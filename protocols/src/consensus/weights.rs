//! What a voter's word weighs. The initiator weighs it, never the voter itself.
//!
//! *Expertise* is the voter's fit for what the task demands: a claim. *Reliability* is measured: each award that ends tells of those
//! who voted for its winner whether they were right, and how much. A competence `p` weighs `ln(p / (1 − p))`, which is the best that a
//! weighted majority can do (Shapley and Grofman 1984; Nitzan and Paroush 1982): a coin weighs 0, a contrarian less than 0.

use serde::{Deserialize, Serialize};

/// Competence is never taken as surer than this, so that no single voter is a dictator for ever.
const SUREST: f64 = 0.99;
/// What a voter is believed to have got right and wrong before anything was measured: a competence of 0.6, soon outvoted by facts.
const BEFORE: (f64, f64) = (3.0, 2.0);
/// Each new outcome lets the older ones fade by this factor: a voter may become better, or worse.
const FADING: f64 = 0.98;

/// What the votes of a weighted majority are weighed by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weighing {
    /// By the voter's fit for the task, as declared. Who can't do it has no say.
    #[default]
    Expertise,
    /// By the log-odds of how often it was right, as measured.
    Reliability,
}

/// The best weight of a voter that is right with probability `p`: its log-odds, `p` held within `0.01..=0.99`. NaN weighs 0.
///
/// ```
/// use polity_protocols::consensus::log_odds;
/// assert!((log_odds(0.9) - 2.197_224_577_336_22).abs() < 1e-12);
/// assert_eq!(log_odds(0.5), 0.0);
/// assert!((log_odds(0.2) + log_odds(0.8)).abs() < 1e-12);
/// ```
pub fn log_odds(p: f64) -> f64 {
    if p.is_nan() {
        return 0.0;
    }
    let p = p.clamp(1.0 - SUREST, SUREST);
    libm::log(p / (1.0 - p))
}

/// How often a voter was right, as far as outcomes told.
///
/// ```
/// use polity_protocols::consensus::Reliability;
/// let mut ann = Reliability::default();
/// assert_eq!(ann.competence(), 0.6);
/// for _ in 0..50 {
///     ann.learn(0.0);
/// }
/// assert!(ann.competence() < 0.1 && ann.weight() < -2.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reliability {
    right: f64,
    wrong: f64,
}

impl Reliability {
    /// What it had got right and wrong in an earlier life; what is not a count is forgotten.
    pub fn new(right: f64, wrong: f64) -> Reliability {
        let count = |n: f64| if n.is_finite() { n.clamp(0.0, 1.0 / (1.0 - FADING)) } else { 0.0 };
        Reliability { right: count(right), wrong: count(wrong) }
    }
    /// It was right to this degree, `0..=1`.
    pub fn learn(&mut self, right: f64) {
        let right = if right.is_nan() { 0.0 } else { right.clamp(0.0, 1.0) };
        self.right = self.right * FADING + right;
        self.wrong = self.wrong * FADING + (1.0 - right);
    }
    /// How likely it is right, with what is believed of anybody mixed in.
    pub fn competence(&self) -> f64 {
        (self.right + BEFORE.0) / (self.right + self.wrong + BEFORE.0 + BEFORE.1)
    }
    /// The weight of its word.
    pub fn weight(&self) -> f64 {
        log_odds(self.competence())
    }
    /// How much was measured, in faded outcomes: right and wrong.
    pub fn counts(&self) -> (f64, f64) {
        (self.right, self.wrong)
    }
}
