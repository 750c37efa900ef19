//! How many a task waits for, end to end, in virtual time.

#![allow(clippy::unwrap_used)]

use polity::event::{COPIES, Event, Names, What};
use polity::prelude::*;
use polity::report::{Console, ConsoleOptions, Recall, Report, explain, show};
use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the functions did, each with the second at which it was done.
type Diary = Rc<RefCell<Vec<(f64, String)>>>;

/// A run that was played.
struct Played {
    result: RunResult,
    events: Vec<Event>,
    diary: Vec<(f64, String)>,
    names: Names,
    report: Report,
    console: String,
}

#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);
impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// As long as `for` says, in seconds; what takes no time is over at once.
async fn pause(job: &Job, context: &Context) {
    let seconds = job.input("for").unwrap_or(1.0);
    if seconds > 0.0 {
        context.sleep(Duration::from_secs_f64(seconds)).await;
    }
}

/// `step` takes `for` seconds and then gives what it was given, or fails if it is told to; `undo` writes down what it undoes.
fn society(diary: &Diary, slots: u32) -> polity::Builder {
    let (done, undone) = (diary.clone(), diary.clone());
    let step = move |job: Job, context: Context| {
        let diary = done.clone();
        async move {
            pause(&job, &context).await;
            let failing = job.input("fail").unwrap_or(false);
            let what = format!("{}{}", job.name, if failing { " failed" } else { "" });
            diary.borrow_mut().push((context.now().as_secs_f64(), what));
            if failing { Err(Failure::error("no")) } else { Ok((*job.input).clone()) }
        }
    };
    let undo = move |job: Job, context: Context| {
        undone.borrow_mut().push((context.now().as_secs_f64(), job.name.to_string()));
        async move { Ok(Value::Null) }
    };
    // Work instead of a result: a workflow of two steps.
    let plan = |job: Job, context: Context| async move {
        pause(&job, &context).await;
        let step = |id: &str| json!({ "id": id, "fn": "step", "with": { "for": 3 } });
        Ok(json!({ "name": "parts", "tasks": [step("one"), step("two")] }))
    };
    let ann = AgentSpec { slots, queue: 64, ..AgentSpec::new("ann", Capabilities::default()) };
    Polity::builder().agent_spec(ann).function("step", step).function("undo", undo).function("plan", plan)
}

/// Plays a workflow: its tasks, one a line, and what else it says.
fn play_with(slots: u32, head: &str, tasks: &[&str], recall: Recall) -> Played {
    let (diary, screen) = (Diary::default(), Screen::default());
    let events: Rc<RefCell<Vec<Event>>> = Rc::default();
    let lines: Vec<String> = tasks.iter().map(|task| format!("  - {{ {task} }}\n")).collect();
    let text = format!("name: w\n{head}\ntasks:\n{}", lines.concat());
    let result = polity::simulate(1, async {
        let console = Console::new(polity::event::RunId(0), ConsoleOptions::default(), Box::new(screen.clone()));
        let society = society(&diary, slots).sink(events.clone()).sink(console).start().unwrap();
        let flow = parse(&text, None, &society.known()).unwrap_or_else(|errors| panic!("{errors}")).workflow;
        let result = society.launch(flow, RunOptions::default().recalling(recall)).unwrap().join().await.unwrap();
        society.sleep(Duration::from_secs(1_000)).await; // what goes on though it should not would write into the diary
        result
    });
    let (mut names, mut report) = (Names::default(), Report::default().keeping_decisions(true));
    for event in events.borrow().iter() {
        names.take(event);
        report.take(event);
    }
    assert_eq!(report.strays(), 0);
    let console = String::from_utf8(screen.0.lock().unwrap().clone()).unwrap();
    Played { result, events: events.take(), diary: diary.take(), names, report, console }
}
fn play(head: &str, tasks: &[&str]) -> Played {
    play_with(16, head, tasks, Recall::default())
}

impl Played {
    fn number(&self, task: &str) -> u32 {
        let all = self.report.tasks().map(|(n, _)| n).chain(self.report.copies().map(|(n, _)| n));
        let name = |n: &u32| *self.names.task(polity::protocols::TaskId::new(0, *n)) == *task;
        all.into_iter().find(name).unwrap_or_else(|| panic!("there is no {task}"))
    }
    fn state(&self, task: &str) -> &'static str {
        self.report.task(self.number(task)).unwrap().state.word()
    }
    /// The second at which a task was announced; each once, unless it is retried.
    fn began(&self, task: &str) -> Option<f64> {
        let n = self.number(task);
        let began: Vec<f64> = self
            .events
            .iter()
            .filter(
                |event| matches!(&event.what, What::Announced { task, attempt: 1 } if task.instance() == n && event.run.0 == 0),
            )
            .map(|event| event.at.as_secs_f64())
            .collect();
        assert!(began.len() <= 1, "{task} began at {began:?}");
        began.first().copied()
    }
    /// What it worked on.
    fn input(&self, task: &str) -> Value {
        self.report.task(self.number(task)).unwrap().output().map(|output| (**output).clone()).unwrap_or_default()
    }
    fn reason(&self, task: &str) -> String {
        self.report.task(self.number(task)).unwrap().reason.as_ref().map(ToString::to_string).unwrap_or_default()
    }
    fn did(&self, what: &str) -> bool {
        self.diary.iter().any(|(_, done)| done == what)
    }
    fn took(&self) -> f64 {
        self.report.makespan().as_secs_f64()
    }
    fn causes(&self, task: &str) -> Vec<String> {
        let causes = self.report.task(self.number(task)).unwrap().causes().to_vec();
        causes.into_iter().map(|n| self.names.task(polity::protocols::TaskId::new(0, n)).to_string()).collect()
    }
}

/// What becomes of a task that depends on three: at which second it starts, or how it ends without that.
#[derive(Debug, PartialEq)]
enum Becomes {
    Starts(f64),
    Blocked,
    Skipped,
}

#[test]
fn each_rule_with_each_mixture_of_ends() {
    use Becomes::{Blocked, Skipped, Starts};
    // The upstream tasks end after 1, 2 and 3 s: done (d), failed (f); or are skipped at once (s).
    let table = [
        ("all_success", [("ddd", Starts(3.0)), ("dfd", Blocked), ("dsd", Starts(3.0)), ("sss", Skipped), ("fff", Blocked)]),
        (
            "all_done",
            [("ddd", Starts(3.0)), ("dfd", Starts(3.0)), ("dsd", Starts(3.0)), ("sss", Starts(0.0)), ("fff", Starts(3.0))],
        ),
        ("one_success", [("ddd", Starts(1.0)), ("ffd", Starts(3.0)), ("sfd", Starts(3.0)), ("sss", Skipped), ("fff", Blocked)]),
        ("{ at_least: 2 }", [("ddd", Starts(2.0)), ("dfd", Starts(3.0)), ("sfd", Blocked), ("ssd", Skipped), ("ffd", Blocked)]),
        (
            "any_done",
            [("ddd", Starts(1.0)), ("fdd", Starts(1.0)), ("dsd", Starts(0.0)), ("sss", Starts(0.0)), ("fff", Starts(1.0))],
        ),
        ("all_failed", [("ddd", Skipped), ("ffd", Skipped), ("ffs", Skipped), ("sss", Skipped), ("fff", Starts(3.0))]),
        ("one_failed", [("ddd", Skipped), ("dfd", Starts(2.0)), ("dsf", Starts(3.0)), ("sss", Skipped), ("fff", Starts(1.0))]),
        ("none_failed", [("ddd", Starts(3.0)), ("dfd", Skipped), ("dsd", Starts(3.0)), ("sss", Starts(0.0)), ("fff", Skipped)]),
    ];
    for (join, rows) in table {
        for (ends, expected) in rows {
            let upstream: Vec<String> = ends
                .chars()
                .zip(["a", "b", "c"])
                .enumerate()
                .map(|(n, (end, id))| {
                    let fails = if end == 'f' { ", fail: true" } else { "" };
                    let when = if end == 's' { ", when: \"1 == 2\"" } else { "" };
                    format!("id: {id}, fn: step, with: {{ for: {}{fails} }}{when}", n + 1)
                })
                .collect();
            let pick = format!("id: pick, fn: step, depends_on: [a, b, c], join: {join}");
            let mut tasks: Vec<&str> = upstream.iter().map(String::as_str).collect();
            tasks.extend([pick.as_str(), "id: after, fn: step, depends_on: [pick]"]);
            let played = play("", &tasks);
            let became = match (played.began("pick"), played.state("pick")) {
                (Some(at), "completed") => Starts(at),
                (None, "blocked") => Blocked,
                (None, "skipped") => Skipped,
                other => panic!("{join} of {ends}: {other:?}"),
            };
            assert_eq!(became, expected, "{join} of {ends}");
            let (after, fails) = (played.state("after"), ends.contains('f'));
            assert_eq!(after, if matches!(expected, Starts(_)) { "completed" } else { played.state("pick") }, "{join} of {ends}");
            // A failure is a failure, whoever goes on without it.
            let status = if fails { RunStatus::Failed } else { RunStatus::Completed };
            assert_eq!(played.result.status(), status, "{join} of {ends}");
            if expected == Blocked {
                let causes = played.causes("after");
                let tipped = if join == "all_success" { ends.find('f') } else { ends.rfind('f') };
                assert_eq!(
                    causes,
                    ["pick", ["a", "b", "c"][tipped.unwrap()]],
                    "{join} of {ends}: the failure that made it impossible"
                );
            }
            if expected == Skipped && join != "all_success" {
                assert!(
                    played.reason("pick").contains(&format!("join: {}", join.trim_matches(['{', '}', ' ']))),
                    "{}",
                    played.reason("pick")
                );
            }
        }
    }
}

#[test]
fn what_reads_an_upstream_that_still_runs_takes_what_is_there() {
    let quick = "id: quick, fn: step, with: { for: 1 }";
    let slow = "id: slow, fn: step, with: { for: 5 }";
    let reads = "seen: '{{ slow.status }}', error: '{{ slow.error }}', out: '{{ slow.output | default(\"nothing\") }}', is: '{{ slow.output is defined }}'";
    // Named in `depends_on`, the join alone says how long is waited.
    let early = format!("id: pick, fn: step, depends_on: [quick, slow], join: any_done, with: {{ {reads} }}");
    let played = play("", &[quick, slow, &early]);
    assert_eq!(played.began("pick"), Some(1.0));
    assert_eq!(played.input("pick"), json!({ "seen": "executing", "error": null, "out": "nothing", "is": false }));
    assert_eq!((played.state("slow"), played.result.status()), ("completed", RunStatus::Completed));
    // Not named there, its end is waited for besides.
    let late = format!("id: pick, fn: step, depends_on: [quick], join: any_done, with: {{ {reads} }}");
    let played = play("", &[quick, slow, &late]);
    assert_eq!(played.began("pick"), Some(5.0));
    assert_eq!(played.input("pick"), json!({ "seen": "completed", "error": null, "out": { "for": 5 }, "is": true }));
    // An optional one counts for no join, and its end is waited for too.
    let optional = "id: pick, fn: step, depends_on: [quick, { task: slow, optional: true }], join: one_success";
    assert_eq!(play("", &[quick, slow, optional]).began("pick"), Some(5.0));
    // An output that is needed is waited for, whatever the join says.
    let needs = "id: pick, fn: step, depends_on: [quick, slow], join: one_success, with: { out: '{{ slow.output.for }}' }";
    let played = play("", &[quick, slow, needs]);
    assert_eq!((played.began("pick"), played.input("pick")), (Some(5.0), json!({ "out": 5 })));
    // Where all must have ended, all is there.
    let all = format!("id: pick, fn: step, depends_on: [quick, slow], join: all_done, with: {{ {reads} }}");
    assert_eq!(play("", &[quick, slow, &all]).input("pick")["out"], json!({ "for": 5 }));
    // `when` is asked when the join is met.
    let when = "id: pick, fn: step, depends_on: [quick, slow], join: one_success, when: slow.status == 'completed'";
    let played = play("", &[quick, slow, when]);
    assert_eq!(played.state("pick"), "skipped");
    assert!(played.reason("pick").contains("`when` is false"));
}

#[test]
fn a_task_starts_once_whatever_comes_later() {
    let quick = "id: quick, fn: step, with: { for: 1 }";
    let pick = "id: pick, fn: step, depends_on: [quick, slow], join: one_success, with: { for: 1 }";
    let after = "id: after, fn: step, depends_on: [pick, slow]";
    for (slow, status, becomes) in [
        ("id: slow, fn: step, with: { for: 5 }", RunStatus::Completed, "completed"),
        ("id: slow, fn: step, with: { for: 5, fail: true }", RunStatus::Failed, "blocked"),
        ("id: slow, fn: step, with: { for: 5 }, timeout: 3s", RunStatus::Failed, "blocked"),
    ] {
        let played = play("", &[quick, slow, pick, after]);
        assert_eq!((played.began("pick"), played.state("pick")), (Some(1.0), "completed"));
        assert_eq!((played.result.status(), played.state("after")), (status, becomes), "{slow}");
        assert_eq!(played.diary.iter().filter(|(_, done)| done == "pick").count(), 1);
    }
}

const PICK: &str =
    "id: pick, fn: step, depends_on: [quick, rest], join: { rule: one_success, cancel_rest: true }, with: { for: 2 }";
const QUICK: &str = "id: quick, fn: step, with: { for: 1 }";

#[test]
fn the_rest_is_cancelled_in_whatever_state_it_is() {
    let simulated = "simulate: { work: 5s }";
    let nested = "workflow: { name: inner, tasks: [{ id: first, fn: step, with: { for: 3 } }, { id: second, fn: step, depends_on: [first] }] }";
    let rests = [
        ("executing", "id: rest, fn: step, with: { for: 5 }".to_owned()),
        (
            "backing off",
            "id: rest, fn: step, with: { for: 0.5, fail: true }, retry: { attempts: 3, initial: 20s, jitter: none }".into(),
        ),
        ("instances", "id: rest, fn: step, for_each: '[3, 4, 5]', with: { for: '{{ item }}' }".into()),
        ("copies", "id: rest, fn: step, redundancy: 3, with: { for: 5 }".into()),
        ("simulated", format!("id: rest, {simulated}")),
        ("a sub-workflow", format!("id: rest, {nested}")),
        ("handed on at that very moment", "id: rest, delegate: { goal: x, fn: plan }".into()),
    ];
    for (what, rest) in rests {
        let played = play("", &[QUICK, &rest, PICK]);
        let state = played.state("rest");
        assert!(matches!(state, "cancelled" | "joined"), "{what}: {state}");
        assert_eq!((played.began("pick"), played.took()), (Some(1.0), 3.0), "{what}: the run ends with what picked");
        assert_eq!(played.result.status(), RunStatus::Completed, "{what}: {:?}", played.result.tally());
        assert!(played.result.tally().cancelled >= 1, "{what}");
        let late = played.diary.iter().filter(|(at, done)| *at > 1.0 && done != "pick").count();
        assert_eq!(late, 0, "{what}: it was really stopped: {:?}", played.diary);
        let off = |event: &&Event| matches!(event.what, What::CalledOff { .. });
        assert_eq!(played.events.iter().filter(off).count(), 1, "{what}");
    }
}

#[test]
fn what_is_handed_on_or_ends_just_then_is_one_or_the_other() {
    let slow = "id: quick, fn: step, with: { for: 2 }";
    // Its sub-run goes on when the join is met.
    let handed = play("", &[slow, "id: rest, delegate: { goal: x, fn: plan }", PICK]);
    assert_eq!((handed.state("rest"), handed.took(), handed.result.status()), ("cancelled", 4.0, RunStatus::Completed));
    assert!(!handed.diary.iter().any(|(_, what)| what == "one" || what == "two"), "{:?}", handed.diary);
    // It fails for good at the moment when the join is met, and no other way is asked for.
    let adaptive = "mode: adaptive\ndecomposer: { fn: plan }";
    let failed = play(adaptive, &[QUICK, "id: rest, fn: step, with: { for: 1, fail: true }", PICK]);
    assert_eq!((failed.state("rest"), failed.took(), failed.result.status()), ("cancelled", 3.0, RunStatus::Completed));
    // Some end at one moment, well or not: each is over before it is called off, or cancelled by that, and its dependents begin once.
    let (mut over, mut cancelled, mut crossed) = (0, 0, 0);
    for place in 0..6 {
        for (rest, time) in [
            ("fn: step, with: { for: 1 }", 1),
            ("fn: step, with: { for: 1, fail: true }", 1),
            ("fn: step, for_each: '[1, 1]', with: { for: 1 }", 1),
            ("fn: step, with: { for: 0 }", 0),
            ("fn: step, with: { for: 0, fail: true }", 0),
            ("delegate: { goal: x, fn: plan }, with: { for: 0 }", 0),
        ] {
            let mut tasks: Vec<String> = (0..5).map(|n| format!("id: rest{n}, {rest}")).collect();
            tasks.insert(place, format!("id: quick, fn: step, with: {{ for: {time} }}"));
            let on = "depends_on: [quick, rest0, rest1, rest2, rest3, rest4]";
            tasks.push(format!("id: pick, fn: step, {on}, join: {{ rule: one_success, cancel_rest: true }}"));
            let played = play("", &tasks.iter().map(String::as_str).collect::<Vec<_>>());
            let (began, took) = (f64::from(time), f64::from(time) + 1.0);
            assert_eq!((played.began("pick"), played.state("pick"), played.took()), (Some(began), "completed", took));
            let (tally, well) = (played.result.tally(), played.result.status() == RunStatus::Completed);
            assert_eq!(well, tally.failed == 0, "{tally:?}");
            over += tally.completed + tally.failed - 2;
            cancelled += tally.cancelled;
            let ended = |n: u32, before: &Event| match &before.what {
                What::Completed { task, .. } | What::Failed { task, .. } | What::Delegated { task, .. } => task.instance() == n,
                _ => false,
            };
            for (at, event) in played.events.iter().enumerate() {
                if let What::CalledOff { task, .. } = &event.what {
                    crossed += u32::from(played.events[..at].iter().any(|before| ended(task.instance(), before)));
                }
            }
        }
    }
    assert!(over > 0 && cancelled > 0 && crossed > 0, "{over} were over, {cancelled} were cancelled, {crossed} words crossed");
}

#[test]
fn what_has_not_begun_is_not_begun_any_more() {
    // One slot: `quick` has it, and the others wait in the agent's queue or with the coordinator.
    let busy: Vec<String> = (0..60).map(|n| format!("id: rest{n}, fn: step, with: {{ for: 5 }}")).collect();
    let named: Vec<String> = (0..60).map(|n| format!("rest{n}")).collect();
    let first = "id: quick, fn: step, with: { for: 1 }, priority: critical".to_owned();
    let pick = format!(
        "id: pick, fn: step, depends_on: [quick, {}], join: {{ rule: one_success, cancel_rest: true }}",
        named.join(", ")
    );
    let mut tasks: Vec<&str> = vec![&first];
    tasks.extend(busy.iter().map(String::as_str));
    tasks.push(&pick);
    let played = play_with(1, "limits: { max_open: 4 }", &tasks, Recall::default());
    assert_eq!((played.result.status(), played.result.tally().cancelled), (RunStatus::Completed, 60));
    let begun = named.iter().filter(|rest| played.began(rest).is_some()).count();
    assert!(begun > 0 && begun < 60, "{begun}: some had been announced, some not");
    assert_eq!(played.diary.len(), 2, "{:?}", played.diary);
    assert_eq!(played.took(), 2.0);
    // What could begin by the same end that makes it needless does not begin: nothing of it is asked any more.
    for rest in ["when: \"1 == 2\"", "for_each: '[1, 2]'", "with: { x: '{{ quick.output.nothing }}' }"] {
        let rest = format!("id: rest, fn: step, depends_on: [quick], {rest}");
        let played = play("", &[QUICK, &rest, PICK]);
        assert_eq!((played.state("rest"), played.result.status()), ("cancelled", RunStatus::Completed), "{rest}");
    }
}

#[test]
fn what_was_only_there_for_the_rest_is_called_off_with_it() {
    let tasks = [
        QUICK,
        "id: source, fn: step, with: { for: 4 }",
        "id: shared, fn: step, with: { for: 4 }",
        "id: rest, fn: step, depends_on: [source, shared]",
        PICK,
        "id: user, fn: step, depends_on: [shared]",
    ];
    let played = play("", &tasks);
    assert_eq!(
        ["source", "rest", "shared", "user"].map(|task| played.state(task)),
        ["cancelled", "cancelled", "completed", "completed"]
    );
    assert_eq!((played.result.status(), played.took()), (RunStatus::Completed, 5.0));
    assert!(!played.did("source"));
}

#[test]
fn what_others_need_is_not_called_off() {
    let rest = "id: rest, fn: step, with: { for: 5 }";
    // Another that is pending needs it.
    let needed = play("", &[QUICK, rest, PICK, "id: user, fn: step, depends_on: [rest]"]);
    assert_eq!((needed.state("rest"), needed.state("user"), needed.took()), ("completed", "completed", 6.0));
    // So does an output of the workflow, unless it goes on without it.
    let kept = play("outputs: [{ name: o, from: rest.output.for }]", &[QUICK, rest, PICK]);
    assert_eq!((kept.state("rest"), kept.result.output("o")), ("completed", &json!(5)));
    let spared = play("outputs: [{ name: o, from: rest.output.for | default(quick.output.for) }]", &[QUICK, rest, PICK]);
    assert_eq!((spared.state("rest"), spared.result.output("o")), ("cancelled", &json!(1)));
    // One that has begun without it needs it no more; one that waits for it lets it go when it can't begin any more.
    let other = "id: other, fn: step, depends_on: [quick, rest], join: any_done";
    assert_eq!(play("", &[QUICK, rest, PICK, other]).state("rest"), "cancelled");
    let hopeless = ["id: never, fn: step, with: { for: 3, fail: true }", "id: user, fn: step, depends_on: [rest, never]"];
    let late = play("", &[QUICK, rest, PICK, hopeless[0], hopeless[1]]);
    assert_eq!((late.state("rest"), late.state("user"), late.took()), ("cancelled", "blocked", 3.0));
    // Who goes on however it ends does not need it.
    let content = [
        "id: books, fn: step, depends_on: [rest, pick], join: all_done",
        "id: books, fn: step, depends_on: [pick], with: { seen: '{{ rest.status }}' }",
        "id: books, fn: step, depends_on: [pick, { task: rest, optional: true }], with: { out: '{{ rest.output | default(0) }}' }",
    ];
    for books in content {
        let played = play("", &[QUICK, rest, PICK, books]);
        assert_eq!((played.state("rest"), played.began("books")), ("cancelled", Some(3.0)), "{books}");
        assert_eq!(played.result.status(), RunStatus::Completed);
    }
    // An alarm that it could set off by being cancelled keeps it going, until that is decided.
    let alarm = "id: alarm, fn: step, depends_on: [rest], join: one_failed";
    let quiet = play("", &[QUICK, rest, PICK, alarm]);
    assert_eq!((quiet.state("rest"), quiet.state("alarm")), ("completed", "skipped"));
    // Without the word nothing is cancelled.
    let calm = "id: pick, fn: step, depends_on: [quick, rest], join: one_success";
    assert_eq!(play("", &[QUICK, rest, calm]).state("rest"), "completed");
}

#[test]
fn two_of_three_and_the_third_is_cancelled() {
    let pick = "id: pick, fn: step, depends_on: [a, b, c, d], join: { at_least: 2, cancel_rest: true }";
    let tasks = [
        "id: a, fn: step, with: { for: 1 }",
        "id: b, fn: step, with: { for: 2, fail: true }",
        "id: c, fn: step, with: { for: 3 }",
        "id: d, fn: step, with: { for: 9 }",
        pick,
    ];
    let played = play("", &tasks);
    assert_eq!((played.began("pick"), played.state("d"), played.took()), (Some(3.0), "cancelled", 4.0));
    assert_eq!(played.result.status(), RunStatus::Failed, "b failed");
    // With `fail_fast` that failure is the end of it all, whatever the join could do without.
    let strict = play("on_failure: fail_fast", &tasks);
    assert_eq!((strict.began("pick"), strict.state("pick"), strict.took()), (None, "cancelled", 9.0));
}

#[test]
fn lists_count_as_one_and_a_list_may_begin_early() {
    let each = "id: each, fn: step, for_each: '[1, 2, 4]', with: { for: '{{ item }}' }";
    let some = "id: some, fn: step, for_each: '[1, 2]', with: { for: '{{ item }}', fail: '{{ item == 2 }}' }";
    let two = "id: two, fn: step, depends_on: [each, some, one], join: { at_least: 2 }";
    let played = play("", &[each, some, "id: one, fn: step, with: { for: 3 }", two]);
    assert_eq!(played.began("two"), Some(4.0), "`each` ended with its last instance, `some` failed with one of its own");
    let spread = "id: spread, fn: step, depends_on: [each, one], join: one_success, for_each: '[1, 2]', with: { seen: '{{ each.output | default([]) | length }}' }";
    let played = play("", &[each, "id: one, fn: step, with: { for: 3 }", spread]);
    assert_eq!((played.began("spread[1]"), played.began("spread[2]")), (Some(3.0), Some(3.0)));
    assert_eq!(played.input("spread[1]"), json!({ "seen": 0 }));
    let empty = play(
        "",
        &[
            "id: nothing, fn: step, for_each: '[]'",
            "id: one, fn: step, with: { for: 3 }",
            "id: x, fn: step, depends_on: [nothing, one], join: one_success",
        ],
    );
    assert_eq!(empty.began("x"), Some(0.0), "with no items it has succeeded");
}

#[test]
fn a_workflow_within_has_joins_and_a_join_may_begin_one() {
    let inner = "workflow: { name: inner, tasks: [{ id: a, fn: step, with: { for: 1 } }, { id: b, fn: step, with: { for: 6 } }, \
        { id: p, fn: step, depends_on: [a, b], join: { rule: one_success, cancel_rest: true }, with: { for: 1 } }] }";
    let played = play("", &[&format!("id: whole, {inner}"), "id: after, fn: step, depends_on: [whole]"]);
    assert_eq!((played.result.status(), played.began("after")), (RunStatus::Completed, Some(2.0)));
    assert!(!played.did("b"));
    let early = format!("id: whole, {inner}, depends_on: [quick, slow], join: one_success");
    let played = play("", &[QUICK, "id: slow, fn: step, with: { for: 9 }", &early]);
    assert_eq!((played.state("whole"), played.took()), ("completed", 9.0));
    let whole = played.report.task(played.number("whole")).unwrap();
    assert_eq!(whole.ended_at().unwrap().as_secs_f64(), 3.0);
    assert_eq!(played.report.critical_path().steps, [played.number("slow")], "what began early did not wait for it");
}

#[test]
fn redundant_tasks_upstream_and_down() {
    let voted = "id: voted, fn: step, redundancy: 3, with: { for: 2 }";
    let played = play(
        "",
        &[
            voted,
            "id: slow, fn: step, with: { for: 9 }",
            "id: pick, fn: step, redundancy: 2, depends_on: [voted, slow], join: { rule: one_success, cancel_rest: true }",
        ],
    );
    assert_eq!((played.state("pick"), played.state("slow"), played.took()), ("completed", "cancelled", 3.0));
    let copies = played.events.iter().filter(|event| matches!(event.what, What::Copied { copy, .. } if copy >= COPIES)).count();
    assert_eq!(copies, 5);
}

#[test]
fn an_early_start_is_still_undone_before_what_it_depends_on() {
    let undo = "compensate: { fn: undo }";
    let tasks = [
        "id: quick, fn: step, with: { for: 1 }, compensate: { fn: undo }",
        "id: slow, fn: step, with: { for: 5 }, compensate: { fn: undo }",
        &format!("id: pick, fn: step, depends_on: [quick, slow], join: one_success, {undo}"),
        "id: fail, fn: step, depends_on: [pick, slow], with: { fail: true }",
    ];
    let played = play("on_failure: compensate", &tasks);
    let order: Vec<&str> = played.diary.iter().map(|(_, what)| what.as_str()).collect();
    assert_eq!(order[..4], ["quick", "pick", "slow", "fail failed"], "`slow` was done after what began without it");
    assert_eq!(order[4], "pick/undo");
    let mut rest = order[5..].to_vec();
    rest.sort_unstable();
    assert_eq!(rest, ["quick/undo", "slow/undo"]);
    assert_eq!((played.result.status(), played.result.compensated()), (RunStatus::Failed, 3));
    // What was called off was not done: a run that lost nothing else ends well, and nothing is undone.
    let well = play(
        "on_failure: compensate",
        &[
            "id: quick, fn: step, with: { for: 1 }, compensate: { fn: undo }",
            "id: rest, fn: step, with: { for: 5 }, compensate: { fn: undo }",
            PICK,
        ],
    );
    assert_eq!((well.result.status(), well.result.compensated(), well.state("rest")), (RunStatus::Completed, 0, "cancelled"));
    // And where something else is lost, only what was done is undone.
    let lost = play(
        "on_failure: compensate",
        &[
            "id: quick, fn: step, with: { for: 1 }, compensate: { fn: undo }",
            "id: rest, fn: step, with: { for: 5 }, compensate: { fn: undo }",
            PICK,
            "id: fail, fn: step, depends_on: [pick], with: { fail: true }",
        ],
    );
    assert_eq!((lost.result.compensated(), lost.did("quick/undo"), lost.did("rest/undo")), (1, true, false));
}

#[test]
fn who_goes_on_with_a_run_does_not_begin_what_was_called_off() {
    let tasks = |fails: bool| {
        vec![
            QUICK.to_owned(),
            "id: rest, fn: step, with: { for: 5 }".into(),
            PICK.into(),
            format!("id: last, fn: step, depends_on: [pick], with: {{ fail: {fails} }}"),
        ]
    };
    let first = tasks(true);
    let first = play("", &first.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(first.result.status(), RunStatus::Failed);
    let recall = Recall::of(&first.report, &first.names, |_| true);
    let second = tasks(false);
    let second = play_with(16, "", &second.iter().map(String::as_str).collect::<Vec<_>>(), recall);
    assert_eq!(second.result.status(), RunStatus::Completed);
    let done: Vec<&str> = second.diary.iter().map(|(_, what)| what.as_str()).collect();
    assert_eq!((done, second.state("rest")), (vec!["last"], "cancelled"));
}

#[test]
fn the_report_tells_of_an_upstream_that_ended_after_its_dependent_began() {
    let tasks = [
        QUICK,
        "id: slow, fn: step, with: { for: 5 }",
        "id: rest, fn: step, with: { for: 9 }",
        "id: pick, fn: step, depends_on: [quick, slow, rest], join: { rule: one_success, cancel_rest: true }, with: { for: 1 }",
        "id: user, fn: step, depends_on: [slow]",
    ];
    let played = play("", &tasks);
    let page = show(&played.report, &played.names);
    assert!(page.contains("began before all that they depend on had ended\n  pick at 1.000s, by `join: one_success`: not after slow (completed at 5.000s) and rest (cancelled at 1.000s)"), "{page}");
    assert!(page.contains("completed after 6.000s; 5 tasks: 4 completed, 1 cancelled"), "{page}");
    assert!(page.contains("critical path, 6.000s of work: slow → user"), "{page}");
    let told = explain(&played.report, &played.names, "pick").unwrap();
    assert!(told.contains("It could start because of quick (completed at 1.000s), by `join: one_success`.\nIt did not wait for slow (completed at 5.000s) and rest (cancelled at 1.000s).\n"), "{told}");
    let off = explain(&played.report, &played.names, "rest").unwrap();
    assert!(off.contains("1.000s  It was called off: what pick waited for was there, and nothing else needed it."), "{off}");
    assert!(off.contains("It was cancelled."), "{off}");
    let line = played.console.lines().find(|line| line.contains("Cancelled") || line.contains("CANCELLED")).unwrap_or_default();
    assert!(line.contains("rest") && line.contains("what pick waited for is there"), "{}", played.console);
    let order = ["quick", "pick", "slow", "user"].map(|task| {
        played.console.lines().position(|line| line.to_lowercase().contains("completed") && line.contains(task)).unwrap()
    });
    assert!(order.is_sorted(), "{}", played.console);
    // The log is read back as it was written.
    for event in &played.events {
        let line: polity::event::Line = serde_json::from_str(&polity::event::line(event, &played.names)).unwrap();
        assert_eq!(line.event().as_ref(), Some(event));
    }
}

#[test]
fn a_program_says_the_same_as_a_file() {
    let pick = function("step").depends_on("a").depends_on("b").join(Join::AtLeast(1)).cancel_rest();
    let built = Workflow::new("w").task("a", function("step")).task("b", function("step")).task("pick", pick).build().unwrap();
    assert_eq!((built.tasks[2].join, built.tasks[2].cancel_rest), (Join::AtLeast(1), true));
    let said = |join: &str| {
        let text = format!(
            "name: w\nagents: [{{ id: x }}]\ntasks:\n  - {{ id: a, run: x }}\n  - {{ id: b, run: x }}\n  - {{ id: c, run: x, depends_on: [a, b, a]{join} }}\n"
        );
        let task = parse(&text, None, &Known::default()).unwrap_or_else(|errors| panic!("{errors}")).workflow.tasks.remove(2);
        (task.join, task.cancel_rest)
    };
    assert_eq!(said(""), (Join::AllSuccess, false));
    assert_eq!(said(", join: all_success"), (Join::AllSuccess, false));
    assert_eq!(said(", join: none_failed"), (Join::NoneFailed, false));
    assert_eq!(said(", join: { rule: any_done, cancel_rest: false }"), (Join::AnyDone, false));
    assert_eq!(said(", join: { rule: one_success, cancel_rest: true }"), (Join::OneSuccess, true));
    assert_eq!(said(", join: { at_least: 2, cancel_rest: true }"), (Join::AtLeast(2), true));
    let wrong = |task: TaskBuilder| {
        let flow = Workflow::new("w").task("a", function("step")).task("b", function("step")).task("pick", task);
        flow.build().unwrap_err().to_string()
    };
    assert!(wrong(function("step").depends_on("a").join(Join::AtLeast(0))).contains("must be at least 1, but is 0"));
    assert!(wrong(function("step").depends_on("a").join(Join::AtLeast(2))).contains("`depends_on` names 1"));
    assert!(wrong(function("step").join(Join::AllDone)).contains("no `depends_on` that it could range over"));
    assert!(wrong(function("step").depends_on("a").cancel_rest()).contains("waits by `all_success`"));
}

#[test]
fn what_a_join_can_not_wait_for_is_warned_of() {
    let warned = |task: &str| {
        let text = format!(
            "name: w\nagents: [{{ id: x }}]\non_failure: compensate\ntasks:\n  - {{ id: a, run: x }}\n  - {{ id: b, run: x }}\n  - {{ id: c, {task} }}\n  - {{ id: d, run: x, compensate: {{ run: y }} }}\n"
        );
        let checked = parse(&text, None, &Known::default()).unwrap_or_else(|errors| panic!("{errors}"));
        checked.warnings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let bare = warned("run: x, depends_on: [a, b], join: one_success, stdin: '{{ b.output }}'");
    assert_eq!(bare.len(), 1);
    assert!(bare[0].contains("needs the output of \"b\", and so waits until that succeeds"), "{bare:?}");
    assert!(warned("run: x, depends_on: [a, b], join: one_success, stdin: '{{ b.output | default(1) }}'").is_empty());
    assert!(warned("run: x, depends_on: [a, b], join: all_done, stdin: '{{ b.output }}'").is_empty());
    let undo = warned("run: x, depends_on: [a, b], join: one_success, compensate: { run: 'undo {{ b.output }}' }");
    assert!(undo[0].contains("what undoes task \"c\" needs the output of \"b\", which may not be there"), "{undo:?}");
}

#[test]
fn words_of_states_are_those_of_the_language() {
    // What an early reader sees of one that has not begun.
    let tasks = [
        QUICK,
        "id: first, fn: step, with: { for: 5 }",
        "id: rest, fn: step, depends_on: [first]",
        "id: pick, fn: step, depends_on: [quick, rest, first], join: any_done, with: { rest: '{{ rest.status }}', first: '{{ first.status }}' }",
    ];
    assert_eq!(play("", &tasks).input("pick"), json!({ "rest": "pending", "first": "executing" }));
}
