//! A protocol panics: the coordinator is born again from its book, and what was open goes on.

use super::stage::{BOTH, Log, ended, nap, worker};
use polity::event::What;
use polity::prelude::*;
use polity::protocols::{
    AgentId, Candidate, Decision, Demand, Initiator, Measure, Outcome, Participant, Profile, Protocol, Reply, TaskId, TaskView,
    Turn, Why,
};
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

thread_local! {
    /// How often it still panics.
    static LEFT: Cell<u32> = const { Cell::new(0) };
}

/// Where the protocol panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Place {
    Join,
    Task,
    Message,
    Outcome,
    Leave,
    Participant,
    ParticipantBorn,
    ParticipantOutcome,
}

/// Asks everybody able, and gives the task to the first who answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Touchy(Place);
impl Touchy {
    fn at(&self, place: Place) {
        if self.0 == place && LEFT.get() > 0 {
            LEFT.set(LEFT.get() - 1);
            panic!("touched at {place:?}");
        }
    }
}

struct Asker {
    how: Touchy,
    team: BTreeMap<AgentId, Profile>,
    open: BTreeMap<TaskId, Arc<Demand>>,
}
struct Answerer(Touchy);

impl Protocol for Touchy {
    const NAME: &'static str = "touchy";
    type Message = TaskId;
    type Initiator = Asker;
    type Participant = Answerer;
    fn initiator(&self) -> Asker {
        Asker { how: self.clone(), team: BTreeMap::new(), open: BTreeMap::new() }
    }
    fn participant(&self, _: AgentId, _: &Profile) -> Answerer {
        self.at(Place::ParticipantBorn);
        Answerer(self.clone())
    }
}
impl Initiator for Asker {
    type Message = TaskId;
    fn on_join(&mut self, agent: AgentId, profile: &Profile, turn: &mut Turn<'_, TaskId>) {
        self.how.at(Place::Join);
        self.team.insert(agent, profile.clone());
        let able = self.open.iter().filter(|(_, demand)| demand.fit(agent, profile).is_some());
        able.for_each(|(task, _)| turn.send(agent, *task));
    }
    fn on_leave(&mut self, agent: AgentId, turn: &mut Turn<'_, TaskId>) {
        self.how.at(Place::Leave);
        self.team.remove(&agent);
        let orphans: Vec<TaskId> =
            self.open.iter().filter(|(_, demand)| self.able(demand).is_empty()).map(|(task, _)| *task).collect();
        for task in orphans {
            self.open.remove(&task);
            turn.decline(task, Why::NobodyAble);
        }
    }
    fn on_task(&mut self, task: &TaskView, turn: &mut Turn<'_, TaskId>) {
        self.how.at(Place::Task);
        let able = self.able(&task.demand);
        if able.is_empty() {
            return turn.decline(task.id, Why::NobodyAble);
        }
        self.open.insert(task.id, task.demand.clone());
        able.into_iter().for_each(|agent| turn.send(agent, task.id));
    }
    fn on_withdraw(&mut self, task: TaskId, _: &mut Turn<'_, TaskId>) {
        self.open.remove(&task);
    }
    fn on_message(&mut self, from: AgentId, task: TaskId, turn: &mut Turn<'_, TaskId>) {
        self.how.at(Place::Message);
        if self.team.contains_key(&from) && self.open.remove(&task).is_some() {
            let decision =
                Decision::new(Touchy::NAME, Measure::Jobs).candidates([Candidate::new(from, 0.0)]).because("it answered first");
            turn.assign(task, from, decision);
        }
    }
    fn on_outcome(&mut self, _: TaskId, _: AgentId, _: &Outcome, _: &mut Turn<'_, TaskId>) {
        self.how.at(Place::Outcome);
    }
}
impl Asker {
    fn able(&self, demand: &Demand) -> Vec<AgentId> {
        self.team.iter().filter(|(agent, profile)| demand.fit(**agent, profile).is_some()).map(|(agent, _)| *agent).collect()
    }
}
impl Participant for Answerer {
    type Message = TaskId;
    fn on_message(&mut self, task: TaskId, reply: &mut Reply<'_, TaskId>) {
        self.0.at(Place::Participant);
        reply.send(task);
    }
    fn on_outcome(&mut self, _: TaskId, _: &str, _: &Outcome, _: &mut Reply<'_, TaskId>) {
        self.0.at(Place::ParticipantOutcome);
    }
}

fn flow() -> WorkflowBuilder {
    let nap = || nap(0.02);
    let flow = Workflow::new("w").task("a", nap()).task("b", nap()).task("c", nap());
    flow.task("last", nap().depends_on("a").depends_on("b").depends_on("c"))
}

fn play(place: Place, panics: u32, world: super::stage::Where, log: &Log) -> RunResult {
    LEFT.set(panics);
    world.play(async {
        let mut builder = Polity::builder().strategy(Touchy(place)).sink(log.sink());
        for n in 0..3 {
            builder = builder.agent_spec(worker(&format!("a{n}")));
        }
        let crash = Simulation { crash: 1.0, ..Simulation::default() };
        let flow = if place == Place::Leave { flow().task("crash", simulated(crash).kind("work")) } else { flow() };
        ended(builder.start().unwrap().run(flow).await)
    })
}

#[test]
fn a_protocol_that_panics_is_born_again_and_open_tasks_go_on() {
    for place in [Place::Join, Place::Task, Place::Message, Place::Outcome, Place::Leave] {
        for world in BOTH {
            let log = Log::default();
            let result = play(place, 1, world, &log);
            let said = format!("{place:?}, {world:?}\n{}", log.words());
            assert_eq!(LEFT.get(), 0, "it was never touched: {said}");
            assert_eq!(result.tally().completed, 4, "{said}");
            let lost = log.count(
                |what| matches!(what, What::CoordinatorLost { reason, .. } if reason.contains(&format!("touched at {place:?}"))),
            );
            assert_eq!(lost, 1, "{said}");
            if place != Place::Leave {
                assert_eq!(log.losses().iter().filter(|loss| loss.contains("panic")).count(), 0, "agents live on: {said}");
            }
        }
    }
}

#[test]
fn a_participant_that_panics_takes_its_agent_and_no_task() {
    for place in [Place::Participant, Place::ParticipantBorn, Place::ParticipantOutcome] {
        for world in BOTH {
            let log = Log::default();
            let result = play(place, 2, world, &log);
            let said = format!("{place:?}, {world:?}\n{}", log.words());
            assert_eq!(LEFT.get(), 0, "it was never touched: {said}");
            assert_eq!(result.status(), RunStatus::Completed, "{said}");
            assert_eq!(log.losses().iter().filter(|loss| loss.contains("touched at")).count(), 2, "{said}");
            assert_eq!(log.count(|what| matches!(what, What::CoordinatorLost { .. })), 0, "{said}");
        }
    }
}

#[test]
fn a_protocol_that_always_panics_ends_the_run_with_the_reason() {
    for place in [Place::Join, Place::Task, Place::Message, Place::Participant] {
        for world in BOTH {
            let log = Log::default();
            let result = play(place, u32::MAX, world, &log);
            let said = format!("{place:?}, {world:?}\n{}", log.words());
            assert_eq!(result.status(), RunStatus::Escalated, "{said}");
            let why = format!("touched at {place:?}");
            assert!(result.problems().iter().any(|problem| problem.contains(&why)), "{:?}\n{said}", result.problems());
            assert_eq!(result.tally().cancelled, 4, "{said}");
        }
    }
}
