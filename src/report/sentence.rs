//! A decision in one short sentence.

use super::text::{clipped, count, score};
use crate::event::Names;
use polity_protocols::{AgentId, Candidate, Decision, Measure};

/// No sentence is longer, in characters.
pub const LONGEST_SENTENCE: usize = 60;
/// Bids that are listed.
const BIDS: usize = 4;

/// Why `winner`, in at most [`LONGEST_SENTENCE`] characters, by what the decision measured.
///
/// ```
/// use polity::event::Names;
/// use polity::report::sentence;
/// use polity_protocols::{AgentId, Candidate, Decision, Measure};
/// let bids = [(2, 0.41), (0, 0.55), (1, 0.6)].map(|(who, price)| Candidate::new(AgentId(who), price));
/// let market = Decision::new("market", Measure::Bid).candidates(bids).price(0.55);
/// assert_eq!(sentence(&market, AgentId(2), &Names::default()), "3 bids: 0.41 0.55 0.60, paid 0.55");
/// ```
pub fn sentence(decision: &Decision, winner: AgentId, names: &Names) -> String {
    let own = decision.candidates.iter().find(|c| c.agent == winner);
    let text = match (own, decision.measure) {
        (_, Measure::Bid) if !decision.candidates.is_empty() => bids(decision),
        (Some(own), measure) if decision.considered > 1 => compared(own, measure, decision, names),
        _ => decision.reason.to_string(),
    };
    clipped(&text, LONGEST_SENTENCE)
}

/// `handler 2 is taken, and it is skipped`, by the key that says what the handler does.
pub(super) fn handled(handler: u32, does: &str) -> String {
    let what = match does {
        "run" | "fn" | "simulate" => "it is done in another way",
        "to" => "another task takes its place",
        "output" => "its output is given",
        "skip" => "it is skipped",
        "fail" => "it fails",
        other => return format!("handler {handler} is taken ({})", clipped(other, 20)),
    };
    format!("handler {handler} is taken, and {what}")
}

/// `3 bids: 0.41 0.55 0.60, paid 0.55`
fn bids(decision: &Decision) -> String {
    let shown: Vec<String> = decision.candidates.iter().take(BIDS).map(|c| score(c.score)).collect();
    let more = if decision.considered as usize > shown.len() { " …" } else { "" };
    let paid = decision.price.map(|p| format!(", paid {}", score(p))).unwrap_or_default();
    format!("{}: {}{more}{paid}", count(u64::from(decision.considered), "bid"), shown.join(" "))
}

/// `expected finish 0.40 s, next shell-1 0.60 s`
fn compared(own: &Candidate, measure: Measure, decision: &Decision, names: &Names) -> String {
    let next = decision.candidates.iter().find(|c| c.agent != own.agent);
    let next = next.map(|c| format!(", next {} {}", clipped(&names.agent(c.agent), 16), with_unit(c.score, measure)));
    let what = match measure {
        Measure::ExpectedFinish => "expected finish",
        measure => measure.title(),
    };
    format!("{what} {}{}", with_unit(own.score, measure), next.unwrap_or_default())
}

/// A score as people read it in its measure.
pub(super) fn with_unit(x: f64, measure: Measure) -> String {
    match measure {
        Measure::ExpectedFinish => format!("{} s", score(x)),
        Measure::Jobs if x.is_finite() => format!("{x:.0}"),
        _ => score(x),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decision(measure: Measure, scores: &[f64]) -> Decision {
        let all = scores.iter().enumerate().map(|(n, s)| Candidate::new(AgentId(n as u32), *s));
        Decision::new("x", measure).candidates(all)
    }

    #[test]
    fn each_measure_has_its_words() {
        let say = |measure, scores: &[f64]| sentence(&decision(measure, scores), AgentId(0), &Names::default());
        assert_eq!(say(Measure::ExpectedFinish, &[0.4, 0.6]), "expected finish 0.40 s, next agent 1 0.60 s");
        assert_eq!(say(Measure::Votes, &[3.0, 1.0]), "votes 3.00, next agent 1 1.00");
        assert_eq!(say(Measure::Trail, &[0.62, 0.21]), "chance 0.62, next agent 1 0.21");
        assert_eq!(say(Measure::Jobs, &[0.0, 3.0]), "jobs 0, next agent 1 3");
        assert_eq!(say(Measure::Bid, &[1.0, 2.0, 3.0, 4.0, 5.0]), "5 bids: 1.00 2.00 3.00 4.00 …");
        assert_eq!(say(Measure::Fit, &[0.9]), "it was the only one");
        assert_eq!(say(Measure::Bid, &[]), "it was the only one");
    }

    #[test]
    fn a_winner_that_was_drawn_need_not_be_the_best() {
        let text = sentence(&decision(Measure::Trail, &[0.62, 0.21]), AgentId(1), &Names::default());
        assert_eq!(text, "chance 0.21, next agent 0 0.62");
    }

    proptest! {
        #[test]
        fn it_is_short_and_harmless(scores in prop::collection::vec(any::<f64>(), 0..12), reason in any::<String>(), price in any::<Option<f64>>()) {
            for measure in [Measure::Bid, Measure::ExpectedFinish, Measure::Jobs, Measure::Score] {
                let mut decision = decision(measure, &scores).because(reason.clone());
                decision.price = price;
                let text = sentence(&decision, AgentId(0), &Names::default());
                prop_assert!(text.chars().count() <= LONGEST_SENTENCE && !text.chars().any(char::is_control));
            }
        }
    }
}
