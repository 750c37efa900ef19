//! Agents that are drawn: how fast they are, how dear, how able and how reliable.

use crate::faults::{Failing, Whom};
use crate::workloads::{Amount, TaskGraph, WorkloadError};
use polity_agents::AgentSpec;
use polity_protocols::{Capabilities, Rng};

/// No agent is drawn slower.
const SLOWEST: f64 = 1e-6;
/// The most slots that an agent is drawn with.
const MOST_SLOTS: f64 = 1_000.0;

/// Agents of a task graph that are drawn from distributions. Each property has a stream of its own by agent, so that the first `n` agents are the same
/// however many there are, and one property can be varied without changing another.
///
/// ```
/// use polity::laboratory::{Population, Subject, Trial};
/// use polity::workloads::{Draws, Shape};
/// let shape: Shape = "fork_join(stages 3, width 4)".parse()?;
/// let graph = shape.graph(&Draws::new("constant(2s)".parse()?, 1))?;
/// let population = Population {
///     speed: "lognormal(median 1, sigma 0.3)".parse()?,
///     reliability: "uniform(0.9, 1)".parse()?,
///     ..Population::of(6)
/// };
/// let subject = Subject::of_population(graph, &population)?;
/// assert_eq!(subject.agents().len(), 6);
/// assert!(Trial::new(&subject, "market", 7).run()?.makespan >= subject.lower_bound());
/// # Ok::<(), polity::workloads::WorkloadError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Population {
    /// How many.
    pub count: usize,
    /// Work per second of each; above 0.
    pub speed: Amount,
    /// Cost of a second of each; the square of its speed if none is given.
    pub cost: Option<Amount>,
    /// Jobs at a time of each, to the nearest whole number, at least 1.
    pub slots: Amount,
    /// How well each can do each kind of work, in `0..=1`; drawn for each kind. 0 is not able.
    pub fit: Amount,
    /// The probability that an attempt of each succeeds that nothing else is wrong with, in `0..=1`.
    pub reliability: Amount,
    /// What it is drawn by.
    pub seed: u64,
}

impl Population {
    /// So many agents, of speeds between 0.5 and 2, of one slot, able and reliable.
    pub fn of(count: usize) -> Population {
        let same = |number| Amount::constant(number).expect("it is a number of at least 0");
        Population {
            count,
            speed: "uniform(0.5, 2)".parse().expect("it is an amount"),
            cost: None,
            slots: same(1.0),
            fit: same(1.0),
            reliability: same(1.0),
            seed: 1,
        }
    }
    /// Looks for what no agent can be.
    ///
    /// # Errors
    /// A sentence that names the property, what it must be and what it may become.
    pub fn check(&self) -> Result<(), WorkloadError> {
        let shares = [("fit", &self.fit, 1.0), ("reliability", &self.reliability, 1.0), ("slots", &self.slots, MOST_SLOTS)];
        for (name, amount, most) in shares {
            let (_, high) = amount.range();
            if high > most {
                return Err(WorkloadError::new(format!(
                    "the {name} of an agent is at most {most}, but {amount} may be more; write it like uniform(0.5, 1)"
                )));
            }
        }
        let none = [
            ("fit", &self.fit, 0.0, "nobody could do anything: give one above 0, as uniform(0, 1)"),
            ("slots", &self.slots, 0.0, "an agent has at least one"),
        ];
        for (name, amount, least, remedy) in none {
            if amount.range().1 <= least {
                return Err(WorkloadError::new(format!("the {name} of the agents is {amount}, and {remedy}")));
            }
        }
        match (self.count, self.speed.range()) {
            (0, _) => Err(WorkloadError::new("a population needs at least one agent, but is given 0; give a `count`")),
            (_, (_, high)) if high < SLOWEST => Err(WorkloadError::new(format!(
                "an agent's speed is at least {SLOWEST}, but here it is {}; write a greater one",
                self.speed
            ))),
            _ => Ok(()),
        }
    }
    /// The agents, `agent_1`, `agent_2`, …, and which of them fail how often. Each kind of work that nobody was drawn for can be done by the
    /// first agent, or its tasks would find nobody. O(agents · kinds).
    ///
    /// # Errors
    /// As [`check`](Population::check).
    pub fn agents(&self, graph: &TaskGraph) -> Result<(Vec<AgentSpec>, Vec<Failing>), WorkloadError> {
        self.check()?;
        let kinds = graph.kind_ids();
        let (mut agents, mut failing) = (Vec::with_capacity(self.count), Vec::new());
        for n in 0..self.count {
            let draw = |what: &str, amount: &Amount| {
                amount.sample(&mut Rng::numbered(self.seed, &format!("population/{what}"), n as u64))
            };
            let speed = draw("speed", &self.speed).max(SLOWEST); // a speed of 0 has no end
            let mut rng = Rng::numbered(self.seed, "population/fit", n as u64);
            let able = |can: Capabilities, kind: &polity_protocols::Name| match self.fit.sample(&mut rng) {
                0.0 => can,
                fit => can.and(kind.clone(), fit),
            };
            let can = kinds.iter().fold(Capabilities::default(), able);
            let spec = AgentSpec {
                speed,
                cost: self.cost.as_ref().map_or(speed * speed, |cost| draw("cost", cost)),
                slots: draw("slots", &self.slots).round().max(1.0) as u32,
                ..AgentSpec::new(format!("agent_{}", n + 1), can)
            };
            let chance = 1.0 - draw("reliability", &self.reliability);
            if chance > 0.0 {
                failing.push(Failing { chance, whom: Whom::Named(vec![spec.id.clone()]) });
            }
            agents.push(spec);
        }
        for kind in &kinds {
            if agents.iter().all(|spec: &AgentSpec| spec.can.score(kind) == 0.0)
                && let Some(first) = agents.first_mut()
            {
                first.can = first.can.clone().and(kind.clone(), 1.0);
            }
        }
        Ok((agents, failing))
    }
}
