//! What the environment and the ants in it let each other sense.

use crate::TaskId;
use serde::Serialize;

/// One message of the colony.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// The environment to an idle ant: what it senses where it stands.
    Stimulus {
        /// Which of the ant's encounters this is; its answer names it.
        round: u32,
        /// Open tasks, the strongest stimulus first.
        felt: Vec<Felt>,
    },
    /// An ant to the environment: how it responds to each task that it sensed.
    Volunteer {
        /// The encounter that it answers.
        round: u32,
        /// One response for each task that it sensed.
        responses: Vec<Response>,
    },
    /// An ant to the environment: it is at other work.
    Busy {
        /// The encounter that it answers.
        round: u32,
        /// Seconds until it expects to have a slot free.
        seconds: f64,
    },
}

/// An open task, as one ant senses it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Felt {
    /// Which task.
    pub task: TaskId,
    /// Which announcement of it: an answer to an earlier one is void.
    pub call: u64,
    /// Its estimated work: seconds at speed 1 and fit 1.
    pub work: f64,
    /// Seconds until what it needs is where the ant is; left out if it is there.
    #[serde(skip_serializing_if = "is_near")]
    pub fetch: f64,
    /// How well it suits the ant, in `(0, 1]`.
    pub fit: f64,
    /// The ant's own trail on this kind of work.
    pub trail: f64,
    /// How fast its jobs of this kind proved it to be, relative to what it declared.
    pub pace: f64,
    /// Which share of them it did well.
    pub success: f64,
    /// The intensity, in seconds: for how long idle ants have left the task to others, and how long it would still take these, by the
    /// marks that they left. Infinite if there is nobody to leave it to.
    pub intensity: f64,
    /// True if this announcement explores: reactions are drawn. False if the strongest reaction shall win.
    pub explores: bool,
}

fn is_near(fetch: &f64) -> bool {
    *fetch == 0.0
}

/// How an ant responds to one task.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Response {
    /// Which task.
    pub task: TaskId,
    /// Which announcement of it.
    pub call: u64,
    /// Seconds that the ant expects to need: the mark that it leaves if it gets to work.
    pub seconds: f64,
    /// Its drawn reaction time: of several volunteers the first gets to work. No unit; less is sooner.
    pub reaction: f64,
    /// The weight of which the reaction was drawn: `τ^α · η^β`.
    pub weight: f64,
    /// The intensity from which on it volunteers; it does now if the intensity is at least that.
    pub from: f64,
}
