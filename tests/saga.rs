//! What was done is undone when the run does not come to its end.

#![allow(clippy::unwrap_used)]

use polity::event::{Event, Names, Sink, What};
use polity::prelude::*;
use polity::report::{Recall, Report};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

/// What was done and undone, in order.
type Diary = Rc<RefCell<Vec<String>>>;

#[derive(Clone, Default)]
struct Seen(Rc<RefCell<Vec<Event>>>);
impl Sink for Seen {
    fn take(&mut self, event: &Event) {
        self.0.borrow_mut().push(event.clone());
    }
}
impl Seen {
    fn count(&self, which: impl Fn(&What) -> bool) -> usize {
        self.0.borrow().iter().filter(|event| which(&event.what)).count()
    }
}

/// What a later run is told by the log, or by the beginning of it.
impl Seen {
    fn recall(&self, again: impl Fn(&str) -> bool) -> Recall {
        self.recall_of(usize::MAX, again)
    }
    fn recall_of(&self, events: usize, again: impl Fn(&str) -> bool) -> Recall {
        let (mut report, mut names) = (Report::default().keeping_decisions(true), Names::default());
        for event in self.0.borrow().iter().take(events) {
            names.take(event);
            report.take(event);
        }
        Recall::of(&report, &names, again)
    }
    fn place(&self, which: impl Fn(&What) -> bool) -> usize {
        self.0.borrow().iter().position(|event| which(&event.what)).unwrap()
    }
}

/// A society that writes down what it does; undoing what `stubborn` says fails.
fn society(diary: &Diary, stubborn: &'static [&'static str]) -> polity::Builder {
    let (done, undone) = (diary.clone(), diary.clone());
    let act = move |job: Job, context: Context| {
        let diary = done.clone();
        async move {
            context.sleep(Duration::from_secs(1)).await;
            if job.input.get("fail").is_some() {
                return Err(Failure::error("no"));
            }
            diary.borrow_mut().push(job.name.to_string());
            Ok(json!({ "id": format!("#{}", job.name) }))
        }
    };
    let undo = move |job: Job, context: Context| {
        let diary = undone.clone();
        async move {
            context.sleep(Duration::from_secs(1)).await;
            let id: String = job.input("id")?;
            if stubborn.contains(&&*id) {
                return Err(Failure::error("it does not go back"));
            }
            diary.borrow_mut().push(format!("undo {id}"));
            Ok(Value::Null)
        }
    };
    let ann = AgentSpec { slots: 4, ..AgentSpec::new("ann", Capabilities::default()) };
    Polity::builder().agent_spec(ann).function("act", act).function("undo", undo)
}
fn act() -> TaskBuilder {
    function("act").compensate(function("undo").with("id", expr("output.id")))
}

#[test]
fn undoing_goes_backwards_side_by_side_where_the_graph_allows() {
    let (diary, seen) = (Diary::default(), Seen::default());
    let log = seen.clone();
    let (result, then) = polity::simulate(1, async {
        let society = society(&diary, &[]).sink(log).start()?;
        // book -> (flight, hotel) -> pay (no undo) -> mail -> fail
        let flow = Workflow::new("trip")
            .on_failure(OnFailure::Compensate)
            .task("book", act())
            .task("flight", act().depends_on("book"))
            .task("hotel", act().depends_on("book"))
            .task("pay", function("act").depends_on("flight").depends_on("hotel"))
            .task("mail", act().depends_on("pay"))
            .task("fail", act().with("fail", true).depends_on("mail"))
            .task("never", act().depends_on("fail"));
        let result = society.launch(flow, RunOptions::default())?.join().await?;
        Ok::<_, Failure>((result, society.now().as_secs_f64()))
    })
    .unwrap();
    assert_eq!((result.status(), result.tally().completed, result.tally().blocked), (RunStatus::Failed, 5, 1));
    let diary = diary.borrow();
    assert_eq!(diary[5], "undo #mail");
    assert_eq!(
        diary[6..8].iter().map(String::as_str).collect::<std::collections::BTreeSet<_>>(),
        ["undo #flight", "undo #hotel"].into()
    );
    assert_eq!((&*diary[8], diary.len()), ("undo #book", 9));
    assert_eq!(then, 8.0, "five steps there, three back: two undos went side by side");
    assert_eq!(seen.count(|what| matches!(what, What::Compensating { .. })), 4);
    assert_eq!(seen.count(|what| matches!(what, What::Compensated { .. })), 4);
    assert_eq!(result.compensated(), 4);
    assert!(result.left().is_empty());
}

#[test]
fn what_ends_well_is_not_undone_and_what_was_not_done_neither() {
    for (fails, expected) in [(false, 0), (true, 1)] {
        let diary = Diary::default();
        polity::simulate(1, async {
            let society = society(&diary, &[]).start()?;
            let last = if fails { act().with("fail", true) } else { act() };
            let flow = Workflow::new("w").on_failure(OnFailure::Compensate).task("a", act()).task("b", last.depends_on("a"));
            society.launch(flow, RunOptions::default())?.join().await?;
            Ok::<_, Failure>(())
        })
        .unwrap();
        assert_eq!(diary.borrow().iter().filter(|line| line.starts_with("undo")).count(), expected);
    }
}

#[test]
fn a_cancelled_run_is_undone_too() {
    let diary = Diary::default();
    let result = polity::simulate(1, async {
        let society = society(&diary, &[]).start()?;
        let flow = Workflow::new("w").on_failure(OnFailure::Compensate).task("a", act()).task("b", act().depends_on("a"));
        let handle = society.launch(flow, RunOptions::default())?;
        society.sleep(Duration::from_millis(1_500)).await;
        handle.cancel();
        Ok::<_, Failure>(handle.join().await?)
    })
    .unwrap();
    assert_eq!((result.status(), result.compensated()), (RunStatus::Cancelled, 1));
    assert_eq!(*diary.borrow(), ["a", "undo #a"]);
}

#[test]
fn an_undo_that_fails_for_good_leaves_the_run_stuck_and_names_each_effect_that_is_left() {
    let (diary, seen) = (Diary::default(), Seen::default());
    let log = seen.clone();
    let result = polity::simulate(1, async {
        let society = society(&diary, &["#middle"]).sink(log).start()?;
        let flow = Workflow::new("w")
            .on_failure(OnFailure::Compensate)
            .task("first", act())
            .task("middle", act().depends_on("first"))
            .task("beside", act())
            .task("last", act().depends_on("middle"))
            .task("fail", act().with("fail", true).depends_on("last").depends_on("beside"));
        Ok::<_, Failure>(society.launch(flow, RunOptions::default())?.join().await?)
    })
    .unwrap();
    assert_eq!((result.status(), result.status().exit_code()), (RunStatus::Stuck, 7));
    let left: BTreeMap<&str, &str> = result.left().iter().map(|(task, why)| (&**task, why.as_str())).collect();
    assert_eq!(left["first"], "what stands on it could not be undone");
    assert!(left["middle"].contains("after 10 attempts: it does not go back"), "{left:?}");
    assert_eq!((left.len(), result.compensated()), (2, 2));
    assert_eq!(seen.count(|what| matches!(what, What::Retried { .. })), 9);
    assert_eq!(seen.count(|what| matches!(what, What::DeadLettered { .. })), 1, "the task that failed; an undo is none");
}

#[test]
fn each_instance_of_a_list_is_undone_by_itself_with_its_own_output() {
    let diary = Diary::default();
    let result = polity::simulate(1, async {
        let society = society(&diary, &["#each[2]"]).start()?;
        let text = "
name: w
on_failure: compensate
tasks:
  - { id: each, for_each: '[1, 2, 3]', fn: act, compensate: { fn: undo, with: { id: '{{ output.id }}', n: '{{ item }}' }, retry: { attempts: 2 } } }
  - { id: fail, fn: act, with: { fail: true }, depends_on: [each] }
";
        let flow = parse(text, None, &society.known()).unwrap_or_else(|errors| panic!("{errors}")).workflow;
        Ok::<_, Failure>(society.launch(flow, RunOptions::default())?.join().await?)
    })
    .unwrap();
    assert_eq!((result.status(), result.compensated()), (RunStatus::Stuck, 2));
    assert_eq!(&*result.left()[0].0, "each[2]");
    assert!(result.left()[0].1.contains("after 2 attempts"));
}

#[test]
fn who_goes_on_undoing_undoes_only_what_is_left() {
    let seen = Seen::default();
    let log = seen.clone();
    let flow = || {
        Workflow::new("w")
            .on_failure(OnFailure::Compensate)
            .task("a", act())
            .task("b", act().depends_on("a"))
            .task("c", act().depends_on("b"))
            .task("fail", act().with("fail", true).depends_on("c"))
    };
    let first = Diary::default();
    polity::simulate(1, async {
        let society = society(&first, &["#b"]).sink(log).start()?;
        Ok::<_, Failure>(society.launch(flow(), RunOptions::default().name("first")).map(|handle| handle.join())?.await?)
    })
    .unwrap();
    assert_eq!(*first.borrow(), ["a", "b", "c", "undo #c"]);
    // The log tells the later run what is done, and what is undone.
    let recall = seen.recall(|_| true);
    assert!(recall.undoing());
    let (second, log) = (Diary::default(), Seen::default());
    let watched = log.clone();
    let result = polity::simulate(2, async {
        let society = society(&second, &[]).sink(watched).start()?;
        let options = RunOptions::default().name("second").recalling(recall);
        Ok::<_, Failure>(society.launch(flow(), options)?.join().await?)
    })
    .unwrap();
    assert_eq!(*second.borrow(), ["undo #b", "undo #a"]);
    assert_eq!((result.status(), result.compensated()), (RunStatus::Failed, 3));
    assert_eq!(log.count(|what| matches!(what, What::RunStarted(head) if head.resumes.as_deref() == Some("first"))), 1);
}

#[test]
fn the_same_happens_under_every_government_and_whatever_dies() {
    for strategy in ["hierarchical", "consensus", "market", "stigmergic"] {
        for seed in 0..10 {
            let diary = Diary::default();
            let result = polity::simulate(seed, async {
                let fragile =
                    AgentSpec { replicas: 3, replicated: true, slots: 2, ..AgentSpec::new("bob", Capabilities::default()) };
                let society = society(&diary, &[]).agent_spec(fragile).start()?;
                let crash = Simulation { crash: 0.3, ..Simulation::default() };
                let flow = Workflow::new("w")
                    .strategy(strategy)
                    .on_failure(OnFailure::Compensate)
                    .task("a", act())
                    .task("b", act().depends_on("a"))
                    .task("risky", simulated(crash.clone()).compensate(simulated(crash)).depends_on("a"))
                    .task("fail", act().with("fail", true).depends_on("b").depends_on("risky"));
                let society_strategy = RunOptions::default();
                let _ = &society_strategy;
                let flow = flow.check(&society.known()).map_err(|errors| Failure::error(errors.to_string()))?;
                Ok::<_, Failure>(society.launch(flow, society_strategy)?.join().await?)
            })
            .unwrap();
            let replay = format!("{strategy}, seed {seed}: {:?}", result.left());
            assert!(matches!(result.status(), RunStatus::Failed | RunStatus::Stuck), "{replay}");
            let undone = diary.borrow().iter().filter(|line| line.starts_with("undo")).count();
            let done = diary.borrow().iter().filter(|line| !line.starts_with("undo")).count();
            assert!(undone == done || result.status() == RunStatus::Stuck, "{replay}: {:?}", diary.borrow());
            assert_eq!(result.compensated() as usize + result.left().len(), result.tally().completed as usize, "{replay}");
        }
    }
}

#[test]
fn what_an_undo_may_use_is_checked() {
    let wrong = |undo: &str, rest: &str| {
        let text = format!(
            "name: w\non_failure: compensate\nagents: [{{ id: a }}]\ntasks:\n  - {{ id: t, run: x, compensate: {undo} }}\n{rest}"
        );
        parse(&text, None, &Known::default()).map(|checked| checked.warnings.len()).map_err(|errors| errors.to_string())
    };
    assert_eq!(wrong("{ run: 'undo {{ output }} {{ inputs.n }}' }", "inputs: [{ name: n }]\n"), Ok(0));
    assert!(
        wrong("{ run: 'undo {{ other.output }}' }", "  - { id: other, run: x }\n")
            .unwrap_err()
            .contains("5:50: `compensate` of task \"t\" uses tasks.other")
    );
    assert!(wrong("{ run: 'undo {{ item }}' }", "").unwrap_err().contains("uses item, which it can't see"));
    assert!(wrong("{ stdin: x }", "").unwrap_err().contains("must say once how it is undone"));
    assert!(wrong("{ run: x, fn: y }", "").unwrap_err().contains("must say once how it is undone"));
    let elsewhere = "name: w\nagents: [{ id: a }]\ntasks: [{ id: t, run: 'x {{ output }}' }]\n";
    assert!(parse(elsewhere, None, &Known::default()).unwrap_err().to_string().contains("only there in `compensate`"));
    let pointless = "name: w\nagents: [{ id: a }]\ntasks: [{ id: t, run: x, compensate: { run: y } }]\n";
    assert_eq!(parse(pointless, None, &Known::default()).unwrap().warnings.len(), 1);
}

/// Runs a flow in a society of its own; what it wrote down, what was seen, and what came of it.
fn played(
    flow: Workflow,
    stubborn: &'static [&'static str],
    recall: Recall,
    cancel: Option<Duration>,
) -> (Vec<String>, Seen, RunResult) {
    let (diary, seen) = (Diary::default(), Seen::default());
    let log = seen.clone();
    let result = polity::simulate(1, async {
        let society = society(&diary, stubborn).sink(log).start()?;
        let handle = society.launch(flow, RunOptions::default().recalling(recall))?;
        if let Some(at) = cancel {
            society.sleep(at).await;
            handle.cancel();
        }
        Ok::<_, Failure>(handle.join().await?)
    })
    .unwrap();
    let diary = diary.borrow().clone();
    (diary, seen, result)
}
fn built(flow: WorkflowBuilder) -> Workflow {
    flow.on_failure(OnFailure::Compensate).build().unwrap()
}

#[test]
fn a_run_that_died_after_it_turned_back_goes_on_undoing_wherever_its_log_ends() {
    let chain = |fails: bool| {
        let last = if fails { act().with("fail", true) } else { act() };
        built(Workflow::new("w").task("a", act()).task("b", act().depends_on("a")).task("f", last.depends_on("b")))
    };
    let (_, seen, _) = played(chain(true), &[], Recall::default(), None);
    let failed = seen.place(|what| matches!(what, What::Failed { .. }));
    let ended = seen.place(|what| matches!(what, What::RunEnded(_)));
    let mut undone = std::collections::BTreeSet::new();
    for events in failed + 1..=ended {
        // Were it to go forwards, it would come to its end: the cause of the failure is gone.
        let recall = seen.recall_of(events, |_| true);
        assert!(recall.undoing(), "{events}");
        let (diary, log, result) = played(chain(false), &[], recall, None);
        let expected = ["undo #b", "undo #a"];
        assert!(expected.ends_with(&diary.iter().map(String::as_str).collect::<Vec<_>>()), "{events}: {diary:?}");
        assert_eq!((result.status(), result.compensated(), result.left().len()), (RunStatus::Failed, 2, 0), "{events}");
        assert_eq!(log.count(|what| matches!(what, What::TurnedBack { because: RunStatus::Failed })), 1);
        undone.insert(diary.len());
    }
    assert_eq!(undone, [0, 1, 2].into(), "each was seen");
    // Before the failure it had not turned back.
    assert!(!seen.recall_of(failed, |_| true).undoing());
}

#[test]
fn who_goes_on_undoing_knows_a_list_that_began_before_all_that_it_waited_for_had_ended() {
    // The list is content with `a`; `late`, which it also waited for, is blocked, and will never end.
    let flow = || {
        let each = act().for_each("[1, 2]").depends_on("a").depends_on("late").join(Join::OneSuccess);
        let fails = act().with("fail", true).depends_on("a");
        built(Workflow::new("w").task("a", act()).task("f", fails).task("late", act().depends_on("f")).task("each", each))
    };
    let (_, seen, _) = played(flow(), &[], Recall::default(), None);
    let recall = seen.recall_of(seen.place(|what| matches!(what, What::Compensating { .. })), |_| true);
    assert!(recall.undoing());
    let (diary, _, result) = played(flow(), &[], recall, None);
    assert_eq!((result.compensated(), result.left().len(), diary.len()), (3, 0, 3), "{diary:?}");
    assert_eq!(diary[2], "undo #a");
}

#[test]
fn a_run_that_was_cancelled_and_is_stuck_goes_on_undoing_and_does_nothing_that_was_called_off() {
    let flow = || {
        built(
            Workflow::new("w")
                .task("a", act())
                .task("b", act().depends_on("a"))
                .task("c", act().depends_on("b"))
                .task("whatever", act().depends_optionally_on("c")),
        )
    };
    let (diary, seen, result) = played(flow(), &["#a"], Recall::default(), Some(Duration::from_millis(2_500)));
    assert_eq!((result.status(), diary), (RunStatus::Stuck, vec!["a".into(), "b".into(), "undo #b".into()]));
    let (diary, again, result) = played(flow(), &["#a"], seen.recall(|_| true), None);
    assert_eq!((result.status(), result.left().len(), diary.len()), (RunStatus::Stuck, 1, 0), "still stuck: {diary:?}");
    let (diary, _, result) = played(flow(), &[], again.recall(|_| true), None);
    assert_eq!((result.status(), result.status().exit_code(), result.compensated()), (RunStatus::Cancelled, 6, 2));
    assert_eq!((diary, result.tally().cancelled), (vec!["undo #a".to_owned()], 2));
}

#[test]
fn what_was_undone_and_what_stood_on_it_is_done_again_under_new_keys_and_the_rest_is_taken_over() {
    let flow = |fails: bool| {
        let last = if fails { act().with("fail", true) } else { act() };
        built(
            Workflow::new("w")
                .task("quote", function("act"))
                .task("book", act().depends_on("quote"))
                .task("receipt", function("act").depends_on("book"))
                .task("pay", last.depends_on("receipt")),
        )
    };
    let (diary, seen, _) = played(flow(true), &[], Recall::default(), None);
    assert_eq!(diary, ["quote", "book", "receipt", "undo #book"]);
    let recall = seen.recall(|task| task == "pay");
    assert!(!recall.undoing());
    let (diary, log, result) = played(flow(false), &[], recall, None);
    assert_eq!(diary, ["book", "receipt", "pay"]);
    assert_eq!((result.status(), result.compensated()), (RunStatus::Completed, 0));
    assert_eq!(log.count(|what| matches!(what, What::RunStarted(head) if head.resumes.is_some())), 0, "its keys are its own");
}

#[test]
fn what_an_earlier_run_did_is_taken_over_before_any_failure_or_cancel() {
    // `late` stands behind `again`, which is done again and fails again: its effect must be undone all the same.
    let flow = || {
        built(
            Workflow::new("w")
                .task("again", act().with("fail", true))
                .task("late", act().depends_optionally_on("again"))
                .task("each", act().for_each("[1, 2]").depends_on("late")),
        )
    };
    let known = || {
        ["late", "each[1]", "each[2]"]
            .iter()
            .fold(Recall::default(), |recall, task| recall.output(*task, json!({ "id": format!("#{task}") })))
    };
    let expected = ["undo #each[1]", "undo #each[2]", "undo #late"];
    let (diary, _, result) = played(flow(), &[], known(), None);
    assert_eq!((result.status(), result.compensated(), diary), (RunStatus::Failed, 3, expected.map(str::to_owned).to_vec()));
    let (diary, _, result) = played(flow(), &[], known(), Some(Duration::from_millis(500)));
    assert_eq!((result.status(), result.compensated(), diary), (RunStatus::Cancelled, 3, expected.map(str::to_owned).to_vec()));
    // What this run has no place for is named, again and again.
    let known = known().output("each[9]", 9);
    let (_, seen, result) = played(flow(), &[], known, None);
    assert_eq!((result.status(), result.compensated(), &*result.left()[0].0), (RunStatus::Stuck, 3, "each[9]"));
    let (_, _, result) = played(flow(), &[], seen.recall(|_| true), None);
    assert_eq!((result.status(), result.compensated(), &*result.left()[0].0), (RunStatus::Stuck, 3, "each[9]"));
}

#[test]
fn a_failure_of_before_stops_nothing_and_one_of_now_does() {
    let flow = |on_failure| {
        Workflow::new("w")
            .on_failure(on_failure)
            .task("dead", function("act").with("fail", true))
            .task("asked", function("act"))
            .task("done", function("act"))
            .task("next", function("act").depends_on("asked").depends_on("done"))
            .build()
            .unwrap()
    };
    let first = || {
        let mut flow = flow(OnFailure::Continue);
        flow.tasks[1].with = flow.tasks[0].with.clone(); // it fails too
        played(flow, &[], Recall::default(), None).1
    };
    let recall = first().recall(|task| task == "asked");
    assert_eq!(recall.outputs(), 1);
    for on_failure in [OnFailure::Continue, OnFailure::FailFast] {
        let (diary, log, result) = played(flow(on_failure), &[], recall.clone(), None);
        assert_eq!(diary, ["asked", "next"], "{on_failure:?}");
        assert_eq!((result.status(), result.tally().completed, result.tally().failed), (RunStatus::Failed, 3, 1));
        assert_eq!(log.count(|what| matches!(what, What::DeadLettered { .. })), 1);
    }
    // A run that undoes what it did would undo that at once: it does nothing that was not done.
    let (diary, log, result) = played(flow(OnFailure::Compensate), &[], recall, None);
    assert_eq!((diary.len(), result.status(), result.tally().completed), (0, RunStatus::Failed, 1));
    assert_eq!(log.count(|what| matches!(what, What::TurnedBack { .. })), 1);
}
