//! Many tries, on all cores, with results that don't depend on how many there are.

use core::ops::ControlFlow;
use crossbeam_channel::{bounded, unbounded};
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
    let (send, receive) = bounded(jobs.len().max(1));
    (0..jobs.len()).for_each(|n| send.send(n).expect("there is room for every job"));
    drop(send);
    let (done, results) = unbounded();
    let mut all: Vec<Option<Result<R, E>>> = jobs.iter().map(|_| None).collect();
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, jobs.len().max(1)) {
            let (receive, done, work) = (receive.clone(), done.clone(), &work);
            scope.spawn(move || {
                for n in receive.iter() {
                    let result = work(&jobs[n]);
                    if result.is_err() {
                        receive.try_iter().for_each(drop); // nothing else begins
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
                receive.try_iter().for_each(drop);
            }
        }
    });
    all.into_iter().flatten().collect()
}
