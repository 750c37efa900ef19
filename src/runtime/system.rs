//! The two ways to enter a world: real time and virtual time.

use super::society;
use crate::world::World;
use std::cell::Cell;
use std::future::Future;

thread_local! {
    /// The seed of the simulation that this thread is in.
    static SIMULATION: Cell<Option<u64>> = const { Cell::new(None) };
}
/// The seed, if societies of this thread live in virtual time.
pub(super) fn simulation() -> Option<u64> {
    SIMULATION.get()
}

/// Runs a program that uses actors, in real time: owns the actix system, and ends the society that was started within.
///
/// ```
/// let answer = polity::run(async { 6 * 7 });
/// assert_eq!(answer, 42);
/// ```
pub fn run<F: Future>(main: F) -> F::Output {
    let runtime = || {
        let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
        built.expect("the operating system gives a process one event queue")
    };
    enter(actix::System::with_tokio_rt(runtime), main)
}

/// The same program in virtual time: time stands still while anybody has something to do, and leaps when nobody has. All randomness
/// comes from `seed`: equal programs and seeds give equal events, to the byte.
///
/// What waits for the real world (files, network, threads) takes no virtual time, and is not deterministic.
///
/// ```
/// use polity::prelude::*;
/// use std::time::Duration;
/// let day = polity::simulate(42, async {
///     let society = Polity::builder().agent_spec(AgentSpec::new("ann", can("rest", 1.0))).start()?;
///     let nap = Workflow::new("nap").task("nap", simulated(Simulation::default()).estimate(Duration::from_secs(86_400)).kind("rest"));
///     society.run(nap).await?;
///     Ok::<_, Failure>(society.now())
/// });
/// assert_eq!(day.unwrap().as_secs_f64(), 86_400.0);
/// ```
pub fn simulate<F: Future>(seed: u64, main: F) -> F::Output {
    let runtime = || {
        let built = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        built.expect("the operating system gives a process one event queue")
    };
    let before = SIMULATION.replace(Some(seed));
    let _reset = Reset(before);
    enter(actix::System::with_tokio_rt(runtime), main)
}

fn enter<F: Future>(system: actix::SystemRunner, main: F) -> F::Output {
    let (output, threads_left) = system.block_on(within(main));
    if threads_left {
        // Dropping it would wait for the blocking functions that were abandoned, and so perhaps for ever.
        std::mem::forget(system);
    }
    output
}

struct Reset(Option<u64>);
impl Drop for Reset {
    fn drop(&mut self) {
        SIMULATION.set(self.0);
    }
}

/// The program's output, and whether it left threads behind.
async fn within<F: Future>(main: F) -> (F::Output, bool) {
    let closing = Closing;
    let output = main.await;
    let world = World::here();
    if let Some(world) = &world {
        society::end(world).await;
    }
    drop(closing);
    (output, world.is_some_and(|world| world.leaves_threads()))
}

/// Takes the world down also when the program panics.
struct Closing;
impl Drop for Closing {
    fn drop(&mut self) {
        if let Some(world) = World::here() {
            world.close();
        }
    }
}
