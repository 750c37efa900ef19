//! Ant trail: nobody decides, the environment is marked and sensed.
//!
//! There is a field of pheromone with a trail for each kind of work and agent ([`Field`]), and there are open tasks, each a stimulus
//! whose intensity rises while it waits. An idle ant (the participant) senses the strongest stimuli and its own trails, and responds
//! by itself. The environment (the initiator) only applies physics: it lets stimuli be sensed, gives a task to the first volunteer,
//! strengthens the trail of a success and lets all trails evaporate.
//!
//! **Who responds.** The response function of Bonabeau, Theraulaz and Deneubourg (1996), `T(s) = sⁿ / (sⁿ + θⁿ)`, with the distance in
//! the threshold as in their mail retrieval model (1997). The intensity s, in seconds, is how long the task would take if it were left
//! to others, by the marks that can be sensed (ants at work, and when they meant to be back; a much faster idle one), and how long
//! idle ants have already left it; the threshold θ is what it would take in the ant's own hands. So a slow ant leaves a task
//! to a better one that is soon free, and takes it when that one has too much to do or is overdue: the longer a task is left the surer
//! somebody responds, at the latest at `patience · θ`. With nobody to leave it to, all idle ants respond. An ant draws its tolerance
//! once and tells it, which is the same as trying again and again with growing probability, without the talk.
//!
//! **Who of them gets it.** Each draws a reaction time that is exponential with rate `τ^α · η^β`, τ its trail and η its rate,
//! and the first goes to work. That is Ant System's draw in proportion to `τ^α · η^β` (Dorigo, Maniezzo and Colorni 1996), made by the
//! ants: the least of exponential times falls to each in proportion to its rate. With a `greed` above 0 the strongest simply wins that
//! often, the pseudo-random-proportional rule of Ant Colony System (Dorigo and Gambardella 1997).
//!
//! **What has to be fetched.** What a task needs may lie with one ant ([`TaskView::data`](crate::TaskView)). An ant senses for how many seconds it would
//! have to wait for that: they add to its threshold, and η is less by the share of its time that it would wait.
//!
//! **What is learned.** A success adds `reinforcement · quality · speed` to its trail, speed relative to what is usual for the kind of
//! work; per `period` a share `decay` evaporates; and trails stay between `min` and `max` (MAX–MIN: Stützle and Hoos 2000). Trails are
//! saved by name, so that they outlive runs.
//!
//! **A rate is a claim until proven.** η is the declared rate times the posterior mean of what the ant's own jobs proved of it ([`Proof`]): its
//! pace, and the share of them that was done well. Thresholds and marks are counted with the pace, too. An ant senses its own proof with its
//! trail; where it says that it needs less time, or reacts sooner, than by its trail and proof, its word is scaled to these. With
//! nothing proven yet η is the declared rate, as in Ant System, where the distance of a path is known and nobody lies about it.

mod award;
mod bent;
mod encounter;
mod field;
mod initiator;
mod marks;
mod message;
mod open;
mod participant;
mod proof;
mod response;
mod sense;
mod settings;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

pub use field::{Field, Laws, evaporation};
pub use initiator::Environment;
pub use message::{Felt, Message, Response};
pub use participant::Ant;
pub use proof::Proof;
pub use response::{attraction, double_bridge, response_probability};
pub use settings::{Model, Stigmergic};

/// What a config calls it.
const NAME: &str = "stigmergic";
