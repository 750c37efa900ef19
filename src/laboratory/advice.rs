//! Advice: which strategy, and how many agents, by a comparison that was made.

use super::statistics::{CONFIDENCE, Interval, SIGNIFICANT, Sample, Versus};
use super::{Arm, Comparison, Measures, Subject, Trial, in_parallel};
use crate::workloads::WorkloadError;

/// Strategies whose medians are within this share of each other are as good; then the one that talks least is named.
const EQUAL: f64 = 0.01;
/// A median of so many seconds or more is of runs of which half did not end well.
const NEVER: f64 = f64::MAX / 4.0;

/// What is recommended, and what is expected of it. Times are seconds.
///
/// The team is the smallest whose best strategy is within the slack of the quickest there is. The strategy is the one that is quickest in
/// that team; of several that are as good, within a hundredth, the one that talks least. Plans that are made before a run begins
/// ([`Arm::is_offline`]) are never named: they are as good as their estimates, which the same simulation takes for true. Runs that did not end well
/// count as never ended.
///
/// What is chosen for its figures is a little worse than they say: of several that are equally good the luckiest is taken. So [`Advice::fresh`] measures
/// it anew, with seeds that had no part in the choice.
///
/// ```
/// use polity::laboratory::{Advice, Arm, Comparison, Plan, Subject};
/// use polity::workloads::{Draws, Shape};
/// let shape: Shape = "fork_join(stages 3, width 8)".parse()?;
/// let graph = shape.graph(&Draws::new("lognormal(mean 10s, sigma 0.5)".parse()?, 42))?;
/// let subject = Subject::of_graph(graph, &[1.0, 0.5])?.with_noise(0.2)?;
/// let plan = Plan {
///     subjects: vec![subject.clone(), subject.with_agents(6)?],
///     arms: vec![Arm::new("hierarchical"), Arm::new("random")],
///     first: 1,
///     seeds: 8,
///     threads: 2,
/// };
/// let comparison = Comparison::make(plan, |_| {})?;
/// let advice = Advice::of(&comparison, 0.05).unwrap().fresh(&comparison)?;
/// assert_eq!((&*advice.arm.name, advice.agents), ("hierarchical", 6));
/// assert!(advice.text().starts_with("Take hierarchical with 6 agents: "));
/// assert!(advice.text().contains("on seeds that did not choose it"));
/// assert!(advice.text().contains("the largest that was tried"));
/// # Ok::<(), polity::workloads::WorkloadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Advice {
    /// The strategy.
    pub arm: Arm,
    /// How many agents.
    pub agents: u32,
    /// The median makespan.
    pub makespan: f64,
    /// Where that median lies, with 95 % confidence or a little more; of few seeds none.
    pub interval: Option<Interval>,
    /// Eight of ten runs take between these.
    pub likely: (f64, f64),
    /// The median of what the agents' time costs.
    pub cost: f64,
    /// With how many seeds each was tried.
    pub seeds: u32,
    /// Of these, how many runs did not end well.
    pub failed: u32,
    /// The next best strategy in that team; none if only one was tried.
    pub rival: Option<Rival>,
    /// The quickest there is, if that is another team: its size and its median.
    pub quicker: Option<(u32, f64)>,
    /// True if the figures are of seeds that did not choose it ([`Advice::fresh`]).
    pub is_fresh: bool,
    /// True if several sizes of the team were tried, and this is the largest.
    pub is_largest: bool,
    /// How many past runs the figures rest on ([`Advice::after`]); 0 if they rest on estimates.
    pub past_runs: usize,
    places: Places,
}

/// Where in the comparison the figures are from: a size and an arm each.
#[derive(Clone, Copy, Debug)]
struct Places {
    best: (usize, usize),
    rival: Option<(usize, usize)>,
    quicker: Option<(usize, usize)>,
}

/// The next best, by paired seeds.
#[derive(Clone, Debug)]
pub struct Rival {
    /// Which.
    pub arm: Arm,
    /// How much longer it takes, as a share: the median (Hodges–Lehmann) of the paired differences, over the recommended one's median.
    pub longer: f64,
    /// Seeds with which it took longer.
    pub longer_in: u32,
    /// How likely chance alone makes them as different (Wilcoxon's signed ranks, Pratt's zeros); none where every seed gives the same.
    pub p: Option<f64>,
}

/// What the next run takes less than with this probability: of `n` draws of one continuous distribution the next lies below the `k`-th with `k / (n + 1)`
/// (a prediction interval without a distribution; between two draws linearly, as definition 6 of Hyndman & Fan 1996). At the ends the outermost draw.
pub(super) fn next_below(sample: &Sample, p: f64) -> Option<f64> {
    let n = sample.len() as f64;
    let share = if n > 1.0 { (p * (n + 1.0) - 1.0) / (n - 1.0) } else { 0.0 };
    sample.quantile(share.clamp(0.0, 1.0))
}

/// An arm in a team.
struct Choice {
    size: usize,
    arm: usize,
    agents: u32,
    median: f64,
    messages: f64,
}

impl Advice {
    /// By a comparison; a team may take longer than the quickest by `slack`, a share, if it is smaller. None if no strategy that could be named
    /// ended half of its runs well.
    pub fn of(comparison: &Comparison, slack: f64) -> Option<Advice> {
        let plan = comparison.plan();
        let choice = |size: usize, arm: usize| {
            let tries = comparison.tries(size, arm);
            let median = middle(tries)?;
            let messages = Sample::of(well(tries).map(Measures::messages_per_task)).median()?;
            Some(Choice { size, arm, agents: plan.subjects[size].size(), median, messages })
                .filter(|choice| choice.median < NEVER)
        };
        let named: Vec<usize> = (0..plan.arms.len()).filter(|arm| !plan.arms[*arm].is_offline()).collect();
        let all = || (0..plan.subjects.len()).flat_map(|size| named.iter().filter_map(move |arm| choice(size, *arm)));
        let quickest = all().min_by(|a, b| a.median.total_cmp(&b.median))?;
        let enough = |choice: &Choice| choice.median <= quickest.median * (1.0 + slack.max(0.0));
        let team = all().filter(enough).min_by(|a, b| a.agents.cmp(&b.agents).then(a.median.total_cmp(&b.median)))?;
        let same = |choice: &Choice| choice.size == team.size;
        let best = all().filter(|choice| same(choice) && choice.median <= team.median * (1.0 + EQUAL));
        let best = best.min_by(|a, b| a.messages.total_cmp(&b.messages).then(a.median.total_cmp(&b.median)))?;
        let next = all().filter(|choice| same(choice) && choice.arm != best.arm).min_by(|a, b| a.median.total_cmp(&b.median));
        let place = |choice: &Choice| (choice.size, choice.arm);
        let quicker = (quickest.size != best.size).then_some(&quickest);
        let places = Places { best: place(&best), rival: next.as_ref().map(place), quicker: quicker.map(place) };
        let largest = plan.subjects.iter().map(Subject::size).max().filter(|_| plan.subjects.len() > 1);
        let own = Advice {
            arm: plan.arms[best.arm].clone(),
            agents: best.agents,
            makespan: best.median,
            interval: None,
            likely: (best.median, best.median),
            cost: 0.0,
            seeds: plan.seeds,
            failed: 0,
            rival: None,
            quicker: None,
            is_fresh: false,
            is_largest: largest == Some(best.agents),
            past_runs: 0,
            places,
        };
        own.told(comparison, |(size, arm)| comparison.tries(size, arm))
    }
    /// The same advice, with figures by as many further seeds, which follow those of the comparison: they did not choose it, so nothing flatters them. If none
    /// of these runs ends well, the figures stay.
    ///
    /// # Errors
    /// As [`Trial::run`].
    pub fn fresh(self, comparison: &Comparison) -> Result<Advice, WorkloadError> {
        let (plan, Places { best, rival, quicker }) = (comparison.plan(), self.places);
        let places: Vec<(usize, usize)> = [Some(best), rival, quicker].into_iter().flatten().collect();
        let first = plan.first.wrapping_add(u64::from(plan.seeds));
        let seeds = || (0..u64::from(plan.seeds)).map(|n| first.wrapping_add(n));
        let jobs: Vec<((usize, usize), u64)> = places.iter().flat_map(|place| seeds().map(|seed| (*place, seed))).collect();
        let work = |((size, arm), seed): &((usize, usize), u64)| {
            Trial::under(&plan.subjects[*size], plan.arms[*arm].strategy.clone(), *seed).run()
        };
        let tries = in_parallel(&jobs, plan.threads, work, |_| {})?;
        let of = |place: (usize, usize)| {
            let from = places.iter().position(|known| *known == place).unwrap_or_default() * plan.seeds as usize;
            &tries[from..from + plan.seeds as usize]
        };
        let old = self.clone();
        Ok(Advice { is_fresh: true, ..self }.told(comparison, of).unwrap_or(old))
    }
    /// The same advice, of a workload that is done as in so many past runs.
    pub fn after(self, past_runs: usize) -> Advice {
        Advice { past_runs, ..self }
    }
    /// With the figures of these tries.
    fn told<'a>(self, comparison: &Comparison, of: impl Fn((usize, usize)) -> &'a [Measures]) -> Option<Advice> {
        let plan = comparison.plan();
        let Places { best, rival, quicker } = self.places;
        let tries = of(best);
        let sample = Sample::of(tries.iter().map(Measures::sound_makespan));
        let makespan = middle(tries).filter(|median| *median < NEVER)?;
        let quicker = quicker.and_then(|place| Some((plan.subjects[place.0].size(), middle(of(place))?)));
        Some(Advice {
            makespan,
            interval: sample.median_interval(CONFIDENCE),
            likely: (next_below(&sample, 0.1)?, next_below(&sample, 0.9)?),
            cost: Sample::of(well(tries).map(|m| m.cost)).median()?,
            failed: tries.iter().filter(|m| !m.well).count() as u32,
            rival: rival.map(|place| next_best(&plan.arms[place.1], tries, of(place))),
            quicker: quicker.filter(|(_, median)| *median < makespan),
            ..self
        })
    }
    /// In two or three sentences.
    pub fn text(&self) -> String {
        use super::compare::figure;
        let (low, high) = (figure(self.likely.0), figure(self.likely.1));
        let spread = match self.past_runs {
            1 => "one past run tells nothing of the spread".to_owned(),
            0 if low == high => "the estimates tell nothing of the spread".to_owned(),
            _ => format!("8 of 10 between {low} and {high} s"),
        };
        let mut text = format!(
            "Take {} with {} agents: a run should take {} s ({spread}), and its work cost {}{}.",
            self.arm.name,
            self.agents,
            figure(self.makespan),
            figure(self.cost),
            if self.is_fresh { ", on seeds that did not choose it" } else { "" }
        );
        if self.is_largest {
            text.push_str(" This team is the largest that was tried; larger ones may be quicker still.");
        }
        if let Some(rival) = &self.rival {
            text.push(' ');
            text.push_str(&rival.text(self.seeds));
        }
        if let Some((agents, median)) = self.quicker {
            text.push_str(&format!(
                " No team is much quicker: the quickest, of {agents}, takes {} s ({:.1} % less).",
                figure(median),
                (1.0 - median / self.makespan) * 100.0
            ));
        }
        if self.failed > 0 {
            text.push_str(&format!(" Beware: {} of its {} runs did not end well.", self.failed, self.seeds));
        }
        text
    }
}

impl Rival {
    fn text(&self, seeds: u32) -> String {
        let Rival { arm, longer, longer_in, p } = self;
        if !longer.is_finite() {
            return format!("{} is no alternative: most of its runs did not end well.", arm.name);
        }
        let (share, name) = (longer.abs() * 100.0, &arm.name);
        if p.is_none() && *longer > EQUAL {
            return format!(
                "The next best, {name}, takes {share:.1} % longer, whatever the seed: nothing here is left to chance."
            );
        }
        let p = p.unwrap_or(0.0);
        if p < SIGNIFICANT && *longer > EQUAL {
            let chance = if p < 0.001 { "less than 0.1 %".to_owned() } else { format!("{:.1} %", p * 100.0) };
            return format!(
                "The next best, {name}, takes {share:.1} % longer: in {longer_in} of {seeds} paired tries; by chance alone {chance}."
            );
        }
        if share / 100.0 <= EQUAL {
            return format!("{name} is as quick, within {:.0} %; choose between them by other things.", EQUAL * 100.0);
        }
        let way = if *longer > 0.0 { "longer" } else { "less" };
        format!("{name} takes {share:.1} % {way}, but {seeds} tries can't tell that from chance (p {p:.2}).")
    }
}

/// Those that ended well: of the others no figure means anything.
fn well(tries: &[Measures]) -> impl Iterator<Item = &Measures> {
    tries.iter().filter(|m| m.well)
}

/// The median makespan, where what did not end well has not ended soon.
fn middle(tries: &[Measures]) -> Option<f64> {
    Sample::of(tries.iter().map(|m| if m.well { m.makespan } else { f64::MAX })).median()
}

fn next_best(arm: &Arm, best: &[Measures], tries: &[Measures]) -> Rival {
    let [own, best] = [tries, best].map(|tries| tries.iter().map(Measures::sound_makespan).collect::<Vec<f64>>());
    let versus = Versus::of(&own, &best);
    Rival {
        arm: arm.clone(),
        longer: versus.map_or(f64::NAN, |versus| versus.share),
        longer_in: own.iter().zip(&best).filter(|(own, best)| own > best).count() as u32,
        p: versus.and_then(|versus| versus.p),
    }
}
