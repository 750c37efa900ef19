//! Properties on generated input, and what is said of bad input.

mod bad_input;
mod draws;
mod exports;
mod formats;
mod graphs;
mod properties;
mod shapes;
