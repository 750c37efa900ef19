//! Guards against what makes a bad moment worse: sick agents are left alone, retries stay within a budget, and what waits for something is
//! not taken for what waits for nothing.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::agents::Distribution;
use polity::event::{Event, Names, RunId, What};
use polity::lifecycle::RetryLimit;
use polity::prelude::*;
use polity::protocols::{
    AgentId, Decision, Initiator, Measure, Outcome, Participant, Profile, Protocol, Reply, TaskId, TaskView, Time, Turn, Why,
};
use polity::report::{Console, ConsoleOptions, Report, agents_of, show};
use polity::supervision::{BreakerPolicy, Breaking, Circuit};
use polity::workflow::{Limits, WorkflowBuilder, parse};
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::rc::Rc;
use std::time::Duration;

const STRATEGIES: [&str; 8] =
    ["hierarchical", "market", "consensus", "stigmergic", "min_completion", "round_robin", "fifo_fastest_idle", "heft"];

/// Agents that dig for a second, and fail until their second comes.
fn society(sick_until: &[f64], events: &Rc<RefCell<Vec<Event>>>) -> Society {
    let mut builder = Polity::builder().sink(events.clone());
    for (n, until) in sick_until.iter().copied().enumerate() {
        builder = builder.agent_with(AgentSpec::new(format!("a{n}"), can("dig", 1.0)), move || {
            agent_fn(can("dig", 1.0), move |_, context| async move {
                let well = context.now() >= Time::from_secs_f64(until);
                context.sleep(Duration::from_millis(if well { 1_000 } else { 100 })).await;
                if well { Ok(json!(1)) } else { Err(Failure::error("not today")) }
            })
        });
    }
    builder.start().unwrap()
}
/// As many tasks to dig, each tried again at once until it is done.
fn digging(tasks: u32) -> WorkflowBuilder {
    let again = RetryPolicy { attempts: 0, initial: Duration::from_millis(10), ..RetryPolicy::default() };
    let task = kind("dig").for_each(&format!("range({tasks})")).retry(again).estimate(Duration::from_secs(1));
    Workflow::new("w").limits(Limits { retry_budget: None, ..Limits::default() }).task("t", task)
}
fn run(sick_until: &[f64], flow: WorkflowBuilder) -> (RunResult, Vec<Event>) {
    let events: Rc<RefCell<Vec<Event>>> = Rc::default();
    let result = polity::simulate(5, async {
        let society = society(sick_until, &events);
        society.launch(flow, RunOptions::default()).unwrap().join().await.unwrap()
    });
    (result, events.take())
}

/// What the log says of breakers: their changes, and the awards that met them as they stood.
#[derive(Default, Debug)]
struct Seen {
    turns: Vec<(f64, AgentId, Circuit)>,
    /// Awards to an agent whose breaker was open while another's was closed.
    wrong: Vec<(f64, AgentId)>,
    /// Awards while the breakers of all were open.
    tried: u32,
    /// Awards to an agent after its breaker had closed again.
    back: u32,
    /// Most probes that were out at a time.
    probes: usize,
}
fn seen(events: &[Event], agents: u32) -> Seen {
    let mut seen = Seen::default();
    let mut now: BTreeMap<AgentId, Circuit> = (0..agents).map(|n| (AgentId(n), Circuit::Closed)).collect();
    // An award of the very moment may have been on its way before.
    let mut since: BTreeMap<AgentId, f64> = BTreeMap::new();
    let mut out: BTreeMap<AgentId, BTreeSet<TaskId>> = BTreeMap::new();
    for event in events {
        let at = event.at.as_secs_f64();
        match &event.what {
            What::BreakerTurned { agent, circuit, .. } => {
                seen.turns.push((at, *agent, *circuit));
                now.insert(*agent, *circuit);
                since.insert(*agent, at);
                out.remove(agent);
            }
            What::Assigned { agent, .. } if since.get(agent) == Some(&at) && now[agent] == Circuit::Open => {}
            What::Assigned { task, agent, .. } => match now[agent] {
                Circuit::Open if now.values().any(|circuit| *circuit == Circuit::Closed) => seen.wrong.push((at, *agent)),
                Circuit::Open => seen.tried += u32::from(now.values().all(|circuit| *circuit == Circuit::Open)),
                Circuit::HalfOpen if now.values().any(|circuit| *circuit == Circuit::Closed) => {
                    let probes = out.entry(*agent).or_default();
                    probes.insert(*task);
                    seen.probes = seen.probes.max(probes.len());
                }
                Circuit::HalfOpen => {}
                Circuit::Closed => seen.back += u32::from(seen.turns.iter().any(|(_, a, c)| a == agent && *c == Circuit::Closed)),
            },
            What::Completed { task, agent, .. } | What::Retried { task, agent, .. } => {
                out.entry(*agent).or_default().remove(task);
            }
            _ => {}
        }
    }
    seen
}

/// Never is work given to an agent whose breaker is open while that of another is closed; sometimes breakers open, let probes through, open
/// again, close, and the agent works as before.
#[test]
fn a_sick_agent_is_left_alone_and_comes_back_when_it_is_well() {
    let mut opened = Vec::new();
    for strategy in STRATEGIES {
        let (result, events) = run(&[50.0, 0.0, 0.0, 0.0], digging(400).strategy(strategy));
        assert_eq!((result.status(), result.tally().completed), (RunStatus::Completed, 400), "{strategy}");
        let seen = seen(&events, 4);
        assert_eq!(seen.wrong, [], "{strategy}: {:?}", seen.turns);
        assert!(seen.turns.iter().all(|(_, agent, _)| *agent == AgentId(0)), "{strategy}: {:?}", seen.turns);
        if seen.turns.is_empty() {
            continue; // a government that learns fast enough by itself
        }
        opened.push(strategy);
        let circuits: Vec<Circuit> = seen.turns.iter().map(|(.., circuit)| *circuit).collect();
        use Circuit::{Closed, HalfOpen, Open};
        assert_eq!(circuits, [Open, HalfOpen, Open, HalfOpen, Closed], "{strategy}: {:?}", seen.turns);
        assert!((1..=3).contains(&seen.probes) && seen.back > 0, "{strategy}: {seen:?}");
        // Sick, it had its ten failures, and one probe; not one for each of four hundred tasks.
        let failures = events.iter().filter(|event| matches!(event.what, What::Retried { .. })).count();
        assert!((11..=16).contains(&failures), "{strategy}: {failures} failures");
    }
    assert!(opened.len() >= 5, "breakers opened under {opened:?} only");
}

#[test]
fn without_breakers_it_fails_on_and_nobody_minds() {
    let (result, events) = run(&[50.0, 0.0, 0.0, 0.0], digging(400).strategy("round_robin").breaker(BreakerPolicy::Off));
    assert_eq!(result.status(), RunStatus::Completed);
    assert_eq!(seen(&events, 4).turns, []);
    let failures = events.iter().filter(|event| matches!(event.what, What::Retried { .. })).count();
    assert!(failures > 30, "{failures} failures: the agent is not sick enough to show anything");
}

/// When all are sick, the fault is hardly theirs: work goes on being tried, and is done when they are well.
#[test]
fn when_all_are_sick_work_is_still_tried() {
    for strategy in STRATEGIES {
        let (result, events) = run(&[45.0, 45.0, 45.0], digging(60).strategy(strategy));
        assert_eq!((result.status(), result.tally().completed), (RunStatus::Completed, 60), "{strategy}");
        let seen = seen(&events, 3);
        assert_eq!(seen.wrong, [], "{strategy}");
        let opened: BTreeSet<AgentId> = seen.turns.iter().filter(|turn| turn.2 == Circuit::Open).map(|turn| turn.1).collect();
        assert!(opened.len() == 3 && seen.tried > 0, "{strategy}: {seen:?}");
    }
}

/// What a coordinator knows of its agents it knows in its next run too; and a run with other settings has breakers of its own.
#[test]
fn a_breaker_outlives_its_run() {
    let events: Rc<RefCell<Vec<Event>>> = Rc::default();
    polity::simulate(5, async {
        let society = society(&[1e6, 0.0], &events);
        society.run(digging(15)).await.unwrap();
        let first = events.take();
        assert_eq!(seen(&first, 2).turns.len(), 1, "{:?}", seen(&first, 2));
        society.run(digging(10)).await.unwrap();
        let second = events.take();
        assert!(!second.iter().any(|event| matches!(event.what, What::Assigned { agent: AgentId(0), .. })));
        let tolerant = BreakerPolicy::On(Breaking { failures: 1.0, least: 20, ..Breaking::default() });
        society.run(digging(10).breaker(tolerant)).await.unwrap();
        assert!(events.take().iter().any(|event| matches!(event.what, What::Assigned { agent: AgentId(0), .. })));
        assert_eq!(society.coordinators().len(), 2);
    });
}

/// A government that gives each task to the first who is able and need not be avoided, and panics when it is told to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Frail;
thread_local!(static PANICS: Cell<bool> = const { Cell::new(false) });
#[derive(Default)]
struct First(BTreeMap<AgentId, Profile>);
struct Silent;
impl Protocol for Frail {
    const NAME: &'static str = "frail";
    type Message = ();
    type Initiator = First;
    type Participant = Silent;
    fn initiator(&self) -> First {
        First::default()
    }
    fn participant(&self, _: AgentId, _: &Profile) -> Silent {
        Silent
    }
}
impl Initiator for First {
    type Message = ();
    fn on_join(&mut self, agent: AgentId, profile: &Profile, _: &mut Turn<'_, ()>) {
        self.0.insert(agent, profile.clone());
    }
    fn on_leave(&mut self, agent: AgentId, _: &mut Turn<'_, ()>) {
        self.0.remove(&agent);
    }
    fn on_task(&mut self, task: &TaskView, turn: &mut Turn<'_, ()>) {
        assert!(!PANICS.replace(false), "as it was told to");
        let able =
            || self.0.iter().filter(|(agent, profile)| task.demand.fit(**agent, profile).is_some()).map(|(agent, _)| *agent);
        match able().find(|agent| !task.avoids(*agent)).or(able().next()) {
            Some(agent) => turn.assign(task.id, agent, Decision::new("frail", Measure::Jobs).because("it is the first")),
            None => turn.decline(task.id, Why::NobodyAble),
        }
    }
    fn on_withdraw(&mut self, _: TaskId, _: &mut Turn<'_, ()>) {}
    fn on_message(&mut self, _: AgentId, (): (), _: &mut Turn<'_, ()>) {}
    fn on_outcome(&mut self, _: TaskId, _: AgentId, _: &Outcome, _: &mut Turn<'_, ()>) {}
}
impl Participant for Silent {
    type Message = ();
    fn on_message(&mut self, (): (), _: &mut Reply<'_, ()>) {}
    fn on_outcome(&mut self, _: TaskId, _: &str, _: &Outcome, _: &mut Reply<'_, ()>) {}
}

/// What a protocol knew dies with its coordinator; what the breakers know does not.
#[test]
fn a_breaker_outlives_the_panic_of_its_coordinator() {
    let events: Rc<RefCell<Vec<Event>>> = Rc::default();
    polity::simulate(5, async {
        let society = society(&[1e6, 0.0], &events);
        let options = || RunOptions::default().strategy(Frail);
        society.run_with(digging(15), options()).await.unwrap();
        let first = events.take();
        let to_the_sick = |event: &Event| matches!(event.what, What::Assigned { agent: AgentId(0), .. });
        assert!(seen(&first, 2).turns.len() == 1 && first.iter().any(to_the_sick));
        PANICS.set(true);
        society.run_with(digging(10), options()).await.unwrap();
        let second = events.take();
        assert_eq!(second.iter().filter(|event| matches!(event.what, What::CoordinatorLost { .. })).count(), 1);
        assert!(!second.iter().any(to_the_sick), "{:?}", seen(&second, 2));
    });
}

/// The breaker is for a kind of work: an agent that can't dig any more still paints.
#[test]
fn a_breaker_is_for_a_kind_of_work() {
    let events: Rc<RefCell<Vec<Event>>> = Rc::default();
    polity::simulate(5, async {
        let mut builder = Polity::builder().sink(events.clone());
        for (n, sick) in [(0, true), (1, false)] {
            let both = can("dig", 1.0).and("paint", 1.0);
            builder = builder.agent_with(AgentSpec::new(format!("a{n}"), both.clone()), move || {
                agent_fn(both.clone(), move |job, context| async move {
                    context.sleep(Duration::from_millis(500)).await;
                    if sick && &*job.kind == "dig" { Err(Failure::error("no spade")) } else { Ok(json!(1)) }
                })
            });
        }
        let again = RetryPolicy { attempts: 0, initial: Duration::from_millis(10), ..RetryPolicy::default() };
        let task = |what: &str| kind(what).for_each("range(40)").retry(again.clone());
        let limits = Limits { retry_budget: None, ..Limits::default() };
        // One that learns nothing of agents by itself.
        let flow =
            Workflow::new("w").strategy("round_robin").limits(limits).task("dig", task("dig")).task("paint", task("paint"));
        builder.start().unwrap().run(flow).await.unwrap();
    });
    let events = events.take();
    let open = events.iter().position(|event| matches!(event.what, What::BreakerTurned { .. })).unwrap();
    assert!(matches!(&events[open].what, What::BreakerTurned { work, .. } if **work == *"dig"));
    let later = &events[open..];
    assert!(later.iter().any(|event| matches!(event.what, What::Completed { agent: AgentId(0), .. })), "it painted");
}

/// An agent that dies with its work is sick as well; what is cancelled or refused says nothing.
#[test]
fn lost_work_counts_and_what_is_cancelled_does_not() {
    let events: Rc<RefCell<Vec<Event>>> = Rc::default();
    let crash = Simulation { crash: 1.0, work: Some(Distribution::Constant(0.1)), ..Simulation::default() };
    polity::simulate(5, async {
        let society = Polity::builder().sink(events.clone()).agent_spec(AgentSpec::new("a", can("x", 1.0))).start().unwrap();
        let limits = Limits { max_parallel_tasks: Some(1), ..Limits::default() };
        let policy = BreakerPolicy::On(Breaking { least: 3, window: 3, ..Breaking::default() });
        let flow = Workflow::new("w").limits(limits).breaker(policy).task("t", simulated(crash).kind("x"));
        let _ = society.launch(flow, RunOptions::default()).unwrap().join().await.unwrap();
    });
    let opened = |events: &[Event]| events.iter().filter(|event| matches!(event.what, What::BreakerTurned { .. })).count();
    assert_eq!(opened(&events.take()), 1);
    let slow = Simulation { work: Some(Distribution::Constant(100.0)), ..Simulation::default() };
    polity::simulate(5, async {
        let spec = AgentSpec { slots: 10, ..AgentSpec::new("a", can("x", 1.0)) };
        let society = Polity::builder().sink(events.clone()).agent_spec(spec).start().unwrap();
        for _ in 0..5 {
            let task = simulated(slow.clone()).kind("x").for_each("range(20)");
            let run = society.launch(Workflow::new("w").task("t", task), RunOptions::default()).unwrap();
            society.sleep(Duration::from_secs(1)).await;
            run.cancel();
            run.join().await.unwrap();
        }
    });
    let events = events.take();
    assert!(events.iter().filter(|event| matches!(event.what, What::Assigned { .. })).count() > 20);
    assert_eq!(opened(&events), 0);
}

/// What is written to error output.
#[derive(Clone, Default)]
struct Screen(Rc<RefCell<Vec<u8>>>);
impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
/// The report, the table of agents, the console's text.
fn told(events: &[Event]) -> (Report, String, String) {
    use polity::event::Sink;
    let (mut report, mut names, screen) = (Report::default(), Names::default(), Screen::default());
    let mut console = Console::new(RunId(0), ConsoleOptions::default(), Box::new(screen.clone()));
    for event in events {
        report.take(event);
        names.take(event);
        console.take(event);
    }
    let agents = agents_of(&report, &names);
    let text = format!("{}{agents}", show(&report, &names));
    (report, text, String::from_utf8(screen.0.take()).unwrap())
}

#[test]
fn breakers_are_told_of() {
    let (_, events) = run(&[50.0, 0.0, 0.0, 0.0], digging(400).strategy("round_robin"));
    let (report, tables, console) = told(&events);
    let breakers = &report.agents().next().unwrap().1.breakers;
    let breaker = breakers.values().next().unwrap();
    assert_eq!((breakers.len(), breaker.circuit, breaker.opened), (1, Circuit::Closed, 2));
    assert!(tables.contains("dig closed (opened 2 times)"), "{tables}");
    assert!(tables.contains("breaker of a0 for \"dig\": closed (3 probes ended well), opened 2 times"), "{tables}");
    for words in [
        "BREAKER",
        "its breaker for \"dig\" is open: 10 of its last 10 failed; it is passed over while somebody else can do it",
        "is half-open: its time is over; 3 probes may try it",
        "is open: a probe failed",
        "is closed: 3 probes ended well; it gets work as before",
    ] {
        assert!(console.contains(words), "{words} in\n{console}");
    }
}

// ----- the retry budget

/// Tasks that fail so many times, each attempt taking 10 ms.
fn failing(tasks: u32, failures: u32) -> WorkflowBuilder {
    let again = RetryPolicy { attempts: 20, initial: Duration::from_millis(100), ..RetryPolicy::default() };
    Workflow::new("w")
        .breaker(BreakerPolicy::Off)
        .task("t", function("fail").kind("x").with("times", failures).for_each(&format!("range({tasks})")).retry(again))
}
fn storm(flow: WorkflowBuilder) -> (RunResult, Vec<Event>) {
    let events: Rc<RefCell<Vec<Event>>> = Rc::default();
    let result = polity::simulate(5, async {
        let society = Polity::builder()
            .sink(events.clone())
            .agent_spec(AgentSpec { slots: 64, ..AgentSpec::new("a", can("x", 1.0)) })
            .function("fail", |job: Job, context: Context| async move {
                context.sleep(Duration::from_millis(10)).await;
                if job.id.attempt <= job.input::<u32>("times")? { Err(Failure::error("again")) } else { Ok(json!(1)) }
            })
            .start()
            .unwrap();
        society.launch(flow, RunOptions::default()).unwrap().join().await.unwrap()
    });
    (result, events.take())
}
/// When first attempts and retries began: a task's first announcement, and the first of each attempt after it.
fn attempts(events: &[Event]) -> (Vec<Time>, Vec<Time>) {
    let (mut firsts, mut retries, mut known) = (Vec::new(), Vec::new(), BTreeSet::new());
    for event in events {
        if let What::Announced { task, attempt } = &event.what
            && known.insert((*task, *attempt))
        {
            if *attempt == 1 { firsts.push(event.at) } else { retries.push(event.at) }
        }
    }
    (firsts, retries)
}
/// Most retries in a window, over what the first attempts of that window allow: at most 1, if the budget holds.
fn used(events: &[Event], limit: &RetryLimit) -> f64 {
    let (firsts, retries) = attempts(events);
    let within = |all: &[Time], end: Time| all.iter().filter(|at| **at <= end && **at + limit.window > end).count() as u64;
    let share = |end: &Time| within(&retries, *end) as f64 / limit.bound(within(&firsts, *end)) as f64;
    retries.iter().map(share).fold(0.0, f64::max)
}
fn postponed(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event.what, What::Postponed { .. })).count()
}

/// Never are there more retries in ten seconds than the budget allows; sometimes it is all used, and everything is done in the end.
#[test]
fn retries_stay_within_their_budget() {
    let usual = RetryLimit::default();
    for (tasks, failures, limit) in [
        (50, 2, usual),
        (400, 1, usual),
        (60, 3, RetryLimit { share: 0.0, floor: 1, window: Duration::from_secs(1) }),
        (300, 1, RetryLimit { share: 0.5, floor: 2, window: Duration::from_secs(30) }),
    ] {
        let flow = failing(tasks, failures).limits(Limits { retry_budget: Some(limit), ..Limits::default() });
        let (result, events) = storm(flow);
        assert_eq!((result.status(), result.tally().completed), (RunStatus::Completed, tasks), "{limit:?}");
        let (firsts, retries) = attempts(&events);
        assert_eq!((firsts.len(), retries.len()), (tasks as usize, (tasks * failures) as usize));
        let used = used(&events, &limit);
        assert!(used <= 1.0 && used > 0.9, "{used} of {limit:?}");
        assert!(postponed(&events) > 10, "{limit:?}");
    }
    // The same storm without a budget is one.
    let (result, events) = storm(failing(50, 2).limits(Limits { retry_budget: None, ..Limits::default() }));
    assert_eq!((result.status(), postponed(&events)), (RunStatus::Completed, 0));
    assert!(used(&events, &usual) > 5.0);
}

/// A retry that may come is not kept waiting: few retries are not noticed.
#[test]
fn a_few_retries_wait_for_nobody() {
    let (result, events) = storm(failing(10, 1));
    assert_eq!((result.status(), postponed(&events)), (RunStatus::Completed, 0));
    assert!(events.last().unwrap().at < Time::from_secs_f64(1.0));
}

/// What waits for the budget can still be cancelled, and its clock `total` goes on.
#[test]
fn who_waits_for_the_budget_can_still_end() {
    let timeouts = polity::Timeouts { total: Some(Duration::from_secs(8)), ..Default::default() };
    let (result, events) = storm(failing(50, 1).timeouts(timeouts));
    assert_eq!((result.tally().completed, result.tally().failed), (10, 40));
    assert!(result.failures().iter().all(|(_, failure)| failure.kind == FailureKind::Timeout));
    assert!(events.last().unwrap().at < Time::from_secs_f64(8.1));
}

/// A sub-run has no budget of its own, whatever it says.
#[test]
fn sub_runs_share_the_budget_of_the_run_above() {
    let inner = || failing(20, 1).limits(Limits { retry_budget: None, ..Limits::default() });
    let flow = ["a", "b", "c"].iter().fold(Workflow::new("above"), |flow, id| flow.task(id, sub_workflow(inner())));
    let (result, events) = storm(flow);
    assert_eq!(result.status(), RunStatus::Completed);
    assert!(events.iter().any(|event| matches!(event.what, What::Nested { .. })));
    let used = used(&events, &RetryLimit::default());
    assert!(used <= 1.0 && used > 0.9 && postponed(&events) > 10, "{used}");
}

#[test]
fn a_retry_that_waits_says_why() {
    let (_, events) = storm(failing(50, 1));
    let (report, text, console) = told(&events);
    assert_eq!(report.cost().postponed as usize, postponed(&events));
    assert!(text.contains(&format!("{} postponements", postponed(&events))), "{text}");
    let words = "longer: the run's retry budget is spent: 10 retries and 50 first attempts in the last 10s (limits.retry_budget)";
    assert!(console.contains(words), "{console}");
    let noted =
        |record: &polity::report::TaskRecord| record.steps().iter().any(|(_, step)| format!("{step:?}").contains("budget"));
    assert!(report.tasks().any(|(_, record)| noted(record)));
}

// ----- what is not stalled

/// A run that waits for an agent that is being restarted, for a retry that is far away, or for a sub-run, is not stalled.
#[test]
fn who_waits_for_something_is_not_stalled() {
    let fragile = Simulation { crash: 0.5, work: Some(Distribution::Constant(1.0)), ..Simulation::default() };
    let late = RetryPolicy {
        attempts: 2,
        initial: Duration::from_secs(300),
        max: Duration::from_secs(300),
        jitter: polity::Jitter::None,
        ..RetryPolicy::default()
    };
    let slow = Simulation { work: Some(Distribution::Constant(500.0)), ..Simulation::default() };
    let inner = Workflow::new("inner").task("slow", simulated(slow).kind("y"));
    let flow = || {
        Workflow::new("w")
            .task("parked", simulated(fragile.clone()).kind("x").for_each("range(6)"))
            .task("late", function("fail").kind("y").with("times", 1).depends_optionally_on("parked").retry(late.clone()))
            .task("nested", sub_workflow(inner.clone()).depends_optionally_on("late"))
    };
    let (mut lost, mut retried, mut nested) = (0, 0, 0);
    for seed in 0..10 {
        let events: Rc<RefCell<Vec<Event>>> = Rc::default();
        polity::simulate(seed, async {
            let society = Polity::builder()
                .sink(events.clone())
                .agent_spec(AgentSpec::new("a", can("x", 1.0)))
                .agent_spec(AgentSpec::new("b", can("y", 1.0)))
                .function("fail", |job: Job, _: Context| async move {
                    if job.id.attempt == 1 { Err(Failure::error("again")) } else { Ok(json!(1)) }
                })
                .start()
                .unwrap();
            society.launch(flow(), RunOptions::default()).unwrap().join().await.unwrap();
        });
        let events = events.take();
        let count = |is: fn(&What) -> bool| events.iter().filter(|event| is(&event.what)).count();
        assert_eq!(count(|what| matches!(what, What::Stalled { .. })), 0, "seed {seed}");
        lost += count(|what| matches!(what, What::AgentLost { .. }));
        retried += count(|what| matches!(what, What::Retried { .. }));
        nested += count(|what| matches!(what, What::Nested { .. }));
    }
    assert!(lost > 10 && retried >= 10 && nested >= 10, "{lost} {retried} {nested}");
}

// ----- as a file says it

#[test]
fn a_file_says_how_breakers_and_budgets_are() {
    let text = |keys: &str| format!("name: w\nagents: [{{ id: a }}]\n{keys}\ntasks: [{{ id: t, run: x }}]\n");
    let flow = |keys: &str| parse(&text(keys), None, &Known::default()).unwrap_or_else(|wrong| panic!("{wrong}")).workflow;
    assert_eq!((flow("").breaker, flow("").limits.retry_budget), (None, Some(RetryLimit::default())));
    assert_eq!(flow("breaker: off").breaker, Some(BreakerPolicy::Off));
    assert_eq!(flow("breaker: on").breaker, Some(BreakerPolicy::default()));
    let own = Breaking {
        failures: 2.0 / 3.0,
        window: 9,
        least: 3,
        open: Duration::from_secs(5),
        probes: 1,
        probe_timeout: Duration::from_secs(60),
    };
    let said = "breaker: { failures: 2/3, window: 9, least: 3, open: 5s, probes: 1, probe_timeout: 1m }";
    assert_eq!(flow(said).breaker, Some(BreakerPolicy::On(own)));
    assert_eq!(flow("limits: { retry_budget: off }").limits.retry_budget, None);
    let half = RetryLimit { share: 0.5, floor: 3, window: Duration::from_secs(60) };
    assert_eq!(flow("limits: { retry_budget: { share: 0.5, floor: 3, window: 1m } }").limits.retry_budget, Some(half));
    for (keys, sentence) in [
        ("breaker: { least: 30 }", "breaker.least must be in 1..=20 (breaker.window), but is 30"),
        ("breaker: { failures: 1.5 }", "`failures` must be a share in (0, 1], like 0.67 or 2/3, but is the number 1.5"),
        ("breaker: { window: 500 }", "breaker.window must be in 1..=128, but is 500"),
        ("breaker: { opens: 3s }", "did you mean \"open\"?"),
        ("breaker: perhaps", "perhaps"),
        ("limits: { retry_budget: { floor: 0 } }", "`floor` must be at least 1, but is the number 0"),
        ("limits: { retry_budget: { window: 0s } }", "limits.retry_budget.window must be above 0, but is 0s"),
    ] {
        let wrong = parse(&text(keys), None, &Known::default()).unwrap_err().to_string();
        assert!(wrong.contains(sentence), "{keys}: {wrong}");
    }
    let wrong = Workflow::new("w").breaker(BreakerPolicy::On(Breaking { probes: 0, ..own })).task("a", kind("k"));
    assert!(wrong.build().unwrap_err().to_string().contains("breaker.probes must be in 1..=32, but is 0"));
}
