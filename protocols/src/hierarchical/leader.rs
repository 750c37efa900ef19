//! Who leads, and who leads next.

use super::book::Book;
use super::settings::{Delegation, Leader};
use crate::AgentId;

/// The leadership of a team: the rule, the holder, and the words that each award carries.
#[derive(Clone, Debug)]
pub(super) struct Leadership {
    rule: Leader,
    holder: Option<AgentId>,
    reason: &'static str,
    sentence: String,
}

impl Leadership {
    pub(super) fn new(rule: Leader, delegation: Delegation) -> Leadership {
        let reason = match delegation {
            Delegation::LoadBalanced => "it is expected to finish first",
            Delegation::LeastLoaded => "it is free and holds the fewest jobs",
            Delegation::BestFit => "it fits best of those that are free",
            Delegation::RoundRobin => "it was its turn",
            Delegation::Random => "it was drawn by lot from those that are free",
        };
        Leadership { rule, holder: None, reason, sentence: String::new() }
    }
    /// Who leads now.
    pub(super) fn holder(&self) -> Option<AgentId> {
        self.holder
    }
    /// The reason that an award of the leader carries.
    pub(super) fn sentence(&self) -> &str {
        &self.sentence
    }
    /// Someone joined: it may have the better claim. O(1) unless leadership changes.
    pub(super) fn joined(&mut self, agent: AgentId, book: &Book) {
        let better = self.holder.is_none_or(|holder| {
            holder == agent || (self.rule != Leader::Rotating && self.claim(agent, book) > self.claim(holder, book))
        });
        if better {
            self.hand_over(Some(agent), book);
        }
    }
    /// Someone left: if it led, another is elected. O(members).
    pub(super) fn left(&mut self, agent: AgentId, book: &Book) {
        if self.holder == Some(agent) {
            let next = match self.rule {
                Leader::Rotating => book.after(agent),
                _ => elect(book.iter().map(|(id, _)| id), |id| self.claim(id, book)),
            };
            self.hand_over(next, book);
        }
    }
    /// An award was made: a rotating leadership passes on.
    pub(super) fn awarded(&mut self, book: &Book) {
        if self.rule == Leader::Rotating
            && let Some(holder) = self.holder
        {
            self.hand_over(book.after(holder), book);
        }
    }
    /// What the agent's claim rests on: being the one that was named, then its capability.
    fn claim(&self, agent: AgentId, book: &Book) -> (bool, f64) {
        let Some(member) = book.get(agent) else { return (false, f64::NEG_INFINITY) };
        (self.is_named(agent, book), member.standing)
    }
    fn is_named(&self, agent: AgentId, book: &Book) -> bool {
        let Leader::Fixed { agent: wanted } = &self.rule else { return false };
        book.get(agent).is_some_and(|m| *m.profile.name == **wanted || *m.profile.group == **wanted)
    }
    fn hand_over(&mut self, to: Option<AgentId>, book: &Book) {
        use core::fmt::Write;
        self.holder = to;
        self.sentence.clear();
        let Some((agent, member)) = to.and_then(|agent| Some((agent, book.get(agent)?))) else { return };
        let stand_in = match &self.rule {
            Leader::Fixed { agent: wanted } if !self.is_named(agent, book) => format!(" (in for {wanted})"),
            _ => String::new(),
        };
        // Writing to a string can't fail.
        let _ = write!(self.sentence, "leader {}{stand_in}: {}", member.profile.name, self.reason);
    }
}

/// The one with the greatest claim; ties go to the first, which is the lower id where ids come in order.
pub(super) fn elect<C: PartialOrd>(agents: impl Iterator<Item = AgentId>, claim: impl Fn(AgentId) -> C) -> Option<AgentId> {
    let mut best: Option<(C, AgentId)> = None;
    for agent in agents {
        let its = claim(agent);
        if best.as_ref().is_none_or(|(most, _)| its > *most) {
            best = Some((its, agent));
        }
    }
    best.map(|(_, agent)| agent)
}
