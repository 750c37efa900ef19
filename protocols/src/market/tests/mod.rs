//! What a market owes beyond the suite.

mod assignment;
mod conduct;
mod mechanism;
mod money;
mod sequential;
mod talk;
