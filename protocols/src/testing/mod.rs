//! What a protocol is tested with: a round table without a runtime, and a suite of what every protocol owes.
//!
//! A government of your own is one file. This one gives each task to the able agent that joined first:
//!
//! ```
//! use polity_protocols::testing::suite;
//! use polity_protocols::*;
//!
//! #[derive(Clone, Debug)]
//! struct Seniority;
//!
//! #[derive(Default)]
//! struct Elders(Roster);
//!
//! impl Protocol for Seniority {
//!     const NAME: &'static str = "seniority";
//!     type Message = Silence;
//!     type Initiator = Elders;
//!     type Participant = Mute;
//!     fn initiator(&self) -> Elders {
//!         Elders::default()
//!     }
//!     fn participant(&self, _: AgentId, _: &Profile) -> Mute {
//!         Mute
//!     }
//! }
//!
//! impl Initiator for Elders {
//!     type Message = Silence;
//!     fn on_join(&mut self, agent: AgentId, profile: &Profile, _: &mut Turn<'_, Silence>) {
//!         self.0.join(agent, profile);
//!     }
//!     fn on_leave(&mut self, agent: AgentId, _: &mut Turn<'_, Silence>) {
//!         self.0.leave(agent);
//!     }
//!     fn on_task(&mut self, task: &TaskView, turn: &mut Turn<'_, Silence>) {
//!         // Who is able, in order of joining, without those whom the task avoids.
//!         let able: Vec<Candidate> = self.0.candidates(task).map(|able| Candidate::new(able.agent, able.fit)).collect();
//!         let Some(eldest) = able.first().map(|candidate| candidate.agent) else {
//!             return turn.decline(task.id, Why::NobodyAble);
//!         };
//!         let shown = able.into_iter().take(1);
//!         let decision = Decision::new(Seniority::NAME, Measure::Fit).candidates(shown).because("it was here first");
//!         turn.assign(task.id, eldest, decision);
//!     }
//!     fn on_withdraw(&mut self, _: TaskId, _: &mut Turn<'_, Silence>) {}
//! }
//!
//! let seen = suite(|| Seniority, 60);
//! assert!(seen.refusals > 0 && seen.leaves > 0);
//! ```
//!
//! Take away the roster's care for `avoid`, or the `decline`, and the suite names the seed and the sentence of the rule.

mod body;
mod ledger;
mod post;
mod report;
pub mod suite;
mod table;
mod world;

pub use body::Body;
pub use report::{Award, Fate, Messages, Report, Sometimes};
pub use suite::suite;
pub use table::{Again, Table};

#[cfg(test)]
mod tests;
