//! Who has which part.

use super::model::{Faults, Whom};
use polity_protocols::{AgentId, Lie, Name, Profile, Rng};
use std::collections::BTreeMap;

/// The parts of agents: who crashes, who is slow, who lies. Agents that join later have only the parts that they are named for, or that
/// all have.
///
/// ```
/// use polity::faults::{Cast, Faults};
/// use polity::protocols::{AgentId, Capabilities, Profile};
/// let faults: Faults = "low_ball=0.2".parse().unwrap();
/// let profiles: Vec<Profile> = (0..10).map(|n| Profile::new(format!("a{n}"), Capabilities::default())).collect();
/// let cast = Cast::of(&faults, 42, &profiles);
/// let low = (0..10).filter(|n| !cast.part(AgentId(*n), &profiles[*n as usize]).lies.is_empty());
/// assert_eq!(low.count(), 2);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cast {
    faults: Faults,
    /// The place of each agent in the order in which a fault takes them.
    drawn: BTreeMap<&'static str, Vec<usize>>,
}

/// The part of one agent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    /// It crashes now and then.
    pub crashes: bool,
    /// The probability that an attempt of its own fails that would have succeeded.
    pub fails: f64,
    /// Its jobs may hang.
    pub hangs: bool,
    /// It may be slow.
    pub slow: bool,
    /// How it lies in what it says to its coordinators; empty if it is honest.
    pub lies: Vec<Lie>,
    /// It gives wrong results.
    pub wrong_results: bool,
    /// The score that it claims for whatever it lists.
    pub claims: Option<f64>,
}

impl Cast {
    /// The cast of a society that is founded with these agents, numbered from 0. O(n log n).
    pub fn of(faults: &Faults, seed: u64, profiles: &[Profile]) -> Cast {
        let mut drawn = BTreeMap::new();
        for (key, whom) in faults.everybody() {
            if let Whom::Share(_) = whom {
                drawn.insert(key, lots(key, seed, profiles.len()));
            }
        }
        Cast { faults: faults.clone(), drawn }
    }
    fn has(&self, key: &'static str, whom: Option<&Whom>, agent: AgentId, profile: &Profile) -> bool {
        match whom {
            None => false,
            Some(Whom::All) => true,
            Some(Whom::Named(names)) => is_named(names, profile),
            Some(Whom::Share(share)) => self.drawn.get(key).is_some_and(|places| {
                let count = (share.clamp(0.0, 1.0) * places.len() as f64).round() as usize;
                places.get(agent.0 as usize).is_some_and(|place| *place < count)
            }),
        }
    }
    /// The part of an agent. O(faults and the names in them).
    pub fn part(&self, agent: AgentId, profile: &Profile) -> Part {
        use super::model::Lying;
        let faults = &self.faults;
        let has = |key, whom: Option<&Whom>| self.has(key, whom, agent, profile);
        let low = faults.low_ball.as_ref().filter(|low| has("low_ball", Some(&low.whom)));
        let liar = faults.lying_voters.as_ref().filter(|liar| has("lying_voters", Some(&liar.whom)));
        let claims = faults.false_claims.as_ref().filter(|claims| has("false_claims", Some(&claims.whom)));
        let voice = liar.map(|liar| match liar.how {
            Lying::Inverted => Lie::Inverted,
            Lying::Random => Lie::Random,
        });
        Part {
            crashes: has("crash", faults.crash.as_ref().map(|fault| &fault.whom)),
            fails: 1.0
                - faults
                    .fail
                    .iter()
                    .filter(|fault| has("fail", Some(&fault.whom)))
                    .map(|fault| 1.0 - fault.chance)
                    .product::<f64>(),
            hangs: has("hang", faults.hang.as_ref().map(|fault| &fault.whom)),
            slow: has("slow", faults.slow.as_ref().map(|fault| &fault.whom)),
            lies: low.map(|low| Lie::LowBall(low.factor)).into_iter().chain(voice).collect(),
            wrong_results: liar.is_some(),
            claims: claims.map(|claims| claims.score),
        }
    }
}

/// True if an agent, or what it is a replica of, is among the names.
pub(crate) fn is_named(names: &[Name], profile: &Profile) -> bool {
    names.iter().any(|name| *name == profile.name || *name == profile.group)
}

/// The places of the agents by their lots: a share takes those of the lowest. So a smaller share is a part of a larger one.
fn lots(key: &str, seed: u64, agents: usize) -> Vec<usize> {
    let seed = Rng::new(seed, &format!("fault/cast/{key}")).bits();
    let mut lots: Vec<(u64, usize)> = (0..agents).map(|n| (Rng::derive(seed, n as u64), n)).collect();
    lots.sort_unstable();
    let mut places = vec![0; agents];
    for (place, (_, agent)) in lots.into_iter().enumerate() {
        places[agent] = place;
    }
    places
}
