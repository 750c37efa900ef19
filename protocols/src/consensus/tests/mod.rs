//! What the assembly owes beyond the suite.

mod rules;
