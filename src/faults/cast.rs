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
    /// Who was drawn, by fault.
    drawn: BTreeMap<&'static str, Vec<AgentId>>,
}

/// The part of one agent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    /// It crashes now and then.
    pub crashes: bool,
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
            if let Whom::Share(share) = whom {
                drawn.insert(key, lot(key, *share, seed, profiles.len()));
            }
        }
        Cast { faults: faults.clone(), drawn }
    }
    fn has(&self, key: &'static str, whom: Option<&Whom>, agent: AgentId, profile: &Profile) -> bool {
        match whom {
            None => false,
            Some(Whom::All) => true,
            Some(Whom::Named(names)) => is_named(names, profile),
            Some(Whom::Share(_)) => self.drawn.get(key).is_some_and(|all| all.contains(&agent)),
        }
    }
    /// The part of an agent. O(agents that were drawn).
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

/// A share of the agents: those of the lowest lots. So a smaller share is a part of a larger one.
fn lot(key: &str, share: f64, seed: u64, agents: usize) -> Vec<AgentId> {
    let seed = Rng::new(seed, &format!("fault/cast/{key}")).bits();
    let mut lots: Vec<(u64, AgentId)> = (0..agents as u32).map(|n| (Rng::derive(seed, u64::from(n)), AgentId(n))).collect();
    lots.sort_unstable();
    let count = (share.clamp(0.0, 1.0) * agents as f64).round() as usize;
    let mut all: Vec<AgentId> = lots.into_iter().take(count).map(|(_, agent)| agent).collect();
    all.sort_unstable();
    all
}
