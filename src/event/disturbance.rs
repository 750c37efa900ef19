//! What goes wrong on purpose, in a word.

use serde::{Deserialize, Serialize};

/// What a fault on purpose is, or that it is over.
///
/// ```
/// use polity::event::Disturbance;
/// assert_eq!(Disturbance::Crashed.word(), "crashed");
/// assert!(Disturbance::ALL.contains(&Disturbance::Repaired));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disturbance {
    /// An agent crashed, and is down for a while.
    Crashed,
    /// An agent is restarted in order.
    Bounced,
    /// Agents are cut off from all others.
    Partitioned,
    /// A partition is over.
    Healed,
    /// Mail is held back.
    Held,
    /// Mail that was held back is let go.
    Released,
    /// Everything is as it should be again.
    Repaired,
    /// These agents quote too low.
    LowBalling,
    /// These agents lie in ballots and results.
    Lying,
    /// These agents claim scores that are not theirs.
    FalseClaim,
}
impl Disturbance {
    /// All of them.
    pub const ALL: [Disturbance; 10] = [
        Disturbance::Crashed,
        Disturbance::Bounced,
        Disturbance::Partitioned,
        Disturbance::Healed,
        Disturbance::Held,
        Disturbance::Released,
        Disturbance::Repaired,
        Disturbance::LowBalling,
        Disturbance::Lying,
        Disturbance::FalseClaim,
    ];
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Disturbance::Crashed => "crashed",
            Disturbance::Bounced => "bounced",
            Disturbance::Partitioned => "partitioned",
            Disturbance::Healed => "healed",
            Disturbance::Held => "held",
            Disturbance::Released => "released",
            Disturbance::Repaired => "repaired",
            Disturbance::LowBalling => "low_balling",
            Disturbance::Lying => "lying",
            Disturbance::FalseClaim => "false_claim",
        }
    }
}
