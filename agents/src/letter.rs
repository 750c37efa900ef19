//! What agents tell each other: letters, to one by name or to all who listen to a topic.
//!
//! A letter is a **datagram**: it comes at most once on a calm line, and in bad weather late, after a younger one, twice or never. What was
//! sent is an order for nobody: whoever needs an answer asks for one, and asks again. What arrives where nobody takes it becomes a dead
//! letter with its [`Undeliverable`] cause.
//!
//! Letters lie in their agent's **inbox** until they are taken, in order of arrival. An agent does one thing at a time, since it is held by
//! `&mut self`: while it does a job, that job may take letters by [`Context::letter`](crate::Context::letter); all others wait, and go to
//! [`Agent::heard`](crate::Agent::heard) as soon as the agent is free. The handler queues for the agent like a job: it waits for those jobs
//! only that asked before it.

use crate::agent::LocalFuture;
use crate::failure::{Failure, FailureKind};
use core::cell::Cell;
use core::fmt;
use polity_protocols::{Name, Time};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io;
use std::rc::Rc;
use std::sync::Arc;

/// Bytes of JSON that a letter may hold: 64 KiB. What is larger goes by file, and the letter says where.
pub const LETTER_BYTES: usize = 64 * 1024;

/// Where a letter goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// To the agent of this name; or, if there is none, to one of the group of this name, in turn.
    Agent(Name),
    /// To all who listen to this topic, but for the sender.
    Topic(Name),
}
impl Address {
    /// The name, of whichever kind.
    pub fn name(&self) -> &Name {
        match self {
            Address::Agent(name) | Address::Topic(name) => name,
        }
    }
}
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Agent(name) => write!(f, "{name}"),
            Address::Topic(name) => write!(f, "topic {name}"),
        }
    }
}

/// Why nobody took a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undeliverable {
    /// No agent and no group is called so.
    UnknownName,
    /// Its agent left for good.
    Gone,
    /// Its inbox was full.
    InboxFull,
    /// It was read as something that it is not.
    WrongType,
    /// Its agent has no handler, and no job of it took the letter.
    NoHandler,
    /// Nobody listens to its topic.
    NoSubscriber,
    /// Its handler failed.
    Refused,
    /// Its handler panicked; it is not read again.
    Panicked,
}
impl Undeliverable {
    /// All of them.
    pub const ALL: [Undeliverable; 8] = [
        Undeliverable::UnknownName,
        Undeliverable::Gone,
        Undeliverable::InboxFull,
        Undeliverable::WrongType,
        Undeliverable::NoHandler,
        Undeliverable::NoSubscriber,
        Undeliverable::Refused,
        Undeliverable::Panicked,
    ];
    /// The word for it in events.
    pub fn word(self) -> &'static str {
        match self {
            Undeliverable::UnknownName => "unknown_name",
            Undeliverable::Gone => "gone",
            Undeliverable::InboxFull => "inbox_full",
            Undeliverable::WrongType => "wrong_type",
            Undeliverable::NoHandler => "no_handler",
            Undeliverable::NoSubscriber => "no_subscriber",
            Undeliverable::Refused => "refused",
            Undeliverable::Panicked => "panicked",
        }
    }
    /// Of a failure that a handler gave back.
    fn of(failure: &Failure) -> Undeliverable {
        match failure.kind {
            FailureKind::Unassigned => Undeliverable::NoHandler,
            _ => Undeliverable::Refused,
        }
    }
}

/// A letter, as its reader gets it. Cheap to clone: the content is shared.
///
/// ```
/// use polity_agents::{Address, Letter, written};
/// let body = written(&("storm", 0.9)).unwrap();
/// let letter = Letter::new("gauge", Address::Topic("weather".into()), body, polity_protocols::Time::ZERO);
/// assert_eq!(letter.read::<(String, f64)>().unwrap().1, 0.9);
/// assert_eq!(letter.try_read::<u64>(), None);
/// assert!(letter.read::<u64>().unwrap_err().message.contains("weather"));
/// ```
#[derive(Clone)]
pub struct Letter {
    from: Name,
    to: Address,
    sent: Time,
    body: Arc<str>,
    delivery: Option<Rc<Delivery>>,
}
/// In whose hands a letter is, and whether it is a dead one already: it is one but once.
struct Delivery {
    post: Rc<dyn Post>,
    buried: Cell<bool>,
}
impl Letter {
    /// A letter by hand, for tests: `body` is JSON.
    pub fn new(from: impl Into<Name>, to: Address, body: Arc<str>, sent: Time) -> Letter {
        Letter { from: from.into(), to, sent, body, delivery: None }
    }
    /// The same in the hands of its reader: what is read wrongly is reported there.
    pub fn delivered(mut self, post: Rc<dyn Post>) -> Letter {
        self.delivery = Some(Rc::new(Delivery { post, buried: Cell::new(false) }));
        self
    }
    /// The agent that sent it; `program` if the program did.
    pub fn from(&self) -> &Name {
        &self.from
    }
    /// Where it was sent to: this agent, its group, or a topic.
    pub fn to(&self) -> &Address {
        &self.to
    }
    /// Its topic, if it came by one.
    pub fn topic(&self) -> Option<&str> {
        if let Address::Topic(name) = &self.to { Some(name) } else { None }
    }
    /// When it was sent, in the world's time.
    pub fn sent(&self) -> Time {
        self.sent
    }
    /// Its content, as JSON.
    pub fn body(&self) -> &Arc<str> {
        &self.body
    }
    /// Its content, as the type that is expected. If it is another, it becomes a dead letter ([`Undeliverable::WrongType`]).
    ///
    /// # Errors
    /// A [`FailureKind::Validation`] that names the sender and what does not fit.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_str(&self.body).map_err(|error| {
            let kind = std::any::type_name::<T>();
            let why = format!("a letter from \"{}\" to {} can't be read as {kind}: {error}", self.from, self.to);
            self.bury(Undeliverable::WrongType, &why);
            Failure::new(FailureKind::Validation, why)
        })
    }
    /// Its content, if it is of this type: to be tried with one type after another. Types are told apart by their form alone.
    pub fn try_read<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(&self.body).ok()
    }
    /// What a handler gives back for a letter that it does not know what to do with.
    pub fn unheard(&self) -> Failure {
        Failure::new(FailureKind::Unassigned, format!("nobody there handles a letter from \"{}\" to {}", self.from, self.to))
    }
    /// Makes it a dead letter, unless it is one.
    pub(crate) fn bury(&self, cause: Undeliverable, reason: &str) {
        if let Some(delivery) = self.delivery.as_ref().filter(|delivery| !delivery.buried.replace(true)) {
            delivery.post.bury(self, cause, reason);
        }
    }
    /// Its handler gave back a failure.
    pub(crate) fn refused(&self, failure: &Failure) {
        self.bury(Undeliverable::of(failure), &failure.message);
    }
}
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Letter { from, to, sent, body, .. } = self;
        f.debug_struct("Letter").field("from", from).field("to", to).field("sent", sent).field("body", body).finish()
    }
}

/// The content of a letter: `content` as JSON.
///
/// # Errors
/// A [`FailureKind::Validation`], if it is larger than [`LETTER_BYTES`] or JSON can't hold it. It is not written any further then.
///
/// ```
/// use polity_agents::{LETTER_BYTES, written};
/// assert_eq!(&*written(&[1, 2]).unwrap(), "[1,2]");
/// assert!(written(&"x".repeat(LETTER_BYTES)).unwrap_err().message.contains("65536 bytes"));
/// ```
pub fn written<T: Serialize + ?Sized>(content: &T) -> Result<Arc<str>, Failure> {
    let mut page = Page(Vec::with_capacity(64));
    match serde_json::to_writer(&mut page, content) {
        Ok(()) => Ok(String::from_utf8(page.0).expect("JSON is UTF-8").into()),
        Err(error) => {
            let kind = std::any::type_name::<T>();
            Err(Failure::new(FailureKind::Validation, format!("a letter can't hold this {kind}: {error}")))
        }
    }
}
/// A page that can be full.
struct Page(Vec<u8>);
impl io::Write for Page {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if self.0.len() + part.len() > LETTER_BYTES {
            return Err(io::Error::other(format!("it is longer than {LETTER_BYTES} bytes; pass it by file")));
        }
        self.0.extend_from_slice(part);
        Ok(part.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The post, as one agent sees it: what the runtime gives to each [`Context`](crate::Context).
pub trait Post {
    /// Sends a letter on its way. That it arrives is not known.
    fn send(&self, to: Address, body: Arc<str>);
    /// Listens to a topic from now on.
    ///
    /// # Errors
    /// If it is one topic too many.
    fn subscribe(&self, topic: &str) -> Result<(), Failure>;
    /// No longer does.
    fn unsubscribe(&self, topic: &str);
    /// The next letter of the inbox, if there is one.
    fn take(&self) -> Option<Letter>;
    /// The next letter of the inbox, once there is one.
    fn wait(&self) -> LocalFuture<'static, Letter>;
    /// A letter was taken, and yet nobody could do anything with it.
    fn bury(&self, letter: &Letter, cause: Undeliverable, reason: &str);
}
