//! Events to a file, by a thread of its own: the control thread never waits for the disk unless that falls far behind.

use super::family::Family;
use super::folder::RunFolder;
use crate::event::{Event, Names, RunId, Sink, What, line};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::mem;
use std::rc::Rc;
use std::thread::JoinHandle;

/// Events that are handed over at a time: handing over costs a wake-up of the other thread.
const BATCH: usize = 512;
/// Batches that may wait for the disk; then the control thread waits too, so that memory stays bounded.
const WAITING: usize = 64;

/// Writes the events of one run with its sub-runs, and those of the society, to `events.ndjson`. Give a clone to [`crate::event::EventLog::add`], keep one, and
/// call [`Writer::finish`] at the end. A write error stops the writing, not the run: `finish` reports it.
///
/// ```
/// use polity::event::{EventLog, RunId, What};
/// use polity::report::{Report, RunFolder, Writer};
/// use polity_protocols::{TaskId, Time};
/// let root = tempfile::tempdir().unwrap();
/// let folder = RunFolder::create(root.path(), "brave-otter").unwrap();
/// let (log, writer) = (EventLog::default(), Writer::start(&folder, RunId(0)).unwrap());
/// log.add(Box::new(writer.clone()));
/// log.record(Time::ZERO, RunId(0), What::Announced { task: TaskId::new(0, 0), attempt: 1 });
/// writer.finish().unwrap();
/// assert_eq!(Report::read(&folder.events()).unwrap().1.len(), 1);
/// ```
#[derive(Clone)]
pub struct Writer(Rc<RefCell<Front>>);

/// The control thread's side.
struct Front {
    family: Family,
    batch: Vec<Event>,
    /// None once it has finished.
    thread: Option<Back>,
}

/// The way to the thread, and the thread.
type Back = (Sender<Batch>, JoinHandle<io::Result<()>>);

/// What is handed over: events, and who waits until they are written.
struct Batch {
    events: Vec<Event>,
    written: Option<Sender<()>>,
}

impl Writer {
    /// Creates the file and starts the thread.
    ///
    /// # Errors
    /// If either can't be done.
    pub fn start(folder: &RunFolder, run: RunId) -> io::Result<Writer> {
        let to = File::options().write(true).create_new(true).open(folder.events())?;
        Writer::onto(to, run)
    }
    /// The same onto anything that can be written.
    ///
    /// # Errors
    /// If the thread can't be started.
    pub fn onto(to: impl Write + Send + 'static, run: RunId) -> io::Result<Writer> {
        let (send, batches) = bounded(WAITING);
        let thread = std::thread::Builder::new().name("polity-events".into()).spawn(move || write(to, &batches))?;
        Ok(Writer(Rc::new(RefCell::new(Front {
            family: Family::of(run),
            batch: Vec::with_capacity(BATCH),
            thread: Some((send, thread)),
        }))))
    }
    /// Waits until everything is written. Later events are ignored; a second call does nothing.
    ///
    /// # Errors
    /// The first error that writing met: a full disk, for example.
    pub fn finish(&self) -> io::Result<()> {
        self.0.borrow_mut().finish()
    }
}
impl Sink for Writer {
    fn take(&mut self, event: &Event) {
        let mut front = self.0.borrow_mut();
        if front.family.concerns(event) && front.thread.is_some() {
            front.batch.push(event.clone());
            if front.batch.len() >= BATCH {
                front.hand_over(None);
            }
        }
    }
    fn flush(&mut self) {
        self.0.borrow_mut().hand_over(None);
    }
    fn sync(&mut self) {
        let (written, wait) = bounded(1);
        self.0.borrow_mut().hand_over(Some(written));
        // Fails only if the thread has died; `finish` finds that out.
        let _ = wait.recv();
    }
}
impl Front {
    fn hand_over(&mut self, written: Option<Sender<()>>) {
        let wanted = !self.batch.is_empty() || written.is_some();
        let Some((send, _)) = self.thread.as_ref().filter(|_| wanted) else { return };
        // Fails only if the thread has died; `finish` finds that out.
        let _ = send.send(Batch { events: mem::replace(&mut self.batch, Vec::with_capacity(BATCH)), written });
    }
    fn finish(&mut self) -> io::Result<()> {
        self.hand_over(None);
        let Some((send, thread)) = self.thread.take() else { return Ok(()) };
        drop(send);
        thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread that writes the events panicked")))
    }
}
impl Drop for Front {
    // A run that ends by an error still leaves its events behind.
    fn drop(&mut self) {
        let _ = self.finish();
    }
}

/// The thread: names resolved, lines written. After an error it goes on taking, and drops, so that the run never waits for it.
fn write(to: impl Write, batches: &Receiver<Batch>) -> io::Result<()> {
    let (mut to, mut names, mut result) = (BufWriter::new(to), Names::default(), Ok(()));
    for batch in batches {
        if result.is_ok() {
            result = write_batch(&mut to, &mut names, &batch.events);
            // Nothing more waits, or somebody does: let readers see it.
            if result.is_ok() && (batches.is_empty() || batch.written.is_some()) {
                result = to.flush();
            }
        }
        drop(batch.written); // whoever waits hears that
    }
    if result.is_err() {
        // Not tried again while it is dropped.
        let _ = to.into_parts();
        return result;
    }
    to.flush()
}
fn write_batch(to: &mut impl Write, names: &mut Names, batch: &[Event]) -> io::Result<()> {
    for event in batch {
        names.take(event);
        to.write_all(line(event, names).as_bytes())?;
        to.write_all(b"\n")?;
        if matches!(event.what, What::RunEnded(_)) {
            names.forget(event.run); // nothing follows
        }
    }
    Ok(())
}
