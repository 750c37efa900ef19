//! What comparisons of governments stand on: figures that can be trusted, and pictures of them.
//!
//! Both parts are pure: plain numbers and names in, numbers and text out. They know nothing of runs.
//!
//! | part | gives |
//! |---|---|
//! | [`statistics`] | medians with their intervals, paired tests, effect sizes, fairness |
//! | [`picture`] | charts as SVG, and pages that hold them: one file each, without a script |

pub mod picture;
pub mod statistics;
