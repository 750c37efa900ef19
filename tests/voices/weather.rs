//! Letters in bad weather: late, twice, out of order or never; and equal seeds hear equal things.

use crate::stage::Stage;
use polity::prelude::*;
use polity::protocols::{Delay, Weather};
use std::collections::BTreeMap;
use std::time::Duration;

fn storm(seed: u64, weather: Weather) -> (Vec<u64>, String) {
    let stage = Stage::new().ear("ann").ear("bob");
    let (heard, events) = (stage.heard.clone(), stage.events.clone());
    polity::simulate(seed, async {
        let society = stage.builder.weather(weather).start()?;
        for n in 20..220u64 {
            society.tell("bob", &n)?;
            society.tell("nobody", &n)?;
            society.sleep(Duration::from_millis(10)).await;
        }
        society.sleep(Duration::from_secs(60)).await;
        Ok::<_, Failure>(())
    })
    .unwrap();
    let numbers = heard.borrow().iter().map(|(.., n)| *n).collect();
    (numbers, format!("{:?}{:?}", heard.borrow(), events.borrow()))
}

#[test]
fn in_bad_weather_letters_are_lost_repeated_and_overtaken_and_all_of_it_again_for_the_same_seed() {
    let delay = Delay::Uniform { low: Duration::ZERO, high: Duration::from_millis(50) };
    let bad = Weather { delay, loss: 0.2, repeat: 0.2 };
    let (mut lost, mut repeated, mut overtaken) = (0, 0, 0);
    for seed in 0..5 {
        let (numbers, log) = storm(seed, bad);
        assert_eq!(storm(seed, bad).1, log, "seed {seed}");
        let mut times: BTreeMap<u64, u32> = BTreeMap::new();
        numbers.iter().for_each(|n| *times.entry(*n).or_default() += 1);
        assert!(times.values().all(|times| *times <= 2) && times.keys().all(|n| (20..220).contains(n)), "nothing is made up");
        lost += 200 - times.len();
        repeated += times.values().filter(|times| **times == 2).count();
        overtaken += numbers.windows(2).filter(|pair| pair[0] > pair[1]).count();
    }
    // 1,000 letters: a fifth is lost, a fifth of the rest comes twice.
    assert!((120..280).contains(&lost) && (90..240).contains(&repeated) && overtaken > 50, "{lost} {repeated} {overtaken}");
}

#[test]
fn in_calm_weather_each_comes_once_in_order() {
    assert_eq!(storm(3, Weather::CALM).0, (20..220).collect::<Vec<u64>>());
}
