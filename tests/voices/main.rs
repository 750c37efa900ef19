//! Agents that talk to each other: what arrives, in which order, and what becomes of the rest.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

mod dead;
mod stage;
mod talk;
mod weather;
