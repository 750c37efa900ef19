//! Storms: one seed makes a society, workflows, weather, mishaps, faults on purpose, and orders; the log of what happened is judged.
//!
//! - `POLITY_STORM_SEED=123 cargo nextest run --test storm` plays one storm again.
//! - `POLITY_STORM_SEEDS=100000 cargo test --release -p polity --test storm -- --test-threads=2` plays many: a soak.
//! - `scripts/mutations` shows that the storms find bugs that are planted by hand.

#![allow(clippy::unwrap_used)]

mod again;
mod heckler;
mod judge;
mod mutants;
mod nested;
mod play;
mod purse;
mod scene;
mod seen;
mod spy;

use seen::{Gone, Seen};

/// Storms of a usual test.
const STORMS: u64 = 2_000;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{variable} must be a number, but is \"{text}\"")))
}

/// What was found out, also if it was found out by a panic.
fn whole(play: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(play)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|&said| said.to_owned()));
        Err(format!("a panic: {}", said.unwrap_or_else(|| "it says nothing".into())))
    })
}

#[test]
fn every_promise_holds_in_every_storm() {
    let mut seen = Seen::default();
    if let Some(seed) = number("POLITY_STORM_SEED") {
        let storm = play::play(seed);
        println!("{}", storm.words());
        judge::judge(&storm, &mut seen).unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
        return println!("{seen:#?}");
    }
    let mut broken = Vec::new();
    for seed in 0..number("POLITY_STORM_SEEDS").unwrap_or(STORMS) {
        if let Err(what) = whole(|| judge::judge(&play::play(seed), &mut seen)) {
            broken.push(format!("{what}\n    {}", play::replay(seed)));
        }
    }
    println!("{seen:#?}");
    assert!(broken.is_empty(), "{} broken promises:\n{}", broken.len(), broken[..broken.len().min(10)].join("\n"));
    seen.assert_all();
}

#[test]
fn who_goes_on_with_a_run_that_died_somewhere_forgets_nothing_and_repeats_nothing() {
    let mut gone = Gone::default();
    if let Some(seed) = number("POLITY_STORM_SEED") {
        println!("{}", again::words(seed));
        let broken = again::play_all(seed..=seed, &mut gone);
        return assert!(broken.is_empty(), "seed {seed}: {}", broken[0]);
    }
    let broken = again::play_all(0..number("POLITY_STORM_SEEDS").unwrap_or(STORMS), &mut gone);
    println!("{gone:#?}");
    assert!(broken.is_empty(), "{} broken promises:\n{}", broken.len(), broken[..broken.len().min(10)].join("\n"));
    gone.assert_all();
}

#[test]
fn a_purse_that_is_spent_pays_for_nothing_more() {
    let mut purses = purse::Purses::default();
    if let Some(seed) = number("POLITY_STORM_SEED") {
        return assert_eq!(purse::play(seed, &mut purses), Ok(()));
    }
    let seeds = 0..number("POLITY_STORM_SEEDS").unwrap_or(STORMS);
    let broken: Vec<String> = seeds.filter_map(|seed| purse::play(seed, &mut purses).err()).collect();
    println!("{purses:#?}");
    assert!(broken.is_empty(), "{} broken promises:\n{}", broken.len(), broken[..broken.len().min(10)].join("\n"));
    purses.assert_all();
}

#[test]
fn what_sub_runs_did_is_undone_in_its_turn_once_or_named_whatever_happens() {
    let mut nests = nested::Nests::default();
    if let Some(seed) = number("POLITY_STORM_SEED") {
        return assert_eq!(nested::play(seed, &mut nests), Ok(()));
    }
    let seeds = 0..number("POLITY_STORM_SEEDS").unwrap_or(STORMS / 2);
    let broken: Vec<String> = seeds.filter_map(|seed| whole(|| nested::play(seed, &mut nests)).err()).collect();
    println!("{nests:#?}");
    assert!(broken.is_empty(), "{} broken promises:\n{}", broken.len(), broken[..broken.len().min(10)].join("\n"));
    nests.assert_all();
}

#[test]
fn a_judge_that_accepts_everything_would_be_found_out() {
    let mut found = std::collections::BTreeMap::new();
    for seed in 0..80 {
        let storm = play::play(seed);
        assert_eq!(judge::judge(&storm, &mut Seen::default()), Ok(()), "{}", play::replay(seed));
        for forged in judge::forgeries(&storm) {
            let verdict = judge::judge(&forged.storm, &mut Seen::default());
            assert!(verdict.is_err(), "{} was not noticed: {}", forged.how, play::replay(seed));
            *found.entry(forged.how).or_insert(0) += 1;
        }
    }
    let tried: Vec<&str> = judge::WAYS.iter().map(|(how, _)| *how).filter(|how| !found.contains_key(how)).collect();
    assert!(tried.is_empty(), "no storm had anything to forge for: {tried:?}; {found:?}");
}
