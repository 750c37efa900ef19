//! `polity advise`: which strategy, and how many agents, for a workload.

use super::load::Settings;
use super::output;
use super::stop::Stop;
use super::trying::{Trying, bar};
use polity::laboratory::{Advice, Comparison, Past, Subject};
use polity::report::{self, Report};

/// The newest runs tell how long tasks take; what is older than so many of them tells nothing more.
const RUNS: usize = 20;

/// Recommend a strategy and a team size for a workload
///
/// Each strategy is simulated in each team with the same seeds. If the workload is a workflow that was run here before, its tasks take as
/// long as they did, and stray as they did; else they take what is estimated. Nothing is really done. Prints two or three sentences, and the
/// table that they rest on.
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
        let subject = self.trying.subject(&config)?;
        let past = if self.ignore_past { Past::default() } else { past(config.runs(), &subject)? };
        let subject = if past.runs() > 0 { subject.with_past(&past).map_err(Stop::invalid)? } else { subject };
        let plan = self.trying.plan(subject, &[4, 8, 16])?;
        for remark in plan.subjects[0].remarks() {
            output::tell(&format!("assumed: {remark}"));
        }
        if past.runs() > 0 {
            let (tasks, all) = (past.tasks(), plan.subjects[0].workflow().tasks.len());
            output::tell(&format!(
                "durations: of {tasks} of {all} tasks by {} past runs, sigma {:.2}",
                past.runs(),
                past.sigma()
            ));
        } else {
            output::tell("durations: as estimated; no past run of this workflow was asked");
        }
        let bar = bar((plan.subjects.len() * plan.arms.len()) as u64 * u64::from(plan.seeds));
        let comparison = Comparison::make(plan, |progress| bar.set_position(progress.done as u64)).map_err(Stop::usage)?;
        bar.finish_and_clear();
        let Some(advice) = Advice::of(&comparison, self.slack) else {
            output::print(&comparison.table())?;
            return Err(Stop::invalid(
                "no strategy that could be recommended ended half of its runs well; see the table, and try others",
            ));
        };
        output::print(&format!("{}\n\n{}", advice.text(), comparison.table()))?;
        Ok(0)
    }
}

/// What real runs of the same workflow tell.
fn past(root: &std::path::Path, subject: &Subject) -> Result<Past, Stop> {
    let mut past = Past::default();
    for run in report::list(root)? {
        let Ok(record) = run.record else { continue };
        let is_real = !record.simulated && !record.mock;
        if past.runs() == RUNS || !is_real || record.workflow != *subject.workflow().name {
            continue;
        }
        match Report::read(&run.folder.events()) {
            Ok((report, _)) => past.learn(&report, subject.workflow(), subject.agents()),
            Err(wrong) => output::tell(&format!("run {} tells nothing: {wrong}", run.folder.name())),
        }
    }
    Ok(past)
}
