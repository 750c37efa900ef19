//! The columns of the results.

use crate::laboratory::Measures;
use crate::laboratory::picture::Unit;
use serde::{Deserialize, Serialize};

/// What a try came to, as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tried {
    /// The lower bound of its makespan, in seconds.
    pub(crate) bound: f64,
    pub(crate) measures: Measures,
}

/// A column of the results.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measure {
    pub(crate) name: &'static str,
    pub(crate) of: fn(&Tried) -> f64,
}

impl Measure {
    /// What its values are counted in.
    pub(crate) fn unit(&self) -> Unit {
        match self.name {
            "makespan" | "response" | "response_p95" => Unit::Seconds,
            "utilisation" | "fairness" | "lost_work" => Unit::Share,
            _ => Unit::Number,
        }
    }
    /// What it is, for people.
    pub(crate) fn words(&self) -> String {
        let name = self.name.replace('_', " ");
        if self.unit() == Unit::Seconds { format!("{name}, virtual time") } else { name }
    }
    /// True for a time over the lower bound of which something can be said.
    pub(crate) fn is_makespan(&self) -> bool {
        self.name == "makespan"
    }
}

/// All columns, in their order.
pub(crate) static MEASURES: [Measure; 17] = [
    Measure { name: "makespan", of: |t| t.measures.makespan },
    Measure { name: "over_bound", of: |t| t.measures.makespan / t.bound },
    Measure { name: "response", of: |t| t.measures.response },
    Measure { name: "response_p95", of: |t| t.measures.response_p95 },
    Measure { name: "cost", of: |t| t.measures.cost },
    Measure { name: "paid", of: |t| t.measures.paid },
    Measure { name: "messages", of: |t| t.measures.messages as f64 },
    Measure { name: "messages_per_task", of: |t| t.measures.messages_per_task() },
    Measure { name: "rounds", of: |t| t.measures.rounds as f64 },
    Measure { name: "utilisation", of: |t| t.measures.utilisation },
    Measure { name: "fairness", of: |t| t.measures.fairness },
    Measure { name: "lost_work", of: |t| t.measures.lost_work },
    Measure { name: "retries", of: |t| t.measures.retries as f64 },
    Measure { name: "displaced", of: |t| t.measures.displaced as f64 },
    Measure { name: "completed", of: |t| f64::from(t.measures.completed) },
    Measure { name: "failed", of: |t| f64::from(t.measures.failed) },
    Measure { name: "late", of: |t| f64::from(t.measures.late) },
];

impl Tried {
    /// A measure for medians. Of a run that did not end well only what went wrong means something: it may be quick, cheap and silent just because it died early.
    pub(crate) fn weighed(&self, measure: Measure) -> f64 {
        let of_failing = ["lost_work", "retries", "displaced", "completed", "failed", "late"].contains(&measure.name);
        if self.measures.well || of_failing { (measure.of)(self) } else { f64::NAN }
    }
}
