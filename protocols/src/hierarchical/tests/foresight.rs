//! What becomes ready soon is reserved for, and no longer than it may be.

use super::*;
use crate::{Awaited, Prospect};

const FAST: u32 = 0;
const SLOW: u32 = 1;
/// It keeps the fast agent busy until second 3.
const FIRST: u32 = 0;
/// It keeps the slow agent busy until second 3.2.
const SECOND: u32 = 1;
/// It comes after the second, and takes the fast agent 10 seconds.
const NEXT: u32 = 2;
/// It is not urgent.
const OTHER: u32 = 3;

fn ranked(task: u32, work: f64, rank: f64) -> TaskView {
    TaskView { rank, ..dig(task, work) }
}
fn next() -> TaskView {
    ranked(NEXT, 40.0, 40.0)
}
/// Until second 3, when the fast agent becomes free; what is given then.
fn until_three(foretold: bool) -> (Bench, Vec<(u32, u32, String)>) {
    until_three_after(foretold, &[])
}
/// The same after jobs of 1 s that took so long instead.
fn until_three_after(foretold: bool, took: &[f64]) -> (Bench, Vec<(u32, u32, String)>) {
    let direct = Hierarchical { reporting: Reporting::Direct, ..Hierarchical::default() };
    let mut bench = Bench::new(direct, &[digger("fast").speed(4.0), digger("slow")]);
    for (n, took) in (10..).zip(took) {
        bench.task(dig(n, 4.0));
        bench.ended(n, FAST, Outcome::new(Ended::Succeeded, Duration::from_secs_f64(*took)));
    }
    bench.now = 0.0;
    assert_eq!(bench.task(ranked(FIRST, 12.0, 90.0))[0].1, FAST);
    let prospects = [Prospect { task: next(), after: [Awaited::new(TaskId::new(0, SECOND))].into() }];
    let second = ranked(SECOND, 3.2, 80.0).before(if foretold { prospects.to_vec() } else { Vec::new() });
    assert_eq!(bench.task(second)[0].1, SLOW);
    assert!(bench.task(ranked(OTHER, 4.0, 1.0)).is_empty(), "all are busy");
    bench.now = 3.0;
    let given = bench.ended(FIRST, FAST, Outcome::new(Ended::Succeeded, Duration::from_secs(3)));
    (bench, given)
}
fn done(seconds: f64) -> Outcome {
    Outcome::new(Ended::Succeeded, Duration::from_secs_f64(seconds))
}

#[test]
fn a_free_agent_waits_for_what_is_ready_soon_and_urgent() {
    let (_, given) = until_three(false);
    assert_eq!((given[0].0, given[0].1), (OTHER, FAST), "of what nobody foretold nobody knows");
    let (mut bench, given) = until_three(true);
    assert!(given.is_empty(), "{given:?}");
    bench.now = 3.2;
    let announced = bench.task(next());
    assert_eq!((announced[0].0, announced[0].1), (NEXT, FAST));
    let given = bench.ended(SECOND, SLOW, done(3.2));
    assert_eq!((given[0].0, given[0].1), (OTHER, SLOW));
}

#[test]
fn it_waits_a_quarter_of_the_work_beyond_the_hour_and_no_longer() {
    let (mut bench, given) = until_three(true);
    assert!(given.is_empty());
    let given = loop {
        let due = bench.head.next_wake().expect("an agent is kept idle, so that is thought over").as_secs_f64();
        assert!(due > bench.now && due < 3.2 + 2.5 + 0.1, "at {due}");
        bench.now = due;
        let given = bench.turn(Initiator::on_wake);
        if !given.is_empty() {
            break given;
        }
    };
    assert_eq!((given[0].0, given[0].1), (OTHER, FAST));
}

#[test]
fn what_will_not_come_is_waited_for_no_more() {
    let (mut bench, _) = until_three(true);
    let given = bench.ended(SECOND, SLOW, Outcome::new(Ended::Failed, Duration::from_secs(3)));
    assert_eq!((given[0].0, given[0].1), (OTHER, FAST));
    let (mut bench, _) = until_three(true);
    bench.now = 3.2;
    let given = bench.ended(SECOND, SLOW, done(3.2));
    assert_eq!((given[0].0, given[0].1), (OTHER, FAST), "all that it waited for is done, and it was not announced");
}

#[test]
fn where_estimates_are_wrong_nobody_waits() {
    let (_, given) = until_three_after(true, &[1.0; 12]);
    assert!(given.is_empty(), "they were right");
    // By turns half as long and twice as long as expected: in the middle right, and each of them wrong.
    let (_, given) = until_three_after(true, &[0.5, 2.0, 0.5, 2.0, 0.5, 2.0, 0.5, 2.0, 0.5, 2.0, 0.5, 2.0]);
    assert_eq!(given[0].0, OTHER);
}

/// A prospect may wait for several, of which one is told of after it in the same moment. What stays unknown has ended, or nobody knows when it will.
#[test]
fn all_that_it_waits_for_is_waited_for() {
    let prospect = Prospect { task: next(), after: [FIRST, SECOND].map(|task| Awaited::new(TaskId::new(0, task))).into() };
    let direct = Hierarchical { reporting: Reporting::Direct, ..Hierarchical::default() };
    for in_the_same_moment in [true, false] {
        let mut bench = Bench::new(direct.clone(), &[digger("fast").speed(4.0), digger("slow"), digger("slow too")]);
        let first = ranked(FIRST, 12.0, 90.0).before(vec![prospect.clone()]);
        let given = bench.turn(|head, turn| {
            turn.more = in_the_same_moment;
            head.on_task(&first, turn);
        });
        assert_eq!(given.is_empty(), in_the_same_moment, "one look is for all that a moment brings");
        let given = bench.task(ranked(SECOND, 3.2, 80.0));
        assert_eq!(given.iter().map(|given| (given.0, given.1)).next_back(), Some((SECOND, SLOW)));
        bench.now = 2.9;
        let given = bench.task(ranked(OTHER, 4.0, 1.0));
        let expected = in_the_same_moment.then_some((OTHER, 2));
        assert_eq!(given.first().map(|given| (given.0, given.1)), expected, "the fast one is taken from 3.2 on, or waited for");
    }
}
