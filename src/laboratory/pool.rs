//! Many tries, on all cores, with results that don't depend on how many there are.

use core::ops::ControlFlow;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use crossbeam_channel::unbounded;
use std::num::NonZeroUsize;

/// How many threads are worth while.
///
/// ```
/// assert!(polity::laboratory::cores() >= 1);
/// ```
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Does every job, on so many threads, and gives back the results in the order of the jobs: the same whatever the number of threads is. `told` hears
/// on this thread how many are done. A job that fails ends all: what has begun is still done, nothing else begins, and the error of the first in
/// order is given back. Memory is that of the results.
///
/// ```
/// let squares = |threads| polity::laboratory::in_parallel(&[1, 2, 3], threads, |n| Ok::<_, String>(n * n), |_| {});
/// assert_eq!(squares(1), Ok(vec![1, 4, 9]));
/// assert_eq!(squares(1), squares(8));
/// ```
///
/// # Errors
/// That of the first job that failed.
pub fn in_parallel<J: Sync, R: Send, E: Send>(
    jobs: &[J],
    threads: usize,
    work: impl Fn(&J) -> Result<R, E> + Sync,
    mut told: impl FnMut(usize),
) -> Result<Vec<R>, E> {
    in_parallel_until(jobs, threads, work, |done| {
        told(done);
        ControlFlow::Continue(())
    })
}

/// The same, until `told` breaks it off: what has begun then is still done, nothing else begins, and the results are those of the first jobs, as many as
/// were done.
///
/// ```
/// use std::ops::ControlFlow;
/// let enough = |done| if done < 2 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
/// let squares = polity::laboratory::in_parallel_until(&[1, 2, 3, 4, 5], 1, |n| Ok::<_, String>(n * n), enough)?;
/// assert!((2..=5).contains(&squares.len()));
/// assert_eq!(squares[..2], [1, 4]);
/// # Ok::<(), String>(())
/// ```
///
/// # Errors
/// As [`in_parallel`].
pub fn in_parallel_until<J: Sync, R: Send, E: Send>(
    jobs: &[J],
    threads: usize,
    work: impl Fn(&J) -> Result<R, E> + Sync,
    mut told: impl FnMut(usize) -> ControlFlow<()>,
) -> Result<Vec<R>, E> {
    // A job that has begun is done, so that what is done is always the first so many.
    let (next, enough) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (done, results) = unbounded();
    let mut all: Vec<Option<Result<R, E>>> = jobs.iter().map(|_| None).collect();
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, jobs.len().max(1)) {
            let (done, work, next, enough) = (done.clone(), &work, &next, &enough);
            scope.spawn(move || {
                while !enough.load(Relaxed)
                    && let n = next.fetch_add(1, Relaxed)
                    && let Some(job) = jobs.get(n)
                {
                    let result = work(job);
                    if result.is_err() {
                        enough.store(true, Relaxed); // nothing else begins
                    }
                    if done.send((n, result)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(done);
        for (count, (n, result)) in results.iter().enumerate() {
            all[n] = Some(result);
            if told(count + 1).is_break() {
                enough.store(true, Relaxed);
            }
        }
    });
    all.into_iter().map_while(|result| result).collect()
}
