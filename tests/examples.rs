//! The examples do what their first lines say.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

use polity::prelude::*;
use std::path::Path;

#[path = "../examples/compare.rs"]
mod compare;
#[path = "../examples/config_driven.rs"]
mod config_driven;
#[path = "../examples/conversation.rs"]
mod conversation;
#[path = "../examples/custom_agent.rs"]
mod custom_agent;
#[path = "../examples/custom_protocol.rs"]
mod custom_protocol;
#[path = "../examples/hello.rs"]
mod hello;
#[path = "../examples/simulated.rs"]
mod simulated;

#[test]
fn every_main_ends_well() {
    for main in [
        hello::main,
        conversation::main,
        custom_agent::main,
        custom_protocol::main,
        config_driven::main,
        simulated::main,
        compare::main,
    ] {
        main().unwrap();
    }
}

#[test]
fn every_example_is_short_and_says_what_it_shows() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let programs: Vec<_> = files.filter(|path| path.extension().is_some_and(|ending| ending == "rs")).collect();
    assert_eq!(programs.len(), 7, "each is a module of this test: {programs:?}");
    for path in programs {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//! Shows ") && text.lines().count() < 60, "{}", path.display());
    }
}

#[test]
fn two_sober_counts_outvote_the_rest() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/redundant.polity.yaml");
    let known = polity::config::Config::default().known();
    let checked = polity::workflow::load(&path, &known).unwrap();
    assert!(checked.warnings.is_empty() && checked.notes.len() == 2, "{:?} {:?}", checked.warnings, checked.notes);
    let result = polity::run(async { Polity::builder().start().unwrap().run(checked.workflow).await }).unwrap();
    let words = std::fs::read_to_string("Cargo.toml").unwrap().split_whitespace().count();
    assert_eq!(result.output("words"), words);
}

#[test]
fn hello_counts_the_words_of_a_file() {
    let expected = std::fs::read_to_string("Cargo.toml").unwrap().split_whitespace().count();
    assert_eq!(hello::words("Cargo.toml").unwrap(), expected);
    let failure = hello::words("no such file").unwrap_err();
    assert!(failure.message.contains("task \"read\"") && failure.message.contains("No such file"), "{failure}");
}

#[test]
fn a_clerk_that_panics_begins_anew_and_every_word_is_filed() {
    let (entries, told) = custom_agent::file(&["alpha", "beta", "illegible", "gamma"]).unwrap();
    let words = |entries: &Value| -> Vec<String> {
        let each = entries.as_array().unwrap().iter();
        each.map(|entry| entry.as_str().unwrap().split_once(". ").unwrap().1.to_owned()).collect()
    };
    assert_eq!(words(&entries), ["alpha", "beta", "illegible", "gamma"]);
    assert_eq!((&entries[0], &entries[1]), (&json!("1. alpha"), &json!("2. beta")));
    assert!(entries.as_array().unwrap()[2..].iter().any(|entry| entry.as_str().unwrap().starts_with("1. ")), "anew: {entries}");
    assert!(told.iter().any(|line| line.contains("I can't read")), "{told:?}");
    assert_eq!(told.iter().filter(|line| line.contains("joined")).count(), 2, "{told:?}");

    let (quiet, told) = custom_agent::file(&["alpha", "beta"]).unwrap();
    assert_eq!(quiet, json!(["1. alpha", "2. beta"]));
    assert_eq!(told, ["clerk joined, life 1", "lost: ended"]);
}

#[test]
fn two_agents_agree_on_a_price_also_where_letters_are_lost() {
    let (asked, dead) = conversation::haggle(1, 0.0).unwrap();
    assert_eq!((asked, dead.len()), (json!(7), 1), "100, less a tenth each time, is 50 or less after seven times");
    assert!(dead[0].contains("nobody else listens to \"deals\""), "{dead:?}");
    let stormy: Vec<u64> = (0..8).map(|seed| conversation::haggle(seed, 0.3).unwrap().0.as_u64().unwrap()).collect();
    assert!(stormy.iter().all(|asked| *asked >= 7) && stormy.iter().any(|asked| *asked > 7), "{stormy:?}");
}

#[test]
fn sortition_owes_what_every_protocol_owes() {
    let seen = polity::protocols::testing::suite(custom_protocol::Sortition::default, 60);
    assert!(seen.awards > 0 && seen.refusals > 0 && seen.leaves > 0);
}

#[test]
fn a_workflow_s_strategy_governs_its_run() {
    let governed = |named: Option<&str>| {
        polity::simulate(1, async {
            let events = std::rc::Rc::new(std::cell::RefCell::new(Vec::<polity::event::Event>::new()));
            let society = Polity::builder()
                .protocol::<custom_protocol::Sortition>()
                .strategy(RoundRobin::default())
                .sink(events.clone())
                .agent_spec(AgentSpec::new("ann", can("rest", 1.0)))
                .start()?;
            let flow = Workflow::new("nap").task("nap", polity::prelude::simulated(Simulation::default()).kind("rest"));
            society.run(named.into_iter().fold(flow, |flow, name| flow.strategy(name))).await?;
            let strategy = events.borrow().iter().find_map(|event| match &event.what {
                polity::event::What::RunStarted(head) => Some(head.strategy.to_string()),
                _ => None,
            });
            Ok::<_, Failure>(strategy.unwrap_or_default())
        })
    };
    assert_eq!(governed(None).unwrap(), "round_robin", "the society's");
    assert_eq!(governed(Some("sortition")).unwrap(), "sortition", "one of our own, by its name");
    let unknown = governed(Some("anarchy")).unwrap_err();
    assert!(unknown.message.contains("there is no strategy \"anarchy\"; there are "), "{unknown}");
    assert!(unknown.message.contains("sortition"), "{unknown}");
}

#[test]
fn a_file_describes_the_run() {
    let own = config_driven::outputs(None).unwrap();
    assert_eq!(own, json!({ "letters": 35, "longest": ["quick", 5] }));
    let other = config_driven::outputs(Some("one other sentence")).unwrap();
    assert_eq!(other, json!({ "letters": 16, "longest": ["sentence", 8] }));
}

#[test]
fn a_virtual_day_is_quick_and_equal_for_equal_seeds() {
    let began = std::time::Instant::now();
    let (seen, took) = simulated::day(42).unwrap();
    assert!((0.9 * 86_400.0..86_400.0).contains(&took), "{took}");
    assert!(began.elapsed().as_secs() < 60, "nobody waited for it");
    assert_eq!(seen.as_array().unwrap().len(), 24);
    assert!(seen[23].as_str().unwrap().starts_with("hour[23] at "), "{seen}");
    assert_eq!(simulated::day(42).unwrap(), (seen, took));
    assert_ne!(simulated::day(43).unwrap().1, took);
}

#[test]
fn the_comparison_has_every_strategy_and_is_reproducible() {
    let table = compare::table(3).unwrap();
    let mut names: Vec<&str> = table.iter().map(|line| line.0).collect();
    names.sort_unstable();
    assert!(names.iter().copied().eq(polity::Registry::standard().names()));
    // Six agents, of which three have speed 2 × fit and three have 0.7 × fit, can't be quicker than all of them together.
    let bound = 30.0 * 5.0 / (3.0 * (2.0 + 0.7));
    assert!(table.iter().all(|(_, took, messages)| *took > bound && *messages > 61), "{table:?}");
    assert!(table.is_sorted_by(|a, b| a.1 <= b.1) && table[0].1 < table[table.len() - 1].1, "{table:?}");
    assert_eq!(compare::table(3).unwrap(), table);
}

/// An example that is a file, which has nothing to be warned of.
fn file(name: &str) -> Workflow {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/{name}.polity.yaml"));
    let checked = polity::workflow::load(&path, &polity::config::Config::default().known()).unwrap();
    assert!(checked.warnings.is_empty(), "{:?}", checked.warnings);
    checked.workflow
}

#[test]
fn work_within_work_comes_to_its_end_in_all_three_ways() {
    let flow = file("delegation");
    let result = polity::run(async { Polity::builder().start().unwrap().run(flow).await }).unwrap();
    assert_eq!(result.outputs(), &json!({ "greeting": "hello world", "sum": 6, "answer": "42" }));
}

#[test]
fn a_trip_that_can_not_be_paid_is_undone_and_one_that_can_is_not() {
    for (money, status, undone) in [(100, RunStatus::Failed, 3), (300, RunStatus::Completed, 0)] {
        let flow = file("saga");
        let options = RunOptions::default().input("money", money);
        let result = polity::run(async {
            let society = Polity::builder().start().unwrap();
            society.launch(flow, options).unwrap().join().await.unwrap()
        });
        assert_eq!((result.status(), result.compensated()), (status, undone));
    }
}

#[test]
fn the_first_answer_is_enough_and_the_rest_is_called_off() {
    let flow = file("joins");
    let result = polity::run(async { Polity::builder().start().unwrap().run(flow).await }).unwrap();
    assert_eq!((result.status(), result.tally().cancelled, result.tally().skipped), (RunStatus::Completed, 1, 1));
    let books = "completed, skipped, far was cancelled";
    assert_eq!(result.outputs(), &json!({ "fetched": "from near", "opinion": 5, "books": books }));
}

#[test]
fn each_failure_is_handled_by_its_kind_and_checks_take_turns() {
    let flow = file("errors");
    let result = polity::run(async { Polity::builder().start().unwrap().run(flow).await }).unwrap();
    assert_eq!((result.status(), result.tally().skipped), (RunStatus::Completed, 1));
    assert_eq!(result.outputs()["report"], "16, skipped, 0 unread, disk completed, memory completed");
    let ended = |name: &str| result.output(name).as_str().unwrap().trim().parse::<f64>().unwrap();
    assert!((ended("disk") - ended("memory")).abs() >= 0.1, "they took turns");
}
