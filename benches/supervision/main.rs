//! What it costs that agents die: `cargo bench --bench supervision`.
//!
//! How long a task whose agent dies is nowhere (virtual and real), what a restart costs, what guards cost a task that nothing happens to, and whether
//! thousands of restarts, and thousands of runs below runs, leave anything behind.

use polity::event::{Event, What};
use polity::lifecycle::Timeouts;
use polity::prelude::*;
use polity::protocols::{TaskId, Time};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

fn main() {
    elsewhere();
    restarts();
    nested();
    guards();
}

/// A society of 320 in which each of 300 tasks kills its first agent. One task is done after the other, so that others are free: what is measured is
/// how soon a death is noticed and the task is elsewhere, not how long a restart's back-off is.
fn fragile(builder: polity::Builder) -> polity::Builder {
    let tried: Rc<RefCell<BTreeMap<String, u32>>> = Rc::default();
    let work = move |job: Job, context: Context| {
        let tried = tried.clone();
        async move {
            context.sleep(Duration::from_millis(1)).await;
            let times = tried.borrow_mut().entry(job.name.to_string()).and_modify(|n| *n += 1).or_insert(1).to_owned();
            assert!(times > 1, "it dies");
            Ok(Value::Null)
        }
    };
    let ids = || (0..320).map(|n| format!("a{n}"));
    // It shall die as often as it must: the limit of restarts is not what is measured.
    let group = polity::supervision::SupervisorSpec::new("all", ids());
    let group = polity::supervision::SupervisorSpec {
        intensity: polity::supervision::Intensity { restarts: 1_000_000, ..group.intensity },
        ..group
    };
    let agents = ids().map(|id| AgentSpec::new(id, can("x", 1.0)));
    agents.fold(builder.function("work", work), |builder, spec| builder.agent_spec(spec)).supervisor(group)
}
fn flow(tasks: usize) -> Workflow {
    let mut flow = Workflow::new("w");
    for n in 0..tasks {
        let task = function("work").kind("x");
        flow = flow.task(&format!("t{n}"), if n == 0 { task } else { task.depends_on(&format!("t{}", n - 1)) });
    }
    flow.build().expect("it is right")
}

/// From the loss of an agent to the start of its task with another.
fn gaps(events: &[Event]) -> Vec<f64> {
    let (mut lost, mut gaps): (BTreeMap<TaskId, Time>, Vec<f64>) = Default::default();
    for event in events {
        match event.what {
            What::Displaced { task, .. } => drop(lost.insert(task, event.at)),
            What::Started { task, .. } => {
                gaps.extend(lost.remove(&task).map(|at| event.at.since(at).as_secs_f64() * 1e6));
            }
            _ => {}
        }
    }
    gaps.sort_by(f64::total_cmp);
    gaps
}
fn show(what: &str, gaps: &[f64]) {
    let at = |p: f64| gaps.get(((gaps.len() as f64 * p) as usize).min(gaps.len().saturating_sub(1))).copied().unwrap_or(f64::NAN);
    println!("  {what:<30} {:>7} deaths   p50 {:>10.1} us   p99 {:>10.1} us", gaps.len(), at(0.5), at(0.99));
}

fn elsewhere() {
    println!(
        "from an agent's death to its task running elsewhere: 320 agents, a chain of 300 tasks, each of which kills its first agent"
    );
    let direct = || Hierarchical { reporting: polity::protocols::hierarchical::Reporting::Direct, ..Hierarchical::default() };
    quietly(|| {
        for (name, leads) in [("a leader", true), ("a tree of leads", false)] {
            for real in [false, true] {
                let events: Rc<RefCell<Vec<Event>>> = Rc::default();
                let sink = events.clone();
                let government = if leads { direct() } else { Hierarchical::default() };
                let all = async move {
                    let society = fragile(Polity::builder()).strategy(government).sink(sink).start().expect("it starts");
                    let _ = society.launch(flow(300), RunOptions::default()).expect("it is launched").join().await;
                };
                if real {
                    polity::run(all)
                } else {
                    polity::simulate(1, all)
                }
                show(&format!("{name}, {}", if real { "real time" } else { "virtual time" }), &gaps(&events.borrow()));
            }
        }
    });
}

/// What this process holds now, in MiB.
fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default().to_owned();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1024.0
}

/// The same agent, again and again.
fn restarts() {
    println!("\nrestarts in a row of one agent of two");
    quietly(|| {
        polity::simulate(1, async move {
            let group = polity::supervision::SupervisorSpec::new("all", ["ann", "bob"]);
            let group = polity::supervision::SupervisorSpec {
                intensity: polity::supervision::Intensity { restarts: 1_000_000, ..group.intensity },
                ..group
            };
            let builder = ["ann", "bob"].iter().fold(Polity::builder(), |b, id| b.agent_spec(AgentSpec::new(*id, can("x", 1.0))));
            let society = builder.supervisor(group).start().expect("it starts");
            society.sleep(Duration::from_secs(1)).await;
            let (mut done, mut first) = (0, f64::NAN);
            for count in [100, 1_000, 10_000] {
                let since = Instant::now();
                for _ in done..count {
                    let _ = society.crash("ann");
                    society.sleep(Duration::from_secs(20)).await; // back-off is at most 10 s
                }
                let each = since.elapsed().as_secs_f64() * 1e6 / f64::from(count - done);
                done = count;
                let now = memory();
                first = if first.is_nan() { now } else { first };
                println!("  after {count:>6}: {now:>6.1} MiB ({:+.1} since the first hundred), {each:>6.1} us each", now - first);
            }
        });
    });
}

/// Work that is handed on twice, each time to sub-agents that are made for it.
fn nested() {
    println!("\nruns in a row whose work is handed on twice, each time to a sub-agent made for it");
    let boss = || {
        agent_fn(can("plan", 1.0), |_, context: Context| async move {
            let part = AgentSpec { behaviour: Some("part".into()), ..AgentSpec::new("part", can("part", 1.0)) };
            context.delegate(Workflow::new("parts").agent(part).task("a", kind("part")).task("b", kind("part")))
        })
    };
    let part = |_, context: Context| async move {
        let helper = AgentSpec { behaviour: Some("help".into()), ..AgentSpec::new("helper", can("help", 1.0)) };
        context.delegate(Workflow::new("help").agent(helper).task("c", kind("help")))
    };
    polity::simulate(1, async move {
        let society = Polity::builder().agent("boss", boss).function("part", part);
        let society = society.function("help", |_, _| async { Ok(Value::Null) }).start().expect("it starts");
        let (mut done, mut first) = (0, f64::NAN);
        for count in [100, 1_000, 10_000] {
            let since = Instant::now();
            for _ in done..count {
                society.run(Workflow::new("w").task("plan", kind("plan"))).await.expect("it is done");
                society.sleep(Duration::from_secs(1)).await;
            }
            let each = since.elapsed().as_secs_f64() * 1e6 / f64::from(count - done);
            done = count;
            let now = memory();
            first = if first.is_nan() { now } else { first };
            let (agents, coordinators) = (society.agents().len(), society.coordinators().len());
            println!(
                "  after {count:>6}: {now:>6.1} MiB ({:+.1} since the first hundred), {agents} agents, {coordinators} coordinator, {each:>6.1} us each",
                now - first
            );
        }
    });
}

/// What a task pays for guards that have nothing to do.
fn guards() {
    println!("\nguards that have nothing to do: 100 × 100 tasks, hierarchical, 8 agents; the best of three");
    let cost = |task: fn(TaskBuilder) -> TaskBuilder| {
        (0..3)
            .map(|_| {
                polity::simulate(1, async move {
                    let builder =
                        (0..8).fold(Polity::builder(), |b, n| b.agent_spec(AgentSpec::new(format!("a{n}"), can("x", 1.0))));
                    let society = builder.function("nothing", |_, _| async { Ok(Value::Null) }).start().expect("it starts");
                    let mut flow = Workflow::new("w");
                    for n in 0..10_000 {
                        let made = task(function("nothing").kind("x"));
                        let made = if n < 100 { made } else { made.depends_on(&format!("t{}", n - 100)) };
                        flow = flow.task(&format!("t{n}"), made);
                    }
                    let flow = flow.build().expect("it is right");
                    let since = Instant::now();
                    let _ = society.launch(flow, RunOptions::default()).expect("it is launched").join().await;
                    since.elapsed().as_secs_f64() * 1e6 / 10_000.0
                })
            })
            .fold(f64::INFINITY, f64::min)
    };
    let bare = cost(|task| task);
    println!("  {:<28} {bare:>7.2} us/task", "none");
    type Change = fn(TaskBuilder) -> TaskBuilder;
    let all: [(&str, Change); 4] = [
        ("a retry policy", |task| task.retry(RetryPolicy::default())),
        ("four timeouts", |task| {
            let hour = Some(Duration::from_secs(3_600));
            task.timeouts(Timeouts { queue: hour, attempt: hour, total: hour, heartbeat: hour })
        }),
        ("a fallback", |task| task.fallback(function("nothing"))),
        ("a hedge", |task| task.hedge(polity::lifecycle::Hedge::After(Duration::from_secs(3_600)))),
    ];
    for (name, task) in all {
        let cost = cost(task);
        println!("  {name:<28} {cost:>7.2} us/task   × {:.2}", cost / bare);
    }
}

/// Panics are what is measured, not what is read.
fn quietly(f: impl FnOnce()) {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    f();
    std::panic::set_hook(usual);
}
