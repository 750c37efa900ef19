//! `polity advise`: which strategy, and how many agents, for a workload.

use super::load::Settings;
use super::output;
use super::progress::Tries;
use super::stop::Stop;
use super::trying::Trying;
use polity::laboratory::{Advice, Arm, Comparison, Hindsight, Past, Plan, Subject};
use polity::report::{self, Report};

/// The newest runs tell how tasks go; what is older than so many of them tells nothing more.
const RUNS: usize = 20;
/// Seeds by which each past run is predicted, at most.
const CHECKED: u32 = 20;

/// Recommend a strategy and a team size for a workload
///
/// Each strategy is simulated in each team with the same seeds. If the workload is a workflow that was run here before, its tasks go as
/// they did, each as in one of the past runs: its failures, retries and durations; and each past run is predicted from the others, to see how far
/// predictions are off. Else tasks take what is estimated. Nothing is really done. Prints two or three sentences, and the table that they rest on.
#[derive(clap::Args)]
pub struct Advise {
    #[command(flatten)]
    trying: Trying,
    /// A smaller team is preferred if it takes no longer than the quickest by this share
    #[arg(long, value_name = "SHARE", default_value_t = 0.05, value_parser = share, allow_negative_numbers = true)]
    slack: f64,
    /// The directory that keeps the runs [default: .polity/runs]
    #[arg(long, value_name = "DIR")]
    runs: Option<String>,
    /// Estimates only: past runs are not asked
    #[arg(long)]
    ignore_past: bool,
}

fn share(text: &str) -> Result<f64, String> {
    let wrong = || format!("the slack is a share of at least 0, such as 0.05, but is {text}");
    text.parse().ok().filter(|share: &f64| share.is_finite() && *share >= 0.0).ok_or_else(wrong)
}

impl Advise {
    pub fn go(&self) -> Result<u8, Stop> {
        let config = Settings { runs: self.runs.clone(), ..Settings::default() }.config()?;
        if let Some(runs) = self.runs.as_deref().filter(|runs| !std::path::Path::new(runs).is_dir()) {
            return Err(Stop::usage(format!("--runs {runs} is no directory; give one that keeps runs, or leave it off")));
        }
        let subject = self.trying.subject(&config)?;
        let (past, others) = if self.ignore_past { (Past::default(), 0) } else { past(config.runs(), &subject)? };
        let told = if past.runs() > 0 { subject.clone().with_past(&past).map_err(Stop::invalid)? } else { subject.clone() };
        let plan = self.trying.plan(told, &[4, 8, 16])?;
        for remark in plan.subjects[0].remarks() {
            output::tell(&format!("assumed: {remark}"));
        }
        if past.runs() > 0 {
            output::tell(&format!("assumed: {WORK}"));
            let (tasks, all) = (past.tasks(), plan.subjects[0].workflow().tasks.len());
            let (attempts, failed) = past.attempts();
            output::tell(&format!(
                "durations and failures: of {tasks} of {all} tasks by {} past runs, sigma {:.2}; {failed} of {attempts} attempts failed",
                past.runs(),
                past.sigma()
            ));
            if others > 0 {
                output::tell(&format!(
                    "assumed: {others} of them ran another version of this file; tasks of the same id are the same (--ignore-past leaves them out)"
                ));
            }
            if self.trying.is_noisy() {
                output::tell(
                    "--noise strays no task that has run before: those go as they did (--ignore-past has all of them stray)",
                );
            }
        } else {
            output::tell("durations: as estimated; no past run of this workflow was asked");
        }
        let mut bar = Tries::new(0, plan.tries());
        let comparison = Comparison::make(plan, |progress| bar.tell(progress.done as u64)).map_err(Stop::usage);
        bar.end();
        let comparison = comparison?;
        if past.runs() > 0 {
            output::tell(&hindsight(&subject, &past, comparison.plan())?.text());
        }
        let Some(advice) = Advice::of(&comparison, self.slack) else {
            output::print(&comparison.table())?;
            let plan = comparison.plan();
            if plan.arms.iter().all(Arm::is_offline) {
                output::tell(
                    "plans of somebody who knows everything before are not recommended; name a strategy that decides while it goes on, such as hierarchical",
                );
                return Ok(1);
            }
            comparison.failures().iter().for_each(|sentence| output::tell(sentence));
            output::tell(
                "no strategy that could be recommended ended half of its runs well; see the table, and try others, or more --attempts",
            );
            return Ok(1);
        };
        let advice = advice.fresh(&comparison).map_err(Stop::usage)?.after(past.runs());
        output::print(&format!("{}\n\n{}{}", advice.text(), comparison.table(), footnote(comparison.plan().seeds)))?;
        Ok(0)
    }
}

/// What is taken for granted of past runs.
const WORK: &str = "a task's work is what it took × the speed and fit of the agent that did it; so real work is taken to be as much quicker on an agent as its \
                    speed says, a command that only waits too";

fn footnote(seeds: u32) -> String {
    format!(
        "  the sentence at the top is of {seeds} further seeds, not of these: they chose what is recommended, and flatter it\n"
    )
}

/// What would have been predicted of the past runs, by seeds that have no other part.
fn hindsight(subject: &Subject, past: &Past, plan: &Plan) -> Result<Hindsight, Stop> {
    let first = plan.first.wrapping_add(2 * u64::from(plan.seeds));
    Hindsight::of(subject, past, first, plan.seeds.min(CHECKED), plan.threads).map_err(Stop::usage)
}

/// What real runs of the same workflow tell, and how many of them ran another version of its file.
fn past(root: &std::path::Path, subject: &Subject) -> Result<(Past, usize), Stop> {
    let (mut past, mut others) = (Past::default(), 0);
    for run in report::list(root)? {
        let Ok(record) = run.record else { continue };
        let is_real = !record.simulated && !record.mock;
        if past.runs() == RUNS || !is_real || record.workflow != *subject.workflow().name {
            continue;
        }
        match Report::read(&run.folder.events()) {
            Ok((_, events)) => {
                let before = past.runs();
                past.learn(&events, subject.workflow(), subject.agents());
                others += usize::from(past.runs() > before && record.hash != subject.workflow().hash);
            }
            Err(wrong) => output::tell(&format!("run {} tells nothing: {wrong}", run.folder.name())),
        }
    }
    Ok((past, others))
}
