//! A task that has failed for good is done in another way, or another task takes its place.
#![allow(clippy::unwrap_used)] // a test ends where it is wrong

#[path = "ways/seen.rs"]
mod seen;

use polity::event::What;
use polity::prelude::*;
use polity::report::Recall;
use seen::{Seen, run_with};

fn run(tasks: &str, more: &str, cancel_after: Option<f64>) -> Seen {
    run_with(tasks, more, cancel_after, Recall::default())
}

#[test]
fn fallbacks_are_tried_in_order_and_see_why_the_one_before_failed() {
    let seen = run(
        "  - id: a\n    fn: work\n    with: { fail: gone }\n    retry: { attempts: 2, jitter: none }\n    fallback:\n      \
         - { fn: work, with: { fail: \"{{ error.message }} too\" } }\n      - { fn: work, with: { give: \"{{ error.message }}\" } }\n  \
         - { id: b, fn: work, with: { give: \"{{ a.output }}!\" } }",
        "outputs: [{ name: b, from: b.output }]",
        None,
    );
    assert_eq!(seen.diary, ["a", "a", "a/fallback1", "a/fallback2", "b"]);
    assert_eq!((seen.result.status(), seen.output("b")), (RunStatus::Completed, json!("gone too!")));
    assert_eq!(seen.count(|what| matches!(what, What::Failed { task, .. } if task.instance() == 0)), 0, "it did not fail");
    assert_eq!(seen.count(|what| matches!(what, What::Replanned { .. })), 1);
    assert_eq!(seen.count(|what| matches!(what, What::DeadLettered { .. })), 0);
    let attempts = seen.events.iter().find_map(|event| match event.what {
        What::Completed { task, attempts, .. } if task.instance() == 0 => Some(attempts),
        _ => None,
    });
    assert_eq!(attempts, Some(4), "two of its own and one of each fallback");
}

#[test]
fn what_works_needs_no_fallback_and_what_fails_in_every_way_has_failed() {
    let seen = run("  - { id: a, fn: work, fallback: { fn: work } }", "", None);
    assert_eq!((seen.diary, seen.result.status()), (vec!["a".to_owned()], RunStatus::Completed));
    let seen = run(
        "  - { id: a, fn: work, with: { fail: first }, fallback: { fn: work, with: { fail: last } } }\n  - { id: b, fn: work, depends_on: [a] }",
        "",
        None,
    );
    let tally = seen.result.tally();
    assert_eq!((seen.result.status(), tally.failed, tally.blocked), (RunStatus::Failed, 1, 1));
    assert_eq!(seen.result.failures()[0].1.message, "last");
    assert_eq!(seen.count(|what| matches!(what, What::DeadLettered { .. })), 1);
}

#[test]
fn its_own_input_is_the_input_of_a_fallback_that_is_given_none() {
    let seen =
        run("  - { id: a, fn: no, with: { give: 7 }, fallback: { fn: work } }", "outputs: [{ name: a, from: a.output }]", None);
    assert_eq!(seen.output("a"), 7);
}

#[test]
fn each_instance_falls_back_for_itself() {
    let seen = run(
        "  - id: a\n    for_each: [1, 2, 3]\n    fn: odd\n    with: { give: \"{{ item }}\" }\n    \
         fallback: { fn: work, with: { give: \"{{ item * 10 }}\" } }",
        "outputs: [{ name: a, from: a.output }]",
        None,
    );
    assert_eq!((seen.output("a"), seen.diary.clone()), (json!([1, 20, 3]), vec!["a[2]/fallback1".to_owned()]));
}

#[test]
fn redundant_tasks_and_sub_workflows_fall_back_too() {
    let seen = run(
        "  - { id: a, fn: work, with: { fail: x }, redundancy: 3, fallback: { fn: work, with: { give: 1 } } }\n  \
         - id: b\n    workflow: { name: sub, tasks: [{ id: t, fn: work, with: { fail: y } }] }\n    fallback: { fn: work, with: { give: 2 } }",
        "outputs: [{ name: a, from: a.output }, { name: b, from: b.output }]",
        None,
    );
    assert_eq!(seen.result.status(), RunStatus::Completed, "{:?}", seen.result.failures());
    assert_eq!((seen.output("a"), seen.output("b")), (json!(1), json!(2)));
}

#[test]
fn nobody_is_said_to_be_asked_who_is_not() {
    let adaptive = "mode: adaptive\ndecomposer: { fn: work }";
    let seen = run("  - { id: a, fn: work, with: { fail: x }, redundancy: 3 }", adaptive, None);
    assert_eq!((seen.result.status(), seen.count(|what| matches!(what, What::Replanned { .. }))), (RunStatus::Failed, 0));
    let last = run(
        "  - { id: a, fn: work, with: { fail: x }, redundancy: 3, fallback: { fn: work, with: { fail: y } } }",
        adaptive,
        None,
    );
    assert_eq!((last.result.status(), last.count(|what| matches!(what, What::Replanned { .. }))), (RunStatus::Failed, 1));
}

#[test]
fn a_cancelled_fallback_ends_cancelled_and_no_other_is_tried() {
    let tasks = "  - id: a\n    fn: work\n    with: { fail: x }\n    fallback: [{ fn: work }, { fn: work }]";
    let seen = run(tasks, "", Some(1.5));
    assert_eq!(seen.diary, ["a", "a/fallback1"]);
    assert_eq!((seen.result.status(), seen.result.tally().cancelled), (RunStatus::Cancelled, 1));
}

#[test]
fn a_stand_in_is_done_only_if_it_is_needed() {
    let tasks = |first: &str| {
        format!(
            "  - {{ id: a, fn: work, with: {first}, fallback_to: b }}\n  - {{ id: b, fn: work, with: {{ give: plan B }} }}\n  \
             - {{ id: c, fn: work, with: {{ give: \"{{{{ a.output }}}}\" }} }}"
        )
    };
    let outputs = "outputs: [{ name: c, from: c.output }]";
    let seen = run(&tasks("{ give: plan A }"), outputs, None);
    assert_eq!((seen.diary.clone(), seen.output("c")), (vec!["a".to_owned(), "c".to_owned()], json!("plan A")));
    assert_eq!(seen.skipped(), ["it takes the place of \"a\" if that fails, which is completed"]);
    let seen = run(&tasks("{ fail: x }"), outputs, None);
    assert_eq!((seen.diary.join(" "), seen.output("c")), ("a b c".to_owned(), json!("plan B")));
    assert_eq!((seen.result.status(), seen.result.tally().completed), (RunStatus::Completed, 3));
}

#[test]
fn stand_ins_may_have_stand_ins_and_when_the_last_has_failed_all_have() {
    let tasks = |last: &str| {
        format!(
            "  - {{ id: a, fn: work, with: {{ fail: a }}, fallback_to: b }}\n  - {{ id: b, fn: work, with: {{ fail: b }}, fallback_to: c }}\n  \
             - {{ id: c, fn: work, for_each: [1, 2], with: {last} }}\n  - {{ id: d, fn: work, depends_on: [a] }}"
        )
    };
    let seen = run(&tasks("{ give: \"{{ item }}\" }"), "outputs: [{ name: a, from: a.output }]", None);
    assert_eq!((seen.output("a"), seen.diary.join(" ")), (json!([1, 2]), "a b c[1] c[2] d".to_owned()));
    let seen = run(&tasks("{ fail: c }"), "", None);
    let tally = seen.result.tally();
    assert_eq!((tally.failed, tally.blocked, seen.result.status()), (4, 1, RunStatus::Failed));
    let messages: Vec<_> =
        seen.result.failures().into_iter().map(|(name, failure)| format!("{name}: {}", failure.message)).collect();
    assert!(messages.contains(&"a: a".to_owned()) && messages.contains(&"b: b".to_owned()), "{messages:?}");
}

#[test]
fn a_stand_in_is_set_aside_though_its_task_failed_before_its_turn_and_nothing_followed() {
    // What `a` is given has no value; that is the last thing that happens.
    let seen = run("  - { id: a, fn: work, with: { x: \"{{ 1 // 0 }}\" }, fallback_to: b }\n  - { id: b, fn: work }", "", None);
    assert_eq!((seen.result.tally().failed, seen.result.tally().skipped, seen.diary.len()), (1, 1, 0));
    assert_eq!(seen.count(|what| matches!(what, What::Stalled { .. })), 0);
}

#[test]
fn a_run_that_ends_early_leaves_no_task_waiting_for_its_stand_in() {
    let tasks = "  - { id: a, fn: work, with: { fail: a }, fallback_to: b }\n  - { id: b, fn: work }\n  - { id: c, fn: work, with: { fail: c } }";
    let cancelled = run(tasks, "", Some(1.5));
    assert_eq!((cancelled.result.status(), cancelled.result.tally().cancelled), (RunStatus::Cancelled, 2));
    let fast = run(tasks, "on_failure: fail_fast", None);
    assert_eq!(fast.result.status(), RunStatus::Failed);
    assert_eq!(fast.result.tally().ended(), 3);
}

#[test]
fn what_makes_no_sense_is_refused_with_a_remedy() {
    let refused = |tasks: &str| {
        let text = format!("name: w\nagents: [{{ id: ann }}]\ntasks:\n{tasks}\n");
        let known = Known { functions: ["work".into()].into(), ..Known::default() };
        polity::workflow::parse(&text, None, &known).unwrap_err().to_string()
    };
    for (tasks, sentence) in [
        (
            "  - { id: a, fn: work, fallback: {} }",
            "`fallback` of task \"a\" must say once how it is executed, by run, fn or simulate",
        ),
        ("  - { id: a, fn: work, fallback: { fn: wrok } }", "did you mean \"work\"?"),
        ("  - { id: a, fn: work, fallback: { run: \"echo {{ b.output }}\" } }\n  - { id: b, fn: work }", "which it can't see"),
        ("  - { id: a, fn: work, fallback_to: a }", "falls back to itself"),
        ("  - { id: abc, fn: work, fallback_to: abd }", "did you mean \"abc\"?"),
        ("  - { id: a, fn: work, fallback_to: b }\n  - { id: b, fn: work, depends_on: [a] }", "which itself waits for \"a\""),
        (
            "  - { id: a, fn: work, fallback_to: c }\n  - { id: b, fn: work, fallback_to: c }\n  - { id: c, fn: work }",
            "takes the place of both \"a\" and \"b\"",
        ),
        ("  - { id: a, fn: work, fallback_to: b }\n  - { id: b, fn: work, fallback_to: a }", "which itself waits for"),
        (
            "  - { id: a, fn: work, for_each: [1], fallback_to: b }\n  - { id: b, fn: work }",
            "use `fallback`, which each instance",
        ),
        (
            "  - { id: a, fn: work, with: { x: \"{{ error.kind }}\" } }",
            "which is only there in `retry.only_if`, `retry.unless`, `fallback` and `on_error`",
        ),
    ] {
        let said = refused(tasks);
        assert!(said.contains(sentence), "{tasks}\n{said}");
    }
}
