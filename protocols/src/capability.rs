//! What an agent can do, how well, and what a task demands.

use crate::ids::{AgentId, DemandId, Name};
use core::fmt;
use serde::{Deserialize, Serialize};

/// A capability's score: 0 (not at all) to 1 (as well as can be).
pub type Score = f64;

/// What an agent can do: capability → score in `0..=1`. An unlisted capability counts 0.
///
/// ```
/// use polity_protocols::Capabilities;
/// let can = Capabilities::new([("analysis", 0.9), ("writing", 0.4)]).unwrap();
/// assert_eq!(can.score("analysis"), 0.9);
/// assert_eq!(can.score("cooking"), 0.0);
/// assert!(Capabilities::new([("analysis", 1.5)]).is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Capabilities(Vec<(Name, Score)>);

/// A score outside `0..=1`, or not a number.
#[derive(Clone, Debug, PartialEq)]
pub struct BadScore {
    /// The capability whose score is wrong.
    pub capability: Name,
    /// What was given.
    pub score: f64,
}
impl fmt::Display for BadScore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the score of capability \"{}\" must be in 0..=1, but is {}", self.capability, self.score)
    }
}
impl std::error::Error for BadScore {}

impl Capabilities {
    /// A set of scores. A capability that is given twice keeps the last score.
    ///
    /// # Errors
    /// [`BadScore`] for a score that is NaN, below 0 or above 1.
    pub fn new<N: Into<Name>>(scores: impl IntoIterator<Item = (N, Score)>) -> Result<Capabilities, BadScore> {
        let mut all = Capabilities::default();
        for (name, score) in scores {
            let capability = name.into();
            if !(0.0..=1.0).contains(&score) {
                return Err(BadScore { capability, score });
            }
            all.set(capability, score);
        }
        Ok(all)
    }
    fn set(&mut self, name: Name, score: Score) {
        match self.0.binary_search_by(|(n, _)| (**n).cmp(&*name)) {
            Ok(at) => self.0[at].1 = score,
            Err(at) => self.0.insert(at, (name, score)),
        }
    }
    /// This set with one more capability, its score clamped into `0..=1` (NaN counts 0).
    ///
    /// ```
    /// use polity_protocols::Capabilities;
    /// assert_eq!(Capabilities::default().and("read", 2.0).score("read"), 1.0);
    /// ```
    pub fn and(mut self, name: impl Into<Name>, score: Score) -> Capabilities {
        self.set(name.into(), if score.is_nan() { 0.0 } else { score.clamp(0.0, 1.0) });
        self
    }
    /// The score of a capability; 0 if it is not listed. O(log n).
    pub fn score(&self, name: &str) -> Score {
        self.0.binary_search_by(|(n, _)| (**n).cmp(name)).map_or(0.0, |at| self.0[at].1)
    }
    /// All scores, in order of name.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, Score)> {
        self.0.iter().map(|(n, s)| (n, *s))
    }
    /// True if nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a task demands of the agent that does it. Tasks with equal demands share one (same [`DemandId`]), so a protocol
/// may keep a table per demand instead of computing fits for each task.
///
/// ```
/// use polity_protocols::{AgentId, Capabilities, Demand, DemandId, Profile};
/// let demand = Demand::of_kind(DemandId(0), "analysis").at_least("analysis", 0.8);
/// let strong = Profile::new("ann", Capabilities::default().and("analysis", 0.9));
/// let weak = Profile::new("bob", Capabilities::default().and("analysis", 0.5));
/// assert_eq!(demand.fit(AgentId(0), &strong), Some(0.9));
/// assert_eq!(demand.fit(AgentId(1), &weak), None);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Demand {
    /// Which distinct demand this is.
    pub id: DemandId,
    /// The kind of work (a capability that must be above 0); empty if any agent may do it.
    pub kind: Name,
    /// Minimum scores, on top of `kind`.
    pub needs: Vec<(Name, Score)>,
    /// Only this agent, or any replica of it.
    pub agent: Option<Name>,
}

impl Demand {
    /// No demand at all: any agent may do it, with fit 1.
    pub fn any(id: DemandId) -> Demand {
        Demand { id, kind: Name::from(""), needs: Vec::new(), agent: None }
    }
    /// The demand for one kind of work.
    pub fn of_kind(id: DemandId, kind: impl Into<Name>) -> Demand {
        Demand { kind: kind.into(), ..Demand::any(id) }
    }
    /// With a further minimum.
    pub fn at_least(mut self, capability: impl Into<Name>, minimum: Score) -> Demand {
        self.needs.push((capability.into(), minimum));
        self
    }
    /// Pinned to an agent's name, or to the name that its replicas share.
    pub fn only(mut self, agent: impl Into<Name>) -> Demand {
        self.agent = Some(agent.into());
        self
    }
    /// How well the agent fits: the minimum over the demanded capabilities, 1 if none is demanded; `None` if it is not able.
    pub fn fit(&self, _agent: AgentId, profile: &crate::Profile) -> Option<Score> {
        if self.agent.as_ref().is_some_and(|only| **only != *profile.name && **only != *profile.group) {
            return None;
        }
        let mut fit = 1.0_f64;
        if !self.kind.is_empty() && self.agent.is_none() {
            fit = fit.min(profile.capabilities.score(&self.kind));
        } else if !self.kind.is_empty() {
            // A pinned agent does the work even if it does not list the kind; listing it still tells how well.
            let score = profile.capabilities.score(&self.kind);
            fit = if score > 0.0 { score } else { 1.0 };
        }
        for (name, minimum) in &self.needs {
            let score = profile.capabilities.score(name);
            if score < *minimum {
                return None;
            }
            fit = fit.min(score);
        }
        (fit > 0.0).then_some(fit)
    }
}
