//! A budget that sub-runs draw from, within the budgets above it.

use crate::workflow::{Budget, duration_text};
use core::time::Duration;
use parking_lot::Mutex;
use polity_agents::Spent;
use polity_protocols::Time;
use std::sync::Arc;

/// What a run's sub-runs may still use up. What is drawn from one is drawn from all above it, so that no sub-run can widen a budget.
///
/// It is asked before each task begins, and told when one ends: a budget is exceeded by no more than what was in flight.
///
/// ```
/// use polity::agents::Spent;
/// use polity::delegation::Purse;
/// use polity::workflow::Budget;
/// use polity_protocols::Time;
/// let above = Purse::new(Budget { cost: Some(1.0), ..Budget::default() }, None, Time::ZERO);
/// let below = Purse::new(Budget::default(), Some(above.clone()), Time::ZERO);
/// assert_eq!(below.spent_by(Time::ZERO), None);
/// below.draw(Spent { cost: 1.5, tokens: 0 });
/// assert_eq!(below.spent_by(Time::ZERO).unwrap(), "the budget is spent: its cost is 1.5, the limit is 1 (delegation.budget.cost)");
/// assert_eq!(above.drawn().cost, 1.5);
/// ```
#[derive(Debug)]
pub struct Purse {
    budget: Budget,
    above: Option<Arc<Purse>>,
    began: Time,
    drawn: Mutex<Spent>,
}
impl Purse {
    /// A budget that counts from `began`.
    pub fn new(budget: Budget, above: Option<Arc<Purse>>, began: Time) -> Arc<Purse> {
        Arc::new(Purse { budget, above, began, drawn: Mutex::default() })
    }
    /// All that was drawn so far.
    pub fn drawn(&self) -> Spent {
        *self.drawn.lock()
    }
    /// Something was spent. O(depth).
    pub fn draw(&self, spent: Spent) {
        self.drawn.lock().add(spent);
        if let Some(above) = &self.above {
            above.draw(spent);
        }
    }
    /// Why nothing more may begin, if that is so: here, or above. O(depth).
    pub fn spent_by(&self, now: Time) -> Option<String> {
        let Spent { cost, tokens } = self.drawn();
        let over = match self.budget {
            Budget { cost: Some(limit), .. } if cost >= limit => Some((format!("its cost is {cost}"), limit.to_string(), "cost")),
            Budget { tokens: Some(limit), .. } if tokens >= limit => {
                Some((format!("{tokens} tokens were used"), limit.to_string(), "tokens"))
            }
            Budget { wall: Some(limit), .. } if now.since(self.began) >= limit => {
                Some((format!("{} have passed", duration_text(now.since(self.began))), duration_text(limit), "wall"))
            }
            _ => None,
        };
        match over {
            Some((what, limit, key)) => {
                Some(format!("the budget is spent: {what}, the limit is {limit} (delegation.budget.{key})"))
            }
            None => self.above.as_ref()?.spent_by(now),
        }
    }
    /// How much time is left, here and above.
    pub fn time_left(&self, now: Time) -> Option<Duration> {
        let own = self.budget.wall.map(|wall| wall.saturating_sub(now.since(self.began)));
        let above = self.above.as_ref().and_then(|above| above.time_left(now));
        own.into_iter().chain(above).min()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever is drawn where: a purse has drawn what it and all below it have, and is spent as soon as it or one above it is.
        #[test]
        fn a_purse_is_spent_exactly_when_it_or_one_above_has_reached_its_limit(
            limits in prop::collection::vec(prop::option::of(0u64..50), 1..5),
            draws in prop::collection::vec((0usize..5, 0u64..20), 0..20),
        ) {
            let mut purses: Vec<Arc<Purse>> = Vec::new();
            for tokens in &limits {
                let budget = Budget { tokens: *tokens, ..Budget::default() };
                purses.push(Purse::new(budget, purses.last().cloned(), Time::ZERO));
            }
            let mut sums = vec![0u64; limits.len()];
            for (at, tokens) in draws {
                let at = at % limits.len();
                purses[at].draw(Spent { cost: 0.0, tokens });
                sums[..=at].iter_mut().for_each(|sum| *sum += tokens);
            }
            for (at, purse) in purses.iter().enumerate() {
                prop_assert_eq!(purse.drawn().tokens, sums[at]);
                let reached = (0..=at).any(|up| limits[up].is_some_and(|limit| sums[up] >= limit));
                prop_assert_eq!(purse.spent_by(Time::ZERO).is_some(), reached);
            }
        }
    }

    #[test]
    fn the_least_time_left_of_all_counts() {
        let wall = |seconds| Budget { wall: Some(Duration::from_secs(seconds)), ..Budget::default() };
        let above = Purse::new(wall(10), None, Time::ZERO);
        let below = Purse::new(wall(9), Some(above.clone()), Time::from_secs_f64(2.0));
        let now = Time::from_secs_f64(4.0);
        assert_eq!((above.time_left(now), below.time_left(now)), (Some(Duration::from_secs(6)), Some(Duration::from_secs(6))));
        assert!(below.spent_by(Time::from_secs_f64(10.0)).unwrap().contains("budget.wall"));
        assert_eq!(Purse::new(Budget::default(), None, Time::ZERO).time_left(now), None);
    }
}
