//! What shall go wrong, with units and ranges.

use core::time::Duration;
use polity_protocols::{Delay, Name};

/// Everything that shall go wrong. The default is nothing, and costs nothing.
///
/// ```
/// use polity::faults::{Crashes, Faults};
/// use std::time::Duration;
/// let faults = Faults { crash: Some(Crashes { mtbf: Duration::from_secs(50), ..Crashes::default() }), ..Faults::default() };
/// assert_eq!("crash=50s".parse(), Ok(faults.clone()));
/// assert!(faults.check().is_ok() && !faults.is_none());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// Agents crash now and then, and are down until they are repaired.
    pub crash: Option<Crashes>,
    /// Jobs fail, each of these by itself: an agent that several are about is as unreliable as all of them make it.
    pub fail: Vec<Failing>,
    /// Jobs hang.
    pub hang: Option<Hangs>,
    /// Agents are slow.
    pub slow: Option<Slowness>,
    /// What becomes of protocol talk.
    pub talk: TalkFaults,
    /// Agents that are cut off for a while.
    pub partitions: Vec<Partition>,
    /// Agents that quote too low.
    pub low_ball: Option<LowBall>,
    /// Agents that lie in their ballots and results.
    pub lying_voters: Option<LyingVoters>,
    /// Agents that claim to be better than they are.
    pub false_claims: Option<FalseClaims>,
}

/// Which agents a fault is about.
///
/// ```
/// use polity::faults::Whom;
/// assert_eq!(Whom::default(), Whom::All);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Whom {
    /// All.
    #[default]
    All,
    /// So large a share of those that the society was founded with, in `[0, 1]`, to the nearest whole number. A smaller share is a part of a
    /// larger one.
    Share(f64),
    /// These, by name; an id stands for all its replicas.
    Named(Vec<Name>),
}

/// Agents crash: the times between are exponential.
#[derive(Clone, Debug, PartialEq)]
pub struct Crashes {
    /// The mean time from the end of a repair to the next crash; above 0.
    pub mtbf: Duration,
    /// How long a crashed agent is down.
    pub repair: Duration,
    /// Who crashes.
    pub whom: Whom,
}
impl Default for Crashes {
    /// Each agent every 10 minutes, for 1 s.
    fn default() -> Crashes {
        Crashes { mtbf: Duration::from_secs(600), repair: Duration::from_secs(1), whom: Whom::All }
    }
}

/// Agents are not reliable: an attempt that would have succeeded fails, after all its time.
///
/// ```
/// use polity::faults::{Failing, Faults, Whom};
/// let faults: Faults = "fail=0.1".parse().unwrap();
/// assert_eq!(faults.fail, [Failing { chance: 0.1, whom: Whom::All }]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Failing {
    /// The probability that an attempt fails, in `0..=1`; one less the agent's reliability.
    pub chance: f64,
    /// Whose attempts.
    pub whom: Whom,
}

/// Jobs hang: they take their slot and do nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Hangs {
    /// The probability that a job hangs, in `0..=1`.
    pub chance: f64,
    /// After so long it goes on, unless its time limit stops it first.
    pub lasting: Duration,
    /// Whose jobs.
    pub whom: Whom,
}
impl Default for Hangs {
    /// None of the jobs; else for an hour.
    fn default() -> Hangs {
        Hangs { chance: 0.0, lasting: Duration::from_secs(3_600), whom: Whom::All }
    }
}

/// Agents are slow: simulated work takes longer. A job is as slow as its agent is when it begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Slowness {
    /// So many times as long; at least 1.
    pub factor: f64,
    /// Who is slow.
    pub whom: Whom,
    /// From when on, in the society's time.
    pub at: Duration,
    /// For how long; without end if none.
    pub lasting: Option<Duration>,
}
impl Default for Slowness {
    /// All, three times, from the beginning.
    fn default() -> Slowness {
        Slowness { factor: 3.0, whom: Whom::All, at: Duration::ZERO, lasting: None }
    }
}

/// What becomes of protocol talk between a coordinator and an agent. Jobs and their answers are not concerned: they go by a line that
/// sends again what is lost.
#[derive(Clone, Debug, PartialEq)]
pub struct TalkFaults {
    /// How late a message is.
    pub delay: Delay,
    /// The probability that it never comes, in `0..=1`.
    pub loss: f64,
    /// The probability that it comes twice, in `0..=1`.
    pub repeat: f64,
    /// The probability that it is kept back, so that later ones overtake it, in `0..=1`.
    pub reorder: f64,
    /// One that is kept back is so for up to so long, evenly.
    pub window: Duration,
}
impl Default for TalkFaults {
    /// Nothing.
    fn default() -> TalkFaults {
        TalkFaults { delay: Delay::default(), loss: 0.0, repeat: 0.0, reorder: 0.0, window: Duration::from_millis(100) }
    }
}
impl TalkFaults {
    /// True if every message comes at once, once, in order.
    pub fn is_none(&self) -> bool {
        self.delay == Delay::default() && self.loss == 0.0 && self.repeat == 0.0 && self.reorder == 0.0
    }
}

/// Some agents are cut off from everybody else for a while. What they say and are told is lost; jobs and answers come when it is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Partition {
    /// Who, by name; among themselves they are not cut off. An id stands for all its replicas.
    pub agents: Vec<Name>,
    /// From when on, in the society's time.
    pub at: Duration,
    /// For how long.
    pub lasting: Duration,
}

/// Agents quote too low: what they say of prices and times, as far as their protocol has them say any.
#[derive(Clone, Debug, PartialEq)]
pub struct LowBall {
    /// They quote so many times the truth, in `(0, 1]`.
    pub factor: f64,
    /// Who.
    pub whom: Whom,
}

/// Agents lie in their ballots and in the results of their jobs.
#[derive(Clone, Debug, PartialEq)]
pub struct LyingVoters {
    /// How.
    pub how: Lying,
    /// Who.
    pub whom: Whom,
}

/// How a lie is made of the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lying {
    /// The opposite: the last is first, true is false, and all liars tell the same wrong result, as if they were in league.
    #[default]
    Inverted,
    /// Anything: each draws a lie of its own.
    Random,
}

/// Agents claim a score for everything that they list, which is not their true one. Protocols see the claim; how long its work takes goes by
/// the truth; and one that is truly not able to do what a task needs fails at it.
#[derive(Clone, Debug, PartialEq)]
pub struct FalseClaims {
    /// The score that they claim, in `(0, 1]`.
    pub score: f64,
    /// Who.
    pub whom: Whom,
}

impl Faults {
    /// True if nothing shall go wrong.
    pub fn is_none(&self) -> bool {
        *self == Faults::default()
    }
    /// What can't be carried out where time is real, as a sentence; none if all can.
    ///
    /// ```
    /// use polity::faults::Faults;
    /// let loss: Faults = "loss=0.1".parse().unwrap();
    /// assert!(loss.only_virtual().unwrap().starts_with("faults.loss can only be in virtual time"));
    /// assert_eq!("crash=50s".parse::<Faults>().unwrap().only_virtual(), None);
    /// ```
    pub fn only_virtual(&self) -> Option<String> {
        let talk = &self.talk;
        let all = [
            ("slow", self.slow.is_some(), "it stretches work that only takes time"),
            ("delay", talk.delay != Delay::default(), "the mail within a process is not late"),
            ("loss", talk.loss > 0.0, "the mail within a process is not lost"),
            ("repeat", talk.repeat > 0.0, "the mail within a process comes once"),
            ("reorder", talk.reorder > 0.0, "the mail within a process keeps its order"),
            ("false_claims", self.false_claims.is_some(), "how fast an agent really works is known of simulated work only"),
        ];
        let (key, _, why) = all.into_iter().find(|(_, given, _)| *given)?;
        Some(format!("faults.{key} can only be in virtual time: {why}; run it with --simulate (in a program: polity::simulate)"))
    }
    /// Looks for what no fault can be.
    ///
    /// # Errors
    /// A sentence that names the first setting, what it must be and what it is.
    ///
    /// ```
    /// use polity::faults::{Faults, LowBall, Whom};
    /// let wrong = Faults { low_ball: Some(LowBall { factor: 0.0, whom: Whom::All }), ..Faults::default() };
    /// assert_eq!(wrong.check().unwrap_err(), "faults.low_ball.factor must be in (0, 1], but is 0");
    /// ```
    pub fn check(&self) -> Result<(), String> {
        let talk = &self.talk;
        let hang = self.hang.as_ref().map_or(0.0, |hang| hang.chance);
        let fail = self.fail.iter().map(|fail| ("fail", fail.chance));
        let all = [("hang", hang), ("loss", talk.loss), ("repeat", talk.repeat), ("reorder", talk.reorder)];
        for (key, p) in all.into_iter().chain(fail) {
            if !(0.0..=1.0).contains(&p) {
                return Err(format!("faults.{key} is a probability and must be in 0..=1, but is {p}"));
            }
        }
        if let Delay::Uniform { low, high } = talk.delay
            && low > high
        {
            return Err(format!("faults.delay.uniform takes the shorter duration first, but it is {low:?} and {high:?}"));
        }
        if self.crash.as_ref().is_some_and(|crash| crash.mtbf.is_zero()) {
            return Err("faults.crash.mtbf must be above 0, but is 0".into());
        }
        if let Some(factor) = self.slow.as_ref().map(|slow| slow.factor).filter(|factor| !(*factor >= 1.0 && factor.is_finite()))
        {
            return Err(format!("faults.slow.factor must be at least 1, but is {factor}"));
        }
        let low = self.low_ball.as_ref().map_or(1.0, |low| low.factor);
        let score = self.false_claims.as_ref().map_or(1.0, |claims| claims.score);
        for (key, given) in [("low_ball.factor", low), ("false_claims.score", score)] {
            if !(given > 0.0 && given <= 1.0) {
                return Err(format!("faults.{key} must be in (0, 1], but is {given}"));
            }
        }
        for (key, whom) in self.everybody() {
            if let Whom::Share(share) = whom
                && !(0.0..=1.0).contains(share)
            {
                return Err(format!("faults.{key}.share must be in 0..=1, but is {share}"));
            }
        }
        match self.partitions.iter().find(|partition| partition.agents.is_empty()) {
            Some(_) => Err("faults.partitions has one without agents; name those that are cut off".into()),
            None => Ok(()),
        }
    }
    /// Whom each fault is about.
    pub(super) fn everybody(&self) -> Vec<(&'static str, &Whom)> {
        let all = [
            ("crash", self.crash.as_ref().map(|fault| &fault.whom)),
            ("hang", self.hang.as_ref().map(|fault| &fault.whom)),
            ("slow", self.slow.as_ref().map(|fault| &fault.whom)),
            ("low_ball", self.low_ball.as_ref().map(|fault| &fault.whom)),
            ("lying_voters", self.lying_voters.as_ref().map(|fault| &fault.whom)),
            ("false_claims", self.false_claims.as_ref().map(|fault| &fault.whom)),
        ];
        let fail = self.fail.iter().map(|fault| ("fail", &fault.whom));
        all.into_iter().filter_map(|(key, whom)| Some((key, whom?))).chain(fail).collect()
    }
    /// Every name of an agent in it.
    ///
    /// ```
    /// let faults: polity::faults::Faults = "partition=ann+bob@1s+5s".parse().unwrap();
    /// assert_eq!(faults.names().map(|name| &**name).collect::<Vec<_>>(), ["ann", "bob"]);
    /// ```
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        let named =
            self.everybody().into_iter().filter_map(|(_, whom)| if let Whom::Named(all) = whom { Some(all) } else { None });
        named.chain(self.partitions.iter().map(|partition| &partition.agents)).flatten()
    }
}
