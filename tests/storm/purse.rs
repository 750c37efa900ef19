//! Storms of sub-runs that draw from one purse: once it is spent nothing more is given to anybody.

use polity::event::{Event, RunId, What};
use polity::prelude::*;
use polity::protocols::{AgentId, Profile, Rng, TaskId, Time};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// What was seen of purses.
#[derive(Debug, Default)]
pub struct Purses {
    pub spent: u64,
    pub refused: u64,
    pub enough: u64,
}
impl Purses {
    pub fn assert_all(&self) {
        assert!(self.spent > 0, "no purse was ever spent: {self:?}");
        assert!(self.refused > 0, "no task was refused for a purse that was spent: {self:?}");
        assert!(self.enough > 0, "no purse was ever enough: {self:?}");
    }
}

/// The command that plays it again.
fn replay(seed: u64) -> String {
    format!("POLITY_STORM_SEED={seed} cargo nextest run --test storm --no-capture a_purse")
}

fn inner(n: usize, rng: &mut Rng) -> WorkflowBuilder {
    (0..1 + rng.below(6)).fold(Workflow::new(&format!("w{n}")), |flow, at| {
        let p = |rng: &mut Rng, most: f64| if rng.chance(0.3) { rng.between(0.0, most) } else { 0.0 };
        let task = simulated(Simulation { failure: p(rng, 0.5), crash: p(rng, 0.3), ..Simulation::default() });
        let task = task.estimate(Duration::from_secs_f64(rng.between(0.1, 4.0)));
        let task = if rng.chance(0.4) { task.retry(RetryPolicy { attempts: 3, ..RetryPolicy::default() }) } else { task };
        let task = if at > 0 && rng.chance(0.6) { task.depends_optionally_on(&format!("t{}", rng.below(at))) } else { task };
        flow.task(&format!("t{at}"), task)
    })
}

/// Plays one, and says what was wrong.
pub fn play(seed: u64, seen: &mut Purses) -> Result<(), String> {
    let mut rng = Rng::new(seed, "purse");
    let limit = rng.between(0.5, 40.0);
    let budget = Budget { cost: Some(limit), ..Budget::default() };
    let flow = Workflow::new("purse").delegation(Delegation { budget, ..Delegation::default() });
    let flow = (0..1 + rng.below(3)).fold(flow, |flow, n| flow.task(&format!("s{n}"), sub_workflow(inner(n, &mut rng))));
    let agents: Vec<AgentSpec> = (0..2 + rng.below(4))
        .map(|n| AgentSpec {
            cost: rng.between(0.2, 4.0),
            slots: 1 + rng.below(3) as u32,
            ..AgentSpec::new(format!("a{n}"), Capabilities::default())
        })
        .collect();
    let events: Rc<RefCell<Vec<Event>>> = Rc::default();
    let (profiles, result) = polity::simulate(seed, async {
        let builder = agents.into_iter().fold(Polity::builder().sink(events.clone()), polity::Builder::agent_spec);
        let society = builder.start()?;
        let result = society.launch(flow, RunOptions::default())?.join().await?;
        Ok::<_, Failure>((society.agents(), result))
    })
    .unwrap();
    judge(&events.borrow(), &profiles, limit)
        .and_then(|spent| {
            // A purse that was spent too late to refuse anything does not fail the run.
            let refused = events.borrow().iter().any(|event| match &event.what {
                What::Failed { failure, .. } => failure.kind == FailureKind::Budget,
                _ => false,
            });
            seen.spent += u64::from(spent);
            seen.refused += u64::from(refused);
            seen.enough += u64::from(!spent && result.tally().completed > 0);
            if refused && !spent { Err("a task was refused for its budget, which was not spent".to_owned()) } else { Ok(()) }
        })
        .map_err(|what| format!("{what}\n    {}", replay(seed)))
}

/// True if the purse was spent.
fn judge(events: &[Event], profiles: &[Arc<Profile>], limit: f64) -> Result<bool, String> {
    let (mut drawn, mut spent_at) = (0.0, None);
    let mut held: BTreeMap<TaskId, (AgentId, Time)> = BTreeMap::new();
    let mut owed: BTreeMap<TaskId, f64> = BTreeMap::new();
    for event in events.iter().filter(|event| event.run.is_run() && event.run != RunId(0)) {
        let Some(task) = event.what.task() else { continue };
        match &event.what {
            What::Assigned { .. } if spent_at.is_some_and(|at| event.at > at) => {
                return Err(format!(
                    "{drawn} of {limit} were spent at {spent_at:?}, and at {:?} {task:?} was given to somebody",
                    event.at
                ));
            }
            What::Started { agent, .. } => drop(held.insert(task, (*agent, event.at))),
            _ => {}
        }
        let ends = matches!(
            event.what,
            What::Retried { .. } | What::Displaced { .. } | What::Completed { .. } | What::Failed { .. } | What::Cancelled { .. }
        );
        if let Some((agent, since)) = ends.then(|| held.remove(&task)).flatten() {
            *owed.entry(task).or_default() += event.at.since(since).as_secs_f64() * profiles[agent.index()].cost;
        }
        // What a task used up is drawn when it has ended.
        if matches!(event.what, What::Completed { .. } | What::Failed { .. } | What::Cancelled { .. }) {
            drawn += owed.remove(&task).unwrap_or_default();
            if drawn >= limit * (1.0 + 1e-9) {
                spent_at.get_or_insert(event.at);
            }
        }
    }
    Ok(drawn >= limit * (1.0 - 1e-9))
}
