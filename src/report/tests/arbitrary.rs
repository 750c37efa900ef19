//! Events at random: any event whatsoever, and runs that obey the rules.

use super::story::Teller;
use crate::event::{
    COPIES, Counts, DeathCause, Disturbance, Event, Governance, Office, RunHead, RunId, RunStatus, RunTail, Standing, What,
};
use crate::plan::Join;
use crate::supervision::Circuit;
use core::time::Duration;
use polity_agents::{Failure, FailureKind, Undeliverable};
use polity_protocols::{AgentId, Candidate, Decision, Measure, Name, Rng, TaskId, Time};
use proptest::prelude::*;
use proptest::strategy::Union;
use serde_json::{Value, json};
use std::sync::Arc;

fn name() -> BoxedStrategy<Name> {
    prop_oneof!["[a-z]{1,6}".prop_map(Name::from), any::<String>().prop_map(Name::from)].boxed()
}
/// Numbers that survive JSON however it is read: a few digits.
fn number() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("JSON has no name for what is no number", |n| n.is_finite())
}
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        number().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec(("[a-z]{1,3}", inner), 0..3).prop_map(|all| Value::Object(all.into_iter().collect())),
        ]
    })
}
fn failure() -> impl Strategy<Value = Arc<Failure>> {
    use FailureKind::*;
    let kind = prop::sample::select(vec![Error, NotRunnable, Timeout, Panic, BadOutput, Validation, Killed, Unassigned, Poison]);
    (kind, any::<String>(), any::<Option<i32>>(), any::<String>())
        .prop_map(|(kind, message, exit_code, stderr)| Arc::new(Failure { kind, message, exit_code, stderr }))
}
fn decision() -> impl Strategy<Value = Arc<Decision>> {
    use Measure::*;
    let measure = prop::sample::select(vec![ExpectedFinish, Bid, Votes, Trail, Fit, Jobs, Score]);
    let candidate =
        (0u32..9, number(), any::<String>()).prop_map(|(who, score, note)| Candidate::new(AgentId(who), score).note(note));
    let rest = (any::<Option<u16>>(), any::<String>(), any::<u32>(), any::<u32>(), any::<u64>());
    (any::<String>(), measure, prop::collection::vec(candidate, 0..12), rest).prop_map(|(protocol, measure, candidates, rest)| {
        let (price, reason, messages, rounds, latency) = rest;
        let decision = Decision::new(protocol, measure).candidates(candidates).because(reason);
        let decision = decision.cost(messages, rounds, Duration::from_nanos(latency));
        Arc::new(Decision { price: price.map(f64::from), ..decision })
    })
}
fn head() -> impl Strategy<Value = Arc<RunHead>> {
    let names = || prop::collection::vec(name(), 0..5).prop_map(Arc::<[Name]>::from);
    let dependencies = prop::collection::vec(prop::collection::vec(0u32..7, 0..4), 0..6).prop_map(Arc::from);
    let slots = prop::collection::vec(any::<u32>(), 0..6).prop_map(Arc::from);
    let joins = prop::collection::vec((0u32..7, any::<u32>().prop_map(Join::AtLeast)), 0..3);
    let words = (name(), name(), any::<String>(), name());
    let office = (any::<bool>(), name(), value(), prop::collection::vec(0u32..9, 0..4))
        .prop_map(|(all, name, settings, tasks)| Office { team: (!all).then(|| name.clone()), strategy: name, settings, tasks });
    (
        words,
        (value(), any::<u64>(), any::<bool>(), prop::collection::vec(office, 0..3), any::<Option<String>>()),
        (names(), names(), dependencies),
        (names(), slots, value(), joins),
    )
        .prop_map(
            |(
                (name, workflow, hash, strategy),
                (settings, seed, simulated, offices, memory),
                (tasks, kinds, dependencies),
                (agents, slots, inputs, joins),
            )| {
                Arc::new(RunHead {
                    salt: None,
                    parent: None,
                    resumes: None,
                    compensates: false,
                    undoes: Vec::new(),
                    name,
                    workflow,
                    hash,
                    strategy,
                    settings,
                    offices,
                    memory,
                    seed,
                    simulated,
                    tasks,
                    kinds,
                    dependencies,
                    joins,
                    agents,
                    slots,
                    inputs,
                })
            },
        )
}
fn governance() -> impl Strategy<Value = Arc<Governance>> {
    let figures = prop::collection::vec((name(), number()), 0..3);
    let standing = (0u32..5, figures).prop_map(|(agent, figures)| Standing { agent: AgentId(agent), figures });
    (any::<bool>(), name(), any::<[u64; 7]>(), prop::collection::vec(standing, 0..4)).prop_map(
        |(all, name, numbers, standings)| {
            let [decisions, declined, rounds, messages, bytes, latency_p50_ns, latency_p99_ns] = numbers;
            let team = (!all).then(|| name.clone());
            let strategy = name;
            Arc::new(Governance {
                team,
                strategy,
                decisions,
                declined,
                rounds,
                messages,
                bytes,
                latency_p50_ns,
                latency_p99_ns,
                standings,
            })
        },
    )
}
fn run_tail() -> impl Strategy<Value = Arc<RunTail>> {
    use RunStatus::*;
    let status = prop::sample::select(vec![Completed, Failed, Cancelled, Escalated]);
    let tally = any::<[u32; 5]>().prop_map(|[completed, failed, skipped, blocked, cancelled]| Counts {
        completed,
        failed,
        skipped,
        blocked,
        cancelled,
    });
    (status, tally, value(), prop::collection::vec(any::<String>(), 0..3), any::<u64>()).prop_map(
        |(status, tally, outputs, problems, ignored)| {
            Arc::new(RunTail { status, tally, outputs, problems, compensated: 0, left: Vec::new(), ignored })
        },
    )
}
fn undelivered() -> impl Strategy<Value = What> {
    let who = prop::option::of((0u32..5).prop_map(AgentId));
    let cause = prop::sample::select(&Undeliverable::ALL[..]);
    (name(), name(), any::<bool>(), who, cause, name(), name()).prop_map(|(from, to, topic, agent, cause, reason, body)| {
        What::Undelivered { from, to, topic, agent, cause, reason, body }
    })
}
/// Any kind of event, each equally often; of run 0, or of the society.
fn what() -> impl Strategy<Value = What> {
    let t = || prop_oneof![9 => 0u32..8, 1 => COPIES..COPIES + 9, 1 => any::<u32>()].prop_map(|n| TaskId::new(0, n)).boxed();
    let a = || prop_oneof![9 => 0u32..5, 1 => any::<u32>()].prop_map(AgentId).boxed();
    let n = any::<u32>;
    let labels = prop::collection::vec(name(), 0..5).prop_map(Arc::<[Name]>::from);
    let causes = prop::collection::vec(0u32..9, 0..9).prop_map(Arc::<[u32]>::from);
    let completed = (t(), a(), n(), any::<u64>(), value());
    Union::new([
        (a(), name(), n())
            .prop_map(|(agent, name, incarnation)| What::AgentJoined { agent, name, incarnation: incarnation.into() })
            .boxed(),
        (a(), n(), name())
            .prop_map(|(agent, incarnation, reason)| What::AgentLost { agent, incarnation: incarnation.into(), reason })
            .boxed(),
        (name(), n(), name()).prop_map(|(strategy, epoch, reason)| What::CoordinatorLost { strategy, epoch, reason }).boxed(),
        (name(), n(), name())
            .prop_map(|(name, incarnation, reason)| What::SupervisorLost { name, incarnation: incarnation.into(), reason })
            .boxed(),
        (a(), name(), n(), prop::sample::select(&Circuit::ALL[..]), name())
            .prop_map(|(agent, work, coordinator, circuit, reason)| What::BreakerTurned {
                agent,
                work,
                coordinator,
                circuit,
                reason,
            })
            .boxed(),
        (t(), n(), any::<u64>(), name())
            .prop_map(|(task, attempt, at, reason)| What::Postponed { task, attempt, at: Time::from_nanos(at), reason })
            .boxed(),
        name().prop_map(|reason| What::Stalled { reason }).boxed(),
        (name(), n()).prop_map(|(pool, replicas)| What::PoolResized { pool, replicas }).boxed(),
        name().prop_map(|reason| What::Escalated { reason }).boxed(),
        (prop::sample::select(&Disturbance::ALL[..]), prop::collection::vec(a(), 0..4), name())
            .prop_map(|(fault, agents, reason)| What::Disturbed { fault, agents: agents.into(), reason })
            .boxed(),
        (a(), name()).prop_map(|(agent, reason)| What::AgentGivenUp { agent, reason }).boxed(),
        undelivered().boxed(),
        (t(), name(), any::<u64>(), value())
            .prop_map(|(task, key, version, value)| What::StateChanged { task, key, version, value: Arc::new(value) })
            .boxed(),
        (t(), name(), any::<u64>(), any::<u64>(), prop::option::of(t()), any::<bool>())
            .prop_map(|(task, key, seen, found, by, rejected)| What::StateConflict { task, key, seen, found, by, rejected })
            .boxed(),
        (t(), value()).prop_map(|(task, output)| What::Recalled { task, output: Arc::new(output) }).boxed(),
        (t(), prop::sample::select(&DeathCause::ALL[..]), name())
            .prop_map(|(task, cause, input)| What::DeadLettered { task, cause, input })
            .boxed(),
        governance().prop_map(What::Governed).boxed(),
        prop::sample::select(vec![RunStatus::Failed, RunStatus::Cancelled, RunStatus::Escalated])
            .prop_map(|because| What::TurnedBack { because })
            .boxed(),
        (t(), prop_oneof![COPIES..COPIES + 9, n()], n())
            .prop_map(|(task, copy, number)| What::Copied { task, copy, number })
            .boxed(),
        (t(), prop::collection::vec(a(), 0..4), prop::collection::vec(a(), 0..4), name())
            .prop_map(|(task, agree, differ, reason)| What::Voted { task, agree: agree.into(), differ: differ.into(), reason })
            .boxed(),
        head().prop_map(What::RunStarted).boxed(),
        (t(), prop_oneof![0u32..9, n()], labels).prop_map(|(task, first, labels)| What::Expanded { task, first, labels }).boxed(),
        (t(), n()).prop_map(|(task, attempt)| What::Announced { task, attempt }).boxed(),
        (t(), a(), n(), n(), decision())
            .prop_map(|(task, agent, attempt, launch, decision)| What::Assigned { task, agent, attempt, launch, decision })
            .boxed(),
        (t(), a(), n()).prop_map(|(task, agent, launch)| What::Refused { task, agent, launch }).boxed(),
        (t(), a(), n()).prop_map(|(task, agent, launch)| What::Started { task, agent, launch }).boxed(),
        (t(), a(), n()).prop_map(|(task, agent, launch)| What::Displaced { task, agent, launch }).boxed(),
        (t(), a(), n(), failure(), any::<u64>())
            .prop_map(|(task, agent, attempt, failure, at)| What::Retried {
                task,
                agent,
                attempt,
                failure,
                at: Time::from_nanos(at),
            })
            .boxed(),
        (t(), name()).prop_map(|(task, note)| What::Noted { task, note }).boxed(),
        (t(), n(), name(), name())
            .prop_map(|(task, handler, does, reason)| What::Handled { task, handler, does, reason })
            .boxed(),
        completed
            .prop_map(|(task, agent, attempts, took, output)| What::Completed {
                task,
                agent,
                attempts,
                took: Duration::from_nanos(took),
                output: Arc::new(output),
            })
            .boxed(),
        (t(), prop::option::of(a()), n(), failure())
            .prop_map(|(task, agent, attempts, failure)| What::Failed { task, agent, attempts, failure })
            .boxed(),
        (t(), name()).prop_map(|(task, reason)| What::Skipped { task, reason }).boxed(),
        (t(), causes).prop_map(|(task, causes)| What::Blocked { task, causes }).boxed(),
        t().prop_map(|task| What::Cancelled { task }).boxed(),
        t().prop_map(|task| What::Paused { task }).boxed(),
        t().prop_map(|task| What::Resumed { task }).boxed(),
        Just(What::RunPaused).boxed(),
        Just(What::RunResumed).boxed(),
        (t(), n()).prop_map(|(task, by)| What::CalledOff { task, by }).boxed(),
        (t(), any::<bool>()).prop_map(|(task, succeeded)| What::Joined { task, succeeded }).boxed(),
        run_tail().prop_map(What::RunEnded).boxed(),
    ])
}
/// Any events in any order.
pub fn events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec((any::<u64>(), any::<bool>(), what()), 0..60).prop_map(|all| {
        let event = |(seq, (at, society, what)): (usize, (u64, bool, What))| {
            let run = if society && what.task().is_none() { RunId::SOCIETY } else { RunId(0) };
            Event { at: Time::from_nanos(at), seq: seq as u64, run, what }
        };
        all.into_iter().enumerate().map(event).collect()
    })
}

/// A run that obeys the rules: tasks in order, each with what may happen to it.
pub fn lawful(seed: u64) -> Vec<Event> {
    let mut rng = Rng::new(seed, "lawful");
    let count = 1 + rng.below(12);
    let ids: Vec<String> = (0..count).map(|n| format!("t{n}")).collect();
    let dependencies: Vec<Vec<u32>> = (0..count).map(|n| (0..n as u32).filter(|_| rng.chance(0.3)).collect()).collect();
    let mut tell = Teller::default();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let dependencies: Vec<&[u32]> = dependencies.iter().map(Vec::as_slice).collect();
    tell.begin(&ids, &dependencies, &["a", "b", "c"]);
    let (mut ms, mut next) = (0, count as u32);
    for n in 0..count as u32 {
        if rng.chance(0.2) {
            let labels: Arc<[Name]> = (0..rng.below(4)).map(|i| Name::from(i.to_string())).collect();
            let (first, instances) = (next, labels.len() as u32);
            tell.at(ms, What::Expanded { task: super::story::task(n), first, labels });
            next += instances;
            (first..first + instances).for_each(|instance| live(&mut tell, &mut rng, &mut ms, instance));
            tell.at(ms, What::Joined { task: super::story::task(n), succeeded: true });
        } else {
            live(&mut tell, &mut rng, &mut ms, n);
        }
    }
    tell.end(ms, RunStatus::Completed, &[])
}
fn live(tell: &mut Teller, rng: &mut Rng, ms: &mut u64, n: u32) {
    let (task, mut attempt) = (super::story::task(n), 1);
    if rng.chance(0.2) {
        tell.at(*ms, What::Skipped { task, reason: "not needed".into() });
        return;
    }
    loop {
        let agent = rng.below(3) as u32;
        tell.launch(*ms, n, agent, attempt, super::story::market(&[(agent, 1.0)], 1.0));
        let took = rng.below(50) as u64;
        *ms += 2 + took;
        let failure = Arc::new(Failure::error("no"));
        match rng.below(8) {
            0 => tell.at(*ms, What::Displaced { task, agent: AgentId(agent), launch: 1 }),
            1 if attempt < 4 => {
                let at = Time::from_nanos((*ms + 10) * 1_000_000);
                let what = What::Retried { task, agent: AgentId(agent), attempt, failure, at };
                attempt += 1;
                tell.at(*ms, what)
            }
            2 => {
                tell.at(*ms, What::Failed { task, agent: Some(AgentId(agent)), attempts: attempt, failure });
                return;
            }
            3 => {
                tell.at(*ms, What::Cancelled { task });
                return;
            }
            _ => {
                tell.complete(*ms, n, agent, attempt, took, json!(n));
                return;
            }
        };
        *ms += rng.below(30) as u64;
    }
}
