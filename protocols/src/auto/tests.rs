use super::*;
use crate::consensus::Consensus;
use crate::hierarchical::{Delegation, Hierarchical};
use crate::market::Market;
use crate::stigmergic::Stigmergic;
use crate::testing::{Body, Fate, Report, Table, suite};
use crate::{AgentId, Capabilities, Demand, DemandId, Profile, Protocol, Rng, TaskId, TaskView, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

#[test]
fn a_choice_between_governments_keeps_the_rules() {
    let seen = suite(|| Auto { term: 3, ..Auto::default() }, 200);
    assert!(seen.lingered > 100 && seen.withdrawals_while_open > 0, "{seen:?}");
    suite(|| Auto { term: 1, explore: 5.0, forget: 0.2, ..Auto::default() }, 100);
    let two = || vec![Choice::Stigmergic, Choice::Market];
    suite(|| Auto { term: 2, among: two(), ..Auto::default() }, 100);
}

#[test]
fn settings_are_checked() {
    let sentence = |auto: Auto| auto.check().unwrap_err();
    let among = |among: &[Choice]| Auto { among: among.to_vec(), ..Auto::default() };
    assert_eq!(sentence(among(&[])), "auto.among must name at least one government, but is empty");
    assert_eq!(sentence(among(&[Choice::Market; 2])), "auto.among must name each government once, but names market twice");
    assert_eq!(sentence(Auto { term: 0, ..Auto::default() }), "auto.term must be at least 1, but is 0");
    let explore = Auto { explore: f64::NAN, ..Auto::default() };
    assert_eq!(sentence(explore), "auto.explore must be a finite number from 0 on, but is NaN");
    assert_eq!(sentence(Auto { forget: 1.0, ..Auto::default() }), "auto.forget must be in [0, 1), but is 1");
    let inner = Auto { stigmergic: Stigmergic { decay: 1.0, ..Stigmergic::default() }, ..Auto::default() };
    assert_eq!(sentence(inner.clone()), "auto.stigmergic.decay must be in [0, 1), but is 1");
    assert_eq!(Auto { among: vec![Choice::Market], ..inner }.check(), Ok(()));
}

const TASKS: u32 = 480;

fn arrivals(seed: u64) -> Vec<(Time, f64)> {
    let (mut rng, mut at) = (Rng::new(seed, "arrivals"), 0.0);
    (0..TASKS)
        .map(|_| {
            at += rng.exponential(0.9);
            (Time::from_secs_f64(at), rng.between(1.0, 4.0))
        })
        .collect()
}

/// A stream of tasks for agents of very different speeds.
fn stream<P: Protocol>(protocol: P, seed: u64) -> Report {
    let mut table = Table::new(protocol, seed);
    for (index, speed) in [0.4, 0.5, 0.7, 1.0, 2.0, 3.0].into_iter().enumerate() {
        let profile = Profile::new(format!("agent-{index}"), Capabilities::default()).speed(speed).cost(1.0);
        table = table.agent(Body::new(profile).noise(0.2));
    }
    let any = Arc::new(Demand::any(DemandId(0)));
    for (number, (at, work)) in arrivals(seed).into_iter().enumerate() {
        table = table.announce_at(at, TaskView::new(TaskId::new(0, number as u32), any.clone()).work(work));
    }
    let report = table.run_until_quiet();
    assert_eq!((report.done(), &report.violations), (TASKS as usize, &Vec::new()));
    report
}

/// Seconds from announcement to success, by task.
fn waits(report: &Report, seed: u64) -> Vec<f64> {
    let done = report.tasks.values().zip(arrivals(seed));
    let wait = |(fate, (announced, _)): (&Fate, (Time, f64))| match fate {
        Fate::Done { at, .. } => at.since(announced).as_secs_f64(),
        _ => f64::NAN,
    };
    done.map(wait).collect()
}

fn haphazard() -> Hierarchical {
    Hierarchical { delegation: Delegation::Random, ..Hierarchical::default() }
}
fn auto() -> Auto {
    Auto { term: 8, hierarchical: haphazard(), ..Auto::default() }
}
fn mean(numbers: impl Iterator<Item = f64> + Clone) -> f64 {
    numbers.clone().sum::<f64>() / numbers.count() as f64
}

#[test]
fn regret_per_task_against_the_best_fixed_government_falls() {
    let mut regret = vec![0.0; TASKS as usize];
    const SEEDS: u64 = 12;
    for seed in 0..SEEDS {
        let fixed = [
            waits(&stream(haphazard(), seed), seed),
            waits(&stream(Consensus::default(), seed), seed),
            waits(&stream(Market::default(), seed), seed),
            waits(&stream(Stigmergic::default(), seed), seed),
        ];
        let best = fixed.iter().min_by(|a, b| mean(a.iter().copied()).total_cmp(&mean(b.iter().copied()))).unwrap();
        let own = waits(&stream(auto(), seed), seed);
        own.iter().zip(best).enumerate().for_each(|(task, (own, best))| regret[task] += (own - best) / SEEDS as f64);
    }
    let quarters: Vec<f64> = regret.chunks(TASKS as usize / 4).map(|quarter| mean(quarter.iter().copied())).collect();
    println!("regret in seconds per task, by quarter: {quarters:.3?}");
    assert!(quarters[0] > 0.1 && quarters[3] < quarters[0] / 2.0, "{quarters:?}");
}

#[test]
fn it_says_who_governs_and_why_and_leaves_the_worst_alone() {
    let report = stream(auto(), 1);
    let mut governed: [BTreeMap<&str, usize>; 2] = [BTreeMap::new(), BTreeMap::new()];
    for (number, award) in report.awards.iter().enumerate() {
        let reason = &award.decision.reason;
        let (_, why) = reason.rsplit_once("; ").unwrap();
        let (who, why) = why.split_once(" governs, since ").unwrap();
        assert!(Choice::ALL.iter().any(|choice| choice.name() == who) && !why.is_empty(), "{reason}");
        assert_eq!(award.decision.protocol, "auto");
        *governed[number * 2 / report.awards.len()].entry(who).or_default() += 1;
    }
    println!("{governed:?}; {}", report.awards.last().unwrap().decision.reason);
    let share = |half: usize| governed[half].get("hierarchical").copied().unwrap_or(0);
    assert!(governed[0].len() == 4 && share(0) > 0 && share(1) * 2 < share(0).max(20), "{governed:?}");
}

#[test]
fn the_regret_of_the_bandit_grows_slower_than_its_pulls() {
    let means = [0.35, 0.45, 0.5, 0.55];
    let (mut early, mut late) = (0.0, 0.0);
    for seed in 0..20 {
        let (mut bandit, mut rng) = (Bandit::new(4, 0.2, 0.0), Rng::new(seed, "bandit"));
        for pull in 0..4_000 {
            let arm = bandit.choose(&mut rng);
            bandit.learn(arm, means[arm] + 0.2 * rng.normal());
            *(if pull < 1_000 { &mut early } else { &mut late }) += means[3] - means[arm];
        }
    }
    assert!(early > 0.0 && late / 3.0 < early / 4.0, "{early} {late}");
}

#[test]
fn a_bandit_that_forgets_follows_a_change_and_one_that_does_not_is_slow() {
    let right_after = |forget: f64| {
        let (mut bandit, mut rng, mut right) = (Bandit::new(2, 0.05, forget), Rng::new(3, "bandit"), 0);
        for _ in 0..1_000 {
            bandit.learn(0, 0.6);
            bandit.learn(1, 0.4);
        }
        for _ in 0..500 {
            let arm = bandit.choose(&mut rng);
            bandit.learn(arm, if arm == 1 { 0.6 } else { 0.4 } + 0.1 * rng.normal());
            right += usize::from(arm == 1);
        }
        right
    };
    let (slow, quick) = (right_after(0.0), right_after(0.02));
    assert!(quick > 350 && slow < 50, "{slow} {quick}");
}

#[test]
fn what_was_learned_outlives_the_initiator() {
    use crate::{Initiator, Turn};
    let mut memory = crate::Memory::default();
    memory.set("auto/market", [40.0, 30.0]);
    memory.set("auto/consensus", [40.0, 8.0]);
    memory.set("auto/stigmergic", [40.0, 41.0]);
    memory.set("market/spent", [2.0]);
    let mut selector = Auto { among: vec![Choice::Consensus, Choice::Market], ..Auto::default() }.initiator();
    selector.restore(&memory);
    assert_eq!((selector.record(Choice::Market), selector.record(Choice::Stigmergic)), (Some((40.0, 0.75)), None));
    assert_eq!(selector.save().get("market/spent"), Some(&[2.0][..]));
    let (mut rng, mut effects) = (Rng::new(1, "x"), Vec::new());
    let mut turn = Turn::new(Time::ZERO, &mut rng, &mut effects);
    selector.on_join(AgentId(0), &Profile::new("ann", Capabilities::default()), &mut turn);
    selector.on_task(&TaskView::new(TaskId::new(0, 0), Arc::new(Demand::any(DemandId(0)))).work(1.0), &mut turn);
    assert_eq!(selector.ruling(), Some(Choice::Market));
}

#[test]
fn open_tasks_are_handed_over_to_the_next_government() {
    let auto = Auto { term: 1, explore: 5.0, among: vec![Choice::Market, Choice::Consensus], ..Auto::default() };
    let mut table = Table::new(auto, 1);
    for name in ["ann", "bob"] {
        table = table.agent(Profile::new(name, Capabilities::default()));
    }
    let any = Arc::new(Demand::any(DemandId(0)));
    for number in 0..12 {
        table = table.announce_at(Time::ZERO, TaskView::new(TaskId::new(0, number), any.clone()).work(1.0));
    }
    let report = table.run_until_quiet();
    assert_eq!((report.done(), &report.violations), (12, &Vec::new()));
    // All are announced before anything ends, so under one government.
    let governed = |name: &str| report.awards.iter().filter(|award| award.decision.reason.contains(name)).count();
    assert!(governed("market governs") > 1 && governed("consensus governs") > 1, "{:?}", report.awards);
}
