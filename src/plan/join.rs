//! When a task starts, by what has become of those that it depends on: the rules of `join`, as one table.

use super::NodeState;
use core::fmt;
use serde::{Deserialize, Serialize};

/// How many of its upstream tasks a task waits for. It ranges over those that count for the join ([`Wants::is_joined`](super::Wants::is_joined):
/// what `depends_on` names and is not optional); what else the task needs it needs besides.
///
/// | rule | starts when | else |
/// |---|---|---|
/// | `all_success` | all ended, none is lost, one succeeded | a loss blocks at once; all skipped: skipped |
/// | `all_done` | all ended | |
/// | `one_success` | the first succeeded | as `at_least: 1` |
/// | `at_least: n` | `n` succeeded | fewer can: blocked as soon as one is lost; skipped if all ended and none is |
/// | `any_done` | the first ended | |
/// | `all_failed` | all are lost | skipped, at the first that is not |
/// | `one_failed` | the first is lost | skipped, when all ended and none is |
/// | `none_failed` | all ended, none is lost | skipped, at the first that is |
///
/// *Lost* is what [`NodeState::is_loss`] says: failed, blocked, or cancelled. A task that was skipped has ended, and neither succeeded nor is
/// lost. What is blocked is so because of a loss; where nothing was lost, a task that can't start is skipped.
///
/// Sources of the patterns: van der Aalst, ter Hofstede, Kiepuszewski and Barros, *Workflow Patterns* (2003).
///
/// ```
/// use polity::plan::{Ends, Join, NodeState, Verdict};
/// let mut ends = Ends::of(3);
/// assert_eq!(Join::AtLeast(2).verdict(ends), Verdict::Wait);
/// ends.take(NodeState::Failed);
/// ends.take(NodeState::Succeeded);
/// assert_eq!(Join::OneSuccess.verdict(ends), Verdict::Start);
/// assert_eq!(Join::AtLeast(2).verdict(ends), Verdict::Wait);
/// ends.take(NodeState::Skipped);
/// assert_eq!(Join::AtLeast(2).verdict(ends), Verdict::Block);
/// assert_eq!(Join::AtLeast(2).to_string(), "at_least: 2");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Join {
    /// All that were not skipped succeeded, and one did.
    #[default]
    AllSuccess,
    /// All ended, however.
    AllDone,
    /// The first succeeded.
    OneSuccess,
    /// So many succeeded.
    AtLeast(u32),
    /// The first ended, however.
    AnyDone,
    /// All are lost.
    AllFailed,
    /// The first is lost.
    OneFailed,
    /// All ended, and none is lost.
    NoneFailed,
}

/// What has become of the tasks that a join ranges over: how many there are, and how many ended how.
///
/// ```
/// use polity::plan::{Ends, NodeState};
/// let mut ends = Ends::of(2);
/// ends.take(NodeState::Blocked);
/// assert_eq!((ends.lost, ends.left()), (1, 1));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// All.
    pub of: u32,
    /// Those that succeeded.
    pub succeeded: u32,
    /// Those that were skipped.
    pub skipped: u32,
    /// Those that are lost: failed, blocked or cancelled.
    pub lost: u32,
}

impl Ends {
    /// So many, of which none has ended.
    pub const fn of(all: u32) -> Ends {
        Ends { of: all, succeeded: 0, skipped: 0, lost: 0 }
    }
    /// One more has ended. A state that is no end changes nothing.
    pub const fn take(&mut self, end: NodeState) {
        match end {
            NodeState::Succeeded => self.succeeded += 1,
            NodeState::Skipped => self.skipped += 1,
            NodeState::Failed | NodeState::Blocked | NodeState::Cancelled => self.lost += 1,
            NodeState::Pending | NodeState::Ready | NodeState::Open => {}
        }
    }
    /// Those that have not ended.
    pub const fn left(self) -> u32 {
        self.of - self.succeeded - self.skipped - self.lost
    }
}

/// What a join says. But for `Wait` it is final: whatever ends later, the rule says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is not decided.
    Wait,
    /// The task starts.
    Start,
    /// It can't start any more, since something was lost.
    Block,
    /// It is not needed.
    Skip,
}

impl Join {
    /// What the rule says of these ends. It ranges over one task at least; of none `all_success` says `Start`. `O(1)`.
    pub const fn verdict(self, ends: Ends) -> Verdict {
        use Verdict::{Block, Skip, Start, Wait};
        let (all_ended, some_lost) = (ends.left() == 0, ends.lost > 0);
        match self {
            Join::AllSuccess if some_lost => Block,
            Join::AllSuccess if !all_ended => Wait,
            Join::AllSuccess => if_or(ends.succeeded > 0 || ends.of == 0, Start, Skip),
            Join::AllDone => if_or(all_ended, Start, Wait),
            Join::OneSuccess => Join::AtLeast(1).verdict(ends),
            Join::AtLeast(n) if ends.succeeded >= n => Start,
            Join::AtLeast(n) if ends.succeeded + ends.left() < n && some_lost => Block,
            Join::AtLeast(_) => if_or(all_ended, Skip, Wait),
            Join::AnyDone => if_or(ends.left() < ends.of, Start, Wait),
            Join::AllFailed if ends.succeeded + ends.skipped > 0 => Skip,
            Join::AllFailed => if_or(all_ended, Start, Wait),
            Join::OneFailed if some_lost => Start,
            Join::OneFailed => if_or(all_ended, Skip, Wait),
            Join::NoneFailed if some_lost => Skip,
            Join::NoneFailed => if_or(all_ended, Start, Wait),
        }
    }
    /// True if it may start before all that it ranges over have ended.
    ///
    /// ```
    /// use polity::plan::Join;
    /// assert!(Join::AnyDone.is_early() && !Join::AllDone.is_early());
    /// ```
    pub const fn is_early(self) -> bool {
        matches!(self, Join::OneSuccess | Join::AtLeast(_) | Join::AnyDone | Join::OneFailed)
    }
    /// True if what is left once it is met can be called off: it is met by successes, and no further one can change it.
    pub const fn can_cancel_rest(self) -> bool {
        matches!(self, Join::OneSuccess | Join::AtLeast(_))
    }
    /// Of those that it ranges over, given in order, the one to name when it is not met: that by which it was decided.
    pub(super) fn blame<T: Copy>(self, ends: impl Iterator<Item = (T, NodeState)> + Clone) -> Option<T> {
        let decided = |(_, end): &(T, NodeState)| match self {
            Join::AllFailed => matches!(end, NodeState::Succeeded | NodeState::Skipped),
            _ => end.is_loss(),
        };
        ends.clone().find(decided).or_else(|| ends.clone().next()).map(|(which, _)| which)
    }
}

const fn if_or(condition: bool, then: Verdict, or: Verdict) -> Verdict {
    if condition { then } else { or }
}

impl fmt::Display for Join {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Join::AllSuccess => "all_success",
            Join::AllDone => "all_done",
            Join::OneSuccess => "one_success",
            Join::AtLeast(n) => return write!(f, "at_least: {n}"),
            Join::AnyDone => "any_done",
            Join::AllFailed => "all_failed",
            Join::OneFailed => "one_failed",
            Join::NoneFailed => "none_failed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: [Join; 9] = [
        Join::AllSuccess,
        Join::AllDone,
        Join::OneSuccess,
        Join::AtLeast(1),
        Join::AtLeast(2),
        Join::AnyDone,
        Join::AllFailed,
        Join::OneFailed,
        Join::NoneFailed,
    ];
    /// Every way in which up to `most` tasks can have ended or not.
    fn every_ends(most: u32) -> Vec<Ends> {
        let mut all = Vec::new();
        for of in 1..=most {
            for succeeded in 0..=of {
                for skipped in 0..=of - succeeded {
                    all.extend((0..=of - succeeded - skipped).map(|lost| Ends { of, succeeded, skipped, lost }));
                }
            }
        }
        all
    }

    #[test]
    fn the_whole_table_of_two() {
        use Verdict::{Block as B, Skip as K, Start as S, Wait as W};
        // succeeded, skipped, lost; then a verdict for each rule in the order of `EVERY`.
        let table = [
            ((0, 0, 0), [W, W, W, W, W, W, W, W, W]),
            ((1, 0, 0), [W, W, S, S, W, S, K, W, W]),
            ((0, 1, 0), [W, W, W, W, W, S, K, W, W]),
            ((0, 0, 1), [B, W, W, W, B, S, W, S, K]),
            ((2, 0, 0), [S, S, S, S, S, S, K, K, S]),
            ((1, 1, 0), [S, S, S, S, K, S, K, K, S]),
            ((1, 0, 1), [B, S, S, S, B, S, K, S, K]),
            ((0, 2, 0), [K, S, K, K, K, S, K, K, S]),
            ((0, 1, 1), [B, S, B, B, B, S, K, S, K]),
            ((0, 0, 2), [B, S, B, B, B, S, S, S, K]),
        ];
        assert_eq!(table.len(), every_ends(2).iter().filter(|ends| ends.of == 2).count());
        for ((succeeded, skipped, lost), verdicts) in table {
            let ends = Ends { of: 2, succeeded, skipped, lost };
            assert_eq!(EVERY.map(|join| join.verdict(ends)), verdicts, "{ends:?}");
        }
    }

    #[test]
    fn a_verdict_is_final_and_falls_at_the_latest_with_the_last_end() {
        let mut sometimes_early = 0;
        for (join, ends) in EVERY.into_iter().flat_map(|join| every_ends(4).into_iter().map(move |ends| (join, ends))) {
            let verdict = join.verdict(ends);
            if ends.left() == 0 {
                assert_ne!(verdict, Verdict::Wait, "{join}: {ends:?}");
                continue;
            }
            for end in [NodeState::Succeeded, NodeState::Skipped, NodeState::Failed, NodeState::Blocked, NodeState::Cancelled] {
                let mut later = ends;
                later.take(end);
                assert!(verdict == Verdict::Wait || join.verdict(later) == verdict, "{join}: {ends:?}, then {end:?}");
            }
            sometimes_early += u32::from(verdict == Verdict::Start);
            assert!(verdict != Verdict::Start || join.is_early(), "{join}: {ends:?}");
            assert!(verdict != Verdict::Block || ends.lost > 0, "{join}: {ends:?}");
        }
        assert!(sometimes_early > 0);
    }

    #[test]
    fn a_rule_is_written_as_it_is_shown() {
        for join in EVERY {
            let json = serde_json::to_string(&join).expect("it is data");
            let shown = json.trim_matches(['{', '}']).replace('"', "").replace(':', ": ");
            assert_eq!(shown, join.to_string());
            assert_eq!(serde_json::from_str::<Join>(&json).expect("it is a rule"), join);
        }
    }
}
