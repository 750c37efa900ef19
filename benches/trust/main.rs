//! Trust under attack: which share of the work dishonest agents get under each government, and whether it is ever taken from them.
//! `scripts/trust` prints the table and draws `docs/trust-under-attack.svg`.
//!
//! With the argument `picture` only that is drawn. Everything is virtual: the figures are the same on every machine.

mod attack;
mod plot;

use attack::{AGENTS, Attack, EACH, Played, Regime};
use plot::{Curve, Panel};

const REGIMES: [Regime; 4] = [
    Regime { strategy: "hierarchical", copies: 1 },
    Regime { strategy: "consensus", copies: 1 },
    Regime { strategy: "market", copies: 1 },
    Regime { strategy: "stigmergic", copies: 1 },
];
const SEEDS: [u64; 1] = [1];
const MARKS: [usize; 5] = [1, 10, 50, 200, 1_000];
/// So many are dishonest in the picture.
const DRAWN: usize = 4;
/// The share that counts as cured.
const CURED: f64 = 0.05;

/// A line of the table: all seeds of one regime under one attack.
struct Row {
    played: Vec<Played>,
    /// The same, if they were honest.
    honest: Vec<Played>,
}
impl Row {
    fn mean(&self, of: impl Fn(&Played) -> f64) -> f64 {
        self.played.iter().map(of).sum::<f64>() / self.played.len() as f64
    }
    /// The median over the seeds; never counts as most.
    fn cured(&self) -> Option<f64> {
        let mut all: Vec<f64> = self.played.iter().map(|p| p.falls_under(CURED).unwrap_or(f64::INFINITY)).collect();
        all.sort_by(f64::total_cmp);
        Some(all[all.len() / 2]).filter(|n| n.is_finite())
    }
}

/// The regime as it meets an attack: who fears wrong results has three do each task. With one nobody could tell.
fn met(regime: Regime, attack: Attack) -> Regime {
    Regime { copies: if attack == Attack::Lies { 3 } else { 1 }, ..regime }
}

fn main() {
    let picture_only = std::env::args().any(|arg| arg == "picture");
    println!("{EACH} awards each, {AGENTS} agents, four tasks open at a time: the honest alone could do them");
    println!("share of awards that go to the dishonest, when each of {AGENTS} agents had got so many awards on average");
    println!("| government | attack | dishonest | 1 | 10 | 50 | 200 | 1,000 | if honest | under 5 % after | wrong results |");
    println!("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    let mut panels = Vec::new();
    for attack in Attack::ALL {
        let mut panel = Panel { title: attack.name().into(), curves: Vec::new() };
        for regime in REGIMES.map(|regime| met(regime, attack)) {
            for dishonest in [1, 2, DRAWN] {
                if picture_only && dishonest != DRAWN {
                    continue;
                }
                let all = |truly| SEEDS.iter().map(|seed| attack::play(regime, attack, dishonest, truly, *seed)).collect();
                let row = Row { played: all(false), honest: if picture_only { Vec::new() } else { all(true) } };
                if !picture_only {
                    print(&row, regime, attack, dishonest);
                }
                if dishonest == DRAWN {
                    let points = (1..=EACH).filter(|n| is_drawn(*n)).map(|n| (n as f64, row.mean(|p| p.share_at(n)))).collect();
                    panel.curves.push(Curve { name: regime.title(), points });
                }
            }
        }
        panels.push(panel);
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/trust-under-attack.svg");
    std::fs::write(path, plot::svg(&panels)).expect("the folder `docs` can be written");
    println!("\ndocs/trust-under-attack.svg shows the case of {DRAWN} dishonest agents of {AGENTS}");
}

/// Some forty points, evenly on a logarithmic axis.
fn is_drawn(n: usize) -> bool {
    let step = |n: usize| ((n as f64).log10() * 14.0).floor();
    n >= 5 && (n == 5 || step(n) > step(n - 1))
}

fn print(row: &Row, regime: Regime, attack: Attack, dishonest: usize) {
    let shares: Vec<String> = MARKS.iter().map(|mark| format!("{:.1} %", 100.0 * row.mean(|p| p.share_at(*mark)))).collect();
    let cured = row.cured().map_or_else(|| "never".into(), |n| format!("{n:.1}"));
    let honest = row.honest.iter().map(|p| p.share(0, usize::MAX)).sum::<f64>() / row.honest.len().max(1) as f64;
    let wrong = row.mean(|p| p.wrong.0 as f64 / p.wrong.1.max(1) as f64);
    println!(
        "| {} | {} | {} % | {} | {:.1} % | {cured} | {:.1} % |",
        regime.title(),
        attack.name(),
        100 * dishonest / AGENTS,
        shares.join(" | "),
        100.0 * honest,
        100.0 * wrong
    );
}
