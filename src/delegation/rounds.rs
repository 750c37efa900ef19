//! When delegation in rounds ends.

use crate::workflow::{Converge, EvalError, OneItem};
use serde_json::Value;
use std::sync::Arc;

/// The rounds of one task: each result is compared with the one before.
///
/// ```
/// use polity::delegation::{Rounds, Step};
/// use polity::workflow::Converge;
/// use serde_json::json;
/// let mut rounds = Rounds::new(Some(Converge { patience: 2, ..Converge::default() }));
/// let steps: Vec<Step> = [1, 2, 2, 2].into_iter().map(|n| rounds.take(&json!(n)).unwrap()).collect();
/// assert_eq!(steps, [Step::Again, Step::Again, Step::Again, Step::Done]);
/// ```
#[derive(Clone, Debug)]
pub struct Rounds {
    converge: Option<Converge>,
    round: u32,
    last: Option<Value>,
    /// Further rounds with the same result.
    same: u32,
}

/// What follows a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is asked again.
    Again,
    /// The result stands.
    Done,
}

impl Rounds {
    /// One round, unless `converge` says otherwise.
    pub fn new(converge: Option<Converge>) -> Rounds {
        Rounds { converge, round: 0, last: None, same: 0 }
    }
    /// The present round, from 0.
    pub fn round(&self) -> u32 {
        self.round
    }
    /// The result of the round before.
    pub fn last(&self) -> Option<&Value> {
        self.last.as_ref()
    }
    /// True if there may be several.
    pub fn are_several(&self) -> bool {
        self.converge.is_some()
    }
    /// A round has ended with this result.
    ///
    /// # Errors
    /// If `until` has no value for it.
    pub fn take(&mut self, result: &Value) -> Result<Step, EvalError> {
        let Some(converge) = &self.converge else { return Ok(Step::Done) };
        self.same = if self.last.as_ref() == Some(result) { self.same + 1 } else { 0 };
        let until = match &converge.until {
            Some(until) => until.is_true(&OneItem { item: Arc::new(result.clone()), index: self.round as usize })?,
            None => false,
        };
        if until || self.same >= converge.patience || self.round + 1 >= converge.max_rounds {
            return Ok(Step::Done);
        }
        (self.last, self.round) = (Some(result.clone()), self.round + 1);
        Ok(Step::Again)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::workflow::Expression;
    use proptest::prelude::*;

    proptest! {
        /// Whatever the results are, it ends: by patience, by `until`, or by the number of rounds, whichever is first.
        #[test]
        fn rounds_end_at_the_first_of_their_three_limits(
            results in prop::collection::vec(0u32..4, 60), patience in 1u32..4, max_rounds in 1u32..20, wanted in 0u32..6,
        ) {
            let until = Some(Expression::parse(&format!("item == {wanted}")).unwrap());
            let mut rounds = Rounds::new(Some(Converge { until, patience, max_rounds }));
            let mut taken = 0;
            while rounds.take(&results[taken].into()).unwrap() == Step::Again {
                taken += 1;
            }
            let ends = |n: usize| {
                let same = (0..n).rev().take_while(|m| results[*m] == results[n]).count() as u32;
                results[n] == wanted || same >= patience || n as u32 + 1 >= max_rounds
            };
            prop_assert_eq!(Some(taken), (0..60).find(|n| ends(*n)));
        }
    }
}
