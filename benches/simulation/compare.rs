//! `polity compare`, as one waits for it.

use crate::meter::Meter;
use crate::polis::{settings, town};
use polity::laboratory::{Arm, Comparison, Plan, Trial, cores};
use std::time::Instant;

/// Four strategies, 30 seeds, 1,000 tasks, 16 agents.
pub fn show() {
    let arms: Vec<Arm> = crate::STRATEGIES[..4].iter().map(|name| Arm::with(name, settings(name))).collect();
    let subject = town(16, 20, 50).0.with_noise(0.2).expect("a graph's work may stray");
    let plan = Plan { subjects: vec![subject], arms, first: 1, seeds: 30, threads: cores() };
    println!("\ncompare: 4 strategies × 30 seeds × 1,000 tasks × 16 agents, {} threads", plan.threads);
    let (began, before) = (Instant::now(), process());
    let comparison = Comparison::make(plan, |_| {}).expect("every try ends");
    let (made, tried) = (began.elapsed().as_secs_f64(), process() - before);
    let pages = comparison.table().len() + comparison.csv().len() + comparison.page("polity compare").expect("it is drawn").len();
    println!(
        "  tries {made:.2} s ({tried:.2} CPU s, {:.1} ms each); table, CSV and page ({} KB) {:.2} s more",
        tried * 1e3 / 120.0,
        pages / 1024,
        began.elapsed().as_secs_f64() - made
    );
}

/// CPU seconds of all threads of this process.
fn process() -> f64 {
    let spent = nix::time::clock_gettime(nix::time::ClockId::CLOCK_PROCESS_CPUTIME_ID);
    spent.map_or(f64::NAN, |spent| spent.tv_sec() as f64 + spent.tv_nsec() as f64 / 1e9)
}

/// The same try again and again, for a profiler.
pub fn trials(strategy: &str, rounds: usize) {
    let subject = town(16, 20, 50).0.with_noise(0.2).expect("a graph's work may stray");
    let arm = Arm::with(strategy, settings(strategy));
    let meter = Meter::start();
    for _ in 0..rounds {
        Trial::under(&subject, arm.strategy.clone(), 1).run().expect("it ends");
    }
    println!("{strategy}: {:.2} ms a try", meter.spent() * 1e3 / rounds as f64);
}
