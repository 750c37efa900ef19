//! Too many restarts: supervision gives up, level by level, and says why.

use super::stage::{BOTH, Log, ended, worker};
use polity::event::What;
use polity::prelude::*;
use std::cell::Cell;
use std::rc::Rc;

struct Ghost;
impl Agent for Ghost {
    fn started(&mut self) {
        panic!("boom of a ghost");
    }
    async fn perform(&mut self, _: Job, _: &Context) -> Result<Value> {
        Ok(Value::Null)
    }
}
/// Does its work, after some lives that could not begin.
struct Late(bool);
impl Agent for Late {
    fn started(&mut self) {
        assert!(self.0, "boom of a late one");
    }
    async fn perform(&mut self, _: Job, _: &Context) -> Result<Value> {
        Ok(json!("at last"))
    }
}

#[test]
fn an_agent_that_can_never_begin_ends_the_run_with_the_reason() {
    for world in BOTH {
        let log = Log::default();
        let result = world.play(async {
            let society = Polity::builder().sink(log.sink()).agent_with(worker("ghost"), || Ghost).start().unwrap();
            ended(society.run(Workflow::new("w").task("job", kind("work"))).await)
        });
        let said = format!("{world:?}\n{}", log.words());
        assert_eq!(result.status(), RunStatus::Escalated, "{said}");
        assert!(result.problems().iter().any(|problem| problem.contains("boom of a ghost")), "{:?}\n{said}", result.problems());
        assert_eq!(log.count(|what| matches!(what, What::Escalated { .. })), 1, "{said}");
        assert!(log.losses().len() > 5, "{said}");
    }
}

#[test]
fn a_run_that_begins_after_all_was_given_up_ends_at_once() {
    for world in BOTH {
        let results = world.play(async {
            let society = Polity::builder().agent_with(worker("ghost"), || Ghost).start().unwrap();
            let flow = Workflow::new("w").task("job", kind("work"));
            [ended(society.run(flow.clone()).await), ended(society.run(flow).await)]
        });
        for result in results {
            assert_eq!(result.status(), RunStatus::Escalated, "{world:?}");
            assert_eq!(result.tally().cancelled, 1, "{world:?}");
        }
    }
}

#[test]
fn a_society_whose_agents_were_given_up_once_goes_on_with_new_ones() {
    // Six failures at once are one too many for the supervisor of one agent, and one for the root above it, which grants that.
    for world in BOTH {
        let log = Log::default();
        let lives = Rc::new(Cell::new(0));
        let result = world.play(async {
            let lives = lives.clone();
            let late = move || {
                lives.set(lives.get() + 1);
                Late(lives.get() > 7)
            };
            let society = Polity::builder().sink(log.sink()).agent_with(worker("late"), late).start().unwrap();
            ended(society.run(Workflow::new("w").task("job", kind("work"))).await)
        });
        let said = format!("{world:?}\n{}", log.words());
        assert_eq!(result.output("job"), "at last", "{said}");
        assert_eq!(lives.get(), 8, "{said}");
    }
}

/// Whoever can never begin is given up alone.
#[test]
fn a_task_that_only_a_ghost_could_do_is_declined_and_the_neighbours_go_on() {
    let log = Log::default();
    let result = BOTH[1].play(async {
        let ghost = AgentSpec::new("ghost", can("haunt", 1.0));
        let mut builder = Polity::builder().sink(log.sink()).agent_with(ghost, || Ghost);
        for name in ["ann", "bob", "cy"] {
            builder = builder.agent_spec(worker(name));
        }
        let society = builder.start().unwrap();
        let flow = Workflow::new("w").task("long", super::stage::nap(3_000.0)).task("haunt", kind("haunt"));
        ended(society.run(flow).await)
    });
    let said = log.words();
    assert_eq!(result.status(), RunStatus::Failed, "{said}");
    assert_eq!((result.tally().completed, result.tally().failed), (1, 1), "{said}");
    let failures = result.failures();
    assert_eq!((&*failures[0].0, failures[0].1.kind), ("haunt", FailureKind::Unassigned), "{said}");
    assert!(failures[0].1.message.contains("no agent of the team is able"), "{}", failures[0].1.message);
    assert_eq!(log.count(|what| matches!(what, What::AgentGivenUp { .. })), 1, "{said}");
    assert_eq!(
        log.losses().iter().filter(|loss| loss.contains("boom of a ghost")).count(),
        6,
        "five restarts, and no more: {said}"
    );
}

/// Which lives began, in order: `name` once for each.
fn births(log: &Log) -> Vec<String> {
    let named = |event: polity::event::Event| match event.what {
        What::AgentJoined { name, .. } => Some(name.to_string()),
        _ => None,
    };
    log.all().into_iter().filter_map(named).collect()
}
/// Panics in its first job of all lives.
struct Once(Rc<Cell<bool>>);
impl Agent for Once {
    async fn perform(&mut self, _: Job, _: &Context) -> Result<Value> {
        assert!(self.0.replace(true), "boom of the first job");
        Ok(json!("done"))
    }
}

/// The middle one of three fails once: who is born again depends on the strategy alone.
#[test]
fn a_group_is_restarted_as_its_strategy_says() {
    use polity::supervision::{Strategy, SupervisorSpec};
    let born_again =
        [(Strategy::OneForOne, vec!["b"]), (Strategy::OneForAll, vec!["a", "b", "c"]), (Strategy::RestForOne, vec!["b", "c"])];
    for world in BOTH {
        for (strategy, again) in &born_again {
            let log = Log::default();
            let result = world.play(async {
                let group = SupervisorSpec::new("crew", ["a", "b", "c"]).strategy(*strategy);
                let began = Rc::new(Cell::new(false));
                let once = move || Once(began.clone());
                let society = Polity::builder().sink(log.sink()).supervisor(group).agent_spec(worker("a"));
                let society = society.agent_with(worker("b"), once).agent_spec(worker("c")).start().unwrap();
                ended(society.run(Workflow::new("w").task("job", kind("work").agent("b"))).await)
            });
            let said = format!("{world:?} {strategy:?}\n{}", log.words());
            assert_eq!(result.output("job"), "done", "{said}");
            assert_eq!(births(&log)[3..], **again, "{said}");
            assert_eq!(log.count(|what| matches!(what, What::SupervisorLost { .. })), 0, "{said}");
        }
    }
}

/// Beyond its intensity a group's supervisor escalates; the one above starts the group again, and gives it up in the end. The others go on.
#[test]
fn a_group_that_fails_too_often_is_given_up_as_one() {
    use polity::supervision::{Intensity, Strategy, SupervisorSpec};
    let log = Log::default();
    let result = BOTH[1].play(async {
        let intensity = Intensity { restarts: 1, ..Intensity::AGENTS };
        let group = SupervisorSpec::new("haunted", ["ghost", "maid"]).strategy(Strategy::OneForAll).intensity(intensity);
        let ghost = AgentSpec::new("ghost", can("haunt", 1.0));
        let society = Polity::builder().sink(log.sink()).supervisor(group).agent_with(ghost, || Ghost);
        let society = society.agent_spec(AgentSpec::new("maid", can("clean", 1.0))).agent_spec(worker("ann")).start().unwrap();
        let flow =
            Workflow::new("w").task("long", super::stage::nap(3_000.0)).task("haunt", kind("haunt")).task("clean", kind("clean"));
        ended(society.run(flow).await)
    });
    let said = log.words();
    assert_eq!((result.status(), result.tally().completed), (RunStatus::Failed, 1), "{said}");
    assert_eq!(log.count(|what| matches!(what, What::SupervisorLost { name, .. } if &**name == "haunted")), 6, "{said}");
    assert_eq!(log.count(|what| matches!(what, What::AgentGivenUp { .. })), 2, "the ghost, and the maid with it: {said}");
    assert_eq!(log.losses().iter().filter(|loss| loss.contains("boom of a ghost")).count(), 12, "(1 + 1) × (5 + 1): {said}");
}

/// What is temporary is never restarted, and leaves its team for good.
#[test]
fn a_temporary_agent_is_not_restarted() {
    use polity::supervision::{Restart, SupervisorSpec};
    for world in BOTH {
        let log = Log::default();
        let result = world.play(async {
            let group = SupervisorSpec::new("mayflies", ["fly"]).restart(Restart::Temporary);
            let builder = Polity::builder().sink(log.sink()).supervisor(group).agent_spec(worker("ann"));
            let began = Rc::new(Cell::new(false));
            let fly = AgentSpec::new("fly", can("fly", 1.0));
            let society = builder.agent_with(fly, move || Once(began.clone())).start().unwrap();
            ended(society.run(Workflow::new("w").task("job", kind("fly"))).await)
        });
        let said = format!("{world:?}\n{}", log.words());
        assert_eq!(result.failures()[0].1.kind, FailureKind::Unassigned, "{said}");
        assert_eq!(births(&log).iter().filter(|name| *name == "fly").count(), 1, "{said}");
    }
}

/// An elastic pool grows while work waits, whoever governs, and is at its least again when all is done; no task is lost on the way.
#[test]
fn an_elastic_pool_grows_with_the_work_and_shrinks_after_it() {
    use polity::agents::Elastic;
    for strategy in ["hierarchical", "market", "consensus", "stigmergic", "round_robin", "fifo_fastest_idle"] {
        let log = Log::default();
        let (result, took) = BOTH[1].play(async {
            let pool = AgentSpec { replicas: 2, elastic: Some(Elastic::up_to(8)), ..worker("shell") };
            let society = Polity::builder().sink(log.sink()).agent_spec(pool).start().unwrap();
            let flow = Workflow::new("w").strategy(strategy).task("many", super::stage::nap(10.0).for_each("range(80)"));
            let result = ended(society.run(flow).await);
            let took = society.now();
            society.sleep(std::time::Duration::from_secs(120)).await;
            (result, took)
        });
        let sizes: Vec<u32> = log
            .all()
            .into_iter()
            .filter_map(|event| if let What::PoolResized { replicas, .. } = event.what { Some(replicas) } else { None })
            .collect();
        let said = format!("{strategy}: {sizes:?} {took:?}");
        assert_eq!(result.tally().completed, 80, "{said}");
        assert_eq!((sizes.iter().max(), sizes.last()), (Some(&8), Some(&2)), "{said}");
        // 80 jobs of 10 s: 400 s with two agents, 100 s with eight. Where tasks are given away at once, those that wait at an agent stay there.
        let bound = if strategy == "round_robin" { 300.0 } else { 200.0 };
        assert!((100.0..bound).contains(&took.as_secs_f64()), "{said}");
    }
}
