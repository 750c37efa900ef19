//! Workloads as their users meet them: real files, generated graphs, and runs of both in virtual time.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

mod data;
mod data_near;
mod references;
mod runs;
