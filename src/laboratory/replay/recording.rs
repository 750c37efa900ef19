//! A recorded run, ready to be replayed.

use super::told::Told;
use super::twin::{Maker, Twin};
use super::{Course, ReplayError, Scenario};
use crate::event::{Event, RunHead, RunStatus};
use crate::faults::Faults;
use crate::laboratory::statistics::Sample;
use crate::registry::Registry;
use crate::report::Recall;
use crate::runtime::{Builder, Polity, RunOptions, patience, simulate};
use crate::workflow::{Strategy, Workflow};
use polity_agents::{AgentSpec, Past};
use polity_protocols::Name;
use serde_json::Value;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// A recorded run, ready to be replayed in virtual time.
///
/// The replay is the same workflow with the same inputs, seed, retries and clocks. Every job takes the work that is recorded: the seconds that it
/// took × the speed and the fit of the agent that did it. It ends as it did: a failure belongs to its task and attempt, whoever tries it;
/// an output too, so that conditions, lists and votes come out as they did. [`Recording::remarks`] says what had to be assumed beyond that.
///
/// ```
/// use polity::laboratory::{Recording, Scenario};
/// use polity::prelude::*;
/// use polity::event::Event;
/// use std::{cell::RefCell, rc::Rc, time::Duration};
/// let agents = || vec![AgentSpec { speed: 2.0, ..AgentSpec::new("ann", can("dig", 1.0)) }, AgentSpec::new("bob", can("dig", 0.5))];
/// let work = || simulated(Simulation { work: Some(polity::agents::Distribution::Exponential(10.0)), ..Simulation::default() });
/// let flow = Workflow::new("w").task("dig", work().kind("dig").for_each("range(20)")).build().unwrap();
/// // A run that is recorded:
/// let log = Rc::new(RefCell::new(Vec::<Event>::new()));
/// polity::simulate(7, async {
///     let builder = agents().into_iter().fold(Polity::builder(), |builder, spec| builder.agent_spec(spec));
///     builder.sink(log.clone()).strategy(Market::default()).start()?.run(flow.clone()).await.map_err(|wrong| Failure::error(wrong.to_string()))
/// }).unwrap();
/// // The same again, and what it would have been under another government:
/// let recording = Recording::of(&log.borrow(), &flow, agents()).unwrap();
/// assert_eq!(recording.replay().unwrap().measures.makespan, recording.recorded().measures.makespan);
/// let other = recording.under(&Scenario::strategy("random")).unwrap();
/// assert_ne!(other.measures.makespan, recording.recorded().measures.makespan);
/// ```
pub struct Recording {
    flow: Workflow,
    past: Arc<Past>,
    agents: Vec<AgentSpec>,
    faults: Faults,
    /// Of the run, for its jobs.
    key: Name,
    pub(super) head: Arc<RunHead>,
    recalled: Vec<(Name, Arc<Value>)>,
    recorded: Course,
    remarks: Vec<String>,
}

impl Recording {
    /// Of all events of a run, the workflow that it carried out, and the agents of its society. `flow` must be the workflow that ran: of a run
    /// of a simulated twin, the twin.
    ///
    /// # Errors
    /// If the log has no run, or one that has not ended, or that of another workflow; or if an event of it is missing, or not in its place.
    pub fn of(events: &[Event], flow: &Workflow, agents: Vec<AgentSpec>) -> Result<Recording, ReplayError> {
        Recording::with_faults(events, flow, agents, flow.faults.clone().unwrap_or_default())
    }
    /// The same of a run in which this went wrong on purpose, whatever the workflow says.
    ///
    /// # Errors
    /// As [`of`](Recording::of).
    pub fn with_faults(
        events: &[Event],
        flow: &Workflow,
        agents: Vec<AgentSpec>,
        faults: Faults,
    ) -> Result<Recording, ReplayError> {
        let told = Told::by(events);
        let wrong = |sentence: String| Err(ReplayError(sentence));
        if let Some(pair) = events.windows(2).find(|pair| pair[1].seq != pair[0].seq.wrapping_add(1)) {
            return wrong(format!(
                "the log is not whole: event {} is followed by event {}; what is missing can't be replayed, restore the file",
                pair[0].seq, pair[1].seq
            ));
        }
        let Some((root, head)) = told.root().map(|(root, head)| (root, head.clone())) else {
            return wrong("the log tells of no run; it was cut off before the run began".into());
        };
        let ids: Vec<&Name> = flow.tasks.iter().map(|task| &task.id).collect();
        if head.tasks.len() != ids.len() || head.tasks.iter().zip(&ids).any(|(a, b)| a != *b) {
            return wrong(format!(
                "the tasks of {} are not those of workflow \"{}\"; give the workflow that it ran",
                head.name, flow.name
            ));
        }
        let twin = Maker::new(&told, &agents).make(flow, root);
        let Some(recorded) = Course::of(events, &told, &agents, &twin.past) else {
            return wrong(format!("{} has not ended; wait for its end, or go on with it: polity retry {}", head.name, head.name));
        };
        let mut recording = Recording {
            past: twin.past.clone(),
            agents,
            faults: left(&faults),
            key: told.run_name(root),
            recalled: told.recalled.clone(),
            recorded,
            remarks: Vec::new(),
            flow: Workflow { outputs: twin.flow.outputs.clone(), ..twin.flow.clone() },
            head,
        };
        recording.remarks = recording.assumed(&told, &twin, &faults);
        Ok(recording)
    }

    /// The run's name.
    pub fn name(&self) -> &Name {
        &self.head.name
    }
    /// Its strategy.
    pub fn strategy(&self) -> Strategy {
        Strategy { name: self.head.strategy.clone(), settings: self.head.settings.clone() }
    }
    /// What is recorded.
    pub fn recorded(&self) -> &Course {
        &self.recorded
    }
    /// What had to be assumed, a sentence each.
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }
    /// How long the jobs took, in the median, in seconds; none if none ended.
    pub fn median_job(&self) -> Option<f64> {
        Sample::of(self.recorded.places.values().map(|place| place.seconds)).median()
    }
    /// The agents that did it.
    pub fn agents(&self) -> &[AgentSpec] {
        &self.agents
    }
    /// The same run again, as it was. How far it is from the record is the error of all replays.
    ///
    /// # Errors
    /// If the society can't be started any more: its strategy is not known here, for example.
    pub fn replay(&self) -> Result<Course, ReplayError> {
        self.under(&Scenario::default())
    }
    /// The same run, with what is otherwise in a scenario.
    ///
    /// # Errors
    /// If the strategy is unknown or has a wrong setting, there are too few agents, or a fault is not right.
    pub fn under(&self, scenario: &Scenario) -> Result<Course, ReplayError> {
        self.under_seed(scenario, self.head.seed)
    }
    /// The same by another seed: what a strategy leaves to chance, and the jitter of back-off that is not recorded, come out otherwise; work does not.
    ///
    /// # Errors
    /// As [`under`](Recording::under).
    pub fn under_seed(&self, scenario: &Scenario, seed: u64) -> Result<Course, ReplayError> {
        let agents = scenario.agents(&self.agents)?;
        let faults = scenario.faults.clone().unwrap_or_else(|| self.faults.clone());
        let government = scenario.strategy.as_ref().map(|strategy| Registry::standard().make(&strategy.name, &strategy.settings));
        let government = government.transpose().map_err(ReplayError)?;
        let inputs = self.head.inputs.as_object().into_iter().flatten();
        let mut options = RunOptions::default().name(self.key.clone()).recalling(self.recall());
        options.inputs = inputs.map(|(name, value)| (name.as_str().into(), value.clone())).collect();
        if let Some(government) = government {
            options = options.strategy(government);
        }
        let most = patience(&self.flow, &agents);
        let founded = Polity::builder().faults(faults).most_messages(most);
        let groups = self.flow.supervision.iter().cloned().fold(founded, Builder::supervisor);
        let log = Rc::new(RefCell::new(Vec::<Event>::new()));
        let builder = agents.iter().cloned().fold(groups, Builder::agent_spec).sink(log.clone());
        let flow = self.flow.clone();
        simulate(seed, async move {
            let society = builder.start().map_err(|wrong| wrong.to_string())?;
            let handle = society.launch(flow, options).map_err(|wrong| wrong.to_string())?;
            handle.join().await.map_err(|wrong| wrong.to_string())
        })
        .map_err(ReplayError)?;
        let events = log.take();
        let told = Told::by(&events);
        let course = Course::of(&events, &told, &agents, &self.past);
        course.ok_or_else(|| {
            ReplayError(format!("the replay of {} did not come to an end: this is a defect of polity", self.head.name))
        })
    }
    fn recall(&self) -> Recall {
        let known = self.recalled.iter();
        known.fold(Recall::default(), |recall, (task, output)| recall.output(task.clone(), (**output).clone()))
    }

    /// The sentences for people.
    fn assumed(&self, told: &Told, twin: &Twin, faults: &Faults) -> Vec<String> {
        let head = &self.head;
        let when = |is: bool, sentence: String| is.then_some(sentence);
        let speed =
            if head.simulated { "" } else { "; so real work is taken to be as much quicker on an agent as its speed says" };
        let ended_by_hand = self.recorded.status == RunStatus::Cancelled;
        let kept = Some("crashes, talk, partitions and claims").filter(|_| !faults.is_none());
        let all = [
            Some(format!("a job's work is what it took × the speed and fit of the agent that did it{speed}")),
            Some("a failure belongs to its task and attempt: whoever tries it fails as it did, after as much work".into()),
            Some("an attempt that the record does not know takes the mean work of its task, and succeeds".into()),
            when(
                twin.cut_short > 0,
                format!(
                    "jobs that were cut short ({}) have the mean work of their task, or what was done if that is more",
                    twin.cut_short
                ),
            ),
            when(
                twin.handed_on > 0,
                format!("tasks that handed their work on ({}) are taken as one job each, as long as the whole", twin.handed_on),
            ),
            when(
                !twin.unknown.is_empty(),
                format!(
                    "of {} nothing was done by an agent: if it has to be done, it takes its estimate and gives nothing",
                    listed(&twin.unknown)
                ),
            ),
            when(
                !told.recalled.is_empty(),
                format!("outputs that an earlier run left ({}) are not made again", told.recalled.len()),
            ),
            when(!told.paused.is_zero(), format!("it was paused for {:.3} s; the replay is not", told.paused.as_secs_f64())),
            when(ended_by_hand, "it was cancelled; the replay is not, and goes on to its end".into()),
            when(
                head.memory.is_some(),
                "its coordinators began with what they had learned before; in the replay they begin with nothing".into(),
            ),
            kept.map(|kept| {
                format!("{kept} of its faults happen again; slow agents, hung jobs and wrong answers are in the recorded work")
            }),
        ];
        all.into_iter().flatten().collect()
    }
}

/// The faults that are not in the recorded work already.
fn left(faults: &Faults) -> Faults {
    Faults { slow: None, hang: None, lying_voters: None, ..faults.clone() }
}

fn listed(names: &[Name]) -> String {
    const MOST: usize = 5;
    let shown: Vec<String> = names.iter().take(MOST).map(|name| format!("\"{}\"", crate::report::harmless(name))).collect();
    let more = if names.len() > MOST { format!(" and {} more", names.len() - MOST) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}
