//! What the whole path of a task costs, as ratios to bare actix in the same run: `cargo bench`.
//!
//! Figures are CPU time of the control thread, since the machine is shared; a ratio compares two figures of one run.

mod bare;
mod flows;
mod meter;
mod voices;

use flows::{layered, simulated_day};
use meter::{Meter, peak_memory};
use polity::event::Event;
use polity::prelude::*;
use polity::report::{RunFolder, Writer};
use std::cell::RefCell;
use std::rc::Rc;

/// Where the events of a run go.
#[derive(Clone, Copy, PartialEq)]
enum Events {
    Nowhere,
    Memory,
    File,
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("peak") => peak(),
        Some("day") => drop(simulated_day(1_000, 4_000)),
        Some("voices") => voices(),
        Some("shape") => {
            let cost = walk(layered(1000, 100), Events::Nowhere);
            println!("{:.3} us/task", cost * 1e6);
        }
        _ => all(),
    }
}

fn all() {
    println!("raw actix (this thread)");
    let tell = bare::tells(2_000_000);
    let spawn = bare::spawns(200_000);
    println!("  tell         {:>8.3} us   {:>12.0} /s", tell * 1e6, 1.0 / tell);
    println!("  spawn + stop {:>8.3} us   {:>12.0} /s", spawn * 1e6, 1.0 / spawn);

    println!("\nno-op tasks through the whole path: hierarchical, 8 agents");
    println!("  {:<18} {:<8} {:>10} {:>12} {:>16}", "shape", "events", "us/task", "tasks/s", "× the bare loop");
    for (name, width, depth) in [("layered 1000×100", 1000, 100), ("wide 10000", 10_000, 1), ("chain 10000", 1, 10_000)] {
        let floor = best(3, || bare::walk(&layered(width, depth)));
        println!("  {name:<18} {:<8} {:>10.3} {:>12.0} {:>16}", "(bare)", floor * 1e6, 1.0 / floor, "1.0");
        for (word, events) in [("none", Events::Nowhere), ("memory", Events::Memory), ("file", Events::File)] {
            let cost = best(3, || walk(layered(width, depth), events));
            println!("  {name:<18} {word:<8} {:>10.3} {:>12.0} {:>16.1}", cost * 1e6, 1.0 / cost, cost / floor);
        }
    }

    println!("\ngrowth: layers of 1000 (1k: 100), events in memory");
    let mut last: Option<(f64, f64)> = None;
    for (tasks, width, depth) in [(1_000, 100, 10), (10_000, 1000, 10), (100_000, 1000, 100), (1_000_000, 1000, 1000)] {
        let cost = walk(layered(width, depth), Events::Memory);
        let exponent =
            last.map(|(n, before): (f64, f64)| ((cost * f64::from(tasks)) / (before * n)).log2() / (f64::from(tasks) / n).log2());
        println!(
            "  {tasks:>9} tasks {:>8.3} us/task   exponent {}",
            cost * 1e6,
            exponent.map_or("-".into(), |e| format!("{e:.3}"))
        );
        last = Some((f64::from(tasks), cost));
    }

    println!("\nvirtual time: one day, 1,000 agents, 20,000 tasks");
    let meter = Meter::start();
    let (events, messages, day) = simulated_day(1_000, 20_000);
    let spent = meter.spent();
    println!(
        "  {day:.0} virtual s in {spent:.2} CPU s: {:.0} messages/s, {:.0} events/s",
        messages as f64 / spent,
        events as f64 / spent
    );

    voices();

    println!("\npeak memory, 100,000 tasks (a process of its own)");
    let me = std::env::current_exe().expect("a process has a file");
    let said = std::process::Command::new(me).arg("peak").output().expect("this very program runs");
    print!("{}", String::from_utf8_lossy(&said.stdout));
}

fn voices() {
    println!("\nletters between two agents, live (100,000 there and back)");
    let (rate, [p50, p99, most]) = voices::volley(100_000);
    println!("  {rate:.0} letters/CPU-second; from tell to handler: p50 {p50:?}, p99 {p99:?}, at most {most:?}");
}

fn best(times: u32, mut measure: impl FnMut() -> f64) -> f64 {
    (0..times).map(|_| measure()).fold(f64::INFINITY, f64::min)
}

fn peak() {
    let before = peak_memory();
    walk(layered(1000, 100), Events::Nowhere);
    let quiet = peak_memory();
    walk(layered(1000, 100), Events::Memory);
    println!("  start {before:.0} MB, run {quiet:.0} MB, with all events kept in memory {:.0} MB", peak_memory());
}

/// Seconds per task, from the launch to the end.
fn walk(flow: polity::workflow::Workflow, events: Events) -> f64 {
    let tasks = flow.tasks.len();
    let folder = (events == Events::File).then(|| tempfile::tempdir().expect("a place for temporary files"));
    let writer = folder.as_ref().map(|dir| {
        let folder = RunFolder::create(dir.path(), "bench").expect("the folder is new");
        Writer::start(&folder, polity::event::RunId(0)).expect("the folder is ours")
    });
    let kept = Rc::new(RefCell::new(Vec::<Event>::new()));
    polity::run(async {
        let mut builder = Polity::builder().function("noop", |_, _| async { Ok(Value::Null) });
        if events == Events::Memory {
            builder = builder.sink(kept.clone());
        }
        if let Some(writer) = &writer {
            builder = builder.sink(writer.clone());
        }
        let society = builder.start().expect("the society is right");
        let meter = Meter::start();
        let run = society.launch(flow, RunOptions::default()).expect("the workflow is right");
        let result = run.join().await.expect("the runtime lives");
        assert_eq!(result.tally().completed as usize, tasks);
        meter.spent() / tasks as f64
    })
}
