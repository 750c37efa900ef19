//! Reports that are under way: whose should have come, and who is asked for it again.
//!
//! A report is a datagram, and so is each hop of it up the tree. An agent owes one when it was given orders, and when a job of it ended. What
//! it owes is settled when its superior has spoken after the report was passed on to it, since a superior that hears something says so to its
//! own. If that does not happen in time the agent is asked again, each time with twice the patience.

use crate::{AgentId, Deadlines, Time};
use core::time::Duration;
use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};

/// How often an agent is asked for the same news.
const ASKED: u32 = 3;

/// What one agent owes.
#[derive(Clone, Copy, Debug)]
struct Owed {
    asked: u32,
    /// To whom its report was passed on.
    to: Option<AgentId>,
}

/// Whose news are under way. Each act costs O(log agents).
#[derive(Clone, Debug, Default)]
pub(super) struct News {
    owed: BTreeMap<AgentId, Owed>,
    due: Deadlines<AgentId>,
    /// Superior, and who owes: those whose report was passed on.
    passed: BTreeSet<(AgentId, AgentId)>,
}

impl News {
    /// It was told to report; what it owed already stands.
    pub(super) fn expect(&mut self, agent: AgentId, due: Time) {
        if let Entry::Vacant(free) = self.owed.entry(agent) {
            free.insert(Owed { asked: 0, to: None });
            self.due.set(agent, due);
        }
    }
    /// Something happened of which no earlier report can tell.
    pub(super) fn expect_anew(&mut self, agent: AgentId, due: Time) {
        self.forget(agent);
        self.expect(agent, due);
    }
    /// It spoke, to this superior or to the leader's desk. What others had told it is told.
    pub(super) fn spoke(&mut self, agent: AgentId, to: Option<AgentId>, due: Time) {
        let told = self.passed.range((agent, AgentId(0))..=(agent, AgentId(u32::MAX)));
        for (_, below) in told.copied().collect::<Vec<_>>() {
            self.forget(below);
        }
        match to {
            None => self.forget(agent),
            Some(to) => {
                self.expect(agent, due);
                if let Some(owed) = self.owed.get_mut(&agent)
                    && let Some(before) = owed.to.replace(to)
                {
                    self.passed.remove(&(before, agent));
                }
                self.passed.insert((to, agent));
            }
        }
    }
    pub(super) fn forget(&mut self, agent: AgentId) {
        if let Some(owed) = self.owed.remove(&agent) {
            self.due.clear(&agent);
            owed.to.map(|to| self.passed.remove(&(to, agent)));
        }
    }
    /// When somebody is to be asked.
    pub(super) fn next(&self) -> Option<Time> {
        self.due.next()
    }
    /// One who is to be asked now. After some times no more is expected of it.
    pub(super) fn overdue(&mut self, now: Time, patience: Duration) -> Option<AgentId> {
        while let Some(agent) = self.due.pop(now) {
            let Some(owed) = self.owed.get_mut(&agent) else { continue };
            owed.asked += 1;
            if owed.asked > ASKED {
                self.forget(agent);
                continue;
            }
            self.due.set(agent, now + patience * (1 << owed.asked));
            return Some(agent);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    fn at(seconds: u64) -> Time {
        Time::ZERO + SECOND * seconds as u32
    }
    fn asked(news: &mut News, until: u64) -> Vec<(u64, u32)> {
        (0..=until)
            .flat_map(|now| core::iter::from_fn(|| news.overdue(at(now), SECOND)).map(move |a| (now, a.0)).collect::<Vec<_>>())
            .collect()
    }

    #[test]
    fn who_is_not_heard_is_asked_again_but_not_for_ever() {
        let mut news = News::default();
        news.expect(AgentId(7), at(1));
        assert_eq!(asked(&mut news, 60), [(1, 7), (3, 7), (7, 7)]);
        assert_eq!(news.next(), None);
    }

    #[test]
    fn news_are_settled_when_the_superior_has_spoken_of_them() {
        let (member, lead) = (AgentId(1), AgentId(2));
        let mut news = News::default();
        news.expect_anew(member, at(1));
        news.spoke(member, Some(lead), at(1));
        // It was passed on, but may be lost on its way.
        assert_eq!(news.clone().overdue(at(1), SECOND), Some(member));
        news.spoke(lead, None, at(1));
        assert_eq!(asked(&mut news, 60), []);
        // A report that was passed on before a job ended can't tell of its end.
        news.spoke(member, Some(lead), at(1));
        news.expect_anew(member, at(1));
        news.spoke(lead, None, at(1));
        assert_eq!(asked(&mut news, 1), [(1, 1)]);
    }
}
