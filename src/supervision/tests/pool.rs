//! A pool at random: within its bounds always, grown when work waits, back at its least when nothing is left.

use crate::supervision::{Elasticity, Pool, Resize};
use core::time::Duration;
use polity_protocols::{Rng, Time};
use std::collections::BTreeMap;

/// Does what the pool asks for; counts what it starts and dismisses.
fn obey(effects: &mut Vec<Resize>, loads: &mut BTreeMap<u64, u32>, pool: &mut Pool, now: Time, seen: &mut (u32, u32)) {
    for effect in std::mem::take(effects) {
        match effect {
            Resize::Start(id) => {
                assert!(loads.insert(id, 0).is_none(), "{id} lives already");
                seen.0 += 1;
            }
            Resize::Dismiss(id) => {
                assert_eq!(loads.remove(&id), Some(0), "only the idle are dismissed");
                pool.left(id, now, effects);
                seen.1 += 1;
            }
        }
    }
}

/// Jobs arrive and end at random; replicas come and go as the pool says.
#[test]
fn a_pool_keeps_its_bounds_and_follows_the_work() {
    let (mut seen, mut full) = ((0, 0), 0);
    for seed in 0..300 {
        let mut rng = Rng::new(seed, "pool");
        let min = 1 + rng.below(3) as u32;
        let max = min + rng.below(6) as u32;
        let (slots, calm) = (1 + rng.below(3) as u32, Duration::from_secs(5));
        let elasticity = Elasticity { min, max, grow_after: Duration::from_secs(rng.below(3) as u64), idle_after: calm };
        let mut pool = Pool::new(elasticity, slots, 0..u64::from(max));
        let mut loads: BTreeMap<u64, u32> = (0..u64::from(min)).map(|n| (n, 0)).collect();
        let (mut waiting, mut now, mut effects) = (0u32, Time::ZERO, Vec::new());
        for step in 0..400 {
            now = now + Duration::from_millis(rng.below(1_500) as u64);
            let storm = step < 120;
            if storm && rng.below(2) == 0 {
                waiting += rng.below(6) as u32;
            }
            pool.wake(now, &mut effects); // who is dismissed now gets nothing more
            obey(&mut effects, &mut loads, &mut pool, now, &mut seen);
            for (id, running) in &mut loads {
                if !storm || rng.below(3) == 0 {
                    *running = 0;
                }
                let taken = waiting.min(slots - *running);
                (*running, waiting) = (*running + taken, waiting - taken);
                pool.load(*id, *running, 0, now, &mut effects);
            }
            pool.waiting(0, waiting, now, &mut effects);
            obey(&mut effects, &mut loads, &mut pool, now, &mut seen);
            assert_eq!(pool.size() as usize, loads.len(), "seed {seed}");
            assert!((min..=max).contains(&pool.size()), "seed {seed}: {}", pool.size());
            full += u32::from(pool.size() == max && max > min);
        }
        assert_eq!((waiting, pool.size()), (0, min), "seed {seed}: all is calm again");
    }
    assert!(seen.0 > 100 && seen.1 > 100 && full > 100, "{seen:?} {full}");
}

/// Work that waits for less long than it may starts nobody, and what waits grows a pool to no more than it has work for.
#[test]
fn a_pool_is_patient_and_frugal() {
    let at = Time::from_secs_f64;
    let mut effects = Vec::new();
    let mut pool = Pool::new(Elasticity { max: 100, ..Elasticity::default() }, 1, 0..100);
    pool.load(0, 1, 0, at(0.0), &mut effects);
    pool.waiting(0, 5, at(0.0), &mut effects);
    pool.wake(at(0.9), &mut effects);
    pool.waiting(0, 0, at(0.95), &mut effects);
    pool.waiting(0, 5, at(0.96), &mut effects);
    pool.wake(at(1.5), &mut effects);
    assert_eq!(effects, []);
    for second in 2..25 {
        pool.wake(at(f64::from(second)), &mut effects);
    }
    let started = effects.iter().filter(|effect| matches!(effect, Resize::Start(_))).count();
    assert_eq!(started, 5, "{effects:?}");
}
