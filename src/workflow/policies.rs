//! Trees of the right shape as policies: what a workflow file and a configuration file have in common. A value of the wrong shape was
//! reported by the shape check and is passed over here.

use super::load::Defaults;
use super::model::{Limits, Shared, Strategy};
use super::problem::Problem;
use super::text::{nearest, parse_duration};
use super::yaml::Node;
use crate::lifecycle::{Jitter, Redundancy, RetryLimit, RetryPolicy, Timeouts};
use crate::supervision::{BreakerPolicy, Breaking, SupervisorSpec};
use core::time::Duration;
use polity_agents::{AgentSpec, Distribution, Elastic, FailureKind, Simulation};
use polity_protocols::{Capabilities, Name};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Protocols that the language names, built or not.
const PROTOCOLS: &[&str] = &["hierarchical", "consensus", "market", "stigmergic"];

pub(crate) fn duration(node: Option<&Node>) -> Option<Duration> {
    node?.text().and_then(|t| parse_duration(t).ok())
}
pub(super) fn whole(node: Option<&Node>) -> Option<u32> {
    node?.whole().and_then(|n| u32::try_from(n).ok())
}

/// `timeout`: a duration is the attempt's.
pub(crate) fn timeouts(node: &Node) -> Timeouts {
    match node.map() {
        None => Timeouts { attempt: duration(Some(node)), ..Timeouts::default() },
        Some(_) => Timeouts {
            queue: duration(node.get("queue")),
            attempt: duration(node.get("attempt")),
            total: duration(node.get("total")),
            heartbeat: duration(node.get("heartbeat")),
        },
    }
}

/// `retry`, on top of a base: what isn't given stays.
pub(crate) fn retry(node: &Node, base: Option<&RetryPolicy>) -> RetryPolicy {
    let mut policy = base.cloned().unwrap_or_default();
    if let Some(n) = whole(node.get("attempts")) {
        policy.attempts = n;
    }
    if let Some(d) = duration(node.get("initial")) {
        policy.initial = d;
    }
    if let Some(f) = node.get("factor").and_then(Node::number).filter(|f| *f >= 1.0) {
        policy.factor = f;
    }
    if let Some(d) = duration(node.get("max")) {
        policy.max = d;
    }
    match node.get("jitter").and_then(Node::text) {
        Some("none") => policy.jitter = Jitter::None,
        Some("full") => policy.jitter = Jitter::Full,
        _ => {}
    }
    if let Some(kinds) = node.get("never").and_then(Node::list) {
        policy.never = kinds.iter().filter_map(|k| serde_json::from_value::<FailureKind>(Value::from(k.text()?)).ok()).collect();
    }
    for (key, place) in [("only_if", &mut policy.only_if), ("unless", &mut policy.unless)] {
        if let Some(source) = node.get(key).and_then(condition) {
            *place = Some(source);
        }
    }
    policy
}
fn condition(node: &Node) -> Option<Arc<str>> {
    match node.text() {
        Some(text) => super::again::condition(text).ok().map(|good| good.source().into()),
        None => Some(node.json().to_string().into()),
    }
}

/// `defaults`, on top of a base: key by key.
pub(crate) fn defaults(node: &Node, base: &Defaults) -> Defaults {
    let over = |old: Timeouts, new: Timeouts| Timeouts {
        queue: new.queue.or(old.queue),
        attempt: new.attempt.or(old.attempt),
        total: new.total.or(old.total),
        heartbeat: new.heartbeat.or(old.heartbeat),
    };
    let timeout = node.get("timeout").map(|n| over(base.timeouts.unwrap_or_default(), timeouts(n)));
    let retry = node.get("retry").map(|n| retry(n, base.retry.as_ref()));
    Defaults { timeouts: timeout.or(base.timeouts), retry: retry.or_else(|| base.retry.clone()) }
}

/// `state`.
pub(crate) fn state(node: &Node) -> Shared {
    let word = node.get("on_conflict").and_then(Node::text).map(Value::from);
    let initial = node.get("initial").into_iter().flat_map(Node::entries).map(|(key, _, value)| (key.into(), value.json()));
    Shared {
        on_conflict: word.and_then(|word| serde_json::from_value(word).ok()).unwrap_or_default(),
        initial: initial.collect(),
    }
}

/// `limits`, on top of a base.
pub(crate) fn limits(node: &Node, base: &Limits) -> Limits {
    Limits {
        max_parallel_tasks: whole(node.get("max_parallel_tasks")).or(base.max_parallel_tasks),
        max_tasks: whole(node.get("max_tasks")).filter(|n| *n > 0).unwrap_or(base.max_tasks),
        max_open: match node.get("max_open") {
            Some(n) if n.text() == Some("auto") => None,
            Some(n) => whole(Some(n)).or(base.max_open),
            None => base.max_open,
        },
        rank_trials: match node.get("rank_trials") {
            Some(n) if n.text() == Some("off") => 0,
            Some(n) => whole(Some(n)).unwrap_or(base.rank_trials),
            None => base.rank_trials,
        },
        retry_budget: match node.get("retry_budget") {
            Some(n) if n.text() == Some("off") => None,
            Some(n) => Some(retry_budget(n, base.retry_budget.unwrap_or_default())),
            None => base.retry_budget,
        },
    }
}
fn retry_budget(node: &Node, base: RetryLimit) -> RetryLimit {
    RetryLimit {
        share: node.get("share").and_then(Node::number).filter(|share| *share >= 0.0).unwrap_or(base.share),
        floor: whole(node.get("floor")).filter(|n| *n > 0).unwrap_or(base.floor),
        window: duration(node.get("window")).unwrap_or(base.window),
    }
}

/// `breaker`: what isn't given is as usual.
pub(super) fn breaker(node: &Node) -> BreakerPolicy {
    let usual = Breaking::default();
    if node.text() == Some("off") {
        return BreakerPolicy::Off;
    }
    let failures = node.get("failures").and_then(|n| n.number().or_else(|| fraction(n.text()?)));
    let at_least_one = |key| whole(node.get(key)).filter(|n| *n > 0);
    BreakerPolicy::On(Breaking {
        failures: failures.filter(|share| *share > 0.0 && *share <= 1.0).unwrap_or(usual.failures),
        window: at_least_one("window").unwrap_or(usual.window),
        least: at_least_one("least").unwrap_or(usual.least),
        open: duration(node.get("open")).unwrap_or(usual.open),
        probes: at_least_one("probes").unwrap_or(usual.probes),
        probe_timeout: duration(node.get("probe_timeout")).unwrap_or(usual.probe_timeout),
    })
}

/// `strategy`: a word, or a map with that as its only key.
pub(crate) fn strategy(node: &Node) -> Option<Strategy> {
    if let Some(word) = node.text() {
        return Some(Strategy { name: word.into(), settings: Value::Object(Map::new()) });
    }
    let (name, _, settings) = node.entries().next()?;
    let settings = if settings.is_null() { Value::Object(Map::new()) } else { settings.json() };
    Some(Strategy { name: name.into(), settings })
}

/// What is wrong with a strategy's name. An empty list of known ones means that nobody knows.
pub(crate) fn unknown_strategy(name: &str, known: &[Name]) -> Option<Problem> {
    if known.is_empty() || known.iter().any(|k| **k == *name) {
        return None;
    }
    let all = known.iter().map(|k| &**k).collect::<Vec<_>>();
    if PROTOCOLS.contains(&name) {
        let message = format!("the strategy \"{name}\" is not built yet");
        return Some(Problem::new(Default::default(), message).help(format!("there is {}", all.join(", "))));
    }
    let problem = Problem::new(Default::default(), format!("there is no strategy \"{name}\""));
    Some(match nearest(name, all.iter().copied()) {
        Some(word) => problem.help(format!("did you mean \"{word}\"?")),
        None => problem.help(format!("there is {}", all.join(", "))),
    })
}

/// An agent, on top of a base of the same id: key by key.
pub(crate) fn agent(node: &Node, base: Option<&AgentSpec>) -> Option<AgentSpec> {
    let id = node.get("id")?.text()?;
    let mut spec = base.cloned().unwrap_or_else(|| AgentSpec::new(id, Capabilities::default()));
    if let Some(text) = node.get("description").and_then(Node::text) {
        spec.description = text.to_owned();
    }
    if let Some(n) = whole(node.get("replicas")).filter(|n| *n > 0) {
        (spec.replicas, spec.replicated, spec.elastic) = (n, true, None);
    }
    if let Some(pool) = node.get("replicas").filter(|n| n.map().is_some()) {
        let usual = Elastic::up_to(whole(pool.get("max")).unwrap_or(1));
        let grow_after = duration(pool.get("grow_after")).unwrap_or(usual.grow_after);
        let idle_after = duration(pool.get("idle_after")).unwrap_or(usual.idle_after);
        (spec.replicas, spec.replicated) = (whole(pool.get("min")).filter(|n| *n > 0).unwrap_or(1), true);
        spec.elastic = Some(Elastic { grow_after, idle_after, ..usual });
    }
    if let Some(can) = node.get("can") {
        spec.can =
            can.entries().filter_map(|(k, _, v)| Some((k, v.number()?))).fold(Capabilities::default(), |c, (k, v)| c.and(k, v));
    }
    if let Some(n) = node.get("speed").and_then(Node::number).filter(|n| *n > 0.0) {
        spec.speed = n;
    }
    if let Some(n) = node.get("cost").and_then(Node::number).filter(|n| *n >= 0.0) {
        spec.cost = n;
    }
    spec.slots = whole(node.get("slots")).filter(|n| *n > 0).unwrap_or(spec.slots);
    spec.queue = whole(node.get("queue")).unwrap_or(spec.queue);
    spec.drain = duration(node.get("drain")).unwrap_or(spec.drain);
    if let Some(name) = node.get("behaviour").and_then(Node::text) {
        spec.behaviour = Some(name.into());
    }
    Some(spec)
}

/// `redundancy`: a number is the copies.
pub(super) fn redundancy(node: &Node) -> Redundancy {
    fn word<T: serde::de::DeserializeOwned>(node: Option<&Node>) -> Option<T> {
        node?.text().and_then(|word| serde_json::from_value(Value::from(word)).ok())
    }
    if node.map().is_none() {
        return Redundancy::of(whole(Some(node)).unwrap_or(1));
    }
    let mut rules = Redundancy::of(whole(node.get("copies")).unwrap_or(1));
    let share = |key| node.get(key).and_then(|n| n.number().or_else(|| fraction(n.text()?)));
    rules.agree = word(node.get("agree")).unwrap_or(rules.agree);
    rules.quorum = share("quorum").unwrap_or(rules.quorum);
    rules.threshold = share("threshold");
    rules.weights = word(node.get("weights")).unwrap_or(rules.weights);
    rules.tolerance = node.get("tolerance").and_then(Node::number).unwrap_or(rules.tolerance);
    rules.conflict_resolution = word(node.get("conflict_resolution")).unwrap_or(rules.conflict_resolution);
    rules
}
/// `2/3`
pub(crate) fn fraction(text: &str) -> Option<f64> {
    let (above, below) = text.split_once('/')?;
    let (above, below) = (above.trim().parse::<u32>().ok()?, below.trim().parse::<u32>().ok()?);
    (below > 0).then(|| f64::from(above) / f64::from(below))
}

/// An entry of `supervision`; what it doesn't say is as for agents without one.
pub(super) fn supervisor(node: &Node, id: &str, agents: impl Iterator<Item = Name>) -> SupervisorSpec {
    let word = |key| node.get(key).and_then(Node::text).map(Value::from);
    let mut spec = SupervisorSpec::new(id, agents);
    if let Some(strategy) = word("strategy").and_then(|w| serde_json::from_value(w).ok()) {
        spec.strategy = strategy;
    }
    if let Some(restart) = word("restart").and_then(|w| serde_json::from_value(w).ok()) {
        spec.restart = restart;
    }
    let intensity = &mut spec.intensity;
    intensity.restarts = whole(node.get("intensity")).unwrap_or(intensity.restarts);
    intensity.period = duration(node.get("period")).filter(|d| !d.is_zero()).unwrap_or(intensity.period);
    intensity.backoff.initial = duration(node.get("initial")).unwrap_or(intensity.backoff.initial);
    intensity.backoff.cap = duration(node.get("max")).unwrap_or(intensity.backoff.cap);
    spec
}

/// `simulate`: a duration is the work.
pub(super) fn simulation(node: &Node, problems: &mut Vec<Problem>) -> Simulation {
    let probability = |key| node.get(key).and_then(Node::number).unwrap_or(0.0);
    let work = if node.map().is_some() { node.get("work") } else { Some(node) };
    Simulation {
        work: work.and_then(|w| distribution(w, problems)),
        failure: probability("failure"),
        crash: probability("crash"),
        hang: probability("hang"),
        output: node.get("output").map(Node::json),
        past: None,
    }
}

/// What work is drawn from, in one text as in an experiment: `lognormal(mean 10s, sigma 0.5)`.
pub(super) fn drawn_from(text: &str) -> Result<Distribution, String> {
    let drawn: crate::workloads::Distribution = text.parse().map_err(|why: crate::workloads::WorkloadError| why.to_string())?;
    drawn
        .shape()
        .ok_or_else(|| "a simulation draws anew at each attempt, which `empirical` can't; write another distribution".into())
}

fn distribution(node: &Node, problems: &mut Vec<Problem>) -> Option<Distribution> {
    let seconds = |n: Option<&Node>| duration(n).map(|d| d.as_secs_f64());
    if node.map().is_none() {
        let drawn = node.text().filter(|text| text.contains('(')).and_then(|text| drawn_from(text).ok());
        return drawn.or_else(|| seconds(Some(node)).map(Distribution::Constant));
    }
    let mut entries = node.entries();
    let (Some((name, _, value)), None) = (entries.next(), entries.next()) else {
        problems.push(Problem::new(node.span, "a distribution is exactly one of constant, uniform, exponential, lognormal"));
        return None;
    };
    let pair = value.list().filter(|l| l.len() == 2);
    match name {
        "constant" => seconds(Some(value)).map(Distribution::Constant),
        "exponential" => seconds(Some(value)).map(Distribution::Exponential),
        "uniform" => {
            let found = pair.and_then(|l| Some((seconds(l.first())?, seconds(l.last())?))).filter(|(a, b)| a <= b);
            if found.is_none() {
                problems.push(Problem::new(value.span, "`uniform` takes two durations, the shorter first: [1s, 3s]"));
            }
            found.map(|(a, b)| Distribution::Uniform(a, b))
        }
        "lognormal" => {
            let found = pair.and_then(|l| Some((seconds(l.first())?, l.last()?.number()?))).filter(|(_, sd)| *sd >= 0.0);
            if found.is_none() {
                problems.push(Problem::new(value.span, "`lognormal` takes a median and a number, at least 0: [2s, 0.5]"));
            }
            found.map(|(median, sd)| Distribution::Lognormal(median, sd))
        }
        _ => None, // the shape check has reported it
    }
}
