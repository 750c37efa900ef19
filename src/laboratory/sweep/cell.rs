//! A condition with a strategy: what is tried several times.

use super::Condition;
use super::measure::Tried;
use crate::laboratory::{Arm, Subject, Trial};
use crate::workloads::WorkloadError;
use std::sync::{Arc, OnceLock};

/// One cell of an experiment.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) index: u64,
    pub(super) condition: Condition,
    pub(super) arm: Arm,
}

/// A condition with its subject, which the first try that needs it makes, on that try's thread.
pub(super) struct Stand {
    condition: Condition,
    made: OnceLock<Result<Ready, WorkloadError>>,
}
struct Ready {
    subject: Subject,
    /// None if it differs with the seed.
    bound: Option<f64>,
}

/// A try that is to be made.
pub(super) struct Job {
    pub(super) cell: u64,
    pub(super) n: u32,
    pub(super) seed: u64,
    pub(super) arm: Arm,
    pub(super) stand: Arc<Stand>,
}

impl Stand {
    pub(super) fn new(condition: Condition) -> Stand {
        Stand { condition, made: OnceLock::new() }
    }
}
impl Ready {
    fn new(condition: &Condition, seed: u64) -> Result<Ready, WorkloadError> {
        let subject = condition.subject(seed)?;
        let bound = (!subject.has_chance()).then(|| subject.lower_bound());
        Ok(Ready { subject, bound })
    }
}
impl Job {
    /// Makes it.
    pub(super) fn run(&self) -> Result<Tried, WorkloadError> {
        let tried = |ready: &Ready| {
            let measures = Trial::under(&ready.subject, self.arm.strategy.clone(), self.seed).run()?;
            let bound = ready.bound.unwrap_or_else(|| ready.subject.lower_bound_of(self.seed));
            Ok(Tried { bound, measures })
        };
        if self.stand.condition.is_redrawn() {
            return tried(&Ready::new(&self.stand.condition, self.seed)?);
        }
        let made = self.stand.made.get_or_init(|| Ready::new(&self.stand.condition, self.seed));
        made.as_ref().map_err(Clone::clone).and_then(tried)
    }
}
