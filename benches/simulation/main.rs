//! What a simulated event costs, as ratios to a bare heap and to bare actix in the same run: `cargo bench --bench simulation`.
//!
//! - **Event**: of the bare loops a wake or a receipt; of Polity a message that was delivered to an actor or an alarm that went off
//!   (`Society::messages`), protocol talk, jobs and their answers alike. What the event log records is not counted.
//! - Seconds are CPU time of the thread that simulates, since the machine is shared; where two threads work, wall time stands beside.
//! - Figures are medians of rounds, and a ratio compares two figures of one round.
//!
//! `-- crowd [STRATEGY…]` simulates 1,000,000 tasks on 100,000 agents, each strategy in a process of its own: minutes, and gigabytes.
//! `-- crowd STRATEGY AGENTS TASKS` takes other numbers. `-- one STRATEGY AGENTS LAYERS WIDTH ROUNDS` is for a profiler.

mod bare;
mod compare;
mod crowd;
#[path = "../floor/meter.rs"]
mod meter;
mod polis;

use polis::{Town, town};

/// As in the command line.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The governments, and the cheapest baseline: what remains is the machine itself.
pub const STRATEGIES: [&str; 5] = ["hierarchical", "consensus", "market", "stigmergic", "min_completion"];

const ROUNDS: usize = 5;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[..] {
        [] => {
            rates();
            compare::show();
        }
        ["rates"] => rates(),
        ["compare"] => compare::show(),
        ["crowd"] => crowd::show(&STRATEGIES, 100_000, 1_000_000),
        ["crowd", strategy, agents, tasks] if agents.parse::<u32>().is_ok() => {
            crowd::show(&[strategy], number(agents), number(tasks));
        }
        ["crowd", ref strategies @ ..] => crowd::show(strategies, 100_000, 1_000_000),
        ["crowd-of-one", strategy, agents, tasks] => crowd::one(strategy, number(agents), number(tasks)),
        ["one", strategy, agents, layers, width, rounds] => {
            let town = town(number(agents), number(layers), number(width));
            for _ in 0..number::<usize>(rounds) {
                println!("{}", polis::live(&town, strategy).line());
            }
        }
        ["trial", strategy, rounds] => compare::trials(strategy, number(rounds)),
        _ => println!("nothing is called {words:?}; see the head of benches/simulation/main.rs"),
    }
}

fn number<N: std::str::FromStr>(word: &str) -> N {
    word.parse().unwrap_or_else(|_| panic!("a number is wanted, but \"{word}\" is given"))
}

/// The middle of some figures.
pub fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = figures.into_iter().collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

fn rates() {
    println!("simulated events a CPU-second; medians of {ROUNDS} rounds\n");
    let towns = [("1,000 × 16", town(16, 20, 50)), ("20,000 × 100", town(100, 40, 500))];
    let rows: Vec<(&str, &Town, &str)> =
        towns.iter().flat_map(|(name, town)| STRATEGIES.map(|strategy| (*name, town, strategy))).collect();
    let mut floors = Vec::new();
    let mut lives = vec![Vec::new(); rows.len()];
    for _ in 0..ROUNDS {
        floors.push((bare::heap(), bare::actors()));
        for (row, (_, town, strategy)) in rows.iter().enumerate() {
            // A small town is over in a few milliseconds: it is simulated several times.
            let times = (20_000 / town.tasks()).max(1);
            lives[row].push(polis::Life::sum((0..times).map(|_| polis::live(town, strategy))));
        }
    }
    let (heap, actors) = (median(floors.iter().map(|f| f.0)), median(floors.iter().map(|f| f.1)));
    println!("  {:<14} {:<16} {:>12} {:>10} {:>10}", "", "", "events/s", "of actix", "of heap");
    println!("  {:<14} {:<16} {heap:>12.0} {:>10.2} {:>10.2}", "bare heap", "", heap / actors, 1.0);
    println!("  {:<14} {:<16} {actors:>12.0} {:>10.2} {:>10.2}", "bare actix", "", 1.0, actors / heap);
    println!(
        "\n  {:<14} {:<16} {:>12} {:>10} {:>10} {:>12} {:>12}",
        "tasks × agents", "", "events/s", "of actix", "of heap", "events/task", "tasks/s"
    );
    for ((name, _, strategy), lives) in rows.iter().zip(&lives) {
        let of =
            |floor: fn(&(f64, f64)) -> f64| median(lives.iter().zip(&floors).map(|(life, f)| life.events_a_second() / floor(f)));
        println!(
            "  {name:<14} {strategy:<16} {:>12.0} {:>10.2} {:>10.3} {:>12.1} {:>12.0}",
            median(lives.iter().map(polis::Life::events_a_second)),
            of(|f| f.1),
            of(|f| f.0),
            lives[0].events as f64 / lives[0].tasks as f64,
            median(lives.iter().map(|life| life.tasks as f64 / life.seconds))
        );
    }
}
