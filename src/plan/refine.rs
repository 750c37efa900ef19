//! Ranks that were tried on paper before a run begins.

use super::Plan;
use super::paper::{Paper, Team};
use polity_protocols::Rng;

/// How far ranks stray from the upward rank, in turn: relative, both ways. Little, since a rank also has to be good when the run does not go as
/// it was estimated; the upward rank itself looks at no estimate but the longest path's.
const STRAY: [f64; 3] = [0.02, 0.05, 0.1];
/// So many orders are tried by turns with and without looking ahead; then only in the way that is better so far.
const BOTH: u32 = 8;
/// As near to the lower bound nothing is to be gained.
const GOOD: f64 = 1.001;
/// Slots that are weighed for tasks, in all trials together: a millisecond. Four times as many found nothing better that could be seen
/// (`cargo bench --bench study -- speeds`).
const WEIGHED: u64 = 1 << 18;

/// What came of trying other ranks. Times are in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Refined {
    /// By task: the larger, the more urgent. None if no other order was better than that of the upward ranks.
    pub ranks: Option<Box<[f64]>>,
    /// Whether it is best to look ahead: to reserve for tasks that wait for nothing but what is being done. Never if the government can't.
    pub ahead: bool,
    /// How long it takes by the upward ranks and without looking ahead, on paper.
    pub plain: f64,
    /// How long it takes by the best that was found, on paper: never more.
    pub best: f64,
    /// Orders that were tried, the upward ranks among them.
    pub trials: u32,
}

/// The best of several ranks for a plan and a team, the upward rank first among them, by what late binding to the earliest finish makes of each.
/// Up to `trials` others are tried: the upward rank times a random factor near 1; with and without looking ahead, if the team's government can do
/// that. To look ahead pays where few tasks are ready, and loses where there is more work than slots. `None` where it can't matter (no choice, no
/// work, nobody able) or would take too long for what it could gain: more than some 8,000 tasks for 8 slots.
///
/// `room` is how many ready tasks a government chooses among. The same plan and team always get the same ranks.
///
/// Sampling around a priority rule: Cooper (1976); Kolisch and Hartmann (1999) call it regret-free biased sampling of a serial scheme. Here the scheme is
/// the one that the governments carry out. O(trials · tasks · slots), at most about 260,000 slots weighed.
///
/// ```
/// use polity::plan::{Node, Plan, Team, Wants, refine};
/// let plan = Plan::new((0..12).map(|n| Node::new(f64::from(n % 5 + 1))).collect())?;
/// let team = Team::new(vec![0; 12], vec![vec![1.0, 1.5, 0.7]]);
/// let refined = refine(&plan, &team, 16, 64).unwrap();
/// assert!(refined.best <= refined.plain);
/// # Ok::<(), polity::plan::PlanError>(())
/// ```
pub fn refine(plan: &Plan, team: &Team, room: usize, trials: u32) -> Option<Refined> {
    let slots = team.slots();
    let least = (plan.len() as u64).saturating_mul(slots as u64).saturating_mul(4);
    if slots < 2 || plan.width() < 2 || plan.total_work() == 0.0 || least > WEIGHED || trials == 0 || !team.is_able(plan) {
        return None;
    }
    let upward: Vec<f64> = plan.nodes().map(|node| plan.rank(node)).collect();
    let enough = plan.lower_bound(&team.best()) * GOOD;
    let mut paper = Paper::new(plan, team, room);
    let plain = paper.makespan(&upward, false, f64::INFINITY)?;
    let mut found = Refined { ranks: None, ahead: false, plain, best: plain, trials: 1 };
    if team.foresees()
        && let Some(better) = paper.makespan(&upward, true, plain)
    {
        (found.best, found.ahead) = (better, true);
    }
    let mut ranks = upward.clone();
    while found.trials <= trials && found.best > enough && paper.weighed < WEIGHED {
        let mut rng = Rng::numbered(0, "plan/refine", u64::from(found.trials));
        let stray = STRAY[found.trials as usize % STRAY.len()];
        for (rank, upward) in ranks.iter_mut().zip(&upward) {
            *rank = upward * rng.between(1.0 - stray, 1.0 + stray);
        }
        let ahead = team.foresees() && if found.trials <= BOTH { found.trials % 2 == 1 } else { found.ahead };
        if let Some(better) = paper.makespan(&ranks, ahead, found.best) {
            (found.best, found.ranks, found.ahead) = (better, Some(ranks.clone().into()), ahead);
        }
        found.trials += 1;
    }
    Some(found)
}
