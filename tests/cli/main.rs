//! The binary, as a person meets it: what it prints, where, and with which exit code.
#![allow(clippy::unwrap_used)] // a test that fails by a panic is what is wanted

mod bad_files;
mod bad_runs;
mod compare;
mod dead_letters;
mod export;
mod faults;
mod interrupts;
mod orders;
mod place;
mod replay;
mod retry;
mod settings;
mod simulate;
mod task_graphs;
mod verbs;
