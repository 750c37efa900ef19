//! `run.json`: written when the run begins, and again when it ends.

use super::carry::RUN;
use polity::event::{Event, Sink, What};
use polity::protocols::Time;
use polity::report::{FolderError, RunFolder, RunRecord};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Keeps the record of one run.
pub struct Recorder {
    folder: RunFolder,
    /// What is known before it begins.
    constant: RunRecord,
    began: Time,
    record: Option<RunRecord>,
    /// The first thing that could not be written.
    pub problem: Option<FolderError>,
}
impl Recorder {
    /// For the run of this folder. `constant` has what is known before it begins: what repeats it, where its commands run, whether answers are made up,
    /// and the speeds of a graph's agents.
    pub fn new(folder: RunFolder, constant: RunRecord) -> Recorder {
        Recorder { folder, constant, began: Time::ZERO, record: None, problem: None }
    }
    fn keep(&mut self, record: RunRecord) {
        let written = self.folder.write_record(&record);
        self.record = Some(record);
        if let (Err(error), None) = (written, &self.problem) {
            self.problem = Some(error);
        }
    }
}
impl Sink for Recorder {
    fn take(&mut self, event: &Event) {
        if event.run != RUN {
            return; // of a sub-run
        }
        match &event.what {
            What::RunStarted(head) => {
                self.began = event.at;
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let RunRecord { replay, cwd, mock, speeds, given_strategy, faults, .. } = self.constant.clone();
                let begun = RunRecord::begun(self.folder.name(), head, &rfc3339(now), &replay);
                self.keep(RunRecord { cwd, mock, speeds, given_strategy, faults, ..begun });
            }
            What::RunPaused | What::RunResumed => {
                let status = if matches!(event.what, What::RunPaused) { "paused" } else { "running" };
                if let Some(record) = self.record.take() {
                    self.keep(RunRecord { status: status.into(), ..record });
                }
            }
            What::RunEnded(tail) => {
                if let Some(record) = self.record.take() {
                    self.keep(record.ended(tail, event.at.since(self.began)));
                }
            }
            _ => {}
        }
    }
}

/// A moment since 1970 in UTC: `2026-11-21T09:00:00.120Z`. The days are counted in years that begin in March, so that leap days come last.
///
/// Source: Hinnant, "chrono-Compatible Low-Level Date Algorithms" (`civil_from_days`).
pub fn rfc3339(since: Duration) -> String {
    let (days, second) = (since.as_secs() / 86_400 + 719_468, since.as_secs() % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", since.subsec_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_calendar() {
        let at = |seconds| rfc3339(Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(at(951_782_400), "2000-02-29T00:00:00.000Z");
        assert_eq!(at(1_709_251_199), "2024-02-29T23:59:59.000Z");
        assert_eq!(at(4_102_444_799), "2099-12-31T23:59:59.000Z");
        assert_eq!(at(4_107_542_400), "2100-03-01T00:00:00.000Z"); // 2100 has no leap day
    }
}
