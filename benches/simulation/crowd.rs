//! A large simulation: each strategy in a process of its own, so that peak memory is its own.

use crate::meter::peak_memory;
use crate::polis::{Town, live, town};

/// Layers of so many tasks for each agent.
const A_LAYER: usize = 2;

pub fn show(strategies: &[&str], agents: usize, tasks: usize) {
    println!("{tasks} tasks on {agents} agents; events and tasks a CPU-second, and the most memory that the process held");
    let me = std::env::current_exe().expect("a process has a file");
    for strategy in strategies {
        let words = ["crowd-of-one", strategy, &agents.to_string(), &tasks.to_string()];
        let said = std::process::Command::new(&me).args(words).output().expect("this very program runs");
        let end = if said.status.success() {
            String::new()
        } else {
            format!("  {}: {}", said.status, String::from_utf8_lossy(&said.stderr))
        };
        print!("  {strategy:<16} {}{end}", String::from_utf8_lossy(&said.stdout));
    }
}

pub fn one(strategy: &str, agents: usize, tasks: usize) {
    let width = (agents * A_LAYER).min(tasks);
    let town: Town = town(agents, (tasks / width) as u32, width as u32);
    let before = peak_memory();
    let life = live(&town, strategy);
    println!("{}; {before:.0} MB before, peak {:.0} MB", life.line(), peak_memory());
}
