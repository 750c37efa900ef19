//! Many workflows that arrive over time.

use crate::event::{Event, RunId, Sink, What};
use crate::runtime::{RunError, RunOptions, RunResult, Society};
use crate::workflow::IntoWorkflow;
use polity_protocols::Time;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

/// A workflow that arrived, and what became of it.
#[derive(Debug)]
pub struct Arrived {
    /// When it arrived, in the society's time.
    pub at: Time,
    /// When its run ended.
    pub ended: Time,
    /// What the run gave back, however it ended.
    pub result: RunResult,
}
impl Arrived {
    /// How long whoever brought it waited.
    pub fn response(&self) -> Duration {
        self.ended - self.at
    }
}

/// When each run ended, as long as somebody wants to know.
#[derive(Default)]
struct Ends(BTreeMap<RunId, Option<Time>>);
impl Sink for Ends {
    fn take(&mut self, event: &Event) {
        if let What::RunEnded(_) = event.what
            && let Some(end) = self.0.get_mut(&event.run)
        {
            *end = Some(event.at);
        }
    }
}

/// Runs each workflow from its moment on, counted from now, whatever the others do; gives them all back, in the order of arrival, when the last
/// has ended. Moments come from [`Arrivals::moments`](super::Arrivals::moments).
///
/// # Errors
/// If a workflow can't begin, as [`Society::launch`]; a run that fails is a result.
///
/// ```
/// use polity::prelude::*;
/// use polity::workloads::{Arrivals, Distribution, Draws, Shape, arrive};
/// let responses = polity::simulate(7, async {
///     let society = Polity::builder().agent_spec(AgentSpec::new("ann", can("link", 1.0))).start()?;
///     let moments = Arrivals::bursts(2, 60.0, 0.0).and_then(|bursts| bursts.moments(3, 7)).map_err(|e| Failure::error(e.to_string()))?;
///     let draws = Draws::new(Distribution::constant(10.0).unwrap(), 7);
///     let flow = Shape::Chain { tasks: 2 }.graph(&draws).and_then(|graph| graph.workflow()).map_err(|e| Failure::error(e.to_string()))?;
///     let all = arrive(&society, moments.into_iter().map(|moment| (moment, flow.clone()))).await?;
///     Ok::<_, Failure>(all.iter().map(|one| one.response().as_secs_f64().round()).collect::<Vec<_>>())
/// });
/// let responses = responses.unwrap();
/// // Of the first two, one waits for the other; the third has the agent for itself.
/// assert_eq!((responses[0].max(responses[1]), responses[2]), (40.0, 20.0));
/// ```
pub async fn arrive<F: IntoWorkflow>(
    society: &Society,
    flows: impl IntoIterator<Item = (Duration, F)>,
) -> Result<Vec<Arrived>, RunError> {
    let ends = Rc::new(RefCell::new(Ends::default()));
    society.events().add(Box::new(ends.clone()));
    let begin = society.now();
    let mut flows: Vec<(Duration, F)> = flows.into_iter().collect();
    flows.sort_by_key(|(moment, _)| *moment);
    let mut runs = Vec::with_capacity(flows.len());
    for (moment, flow) in flows {
        society.sleep((begin + moment).since(society.now())).await;
        let run = society.launch(flow, RunOptions::default())?;
        ends.borrow_mut().0.insert(run.id(), None);
        runs.push((society.now(), run));
    }
    let mut all = Vec::with_capacity(runs.len());
    for (at, run) in runs {
        let id = run.id();
        let result = run.join().await?;
        // A run's end is told before its result is.
        let ended = ends.borrow_mut().0.remove(&id).flatten().unwrap_or_else(|| society.now());
        all.push(Arrived { at, ended, result });
    }
    Ok(all)
}
