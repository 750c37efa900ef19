//! Experiment files: what is varied, how often each is tried, what is measured and when it ends.
//!
//! ```yaml
//! name: spans                                  # also the folder of its results
//! workload: { shape: "layered(layers 10, width 10, density 0.2)", work: "lognormal(mean 10s, sigma 0.5)", seed: 3, bytes: [0, 1000000] }
//! strategies: [market, { hierarchical: { span: 4 } }]
//! vary: { noise: [0, 0.2, 0.5] }               # a product: every value with every other
//! zip: { agents: [8, 32], bandwidth: [1e6, 1e7] }   # together: 8 agents with 1e6, 32 with 1e7; an `agents: [8, 32]` of its own would be two speeds
//! repeat: 30
//! ```
//!
//! | key | says | default |
//! |---|---|---|
//! | `name` | what the experiment, and the folder of its results, is called | |
//! | `workload` | a file of any format that [`workloads`](crate::workloads) reads, from the experiment's folder: `flow.yaml` or `{ file: flow.yaml }`; or a graph that is made up: `{ shape, work, seed, bytes }` | |
//! | `workload.inputs` | values for the inputs of a polity workflow: `{ file: flow.yaml, inputs: { years: [2012, 2013] } }` | its defaults; a required one is made up |
//! | `workload.shape` | [`Shape`](crate::workloads::Shape) | |
//! | `workload.work` | [`Distribution`](crate::workloads::Distribution) of a task's work | |
//! | `workload.seed` | what the graph is drawn by; `each`: by the seed of each try, so that each has another graph | 1 |
//! | `workload.bytes` | `[low, high]`: the bytes of an edge | `[0, 0]` |
//! | `agents` | how many; for graphs also their speeds: `[1.0, 0.5]`, or what they are drawn from: `{ count, speed, cost, slots, fit, reliability, seed }` | those of the file, 8 for a graph |
//! | `noise` | sigma of the log-normal factor by which real work strays from its estimate | 0 |
//! | `faults` | what goes wrong on purpose, as in a workflow or in one text: `crash=0.02,repair=2s` | what the file says |
//! | `bandwidth` | bytes a second between different agents, for graphs | data takes no time |
//! | `latency` | for how long data travels between different agents in any case, for graphs | not at all |
//! | `arrivals` | `{ pattern, count }`: the workload comes so many times ([`Arrivals`](crate::workloads::Arrivals)); `makespan` is then from the first arrival to the last end, `response` what one waits for. With `seed: each` every one has a graph of its own | once |
//! | `strategies` | a list of strategies; varied fastest | |
//! | `vary` | lists of values of `workload`, `shape`, `work`, `agents`, `noise`, `faults`, `bandwidth`, `latency`, `arrivals`: every combination is a cell; the first varies slowest | |
//! | `zip` | equally long lists of values that are taken together | |
//! | `repeat` | tries of a cell, each by the next seed | 30 |
//! | `first_seed` | the seed of the first try | 1 |
//! | `measure` | the columns of the results | all |
//! | `stop.after` | one command works so long at most; the next goes on | |
//! | `stop.precision` | a cell ends early when the 95 % interval of its median makespan is within this share of it, to both sides | |
//!
//! What is wrong is told with line, column and the nearest right word, all of it at once.

mod grammar;
mod levels;
mod read;
mod values;

pub(super) use grammar::EXPERIMENT;
pub(crate) use read::{load, parse};

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test ends where it is wrong
mod tests;
