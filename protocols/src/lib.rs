//! # polity-protocols: *who* shall do a task
//!
//! Coordination protocols as pure state machines. Each has two roles, FIPA's **initiator** and **participant**; each role takes an
//! input and the moment, and asks for effects. There is no clock, no thread, no IO and no entropy here: the same roles run live over
//! actors, in virtual time, and at a round table in a test ([`testing::Table`]).
//!
//! | wing | decides by |
//! |---|---|
//! | [`consensus`] | a vote of agents with private evidence |
//! | [`hierarchical`] | a leader's load-balanced delegation down a tree |
//! | [`market`] | an auction at second prices, tasks of one moment sold together |
//! | [`stigmergic`] | ants that sense stimuli and pheromone trails, and volunteer |
//! | [`auto`] | whichever of these did best so far |
//! | [`pinned`] | a plan that was made before |
//!
//! [`baselines`] are what each of them should beat; [`planners`] make plans for [`pinned`].
//!
//! To write a government of your own, implement [`Protocol`] in one file and run [`testing::suite`](fn@testing::suite) on it.

pub mod baselines;
mod capability;
mod data;
mod deadlines;
mod deceit;
mod decision;
pub mod duration_text;
mod ids;
mod key_map;
mod profile;
mod prospect;
mod protocol;
mod rng;
mod roster;
mod task;
mod time;
mod turn;
mod weather;

pub mod auto;
pub mod consensus;
pub mod hierarchical;
pub mod market;
pub mod pinned;
pub mod planners;
pub mod stigmergic;
pub mod testing;

pub use capability::{BadScore, Capabilities, Demand, Score};
pub use data::{Arrival, Input};
pub use deadlines::Deadlines;
pub use deceit::{Bent, Lie};
pub use decision::{Candidate, Decision, KEPT, Measure};
pub use ids::{AgentId, DemandId, Name, TaskId};
pub use key_map::KeyMap;
pub use profile::{Load, Profile};
pub use prospect::{Awaited, Prospect};
pub use protocol::{Initiator, Memory, Mute, Participant, Protocol, Silence};
pub use rng::Rng;
pub use roster::{Able, Held, Roster};
pub use task::{Ended, Judged, Outcome, TaskView};
pub use time::{Time, seconds_to_duration};
pub use turn::{Effect, Reply, Turn, Why};
pub use weather::{BadWeather, Delay, Weather};
