//! Of a task that has failed for good, the first error handler that takes the failure says what becomes of it.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

#[path = "ways/seen.rs"]
mod seen;

use polity::event::{Event, Names, What};
use polity::prelude::*;
use polity::report::{Recall, Report};
use seen::{Seen, flow, known, run_with};

impl Seen {
    /// Which handlers were taken, what they did, and why.
    fn handled(&self) -> Vec<(u32, String, String)> {
        let one = |event: &Event| match &event.what {
            What::Handled { handler, does, reason, .. } => Some((*handler, does.to_string(), reason.to_string())),
            _ => None,
        };
        self.events.iter().filter_map(one).collect()
    }
    fn taken(&self) -> Vec<(u32, String)> {
        self.handled().into_iter().map(|(handler, does, _)| (handler, does)).collect()
    }
    fn report(&self) -> (Report, Names) {
        let (mut report, mut names) = (Report::default().keeping_decisions(true), Names::default());
        for event in &self.events {
            names.take(event);
            report.take(event);
        }
        (report, names)
    }
}

fn run(tasks: &str, more: &str) -> Seen {
    run_with(tasks, more, None, Recall::default())
}

#[test]
fn the_first_that_takes_the_failure_counts_and_says_why() {
    let tasks = |kind: &str, attempts: u32| {
        format!(
            "  - id: a\n    fn: work\n    with: {{ fail: gone, kind: {kind} }}\n    retry: {{ attempts: {attempts}, jitter: none }}\n    on_error:\n      \
             - {{ kinds: [timeout, panic], output: first }}\n      - {{ kinds: [error], when: attempt > 1, output: second }}\n      \
             - {{ when: error.kind == 'killed', output: third }}\n      - {{ output: {{ all: \"{{{{ error.message }}}}\" }} }}\n      \
             - {{ output: never }}"
        )
    };
    for (kind, attempts, handler, output, why) in [
        ("panic", 1, 1, json!("first"), "it failed with panic; it is for this kind of failure"),
        ("error", 2, 2, json!("second"), "it failed with error; it is for this kind of failure, and `when` is true: attempt > 1"),
        ("error", 1, 4, json!({ "all": "gone" }), "it failed with error; it takes every kind of failure"),
        ("killed", 1, 3, json!("third"), "it failed with killed; `when` is true: error.kind == 'killed'"),
    ] {
        let seen = run(&tasks(kind, attempts), "outputs: [{ name: a, from: a.output }]");
        assert_eq!(seen.handled(), [(handler, "output".to_owned(), why.to_owned())], "{kind}");
        assert_eq!((seen.output("a"), seen.result.status()), (output, RunStatus::Completed));
        assert_eq!(seen.diary.len() as u32, attempts);
        assert_eq!(seen.count(|what| matches!(what, What::Failed { .. } | What::DeadLettered { .. })), 0);
    }
}

#[test]
fn what_no_handler_takes_has_failed_and_nobody_is_said_to_be_asked() {
    let seen = run("  - { id: a, fn: work, with: { fail: x }, on_error: { kinds: [timeout], skip: true } }", "");
    assert_eq!((seen.result.status(), seen.handled().len()), (RunStatus::Failed, 0));
    assert_eq!(seen.count(|what| matches!(what, What::Replanned { .. })), 0);
    assert_eq!(seen.count(|what| matches!(what, What::DeadLettered { .. })), 1);
    // A condition without a value takes nothing.
    let seen = run("  - { id: a, fn: work, with: { fail: x }, on_error: { when: error.colour == 'red', skip: true } }", "");
    assert_eq!((seen.result.status(), seen.handled().len()), (RunStatus::Failed, 0));
    // What works is not handled.
    let seen = run("  - { id: a, fn: work, on_error: { skip: true } }", "");
    assert_eq!((seen.result.status(), seen.handled().len()), (RunStatus::Completed, 0));
}

#[test]
fn a_time_limit_is_a_failure_like_others() {
    let tasks = "  - { id: a, fn: work, timeout: 500ms, on_error: { kinds: [timeout], output: \"{{ error.kind }}\" } }";
    let seen = run(tasks, "outputs: [{ name: a, from: a.output }]");
    assert_eq!(seen.output("a"), "timeout");
}

#[test]
fn a_task_that_is_skipped_is_set_aside_by_those_that_wait_for_it() {
    let tasks = |skip: &str| {
        format!(
            "  - {{ id: a, fn: work, with: {{ fail: gone }}, on_error: {{ skip: {skip} }} }}\n  - {{ id: b, fn: work }}\n  \
             - {{ id: c, fn: work, depends_on: [a, b] }}\n  - {{ id: d, fn: work, with: {{ x: \"{{{{ a.output }}}}\" }} }}"
        )
    };
    let seen = run(&tasks("\"no {{ error.kind }}, {{ run.id }}\""), "on_failure: fail_fast");
    let tally = seen.result.tally();
    assert_eq!((seen.result.status(), tally.completed, tally.skipped), (RunStatus::Completed, 2, 2));
    assert!(seen.skipped()[0].starts_with("no error, "), "{:?}", seen.skipped());
    assert_eq!(seen.skipped()[1], "it works on what \"a\" gives, which was skipped");
    let plain = run(&tasks("true"), "");
    assert_eq!(plain.skipped()[0], "its `on_error` skips it; it failed: gone");
}

#[test]
fn to_fail_is_to_fail_at_once_and_with_a_clear_message() {
    let seen = run(
        "  - id: a\n    fn: work\n    with: { fail: gone, kind: validation }\n    on_error: { fail: \"no input: {{ error.message }}\" }\n    fallback: { fn: work }\n  \
         - { id: b, fn: work, depends_on: [a] }",
        "",
    );
    assert_eq!((seen.diary.len(), seen.result.status(), seen.result.tally().blocked), (1, RunStatus::Failed, 1));
    let failure = &seen.result.failures()[0].1;
    assert_eq!((&*failure.message, failure.kind), ("no input: gone", FailureKind::Validation));
    assert_eq!(seen.count(|what| matches!(what, What::DeadLettered { .. })), 1);
}

#[test]
fn a_way_of_a_handler_that_fails_is_followed_by_the_fallbacks_and_not_handled_again() {
    let tasks = "  - id: a\n    fn: work\n    with: { fail: first }\n    on_error:\n      \
                 - { kinds: [timeout], fn: work }\n      - { kinds: [error], fn: work, with: { fail: \"{{ error.message }} second\" }, retry: { attempts: 2, jitter: none } }\n    \
                 fallback: [{ fn: work, with: { fail: \"{{ error.message }} third\" } }, { fn: work, with: { give: \"{{ error.message }}\" } }]";
    let seen = run(tasks, "outputs: [{ name: a, from: a.output }]");
    assert_eq!(seen.diary, ["a", "a/on_error2", "a/on_error2", "a/fallback1", "a/fallback2"]);
    assert_eq!((seen.output("a"), seen.taken()), (json!("first second third"), vec![(2, "fn".to_owned())]));
    // Each job has a name of its own in tables.
    let names: std::collections::BTreeSet<String> = {
        let (report, names) = seen.report();
        report.copies().map(|(n, _)| names.task(polity::protocols::TaskId::new(0, n)).to_string()).collect()
    };
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["a/1", "a/2", "a/4"]);
}

#[test]
fn what_has_no_value_is_no_remedy_and_the_fallbacks_follow() {
    let seen = run(
        "  - { id: a, fn: work, with: { fail: x }, on_error: { output: \"{{ error.colour.deep }}\" }, fallback: { fn: work, with: { give: \"{{ error.kind }}\" } } }",
        "outputs: [{ name: a, from: a.output }]",
    );
    assert_eq!((seen.output("a"), seen.diary.join(" ")), (json!("binding"), "a a/fallback1".to_owned()));
    let seen = run("  - { id: a, fn: work, with: { fail: x }, on_error: { fail: \"{{ error.colour.deep }}\" } }", "");
    assert_eq!(seen.result.failures()[0].1.message, "x");
}

#[test]
fn of_several_stand_ins_only_the_one_that_is_meant_is_done() {
    let tasks = |kind: &str| {
        format!(
            "  - {{ id: a, fn: work, with: {{ fail: x, kind: {kind} }}, fallback_to: d, on_error: [{{ kinds: [timeout, killed], to: b }}, {{ kinds: [panic], to: c }}] }}\n  \
             - {{ id: b, fn: work, with: {{ give: B }} }}\n  - {{ id: c, fn: work, with: {{ fail: C }} }}\n  - {{ id: d, fn: work, with: {{ give: D }} }}\n  \
             - {{ id: e, fn: work, with: {{ give: \"{{{{ a.output }}}}\" }} }}"
        )
    };
    let outputs = "outputs: [{ name: e, from: e.output }]";
    let seen = run(&tasks("killed"), outputs);
    assert_eq!((seen.diary.join(" "), seen.output("e")), ("a b e".to_owned(), json!("B")));
    assert_eq!((seen.result.status(), seen.result.tally().skipped), (RunStatus::Completed, 2));
    let seen = run(&tasks("error"), outputs);
    assert_eq!((seen.diary.join(" "), seen.output("e")), ("a d e".to_owned(), json!("D")));
    // One whose stand-in fails has failed.
    let seen = run(&tasks("panic"), outputs);
    assert_eq!((seen.diary.join(" "), seen.result.status()), ("a c".to_owned(), RunStatus::Failed));
    let tally = seen.result.tally();
    assert_eq!((tally.failed, tally.skipped, tally.blocked), (2, 2, 1));
}

#[test]
fn each_instance_is_handled_for_itself_and_redundant_hedged_and_compound_tasks_are_too() {
    let seen = run(
        "  - { id: a, for_each: [1, 2, 3, 4], fn: odd, with: { give: \"{{ item }}\" }, on_error: [{ when: \"'nothing' in error.message\", skip: true }, { output: \"{{ item * 10 }}\" }] }\n  \
         - { id: b, for_each: [1, 2, 3, 4], fn: odd, with: { give: \"{{ item }}\" }, on_error: { skip: \"{{ item }} is even\" } }",
        "outputs: [{ name: a, from: a.output }, { name: b, from: b.output }]",
    );
    assert_eq!((seen.output("a"), seen.output("b")), (json!([1, 20, 3, 40]), json!([1, 3])));
    let handlers = "on_error: { output: saved }";
    let seen = run(
        &format!(
            "  - {{ id: a, fn: work, with: {{ fail: x }}, redundancy: 3, {handlers} }}\n  \
             - {{ id: b, fn: work, with: {{ fail: x }}, hedge: 500ms, {handlers} }}\n  \
             - {{ id: c, workflow: {{ name: sub, tasks: [{{ id: t, fn: work, with: {{ fail: y }} }}] }}, {handlers} }}"
        ),
        "outputs: [{ name: all, from: \"[a.output, b.output, c.output]\" }]",
    );
    assert_eq!((seen.output("all"), seen.handled().len()), (json!(["saved", "saved", "saved"]), 3));
    let seen = run("  - { id: a, fn: work, with: { fail: x }, redundancy: 3, on_error: { kinds: [timeout], output: 1 } }", "");
    assert_eq!(seen.count(|what| matches!(what, What::Replanned { .. })), 0);
}

#[test]
fn the_decomposer_comes_last() {
    let adaptive = "mode: adaptive\ndecomposer: { fn: work }";
    let seen = run("  - { id: a, fn: work, with: { fail: x }, on_error: { output: 1 } }", adaptive);
    assert_eq!((seen.result.status(), seen.diary.join(" ")), (RunStatus::Completed, "a".to_owned()));
    let seen = run("  - { id: a, fn: work, with: { fail: x }, on_error: [{ kinds: [panic], output: 1 }] }", adaptive);
    assert_eq!((seen.diary.len(), seen.result.status()), (2, RunStatus::Failed), "{:?}", seen.diary);
}

#[test]
fn what_a_handler_completed_is_undone_and_what_it_skipped_is_not() {
    let tasks = "  - { id: a, fn: work, with: { fail: x }, on_error: { output: { id: 7 } }, compensate: { fn: work, with: { give: \"{{ output.id }}\" } } }\n  \
                 - { id: b, fn: work, with: { fail: x }, on_error: { skip: true }, compensate: { fn: work } }\n  \
                 - { id: c, fn: work, with: { fail: x }, depends_on: [a, b] }";
    let seen = run(tasks, "on_failure: compensate");
    assert_eq!(seen.diary[2..], ["c", "a/undo"], "{:?}", seen.diary);
    assert_eq!(seen.result.status(), RunStatus::Failed);
}

#[test]
fn a_cancelled_way_ends_cancelled() {
    let tasks = "  - { id: a, fn: work, with: { fail: x }, on_error: { fn: work }, fallback: { fn: work } }";
    let seen = run_with(tasks, "", Some(1.5), Recall::default());
    assert_eq!((seen.diary.join(" "), seen.result.tally().cancelled), ("a a/on_error1".to_owned(), 1));
}

#[test]
fn a_later_run_takes_what_handlers_said_from_the_record() {
    let tasks = "  - { id: a, fn: work, with: { fail: x }, on_error: { output: 5 } }\n  - { id: b, fn: work, with: { fail: x }, on_error: { skip: no } }\n  \
                 - { id: c, fn: work, with: { fail: x } }";
    let first = run(tasks, "outputs: [{ name: a, from: a.output }]");
    assert_eq!((first.result.status(), first.diary.len()), (RunStatus::Failed, 3));
    let (report, names) = first.report();
    let again = run_with(tasks, "outputs: [{ name: a, from: a.output }]", None, Recall::of(&report, &names, |_| true));
    assert_eq!(again.diary, ["c"], "neither what it completed nor what it skipped is done again");
    assert_eq!((again.result.tally().completed, again.result.tally().skipped), (1, 1));
}

#[test]
fn a_simulated_twin_has_the_same_handlers_and_no_outputs() {
    let text = "name: w\nagents: [{ id: ann }]\ntasks:\n  - { id: a, run: \"echo 1\" }\n  \
                - { id: b, run: \"exit 1\", with: { x: \"{{ a.output }}\" }, on_error: [{ kinds: [panic], run: \"echo {{ a.output }}\" }, { fail: \"{{ a.output.x.y }}\" }] }";
    let mut twin = polity::simulated_twin(&flow(text)).workflow;
    assert_eq!(twin.tasks[1].on_error.len(), 2);
    twin.tasks[1].action = Action::Simulate(Simulation { failure: 1.0, ..Simulation::default() }.into());
    let result = polity::simulate(1, async {
        Polity::builder().start().unwrap().launch(twin, RunOptions::default()).unwrap().join().await.unwrap()
    });
    assert_eq!(result.failures()[0].1.message, "{{ a.output.x.y }}");
}

#[test]
fn what_was_taken_and_why_is_told() {
    let tasks = "  - { id: a, fn: work, with: { fail: gone }, on_error: [{ kinds: [panic], output: 1 }, { skip: not needed }] }";
    let seen = run(tasks, "");
    let (report, names) = seen.report();
    let text = polity::report::explain(&report, &names, "a").unwrap();
    let taken =
        "Of its error handlers, handler 2 is taken, and it is skipped: it failed with error; it takes every kind of failure.";
    assert!(text.contains(taken) && text.contains("It was skipped: not needed."), "{text}");
    for event in &seen.events {
        let line = polity::event::line(event, &Names::default());
        let back: polity::event::Line = serde_json::from_str(&line).unwrap();
        assert_eq!(back.event().as_ref(), Some(event), "{line}");
    }
}

fn refused(tasks: &str) -> String {
    let text = format!("name: w\nagents: [{{ id: ann }}]\ntasks:\n{tasks}\n");
    polity::workflow::parse(&text, None, &known()).unwrap_err().to_string()
}

#[test]
fn what_makes_no_sense_is_refused_with_a_remedy() {
    let handler = |handler: &str| refused(&format!("  - {{ id: a, fn: work, on_error: {handler} }}\n  - {{ id: b, fn: work }}"));
    for (given, sentence) in [
        ("{ kinds: [timeout] }", "handler 1 in `on_error` of task \"a\" must say what it does; write one of run, fn, simulate"),
        ("{ output: 1, skip: true }", "must say once what it does, and says output and skip"),
        ("{ run: ls, to: b }", "must say once what it does, and says run and to"),
        ("{ fn: work, output: 1 }", "must say once what it does, and says fn and output"),
        ("{ run: ls, output: 1 }", "`output` beside `run` must be one of text, json, lines, but is the number 1"),
        ("{ kinds: [timeuot], skip: true }", "did you mean \"timeout\"?"),
        ("{ kinds: timeout, skip: true }", "write [timeout]"),
        ("{ kinds: [], skip: true }", "takes no kind of failure; name some, or leave `kinds` off"),
        ("{ kinds: [cancelled], skip: true }", "is never asked about cancelled: what is cancelled has not failed"),
        ("{ kinds: [budget], skip: true }", "is never asked about budget"),
        ("{ when: b.output, skip: true }", "looks at something else than the failure"),
        ("{ skip: false }", "says `skip: false`; leave the handler off"),
        ("{ skip: true, retry: { attempts: 2 } }", "`retry` is for handlers that execute something"),
        ("{ to: b, with: { x: 1 } }", "`with` is for handlers that execute something"),
        ("{ fn: wrok }", "did you mean \"work\"?"),
        ("{ fn: work, stdin: x }", "`stdin` is for `run`"),
        ("{ output: \"{{ b.output }}\" }", "uses tasks.b, which it can't see; it sees `error`"),
        ("{ fail: \"{{ attempt }}\" }", "uses attempt, which it can't see"),
        ("{ skip: \"{{ output }}\" }", "which it can't see"),
        ("{ to: c }", "`on_error.to` of task \"a\" is \"c\", which is not a task"),
        ("{ to: a }", "falls back to itself"),
        ("{ catch: all }", "an error handler has no key \"catch\""),
        ("5", "`on_error` must be"),
        ("[5]", "must be a map"),
    ] {
        let said = handler(given);
        assert!(said.contains(sentence), "{given}\n{said}");
    }
    for (tasks, sentence) in [
        (
            "  - { id: a, fn: work, on_error: { to: b } }\n  - { id: b, fn: work, depends_on: [a] }",
            "which itself waits for \"a\"",
        ),
        (
            "  - { id: a, fn: work, on_error: { to: c } }\n  - { id: b, fn: work, fallback_to: c }\n  - { id: c, fn: work }",
            "takes the place of both",
        ),
        (
            "  - { id: a, fn: work, for_each: [1], on_error: { to: b } }\n  - { id: b, fn: work }",
            "which each instance has for itself",
        ),
        // The one waits until it is known whether the other is needed.
        (
            "  - { id: a, fn: work, fallback_to: b, on_error: { kinds: [panic], to: c } }\n  - { id: b, fn: work }\n  - { id: c, fn: work, depends_on: [b] }",
            "falls back to \"c\", which itself waits for \"a\"",
        ),
        (
            "  - { id: a, fn: work, fallback_to: b }\n  - { id: b, fn: work, depends_on: [d] }\n  - { id: c, fn: work, depends_on: [a], fallback_to: d }\n  - { id: d, fn: work }",
            "falls back to \"b\", which itself waits for \"a\"",
        ),
    ] {
        let said = refused(tasks);
        assert!(said.contains(sentence), "{tasks}\n{said}");
    }
}

#[test]
fn what_can_never_be_taken_is_warned_of() {
    let warned = |handlers: &str| {
        let text = format!("name: w\nagents: [{{ id: ann }}]\ntasks: [{{ id: a, fn: work, {handlers} }}]\n");
        let checked = polity::workflow::parse(&text, None, &known()).unwrap_or_else(|errors| panic!("{errors}"));
        checked.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    for (handlers, sentence) in [
        (
            "on_error: [{ skip: true }, { kinds: [panic], output: 1 }]",
            "handler 2 in `on_error` of task \"a\" is never taken: handler 1 takes every failure",
        ),
        (
            "on_error: [{ kinds: [panic, timeout], skip: true }, { kinds: [timeout], output: 1 }]",
            "those before it take all that it is for",
        ),
        (
            "on_error: { skip: true }, fallback: { fn: work }",
            "`fallback` of task \"a\" is never tried: handler 1 in `on_error` takes every failure",
        ),
    ] {
        let said = warned(handlers);
        assert!(said.contains(sentence), "{handlers}\n{said}");
    }
    for fine in [
        "on_error: [{ when: attempt > 1, skip: true }, { kinds: [panic], output: 1 }, { skip: true }]",
        "on_error: [{ kinds: [panic], when: attempt > 1, skip: true }, { kinds: [panic], output: 1 }]",
        "on_error: { fn: work }, fallback: { fn: work }",
        "on_error: [{ kinds: [panic], fn: work }, { skip: true }], fallback: { fn: work }",
    ] {
        assert_eq!(warned(fine), "", "{fine}");
    }
}
