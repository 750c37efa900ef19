//! Many tries, on all cores, with results that don't depend on how many there are.

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
                        while receive.try_recv().is_ok() {} // nothing else begins
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
            told(count + 1);
        }
    });
    all.into_iter().flatten().collect()
}
