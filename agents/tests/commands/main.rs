//! Commands as real processes. They take real milliseconds, but nothing here sleeps in order to meet another.

mod bench;
mod endings;
mod environment;
mod outputs;
mod stopping;
