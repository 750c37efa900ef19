//! What people see of a run: everything here is a fold over its events, or a text made from one.
//!
//! | part | gives |
//! |---|---|
//! | [`Report`], [`SharedReport`] | the state of everything, as far as the events have told |
//! | [`RunFolder`], [`Writer`] | the folder that each run leaves behind |
//! | [`OrderNote`] | orders to a run that another process carries out |
//! | [`memorable`] | names that people can say |
//! | [`Console`] | live progress |
//! | [`explain`], [`show`], [`agents_of`] | one task's life; the whole run; its agents |
//! | [`DeadLetters`], [`Verdict`] | what failed for good and what nobody took; what was decided about it |
//! | [`Recall`] | what a later run need not do again |
//! | [`Timeline`], [`Chronicle`] | who worked on what when; the files `report.html` ([`page`](page())) and `trace.json` ([`trace`](trace())) |
//! | [`Graph`], [`mermaid`], [`dot`] | the workflow as a picture |

mod below;
mod children;
mod chronicle;
mod console;
mod dead;
mod disturbed;
mod ending;
mod explain;
mod family;
mod fold;
mod folder;
mod graph;
mod names;
mod orders;
mod page;
mod paint;
mod read;
mod recall;
mod record;
mod runs;
mod sentence;
mod show;
mod society;
mod tables;
mod text;
mod timeline;
mod totals;
mod trace;
mod tree;
mod verdicts;
mod writer;

pub use chronicle::Chronicle;
pub use console::{Console, ConsoleOptions};
pub use dead::{DEAD_LETTERS, Dead, DeadError, DeadLetter, DeadLetters, DeadTask, LAST_ERRORS, RETENTION};
pub use disturbed::Disturbed;
pub use explain::explain;
pub use fold::{Cost, Report, SharedReport};
pub use folder::{FolderError, RunFolder, RunRecord, is_folder_name};
pub use graph::{Edge, Graph, Link, Node, dot, mermaid};
pub use names::memorable;
pub use orders::{FoundOrder, OrderNote, OrderPlace};
pub use page::page;
pub use read::ReadError;
pub use recall::Recall;
pub(crate) use recall::{Below, NO_PLACE, Recalled};
pub use record::{AgentRecord, BreakerRecord, STEPS, State, Step, TaskRecord, Work};
pub use runs::{FindError, NotFound, RunSummary, find, list, runs_table};
pub use sentence::{LONGEST_SENTENCE, sentence};
pub use show::show;
pub use society::agents_of;
pub use text::harmless;
pub use timeline::{Close, MOST_STINTS, Stint, Timeline};
pub use totals::CriticalPath;
pub use trace::trace;
pub use tree::tree;
pub use verdicts::{Fate, Filed, Verdict, all_filed, decide, filed};
pub use writer::Writer;

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test that fails by a panic is what is wanted
mod tests;
