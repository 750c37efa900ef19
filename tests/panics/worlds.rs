//! A world's time and room: nothing moves on under those who still have something to do.

use super::stage::{BOTH, Log, Where, ended, nap, worker};
use polity::StartError;
use polity::prelude::*;
use std::time::Duration;

#[test]
fn virtual_time_stands_still_until_the_program_has_heard_of_a_result() {
    Where::Virtual.play(async {
        let society = Polity::builder().agent_spec(AgentSpec { slots: 2, ..worker("ann") }).start().unwrap();
        let short = society.launch(Workflow::new("short").task("a", nap(1.0)), RunOptions::default()).unwrap();
        let long = society.launch(Workflow::new("long").task("a", nap(1.5)), RunOptions::default()).unwrap();
        short.join().await.unwrap();
        assert_eq!(society.now().as_secs_f64(), 1.0);
        long.join().await.unwrap();
        assert_eq!(society.now().as_secs_f64(), 1.5);
    });
}

#[test]
fn virtual_time_stands_still_under_a_job_that_gives_way() {
    let took = Where::Virtual.play(async {
        let society = Polity::builder()
            .function("polite", |_, context: Context| async move {
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
                context.sleep(Duration::from_secs(1)).await;
                Ok(json!(context.now().as_secs_f64()))
            })
            .agent_spec(AgentSpec { slots: 2, ..worker("ann") })
            .start()
            .unwrap();
        // Something else is due soon: time would leap to it.
        let flow = Workflow::new("w").task("other", nap(0.25)).task("polite", function("polite").kind("work"));
        society.run(flow).await.unwrap().output("polite").clone()
    });
    assert_eq!(took, 1.0);
}

#[test]
fn a_society_that_was_stopped_makes_room_for_the_next_at_once_and_one_that_was_dropped_soon() {
    for world in BOTH {
        world.play(async {
            for name in ["one", "two", "three"] {
                let builder = || Polity::builder().agent_spec(worker(name));
                let society = match builder().start() {
                    Ok(society) => society,
                    Err(refused) => {
                        assert_eq!((name, &refused), ("three", &StartError::Another));
                        loop {
                            tokio::task::yield_now().await;
                            if let Ok(society) = builder().start() {
                                break society;
                            }
                        }
                    }
                };
                assert_eq!(builder().start().err(), Some(StartError::Another));
                let result = ended(society.run(Workflow::new("w").task("a", nap(0.01))).await);
                assert_eq!(result.status(), RunStatus::Completed, "{name}, {world:?}");
                if name == "one" { society.stop().await } else { drop(society) }
            }
        });
    }
}

#[test]
fn a_run_whose_society_is_dropped_ends() {
    for world in BOTH {
        let ended = world.play(async {
            let society = Polity::builder().agent_spec(worker("ann")).start().unwrap();
            let handle = society.launch(Workflow::new("w").task("a", nap(3_000.0)), RunOptions::default()).unwrap();
            drop(society);
            handle.join().await
        });
        assert_eq!(ended.unwrap().status(), RunStatus::Cancelled, "{world:?}");
    }
}

#[test]
fn an_end_is_told_in_the_moment_of_the_end() {
    // Somebody else's work lasts long: until then nothing else is due, so that an end that is told late is told then.
    let log = Log::default();
    Where::Virtual.play(async {
        let crash = Simulation { crash: 1.0, work: Some(polity::agents::Distribution::Constant(2.0)), ..Simulation::default() };
        let society = Polity::builder()
            .sink(log.sink())
            .agent_spec(worker("ann"))
            .agent_spec(AgentSpec::new("bob", can("last", 1.0)))
            .start()
            .unwrap();
        let flow = Workflow::new("w").task("crash", simulated(crash).kind("work")).task("long", nap(3_000.0).kind("last"));
        ended(society.run(flow).await)
    });
    let poison = |event: &polity::event::Event| matches!(event.what, polity::event::What::Failed { .. }).then_some(event.at);
    let failed = log.all().iter().find_map(poison).unwrap();
    assert!(failed.as_secs_f64() < 5.0, "three crashes of a second each end at {failed:?}\n{}", log.words());
}
