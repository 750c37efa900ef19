//! A run that nothing moves any more: no task is ready, none is open, none is done by a sub-run, and yet it has not ended.
//!
//! A task that waits for a parked agent, for its retry, for a person who paused it, for a sub-run or for anything else is open, and the run is not stalled. A plan has no
//! circles and every actor answers for its task, so this is always a defect of polity: the ledger has lost count, or an actor was lost with
//! its task. It is told at once, and the run fails [`STALLED_AT_MOST`] later, rather than to wait for ever.

use super::RunActor;
use crate::actors::messages::{RunMail, TaskEnd, TaskResult};
use crate::event::{RunStatus, What};
use crate::plan::{NodeState, StopMode};
use crate::world::Letter;
use actix::{AsyncContext, Context};
use polity_agents::{Failure, FailureKind};
use polity_protocols::Time;
use std::sync::Arc;
use std::time::Duration;

/// How long a stalled run waits for what may still come, before it fails.
const STALLED_AT_MOST: Duration = Duration::from_secs(60);
/// So many tasks that wait are named.
const NAMED: usize = 8;

impl RunActor {
    /// True if nothing is left that could move it.
    fn is_stalled(&self) -> bool {
        self.open.is_empty()
            && self.ready.is_empty()
            && self.nest.all.is_empty()
            && self.asked.is_none()
            && !self.ledger.is_finished()
            && !self.saga.goes_on()
            && !self.waits_for_a_person()
    }
    /// Looks whether it stalls, once all is done that the last message led to. O(1).
    pub(super) fn look_for_stall(&mut self, context: &mut Context<RunActor>) {
        let stalled = self.is_stalled();
        match (stalled, self.stalled) {
            (true, None) => {
                let since = self.world.now();
                self.stalled = Some(since);
                self.world.record(self.id, What::Stalled { reason: self.waiting().into() });
                self.world.alarm(since + STALLED_AT_MOST, Letter::Run(context.address(), RunMail::Stalled { since }));
            }
            (false, Some(_)) => self.stalled = None,
            _ => {}
        }
    }
    /// It has been stalled for too long: what nobody has fails, and what waits is cancelled.
    pub(super) fn stalled_since(&mut self, since: Time, context: &mut Context<RunActor>) {
        if self.stalled != Some(since) || !self.is_stalled() {
            return self.world.ignore(); // something came after all
        }
        self.status.get_or_insert(RunStatus::Failed);
        self.problems.push(format!("{}, and nothing came for {} s", self.waiting(), STALLED_AT_MOST.as_secs()));
        for instance in self.held_by_nobody() {
            let failure = Failure::new(FailureKind::Panic, "nobody has it any more: this is a defect of polity");
            let failure = Arc::new(failure);
            let what = What::Failed { task: self.task(instance), agent: None, attempts: 0, failure: failure.clone() };
            self.world.record(self.id, what);
            self.record_end(self.task(instance), TaskResult::new(None, 0, TaskEnd::Failed(failure)));
        }
        self.stop_ledger(StopMode::Cancel);
        self.proceed(context);
        if self.is_stalled() {
            self.inquire(context); // not even its end can be said by the ledger
        }
    }
    /// What the ledger says is being done, or may begin.
    fn held_by_nobody(&self) -> Vec<u32> {
        let alive = |instance: &u32| matches!(self.ledger.instance_state(*instance), Some(NodeState::Ready | NodeState::Open));
        let all = self.ledger.plan().nodes().flat_map(|node| self.ledger.instances(node).iter()).map(|instance| instance.0);
        all.filter(alive).collect()
    }
    /// What waits for what, as a sentence without its end.
    fn waiting(&self) -> String {
        let named = |names: Vec<String>| {
            let more = names.len().saturating_sub(NAMED);
            let shown: Vec<String> = names.into_iter().take(NAMED).collect();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{}{more}", shown.join(", "))
        };
        let quoted = |instance: u32| format!("\"{}\"", self.name_of(instance));
        let lost: Vec<String> =
            self.held_by_nobody().into_iter().map(|instance| format!("{} is held by nobody", quoted(instance))).collect();
        let waits = |waiting: crate::plan::Waiting| {
            let on: Vec<String> = waiting.on.iter().map(|node| quoted(node.0)).collect();
            let on = if on.is_empty() { "nothing that is left".into() } else { on.join(", ") };
            format!("{} waits for {on}", quoted(waiting.node.0))
        };
        let all = lost.into_iter().chain(self.ledger.stalled().into_iter().map(waits)).collect();
        format!("nothing is ready and nothing is being done, but the run is not at its end (a defect of polity): {}", named(all))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::prelude::*;
    use crate::world::{Mail, World};
    use actix::Handler;
    use std::cell::RefCell;
    use std::rc::Rc;

    /// A defect that no message of the product leads to.
    struct Plant(fn(&mut RunActor));
    impl Handler<Mail<Plant>> for RunActor {
        type Result = ();
        fn handle(&mut self, mail: Mail<Plant>, _: &mut Self::Context) {
            mail.body.0(self);
        }
    }

    /// A run of three tasks in a chain, the first of which takes 5 s, with a defect in it from the beginning.
    fn with(plant: fn(&mut RunActor)) -> (RunResult, Vec<Event>) {
        let events: Rc<RefCell<Vec<Event>>> = Rc::default();
        let result = crate::simulate(3, async {
            let society =
                Polity::builder().sink(events.clone()).agent_spec(AgentSpec::new("ann", can("x", 1.0))).start().unwrap();
            let task = || simulated(Simulation::default()).kind("x").estimate(Duration::from_secs(5));
            let flow = Workflow::new("w").task("a", task()).task("b", task().depends_on("a")).task("c", task().depends_on("b"));
            let run = society.launch(flow, RunOptions::default()).unwrap();
            society.sleep(Duration::from_secs(1)).await;
            let world = World::here().unwrap();
            world.directory.runs()[0].do_send(Mail { body: Plant(plant), ticket: world.ticket() });
            run.join().await.unwrap()
        });
        (result, events.take())
    }
    fn stalls(events: &[Event]) -> Vec<(f64, String)> {
        let told = events.iter().filter_map(|event| match &event.what {
            What::Stalled { reason } => Some((event.at.as_secs_f64(), reason.to_string())),
            _ => None,
        });
        told.collect()
    }

    #[test]
    fn a_ledger_that_lost_count_fails_its_run_and_says_what_waits_for_what() {
        let (result, events) = with(|run| run.ledger.lose_count(1));
        let told = stalls(&events);
        assert_eq!((told.len(), told[0].0), (1, 5.0));
        assert!(told[0].1.ends_with("\"b\" waits for nothing that is left, \"c\" waits for \"b\""), "{told:?}");
        let end = events.iter().find(|event| matches!(event.what, What::RunEnded(_))).unwrap();
        assert_eq!(end.at, Time::from_secs_f64(65.0));
        assert_eq!((result.status(), result.tally().completed, result.tally().cancelled), (RunStatus::Failed, 1, 2));
        assert!(result.problems()[0].ends_with("waits for \"b\", and nothing came for 60 s"), "{:?}", result.problems());
    }

    #[test]
    fn a_task_that_nobody_has_fails() {
        let (result, events) = with(|run| {
            drop(run.open.remove(&0).unwrap()); // what its task says in the end is not heard any more
        });
        assert_eq!(result.status(), RunStatus::Failed, "{:?}", result.problems());
        assert_eq!(stalls(&events).len(), 1);
        assert_eq!((result.tally().completed, result.tally().failed, result.tally().blocked), (0, 1, 2));
    }

    #[test]
    fn a_run_that_goes_on_after_all_is_left_alone() {
        let (result, events) = with(|_| {});
        assert_eq!((result.status(), stalls(&events).len()), (RunStatus::Completed, 0));
    }
}
