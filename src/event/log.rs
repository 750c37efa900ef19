//! Where events are recorded, and who is told of them.

use super::{Event, RunId, What};
use polity_protocols::Time;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Someone who is told of every event, in order, at once, on the control thread. It must be quick and must not panic: what takes long
/// goes to a thread of its own.
pub trait Sink {
    /// Takes one event.
    fn take(&mut self, event: &Event);
    /// Lets out what it has held back; called when the runtime is idle or ends.
    fn flush(&mut self) {}
    /// The same, and waits until it is where it outlives this process: called before something is let out that the record must know of. A
    /// sink that keeps nothing for later has nothing to wait for.
    fn sync(&mut self) {
        self.flush();
    }
}

// Events kept in memory, in order.
impl Sink for Vec<Event> {
    fn take(&mut self, event: &Event) {
        self.push(event.clone());
    }
}

// A sink that its owner keeps a hand on.
impl<S: Sink> Sink for Rc<RefCell<S>> {
    fn take(&mut self, event: &Event) {
        self.borrow_mut().take(event);
    }
    fn flush(&mut self) {
        self.borrow_mut().flush();
    }
    fn sync(&mut self) {
        self.borrow_mut().sync();
    }
}

/// The log: it numbers the events and hands them to its sinks.
///
/// ```
/// use polity::event::{EventLog, RunId, What};
/// use polity_protocols::{TaskId, Time};
/// let log = EventLog::default();
/// log.add(Box::new(Vec::new()));
/// log.record(Time::ZERO, RunId(0), What::Cancelled { task: TaskId::new(0, 0) });
/// assert_eq!(log.len(), 1);
/// ```
#[derive(Default)]
pub struct EventLog {
    next: Cell<u64>,
    sinks: RefCell<Vec<Box<dyn Sink>>>,
}
impl EventLog {
    /// Tells `sink` of every event from now on.
    pub fn add(&self, sink: Box<dyn Sink>) {
        self.sinks.borrow_mut().push(sink);
    }
    /// Records one event.
    pub fn record(&self, at: Time, run: RunId, what: What) {
        let event = Event { at, seq: self.next.replace(self.next.get() + 1), run, what };
        for sink in self.sinks.borrow_mut().iter_mut() {
            sink.take(&event);
        }
    }
    /// How many events were recorded.
    pub fn len(&self) -> u64 {
        self.next.get()
    }
    /// True if none was.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Lets every sink let out what it has held back.
    pub fn flush(&self) {
        self.sinks.borrow_mut().iter_mut().for_each(|sink| sink.flush());
    }
    /// Waits until every sink has what was recorded where it outlives this process.
    pub fn sync(&self) {
        self.sinks.borrow_mut().iter_mut().for_each(|sink| sink.sync());
    }
}
