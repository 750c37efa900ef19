//! Tasks sold one by one: within the known factors of the optimum, and no better than they.

use crate::market::auction::{Bid, second_price};
use crate::{AgentId, Rng};
use serde_json::Value;

fn closed_form(key: &str) -> Value {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/closed_form.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()[key].clone()
}

/// MinWork (Nisan and Ronen 2001): each task is auctioned, an agent asks its time. The load of each agent.
fn min_work(times: &[Vec<f64>]) -> Vec<f64> {
    let mut loads = vec![0.0; times[0].len()];
    for asked in times {
        let bids: Vec<Bid> = asked.iter().enumerate().map(|(n, time)| Bid::new(AgentId(n as u32), *time)).collect();
        let winner = second_price(&bids, f64::MAX).unwrap().winner;
        loads[winner] += asked[winner];
    }
    loads
}
/// The least makespan, by trying everything.
fn least_makespan(times: &[Vec<f64>], loads: &mut Vec<f64>) -> f64 {
    let Some((first, rest)) = times.split_first() else { return loads.iter().copied().fold(0.0, f64::max) };
    let mut least = f64::INFINITY;
    for agent in 0..loads.len() {
        loads[agent] += first[agent];
        least = least.min(least_makespan(rest, loads));
        loads[agent] -= first[agent];
    }
    least
}

#[test]
fn min_work_stays_within_its_factor_and_reaches_it() {
    let (mut rng, mut worst) = (Rng::new(3, "min work"), 0.0_f64);
    for _ in 0..150 {
        let (agents, tasks) = (2 + rng.below(3), 1 + rng.below(5));
        let times: Vec<Vec<f64>> = (0..tasks).map(|_| (0..agents).map(|_| rng.between(0.5, 2.0)).collect()).collect();
        let ratio = min_work(&times).into_iter().fold(0.0, f64::max) / least_makespan(&times, &mut vec![0.0; agents]);
        assert!(ratio <= agents as f64 + 1e-9, "{ratio} with {agents} agents");
        worst = worst.max(ratio / agents as f64);
    }
    assert!(worst > 0.5, "the bound was put to the test: {worst}");
    let tight = closed_form("minwork_tight");
    let times = vec![vec![1.0, 1.01, 1.01]; tight["m"].as_u64().unwrap() as usize];
    let makespan = min_work(&times).into_iter().fold(0.0, f64::max);
    let optimum = least_makespan(&times, &mut vec![0.0; 3]);
    assert_eq!((Some(makespan), Some(optimum)), (tight["minwork_makespan"].as_f64(), tight["optimal"].as_f64()));
    assert!((makespan / optimum - tight["ratio"].as_f64().unwrap()).abs() < 1e-9);
}

type Point = (f64, f64);
fn distance(a: Point, b: Point) -> f64 {
    libm::hypot(a.0 - b.0, a.1 - b.1)
}
fn length(tour: &[Point]) -> f64 {
    tour.windows(2).map(|pair| distance(pair[0], pair[1])).sum()
}
/// The tour with the point put where it costs least.
fn insert(tour: &[Point], point: Point) -> (Vec<Point>, f64) {
    let tours = (1..=tour.len()).map(|at| {
        let mut longer = tour.to_vec();
        longer.insert(at, point);
        let cost = length(&longer) - length(tour);
        (longer, cost)
    });
    tours.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap()
}
/// The shortest tours in all, by trying everything: each point to each agent at each place.
fn shortest(tours: &[Vec<Point>], points: &[Point]) -> f64 {
    let Some((point, rest)) = points.split_first() else { return tours.iter().map(|tour| length(tour)).sum() };
    let mut least = f64::INFINITY;
    for agent in 0..tours.len() {
        for at in 1..=tours[agent].len() {
            let mut longer = tours.to_vec();
            longer[agent].insert(at, *point);
            least = least.min(shortest(&longer, rest));
        }
    }
    least
}

/// Sequential single-item auctions with the MiniSum bid (Lagoudakis et al. 2005): in each round every robot bids the least that any
/// open point would cost it; the lowest bid wins. At most twice the optimum.
#[test]
fn sequential_auctions_stay_within_twice_the_shortest_tours() {
    let bound = closed_form("ssi_minisum")["bound"].as_f64().unwrap();
    let (mut rng, mut worst, mut sum) = (Rng::new(5, "ssi"), 1.0_f64, 0.0);
    const INSTANCES: usize = 60;
    for _ in 0..INSTANCES {
        let mut point = || (rng.unit(), rng.unit());
        let mut tours: Vec<Vec<Point>> = (0..2).map(|_| vec![point()]).collect();
        let mut open: Vec<Point> = (0..5).map(|_| point()).collect();
        let least = shortest(&tours, &open);
        while !open.is_empty() {
            let offer = |tour: &Vec<Point>| {
                let each = open.iter().enumerate().map(|(at, point)| (at, insert(tour, *point)));
                each.min_by(|a, b| a.1.1.total_cmp(&b.1.1)).unwrap()
            };
            let offers: Vec<_> = tours.iter().map(offer).collect();
            let bids: Vec<Bid> = offers.iter().enumerate().map(|(n, offer)| Bid::new(AgentId(n as u32), offer.1.1)).collect();
            let winner = second_price(&bids, f64::MAX).unwrap().winner;
            let (at, (longer, _)) = offers[winner].clone();
            open.remove(at);
            tours[winner] = longer;
        }
        let ratio = tours.iter().map(|tour| length(tour)).sum::<f64>() / least;
        worst = worst.max(ratio);
        sum += ratio;
        assert!(ratio <= bound + 1e-9, "{ratio}");
    }
    assert!(worst > 1.0 + 1e-9 && sum / (INSTANCES as f64) < 1.1, "worst {worst}, mean {}", sum / INSTANCES as f64);
}
