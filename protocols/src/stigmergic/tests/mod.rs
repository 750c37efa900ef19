//! What the colony owes beyond the suite.

mod suite;
