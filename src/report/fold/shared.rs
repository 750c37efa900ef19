//! A report that is filled in one place and looked at in others.

use super::Report;
use crate::event::{Event, RunId, Sink};
use std::cell::{Ref, RefCell};
use std::rc::Rc;

/// True for what a fold over one run needs: the run's own events, and those of the society.
pub(in crate::report) fn concerns(run: RunId, event: &Event) -> bool {
    event.run == run || !event.run.is_run()
}

/// A report that the runtime fills and others look at: give a clone to [`crate::event::EventLog::add`], keep one.
///
/// ```
/// use polity::event::{EventLog, RunId, What};
/// use polity::report::SharedReport;
/// use polity_protocols::{TaskId, Time};
/// let (log, report) = (EventLog::default(), SharedReport::of(RunId(0)));
/// log.add(Box::new(report.clone()));
/// log.record(Time::ZERO, RunId(0), What::Announced { task: TaskId::new(0, 0), attempt: 1 });
/// log.record(Time::ZERO, RunId(1), What::Announced { task: TaskId::new(1, 0), attempt: 1 }); // another run's
/// assert_eq!(report.look().events(), 1);
/// ```
#[derive(Clone)]
pub struct SharedReport {
    run: RunId,
    report: Rc<RefCell<Report>>,
}
impl SharedReport {
    /// A report of one run, empty.
    pub fn of(run: RunId) -> SharedReport {
        SharedReport::filling(run, Report::default())
    }
    /// Goes on with a report of one run: one that keeps decisions, for example.
    pub fn filling(run: RunId, report: Report) -> SharedReport {
        SharedReport { run, report: Rc::new(RefCell::new(report)) }
    }
    /// The report as it stands. Let go of it before the next event.
    pub fn look(&self) -> Ref<'_, Report> {
        self.report.borrow()
    }
}
impl Sink for SharedReport {
    fn take(&mut self, event: &Event) {
        if concerns(self.run, event) {
            self.report.borrow_mut().take(event);
        }
    }
}
