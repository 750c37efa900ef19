//! Tries on many threads. What is given out stays near to what is written, so that memory is bounded.

use super::cell::{Job, Stand};
use super::journal::Journal;
use super::measure::Tried;
use super::merger::Merger;
use super::{Experiment, SweepError};
use crate::laboratory::compare::Progress;
use crate::workloads::WorkloadError;
use core::ops::ControlFlow;
use crossbeam_channel::{Sender, bounded, unbounded};
use std::any::Any;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

/// Tries that are given out before the one that is next to be written has ended, for each thread; and as many more.
const AHEAD: u64 = 8;

/// What a thread says of a try: what it came to, why it can't be, or the panic.
type Said = (Job, Result<Result<Tried, WorkloadError>, Box<dyn Any + Send>>);

/// Which try is to be given out next.
struct Cursor<'a> {
    experiment: &'a Experiment,
    at: (u64, u32),
    /// The condition that its subject was last made for.
    stand: Option<(u64, Arc<Stand>)>,
}
impl Cursor<'_> {
    /// The next try that is wanted and not too far ahead.
    fn next<R: Write, S: Write>(&mut self, merger: &Merger<R, S>, ahead: u64) -> Option<Job> {
        let parts = self.experiment.parts();
        loop {
            self.at = self.at.max(merger.at());
            if self.at.1 == parts.repeat {
                self.at = (self.at.0 + 1, 0);
            }
            let (cell, n) = self.at;
            if cell >= self.experiment.cells() || merger.number(self.at) >= merger.number(merger.at()) + ahead {
                return None;
            }
            self.at.1 += 1;
            if merger.wants((cell, n)) {
                return Some(self.job(cell, n));
            }
        }
    }
    fn job(&mut self, cell: u64, n: u32) -> Job {
        let made = self.experiment.cell(cell);
        let condition = cell / self.experiment.parts().arms.len() as u64;
        let stand = match &self.stand {
            Some((of, stand)) if *of == condition => stand.clone(),
            _ => Arc::new(Stand::new(made.condition)),
        };
        self.stand = Some((condition, stand.clone()));
        Job { cell, n, seed: self.experiment.seed(n), arm: made.arm, stand }
    }
}

/// Tries until all is done, or `told` says that it is enough: then what is under way is still waited for. True if all is done.
pub(super) fn run<R: Write, S: Write>(
    experiment: &Experiment,
    merger: &mut Merger<R, S>,
    journal: &mut Journal,
    threads: usize,
    mut told: impl FnMut(Progress) -> ControlFlow<()>,
    failed: impl Fn(std::io::Error) -> SweepError,
) -> Result<bool, SweepError> {
    let threads = threads.max(1);
    let ahead = AHEAD * threads as u64 + AHEAD;
    let of = experiment.tries() as usize;
    let (give, jobs) = bounded::<Job>(ahead as usize);
    let (done, said) = unbounded::<Said>();
    let mut cursor = Cursor { experiment, at: (0, 0), stand: None };
    // The first in the order of tries, so that it is the same whatever the number of threads.
    let mut wrong: Option<((u64, u32), SweepError)> = None;
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (jobs, done) = (jobs.clone(), done.clone());
            scope.spawn(move || work(&jobs, &done));
        }
        let (mut under_way, mut enough) = (0_u64, false);
        loop {
            while !enough && let Some(job) = cursor.next(merger, ahead) {
                give.send(job).expect("threads take jobs until there is nobody to give them");
                under_way += 1;
            }
            if under_way == 0 {
                break;
            }
            let (job, result) = said.recv().expect("who has a job answers for it");
            under_way -= 1;
            let at = (job.cell, job.n);
            match result {
                Err(panic) => {
                    drop(give);
                    resume_unwind(panic);
                }
                Ok(Ok(tried)) => {
                    // After a failure nothing else is kept in memory, but the journal has it.
                    let kept = journal.add(at, &tried);
                    let taken = kept.and_then(|()| merger.take(at, tried).map_err(&failed));
                    if let Err(why) = taken {
                        (wrong, enough) = (Some(((0, 0), why)), true);
                    }
                }
                Ok(Err(source)) => {
                    enough = true;
                    if wrong.as_ref().is_none_or(|(first, _)| at < *first) {
                        let (cell, strategy) = (job.cell + 1, job.arm.name);
                        wrong = Some((at, SweepError::Trial { cell, strategy, seed: job.seed, source }));
                    }
                }
            }
            enough |= told(Progress { done: merger.done() as usize, of }).is_break();
            if enough {
                // What nobody has begun is taken back. It comes after all that has begun, so that the first failure stays the first.
                under_way -= jobs.try_iter().count() as u64;
            }
        }
        drop(give);
        match wrong {
            Some((_, why)) => Err(why),
            None => Ok(merger.is_complete()),
        }
    })
}

fn work(jobs: &crossbeam_channel::Receiver<Job>, done: &Sender<Said>) {
    for job in jobs.iter() {
        // Whoever waits for the answer hears of a panic too, and goes on with it.
        let result = catch_unwind(AssertUnwindSafe(|| job.run()));
        if done.send((job, result)).is_err() {
            return;
        }
    }
}
