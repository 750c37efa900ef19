//! Several agents do the same task and vote by their results: whom it asks, what it believes, what it costs.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::event::{COPIES, Event, Names, What};
use polity::lifecycle::{CopyConflict, Redundancy};
use polity::prelude::*;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

/// `n` agents of which the first `liars` answer "lie", after a second; some of them may be slow.
fn society(n: usize, liars: usize, slow: usize, events: &Rc<RefCell<Vec<Event>>>) -> polity::Builder {
    let builder = Polity::builder().sink(events.clone());
    (0..n).fold(builder, |builder, at| {
        let said = if at < liars { "lie" } else { "truth" };
        let seconds = if at >= n - slow { 100 } else { 1 };
        builder.agent(format!("a{at}"), move || {
            polity::agents::agent_fn(can("work", 0.5), move |_, context: Context| async move {
                context.sleep(Duration::from_secs(seconds)).await;
                Ok(json!(said))
            })
        })
    })
}
fn flow(tasks: usize, rules: Redundancy, strategy: &str) -> Workflow {
    let task = kind("work").for_each(&format!("range({tasks})")).redundancy(rules);
    Workflow::new("w").strategy(strategy).task("t", task).build().unwrap()
}
fn agents_of(events: &[Event], of: u32) -> Vec<BTreeSet<u32>> {
    let mut names = Names::default();
    let mut all: std::collections::BTreeMap<u32, BTreeSet<u32>> = Default::default();
    for event in events {
        names.take(event);
        if let What::Assigned { task, agent, .. } = &event.what
            && task.instance() >= COPIES
        {
            assert!(all.entry(names.original(*task).instance()).or_default().insert(agent.0), "{agent:?} has two copies");
        }
    }
    all.into_values().filter(|agents| agents.len() >= of as usize).collect()
}

/// Whoever governs: each copy goes to another agent, and what is not needed any more is really stopped.
#[test]
fn copies_go_to_different_agents_and_the_rest_is_cancelled() {
    for strategy in ["hierarchical", "market", "consensus", "stigmergic", "round_robin", "random", "auto"] {
        let events: Rc<RefCell<Vec<Event>>> = Rc::default();
        let (outputs, took) = polity::simulate(11, async {
            let society = society(5, 0, 1, &events).start().unwrap();
            let result = society.run(flow(4, Redundancy::of(3), strategy)).await.unwrap();
            (result.output("t").clone(), society.now().as_secs_f64())
        });
        let events = events.borrow();
        assert_eq!(outputs, json!(["truth", "truth", "truth", "truth"]), "{strategy}");
        assert_eq!(agents_of(&events, 2).len(), 4, "{strategy}");
        let cancelled = events.iter().filter(|e| matches!(e.what, What::Cancelled { task } if task.instance() >= COPIES)).count();
        let votes = events.iter().filter(|e| matches!(e.what, What::Voted { .. })).count();
        assert_eq!(votes, 4, "{strategy}");
        assert!(cancelled > 0 && took < 60.0, "{strategy}: {cancelled} cancelled, {took} s");
        let ended = events.iter().rposition(|e| matches!(e.what, What::RunEnded(_))).unwrap();
        let late = events[ended..].iter().filter(|e| e.what.task().is_some()).count();
        assert_eq!(late, 0, "{strategy}: nothing goes on after the end");
    }
}

/// With f of n voters lying, a committee of three drawn by lot is wrong as often as the hypergeometric law says.
#[test]
fn liars_win_as_often_as_chance_gives_them_the_majority() {
    let (n, liars, tasks) = (9, 3, 400);
    let events: Rc<RefCell<Vec<Event>>> = Rc::default();
    let outputs = polity::simulate(5, async {
        let society = society(n, liars, 0, &events).start().unwrap();
        let rules = Redundancy { quorum: 1.0, ..Redundancy::of(3) };
        society.run(flow(tasks, rules, "random")).await.unwrap().output("t").clone()
    });
    let wrong = outputs.as_array().unwrap().iter().filter(|output| **output == "lie").count() as f64 / tasks as f64;
    // C(3,2)·C(6,1) + C(3,3) of C(9,3) committees
    let expected = 19.0 / 84.0;
    let deviation = (expected * (1.0 - expected) / tasks as f64).sqrt();
    assert!((wrong - expected).abs() < 4.0 * deviation, "{wrong} for {expected} ± {deviation}");
}

#[test]
fn what_becomes_of_a_disagreement_is_as_it_says() {
    let play = |conflict, liars: usize, n: usize| {
        let events: Rc<RefCell<Vec<Event>>> = Rc::default();
        let result = polity::simulate(3, async {
            let society = society(n, liars, 0, &events).start().unwrap();
            let rules = Redundancy { conflict_resolution: conflict, quorum: 1.0, threshold: Some(1.0), ..Redundancy::of(2) };
            match society.run(flow(1, rules, "round_robin")).await {
                Ok(result) => Ok(result.output("t").clone()),
                Err(RunError::Failed(result)) => Err(result.failures()[0].1.clone()),
                Err(error) => panic!("{error}"),
            }
        });
        let copied = events.borrow().iter().filter(|e| matches!(e.what, What::Copied { .. })).count();
        (result, copied)
    };
    let (declined, copies) = play(CopyConflict::Decline, 1, 2);
    let failure = declined.unwrap_err();
    assert_eq!((failure.kind, copies), (FailureKind::Disagreement, 2));
    assert!(failure.message.contains("lie") && failure.message.contains("truth"), "{}", failure.message);
    assert_eq!(play(CopyConflict::Leader, 1, 2).0.unwrap(), json!(["lie"]), "the first in turn");
    // The first two differ, the next two agree.
    let (rerun, copies) = play(CopyConflict::Rerun, 1, 4);
    assert_eq!((rerun.unwrap(), copies), (json!(["truth"]), 4));
    let (hopeless, copies) = play(CopyConflict::Rerun, 1, 2);
    assert_eq!((hopeless.unwrap_err().kind, copies), (FailureKind::Disagreement, 6), "three rounds, and no more");
}

/// The government hears that a result lost the vote, and passes its agent over; what nobody votes on it can't know.
#[test]
fn who_loses_votes_is_passed_over() {
    let copies_of_the_liar = |copies: u32, strategy: &str| {
        let events: Rc<RefCell<Vec<Event>>> = Rc::default();
        polity::simulate(5, async {
            let society = society(6, 1, 0, &events).start().unwrap();
            let one = Limits { max_parallel_tasks: Some(1), ..Limits::default() };
            let task = kind("work").estimate(Duration::from_secs(1)).for_each("range(60)").redundancy(Redundancy::of(copies));
            let flow = Workflow::new("w").strategy(strategy).limits(one).task("t", task).build().unwrap();
            society.run(flow).await.unwrap();
        });
        let events = events.borrow();
        let awards = events.iter().filter_map(|e| match &e.what {
            What::Assigned { task, agent, .. } if task.instance() >= COPIES => Some(agent.0 == 0),
            _ => None,
        });
        let awards: Vec<bool> = awards.collect();
        let late = &awards[awards.len() / 2..];
        late.iter().filter(|liar| **liar).count() as f64 / late.len() as f64
    };
    for strategy in ["hierarchical", "market", "consensus", "stigmergic", "auto"] {
        let share = copies_of_the_liar(3, strategy);
        println!("{strategy}: {share:.3}");
        assert!(share < 0.05, "{strategy}: {share} of the copies go to who is always wrong");
    }
    assert!(copies_of_the_liar(1, "hierarchical") > 0.5, "with one copy there is no vote");
}
