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
use std::collections::BTreeSet;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

/// Tries that are under way or wait for an earlier one, for each thread; and as many more.
const AHEAD: usize = 8;

/// What a thread says of a try: what it came to, why it can't be, or the panic.
type Said = (Job, Result<Result<Tried, WorkloadError>, Box<dyn Any + Send>>);

/// Which try is to be given out next.
struct Giver<'a> {
    experiment: &'a Experiment,
    /// Those that are under way.
    given: BTreeSet<(u64, u32)>,
    /// So many are under way or wait, and no more; but for the one that all others wait for.
    ahead: usize,
    /// The condition that its subject was last made for.
    stand: Option<(u64, Arc<Stand>)>,
}
impl Giver<'_> {
    /// The next try that is wanted. What lies between the first and it is under way or waits, so that it is found in O(`ahead`).
    fn next<R: Write, S: Write>(&mut self, merger: &Merger<R, S>) -> Option<Job> {
        let first = merger.at();
        let full = self.given.len() + merger.waiting() >= self.ahead;
        let wanted = |at: &(u64, u32)| merger.wants(*at) && !self.given.contains(at);
        let mut all = (first.0..self.experiment.cells()).flat_map(|cell| {
            let from = if cell == first.0 { first.1 } else { 0 };
            (from..merger.certain(cell)).map(move |n| (cell, n))
        });
        let at = if full { all.next().filter(wanted) } else { all.find(wanted) }?;
        self.given.insert(at);
        Some(self.job(at.0, at.1))
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
    let ahead = AHEAD * threads + AHEAD;
    let of = experiment.tries() as usize;
    let (give, jobs) = bounded::<Job>(ahead);
    let (done, said) = unbounded::<Said>();
    let mut giver = Giver { experiment, given: BTreeSet::new(), ahead, stand: None };
    // The first in the order of tries. Without a precision it is the same whatever the number of threads, since they are given out in that order.
    let mut wrong: Option<((u64, u32), SweepError)> = None;
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (jobs, done) = (jobs.clone(), done.clone());
            scope.spawn(move || work(&jobs, &done));
        }
        let mut enough = false;
        loop {
            while !enough && let Some(job) = giver.next(merger) {
                give.send(job).expect("threads take jobs until there is nobody to give them");
            }
            if giver.given.is_empty() {
                break;
            }
            let (job, result) = said.recv().expect("who has a job answers for it");
            let at = (job.cell, job.n);
            giver.given.remove(&at);
            match result {
                Err(panic) => {
                    drop(give);
                    resume_unwind(panic);
                }
                Ok(Ok(tried)) => {
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
                // What nobody has begun is taken back.
                for job in jobs.try_iter() {
                    giver.given.remove(&(job.cell, job.n));
                }
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
