//! The short form: `crash=0.02,loss=0.05,delay=10ms`.

use super::model::{
    Crashes, Failing, FalseClaims, Faults, Hangs, LowBall, Lying, LyingVoters, Partition, Slowness, TalkFaults, Whom,
};
use crate::workflow::parse_duration;
use crate::workflow::text::nearest;
use core::str::FromStr;
use core::time::Duration;
use polity_protocols::Delay;

const KEYS: [&str; 14] = [
    "crash",
    "repair",
    "fail",
    "hang",
    "slow",
    "delay",
    "loss",
    "repeat",
    "reorder",
    "partition",
    "low_ball",
    "liars",
    "false_claims",
    "none",
];

impl FromStr for Faults {
    type Err = String;

    /// Reads the short form: a list of `key=value` with commas between; `none` is nothing.
    ///
    /// | key | value |
    /// |---|---|
    /// | `crash` | the mean time between two crashes of an agent (`50s`), or crashes a second (`0.02`, the same) |
    /// | `repair` | how long a crashed agent is down (`2s`) |
    /// | `fail` | the share of attempts that fail (`0.05`) |
    /// | `hang` | the share of jobs that hang (`0.01`) |
    /// | `slow` | the share of agents that are slow, and how many times (`0.2x5`; `0.2` is `0.2x3`) |
    /// | `delay` | of each message (`10ms`), evenly (`1ms..20ms`), or exponential (`~10ms`) |
    /// | `loss`, `repeat`, `reorder` | the share of messages (`0.05`) |
    /// | `partition` | who is cut off, from when on, for how long (`ann+bob@10s+5s`); may be given several times |
    /// | `low_ball` | the share of agents that quote too low, and what (`0.2x0.5`; `0.2` is `0.2x0.5`) |
    /// | `liars` | the share of agents that lie (`0.2`); `0.2random` if each draws its lies |
    /// | `false_claims` | the share of agents that claim to be perfect, or so good (`0.2`, `0.2x0.9`) |
    ///
    /// # Errors
    /// A sentence that says which key or value is not right, what is, and the nearest word.
    ///
    /// ```
    /// use polity::faults::Faults;
    /// let faults: Faults = "crash=0.02,repair=2s,loss=0.05,delay=10ms".parse().unwrap();
    /// assert_eq!(faults.crash.unwrap().mtbf.as_secs(), 50);
    /// assert_eq!("los=0.1".parse::<Faults>().unwrap_err(), "there is no fault \"los\"; did you mean \"loss\"?");
    /// assert_eq!("loss=2".parse::<Faults>().unwrap_err(), "faults.loss is a probability and must be in 0..=1, but is 2");
    /// ```
    fn from_str(text: &str) -> Result<Faults, String> {
        let mut faults = Faults::default();
        let mut repair = None;
        let mut seen: Vec<&str> = Vec::new();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let (key, value) = entry.split_once('=').unwrap_or((entry, ""));
            let (key, value) = (key.trim(), value.trim());
            if !KEYS.contains(&key) {
                return Err(unknown(key));
            }
            if seen.contains(&key) && key != "partition" {
                return Err(format!("the fault \"{key}\" is given twice"));
            }
            seen.push(key);
            if key == "none" {
                continue;
            }
            if value.is_empty() {
                return Err(format!("the fault \"{key}\" has no value; write it like {}", example(key)));
            }
            match key {
                "repair" => repair = Some(duration(key, value)?),
                _ => set(&mut faults, key, value)?,
            }
        }
        if seen.is_empty() || (seen.contains(&"none") && seen.len() > 1) {
            return Err("faults are a list like crash=0.02,loss=0.05,delay=10ms; or none".into());
        }
        match (repair, &mut faults.crash) {
            (Some(repair), Some(crash)) => crash.repair = repair,
            (Some(_), None) => return Err("`repair` says how long a crashed agent is down, but no `crash` is given".into()),
            (None, _) => {}
        }
        faults.check().map(|()| faults)
    }
}

fn unknown(key: &str) -> String {
    let hint = match nearest(key, KEYS) {
        Some(word) => format!("did you mean \"{word}\"?"),
        None => format!("there are {}", KEYS.join(", ")),
    };
    format!("there is no fault \"{key}\"; {hint}")
}
fn example(key: &str) -> &'static str {
    match key {
        "crash" => "crash=50s, or crash=0.02",
        "repair" => "repair=2s",
        "fail" => "fail=0.05",
        "hang" => "hang=0.01",
        "slow" => "slow=0.2x5",
        "delay" => "delay=10ms, delay=1ms..20ms or delay=~10ms",
        "loss" => "loss=0.05",
        "repeat" => "repeat=0.05",
        "reorder" => "reorder=0.05",
        "partition" => "partition=ann+bob@10s+5s",
        "low_ball" => "low_ball=0.2x0.5",
        "liars" => "liars=0.2, or liars=0.2random",
        _ => "false_claims=0.2, or false_claims=0.2x0.9",
    }
}

fn bad(key: &str, value: &str) -> String {
    format!("the fault \"{key}\" can't be \"{value}\"; write it like {}", example(key))
}
fn number(key: &str, value: &str) -> Result<f64, String> {
    value.trim().parse::<f64>().ok().filter(|n| n.is_finite()).ok_or_else(|| bad(key, value))
}
fn duration(key: &str, value: &str) -> Result<Duration, String> {
    parse_duration(value).map_err(|why| format!("the fault \"{key}\": {why}"))
}
/// `0.2x5`
fn times(key: &str, value: &str, usual: f64) -> Result<(Whom, f64), String> {
    let (share, factor) = match value.split_once('x') {
        Some((share, factor)) => (share, number(key, factor)?),
        None => (value, usual),
    };
    Ok((Whom::Share(number(key, share)?), factor))
}

fn set(faults: &mut Faults, key: &str, value: &str) -> Result<(), String> {
    let TalkFaults { delay, loss, repeat, reorder, .. } = &mut faults.talk;
    match key {
        "crash" => faults.crash = Some(Crashes { mtbf: mtbf(value)?, ..Crashes::default() }),
        "fail" => faults.fail = vec![Failing { chance: number(key, value)?, whom: Whom::All }],
        "hang" => faults.hang = Some(Hangs { chance: number(key, value)?, ..Hangs::default() }),
        "slow" => {
            let (whom, factor) = times(key, value, 3.0)?;
            faults.slow = Some(Slowness { factor, whom, ..Slowness::default() });
        }
        "delay" => *delay = delays(value)?,
        "loss" => *loss = number(key, value)?,
        "repeat" => *repeat = number(key, value)?,
        "reorder" => *reorder = number(key, value)?,
        "partition" => faults.partitions.push(partition(value)?),
        "low_ball" => {
            let (whom, factor) = times(key, value, 0.5)?;
            faults.low_ball = Some(LowBall { factor, whom });
        }
        "false_claims" => {
            let (whom, score) = times(key, value, 1.0)?;
            faults.false_claims = Some(FalseClaims { score, whom });
        }
        _ => {
            let random = value.strip_suffix("random");
            let how = if random.is_some() { Lying::Random } else { Lying::Inverted };
            faults.lying_voters = Some(LyingVoters { how, whom: Whom::Share(number(key, random.unwrap_or(value))?) });
        }
    }
    Ok(())
}

/// A duration, or crashes a second.
fn mtbf(value: &str) -> Result<Duration, String> {
    let Ok(rate) = value.parse::<f64>() else { return duration("crash", value) };
    let mean = if rate > 0.0 { Duration::try_from_secs_f64(1.0 / rate).ok() } else { None };
    mean.ok_or_else(|| format!("the fault \"crash\" is a rate above 0 (crashes a second), but is {value}"))
}
fn delays(value: &str) -> Result<Delay, String> {
    if let Some(mean) = value.strip_prefix('~') {
        return Ok(Delay::Exponential { mean: duration("delay", mean)? });
    }
    match value.split_once("..") {
        Some((low, high)) => Ok(Delay::Uniform { low: duration("delay", low)?, high: duration("delay", high)? }),
        None => Ok(Delay::Constant(duration("delay", value)?)),
    }
}
/// `ann+bob@10s+5s`
fn partition(value: &str) -> Result<Partition, String> {
    let wrong = || bad("partition", value);
    let (agents, when) = value.split_once('@').ok_or_else(wrong)?;
    let (at, lasting) = when.split_once('+').ok_or_else(wrong)?;
    let agents = agents.split('+').map(str::trim).filter(|name| !name.is_empty()).map(Into::into).collect();
    Ok(Partition { agents, at: duration("partition", at)?, lasting: duration("partition", lasting)? })
}
