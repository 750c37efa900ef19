//! The run's actor: the ledger of one workflow instance, its bindings, its end.
//!
//! | a task | in |
//! |---|---|
//! | becomes ready | [`admit`] |
//! | waits for what it shares | [`doors`] |
//! | is opened, by an actor, as copies, as a sub-run | [`open`], [`panel`], [`nesting`] |
//! | is paused, resumed, cancelled | [`hold`] |
//! | takes too long | [`hedge`] |
//! | fails, and is handled, or done another way | [`handlers`], [`detour`] |
//! | ends | [`settle`] |
//! | is undone | [`saga`], [`below`] |
//!
//! The run itself begins in [`begin`], stalls in [`stall`], and ends in [`end`].

mod actor;
mod admit;
mod ahead;
mod begin;
mod below;
mod copies;
mod detour;
mod doors;
mod end;
mod handlers;
mod hedge;
mod hold;
mod nest;
mod nesting;
mod open;
mod panel;
mod progress;
mod rank;
mod recall;
mod render;
mod saga;
mod scope;
mod settle;
mod stall;

pub(crate) use actor::{RunActor, RunSetup};
pub(crate) use copies::Holders;
pub(crate) use handlers::Detour;
pub use hold::Order;
pub(crate) use hold::TaskOrder;
pub(super) use nest::{ChildEnd, Handed};
pub(crate) use nest::{ChildSetup, Finish, Launch, Origin};
pub(crate) use nesting::DECOMPOSE;
pub(crate) use progress::Progress;
