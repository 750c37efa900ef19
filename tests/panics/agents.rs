//! An agent panics, wherever it can.

use super::stage::{BOTH, Log, ended, worker};
use polity::event::What;
use polity::prelude::*;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

/// Where an agent panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Factory,
    Started,
    /// Before the job awaits anything: within the agent's own turn.
    FirstPoll,
    /// In the job's own task.
    AfterAwait,
    /// In the first poll, and again when what is left of it is dropped.
    FirstPollAndDrop,
    /// After an await, and again when what is left of it is dropped.
    AfterAwaitAndDrop,
}
const PLACES: [Place; 6] =
    [Place::Factory, Place::Started, Place::FirstPoll, Place::AfterAwait, Place::FirstPollAndDrop, Place::AfterAwaitAndDrop];

/// An agent of which only the first life panics.
struct Fragile(Option<Place>);
impl Fragile {
    /// A factory of agents whose first `lives` panic at `place`.
    fn factory(place: Place, lives: u32) -> impl Fn() -> Fragile {
        let left = Rc::new(Cell::new(lives));
        move || {
            let dies = left.get() > 0;
            left.set(left.get().saturating_sub(1));
            assert!(!(dies && place == Place::Factory), "boom at {place:?}");
            Fragile(dies.then_some(place))
        }
    }
    fn at(&self, places: &[Place]) {
        if let Some(place) = self.0.filter(|place| places.contains(place)) {
            panic!("boom at {place:?}");
        }
    }
}
impl Agent for Fragile {
    fn started(&mut self) {
        self.at(&[Place::Started]);
    }
    async fn perform(&mut self, _: Job, context: &Context) -> Result<Value> {
        self.at(&[Place::FirstPoll, Place::FirstPollAndDrop]);
        context.sleep(Duration::from_millis(5)).await;
        self.at(&[Place::AfterAwait, Place::AfterAwaitAndDrop]);
        Ok(json!("done"))
    }
}
impl Drop for Fragile {
    fn drop(&mut self) {
        self.at(&[Place::FirstPollAndDrop, Place::AfterAwaitAndDrop]);
    }
}

#[test]
fn wherever_an_agent_panics_it_is_told_it_is_reborn_and_its_task_goes_on() {
    for place in PLACES {
        for world in BOTH {
            let log = Log::default();
            let result = world.play(async {
                let society =
                    Polity::builder().sink(log.sink()).agent_with(worker("fragile"), Fragile::factory(place, 1)).start().unwrap();
                ended(society.run(Workflow::new("w").task("job", kind("work"))).await)
            });
            let said = format!("{place:?}, {world:?}\n{}", log.words());
            assert_eq!(result.status(), RunStatus::Completed, "{said}");
            assert_eq!(result.output("job"), "done", "{said}");
            assert!(log.tells(&format!("boom at {place:?}")), "{said}");
            assert_eq!(log.count(|what| matches!(what, What::AgentJoined { incarnation: 2.., .. })), 1, "{said}");
            let displaced = usize::from(!matches!(place, Place::Factory | Place::Started));
            assert_eq!(log.count(|what| matches!(what, What::Displaced { .. })), displaced, "{said}");
        }
    }
}

#[test]
fn neighbours_do_not_feel_it_and_the_task_goes_elsewhere() {
    for place in [Place::FirstPoll, Place::AfterAwait] {
        for world in BOTH {
            let log = Log::default();
            let result = world.play(async {
                let society = Polity::builder()
                    .sink(log.sink())
                    .agent_with(AgentSpec { speed: 9.0, ..worker("fragile") }, Fragile::factory(place, 1))
                    .agent_with(worker("sound"), || Fragile(None))
                    .agent_with(AgentSpec::new("neighbour", can("rest", 1.0)), || Fragile(None))
                    .start()
                    .unwrap();
                let flow = Workflow::new("w").task("job", kind("work")).task("nap", kind("rest"));
                ended(society.run(flow).await)
            });
            let said = format!("{place:?}, {world:?}\n{}", log.words());
            assert_eq!(result.status(), RunStatus::Completed, "{said}");
            assert_eq!(log.count(|what| matches!(what, What::Displaced { .. })), 1, "{said}");
            let lost = log.count(|what| matches!(what, What::AgentLost { reason, .. } if reason.contains("boom")));
            assert_eq!(lost, 1, "{said}");
            // The task went on with somebody else: the one that failed it is passed over once.
            let last = log.all().iter().rev().find_map(|event| match &event.what {
                What::Completed { task, agent, .. } if task.instance() == 0 => Some(*agent),
                _ => None,
            });
            assert_eq!(last.map(|agent| agent.0), Some(1), "{said}");
        }
    }
}

/// What kills every agent that touches it.
fn deadly(how: &'static str) -> (Workflow, &'static str) {
    let task = match how {
        "simulated" => simulated(Simulation {
            crash: 1.0,
            work: Some(polity::agents::Distribution::Constant(0.01)),
            ..Simulation::default()
        }),
        name => function(name),
    };
    (Workflow::new("w").task("deadly", task.kind("work")).task("harmless", kind("work")).build().unwrap(), how)
}

#[test]
fn what_kills_three_agents_is_poison_and_kills_no_fourth() {
    for how in ["first_poll", "after_await", "blocking", "simulated"] {
        for world in BOTH {
            let log = Log::default();
            let (flow, _) = deadly(how);
            let result = world.play(async {
                let mut builder = Polity::builder()
                    .sink(log.sink())
                    .function("first_poll", |_, _| async { panic!("boom in first_poll") })
                    .function("after_await", |_, context: Context| async move {
                        context.sleep(Duration::from_millis(5)).await;
                        panic!("boom in after_await")
                    })
                    .blocking_function("blocking", |_| panic!("boom in blocking"));
                for n in 0..4 {
                    builder = builder.agent_with(worker(&format!("a{n}")), || Fragile(None));
                }
                ended(builder.start().unwrap().run(flow).await)
            });
            let said = format!("{how}, {world:?}\n{}", log.words());
            let failures = result.failures();
            assert_eq!(failures.len(), 1, "{said}");
            assert_eq!(failures[0].1.kind, FailureKind::Poison, "{said}");
            assert_eq!(result.tally().completed, 1, "{said}");
            let killed =
                log.losses().iter().filter(|reason| reason.contains(if how == "simulated" { "crash" } else { how })).count();
            assert_eq!(killed, 3, "{said}");
        }
    }
}

#[test]
fn a_panic_of_one_slot_takes_the_jobs_of_the_others_along_and_they_go_on() {
    for world in BOTH {
        let log = Log::default();
        let result = world.play(async {
            let first = Rc::new(Cell::new(true));
            let society = Polity::builder()
                .sink(log.sink())
                .function("fatal", move |_, context: Context| {
                    let first = first.replace(false);
                    async move {
                        context.sleep(Duration::from_millis(5)).await;
                        assert!(!first, "boom of one slot");
                        Ok(json!(1))
                    }
                })
                .function("long", |_, context: Context| async move {
                    context.sleep(Duration::from_millis(50)).await;
                    Ok(json!(2))
                })
                .agent_spec(AgentSpec { slots: 3, ..worker("busy") })
                .start()
                .unwrap();
            let flow = Workflow::new("w")
                .task("fatal", function("fatal").kind("work"))
                .task("long", function("long").kind("work"))
                .task("other", function("long").kind("work"));
            ended(society.run(flow).await)
        });
        assert_eq!(result.status(), RunStatus::Completed, "{world:?}\n{}", log.words());
        assert_eq!(log.count(|what| matches!(what, What::Displaced { .. })), 3, "{world:?}\n{}", log.words());
    }
}
