//! Ant trail: nobody decides, the environment is marked and sensed.
//!
//! There is a field of pheromone with a trail for each kind of work and agent ([`Field`]), and there are open tasks, each a stimulus
//! whose intensity rises while it waits. An idle ant (the participant) senses the strongest stimuli and its own trails, and responds
//! by itself. The environment (the initiator) only applies physics: it lets stimuli be sensed, gives a task to the first volunteer,
//! strengthens the trail of a success and lets all trails evaporate.
//!
//! **Who responds.** The response function of Bonabeau, Theraulaz and Deneubourg (1996), `T(s) = sⁿ / (sⁿ + θⁿ)`, with the distance in
//! the threshold as in their mail retrieval model (1997). The intensity s, in seconds, is how long the task would take if it were left
//! to the ants at work, by the marks that these left when they went to work, and how long it has waited already; the threshold θ is
//! what it would take in the ant's own hands. So a slow ant leaves a task to a better one that is soon free, and takes it
//! when that one has too much to do, or is overdue: the longer a task waits the surer somebody responds, at the latest at `3θ`. With
//! nobody able at work there is nobody to leave it to, and all idle ants respond.
//!
//! **Who of them gets it.** Each draws a reaction time that is exponential with rate `τ^α · η^β`, τ its trail and η its declared rate,
//! and the first goes to work. That is Ant System's draw in proportion to `τ^α · η^β` (Dorigo, Maniezzo and Colorni 1996), made by the
//! ants: the minimum of exponential times falls to each in proportion to its rate. With probability `greed` an announcement
//! does not explore and the strongest wins, the pseudo-random-proportional rule of Ant Colony System (Dorigo and Gambardella 1997).
//!
//! **What is learned.** A success adds `reinforcement · quality · speed` to its trail, speed relative to what is usual for the kind of
//! work; per `period` a share `decay` evaporates; and trails stay between `min` and `max` (MAX–MIN: Stützle and Hoos 2000). Trails are
//! saved by name, so that they outlive runs.

mod award;
mod encounter;
mod field;
mod initiator;
mod message;
mod open;
mod participant;
mod response;
mod sense;
mod settings;
#[cfg(test)]
mod tests;

pub use field::{Field, Laws, evaporation};
pub use initiator::Environment;
pub use message::{Felt, Message, Response};
pub use participant::Ant;
pub use response::{attraction, double_bridge, response_probability};
pub use settings::{Model, Stigmergic};

/// What a config calls it.
const NAME: &str = "stigmergic";
