//! What is drawn, and of which stream: each has a stream of its own by agent and number, that nobody's talk moves on.

use super::model::{Crashes, Hangs, TalkFaults};
use core::time::Duration;
use polity_protocols::{AgentId, Rng, Time, seconds_to_duration};
use serde_json::Value;

/// When an agent crashes: a renewal process from the beginning of time on, whatever else happens to it.
///
/// ```
/// use polity::faults::{Calendar, Crashes};
/// use polity::protocols::{AgentId, Time};
/// let mut calendar = Calendar::new(42, AgentId(0), &Crashes::default());
/// let first = calendar.next_after(Time::ZERO);
/// assert!(first > Time::ZERO && calendar.next_after(first) > first);
/// ```
#[derive(Clone, Debug)]
pub struct Calendar {
    rng: Rng,
    mtbf: f64,
    repair: Duration,
    next: Time,
}
impl Calendar {
    /// The calendar of one agent.
    pub fn new(seed: u64, agent: AgentId, crashes: &Crashes) -> Calendar {
        let rng = Rng::numbered(seed, "fault/crash", u64::from(agent.0));
        let mut calendar = Calendar { rng, mtbf: crashes.mtbf.as_secs_f64(), repair: crashes.repair, next: Time::ZERO };
        calendar.advance(Duration::ZERO);
        calendar
    }
    fn advance(&mut self, after: Duration) {
        // At least a nanosecond, so that time moves on.
        let up = seconds_to_duration(self.rng.exponential(self.mtbf)).max(Duration::from_nanos(1));
        self.next = self.next + after + up;
    }
    /// The next crash after a moment. Crashes before it are passed over.
    pub fn next_after(&mut self, now: Time) -> Time {
        while self.next <= now {
            self.advance(self.repair);
        }
        self.next
    }
}

/// True if this job hangs. `job` is a seed of the job alone, so that it hangs whoever does it first under whatever government.
///
/// ```
/// use polity::faults::{Hangs, hangs};
/// let all = Hangs { chance: 1.0, ..Hangs::default() };
/// assert!(hangs(7, &all) && !hangs(7, &Hangs::default()));
/// ```
pub fn hangs(job: u64, fault: &Hangs) -> bool {
    Rng::new(job, "fault/hang").chance(fault.chance)
}

/// True if this attempt fails at an agent with such a chance. `job` is a seed of the attempt alone; whoever fails at it with one chance does so with every
/// higher one.
///
/// ```
/// use polity::faults::fails;
/// assert!(fails(7, 1.0) && !fails(7, 0.0));
/// ```
pub fn fails(job: u64, chance: f64) -> bool {
    Rng::new(job, "fault/fail").chance(chance)
}

/// One direction of the talk with an agent: what becomes of its next message. Every message draws equally many numbers, so that a change of
/// one fault shifts no other.
///
/// ```
/// use polity::faults::{Line, TalkFaults};
/// use polity::protocols::AgentId;
/// let mut line = Line::new(42, AgentId(0), true);
/// assert_eq!(line.next(&TalkFaults::default()).len(), 1);
/// assert!(line.next(&TalkFaults { loss: 1.0, ..TalkFaults::default() }).is_empty());
/// ```
#[derive(Clone, Debug)]
pub struct Line(Rng);
impl Line {
    /// The line from an agent to its coordinators (`up`), or from them to it.
    pub fn new(seed: u64, agent: AgentId, up: bool) -> Line {
        Line(Rng::numbered(seed, if up { "fault/up" } else { "fault/down" }, u64::from(agent.0)))
    }
    /// After how long the next message is delivered: not at all, once or twice.
    pub fn next(&mut self, faults: &TalkFaults) -> Vec<Duration> {
        let rng = &mut self.0;
        let [lost, twice, kept, how_long] = [rng.unit(), rng.unit(), rng.unit(), rng.unit()];
        // A delay draws one number or none; the streams of the two copies are their own.
        let seeds = [rng.bits(), rng.bits()];
        let delay = |seed| faults.delay.draw(&mut Rng::new(seed, "delay"));
        if lost < faults.loss {
            return Vec::new();
        }
        let back = if kept < faults.reorder { faults.window.mul_f64(how_long) } else { Duration::ZERO };
        let copies = if twice < faults.repeat { 2 } else { 1 };
        (0..copies).map(|copy| delay(seeds[copy]) + if copy == 0 { back } else { Duration::ZERO }).collect()
    }
}

/// The opposite of a result: true is false, a number is its negative less one, a text its denial, and so on within lists and maps. It is
/// never the same as the result.
///
/// ```
/// use polity::faults::inverted;
/// use serde_json::json;
/// assert_eq!(inverted(&json!({ "ok": true, "n": 2 })), json!({ "ok": false, "n": -3 }));
/// ```
pub fn inverted(right: &Value) -> Value {
    match right {
        Value::Null => Value::Bool(true),
        Value::Bool(right) => Value::Bool(!right),
        Value::Number(right) => match (right.as_i64(), right.as_f64()) {
            (Some(whole), _) => Value::from(!whole),
            (None, Some(-0.5)) | (None, None) => Value::from(0),
            (None, Some(number)) => Value::from(-number - 1.0),
        },
        Value::String(right) => Value::String(format!("not {right}")),
        Value::Array(right) if right.is_empty() => Value::from([true]),
        Value::Array(right) => right.iter().map(inverted).collect(),
        Value::Object(right) if right.is_empty() => Value::from([true]),
        Value::Object(right) => Value::Object(right.iter().map(|(key, value)| (key.clone(), inverted(value))).collect()),
    }
}
