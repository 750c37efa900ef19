//! What it costs to govern, how agents stand, and what is remembered: told at the end of a run, and kept when it is asked for.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::Memories;
use polity::agents::Distribution;
use polity::event::{Event, Governance, What};
use polity::prelude::*;
use polity::protocols::Weather;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// A society of `n` agents of unequal skill that nobody knows: `Simulation`s take less or more, by who does them.
async fn one_run(strategy: &str, n: u32, tasks: u32, memories: Memories) -> (Vec<Event>, Memories, Duration) {
    let events: Rc<RefCell<Vec<Event>>> = Rc::default();
    let mut builder = Polity::builder().sink(events.clone()).memories(memories);
    for agent in 0..n {
        builder = builder.agent_spec(AgentSpec { slots: 2, ..AgentSpec::new(format!("a{agent}"), can("work", 0.8)) });
    }
    let work = Simulation { work: Some(Distribution::Constant(1.0)), failure: 0.1, ..Simulation::default() };
    let task = simulated(work).kind("work").for_each(&format!("range({tasks})"));
    let task = task.retry(RetryPolicy { attempts: 0, initial: Duration::ZERO, ..RetryPolicy::default() });
    let society = builder.start().unwrap();
    society.run(Workflow::new("w").strategy(strategy).task("t", task)).await.unwrap();
    let memories = society.memories();
    let took = Duration::from_nanos(society.now().as_nanos());
    society.stop().await;
    let events = events.take();
    (events, memories, took)
}
fn governed(events: &[Event]) -> Vec<Arc<Governance>> {
    events.iter().filter_map(|event| if let What::Governed(g) = &event.what { Some(g.clone()) } else { None }).collect()
}

/// Whoever governs: the books of the coordinator agree with the decision records, and nobody talks for nothing.
#[test]
fn the_books_of_a_government_agree_with_its_decisions() {
    for (strategy, talks) in [
        ("hierarchical", false),
        ("market", true),
        ("consensus", true),
        ("stigmergic", true),
        ("round_robin", false),
        ("auto", true),
    ] {
        let (events, ..) = polity::simulate(4, one_run(strategy, 5, 60, Memories::default()));
        let books = governed(&events);
        assert_eq!(books.len(), 1, "{strategy}");
        let decisions: Vec<_> = events
            .iter()
            .filter_map(|event| if let What::Assigned { decision, .. } = &event.what { Some(decision.clone()) } else { None })
            .collect();
        let messages: u64 = decisions.iter().map(|decision| u64::from(decision.messages)).sum();
        let rounds: u64 = decisions.iter().map(|decision| u64::from(decision.rounds)).sum();
        let said = format!("{strategy}: {:?}; the records count {messages} messages", books[0]);
        assert_eq!(
            (&*books[0].strategy, books[0].decisions, books[0].rounds),
            (strategy, decisions.len() as u64, rounds),
            "{said}"
        );
        assert!(books[0].decisions >= 60, "{said}");
        // A record counts what belongs to its decision; the books also what belongs to none (reports, the end of a call).
        assert!(books[0].messages + 32 >= messages, "{said}");
        assert_eq!(books[0].messages > 60, talks, "{said}");
        assert_eq!(books[0].bytes > books[0].messages, talks, "{said}");
        assert!(books[0].latency_p50_ns <= books[0].latency_p99_ns, "{said}");
    }
}

/// The books are closed before the end, also where messages are lost, and a coordinator that knows its agents says so.
#[test]
fn how_agents_stand_is_told_before_the_end() {
    for (strategy, figure) in
        [("market", "reputation"), ("consensus", "competence"), ("stigmergic", "trails"), ("hierarchical", "pace")]
    {
        let (events, ..) = polity::simulate(9, one_run(strategy, 3, 30, Memories::default()));
        let books = governed(&events);
        let figures = |standing: &polity::event::Standing| standing.figures.iter().any(|(name, _)| **name == *figure);
        assert!(books[0].standings.len() == 3 && books[0].standings.iter().all(figures), "{strategy}: {:?}", books[0].standings);
        assert!(matches!(events.iter().rev().find(|event| event.run.is_run()).unwrap().what, What::RunEnded(_)), "{strategy}");
    }
}

/// Half of the agents fail at everything, and their profiles don't say so.
async fn deceived(strategy: &str, memories: Memories) -> (Memories, u32) {
    let events: Rc<RefCell<Vec<Event>>> = Rc::default();
    let mut builder = Polity::builder().sink(events.clone()).memories(memories).weather(Weather::CALM);
    for n in 0..6 {
        let spec = AgentSpec { queue: 0, ..AgentSpec::new(format!("a{n}"), can("work", 0.8)) };
        builder = builder.agent_with(spec, move || {
            polity::agents::agent_fn(can("work", 0.8), move |_, context: Context| async move {
                context.sleep(Duration::from_secs(1)).await;
                // The first of equals is one of those that fail: else there would be nothing to learn.
                if n % 2 == 1 { Ok(json!("done")) } else { Err(Failure::error("it can't")) }
            })
        });
    }
    let society = builder.start().unwrap();
    let task =
        kind("work").for_each("range(12)").retry(RetryPolicy { attempts: 0, initial: Duration::ZERO, ..RetryPolicy::default() });
    // One at a time, so that there is a choice.
    let limits = Limits { max_parallel_tasks: Some(1), ..Limits::default() };
    society.run(Workflow::new("w").strategy(strategy).limits(limits).task("t", task)).await.unwrap();
    let learned = society.memories();
    society.stop().await;
    let failures = events.borrow().iter().filter(|event| matches!(event.what, What::Retried { .. })).count() as u32;
    (learned, failures)
}

/// What was learned in one process serves in the next, and only if it is handed over: with memory failures become fewer, without they don't.
/// (An assembly is not among these: it remembers how much each voter's word is worth, and what a voter thinks of others is its own.)
#[test]
fn what_was_learned_outlives_a_society_when_asked() {
    for strategy in ["market", "stigmergic"] {
        let mut memories = Memories::default();
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for seed in 0..16 {
            let (learned, failures) = polity::simulate(seed, deceived(strategy, memories));
            // Through the text of a file, as another process would read it.
            memories = Memories::parse(&learned.text()).unwrap();
            with.push(failures);
            without.push(polity::simulate(seed, deceived(strategy, Memories::default())).1);
        }
        let late = |all: &[u32]| all[8..].iter().sum::<u32>();
        assert!(!memories.is_empty(), "{strategy}");
        assert!(late(&with) * 3 < late(&without) * 2, "{strategy}: with memory {with:?}, without {without:?}");
    }
}

/// Equal file, seed and memory give equal events; another memory, others: so its hash stands in the head.
#[test]
fn memory_is_part_of_what_decides_a_run() {
    let (_, learned, _) = polity::simulate(1, one_run("stigmergic", 4, 30, Memories::default()));
    let again = |memories: Memories| polity::simulate(2, one_run("stigmergic", 4, 30, memories)).0;
    let head = |events: &[Event]| {
        let found =
            events.iter().find_map(|event| if let What::RunStarted(head) = &event.what { Some(head.clone()) } else { None });
        found.unwrap().memory.clone()
    };
    let (first, second, fresh) = (again(learned.clone()), again(learned.clone()), again(Memories::default()));
    assert_eq!(first, second);
    assert_eq!((head(&first), head(&fresh)), (Some(learned.hash()), None));
    assert_ne!(first.len(), 0);
}
