//! What happened at a round table.

use crate::decision::Decision;
use crate::ids::{AgentId, TaskId};
use crate::time::Time;
use crate::turn::Why;
use core::time::Duration;
use std::collections::BTreeMap;

/// What happened at a round table, from the first announcement until nothing was left to do.
///
/// Two runs of one protocol with one seed give equal reports.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Every award, in order.
    pub awards: Vec<Award>,
    /// Every decline, in order.
    pub declines: Vec<(TaskId, Time, Why)>,
    /// What became of each task.
    pub tasks: BTreeMap<TaskId, Fate>,
    /// From the first announcement to the last success.
    pub makespan: Duration,
    /// Messages by direction and luck.
    pub messages: Messages,
    /// Calls of `on_wake` that the initiator asked for.
    pub wakes: u64,
    /// What should sometimes happen, counted: a rule that is never put to the test proves nothing.
    pub sometimes: Sometimes,
    /// Broken rules, one sentence each, in order; at most a hundred.
    pub violations: Vec<String>,
}
impl Report {
    /// How many tasks were done.
    ///
    /// ```
    /// assert_eq!(polity_protocols::testing::Report::default().done(), 0);
    /// ```
    pub fn done(&self) -> usize {
        self.tasks.values().filter(|fate| matches!(fate, Fate::Done { .. })).count()
    }
}

/// One award.
#[derive(Clone, Debug, PartialEq)]
pub struct Award {
    /// Which task.
    pub task: TaskId,
    /// To whom.
    pub agent: AgentId,
    /// When.
    pub at: Time,
    /// Why.
    pub decision: Decision,
}

/// What became of a task.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// An agent did it.
    Done {
        /// Who.
        agent: AgentId,
        /// When.
        at: Time,
    },
    /// Nobody will do it.
    Declined(Why),
    /// It was withdrawn.
    Withdrawn,
    /// Its attempts were spent.
    Failed,
    /// It never came up: a task before it was not done.
    Skipped,
    /// The run was broken off with the task undecided; a violation tells why.
    Unsettled,
}

/// Messages of the two roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Messages {
    /// Sent by the initiator.
    pub to_agents: u64,
    /// Sent by participants.
    pub to_initiator: u64,
    /// Lost on their way.
    pub lost: u64,
    /// Delivered twice.
    pub repeated: u64,
}
impl Messages {
    /// Sent in either direction.
    ///
    /// ```
    /// assert_eq!(polity_protocols::testing::Messages::default().sent(), 0);
    /// ```
    pub fn sent(&self) -> u64 {
        self.to_agents + self.to_initiator
    }
}

macro_rules! sometimes {
    ($($(#[$doc:meta])* $field:ident),* $(,)?) => {
        /// How often the hard cases came up.
        ///
        /// ```
        /// let none = polity_protocols::testing::Sometimes::default();
        /// assert!(none.iter().all(|(_, times)| times == 0));
        /// ```
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Sometimes { $($(#[$doc])* pub $field: u64),* }
        impl Sometimes {
            /// Each case by name.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($field), self.$field)),*].into_iter()
            }
            /// Adds another count to this one.
            pub fn add(&mut self, other: &Sometimes) {
                $(self.$field += other.$field;)*
            }
        }
    };
}
sometimes! {
    /// Awards that the rules allow.
    awards,
    /// Awards of a task with agents to avoid, to another able agent.
    avoided,
    /// Declines.
    declines,
    /// Awards to an agent that has to wait for what the task needs.
    fetched,
    /// Awards to the one agent that need not wait for what the task needs, while all others would have to.
    at_home,
    /// Awards that the agent did not take.
    refusals,
    /// Awards that failed.
    failures,
    /// Tasks that stayed open beyond the turn of their announcement.
    lingered,
    /// Tasks that a protocol which foresees was told of before they were ready.
    foretold,
    /// Agents that left.
    leaves,
    /// Agents that left while a task was open.
    leaves_while_open,
    /// Agents that left with an award.
    leaves_while_held,
    /// Agents that came back.
    rejoins,
    /// Tasks withdrawn while open.
    withdrawals_while_open,
    /// Tasks withdrawn while an agent had them.
    withdrawals_while_held,
    /// Messages lost.
    losses,
    /// Messages delivered twice.
    repeats,
    /// Messages overtaken by a later one in the same direction.
    overtaken,
    /// Messages that made no sense.
    nonsense,
    /// Wakes that nobody asked for.
    spurious_wakes,
    /// Initiators rebuilt from what they saved.
    rebuilds,
    /// Initiators rebuilt while a task was open.
    rebuilds_while_open,
}
