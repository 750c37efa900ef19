//! What a market owes beyond the suite.

mod conduct;
