//! What the assembly owes beyond the suite.

mod assembly;
mod jury;
mod results;
mod rules;
mod tally;
