//! What a user can set, and the checks on it.

use super::initiator::Head;
use super::message::Message;
use super::participant::Member;
use crate::{AgentId, Lie, Profile, Protocol, Rng, Time};
use serde::{Deserialize, Serialize};

/// The settings of a chain of command, and the factory of its two roles.
///
/// ```
/// use polity_protocols::hierarchical::{Delegation, Hierarchical, Leader};
/// let set: Hierarchical = serde_json::from_str(r#"{ "delegation": "best_fit", "leader": { "fixed": { "agent": "ann" } } }"#).unwrap();
/// assert_eq!(set.delegation, Delegation::BestFit);
/// assert_eq!(set.leader, Leader::Fixed { agent: "ann".into() });
/// assert_eq!(set.span, 8);
/// assert_eq!(polity_protocols::Protocol::check(&set), Ok(()));
/// let wrong = Hierarchical { span: 1, ..Hierarchical::default() };
/// assert_eq!(polity_protocols::Protocol::check(&wrong).unwrap_err(), "hierarchical.span must be at least 2, but is 1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hierarchical {
    /// Who leads the team.
    pub leader: Leader,
    /// How a task's agent is chosen from those that are able.
    pub delegation: Delegation,
    /// By whose word the leader decides: that of leads, or its own book.
    pub reporting: Reporting,
    /// How many report to one lead at most; at least 2, since with 1 a tree would never narrow. Without a tree it has no effect.
    pub span: usize,
}

impl Default for Hierarchical {
    fn default() -> Self {
        Hierarchical { leader: Leader::default(), delegation: Delegation::default(), reporting: Reporting::default(), span: 8 }
    }
}

/// Who leads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Leader {
    /// The member with the largest sum of capability scores; ties go to the lower id.
    #[default]
    CapabilityScore,
    /// The member of this name (or the first replica of it). While there is none, the most capable member stands in.
    Fixed {
        /// The agent's name, or the name that its replicas share.
        agent: String,
    },
    /// Each member in turn, in the order of ids, for one award.
    Rotating,
}

/// How an agent is chosen from those that are able.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delegation {
    /// The one that is expected to finish first, given what it has to do, its speed, its fit and the pace that it proved. A task may
    /// wait for a busy agent if that finishes it sooner than an idle one. In a tree this is judged by what was reported. Without
    /// an estimate of the work it is the fastest free one.
    #[default]
    LoadBalanced,
    /// The free one that holds the fewest jobs; ties go to the lower id.
    LeastLoaded,
    /// The free one that fits best; ties go to the one with fewer jobs, then to the lower id.
    BestFit,
    /// The free ones in turn, in the order of ids.
    RoundRobin,
    /// A free one, each with the same chance.
    Random,
}

/// By whose word the leader decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reporting {
    /// By that of leads with at most `span` direct reports each, as soon as the team is larger than `span`. Each level hears sums and
    /// extremes, which may be stale; the leader's own book serves while the tree forms and when reports fail.
    #[default]
    Tree,
    /// By its own book of awards and outcomes, whatever the size of the team. Nobody sends a report.
    Direct,
}

impl Protocol for Hierarchical {
    const NAME: &'static str = super::NAME;
    type Message = Message;
    type Initiator = Head;
    type Participant = Member;

    fn check(&self) -> Result<(), String> {
        if self.span < 2 {
            return Err(format!("hierarchical.span must be at least 2, but is {}", self.span));
        }
        match &self.leader {
            Leader::Fixed { agent } if agent.trim().is_empty() => Err(
                "hierarchical.leader.fixed.agent must name an agent, but is empty; use `leader: capability_score` to elect one"
                    .to_owned(),
            ),
            _ => Ok(()),
        }
    }
    fn foresees(&self) -> bool {
        self.delegation == Delegation::LoadBalanced
    }
    fn initiator(&self) -> Head {
        Head::new(self)
    }
    fn participant(&self, me: AgentId, profile: &Profile) -> Member {
        Member::new(me, profile, self.delegation)
    }
    fn bend(thought: Message, lie: &Lie, now: Time, rng: &mut Rng) -> Message {
        super::bent::bend(thought, lie, now, rng)
    }
}
