//! Hindsight: what would have been predicted of runs that are on record.

use super::advice::next_below;
use super::statistics::Sample;
use super::{Measures, Past, Subject, Trial, in_parallel};
use crate::workloads::WorkloadError;

/// So many of the newest runs are predicted.
const RUNS: usize = 10;
/// What runs take differs from what was predicted by this share or more, always in the same direction: then it is called a bias.
const BIAS: f64 = 0.1;
/// From fewer others nothing is known of the spread.
const SPREAD: usize = 2;

/// How well runs that are on record would have been predicted: each from all others, under the strategy and with the size of the team that it had.
///
/// ```
/// use polity::laboratory::{Guess, Hindsight};
/// let guess = |took, predicted| Guess { took, predicted, likely: Some((predicted * 0.9, predicted * 1.1)) };
/// let hindsight = Hindsight { guesses: vec![guess(10.0, 10.1), guess(10.2, 10.1), guess(12.0, 10.1)] };
/// let says = "checked on 3 past runs, each predicted from the others: off by 1.0 % in the median, at most 15.8 %; 2 of 3 lay where 8 of 10 should";
/// assert_eq!(hindsight.text(), says);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Hindsight {
    /// One for each run that was predicted.
    pub guesses: Vec<Guess>,
}
/// What would have been predicted of a run, beside what it took. In seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guess {
    /// From its beginning to its end.
    pub took: f64,
    /// The median of the tries.
    pub predicted: f64,
    /// Eight of ten runs should have taken between these; none if a single run was all that could be asked.
    pub likely: Option<(f64, f64)>,
}
impl Guess {
    /// How far the prediction was off, as a share of what it took.
    pub fn error(&self) -> f64 {
        (self.predicted / self.took - 1.0).abs()
    }
    /// How much longer it took than predicted, as a share of that; below 0 if it took less.
    pub fn longer(&self) -> f64 {
        self.took / self.predicted - 1.0
    }
}

impl Hindsight {
    /// Of a subject that does not know the past yet. Up to ten of the newest runs are predicted, each by so many seeds from `first` on. Runs that did not end
    /// well, rested, or went on with another are left out, and so are those whose strategy or team can't be made any more.
    ///
    /// # Errors
    /// As [`Trial::run`].
    pub fn of(subject: &Subject, past: &Past, first: u64, seeds: u32, threads: usize) -> Result<Hindsight, WorkloadError> {
        let mut asked = Vec::new();
        for (n, run) in past.all().iter().enumerate().filter(|_| past.runs() > 1) {
            let Some(took) = run.makespan.filter(|_| asked.len() < RUNS) else { continue };
            let others = past.without(n);
            let team = resized(subject, run.agents).and_then(|team| team.with_past(&others).ok());
            let Some(team) = team else { continue };
            if Trial::under(&team, run.strategy.clone(), first).run().is_ok() {
                asked.push((team, run.strategy.clone(), took, others.runs()));
            }
        }
        let jobs: Vec<(usize, u64)> =
            (0..asked.len()).flat_map(|n| (0..u64::from(seeds)).map(move |seed| (n, first.wrapping_add(seed)))).collect();
        let work = |(n, seed): &(usize, u64)| Trial::under(&asked[*n].0, asked[*n].1.clone(), *seed).run();
        let tries = in_parallel(&jobs, threads, work, |_| {})?;
        let all = asked.iter().zip(tries.chunks(seeds.max(1) as usize));
        Ok(Hindsight { guesses: all.filter_map(|((_, _, took, others), tries)| guess(*took, *others, tries)).collect() })
    }
    /// How much longer runs take than predicted, as a share, in the median; below 0 if they take less. None unless all differ in the same direction, by a
    /// tenth or more in the median.
    pub fn bias(&self) -> Option<f64> {
        let longer = Sample::of(self.guesses.iter().map(Guess::longer));
        let (median, low, high) = (longer.median()?, longer.min()?, longer.max()?);
        Some(median).filter(|median| median.abs() >= BIAS && (low > 0.0 || high < 0.0))
    }
    /// In one line.
    pub fn text(&self) -> String {
        let errors = Sample::of(self.guesses.iter().map(Guess::error));
        let (Some(median), Some(most)) = (errors.median(), errors.max()) else {
            return "not checked: that takes two past runs, of which one that ended well is predicted from the other".into();
        };
        let percent = |share: f64| format!("{:.1} %", share * 100.0);
        let n = self.guesses.len();
        let (runs, each, off) = match n {
            1 => ("run", "", format!("off by {}", percent(most))),
            _ => ("runs", "each ", format!("off by {} in the median, at most {}", percent(median), percent(most))),
        };
        let mut text = format!("checked on {n} past {runs}, {each}predicted from the others: {off}");
        let ranges = || self.guesses.iter().filter_map(|guess| guess.likely.map(|range| (range, guess.took)));
        let inside = ranges().filter(|((low, high), took)| low <= took && took <= high).count();
        match ranges().count() {
            0 => text.push_str("; one other run tells nothing of the spread"),
            all => text.push_str(&format!("; {inside} of {all} lay where 8 of 10 should")),
        }
        match self.bias() {
            Some(longer) if longer > 0.0 => text.push_str(&format!(
                "; runs took {:.0} % longer than predicted: start-up, waiting and retries that are not in the estimates; take the figures as relative",
                longer * 100.0
            )),
            Some(less) => {
                text.push_str(&format!("; runs took {:.0} % less than predicted; take the figures as relative", -less * 100.0));
            }
            None if median >= BIAS => text.push_str("; runs differ much from each other: take the figures as relative"),
            None => {}
        }
        text
    }
}

fn guess(took: f64, others: usize, tries: &[Measures]) -> Option<Guess> {
    let sample = Sample::of(tries.iter().map(Measures::sound_makespan));
    let likely = next_below(&sample, 0.1).zip(next_below(&sample, 0.9)).filter(|_| others >= SPREAD);
    Some(Guess { took, predicted: sample.median().filter(|predicted| *predicted > 0.0)?, likely })
}

/// The subject with so many agents; none if that can't be.
fn resized(subject: &Subject, agents: usize) -> Option<Subject> {
    let most: u32 = subject.agents().iter().map(polity_agents::AgentSpec::most).sum();
    let is_same = [subject.size(), most].contains(&u32::try_from(agents).ok()?);
    if is_same { Some(subject.clone()) } else { subject.clone().with_agents(agents).ok() }
}
